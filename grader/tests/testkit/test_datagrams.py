"""UDP sockets of the judge's own: the suite data/datagrams.c under a real warden."""

from __future__ import annotations

import pytest

from .conftest import Lab
from .test_streams import Fail, check

PASSING = "datagrams_go_both_ways what_is_sent_is_there what_comes_first_is_told a_closed_port_is_nobodys".split()


@pytest.mark.parametrize("test", PASSING)
def test_what_is_right_passes(lab: Lab, test: str) -> None:
    outcome = lab.run("datagrams", test)
    assert outcome.record["status"] == "pass", outcome.record
    assert outcome.findings == []


FAILING = {
    "none_comes": Fail(r"network \(pid \d+\) is blocked in recv\(fd \d+, socket:\[\d+\]\) .*", kind="hang", cause="waits_for_message",
                       findings=(("hang", "waits_for_message"),), expected="the echo"),
    "it_ends_before_one_comes": Fail("network exited with 0, and had not sent the echo", expected="the echo"),
}


@pytest.mark.parametrize("test", FAILING)
def test_what_is_wrong_fails_with_its_cause(lab: Lab, test: str) -> None:
    check(lab, "datagrams", test, FAILING[test])


def test_a_closed_socket_is_an_error(lab: Lab) -> None:
    record = lab.run("datagrams", "a_closed_one_is_an_error").record
    assert (record["status"], record["message"]) == ("error", "the test uses a UDP socket that it has closed")
