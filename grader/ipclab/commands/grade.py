"""`ipclab grade`: submissions are graded, and the results go where the caller wants them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ipclab.commands.common import (
    INTERRUPTED,
    check_runtime,
    choose_sandbox,
    command,
    jobs_option,
    labs_root,
    runtime_option,
    sandbox_option,
    say,
    seed_option,
    terminable,
)
from ipclab.faults import GraderFault
from ipclab.printable import clean

if TYPE_CHECKING:
    from ipclab.grading import Options
    from ipclab.model import Lab, Result, Submission
    from ipclab.report.audience import Audience


@command(
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
@sandbox_option()
@runtime_option()
@jobs_option()
@click.option("--json", "json_to", metavar="FILE", help="Write the results as JSON; - is stdout.")
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Write pages and a gradebook.")
@click.option("--format", "form", type=click.Choice(["junit"]), help="Write the results in another format too.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where --format goes (default: stdout).")
@click.option("--audience", type=click.Choice(["student", "instructor"]), default="instructor", help="For whom (default: instructor).")
@click.option("--fail-under", type=click.IntRange(0), metavar="POINTS", help="Exit with 1 if a score is below.")
@click.option("--seed", metavar="HEX", callback=seed_option, help="Repeat a grading: the seed that its result shows.")
@click.option("--resume", is_flag=True, help="Take over results that an earlier grading finished.")
def grade(
    lab: str,
    paths: tuple[Path, ...],
    sandbox: str | None,
    runtime: str | None,
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
    chosen = choose_sandbox(sandbox)
    options = Options(sandbox=chosen, runtime=check_runtime(runtime, chosen), jobs=jobs, seed=seed, resume=resume)
    results, interrupted = _grade_all(submissions, the_lab, options)
    outputs = _Outputs(the_lab, submissions, Audience(audience), json_to, report, form, output)
    outputs.write(results)
    say_level(results)
    if interrupted:
        say(f"ipclab: interrupted; {len(results)} of {len(submissions)} are graded, the same command with --resume goes on")
        return INTERRUPTED
    return _exit_code(results, fail_under)


def _grade_all(submissions: list[Submission], lab: Lab, options: Options) -> tuple[list[Result], bool]:
    """The results in the order of the submissions, and whether the grading was interrupted."""
    from ipclab.grading import Grader
    from ipclab.report.progress import progress

    interrupted = False
    with terminable(), progress(len(submissions)) as on_progress:
        grader = Grader(lab, options, on_progress)
        running = grader.all(submissions)
        try:
            for _ in running:
                pass
        except KeyboardInterrupt:
            interrupted = True
            running.close()  # ends what runs
    return [grader.finished[s.id] for s in submissions if s.id in grader.finished], interrupted


def say_level(results: list[Result]) -> None:
    """Where judge and submission share a uid, a hostile submission could reach its judge."""
    shared = sorted({r.sandbox for r in results} & {"local:namespaces", "local:none"})
    if shared:
        level = shared[0].partition(":")[2]
        say(f"note: the sandbox had the level `{level}`, where judge and submission share a uid: for your own code only; for marks, grade as root or in docker")


def _exit_code(results: list[Result], fail_under: int | None) -> int:
    from ipclab.grading import nothing_graded, why_not
    from ipclab.model import ResultStatus

    if (fault := nothing_graded(results)) is not None:
        raise fault
    graded = [r for r in results if r.status is not ResultStatus.GRADER_ERROR]
    failed = [r for r in results if r.status is ResultStatus.GRADER_ERROR]
    if failed:
        how_many = f"{len(failed)} of {len(results)} could not be graded, by the grader's own fault; --resume tries them again"
        say(f"ipclab: {how_many}. {clean(failed[0].student, limit=60)}: {clean(why_not(failed[0]), limit=600)}")
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
        """Writes them all, also where one cannot be written, and then says which."""
        taken = self.json_to == "-" or (self.form is not None and self.output is None)
        steps: list[tuple[bool, Callable[[], None]]] = [
            (self.json_to is not None, lambda: self._json(results)),
            (self.form is not None, lambda: self._format(results)),
            (self.report is not None, lambda: self._report(results)),
            (True, lambda: self._table(results, sys.stderr if taken else sys.stdout)),
        ]
        faults = []
        for wanted, step in steps:
            try:
                if wanted:
                    step()
            except GraderFault as fault:
                faults.append(fault)
            except BrokenPipeError:
                raise  # the reader has seen enough
            except OSError as error:
                faults.append(GraderFault(f"cannot write to stdout: {error.strerror}"))
        if faults:
            raise GraderFault(f"{faults[0]}; what is graded is kept: make room, and the same command with --resume goes on")

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
