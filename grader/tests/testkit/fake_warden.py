"""A warden that lies: plays the other end of the control socket for one judge, so that testkit is seen to be strict.

Each request is answered by `answers[OP]`, a function of the request that returns what is sent. What no test overrides answers
as a patient warden would. It starts no process of a student: SPAWN gives a number and a pid, and keeps the descriptors.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HELLO, SPAWN, SIGNAL, WAIT, BLOCKED, FDS, CHILDREN, CALLS, FLOWS, STATE, IDLE, EXPLAIN, RECORD = range(1, 14)
STUCK, LIMIT = 100, 101
CTL_FD = 3
HEADER = struct.Struct("=IIiiqqqII")
DEADLINE = 60


@dataclass(frozen=True)
class Request:
    op: int
    seq: int
    proc: int
    arg: int
    text: str


def message(op: int, seq: int, text: bytes | str = b"", error: int = 0, value: int = 0, value2: int = 0) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return HEADER.pack(op, seq, -1, error, value, value2, 0, len(data), 0) + data


Answer = Callable[[Request], list[bytes]]


@dataclass
class FakeWarden:
    judge: Path
    test: str
    wall_ms: int = 20000
    answers: dict[int, Answer] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    fds: list[int] = field(default_factory=list)

    def hello(self, request: Request, **change: object) -> list[bytes]:
        values: dict[str, object] = {
            "name": self.test, "pass": "plain", "seed": "1", "slow": 1, "wall_ms": self.wall_ms,
            "deadline_ns": time.clock_gettime_ns(time.CLOCK_MONOTONIC) + self.wall_ms * 1_000_000, "output": 1 << 20,
            "shared_uid": 0, "witness": 1, "student_uid": 20000, **change,
        }
        return [message(HELLO, request.seq, "".join(f"{k} {v}\n" for k, v in values.items() if v is not None))]

    def usual(self, request: Request) -> list[bytes]:
        if request.op == HELLO:
            return self.hello(request)
        if request.op == SPAWN:
            return [message(SPAWN, request.seq, value=0, value2=4711)]
        if request.op == EXPLAIN:
            return [message(EXPLAIN, request.seq, "hang\nblocked\na sentence\n")]
        if request.op in (WAIT, BLOCKED, IDLE):
            return []
        return [message(request.op, request.seq)]

    def run(self) -> int:
        """Serves the judge until it ends; returns its exit status."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        pid = os.posix_spawn(self.judge, [str(self.judge)], {}, file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), CTL_FD)])
        theirs.close()
        ours.settimeout(DEADLINE)
        try:
            with ours:
                while self.serve(ours):
                    pass
            # It is alone now, so it ends; were it to go on, pytest's own timeout would tell.
            _, status = os.waitpid(pid, 0)
        except BaseException:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        for fd in self.fds:
            os.close(fd)
        return os.waitstatus_to_exitcode(status)

    def serve(self, ours: socket.socket) -> bool:
        try:
            data, fds, _, _ = socket.recv_fds(ours, 65536, 16)
        except ConnectionResetError:
            return False
        if not data:
            return False
        self.fds += fds
        op, seq, proc, _, arg, _, _, length, _ = HEADER.unpack(data[: HEADER.size])
        assert len(data) == HEADER.size + length
        request = Request(op, seq, proc, arg, data[HEADER.size :].decode())
        self.asked.append(request)
        if op == RECORD:
            self.records.append(json.loads(request.text))
        for answer in self.answers.get(op, self.usual)(request):
            if answer == b"":
                return False  # it dies
            try:
                ours.send(answer)
            except BrokenPipeError:
                return False
        return True

    @property
    def record(self) -> dict[str, Any]:
        (record,) = self.records
        return record
