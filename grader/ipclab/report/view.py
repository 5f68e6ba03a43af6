"""What reports have in common: which problem comes first, how a class did, where two values part, a few lines of source.

Pure functions of results; how it looks is each exporter's own.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ipclab import catalogue
from ipclab.model import (
    Finding,
    Lab,
    Location,
    Process,
    Result,
    ResultStatus,
    SourceFile,
    TestResult,
    TestStatus,
    Value,
)
from ipclab.printable import acts, clean, escape, value_bytes

Sources = Mapping[str, Sequence[SourceFile]]  # by submission id

# The state of a process as /proc/PID/stat writes it (proc(5)).
_STATES = {"R": "running", "S": "sleeping", "D": "sleeping", "Z": "zombie", "T": "stopped", "t": "traced", "X": "dead"}

STATUS_WORDS = {
    ResultStatus.GRADED: "graded",
    ResultStatus.BUILD_FAILED: "does not build",
    ResultStatus.REJECTED: "not accepted",
    ResultStatus.GRADER_ERROR: "not graded: the grader failed",
}


# Of the submission as a whole: why a program of it was not run.
NOT_RUN = ("build_error", "tamper")

# ---- one submission ------------------------------------------------------------------------------


def lead(findings: Iterable[Finding]) -> Finding | None:
    """The finding that explains most: judging puts it first."""
    return next(iter(findings), None)


@dataclass(frozen=True)
class Problem:
    """The first thing to fix."""

    title: str
    text: str
    hint: str | None
    location: Location | None
    finding: Finding | None
    test: TestResult | None
    points: int  # lost in all tests that fail by the same cause
    others: tuple[TestResult, ...]  # further tests that fail by it
    for_bonus: bool = False  # full marks are there without it


def _of_finding(finding: Finding, tests: Sequence[TestResult] = ()) -> Problem:
    """A problem of the submission as a whole; tests that could not be built because of it say the same."""
    title = catalogue.kind_title(finding.kind)
    same = tuple(t for t in tests if t.status is TestStatus.FAIL and not t.findings and t.message == finding.text)
    points = sum(t.max_points - t.points for t in same)
    return Problem(title, finding.text, finding.hint, finding.location, finding, None, points, same)


def _of_test(test: TestResult, tests: Sequence[TestResult]) -> Problem:
    finding = lead(test.findings)
    same = [t for t in tests if t is not test and t.status is TestStatus.FAIL and same_cause(finding, lead(t.findings))]
    points = sum(t.max_points - t.points for t in (test, *same))
    bonus = "Bonus: " if test.bonus else ""
    if finding is None:
        return Problem(f"{bonus}Test failed", test.message, test.hint, test.location, None, test, points, tuple(same), test.bonus)
    # The catalogue's most general sentence says less than what the judge says of this very test.
    general = finding.kind == finding.cause == "wrong_output" and bool(test.message)
    return Problem(
        title=bonus + catalogue.kind_title(finding.kind),
        text=test.message if general else finding.text or test.message,
        hint=test.hint or finding.hint,
        location=finding.location or test.location,
        finding=finding,
        test=test,
        points=points,
        others=tuple(same),
        for_bonus=test.bonus,
    )


def same_cause(a: Finding | None, b: Finding | None) -> bool:
    return a is not None and b is not None and (a.kind, a.cause) == (b.kind, b.cause) and a.kind != a.cause


def first_problem(result: Result) -> Problem | None:
    """What to fix first: why nothing was graded, or the compiler's first error, or the first test that failed; of a
    bonus test last, as full marks do not need it."""
    kinds = {ResultStatus.REJECTED: ("rejected",), ResultStatus.GRADER_ERROR: ("grader",)}.get(result.status, NOT_RUN)
    spoilt = (f for t in result.tests if t.status is TestStatus.ERROR for f in t.findings)
    for finding in (*result.findings, *spoilt):
        if finding.kind in kinds:
            return _of_finding(finding, result.tests)
    if result.status is ResultStatus.GRADER_ERROR:
        return None
    failed = min((t for t in result.tests if t.status is TestStatus.FAIL), key=lambda t: t.bonus, default=None)
    return None if failed is None else _of_test(failed, result.tests)


def short(problem: Problem) -> str:
    """The problem in a few words, for tables; its title stands before them."""
    finding = problem.finding
    if finding is None or finding.kind == finding.cause:
        return problem.test.title if problem.test else problem.text
    if finding.kind in ("build_error", "rejected", "grader"):
        return problem.text
    where = f" ({place(problem.location)})" if problem.location else ""
    return catalogue.cause_title(finding.cause) + where


def state(process: Process) -> str:
    """The state of a process in a word."""
    return _STATES.get(process.state, clean(process.state))


def schedule(finding: Finding) -> list[str]:
    """The order of events that weave tells with what it has found, a line each."""
    return str(finding.args.get("schedule") or "").splitlines()


def by_target(result: Result, lab: Lab) -> list[tuple[str, list[TestResult]]]:
    """The tests in groups, in the lab's order of targets; tests that the lab does not know come last."""
    target_of = {t.name: t.target for t in lab.tests}
    groups: dict[str, list[TestResult]] = {t.name: [] for t in lab.targets}
    for test in result.tests:
        groups.setdefault(target_of.get(test.name, ""), []).append(test)
    return [(name, tests) for name, tests in groups.items() if tests]


def score_text(result: Result) -> str:
    """The score for people; never a number where the grader failed."""
    return "–" if result.status is ResultStatus.GRADER_ERROR else f"{result.score}"


# ---- a class -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    label: str
    count: int
    total: int
    extra: int = 0  # skipped tests, beside the failed ones
    detail: str = ""


@dataclass(frozen=True)
class Class:
    total: int
    scored: int
    counts: dict[ResultStatus, int]
    mean: float | None
    median: float | None
    full_marks: int
    max_score: int
    histogram: tuple[int, ...]  # ten tenths of the maximum, then full marks
    hardest: tuple[Bar, ...]
    causes: tuple[Bar, ...]
    errors: tuple[Result, ...]  # results that the grader itself spoilt, wholly or in a test


def has_error(result: Result) -> bool:
    return result.status is ResultStatus.GRADER_ERROR or any(t.status is TestStatus.ERROR for t in result.tests)


def is_known(result: Result, test: TestResult) -> bool:
    """False where the test has no points yet: the grader failed in it, or in one that it has to wait for."""
    return test.status is not TestStatus.ERROR and not (test.status is TestStatus.SKIPPED and has_error(result))


def _bin(result: Result) -> int:
    if result.score >= result.max_score:
        return 10
    return 10 * result.score // result.max_score


def _hardest(results: Sequence[Result], lab: Lab) -> tuple[Bar, ...]:
    failed: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    ran: Counter[str] = Counter()
    for test in (t for r in results for t in r.tests):
        ran[test.name] += test.status is not TestStatus.ERROR
        failed[test.name] += test.status is TestStatus.FAIL
        skipped[test.name] += test.status is TestStatus.SKIPPED
    bars = [Bar(t.title, failed[t.name], ran[t.name], skipped[t.name], t.name) for t in lab.tests if failed[t.name]]
    return tuple(sorted(bars, key=lambda b: (-b.count, -b.extra)))


def _causes(results: Sequence[Result]) -> tuple[Bar, ...]:
    """In how many submissions each cause occurs among what cost points or stopped the build."""
    seen: Counter[tuple[str, str]] = Counter()
    for result in results:
        findings = [f for f in result.findings if f.kind in (*NOT_RUN, "rejected")]
        findings += [f for t in result.tests if t.status is TestStatus.FAIL for f in t.findings]
        seen.update({(f.kind, f.cause) for f in findings})
    return tuple(
        Bar(catalogue.cause_title(cause), count, len(results), 0, catalogue.kind_title(kind))
        for (kind, cause), count in sorted(seen.items(), key=lambda item: (-item[1], item[0]))
    )


def of_class(results: Sequence[Result], lab: Lab) -> Class:
    scored = [r for r in results if not has_error(r)]
    histogram = [0] * 11
    for result in scored:
        histogram[_bin(result)] += 1
    scores = [r.score for r in scored]
    return Class(
        total=len(results),
        scored=len(scored),
        counts={s: sum(r.status is s for r in results) for s in ResultStatus},
        mean=statistics.fmean(scores) if scores else None,
        median=statistics.median(scores) if scores else None,
        full_marks=histogram[10],
        max_score=max((r.max_score for r in results), default=lab.max_score),
        histogram=tuple(histogram),
        hardest=_hardest(scored, lab),
        causes=_causes(scored),
        errors=tuple(r for r in results if has_error(r)),
    )


# ---- where two values part -----------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    text: str
    style: str  # text, escape (a byte or character that does not print), mark (the first difference), cut


@dataclass(frozen=True)
class Comparison:
    expected: tuple[Piece, ...]
    actual: tuple[Piece, ...]
    caption: str


def _aligned(data: bytes, at: int) -> int:
    """The start of the UTF-8 sequence that the byte at `at` belongs to; `at` itself where there is none."""
    for start in range(at, max(at - 4, -1), -1):
        if start < len(data) and data[start] >= 0xC0:
            return start
        if start >= len(data) or data[start] < 0x80:
            break
    return at


def _shown(char: str, marked: bool) -> tuple[str, bool]:
    """A character as it is shown, and whether that is an escape."""
    if 0xDC80 <= ord(char) <= 0xDCFF:
        return f"\\x{ord(char) - 0xDC00:02x}", True
    if acts(char):
        return escape(char), True
    return ("␣", True) if char == " " and marked else (char, False)


def _pieces(data: bytes, *, marked: bool = False) -> list[Piece]:
    """Runs of one style; after the escape of a line break the line breaks."""
    pieces: list[Piece] = []

    def add(text: str, style: str) -> None:
        if pieces and style == pieces[-1].style:
            pieces[-1] = Piece(pieces[-1].text + text, style)
        else:
            pieces.append(Piece(text, style))

    for char in data.decode("utf-8", "surrogateescape"):
        text, escaped = _shown(char, marked)
        add(text, "mark" if marked else "escape" if escaped else "text")
        if char == "\n" and not marked:
            add("\n", "text")
    return pieces


def _character(data: bytes, at: int) -> bytes:
    """The bytes of the character at `at`, or the one byte that is none; empty at the end."""
    following = data[at : at + 4].decode("utf-8", "surrogateescape")
    return following[:1].encode("utf-8", "surrogateescape")


def _side(data: bytes, at: int | None, before: int, after: int) -> tuple[Piece, ...]:
    middle = 0 if at is None else at
    start = _aligned(data, max(0, middle - before)) if middle > before else 0
    end = min(len(data), middle + after)
    pieces = [Piece(f"… {start} bytes before …", "cut")] if start else []
    if at is None:
        pieces += _pieces(data[start:end])
    else:
        pieces += _pieces(data[start:at])
        one = _character(data, at)
        pieces += _pieces(one, marked=True) if one else [Piece("‹end›", "mark")]
        pieces += _pieces(data[at + len(one) : end])
    if end < len(data):
        pieces.append(Piece(f"… {len(data) - end} more bytes", "cut"))
    return tuple(pieces)


def _named(data: bytes, at: int) -> str:
    if at >= len(data):
        return "the end"
    byte = data[at]
    return f"'{chr(byte)}' (0x{byte:02x})" if 0x21 <= byte < 0x7F else f"byte 0x{byte:02x}"


def compare(
    expected: Value, actual: Value, *, before: int = 120, after: int = 240, mark: bool = True
) -> Comparison | None:
    """Both values around their first difference; None where there is nothing to compare."""
    if expected is None and actual is None:
        return None
    left, right = value_bytes(expected), value_bytes(actual)
    if expected is None or actual is None or left == right or not mark:
        return Comparison(_side(left, None, before, after), _side(right, None, before, after), "")
    same = min(len(left), len(right))
    first = next((i for i in range(same) if left[i] != right[i]), same) if left[:same] != right[:same] else same
    numbers = isinstance(expected, int) or isinstance(actual, int)
    caption = f"First difference at byte {first}: expected {_named(left, first)}, got {_named(right, first)}."
    if numbers:
        return Comparison(tuple(_pieces(left)), tuple(_pieces(right)), "")
    at = min(_aligned(left, first), _aligned(right, first))
    at = first if _character(left, at) == _character(right, at) else at
    return Comparison(_side(left, at, before, after), _side(right, at, before, after), caption)


def compare_test(test: TestResult, *, before: int = 120, after: int = 240) -> Comparison | None:
    """What a test compared. Where a wait ended in vain, or too early, `expected` says in words what was awaited: nothing to mark."""
    finding = lead(test.findings)
    mark = finding is None or (finding.kind in ("wrong_output", "missing_mechanism") and "awaited" not in finding.args)
    return compare(test.expected, test.actual, before=before, after=after, mark=mark)


# ---- lines of source -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    number: int
    text: str
    here: bool


def place(location: Location) -> str:
    """file:line, or the file alone where no line is known."""
    return clean(location.file) + (f":{location.line}" if location.line > 0 else "")


def excerpt(files: Sequence[SourceFile], location: Location | None, around: int = 3) -> tuple[Line, ...]:
    """The student's lines around a place; empty where the file or the line is not there."""
    if location is None or location.line < 1:
        return ()
    name = location.file.rsplit("/", 1)[-1]
    data = next((f.data for f in files if f.name in (location.file, name)), None)
    if data is None:
        return ()
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    if location.line > len(lines):
        return ()
    first = max(1, location.line - around)
    last = min(len(lines), location.line + around)
    return tuple(
        Line(n, clean(lines[n - 1].decode("utf-8", "backslashreplace").expandtabs(4), limit=300), n == location.line)
        for n in range(first, last + 1)
    )
