"""Archives, honest, broken and hostile, made byte by byte: each gets the word that fits, quickly, and none gets out of itself."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import stat
import struct
import subprocess
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipclab import archives, catalogue, folders
from ipclab import listing as listing_module
from ipclab.listing import LISTED_MAX, Form, Listing, Refused, Unreadable
from ipclab.model import Submission

ECHO = b"int main(void) { return 0; }\n"
TWICE = b"int64_t twice(int64_t x) { return 2 * x; }\n"
GOOD = {"echo.c": ECHO, "twice.c": TWICE}


def zip_of(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return out.getvalue()


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, len(data)
    info.mode = 0o666
    return info, data


def tar_of(files: dict[str, bytes] | Iterable[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    members = [member(n, d) for n, d in files.items()] if isinstance(files, dict) else files
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.fixture
def take_archive(tmp_path: Path, take_one) -> Callable[..., Submission]:
    def take(data: bytes, name: str = "alice.zip") -> Submission:
        path = tmp_path / name
        path.write_bytes(data)
        return take_one(path)

    return take


def names(submission: Submission) -> list[str]:
    return [f.name for f in submission.files]


def refused(submission: Submission) -> str:
    """The code of its rejection; the message is there and clean."""
    assert submission.rejection is not None, submission
    assert submission.files == ()
    text = catalogue.sentence(submission.rejection.code, submission.rejection.args)
    assert text.isprintable() and catalogue.hint(submission.rejection.code, submission.rejection.args)
    return submission.rejection.code


# ---- honest ------------------------------------------------------------------------------------------

PACKED: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "zip": zip_of,
    "zip stored": lambda files: zip_of(files, zipfile.ZIP_STORED),
    "tar": tar_of,
    "tar ustar": lambda files: tar_of(files, tarfile.USTAR_FORMAT),
    "tar gnu": lambda files: tar_of(files, tarfile.GNU_FORMAT),
    "tar.gz": lambda files: gzip.compress(tar_of(files)),
    "tar.xz": lambda files: lzma.compress(tar_of(files)),
    "tar.bz2": lambda files: bz2.compress(tar_of(files)),
    "two gzip streams": lambda files: gzip.compress(tar_of(files)[:700]) + gzip.compress(tar_of(files)[700:]),
    "gzip and zeros": lambda files: gzip.compress(tar_of(files)) + bytes(600),
}


@pytest.mark.parametrize("form", PACKED)
@pytest.mark.parametrize("top", ["", "alice/", "./", "a b/c/", "x" * 120 + "/"])
@pytest.mark.parametrize("name", ["alice.zip", "alice.tar.gz", "alice"])
def test_an_archive_is_told_by_its_content(take_archive, form: str, top: str, name: str) -> None:
    s = take_archive(PACKED[form]({top + n: d for n, d in GOOD.items()}), name)
    assert (s.id, names(s), s.rejection, s.notes) == ("alice", ["echo.c", "twice.c"], None, ())
    assert [f.data for f in s.files] == [ECHO, TWICE]


@pytest.mark.parametrize("tool", ["zip -qr - alice", "tar cf - alice", "tar czf - alice", "tar cJf - alice", "tar cf - --format=v7 alice"])
def test_what_the_usual_tools_make_is_taken(tmp_path: Path, take_archive, tool: str) -> None:
    folder = tmp_path / "alice"
    folder.mkdir()
    for name, data in GOOD.items():
        (folder / name).write_bytes(data)
    packed = subprocess.run(tool.split(), cwd=tmp_path, capture_output=True, check=True, timeout=30).stdout
    s = take_archive(packed, "x.bin")
    assert (names(s), s.notes) == (["echo.c", "twice.c"], ())


def test_what_systems_add_is_looked_through(take_archive) -> None:
    extra = {"__MACOSX/alice/._echo.c": b"\0\5", ".DS_Store": b"x", "alice/.DS_Store": b"x", "alice/._twice.c": b"\0", "Thumbs.db": b""}
    for pack in (zip_of, tar_of):
        s = take_archive(pack(extra | {f"alice/src/{n}": d for n, d in GOOD.items()}))
        assert (names(s), s.notes) == (["echo.c", "twice.c"], ())


def test_names_with_backslashes_of_a_windows_zip_are_paths(take_archive) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, data in GOOD.items():
            info = zipfile.ZipInfo("alice/" + name)
            info.create_system = 0
            info.filename = info.orig_filename = "alice\\" + name
            file.writestr(info, data)
    s = take_archive(out.getvalue())
    assert (names(s), s.rejection) == (["echo.c", "twice.c"], None)


def test_a_name_that_is_there_twice_means_the_last(take_archive) -> None:
    twice = [member("echo.c", b"int old;\n"), member("twice.c", TWICE), member("echo.c", ECHO)]
    with pytest.warns(UserWarning, match="Duplicate name"):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            for info, data in twice:
                file.writestr(info.name, data)
    for packed in (out.getvalue(), tar_of(twice)):
        s = take_archive(packed)
        assert s.files[0].data == ECHO
        assert [n.code for n in s.notes] == ["file_twice"]


# ---- broken ------------------------------------------------------------------------------------------


NOT_TAKEN = {
    "0 bytes": (b"", "archive_empty"),
    "text": (b"hello\n", "not_an_archive"),
    "zip's first bytes": (b"PK\3\4", "archive_corrupt"),
    "7z": (b"7z\xbc\xaf\x27\x1c" + bytes(600), "not_an_archive"),
    "one gzip file": (gzip.compress(random.Random(1).randbytes(2000)), "not_an_archive"),
    "one short gzip file": (gzip.compress(b"x"), "archive_corrupt"),
    "bad gzip": (b"\x1f\x8b" + b"\xff" * 2000, "archive_corrupt"),
    "bad xz": (b"\xfd7zXZ\0" + bytes(2000), "archive_corrupt"),
    "bad bzip2": (b"BZh9" + bytes(2000), "archive_corrupt"),
    "empty zip": (zip_of({}), "submission_empty"),
    "empty tar": (tar_of({}), "submission_empty"),
    "empty tar.gz": (gzip.compress(tar_of({})), "submission_empty"),
    "zeros": (bytes(600), "not_an_archive"),
    "no file of the lab": (zip_of({"notes.txt": b"hi"}), "no_file_of_the_lab"),
    "too deep in tar": (tar_of({"a/b/c/d/echo.c": ECHO, "e.txt": b""}), "no_file_of_the_lab"),
    "too deep in zip": (zip_of({"t/a/b/c/echo.c": ECHO}), "no_file_of_the_lab"),
    "archive in an archive": (zip_of({"inner.zip": zip_of(GOOD)}), "no_file_of_the_lab"),
}


@pytest.mark.parametrize("what", NOT_TAKEN)
def test_what_is_no_archive_or_holds_nothing_is_told(take_archive, what: str) -> None:
    data, code = NOT_TAKEN[what]
    assert refused(take_archive(data)) == code


@pytest.mark.parametrize("form", ["zip", "zip stored", "tar", "tar.gz", "tar.xz", "tar.bz2"])
def test_a_truncated_archive_is_never_taken_for_less(take_archive, form: str) -> None:
    whole = PACKED[form](GOOD | {"pad.txt": random.Random(2).randbytes(3000)})
    # a plain tar may lose its padding unnoticed: what is missing says nothing
    end = len(whole.rstrip(b"\0")) if form == "tar" else len(whole)
    for cut in {1, 5, end // 3, end // 2, end - 40, end - 9, end - 1}:
        assert refused(take_archive(whole[:cut])) in ("archive_corrupt", "not_an_archive"), cut


@pytest.mark.parametrize("form", ["zip", "zip stored", "tar.gz", "tar.xz", "tar.bz2"])
def test_a_flipped_bit_in_the_data_is_noticed(take_archive, form: str) -> None:
    body = random.Random(3).randbytes(4000)
    whole = bytearray(PACKED[form]({"echo.c": body}))
    whole[len(whole) // 2] ^= 4
    assert refused(take_archive(bytes(whole))) == "archive_corrupt"


def test_a_damaged_tar_header_is_noticed(take_archive) -> None:
    whole = bytearray(tar_of(GOOD, tarfile.USTAR_FORMAT))
    whole[1024 + 3] ^= 1
    assert refused(take_archive(bytes(whole))) == "archive_corrupt"


def test_a_password_is_told(tmp_path: Path, take_archive) -> None:
    for name, data in GOOD.items():
        (tmp_path / name).write_bytes(data)
    subprocess.run(["zip", "-q", "-P", "secret", "locked.zip", *GOOD], cwd=tmp_path, check=True, timeout=30)
    assert refused(take_archive((tmp_path / "locked.zip").read_bytes())) == "archive_password"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_methods_are_told(take_archive, method: int) -> None:
    assert refused(take_archive(zip_of(GOOD, method))) == "archive_unsupported"


def test_a_method_nobody_knows_is_told(take_archive) -> None:
    whole = bytearray(zip_of(GOOD))
    at = whole.find(b"PK\1\2")
    while at >= 0:
        whole[at + 10 : at + 12] = b"\x63\0"
        at = whole.find(b"PK\1\2", at + 4)
    assert refused(take_archive(bytes(whole))) == "archive_unsupported"


# ---- hostile -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["../echo.c", "a/../../echo.c", "/etc/echo.c", "a/..", "C:\\echo.c", "c:/echo.c", "..", "//echo.c"])
@pytest.mark.parametrize("pack", [zip_of, tar_of], ids=["zip", "tar"])
def test_names_that_lead_out_are_refused(take_archive, name: str, pack: Callable[[dict[str, bytes]], bytes]) -> None:
    s = take_archive(pack(GOOD | {name: b"int x;\n"}))
    assert refused(s) == "archive_climbs"
    assert s.rejection is not None and s.rejection.args["name"] == name.replace("\\", s.rejection.args["name"][2:3] or "\\", 1)


def test_a_backslash_climb_of_a_windows_zip_is_refused(take_archive) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        info = zipfile.ZipInfo("x")
        info.create_system = 0
        info.filename = info.orig_filename = "..\\echo.c"
        file.writestr(info, ECHO)
    assert refused(take_archive(out.getvalue())) == "archive_climbs"


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (tarfile.SYMTYPE, "symbolic link"),
        (tarfile.LNKTYPE, "hard link"),
        (tarfile.CHRTYPE, "device"),
        (tarfile.BLKTYPE, "device"),
        (tarfile.FIFOTYPE, "FIFO"),
    ],
)
def test_links_and_special_files_of_a_tar_are_not_used(take_archive, kind: bytes, what: str) -> None:
    s = take_archive(tar_of([member("echo.c", ECHO), member("twice.c", kind=kind, target="/etc/passwd")]))
    assert names(s) == ["echo.c"]
    assert f"twice.c is a {what}" in catalogue.sentence(s.notes[0].code, s.notes[0].args)
    s = take_archive(tar_of([member("twice.c", kind=kind, target="echo.c")]))
    assert refused(s) == "not_a_file"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_name_that_is_a_file_and_a_link_is_not_used(take_archive, order: tuple[int, int]) -> None:
    both = [member("twice.c", TWICE), member("twice.c", kind=tarfile.SYMTYPE, target="/etc/passwd")]
    s = take_archive(tar_of([member("echo.c", ECHO), *(both[i] for i in order)]))
    assert names(s) == ["echo.c"]


def test_a_file_below_a_link_is_just_a_file(take_archive) -> None:
    """Unpacked to disk this would write through the link; here nothing is unpacked."""
    s = take_archive(tar_of([member("a", kind=tarfile.SYMTYPE, target="/tmp"), *(member("a/" + n, d) for n, d in GOOD.items())]))
    assert names(s) == ["echo.c", "twice.c"]


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_special_files_of_a_zip_are_not_used(take_archive, mode: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("echo.c", ECHO)
        info = zipfile.ZipInfo("twice.c")
        info.create_system, info.external_attr = 3, (mode | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    s = take_archive(out.getvalue())
    assert (names(s), [n.code for n in s.notes]) == (["echo.c"], ["not_a_file"])


def test_a_sparse_file_is_not_used(tmp_path: Path, take_archive) -> None:
    with open(tmp_path / "twice.c", "wb") as file:
        file.truncate(1 << 20)
        file.seek(1 << 19)
        file.write(b"x" * 4096)
    (tmp_path / "echo.c").write_bytes(ECHO)
    for form in ("gnu", "pax"):
        tar = ["tar", "-cSf", "-", f"--format={form}", "twice.c", "echo.c"]
        packed = subprocess.run(tar, cwd=tmp_path, capture_output=True, check=True, timeout=30).stdout
        s = take_archive(packed)
        assert (names(s), [n.code for n in s.notes]) == (["echo.c"], ["not_a_file"]), form


BOMB = 256 << 20


def deflated_zeros(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = bytes(1 << 20)
    return b"".join(packer.compress(block) for _ in range(size >> 20)) + packer.flush()


def zip_bomb(said: int) -> bytes:
    """echo.c is 256 MiB of zeros, and the directory says it is `said` bytes."""
    body = deflated_zeros(BOMB)
    sizes = struct.pack("<LLL", 0, len(body), said)
    local = b"PK\3\4" + struct.pack("<HHHHH", 20, 0, 8, 0, 0) + sizes + struct.pack("<HH", 6, 0) + b"echo.c"
    central = b"PK\1\2" + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0) + sizes + struct.pack("<HHHHHLL", 6, 0, 0, 0, 0, 0, 0) + b"echo.c"
    end = b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, 1, 1, len(central), len(local) + len(body), 0)
    return local + body + central + end


@pytest.mark.parametrize(("said", "code"), [(BOMB, "archive_bomb"), (6_000_000, "source_too_large"), (1000, "archive_corrupt")])
def test_a_zip_bomb_is_stopped_whatever_it_says_of_its_size(take_archive, said: int, code: str) -> None:
    packed = zip_bomb(said)
    start = time.process_time()
    assert refused(take_archive(packed)) == code
    assert time.process_time() - start < 1


def test_a_tar_bomb_is_stopped(take_archive) -> None:
    header = tarfile.TarInfo("echo.c")
    header.size = BOMB
    for said in (BOMB, 1000):
        header.size = said
        packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        block = bytes(1 << 20)
        body = packer.compress(header.tobuf()) + b"".join(packer.compress(block) for _ in range(BOMB >> 20)) + packer.flush()
        start = time.process_time()
        assert refused(take_archive(body)) in ("archive_bomb", "archive_unpacks_too_large")
        assert time.process_time() - start < 1


def test_an_xz_bomb_is_stopped(take_archive) -> None:
    body = lzma.compress(tar_of({"echo.c": ECHO})[:-1024] + bytes(200 << 20), preset=0)
    assert refused(take_archive(body)) == "archive_bomb"


def test_much_that_is_no_bomb_is_too_large(take_archive) -> None:
    noise = random.Random(4).randbytes(1 << 20).translate(bytes(b & 3 for b in range(256)))
    inputs = {f"in{i}.bin": noise for i in range(33)} | GOOD
    for packed in (zip_of(inputs), gzip.compress(tar_of(inputs), 1)):
        assert len(packed) < archives.TOTAL_MAX
        assert refused(take_archive(packed)) == "archive_unpacks_too_large"


def test_an_archive_that_is_too_large_is_not_even_read(tmp_path: Path, take_one) -> None:
    path = tmp_path / "big.zip"
    with open(path, "wb") as file:
        file.write(b"PK\3\4")
        file.truncate(40 << 30)
    start = time.process_time()
    assert refused(take_one(path)) == "archive_too_large"
    assert time.process_time() - start < 0.5


def test_nested_bombs_stay_packed(take_archive) -> None:
    inner = zip_of({"zeros": bytes(4 << 20)})
    for _ in range(3):
        inner = zip_of({f"{i}.zip": inner for i in range(8)})
    assert refused(take_archive(inner)) == "no_file_of_the_lab"
    assert names(take_archive(zip_of(GOOD | {"more.zip": inner}))) == ["echo.c", "twice.c"]


def test_a_hundred_thousand_entries_stop_the_reading_early(take_archive, monkeypatch: pytest.MonkeyPatch) -> None:
    name = b"x" * 8
    central = b"PK\1\2" + struct.pack("<HHHHHHLLL", 20, 20, 0, 0, 0, 0, 0, 0, 0) + struct.pack("<HHHHHLL", 8, 0, 0, 0, 0, 0, 0) + name
    count = 100_000
    end = b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, 1, 1, len(central) * count, 30 + len(name), 0)
    local = b"PK\3\4" + struct.pack("<HHHHHLLLHH", 20, 0, 0, 0, 0, 0, 0, 0, 8, 0) + name
    many_zip = local + central * count + end
    one = tar_of([member("x")])[:512]
    many_tar = gzip.compress(one * count + bytes(1024), 1)
    monkeypatch.delattr(zipfile, "ZipFile")  # its constructor would make an object of every entry
    for packed in (many_zip, many_tar):
        start = time.process_time()
        s = take_archive(packed)
        assert refused(s) == "too_many_files" and str(LISTED_MAX) in s.rejection.args["limit"]
        assert time.process_time() - start < 1


def test_endless_long_names_and_headers_are_refused(take_archive) -> None:
    """Headers that cost quadratic time elsewhere: a megabyte of digits in an extended header, names without end."""
    for kind, body in ((b"x", b"1" * (1 << 20)), (b"L", b"n" * (1 << 20)), (b"x", b"30 path=" + b"9" * 60_000)):
        info = tarfile.TarInfo("h")
        info.type, info.size = kind, len(body)
        packed = info.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512) + tar_of(GOOD)
        start = time.process_time()
        s = take_archive(packed)
        assert time.process_time() - start < 1
        if len(body) > 1 << 16:
            assert refused(s) == "archive_corrupt"
        else:
            assert names(s) == ["echo.c", "twice.c"]


def test_negative_and_enormous_sizes_are_refused(take_archive) -> None:
    for field in (b"\xff" * 12, b"\x80" + b"\x7f" * 11, b"77777777777\0", b"-0000000001\0", b"0x000000010\0"):
        block = bytearray(tar_of({"echo.c": ECHO}, tarfile.USTAR_FORMAT))
        block[124:136] = field
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block[:512])
        assert refused(take_archive(bytes(block))) in ("archive_corrupt", "archive_bomb", "archive_unpacks_too_large")


def test_names_that_are_no_utf8_are_shown_escaped(take_archive) -> None:
    info = tarfile.TarInfo("essay\udcff\n.doc")
    s = take_archive(tar_of([*(member(n, d) for n, d in GOOD.items()), (info, b"")], tarfile.GNU_FORMAT))
    [ignored] = s.notes
    assert ignored.args["files"] == "essay\\xff\n.doc"
    assert catalogue.sentence(ignored.code, ignored.args) == "Other files were ignored: essay\\xff\\n.doc."


# ---- properties --------------------------------------------------------------------------------------


def listed(data: bytes) -> tuple[list[tuple[str, Form]], Listing]:
    fd = os.memfd_create("archive")
    try:
        os.write(fd, data)
        os.lseek(fd, 0, os.SEEK_SET)
        listing = archives.list_archive(fd, len(data), "x", lambda name: True)
    finally:
        os.close(fd)
    return [(e.path, e.form) for e in listing.entries], listing


WORD = st.text("abcXYZ019_- ü\u4e2d", min_size=1, max_size=12).filter(lambda w: w.strip())
FILES = st.dictionaries(st.lists(WORD, min_size=1, max_size=4).map("/".join), st.binary(max_size=1500), min_size=1, max_size=6)


@given(FILES, st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_our_reader_of_tar_agrees_with_pythons(files: dict[str, bytes], form: int) -> None:
    files = {"top1": b"", "zz/top2": b""} | files  # two tops: none is looked through
    packed = tar_of(files, form)
    paths, listing = listed(packed)
    assert sorted(paths) == sorted((name, Form.FILE) for name in files)
    assert {e.path: listing.read(e) for e in listing.entries} == files


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(PACKED)), st.integers(0, 1 << 30), st.integers(1, 12), st.randoms(use_true_random=False))
def test_no_damage_ends_in_anything_but_a_word_about_it(form: str, where: int, count: int, noise: random.Random) -> None:
    whole = bytearray(PACKED[form](GOOD | {"link/x.h": b"#define X\n"}))
    for _ in range(count):
        whole[(where + noise.randrange(64)) % len(whole)] = noise.randrange(256)
    if noise.random() < 0.3:
        del whole[noise.randrange(len(whole)) :]
    try:
        _, listing = listed(bytes(whole))
        for entry in listing.entries:
            if entry.form is Form.FILE:
                listing.read(entry)
    except (Refused, Unreadable) as word:
        assert word.why.code in catalogue.default().causes


@given(st.binary(max_size=3000), st.sampled_from([b"", b"PK\3\4", b"PK\5\6", b"\x1f\x8b\x08\0", b"\xfd7zXZ\0", b"BZh9"]))
def test_no_bytes_end_in_anything_but_a_word_about_them(data: bytes, magic: bytes) -> None:
    try:
        _, listing = listed(magic + data)
        for entry in listing.entries:
            listing.read(entry)
    except (Refused, Unreadable) as word:
        assert word.why.code in catalogue.default().causes


FIELDS = {"name": (0, 100), "mode": (100, 8), "size": (124, 12), "type": (156, 1), "link": (157, 100), "magic": (257, 8), "prefix": (345, 155), "sparse": (386, 100)}
FIELD_BYTES = st.sampled_from([b"", b"\0" * 12, b"77777777777\0", b"-1", b"1_0", b"\x80" + b"\xff" * 11, b"S", b"x", b"g", b"L", b"../x", b"ustar  \0", b"\xff" * 8]) | st.binary(max_size=12)
RECORD = st.tuples(st.sampled_from([b"path", b"size", b"linkpath", b"GNU.sparse.major", b"GNU.sparse.realsize"]), st.binary(max_size=12) | st.sampled_from([b"0", b"9" * 30, b"-1", b"../e", b"echo.c"]))


def pax_of(records: list[tuple[bytes, bytes]], lie: int) -> bytes:
    """Records with lengths that are right, or wrong by `lie`."""
    out = b""
    for key, value in records:
        body = b" " + key + b"=" + value + b"\n"
        size = len(body) + 1
        size = len(body) + len(str(size + len(str(size)) - 1))
        out += b"%d" % (size + lie) + body
    return out


@st.composite
def mangled_tars(draw: st.DrawFn) -> bytes:
    """Tar archives that are wrong in what they say, and right in their checksums: a reader gets beyond the first look."""
    out = b""
    for _ in range(draw(st.integers(1, 4))):
        body = draw(st.binary(max_size=600) | st.builds(pax_of, st.lists(RECORD, max_size=3), st.integers(-2, 2)))
        info, _ = member(draw(st.sampled_from(["echo.c", "twice.c", "a/b", "h"])), body, draw(st.sampled_from([b"0", b"x", b"g", b"L", b"K", b"S", b"2", b"5"])))
        block = bytearray(info.tobuf(draw(st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT]))))[:512]
        for field, value in draw(st.lists(st.tuples(st.sampled_from(sorted(FIELDS)), FIELD_BYTES), max_size=2)):
            at, room = FIELDS[field]
            block[at : at + min(room, len(value))] = value[:room]
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        out += bytes(block) + body + bytes(-len(body) % 512)
    return out + bytes(draw(st.sampled_from([1024, 512, 0])))


def taken_or_told(data: bytes) -> None:
    """Read to the end, or refused with a word for it; what is taken is within the limits and stays inside."""
    try:
        _, listing = listed(data)
        for entry in listing.entries:
            assert ".." not in entry.folder and entry.name not in ("", ".", "..")
            if entry.form is Form.FILE:
                assert len(listing.read(entry)) <= listing_module.SOURCE_MAX
    except (Refused, Unreadable) as word:
        assert word.why.code in catalogue.default().causes


@given(mangled_tars(), st.sampled_from(["plain", "gz", "xz", "bz2"]))
def test_a_tar_that_lies_is_taken_within_its_limits_or_refused(data: bytes, packed: str) -> None:
    taken_or_told({"plain": bytes, "gz": gzip.compress, "xz": lzma.compress, "bz2": bz2.compress}[packed](data))


ZIP_FIELDS = {"version": (6, 2), "flags": (8, 2), "method": (10, 2), "crc": (16, 4), "packed": (20, 4), "size": (24, 4), "name": (28, 2), "extra": (30, 2), "comment": (32, 2), "attributes": (38, 4), "offset": (42, 4)}


@given(
    st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    st.lists(st.tuples(st.integers(0, 1), st.sampled_from(sorted(ZIP_FIELDS)), st.sampled_from([0, 1, 8, 99, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF]) | st.integers(0, 200)), max_size=3),
    st.binary(max_size=40),
    st.sampled_from([b"", b"junk before it", zip_of(GOOD)]),
)
def test_a_zip_whose_directory_lies_is_taken_within_its_limits_or_refused(method: int, lies: list[tuple[int, str, int]], extra: bytes, before: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as file:
        for name, data in GOOD.items():
            info = zipfile.ZipInfo(name)
            info.compress_type, info.extra = method, extra
            file.writestr(info, data)
    whole = bytearray(out.getvalue())
    starts = [i for i in range(len(whole)) if whole.startswith(b"PK\1\2", i)]
    for which, field, value in lies:
        at, size = ZIP_FIELDS[field]
        at += starts[which % len(starts)]
        whole[at : at + size] = (value & (256**size - 1)).to_bytes(size, "little")
    taken_or_told(before + bytes(whole))


def test_a_directory_and_an_archive_of_it_give_the_same(tmp_path: Path, take_in) -> None:
    folder = tmp_path / "alice"
    (folder / "old").mkdir(parents=True)
    for name, data in (GOOD | {"util.h": b"\n", "old/echo.c": b"int old;\n", "essay.txt": b"hi"}).items():
        (folder / name).write_bytes(data)
    subprocess.run(["tar", "-C", tmp_path, "-cJf", tmp_path / "alice.tar.xz", "alice"], check=True, timeout=30)
    subprocess.run(["zip", "-qr", "alice.zip", "alice"], cwd=tmp_path, check=True, timeout=30)
    one, two, three = take_in(folder, tmp_path / "alice.tar.xz", tmp_path / "alice.zip")
    for other in (two, three):
        assert (other.files, other.notes, other.sha256, other.student) == (one.files, one.notes, one.sha256, one.student)


def test_the_form_of_every_mode_is_known() -> None:
    assert folders.form_of(stat.S_IFDIR | 0o755) is Form.FOLDER
    assert folders.form_of(0o644) is Form.OTHER
