"""A program built for weave: with the compiler's hooks at every access, and weave's run-time library instead of
ThreadSanitizer's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ipclab import build, kit
from ipclab.kit import GCC
from ipclab.model import Lab, SourceFile, Target
from ipclab.runner import Program, build_programs
from ipclab.sandbox import File

LEVEL = "weave"
# Places are addresses of 32 bits, so the program lies at its own address; -fno-builtin keeps memcpy and its like calls,
# which have hooks. -Og moves no access to another line and takes none out of a loop, as -O1 does.
FLAGS = (
    "-Og",
    "-g",
    "-fno-omit-frame-pointer",
    "-fno-builtin",
    "-fno-pie",
    "-fsanitize=thread",
    "--param=tsan-distinguish-volatile=1",
    "--param=tsan-instrument-func-entry-exit=0",
    "-fmax-errors=20",
    "-fdiagnostics-color=never",
    "-fno-diagnostics-show-caret",
)
# gcc would link libtsan itself where it links with -fsanitize: so compiling and linking are two commands.
_SCRIPT = 'set -e; out=$1; shift; "$@"; exec {gcc} -no-pie -o "$out" ./*.o @weave.ld -pthread -lrt -lm'


def wrap_options(names: str) -> bytes:
    """weave.wrap, a file of --wrap=NAME, as options of the compiler."""
    return "".join(f"-Wl,{line}\n" for line in names.split()).encode()


def recipe(tools: Path) -> build.Recipe:
    """How build.plan builds a target for weave."""
    own = {
        "kit/weave.o": File((tools / "weave.o").read_bytes()),
        "kit/weave.ld": File(wrap_options((tools / "weave.wrap").read_text("ascii"))),
    }

    def argv(lab: Lab, target: Target, level: str) -> tuple[tuple[str, ...], dict[str, File]]:
        compiler = (GCC, *lab.flags, *FLAGS, "-c", *build.c_files(target))
        return ("/bin/sh", "-c", _SCRIPT.format(gcc=GCC), "sh", build.program_name(target.name, level), *compiler), own

    return argv


def build_for_weave(programs: Sequence[Program], sources: tuple[SourceFile, ...], tools: Path) -> build.Built:
    return build_programs(programs, sources, kit.base(), LEVEL, recipe(tools))
