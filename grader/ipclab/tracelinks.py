"""What in one process led to what in another: a message, a fork, an end that was waited for, a signal.

Bytes are matched, not calls: on a pipe the bytes [a, b) of a write go to whichever reads cover them, in order. What the log
does not explain (a writer that was not watched, events that were dropped) makes no link.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from ipclab.trace import TraceEvent
from ipclab.tracewords import ENDS, FETCHES, FORKS, KILLS, POSTS, READS, STILL, WRITES, waited_for


class Kind(Enum):
    MESSAGE = "message"
    WAIT = "wait"
    SIGNAL = "signal"


@dataclass(frozen=True)
class Link:
    """From the event at index `source`, when it began, to the one at `target`, when it was over."""

    kind: Kind
    source: int
    target: int
    bytes: int = 0


def links(events: Sequence[TraceEvent]) -> list[Link]:
    """All links between two processes; what a process sends to itself is none."""
    found = [*_streams(events), *_queues(events), *_waits(events), *_signals(events)]
    return [link for link in found if events[link.source].pid != events[link.target].pid]


def forks(events: Sequence[TraceEvent]) -> dict[int, int]:
    """By child: the index of the event in which it was made."""
    return {e.other: i for i, e in enumerate(events) if e.op in FORKS and e.other is not None and e.other != e.pid}


def _over(event: TraceEvent) -> float:
    return event.start_ms if event.end_ms is None else event.end_ms


# ---- bytes ---------------------------------------------------------------------------------------


def _peers(events: Sequence[TraceEvent]) -> dict[str, str]:
    peers: dict[str, str] = {}
    for event in events:
        if event.object and event.peer:
            peers[event.object], peers[event.peer] = event.peer, event.object
    return peers


def _carries(name: str) -> bool:
    """False for what is no stream between processes: a terminal, /dev/null."""
    return bool(name) and not name.startswith("/dev/")


def _streams(events: Sequence[TraceEvent]) -> Iterator[Link]:
    peers = _peers(events)
    writes: dict[str, list[int]] = defaultdict(list)
    reads: dict[str, list[int]] = defaultdict(list)
    for i, event in enumerate(events):
        if not _carries(event.object):
            continue
        if event.op in WRITES and (event.end_ms is None or (event.result or 0) > 0):
            # What is written to one end of a socket never comes out of the same end.
            lone = event.object.startswith("socket:[") and event.object not in peers
            if not lone:
                writes[peers.get(event.object, event.object)].append(i)
        elif event.op in READS and (event.result or 0) > 0:
            reads[event.object].append(i)
    for name in [n for n in writes if n in reads]:  # in the order of the log: the same run, the same picture
        yield from _stream(events, writes[name], sorted(reads[name], key=lambda i: _over(events[i])))


def _stream(events: Sequence[TraceEvent], writes: Sequence[int], reads: Sequence[int]) -> Iterator[Link]:
    # A write that never returned may have put in any number of bytes: it explains what no other write does.
    known = deque([i, events[i].result or 0] for i in writes if events[i].end_ms is not None)
    stuck = [i for i in writes if events[i].end_ms is None]
    for read in reads:
        wanted = events[read].result or 0
        by = _over(events[read])
        while wanted and known and events[known[0][0]].start_ms <= by:
            source, left = known[0]
            taken = min(left, wanted)
            yield Link(Kind.MESSAGE, source, read, taken)
            wanted -= taken
            known[0][1] -= taken
            if not known[0][1]:
                known.popleft()
        source = next((i for i in stuck if events[i].start_ms <= by), -1)
        if wanted and source >= 0:
            yield Link(Kind.MESSAGE, source, read, wanted)


def _queues(events: Sequence[TraceEvent]) -> Iterator[Link]:
    waiting: dict[str, deque[int]] = defaultdict(deque)
    fetched = [i for i, e in enumerate(events) if e.op in FETCHES and e.object and (e.result or 0) >= 0 and e.end_ms is not None]
    for i, event in enumerate(events):
        # One that never returned has put nothing in.
        if event.op in POSTS and event.object and event.end_ms is not None and (event.result or 0) >= 0:
            waiting[event.object].append(i)
    for i in sorted(fetched, key=lambda i: _over(events[i])):
        posts = waiting[events[i].object]
        if posts and events[posts[0]].start_ms <= _over(events[i]):
            yield Link(Kind.MESSAGE, posts.popleft(), i, events[i].result or 0)


# ---- ends and signals ----------------------------------------------------------------------------


def _ends(events: Sequence[TraceEvent]) -> dict[int, int]:
    return {e.pid: i for i, e in enumerate(events) if e.op in ENDS and e.op != STILL}


def _waits(events: Sequence[TraceEvent]) -> Iterator[Link]:
    ends = _ends(events)
    for i, event in enumerate(events):
        child = waited_for(event)
        if child in ends:
            yield Link(Kind.WAIT, ends[child], i)


def _signals(events: Sequence[TraceEvent]) -> Iterator[Link]:
    ends = _ends(events)
    pids = {e.pid for e in events}
    sent: dict[tuple[int, int | None, str], deque[int]] = defaultdict(deque)
    for i, event in enumerate(events):
        if event.op in KILLS and (event.result or 0) >= 0:
            # One sent to a group has no single target, and reaches any number of processes.
            target = event.other if event.other in pids else None
            sent[event.pid, target, event.signal].append(i)
        elif event.op == "signal" and event.signal == "SIGCHLD" and event.other in ends:
            yield Link(Kind.SIGNAL, ends[event.other], i)
        elif event.op == "signal" and event.other is not None:
            yield from _sent(sent, event.other, event, i)
        elif event.op == "killed":
            # What cannot be caught is not delivered first: the end is all there is of it.
            for sender in [event.other] if event.other is not None else sorted({k[0] for k in sent}):
                yield from _sent(sent, sender, event, i)


def _sent(
    sent: dict[tuple[int, int | None, str], deque[int]], sender: int, event: TraceEvent, index: int
) -> Iterator[Link]:
    direct = sent.get((sender, event.pid, event.signal))
    if direct:
        yield Link(Kind.SIGNAL, direct.popleft(), index)
        return
    group = sent.get((sender, None, event.signal))
    if group:
        yield Link(Kind.SIGNAL, group[-1], index)
