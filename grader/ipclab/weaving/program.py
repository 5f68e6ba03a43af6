"""A program built for weave: with the compiler's hooks at every access, and weave's run-time library instead of
ThreadSanitizer's.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ipclab import build, kit
from ipclab.kit import GCC, scenario_name
from ipclab.model import Lab, SourceFile, Target, TargetKind
from ipclab.runner import Program, build_programs
from ipclab.sandbox import File
from ipclab.weaving.flags import FLAGS, LEVEL


def wrap_options(names: str) -> bytes:
    """weave.wrap, a file of --wrap=NAME, as options of the compiler."""
    return "".join(f"-Wl,{line}\n" for line in names.split()).encode()


def _script(compiler: Sequence[str], programs: Mapping[str, Sequence[str]]) -> str:
    """Compiles once, and links each program with the objects that it has besides. gcc would link libtsan itself where it
    links with -fsanitize: so compiling and linking are commands of their own."""
    links = [[GCC, "-no-pie", "-o", name, *objects, "@weave.ld", "-pthread", "-lrt", "-lm"] for name, objects in programs.items()]
    return "; ".join(["set -e", shlex.join(compiler), *map(shlex.join, links)])


def recipe(tools: Path, scenario: Callable[[str], bytes] | None = None) -> build.Recipe:
    """How build.plan builds a target for weave; other levels it leaves alone. `scenario`: the object file of a scenario, where
    a lab's targets are built. Those have been compiled at the lab's own levels too, whose warnings are the ones that count."""
    own = {
        "kit/weave.o": File((tools / "weave.o").read_bytes()),
        "kit/weave.ld": File(wrap_options((tools / "weave.wrap").read_text("ascii"))),
    }

    def argv(lab: Lab, target: Target, levels: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, File]] | None:
        if levels[0] in lab.builds and levels[0] != LEVEL:
            return None
        more, files = ["-w"] if scenario else [], dict(own)
        sources = build.c_files(target)
        objects = [f"./{Path(name).stem}.o" for name in sources]
        programs = {build.program_name(target.name, level): [*objects, "weave.o"] for level in levels}
        for level, source in build.weave_levels(lab, target).items():
            if target.kind is TargetKind.FUNCTIONS and scenario and source:
                more = ["-w", f"-Dmain={build.STRAY_MAIN}"]
                files[f"kit/{scenario_name(source)}"] = File(scenario(source))
                programs[build.program_name(target.name, level)].append(scenario_name(source))
        compiler = (GCC, *lab.flags, *FLAGS, *more, "-c", *sources)
        return ("/bin/sh", "-c", _script(compiler, programs)), files

    return argv


def build_for_weave(programs: Sequence[Program], sources: tuple[SourceFile, ...], tools: Path) -> build.Built:
    return build_programs(programs, sources, kit.base(), LEVEL, recipe(tools))
