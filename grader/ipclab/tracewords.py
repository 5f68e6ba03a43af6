"""The words of a trace: which calls move bytes, what an object is called among people, how a result reads.

What the picture and the list of a run have in common. All text that comes from a submission leaves here through `clean`.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from itertools import count

from ipclab.model import Location
from ipclab.printable import clean
from ipclab.trace import Trace, TraceEvent, TraceProcess

WRITES = frozenset({"write", "writev", "send", "sendto", "sendmsg"})
READS = frozenset({"read", "readv", "recv", "recvfrom", "recvmsg"})
# Queues keep messages apart: there, one call takes what one call gave.
POSTS = frozenset({"msgsnd", "mq_send", "mq_timedsend"})
FETCHES = frozenset({"msgrcv", "mq_receive", "mq_timedreceive"})
FORKS = frozenset({"fork", "vfork", "clone", "clone3"})
WAITS = frozenset({"wait", "wait3", "wait4", "waitpid", "waitid"})
KILLS = frozenset({"kill", "killpg", "tkill", "tgkill", "raise", "sigqueue", "rt_sigqueueinfo", "pthread_kill"})
STILL = "still"  # no event of the witness: added for a process that was still there at the end
ENDS = frozenset({"exit", "killed", STILL})
# These happen at one moment: that they have no end says nothing.
MOMENTS = ENDS | FORKS | {"exec", "signal"}

_NUMBERED = re.compile(r"(pipe|socket):\[\d+\]")


def never_returned(event: TraceEvent) -> bool:
    return event.end_ms is None and event.op not in MOMENTS


def failed(event: TraceEvent) -> bool:
    return event.result is not None and event.result < 0 and event.op not in ENDS


def waited_for(event: TraceEvent) -> int | None:
    """The child whose end a wait brought."""
    if event.op not in WAITS or failed(event) or event.end_ms is None:
        return None
    return event.other or event.result or None


def errno_name(result: int) -> str:
    return errno.errorcode.get(-result, f"errno {-result}")


def errno_text(result: int) -> str:
    """EINTR (Interrupted system call)"""
    known = -result in errno.errorcode
    return f"{errno_name(result)} ({os.strerror(-result)})" if known else errno_name(result)


def bytes_text(number: int) -> str:
    """5 B, 40 KB; 64 KiB where that is exact, because a pipe's capacity is known by that number."""
    if number < 10_000:
        return f"{number} B"
    if number % 1024 == 0 and number < 1024 * 1024:
        return f"{number // 1024} KiB"
    size, unit = (number / 1000, "KB") if number < 1_000_000 else (number / 1_000_000, "MB")
    return f"{size:,.1f}".removesuffix(".0") + f" {unit}"


def duration_text(ms: float) -> str:
    if ms >= 1000:
        return f"{ms / 1000:.2f} s"
    return f"{ms:.1f} ms" if ms >= 10 else f"{ms:.3f} ms"


def plural(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def place(location: Location | None) -> str:
    return f"{clean(location.file.rpartition('/')[2])}:{location.line}" if location else ""


def ending(process: TraceProcess, event: TraceEvent | None = None) -> str:
    """exit 0, SIGKILL, still running"""
    if process.how:
        return clean(process.how, limit=40)
    if event is not None and event.op == "exit":
        return "exit" if event.result is None else f"exit {event.result}"
    if event is not None and event.op == "killed":
        return clean(event.signal, limit=40) or "killed"
    return "still running"


def _letters(number: int) -> str:
    """0: A, 25: Z, 26: AA"""
    text = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


class Names:
    """Short names of objects: pipe A, pipe B in the order in which they came up; the last part of a path."""

    def __init__(self, events: Iterable[TraceEvent]) -> None:
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()
        self._counts = {"pipe": count(), "socket": count()}
        for event in events:
            for name in (event.object, event.peer):
                if name and name not in self._names:
                    self._names[name] = self._name(name)

    def _name(self, name: str) -> str:
        if _NUMBERED.fullmatch(name):
            word = name.partition(":")[0]
            return f"{word} {_letters(next(self._counts[word]))}"
        if not name.startswith("/") or name.startswith("/dev/"):
            return clean(name.removeprefix("anon_inode:").strip("[]"), limit=60)
        parts = name.split("/")
        for tail in range(1, len(parts) + 1):
            short = clean("/".join(parts[-tail:]), limit=60)
            if short not in self._taken:
                break
        self._taken.add(short)
        return short

    def short(self, name: str) -> str:
        return self._names.get(name) or clean(name, limit=60)

    def within(self, text: str) -> str:
        """A sentence with the kernel's numbers in it replaced."""
        return _NUMBERED.sub(lambda m: self.short(m.group()), clean(text, limit=200))


def complete(trace: Trace) -> tuple[tuple[TraceProcess, ...], tuple[TraceEvent, ...]]:
    """The processes and events in which each event has its process, and each process an end, the log's or a made one."""
    known = {p.pid for p in trace.processes}
    strangers = {e.pid: None for e in trace.events if e.pid not in known}
    processes = (*trace.processes, *(TraceProcess(pid, "process", start_ms=trace.end_ms) for pid in strangers))
    last = max((max(e.start_ms, e.end_ms or 0.0) for e in trace.events), default=0.0)
    last = max(last, trace.end_ms, *(p.end_ms or p.start_ms for p in processes)) if processes else last
    ended = {e.pid for e in trace.events if e.op in ENDS}
    made = [_end(p, last) for p in processes if p.pid not in ended]
    return processes, tuple(sorted((*trace.events, *made), key=lambda e: e.start_ms))


def _end(process: TraceProcess, last: float) -> TraceEvent:
    at = last if process.end_ms is None else process.end_ms
    op = STILL if not process.how and process.end_ms is None else "exit" if process.how.startswith("exit") else "killed"
    return TraceEvent(at, at, process.pid, op, signal=process.how if op == "killed" else "")
