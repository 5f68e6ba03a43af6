"""Reads folders and files that somebody else may be changing: no link is followed, nothing but regular files is opened.

Each step goes from a descriptor to the next name (openat with O_NOFOLLOW), so swapping a folder for a link after it was
looked at leads nowhere. A FIFO or device is recognised by lstat and never opened; should one take a file's place in
between, O_NONBLOCK keeps the open from waiting and fstat tells.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ipclab.faults import GraderFault
from ipclab.listing import (
    DEPTH_MAX,
    LISTED_MAX,
    SOURCE_MAX,
    Entry,
    Form,
    Listing,
    Refused,
    Unreadable,
    is_junk,
    note,
    shown,
    too_large,
)
from ipclab.printable import clean

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC


def form_of(mode: int) -> Form:
    forms = {
        stat.S_IFREG: Form.FILE,
        stat.S_IFDIR: Form.FOLDER,
        stat.S_IFLNK: Form.LINK,
        stat.S_IFIFO: Form.FIFO,
        stat.S_IFSOCK: Form.SOCKET,
        stat.S_IFCHR: Form.DEVICE,
        stat.S_IFBLK: Form.DEVICE,
    }
    return forms.get(stat.S_IFMT(mode), Form.OTHER)


def reason(error: OSError, name: str) -> str:
    """Why something of a submission cannot be read. A machine in trouble is no submission's fault: GraderFault."""
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.ESTALE):
        raise GraderFault(f"cannot read {clean(shown(name), limit=200)}: {os.strerror(error.errno)}") from error
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return "it changed while it was read" if error.errno == errno.ENOTDIR else "it is no regular file"
    return os.strerror(error.errno or 0)


@contextmanager
def opened_folder(path: Path | str, dir_fd: int | None = None) -> Iterator[int]:
    fd = os.open(path, _FOLDER, dir_fd=dir_fd)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def opened_file(path: Path | str, dir_fd: int | None = None) -> Iterator[tuple[int, int]]:
    """A regular file's descriptor and size. OSError, with ELOOP for what is no regular file."""
    if not stat.S_ISREG(os.lstat(path, dir_fd=dir_fd).st_mode):
        raise OSError(errno.ELOOP, "not a regular file")
    fd = os.open(path, _FILE, dir_fd=dir_fd)
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.ELOOP, "not a regular file")
        yield fd, status.st_size
    finally:
        os.close(fd)


def read_up_to(fd: int, most: int) -> bytes:
    """All of a file, but at most `most` bytes, whatever its size was said to be."""
    chunks, left = [], most
    while left > 0 and (chunk := os.read(fd, min(left, 1 << 20))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def scan(fd: int, folder: tuple[str, ...] = (), room: int = LISTED_MAX) -> list[Entry]:
    """What lies directly in a folder, by name; Refused when it is more than `room`."""
    entries = []
    with os.scandir(fd) as found:
        for item in found:
            if is_junk(item.name):
                continue
            if len(entries) >= room:
                raise Refused("too_many_files", limit=LISTED_MAX)
            try:
                status = item.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            entries.append(Entry(folder, item.name, form_of(status.st_mode), status.st_size))
    return sorted(entries, key=lambda e: os.fsencode(e.name))


def list_folder(root: int) -> Listing:
    """All that lies in the folder or at most DEPTH_MAX folders deep. `root` has to stay open while the listing is used."""
    listing = Listing([], lambda entry: read_entry(root, entry))
    todo: list[tuple[str, ...]] = [()]
    while todo:
        folder = todo.pop(0)
        try:
            with _walked(root, folder) as fd:
                found = scan(fd, folder, LISTED_MAX - len(listing.entries))
        except OSError as error:
            listing.notes.append(note("folder_unreadable", folder="/".join(folder), why=reason(error, "/".join(folder))))
            continue
        listing.entries += found
        if len(folder) < DEPTH_MAX:
            todo += [(*folder, e.name) for e in found if e.form is Form.FOLDER]
    return listing


@contextmanager
def _walked(root: int, folder: tuple[str, ...]) -> Iterator[int]:
    fd = os.dup(root)
    try:
        for name in folder:
            below = os.open(name, _FOLDER, dir_fd=fd)
            os.close(fd)
            fd = below
        yield fd
    finally:
        os.close(fd)


def read_entry(root: int, entry: Entry) -> bytes:
    if entry.size > SOURCE_MAX:
        raise too_large(entry.name, entry.size)
    try:
        with _walked(root, entry.folder) as folder, opened_file(entry.name, folder) as (fd, _):
            data = read_up_to(fd, SOURCE_MAX + 1)
    except OSError as error:
        raise Unreadable("file_unreadable", file=entry.name, why=reason(error, entry.path)) from error
    if len(data) > SOURCE_MAX:
        raise too_large(entry.name, len(data))
    return data
