"""UDP sockets of the judge's own: the suite data/datagrams.c under a real warden."""

from __future__ import annotations

import pytest

from .conftest import Lab
from .test_streams import Fail, check

PASSING = "datagrams_go_both_ways what_is_sent_is_there what_comes_first_is_told a_closed_port_is_nobodys a_group_gets_copies".split()


@pytest.mark.parametrize("test", PASSING)
def test_what_is_right_passes(lab: Lab, test: str) -> None:
    outcome = lab.run("datagrams", test)
    assert outcome.record["status"] == "pass", outcome.record
    assert outcome.findings == []


FAILING = {
    "none_comes": Fail(r"network \(pid \d+\) is blocked in recv\(fd \d+, socket:\[\d+\]\) .*", kind="hang", cause="waits_for_message",
                       findings=(("hang", "waits_for_message"),), expected="the echo"),
    "a_port_at_all_addresses_is_no_group_s": Fail(
        r"nobody can receive what is sent to 239.3.2.1, port \d+: a program has that UDP port at all addresses, not at its own"),
    "it_ends_before_one_comes": Fail("network exited with 0, and had not sent the echo", expected="the echo"),
}


@pytest.mark.parametrize("test", FAILING)
def test_what_is_wrong_fails_with_its_cause(lab: Lab, test: str) -> None:
    check(lab, "datagrams", test, FAILING[test])


MISUSE = {
    "a_closed_one_is_an_error": "the test uses a UDP socket that it has closed",
    "a_member_sends_nothing": "the test sends from a socket that is a member of a group",
    "a_group_has_a_group_s_address": "127.0.0.1 is no group",
}


@pytest.mark.parametrize("test", MISUSE)
def test_a_test_that_misuses_one_is_an_error(lab: Lab, test: str) -> None:
    record = lab.run("datagrams", test).record
    assert (record["status"], record["message"]) == ("error", MISUSE[test])
