"""What `run` and `explore` share: which programs, from which files, and what is started with which arguments."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ipclab.commands.common import Command
from ipclab.faults import UsageFault
from ipclab.printable import clean

if TYPE_CHECKING:
    from ipclab.runner import Program


class ProgramCommand(Command):
    """What stands after -- belongs to the program."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            ctx.meta["ipclab.arguments"] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)


def read_programs(files: tuple[Path, ...], named: tuple[str, ...]) -> list[Program]:
    """What is to be built: --program NAME=FILE.c,..., or one program of all files, named after the first."""
    import re

    from ipclab.runner import Program

    if files and named:
        raise UsageFault("give files, or --program NAME=FILE.c,..., not both; see --help")
    fit = re.sub(r"[^A-Za-z0-9_.-]|^[.-]", "_", files[0].stem)[:64] if files else ""
    made = [Program(fit, files)] if files else []
    for text in named:
        name, equals, paths = text.partition("=")
        if not equals or not paths:
            raise UsageFault(f"--program {clean(text, limit=80)}: it has to be NAME=FILE.c,FILE.c")
        made.append(Program(name, tuple(Path(path) for path in paths.split(","))))
    if not made:
        raise UsageFault("there is no file to run; see --help")
    names = [p.name for p in made]
    for name in names:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", name) or names.count(name) > 1:
            raise UsageFault(f"{clean(name, limit=80)!r} cannot be a program's name: letters, digits, _ . -, each name once")
    return made


def read_starts(programs: list[Program], wanted: tuple[str, ...], arguments: tuple[str, ...]) -> list[list[str]]:
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
