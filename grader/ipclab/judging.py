"""From what was observed to what it means: pure functions from the events of a run to tests and findings.

A test's outcome is the judge's record, then the post-mortem, then the status. Nothing that a student's process can write
to is read as a verdict here; and where the grader itself did not do its part, the test is an error, never a failure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from ipclab import catalogue, memcheck
from ipclab.build import Built, weave_starts
from ipclab.events import EntryLog, Hello, RunLog, StreamFault, as_bytes
from ipclab.model import Finding, Lab, Location, Submission, Test, TestResult, TestStatus, Value, Visibility
from ipclab.observed import amount, lead, read_value, warden_finding

_NO_PROGRAM = "there is no program of that name"  # testkit's words for a SPAWN that gave ENOENT
# Findings of these kinds always cost the test; others only where its fails_on names them.
ALWAYS_COSTS = frozenset({"crash", "deadlock", "hang", "timeout", "busy_wait", "output_flood", "resource_limit", "tamper"})
_STUCK = frozenset({"deadlock", "hang", "busy_wait", "timeout"})
# What only the witness sees: without it such a test would pass whatever was done.
_NEEDS_WITNESS = frozenset({"zombie"})
_LIMITS = frozenset({"wall", "cpu", "memory", "processes", "output", "terminals"})
_TERMINALS = 64  # warden's own limit (level.h): no lab has another
_NOT_RUN = "weave_not_run"
RECORD_MAX = 1 << 20


def entry_id(test: str, part: str) -> str:
    """The plan's name for one test in one build, or in the memcheck pass."""
    return f"{test}.{part}"


def explaining_id(of: str) -> str:
    """The plan's name for the run that explains why an entry failed."""
    return f"{of}.again"


def is_explaining(entry: str) -> bool:
    return entry.endswith(".again")


def parts(test: Test, lab: Lab) -> tuple[str, ...]:
    """In which order a test is tried: each build, then memcheck. What weave runs has no judge, and comes after them."""
    plain = lab.builds if "plain" in test.passes else ()
    return (*plain, *(p for p in test.passes if p not in ("plain", "weave")))


# ---- the judge's record -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    status: TestStatus
    message: str = ""
    expected: Value = None
    actual: Value = None
    hint: str | None = None
    kind: str | None = None
    cause: str | None = None
    args: dict[str, Value] = field(default_factory=dict)
    line: int = 0  # of the check that failed, in the test's source


def _text(data: Any) -> str:
    return data if isinstance(data, str) else ""


def read_record(text: str) -> Verdict | None:
    """The judge's record, or None if it is not one."""
    try:
        data = json.loads(text) if len(text) <= RECORD_MAX else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    status = {"pass": TestStatus.PASS, "fail": TestStatus.FAIL, "error": TestStatus.ERROR}.get(_text(data.get("status")))
    if status is None:
        return None
    args, where = (data.get(name) if isinstance(data.get(name), dict) else {} for name in ("args", "where"))
    line = where.get("line")
    return Verdict(
        status=status,
        message=_text(data.get("message")),
        expected=read_value(data.get("expected")),
        actual=read_value(data.get("actual")),
        hint=_text(data.get("hint")) or None,
        kind=_text(data.get("kind")) or None,
        cause=_text(data.get("cause")) or None,
        args={str(k): read_value(v) for k, v in args.items()},
        line=line if isinstance(line, int) and not isinstance(line, bool) and line > 0 else 0,
    )


# ---- one entry ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """What one entry, or the pass `weave`, says about its test."""

    status: TestStatus
    verdict: Verdict
    findings: tuple[Finding, ...]
    wall_ms: float


def grader_fault(cause: str, args: Mapping[str, Value], wall_ms: float, location: Location | None = None) -> Outcome:
    """The grader did not do its part, which decides nothing about the submission."""
    found = catalogue.finding("grader", cause, dict(args), location=location)
    return Outcome(TestStatus.ERROR, Verdict(TestStatus.ERROR, message=found.text), (found,), wall_ms)


def _costs(finding: Finding, test: Test, passed: bool) -> bool:
    if finding.kind in test.fails_on:
        return True
    if finding.kind == "crash" and finding.cause == "killed_by_signal" and passed:
        return False  # the judge saw it and says that this was right
    return finding.kind in ALWAYS_COSTS


def judge_entry(test: Test, log: EntryLog, own: frozenset[str], hello: Hello | None) -> Outcome:
    """What one entry came to. `own` are the names of the submission's files; `hello` says what the sandbox could see."""
    end = log.end
    if end is None:
        raise StreamFault("no_done_event", f"{log.id} has no end")
    if end.outcome not in _LIMITS | {"finished", "judge_died"}:
        raise StreamFault("warden_fault", f"{log.id} has the outcome {end.outcome[:40]!r}")
    found = [warden_finding(f, own) for f in log.found]
    verdict = read_record(log.records[0].text) if log.records else None
    if log.id == entry_id(test.name, "memcheck"):
        passed = verdict is not None and verdict.status is TestStatus.PASS
        found += memcheck.findings(log, own, passed=passed, held=hello is not None and hello.witness)
    if not log.records:
        return _without_record(test, log, found)
    if verdict is None:
        return grader_fault("judge_error", {"test": test.name, "error": "its record makes no sense"}, end.wall_ms)
    if end.records != 1 or len(log.records) != 1:
        # Only where judge and student share a uid can a student reach the socket on which records travel.
        if hello is None or not hello.shared_uid:
            return grader_fault("judge_error", {"test": test.name, "error": "it gave more than one record"}, end.wall_ms)
        found.append(catalogue.finding("tamper", "doubled_record", {"test": test.name}))
    if verdict.status is TestStatus.ERROR and log.id == entry_id(test.name, "memcheck") and _NO_PROGRAM in verdict.message:
        # it has just run without valgrind, or this entry would have been skipped
        return grader_fault("tool_missing", {"test": test.name, "tool": "valgrind"}, end.wall_ms)
    if verdict.status is TestStatus.ERROR:
        outcome = grader_fault("judge_error", {"test": test.name, "error": verdict.message}, end.wall_ms)
        return replace(outcome, findings=(*outcome.findings, *found))
    if verdict.status is TestStatus.PASS and _NEEDS_WITNESS & set(test.fails_on) and hello is not None and not hello.witness:
        return grader_fault("no_witness", {"test": test.name}, end.wall_ms)
    return _with_record(test, log, verdict, found)


def _limit(test: Test, outcome: str) -> int:
    of = test.limits
    every = {"wall": of.wall_ms, "cpu": of.cpu_ms, "memory": of.memory, "processes": of.processes, "output": of.output, "terminals": _TERMINALS}
    return every[outcome]


def _without_record(test: Test, log: EntryLog, found: list[Finding]) -> Outcome:
    end = log.end
    assert end is not None
    if end.outcome not in _LIMITS:
        status = "" if end.judge is None else f"signal {end.judge.signal}" if end.judge.signal else f"exit {end.judge.code}"
        said = b"".join(o.data for o in log.outputs if o.who == "judge").decode("utf-8", "backslashreplace").strip()
        args = {"test": test.name, "status": ": ".join(p for p in (status, said[-300:]) if p)}
        return grader_fault("judge_died", args, end.wall_ms)
    if log.id == entry_id(test.name, "memcheck") and not any(f.kind in test.fails_on for f in found):
        # valgrind changes what a program sees (argv[0], how fast it is); that it ran into a limit proves nothing
        return grader_fault("memcheck_gave_up", {"test": test.name, "limit": amount(end.outcome, _limit(test, end.outcome))}, end.wall_ms)
    if not any(_costs(f, test, passed=False) for f in found):
        args = {"limit": amount(end.outcome, _limit(test, end.outcome))}
        found.append(catalogue.finding("resource_limit", end.outcome, args))
    findings = lead(found, None)
    return Outcome(TestStatus.FAIL, Verdict(TestStatus.FAIL, message=findings[0].text), findings, end.wall_ms)


def _with_record(test: Test, log: EntryLog, verdict: Verdict, found: list[Finding]) -> Outcome:
    assert log.end is not None
    passed = verdict.status is TestStatus.PASS
    costing = [f for f in found if _costs(f, test, passed)]
    if passed and not costing:
        return Outcome(TestStatus.PASS, verdict, (), log.end.wall_ms)
    if passed:
        findings = lead(costing, None)
        return Outcome(TestStatus.FAIL, replace(verdict, message=findings[0].text), findings, log.end.wall_ms)
    if not any(f.cause == verdict.cause for f in found):
        found = [*_own_finding(verdict, found), *found]
    findings = lead(found, verdict.cause)
    first = findings[0] if findings else None
    # the post-mortem says why; that the judge waited in vain says only that
    explained = first is not None and (not verdict.message or (first.kind in _STUCK and first.cause == verdict.cause))
    message = first.text if explained and first is not None else verdict.message
    return Outcome(TestStatus.FAIL, replace(verdict, message=message), findings, log.end.wall_ms)


def _own_finding(verdict: Verdict, found: list[Finding]) -> list[Finding]:
    """The finding that the judge's record itself makes: of the cause that the test names, or of another result."""
    if verdict.cause is not None:
        named = verdict.kind is not None and catalogue.allows(verdict.kind, verdict.cause)
        kind = str(verdict.kind) if named else catalogue.kind_of(verdict.cause)
        return [catalogue.finding(kind, verdict.cause, _record_args(verdict))]
    if any(f.kind in ALWAYS_COSTS for f in found):
        return []  # something worse happened, and explains it
    return [catalogue.finding("wrong_output", "wrong_output", _record_args(verdict))]


def _record_args(verdict: Verdict) -> dict[str, Value]:
    args: dict[str, Value] = dict(verdict.args)
    args |= {k: v for k, v in (("expected", verdict.expected), ("actual", verdict.actual)) if v is not None}
    return args


# ---- all of it ------------------------------------------------------------------------------------------


def judge(
    lab: Lab, submission: Submission, built: Built, log: RunLog | None, woven: Mapping[str, Outcome] = MappingProxyType({})
) -> tuple[TestResult, ...]:
    """The tests' results, in the order of lab.toml. `log` is None where nothing could be run. `woven`: what the pass `weave`
    of tests came to; where it is missing and would have decided, the test is an error."""
    own = frozenset(f.name for f in submission.files)
    results: dict[str, TestResult] = {}
    for test in in_order(lab):
        results[test.name] = _test(lab, test, built, log, own, woven, results)
    return tuple(results[t.name] for t in lab.tests)


def awaits_weave(
    lab: Lab, submission: Submission, built: Built, log: RunLog | None, woven: Mapping[str, Outcome], test: Test
) -> bool:
    """Does nothing but its pass `weave` still decide this test? It is run for such tests only."""
    result = next(r for r in judge(lab, submission, built, log, woven) if r.name == test.name)
    return any(f.cause == _NOT_RUN for f in result.findings)


def in_order(lab: Lab) -> list[Test]:
    """The tests, each after those that it depends on, else as they stand."""
    placed: dict[str, Test] = {}
    by_name = {t.name: t for t in lab.tests}

    def place(test: Test) -> None:
        if test.name not in placed:
            for name in test.depends:
                if name in by_name:
                    place(by_name[name])
            placed[test.name] = test

    for test in lab.tests:
        place(test)
    return list(placed.values())


def depends_on(lab: Lab, test: Test) -> frozenset[str]:
    """All tests that this one depends on, those of their own among them."""
    by_name = {t.name: t for t in lab.tests}
    found: set[str] = set()
    waiting = list(test.depends)
    while waiting:
        name = waiting.pop()
        if name not in found and name in by_name:
            found.add(name)
            waiting += by_name[name].depends
    return frozenset(found)


def targets_of(test: Test) -> tuple[str, ...]:
    """What a test needs built, its own target first."""
    return (test.target, *test.uses)


def runnable(lab: Lab, built: Built) -> dict[str, str | None]:
    """For each test None if it can be run, else the test or (with a leading "!") the target that prevents it."""
    why: dict[str, str | None] = {}
    for test in in_order(lab):
        starts = weave_starts(test) if test.weave is not None else ()
        failed = next((name for name in (*targets_of(test), *(s[0] for s in starts)) if name in built.failed), None)
        if failed is not None:
            why[test.name] = f"!{failed}"
        else:
            why[test.name] = next((d for d in test.depends if why.get(d) is not None), None)
    return why


def _result(test: Test, status: TestStatus, **more: Any) -> TestResult:
    return TestResult(
        name=test.name,
        title=test.title,
        points=test.points if status is TestStatus.PASS else 0,
        max_points=test.points,
        status=status,
        visibility=test.visibility,
        bonus=test.bonus,
        **more,
    )


def _skipped(test: Test, because: str, results: Mapping[str, TestResult]) -> TestResult:
    other = results.get(because)
    how = "could not be judged" if other is not None and other.status is TestStatus.ERROR else "failed"
    title = other.title if other is not None else because
    return _result(test, TestStatus.SKIPPED, message=f'Not run, because the test "{title}" {how}.')


def _recorded_pass(lab: Lab, name: str, log: RunLog) -> bool:
    """Did the judge pass this test in each of its parts? That is what warden asks of the entries that others wait for."""
    test = next(t for t in lab.tests if t.name == name)
    for part in parts(test, lab):
        entry = log.entries.get(entry_id(name, part))
        verdict = read_record(entry.records[0].text) if entry is not None and entry.records else None
        if verdict is None or verdict.status is not TestStatus.PASS:
            return False
    return all(_recorded_pass(lab, d, log) for d in test.depends)


def _test(
    lab: Lab,
    test: Test,
    built: Built,
    log: RunLog | None,
    own: frozenset[str],
    woven: Mapping[str, Outcome],
    results: Mapping[str, TestResult],
) -> TestResult:
    why = runnable(lab, built)[test.name]
    if why is not None and why.startswith("!"):
        error = built.failed[why[1:]]
        return _result(test, TestStatus.FAIL, message=error.text, hint=error.hint, location=error.location)
    if why is not None:
        return _skipped(test, why, results)
    # warden skips by records only: it cannot know that a finding costs a test whose record is `pass`
    if (failed := next((d for d in test.depends if d in results and results[d].status is not TestStatus.PASS), None)):
        return _skipped(test, failed, results)
    assert log is not None
    outcomes: list[Outcome] = []
    for part in parts(test, lab):
        entry = log.entries.get(entry_id(test.name, part))
        if entry is None:
            raise StreamFault("no_done_event", f"nothing was said about {entry_id(test.name, part)}")
        if any(o.status is not TestStatus.PASS for o in outcomes):
            break  # once is enough; what ran at the same time all the same adds nothing
        if (missed := next((d for d in test.depends if not _recorded_pass(lab, d, log)), None)) is not None:
            return _skipped(test, missed, results)
        if entry.skipped is not None:
            raise StreamFault("warden_fault", f"{entry.id} was skipped although {entry.skipped.because} passed")
        outcomes.append(_explained(judge_entry(test, entry, own, log.hello), log.entries.get(explaining_id(entry.id)), own))
    if "weave" in test.passes and all(o.status is TestStatus.PASS for o in outcomes):
        outcomes.append(woven.get(test.name) or grader_fault(_NOT_RUN, {"test": test.name}, 0.0))
    return _merge(test, outcomes)


# What only a run in which every call is watched can see. The rest of what such a run finds is left to the run that counts.
_SEEN_AGAIN = frozenset({("wrong_output", "write_to_closed_fd"), ("wrong_output", "interrupted_call_given_up")})


def _bytes(value: Value) -> bytes | None:
    """The bytes that a record speaks of; None if it speaks of something else."""
    try:
        return as_bytes(value) if isinstance(value, (str, dict)) else None
    except StreamFault:
        return None


def _is_incomplete(verdict: Verdict) -> bool:
    """Is what came right, as far as it goes?"""
    expected, actual = _bytes(verdict.expected), _bytes(verdict.actual)
    return expected is not None and actual is not None and expected != actual and expected.startswith(actual)


def _explained(outcome: Outcome, again: EntryLog | None, own: frozenset[str]) -> Outcome:
    """A failure with what its second run saw; marks do not depend on it. Calls that fail explain why something is missing, in
    place of the bare fact; beside another result they are worth a look, no more."""
    if again is None or again.end is None or outcome.status is not TestStatus.FAIL:
        return outcome
    told = {f.cause for f in outcome.findings}
    seen = [warden_finding(f, own) for f in again.found if (f.kind, f.cause) in _SEEN_AGAIN and f.cause not in told]
    seen = [f for f in seen if f.location is not None]
    if seen and _is_incomplete(outcome.verdict):
        findings = [*seen, *(f for f in outcome.findings if f.cause != "wrong_output")]
    else:
        findings = [*outcome.findings, *seen]
    return replace(outcome, findings=lead(findings, outcome.verdict.cause))


def _hint(test: Test, outcome: Outcome, first: Finding | None) -> str | None:
    """The most particular hint: what was seen, then what the test's author says of the cause, then of the test."""
    if outcome.status is not TestStatus.FAIL:
        return None
    particular = first.hint if first is not None and first.cause != "wrong_output" else None
    if first is not None and first.kind in _STUCK and particular:
        return particular
    return outcome.verdict.hint or particular or test.hint


def _merge(test: Test, outcomes: list[Outcome]) -> TestResult:
    """One test of its builds and passes: it passes if all of them do; the last one is the first that does not."""
    if not outcomes:
        raise StreamFault("no_done_event", f"the test {test.name} was not run")
    last = outcomes[-1]
    duration = round(sum(o.wall_ms for o in outcomes), 1)
    if last.status is TestStatus.PASS:
        return _result(test, TestStatus.PASS, duration_ms=duration)
    findings: dict[tuple[str, str, Location | None], Finding] = {}
    for f in last.findings:
        findings.setdefault((f.kind, f.cause, f.location), f)
    first = next(iter(findings.values()), None)
    verdict = last.verdict
    listed = tuple(findings.values())
    if first is not None and verdict.line and test.source and test.visibility is Visibility.PUBLIC:
        # students have this file: let them see the check that failed
        there = Location(test.source, verdict.line)
        listed = (replace(first, related=(*first.related, there)), *listed[1:])
    return _result(
        test,
        last.status,
        message=verdict.message,
        expected=verdict.expected,
        actual=verdict.actual,
        hint=_hint(test, last, first),
        location=first.location if first is not None else None,
        findings=listed,
        duration_ms=duration,
    )
