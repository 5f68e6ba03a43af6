"""From paths that somebody named to submissions: what is one submission, what is a class, and what cannot be used.

A PATH may be
- a directory that has a file of the lab directly in it, or nothing but loose files: one submission;
- a directory without a file of the lab in it, but with folders or archives: a class, each of those one submission.
  Tables and texts beside them (.csv, .txt, …) are the class's own papers; any other file is a submission that cannot be used;
- an archive, told by its content: one submission;
- .c files: those that are files of the lab and lie in the same directory belong together, with the headers beside them,
  and the directory gives the name. A .c file of another name is a submission that cannot be used.
Inside a submission files may lie up to two folders deep. A folder that has no file of the lab but one archive (what some
LMS export for each student) is that archive.

Links are not followed, at any depth, the PATH itself included. A hard link in an archive is refused; one in a directory is a
regular file like any other: there is nothing to follow. Whatever is wrong with one submission is in its rejection or its
notes, and the others go on. Only a PATH that is not there at all is the caller's mistake: UsageFault.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ipclab import archives, folders
from ipclab.faults import UsageFault
from ipclab.listing import Entry, Form, Listing, Refused, note, shown
from ipclab.model import Lab, Rejection, SourceFile, Submission
from ipclab.picking import Picked, Wanted, pick
from ipclab.printable import clean

ID_MAX = 80
_ARCHIVE_NAME = re.compile(r"(.+?)(\.tar)?\.(zip|tar|tgz|txz|tbz2?|gz|xz|bz2|7z|rar|zst)", re.IGNORECASE | re.DOTALL)
_PAPERS = (".csv", ".tsv", ".txt", ".md", ".html", ".htm", ".json", ".yml", ".yaml", ".xlsx", ".ods", ".log", ".xml")


@dataclass(frozen=True)
class Who:
    """Whose submission it is, as far as a name tells."""

    student: str
    students: tuple[str, ...] = ()
    group: str | None = None
    submitted_at: str | None = None
    attempt: int | None = None


Naming = Callable[[str], Who]


def plain_name(name: str) -> Who:
    """The name of a folder or archive is the student's. An LMS's way of naming is another function like this one."""
    return Who(name)


def take_in(paths: Iterable[Path], lab: Lab, naming: Naming = plain_name) -> list[Submission]:
    """The submissions in the order of the paths, those of a class by name. Raises UsageFault for a PATH that is not there."""
    wanted = Wanted.of(lab)
    found: list[_Found] = []
    for group in _grouped(_there(paths), wanted):
        found += group()
    ids: set[str] = set()
    return [_submission(one, naming, ids) for one in found]


# ---- submissions -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    name: str
    picked: Picked


def _submission(found: _Found, naming: Naming, ids: set[str]) -> Submission:
    who, picked = naming(shown(found.name)), found.picked
    files = () if picked.rejection else tuple(picked.files)
    return Submission(
        id=_unique(_safe(who.student), ids),
        student=who.student,
        files=files,
        sha256=digest(files),
        rejection=picked.rejection,
        notes=tuple(picked.notes),
        students=who.students,
        group=who.group,
        submitted_at=who.submitted_at,
        attempt=who.attempt,
    )


def digest(files: Iterable[SourceFile]) -> str:
    """SHA-256 over names, lengths and bytes, in order of name; each name ends with NUL, so nothing can be shifted."""
    total = hashlib.sha256()
    for file in sorted(files, key=lambda f: f.name.encode()):
        total.update(b"%s\0%d\0" % (file.name.encode(), len(file.data)))
        total.update(file.data)
    return total.hexdigest()


def _safe(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip(".-")[:ID_MAX].rstrip(".-") or "submission"


def _unique(base: str, taken: set[str]) -> str:
    """Unique without regard to case: an id names files, on file systems that may not tell one from the other."""
    candidate, number = base, 1
    while candidate.lower() in taken:
        number += 1
        candidate = f"{base[: ID_MAX - len(str(number)) - 1]}-{number}"
    taken.add(candidate.lower())
    return candidate


def _guarded(name: str, work: Callable[[], Picked]) -> _Found:
    """One submission, whatever happens while it is read."""
    try:
        return _Found(name, work())
    except Refused as refused:
        return _Found(name, Picked(rejection=refused.why))
    except OSError as error:
        return _Found(name, Picked(rejection=_trouble(name, error)))


def _trouble(name: str, error: OSError) -> Rejection:
    return note("submission_unreadable", name=name, why=folders.reason(error, name))


# ---- paths -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Path:
    path: Path
    folder: str  # where it lies, without links
    name: str
    form: Form
    trouble: Rejection | None = None


def _there(paths: Iterable[Path]) -> list[_Path]:
    """Each path once, with what it is."""
    result: dict[str, _Path] = {}
    for path in paths:
        folder, name = _place(path)
        key = os.path.join(folder, name)
        name = name or "submission"
        try:
            result.setdefault(key, _Path(path, folder, name, folders.form_of(os.lstat(path).st_mode)))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UsageFault(f"there is no file or folder {clean(shown(str(path)), limit=200)}") from error
        except ValueError as error:  # a NUL in the name
            raise UsageFault(f"this cannot be a path: {clean(shown(str(path)), limit=200)}") from error
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise UsageFault(f"this path is too long: {clean(shown(str(path)), limit=80)}") from error
            result.setdefault(key, _Path(path, folder, name, Form.OTHER, _trouble(name, error)))
    return list(result.values())


def _place(path: Path) -> tuple[str, str]:
    """The folder of a path, links on the way resolved, and its name. The path itself may be a link and stays one."""
    try:
        if path.name in ("", ".."):
            return os.path.split(os.path.realpath(path))
        return os.path.realpath(path.parent), path.name
    except ValueError:  # a NUL in the name: lstat will say so
        return "", path.name


def _grouped(paths: list[_Path], wanted: Wanted) -> Iterator[Callable[[], list[_Found]]]:
    """The work to do for each path, or for the loose files of one directory together (in the place of the first)."""
    loose: dict[str, list[_Path]] = {}
    for path in paths:
        if _is_loose(path, wanted):
            loose.setdefault(path.folder, []).append(path)
    for path in paths:
        if _is_loose(path, wanted):
            if loose[path.folder][0] is path:
                yield functools.partial(_loose_files, path.folder, loose[path.folder], wanted)
        elif not (path.name.endswith(".h") and path.folder in loose):
            yield functools.partial(_one_path, path, wanted)


def _is_loose(path: _Path, wanted: Wanted) -> bool:
    return path.form is not Form.FOLDER and path.trouble is None and wanted.is_lab_file(path.name)


def _loose_files(folder: str, paths: list[_Path], wanted: Wanted) -> list[_Found]:
    names = {path.name for path in paths}

    def work() -> Picked:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            here = folders.scan(fd)
            chosen = [e for e in here if e.name in names or (e.form is Form.FILE and e.name.endswith(".h"))]
            return pick(Listing(chosen, lambda entry: folders.read_entry(fd, entry)), wanted)
        finally:
            os.close(fd)

    return [_guarded(os.path.basename(folder) or "submission", work)]


def _one_path(path: _Path, wanted: Wanted) -> list[_Found]:
    if path.trouble is not None:
        return [_Found(path.name, Picked(rejection=path.trouble))]
    if path.form is not Form.FOLDER:
        return [_file(path.path, None, path.name, path.form, wanted)]
    try:
        with folders.opened_folder(path.path) as fd:
            entries = folders.scan(fd)
            if _is_class(fd, entries, wanted):
                return [_member(fd, entry, wanted) for entry in entries if not _is_paper(entry)]
            return [_guarded(path.name, lambda: _folder(fd, path.name, wanted))]
    except Refused as refused:
        return [_Found(path.name, Picked(rejection=refused.why))]
    except OSError as error:
        return [_Found(path.name, Picked(rejection=_trouble(path.name, error)))]


def _is_class(fd: int, entries: list[Entry], wanted: Wanted) -> bool:
    if any(wanted.is_lab_file(entry.name) for entry in entries):
        return False
    return any(e.form is Form.FOLDER or (e.form is Form.FILE and _is_archive(fd, e.name)) for e in entries)


def _is_archive(fd: int, name: str) -> bool:
    """By content; one that is broken or of another kind shows by its name that it should be one."""
    try:
        with folders.opened_file(name, fd) as (file, _):
            return archives.kind(archives.head_of(file)) is not None or _ARCHIVE_NAME.fullmatch(name) is not None
    except OSError:
        return _ARCHIVE_NAME.fullmatch(name) is not None


def _is_paper(entry: Entry) -> bool:
    return entry.form is Form.FILE and entry.name.lower().endswith(_PAPERS)


def _member(parent: int, entry: Entry, wanted: Wanted) -> _Found:
    if entry.form is not Form.FOLDER:
        return _file(entry.name, parent, entry.name, entry.form, wanted)

    def work() -> Picked:
        with folders.opened_folder(entry.name, parent) as fd:
            return _folder(fd, entry.name, wanted)

    return _guarded(entry.name, work)


def _folder(fd: int, name: str, wanted: Wanted) -> Picked:
    listing = folders.list_folder(fd)
    files = [e for e in listing.entries if e.form is Form.FILE]
    if not any(wanted.is_lab_file(e.name) for e in listing.entries):
        packed = [e for e in files if not e.folder and _is_archive(fd, e.name)]
        if len(packed) == 1:
            with folders.opened_file(packed[0].name, fd) as (file, size):
                return pick(archives.list_archive(file, size, packed[0].name, wanted.may_be_read), wanted)
    return pick(listing, wanted)


def _file(path: Path | str, dir_fd: int | None, name: str, form: Form, wanted: Wanted) -> _Found:
    """A file that is a submission of its own: an archive, or nothing that can be used."""
    match = _ARCHIVE_NAME.fullmatch(name)
    student = match[1] if match else name

    def work() -> Picked:
        if form is not Form.FILE:
            raise Refused("not_a_submission", name=name, what=form.value)
        with folders.opened_file(path, dir_fd) as (fd, size):
            head = archives.head_of(fd)
            if name.endswith((".c", ".h")) and archives.kind(head) is None:
                raise Refused("no_file_of_the_lab", files=", ".join(wanted.files), found=name)
            return pick(archives.list_archive(fd, size, name, wanted.may_be_read), wanted)

    return _guarded(student, work)
