"""The gradebook: what a spreadsheet and an LMS make of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace

import samples
from hypothesis import example, given
from hypothesis import strategies as st

from ipclab.report.gradebook import gradebook


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_it_looks_as_agreed(golden: Callable[[str, str], None]) -> None:
    golden("gradebook.csv", gradebook(samples.ALL, samples.LAB))


def test_a_grader_error_has_an_empty_score_and_says_so() -> None:
    row = _rows(gradebook([samples.FAULT], samples.LAB))[0]
    assert row["score"] == "" and row["status"] == "grader_error"
    assert all(row[t.name] == "" for t in samples.LAB.tests)
    assert "the grader failed" in row["note"]


def test_a_test_that_the_grader_failed_in_leaves_its_cell_and_the_score_empty() -> None:
    row = _rows(gradebook([samples.PARTIAL], samples.LAB))[0]
    assert row["copy_a_megabyte"] == "" and row["score"] == "" and row["copy_one_byte"] == "3"
    assert "at least 10" in row["note"]


def test_a_submission_of_several_students_has_a_row_for_each() -> None:
    rows = _rows(gradebook([samples.PARTIAL], samples.LAB))
    assert [r["student"] for r in rows] == ["Donald Knuth", "'@SUM(A1)"]
    assert len({r["id"] for r in rows}) == 1


def test_the_points_add_up() -> None:
    for row in _rows(gradebook(samples.ALL, samples.LAB)):
        if row["score"]:
            assert int(row["score"]) == sum(int(row[t.name]) for t in samples.LAB.tests)


@given(st.text(st.characters(blacklist_categories=[]), max_size=20))
@example("=1+1")
@example("\t=1+1")
@example("\r\n@SUM(A1)")
@example(" \u3000+1")
@example("\uff1d1+1")
@example('"=1+1"')
@example("-2+3,=4\n=5")
@example("\ufeff=1+1")
@example("\u202e=1+1")
def test_no_name_becomes_a_formula_or_breaks_a_row(name: str) -> None:
    text = gradebook([replace(samples.FULL, student=name)], samples.LAB)
    rows = _rows(text)
    assert len(rows) == 1 and rows[0]["score"] == "15"
    cell = rows[0]["student"]
    assert not cell.strip().startswith(("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20"))
    assert not any(ord(c) < 0x20 for c in cell) and text.count("\r\n") == 2
