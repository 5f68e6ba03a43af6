"""The form of results, the marks in them, and their way to the disk."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import samples
from hypothesis import given
from hypothesis import strategies as st

from ipclab import results
from ipclab.faults import GraderFault
from ipclab.model import Finding, Process, ResultStatus
from ipclab.model import TestStatus as Status

# ---- the form ------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", samples.ALL, ids=lambda r: r.submission_id)
def test_a_result_survives_json(result: Any) -> None:
    data = json.loads(results.dumps(results.to_json(result)))
    assert results.from_json(data) == (
        replace(result, score=0) if result.status is ResultStatus.GRADER_ERROR else result
    )


def test_a_class_survives_json(tmp_path: Path) -> None:
    path = tmp_path / "class.json"
    results.write_class(path, samples.ALL)
    assert [r.submission_id for r in results.read_all(path)] == [r.submission_id for r in samples.ALL]


def test_the_file_of_the_schema_accepts_both_forms() -> None:
    """A reader with nothing but the schema file can check either form."""
    validator = jsonschema.Draft202012Validator(json.loads(results.SCHEMA_FILE.read_text("utf-8")))
    one = results.to_json(samples.HANG)
    assert validator.is_valid(one) and validator.is_valid(results.class_to_json(samples.ALL))
    assert not validator.is_valid(one | {"score": "4"})


def _objects(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every object below `node`."""
    if isinstance(node, dict):
        yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in items:
        yield from _objects(child, (*path, key))


def _at(node: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        node = node[key]
    return node


WHOLE = results.class_to_json([samples.HANG, samples.WRONG])
# Objects whose members are free: names of phases and of arguments.
FIXED = [p for p in _objects(WHOLE) if not p or p[-1] not in ("phases_ms", "args")]
FIELDS = [(path, field) for path in FIXED for field in _at(WHOLE, path)]


def test_every_field_is_required() -> None:
    kinds = {path[-1] if path and isinstance(path[-1], str) else "item" for path in FIXED}
    assert {"submission", "message", "location", "item", "expected"} <= kinds
    for path, field in FIELDS:
        data = copy.deepcopy(WHOLE)
        del _at(data, path)[field]
        with pytest.raises(GraderFault, match="does not fit|has to begin"):
            results.validate(data)


def test_no_field_may_be_added() -> None:
    for path in FIXED:
        data = copy.deepcopy(WHOLE)
        _at(data, path)["surprise"] = 1
        with pytest.raises(GraderFault, match="surprise"):
            results.validate(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("score",), None),
        (("score",), 1.5),
        (("score",), -1),
        (("score",), True),
        (("status",), "passed"),
        (("seed",), "12"),
        (("seed",), "00C0FFEE00C0FFEE"),
        (("lab",), "pipe"),
        (("started",), "yesterday"),
        (("submission", "sha256"), "0"),
        (("submission", "id"), "a/b"),
        (("submission", "id"), ""),
        (("tests", 0, "status"), "failed"),
        (("tests", 0, "points"), -1),
        (("tests", 0, "expected"), {"base64": "not base64"}),
        (("tests", 0, "expected"), {"hex": "00"}),
        (("tests", 0, "expected"), 1.5),
        (("tests", 2, "findings", 0, "kind"), "mystery"),
        (("tests", 2, "findings", 0, "cause"), "Not A Slug"),
        (("tests", 2, "findings", 0, "location", "line"), -1),
        (("tests", 2, "findings", 0, "processes", 0, "pid"), "7"),
    ],
)
def test_a_wrong_value_is_refused(path: tuple[Any, ...], value: Any) -> None:
    data = results.to_json(samples.HANG)
    results.validate(data)
    _at(data, path[:-1])[path[-1]] = value
    with pytest.raises(GraderFault, match="does not fit"):
        results.validate(data)


@pytest.mark.parametrize("data", [None, [], "x", {}, {"schema": 1}, {"schema": []}, {"schema": "ipclab/result/v2"}])
def test_what_is_no_result_is_refused_in_one_line(data: Any) -> None:
    with pytest.raises(GraderFault) as fault:
        results.validate(data)
    assert "\n" not in str(fault.value)


def test_a_grader_error_has_no_score() -> None:
    data = results.to_json(samples.FAULT)
    assert data["score"] is None
    with pytest.raises(GraderFault):
        results.validate(data | {"score": 0})


TEXT = st.text(st.characters(blacklist_categories=[]), max_size=30)
VALUES = st.one_of(
    st.none(), st.integers(-(2**63), 2**63), TEXT, st.binary(max_size=30).map(results.value)
)


@given(TEXT, TEXT, VALUES, VALUES, st.dictionaries(TEXT, VALUES, max_size=3))
def test_any_text_can_be_written_and_read(student: str, message: str, expected: Any, actual: Any, args: dict[str, Any]) -> None:
    finding = Finding("crash", "killed_by_signal", "killed_by_signal", args, message, processes=(Process(1, student, "", ""),))
    test = replace(samples.HANG.tests[0], message=message, expected=expected, actual=actual, findings=(finding,))
    data = json.loads(results.dumps(results.to_json(replace(samples.HANG, student=student, tests=(test,)))).encode("utf-8"))
    back = results.from_json(data)
    assert results.from_json(results.to_json(back)) == back
    if student.isascii():
        assert back.student == student


@given(st.binary(max_size=40))
def test_bytes_come_back_as_they_were(data: bytes) -> None:
    from ipclab.printable import value_bytes

    assert value_bytes(json.loads(json.dumps(results.value(data)))) == data


# ---- marks ---------------------------------------------------------------------------------------


def test_a_bonus_adds_to_the_score_and_not_to_the_maximum() -> None:
    marks = results.score(samples.LAB, {t.name: Status.PASS for t in samples.LAB.tests})
    assert (marks.score, marks.max_score, marks.complete) == (15, 14, True)


def test_only_passed_tests_earn_points() -> None:
    outcomes = dict(zip((t.name for t in samples.LAB.tests), Status, strict=False))
    marks = results.score(samples.LAB, outcomes)
    assert {n: p for n, p in marks.points.items() if p} == {"twice_doubles_a_word": 2}
    assert not marks.complete, "a test that the grader failed in leaves the score open"


def test_a_test_without_outcome_earns_nothing_and_foreign_outcomes_are_ignored() -> None:
    assert results.score(samples.LAB, {"of_another_lab": Status.PASS}).score == 0


def test_changed_points_need_no_new_run() -> None:
    lab = replace(samples.LAB, tests=tuple(replace(t, points=10) for t in samples.LAB.tests[:3]))
    marked = results.remark(lab, samples.LEAK)
    assert (marked.score, marked.max_score, [t.points for t in marked.tests]) == (20, 30, [10, 0, 10])
    assert samples.LEAK.score == 13, "the result itself is untouched"


# ---- the disk ------------------------------------------------------------------------------------


def test_an_invalid_result_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(GraderFault):
        results.write(tmp_path / "r.json", replace(samples.FULL, seed="?"))
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.json"
    results.write(path, samples.FULL)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GraderFault, match="No space left"):
        results.write(path, samples.HANG)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["r.json"]


def test_a_file_is_synced_before_it_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    sync, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: (calls.append("sync"), sync(fd)))
    monkeypatch.setattr(os, "replace", lambda a, b: (calls.append("rename"), rename(a, b)))
    results.write(tmp_path / "r.json", samples.FULL)
    assert calls == ["sync", "rename", "sync"]


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "no JSON"), ("[]", "holds no result"), ("{}", "has to begin"), ("{", "no JSON"), ("\xff", "no JSON")],
)
def test_an_unreadable_file_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(GraderFault, match=says) as fault:
        results.read(path)
    assert "r.json" in str(fault.value) and "\n" not in str(fault.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(GraderFault, match="cannot read"):
        results.read(tmp_path / "nothing.json")


def test_what_is_no_regular_file_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        results.write_atomic(fifo, b"a result")
        assert os.read(reader, 100) == b"a result" and fifo.is_fifo()
    finally:
        os.close(reader)
    with pytest.raises(GraderFault, match="cannot write"):
        results.write_atomic(tmp_path, b"a result")
