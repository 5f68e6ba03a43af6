"""The command line. Results go to stdout, all else to stderr; what a command needs is imported when it runs.

Exit codes: 0 done, whatever the score; 1 --fail-under not reached, a public test failed, the gate is shut; 2 wrong usage;
3 the grader's own fault; 130 interrupted.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ipclab.faults import Fault, GraderFault, UsageFault
from ipclab.printable import clean

if TYPE_CHECKING:
    from ipclab.grading import Options
    from ipclab.model import Lab, Result, Submission
    from ipclab.report.audience import Audience
    from ipclab.runner import Program

INTERRUPTED = 130


def labs_root() -> Path:
    """The tree with labs/, solutions/ and skeletons/: this one, unless IPCLAB_LABS names another."""
    elsewhere = os.environ.get("IPCLAB_LABS")
    return Path(elsewhere) if elsewhere else Path(__file__).resolve().parents[2]


def say(text: str) -> None:
    click.echo(text, err=True)


class _Command(click.Command):
    """A command whose help ends with examples, as they are written."""

    def __init__(self, *args: Any, examples: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples.strip().splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line.strip()}\n")


_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(context_settings=_SETTINGS, epilog="Each command has --help with examples.", invoke_without_command=True)
@click.pass_context
def ipclab(context: click.Context) -> int:
    """Grades C programs for inter-process communication, and says what is wrong by its cause."""
    if context.invoked_subcommand is None:
        say(context.get_help())
        return UsageFault.exit_code
    return 0


def _command(examples: str) -> Callable[[Callable[..., Any]], click.Command]:
    return ipclab.command(cls=_Command, examples=examples, context_settings=_SETTINGS)


# ---- what several commands share -----------------------------------------------------------------------


def _choose_sandbox(wanted: str | None) -> str:
    """Docker where an engine answers and the image is there, else local; a choice of ours is said in one line."""
    if wanted is not None:
        return wanted
    from ipclab.sandbox import SandboxFault, docker

    if not docker.available():
        say("sandbox: local (there is no container engine here)")
        return "local"
    try:
        docker.image()
    except SandboxFault as fault:
        why = "the image is not there, `make image` makes it" if fault.code == "image_missing" else "no container engine answers"
        say(f"sandbox: local ({why})")
        return "local"
    say("sandbox: docker")
    return "docker"


def _seed(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    from ipclab.grading import parse_seed

    try:
        return parse_seed(value)
    except ValueError:
        raise click.BadParameter("a seed is up to 16 hexadecimal digits, as results show it") from None


def _jobs() -> Callable[[Any], Any]:
    cores = len(os.sched_getaffinity(0))
    return click.option("--jobs", type=click.IntRange(1, 256), default=cores, help=f"How many at a time (here: {cores}).")


def _sandbox() -> Callable[[Any], Any]:
    text = "Where submissions run (default: docker where an engine answers, else local)."
    return click.option("--sandbox", type=click.Choice(["docker", "local"]), help=text)


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP end a grading as Ctrl+C does: children are ended, what is finished is kept."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]  # nohup(1)
    old = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


# ---- grade ----------------------------------------------------------------------------------------------


@_command(
    """
    ipclab grade 01-pipe ~/alice                       one submission: a folder with ask.c and pump.c
    ipclab grade 01-pipe moodle-export.zip --report out        a class: pages and gradebook.csv in out/
    ipclab grade 01-pipe ask.c pump.c --json -         the result as JSON
    ipclab grade 01-pipe class/ --resume               go on after an interruption
    ipclab grade 01-pipe . --format junit --output result.xml --fail-under 20      for CI
    """
)
@click.argument("lab")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@_sandbox()
@_jobs()
@click.option("--json", "json_to", metavar="FILE", help="Write the results as JSON; - is stdout.")
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write pages and a gradebook.")
@click.option("--format", "form", type=click.Choice(["junit"]), help="Write the results in another format too.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where --format goes (default: stdout).")
@click.option("--audience", type=click.Choice(["student", "instructor"]), default="instructor", help="For whom (default: instructor).")
@click.option("--fail-under", type=click.IntRange(0), metavar="POINTS", help="Exit with 1 if a score is below.")
@click.option("--seed", metavar="HEX", callback=_seed, help="Repeat a grading: the seed that its result shows.")
@click.option("--resume", is_flag=True, help="Take over results that an earlier grading finished.")
def grade(
    lab: str,
    paths: tuple[Path, ...],
    sandbox: str | None,
    jobs: int,
    json_to: str | None,
    report: Path | None,
    form: str | None,
    output: Path | None,
    audience: str,
    fail_under: int | None,
    seed: int | None,
    resume: bool,
) -> int:
    """Grade submissions of LAB.

    A PATH is a folder or an archive of one submission, .c files, a folder of submissions, or an export of an LMS.
    """
    if output is not None and form is None:
        raise click.UsageError("--output says where --format goes: give --format junit, or take --json FILE")
    if json_to == "-" and form is not None and output is None:
        raise click.UsageError("--json - and --format both want stdout: give --output FILE")
    from ipclab import intake, manifest
    from ipclab.grading import Options
    from ipclab.report.audience import Audience

    the_lab = manifest.load_lab(labs_root(), lab)
    submissions = intake.take_in(list(paths), the_lab)
    options = Options(sandbox=_choose_sandbox(sandbox), jobs=jobs, seed=seed, resume=resume)
    results, interrupted = _grade_all(submissions, the_lab, options)
    outputs = _Outputs(the_lab, submissions, Audience(audience), json_to, report, form, output)
    outputs.write(results)
    _say_level(results)
    if interrupted:
        say(f"ipclab: interrupted; {len(results)} of {len(submissions)} are graded, the same command with --resume goes on")
        return INTERRUPTED
    return _exit_code(results, fail_under)


def _grade_all(submissions: list[Submission], lab: Lab, options: Options) -> tuple[list[Result], bool]:
    """The results in the order of the submissions, and whether the grading was interrupted."""
    from ipclab.grading import Grader
    from ipclab.report.progress import progress

    interrupted = False
    with _terminable(), progress(len(submissions)) as on_progress:
        grader = Grader(lab, options, on_progress)
        running = grader.all(submissions)
        try:
            for _ in running:
                pass
        except KeyboardInterrupt:
            interrupted = True
            running.close()  # ends what runs
    return [grader.finished[s.id] for s in submissions if s.id in grader.finished], interrupted


def _say_level(results: list[Result]) -> None:
    """Where judge and submission share a uid, a hostile submission could reach its judge."""
    shared = sorted({r.sandbox for r in results} & {"local:namespaces", "local:none"})
    if shared:
        level = shared[0].partition(":")[2]
        say(f"note: the sandbox had the level `{level}`, where judge and submission share a uid: for marks, grade as root or in docker")


def _exit_code(results: list[Result], fail_under: int | None) -> int:
    from ipclab.grading import nothing_graded
    from ipclab.model import ResultStatus

    if (fault := nothing_graded(results)) is not None:
        raise fault
    graded = [r for r in results if r.status is not ResultStatus.GRADER_ERROR]
    if len(graded) < len(results):
        say(f"ipclab: {len(results) - len(graded)} of {len(results)} could not be graded, by the grader's own fault; --resume tries them again")
    below = [r for r in graded if fail_under is not None and r.score < fail_under]
    for r in below:
        say(f"ipclab: {clean(r.student, limit=60)} has {r.score} points, fewer than {fail_under}")
    if below:
        return 1
    return 0 if len(graded) == len(results) else GraderFault.exit_code


class _Outputs:
    """Where the results of a grading go. stdout belongs to one thing only: JSON, another format, or the table."""

    def __init__(
        self,
        lab: Lab,
        submissions: list[Submission],
        audience: Audience,
        json_to: str | None,
        report: Path | None,
        form: str | None,
        output: Path | None,
    ) -> None:
        self.lab = lab
        self.submissions = submissions
        self.audience = audience
        self.json_to = json_to
        self.report = report
        self.form = form
        self.output = output

    def write(self, results: list[Result]) -> None:
        if self.json_to is not None:
            self._json(results)
        if self.form is not None:
            self._format(results)
        if self.report is not None:
            self._report(results)
        taken = self.json_to == "-" or (self.form is not None and self.output is None)
        self._table(results, sys.stderr if taken else sys.stdout)

    def _json(self, results: list[Result]) -> None:
        from ipclab import results as module
        from ipclab.report.audience import for_audience

        shown = [for_audience(r, self.audience, self.lab) for r in results]
        one = len(self.submissions) == 1
        if one and not shown:
            return  # interrupted before there was anything
        data = module.to_json(shown[0]) if one else module.class_to_json(shown)
        text = module.dumps(data)
        if self.json_to == "-":
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            module.write_atomic(Path(str(self.json_to)), text.encode("utf-8"))

    def _format(self, results: list[Result]) -> None:
        from ipclab.report.junit import junit
        from ipclab.results import write_atomic

        text = junit(results, self.lab, self.audience)
        if self.output is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            write_atomic(self.output, text.encode("utf-8"))

    def _report(self, results: list[Result]) -> None:
        from ipclab.report import write_report

        sources = {s.id: s.files for s in self.submissions}
        assert self.report is not None
        written = write_report(results, self.lab, self.report, sources, self.audience)
        say(f"report: {written.index}")
        say(f"gradebook: {written.gradebook}")

    def _table(self, results: list[Result], stream: Any) -> None:
        from ipclab.report.terminal import make_console, print_class, print_result

        console = make_console(stream)
        if len(self.submissions) == 1 and results:
            print_result(results[0], self.lab, self.submissions[0].files, self.audience, console)
        elif results:
            print_class(results, self.lab, self.audience, console)


# ---- check ----------------------------------------------------------------------------------------------


@_command(
    """
    ipclab check                  in skeletons/01-pipe: what `make check` does
    ipclab check 01-pipe ~/work   the files of 01-pipe in another folder
    """
)
@click.argument("what", metavar="[LAB] [FOLDER]", nargs=-1)
def check(what: tuple[str, ...]) -> int:
    """Build the files in FOLDER (default: here) and run the public tests of LAB (default: the folder's name, or its files').

    Shows the first failing test with its cause, place and hint. Needs no Docker and no rights.
    """
    from ipclab import intake, manifest
    from ipclab.export import public_lab
    from ipclab.grading import Grader, Options
    from ipclab.model import ResultStatus
    from ipclab.report.terminal import print_result

    full, place = _lab_and_folder(what, manifest.slugs(labs_root()))
    the_lab = full if full.hidden_tests else public_lab(full)
    submissions = intake.take_in([place], the_lab)
    if len(submissions) != 1:
        raise UsageFault(f"{clean(str(place))} holds {len(submissions)} submissions; give the folder of one")
    with _terminable():
        submission = replace(submissions[0], student=the_lab.title)
        (result,) = Grader(the_lab, Options(keep=False)).all([submission])
    print_result(result, the_lab, submissions[0].files, brief=True, hidden=the_lab.hidden_tests)
    if result.status is ResultStatus.GRADER_ERROR:
        return GraderFault.exit_code
    return 0 if result.score >= result.max_score else 1


def _lab_and_folder(what: tuple[str, ...], slugs: list[str]) -> tuple[Lab, Path]:
    """What `check` is about: of its words one may be a lab, one a folder."""
    from ipclab import manifest

    root = labs_root()
    named = [word for word in what if word in slugs]
    folders = [word for word in what if word not in slugs]
    if len(named) > 1 or len(folders) > 1:
        raise UsageFault("check takes one lab and one folder; see ipclab check --help")
    place = Path(folders[0] if folders else ".").resolve()
    if not place.is_dir():
        known = f"; labs are {', '.join(slugs)}" if slugs else ""
        raise UsageFault(f"{clean(folders[0] if folders else str(place))} is no folder{known}")
    if named or place.name in slugs:
        return manifest.load_lab(root, named[0] if named else place.name), place
    labs = [lab for lab in manifest.all_labs(root) if any((place / f).is_file() for t in lab.targets for f in t.files)]
    if len(labs) != 1:
        raise UsageFault(f"which lab is {clean(str(place))} of? Say it: ipclab check LAB FOLDER")
    return labs[0], place


# ---- validate -------------------------------------------------------------------------------------------


@_command(
    """
    ipclab validate                             every lab
    ipclab validate 01-pipe --only no-close     one mutant or variant
    ipclab validate 01-pipe --repeat 300 --load nothing may flip, not on a busy machine either
    """
)
@click.argument("labs", nargs=-1)
@_sandbox()
@_jobs()
@click.option("--repeat", type=click.IntRange(0, 100_000), default=0, metavar="N", help="Run solution and variants N times more.")
@click.option("--load", is_flag=True, help="Keep every core busy meanwhile.")
@click.option("--only", metavar="NAME", help="One case: solution, skeleton, a mutant's or a variant's name.")
@click.option("--write-skeletons", is_flag=True, help="Generate skeletons/ from solutions/ and do nothing else.")
def validate(
    labs: tuple[str, ...],
    sandbox: str | None,
    jobs: int,
    repeat: int,
    load: bool,
    only: str | None,
    write_skeletons: bool,
) -> int:
    """Test a lab's tests: its solution, skeleton, mutants and variants must come out as they are meant to."""
    from ipclab import manifest

    root = labs_root()
    chosen = [manifest.load_lab(root, slug) for slug in labs] if labs else manifest.all_labs(root)
    if not chosen:
        raise UsageFault(f"there is no lab in {clean(str(root / 'labs'))}")
    if write_skeletons:
        from ipclab import skeleton

        for lab in chosen:
            for name in skeleton.write(lab):
                click.echo(f"skeletons/{lab.slug}/{name}")
        return 0
    from ipclab.grading import Options
    from ipclab.validate import Settings

    options = Options(sandbox=_choose_sandbox(sandbox), jobs=jobs, keep=False)
    settings = Settings(options, repeat=repeat, load=load, only=only)
    return max(_validate_one(lab, settings, jobs) for lab in chosen)


def _validate_one(lab: Lab, settings: Any, jobs: int) -> int:
    from ipclab.validate import validate as run_gate

    click.echo(f"{lab.slug}: {settings.options.sandbox} sandbox, {jobs} at a time")
    with _terminable():
        report = run_gate(lab, settings, click.echo)
    count = len(report.problems)
    verdict = f"{count} problem{'s' if count != 1 else ''}" if count else "the gate is open"
    click.echo(f"{lab.slug}: {len(report.passed)} ok, {verdict}")
    return GraderFault.exit_code if report.grader_failed else 1 if count else 0


# ---- run --------------------------------------------------------------------------------------------------


def _show_trace(report: Any, listed: bool, picture: Path | None, title: str) -> None:
    if listed:
        from ipclab import tracelist

        for line in tracelist.lines(report.trace, colour=sys.stderr.isatty() and "NO_COLOR" not in os.environ):
            say(line)
    if picture is not None:
        from ipclab.picture import draw

        try:
            picture.write_text(draw(report.trace, title, [f.text for f in report.findings]), "utf-8")
        except OSError as error:
            raise UsageFault(f"--picture {clean(str(picture), limit=200)}: {error.strerror}") from error


_FAULT_HELP = (
    "Let a system call of the program go wrong (may be repeated). CALL: read, write, fork, open, … or one by its name; NTH: "
    "which of a process's calls, else all; WHO: main, child or childN; ACTION: an errno, short:N bytes, signal:SIG just before, "
    "signal:SIG:inside once it blocks, or hold until no other process can go on."
)


class _RunCommand(_Command):
    """What stands after -- belongs to the program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            ctx.meta["ipclab.arguments"] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)


def _programs(files: tuple[Path, ...], named: tuple[str, ...]) -> list[Program]:
    """What is to be built: --program NAME=FILE.c,..., or one program of all files, named after the first."""
    import re

    from ipclab.runner import Program

    if files and named:
        raise UsageFault("give files, or --program NAME=FILE.c,..., not both; see ipclab run --help")
    fit = re.sub(r"[^A-Za-z0-9_.-]|^[.-]", "_", files[0].stem)[:64] if files else ""
    made = [Program(fit, files)] if files else []
    for text in named:
        name, equals, paths = text.partition("=")
        if not equals or not paths:
            raise UsageFault(f"--program {clean(text, limit=80)}: it has to be NAME=FILE.c,FILE.c")
        made.append(Program(name, tuple(Path(path) for path in paths.split(","))))
    if not made:
        raise UsageFault("there is no file to run; see ipclab run --help")
    names = [p.name for p in made]
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", name) or names.count(name) > 1:
            raise UsageFault(f"{clean(name, limit=80)!r} cannot be a program's name: letters, digits, _ . -, each name once")
    return made


def _starts(programs: list[Program], wanted: tuple[str, ...], arguments: tuple[str, ...]) -> list[list[str]]:
    import shlex

    if not wanted:
        if len(programs) > 1:
            raise UsageFault("several programs: say with --start 'NAME ARG...' which run")
        return [[programs[0].name, *arguments]]
    if arguments:
        raise UsageFault("with --start each program's arguments stand in its own --start 'NAME ARG...'")
    starts = []
    for text in wanted:
        try:
            words = shlex.split(text)
        except ValueError:
            words = []
        if not words or words[0] not in {p.name for p in programs}:
            known = ", ".join(p.name for p in programs)
            raise UsageFault(f"--start {clean(text, limit=80)!r}: it begins with a program's name (here: {known})")
        starts.append(words)
    return starts


def _how_it_ended(report: Any) -> str:
    if report.signal is not None:
        try:
            name = signal.Signals(report.signal).name
        except ValueError:
            name = f"signal {report.signal}"
        return f"it was ended by {name}"
    return "it was ended by ipclab" if report.code is None else f"exit status {report.code}"


@ipclab.command(
    cls=_RunCommand,
    context_settings=_SETTINGS,
    examples="""
    ipclab run pipe.c                            stdin, stdout and stderr are your own
    ipclab run chat.c util.c -- hello 3          two files make one program; its arguments
    ipclab run --picture run.svg pipe.c          a drawing of who did what, and who waits for whom
    ipclab run --fault read:2=EINTR pipe.c       its second read fails so (also: write=short:1, fork=EAGAIN)
    ipclab run --program s=server.c --program c=client.c --start 's /tmp/x' --start 'c /tmp/x'
    """,
)
@click.argument("files", metavar="FILE.c... [-- ARG...]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--program", "named", multiple=True, metavar="NAME=FILE.c,...", help="One of several programs (may be repeated).")
@click.option("--start", "wanted", multiple=True, metavar="'NAME ARG...'", help="Start this one, all at the same time (may be repeated).")
@click.option("--timeout", type=click.FloatRange(0.1, 86_400), default=60.0, metavar="S", help="End it after so many seconds (default: 60).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, with what the programs printed (the first MiB).")
@click.option("--trace", is_flag=True, help="Print what every process did: each call with its result and line (on stderr).")
@click.option("--picture", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.svg", help="Draw it: a lane for each process, arrows for messages.")
@click.option("--fault", "wanted_faults", multiple=True, metavar="CALL[:NTH][@WHO][#FD]=ACTION", help=_FAULT_HELP)
@click.pass_context
def run(
    context: click.Context,
    files: tuple[Path, ...],
    named: tuple[str, ...],
    wanted: tuple[str, ...],
    timeout: float,
    as_json: bool,
    trace: bool,
    picture: Path | None,
    wanted_faults: tuple[str, ...],
) -> int:
    """Run any C program under warden, and say why it hangs, crashes, or what it leaves behind.

    It runs in a fresh folder, in the local sandbox, without a network. Exit code 1 if there are findings.
    """
    from ipclab import injection, runner
    from ipclab.report.terminal import make_console, print_findings

    injected = injection.read_all(wanted_faults)
    programs = _programs(files, named)
    starts = _starts(programs, wanted, context.meta.get("ipclab.arguments", ()))
    if picture is not None and not picture.absolute().parent.is_dir():
        raise UsageFault(f"--picture {clean(str(picture), limit=200)}: there is no such folder")
    with _terminable():
        logged = trace or picture is not None
        report = runner.run(programs, starts, timeout=timeout, keep=as_json, trace=logged, faults=injected)
    for spec in report.missed:
        say(f"note: the fault {clean(spec, limit=80)} never happened")
    if report.trace is not None:
        _show_trace(report, trace, picture, programs[0].name)
    if as_json:
        click.echo(json.dumps(runner.to_json(report), indent=1))
    faults = [f for f in report.findings if runner.is_fault(f)]
    console = make_console(sys.stderr)
    if not as_json:
        print_findings(report.findings, report.sources, console)
        if not report.witness:
            say("note: system calls could not be watched here, so deadlocks are told at the time limit only")
        if not any(f.kind == "build_error" for f in faults):
            say(f"{programs[0].name}: {_how_it_ended(report)}, {len(faults) or 'no'} finding{'' if len(faults) == 1 else 's'}")
    return 1 if faults else 0


# ---- export, doctor -------------------------------------------------------------------------------------


@_command("""ipclab export ~/ipc-labs      handouts, skeletons, public tests and the grader's source""")
@click.argument("directory", type=click.Path(path_type=Path))
def export(directory: Path) -> int:
    """Write what students get to DIRECTORY: no hidden test and no solution."""
    from ipclab.export import export as write

    written = write(labs_root(), directory)
    say(f"{len(written)} files in {clean(str(directory))}")
    return 0


@_command("""ipclab doctor --json""")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(as_json: bool) -> int:
    """Say what of the grader's needs is here, and what to do about the rest."""
    from ipclab import doctor as module

    checks = module.examine()
    if as_json:
        click.echo(json.dumps(module.to_json(checks), indent=1))
    else:
        module.print_table(checks)
    return 0 if module.can_grade(checks) else GraderFault.exit_code


# ---- the way in and out ---------------------------------------------------------------------------------


def main(arguments: Iterable[str] | None = None) -> int:
    """Runs a command; whatever ends it early becomes one line and an exit code."""
    args = None if arguments is None else list(arguments)
    try:
        return int(ipclab.main(args, prog_name="ipclab", standalone_mode=False) or 0)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "ipclab"
        say(f"ipclab: {error.format_message().rstrip(chr(46))}; see {where} --help")
        return error.exit_code
    except Fault as fault:
        say(f"ipclab: {fault}")
        return fault.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        say("ipclab: interrupted")
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # click makes the second of the first
        # the reader of our output has seen enough; nothing may complain when Python closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  the last resort: a person gets a line, a developer asks for more
        if os.environ.get("IPCLAB_DEBUG"):
            raise
        say(f"ipclab: a fault of ipclab itself: {type(error).__name__}: {clean(str(error), limit=300)} (IPCLAB_DEBUG=1 shows where)")
        return GraderFault.exit_code
