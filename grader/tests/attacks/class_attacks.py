"""Attacks on whoever takes in a class and reads its reports: archives, names, and what programs print (numbers 21 and 44).

Each is a function that tries it and tells whether it succeeded, once through ipclab and once with the defence taken away. For
archives that is what a script does that unpacks them: it writes each member where its name says.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from corpus import LAB, TREE, honest

from ipclab import archives, intake, manifest, picking, printable
from ipclab.model import Lab, Result, ResultStatus, Submission, Test, TestResult, TestStatus
from ipclab.report import Audience, gradebook, html, terminal, view

Try = Callable[[Path], bool]
SECRET = b"/* not theirs */\n"
_CAPS = ((archives, "LISTED_MAX"), (archives, "RATIO_MAX"), (archives, "TOTAL_MAX"), (picking, "TOTAL_MAX"))


@dataclass(frozen=True)
class Case:
    number: str
    name: str
    title: str
    defence: str
    held: Try
    freed: Try


def _lab() -> Lab:
    return manifest.load_lab(TREE, LAB)


# ---- archives ------------------------------------------------------------------------------------------


def _tar(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for member, data in members:
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
    return out.getvalue()


def _member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname, member.mode = kind, link, mode
    return member


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return out.getvalue()


def _take_in(place: Path, data: bytes, name: str = "ann.tar") -> Submission:
    """Hands it in."""
    (place / "in").mkdir()
    (place / "in" / name).write_bytes(data)
    [one] = intake.take_in([place / "in" / name], _lab())
    return one


def _unpack(place: Path, data: bytes) -> Path:
    """What a short script does with an archive."""
    folder = place / "unpacked"
    folder.mkdir()
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for name in packed.namelist():
                target = os.path.join(folder, name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                Path(target).write_bytes(packed.read(name))
        return folder
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(folder, **({"filter": "fully_trusted"} if hasattr(tarfile, "data_filter") else {}))  # type: ignore[arg-type]
    return folder


def _escapes(build: Callable[[Path], bytes]) -> tuple[Try, Try]:
    """Success: a file lies where the archive has nothing to say."""

    def held(place: Path) -> bool:
        _take_in(place, build(place))
        return (place / "escaped").exists()

    def freed(place: Path) -> bool:
        _unpack(place, build(place))
        return (place / "escaped").exists()

    return held, freed


def _reads(build: Callable[[Path], bytes]) -> tuple[Try, Try]:
    """Success: a file of somebody else's is taken for the submission's."""

    def prepare(place: Path) -> bytes:
        (place / "theirs").write_bytes(SECRET)
        return build(place)

    def held(place: Path) -> bool:
        return any(SECRET in f.data for f in _take_in(place, prepare(place)).files)

    def freed(place: Path) -> bool:
        return SECRET in (_unpack(place, prepare(place)) / "sum.c").read_bytes()

    return held, freed


def _becomes(kind: Callable[[int], bool], member: tarfile.TarInfo) -> tuple[Try, Try]:
    """Success: something lies on the disk that is not just a file to read."""
    data = _tar((member, b""))

    def lies_there(folder: Path) -> bool:
        return any(kind(p.lstat().st_mode) for p in folder.rglob("*"))

    def held(place: Path) -> bool:
        _take_in(place, data)
        return lies_there(place)

    return held, lambda place: lies_there(_unpack(place, data))


def _caps(data: Callable[[], bytes], name: str) -> tuple[Try, Try]:
    """Success: it is taken in. Freed: the same intake without its caps."""

    def held(place: Path) -> bool:
        return _take_in(place, data(), name).rejection is None

    def freed(place: Path) -> bool:
        with contextlib.ExitStack() as stack:
            for module, cap in _CAPS:
                stack.enter_context(mock.patch.object(module, cap, 1 << 40))
            return held(place)

    return held, freed


def _bomb() -> bytes:
    return _zip(honest() | {f"h{i}.h": b" " * (4 << 20) for i in range(10)})


def _crowd() -> bytes:
    return _zip(honest() | {f"x/{i}": b"" for i in range(12_000)})


def _link_and_file(place: Path) -> bytes:
    return _tar((_member("d", tarfile.SYMTYPE, str(place)), b""), (_member("d/escaped"), b"x"))


def _device() -> tarfile.TarInfo:
    member = _member("sum.c", tarfile.CHRTYPE)
    member.devmajor, member.devminor = 1, 5
    return member


_ARCHIVES = [
    ("a", "climbs", "a name that climbs out of the archive", _escapes(lambda p: _zip({"../escaped": b"x"}))),
    ("b", "absolute", "an absolute name", _escapes(lambda p: _zip({str(p / "escaped"): b"x"}))),
    ("c", "through_a_link", "a link to a folder, then a file in it", _escapes(_link_and_file)),
    ("d", "link", "a symbolic link to another's file", _reads(lambda p: _tar((_member("sum.c", tarfile.SYMTYPE, str(p / "theirs")), b"")))),
    ("e", "hard_link", "a hard link to another's file", _reads(lambda p: _tar((_member("sum.c", tarfile.LNKTYPE, "../theirs"), b"")))),
    ("f", "fifo", "a FIFO, which holds up whoever reads it", _becomes(stat.S_ISFIFO, _member("sum.c", tarfile.FIFOTYPE))),
    ("g", "device", "a device: /dev/zero", _becomes(stat.S_ISCHR, _device())),
    ("h", "setuid", "a set-user-ID bit", _becomes(lambda mode: bool(mode & stat.S_ISUID) and stat.S_ISREG(mode), _member("sum.c", mode=0o4755))),
]  # fmt: skip


# ---- what reports show -----------------------------------------------------------------------------------

EVIL_NAME = "=cmd|' /C calc'!A0"
MARKUP = "<script>document.title='owned'</script>"
ACTS = "\x1b]0;owned\x07\x1b[2J\u202efdp.c"


def _result(name: str, said: str) -> Result:
    """A graded submission of that name, in which each text that a submission can choose is `said`."""
    lab = _lab()
    tests = tuple(_failed(test, said) for test in lab.tests)
    return Result(
        lab.slug, "evil", name, "0" * 64, "0" * 64, "0" * 16, "docker", ResultStatus.GRADED, 0, lab.max_score,
        "2026-01-01T00:00:00.000Z", {}, tests, (),
    )  # fmt: skip


def _failed(test: Test, said: str) -> TestResult:
    return TestResult(
        test.name, test.title, 0, test.points, TestStatus.FAIL, test.visibility, message=said, expected="x", actual=said
    )


@contextlib.contextmanager
def _no_escapes() -> Iterator[None]:
    with mock.patch.object(printable, "acts", lambda char: False), mock.patch.object(view, "acts", lambda char: False):
        yield


@contextlib.contextmanager
def _no_autoescape() -> Iterator[None]:
    environment = html._environment()
    with mock.patch.object(environment, "autoescape", False):
        environment.cache.clear()  # type: ignore[union-attr]
        yield
    environment.cache.clear()  # type: ignore[union-attr]


def _terminal(_: Path) -> bool:
    out = io.StringIO()
    terminal.print_result(_result(ACTS, ACTS), _lab(), (), Audience.INSTRUCTOR, terminal.make_console(out, width=200))
    return any(part in out.getvalue() for part in ("\x1b]0;", "\x1b[2J", "\u202e"))


def _page(_: Path) -> bool:
    result = _result(MARKUP, MARKUP)
    return MARKUP in html.submission(result, _lab()) or MARKUP in html.class_page([result], _lab())


def _book(_: Path) -> bool:
    rows = gradebook.gradebook([_result(EVIL_NAME, "x")], _lab()).splitlines()
    return any(cell.strip('"').startswith("=") for row in rows for cell in row.split(","))


def _without(switch: Callable[[], contextlib.AbstractContextManager[None]], attempt: Try) -> Try:
    def freed(place: Path) -> bool:
        with switch():
            return attempt(place)

    return freed


_REPORTS = [
    ("a", "escapes_to_the_terminal", "control sequences and turned text on the terminal", "escapes", _terminal, _no_escapes),
    ("b", "markup_in_pages", "markup and a script in the pages", "autoescape", _page, _no_autoescape),
    ("c", "formula_in_the_gradebook", "a formula in the gradebook", "apostrophe", _book, lambda: mock.patch.object(gradebook, "_FORMULA", "")),
]  # fmt: skip


def all_cases() -> list[Case]:
    cases = [Case(f"21{n}", name, title, "nothing is unpacked", held, freed) for n, name, title, (held, freed) in _ARCHIVES]
    caps = {"bomb": (_bomb, "an archive bomb"), "crowd": (_crowd, "twelve thousand members")}
    cases += [Case(f"21{n}", name, title, "caps", *_caps(data, "ann.zip")) for n, (name, (data, title)) in zip("ij", caps.items())]
    cases += [Case(f"44{n}", name, title, d, held, _without(off, held)) for n, name, title, d, held, off in _REPORTS]  # type: ignore[arg-type]
    return cases
