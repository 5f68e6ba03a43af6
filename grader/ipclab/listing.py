"""What a submission holds before anything of it is chosen: entries with a place, a kind and a size, and a way to read one.

`folders.py` lists a directory, `archives.py` an archive; `picking.py` chooses from either. Nothing is unpacked to disk.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field

from ipclab.model import Rejection

# Caps. The first three are far above what a lab asks for and far below what hurts.
LISTED_MAX = 10_000  # entries that are looked at
USED_MAX = 200  # files that are taken
SOURCE_MAX = 5_000_000 - 1  # bytes of one source file: "a 5 MB source" is too large, whichever MB is meant
TOTAL_MAX = 32 << 20  # bytes of an archive, of all it unpacks to, and of all files taken from a folder
RATIO_FROM = 8 << 20  # an archive that unpacks to more than this …
RATIO_MAX = 200  # … may not be packed tighter than this
DEPTH_MAX = 2  # folders around a file, a single top folder not counted


class Refused(Exception):
    """The whole submission cannot be used; `why` goes into its rejection."""

    def __init__(self, code: str, **args: object) -> None:
        self.why = note(code, **args)
        super().__init__(code)


class Unreadable(Exception):
    """One file cannot be used; `why` goes into a note."""

    def __init__(self, code: str, **args: object) -> None:
        self.why = note(code, **args)
        super().__init__(code)


class Form(enum.Enum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "symbolic link"
    HARD_LINK = "hard link"
    FIFO = "FIFO"
    SOCKET = "socket"
    DEVICE = "device"
    OTHER = "special file"


@dataclass(frozen=True)
class Entry:
    folder: tuple[str, ...]
    name: str
    form: Form
    size: int = 0
    key: object = None  # what the listing needs to read it

    @property
    def path(self) -> str:
        return "/".join((*self.folder, self.name))


@dataclass
class Listing:
    """`read` gives at most SOURCE_MAX bytes of a FILE, or raises Unreadable (this file) or Refused (all)."""

    entries: list[Entry]
    read: Callable[[Entry], bytes]
    notes: list[Rejection] = field(default_factory=list)


def shown(name: str) -> str:
    """A name as text that every encoder takes; bytes that are no UTF-8 become \\xNN."""
    return name.encode("utf-8", "surrogateescape" if _escaped(name) else "backslashreplace").decode("utf-8", "backslashreplace")


def _escaped(name: str) -> bool:
    """True if all surrogates of a name stand for bytes, as os.fsdecode makes them."""
    return all("\udc80" <= c <= "\udcff" for c in name if "\ud800" <= c <= "\udfff")


def note(code: str, **args: object) -> Rejection:
    return Rejection(code, {name: shown(str(value)) for name, value in args.items() if value not in (None, "")})


def size_text(size: int) -> str:
    """A size for people: 812 bytes, 4.1 KiB, 5 MiB."""
    if size < 1024:
        return "1 byte" if size == 1 else f"{size} bytes"
    for unit, factor in (("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)):
        if size < factor << 10 or unit == "GiB":
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    raise AssertionError


def too_large(name: str, size: int) -> Unreadable:
    return Unreadable("source_too_large", file=name, size=size_text(size))


def is_junk(name: str) -> bool:
    """What systems and editors leave, and hidden files: looked through without a word."""
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini")
