"""An exploration from beginning to end, for `ipclab explore`: build, run, explain."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipclab import build, catalogue, kit, results
from ipclab.model import Finding, SourceFile
from ipclab.runner import SCHEMA, Program, is_fault, read_sources
from ipclab.sandbox.local import LocalSandbox
from ipclab.trace import Trace
from ipclab.weaving import bound, explain, explorer, program, story
from ipclab.weaving.explorer import Exploration, Options
from ipclab.weaving.schedules import Schedule


@dataclass(frozen=True)
class Explored:
    name: str
    findings: tuple[Finding, ...]
    sources: tuple[SourceFile, ...]
    built: bool
    schedules: int = 0
    seconds: float = 0.0
    seed: int | None = None  # of the first schedule with a finding, else of the first one
    bounds: tuple[bound.Bound, ...] = ()
    cut: bool = False
    cannot: bool = False  # nothing was looked at: weave cannot control the program, or no schedule ended in time
    code: int | None = None  # of the schedule `seed`, as wait(2) tells it
    stdout: bytes = b""
    stderr: bytes = b""
    trace: Trace | None = None  # of that schedule, if it was asked for

    @property
    def faults(self) -> list[Finding]:
        return [f for f in self.findings if is_fault(f)]


def bounds(explored: Exploration, options: Options) -> tuple[bound.Bound, ...]:
    """For each depth what its schedules are worth; the finest steps that were used count."""
    if options.walk or options.first > 1 or options.last == 0:
        return ()
    made = []
    for depth in range(1, options.depth + 1):
        for fine, steps in ((False, explored.coarse_steps), (True, explored.fine_steps)):
            count = sum(1 for s in explored.schedules if s.seed and (s.seed - 1) // 100 % 2 == fine and 1 + (s.seed - 1) % options.depth == depth)
            if count:
                made.append(bound.bound(count, explored.alive, steps, depth))
    return tuple(made)


def _shares_memory(found: Sequence[Schedule]) -> bool:
    return any(len(s.memories) > 1 or any(p.thread for p in s.processes) for s in found if not s.brief)


def explore(
    programs: Sequence[Program],
    starts: Sequence[Sequence[str]],
    stdin: bytes,
    options: Options,
    command: Sequence[str],
    progress: Callable[[Exploration, int], None] = lambda *_: None,
    *,
    trace: bool = False,
) -> Explored:
    """Builds the programs for weave, runs the schedules, explains. `command`: as the user gave it, for replay lines. `trace`:
    the report has a log of what was done in the schedule that stands for all."""
    sources = read_sources(programs)
    tools, warden = kit.weave(), kit.base() / "warden"
    built = program.build_for_weave(programs, sources, tools)
    name = programs[0].name
    if built.failed:
        return Explored(name, tuple(built.findings), sources, False)
    binaries = {p.name: built.programs[build.program_name(p.name, program.LEVEL)] for p in programs}
    the_set = explorer.Set(lambda: LocalSandbox(warden), tools, binaries, starts, stdin)
    began = time.monotonic()
    explored = explorer.explore(the_set, options, progress)
    found = explain.findings(the_set, options, explored, sources, command)
    if explored.broken:
        found.append(catalogue.finding("tamper", "weave_ended_early"))
    if explored.schedules and not found and not explored.broken and not _shares_memory(explored.schedules):
        found.append(catalogue.finding("note", "nothing_shared"))
    shown = _shown(explored.schedules)
    told = None
    if trace and shown:
        told = story.trace_of(explain.case_of(the_set, options, shown, shown.races, sources, command))
    return Explored(
        name,
        (*found, *built.findings),
        sources,
        True,
        schedules=len(explored.schedules),
        seconds=time.monotonic() - began,
        seed=shown.seed if shown else None,
        bounds=bounds(explored, options),
        cut=explored.cut,
        cannot=any(f.cause == "weave_cannot_control" for f in found) or (not explored.schedules and not explored.broken),
        code=shown.code if shown else None,
        stdout=shown.stdout if shown else b"",
        stderr=shown.stderr if shown else b"",
        trace=told,
    )


def _shown(found: Sequence[Schedule]) -> Schedule | None:
    """The schedule that stands for all: the first in which something went wrong."""
    told = [s for s in found if not s.brief]
    return next((s for s in told if s.races or s.troubles or s.verdict != "done"), told[0] if told else None)


def to_json(explored: Explored) -> Mapping[str, Any]:
    code = explored.code
    number = code & 0x7F if code is not None else None
    return {
        "schema": SCHEMA,
        "exit": {"code": None if code is None or number else code >> 8, "signal": number or None},
        "stdout": results.value(explored.stdout),
        "stderr": results.value(explored.stderr),
        "findings": [results.finding_to_json(f) for f in explored.findings],
        "schedules": explored.schedules,
        "seed": explored.seed,
        "bound": [
            {"depth": b.depth, "schedules": b.schedules, "tasks": b.tasks, "steps": b.steps, "missed": b.missed} for b in explored.bounds
        ],
    }
