"""Makes skeletons/NN-slug/ from solutions/NN-slug/: the solution is the single source, so both cannot drift apart.

    //: solution           what follows is the solution's; the skeleton does not get it
    real code
    //: skeleton           optional: what the skeleton gets in its place, every line behind //|
    //| /* TODO 1: … */
    //: end

A marker stands alone on its line. Files without markers (headers, Makefile) are copied; a file that students hand in has to
have some, else its solution would be given away. Markers that are not paired are faults with file and line.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ipclab.faults import UsageFault
from ipclab.model import Lab
from ipclab.tables import meant

_SUFFIXES = (".c", ".h", ".md", ".txt")
_MAKEFILE = "Makefile"
_MARKER = re.compile(r"(?P<before>.*?)//:(?P<rest>.*)", re.DOTALL)
_LINE = re.compile(r"(?P<indent>[ \t]*)//\|(?: (?P<text>.*)|(?P<none>))", re.DOTALL)
_WORDS = ("solution", "skeleton", "end")


class MarkerFault(UsageFault):
    """A marker that is wrong: `file:line: what`."""


def generate(lab: Lab) -> dict[str, bytes]:
    """The skeleton's files by name. Raises MarkerFault for wrong markers, UsageFault for a solution that is not there."""
    handed_in = {name for target in lab.targets for name in target.files}
    files = {}
    for path in _sources(lab.solution):
        shown = f"solutions/{lab.slug}/{path.name}"
        data = path.read_bytes()
        text = strip(shown, data) if path.suffix in (".c", ".h") else data
        if path.name in handed_in and text == data:
            raise MarkerFault(f"{shown}:1: this file has no //: solution, so the skeleton would give the solution away")
        files[path.name] = text
    return files


def strip(shown: str, data: bytes) -> bytes:
    """A file as the skeleton has it; `shown` is its name in faults."""
    if b"//:" not in data and b"//|" not in data:
        return data
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise MarkerFault(f"{shown}:{line}: this is not UTF-8: save the file as UTF-8") from error
    stripper = _Stripper(shown)
    for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", text), 1):
        stripper.take(number, line)
    return stripper.done().encode("utf-8")


@dataclass
class _Stripper:
    shown: str
    out: list[str] = field(default_factory=list)
    section: str | None = None  # solution, skeleton, or outside of both
    opened: int = 0  # the line of the section's `//: solution`

    def fault(self, line: int, what: str) -> MarkerFault:
        return MarkerFault(f"{self.shown}:{line}: {what}")

    def take(self, number: int, line: str) -> None:
        body = line.rstrip("\r\n")
        if (marker := _MARKER.fullmatch(body)) is not None and self._is_marker(number, marker):
            self._marker(number, marker["rest"].strip())
        elif body.lstrip(" \t").startswith("//|"):
            self._given(number, body, line[len(body) :])
        elif self.section == "skeleton":
            raise self.fault(number, "every line between //: skeleton and //: end has to start with //| and a blank")
        elif self.section is None:
            self.out.append(line)

    def _given(self, number: int, body: str, ending: str) -> None:
        if self.section != "skeleton":
            raise self.fault(number, "//| belongs between //: skeleton and //: end")
        given = _LINE.fullmatch(body)
        if given is None:
            raise self.fault(number, "after //| comes a blank, then the skeleton's text")
        self.out.append((given["indent"] + given["text"] if given["text"] else "") + ending)

    def _is_marker(self, number: int, marker: re.Match[str]) -> bool:
        word = marker["rest"].strip()
        if not marker["before"].strip():
            if word not in _WORDS:
                hint = meant(word, _WORDS) or "; there are //: solution, //: skeleton and //: end"
                raise self.fault(number, f'there is no marker "//: {word}"{hint}')
            return True
        if word in _WORDS:
            raise self.fault(number, f"//: {word} has to stand alone on its line")
        return False

    def _marker(self, number: int, word: str) -> None:
        if word == "solution":
            if self.section is not None:
                raise self.fault(number, f"//: solution inside that of line {self.opened}, which has no //: end yet")
            self.opened = number
        elif self.section is None:
            raise self.fault(number, f"//: {word} without a //: solution before it")
        elif word == "skeleton" and self.section == "skeleton":
            raise self.fault(number, f"a second //: skeleton for the //: solution of line {self.opened}")
        self.section = None if word == "end" else word

    def done(self) -> str:
        if self.section is not None:
            raise self.fault(self.opened, "this //: solution has no //: end")
        return "".join(self.out)


def _sources(folder: Path) -> list[Path]:
    """What a solution's folder contributes; programs, object files and hidden files in it are somebody's own."""
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise UsageFault(f"cannot read solutions/{folder.name}: {error.strerror}") from error
    return [p for p in found if _counts(p)]


def _counts(path: Path) -> bool:
    named = path.suffix in _SUFFIXES or path.name == _MAKEFILE
    return named and not path.name.startswith(".") and stat.S_ISREG(path.lstat().st_mode)


# ---- the folder ------------------------------------------------------------------------------------


def write(lab: Lab) -> list[str]:
    """Brings the skeleton's folder in sync; returns the names that changed. Each file is replaced at once or not at all."""
    files = generate(lab)
    lab.skeleton.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, data in files.items():
        if _current(lab.skeleton / name) != data:
            _replace(lab.skeleton / name, data)
            changed.append(name)
    for path in _sources(lab.skeleton):
        if path.name not in files:
            path.unlink()
            changed.append(path.name)
    return sorted(changed)


def check_in_sync(lab: Lab) -> list[str]:
    """What differs between the skeleton's folder and what the solution gives, a sentence each."""
    files = generate(lab)
    where = f"skeletons/{lab.slug}"
    differences = []
    for name, data in sorted(files.items()):
        current = _current(lab.skeleton / name)
        if current is None:
            differences.append(f"{where}/{name} is not there")
        elif current != data:
            differences.append(f"{where}/{name}:{_first_difference(current, data)} is not what solutions/{lab.slug}/{name} gives")
    if lab.skeleton.is_dir():
        extra = [p.name for p in _sources(lab.skeleton) if p.name not in files]
        differences += [f"{where}/{name} comes from nothing in solutions/{lab.slug}" for name in extra]
    return differences


def _current(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else None
    except FileNotFoundError:
        return None


def _first_difference(first: bytes, second: bytes) -> int:
    one, two = first.split(b"\n"), second.split(b"\n")
    same = next((i for i, (a, b) in enumerate(zip(one, two)) if a != b), min(len(one), len(two)))
    return same + 1


def _replace(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        try:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
