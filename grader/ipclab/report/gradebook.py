"""The gradebook: CSV with a row for each student and a column for each test.

A spreadsheet reads a cell that begins with = + - or @ as a formula, and names come from submissions; such a cell gets an
apostrophe in front. A submission that the grader failed on, wholly or in one test, has an empty score, and its row says why.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from ipclab.model import Lab, Result, ResultStatus, TestStatus
from ipclab.printable import clean
from ipclab.report import view

# The full-width forms are taken for their ASCII twins by some spreadsheets.
_FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"


def cell(text: str) -> str:
    """Text as a cell that no spreadsheet runs."""
    shown = clean(text)
    stripped = shown.lstrip()
    return "'" + shown if stripped.startswith(tuple(_FORMULA)) else shown


def _note(result: Result) -> str:
    problem = view.first_problem(result)
    words = "" if result.status is ResultStatus.GRADED else view.STATUS_WORDS[result.status]
    if result.status is ResultStatus.GRADED and view.has_error(result):
        words = f"no score yet, at least {result.score}: the grader failed in a test"
    return ". ".join(part for part in (words, problem.text if problem else "") if part)


def _row(result: Result, student: str, lab: Lab) -> list[str]:
    failed = result.status is ResultStatus.GRADER_ERROR
    final = not view.has_error(result)
    tests = {t.name: t for t in result.tests}
    points = []
    for name in (t.name for t in lab.tests):
        test = tests.get(name)
        known = not failed and (test is None or test.status is not TestStatus.ERROR)
        points.append(str(test.points if test else 0) if known else "")
    score = str(result.score) if final else ""
    return [
        cell(result.submission_id),
        cell(student),
        result.status.value,
        score,
        str(result.max_score),
        *points,
        cell(_note(result)),
    ]


def gradebook(results: Iterable[Result], lab: Lab) -> str:
    """The CSV (RFC 4180, UTF-8). A submission of several students gives a row for each."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "student", "status", "score", "max_score", *(cell(t.name) for t in lab.tests), "note"])
    for result in results:
        for student in result.students or (result.student,):
            writer.writerow(_row(result, student, lab))
    return out.getvalue()
