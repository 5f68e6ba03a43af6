"""Typed access to a TOML text in which every fault says file, line, what stands there and what is allowed.

A fault is noted, not raised, and a stand-in takes the value's place: so an author sees all faults of a file at once, and
nobody uses the stand-ins, since whoever reads the file raises when there was a fault.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ipclab.printable import clean
from ipclab.tomllines import Path as Place
from ipclab.tomllines import key_lines

REQUIRED = object()
SHOWN = 60  # of a wrong value, in a fault


@dataclass(frozen=True, order=True)
class Problem:
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def meant(word: str, words: Iterable[str]) -> str:
    """`: did you mean "x"?` when one of the words is close, else nothing."""
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f': did you mean "{close[0]}"?' if close else ""


def listed(words: Iterable[str]) -> str:
    return ", ".join(words)


# ---- kinds of values -----------------------------------------------------------------------------


class Wrong(Exception):
    """What would be right, as the end of the sentence `x has to be …`."""


@dataclass(frozen=True)
class Kind:
    """A kind of value: `read` gives the value or raises Wrong; `stand_in` is used after a fault."""

    read: Callable[[Any], Any]
    stand_in: Any


def whole(low: int, high: int) -> Kind:
    allowed = f"a whole number from {low} to {high}"

    def read(value: Any) -> int:
        # True and False are integers in Python, not in TOML
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Wrong(allowed)
        return value

    return Kind(read, low)


def text(pattern: str = r".*\S.*", allowed: str = "a line of text") -> Kind:
    shape = re.compile(pattern, re.DOTALL)

    def read(value: Any) -> str:
        if not isinstance(value, str) or shape.fullmatch(value) is None or clean(value) != value:
            raise Wrong(allowed)
        return value

    return Kind(read, "")


def prose() -> Kind:
    """Text for people: it may be broken into lines, which says nothing."""
    line = text()

    def read(value: Any) -> str:
        return line.read(" ".join(value.split()) if isinstance(value, str) else value)

    return Kind(read, "")


def one_of(words: Sequence[str]) -> Kind:
    def read(value: Any) -> str:
        if value in words:
            return str(value)
        hint = meant(value, words) if isinstance(value, str) else ""
        raise Wrong(f"one of {listed(words)}{hint}")

    return Kind(read, "")


def flag() -> Kind:
    def read(value: Any) -> bool:
        if not isinstance(value, bool):
            raise Wrong("true or false")
        return value

    return Kind(read, False)


def content(most: int) -> Kind:
    """What a program reads or prints: text of any number of lines, also none."""
    allowed = f"a text of at most {most} bytes, without control characters but tabs and ends of lines"

    def read(value: Any) -> str:
        if not isinstance(value, str) or len(value.encode()) > most or re.search(r"[\0-\x08\x0b-\x1f\x7f]", value):
            raise Wrong(allowed)
        return value

    return Kind(read, "")


def words(most: int) -> Kind:
    """A NAME and its arguments, as a program gets them."""

    def read(value: Any) -> tuple[str, ...]:
        fit = isinstance(value, list) and 0 < len(value) <= most
        if not fit or not all(isinstance(w, str) and not re.search(r"[\0-\x1f\x7f]", w) for w in value):
            raise Wrong('["NAME", "ARGUMENT", ...], each a line of text')
        return tuple(value)

    return Kind(read, ())


def several(kind: Kind, *, at_least: int = 0, at_most: int | None = None, repeated: bool = False) -> Kind:
    """A list of values of one kind, which differ unless they may be repeated."""

    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise Wrong("a list, in [ ]")
        if len(value) < at_least:
            raise Wrong(f"a list of at least {at_least}")
        if at_most is not None and len(value) > at_most:
            raise Wrong(f"a list of at most {at_most}")
        items = []
        for item in value:
            try:
                items.append(kind.read(item))
            except Wrong as wrong:
                raise Wrong(f"a list in which each is {wrong} ({_shown(item)} is not)") from None
            if not repeated and items.count(items[-1]) > 1:
                raise Wrong(f"a list without repetitions ({_shown(item)} is there twice)")
        return tuple(items)

    return Kind(read, ())


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "a table"
    try:
        plain = json.dumps(value, ensure_ascii=False)
    except TypeError:  # dates and times
        plain = str(value)
    return clean(plain, limit=SHOWN)


# ---- a file and its tables -----------------------------------------------------------------------


@dataclass
class Document:
    """One TOML file: its data, the lines of its keys, and what is wrong with it."""

    name: str  # as faults call it
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @staticmethod
    def parse(name: str, raw: bytes) -> Document:
        document = Document(name)
        try:
            content = raw.decode("utf-8")
            document.data = tomllib.loads(content)
        except UnicodeDecodeError as error:
            document.wrong_line(raw.count(b"\n", 0, error.start) + 1, "this is not UTF-8: save the file as UTF-8")
        except tomllib.TOMLDecodeError as error:
            what, _, where = str(error).partition(" (at ")
            line = re.match(r"line (\d+)", where)
            document.wrong_line(int(line[1]) if line else raw.count(b"\n") + 1, f"this is not TOML: {clean(what)}")
        except RecursionError:
            document.wrong_line(1, "this nests too deeply")
        else:
            document.lines = key_lines(content)
        return document

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest table around it."""
        while place not in self.lines:
            place = place[:-1]
            if not place:
                return 1
        return self.lines[place]

    def wrong_line(self, line: int, what: str) -> None:
        self.problems.append(Problem(self.name, line, what))

    def wrong(self, place: Place, what: str) -> None:
        self.wrong_line(self.line(place), what)

    def table(self, key: str, allowed: Sequence[str]) -> Table:
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            self.wrong((key,), f"{key} has to be a table: write [{key}]")
            value = {}
        return Table(self, (key,), value, f"[{key}]", allowed)

    def tables(self, key: str, allowed: Sequence[str]) -> list[Table]:
        value = self.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.wrong((key,), f"{key} has to be a list of tables: write [[{key}]] before each")
            value = []
        return [Table(self, (key, i), v, f"[[{key}]]", allowed) for i, v in enumerate(value)]


class Table:
    """One table of a document; `title` is its header, for faults. Keys beyond `allowed` are faults."""

    def __init__(self, document: Document, place: Place, data: dict[str, Any], title: str, allowed: Sequence[str]) -> None:
        self.document, self.place, self.data, self.title = document, place, data, title
        for key in data:
            if key not in allowed:
                hint = meant(key, allowed) or f"; allowed are {listed(allowed)}"
                self.wrong(key, f'{title} has no key "{clean(key, limit=SHOWN)}"{hint}')

    def wrong(self, key: str, what: str) -> None:
        self.document.wrong((*self.place, key), what)

    def get(self, key: str, kind: Kind, default: Any = REQUIRED) -> Any:
        if key not in self.data:
            if default is not REQUIRED:
                return default
            self.wrong(key, f"{self.title} lacks {key}")
            return kind.stand_in
        value = self.data[key]
        try:
            return kind.read(value)
        except Wrong as wrong:
            self.wrong(key, f"{key} = {_shown(value)} cannot be: it has to be {wrong}")
            return kind.stand_in

    def table(self, key: str, title: str, allowed: Sequence[str]) -> Table:
        value = self.data.get(key, {})
        if not isinstance(value, dict):
            self.wrong(key, f"{key} has to be a table: write {title}")
            value = {}
        return Table(self.document, (*self.place, key), value, title, allowed)
