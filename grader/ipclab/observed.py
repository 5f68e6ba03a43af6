"""What warden observed, in the form of the contract: its findings with their place in the student's code, and which of
several explains best.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ipclab import catalogue
from ipclab.events import Found
from ipclab.model import Finding, Location, Process, Value

# Which finding explains a failure best, where the judge names none: a process that cannot go on, then one that died, …
_RANK = {
    kind: rank
    for rank, kinds in enumerate(
        (
            ("tamper",),
            ("deadlock",),
            ("hang", "busy_wait"),
            ("crash",),
            ("missing_mechanism",),
            ("timeout",),
            ("output_flood",),
            ("memory_error",),
            ("resource_limit",),
            ("memory_leak", "fd_leak", "double_close", "zombie", "orphan", "ipc_leak", "file_leak"),
        )
    )
    for kind in kinds
}


def lead(findings: Iterable[Finding], cause: str | None) -> tuple[Finding, ...]:
    """The finding that explains comes first."""
    return tuple(sorted(findings, key=lambda f: (f.cause != cause, _RANK.get(f.kind, len(_RANK)))))


def read_value(data: Any) -> Value:
    if data is None or isinstance(data, (str, int)) and not isinstance(data, bool):
        return data
    if isinstance(data, dict) and isinstance(data.get("base64"), str):
        return {"base64": data["base64"]}
    return str(data)[:1000]


def amount(cause: str, limit: int) -> str:
    """A limit as a person says it."""
    if cause in ("wall", "cpu", "still_running", "sleeping", "spins"):
        return f"{limit / 1000:g} s"
    if cause in ("processes", "terminals"):
        return f"{limit} {cause}"
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if limit >= unit:
            return f"{limit / unit:.4g} {name}"
    return f"{limit} bytes"


# The post-mortem speaks of the other process of a pair; texts call it what it is in their sentence.
_ALIASES = {"other_pid": ("holder_pid", "child_pid"), "other_role": ("holder",), "other_fd": ("holder_fd",)}


def _warden_args(found: Found) -> dict[str, Value]:
    args = {str(k): read_value(v) for k, v in found.args.items()}
    for name, others in _ALIASES.items():
        if name in args:
            args |= {other: args[name] for other in others if other not in args}
    if isinstance(args.get("limit"), int):
        args["limit"] = amount(found.cause, int(str(args["limit"])))
    if "program" in args:
        args.setdefault("role", args["program"])
    if "signal" in args and isinstance(args.get("signal_name"), str):
        args["signal"] = args["signal_name"]
    return args


def _process(data: Mapping[str, Any]) -> Process:
    pid = data.get("pid")
    texts = {name: str(data.get(name, "")) for name in ("role", "state", "doing")}
    return Process(pid if isinstance(pid, int) and not isinstance(pid, bool) and pid >= 0 else 0, **texts)


def own_frame(frames: Any, own: frozenset[str]) -> Location | None:
    """The innermost frame in one of the submission's files."""
    for frame in frames if isinstance(frames, (list, tuple)) else ():
        file, line = (frame.get("file"), frame.get("line")) if isinstance(frame, dict) else (None, None)
        if isinstance(file, str) and isinstance(line, int) and line > 0 and file.rpartition("/")[2] in own:
            return Location(file.rpartition("/")[2], line)
    return None


_KEEPERS = ("holder_pid", "child_pid", "parent_pid")


def _where(found: Found, pid: Any, own: frozenset[str]) -> Location | None:
    frames = (process.get("frames") for process in found.processes if process.get("pid") == pid)
    return next((there for f in frames if (there := own_frame(f, own))), None)


def warden_finding(found: Found, own: frozenset[str]) -> Finding:
    """A finding of warden's; its place is that of the process it speaks of, those of the others are related."""
    place = own_frame(found.frames, own)
    named = {name: own_frame(frames, own) for name, frames in found.place_frames.items()}
    related = [there for there in named.values() if there is not None]
    for process in found.processes:
        there = own_frame(process.get("frames"), own)
        if place is None and there is not None and process.get("pid") == found.args.get("pid"):
            place = there
        elif there is not None:
            related.append(there)
    if place is None:  # it runs somebody else's program: where the one is that keeps it waiting, or started it
        place = next((there for name in _KEEPERS if (there := _where(found, found.args.get(name), own))), None)
        place = place or named.get("made")
    return catalogue.finding(
        found.kind,
        found.cause,
        _warden_args(found) | {name: f"{there.file}:{there.line}" for name, there in named.items() if there},
        location=place,
        related=[r for r in dict.fromkeys(related) if r != place],
        processes=[_process(p) for p in found.processes],
    )
