"""A result as JSON and back, the marks in it, and how it reaches the disk.

The form is `result.schema.json`; nothing is written that does not fit it. A `grader_error` has the score null: no reader
of the file can take it for a zero.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import functools
import json
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ipclab.faults import Fault, GraderFault
from ipclab.model import (
    Finding,
    Lab,
    Location,
    Process,
    Result,
    ResultStatus,
    TestResult,
    TestStatus,
    Value,
    Visibility,
)

RESULT = "ipclab/result/v1"
CLASS = "ipclab/class/v1"
SCHEMA_FILE = Path(__file__).with_name("result.schema.json")

Json = dict[str, Any]


# ---- marks ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Marks:
    points: dict[str, int]  # earned, by test
    score: int
    max_score: int
    complete: bool  # False: a test ended by the grader's own fault, so the score is not known


def score(lab: Lab, outcomes: Mapping[str, TestStatus]) -> Marks:
    """The marks that these outcomes earn with the points of `lab`; a bonus test adds to the score, never to the maximum.

    A test without an outcome earns nothing; outcomes of tests that the lab no longer has are ignored.
    """
    points = {t.name: t.points if outcomes.get(t.name) is TestStatus.PASS else 0 for t in lab.tests}
    complete = all(outcomes.get(t.name) is not TestStatus.ERROR for t in lab.tests)
    return Marks(points, sum(points.values()), lab.max_score, complete)


def remark(lab: Lab, result: Result) -> Result:
    """The same outcomes with the points that lab.toml has now. Tests that the lab no longer has are dropped."""
    marks = score(lab, {t.name: t.status for t in result.tests})
    of_lab = {t.name: t for t in lab.tests}
    tests = tuple(
        replace(t, points=marks.points[t.name], max_points=of_lab[t.name].points, bonus=of_lab[t.name].bonus)
        for t in result.tests
        if t.name in of_lab
    )
    return replace(result, tests=tests, score=marks.score, max_score=marks.max_score)


# ---- to JSON -------------------------------------------------------------------------------------


def value(data: bytes) -> Value:
    """Bytes as a value of a result: text where they are UTF-8, {base64} elsewhere."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode("ascii")}


def _text(text: str) -> str:
    """Text that UTF-8 can carry: bytes that came in by surrogateescape show as escapes."""
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
        return text
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace")


def _value(v: Value) -> Value:
    if isinstance(v, str) and not v.isascii():
        try:
            return value(v.encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError:
            return _text(v)
    return dict(v) if isinstance(v, dict) else v


def _location(where: Location | None) -> Json | None:
    return None if where is None else {"file": _text(where.file), "line": where.line}


def _optional(text: str | None) -> str | None:
    return None if text is None else _text(text)


def finding_to_json(finding: Finding) -> Json:
    return {
        "kind": finding.kind,
        "cause": finding.cause,
        "message": {"code": finding.code, "args": {_text(k): _value(v) for k, v in finding.args.items()}},
        "text": _text(finding.text),
        "hint": _optional(finding.hint),
        "location": _location(finding.location),
        "related": [_location(place) for place in finding.related],
        "processes": [
            {"pid": p.pid, "role": _text(p.role), "state": _text(p.state), "doing": _text(p.doing)}
            for p in finding.processes
        ],
        "replay": _optional(finding.replay),
    }


def _test_to_json(test: TestResult) -> Json:
    return {
        "name": test.name,
        "title": _text(test.title),
        "points": test.points,
        "max_points": test.max_points,
        "status": test.status.value,
        "visibility": test.visibility.value,
        "bonus": test.bonus,
        "message": _text(test.message),
        "expected": _value(test.expected),
        "actual": _value(test.actual),
        "hint": _optional(test.hint),
        "location": _location(test.location),
        "findings": [finding_to_json(f) for f in test.findings],
        "duration_ms": test.duration_ms,
    }


def to_json(result: Result) -> Json:
    """The result in the form of ipclab/result/v1; every field is there, null or empty where there is nothing to say."""
    return {
        "schema": RESULT,
        "lab": result.lab,
        "submission": {
            "id": _text(result.submission_id),
            "student": _text(result.student),
            "sha256": result.sha256,
            "students": [_text(s) for s in result.students],
            "group": _optional(result.group),
            "submitted_at": _optional(result.submitted_at),
            "attempt": result.attempt,
        },
        "suite_sha256": result.suite_sha256,
        "seed": result.seed,
        "sandbox": result.sandbox,
        "status": result.status.value,
        "score": None if result.status is ResultStatus.GRADER_ERROR else result.score,
        "max_score": result.max_score,
        "started": result.started,
        "phases_ms": dict(result.phases_ms),
        "tests": [_test_to_json(t) for t in result.tests],
        "findings": [finding_to_json(f) for f in result.findings],
    }


def class_to_json(results: Iterable[Result]) -> Json:
    return {"schema": CLASS, "results": [to_json(r) for r in results]}


# ---- from JSON -----------------------------------------------------------------------------------


def _to_location(data: Json | None) -> Location | None:
    return None if data is None else Location(data["file"], data["line"])


def finding_from_json(data: Json) -> Finding:
    return Finding(
        kind=data["kind"],
        cause=data["cause"],
        code=data["message"]["code"],
        args=dict(data["message"]["args"]),
        text=data["text"],
        hint=data["hint"],
        location=_to_location(data["location"]),
        related=tuple(Location(p["file"], p["line"]) for p in data["related"]),
        processes=tuple(Process(p["pid"], p["role"], p["state"], p["doing"]) for p in data["processes"]),
        replay=data["replay"],
    )


def _test_from_json(data: Json) -> TestResult:
    return TestResult(
        name=data["name"],
        title=data["title"],
        points=data["points"],
        max_points=data["max_points"],
        status=TestStatus(data["status"]),
        visibility=Visibility(data["visibility"]),
        message=data["message"],
        expected=data["expected"],
        actual=data["actual"],
        hint=data["hint"],
        location=_to_location(data["location"]),
        findings=tuple(finding_from_json(f) for f in data["findings"]),
        duration_ms=data["duration_ms"],
        bonus=data["bonus"],
    )


def from_json(data: Json) -> Result:
    """The result that `data` describes; a GraderFault where it is not in the form of ipclab/result/v1."""
    validate(data)
    if data["schema"] != RESULT:
        raise GraderFault(f"this is {data['schema']}, not {RESULT}")
    submission = data["submission"]
    return Result(
        lab=data["lab"],
        submission_id=submission["id"],
        student=submission["student"],
        sha256=submission["sha256"],
        suite_sha256=data["suite_sha256"],
        seed=data["seed"],
        sandbox=data["sandbox"],
        status=ResultStatus(data["status"]),
        score=data["score"] or 0,
        max_score=data["max_score"],
        started=data["started"],
        phases_ms=dict(data["phases_ms"]),
        tests=tuple(_test_from_json(t) for t in data["tests"]),
        findings=tuple(finding_from_json(f) for f in data["findings"]),
        students=tuple(submission["students"]),
        group=submission["group"],
        submitted_at=submission["submitted_at"],
        attempt=submission["attempt"],
    )


def class_from_json(data: Json) -> tuple[Result, ...]:
    """The results of ipclab/class/v1, or the one of ipclab/result/v1."""
    if data.get("schema") == RESULT:
        return (from_json(data),)
    validate(data)
    return tuple(from_json(r) for r in data["results"])


# ---- the schema ----------------------------------------------------------------------------------


@functools.cache
def _validators() -> dict[str, Any]:
    """A validator for each form. The schema's references are written out once: following them takes most of the time."""
    import jsonschema  # 0.2 s, which whoever only computes marks should not pay

    schema = json.loads(SCHEMA_FILE.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    definitions = schema["$defs"]

    def written_out(node: Any) -> Any:
        if isinstance(node, list):
            return [written_out(n) for n in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            return written_out(definitions[node["$ref"].removeprefix("#/$defs/")])
        return {k: written_out(v) for k, v in node.items()}

    return {
        name: jsonschema.Draft202012Validator(written_out(definitions[part]))
        for name, part in ((RESULT, "result"), (CLASS, "class"))
    }


def validate(data: Any) -> None:
    """Raises a GraderFault that names the place, unless `data` has the form that its `schema` field promises."""
    name = data.get("schema") if isinstance(data, dict) else None
    validator = _validators().get(name) if isinstance(name, str) else None
    if validator is None:
        raise GraderFault(f"a result has to begin with \"schema\": {RESULT} or {CLASS}, this one has {str(name)[:60]!r}")
    from jsonschema.exceptions import best_match

    error = best_match(validator.iter_errors(data))
    if error is not None:
        place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error.absolute_path).lstrip(".")
        raise GraderFault(f"a result does not fit {name}: at {place or 'its top'}: {error.message[:300]}")


# ---- the disk ------------------------------------------------------------------------------------


_NEW = ".new-"


def _make_new(folder: Path) -> tuple[int, Path]:
    """A file in `folder` under a name of its own, locked for as long as its writer lives."""
    while True:
        handle, name = tempfile.mkstemp(prefix=_NEW, dir=folder)
        with contextlib.suppress(OSError):  # a file system without locks: nobody sweeps there either
            fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # somebody swept it away between these two calls


@functools.cache
def _sweep(folder: Path) -> None:
    """Removes what writers have left that were killed: nobody holds their locks any more."""
    for path in folder.glob(f"{_NEW}*"):
        with contextlib.suppress(OSError):  # gone meanwhile, or somebody is at it
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                if stat.S_ISREG(os.fstat(handle).st_mode):
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    path.unlink()
            finally:
                os.close(handle)


def write_atomic(path: Path, data: bytes) -> None:
    """Puts `data` at `path` at once or not at all: readers see the old file or the whole new one, after a power cut too."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)  # /dev/null, a FIFO: to be written to; root could replace them
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path.parent)
        handle, new = _make_new(path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                os.replace(new, path)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise GraderFault(f"cannot write {path}: {error.strerror}") from error


def dumps(data: Json) -> str:
    """JSON as ipclab writes it, with a line break at the end; validated before."""
    validate(data)
    return json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def write(path: Path, result: Result) -> None:
    write_atomic(path, dumps(to_json(result)).encode("utf-8"))


def write_class(path: Path, results: Iterable[Result]) -> None:
    write_atomic(path, dumps(class_to_json(results)).encode("utf-8"))


def read_all(path: Path) -> tuple[Result, ...]:
    """The results in a file of either form; a fault names the file."""
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise GraderFault(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise GraderFault(f"{path} is no JSON: {error}") from error
    if not isinstance(data, dict):
        raise GraderFault(f"{path} holds no result")
    try:
        return class_from_json(data)
    except Fault as error:
        raise GraderFault(f"{path}: {error}") from error


def read(path: Path) -> Result:
    """The one result in a file."""
    results = read_all(path)
    if len(results) != 1:
        raise GraderFault(f"{path} holds {len(results)} results where one is needed")
    return results[0]
