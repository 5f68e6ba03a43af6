"""`ipclab explore`: any C program under weave: races and deadlocks between its processes, with a seed that replays them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ipclab.commands.common import check_picture, command, say, terminable, write_picture
from ipclab.commands.programs import ProgramCommand, read_programs, read_starts
from ipclab.faults import UsageFault

if TYPE_CHECKING:
    from ipclab.weaving.explorer import Exploration, Options
    from ipclab.weaving.report import Explored

INPUT_MAX = 16 << 20
PRINTED_MAX = 4000
CANNOT = 2  # exit code: nothing was looked at


def _stdin(wanted: Path | None) -> bytes:
    """What every schedule reads: given beforehand, so that each run gets the same. A terminal gives nothing."""
    if wanted is None:
        return b""
    try:
        data = sys.stdin.buffer.read(INPUT_MAX + 1) if str(wanted) == "-" else wanted.read_bytes()
    except OSError as error:
        raise UsageFault(f"--stdin {wanted}: {error.strerror}") from error
    if len(data) > INPUT_MAX:
        raise UsageFault(f"--stdin {wanted}: more than {INPUT_MAX >> 20} MiB")
    return data


class _Bar:
    """Progress on a terminal; elsewhere nothing."""

    def __init__(self, total: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        from ipclab.report.terminal import make_console

        console = make_console(sys.stderr)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("schedules{task.fields[found]}"))
        self._progress = Progress(*columns, console=console, transient=True)
        self._task = self._progress.add_task("exploring", total=total, found="")
        self._shown = console.is_terminal

    def __enter__(self) -> _Bar:
        if self._shown:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            self._progress.stop()

    def show(self, explored: Exploration, seeds: int) -> None:
        told = sum(1 for s in explored.schedules if not s.brief and (s.races or s.verdict != "done"))
        self._progress.update(self._task, completed=seeds, found=f", {told} with findings" if told else "")


def _options(seeds: int, depth: int, seed: int | None, walk: bool, signals: bool, steps: int, timeout: float) -> Options:
    from ipclab.weaving.explorer import Options

    first, last = (1, seeds) if seed is None else (seed, seed)
    return Options(first, last, depth, walk, steps, timeout, signals)


def _say_end(explored: Explored) -> None:
    from ipclab.weaving import bound

    count = len(explored.faults)
    schedules = f"{explored.schedules} schedule{'' if explored.schedules == 1 else 's'}"
    say(f"{explored.name}: {schedules} in {explored.seconds:.1f} s, {count or 'no'} finding{'' if count == 1 else 's'}")
    if explored.schedules == 1 and explored.stdout:
        from ipclab.printable import clean_lines

        say(f"it printed:\n{clean_lines(explored.stdout.decode('utf-8', 'replace'), limit=PRINTED_MAX).rstrip()}")
    if explored.cut:
        when = "the last seed" if explored.schedules else "any schedule had ended: nothing is known of the program"
        say(f"note: the time was over before {when} (--timeout)")
    if not count and not explored.cannot:
        for b in bound.worth_saying(explored.bounds):
            say(f"  {bound.sentence(b)}")


@command(
    """
    ipclab explore counter.c                     200 schedules, then what went wrong in which
    ipclab explore --seed 7 counter.c            schedule 7 again: the same as before, always
    ipclab explore --stdin in.txt buffer.c -- 3 2      input for each schedule; arguments of the program
    ipclab explore --program s=server.c --program c=client.c --start s --start 'c 5'
    """,
    ProgramCommand,
)
@click.argument("files", metavar="FILE.c... [-- ARG...]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--program", "named", multiple=True, metavar="NAME=FILE.c,...", help="One of several programs (may be repeated).")
@click.option("--start", "wanted", multiple=True, metavar="'NAME ARG...'", help="Start this one, all under one schedule (may be repeated).")
@click.option("--seeds", type=click.IntRange(1, 1_000_000), default=200, metavar="N", help="How many schedules (default: 200).")
@click.option("--depth", type=click.IntRange(1, 16), default=3, metavar="D", help="Bugs that need up to D ordering constraints (default: 3).")
@click.option("--seed", type=click.IntRange(0, 2**63), metavar="K", help="Only this schedule, and what the program printed in it.")
@click.option("--walk", is_flag=True, help="Choose at random who goes on at each point, instead of by priorities (PCT).")
@click.option("--signals", is_flag=True, help="Let a signal that is on its way come at any later point.")
@click.option("--steps", type=click.IntRange(1000, 10**12), default=20_000_000, metavar="N", help="Steps after which a schedule counts as endless.")
@click.option("--timeout", type=click.FloatRange(0.1, 86_400), default=60.0, metavar="S", help="Stop after so many seconds (default: 60).")
@click.option("--stdin", "stdin", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE", help="What the first program reads, in each schedule; - is this stdin.")
@click.option("--picture", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.svg", help="Draw the first schedule with a finding (or that of --seed).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.pass_context
def explore(
    context: click.Context,
    files: tuple[Path, ...],
    named: tuple[str, ...],
    wanted: tuple[str, ...],
    seeds: int,
    depth: int,
    seed: int | None,
    walk: bool,
    signals: bool,
    steps: int,
    timeout: float,
    stdin: Path | None,
    picture: Path | None,
    as_json: bool,
) -> int:
    """Run any C program in many orders of events, and find the data races and deadlocks between its processes.

    Each seed is one order: the same seed gives the same order, always. Exit code 1 if there are findings, 2 if nothing
    could be said: weave cannot control the program, or no schedule ended in time.
    """
    from ipclab.report.terminal import make_console, print_findings
    from ipclab.weaving import report

    programs = read_programs(files, named)
    starts = read_starts(programs, wanted, context.meta.get("ipclab.arguments", ()))
    check_picture(picture)
    options = _options(seeds, depth, seed, walk, signals, steps, timeout)
    given = [str(f) for f in files]
    for name, values in (("--program", named), ("--start", wanted)):
        given += [word for value in values for word in (name, value)]
    given += ["--stdin", str(stdin)] if stdin else []
    arguments = context.meta.get("ipclab.arguments", ())
    given += ["--", *arguments] if arguments else []
    with terminable(), _Bar(options.last - options.first + 1) as bar:
        explored = report.explore(programs, starts, _stdin(stdin), options, given, bar.show, trace=picture is not None)
    if picture is not None and explored.trace is not None:
        write_picture(picture, explored.trace, f"{programs[0].name}, seed {explored.seed}", explored.findings)
    if as_json:
        click.echo(json.dumps(report.to_json(explored), indent=1))
    else:
        print_findings(explored.findings, explored.sources, make_console(sys.stderr))
        if explored.built:
            _say_end(explored)
    if explored.cannot:
        return CANNOT
    return 1 if explored.faults else 0
