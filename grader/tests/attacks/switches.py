"""A grader with some of its defences switched off, for the control runs of the attacks.

A switch is a word:
    uids, calls, …             a defence of warden's (grader/warden/defences.h)
    namespaces                 warden's level `none`, run by root: uids and limits, no namespace
    docker:FLAG                a flag of `docker run` is left out; docker:FLAG=>OTHER puts another in its place
    limit:NAME, build:NAME     a limit of the tests, of the compiler, is raised out of reach
    cgroup                     local: warden's control group (it then counts by /proc, as in a container)
    own_uid                    each run has a uid of its own
    separate_build             no test lies where the compiler runs
    fresh_inputs               each run has other inputs
    source_checks, client_requests, …    of ipclab's own (grading.Options.without)
    memcheck_summary           a report that valgrind did not finish costs the test
    command_line_only          valgrind takes options from its command line only
    valgrind_options           a report says that valgrind had our options
    two_passes                 a test runs plain as well, not only under valgrind
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest import mock

from corpus import LAB, TREE
from ipclab import build, events, grading, manifest, memcheck, slots
from ipclab.grading import Grader, Options
from ipclab.model import Lab, Limits, Result, SourceFile, Submission, Test
from ipclab.plan import Plan
from ipclab.sandbox import File, Files, Sandbox, docker
from ipclab.sandbox.docker import DockerSandbox
from ipclab.sandbox.local import LocalSandbox
from ipclab.slots import Uids

WARDEN = frozenset(
    ("uids", "unprivileged", "calls", "descriptors", "rlimits", "end", "removal", "ipc", "net", "space", "links", "reports")
)  # fmt: skip
OF_OPTIONS = frozenset(("source_checks", "client_requests"))
OWN = frozenset(("namespaces", "cgroup", "own_uid", "separate_build", "fresh_inputs", "two_passes", "separation"))
MEMCHECK = frozenset(("memcheck_summary", "command_line_only", "valgrind_options"))
# Out of reach, but not without end: a control run on a real machine must end too. Bytes where a limit is of bytes.
RAISED = {
    "wall_ms": 9000, "cpu_ms": 8000, "memory": 700 << 20, "processes": 400, "files": 4000, "file_size": 300 << 20, "output": 256 << 20,
}  # fmt: skip
# A submission's compiler is given 30 s of processor time; so that no test takes that long, an attack on it has less.
BUILD_LIMITS = replace(build.LIMITS, wall_ms=6000, cpu_ms=3000, memory=256 << 20, file_size=16 << 20)
BUILD_RAISED = {"wall_ms": 20_000, "cpu_ms": 12_000, "memory": 1 << 30, "file_size": 256 << 20, "output": 64 << 20}
SEED = 0x5EED


def is_known(word: str) -> bool:
    kind, colon, name = word.partition(":")
    if not colon:
        return word in WARDEN | OF_OPTIONS | OWN | MEMCHECK
    return {"limit": name in RAISED, "build": name in BUILD_RAISED, "docker": name.startswith("-")}.get(kind, False)


@dataclass
class Run:
    """What a grading came to, and all that was said on the way."""

    result: Result
    seconds: float
    events: list[events.Event] = field(default_factory=list)

    @property
    def said(self) -> bytes:
        """What the submission's programs, and its compiler, wrote on stderr."""
        return b"".join(e.data for e in self.events if isinstance(e, events.Output) and e.who == "student")

    def ended(self, entry: str) -> events.End:
        return next(e for e in self.events if isinstance(e, events.End) and e.id == entry)


class _Recording(Sandbox):
    """A sandbox that keeps what goes through it."""

    def __init__(self, inner: Sandbox, kept: list[events.Event]) -> None:
        self._inner, self._kept = inner, kept

    def prepare(self) -> None:
        self._inner.prepare()

    def run(self, plan: Plan, files: Files, uids: Uids) -> Iterator[events.Event]:
        for event in self._inner.run(plan, files, uids):
            self._kept.append(event)
            yield event

    def stop(self) -> None:
        self._inner.stop()

    def close(self) -> None:
        self._inner.close()


class AttackedGrader(Grader):
    """Grades with the switches of `off`, and keeps what was said."""

    def __init__(self, lab: Lab, sandbox: str, off: frozenset[str], seed: int | None = None) -> None:
        self.off = off
        self.kept: list[events.Event] = []
        without = tuple(word for name in sorted(off & WARDEN) for word in ("--without", name))
        level = ("--level", "none") if "namespaces" in off and sandbox == "local" else ()
        more: dict[str, Any] = {"without": off & OF_OPTIONS} if hasattr(Options(), "without") else {}
        cgroup = ("--cgroup", "none") if "cgroup" in off and sandbox == "local" else ()
        options = (*level, *cgroup, *without)
        super().__init__(lab, Options(sandbox=sandbox, jobs=1, seed=seed, keep=False, warden_options=options, **more))

    def _make(self) -> Sandbox:
        if self.kit.image is None:
            return _Recording(LocalSandbox(self.kit.warden, options=self.options.warden_options, symbols=self.kit.symbols), self.kept)
        flags = docker_flags(self.off)
        return _Recording(DockerSandbox(self.kit.image, self._warden, flags=flags, options=self.options.warden_options), self.kept)


def docker_flags(off: frozenset[str]) -> tuple[str, ...]:
    """The flags of a run, without those that are switched off: an unknown one would prove nothing."""
    flags = list(docker.run_flags())
    for word in sorted(off):
        kind, _, flag = word.partition(":")
        if kind != "docker":
            continue
        flag, _, other = flag.partition("=>")
        found = [f for f in flags if f.startswith(flag)]
        if not found:
            raise ValueError(f"{flag} is not among docker's flags")
        flags = [f for f in flags if f not in found] + other.split()
    return tuple(flags)


def the_lab(off: frozenset[str] = frozenset(), limits: Mapping[str, int] | None = None, *, memcheck_too: bool = True) -> Lab:
    """The lab. `limits`: what an attack has less of in `up`, so that its test takes less time. Without `memcheck_too` the
    functions' memory is not looked at: where they are the control's, that costs time and tells nothing."""
    lab = manifest.load_lab(TREE, LAB)
    raised = {word.partition(":")[2] for word in off if word.startswith("limit:")}

    def changed(test: Test) -> Test:
        own = replace(test.limits, **(limits or {})) if test.target == "up" else test.limits
        own = replace(own, **{name: max(RAISED[name], getattr(own, name)) for name in raised})
        passes = test.passes if memcheck_too else ("plain",)
        if "two_passes" in off and test.target == "sum":
            passes = ("memcheck",)
        return replace(test, limits=own, passes=passes)

    return replace(lab, tests=tuple(changed(t) for t in lab.tests))


def submission(files: dict[str, bytes], name: str = "attack") -> Submission:
    from ipclab.intake import digest

    sources = tuple(SourceFile(n, data) for n, data in files.items() if n.endswith((".c", ".h")))
    return Submission(name, name, sources, digest(sources))


def _build_limits(off: frozenset[str], limits: Mapping[str, int] | None) -> Limits:
    raised = {word.partition(":")[2] for word in off if word.startswith("build:")}
    return replace(replace(BUILD_LIMITS, **(limits or {})), **{name: BUILD_RAISED[name] for name in raised})


def _plan_with_tests(lab: Lab, *args: Any) -> tuple[Plan, dict[str, File]]:
    """The compiler's plan where tests lie beside the submission, as with a grader that builds them together."""
    plan, files = build_plan(lab, *args)
    sources = [*Path(lab.folder / "tests/hidden").glob("*.c"), *Path(lab.folder / "tests").glob("*.h")]
    tests = {f"src/{p.name}": File(p.read_bytes().replace(b'"../', b'"')) for p in sources}  # all in one folder
    entries = tuple(replace(e, inputs=(*e.inputs, *tests)) for e in plan.entries)  # type: ignore[union-attr, call-arg]
    return replace(plan, entries=entries), files | tests


build_plan = build.plan


def _no_summary(*args: Any, **kwargs: Any) -> list[Any]:
    return [f for f in memcheck_findings(*args, **kwargs) if f.cause != "no_memcheck_report"]


memcheck_findings = memcheck.findings


def _memcheck_patches(off: frozenset[str]) -> Iterator[Any]:
    if "memcheck_summary" in off:
        yield mock.patch.object(memcheck, "findings", _no_summary)
    if "command_line_only" in off:
        yield mock.patch.object(memcheck, "ARGV", tuple(w for w in memcheck.ARGV if w != "--command-line-only=yes"))
    if "reports" in off:
        yield mock.patch.object(memcheck, "is_held", lambda file, pid: True)
    if "valgrind_options" in off:
        yield mock.patch.object(memcheck, "has_our_options", lambda report: True)


@contextlib.contextmanager
def _patched(off: frozenset[str], limits: Mapping[str, int] | None) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(build, "LIMITS", _build_limits(off, limits)))
        if "own_uid" in off:
            pair = stack.enter_context(slots.uids())
            stack.enter_context(mock.patch.object(grading, "uids", lambda: contextlib.nullcontext(pair)))
        if "separate_build" in off:
            stack.enter_context(mock.patch.object(build, "plan", _plan_with_tests))
        for patch in _memcheck_patches(off):
            stack.enter_context(patch)
        yield


def grader_without(
    off: frozenset[str], sandbox: str, limits: Mapping[str, int] | None = None, *, memcheck_too: bool = True
) -> AttackedGrader:
    lab = the_lab(off, limits, memcheck_too=memcheck_too)
    return AttackedGrader(lab, sandbox, off, SEED if "fresh_inputs" in off else None)


@contextlib.contextmanager
def switched_off(off: frozenset[str], limits: Mapping[str, int] | None = None) -> Iterator[None]:
    """While this lasts, the defences are off, as far as they are Python's. `limits`: of the compiler."""
    if unknown := [word for word in off if not is_known(word)]:
        raise ValueError(f"no such switch: {unknown}")
    with _patched(off, limits):
        yield


def grade(
    files: dict[str, bytes], sandbox: str, off: frozenset[str] = frozenset(), args: Mapping[str, Any] = MappingProxyType({})
) -> Run:
    """Grades the files with some defences off. `args`: the attack's, of which `limits` and `build` are limits of
    its own, and `memcheck` tells whether that pass is run."""
    with switched_off(off, args.get("build")):
        grader = grader_without(off, sandbox, args.get("limits"), memcheck_too=args.get("memcheck", True))
        began = time.monotonic()
        result = grader.one(submission(files))
        return Run(result, time.monotonic() - began, grader.kept)
