"""What weave's host prints (grader/weave/host_tell.c), read as hostile: the programs that it ran had its uid.

One JSON object a line: a schedule in full, a schedule in brief (nothing in it was new), and at the end how many there were.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

LINE_MAX = 64 << 20
VERDICTS = frozenset({"done", "deadlock", "steps", "time", "uncontrolled", "tasks", "memory", "tamper"})


class ScheduleFault(ValueError):
    """A line that weave's host cannot have printed."""


@dataclass(frozen=True)
class Key:
    """What was waited for, held or used: an object of the kernel or of shared memory."""

    kind: str
    a: int
    b: int
    name: str = ""
    made: int = 0  # place, 0: unknown
    made_program: int = 0


@dataclass(frozen=True)
class Held:
    place: int
    key: Key


@dataclass(frozen=True)
class Access:
    place: int
    born: int  # index into processes
    write: bool
    atomic: bool
    held: tuple[Held, ...] = ()


@dataclass(frozen=True)
class Race:
    memory: int
    offset: int
    size: int
    step: int
    first: Access
    second: Access


@dataclass(frozen=True)
class Process:
    """A process, a thread, or what became of one by exec (then without a pid of its own)."""

    task: int
    pid: int
    program: int
    parent: int  # index, -1: none
    place: int  # where it was made
    thread: bool
    end: int | None  # as wait(2) tells it


@dataclass(frozen=True)
class Task:
    """Where a process stood when the run ended."""

    born: int
    pid: int
    state: str
    op: str
    place: int
    key: Key
    held: tuple[Held, ...]
    crash_signal: int
    crash_pc: int


@dataclass(frozen=True)
class Trouble:
    code: str
    text: str
    place: int
    place2: int
    born: int
    value: int


@dataclass(frozen=True)
class Memory:
    kind: str
    size: int
    made: int
    program: int


@dataclass(frozen=True)
class Logged:
    step: int
    born: int
    what: str
    op: str
    place: int
    value: int
    key: Key


@dataclass(frozen=True)
class Schedule:
    seed: int
    verdict: str
    code: int | None  # of the first program, as wait(2) tells it
    points: int
    accesses: int
    alive: int
    wall_us: int
    brief: bool
    depth: int = 0
    fine: bool = False
    programs: tuple[str, ...] = ()
    processes: tuple[Process, ...] = ()
    tasks: tuple[Task, ...] = ()
    memories: tuple[Memory | None, ...] = ()
    races: tuple[Race, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    log: tuple[Logged, ...] = ()
    stdout: bytes = b""
    stderr: bytes = b""

    def program_name(self, index: int) -> str:
        """The NAME of a program, which in the sandbox is a file p.NAME, whatever links lead to it."""
        return self.programs[index].rpartition("/")[2].removeprefix("p.") if 0 <= index < len(self.programs) else ""


@dataclass
class Batch:
    """The schedules of one run of the host. `whole`: it came to its end by itself."""

    schedules: list[Schedule] = field(default_factory=list)
    whole: bool = False
    cut: bool = False  # the time was over before the last seed
    coarse_steps: int = 0
    fine_steps: int = 0
    alive: int = 0


class _Fields:
    """An object of the host's with its types checked."""

    def __init__(self, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise ScheduleFault("not an object")
        self._value = value

    def number(self, name: str) -> int:
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ScheduleFault(f"{name} is no number")
        if not -(1 << 63) <= value < 1 << 64:
            raise ScheduleFault(f"{name} is larger than the host's numbers are")
        return value

    def maybe(self, name: str) -> int | None:
        return None if self._value.get(name) is None else self.number(name)

    def text(self, name: str) -> str:
        value = self._value.get(name)
        if not isinstance(value, str):
            raise ScheduleFault(f"{name} is no text")
        return value

    def octets(self, name: str) -> bytes:
        try:
            return self.text(name).encode("latin-1")
        except UnicodeEncodeError:
            raise ScheduleFault(f"{name} has characters that are no bytes") from None

    def flag(self, name: str) -> bool:
        value = self._value.get(name)
        if not isinstance(value, bool):
            raise ScheduleFault(f"{name} is neither true nor false")
        return value

    def objects(self, name: str) -> list[_Fields]:
        return [_Fields(v) for v in self.values(name)]

    def values(self, name: str) -> list[Any]:
        value = self._value.get(name)
        if not isinstance(value, list):
            raise ScheduleFault(f"{name} is no list")
        return value

    def has(self, name: str) -> bool:
        return name in self._value

    def object(self, name: str) -> _Fields:
        return _Fields(self._value.get(name))


def _key(f: _Fields) -> Key:
    known = f.has("name")
    return Key(
        f.text("kind"),
        f.number("a"),
        f.number("b"),
        f.text("name") if known else "",
        f.number("made") if known else 0,
        f.number("made_program") if known else 0,
    )


def _held(f: _Fields) -> tuple[Held, ...]:
    return tuple(Held(h.number("place"), _key(h.object("object"))) for h in f.objects("held"))


def _access(f: _Fields) -> Access:
    return Access(f.number("place"), f.number("born"), f.flag("write"), f.flag("atomic"), _held(f))


def _race(f: _Fields) -> Race:
    return Race(
        f.number("memory"), f.number("offset"), f.number("size"), f.number("step"), _access(f.object("first")), _access(f.object("second"))
    )


def _process(f: _Fields) -> Process:
    return Process(
        f.number("task"), f.number("pid"), f.number("program"), f.number("parent"), f.number("place"), f.flag("thread"), f.maybe("end")
    )


def _task(f: _Fields) -> Task:
    return Task(
        f.number("born"),
        f.number("pid"),
        f.text("state"),
        f.text("op"),
        f.number("place"),
        _key(f.object("key")),
        _held(f),
        f.number("crash_signal"),
        f.number("crash_pc"),
    )


def _trouble(f: _Fields) -> Trouble:
    return Trouble(f.text("code"), f.text("text"), f.number("place"), f.number("place2"), f.number("born"), f.number("value"))


def _logged(f: _Fields) -> Logged:
    return Logged(
        f.number("step"), f.number("born"), f.text("what"), f.text("op"), f.number("place"), f.number("value"), _key(f.object("key"))
    )


def _memory(f: _Fields) -> Memory | None:
    return Memory(f.text("kind"), f.number("size"), f.number("made"), f.number("program")) if f.has("kind") else None


def _schedule(f: _Fields) -> Schedule:
    verdict = f.text("verdict")
    if verdict not in VERDICTS:
        raise ScheduleFault(f"the verdict {verdict[:40]!r} is none")
    numbers = (f.maybe("code"), f.number("points"), f.number("accesses"), f.number("alive"), f.number("wall_us"))
    if not f.has("races"):
        return Schedule(f.number("seed"), verdict, *numbers, brief=True)
    made = Schedule(
        f.number("seed"),
        verdict,
        *numbers,
        brief=False,
        depth=f.number("depth"),
        fine=f.flag("fine"),
        programs=tuple(str(p) for p in f.values("programs")),
        processes=tuple(_process(p) for p in f.objects("processes")),
        tasks=tuple(_task(t) for t in f.objects("tasks")),
        memories=tuple(_memory(m) for m in f.objects("memories")),
        races=tuple(_race(r) for r in f.objects("races")),
        troubles=tuple(_trouble(t) for t in f.objects("troubles")),
        log=tuple(_logged(entry) for entry in f.objects("log")) if f.has("log") else (),
        stdout=f.octets("stdout"),
        stderr=f.octets("stderr"),
    )
    if any(not -1 <= p.parent < i for i, p in enumerate(made.processes)):
        raise ScheduleFault("a process that was made before its parent")
    born = [a.born for r in made.races for a in (r.first, r.second)] + [t.born for t in (*made.tasks, *made.troubles)] + [entry.born for entry in made.log]
    if any(not 0 <= b < len(made.processes) for b in born):
        raise ScheduleFault("a process that is not there")
    return made


def read(data: bytes) -> Batch:
    """Everything that the host has printed. Raises ScheduleFault where it cannot have printed it."""
    batch = Batch()
    for line in data.split(b"\n"):
        if not line:
            continue
        if batch.whole or len(line) > LINE_MAX:
            raise ScheduleFault("more than the host says")
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            if data.endswith(b"\n" + line):  # it was ended while it wrote
                break
            raise ScheduleFault("a line is no JSON") from None
        f = _Fields(value)
        if f.has("done"):
            batch.whole, batch.cut = True, f.flag("cut")
            batch.coarse_steps, batch.fine_steps, batch.alive = f.number("coarse_steps"), f.number("fine_steps"), f.number("alive")
            if f.number("schedules") != len(batch.schedules):
                raise ScheduleFault("a schedule is missing")
        else:
            batch.schedules.append(_schedule(f))
    return batch


def outputs(schedules: Iterable[Schedule]) -> dict[tuple[bytes, int | None], int]:
    """How often each output came, of those that were told in full."""
    seen: dict[tuple[bytes, int | None], int] = {}
    for s in schedules:
        if not s.brief:
            seen[s.stdout, s.code] = seen.get((s.stdout, s.code), 0) + 1
    return seen
