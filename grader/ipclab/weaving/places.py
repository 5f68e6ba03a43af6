"""Places: from the addresses that weave tells to lines of the student's code, and to the names of what was accessed.

The lines come from a helper in the sandbox (grader/weave/names): it reads a binary made from a student's source. The
compiler's columns say which expression of the line an access belongs to; its text is taken from the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ipclab import events as ev
from ipclab.model import Limits, Location, SourceFile
from ipclab.plan import CommandEntry, Plan
from ipclab.sandbox import File
from ipclab.slots import uids
from ipclab.weaving.explorer import Set

LIMITS = Limits(wall_ms=20_000, cpu_ms=10_000, memory=512 << 20, processes=8, files=64, file_size=1 << 20, output=1 << 20)
EXPRESSION_MAX = 40

Place = tuple[str, int]  # program's NAME, address


@dataclass(frozen=True)
class Line:
    location: Location
    column: int
    function: str


_ROW = re.compile(r"([0-9a-f]{1,8}) ([0-9]{1,9}) ([0-9]{1,9}) (\S+) (.+)")


def _read(text: str, own: frozenset[str]) -> dict[int, Line]:
    """What the helper says of a binary that a student's source became: any text."""
    lines: dict[int, Line] = {}
    for row in text.split("\n"):
        match = _ROW.fullmatch(row)
        name = match[5].rpartition("/")[2] if match else ""
        if match and name in own and int(match[2]) > 0:
            lines[int(match[1], 16)] = Line(Location(name, int(match[2])), int(match[3]), match[4])
    return lines


def find(the_set: Set, wanted: Iterable[Place], own: frozenset[str]) -> dict[Place, Line]:
    """The lines of these places, as far as they can be had."""
    by_program: dict[str, set[int]] = {}
    for program, address in wanted:
        if address and program in the_set.programs:
            by_program.setdefault(program, set()).add(address)
    helper = the_set.tools / "names"
    if not by_program or not helper.is_file():
        return {}
    files = {"bin/names": File(helper.read_bytes(), 0o755)}
    entries = []
    for n, (program, addresses) in enumerate(sorted(by_program.items())):
        files |= {f"in/p{n}": File(the_set.programs[program]), f"in/a{n}": File("".join(f"{a:x}\n" for a in sorted(addresses)).encode())}
        argv = ("/bin/sh", "-c", f"exec ./names p{n} <a{n}")
        entries.append(CommandEntry(f"names{n}", argv, LIMITS, inputs=("bin/names", f"in/p{n}", f"in/a{n}")))
    log = ev.RunLog()
    with the_set.make_sandbox() as sandbox, uids() as pair:
        for event in sandbox.run(Plan(tuple(entries)), files, pair):
            log.add(event)
    log.finish()
    found: dict[Place, Line] = {}
    for n, program in enumerate(sorted(by_program)):
        said = b"".join(o.data for o in log.entries[f"names{n}"].outputs).decode("utf-8", "replace")
        found |= {(program, address): line for address, line in _read(said, own).items()}
    return found


# ---- the expression at a column ------------------------------------------------------------------------

_OPERATOR = re.compile(r"(?:<<|>>|[-+*/%&|^])?=(?!=)|\+\+|--")
_PREFIX = re.compile(r"(\+\+|--)\s*(?=[\w(*])")
_POSTFIX = re.compile(r"->\s*\w+|\.\s*\w+|\[")


def _closed(text: str, at: int) -> int:
    """The index behind the bracket that closes the one at `at`, or the end."""
    depth = 0
    for i in range(at, len(text)):
        depth += text[i] in "[(" 
        depth -= text[i] in "])"
        if depth == 0:
            return i + 1
    return len(text)


def _opened(text: str, at: int) -> int:
    """The index of the bracket that the one at `at` closes, or -1."""
    depth = 0
    for i in range(at, -1, -1):
        depth += text[i] in "])"
        depth -= text[i] in "[("
        if depth == 0:
            return i
    return -1


def _forward(text: str, at: int) -> int:
    """The end of a primary expression and what is applied to it: a, a->b, a[i].c, (*a).b"""
    if at < len(text) and text[at] == "(":
        at = _closed(text, at)
    else:
        while at < len(text) and (text[at].isalnum() or text[at] == "_"):
            at += 1
    while match := _POSTFIX.match(text, at):
        at = _closed(text, at) if text[at] == "[" else match.end()
    return at


def _backward(text: str, end: int) -> int:
    """The beginning of the expression that ends before `end`."""
    at = end
    while at > 0:
        c = text[at - 1]
        if c in "])":
            at = _opened(text, at - 1)
            if at < 0:
                return 0
        elif c.isalnum() or c == "_" or c == ".":
            at -= 1
        elif c == ">" and at > 1 and text[at - 2] == "-":
            at -= 2
        else:
            break
    while at > 0 and text[at - 1] == "*" and (at == 1 or text[at - 2] in " (;{\t*,="):
        at -= 1
    return at


def expression(line: str, column: int) -> str:
    """The object that the access at this column (from 1) of a line is to, as the source writes it; "" where that is not plain."""
    at = column - 1
    if not 0 <= at < len(line):
        return ""
    if (match := _PREFIX.match(line, at)) and not (at > 0 and (line[at - 1].isalnum() or line[at - 1] in "_])")):
        start, end = match.end(), _forward(line, match.end())
    elif _OPERATOR.match(line, at):
        end = len(line[:at].rstrip())
        start = _backward(line, end)
    elif line[at] == "*":
        start, end = at, _forward(line, at + 1 + (len(line[at + 1 :]) - len(line[at + 1 :].lstrip())))
    elif _POSTFIX.match(line, at):
        start, end = _backward(line, at), _forward(line, at)
    elif line[at].isalpha() or line[at] == "_":
        start, end = at, _forward(line, at)
        while start > 0 and line[start - 1] in "_" or start > 0 and line[start - 1].isalnum():
            start -= 1
        if line[end : end + 1] == "(":
            return ""  # a call: its buffer is one of the arguments
    else:
        return ""
    text = re.sub(r"\s+", "", line[start:end])
    plain = re.fullmatch(r"\**\(?[A-Za-z_*].*", text) and text.count("(") == text.count(")")
    return text if plain and len(text) <= EXPRESSION_MAX and text not in ("return", "if", "while", "for") else ""


def source_line(sources: Iterable[SourceFile], location: Location) -> str:
    for source in sources:
        if source.name == location.file:
            rows = source.data.decode("utf-8", "replace").split("\n")
            return rows[location.line - 1] if 0 < location.line <= len(rows) else ""
    return ""


def name_of(line: Line, sources: Iterable[SourceFile]) -> str:
    """The name of what is accessed at a place: s->count."""
    return expression(source_line(sources, line.location), line.column)


Lines = Mapping[Place, Line]
