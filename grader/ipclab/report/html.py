"""The pages: one for a submission, one for the class. Each is one file that loads nothing and runs nothing foreign.

A page carries its style and (the class page) a few lines of script, and a Content-Security-Policy that names both by
their hash and forbids all else. So even if an escape were forgotten somewhere, a submission's text could not act.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import statistics
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from ipclab import catalogue
from ipclab.model import Lab, Result, ResultStatus, SourceFile, TestResult, TestStatus
from ipclab.printable import clean, clean_lines
from ipclab.report import view
from ipclab.report.audience import Audience, for_audience

TEMPLATES = Path(__file__).with_name("templates")

_TEST_WORDS = {
    TestStatus.PASS: ("✓", "passed"),
    TestStatus.FAIL: ("✗", "failed"),
    TestStatus.SKIPPED: ("–", "skipped"),
    TestStatus.ERROR: ("!", "not judged: the grader failed"),
}
_BINS = (*(f"{10 * i}–{10 * i + 9} %" for i in range(10)), "full marks")


def _asset(name: str) -> Markup:
    return Markup((TEMPLATES / name).read_text("utf-8").strip())


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _policy(style: str, script: str | None) -> str:
    allowed = [f"style-src '{_hash(style)}'"] + ([f"script-src '{_hash(script)}'"] if script else [])
    return "; ".join(["default-src 'none'", *allowed, "base-uri 'none'", "form-action 'none'"])


def _duration(ms: float) -> str:
    return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms:.0f} ms"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    style, script = _asset("style.css"), _asset("sort.js")
    environment.globals.update(
        style=style,
        script=script,
        policy=_policy(style, None),
        policy_with_script=_policy(style, script),
        kind_title=catalogue.kind_title,
        place=view.place,
        state=view.state,
        status_words=view.STATUS_WORDS,
        test_words=_TEST_WORDS,
        result_status=ResultStatus,
        test_status=TestStatus,
    )
    environment.filters.update(
        clean=clean,
        lines=lambda text: clean_lines(text, limit=4000),
        duration=_duration,
        number=_number,
        percent=lambda part, whole: f"{100 * part / whole if whole else 0:.1f}",
    )
    return environment


# ---- a submission --------------------------------------------------------------------------------


def _same_place(test: TestResult, problem: view.Problem | None) -> bool:
    """True where the test fails by the very problem that the top of the page explains."""
    return problem is not None and (test is problem.test or any(test is other for other in problem.others))


def _counts(result: Result) -> dict[TestStatus, int]:
    return {s: sum(t.status is s for t in result.tests) for s in TestStatus}


def submission(
    result: Result, lab: Lab, files: Sequence[SourceFile] = (), audience: Audience = Audience.INSTRUCTOR
) -> str:
    """The page of one submission; `files` give the excerpts."""
    shown = for_audience(result, audience, lab)
    problem = view.first_problem(shown)
    first = problem.finding if problem else None
    return _environment().get_template("submission.html").render(
        result=shown,
        lab=lab,
        problem=problem,
        errors=[t for t in shown.tests if t.status is TestStatus.ERROR],
        groups=view.by_target(shown, lab),
        findings=[f for f in shown.findings if f is not first],
        counts=_counts(shown),
        for_students=audience is Audience.STUDENT,
        explained=lambda test: _same_place(test, problem),
        known=lambda test: view.is_known(shown, test),
        any_known=lambda tests: any(view.is_known(shown, test) for test in tests),
        compare=view.compare_test,
        schedule=view.schedule,
        excerpt=lambda location: view.excerpt(files, location),
        lead=view.lead,
        score=view.score_text(shown),
    )


# ---- the class -----------------------------------------------------------------------------------


def _address(result: Result) -> str:
    return f"submissions/{quote(result.submission_id, safe='')}.html"


def _row(result: Result) -> dict[str, object]:
    failed = result.status is ResultStatus.GRADER_ERROR
    problem = view.first_problem(result)
    return {
        "result": result,
        "address": _address(result),
        "problem": problem,
        "short": view.short(problem) if problem else "",
        "score": view.score_text(result),
        "order": -1 if failed else result.score,
        "share": 0 if failed or not result.max_score else min(100, 100 * result.score / result.max_score),
        "failed": sum(t.status is TestStatus.FAIL for t in result.tests),
        "error": view.has_error(result),
    }


def class_page(results: Sequence[Result], lab: Lab, audience: Audience = Audience.INSTRUCTOR) -> str:
    """The page of the class, with links to the submissions' pages."""
    shown = [for_audience(r, audience, lab) for r in results]
    return _environment().get_template("class.html").render(
        lab=lab,
        summary=view.of_class(shown, lab),
        rows=[_row(r) for r in shown],
        bins=_BINS,
        address=_address,
        first_problem=view.first_problem,
        typical=statistics.median([sum(r.phases_ms.values()) for r in shown] or [0]),
    )
