"""A run as text: one line an event, in columns, with the kernel's own names, so that it can be searched."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len

from ipclab.printable import clean
from ipclab.trace import Trace, TraceEvent
from ipclab.tracewords import FORKS, KILLS, MOMENTS, errno_text, failed, never_returned, place, plural

WAITED_MS = 1.0  # what takes less is not worth a number
_CALL, _RESULT, _DURATION = 40, 24, 14
_RESET = "\x1b[0m"
_DIM, _RED, _YELLOW = "\x1b[2m", "\x1b[31m", "\x1b[33m"


def lines(trace: Trace, colour: bool = False) -> Iterator[str]:
    """The log, without line ends; `colour` adds what a terminal shows, and changes no letter."""
    roles = {p.pid: f"{clean(p.role, limit=40)} ({p.pid})" for p in trace.processes}
    width = min(max((cell_len(r) for r in roles.values()), default=0), 40)
    for event in trace.events:
        yield _line(event, roles, width, colour)
    if trace.dropped:
        verb = "was" if trace.dropped == 1 else "were"
        yield _painted(f"{plural(trace.dropped, 'event')} {verb} not kept: the log was full.", _YELLOW, colour)


def _padded(text: str, width: int) -> str:
    return text + " " * max(width - cell_len(text), 0)


def _painted(text: str, style: str, colour: bool) -> str:
    return f"{style}{text}{_RESET}" if colour and style and text.strip() else text


def _line(event: TraceEvent, roles: dict[int, str], width: int, colour: bool) -> str:
    who = roles.get(event.pid) or f"({event.pid})"
    where = " ".join(part for part in (place(event.location), clean(event.function, limit=60)) if part)
    columns = (
        (f"{event.start_ms:12.3f}", _DIM),
        (_padded(who, width), ""),
        (_padded(_call(event, roles), _CALL), _RED if event.op == "killed" else ""),
        (_padded(_result(event), _RESULT), _RED if never_returned(event) or failed(event) else ""),
        (_duration(event).rjust(_DURATION), _YELLOW),
        (where, _DIM),
    )
    used = max(i for i, (text, _) in enumerate(columns) if text.strip())
    shown = [_painted(text.rstrip() if i == used else text, style, colour) for i, (text, style) in enumerate(columns[: used + 1])]
    return "  ".join(shown)


def _who(pid: int | None, roles: dict[int, str]) -> str:
    return "?" if pid is None else roles.get(pid) or str(pid)


def _call(event: TraceEvent, roles: dict[int, str]) -> str:
    op, thing, signal = clean(event.op, limit=40), clean(event.object, limit=200), clean(event.signal, limit=40)
    if event.op in FORKS and event.other is not None:
        return f"{op} -> {_who(event.other, roles)}"
    if event.op == "exec":
        return f"exec {thing}"
    if event.op == "exit":
        return "exit" if event.result is None else f"exit {event.result}"
    if event.op == "killed":
        return f"killed by {signal or 'a signal'}"
    if event.op == "signal":
        return f"signal {signal}" + (f" from {_who(event.other, roles)}" if event.other is not None else "")
    if event.op in KILLS:
        return f"{op}({_who(event.other, roles)}, {signal})"
    end = {"r": "read end", "w": "write end"}.get(event.pipe_end, "")
    parts = [f"fd {event.fd}" if event.fd is not None else "", f"{end} of {thing}" if end else thing, f"with {clean(event.peer, limit=200)}" if event.peer else ""]
    return f"{op}({', '.join(part for part in parts if part)})"


def _result(event: TraceEvent) -> str:
    if never_returned(event):
        return "never returned"
    mark = " injected" if event.injected else ""
    if failed(event):
        return f"= {errno_text(event.result or 0)}{mark}"
    if event.injected:
        return f"= {event.result}{mark}"
    return "" if event.result is None or event.op in MOMENTS else f"= {event.result}"


def _duration(event: TraceEvent) -> str:
    if event.end_ms is None or event.end_ms - event.start_ms < WAITED_MS:
        return ""
    return f"{event.end_ms - event.start_ms:.3f} ms"
