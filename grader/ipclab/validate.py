"""The gate for a lab: its tests are tested by submissions whose result is known beforehand.

The solution gets full marks without a finding, the skeleton at most a tenth, each mutant fails exactly the tests that it
names with the findings that it names, each variant gets full marks (bonus tests that it names may fail). With repeats, nothing may flip.

Where a mutant or variant leaves one of the solution's programs as it is, byte for byte, the tests of that program are not run
again: the solution has shown what comes of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from ipclab import reach, skeleton
from ipclab.cases import WITH_PLACE, Case, CaseFault, Role, cases
from ipclab.faults import UsageFault
from ipclab.grading import Grader, Options
from ipclab.model import Finding, Lab, Result, ResultStatus, Submission, TestStatus, Visibility
from ipclab.printable import clean
from ipclab.tables import meant

MINIMUM = {"public tests": 4, "hidden tests": 12, "mutants": 12, "variants": 3}
SKELETON_SHARE = 0.1
MEMCHECK_SHARE = 100  # one memcheck run for so many plain ones
WEAVE_SHARE = 15
LOOP_LINES = 20  # how far apart two lines of a loop, and of a short function that it calls, may be
# Said about a submission without costing anything: they are no findings in the sense of the gate.
_ADVICE = frozenset({"build_warning", "note"})


@dataclass(frozen=True)
class Settings:
    options: Options
    repeat: int = 0
    load: bool = False
    only: str | None = None
    whole: bool = False  # run all tests on each case, also those that its changes cannot reach


@dataclass
class Report:
    """What the gate has to say about one lab."""

    lab: str
    passed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    grader_failed: bool = False
    cases: dict[Role, list[bool]] = field(default_factory=dict)  # did each come out as it is meant to?
    repeats: int = 0
    flips: int = 0  # runs in which anything came out otherwise
    solution_s: float | None = None  # its grade on an otherwise idle grader
    gate_s: float = 0.0
    known: int = 0  # tests that were not run again, for they would have run the solution's own programs


Say = Callable[[str], None]


# ---- judging one case ------------------------------------------------------------------------------


def _findings(result: Result) -> list[Finding]:
    of_tests = [f for t in result.tests if t.status is not TestStatus.PASS for f in t.findings]
    return [*(f for f in result.findings if f.kind not in _ADVICE), *of_tests]


def _failed(result: Result) -> set[str]:
    return {t.name for t in result.tests if t.status is TestStatus.FAIL}


def _why(result: Result, name: str) -> str:
    test = next(t for t in result.tests if t.name == name)
    return f"{test.status.value}: {test.message[:160]}"


def _full_marks(case: Case, result: Result) -> Iterator[str]:
    for test in result.tests:
        if test.name in case.fails and test.status is not TestStatus.FAIL:
            yield f"{test.name} should fail, but: {_why(result, test.name)}"
        elif test.name not in case.fails and test.status is not TestStatus.PASS:
            yield f"{test.name} does not pass ({_why(result, test.name)})"
    result = replace(result, tests=tuple(t for t in result.tests if t.name not in case.fails))
    for f in _findings(result):
        yield f"there is a finding {f.kind}/{f.cause}: {f.text[:160]}"
    for f in result.findings:
        if f.kind == "build_warning":
            yield f"it compiles with a warning: {f.text[:160]}"
    if result.score < result.max_score:
        yield f"it earns {result.score} of {result.max_score} points"


def _skeleton(result: Result) -> Iterator[str]:
    for f in result.findings:
        if f.kind in ("build_error", "build_warning"):
            yield f"it does not compile without a warning: {f.text[:160]}"
    if result.score > SKELETON_SHARE * result.max_score:
        yield f"it earns {result.score} of {result.max_score} points, more than {SKELETON_SHARE:.0%}"


def _lines(case: Case, file: str) -> list[str]:
    data = next((s.data for s in case.submission.files if s.name == file), b"")
    return data.decode("utf-8", "replace").splitlines()


def _line_of(case: Case, finding: Finding) -> str:
    where = finding.location
    lines = _lines(case, where.file) if where is not None else []
    return lines[where.line - 1].strip() if where is not None and 0 < where.line <= len(lines) else ""


def _lies_at(case: Case, finding: Finding, file: str, text: str) -> bool:
    """Is the finding at the line with that text? A loop that spins is met at any of its lines: there it may be near."""
    where = finding.location
    if where is None or where.file != file:
        return False
    if finding.kind != "busy_wait":
        return text in _line_of(case, finding)
    return any(text in line and abs(i - where.line) <= LOOP_LINES for i, line in enumerate(_lines(case, file), 1))


def _misplaced(case: Case, result: Result) -> Iterator[str]:
    """Findings that lie elsewhere than the mutant says, or are told of another process; places where none lies."""
    empty = set(case.places)
    for f in _findings(result):
        if (f.kind, f.cause) not in case.findings:
            continue
        here, line = f.location, _line_of(case, f)
        there = {(file, text) for file, text in case.places if _lies_at(case, f, file, text)}
        empty -= there
        if here is None and f.kind in WITH_PLACE:
            yield f"the finding {f.kind}/{f.cause} has no place"
        if here is not None and not there:
            yield f"the finding {f.kind}/{f.cause} is at {here.file}:{here.line}: {line}"
        role = f.args.get("role")
        if role is not None and f.kind in WITH_PLACE and role not in case.roles:
            yield f"the finding {f.kind}/{f.cause} is told of {role!r}"
    for file, text in sorted(empty):
        yield f"no finding lies at {file}: {text}"


def _mutant(case: Case, result: Result) -> Iterator[str]:
    failed = _failed(result)
    for name in sorted(case.fails - failed):
        yield f"{name} should fail, but: {_why(result, name)}"
    for name in sorted(failed - case.fails):
        yield f"{name} fails, which is not expected ({_why(result, name)})"
    found = {(f.kind, f.cause) for f in _findings(result)}
    for kind, cause in sorted(case.findings - found):
        others = ", ".join(sorted(f"{k}/{c}" for k, c in found)) or "none"
        yield f"the finding {kind}/{cause} is missing; there are: {others}"
    yield from _misplaced(case, result)
    named = {kind for kind, _ in case.findings}
    for kind, cause in sorted((k, c) for k, c in found if k not in named):
        yield f"there is an unexpected finding {kind}/{cause}"


def problems(case: Case, result: Result) -> list[str]:
    """What is wrong with the result of one case; empty if the gate lets it through."""
    if result.status is ResultStatus.GRADER_ERROR:
        tests = [f"{t.name}: {t.message[:300]}" for t in result.tests if t.status is TestStatus.ERROR]
        said = [f.text for f in result.findings if f.kind == "grader"]
        return [f"the grader failed: {'; '.join(said + tests)[:600]}"]
    if case.role is Role.SKELETON:
        return list(_skeleton(result))
    if case.role is Role.MUTANT:
        return list(_mutant(case, result))
    return list(_full_marks(case, result))


# ---- a lab -----------------------------------------------------------------------------------------


def _counts(lab: Lab, all_cases: list[Case]) -> Iterator[str]:
    public = sum(t.visibility is Visibility.PUBLIC for t in lab.tests)
    have = {
        "public tests": public,
        "hidden tests": len(lab.tests) - public,
        "mutants": sum(c.role is Role.MUTANT for c in all_cases),
        "variants": sum(c.role is Role.VARIANT for c in all_cases),
    }
    for what, least in MINIMUM.items():
        if have[what] < least:
            yield f"there are {have[what]} {what}, at least {least} are needed"


def _name(case: Case) -> str:
    return case.name if case.role in (Role.SOLUTION, Role.SKELETON) else f"{case.role.value} {case.name}"


def _chosen(lab: Lab, only: str | None) -> tuple[list[Case], list[str]]:
    """The cases to grade, and what is wrong with those that cannot be made."""
    made = list(cases(lab))
    faults = [str(f) for f in made if isinstance(f, CaseFault)]
    good = [c for c in made if isinstance(c, Case)]
    if only is None:
        return good, faults
    kept = [c for c in good if only in (c.name, _name(c), c.submission.id)]
    faults = [f for f in faults if only in f]
    if not kept and not faults:
        hint = meant(only, [c.name for c in good]) or f"; they are in labs/{lab.slug}/mutants and labs/{lab.slug}/variants"
        raise UsageFault(f'{lab.slug} has no mutant or variant "{clean(only, limit=80)}"{hint}')
    return kept, faults


def validate(lab: Lab, settings: Settings, say: Say, on_progress: Callable[[object], None] | None = None) -> Report:
    """Runs the gate for one lab. `say` gets a line for each thing that is done."""
    report = Report(lab.slug)
    began = time.monotonic()
    chosen, faults = _chosen(lab, settings.only)
    _note(report, say, "cases", faults)
    if settings.only is None:
        _note(report, say, "skeleton in sync", list(skeleton.check_in_sync(lab)))
        _note(report, say, "enough of each", list(_counts(lab, chosen)))
    with _load(settings.load):
        grader = Grader(lab, settings.options, on_progress)
        for part, some in _parts(lab, chosen, settings.whole):
            _grade(_grader(grader, part), some, report, say)
            report.known += len(some) * (len(lab.tests) - len(part.tests))
        if report.known:
            say(f"      {report.known:,} tests would have run the solution's own programs, and were not run again (--whole runs them)")
        if settings.repeat:
            for part, some in _parts(lab, chosen, settings.whole):
                good = [c for c in some if c.role in (Role.SOLUTION, Role.VARIANT)]
                _repeat(grader, part, good, settings, report, say)
    report.gate_s = time.monotonic() - began
    return report


def _parts(lab: Lab, chosen: list[Case], whole: bool) -> list[tuple[Lab, list[Case]]]:
    """The cases, each with the part of the lab whose tests they have to run. The solution runs all of them, so that they are
    known; without it nothing is."""
    solution = next((c for c in chosen if c.role is Role.SOLUTION), None)
    parts: dict[frozenset[str], tuple[Lab, list[Case]]] = {}
    every = frozenset(t.name for t in lab.targets)
    for case in chosen:
        reached = every
        if solution is not None and not whole and case.role in (Role.MUTANT, Role.VARIANT):
            reached = reach.targets(lab, solution.submission, case.submission)
        part = lab if reached == every else reach.part(lab, reached)
        if not case.fails <= {t.name for t in part.tests}:  # it names a test that it cannot reach: that has to be seen
            reached, part = every, lab
        parts.setdefault(reached, (part, []))[1].append(case)
    return sorted(parts.values(), key=lambda p: -len(p[0].tests))


def _grader(whole: Grader, part: Lab) -> Grader:
    """One for a part of the lab, with the kit of the whole."""
    if part is whole.lab:
        return whole
    return Grader(part, replace(whole.options, keep=False, resume=False), whole.on_progress, whole.kit)


def _grade(grader: Grader, some: list[Case], report: Report, say: Say) -> None:
    by_id = {c.submission.id: c for c in some}
    for result in grader.all([c.submission for c in some]):
        case = by_id[result.submission_id]
        wrong = problems(case, result)
        report.grader_failed |= result.status is ResultStatus.GRADER_ERROR
        report.cases.setdefault(case.role, []).append(not wrong)
        score = f"{result.score}/{result.max_score}, seed {result.seed}"
        _note(report, say, f"{_name(case)} ({score})" if wrong else _name(case), wrong)


def time_solution(lab: Lab, settings: Settings) -> float:
    """Seconds that the grade of the solution takes while nothing else is graded."""
    solution = next(c for c in cases(lab) if isinstance(c, Case) and c.role is Role.SOLUTION)
    grader = Grader(lab, replace(settings.options, perturbed=False))
    began = time.monotonic()
    for _ in grader.all([solution.submission]):
        pass
    return time.monotonic() - began


def _note(report: Report, say: Say, what: str, wrong: list[str]) -> None:
    if wrong:
        report.problems += [f"{what}: {w}" for w in wrong]
        for w in wrong:
            say(f"FAIL  {what}: {w}")
    else:
        report.passed.append(what)
        say(f"ok    {what}")


# ---- again and again ---------------------------------------------------------------------------------


def only_pass(lab: Lab, name: str) -> Lab:
    """The lab with one pass only; tests without it are left out, and so is what depends on them."""
    kept = {t.name for t in lab.tests if name in t.passes}
    tests = tuple(
        replace(t, passes=(name,), depends=tuple(d for d in t.depends if d in kept)) for t in lab.tests if t.name in kept
    )
    return replace(lab, tests=tests)


def _repeat(whole: Grader, lab: Lab, good: list[Case], settings: Settings, report: Report, say: Say) -> None:
    shares = {"plain": 1, "weave": WEAVE_SHARE, "memcheck": MEMCHECK_SHARE}
    for name, times in ((name, max(1, settings.repeat // share)) for name, share in shares.items()):
        part = only_pass(lab, name)
        if not part.tests:
            continue
        for case in good:
            grader = _grader(whole, part)
            flips, runs, flipped, failed = _run_often(grader, case, times, say)
            report.grader_failed |= failed
            report.repeats += runs
            report.flips += flipped
            wrong = [f"{test} flipped {count} times in {runs} ({example})" for test, (count, example) in sorted(flips.items())]
            _note(report, say, f"{_name(case)}, {runs} times {name}", wrong)


def _run_often(
    grader: Grader, case: Case, times: int, say: Say
) -> tuple[dict[str, tuple[int, str]], int, int, bool]:
    """The tests that flipped, how often and one example; runs; runs in which anything flipped; did the grader fail?"""
    counts: Counter[str] = Counter()
    examples: dict[str, str] = {}
    failed = False
    submission = case.submission
    copies = [replace(submission, id=f"{submission.id}-{i}") for i in range(times)]
    runs = flipped = 0
    for result in grader.all_again(copies):
        runs += 1
        if runs % max(1, times // 10) == 0 and times >= 20:
            say(f"      {submission.student}: {runs} of {times}")
        if result.status is ResultStatus.GRADER_ERROR:
            failed = True
        wanted = {name: TestStatus.FAIL for name in case.fails}
        bad = {t.name: t.message for t in result.tests if t.status is not wanted.get(t.name, TestStatus.PASS)}
        if result.status is not ResultStatus.GRADED and not bad:
            bad = {"the run": "; ".join(f.text for f in result.findings) or result.status.value}
        flipped += bool(bad)
        for name, message in bad.items():
            counts[name] += 1
            examples.setdefault(name, f"seed {result.seed}: {message[:200]}")
            if counts[name] == 1:
                say(f"      flip in run {runs}: {name}, {examples[name]}")
    return {name: (count, examples[name]) for name, count in counts.items()}, runs, flipped, failed


# ---- load --------------------------------------------------------------------------------------------

# Ends by itself once whoever started it is gone.
_BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    for _ in range(1000000): pass\n"


@contextmanager
def _load(wanted: bool) -> Iterator[None]:
    """Keeps every core busy with processes of ours while the block runs."""
    count = os.cpu_count() or 1 if wanted else 0
    busy = [subprocess.Popen([sys.executable, "-S", "-c", _BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
        for process in busy:
            process.wait()
