"""The skeleton is the solution without what stands between markers; a marker that is wrong is told with its line."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipclab import manifest, skeleton
from ipclab.faults import UsageFault
from ipclab.model import Lab


def strip(text: str) -> str:
    return skeleton.strip("x.c", text.encode()).decode()


def test_the_solution_goes_and_the_skeletons_lines_come_with_their_indent() -> None:
    source = "a\n\t//: solution\n\tb();\n\t//: skeleton\n\t//| c();\n\t//|     d();\n\t//|\n\t//: end\ne\n"
    assert strip(source) == "a\n\tc();\n\t    d();\n\ne\n"


def test_a_solution_may_be_replaced_by_nothing() -> None:
    assert strip("//: solution\n#include <errno.h>\n//: end\nint x;\n") == "int x;\n"


def test_what_only_looks_like_a_marker_is_code() -> None:
    source = 'puts("http://:80"); // a | b\n/* //| */\nx = 1; //: see below\n'
    assert strip(source) == source


def test_carriage_returns_and_a_last_line_without_end_stay() -> None:
    assert strip("a\r\n//: solution\r\nb\r\n//: skeleton\r\n//| c\r\n//: end\r\nd") == "a\r\nc\r\nd"


@pytest.mark.parametrize(
    ("source", "line", "what"),
    [
        ("a\n//: solution\nb\n", 2, "this //: solution has no //: end"),
        ("//: solution\n//: skeleton\n//| a\n", 1, "this //: solution has no //: end"),
        ("a\n//: end\n", 2, "//: end without a //: solution before it"),
        ("//: skeleton\n", 1, "//: skeleton without a //: solution before it"),
        ("//: solution\na\n//: solution\n//: end\n", 3, "inside that of line 1, which has no //: end yet"),
        ("//: solution\n//: skeleton\n//: solution\n", 3, "inside that of line 1"),
        ("//: solution\n//: skeleton\n//: skeleton\n//: end\n", 3, "a second //: skeleton for the //: solution of line 1"),
        ("//: solution\n//: skeleton\nint a;\n//: end\n", 3, "has to start with //| and a blank"),
        ("//: solution\n//: skeleton\n\n//: end\n", 3, "has to start with //| and a blank"),
        ("//: solution\n//: skeleton\n//|a\n//: end\n", 3, "after //| comes a blank"),
        ("//| a\n", 1, "//| belongs between //: skeleton and //: end"),
        ("//|a\n", 1, "//| belongs between //: skeleton and //: end"),
        ("//: solution\n//| a\n//: end\n", 2, "//| belongs between"),
        ("//: solutoin\n", 1, 'there is no marker "//: solutoin": did you mean "solution"?'),
        ("//: \n", 1, 'there is no marker "//: "'),
        ("int x; //: solution\n", 1, "//: solution has to stand alone on its line"),
        ("//: solution\n//: skeleton\n//| //: end\n", 3, "//: end has to stand alone"),
    ],
)
def test_a_wrong_marker_is_told_with_its_line(source: str, line: int, what: str) -> None:
    with pytest.raises(skeleton.MarkerFault) as caught:
        strip(source)
    assert str(caught.value).startswith(f"x.c:{line}: "), caught.value
    assert what in str(caught.value)


def test_a_marked_file_that_is_not_utf8_is_told(tiny_root: Path) -> None:
    with pytest.raises(skeleton.MarkerFault, match="x.c:2: this is not UTF-8"):
        skeleton.strip("x.c", b"//: end\n\xff\n")


CODE = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\n\r:|"), max_size=30)


@given(st.lists(st.tuples(CODE, CODE, CODE), max_size=5))
def test_any_code_between_right_markers_is_split_exactly(parts: list[tuple[str, str, str]]) -> None:
    source, skeleton_text, solution_text = "", "", ""
    for common, secret, given_text in parts:
        source += f"{common}\n//: solution\n{secret}\n//: skeleton\n//| {given_text}\n//: end\n"
        skeleton_text += f"{common}\n{given_text}\n"
        solution_text += f"{common}\n{secret}\n"
    assert strip(source) == skeleton_text
    kept = [line for line in source.split("\n") if not re.match(r"//[:|]", line)]
    assert "\n".join(kept) == solution_text


# ---- a lab's folder ----------------------------------------------------------------------------------


def test_the_committed_skeleton_of_the_tiny_lab_is_in_sync(tiny: Lab) -> None:
    assert skeleton.check_in_sync(tiny) == []


@pytest.fixture
def lab(tiny_root: Path) -> Lab:
    return manifest.load_lab(tiny_root, "01-tiny")


def test_solution_and_skeleton_compile_without_a_warning(lab: Lab) -> None:
    for folder in (lab.solution, lab.skeleton):
        for name in ("twice.c", "echo.c"):
            gcc = ["gcc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", str(folder / name)]
            done = subprocess.run(gcc, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr


def test_every_difference_is_a_sentence_and_writing_mends_them(lab: Lab) -> None:
    (lab.skeleton / "echo.c").unlink()
    text = (lab.skeleton / "twice.c").read_text()
    (lab.skeleton / "twice.c").write_text(text.replace("(void)x;", "(void) x;"))
    (lab.skeleton / "old.c").write_text("int old;\n")
    (lab.skeleton / "a.out").write_text("a student's own")
    assert skeleton.check_in_sync(lab) == [
        "skeletons/01-tiny/echo.c is not there",
        "skeletons/01-tiny/twice.c:6 is not what solutions/01-tiny/twice.c gives",
        "skeletons/01-tiny/old.c comes from nothing in solutions/01-tiny",
    ]
    assert skeleton.write(lab) == ["echo.c", "old.c", "twice.c"]
    assert skeleton.check_in_sync(lab) == []
    assert (lab.skeleton / "a.out").exists(), "only what the generator could have made is its own"
    assert skeleton.write(lab) == []


def test_a_file_that_students_hand_in_has_to_have_markers(lab: Lab) -> None:
    path = lab.solution / "echo.c"
    path.write_text("int main(void) { return 0; }\n")
    with pytest.raises(skeleton.MarkerFault, match=r"solutions/01-tiny/echo.c:1: .* would give the solution away"):
        skeleton.generate(lab)


def test_links_programs_and_hidden_files_of_a_solution_do_not_get_out(lab: Lab) -> None:
    (lab.solution / "notes.md").symlink_to("/etc/passwd")
    (lab.solution / "echo").write_bytes(b"\x7fELF")
    (lab.solution / ".plan.md").write_text("secret")
    assert sorted(skeleton.generate(lab)) == ["Makefile", "echo.c", "twice.c", "twice.h"]


def test_a_missing_solution_is_told(lab: Lab) -> None:
    for path in lab.solution.iterdir():
        path.unlink()
    lab.solution.rmdir()
    with pytest.raises(UsageFault, match="cannot read solutions/01-tiny: No such file or directory"):
        skeleton.generate(lab)
