"""Who reads a report, and what a student may not see.

A student learns of a hidden test that it exists, how it ended and what is wrong with their own code: cause, place, hint.
Neither the input nor what was expected: those would tell the test.
"""

from __future__ import annotations

import enum
from dataclasses import replace

from ipclab import catalogue
from ipclab.model import Finding, Lab, Result, TestResult, TestStatus, Visibility
from ipclab.report.view import NOT_RUN

# Arguments that are observations of the student's own processes and code. What a judge says of what it compared is none, nor is
# what weave tells of a schedule besides the two accesses: the order of all that happened and what was printed are the scenario.
_OBSERVED = frozenset(
    "pid role fd call object doing state parent holder holder_pid holder_fd child_pid child_call signal limit cpu_ms "
    "file line function size block bytes blocks id key name path first_did second_did second first first_place lock first_lock".split()
)
# Findings of these kinds are the judge's: nothing in them is shown but the cause.
_JUDGED = frozenset({"wrong_output", "missing_mechanism", "tamper", "grader"})
_OUTCOME = {
    TestStatus.PASS: "",
    TestStatus.FAIL: "This hidden test failed.",
    TestStatus.ERROR: "The grader failed in this hidden test; no point is lost by that.",
}


class Audience(enum.Enum):
    STUDENT = "student"
    INSTRUCTOR = "instructor"


def _finding(finding: Finding) -> Finding:
    seen = frozenset() if finding.kind in _JUDGED else _OBSERVED
    args = {name: v for name, v in finding.args.items() if name in seen}
    code = finding.code
    return replace(
        finding, args=args, text=catalogue.sentence(code, args), hint=catalogue.hint(code, args), replay=None
    )


def _hint(test: TestResult, findings: tuple[Finding, ...], lab: Lab) -> str | None:
    """A hint that was written beforehand; one that the judge composed may hold values."""
    written = {t.hint for t in lab.tests if t.name == test.name} | {f.hint for f in findings}
    return test.hint if test.hint in written else None


def _test(test: TestResult, lab: Lab, public: frozenset[str]) -> TestResult:
    """`public` are sentences that the student sees anyway: what the compiler said."""
    findings = tuple(_finding(f) for f in test.findings)
    told = test.status is TestStatus.FAIL and any(f.text for f in findings)
    message = "" if told else _OUTCOME.get(test.status, test.message)
    return replace(
        test,
        message=test.message if test.message in public else message,
        expected=None,
        actual=None,
        hint=_hint(test, findings, lab),
        findings=findings,
    )


def for_audience(result: Result, audience: Audience, lab: Lab) -> Result:
    """The result as this audience may see it. Tests that open after the due date count as hidden."""
    if audience is Audience.INSTRUCTOR:
        return result
    public = frozenset(f.text for f in result.findings if f.kind in NOT_RUN)
    tests = tuple(t if t.visibility is Visibility.PUBLIC else _test(t, lab, public) for t in result.tests)
    return replace(result, tests=tests)
