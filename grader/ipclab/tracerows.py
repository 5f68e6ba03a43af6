"""Which rows the picture of a run has: what happened, in order, repeats made one, and the middle of long runs left out.

A row is a moment. A call that waited, or whose end something in another process led to, has two: where it began and where
it was over. So each arrow points down, however long a reader had been waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ipclab.trace import Trace, TraceEvent, TraceProcess
from ipclab.tracelinks import Kind, Link, forks, links
from ipclab.tracewords import ENDS, FORKS, READS, STILL, WAITS, complete, failed, never_returned, waited_for

MAX_ROWS = 400
MAX_LANES = 100
MIN_REPEATS = 5  # fewer are worth a row each
WAITED_MS = 5.0
_AT_ONCE_MS = 1.0  # a process that does something so soon needs no row that says that it began
_FIRST_SHARE = 0.65  # of the rows that are to spare: a run's beginning explains it, its end is what went wrong


@dataclass(eq=False)
class Step:
    """What a process did: an event, or a run of alike ones."""

    lane: int
    first: TraceEvent
    last: TraceEvent
    count: int = 1
    bytes: int = 0
    two_rows: bool = False
    top: int | None = None  # rows; None: left out
    bottom: int | None = None

    @property
    def op(self) -> str:
        return self.first.op

    @property
    def waited_ms(self) -> float:
        return (self.last.start_ms if self.last.end_ms is None else self.last.end_ms) - self.first.start_ms


@dataclass(eq=False)
class Row:
    time: float
    step: Step | None = None  # None: a process begins whose fork was not seen, or rows are left out here
    is_end: bool = False  # the row in which a call with two rows is over
    lane: int = -1
    left_out: int = 0  # events


@dataclass(frozen=True)
class Arrow:
    kind: Kind
    source: Step
    target: Step
    bytes: int = 0
    count: int = 1


@dataclass(eq=False)
class Lane:
    process: TraceProcess
    born: float
    fork: Step | None = None
    end: Step | None = None
    top: int = 0
    bottom: int = 0
    zombie: bool = False  # it ended, and its parent lived on without waiting for it
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    lanes: list[Lane]
    rows: list[Row]
    arrows: list[Arrow]
    lanes_left_out: int


def plan(trace: Trace) -> Plan:
    processes, every = complete(trace)
    shown = processes[:MAX_LANES]
    index = {p.pid: i for i, p in enumerate(shown)}
    events = [e for e in every if e.pid in index]
    lanes = [Lane(p, p.start_ms) for p in shown]
    found = links(events)
    owners = _steps(events, index, lanes, {link.target: events[link.source].pid for link in found})
    arrows = _arrows(found, owners)
    for arrow in arrows:
        # A wait began before what ended it: only then do the two not simply follow one another.
        arrow.target.two_rows |= arrow.source.first.start_ms >= arrow.target.first.start_ms and arrow.target.op not in ENDS
    _births(lanes, events, owners)
    _zombies(trace, lanes, events)
    rows = _kept(_rows(lanes))
    _place(lanes, rows)
    return Plan(lanes, rows, arrows, len(processes) - len(shown))


# ---- steps ---------------------------------------------------------------------------------------


def _alike(event: TraceEvent) -> tuple[object, ...] | None:
    """What repeats of a call have in common; None: it stands alone."""
    if event.op in ENDS or event.op in FORKS or event.op in ("exec", "open", "openat") or never_returned(event):
        return None
    end_of_file = event.op in READS and event.result == 0
    child = waited_for(event) if event.op in WAITS else event.other
    return event.op, event.object, event.signal, child, event.result if failed(event) else 0, end_of_file


def _steps(
    events: Sequence[TraceEvent], index: dict[int, int], lanes: list[Lane], partners: dict[int, int]
) -> list[Step]:
    """The step that each event belongs to; `partners` tells from whom came what an event brought."""
    runs: list[list[list[int]]] = [[] for _ in lanes]  # by lane: runs of indices
    keys: list[object] = [None] * len(lanes)
    for i, event in enumerate(events):
        lane, alike = index[event.pid], _alike(event)
        key = None if alike is None else (alike, partners.get(i))
        if key is not None and key == keys[lane]:
            runs[lane][-1].append(i)
        else:
            runs[lane].append([i])
        keys[lane] = key
    owners: list[Step | None] = [None] * len(events)
    for number, lane in enumerate(lanes):
        for run in runs[number]:
            for part in [run] if len(run) >= MIN_REPEATS else [[i] for i in run]:
                lane.steps.append(_step(number, [events[i] for i in part]))
                for i in part:
                    owners[i] = lane.steps[-1]
    return [step for step in owners if step is not None]


def _step(lane: int, events: Sequence[TraceEvent]) -> Step:
    step = Step(lane, events[0], events[-1], len(events), sum(max(e.result or 0, 0) for e in events))
    step.two_rows = len(events) == 1 and events[0].end_ms is not None and step.waited_ms >= WAITED_MS
    step.two_rows |= len(events) > 1 and any((e.end_ms or e.start_ms) - e.start_ms >= WAITED_MS for e in events)
    return step


def _arrows(found: Sequence[Link], owners: Sequence[Step]) -> list[Arrow]:
    """One arrow between two steps, however many messages it stands for."""
    sums: dict[tuple[Kind, int, int], list[int]] = {}
    steps: dict[int, Step] = {}
    for link in found:
        source, target = owners[link.source], owners[link.target]
        steps[id(source)], steps[id(target)] = source, target
        total = sums.setdefault((link.kind, id(source), id(target)), [0, 0])
        total[0] += link.bytes
        total[1] += 1
    return [Arrow(kind, steps[a], steps[b], *total) for (kind, a, b), total in sums.items()]


def _births(lanes: list[Lane], events: Sequence[TraceEvent], owners: Sequence[Step]) -> None:
    made = forks(events)
    for lane in lanes:
        lane.end = next((s for s in reversed(lane.steps) if s.op in ENDS), None)
        begun = min((s.first.start_ms for s in lane.steps), default=lane.born)
        lane.born = min(lane.born, begun)
        fork = owners[made[lane.process.pid]] if lane.process.pid in made else None
        lane.fork = fork if fork is not None and fork.first.start_ms <= begun else None


def _zombies(trace: Trace, lanes: list[Lane], events: Sequence[TraceEvent]) -> None:
    """Says so only where the log is whole, and the parent had its time: who is ended with it has not been forgotten."""
    waited = {waited_for(e) for e in events}
    parents = {lane.process.pid: lane for lane in lanes}
    for lane in lanes:
        parent = parents.get(lane.process.parent or -1)
        if trace.dropped or parent is None or parent.end is None or lane.end is None:
            continue
        own = lane.end.op != STILL and not lane.process.blocked_in
        outlived = lane.end.first.start_ms < parent.end.first.start_ms
        lane.zombie = own and outlived and lane.process.pid not in waited


# ---- rows ----------------------------------------------------------------------------------------


def _rows(lanes: Sequence[Lane]) -> list[Row]:
    moments: list[tuple[float, int, Row]] = []
    for number, lane in enumerate(lanes):
        begun = min((step.first.start_ms for step in lane.steps), default=lane.born)
        if lane.fork is None and begun - lane.born > _AT_ONCE_MS:
            moments.append((lane.born, 0, Row(lane.born, lane=number)))
        for step in lane.steps:
            start = step.first.start_ms
            moments.append((start, _rank(step), Row(start, step, lane=number)))
            if step.two_rows and step.last.end_ms is not None:
                end = step.last.end_ms
                moments.append((end, 5, Row(end, step, True, number)))
    return [row for _, _, row in sorted(moments, key=lambda m: m[:2])]


def _rank(step: Step) -> int:
    """The order at the same time: a cause before its effect."""
    if step.op in FORKS:
        return 1
    if step.op in ENDS:
        return 6 if step.op == STILL else 3
    return 4 if step.op == "signal" else 2


def _needed(row: Row) -> bool:
    """Without these the picture would lie about who lived and what hung."""
    return row.step is None or row.step.op in ENDS or row.step.op in FORKS or never_returned(row.step.last)


def _kept(rows: Sequence[Row]) -> list[Row]:
    """At most MAX_ROWS of them, with a row that counts what is missing wherever something is."""
    if len(rows) <= MAX_ROWS:
        return list(rows)
    needed = [i for i, row in enumerate(rows) if _needed(row)][-MAX_ROWS // 2 :]
    spare = MAX_ROWS - len(needed)
    others = sorted(set(range(len(rows))) - set(needed))
    first = round(spare * _FIRST_SHARE)
    kept: list[Row] = []
    missing = 0
    chosen = {*needed, *others[:first], *others[len(others) - (spare - first) :]}
    for i, row in enumerate(rows):
        if i not in chosen:
            missing += row.step.count if row.step and not row.is_end else 0
            continue
        if missing:
            kept.append(Row(row.time, left_out=missing))
            missing = 0
        kept.append(row)
    return kept


def _place(lanes: Sequence[Lane], rows: Sequence[Row]) -> None:
    """Tells steps and lanes their rows."""
    births = {row.lane: n for n, row in enumerate(rows) if row.step is None and row.lane >= 0}
    for number, row in enumerate(rows):
        if row.step is not None and row.is_end:
            row.step.bottom = number
        elif row.step is not None:
            row.step.top = number
    for number, lane in enumerate(lanes):
        own = [n for s in lane.steps for n in (s.top, s.bottom) if n is not None]
        born = lane.fork.top if lane.fork else births.get(number)
        lane.top = min(own, default=0) if born is None else born
        lane.bottom = max(own, default=lane.top)
