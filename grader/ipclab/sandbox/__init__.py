"""One interface to the places where a plan can run: `docker` (docker.py) and `local` (local.py).

A sandbox is fresh for each run and gone when its `with` block ends, however it ends:

    with make_sandbox("local", kit) as sandbox:
        for event in sandbox.run(plan, files, uids):
            …

Files are given as bytes and never read back by path: what comes out comes as events.
"""

from __future__ import annotations

import os
import selectors
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO

from ipclab import events
from ipclab.faults import GraderFault
from ipclab.plan import Plan
from ipclab.slots import Uids

# How long warden may be silent beyond the wall limit of what it runs: it kills, reaps and sends files in that time.
GRACE_S = 60.0
START_S = 60.0
CHUNK = 1 << 18
STDERR_MAX = 1 << 16


class SandboxFault(GraderFault):
    """A sandbox that cannot run, or broke down; `code` is a cause of kind grader."""

    def __init__(self, code: str, text: str, args: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.details = dict(args or {})


@dataclass(frozen=True)
class File:
    data: bytes
    mode: int = 0o644


Files = Mapping[str, File]  # path relative to WORK -> contents


class Sandbox(ABC):
    """One run of one plan. `name` goes into the result once the run has begun: docker, local:uids, …"""

    def prepare(self) -> None:
        """Begins what needs no plan, so that run() has less to wait for. Raises as run() does."""

    @abstractmethod
    def run(self, plan: Plan, files: Files, uids: Uids) -> Iterator[events.Event]:
        """Yields the events as they come. Raises SandboxFault or StreamFault where the run is not whole."""

    @abstractmethod
    def stop(self) -> None:
        """Ends the run at once; may be called from another thread, and more than once."""

    @abstractmethod
    def close(self) -> None:
        """Ends what still runs and removes every trace."""

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Reader:
    """Reads warden's events and what it says on stderr from two pipes, with a deadline for each silence."""

    def __init__(self, out: IO[bytes], err: IO[bytes], plan: Plan) -> None:
        self._plan = plan
        self._open = {out.fileno(): "out", err.fileno(): "err"}
        self._left = START_S
        self.said = bytearray()  # the beginning of stderr

    def events(self) -> Iterator[events.Event]:
        lines = events.Lines()
        with selectors.DefaultSelector() as selector:
            for fd in self._open:
                os.set_blocking(fd, False)
                selector.register(fd, selectors.EVENT_READ)
            until = time.monotonic() + self._left
            while self._open:
                ready = selector.select(max(0.0, until - time.monotonic()))
                if not ready and time.monotonic() >= until:
                    raise SandboxFault("no_done_event", f"the supervisor said nothing for {self._left:.0f} s")
                for key, _ in ready:
                    chunk = self._read(key.fd)
                    if chunk is None:
                        continue
                    if not chunk:
                        selector.unregister(key.fd)
                        del self._open[key.fd]
                    elif self._open[key.fd] == "err":
                        self.said += chunk[: STDERR_MAX - len(self.said)]
                    else:
                        for line in lines.feed(chunk):
                            event = events.parse(line)
                            self._expect(event)
                            yield event
                        # a consumer may take its time: silence counts from here
                        until = time.monotonic() + self._left

    @staticmethod
    def _read(fd: int) -> bytes | None:
        try:
            return os.read(fd, CHUNK)
        except BlockingIOError:
            return None

    def _expect(self, event: events.Event) -> None:
        if isinstance(event, events.Begin):
            try:
                self._left = self._plan.wall_ms(event.id) / 1000 + GRACE_S
            except KeyError:
                raise events.StreamFault("warden_fault", f"{event.id[:80]!r} is not in the plan") from None
        elif isinstance(event, (events.End, events.Hello)):
            self._left = GRACE_S

    def last_line(self) -> str:
        """What stderr said last that is not empty, for a person."""
        text = self.said.decode("utf-8", "backslashreplace").strip().splitlines()
        return text[-1].strip()[:300] if text else ""
