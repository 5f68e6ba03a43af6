"""What a submission may not hold, told from its sources before they are compiled, with file and line.

A speed bump, no boundary: it looks at tokens, so a macro that pastes words together gets by. Whatever is refused here has
to fail without it too, as the judge never shares an address space with what is judged (SECURITY.md). What it is for: the
plain attempt ends with a sentence instead of a riddle, and what can only be meant for the grader is seen by a person.

So each rule is as narrow as it may be without losing the plain attempt. Nothing that an honest solution might hold is
refused, even where the same could be done with ill intent:
- `asm` that does nothing to memory or flow: a compiler's barrier, a pause, a fence;
- names that only look like the kit's. testkit and cmocka are in no process of a student's, so `tk_…`, `mock_…` and
  `_assert_…` are free; the driver's names count where a driver is linked, unless they are static, a macro or a member;
- `_start`, `_init`, `_fini`: the linker refuses a second one, and as a local name each is fine;
- `weak`, `alias`, `optimize`, `target`, `#pragma GCC …`: gcc lets none of them switch off a sanitizer's hooks;
- what stands in comments, strings or `#if 0`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ipclab import catalogue, ctokens
from ipclab.ctokens import HAS_INCLUDE, INCLUDES, Directive, Kind, Source, Token
from ipclab.model import Finding, Lab, Location, SourceFile, Submission, TargetKind

PLACES_MAX = 20  # that are told; who reads twenty knows enough
_DEFINITIONS_MAX = 16  # of one macro that are looked at where an attribute's string is one
_DEPTH_MAX = 32  # of macros that stand for macros

Place = tuple[str, Token, str]  # cause, where, and what stands there
Tokens = Sequence[Token]

_ASM = frozenset({"asm", "__asm", "__asm__"})
_ATTRIBUTE = frozenset({"__attribute", "__attribute__"})
_QUALIFIERS = frozenset("volatile __volatile __volatile__ inline __inline __inline__ goto const __const".split())
_HARMLESS = frozenset(
    ("", "pause", "nop", "rep", "rep nop", "mfence", "lfence", "sfence", "yield", "isb", "dmb ish", "dmb sy")
)
_READS_FILES = re.compile(r"\.(?:incbin|include)\b", re.IGNORECASE)

_EARLY = frozenset({"constructor", "destructor", "ifunc"})
_EARLY_SECTIONS = re.compile(r"\.(?:(?:pre)?init_array|fini_array|[cd]tors|init|fini|interp)(?![A-Za-z_])")
_EARLY_NAMES = frozenset({"__libc_start_main", "__gmon_start__"})  # what the C library's start calls if a program defines it
_UNWATCHED = frozenset({"no_address_safety_analysis", "no_instrument_function", "disable_sanitizer_instrumentation"})
_NAMING = frozenset({"section", "alias", "weakref", "symver"})  # their string goes to the assembler as it stands
_PLAIN_NAME = re.compile(r"[\w.$@-]*", re.ASCII)

_SANITIZER = re.compile(r"__(?:asan|hwasan|lsan|msan|tsan|ubsan|sanitizer)_\w+", re.ASCII)
_WRAPPED = re.compile(r"__(?:wrap|real)_(?!_\Z)\w+", re.ASCII)  # the linker's --wrap; __real__ is a word of gcc's
_VALGRIND = re.compile(r"(?:VALGRIND|CALLGRIND|CACHEGRIND)_[A-Z]\w*", re.ASCII)
_DRIVER = frozenset(  # what libdriver.a and a lab's driver.o share with each other, and so with what is linked with them
    """
    td_ask_judge td_calls td_calls_count td_codec_at_end td_codec_finish td_codec_get_bytes td_codec_get_int
    td_codec_get_name td_codec_length td_codec_put_bytes td_codec_put_int td_codec_put_name td_codec_start td_get_bytes
    td_get_int td_put_bytes td_put_int
    """.split()
)


def _at(tokens: Tokens, i: int) -> str:
    return tokens[i].text if 0 <= i < len(tokens) else ""


# ---- paths ---------------------------------------------------------------------------------------------


def _climbs(path: str) -> bool:
    """True for a path that is absolute or leaves the folder that it starts from."""
    depth = 0
    for part in path.split("/"):
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return True
    return path.startswith("/")


def _path_cause(path: str) -> str | None:
    if _climbs(path):
        return "source_includes_outside"
    first = next((part for part in path.split("/") if part not in ("", ".")), "")
    folders = {"valgrind": "source_valgrind", "sanitizer": "source_sanitizer"}
    return folders.get(first) if "/" in path else None


@dataclass
class _Macros:
    """What the submission's macros stand for where a name or a string is needed. Each is worked out once."""

    macros: dict[str, list[tuple[Token, ...]]]
    known: dict[str, str | None] = field(default_factory=dict)
    known_texts: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings that a macro stands for."""
        if name not in self.known_texts:
            bodies = self.macros.get(name, [])[:_DEFINITIONS_MAX]
            self.known_texts[name] = tuple(ctokens.value(t for t in body if t.kind is Kind.TEXT) for body in bodies)
        return self.known_texts[name]

    def path(self, tokens: Tokens) -> tuple[str | None, str]:
        """For what follows an #include or a __has_include(: a cause to refuse it, if there is one, and how it is shown.
        A macro has to be defined in the submission, as a name and nothing else."""
        first = tokens[0]
        if first.kind is Kind.HEADER:
            return _path_cause(first.text[1:-1]), first.text
        if first.kind is Kind.WORD:
            return self._path(first.text), first.text
        return None, first.text  # no name at all: gcc refuses it

    def _path(self, name: str, depth: int = 0) -> str | None:
        if name not in self.known:
            self.known[name] = "source_includes_computed"  # also of a macro that leads to itself, or on and on
            definitions = self.macros.get(name, []) if depth < _DEPTH_MAX else []
            causes = [self._definition(body, depth) for body in definitions] or ["source_includes_computed"]
            self.known[name] = next((c for c in causes if c), None)
        return self.known[name]

    def _definition(self, body: tuple[Token, ...], depth: int) -> str | None:
        text = "".join(t.text for t in body)
        if len(body) == 1 and body[0].kind is Kind.TEXT and text.startswith('"'):
            return _path_cause(text[1:].removesuffix('"'))
        if len(body) == 1 and body[0].kind is Kind.WORD:
            return self._path(text, depth + 1)
        if text.startswith("<") and text.endswith(">"):
            return _path_cause(text[1:-1])
        return "source_includes_computed"


# ---- assembly and attributes -----------------------------------------------------------------------------


def _asm(tokens: Tokens, at: int) -> Place | None:
    end = at + 1
    while _at(tokens, end) in _QUALIFIERS:
        end += 1
    texts = []
    if _at(tokens, end) == "(":
        while end + 1 < len(tokens) and tokens[end + 1].kind is Kind.TEXT:
            end += 1
            texts.append(tokens[end])
    template = ctokens.value(texts)
    if _READS_FILES.search(template):
        return "source_incbin", tokens[at], tokens[at].text
    steps = (" ".join(step.split()).lower() for step in re.split(r"[;\n]", template))
    if texts and _at(tokens, end + 1) in (":", "::", ")") and all(step in _HARMLESS for step in steps):
        return None
    return "source_asm", tokens[at], tokens[at].text


def _brackets(tokens: Tokens, at: int) -> int | None:
    """Where the brackets of attributes begin, if an attribute's word or the brackets themselves are at `at`."""
    if tokens[at].text in _ATTRIBUTE:
        return at + 1 if _at(tokens, at + 1) == "(" == _at(tokens, at + 2) else None
    return at if tokens[at].text == "[" == _at(tokens, at + 1) else None


def _attributes(tokens: Tokens, at: int) -> tuple[list[tuple[Token, list[Token]]], int]:
    """The names in an __attribute__((…)) or [[…]] whose first bracket is at `at`, each with what stands in its parentheses;
    and where it ends."""
    depth, names = 0, list[tuple[Token, list[Token]]]()
    for i in range(at, len(tokens)):
        text = tokens[i].text
        if text in (")", "]"):
            depth -= 1
            if depth == 0:
                return names, i
        if depth == 2 and tokens[i].kind is Kind.WORD and _at(tokens, i + 1) != "::":
            names.append((tokens[i], []))
        elif depth > 2 and names:
            names[-1][1].append(tokens[i])
        depth += text in ("(", "[")
    return names, len(tokens)


def _attribute(name: Token, arguments: list[Token], macros: _Macros) -> Place | None:
    word = name.text.strip("_")
    if word in _EARLY:
        return "source_early", name, name.text
    if word in _UNWATCHED or word.startswith("no_sanitize"):
        return "source_sanitizer", name, name.text
    if word not in _NAMING:
        return None
    texts = [ctokens.value(t for t in arguments if t.kind is Kind.TEXT)]
    texts += [text for a in arguments if a.kind is Kind.WORD for text in macros.texts(a.text)]
    return next((place for text in texts if (place := _naming(word, name, text))), None)


def _naming(word: str, name: Token, text: str) -> Place | None:
    if not _PLAIN_NAME.fullmatch(text):
        return "source_asm", name, name.text
    if word == "section":
        return ("source_early", name, f'{name.text}("{text}")') if _EARLY_SECTIONS.match(text) else None
    return ("source_kit_name", name, text) if text in _DRIVER or _WRAPPED.fullmatch(text) else None


# ---- names -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Use:
    """A name of the driver's in the code."""

    token: Token
    outside: bool  # of all functions, parameters and members
    static: bool  # in a declaration that makes it the file's own
    extern: bool
    called: bool


def _uses(tokens: Tokens) -> Iterator[_Use]:
    """Where the code names something of the driver's; members are their struct's own."""
    braces = parens = 0
    said: set[str] = set()  # static, extern, typedef: in this declaration
    for i, token in enumerate(tokens):
        text = token.text
        if text in ("{", "}", ";"):
            braces = max(0, braces + {"{": 1, "}": -1, ";": 0}[text])
            said, parens = (said if text == "{" and not braces else set()), 0
        elif text in ("(", ")"):
            parens = max(0, parens + (1 if text == "(" else -1))
        elif text in ("static", "extern", "typedef"):
            said.add(text)
        elif token.kind is Kind.WORD and text in _DRIVER and _at(tokens, i - 1) not in (".", "->"):
            outside = not braces and not parens
            static = outside and not said.isdisjoint(("static", "typedef"))
            yield _Use(token, outside, static, "extern" in said, _at(tokens, i + 1) == "(")


def _driver_names(sources: dict[str, Source], macros: dict[str, list[tuple[Token, ...]]]) -> Iterator[tuple[str, Place]]:
    some = [(name, source.code) for name, source in sources.items() if any(t.text in _DRIVER for t in source.code)]
    uses = [(name, use) for name, code in some for use in _uses(code)]
    own = {use.token.text for _, use in uses if use.static} | macros.keys()
    for name, use in uses:
        if use.token.text not in own and (use.outside or use.extern or use.called):
            yield name, ("source_kit_name", use.token, use.token.text)


def _word(tokens: Tokens, i: int, macros: dict[str, list[tuple[Token, ...]]]) -> Place | None:
    """A word that has one meaning wherever it stands."""
    text = tokens[i].text
    if text.startswith("__"):
        if text in _EARLY_NAMES:
            return "source_early", tokens[i], text
        if _SANITIZER.fullmatch(text):
            return "source_sanitizer", tokens[i], text
        return ("source_kit_name", tokens[i], text) if _WRAPPED.fullmatch(text) else None
    request = text == "RUNNING_ON_VALGRIND" or (_at(tokens, i + 1) == "(" and _VALGRIND.fullmatch(text))
    return ("source_valgrind", tokens[i], text) if request and text not in macros else None


# ---- files -----------------------------------------------------------------------------------------------


class _File:
    def __init__(self, source: Source, macros: _Macros) -> None:
        self.source, self.macros = source, macros

    def places(self) -> Iterator[Place]:
        yield from self._tokens(self.source.code)
        for directive in self.source.directives:
            yield from self._directive(directive)

    def _tokens(self, tokens: Tokens) -> Iterator[Place]:
        """Of code, or of what a macro stands for."""
        end = 0  # of the last attributes
        for i, token in enumerate(tokens):
            if (brackets := _brackets(tokens, i)) is not None:
                if i >= end:
                    names, end = _attributes(tokens, brackets)
                    yield from (p for name, rest in names if (p := _attribute(name, rest, self.macros)))
            elif token.text == "_Pragma":
                yield from self._pragma_operator(tokens, i)
            elif token.kind is Kind.WORD:
                place = _asm(tokens, i) if token.text in _ASM else _word(tokens, i, self.macros.macros)
                if place:
                    yield place

    def _directive(self, directive: Directive) -> Iterator[Place]:
        tokens = directive.tokens
        if directive.name in INCLUDES and tokens:
            yield from self._path(tokens, tokens[0])
        elif directive.name == "define":
            yield from self._tokens(tokens[1:])
            yield from self._asks(tokens[1:], defining=True)
        elif directive.name in ("if", "elif"):
            yield from self._asks(tokens, defining=False)
        elif directive.name == "pragma":
            yield from self._pragma(tokens)
        elif directive.name == "line":
            for named in (t for t in tokens if t.kind is Kind.TEXT and _climbs(ctokens.value([t]))):
                yield "source_line_marker", named, named.text

    def _path(self, tokens: Tokens, where: Token) -> Iterator[Place]:
        cause, shown = self.macros.path(tokens)
        if cause:
            yield cause, where, shown

    def _asks(self, tokens: Tokens, *, defining: bool) -> Iterator[Place]:
        """__has_include tells whether a file is there."""
        for i, token in enumerate(tokens):
            if token.text not in HAS_INCLUDE or "defined" in (_at(tokens, i - 1), _at(tokens, i - 2)):
                continue
            if _at(tokens, i + 1) == "(" and i + 2 < len(tokens):
                yield from self._path(tokens[i + 2 : i + 3], token)
            elif defining:
                yield "source_includes_computed", token, token.text

    def _pragma(self, tokens: Tokens) -> Iterator[Place]:
        if _at(tokens, 0) in ("weak", "redefine_extname"):
            yield from (("source_kit_name", t, t.text) for t in tokens if t.text in _DRIVER)
        elif _at(tokens, 0) == "GCC" and _at(tokens, 1) == "dependency" and len(tokens) > 2:
            yield from self._path(tokens[2:3], tokens[2])
        yield from (p for i in range(len(tokens)) if (p := _word(tokens, i, self.macros.macros)))

    def _pragma_operator(self, tokens: Tokens, at: int) -> Iterator[Place]:
        """_Pragma("…") is a #pragma that a macro can hold."""
        texts = [t for t in tokens[at + 2 : at + 3] if t.kind is Kind.TEXT]
        text = ctokens.value(texts).encode("latin-1", "replace")
        for directive in ctokens.read(b"#pragma " + text).directives[:1]:
            yield from ((cause, tokens[at], what) for cause, _, what in self._pragma(directive.tokens))


def refusals(files: Iterable[SourceFile], *, strict: bool = False, with_driver: frozenset[str] = frozenset()) -> list[Finding]:
    """What is refused in these sources, by file and line. `strict`: see ctokens.read(); `with_driver`: the files that are
    linked with a driver, or included by such."""
    sources = {f.name: ctokens.read(f.data, strict=strict) for f in files}
    macros = ctokens.macros(sources.values())
    known = _Macros(macros)
    found = [(name, place) for name, source in sources.items() for place in _File(source, known).places()]
    found += _driver_names({n: s for n, s in sources.items() if n in with_driver}, macros)
    first: dict[tuple[str, int, str], str] = {}
    for name, (cause, token, what) in found:
        first.setdefault((name, token.line, cause), what)
    return [
        catalogue.finding("rejected", cause, {"what": what}, location=Location(name, line))
        for (name, line, cause), what in sorted(first.items())[:PLACES_MAX]
    ]


def of_submission(lab: Lab, submission: Submission) -> list[Finding]:
    """The same for a submission: what its lab's flags and targets say about its files."""
    driven = {name for t in lab.targets if t.kind is TargetKind.FUNCTIONS for name in t.files}
    if driven:
        driven |= {f.name for f in submission.files if f.name.endswith(".h")}
    strict = any(re.match(r"-std=(?:c|iso)\w|-ansi$|-trigraphs$", flag) for flag in lab.flags)
    return refusals(submission.files, strict=strict, with_driver=frozenset(driven))


# ---- programs ----------------------------------------------------------------------------------------------

# What valgrind takes as a request of the program's: registers turned once round, which nobody else does (valgrind.h).
_REQUESTS = {
    62: bytes.fromhex("48c1c703 48c1c70d 48c1c73d 48c1c733"),  # EM_X86_64: rol $3, $13, $61, $51 of rdi
    183: bytes.fromhex("8c0dcc93 8c35cc93 8ccdcc93 8cf5cc93"),  # EM_AARCH64: ror #3, #13, #51, #61 of x12
}


def makes_client_requests(program: bytes) -> bool:
    """True for an ELF program (elf(5)) with code that speaks to valgrind. Nothing that the kit links does. Interpreter and
    libraries are not looked at: they are the student's process, from which nothing is believed."""
    machine = int.from_bytes(program[18:20], "little")
    return machine in _REQUESTS and _REQUESTS[machine] in program
