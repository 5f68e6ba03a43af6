"""Which schedules are run, in a sandbox, and what came of them.

The host (grader/weave) runs as the student's code does, in a sandbox of warden's: what it prints is taken as a hint for
people and can take points away, never give any. Seeds are run in batches, so that progress can be seen and a limit of
time be kept; a seed means the same schedule in whatever batch it comes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ipclab import events as ev
from ipclab.faults import GraderFault
from ipclab.model import Limits
from ipclab.plan import CommandEntry, Plan
from ipclab.sandbox import File, Sandbox
from ipclab.slots import uids
from ipclab.weaving import schedules
from ipclab.weaving.schedules import Batch, Schedule

# The region is a sparse file as large as it may be; what the programs write is limited by weave itself.
LIMITS = Limits(memory=2 << 30, processes=1100, files=1024, file_size=8 << 30, output=64 << 20)
BATCHES = (8, 32, 60, 100)  # of seeds: the first answer comes soon, the rest at speed; they end where blocks of 100 do
GRACE_MS = 30_000
TOLD = "told"
TOLD_MAX = 64 << 20


class HostFault(GraderFault):
    """weave could not run; that it could not says nothing about the programs."""


@dataclass(frozen=True)
class Options:
    first: int = 1
    last: int = 200
    depth: int = 3
    walk: bool = False
    step_limit: int = 20_000_000
    budget_s: float = 60.0
    signals: bool = False


@dataclass
class Exploration:
    """All that was seen. `schedules` has those in full that showed something new, the others in brief."""

    schedules: list[Schedule] = field(default_factory=list)
    coarse_steps: int = 0
    fine_steps: int = 0
    alive: int = 0
    cut: bool = False  # the time was over before the last seed
    broken: str = ""  # the host did not come to its end: what is known of it


@dataclass(frozen=True)
class Set:
    """Programs and the sandbox that they run in."""

    make_sandbox: Callable[[], AbstractContextManager[Sandbox]]
    tools: Path  # kit.weave() of the place where they run
    programs: Mapping[str, bytes]  # NAME -> ELF, built for weave
    starts: Sequence[Sequence[str]]  # NAME and arguments
    stdin: bytes = b""

    def files(self) -> dict[str, File]:
        made = {f"bin/p.{name}": File(data, 0o755) for name, data in self.programs.items()}
        made["bin/weave"] = File((self.tools / "weave").read_bytes(), 0o755)
        made["in/stdin"] = File(self.stdin)
        return made


def _words(starts: Sequence[Sequence[str]]) -> Iterator[str]:
    """The host's way to be told several programs: for each how many words, then these."""
    for name, *arguments in starts:
        yield from (str(1 + len(arguments)), f"programs/{name}", *arguments)


# A plan has no empty words, but programs have empty arguments: each word comes with a sign before it, which is taken away
# here. The programs get a folder of their own, where their names meet no file of ours.
_SCRIPT = """set -e; mkdir programs; for f in p.*; do mv "$f" "programs/${f#p.}"; done
n=$#; while [ $n -gt 0 ]; do w=$1; shift; set -- "$@" "${w#=}"; n=$((n-1)); done; exec "$@" """


def _command(the_set: Set, words: Sequence[str], limits: Limits) -> Plan:
    script = ("/bin/sh", "-c", _SCRIPT, "sh")
    argv = (*script, *(f"={w}" for w in words))
    entry = CommandEntry("weave", argv, limits, inputs=tuple(the_set.files()), collect=(TOLD,), collect_max=TOLD_MAX)
    return Plan((entry,))


def _host_options(options: Options, first: int, last: int, budget_ms: int) -> list[str]:
    words = ["--explore", "--seeds", f"{first}:{last}", "--depth", str(options.depth), "--step-limit", str(options.step_limit)]
    words += ["--budget-ms", str(budget_ms), "--input", "stdin"]
    words += ["--walk"] if options.walk else []
    words += ["--full"] if first == last else []
    return words + (["--signals"] if options.signals else [])


def run_host(
    the_set: Set,
    options: Options,
    first: int,
    last: int,
    more: Sequence[str] = (),
    budget_s: float | None = None,
) -> Batch:
    """Runs these seeds. Raises HostFault where weave could not run; a host that was killed gives a batch that is not whole."""
    budget_ms = max(int((options.budget_s if budget_s is None else budget_s) * 1000), 1)
    limits = replace(LIMITS, wall_ms=budget_ms + GRACE_MS, cpu_ms=budget_ms + GRACE_MS)
    words = ["./weave", "--out", TOLD, *_host_options(options, first, last, budget_ms), *more, "--", *_words(the_set.starts)]
    log = ev.RunLog()
    with the_set.make_sandbox() as sandbox, uids() as pair:
        for event in sandbox.run(_command(the_set, words, limits), the_set.files(), pair):
            log.add(event)
    log.finish()
    return _batch(log.entries["weave"])


def _batch(entry: ev.EntryLog) -> Batch:
    said = b"".join(o.data for o in entry.outputs if o.who == "student").decode("utf-8", "replace").splitlines()
    told = next((f.data for f in entry.files if f.name == TOLD and f.data is not None), b"")
    if entry.end is None:
        raise GraderFault("weave's run has no end")
    status = entry.end.command
    if status is not None and status.code in (2, 3, 126, 127):
        raise HostFault(f"weave could not run: {said[-1] if said else f'exit status {status.code}'}")
    try:
        batch = schedules.read(told)
    except schedules.ScheduleFault:
        return Batch()
    if entry.end.outcome != "finished" or status is None or status.code != 0:
        batch.whole = False
    return batch


def explore(the_set: Set, options: Options, progress: Callable[[Exploration, int], None] = lambda *_: None) -> Exploration:
    """Runs all seeds of the options; `progress` is told after each batch, with the number of seeds so far."""
    made = Exploration()
    began = time.monotonic()
    first = options.first
    for size in _sizes():
        if first > options.last:
            break
        left = options.budget_s - (time.monotonic() - began)
        if left <= 0:
            made.cut = True
            break
        last = min(first + size - 1, options.last)
        batch = run_host(the_set, options, first, last, budget_s=left)
        # each batch measures seed 0 again: it is told once, and not where one other seed was asked for
        zero = first == options.first and (options.last > options.first or options.first == 0)
        made.schedules += [s for s in batch.schedules if s.seed != 0 or zero]
        made.coarse_steps, made.fine_steps = batch.coarse_steps, batch.fine_steps
        made.alive = max(made.alive, batch.alive)
        progress(made, last - options.first + 1)
        if not batch.whole:
            made.broken = "weave was ended before it had told its result"
            break
        if batch.cut:
            made.cut = True
            break
        first = last + 1
    return made


def at_once(the_set: Set, options: Options) -> Exploration:
    """Runs seed 0 and all seeds of the options in one run of the host: where nobody looks on, and a run costs a container. The
    first schedule that does not end is the last: each further one would take as long, and the answer is known."""
    batch = run_host(the_set, options, options.first, options.last, ["--until-endless"])
    broken = "" if batch.whole else "weave was ended before it had told its result"
    return Exploration(batch.schedules, batch.coarse_steps, batch.fine_steps, batch.alive, batch.cut, broken)


def _sizes() -> Iterator[int]:
    yield from BATCHES
    while True:
        yield BATCHES[-1]


def replay(the_set: Set, options: Options, seed: int, watched: Sequence[tuple[int, int]] = ()) -> Schedule | None:
    """One schedule again, with its log. None: it could not be had."""
    more = ["--log", *(word for a, b in watched[:4] for word in ("--watch", f"{a:x},{b:x}"))]
    batch = run_host(the_set, options, seed, seed, more)
    return next((s for s in batch.schedules if s.seed == seed), None)
