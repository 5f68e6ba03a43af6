"""Which tests of a lab the difference between two submissions can reach.

A target is built from its own files, the submitted headers and the given ones, and from nothing else (build.py): where those
are the same, byte for byte, so is the program, and what a test says of it is known already.
"""

from __future__ import annotations

from dataclasses import replace

from ipclab.build import weave_starts
from ipclab.judging import depends_on, targets_of
from ipclab.model import Lab, Submission, Test


def targets(lab: Lab, one: Submission, other: Submission) -> frozenset[str]:
    """The names of the targets that the two do not build from the same bytes."""
    files, others = ({f.name: f.data for f in s.files} for s in (one, other))
    differ = {name for name in files.keys() | others.keys() if files.get(name) != others.get(name)}
    if any(name.endswith(".h") for name in differ):
        return frozenset(t.name for t in lab.targets)
    return frozenset(t.name for t in lab.targets if not differ.isdisjoint(t.files))


def _needs(test: Test) -> set[str]:
    starts = weave_starts(test) if test.weave is not None else ()
    return {*targets_of(test), *(name for name, *_ in starts)}


def part(lab: Lab, reached: frozenset[str]) -> Lab:
    """The lab with only those tests that need one of the targets or depend on a test that does, and with what they need."""
    own = {t.name for t in lab.tests if not reached.isdisjoint(_needs(t))}
    kept = [t for t in lab.tests if t.name in own or not own.isdisjoint(depends_on(lab, t))]
    names = {t.name for t in kept}
    tests = tuple(replace(t, depends=tuple(d for d in t.depends if d in names)) for t in kept)
    needed = {name for t in tests for name in _needs(t)}
    return replace(lab, tests=tests, targets=tuple(t for t in lab.targets if t.name in needed))
