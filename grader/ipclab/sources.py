"""What intake looks at in a source's bytes: can a compiler and a person read it as text? Nothing here judges the program."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ipclab.listing import Unreadable, note, size_text
from ipclab.model import Rejection

_UTF8_BOM = b"\xef\xbb\xbf"
_WIDE_BOMS = (b"\xff\xfe", b"\xfe\xff")  # UTF-16, and UTF-32's little-endian one starts alike
_WIDE_32 = b"\x00\x00\xfe\xff"
_BINARY = (
    (b"\x7fELF", "a program or object file"),
    (b"!<arch>\n", "a library"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an Office document"),
    (b"\x89PNG", "a picture"),
)
# Control characters that no C source needs; form feed and vertical tab are white space in C.
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
# Characters that make a line read as another one: embeddings, overrides and isolates of writing direction.
_DIRECTION = re.compile(rb"\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]")  # U+202A-202E, U+2066-2069
_BINARY_SHARE = 0.1  # of control characters: above it this is no text


@dataclass(frozen=True)
class Checked:
    data: bytes  # as it will be compiled
    notes: tuple[Rejection, ...]


def check(name: str, data: bytes) -> Checked:
    """The source as it will be compiled, and what is to be said about it. Unreadable when it is no text."""
    if data.startswith((*_WIDE_BOMS, _WIDE_32)) or _looks_wide(data):
        raise Unreadable("source_utf16", file=name)
    for magic, what in _BINARY:
        if data.startswith(magic):
            raise Unreadable("source_binary", file=name, what=what)
    notes = []
    if data.startswith(_UTF8_BOM):
        data = data.removeprefix(_UTF8_BOM)
        notes.append(note("source_bom", file=name))
    if not data.strip():
        notes.append(note("source_empty", file=name, size=size_text(len(data))))
    notes += _line_ends(name, data)
    notes += _characters(name, data)
    return Checked(data, tuple(notes))


def _looks_wide(data: bytes) -> bool:
    """UTF-16 without a mark: in C, which is ASCII, every other byte is zero."""
    even, odd = data[0:4096:2].count(0), data[1:4096:2].count(0)
    units = min(len(data), 4096) // 2
    return units >= 8 and len(data) % 2 == 0 and (even == 0 and odd > 0.9 * units or odd == 0 and even > 0.9 * units)


def _line_ends(name: str, data: bytes) -> list[Rejection]:
    """gcc takes CRLF as it is, and a CR alone as well: it ends a line, and a `//` comment with it."""
    pairs = data.count(b"\r\n")
    if pairs:
        return [note("source_crlf", file=name)]
    if data.count(b"\r") > 1 and b"\n" not in data:
        return [note("source_cr", file=name)]
    return []


def _characters(name: str, data: bytes) -> list[Rejection]:
    notes = []
    found = _CONTROL.findall(data)
    if len(found) > _BINARY_SHARE * len(data):
        raise Unreadable("source_binary", file=name, what="mostly control characters")
    if found:
        first = data.index(found[0])
        notes.append(
            note("source_control", file=name, line=_line(data, first), byte=f"0x{found[0][0]:02x}", count=len(found))
        )
    if turned := _DIRECTION.search(data):
        notes.append(note("source_direction", file=name, line=_line(data, turned.start())))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        notes.append(note("source_not_utf8", file=name, line=_line(data, error.start)))
    return notes


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1
