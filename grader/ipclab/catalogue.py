"""The registry of causes, and every sentence that a finding says.

`catalogue.toml` and the files of `catalogue.d/` hold kinds and causes; code elsewhere names a cause by its slug and hands
over arguments. A text is a template:

    [[Process {pid}|A process]] waits in read[[ (fd {fd})]].

A placeholder stands inside a section `[[…]]` only. A section takes the first of its alternatives (parted by `|`) whose
arguments are all there; without one it vanishes. So no argument is ever required, and no brace is ever left over.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipclab.faults import GraderFault
from ipclab.model import Finding, Location, Process, Value
from ipclab.printable import clean, value_text

FILE = Path(__file__).with_name("catalogue.toml")
FOLDER = Path(__file__).with_name("catalogue.d")

# What one argument may add to a sentence; a compiler's or a program's text can be megabytes.
ARGUMENT_LIMIT = 200

_SLUG = re.compile(r"[a-z][a-z0-9_]*")
_SECTION = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_CAUSE_FIELDS = {"kind", "also", "text", "hint", "title"}

Args = Mapping[str, Value]


@dataclass(frozen=True)
class Cause:
    slug: str
    kind: str
    text: str
    hint: str | None = None
    title: str = ""  # a few words for tables
    also: tuple[str, ...] = ()  # further kinds that this cause may have


@dataclass(frozen=True)
class Catalogue:
    kinds: dict[str, str]
    causes: dict[str, Cause]

    def sentence(self, code: str, args: Args | None = None) -> str:
        """The sentence of a code. One that is not registered still says its name, so that no finding is mute."""
        cause = self.causes.get(code)
        if cause is None:
            return f"{_words(clean(code, limit=ARGUMENT_LIMIT))}."
        return fill(cause.text, args or {})

    def hint(self, code: str, args: Args | None = None) -> str | None:
        cause = self.causes.get(code)
        return None if cause is None or cause.hint is None else fill(cause.hint, args or {})

    def kind_title(self, kind: str) -> str:
        return self.kinds.get(kind) or _words(clean(kind, limit=ARGUMENT_LIMIT))

    def cause_title(self, code: str) -> str:
        cause = self.causes.get(code)
        return cause.title if cause else _words(clean(code, limit=ARGUMENT_LIMIT))

    def allows(self, kind: str, code: str) -> bool:
        """True if the registry knows this cause under this kind."""
        cause = self.causes.get(code)
        return cause is not None and kind in (cause.kind, *cause.also)


def _words(slug: str) -> str:
    return slug.replace("_", " ").capitalize()


def placeholders(template: str) -> set[str]:
    """The names of the arguments that a template can show."""
    return set(_PLACEHOLDER.findall(template))


def fill(template: str, args: Args) -> str:
    """Fills a template. What arguments hold is shown, never read as a template."""
    shown = {
        name: clean(value_text(v), limit=ARGUMENT_LIMIT) for name, v in args.items() if v is not None and v != ""
    }

    def section(match: re.Match[str]) -> str:
        for alternative in match[1].split("|"):
            if placeholders(alternative) <= shown.keys():
                return _PLACEHOLDER.sub(lambda m: shown[m[1]], alternative)
        return ""

    return _SECTION.sub(section, template)


# ---- reading -------------------------------------------------------------------------------------


def _check_template(template: Any, where: str) -> str:
    if not isinstance(template, str) or not template.strip():
        raise GraderFault(f"{where} has to be a text")
    outside = _SECTION.sub("", template)
    if any(mark in outside for mark in ("{", "}", "[[", "]]")):
        raise GraderFault(f"{where}: a placeholder {{name}} has to stand inside [[ ]], and [[ ]] have to be paired")
    for section in _SECTION.findall(template):
        if "[[" in section:
            raise GraderFault(f"{where}: [[ ]] cannot be nested")
        if re.search(r"[{}]", _PLACEHOLDER.sub("", section)):
            raise GraderFault(f"{where}: a placeholder is a lower-case name in braces, as in {{fd}}")
    return template


def _cause(slug: str, data: Any, kinds: Mapping[str, str], where: str) -> Cause:
    if not _SLUG.fullmatch(slug):
        raise GraderFault(f"{where}: {slug!r} is no slug (lower case, digits, _)")
    if not isinstance(data, dict):
        raise GraderFault(f"{where}: causes.{slug} has to be a table")
    unknown = sorted(data.keys() - _CAUSE_FIELDS)
    if unknown:
        raise GraderFault(f"{where}: causes.{slug} has {unknown[0]!r}; allowed are {', '.join(sorted(_CAUSE_FIELDS))}")
    also = data.get("also", [])
    if not isinstance(also, list):
        raise GraderFault(f"{where}: causes.{slug}.also has to be a list of kinds")
    for kind in (data.get("kind"), *also):
        if kind not in kinds:
            raise GraderFault(f"{where}: causes.{slug} has the kind {kind!r}; allowed are {', '.join(kinds)}")
    hint = data.get("hint")
    return Cause(
        slug=slug,
        kind=data["kind"],
        text=_check_template(data.get("text"), f"{where}: causes.{slug}.text"),
        hint=None if hint is None else _check_template(hint, f"{where}: causes.{slug}.hint"),
        title=str(data.get("title") or _words(slug)),
        also=tuple(also),
    )


def load(paths: Iterable[Path]) -> Catalogue:
    """Reads catalogue files, in order; a slug is defined once. A GraderFault says which file is wrong and how."""
    kinds: dict[str, str] = {}
    causes: dict[str, Cause] = {}
    for path in paths:
        try:
            data = tomllib.loads(path.read_text("utf-8"))
        except OSError as error:
            raise GraderFault(f"cannot read {path}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise GraderFault(f"{path.name} is no TOML: {error}") from error
        unknown = sorted(data.keys() - {"kinds", "causes"})
        if unknown:
            raise GraderFault(f"{path.name} has {unknown[0]!r}; allowed are the tables kinds and causes")
        kinds.update({str(k): str(v) for k, v in data.get("kinds", {}).items()})
        for slug, entry in data.get("causes", {}).items():
            if slug in causes:
                raise GraderFault(f"{path.name}: the cause {slug} is defined twice")
            causes[slug] = _cause(slug, entry, kinds, path.name)
    return Catalogue(kinds, causes)


@functools.cache
def default() -> Catalogue:
    """The catalogue of this package."""
    return load([FILE, *sorted(FOLDER.glob("*.toml"))])


# ---- for callers ---------------------------------------------------------------------------------


def sentence(code: str, args: Args | None = None) -> str:
    return default().sentence(code, args)


def hint(code: str, args: Args | None = None) -> str | None:
    return default().hint(code, args)


def kind_of(code: str) -> str:
    """The first kind of a registered cause; a GraderFault for one that is not registered."""
    cause = default().causes.get(code)
    if cause is None:
        raise GraderFault(f"the cause {clean(code, limit=80)!r} is not in the catalogue")
    return cause.kind


def allows(kind: str, code: str) -> bool:
    return default().allows(kind, code)


def kind_title(kind: str) -> str:
    return default().kind_title(kind)


def cause_title(code: str) -> str:
    return default().cause_title(code)


def finding(
    kind: str,
    cause: str,
    args: Args | None = None,
    *,
    location: Location | None = None,
    related: Iterable[Location] = (),
    processes: Iterable[Process] = (),
    code: str | None = None,
    hint: str | None = None,
    replay: str | None = None,
) -> Finding:
    """A finding with its text and hint filled in. `code` picks another text than that of the cause; `hint` another hint."""
    code = code or cause
    args = dict(args or {})
    if location is not None and location.line > 0:
        args = {"file": location.file, "line": location.line} | args
    return Finding(
        kind=kind,
        cause=cause,
        code=code,
        args=args,
        text=default().sentence(code, args),
        hint=hint if hint is not None else default().hint(code, args),
        location=location,
        related=tuple(related),
        processes=tuple(processes),
        replay=replay,
    )
