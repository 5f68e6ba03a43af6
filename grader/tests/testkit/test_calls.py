"""Functions through the driver, the back channel, observing, verdicts: the suite data/calls.c under a real warden."""

from __future__ import annotations

import re

import pytest

from .conftest import Lab
from .test_streams import CRASH, WAITS, Fail, check

PASSING = """add_is_right many_calls reverse_nothing reverse_a_large_message stdout_is_flushed_at_the_end
    questions_have_proven_senders links_do_not_survive_an_exec descriptors_are_seen zombie_is_seen calls_are_counted
    flows_are_seen whether_it_returned_is_known set_up_and_torn_down""".split()


@pytest.mark.parametrize("test", PASSING)
def test_what_is_right_passes(lab: Lab, test: str) -> None:
    outcome = lab.run("calls", test)
    assert outcome.record["status"] == "pass", outcome.record
    assert outcome.findings == []


TAMPER = {"kind": "tamper", "cause": "malformed_answer"}
NO_INTEGER = r"the driver's answer to {}\(\) makes no sense: there is no integer where one belongs"


def returns(function: str) -> str:
    return f"{function}(), which returns"


FAILING = {
    "add_is_wrong_beyond_doubles": Fail("the sum is 9223372036854775806, not 9223372036854775807",
                                        expected="9223372036854775807", actual="9223372036854775806"),
    "crash_in_a_call": Fail(r"crash\(\) did not return: the process was killed by SIGSEGV \(11\)",
                            expected=returns("crash"), **CRASH),
    "exit_in_a_call": Fail(r"exit\(\) did not return: the process exited with 0", expected=returns("exit")),
    "crash_while_a_child_lives": Fail(r"crash_with_child\(\) did not return: the process was killed by SIGABRT \(6\)",
                                      kind="crash", cause="killed_by_signal", expected=returns("crash_with_child"),
                                      findings=(("crash", "killed_by_signal"), ("orphan", "left_running"))),
    "hang_in_a_call": Fail(r"functions \(pid \d+\) is blocked in pause", expected=returns("hang"), **WAITS),
    "another_driver_is_not_blamed": Fail(r"functions \(pid \d+\) is blocked in poll.*", kind="hang", cause="blocked",
                                         expected=returns("await_event"), findings=(("hang", "blocked"),)),
    "all_descriptors_closed_in_a_call": Fail(r"close_all\(\) closed a descriptor that is not its own \(200\)",
                                             expected=returns("close_all")),
    "returned_in_a_child": Fail(r"return_in_child\(\) returned in a child process, too", cause="child_falls_through"),
    "second_answer_comes_unasked": Fail(r"the driver's answer to answer_twice\(\) makes no sense: it came unasked", **TAMPER),
    "forged_length": Fail(r"the driver's answer to forge\(\) makes no sense: it is too long", **TAMPER),
    "forged_type": Fail(NO_INTEGER.format("forge"), **TAMPER),
    "forged_half": Fail(r"functions \(pid \d+\) is blocked in pause", expected=returns("forge"), **WAITS),
    "forged_empty": Fail(NO_INTEGER.format("forge"), **TAMPER),
    "forged_bytes_length": Fail(r"the driver's answer to forge\(\) makes no sense: there are no bytes where some belong",
                                **TAMPER),
    "unknown_function": Fail(r"no_such_function\(\) did not return: the process exited with 120",
                             expected=returns("no_such_function")),
    "handler_reads_what_was_not_sent": Fail(r"add\(\) did not return: the process exited with 120", expected=returns("add")),
    "too_many_answers": Fail(NO_INTEGER.format("many_answers"), **TAMPER),
    "begin_and_end": Fail(r"hang\(\) did not return: the process was killed by SIGKILL \(9\)", expected=returns("hang")),
    "question_is_too_long": Fail(r"process \d+ asked the test something longer than 16 bytes", **TAMPER),
    "empty_question_is_not_the_end": Fail(r"functions \(pid \d+\) is blocked in recv\(fd 201, socket:\[\d+\]\) for data from the peer of its socket", kind="hang",
                                          cause="waits_for_message", expected="a question to the test",
                                          findings=(("hang", "waits_for_message"),)),
    "no_question_comes": Fail(r"functions \(pid \d+\) is blocked in pause", expected="a question to the test", **WAITS),
    "no_question_of_a_kind_comes": Fail(r"functions \(pid \d+\) is blocked in pause", expected="a question of a kind", **WAITS),
    "that_no_question_comes_is_told": Fail("none came"),
    "descriptors_of_one_that_ended": Fail("student exited with 3 before the test looked at its open descriptors",
                                          expected="a running process, to look at its open descriptors"),
    "cmocka_assert_is_recorded": Fail("an assert failed: 0x1 != 0x2", hint="a hint"),
    "cause_and_hint_are_recorded": Fail("one 1", cause="short_write_ignored", hint='100% "sure"\n'),
    "cause_is_taken_back": Fail("two"),
    "message_is_hostile": Fail("\ufffd\\[31m\ufffd 0{2993}\u2026"),
    "failed_and_torn_down_badly": Fail("this counts"),
    "slow_is_told": Fail("not slow"),
}


@pytest.mark.parametrize("test", FAILING)
def test_what_is_wrong_fails_with_its_cause(lab: Lab, test: str) -> None:
    check(lab, "calls", test, FAILING[test])


def test_a_descriptor_leak_lists_each_descriptor_with_its_object(lab: Lab) -> None:
    record = lab.run("calls", "descriptor_leak_is_told").record
    assert (record["status"], record["kind"], record["cause"], record["expected"]) == ("fail", "fd_leak", "descriptor_left_open", 0)
    assert record["message"] == f"after the line: 3 descriptors are left open: {record['actual']}"
    assert record["actual"].startswith("fd 3 (/dev/null, for writing), fd 4 (pipe:[")
    assert record["actual"].endswith("for writing)")


def test_a_second_descriptor_of_an_old_object_is_a_leak_too(lab: Lab) -> None:
    record = lab.run("calls", "second_descriptor_of_an_old_object_is_a_leak").record
    assert (record["kind"], record["cause"]) == ("fd_leak", "write_end_kept_by_other")
    assert re.fullmatch(r"after the line: 1 descriptor is left open: fd 3 \(pipe:\[\d+\], for writing\)", record["message"])


ERRORS = {
    "call_is_too_large": "the call of reverse is larger than 1048576 bytes",
    "end_without_begin": "tk_call_end without tk_call_begin",
    "not_a_driver": "student is not a driver: start it with tk_driver",
    "error_is_no_fail": "no luck",
    "unknown_program_is_an_error": "no such program cannot be started: there is no program of that name",
    "skip_is_an_error": "the test skipped itself: leave it out of the suite instead",
    "set_up_fails": "the test's setup failed, or cmocka's message was lost",
    "torn_down_badly": "the test ended well, but cmocka found a fault in the test itself (its teardown, or memory)",
    "no_test_of_this_name": "this judge has no test no_test_of_this_name",
}


@pytest.mark.parametrize("test", ERRORS)
def test_what_is_not_the_students_fault_is_an_error(lab: Lab, test: str) -> None:
    outcome = lab.run("calls", test)
    record = outcome.record
    assert (record["status"], record["message"], record["kind"]) == ("error", ERRORS[test], "grader")
    assert outcome.end["outcome"] == "finished"


@pytest.mark.parametrize("test", ["crash_of_the_judge", "exit_of_the_judge"])
def test_a_judge_that_ends_in_the_test_gives_no_record(lab: Lab, test: str) -> None:
    outcome = lab.run("calls", test)
    assert outcome.of("record") == []
    assert outcome.end["outcome"] == "judge_died"


def test_calls_that_cannot_be_watched_are_an_error(lab: Lab) -> None:
    record = lab.run("calls", "calls_are_counted", options=("--simulate", "no-witness")).record
    assert record["status"] == "error"
    assert "does not let the grader watch system calls" in record["message"]


def test_the_place_of_a_failure_is_in_the_test(lab: Lab) -> None:
    lines = (lab.built.sources / "calls.c").read_text().splitlines()
    for test, text in {"cause_is_taken_back": 'tk_fail("two");', "cmocka_assert_is_recorded": "assert_int_equal(1, 2);"}.items():
        where = lab.run("calls", test).record["where"]
        assert where["file"] == "calls.c"
        assert lines[where["line"] - 1].strip() == text


def test_the_seed_of_the_plan_decides_the_random_numbers(lab: Lab) -> None:
    first = [lab.run("calls", "seed_is_the_plans", f"seed {seed}").record["message"] for seed in ("1", "2", "1")]
    assert first[0] == first[2] != first[1]


def test_a_slow_pass_is_told_to_the_test(lab: Lab) -> None:
    assert lab.run("calls", "slow_is_told", "slow 10").record["status"] == "pass"


def test_what_the_test_and_cmocka_say_goes_to_stderr_only(lab: Lab) -> None:
    outcome = lab.run("calls", "cmocka_assert_is_recorded")
    assert "calls.c:" in outcome.output("judge") and "0x1 != 0x2" in outcome.output("judge")
