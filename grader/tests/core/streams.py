"""Streams of events as warden writes them, made by hand: what the pure functions of judging are tested with."""

from __future__ import annotations

import base64
import json
from typing import Any

from ipclab import events
from ipclab.events import RunLog

HELLO = {
    "event": "hello", "t": 0.1, "protocol": 1, "level": "uids", "shared_uid": False, "cgroup": "v1", "witness": True, "refused": [],
}  # fmt: skip


def end(entry: str, outcome: str = "finished", **more: Any) -> dict[str, Any]:
    return {"event": "end", "id": entry, "outcome": outcome, "wall_ms": 12.5, "cpu_ms": 3.0} | more


def finding(entry: str, kind: str, cause: str, **more: Any) -> dict[str, Any]:
    return {"event": "finding", "id": entry, "kind": kind, "cause": cause, "args": {}} | more


def sites(entry: str, *frames: list[dict[str, Any]]) -> dict[str, Any]:
    """The frames of the sites 1, 2, …."""
    return {"event": "sites", "id": entry, "sites": [{"site": n, "frames": f} for n, f in enumerate(frames, 1)]}


def record(entry: str, status: str, **more: Any) -> dict[str, Any]:
    return {"event": "record", "id": entry, "record": json.dumps({"status": status} | more)}


def ran(entry: str, *inside: dict[str, Any], outcome: str = "finished", records: int | None = None) -> list[dict[str, Any]]:
    """An entry that ran: begin, what happened, end."""
    count = sum(e["event"] == "record" for e in inside) if records is None else records
    return [{"event": "begin", "id": entry}, *inside, end(entry, outcome, records=count, judge={"code": 0})]


def passed(entry: str, *inside: dict[str, Any]) -> list[dict[str, Any]]:
    return ran(entry, record(entry, "pass"), *inside)


def skipped(entry: str, because: str) -> list[dict[str, Any]]:
    return [{"event": "skipped", "id": entry, "because": because}]


def compiled(entry: str, text: str = "", *, code: int = 0, outcome: str = "finished", binary: bytes | None = None) -> list[dict[str, Any]]:
    """A command that ran: the compiler, with what it printed and made."""
    lines: list[dict[str, Any]] = [{"event": "begin", "id": entry}]
    if text:
        lines.append({"event": "output", "id": entry, "who": "student", "text": text, "bytes": len(text), "truncated": False})
    if binary is not None:
        lines.append({"event": "file", "id": entry, "name": entry, "size": len(binary), "base64": base64.b64encode(binary).decode()})
    return [*lines, end(entry, outcome, command={"code": code})]


def elf(extra: bytes = b"") -> bytes:
    """The head of a 64-bit executable, and some bytes."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + (3).to_bytes(2, "little") + bytes(64) + extra


def run(*parts: list[dict[str, Any]], hello: dict[str, Any] | None = None) -> RunLog:
    lines = [hello or HELLO, *(e for part in parts for e in part), {"event": "done"}]
    return events.read_run(events.parse(json.dumps(line).encode()) for line in lines)
