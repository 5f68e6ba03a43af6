"""`ipclab run`: any C program, and why it hangs, crashes, or what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from ipclab.commands.common import check_picture, command, say, terminable, write_picture
from ipclab.commands.programs import ProgramCommand, read_programs, read_starts
from ipclab.printable import clean


def _show_trace(report: Any, listed: bool, picture: Path | None, title: str) -> None:
    if listed:
        from ipclab import tracelist

        for line in tracelist.lines(report.trace, colour=sys.stderr.isatty() and "NO_COLOR" not in os.environ):
            say(line)
    if picture is not None:
        write_picture(picture, report.trace, title, report.findings)


_FAULT_HELP = (
    "Let a system call of the program go wrong (may be repeated). CALL: read, write, fork, open, … or one by its name; NTH: "
    "which of a process's calls, else all; WHO: main, child or childN; ACTION: an errno, short:N bytes, signal:SIG just before, "
    "signal:SIG:inside once it blocks, or hold until no other process can go on."
)


def _how_it_ended(report: Any) -> str:
    if report.signal is not None:
        try:
            name = signal.Signals(report.signal).name
        except ValueError:
            name = f"signal {report.signal}"
        return f"it was ended by {name}"
    return "it was ended by ipclab" if report.code is None else f"exit status {report.code}"


@command(
    """
    ipclab run pipe.c                            stdin, stdout and stderr are your own
    ipclab run chat.c util.c -- hello 3          two files make one program; its arguments
    ipclab run --picture run.svg pipe.c          a drawing of who did what, and who waits for whom
    ipclab run --fault read:2=EINTR pipe.c       its second read fails so (also: write=short:1, fork=EAGAIN)
    ipclab run --program s=server.c --program c=client.c --start 's /tmp/x' --start 'c /tmp/x'
    """,
    ProgramCommand,
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
    programs = read_programs(files, named)
    starts = read_starts(programs, wanted, context.meta.get("ipclab.arguments", ()))
    check_picture(picture)
    with terminable():
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
