"""Chooses a lab's files from what a submission holds, and says what was left out, mended or not found.

- The lab's files are looked for in one folder, the one that has most of them (the outermost, then the first by name).
  A file that is not there is taken from elsewhere in the submission, and that is said.
- Headers beside them are taken too, except those that the lab gives: its own are used.
- What is no regular file is never used. Other files are ignored; they are named unless the lab's own folder has them too.
- A file that cannot be used fails its own task only, as a missing one does. Only when no file of the lab is left is the
  submission as a whole rejected, for the reason that the first one was left out.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ipclab import sources
from ipclab.listing import (
    DEPTH_MAX,
    TOTAL_MAX,
    USED_MAX,
    Entry,
    Form,
    Listing,
    Refused,
    Unreadable,
    is_junk,
    note,
    size_text,
)
from ipclab.model import Lab, Rejection, SourceFile

_HEADER_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}\.h")
_PRODUCT = (".o", ".d", ".out", ".exe", ".gch", ".dSYM", ".swp", "~")
_NAMED_MAX = 5  # ignored files that a note names


@dataclass(frozen=True)
class Wanted:
    """What a lab asks for, worked out once for a whole class."""

    files: tuple[str, ...]
    headers: frozenset[str]  # given by the lab
    familiar: frozenset[str]  # names that a student's folder has from the start

    @staticmethod
    def of(lab: Lab) -> Wanted:
        files = tuple(dict.fromkeys(name for target in lab.targets for name in target.files))
        headers = frozenset(name for target in lab.targets for name in target.headers)
        return Wanted(files, headers, frozenset((*_names(lab.skeleton), *_names(lab.solution))))

    def is_lab_file(self, name: str) -> bool:
        return name in self.files or name.lower() in {f.lower() for f in self.files}

    def may_be_read(self, name: str) -> bool:
        return self.is_lab_file(name) or _HEADER_NAME.fullmatch(name) is not None


def _names(folder: Path) -> Iterable[str]:
    try:
        return [p.name for p in folder.iterdir()]
    except OSError:
        return []


@dataclass
class Picked:
    files: list[SourceFile] = field(default_factory=list)
    notes: list[Rejection] = field(default_factory=list)
    rejection: Rejection | None = None


def pick(listing: Listing, wanted: Wanted) -> Picked:
    """Raises Refused when the submission as a whole cannot be used."""
    return _Picker(listing, wanted).run()


class _Picker:
    def __init__(self, listing: Listing, wanted: Wanted) -> None:
        self.listing, self.wanted = listing, wanted
        self.entries = [e for e in listing.entries if not _hidden(e) and self._matters(e)]
        self.picked = Picked(notes=list(listing.notes))
        self.left_out: list[Rejection] = []  # why files of the lab are not used
        self.seen: set[str] = set()  # paths that were used or spoken of
        self.total = 0

    def _matters(self, entry: Entry) -> bool:
        return len(entry.folder) <= DEPTH_MAX and self._is_something(entry)

    def _is_something(self, entry: Entry) -> bool:
        return entry.form is not Form.FOLDER or entry.name in self.wanted.files

    def run(self) -> Picked:
        home = self._home()
        folders = {home} | {e.folder for name in self.wanted.files if (e := self._file(name, home)) is not None}
        if not self.picked.files:
            return self._rejected()
        self._headers(home, folders)
        self._others()
        self.picked.files.sort(key=lambda f: f.name)
        return self.picked

    def _home(self) -> tuple[str, ...]:
        have: dict[tuple[str, ...], set[str]] = {}
        for entry in self.entries:
            if self.wanted.is_lab_file(entry.name):
                have.setdefault(entry.folder, set()).add(entry.name.lower())
        return min(have, key=lambda folder: (-len(have[folder]), len(folder), folder), default=())

    def _file(self, name: str, home: tuple[str, ...]) -> Entry | None:
        entry = self._candidate(name, home)
        if entry is None:
            near = self._near(name)
            self.picked.notes.append(note("file_absent", file=name, near=near))
            return None
        self.seen.add(entry.path)
        data = self._read(entry, self.left_out)
        if data is None:
            self.picked.notes.append(self.left_out[-1])
            return None
        if entry.name != name:
            self.picked.notes.append(note("file_case", file=name, found=entry.path))
        elif entry.folder != home:
            self.picked.notes.append(note("file_elsewhere", file=name, found=entry.path))
        self.picked.files.append(SourceFile(name, data))
        return entry

    def _candidate(self, name: str, home: tuple[str, ...]) -> Entry | None:
        """The file of that name: at home before elsewhere, in its very spelling before another case, a regular file first."""
        alike = [e for e in self.entries if e.name.lower() == name.lower()]
        if not alike:
            return None
        # an archive may have a name twice; unpacking it would leave the last
        place = {id(e): i for i, e in enumerate(alike)}
        order = sorted(
            alike,
            key=lambda e: (e.form is not Form.FILE, e.folder != home, e.name != name, len(e.folder), e.path, -place[id(e)]),
        )
        # the same name as a file and as a link: whoever unpacks it cannot know what to get, so it is not used
        best = next((e for e in order if e.form is not Form.FILE and e.path == order[0].path), order[0])
        self.seen |= {e.path for e in alike}
        if best.form is Form.FILE:
            self._say_which(name, best, [e for e in order if e is not best])
        return best

    def _say_which(self, name: str, best: Entry, others: list[Entry]) -> None:
        elsewhere = [e.path for e in others if e.path != best.path]
        if len(elsewhere) < len(others):
            self.picked.notes.append(note("file_twice", file=best.path))
        if elsewhere:
            self.picked.notes.append(note("file_several", file=name, found=best.path, others=_some(elsewhere)))

    def _near(self, name: str) -> str | None:
        names = {e.name for e in self.entries if not self.wanted.is_lab_file(e.name)}
        close = difflib.get_close_matches(name, sorted(names), n=1, cutoff=0.7)
        return close[0] if close else None

    def _read(self, entry: Entry, why: list[Rejection]) -> bytes | None:
        if entry.form is not Form.FILE:
            why.append(note("not_a_file", file=entry.path, what=entry.form.value))
            return None
        try:
            checked = sources.check(entry.name, self.listing.read(entry))
        except Unreadable as error:
            why.append(error.why)
            return None
        self.total += len(checked.data)
        if self.total > TOTAL_MAX:
            raise Refused("sources_too_large", limit=size_text(TOTAL_MAX))
        self.picked.notes.extend(checked.notes)
        return checked.data

    def _headers(self, home: tuple[str, ...], folders: set[tuple[str, ...]]) -> None:
        beside = [e for e in self.entries if e.folder in folders and _HEADER_NAME.fullmatch(e.name)]
        taken: dict[str, str] = {}
        for entry in sorted(beside, key=lambda e: (e.folder != home, e.path)):
            if entry.name in self.wanted.headers:
                self.seen.add(entry.path)
                continue
            if entry.name in taken:
                continue
            if len(self.picked.files) >= USED_MAX:
                raise Refused("too_many_sources", limit=USED_MAX)
            self.seen.add(entry.path)
            data = self._read(entry, self.picked.notes)
            if data is not None:
                taken[entry.name] = entry.path
                self.picked.files.append(SourceFile(entry.name, data))

    def _others(self) -> None:
        special = [e for e in self.entries if e.form is not Form.FILE and e.path not in self.seen]
        for entry in special[:_NAMED_MAX]:
            self.picked.notes.append(note("not_a_file", file=entry.path, what=entry.form.value))
        self.seen |= {e.path for e in special}
        ignored = [e.path for e in self.entries if e.path not in self.seen and not self._familiar(e.name)]
        if ignored:
            self.picked.notes.append(note("files_ignored", files=_some(ignored)))

    def _familiar(self, name: str) -> bool:
        stem = name.rpartition(".")[0] or name
        return name in self.wanted.familiar or name.endswith(_PRODUCT) or f"{stem}.c" in self.wanted.files and "." not in name

    def _rejected(self) -> Picked:
        """Nothing of the lab is left: the first file's own reason says more than that it is missing."""
        files = ", ".join(self.wanted.files)
        if self.left_out:
            self.picked.rejection = self.left_out[0]
        elif found := [e.path for e in self.listing.entries if not _hidden(e) and self._is_something(e)]:
            self.picked.rejection = note("no_file_of_the_lab", files=files, found=_some(found))
        else:
            self.picked.rejection = note("submission_empty", files=files)
        gone = ("file_absent", self.picked.rejection.code)
        self.picked.notes = [n for n in self.picked.notes if n.code not in gone or n in self.left_out[1:]]
        return self.picked


def _hidden(entry: Entry) -> bool:
    return any(map(is_junk, (*entry.folder, entry.name)))


def _some(paths: list[str]) -> str:
    named = ", ".join(sorted(paths)[:_NAMED_MAX])
    more = len(paths) - _NAMED_MAX
    return f"{named} and {more} more" if more > 0 else named
