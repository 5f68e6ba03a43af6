"""The judge's side of the control socket against a warden that lies, is silent, or dies."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Callable

import pytest

from .conftest import Built
from .fake_warden import (BLOCKED, CALLS, CHILDREN, EXPLAIN, FDS, FLOWS, HEADER, HELLO, IDLE, LIMIT, RECORD, SIGNAL, SPAWN, STUCK,
                          WAIT, Answer, FakeWarden, Request, message)


@pytest.fixture
def fake(built: Built) -> Callable[..., FakeWarden]:
    def make(test: str, answers: dict[int, Answer] | None = None, wall_ms: int = 20000) -> FakeWarden:
        return FakeWarden(built.judge("lies"), test, wall_ms, answers or {})

    return make


Make = Callable[..., FakeWarden]


def always(text: str | bytes = b"", error: int = 0, value: int = 0) -> Answer:
    return lambda request: [message(request.op, request.seq, text, error, value)]


def test_one_test_is_run_and_one_record_comes_last(fake: Make) -> None:
    warden = fake("nothing")
    assert warden.run() == 0
    assert [r.op for r in warden.asked] == [HELLO, RECORD]
    assert warden.record["status"] == "pass"


def test_a_judge_that_nobody_supervises_says_who_should_start_it(built: Built) -> None:
    done = subprocess.run([built.judge("lies")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr == "this is a judge with 8 tests: warden starts it, with a socket at descriptor 3\n"


@pytest.mark.parametrize(("change", "why"), [
    ({"seed": None}, "has no seed"), ({"seed": "xyz"}, "has the seed xyz"), ({"slow": 0}, "has slow 0"),
    ({"wall_ms": "12x"}, "has wall_ms 12x"), ({"deadline_ns": "%zz"}, "has no deadline_ns"), ({"output": ""}, "has no number"),
])
def test_a_greeting_that_makes_no_sense_is_an_error(fake: Make, change: dict[str, object], why: str) -> None:
    warden = fake("nothing")
    warden.answers[HELLO] = lambda request: warden.hello(request, **change)
    assert warden.run() == 0
    assert warden.record["status"] == "error" and why in warden.record["message"]


@pytest.mark.parametrize(("test", "op", "text"), [
    ("looks_at_fds", FDS, "0 r pipe:[1]\n7 rw /tmp/a%20b%25\n"), ("looks_at_children", CHILDREN, "12 Z a(b%20c\n"),
    ("counts_calls", CALLS, "4 pipe 2\n4 fork 9\n5 pipe 3\n"), ("looks_at_flows", FLOWS, "9 read pipe:[1]\n9 write closed:[4]\n"),
])
def test_lines_are_read_as_the_protocol_says(fake: Make, test: str, op: int, text: str) -> None:
    warden = fake(test, {op: always(text)})
    assert warden.run() == 0
    assert warden.record["status"] == "pass", warden.record


@pytest.mark.parametrize(("test", "op", "text"), [
    ("looks_at_fds", FDS, "x r pipe:[1]\n"), ("looks_at_fds", FDS, "0 x pipe:[1]\n"), ("looks_at_fds", FDS, "0 r pipe:[1]"),
    ("looks_at_fds", FDS, "0 r \n"), ("looks_at_fds", FDS, "0  r a\n"), ("looks_at_fds", FDS, "0 r %zz\n"),
    ("looks_at_fds", FDS, "99999999999999999999 r a\n"), ("looks_at_fds", FDS, "0 rwx a\n"),
    ("looks_at_children", CHILDREN, "12 \n"), ("looks_at_children", CHILDREN, "12 Z\n"), ("looks_at_children", CHILDREN, "\n"),
    ("counts_calls", CALLS, "4 pipe\n"), ("counts_calls", CALLS, "4 pipe -2\n"), ("counts_calls", CALLS, "4 pipe 2 \n"),
    ("looks_at_flows", FLOWS, "9 reads pipe:[1]\n"), ("looks_at_flows", FLOWS, "9 read\n"),
])
def test_lines_that_make_no_sense_are_an_error(fake: Make, test: str, op: int, text: str) -> None:
    warden = fake(test, {op: always(text)})
    assert warden.run() == 0
    assert warden.record["status"] == "error", warden.record
    assert warden.record["message"].startswith("the supervisor's answer has")


@pytest.mark.parametrize(("name", "data"), [
    ("short", b"x" * 10), ("length", HEADER.pack(FDS, 1, -1, 0, 0, 0, 0, 5, 0)), ("NUL", message(FDS, 1, b"a\0b")),
    ("kind", message(55, 77)),
])
def test_a_datagram_that_makes_no_sense_is_an_error(fake: Make, name: str, data: bytes) -> None:
    warden = fake("looks_at_fds", {FDS: lambda request: [data]})
    assert warden.run() == 0
    assert warden.record["status"] == "error", name


def test_an_answer_to_another_request_is_not_taken_for_this_one(fake: Make) -> None:
    right = "0 r pipe:[1]\n7 rw /tmp/a%20b%25\n"
    warden = fake("looks_at_fds", {FDS: lambda r: [message(FDS, r.seq - 1, "9 w wrong\n"), message(FDS, r.seq, right)]})
    assert warden.run() == 0
    assert warden.record["status"] == "pass"


def test_a_stuck_for_an_old_wait_is_ignored(fake: Make) -> None:
    """Only the number of this very wait proves something."""
    idles: list[int] = []

    def on_idle(request: Request) -> list[bytes]:
        idles.append(request.seq)
        stale = [message(STUCK, seq) for seq in (0, request.seq - 1, request.seq + 1)]
        return [*stale, message(WAIT, wait[0], value=3 << 8)]

    wait: list[int] = []
    warden = fake("waits", {IDLE: on_idle, WAIT: lambda r: wait.append(r.seq) or []})
    assert warden.run() == 0
    assert len(idles) == 1
    assert warden.record["status"] == "pass", warden.record


def test_a_stuck_for_this_wait_ends_it_with_the_explanation(fake: Make) -> None:
    warden = fake("waits", {IDLE: lambda r: [message(STUCK, r.seq)],
                            EXPLAIN: always("deadlock\nwait_in_a_circle\na and b wait for each other\n")})
    assert warden.run() == 0
    record = warden.record
    assert (record["status"], record["kind"], record["cause"]) == ("fail", "deadlock", "wait_in_a_circle")
    assert record["message"] == "a and b wait for each other"


@pytest.mark.parametrize("text", ["", "hang\n", "hang\nblocked\n", "hang\nblocked\nno newline", "\n\n\n"])
def test_an_explanation_that_makes_no_sense_is_an_error(fake: Make, text: str) -> None:
    warden = fake("waits", {IDLE: lambda r: [message(STUCK, r.seq)], EXPLAIN: always(text)})
    assert warden.run() == 0
    assert warden.record["status"] == "error"
    assert warden.record["message"] == "the supervisor cannot explain why the test does not go on"


def test_a_deadline_ends_a_wait_of_which_nothing_is_known(fake: Make) -> None:
    warden = fake("receives", wall_ms=400)
    assert warden.run() == 0
    assert warden.record["message"] == "a sentence; the test's time is up"
    assert warden.record["kind"] == "hang"


@pytest.mark.parametrize("op", [SPAWN, IDLE, WAIT, EXPLAIN, RECORD])
def test_a_limit_makes_the_judge_leave_at_once(fake: Make, op: int) -> None:
    answers: dict[int, Answer] = {IDLE: lambda r: [message(STUCK, r.seq)]}
    answers[op] = lambda r: [message(LIMIT, 0, "memory")]
    warden = fake("waits", answers)
    assert warden.run() == 0
    assert len(warden.records) == (1 if op == RECORD else 0)


@pytest.mark.parametrize("op", [HELLO, SPAWN, WAIT, EXPLAIN, RECORD])
def test_a_judge_whose_warden_is_gone_ends(fake: Make, op: int) -> None:
    answers: dict[int, Answer] = {IDLE: lambda r: [message(STUCK, r.seq)]}
    answers[op] = lambda r: [b""]
    warden = fake("waits", answers)
    assert warden.run() == 3


@pytest.mark.parametrize(("op", "error", "why"), [
    (SPAWN, errno.ENOENT, "student cannot be started: there is no program of that name"),
    (SPAWN, errno.EAGAIN, "student cannot be started: Resource temporarily unavailable"),
    (WAIT, errno.EINVAL, "the supervisor cannot wait for student: Invalid argument"),
])
def test_what_warden_refuses_is_an_error(fake: Make, op: int, error: int, why: str) -> None:
    warden = fake("waits", {op: always(error=error)})
    assert warden.run() == 0
    assert (warden.record["status"], warden.record["message"]) == ("error", why)


def test_a_spawn_says_its_words_encoded(fake: Make) -> None:
    warden = fake("spawns_with_words")
    assert warden.run() == 0
    (spawn,) = [r for r in warden.asked if r.op == SPAWN]
    assert spawn.text == ("program p%20q\narg \narg a%20b\narg 100%25%0A\nwatch data\nin null\nout closed\nerr null\n")
    assert warden.fds == []


def test_the_ends_of_pipes_travel_in_order(fake: Make) -> None:
    warden = fake("receives", {IDLE: lambda r: [message(STUCK, r.seq)]})
    warden.run()
    (spawn,) = [r for r in warden.asked if r.op == SPAWN]
    assert spawn.text == "program student\nfd 0\nfd 1\n" and len(warden.fds) == 2


def test_requests_are_numbered_upwards_and_never_zero(fake: Make) -> None:
    warden = fake("waits", {IDLE: lambda r: [message(STUCK, r.seq)]})
    warden.run()
    assert [r.seq for r in warden.asked] == list(range(1, len(warden.asked) + 1))
    assert not {SIGNAL, BLOCKED} & {r.op for r in warden.asked}
