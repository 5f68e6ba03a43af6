"""From the events of one entry to the log that people see (trace.py)."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ipclab.events import Call, EntryLog
from ipclab.model import Location
from ipclab.observed import own_frame
from ipclab.trace import Trace, TraceEvent, TraceProcess


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def read(entry: EntryLog, own: frozenset[str], programs: Mapping[str, str]) -> Trace:
    """The log of an entry; `own`: the names of the student's files; `programs`: how binaries of theirs are called."""
    places = {site: _place(frames, own) for site, frames in entry.frames.items()}
    events = [_named(_event(call, *places.get(call.site, (None, ""))), programs) for call in entry.calls]
    events = _without_loader(sorted(events, key=lambda e: e.start_ms))
    end = entry.end.wall_ms if entry.end else 0.0
    return Trace(_processes(entry), tuple(events), entry.dropped, end)


def _without_loader(events: list[TraceEvent]) -> list[TraceEvent]:
    """What the dynamic loader does between an exec and the program's own first call is nobody's concern. A program without
    lines, say a command of the system, keeps all: there it cannot be told apart."""
    kept: list[TraceEvent] = []
    loading: dict[int, int] = {}  # by process: how many were kept at its exec
    for event in events:
        if event.op == "exec":
            loading[event.pid] = len(kept) + 1
        elif event.pid in loading and event.location is not None:
            since = loading.pop(event.pid)
            kept[since:] = [e for e in kept[since:] if e.pid != event.pid or e.op in ("signal", "fork")]
            loading = {pid: min(at, len(kept)) for pid, at in loading.items()}
        kept.append(event)
    return kept


def _place(frames: tuple[dict[str, Any], ...], own: frozenset[str]) -> tuple[Location | None, str]:
    where = own_frame(frames, own)
    if where is None:
        return None, ""
    names = [f.get("function") for f in frames if own_frame((f,), own) == where]
    return where, str(names[0] or "") if names else ""


def _named(event: TraceEvent, programs: Mapping[str, str]) -> TraceEvent:
    """A program of the student's by its name, not by where the sandbox keeps it."""
    name = programs.get(event.object.rpartition("/")[2]) if event.op == "exec" else None
    return event if name is None else replace(event, object=name)


def _event(call: Call, location: Location | None, function: str) -> TraceEvent:
    return TraceEvent(
        start_ms=call.at,
        end_ms=call.end,
        pid=call.pid,
        op=call.op,
        object=call.object,
        peer=call.peer,
        pipe_end=call.pipe_end,
        injected=call.injected,
        fd=call.fd,
        result=call.result,
        other=call.other,
        signal=signal_name(call.signal) if call.signal else "",
        location=location,
        function=function,
    )


# ---- processes -------------------------------------------------------------------------------------


def _processes(entry: EntryLog) -> tuple[TraceProcess, ...]:
    """Those that were started, and their descendants, in the order in which they began."""
    roles = {spawn.pid: spawn.program for spawn in entry.spawns}
    began: dict[int, tuple[float, int | None]] = {}
    ends: dict[int, tuple[float, str]] = {}
    for call in entry.calls:
        began.setdefault(call.pid, (call.at, None))
        if call.op == "fork" and call.other is not None and call.other not in roles:
            # a child may have been seen before its parent's fork was
            began[call.other] = (min(call.at, began.get(call.other, (call.at, None))[0]), call.pid)
        elif call.op == "exit":
            ends[call.pid] = (call.at, f"exit {(call.result or 0) & 0xFF}")
        elif call.op == "killed":
            ends[call.pid] = (call.at, signal_name(call.signal))
    blocked = _blocked(entry)
    made = [
        TraceProcess(pid, _role(pid, roles, began), parent, start, *_end(ends.get(pid)), blocked.get(pid, ""))
        for pid, (start, parent) in began.items()
    ]
    return tuple(sorted(made, key=lambda p: p.start_ms))


def _end(end: tuple[float, str] | None) -> tuple[float | None, str]:
    return end or (None, "")


def _role(pid: int, roles: Mapping[int, str], began: Mapping[int, tuple[float, int | None]]) -> str:
    """As findings name it: "pump", "a child of pump"."""
    far = 0
    while pid not in roles and far < 64:
        parent = began.get(pid, (0.0, None))[1]
        if parent is None:
            return "a process"
        pid, far = parent, far + 1
    return ("", "a child of ")[far] + roles[pid] if far < 2 else f"a descendant of {roles.get(pid, 'one of them')}"


def _blocked(entry: EntryLog) -> dict[int, str]:
    """Where each was when nothing could go on any more, as the post-mortem says."""
    return {
        process["pid"]: str(process.get("doing", "")).removeprefix("is blocked in ")
        for found in entry.found
        for process in found.processes
        if isinstance(process.get("pid"), int)
    }
