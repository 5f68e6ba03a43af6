"""A program built for weave: with the compiler's hooks at every access, and weave's run-time library instead of
ThreadSanitizer's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ipclab import build, kit
from ipclab.kit import GCC, scenario_name
from ipclab.model import Lab, SourceFile, Target, TargetKind
from ipclab.runner import Program, build_programs
from ipclab.sandbox import File
from ipclab.weaving.flags import FLAGS, LEVEL

# gcc would link libtsan itself where it links with -fsanitize: so compiling and linking are two commands.
_SCRIPT = 'set -e; out=$1; shift; "$@"; exec {gcc} -no-pie -o "$out" ./*.o @weave.ld -pthread -lrt -lm'


def wrap_options(names: str) -> bytes:
    """weave.wrap, a file of --wrap=NAME, as options of the compiler."""
    return "".join(f"-Wl,{line}\n" for line in names.split()).encode()


def recipe(tools: Path, scenario: Callable[[str], bytes] | None = None) -> build.Recipe:
    """How build.plan builds a target for weave; other levels it leaves alone. `scenario`: the object file of a scenario, where
    a lab's targets are built. Those have been compiled at the lab's own levels too, whose warnings are the ones that count."""
    own = {
        "kit/weave.o": File((tools / "weave.o").read_bytes()),
        "kit/weave.ld": File(wrap_options((tools / "weave.wrap").read_text("ascii"))),
    }

    def argv(lab: Lab, target: Target, level: str) -> tuple[tuple[str, ...], dict[str, File]] | None:
        if level in lab.builds and level != LEVEL:
            return None
        more, files = ("-w",) if scenario else (), dict(own)
        source = build.weave_levels(lab, target).get(level)
        if target.kind is TargetKind.FUNCTIONS and scenario and source:
            more = (*more, f"-Dmain={build.STRAY_MAIN}")
            files[f"kit/{scenario_name(source)}"] = File(scenario(source))
        compiler = (GCC, *lab.flags, *FLAGS, *more, "-c", *build.c_files(target))
        return ("/bin/sh", "-c", _SCRIPT.format(gcc=GCC), "sh", build.program_name(target.name, level), *compiler), files

    return argv


def build_for_weave(programs: Sequence[Program], sources: tuple[SourceFile, ...], tools: Path) -> build.Built:
    return build_programs(programs, sources, kit.base(), LEVEL, recipe(tools))
