"""C sources as tokens with line numbers, as far as gcc's preprocessor sees them before it knows a macro.

What gcc does to bytes is done here in the same order (C17 5.1.1.2): trigraphs where the standard is a strict one, lines
that end in a backslash joined, comments taken out, tokens cut, directives told from code. Parts between `#if 0` and its
`#endif` are left out; of any other condition all branches are read, as nobody here knows which is compiled.

It never fails and takes linear time, whatever the bytes are. What gcc refuses (a quote that is never closed) may be cut
otherwise here. It is no C parser: who needs more than a look at tokens needs a compiler.
"""

from __future__ import annotations

import bisect
import enum
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple


class Kind(enum.Enum):
    WORD = "word"  # an identifier or a keyword
    TEXT = "text"  # a string literal, with prefix and quotes
    HEADER = "header"  # what an include names, with its quotes or angles
    OTHER = "other"  # numbers, character constants, punctuators


class Token(NamedTuple):
    kind: Kind
    text: str  # bytes as Latin-1; digraphs as what they stand for
    line: int


@dataclass(frozen=True)
class Directive:
    name: str  # include, define, …; line for a marker like # 1 "file"; "" for a lone #
    tokens: tuple[Token, ...]  # what follows the name
    line: int


@dataclass
class Source:
    """The live tokens of one file, directives apart."""

    code: list[Token] = field(default_factory=list)
    directives: list[Directive] = field(default_factory=list)


INCLUDES = frozenset({"include", "include_next", "import", "embed"})
HAS_INCLUDE = frozenset({"__has_include", "__has_include_next", "__has_embed"})
_CONDITIONS = frozenset({"if", "ifdef", "ifndef", "elif", "elifdef", "elifndef", "else", "endif"})


# ---- lines ---------------------------------------------------------------------------------------------

_BLANK = r"[ \t\f\v\0]"  # what gcc takes as white space inside a line; a NUL too, with a warning
_END = r"(?:\r\n|\n|\r)"  # a lone CR ends a line for gcc
_NEWLINE = re.compile(_END)
_TRIGRAPHS = dict(zip("=/'()!<>-", "#\\^[]|{}~"))
_JOINS = re.compile(rf"\\{_BLANK}*+{_END}")
_JOINS_STRICT = re.compile(rf"(?:\\|\?\?/){_BLANK}*+{_END}|\?\?[=/'()!<>-]")


class _Text:
    """A file after its first two phases of translation, and the way back to its lines."""

    def __init__(self, data: bytes, strict: bool) -> None:
        self.raw = data.decode("latin-1")
        pieces, self._at, self._from, length, done = [], [0], [0], 0, 0
        for match in (_JOINS_STRICT if strict else _JOINS).finditer(self.raw):
            kept = self.raw[done : match.start()]
            if match[0][0] == "?" and len(match[0]) == 3:
                kept += _TRIGRAPHS[match[0][2]]
            length, done = length + len(kept), match.end()
            pieces.append(kept)
            self._at.append(length)
            self._from.append(done)
        self.text = "".join((*pieces, self.raw[done:]))
        self._ends = [m.end() for m in _NEWLINE.finditer(self.raw)]
        self._lines = (0, 0, 1)  # the part of the text that is known to be one line of the file, and which

    def origin(self, at: int) -> int:
        """The place in the file of a place in the text."""
        i = bisect.bisect_right(self._at, at) - 1
        return self._from[i] + at - self._at[i]

    def place(self, origin: int) -> int:
        """The place in the text of a place in the file that was not joined away."""
        i = bisect.bisect_right(self._from, origin) - 1
        return self._at[i] + origin - self._from[i]

    def line(self, at: int) -> int:
        begin, end, line = self._lines
        if not begin <= at < end:
            line = bisect.bisect_right(self._ends, self.origin(at)) + 1
            i = bisect.bisect_right(self._at, at)
            end = self._at[i] if i < len(self._at) else len(self.text)
            if line <= len(self._ends):
                end = min(end, at + self._ends[line - 1] - self.origin(at))
            self._lines = at, end, line
        return line


# ---- tokens --------------------------------------------------------------------------------------------

# Each repetition is possessive: nothing is ever tried twice. A quote that is not closed on its line goes to the line's end,
# as it does in gcc; a comment that is not closed goes to the end of the file.
_TOKEN = re.compile(
    r"""
      (?P<blank> [ \t\f\v\0]++ )
    | (?P<end>   \r\n | [\n\r] )
    | (?P<note>  //[^\n\r]*+ | /\*(?:[^*]++|\*(?!/))*+(?:\*/)?+ )
    | (?P<raw>   (?:u8|[uUL])?R"(?P<mark>[^ ()\\\t\v\f\n\r"]{0,16}+)\( )
    | (?P<text>  (?:u8|[uUL])?"(?:[^"\\\n\r]|\\[^\n\r])*+"?+ )
    | (?P<char>  [uUL]?'(?:[^'\\\n\r]|\\[^\n\r])*+'?+ )
    | (?P<word>  (?:[A-Za-z_$\x80-\xff]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})
                 (?:[\w$\x80-\xff]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*+ )
    | (?P<number> \.?[0-9](?:[eEpP][+-]|[\w.$\x80-\xff])*+ )
    | (?P<other> %:%: | <: | :> | <% | %> | %: | \#\# | -> | :: | . )
    """,
    re.VERBOSE | re.ASCII,
)
_DIGRAPHS = {"<:": "[", ":>": "]", "<%": "{", "%>": "}", "%:": "#", "%:%:": "##"}
_HEADER = re.compile(r'<[^>\n\r]*+>|"[^"\n\r]*+"')


class _Lexer:
    def __init__(self, text: _Text, strict: bool) -> None:
        self.text, self.strict, self.at = text, strict, 0
        self.begins_line = True  # only white space and comments before it on its line

    def next(self) -> Token | None:
        """The next token. A line's end is OTHER "\\n"; None at the end of the file."""
        while match := _TOKEN.match(self.text.text, self.at):
            start, kind = self.at, match.lastgroup
            self.at = match.end()
            if kind in ("blank", "note"):
                continue
            if kind == "end":
                return Token(Kind.OTHER, "\n", 0)
            line = self.text.line(start)
            if kind in ("raw", "mark"):
                return self._raw(start, match, line)
            if kind == "text":
                return Token(Kind.TEXT, match[0], line)
            return Token(Kind.WORD if kind == "word" else Kind.OTHER, _DIGRAPHS.get(match[0], match[0]), line)
        return None

    def _raw(self, start: int, match: re.Match[str], line: int) -> Token:
        """R"mark( … )mark", in which nothing is joined; in a strict standard it is a word R and a string."""
        if self.strict:
            self.at = start + match[0].index('"')
            return Token(Kind.WORD, match[0][: self.at - start], line)
        close = f"){match['mark']}\""
        begins = self.text.origin(match.end() - 1) + 1
        ends = self.text.raw.find(close, begins)
        if ends < 0:
            self.at = len(self.text.text)
            return Token(Kind.TEXT, self.text.text[start:], line)
        self.at = self.text.place(ends + len(close) - 1) + 1
        return Token(Kind.TEXT, match[0] + self.text.raw[begins:ends] + close, line)

    def header(self) -> Token | None:
        """What an include names, if that is next: its characters are no tokens."""
        while (match := _TOKEN.match(self.text.text, self.at)) and match.lastgroup in ("blank", "note"):
            self.at = match.end()
        match = _HEADER.match(self.text.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return Token(Kind.HEADER, match[0], self.text.line(match.start()))


# ---- directives ----------------------------------------------------------------------------------------


def _rest(lexer: _Lexer) -> Iterator[Token]:
    while (token := lexer.next()) is not None and token.text != "\n":
        yield token


def _directive(lexer: _Lexer, line: int) -> Directive:
    """What stands between a # and its line's end."""
    first = lexer.next()
    if first is None or first.text == "\n":
        return Directive("", (), line)
    if first.kind is not Kind.WORD:
        return Directive("line", (first, *_rest(lexer)), line)
    header = lexer.header() if first.text in INCLUDES else None
    tokens = [header] if header else []
    for token in _rest(lexer):
        tokens.append(token)
        asks = token.text == "(" and len(tokens) > 1 and tokens[-2].text in HAS_INCLUDE
        depends = first.text == "pragma" and len(tokens) == 2 and [t.text for t in tokens] == ["GCC", "dependency"]
        if (asks or depends) and (named := lexer.header()):
            tokens.append(named)
    return Directive(first.text, tuple(tokens), line)


class _Branches:
    """Which of the lines are surely left out: those of `#if 0`, and what follows `#if 1` with an `#else`."""

    def __init__(self) -> None:
        self._around: list[tuple[bool, bool]] = []  # for each open #if: live where it stands; a branch was surely taken
        self.live = True

    def see(self, directive: Directive) -> None:
        name = directive.name
        value = {"0": False, "1": True}.get(directive.tokens[0].text) if len(directive.tokens) == 1 else None
        if name in ("if", "ifdef", "ifndef"):
            value = value if name == "if" else None
            self._around.append((self.live, value is True))
            self.live = self.live and value is not False
        elif not self._around:
            return  # an #endif without an #if: gcc will say so
        elif name == "endif":
            self.live = self._around.pop()[0]
        else:
            around, taken = self._around[-1]
            value = True if name == "else" else value if name == "elif" else None
            self.live = around and not taken and value is not False
            self._around[-1] = (around, taken or value is True)


def read(data: bytes, *, strict: bool = False) -> Source:
    """The tokens of one file. `strict`: compiled with -std=c17 or its like, not with GNU's standards."""
    source, branches = Source(), _Branches()
    lexer = _Lexer(_Text(data, strict), strict)
    fresh = True
    while (token := lexer.next()) is not None:
        if fresh and token.text == "#" and token.kind is Kind.OTHER:
            directive = _directive(lexer, token.line)
            if directive.name in _CONDITIONS:
                was = branches.live
                branches.see(directive)
                if not was and not branches.live:
                    continue
            elif not branches.live:
                continue
            source.directives.append(directive)
            continue
        fresh = token.text == "\n"
        if not fresh and branches.live:
            source.code.append(token)
    return source


# ---- strings -------------------------------------------------------------------------------------------

_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]+)|([0-7]{1,3})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "e": "\x1b"}


def _unescaped(match: re.Match[str]) -> str:
    if match[3] is not None:
        return _LETTERS.get(match[3], match[3])
    return chr(int(match[1][-2:], 16) if match[1] else int(match[2], 8) & 0xFF)


def value(texts: Iterable[Token]) -> str:
    """The characters of string literals that stand side by side."""
    parts = []
    for token in texts:
        prefix, _, body = token.text.partition('"')
        if prefix.endswith("R"):
            parts.append(body.partition("(")[2].rpartition(")")[0])
        else:
            parts.append(_ESCAPE.sub(_unescaped, body.removesuffix('"')))
    return "".join(parts)


def macros(sources: Iterable[Source]) -> dict[str, list[tuple[Token, ...]]]:
    """What the macros are defined as, each definition of a name in turn."""
    found: dict[str, list[tuple[Token, ...]]] = {}
    for source in sources:
        for directive in source.directives:
            if directive.name == "define" and directive.tokens:
                found.setdefault(directive.tokens[0].text, []).append(directive.tokens[1:])
    return found
