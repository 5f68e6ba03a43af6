"""Faults that a test asks for: the suite data/faults.c, run by a real warden against data/student.c."""

from __future__ import annotations

import re

import pytest

from .conftest import Lab

PASSING = ("read_fails reads_are_short writes_are_short two_faults a_signal_kills a_signal_inside_kills held_and_released "
    "held_or_somebody_speaks").split()


@pytest.mark.parametrize("test", PASSING)
def test_a_fault_happens_where_it_was_asked_for(lab: Lab, test: str) -> None:
    outcome = lab.run("faults", test)
    assert outcome.record["status"] == "pass", outcome.record
    assert outcome.findings == []


@pytest.mark.parametrize(("test", "kind", "message"), [
    ("fault_that_never_happens", "wrong_output",
     r"student made 2 of the calls that were to go wrong, and none of them was the one \(fault: read 99 any \* errno EIO\)"),
    ("nobody_is_held", "hang", r"student \(pid \d+\) is blocked in read\(fd 0, pipe:\[\d+\]\)"),
    ("ended_and_not_held", "wrong_output", r"student exited with 0; the test waited for student to come to the call before "
     r"which the test holds it"),
    ("its_child_ended_and_was_not_held", "wrong_output", r"student exited with 0; the test waited for student to come to the "
     r"call before which the test holds it"),
    ("waits_for_one_that_is_held", "timeout", r"student \(pid \d+\) is held at a call by the test; the test's time is up"),
])
def test_what_does_not_come_fails(lab: Lab, test: str, kind: str, message: str) -> None:
    record = lab.run("faults", test, "limit wall_ms 3000").record
    assert (record["status"], record["kind"]) == ("fail", kind), record
    assert re.fullmatch(message, record["message"]), record


def test_a_process_is_held_though_its_parent_has_ended(lab: Lab) -> None:
    outcome = lab.run("faults", "held_though_its_parent_has_ended")
    assert outcome.record["status"] == "pass", outcome.record
    assert outcome.findings == [("zombie", "child_never_waited")]


@pytest.mark.parametrize(("test", "message"), [
    ("releases_nobody", "no process of student is held"),
    ("no_errno", "a fault of read: 9999 is no errno"),
    ("no_signal", "a fault of read: 9999 is no signal"),
    ("no_action", "a fault of read: 0 is no enum tk_fault_action"),
    ("child_of_main", "a fault of read: which call, and in whom?"),
    ("no_such_call", "student cannot be started: Invalid argument"),
])
def test_the_tests_own_mistakes_are_errors(lab: Lab, test: str, message: str) -> None:
    record = lab.run("faults", test).record
    assert (record["status"], record["message"]) == ("error", message)


def test_where_nobody_may_trace_the_test_is_an_error(lab: Lab) -> None:
    record = lab.run("faults", "read_fails", options=("--simulate", "no-witness")).record
    assert (record["status"], record["message"]) == ("error", "student cannot be started: this machine does not let the grader inject faults")
