"""JUnit XML, for the CI systems that show it. The format has no points: they stand in <properties>."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as xml

from ipclab.model import Lab, Result, ResultStatus, TestResult, TestStatus
from ipclab.printable import clean, clean_lines, value_text
from ipclab.report import view
from ipclab.report.audience import Audience, for_audience


def _properties(parent: xml.Element, pairs: Iterable[tuple[str, object]]) -> None:
    properties = xml.SubElement(parent, "properties")
    for name, value in pairs:
        xml.SubElement(properties, "property", name=name, value=clean(str(value)))


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.3f}"


def _account(test: TestResult) -> str:
    """All that a report knows of a failure, as lines."""
    lines = [test.message] if test.message else []
    for finding in test.findings:
        where = f"{view.place(finding.location)}: " if finding.location else ""
        if finding.text != test.message:
            lines.append(f"{where}{finding.text}")
        lines += [f"  {p.role} (pid {p.pid}) {p.doing or view.state(p)}" for p in finding.processes]
    if test.location and not any(f.location for f in test.findings):
        lines.append(f"at {view.place(test.location)}")
    if test.expected is not None or test.actual is not None:
        lines += [f"expected: {clean(value_text(test.expected), limit=2000)}"]
        lines += [f"actual:   {clean(value_text(test.actual), limit=2000)}"]
    finding = view.lead(test.findings)
    hint = test.hint or (finding.hint if finding else None)
    lines += [f"hint: {hint}"] if hint else []
    return clean_lines("\n".join(lines), limit=20_000)


def _case(suite: xml.Element, result: Result, test: TestResult, target: str) -> None:
    case = xml.SubElement(
        suite,
        "testcase",
        classname=clean(f"{result.lab}.{target}"),
        name=clean(test.title or test.name),
        time=_seconds(test.duration_ms),
    )
    _properties(
        case,
        [("name", test.name), ("points", test.points), ("max_points", test.max_points), ("visibility", test.visibility.value)],
    )
    if test.status is TestStatus.PASS:
        return
    finding = view.lead(test.findings)
    message = clean(test.message or (finding.text if finding else ""), limit=500)
    if test.status is TestStatus.SKIPPED:
        xml.SubElement(case, "skipped", message=message)
        return
    kind = f"{finding.kind}/{finding.cause}" if finding else test.status.value
    element = "failure" if test.status is TestStatus.FAIL else "error"
    xml.SubElement(case, element, message=message, type=clean(kind)).text = _account(test)


def _whole(suite: xml.Element, result: Result) -> str | None:
    """A case for what went wrong before any test; returns the element's name that it counts as."""
    if result.status is ResultStatus.GRADED:
        return None
    problem = view.first_problem(result)
    element = "failure" if result.status is ResultStatus.BUILD_FAILED else "error"
    finding = problem.finding if problem else None
    text = problem.text if problem else view.STATUS_WORDS[result.status]
    where = f"{view.place(problem.location)}: " if problem and problem.location else ""
    case = xml.SubElement(suite, "testcase", classname=clean(result.lab), name="submission", time="0.000")
    kind = f"{finding.kind}/{finding.cause}" if finding else result.status.value
    hint = f"\nhint: {problem.hint}" if problem and problem.hint else ""
    xml.SubElement(case, element, message=clean(text, limit=500), type=clean(kind)).text = clean_lines(where + text + hint)
    return element


def _suite(root: xml.Element, result: Result, lab: Lab) -> xml.Element:
    suite = xml.SubElement(root, "testsuite", name=clean(f"{result.lab}: {result.student}"), hostname="localhost")
    failed = result.status is ResultStatus.GRADER_ERROR
    _properties(
        suite,
        [
            ("submission", result.submission_id),
            ("status", result.status.value),
            ("score", "" if failed else result.score),
            ("max_score", result.max_score),
            ("seed", result.seed),
            ("sandbox", result.sandbox),
            ("sha256", result.sha256),
            ("suite_sha256", result.suite_sha256),
        ],
    )
    whole = _whole(suite, result)
    for target, tests in view.by_target(result, lab):
        for test in tests:
            _case(suite, result, test, target)
    count = {s: sum(t.status is s for t in result.tests) for s in TestStatus}
    suite.set("tests", str(len(result.tests) + (whole is not None)))
    suite.set("failures", str(count[TestStatus.FAIL] + (whole == "failure")))
    suite.set("errors", str(count[TestStatus.ERROR] + (whole == "error")))
    suite.set("skipped", str(count[TestStatus.SKIPPED]))
    suite.set("time", _seconds(sum(t.duration_ms for t in result.tests)))
    suite.set("timestamp", clean(result.started[:19]))
    return suite


def junit(results: Iterable[Result], lab: Lab, audience: Audience = Audience.INSTRUCTOR) -> str:
    """The XML document: a suite for each submission, a case for each test."""
    root = xml.Element("testsuites", name=clean(f"ipclab {lab.slug}"))
    suites = [_suite(root, for_audience(r, audience, lab), lab) for r in results]
    for total in ("tests", "failures", "errors", "skipped"):
        root.set(total, str(sum(int(s.get(total, "0")) for s in suites)))
    root.set("time", f"{sum(float(s.get('time', '0')) for s in suites):.3f}")
    xml.indent(root, space=" ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode") + "\n"
