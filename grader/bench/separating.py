"""What separation and seccomp cost a test: the lab's own plain tests on its solution, with all of it and without."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

import measure
from ipclab import build, events, grading, kit
from ipclab.intake import take_in
from ipclab.plan import Plan, TestEntry
from ipclab.sandbox.local import LocalSandbox
from ipclab.slots import uids
from measure import Bench, Figure, NotMeasured

# No filter that refuses, no setrlimit; at the level `none` no namespace and no root of its own
# either. Supervision is the same, and to change the uid or to close descriptors is a system call or two.
WITHOUT = tuple(word for name in ("calls", "rlimits") for word in ("--without", name))
ROUNDS = 9


def _run(options: tuple[str, ...], the_kit: kit.Kit, plan: Plan, files: measure.Files) -> tuple[float, float]:
    """Milliseconds of the whole run, and the sum of its tests' own."""
    tests, log = 0.0, events.RunLog()
    begin = time.monotonic()
    with LocalSandbox(the_kit.warden, options=options) as sandbox, uids() as pair:
        for event in sandbox.run(plan, files, pair):
            log.add(event)
            if isinstance(event, events.End):
                tests += event.wall_ms
            elif isinstance(event, events.Record) and '"status":"pass"' not in event.text:
                raise NotMeasured(f"{event.id} failed: {event.text[:200]}")
    log.finish()
    return (time.monotonic() - begin) * 1000, tests


def separation(bench: Bench) -> Iterator[Figure]:
    lab = bench.lab
    the_kit = kit.prepare(lab)
    [submission] = take_in([lab.solution], lab)
    plan, files = build.plan(lab, submission, the_kit)
    log, _ = measure.cpu_of(LocalSandbox(the_kit.warden), plan, files)
    built = build.read(lab, submission, log)
    whole = grading.run_plan(lab, built, 1)
    plain = tuple(replace(e, after=()) for e in whole.entries if isinstance(e, TestEntry) and e.run_as == "plain" and not e.explains)
    if not plain:
        raise NotMeasured("the lab has no plain test")
    the_plan, the_files = replace(whole, entries=plain), grading.run_files(lab, built, the_kit)
    ways = ((), WITHOUT, ("--level", "none", *WITHOUT))
    runs = [[_run(way, the_kit, the_plan, the_files) for way in ways] for _ in range(max(bench.repeat, ROUNDS))]
    count, many = len(plain), f"medians of {len(runs)} runs of {len(plain)} tests, in turns"
    tests = statistics.median(r[0][1] - r[1][1] for r in runs) / count
    yield Figure("separation and seccomp, of each test", tests, "ms", 1.0, many)
    all_of_it = statistics.median(r[0][0] - r[2][0] for r in runs) / count
    detail = f"namespaces and the root of a run included, shared out over its tests; {many}"
    yield Figure("the same with all that a run needs once", all_of_it, "ms", 1.0, detail)


measure.MEASURES["separation"] = separation
