"""What the witness logged of one run, in order of time: every watched system call, fork, exec, signal and end."""

from __future__ import annotations

from dataclasses import dataclass

from ipclab.model import Location


@dataclass(frozen=True)
class TraceEvent:
    """One thing that a process did, or that happened to it.

    `op` is a system call's name as section 2 of the manual has it, or one of: `fork` (other: the child), `exec` (object:
    the program), `exit` (result: the code), `killed` (signal), `signal` (one came for it; other: who sent it).
    """

    start_ms: float  # since the run began
    end_ms: float | None  # when the call returned; None: it never did
    pid: int
    op: str
    object: str = ""  # the kernel's name of what it was done to: pipe:[812], socket:[9], a path, sem:3
    peer: str = ""  # the other end of it, where that has a name of its own (socketpair)
    pipe_end: str = ""  # of a descriptor that is closed or copied: "r" or "w"
    fd: int | None = None
    injected: bool = False  # the result was: ipclab run --fault
    result: int | None = None  # what the call returned; below zero: -errno
    other: int | None = None  # the other process: a child, who was waited for, who is signalled, who signalled
    signal: str = ""
    location: Location | None = None  # in the student's code
    function: str = ""


@dataclass(frozen=True)
class TraceProcess:
    pid: int
    role: str  # "pump", "a child of pump"
    parent: int | None = None  # of the traced ones
    start_ms: float = 0.0
    end_ms: float | None = None  # None: it was still there at the end
    how: str = ""  # "exit 0", "SIGKILL"; empty: it was still there
    blocked_in: str = ""  # where it was when nothing could go on any more: "read(fd 3, pipe:[812])"


@dataclass(frozen=True)
class Trace:
    processes: tuple[TraceProcess, ...]  # in the order in which they began
    events: tuple[TraceEvent, ...]  # by start
    dropped: int = 0  # events that were not kept
    end_ms: float = 0.0
    unit: str = "ms"  # of all times; "step" of a schedule, in which time means nothing but order
