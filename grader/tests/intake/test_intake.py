"""Whatever somebody hands in becomes a submission with a clear word about it, and never disturbs the others."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import socket
import stat
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from ipclab import catalogue, folders, intake
from ipclab.faults import GraderFault, UsageFault
from ipclab.listing import LISTED_MAX, SOURCE_MAX, USED_MAX, Unreadable
from ipclab.model import Lab, Rejection, SourceFile, Submission

ECHO = b"int main(void) { return 0; }\n"
TWICE = b'#include "twice.h"\nint64_t twice(int64_t x) { return 2 * x; }\n'

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make device nodes and give up its rights")


def hand_in(folder: Path, **files: bytes) -> Path:
    """A folder with these files; echo_c stands for echo.c. Without any it has the two of the lab."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in (files or {"echo_c": ECHO, "twice_c": TWICE}).items():
        (folder / name.replace("_", ".")).write_bytes(data)
    return folder


def codes(submission: Submission) -> list[str]:
    return [n.code for n in submission.notes]


def names(submission: Submission) -> list[str]:
    return [f.name for f in submission.files]


def sentence(why: Rejection | None) -> str:
    """The whole message, with its hint, as a student reads it; every argument has to be valid text."""
    assert why is not None
    for value in why.args.values():
        value.encode("utf-8")
    hint = catalogue.hint(why.code, why.args)
    assert hint
    text = f"{catalogue.sentence(why.code, why.args)} {hint}"
    assert text.isprintable(), text
    return text


# ---- what is a submission ----------------------------------------------------------------------------


def test_a_directory_with_the_labs_files_is_one_submission(tmp_path: Path, take_one) -> None:
    s = take_one(hand_in(tmp_path / "alice"))
    assert (s.id, s.student, names(s), s.rejection, s.notes) == ("alice", "alice", ["echo.c", "twice.c"], None, ())
    assert [f.data for f in s.files] == [ECHO, TWICE]


def test_the_labs_own_solution_and_skeleton_are_taken_without_a_word(tiny: Lab, take_one) -> None:
    for folder in (tiny.solution, tiny.skeleton):
        s = take_one(folder)
        assert (names(s), s.rejection, s.notes) == (["echo.c", "twice.c"], None, ())


def test_a_folder_of_folders_and_archives_is_a_class(tmp_path: Path, take_in) -> None:
    top = tmp_path / "class"
    hand_in(top / "bob")
    hand_in(top / "alice", echo_c=ECHO)
    subprocess.run(["tar", "-C", top, "-czf", top / "carol.tar.gz", "bob"], check=True, timeout=30)
    (top / "grades.csv").write_text("a,b\n")
    found = take_in(top)
    assert [s.id for s in found] == ["alice", "bob", "carol"], "papers of the class are no submission"
    assert found[1].sha256 == found[2].sha256 != found[0].sha256
    assert codes(found[0]) == ["file_absent"]


def test_other_files_of_a_class_are_submissions_that_cannot_be_used(tmp_path: Path, take_in) -> None:
    top = tmp_path / "class"
    hand_in(top / "bob")
    (top / "dave.c").write_bytes(ECHO)
    (top / "erin.rar").write_bytes(b"Rar!\x1a\x07\x00" + bytes(40))
    (top / "frank.pdf").write_bytes(b"%PDF-1.4")
    (top / "grace.zip").write_bytes(b"<!DOCTYPE html><title>Log in</title>")
    (top / "mallory").symlink_to("bob")
    os.mkfifo(top / "peggy.zip")
    found = {s.student: s for s in take_in(top)}
    assert sorted(found) == ["bob", "dave.c", "erin", "frank.pdf", "grace", "mallory", "peggy"]
    assert found["bob"].rejection is None
    assert "exactly these names" in sentence(found["dave.c"].rejection)
    assert "RAR archive" in sentence(found["erin"].rejection)
    assert "PDF document" in sentence(found["frank.pdf"].rejection)
    assert "it is a web page" in sentence(found["grace"].rejection)
    assert "symbolic link" in sentence(found["mallory"].rejection)
    assert "FIFO" in sentence(found["peggy"].rejection)


def test_loose_files_beside_each_other_belong_together(tmp_path: Path, take_in) -> None:
    one, two = hand_in(tmp_path / "one"), hand_in(tmp_path / "two", echo_c=ECHO, util_h=b"#define X 1\n")
    found = take_in(one / "echo.c", two / "echo.c", one / "twice.c")
    assert [(s.student, names(s)) for s in found] == [("one", ["echo.c", "twice.c"]), ("two", ["echo.c", "util.h"])]


def test_a_loose_file_of_another_name_is_rejected_alone(tmp_path: Path, take_in) -> None:
    folder = hand_in(tmp_path / "one", main_c=ECHO, echo_c=ECHO)
    found = take_in(folder / "main.c", folder / "echo.c")
    assert [s.rejection.code if s.rejection else None for s in found] == ["no_file_of_the_lab", None]
    assert "main.c" in sentence(found[0].rejection)


def test_a_path_named_twice_is_taken_once(tmp_path: Path, take_in) -> None:
    folder = hand_in(tmp_path / "one")
    (tmp_path / "x").mkdir()
    (tmp_path / "link").symlink_to(".")
    assert len(take_in(folder, tmp_path / "one" / "." / "", tmp_path / "x" / ".." / "one", tmp_path / "link" / "one")) == 1
    assert len(take_in(folder / "echo.c", tmp_path / "link" / "one" / "echo.c")) == 1


def test_a_path_that_is_not_there_is_the_callers_mistake(tmp_path: Path, take_in) -> None:
    hand_in(tmp_path / "one")
    for path in (tmp_path / "gone\x1b", tmp_path / "one" / "echo.c" / "x", tmp_path / "a\0b", tmp_path / ("x" * 300)):
        with pytest.raises(UsageFault) as caught:
            take_in(tmp_path / "one", path)
        assert str(caught.value).isprintable() and caught.value.exit_code == 2


def test_the_current_directory_has_a_name(tmp_path: Path, take_one, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(hand_in(tmp_path / "alice"))
    assert take_one(Path(".")).student == "alice"
    assert take_one(Path("echo.c")).student == "alice"


@pytest.mark.parametrize("deep", ["src", "lab/src"])
def test_files_may_lie_one_or_two_folders_deep(tmp_path: Path, take_in, deep: str) -> None:
    hand_in(tmp_path / "class" / "alice" / deep)
    hand_in(tmp_path / "class" / "bob" / deep / "further" / "down")
    alice, bob = take_in(tmp_path / "class")
    assert (names(alice), alice.notes) == (["echo.c", "twice.c"], ())
    assert bob.rejection is not None


def test_the_folder_with_most_files_is_home_and_strays_are_said(tmp_path: Path, take_in) -> None:
    alice = tmp_path / "class" / "alice"
    hand_in(alice / "a_old".replace("_", "-"), echo_c=b"int old;\n")
    hand_in(alice / "new")
    bob = tmp_path / "class" / "bob"
    hand_in(bob / "p1", echo_c=ECHO, echo_h=b"\n")
    hand_in(bob / "p2", twice_c=TWICE)
    one, two = take_in(tmp_path / "class")
    assert [f.data for f in one.files] == [ECHO, TWICE]
    assert [sentence(n) for n in one.notes][0].startswith("There are several files for echo.c: new/echo.c was taken, not a-old/echo.c.")
    assert names(two) == ["echo.c", "echo.h", "twice.c"]
    assert codes(two) == ["file_elsewhere", "source_empty"] or codes(two) == ["source_empty", "file_elsewhere"]


def test_an_archive_alone_in_a_students_folder_is_the_submission(tmp_path: Path, take_in) -> None:
    hand_in(tmp_path / "work")
    moodle = tmp_path / "class" / "Alice Doe_4711_assignsubmission_file"
    moodle.mkdir(parents=True)
    subprocess.run(["zip", "-qr", moodle / "lab.zip", "work"], cwd=tmp_path, check=True, timeout=30)
    [s] = take_in(tmp_path / "class")
    assert (s.student, names(s), s.rejection) == (moodle.name, ["echo.c", "twice.c"], None)


def test_somebody_elses_way_of_naming_can_be_put_in(tmp_path: Path, tiny: Lab) -> None:
    def naming(name: str) -> intake.Who:
        student, _, number = name.partition("_")
        return intake.Who(student, students=(student,), group="g", attempt=int(number))

    hand_in(tmp_path / "alice_2")
    [s] = intake.take_in([tmp_path / "alice_2"], tiny, naming)
    assert (s.id, s.student, s.students, s.group, s.attempt) == ("alice", "alice", ("alice",), "g", 2)


# ---- files -------------------------------------------------------------------------------------------


def test_an_empty_directory_is_rejected(tmp_path: Path, take_in) -> None:
    top = tmp_path / "class"
    for name in ("a", "b/.git", "c/sub"):
        (top / name).mkdir(parents=True)
    (top / "b" / ".DS_Store").write_bytes(b"x")
    for s in take_in(top):
        assert s.rejection == Rejection("submission_empty", {"files": "twice.c, echo.c"})
        assert s.files == () and "is empty" in sentence(s.rejection)
    (tmp_path / "alone").mkdir()
    assert take_in(tmp_path / "alone")[0].rejection is not None


def test_a_missing_file_is_a_note_with_what_may_have_been_meant(tmp_path: Path, take_one) -> None:
    folder = hand_in(tmp_path / "a", echo_c=ECHO)
    (folder / "twice (1).c").write_bytes(TWICE)
    s = take_one(folder)
    assert (names(s), s.rejection) == (["echo.c"], None)
    assert "did you mean twice (1).c" in sentence(s.notes[0])


def test_a_submission_with_no_file_of_the_lab_is_rejected(tmp_path: Path, take_one) -> None:
    s = take_one(hand_in(tmp_path / "a", main_c=ECHO, README_md=b"hi"))
    assert s.rejection is not None and s.rejection.code == "no_file_of_the_lab"
    assert "main.c" in sentence(s.rejection) and "twice.c, echo.c" in sentence(s.rejection)


def test_other_files_are_ignored_and_named_and_headers_beside_are_taken(tmp_path: Path, take_one) -> None:
    folder = hand_in(tmp_path / "a")
    for name in ("util.h", "helper.c", "essay.docx", "echo", "echo.o", "Makefile", "twice.h", "-odd.h", "a b.h"):
        (folder / name).write_bytes(b"#define SHADOW\n")
    hand_in(folder / "sub", other_h=b"\n")
    s = take_one(folder)
    assert names(s) == ["echo.c", "twice.c", "util.h"], "the lab gives twice.h itself"
    [ignored] = s.notes
    assert ignored.args["files"] == "-odd.h, a b.h, essay.docx, helper.c, sub/other.h"


def test_names_that_differ_in_case_are_taken_or_told(tmp_path: Path, take_in) -> None:
    top = tmp_path / "class"
    hand_in(top / "a", Echo_C=ECHO, twice_c=TWICE)
    hand_in(top / "b", Echo_c=b"int wrong;\n", echo_c=ECHO, twice_c=TWICE)
    a, b = take_in(top)
    assert (names(a), codes(a)) == (["echo.c", "twice.c"], ["file_case"])
    assert "Echo.C was taken as echo.c" in sentence(a.notes[0])
    assert (b.files[0].data, codes(b)) == (ECHO, ["file_several"])


def test_a_source_of_5_megabytes_has_a_message_of_its_own(tmp_path: Path, take_in) -> None:
    top = tmp_path / "class"
    for name, size in (("decimal", 5_000_000), ("binary", 5 << 20), ("just_below", SOURCE_MAX)):
        hand_in(top / name, echo_c=b"/" * size, twice_c=TWICE)
    binary, decimal, below = take_in(top)
    for s in (decimal, binary):
        assert (names(s), s.rejection, codes(s)) == (["twice.c"], None, ["source_too_large"])
        assert "has to be smaller than 5 MB" in sentence(s.notes[0])
    assert names(below) == ["echo.c", "twice.c"]


def test_a_file_that_cannot_be_used_rejects_all_only_when_nothing_is_left(tmp_path: Path, take_one) -> None:
    folder = hand_in(tmp_path / "a", echo_c=b"x" * 6_000_000)
    s = take_one(folder)
    assert s.rejection is not None and s.rejection.code == "source_too_large"
    assert (s.files, codes(s)) == ((), [])


def test_more_headers_than_make_sense_are_rejected(tmp_path: Path, take_one) -> None:
    folder = hand_in(tmp_path / "a")
    for i in range(USED_MAX):
        (folder / f"h{i}.h").write_bytes(b"\n")
    assert "more than 200 header files" in sentence(take_one(folder).rejection)


def test_a_hundred_thousand_files_stop_the_reading_early(tmp_path: Path, take_in) -> None:
    top = tmp_path / "class"
    many = hand_in(top / "many")
    hand_in(top / "one")
    for i in range(100_000):
        os.close(os.open(many / f"f{i}", os.O_CREAT | os.O_WRONLY))
    many_, one = take_in(top)
    assert f"more than {LISTED_MAX} files" in sentence(many_.rejection)
    assert one.rejection is None
    [alone] = take_in(many)
    assert alone.rejection == many_.rejection


# ---- links and special files -------------------------------------------------------------------------


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.c"
    path.write_bytes(b"int secret;\n")
    return path


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path, take_one, secret: Path) -> None:
    folder = hand_in(tmp_path / "a", echo_c=ECHO)
    (folder / "twice.c").symlink_to(secret)
    s = take_one(folder)
    assert (names(s), codes(s)) == (["echo.c"], ["not_a_file"])
    assert "twice.c is a symbolic link and was not used" in sentence(s.notes[0])


def test_a_submission_of_links_is_rejected(tmp_path: Path, take_one, secret: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "twice.c").symlink_to(secret)
    (folder / "echo.c").symlink_to("/nowhere")
    s = take_one(folder)
    assert s.files == () and "symbolic link" in sentence(s.rejection)
    assert codes(s) == ["not_a_file"], "the other link is said as well"


def test_a_linked_folder_header_or_other_file_is_not_followed(tmp_path: Path, take_in, secret: Path) -> None:
    folder = hand_in(tmp_path / "class" / "a")
    (folder / "util.h").symlink_to(secret)
    (folder / "elsewhere").symlink_to(tmp_path)
    deep = tmp_path / "class" / "b"
    deep.mkdir()
    (deep / "src").symlink_to(hand_in(tmp_path / "victim"))
    a, b = take_in(tmp_path / "class")
    assert names(a) == ["echo.c", "twice.c"]
    assert sorted(n.args["file"] for n in a.notes) == ["elsewhere", "util.h"]
    assert b.rejection is not None and b.files == ()


def test_a_path_that_is_a_link_is_rejected(tmp_path: Path, take_in, secret: Path) -> None:
    hand_in(tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("gone")
    for s in take_in(tmp_path / "link", tmp_path / "dangling"):
        assert "symbolic link" in sentence(s.rejection)
    (tmp_path / "loose").mkdir()
    (tmp_path / "loose" / "echo.c").symlink_to(secret)
    [loose] = take_in(tmp_path / "loose" / "echo.c")
    assert "symbolic link" in sentence(loose.rejection)


def test_a_hard_link_in_a_directory_is_a_file_like_any_other(tmp_path: Path, take_one) -> None:
    folder = hand_in(tmp_path / "a")
    (folder / "twice.c").unlink()
    os.link(folder / "echo.c", folder / "twice.c")
    assert [f.data for f in take_one(folder).files] == [ECHO, ECHO]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The last names of everything that is opened from here on."""
    real, names_opened = os.open, []

    def open_(path, *args, **kwargs):  # type: ignore[no-untyped-def]
        names_opened.append(os.path.basename(path))
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "open", open_)
    return names_opened


def test_a_fifo_is_never_opened(tmp_path: Path, take_one, opened: list[str]) -> None:
    folder = hand_in(tmp_path / "a", echo_c=ECHO)
    os.mkfifo(folder / "twice.c")
    s = take_one(folder)
    assert "twice.c is a FIFO" in sentence(s.notes[0])
    with pytest.raises(OSError), folders.opened_file(folder / "twice.c"):
        pass
    assert "echo.c" in opened and "twice.c" not in opened


def test_a_socket_and_a_folder_in_the_place_of_a_file_are_told(tmp_path: Path, take_one, monkeypatch) -> None:
    folder = hand_in(tmp_path / "a", echo_c=ECHO)
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("twice.c")
        assert "twice.c is a socket" in sentence(take_one(folder).notes[0])
    (folder / "twice.c").unlink()
    (folder / "twice.c").mkdir()
    assert "twice.c is a folder" in sentence(take_one(folder).notes[0])


@as_root
@pytest.mark.parametrize(("kind", "number"), [(stat.S_IFCHR, os.makedev(1, 5)), (stat.S_IFBLK, os.makedev(7, 99))])
def test_a_device_is_never_opened(tmp_path: Path, take_one, opened: list[str], kind: int, number: int) -> None:
    folder = hand_in(tmp_path / "a", echo_c=ECHO)
    try:
        os.mknod(folder / "twice.c", kind | 0o666, number)
        os.mknod(folder / "util.h", kind | 0o666, number)
    except PermissionError:
        pytest.skip("this machine forbids device nodes")
    s = take_one(folder)
    assert (names(s), codes(s)) == (["echo.c"], ["not_a_file", "not_a_file"])
    assert not {"twice.c", "util.h"} & set(opened)
    assert "is a device" in sentence(s.notes[0])


@pytest.mark.parametrize("kind", ["link", "fifo"])
def test_a_file_that_is_swapped_between_look_and_open_is_not_used(tmp_path: Path, monkeypatch, secret: Path, kind: str) -> None:
    path = tmp_path / "echo.c"
    path.symlink_to(secret) if kind == "link" else os.mkfifo(path)
    regular = os.lstat(secret)
    monkeypatch.setattr(os, "lstat", lambda *args, **kwargs: regular)
    with pytest.raises(OSError) as caught, folders.opened_file(path):
        pass
    assert caught.value.errno == errno.ELOOP


def test_a_file_that_becomes_a_link_in_between_is_not_followed(tmp_path: Path, secret: Path) -> None:
    folder = hand_in(tmp_path / "a")
    with folders.opened_folder(folder) as fd:
        listing = folders.list_folder(fd)
        echo = next(e for e in listing.entries if e.name == "echo.c")
        (folder / "echo.c").unlink()
        (folder / "echo.c").symlink_to(secret)
        with pytest.raises(Unreadable) as caught:
            listing.read(echo)
    assert caught.value.why.code == "file_unreadable"


def test_a_folder_that_becomes_a_link_in_between_is_not_followed(tmp_path: Path, secret: Path) -> None:
    folder = hand_in(tmp_path / "a" / "src").parent
    with folders.opened_folder(folder) as fd:
        listing = folders.list_folder(fd)
        (folder / "src").rename(tmp_path / "moved")
        (folder / "src").symlink_to(tmp_path / "moved")
        for entry in listing.entries:
            if entry.name == "echo.c":
                with pytest.raises(Unreadable):
                    listing.read(entry)


# ---- rights ------------------------------------------------------------------------------------------

AS_NOBODY = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from ipclab import intake, manifest
lab = manifest.load_lab(Path(sys.argv[2]), "01-tiny")
os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)
print(json.dumps([[s.id, [f.name for f in s.files], s.rejection and [s.rejection.code, s.rejection.args], [n.code for n in s.notes]]
                  for s in intake.take_in([Path(p) for p in sys.argv[3:]], lab)]))
"""


@as_root
def test_what_must_not_be_read_is_told_and_blames_nobody(open_place: Path, repo: Path, tiny: Lab) -> None:
    top = open_place / "class"
    for name in ("file", "folder", "fine"):
        hand_in(top / name)
    (top / "file" / "echo.c").chmod(0)
    (top / "folder").chmod(0)
    (top / "half" / "closed").mkdir(parents=True)
    hand_in(top / "half")
    (top / "half" / "closed").chmod(0)
    (open_place / "shut").mkdir(mode=0o700)
    hand_in(open_place / "shut" / "in")
    argv = [sys.executable, "-c", AS_NOBODY, str(repo / "grader"), str(tiny.folder.parents[1]), str(top), str(open_place / "shut" / "in")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = {name: (files, rejection, notes) for name, files, rejection, notes in json.loads(done.stdout)}
    assert found["fine"] == (["echo.c", "twice.c"], None, [])
    assert found["file"] == (["twice.c"], None, ["file_unreadable"])
    assert found["half"] == (["echo.c", "twice.c"], None, ["folder_unreadable"])
    for name in ("folder", "in"):
        assert found[name][1][0] == "submission_unreadable"
        assert "says nothing about the student" in sentence(Rejection(*found[name][1]))


def test_a_machine_in_trouble_is_the_graders_fault(tmp_path: Path, take_in, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(tmp_path / "class" / "a")
    real = os.open

    def open_(path, flags, *args, **kwargs):  # type: ignore[no-untyped-def]
        if str(path).endswith("echo.c"):
            raise OSError(errno.EMFILE, "Too many open files")
        return real(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", open_)
    with pytest.raises(GraderFault, match="cannot read echo.c: Too many open files"):
        take_in(tmp_path / "class")


# ---- names -------------------------------------------------------------------------------------------

HOSTILE = [
    b"Anna Lee", b"it's \"quoted\"", b"two\nlines", b"J\xc3\xb6rg M\xc3\xbcller", b"latin-\xe9", b"-rf", b"..hidden",
    b"\x1b[2J", b"\xf0\x9f\x90\x99", b"x" * 255, b"a&b;$(id)`id`|", b"A", b"a", b"...", b"%s%n", b"\xe2\x80\xaeevil",
]  # fmt: skip


def test_ids_are_safe_and_unique_and_names_stay_what_they_are(tmp_path: Path, take_in) -> None:
    top = os.fsencode(tmp_path / "class")
    os.mkdir(top)
    shown = [n for n in HOSTILE if not n.startswith(b".")]
    for name in shown:
        os.mkdir(os.path.join(top, name))
        Path(os.fsdecode(os.path.join(top, name)), "echo.c").write_bytes(ECHO)
    found = take_in(tmp_path / "class")
    assert len(found) == len(shown)
    for s in found:
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}", s.id), s.id
        s.student.encode("utf-8")
    assert len({s.id.lower() for s in found}) == len(found)
    students = {s.student for s in found}
    assert {"two\nlines", "Jörg Müller", "latin-\\xe9", "-rf", 'it\'s "quoted"'} <= students
    assert {s.student: s.id for s in found}["Jörg Müller"] == "Jorg-Muller"
    assert [s.id for s in take_in(tmp_path / "class")] == [s.id for s in found]


def test_hostile_names_inside_a_submission_reach_no_message_raw(tmp_path: Path, take_one) -> None:
    folder = hand_in(tmp_path / "a")
    for name in HOSTILE:
        path = os.path.join(os.fsencode(folder), name[:200] + b".txt")
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    s = take_one(folder)
    assert names(s) == ["echo.c", "twice.c"]
    assert "more" in sentence(s.notes[0])


def test_submissions_of_the_same_name_are_told_apart(tmp_path: Path, take_in) -> None:
    paths = [hand_in(tmp_path / str(i) / "alice") for i in range(12)]
    assert [s.id for s in take_in(*paths)] == ["alice", *(f"alice-{i}" for i in range(2, 13))]


def test_ids_differ_on_file_systems_that_know_no_case(tmp_path: Path, take_in) -> None:
    paths = [hand_in(tmp_path / "1" / "alice"), hand_in(tmp_path / "2" / "Alice"), hand_in(tmp_path / "3" / "ALICE")]
    assert [s.id for s in take_in(*paths)] == ["alice", "Alice-2", "ALICE-3"]


# ---- digest ------------------------------------------------------------------------------------------


def test_the_digest_depends_on_names_and_bytes_only(tmp_path: Path, take_in) -> None:
    same = [hand_in(tmp_path / "a"), hand_in(tmp_path / "b")]
    (same[1] / "notes.txt").write_text("ignored")
    other = hand_in(tmp_path / "c", echo_c=ECHO, twice_c=TWICE + b"\n")
    swapped = hand_in(tmp_path / "d", echo_c=TWICE, twice_c=ECHO)
    digests = [s.sha256 for s in take_in(*same, other, swapped)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
    assert len(digests[0]) == 64


def test_nothing_can_be_shifted_from_one_file_to_the_next() -> None:
    split = [{"a.c": b"12", "b.c": b"3"}, {"a.c": b"1", "b.c": b"23"}, {"a.c": b"123", "b.c": b""}, {"a.c": b"123"}, {"a.h": b"123"}]
    files = [[SourceFile(n, d) for n, d in one.items()] for one in split]
    digests = [intake.digest(one) for one in files]
    assert len(set(digests)) == len(split)
    assert digests == [intake.digest(reversed(one)) for one in files], "the order of files says nothing"


# ---- speed -------------------------------------------------------------------------------------------


def test_a_class_of_500_is_taken_in_within_two_seconds(tmp_path: Path, take_in) -> None:
    top = tmp_path / "class"
    top.mkdir()
    big = ECHO * 300
    for i in range(500):
        if i % 3 == 0:
            hand_in(top / f"s{i}", echo_c=big, twice_c=TWICE)
        elif i % 3 == 1:
            with zipfile.ZipFile(top / f"s{i}.zip", "w", zipfile.ZIP_DEFLATED) as file:
                file.writestr("lab/echo.c", big)
                file.writestr("lab/twice.c", TWICE)
        else:
            with tarfile.open(top / f"s{i}.tar.gz", "w:gz") as tar:
                for name, data in (("lab/echo.c", big), ("lab/twice.c", TWICE)):
                    info = tarfile.TarInfo(name)
                    info.size = len(data)
                    tar.addfile(info, io.BytesIO(data))
    # processor time: what the machine does besides must not decide
    start = time.process_time()
    found = take_in(top)
    used = time.process_time() - start
    assert len(found) == 500 and all(s.rejection is None and not s.notes for s in found)
    assert used < 2, f"{used:.2f} s of processor time"
