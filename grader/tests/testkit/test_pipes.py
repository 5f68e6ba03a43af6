"""Pipes of the judge's own, alone and during a call: the suite data/pipes.c under a real warden."""

from __future__ import annotations

import pytest

from .conftest import Lab
from .test_streams import Fail, check

PASSING = """bytes_move_during_a_call a_call_need_not_take_all sent_and_received_step_by_step
    flags_are_those_of_the_open_end a_call_blocks_or_returns a_call_settles
    a_splice_waits_on_both_sides a_killed_process_is_gone output_comes_or_not input_is_read_or_not comes_on_a_pipe_or_not""".split()


@pytest.mark.parametrize("test", PASSING)
def test_what_is_right_passes(lab: Lab, test: str) -> None:
    outcome = lab.run("pipes", test)
    assert outcome.record["status"] == "pass", outcome.record
    assert outcome.findings == []


INPUT = {"kind": "hang", "cause": "waits_for_input", "findings": (("hang", "waits_for_input"),)}

FAILING = {
    "waits_for_bytes_that_do_not_come": Fail(r"functions \(pid \d+\) is blocked in read\(fd 10, pipe:\[\d+\]\).*",
                                             expected="copy(), which returns", actual="123", **INPUT),
    "nobody_reads_what_is_sent": Fail(r"drop\(\) stopped reading: the pipe had taken 0 of 100000 bytes",
                                      expected="drop(), which reads"),
    "nobody_writes_any_more": Fail(r"drop\(\) wrote no more than 0 of the 5 bytes of the greeting",
                                   expected="the greeting: 5 bytes", actual=""),
    "returned_before_all_was_sent": Fail(r"copy\(\) returned: the pipe had taken \d+ of 100000 bytes",
                                         expected="copy(), which reads"),
    "returned_before_all_was_received": Fail(r"copy\(\) returned and had written 2 of the 5 bytes of the greeting",
                                             expected="the greeting: 5 bytes", actual="12"),
    "more_than_the_limit": Fail("functions wrote more than 250000 bytes to a pipe of the test", kind="output_flood",
                                cause="stdout_flood", expected=250000),
}


@pytest.mark.parametrize("test", FAILING)
def test_what_is_wrong_fails_with_its_cause(lab: Lab, test: str) -> None:
    check(lab, "pipes", test, FAILING[test], "limit output 250000")


ERRORS = {
    "wrong_direction_is_an_error": "the test sends on a pipe that goes the other way",
    "call_blocked_without_a_call_is_an_error": "tk_call_blocked without tk_call_begin",
    "meanwhile_without_a_call_is_an_error": "tk_call_meanwhile without tk_call_begin",
}


@pytest.mark.parametrize("test", ERRORS)
def test_what_is_not_the_students_fault_is_an_error(lab: Lab, test: str) -> None:
    record = lab.run("pipes", test).record
    assert (record["status"], record["message"], record["kind"]) == ("error", ERRORS[test], "grader")
