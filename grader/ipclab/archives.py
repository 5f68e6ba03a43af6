"""Lists a .zip or .tar (plain, .gz, .xz, .bz2) that may be hostile, and reads single files of it into memory.

What it is is told by its content, not by its name. Zip goes through zipfile, once the number of its entries is known to be
sane. Tar is read by a small reader of our own, forwards only: tarfile of the Pythons in use can be led into loops and into
quadratic regular expressions by a crafted header, and offers no cap.
"""

from __future__ import annotations

import bz2
import io
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from ipclab.folders import form_of, read_up_to
from ipclab.listing import (
    LISTED_MAX,
    RATIO_FROM,
    RATIO_MAX,
    SOURCE_MAX,
    TOTAL_MAX,
    Entry,
    Form,
    Listing,
    Refused,
    is_junk,
    size_text,
    too_large,
)

BLOCK = 512
HEAD = 2 * BLOCK  # bytes that tell what a file is
_CHUNK = 1 << 16
_LONG_NAME_MAX = 1 << 16
_MEMORY_MAX = 128 << 20  # of the xz decoder

Wanted = Callable[[str], bool]


# ---- what is it ----------------------------------------------------------------------------------

_PACKED = ((b"\x1f\x8b", "gz"), (b"\xfd7zXZ\x00", "xz"), (b"BZh", "bz2"))
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_FOREIGN = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd"),
    (b"\x1f\x9d", "packed with compress"),
    (b"LZIP", "packed with lzip"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program or object file"),
    (b"\xd0\xcf\x11\xe0", "an Office document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def kind(head: bytes) -> str | None:
    """zip, gz, xz, bz2 or tar, from a file's first HEAD bytes; None when it is no archive that we take."""
    if head.startswith(_ZIP):
        return "zip"
    for magic, name in _PACKED:
        if head.startswith(magic):
            return name
    if len(head) >= BLOCK and (_checksum_fits(head[:BLOCK]) or (len(head) == HEAD and not any(head))):
        return "tar"
    return None


def foreign(head: bytes) -> str | None:
    """What a file is that is no archive of ours, in words, if that can be told."""
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            return what
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:100].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return None


def list_archive(fd: int, size: int, name: str, wanted: Wanted) -> Listing:
    """The archive in an open regular file. Of a tar only files that are `wanted` by name can be read afterwards."""
    if size > TOTAL_MAX:
        raise Refused("archive_too_large", archive=name, size=size_text(size), limit=size_text(TOTAL_MAX))
    data = read_up_to(fd, TOTAL_MAX)
    what = kind(data[:HEAD])
    if not data:
        raise Refused("archive_empty", archive=name)
    if what is None:
        raise Refused("not_an_archive", archive=name, what=foreign(data[:HEAD]))
    if what == "zip":
        return _Zip(data, name).listing()
    return _tar_listing(_Stream(data, what, name), wanted)


@dataclass
class _Tally:
    """Keeps the caps while an archive is listed."""

    archive: str
    packed: int
    listed: int = 0
    total: int = 0

    def count(self, size: int) -> None:
        self.listed += 1
        self.total += size
        if self.listed > LISTED_MAX:
            raise Refused("too_many_files", limit=LISTED_MAX)
        self.check(self.total)

    def check(self, unpacked: int) -> None:
        limit = size_text(TOTAL_MAX)
        if unpacked > RATIO_FROM and unpacked > RATIO_MAX * self.packed:
            raise Refused("archive_bomb", archive=self.archive, packed=size_text(self.packed), unpacked=size_text(unpacked))
        if unpacked > TOTAL_MAX:
            raise Refused("archive_unpacks_too_large", archive=self.archive, limit=limit)


def _parts(name: str, archive: str) -> tuple[str, ...]:
    """The folders and the name of an entry; Refused when it leads out of the archive."""
    parts = tuple(p for p in name.split("/") if p not in ("", "."))
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:[/\\]", name):
        raise Refused("archive_climbs", archive=archive, name=name)
    return parts


def _without_top(entries: list[Entry]) -> list[Entry]:
    """Looks through a single folder that holds everything."""
    useful = [e for e in entries if not any(map(is_junk, (*e.folder, e.name)))]
    tops = {(e.folder or (e.name,))[0] for e in useful if e.folder or e.form is Form.FOLDER}
    if len(tops) != 1 or any(not e.folder and e.form is not Form.FOLDER for e in useful):
        return useful
    return [replace(e, folder=e.folder[1:]) for e in useful if e.folder]


# ---- zip -----------------------------------------------------------------------------------------

_CENTRAL = b"PK\x01\x02"
_ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, UnicodeDecodeError, struct.error, ValueError, OverflowError, OSError)
_WINDOWS = (0, 10)  # create_system: such tools may write \ for /
_ENCRYPTED = 0x1 | 0x40 | 0x2000


@dataclass
class _Zip:
    data: bytes
    name: str

    def listing(self) -> Listing:
        # zipfile keeps an object of every entry, so their number is bounded first: each starts with this mark
        if self.data.count(_CENTRAL) > LISTED_MAX:
            raise Refused("too_many_files", limit=LISTED_MAX)
        try:
            self.file = zipfile.ZipFile(io.BytesIO(self.data))
        except NotImplementedError as error:
            raise Refused("archive_unsupported", archive=self.name) from error
        except _ZIP_ERRORS as error:
            raise Refused("archive_corrupt", archive=self.name) from error
        tally = _Tally(self.name, len(self.data))
        entries = []
        for info in self.file.infolist():
            tally.count(info.file_size)
            parts = _parts(self._path(info), self.name)
            if parts:
                entries.append(Entry(parts[:-1], parts[-1], self._form(info), info.file_size, info))
        return Listing(_without_top(entries), self._read)

    @staticmethod
    def _path(info: zipfile.ZipInfo) -> str:
        return info.filename.replace("\\", "/") if info.create_system in _WINDOWS else info.filename

    def _form(self, info: zipfile.ZipInfo) -> Form:
        mode = info.external_attr >> 16
        if stat.S_IFMT(mode) and form_of(mode) is not Form.FILE:
            return form_of(mode)
        return Form.FOLDER if self._path(info).endswith("/") else Form.FILE

    def _read(self, entry: Entry) -> bytes:
        info = entry.key
        assert isinstance(info, zipfile.ZipInfo)
        if info.flag_bits & _ENCRYPTED:
            raise Refused("archive_password", archive=self.name)
        if entry.size > SOURCE_MAX:
            raise too_large(entry.name, entry.size)
        # the other methods can turn a few bytes into very many in one step
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused("archive_unsupported", archive=self.name)
        try:
            with self.file.open(info) as stream:
                return stream.read(SOURCE_MAX)
        except NotImplementedError as error:
            raise Refused("archive_unsupported", archive=self.name) from error
        except _ZIP_ERRORS as error:
            raise Refused("archive_corrupt", archive=self.name) from error


# ---- streams -------------------------------------------------------------------------------------


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's decoder with the manners of those of lzma and bz2."""

    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        return not self._decoder.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)


def _decoder(what: str) -> _Decoder:
    if what == "gz":
        return _Gzip()
    return bz2.BZ2Decompressor() if what == "bz2" else lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY_MAX)


class _Stream:
    """The unpacked bytes of an archive, forwards, within the caps."""

    def __init__(self, data: bytes, what: str, name: str) -> None:
        self.name = name
        self.tally = _Tally(name, len(data))
        self._chunks = self._plain(data) if what == "tar" else self._unpacked(data, what)
        self._buffer = b""
        self._given = 0

    def _plain(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _CHUNK):
            yield data[start : start + _CHUNK]

    def _unpacked(self, data: bytes, what: str) -> Iterator[bytes]:
        decoder, at = _decoder(what), 0
        magic = next(m for m, name in _PACKED if name == what)
        while True:
            if decoder.eof:
                # files of these formats may be put one after another; zeros and other rubbish at the end mean nothing
                at -= len(decoder.unused_data)
                if not data.startswith(magic, at):
                    return
                decoder = _decoder(what)
            chunk = data[at : at + _CHUNK] if decoder.needs_input else b""
            at += len(chunk)
            try:
                unpacked = decoder.decompress(chunk, _CHUNK)
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
                raise self.corrupt() from error
            if unpacked:
                yield unpacked
            elif not chunk and not decoder.eof:
                raise self.corrupt()

    def corrupt(self) -> Refused:
        return Refused("archive_corrupt", archive=self.name)

    def read(self, size: int, keep: bool = True) -> bytes:
        """The next `size` bytes (without `keep`: passes over them). Refused when they are not there."""
        parts, left = [], size
        while left > 0:
            if not self._buffer:
                self._buffer = next(self._chunks, b"")
                self._given += len(self._buffer)
                self.tally.check(self._given - min(self._given, LISTED_MAX * BLOCK))
                if not self._buffer:
                    raise self.corrupt()
            part, self._buffer = self._buffer[:left], self._buffer[left:]
            left -= len(part)
            if keep:
                parts.append(part)
        return b"".join(parts)

    def drain(self) -> None:
        """Reads to the end: only there a packed stream says whether all of it was right."""
        self._buffer = b""
        for chunk in self._chunks:
            self._given += len(chunk)
            self.tally.check(self._given - min(self._given, LISTED_MAX * BLOCK))


# ---- tar (POSIX.1-2001 pax, ustar, GNU) ------------------------------------------------------------

_TYPES = {
    b"0": Form.FILE, b"\0": Form.FILE, b"7": Form.FILE, b"1": Form.HARD_LINK, b"2": Form.LINK,
    b"3": Form.DEVICE, b"4": Form.DEVICE, b"5": Form.FOLDER, b"6": Form.FIFO, b"S": Form.OTHER, b"M": Form.OTHER,
}  # fmt: skip


def _checksum_fits(block: bytes) -> bool:
    try:
        said = int(block[148:156].strip(b" \0") or b"x", 8)
    except ValueError:
        return False
    plain = block[:148] + b" " * 8 + block[156:]
    # some old tars summed signed bytes
    return said in (sum(plain), sum(b - 256 if b > 127 else b for b in plain))


def _number(field: bytes) -> int:
    """A number of a header; -1 when it is none."""
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big") if field[0] == 0x80 else -1
    digits = field.split(b"\0")[0].strip()
    try:
        return int(digits or b"0", 8)
    except ValueError:
        return -1


def _pax(data: bytes) -> dict[bytes, bytes]:
    """The records `LENGTH KEY=VALUE\\n` of an extended header; stops at the first that is none."""
    records: dict[bytes, bytes] = {}
    at = 0
    while at < len(data):
        blank = data.find(b" ", at, at + 10)
        if blank < 0 or not data[at:blank].isdigit():
            break
        end = at + int(data[at:blank])
        key, equals, value = data[blank + 1 : end - 1].partition(b"=")
        if not equals or data[end - 1 : end] != b"\n":
            break
        records[key] = value
        at = end
    return records


@dataclass
class _Header:
    name: bytes
    type: bytes
    size: int
    block: bytes


def _header(block: bytes) -> _Header:
    name = block[:100].split(b"\0")[0]
    prefix = block[345:500].split(b"\0")[0] if block[257:263] == b"ustar\0" else b""
    return _Header(prefix + b"/" + name if prefix else name, block[156:157], _number(block[124:136]), block)


def _tar_members(stream: _Stream) -> Iterator[tuple[_Header, bool]]:
    """Headers with long names and sizes put in, and whether the file is sparse; the stream stands before the data."""
    extra: dict[bytes, bytes] = {}
    while any(block := stream.read(BLOCK)):
        if not _checksum_fits(block):
            if not stream.tally.listed:
                raise Refused("not_an_archive", archive=stream.name, what="one packed file, without a tar archive in it")
            raise stream.corrupt()
        header = _header(block)
        if header.size < 0:
            raise stream.corrupt()
        if header.type in b"xXgLK":
            stream.tally.count(0)
            if header.size > _LONG_NAME_MAX:
                raise stream.corrupt()
            data = stream.read(-(-header.size // BLOCK) * BLOCK)[: header.size]
            if header.type in b"xX":
                extra |= _pax(data)
            elif header.type == b"L":
                extra[b"path"] = data.split(b"\0")[0]
            continue
        header.name = extra.get(b"path", header.name)
        size = extra.get(b"size", b"")
        header.size = int(size) if size.isdigit() and len(size) < 20 else header.size
        sparse = any(key.startswith(b"GNU.sparse.") for key in extra)
        extra = {}
        yield header, sparse


def _tar_listing(stream: _Stream, wanted: Wanted) -> Listing:
    entries = []
    for header, sparse in _tar_members(stream):
        form = _TYPES.get(header.type)
        name = header.name.decode("utf-8", "surrogateescape")
        if form is Form.FILE and name.endswith("/"):
            form = Form.FOLDER
        # links and special files may tell a size, but no data follows
        stored = 0 if form in (Form.LINK, Form.HARD_LINK, Form.DEVICE, Form.FIFO, Form.FOLDER) else header.size
        if form is Form.OTHER and header.type == b"S":
            _pass_sparse_map(stream, header.block)
        stream.tally.count(stored)
        parts = _parts(name, stream.name)
        keep = form is Form.FILE and not sparse and bool(parts) and wanted(parts[-1]) and stored <= SOURCE_MAX
        data = stream.read(stored, keep)
        stream.read(-stored % BLOCK, keep=False)
        if form is not None and parts:
            entries.append(Entry(parts[:-1], parts[-1], Form.OTHER if sparse else form, stored, data if keep else None))
    stream.drain()
    return Listing(_without_top(entries), _read_kept)


def _pass_sparse_map(stream: _Stream, block: bytes) -> None:
    more = block[482]
    while more:
        more = stream.read(BLOCK)[504]


def _read_kept(entry: Entry) -> bytes:
    if entry.size > SOURCE_MAX:
        raise too_large(entry.name, entry.size)
    assert isinstance(entry.key, bytes), entry.name
    return entry.key


def head_of(fd: int) -> bytes:
    """The bytes that `kind` needs, without moving in the file."""
    return os.pread(fd, HEAD, 0)
