"""The wait-for graph: every kernel object is named, and who waits for whom."""

import re

import pytest

from conftest_levels import LEVELS
from test_warden_waits import prove

KNOTS = {
    "two_semaphores": (2, r"sem_wait for the semaphore in shared memory at offset 0, whose value is 0"),
    "named_semaphores": (2, r"sem_wait for the semaphore /knots-one-\d+, whose value is 0"),
    "two_mutexes": (2, r"pthread_mutex_lock for the mutex in shared memory at offset 40"),
    "three_mutexes": (3, r"pthread_mutex_lock for the mutex in shared memory at offset 80"),
    "system_v_semaphores": (2, r"for 2 of System V semaphore 1 of set \d+, whose value is 0"),
    "system_v_queues": (2, r"msgrcv for a message of type 7 from the System V message queue \d+, which holds 1 \(8 bytes\)"),
    "posix_queues": (2, r"mq_receive for a message from the message queue /knots-one-\d+, which is empty"),
    "fifos": (2, r"open for the FIFO one, which nobody has open for reading"),
    "socket_pair": (2, r"recv for data from the peer of its socket"),
    "tcp": (2, r"recv for data from the TCP connection from port \d+ to port \d+"),
    "pipes_of_three": (3, r"read\(fd \d+\) on pipe:\[\d+\]"),
    "flock": (2, r"flock for the lock of the file two"),
    "fcntl": (2, r"fcntl for the lock of the file two"),
    "waits_for_child_that_waits": (2, r"wait4 for its child \d+ to end"),
}


# At `none` the machine's other processes can reach a socket, so nothing is proven before the deadline.
CASES = [(what, level) for what in KNOTS for level in LEVELS if level != "none" or what not in ("socket_pair", "tcp")]


@pytest.mark.parametrize("what, level", CASES)
def test_a_knot_is_a_deadlock_with_its_cycle(warden, what, level):
    length, part = KNOTS[what]
    out, record = prove(warden, "knots", [what], options=["--level", level])
    assert record["told"] == 100, out  # proven, not run into the deadline
    assert (record["kind"], record["cause"]) == ("deadlock", "wait_in_a_cycle"), record
    (finding,) = [f for f in out.of("finding") if f["kind"] == "deadlock"]
    cycle = finding["args"]["cycle"]
    assert finding["args"]["length"] == length == cycle.count(" waits in "), cycle
    assert re.search(part, cycle), cycle
    pids = re.findall(r"process (\d+) \(", cycle)
    assert len(set(pids)) == length, cycle
    assert set(map(int, pids)) <= {p["pid"] for p in finding["processes"]}


@pytest.mark.parametrize(
    "what, kind, cause, part",
    [
        ("mutex_twice", "deadlock", "lock_taken_twice", r"pthread_mutex_lock for the mutex in shared memory at offset 0; process \d+ has it"),
        ("mutex_of_the_dead", "hang", "lock_holder_gone", r"for the mutex .*; process \d+ had it and has ended"),
        ("private_semaphore", "hang", "lock_not_shared", r"for the semaphore in private memory, whose value is 0"),
        ("one_semaphore", "hang", "waits_for_lock", r"sem_wait for the semaphore in shared memory"),
        ("one_queue", "hang", "waits_for_room", r"mq_send\(fd 3, /knots-\d+\) for room in the message queue /knots-\d+, which is full"),
        ("one_listener", "hang", "waits_for_client", r"accept\(fd 3, socket:\[\d+\]\) for a client at a socket"),
        ("one_connector", "hang", "waits_for_server", r"connect\(fd 5, socket:\[\d+\]\) for a server at a socket"),
        ("one_datagram", "hang", "waits_for_message", r"recv\(fd 3, socket:\[\d+\]\) for data from its socket"),
        ("condition", "hang", "waits_for_lock", r"for a condition variable, barrier or lock in shared memory"),
    ],
)
def test_who_waits_alone_is_told_for_what(warden, what, kind, cause, part):
    _, record = prove(warden, "knots", [what])
    assert record["told"] == 100
    assert (record["kind"], record["cause"]) == (kind, cause), record
    assert re.search(part, record["sentence"]), record["sentence"]
