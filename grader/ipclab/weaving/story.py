"""A schedule as a trace (../trace.py): what its picture is drawn from.

Every operation is an event; its time is its number in the log. One that had to wait lasts until its process went on.
"""

from __future__ import annotations

import signal
from dataclasses import replace

from ipclab.trace import Trace, TraceEvent, TraceProcess
from ipclab.weaving.explain import Case, is_lead, origin, role
from ipclab.weaving.schedules import Logged

_FORKS = frozenset({"fork", "vfork", "posix_spawn", "pthread_create"})
_SKIPPED = frozenset({"start", "switch", "end"})


def _how(end: int | None) -> str:
    if end is None:
        return ""
    number = end & 0x7F
    return f"exit {end >> 8}" if not number else signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"


class _Story:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.schedule = case.schedule
        self.leads = [i for i in range(len(self.schedule.processes)) if is_lead(self.schedule, i)]
        # Threads have no pid of their own, and a picture needs a number for each lane.
        self.pids = {i: self.schedule.processes[i].pid or 100_000 + i for i in self.leads}
        self.began: dict[int, float] = {}
        self.over: dict[int, float] = {}

    def pid(self, born: int) -> int:
        first = origin(self.schedule, born)
        return self.pids.get(first, 100_000 + first)

    def object_of(self, entry: Logged) -> str:
        return self.case.key_name(entry.key).removeprefix("the ") if entry.key.name else ""

    def children(self) -> dict[int, list[int]]:
        """By process: its children, in the order in which it made them."""
        found: dict[int, list[int]] = {}
        for i in self.leads:
            parent = self.schedule.processes[i].parent
            if parent >= 0:
                found.setdefault(self.pid(parent), []).append(i)
        return found

    def events(self) -> list[TraceEvent]:
        made: list[TraceEvent] = []
        waiting: dict[int, int] = {}  # by process: the event that has not ended
        unborn = self.children()
        for at, entry in enumerate(self.schedule.log):
            pid = self.pid(entry.born)
            if pid in waiting:
                made[waiting[pid]] = replace(made[waiting.pop(pid)], end_ms=float(at))
            self.began.setdefault(pid, float(at))
            if entry.what == "end":
                self.over[pid] = float(at)
            elif entry.op in _FORKS and unborn.get(pid):
                made.append(self._fork(entry, at, unborn[pid].pop(0)))
            elif entry.what not in _SKIPPED and entry.op != "exit":
                self._operation(made, entry, at)
                if entry.what == "block":
                    waiting[pid] = len(made) - 1
        return sorted(made, key=lambda e: e.start_ms)

    def _fork(self, entry: Logged, at: int, child: int) -> TraceEvent:
        self.began[self.pids[child]] = float(at)
        line = self.case.line(entry.born, entry.place)
        return TraceEvent(
            float(at), float(at), self.pid(entry.born), "fork", other=self.pids[child], location=line.location if line else None
        )

    def _operation(self, made: list[TraceEvent], entry: Logged, at: int) -> None:
        pid, blocks = self.pid(entry.born), entry.what == "block"
        op = {"read": "reads", "write": "writes", "signal": "signal"}.get(entry.what, entry.op)
        line = self.case.line(entry.born, entry.place)
        event = TraceEvent(float(at), None if blocks else float(at), pid, op, location=line.location if line else None)
        last = made[-1] if made and made[-1].pid == pid and made[-1].op == op and made[-1].location == event.location else None
        if entry.what in ("read", "write"):
            event = replace(event, object=self.case.accessed(entry))
        elif entry.what == "signal":
            event = replace(event, signal=signal.Signals(entry.value).name if entry.value in list(signal.Signals) else "")
        elif entry.op == "wait" and entry.value:
            child = self.pid(max(0, min(entry.value - 1, len(self.schedule.processes) - 1)))
            event = replace(made.pop() if last else event, end_ms=float(at), other=child)
        else:
            if blocks and last:
                made.pop()  # the attempt that did not succeed
            event = replace(event, object=self.object_of(entry))
        made.append(event)

    def processes(self) -> list[TraceProcess]:
        blocked = {self.pid(t.born): f"{t.op}" for t in self.schedule.tasks if t.state == "blocked"}
        made = []
        for i in self.leads:
            process, pid = self.schedule.processes[i], self.pids[i]
            parent = self.pid(process.parent) if process.parent >= 0 else None
            over = self.over.get(pid)
            how = _how(process.end) if over is not None else ""
            made.append(TraceProcess(pid, role(self.schedule, i), parent, self.began.get(pid, 0.0), over, how, blocked.get(pid, "")))
        return sorted(made, key=lambda p: p.start_ms)


def trace_of(case: Case) -> Trace:
    """`case`: a schedule that was run with its log."""
    story = _Story(case)
    events = story.events()
    return Trace(tuple(story.processes()), tuple(events), 0, float(len(case.schedule.log)), "step")
