"""The corpus as `ipclab explore` and the pass `weave` run it: built and run in a sandbox, findings with their lines.

By default a few programs of each kind, IPCLAB_WEAVE_FULL=1 takes all.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from weave_corpus import Program, programs
from ipclab import build, events, kit
from ipclab.model import Finding, SourceFile, Submission
from ipclab.runner import Program as Named
from ipclab.runner import as_lab, is_fault
from ipclab.sandbox import Sandbox, docker
from ipclab.sandbox.docker import DockerSandbox
from ipclab.sandbox.local import LocalSandbox
from ipclab.slots import uids
from ipclab.weaving import explain, explorer, program

FULL = os.environ.get("IPCLAB_WEAVE_FULL") == "1"
FEW = {"bounded_buffer_semaphores", "fifo_calculator", "two_views_of_shm_open", "turns_by_signals", "threads_and_a_mutex", "tcp_on_loopback",
       "no_lock", "ab_ba", "semaphore_of_two", "handler_prints", "lost_wakeup", "reader_outside_the_lock"}
SEEDS = 200
KINDS = {"race": {"race"}, "deadlock": {"deadlock"}, "crash": {"crash"}, "trouble": {"signal_unsafe", "errno_clobbered", "race"}}


@dataclass(frozen=True)
class Place:
    """A kind of sandbox, and the kit that was built for it."""

    make: Callable[[], Sandbox]
    tools: Path


@pytest.fixture(scope="module", params=["local", "docker"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "local":
        here = kit.base() / "warden"
        return Place(lambda: LocalSandbox(here), kit.weave())
    request.getfixturevalue("docker_image")
    image = docker.image()
    warden = (kit.base(image) / "warden").read_bytes()
    return Place(lambda: DockerSandbox(image, warden), kit.weave(image))


def files_of(p: Program) -> tuple[SourceFile, ...]:
    headers = sorted(p.sources[0].parent.glob("*.h")) if len(p.sources) > 1 else []
    return tuple(SourceFile(path.name, path.read_bytes()) for path in (*p.sources, *headers))


def built(place: Place, p: Program) -> dict[str, bytes]:
    several = len(p.sources) > 1
    named = [Named(s.stem, (s,)) for s in p.sources] if several else [Named(p.name, p.sources)]
    sources = files_of(p)
    lab = as_lab(named, program.LEVEL)
    submission = Submission("corpus", "", sources, "")
    plan, files = build.plan(lab, submission, kit.Kit(place.tools, place.tools, "", None), program.recipe(place.tools))
    log = events.RunLog()
    with place.make() as sandbox, uids() as pair:
        for event in sandbox.run(plan, files, pair):
            log.add(event)
    log.finish()
    result = build.read(lab, submission, log)
    assert not result.failed, result.failed
    return {n.name: result.programs[build.program_name(n.name, program.LEVEL)] for n in named}


def explored(place: Place, p: Program) -> list[Finding]:
    """The findings; a right program's output is looked at too."""
    the_set = explorer.Set(place.make, place.tools, built(place, p), p.starts(f"u{uuid.uuid4().hex[:12]}"), p.stdin.encode())
    options = explorer.Options(last=SEEDS, signals="signals" in " ".join(p.said.get("WEAVE", ())))
    found = explorer.explore(the_set, options)
    assert found.schedules and not found.broken and not found.cut
    if p.right:
        outputs = {s.stdout.decode() for s in found.schedules if not s.brief}
        assert all(p.printed_right(text) for text in outputs), outputs
    return [f for f in explain.findings(the_set, options, found, files_of(p), ["x.c"]) if is_fault(f)]


def chosen(kind: str) -> list[Program]:
    """Those whose options `explore` has, too."""
    usable = [p for p in programs(kind) if "LINK" not in p.said and not set(p.options) - {"--signals"} and "XFAIL" not in p.said]
    return usable if FULL else [p for p in usable if p.name in FEW]


@pytest.mark.parametrize("p", chosen("right"), ids=lambda p: p.name)
def test_a_right_program_has_no_finding(place: Place, p: Program) -> None:
    assert explored(place, p) == []


@pytest.mark.parametrize("p", chosen("wrong"), ids=lambda p: p.name)
def test_a_wrong_program_is_explained_at_its_lines(place: Place, p: Program) -> None:
    found = explored(place, p)
    assert found
    for f in found:
        at = {f"{there.file}:{there.line}" for there in (f.location, *f.related) if there}
        expected = [(kind, re.findall(r"\b[A-Z][A-Z0-9]*\b", text)) for kind in KINDS for text in p.said.get(kind.upper(), ())]
        fitting = [marks for kind, marks in expected if f.kind in KINDS[kind]]
        lines = {line for marks in fitting for mark in marks for line in p.marks.get(mark, ())}
        assert fitting and (not lines or at & lines), (f.kind, f.text, at, lines)
