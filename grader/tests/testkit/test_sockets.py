"""Stream sockets of the judge's own: the suite data/sockets.c under a real warden."""

from __future__ import annotations

import pytest

from .conftest import Lab
from .test_streams import Fail, check

PASSING = """bytes_go_both_ways what_comes_next_is_told a_reset_is_one nothing_arrives_after_a_reset nobody_listens clients_are_accepted
    six_is_as_good_as_four a_peer_hands_over_what_it_connected a_peer_hands_over_what_it_listens_on
    bytes_that_the_kernel_holds_back_still_come""".split()


@pytest.mark.parametrize("test", PASSING)
def test_what_is_right_passes(lab: Lab, test: str) -> None:
    outcome = lab.run("sockets", test)
    assert outcome.record["status"] == "pass", outcome.record
    assert outcome.findings == []


CLIENT = {"kind": "hang", "cause": "waits_for_client", "findings": (("hang", "waits_for_client"),)}

FAILING = {
    "bytes_do_not_come": Fail(r"network \(pid \d+\) is blocked in accept\(fd \d+, socket:\[\d+\]\).*",
                              expected="the echo: 1 bytes", actual="", **CLIENT),
    "both_wait_for_bytes": Fail(r"network \(pid \d+\) is blocked in recv\(fd 4, socket:\[\d+\]\) for data from the TCP connection from port \d+ to port \d+.*",
                                expected="a byte: 1 bytes", actual="", kind="hang", cause="peer_sends_nothing",
                                findings=(("hang", "peer_sends_nothing"),)),
    "it_waits_for_us_to_read": Fail(r"network \(pid \d+\) is blocked in send\(fd 4, socket:\[\d+\]\) for room in the TCP connection from port \d+ to port \d+.*",
                                    expected="the end of network", kind="hang", cause="peer_does_not_read",
                                    findings=(("hang", "peer_does_not_read"),)),
    "nobody_takes_what_is_sent": Fail(r"network \(pid \d+\) is blocked in accept\(fd \d+, socket:\[\d+\]\).*",
                                      expected="network, which reads", **CLIENT),
    "the_end_comes_too_early": Fail("the connection ended after 1 of the 2 bytes of the echo",
                                    expected="the echo: 2 bytes", actual="x"),
    "more_comes_than_the_end": Fail("2 bytes more came through the connection, instead of its end",
                                    expected="the end of the connection", actual="xy"),
    "nobody_connects": Fail(r"network \(pid \d+\) is blocked in accept\(fd \d+, socket:\[\d+\]\).*",
                            expected="a client", **CLIENT),
}


@pytest.mark.parametrize("test", FAILING)
def test_what_is_wrong_fails_with_its_cause(lab: Lab, test: str) -> None:
    check(lab, "sockets", test, FAILING[test])


def test_a_closed_socket_is_an_error(lab: Lab) -> None:
    record = lab.run("sockets", "a_closed_socket_is_an_error").record
    assert (record["status"], record["message"]) == ("error", "the test uses a socket that it has closed")
