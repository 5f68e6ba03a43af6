"""The plan as text: what warden is to run. The format is ../PROTOCOL.md's; a plan is data here and a string at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ipclab.model import Limits

_SAFE = frozenset(range(0x21, 0x7F)) - {ord("%")}


def word(text: str | bytes) -> str:
    """One word of a plan: every byte that could end it or be misread is written %XX."""
    data = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    if not data:
        raise ValueError("a plan has no empty words")
    return "".join(chr(b) if b in _SAFE else f"%{b:02X}" for b in data)


@dataclass(frozen=True)
class TestEntry:
    """One cmocka test in one judge process, in one pass."""

    __test__ = False  # not a test of pytest's

    id: str
    judge: str  # relative to WORK
    name: str
    run_as: str  # the pass: "plain", or a wrapper's name
    limits: Limits
    seed: int
    uses: tuple[tuple[str, str], ...] = ()  # spawn(NAME) starts PROGRAM
    after: tuple[str, ...] = ()
    collect: tuple[str, ...] = ()
    slow: int = 1
    explains: str = ""  # the entry that it repeats with every call watched, if that one failed and nothing was found
    wall_ms: int | None = None  # instead of that of limits
    cpu_ms: int | None = None
    memory: int | None = None
    address_space: int | None = None


@dataclass(frozen=True)
class CommandEntry:
    """One command under the student's uid: the compiler."""

    id: str
    argv: tuple[str, ...]
    limits: Limits
    inputs: tuple[str, ...] = ()
    collect: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    collect_max: int | None = None  # bytes of one collected file


@dataclass(frozen=True)
class RunEntry:
    """Programs without a judge, each with its arguments, all at the same time."""

    id: str
    starts: tuple[tuple[str, ...], ...]
    limits: Limits
    trace: bool = False  # log every call, and tell the log
    faults: tuple[tuple[str, ...], ...] = ()  # of each of them: CALL NTH WHO FD ACTION…


Entry = TestEntry | CommandEntry | RunEntry


@dataclass(frozen=True)
class Plan:
    entries: tuple[Entry, ...]
    programs: tuple[tuple[str, str], ...] = ()  # NAME, path relative to WORK
    wrappers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    peers: tuple[tuple[str, str], ...] = ()  # NAME, path relative to WORK

    def wall_ms(self, entry_id: str) -> int:
        """The wall limit of an entry, for whoever waits for its end."""
        for entry in self.entries:
            if entry.id == entry_id:
                override = entry.wall_ms if isinstance(entry, TestEntry) else None
                return entry.limits.wall_ms if override is None else override
        raise KeyError(entry_id)

    def text(self, *, work: str = "/work", symbols: str = "", student: int = 20000, judge: int = 20001) -> str:
        lines = ["plan 1", _line("work", work), f"uid student {student}", f"uid judge {judge}"]
        if symbols:
            lines.append(_line("symbols", symbols))
        lines += [_line("program", name, path) for name, path in self.programs]
        lines += [_line("peer", name, path) for name, path in self.peers]
        lines += [_line("wrapper", name, *words) for name, words in sorted(self.wrappers.items())]
        for entry in self.entries:
            lines += _LINES[type(entry)](entry)
        return "\n".join(lines) + "\n"


def _line(keyword: str, *words: str) -> str:
    return " ".join((keyword, *(word(w) for w in words)))


def _limits(limits: Limits, overrides: dict[str, int | None]) -> list[str]:
    values: dict[str, int | None] = {
        "wall_ms": limits.wall_ms,
        "cpu_ms": limits.cpu_ms,
        "memory": limits.memory,
        "processes": limits.processes,
        "files": limits.files,
        "file_size": limits.file_size,
        "output": limits.output,
    }
    values |= {name: v for name, v in overrides.items() if v is not None}
    return [f"limit {name} {value}" for name, value in values.items()]


def _test(entry: TestEntry) -> list[str]:
    lines = [
        _line("test", entry.id),
        _line("judge", entry.judge),
        _line("name", entry.name),
        _line("pass", entry.run_as),
        f"seed {entry.seed:016x}",
    ]
    lines += [_line("use", name, program) for name, program in entry.uses]
    lines += [_line("explains", entry.explains)] if entry.explains else []
    lines += [f"slow {entry.slow}"] if entry.slow != 1 else []
    overrides = {name: getattr(entry, name) for name in ("wall_ms", "cpu_ms", "memory", "address_space")}
    lines += _limits(entry.limits, overrides)
    return lines + _tail(entry.after, entry.collect)


def _command(entry: CommandEntry) -> list[str]:
    lines = [_line("command", entry.id), _line("argv", *entry.argv)]
    lines += [_line("input", path) for path in entry.inputs]
    lines += _limits(entry.limits, {"collect": entry.collect_max})
    return lines + _tail(entry.after, entry.collect)


def _tail(after: Sequence[str], collect: Sequence[str]) -> list[str]:
    lines = [_line("after", *after)] if after else []
    return lines + [_line("collect", glob) for glob in collect] + ["end"]


def _run(entry: RunEntry) -> list[str]:
    lines = [_line("run", entry.id), *(_line("start", *start) for start in entry.starts)]
    lines += [_line("fault", *words) for words in entry.faults]
    return [*lines, *(["trace"] if entry.trace else []), *_limits(entry.limits, {}), "end"]


_LINES: dict[type, Callable[..., list[str]]] = {TestEntry: _test, CommandEntry: _command, RunEntry: _run}
