"""stdin, stdout, ends and signals: the suite data/streams.c, run by a real warden against data/student.c."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any

import pytest

from .conftest import Lab


@dataclass(frozen=True)
class Fail:
    """What the record of a failing test must hold; `findings` are warden's."""

    message: str  # a regular expression for all of it
    kind: str = "wrong_output"
    cause: str | None = None
    expected: Any = None
    actual: Any = None
    hint: str | None = None
    findings: tuple[tuple[str, str], ...] = ()


def check(lab: Lab, judge: str, test: str, want: Fail, *entry: str) -> None:
    outcome = lab.run(judge, test, *entry)
    record = outcome.record
    assert outcome.end["outcome"] == "finished" and outcome.end["judge"] == {"code": 0}
    assert record["status"] == "fail", record
    assert re.fullmatch(want.message, record["message"]), record["message"]
    got = Fail(want.message, record["kind"], record["cause"], record["expected"], record["actual"], record["hint"],
               tuple(outcome.findings))
    assert got == want


PASSING = """upper_is_right large_input line_by_line exchange_with_one_that_stops_reading full_when_nobody_drains
    full_although_a_timer_was_set slow_reader_is_not_full sigpipe_after_stdout_is_closed signal_is_handled blocked_in_read
    ends_are_as_asked lines_come_one_by_one settles_or_never_will settles_alone two_processes_on_one_pipe blocks_in_read""".split()


@pytest.mark.parametrize("test", PASSING)
def test_a_right_program_passes(lab: Lab, test: str) -> None:
    outcome = lab.run("streams", test)
    assert outcome.record == {"status": "pass", "message": "", "expected": None, "actual": None, "hint": None, "kind": "",
                              "cause": None, "where": None}
    assert outcome.end["outcome"] == "finished"


CRASH = {"kind": "crash", "cause": "killed_by_signal", "findings": (("crash", "killed_by_signal"),)}
WAITS = {"kind": "hang", "cause": "waits_for_signal", "findings": (("hang", "waits_for_signal"),)}
HELLO = "HELLO, WORLD"
END = "end-of-file on stdout of student"
FIVE = "the greeting: 5 bytes"

FAILING = {
    "lower_is_wrong": Fail(r"what it printed is wrong from byte 1 on: 'h' instead of 'H' \(12 bytes came, 12 expected\)",
                           expected=HELLO, actual="hello, world", hint="Use toupper(3)."),
    "last_byte_is_lost": Fail("what it printed ends after 11 bytes, 12 were expected; these are right",
                              expected=HELLO, actual="HELLO, WORL"),
    "one_byte_too_many": Fail("what it printed goes on after the 12 bytes expected: 13 came",
                              expected=HELLO, actual=HELLO + "!"),
    "nothing_came": Fail("what it printed: nothing came, 12 bytes were expected", cause="stdin_eof_ignored",
                         expected=HELLO, actual=""),
    "bad_bytes": Fail(r"what it printed is wrong from byte 1 on: 'o' instead of 'H' \(5 bytes came, 12 expected\)",
                      expected=HELLO, actual={"base64": base64.b64encode(b"ok\xff\x00\x1b").decode()}),
    "large_input_with_one_wrong_byte": Fail(
        r"the copy is wrong from byte 250101 on: 'a' instead of 'b' \(300000 bytes came, 300000 expected\); "
        r"shown from byte 250004 on", expected="a" * 97 + "b" + "a" * 96, actual="a" * 194),
    "eof_does_not_come_but_more": Fail("student printed more than it should", expected=END, actual="!"),
    "wrong_exit_status": Fail("student exited with 3, not with 0", expected=0, actual=3),
    "killed_instead_of_exit": Fail(r"student was killed by SIGSEGV \(11\); it should exit with 0", expected=0,
                                   actual="was killed by SIGSEGV (11)", **CRASH),
    "early_end_while_receiving": Fail(r"student exited with 4 before it had printed the greeting \(2 of 5 bytes came\)",
                                      expected=FIVE, actual="he"),
    "line_does_not_end": Fail(r"student exited with 4 before it had printed the greeting \(2 bytes came, and no newline\)",
                              expected="the greeting: a line", actual="he"),
    "line_is_too_long": Fail("the greeting: 65536 bytes came, and no newline", expected="the greeting: a line",
                             actual={"base64": base64.b64encode(bytes(97)).decode()}),
    "line_does_not_come": Fail(r"student \(pid \d+\) is blocked in pause", expected="the greeting: a line", actual="", **WAITS),
    "crash_while_receiving": Fail(r"student was killed by SIGSEGV \(11\) before it had printed the greeting "
                                  r"\(0 of 5 bytes came\)", expected=FIVE, actual="", **CRASH),
    "closed_stdout_while_receiving": Fail(
        r"student closed its stdout before it had printed the greeting \(0 of 5 bytes came\)", expected=FIVE, actual=""),
    "reader_gone_while_sending": Fail(
        r"student exited with 3 before it had read its input \(the pipe had taken \d+ of 300000 bytes\)",
        expected="student, which reads all 300000 bytes"),
    "reader_closed_while_sending": Fail(
        r"student closed its stdin before it had read its input \(the pipe had taken \d+ of 300000 bytes\)",
        expected="student, which reads all 300000 bytes"),
    "deadlock_is_proven": Fail(
        r"a child of student \(pid \d+\) is blocked in read\(fd 3, pipe:\[\d+\]\), while the same process \(pid \d+\) "
        r"still has fd 4 open", kind="deadlock", cause="write_end_kept_by_reader", expected=END, actual=HELLO,
        findings=(("deadlock", "write_end_kept_by_reader"),)),
    "waits_for_ever": Fail(r"student \(pid \d+\) is blocked in pause", expected=END, actual="", **WAITS),
    "waits_for_end_for_ever": Fail(r"student \(pid \d+\) is blocked in pause", expected="the end of student", **WAITS),
    "floods_stdout": Fail("student wrote more than 1000000 bytes to stdout", kind="output_flood", cause="stdout_flood",
                          expected=1000000),
    "signal_after_the_end": Fail("student exited with 3 before the test sent it SIGTERM",
                                 expected="a running process, to send it SIGTERM"),
    "killed_by_the_judge_is_no_crash": Fail(r"student was killed by SIGKILL \(9\); it should exit with 0", expected=0,
                                            actual="was killed by SIGKILL (9)"),
    "never_blocked_in_lock": Fail(r"student \(pid \d+\) is blocked in pause", expected="student blocked in lock", **WAITS),
    "ended_instead_of_blocked": Fail("student exited with 3; the test waited for student blocked in read",
                                     expected="student blocked in read"),
}


@pytest.mark.parametrize("test", FAILING)
def test_a_wrong_program_fails_with_its_cause(lab: Lab, test: str) -> None:
    check(lab, "streams", test, FAILING[test], "limit output 1000000")


def test_a_deadlock_is_told_long_before_the_deadline(lab: Lab) -> None:
    assert lab.run("streams", "deadlock_is_proven", "limit wall_ms 60000").end["wall_ms"] < 20000


@pytest.mark.parametrize(("test", "cause"), [("sleeps_to_the_deadline", "sleeping"), ("spins_to_the_deadline", None)])
def test_a_wait_that_cannot_be_proven_vain_ends_before_the_wall_limit(lab: Lab, test: str, cause: str | None) -> None:
    outcome = lab.run("streams", test, "limit wall_ms 2000")
    assert outcome.end["outcome"] == "finished"
    assert outcome.record["status"] == "fail"
    assert outcome.record["message"].endswith("; the test's time is up")
    # Whether a spinning process is caught at it depends on the machine's load; that it runs does not.
    assert outcome.record["cause"] in ((cause,) if cause else ("spins", "still_running"))


@pytest.mark.parametrize("test", ["who_waits_for_the_judge_does_not_block", "who_sleeps_does_not_block", "who_sleeps_and_asks_does_not_block", "who_spins_does_not_block"])
def test_what_only_time_or_the_judge_ends_is_no_wait(lab: Lab, test: str) -> None:
    outcome = lab.run("streams", test, "limit wall_ms 1500")
    assert outcome.end["outcome"] == "finished"
    assert (outcome.record["status"], outcome.record["message"]) == ("fail", "not so by the deadline")


def test_a_limit_makes_the_judge_leave_without_a_record(lab: Lab) -> None:
    outcome = lab.run("streams", "spins_to_the_deadline", "limit cpu_ms 200")
    assert outcome.end["outcome"] == "cpu"
    assert outcome.of("record") == []


@pytest.mark.parametrize("test", ["full_when_nobody_drains", "slow_reader_is_not_full", "upper_is_right", "signal_is_handled"])
def test_what_needs_no_proof_works_without_the_witness(lab: Lab, test: str) -> None:
    outcome = lab.run("streams", test, options=("--simulate", "no-witness"))
    assert outcome.record["status"] == "pass", outcome.record


@pytest.mark.parametrize("level", ["uids", "namespaces", "none"])
@pytest.mark.parametrize(("judge", "test", "status"), [
    ("streams", "upper_is_right", "pass"), ("streams", "full_when_nobody_drains", "pass"),
    ("streams", "deadlock_is_proven", "fail"), ("calls", "questions_have_proven_senders", "pass"),
])
def test_every_level_of_separation_gives_the_same_verdict(lab: Lab, level: str, judge: str, test: str, status: str) -> None:
    outcome = lab.run(judge, test, options=("--level", level))
    assert outcome.record["status"] == status, outcome.record
    if status == "fail":
        assert outcome.findings == [("deadlock", "write_end_kept_by_reader")]


@pytest.mark.parametrize("test, awaited", [("early_end_while_receiving", True), ("line_does_not_end", True), ("lower_is_wrong", False)])
def test_words_for_what_did_not_come_are_known_as_such(lab: Lab, test: str, awaited: bool) -> None:
    assert lab.run("streams", test).record.get("args") == ({"awaited": 1} if awaited else None)
