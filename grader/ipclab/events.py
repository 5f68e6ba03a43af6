"""What warden says, as typed events, and one run of it as a whole.

The stream is JSON lines that only warden writes. Anything that is not in the form of ../PROTOCOL.md is the grader's own
fault and never a verdict: a stream that breaks off, an entry without its end, a number where a text belongs.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ipclab.faults import GraderFault

LINE_MAX = 32 << 20  # a collected file of 16 MiB in base64, and room
STREAM_MAX = 512 << 20


class StreamFault(GraderFault):
    """The stream of events is not whole; `code` is a cause of kind grader."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True)
class Status:
    """How a process ended."""

    code: int | None = None
    signal: int | None = None


@dataclass(frozen=True)
class Hello:
    level: str
    shared_uid: bool
    cgroup: str
    witness: bool
    refused: tuple[str, ...]


@dataclass(frozen=True)
class Begin:
    id: str


@dataclass(frozen=True)
class Spawn:
    id: str
    proc: int
    pid: int
    program: str
    peer: bool = False  # one of the kit's own


@dataclass(frozen=True)
class Exit:
    id: str
    proc: int
    pid: int
    status: Status
    cpu_ms: float


@dataclass(frozen=True)
class Found:
    """A finding of warden's; args hold texts, numbers and {"base64"}."""

    id: str
    kind: str
    cause: str
    args: dict[str, Any]
    processes: tuple[dict[str, Any], ...] = ()
    frames: tuple[dict[str, Any], ...] = ()  # where the thing happened, innermost first
    site: int = 0  # the number of that place; its frames come at the end of the entry, in Sites
    places: dict[str, int] = field(default_factory=dict)  # sites of further places, by their names in texts
    place_frames: dict[str, tuple[dict[str, Any], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    id: str
    text: str


@dataclass(frozen=True)
class Output:
    id: str
    who: str
    data: bytes
    size: int
    truncated: bool


@dataclass(frozen=True)
class Collected:
    id: str
    name: str
    data: bytes | None
    refused: str | None = None
    by: int = 0  # the pid of who held it open for writing at its own exit; 0: it was found by its name, and may be anybody's
    program: str = ""  # … which ran this


@dataclass(frozen=True)
class Call:
    """One entry of the witness's log; times in ms since the entry began."""

    id: str
    at: float
    pid: int
    op: str
    end: float | None = None
    result: int | None = None
    object: str = ""
    peer: str = ""
    fd: int | None = None
    other: int | None = None
    signal: int = 0
    site: int = 0
    pipe_end: str = ""
    injected: bool = False


@dataclass(frozen=True)
class Traced:
    """The log is whole, but for so many entries."""

    id: str
    dropped: int


@dataclass(frozen=True)
class Sites:
    """The frames of every site that was named in the entry."""

    id: str
    frames: dict[int, tuple[dict[str, Any], ...]]


@dataclass(frozen=True)
class End:
    id: str
    outcome: str
    wall_ms: float
    cpu_ms: float
    records: int = 0
    judge: Status | None = None
    command: Status | None = None


@dataclass(frozen=True)
class Skipped:
    id: str
    because: str


@dataclass(frozen=True)
class WardenFault:
    message: str


@dataclass(frozen=True)
class Done:
    pass


@dataclass(frozen=True)
class Injected:
    """A fault that was asked for, in one process and its descendants."""

    id: str
    proc: int
    fault: str
    calls: int  # that it could have happened in
    times: int


Event = (
    Hello | Begin | Spawn | Exit | Found | Record | Output | Collected | Call | Traced | Injected | Sites | End | Skipped
    | WardenFault | Done
)  # fmt: skip


# ---- one line --------------------------------------------------------------------------------------


class _Fields:
    """Access to the members of one object that says which one is wrong."""

    def __init__(self, data: dict[str, Any], event: str) -> None:
        self.data = data
        self.event = event

    def get(self, name: str, kinds: type | tuple[type, ...], default: Any = None, *, needed: bool = True) -> Any:
        if name not in self.data:
            if needed:
                raise _broken(f"{self.event} lacks {name}")
            return default
        value = self.data[name]
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise _broken(f"{name} of {self.event} is {type(value).__name__}")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        value = self.get(name, (str, dict), default, needed=default is None)
        return as_bytes(value).decode("utf-8", "surrogateescape")

    def number(self, name: str, default: int | None = None) -> int:
        value = int(self.get(name, int, default, needed=default is None))
        if not -(1 << 63) <= value < 1 << 64:
            raise _broken(f"{name} of {self.event} is no number of warden's")
        return value

    def maybe(self, name: str) -> int | None:
        return self.number(name) if name in self.data else None

    def real(self, name: str) -> float:
        value = self.get(name, (int, float), 0.0, needed=False)
        if not abs(value) < 1e15:  # what is not a number is not less either
            raise _broken(f"{name} of {self.event} is no time")
        return max(0.0, float(value))

    def flag(self, name: str, default: bool = False) -> bool:
        return bool(self.get(name, bool, default, needed=False))

    def status(self, name: str) -> Status | None:
        data = self.get(name, dict, None, needed=False)
        return None if data is None else _status(_Fields(data, f"{name} of {self.event}"))

    def objects(self, name: str) -> tuple[dict[str, Any], ...]:
        found = self.get(name, list, [], needed=False)
        if not all(isinstance(o, dict) for o in found):
            raise _broken(f"{name} of {self.event} holds something else than objects")
        return tuple(found)


def _status(fields: _Fields) -> Status:
    if "signal" in fields.data:
        return Status(signal=fields.number("signal"))
    return Status(code=fields.number("code"))


def _broken(what: str) -> StreamFault:
    return StreamFault("warden_fault", f"an event makes no sense: {what}")


def as_bytes(value: str | dict[str, Any]) -> bytes:
    """The bytes of a text member: UTF-8, or {"base64": …}."""
    if isinstance(value, str):
        try:
            return value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError as error:  # JSON can spell halves of a character
            raise _broken("a text that is no text") from error
    encoded = value.get("base64")
    if not isinstance(encoded, str):
        raise _broken("an object where a text belongs")
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _broken("broken base64") from error


def parse(line: bytes) -> Event:
    """One line of the stream. Raises StreamFault for anything that is not an event."""
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise StreamFault("warden_fault", f"an event is no JSON: {line[:80]!r}") from error
    if not isinstance(data, dict):
        raise _broken("it is no object")
    name = data.get("event")
    make = _PARSERS.get(name) if isinstance(name, str) else None
    if make is None:
        raise _broken(f"its name is {str(name)[:40]!r}")
    return make(_Fields(data, str(name)))


def _hello(f: _Fields) -> Event:
    if f.number("protocol") != 1:
        raise StreamFault("warden_fault", f"warden speaks protocol {f.number('protocol')}, ipclab speaks 1: run `make clean`")
    refused = f.get("refused", list, [], needed=False)
    return Hello(
        f.text("level"), f.flag("shared_uid"), f.text("cgroup", ""), f.flag("witness"), tuple(str(r) for r in refused)
    )


def _found(f: _Fields) -> Event:
    args = f.get("args", dict, {}, needed=False)
    places = f.get("places", dict, {}, needed=False)
    return Found(
        f.text("id"),
        f.text("kind"),
        f.text("cause"),
        dict(args),
        f.objects("processes"),
        site=f.number("site", 0),
        places={str(name): site for name, site in places.items() if isinstance(site, int) and not isinstance(site, bool)},
    )


def _call(f: _Fields) -> Event:
    returned = "end" in f.data
    return Call(
        f.text("id"),
        f.real("at"),
        f.number("pid"),
        f.text("op"),
        f.real("end") if returned else None,
        f.number("result") if returned else None,
        f.text("object", ""),
        f.text("peer", ""),
        f.maybe("fd"),
        f.maybe("other"),
        f.number("signal", 0),
        f.number("site", 0),
        f.text("pipe_end", ""),
        f.flag("injected"),
    )


def _sites(f: _Fields) -> Event:
    frames = {}
    for one in f.objects("sites"):
        place = _Fields(one, f"a site of {f.event}")
        frames[place.number("site")] = place.objects("frames")
    return Sites(f.text("id"), frames)


def _output(f: _Fields) -> Event:
    data = as_bytes(f.get("text", (str, dict)))
    return Output(f.text("id"), f.text("who"), data, f.number("bytes", len(data)), f.flag("truncated"))


def _file(f: _Fields) -> Event:
    by, program = f.number("by", 0), f.text("program") if "program" in f.data else ""
    if "refused" in f.data:
        return Collected(f.text("id"), f.text("name"), None, f.text("refused"), by, program)
    return Collected(f.text("id"), f.text("name"), as_bytes({"base64": f.get("base64", str)}), None, by, program)


def _end(f: _Fields) -> Event:
    return End(
        f.text("id"),
        f.text("outcome"),
        f.real("wall_ms"),
        f.real("cpu_ms"),
        f.number("records", 0),
        f.status("judge"),
        f.status("command"),
    )


_PARSERS = {
    "hello": _hello,
    "begin": lambda f: Begin(f.text("id")),
    "spawn": lambda f: Spawn(f.text("id"), f.number("proc"), f.number("pid"), f.text("program"), f.flag("peer")),
    "exit": lambda f: Exit(f.text("id"), f.number("proc"), f.number("pid"), _status(f), f.real("cpu_ms")),
    "finding": _found,
    "record": lambda f: Record(f.text("id"), f.text("record")),
    "output": _output,
    "file": _file,
    "call": _call,
    "traced": lambda f: Traced(f.text("id"), f.number("dropped", 0)),
    "injected": lambda f: Injected(f.text("id"), f.number("proc"), f.text("fault"), f.number("calls"), f.number("times")),
    "sites": _sites,
    "end": _end,
    "skipped": lambda f: Skipped(f.text("id"), f.text("because")),
    "fault": lambda f: WardenFault(f.text("message")),
    "done": lambda f: Done(),
}


class Lines:
    """Cuts chunks of bytes into lines, with caps: a stream that has no end is a fault, not a full memory."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._total = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        self._total += len(chunk)
        if self._total > STREAM_MAX:
            raise StreamFault("warden_fault", f"the stream of events is longer than {STREAM_MAX} bytes")
        first, *more = chunk.split(b"\n")
        self._rest.append(first)
        self._rest_size += len(first)
        for part in more:
            line = b"".join(self._rest)
            self._rest, self._rest_size = [part], len(part)
            if line:
                yield line
        if self._rest_size > LINE_MAX:
            raise StreamFault("warden_fault", f"an event is longer than {LINE_MAX} bytes")


# ---- one run -----------------------------------------------------------------------------------------


@dataclass
class EntryLog:
    """All that was said about one entry."""

    id: str
    spawns: list[Spawn] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    files: list[Collected] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    dropped: int = 0  # calls that were not kept
    injected: list[Injected] = field(default_factory=list)
    frames: dict[int, tuple[dict[str, Any], ...]] = field(default_factory=dict)  # of each site that was named
    end: End | None = None
    skipped: Skipped | None = None


def _placed(found: Found, frames: dict[int, tuple[dict[str, Any], ...]]) -> Found:
    """The finding with the frames of its sites; one that could not be resolved has none."""
    processes = tuple(
        process | {"frames": frames[site]} if isinstance(site := process.get("site"), int) and site in frames else process
        for process in found.processes
    )
    return replace(
        found,
        frames=frames.get(found.site, ()),
        processes=processes,
        place_frames={name: frames[site] for name, site in found.places.items() if site in frames},
    )


class RunLog:
    """Takes the events of one run in order, and holds them to that order."""

    def __init__(self) -> None:
        self.hello: Hello | None = None
        self.entries: dict[str, EntryLog] = {}
        self.done = False
        self._open: EntryLog | None = None

    def add(self, event: Event) -> None:
        if self.done:
            raise _broken("something follows `done`")
        if isinstance(event, WardenFault):
            raise StreamFault("warden_fault", event.message)
        if isinstance(event, Hello):
            if self.hello is not None:
                raise _broken("a second hello")
            self.hello = event
        elif self.hello is None:
            raise _broken("it stands before hello")
        elif isinstance(event, Done):
            if self._open is not None:
                raise _broken(f"`done` inside {self._open.id}")
            self.done = True
        elif isinstance(event, (Begin, Skipped)):
            self._begin(event)
        else:
            self._inside(event)

    def _begin(self, event: Begin | Skipped) -> None:
        if self._open is not None:
            raise _broken(f"{event.id} begins inside {self._open.id}")
        if event.id in self.entries:
            raise _broken(f"{event.id} begins a second time")
        log = self.entries[event.id] = EntryLog(event.id)
        if isinstance(event, Skipped):
            log.skipped = event
        else:
            self._open = log

    def _inside(self, event: Spawn | Exit | Found | Record | Output | Collected | Call | Traced | Injected | Sites | End) -> None:
        log = self._open
        if log is None or event.id != log.id:
            raise _broken(f"{type(event).__name__} of {event.id} does not stand inside of it")
        if isinstance(event, End):
            log.end = event
            self._open = None
            return
        if isinstance(event, Sites):
            log.frames = event.frames
            log.found = [_placed(found, event.frames) for found in log.found]
            return
        if isinstance(event, Traced):
            log.dropped = event.dropped
            return
        lists: dict[type, list[Any]] = {
            Spawn: log.spawns,
            Exit: log.exits,
            Found: log.found,
            Record: log.records,
            Output: log.outputs,
            Collected: log.files,
            Call: log.calls,
            Injected: log.injected,
        }
        lists[type(event)].append(event)

    def finish(self) -> None:
        """Raises StreamFault unless the run said that it was done."""
        if not self.done:
            where = f" inside {self._open.id}" if self._open else ""
            raise StreamFault("no_done_event", f"the run broke off{where} before it was done")


def read_run(events: Iterable[Event]) -> RunLog:
    log = RunLog()
    for event in events:
        log.add(event)
    log.finish()
    return log
