"""Faults: what was asked for happens, by count and place; and nothing else does."""

import errno
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from conftest_levels import LEVELS

GRADER = Path(__file__).parents[2]

JUDGE = """
lines = [f"fault {{f}}" for f in {faults!r}]
proc, pid, i, o = j.spawn_piped("faulty", {args!r}, lines)
{before}
os.close(i)
text = b""
while part := os.read(o, 65536):
    text += part
status = j.wait(proc)["value"]
told = j.ask(FAULTS, proc=proc)
j.record(text=text.decode(), status=status, times=told["value"],
         faults=[(int(t), int(c), f) for t, c, f in (line.split(" ", 2) for line in told["text"].splitlines())])
"""
HEAR = """
heard = b""
while not heard.endswith({!r}):
    part = os.read(o, 1)
    assert part
    heard += part
"""


def inject(warden, args, *faults, before="", level="uids"):
    out = warden.test(JUDGE.format(faults=list(faults), args=args.split(), before=before), ["faulty"], options=["--level", level])
    return out, out.record()


def lines(record):
    return record["text"].splitlines()


def one(warden, args, fault, expected, times=1, **more):
    out, record = inject(warden, args, fault, **more)
    assert lines(record) == expected, out
    assert record["times"] == times, record
    assert record["status"] == 0, record
    return out, record


# ---- errno ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "fault, expected, times",
    [
        ("read 1 main * errno EINTR", ["read -1 EINTR", "abcd 4", "efgh 4"], 1),
        ("read 2 main * errno EIO", ["abcd 4", "read -1 EIO", "efgh 4"], 1),
        ("read 4 main * errno EIO", ["abcd 4", "efgh 4", "ijkl 4"], 0),
        ("read * any * errno EAGAIN", ["read -1 EAGAIN"] * 3, 3),
        ("read * main 3 errno EAGAIN", ["read -1 EAGAIN"] * 3, 3),
        ("read * main 4 errno EAGAIN", ["abcd 4", "efgh 4", "ijkl 4"], 0),
        ("read * child * errno EAGAIN", ["abcd 4", "efgh 4", "ijkl 4"], 0),
    ],
)
def test_a_call_fails_where_it_was_asked_for(warden, level, fault, expected, times):
    _, record = one(warden, "reads", fault, expected, times, level=level)
    assert record["faults"][0][2] == fault


@pytest.mark.parametrize(
    "fault, expected, times",
    [
        ("read 1 main * errno EIO", ["main -1 EIO", "child 1 1", "child 2 1", "main 1"], 1),
        ("read 1 child * errno EIO", ["main 4", "child 1 -1 EIO", "child 2 -1 EIO", "main 1"], 2),
        ("read 1 child2 * errno EIO", ["main 4", "child 1 1", "child 2 -1 EIO", "main 1"], 1),
        ("read 1 any * errno EIO", ["main -1 EIO", "child 1 -1 EIO", "child 2 -1 EIO", "main 1"], 3),
        ("read 2 any * errno EIO", ["main 4", "child 1 1", "child 2 1", "main -1 EIO"], 1),
    ],
)
def test_each_process_counts_its_own_calls(warden, fault, expected, times):
    one(warden, "both_read", fault, expected, times)


MAKES = {"pipe": "pipe 0", "open": "open 5", "dup": "dup 6", "fcntl": "fcntl 0", "socketpair": "socketpair 0", "mmap": "mmap 0",
         "close": "close 0", "again": "again -1 EBADF"}


@pytest.mark.parametrize(
    "fault, change",
    [
        ("pipe * any * errno EMFILE", {"pipe": "pipe -1 EMFILE", "open": "open 3", "dup": "dup 4"}),
        ("open 1 any * errno ENFILE", {"open": "open -1 ENFILE", "dup": "dup 5"}),
        ("dup * any * errno EMFILE", {"dup": "dup -1 EMFILE"}),
        ("dup * any 0 errno EMFILE", {"dup": "dup -1 EMFILE"}),
        ("socketpair * any * errno EMFILE", {"socketpair": "socketpair -1 EMFILE"}),
        ("mmap * any * errno ENOMEM", {"mmap": "mmap -1 ENOMEM"}),
        # on Linux the descriptor is gone all the same
        ("close 1 any * errno EINTR", {"close": "close -1 EINTR"}),
    ],
)
def test_what_makes_and_closes_things_can_fail(warden, fault, change):
    one(warden, "makes", fault, list((MAKES | change).values()))


def test_of_the_loader_nothing_is_counted(warden):
    _, record = inject(warden, "makes", "mmap * any * errno ENOMEM", "openat 3 any * errno EIO", "read 1 any * errno EIO")
    assert [(times, calls) for times, calls, _ in record["faults"]] == [(1, 1), (0, 2), (0, 0)], record


def test_nothing_is_injected_into_another_program(warden):
    before = "os.write(i, b'through cat')"
    _, record = inject(warden, "others", "read * any * errno EIO", "write * any * errno EIO", before=before)
    assert (record["text"], record["status"], record["times"]) == ("through cat", 0, 0)


def test_what_stdio_writes_at_the_exit_is_the_programs(warden):
    _, record = one(warden, "stdio", "write 1 main 1 short 3", ["flushed at the exit"])
    assert record["faults"][0][1] == 2  # the rest is another call


@pytest.mark.parametrize("level", LEVELS)
def test_every_way_to_fork_can_fail_and_a_thread_is_none(warden, level):
    expected = ["thread 0", "fork -1 EAGAIN", "fork -1 EAGAIN", "vfork -1 EAGAIN", "posix_spawn -1 EAGAIN"]
    out, _ = one(warden, "forks", "fork * main * errno EAGAIN", expected, 4, level=level)
    assert out.findings() == []


def test_the_second_fork_fails(warden):
    one(warden, "forks", "fork 2 main * errno ENOMEM", ["thread 0", "fork 0", "fork -1 ENOMEM", "vfork 0", "posix_spawn 0"])


def test_epipe_comes_with_its_signal(warden):
    expected = ["write -1 EPIPE", "handled 1", "send -1 EPIPE", "handled 1"]
    one(warden, "broken_pipe", "write 1 main 4 errno EPIPE", ["write -1 EPIPE", "handled 1", "send 4", "handled 1"])
    one(warden, "broken_pipe", "write * main 4 errno EPIPE", ["write -1 EPIPE", "handled 1", "send 4", "handled 1"])
    _, record = inject(warden, "broken_pipe", "write * main 4 errno EPIPE", "sendto * main * errno EPIPE")
    assert lines(record) == expected


# ---- short ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_reads_are_short(warden, level):
    one(warden, "reads", "read * main * short 1", ["a 1", "b 1", "c 1"], 3, level=level)
    one(warden, "reads", "read 2 main * short 3", ["abcd 4", "efg 3", "hijk 4"], level=level)
    one(warden, "reads", "read * main * short 4", ["abcd 4", "efgh 4", "ijkl 4"], 0, level=level)


def test_writes_are_short_and_vectors_too(warden):
    plain = ["write 4", "write 4", "writev 7", "readv 15", "ab 3"]
    one(warden, "writes", "write * main 4 short 1", ["write 1", "write 1", "writev 1", "readv 3", "aa 3"], 3)
    one(warden, "writes", "write 2 main 4 short 3", ["write 4", "write 3", "writev 7", "readv 14", "ab 3"])
    one(warden, "writes", "writev 1 main * short 5", ["write 4", "write 4", "writev 3", "readv 11", "ab 3"])
    one(warden, "writes", "readv * main * short 1", [*plain[:3], "readv 1", "a 3"])
    one(warden, "writes", "write * main 4 short 7", plain, 0)


# ---- signals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("what", ["read_plain", "read_restart"])
def test_a_signal_just_before_a_call_is_handled_before_it(warden, what, level):
    fault = "read {} main * signal SIGUSR1"
    one(warden, what, fault.format(1), ["read 2", "h 1", "read 2", "h 1"], level=level)
    one(warden, what, fault.format(2), ["read 2", "- 0", "read 2", "h 1"], level=level)
    _, record = one(warden, what, fault.format("*"), ["read 2", "h 1", "read 2", "hh 2"], 2, level=level)
    assert record["faults"][0][1] == 2


def test_a_blocked_signal_waits_and_the_call_is_made(warden):
    one(warden, "read_blocked_signal", "read * main * signal SIGUSR1", ["read 2", "- 0", "read 2", "- 0", "h 1"], 2)


def test_a_signal_that_the_calling_thread_blocks_may_be_taken_by_another(warden):
    _, record = inject(warden, "read_beside_sigwait", "read 1 main * signal SIGUSR1")
    assert (record["times"], record["status"]) == (1, 0) and "taken 10" in lines(record), record


def test_a_signal_before_that_kills_is_no_finding(warden):
    out, record = inject(warden, "reads", "read 2 main * signal SIGTERM")
    assert (lines(record), record["status"], out.findings()) == (["abcd 4"], 15, [])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "what, expected",
    [
        ("inside_plain", ["handler", "read -1 EINTR", "read 2"]),
        ("inside_restart", ["handler", "read 2", "read 0"]),
    ],
)
def test_a_signal_inside_a_call_comes_once_it_blocks(warden, what, expected, level):
    before = HEAR.format(b"handler\n").replace("heard", "text") + "os.write(i, b'xy')\n"
    out, record = inject(warden, what, "read 1 main 0 signal SIGUSR1 inside", before=before, level=level)
    assert record["times"] == 1 and record["status"] == 0
    assert ["handler", *lines(record)] == expected, out


def test_of_a_call_that_does_not_block_no_signal_comes_inside(warden):
    one(warden, "read_plain", "read * main 3 signal SIGUSR1 inside", ["read 2", "- 0", "read 2", "- 0"], 0)


def test_a_call_that_fails_with_eintr_each_time_is_a_new_one_each_time(warden):
    expected = ["pause 1", "pause 2", "pause 3"]
    _, record = one(warden, "pauses_thrice", "pause * main * signal SIGUSR1 inside", expected, 3)
    assert record["faults"][0][1] == 3
    one(warden, "pauses_tightly", "pause * main * signal SIGUSR1 inside", ["pauses 3"], 3)


def test_a_call_that_is_taken_up_again_stays_short_and_is_the_same(warden):
    before = "j.blocked('read', proc=proc)\nj.ask(SIGNAL, proc=proc, arg=10)\n"
    before += HEAR.format(b"handler\n") + "os.write(i, b'xy')\n"
    _, record = one(warden, "inside_restart", "read 1 main 0 short 1", ["read 1", "read 1"], before=before)
    assert record["faults"][0][1] == 2


def test_each_process_that_is_started_has_its_own_faults(warden):
    judge = """
started = [j.spawn_piped("faulty", ["reads"], lines) for lines in (["fault read 1 main 3 errno EIO"], ["fault read 2 main 3 short 1"], [])]
said = []
for proc, pid, i, o in started:
    text = b""
    while part := os.read(o, 65536):
        text += part
    said.append(text.decode().split())
j.record(said=said, times=[j.ask(FAULTS, proc=p)["value"] for p in (0, 1, 2, -1)])
"""
    record = warden.test(judge, ["faulty"]).record()
    assert record["said"] == ["read -1 EIO abcd 4 efgh 4".split(), "abcd 4 e 1 fghi 4".split(), "abcd 4 efgh 4 ijkl 4".split()]
    assert record["times"] == [1, 1, 0, 2]


STUCK_JUDGE = """
proc, pid, i, o = j.spawn_piped("faulty", {args!r}, ["fault {fault}"])
os.close(i)
told = j.idle_until_told(20)
text = j.ask(EXPLAIN)["text"].splitlines()
j.record(told=told and told["op"], kind=text[0], cause=text[1], times=j.ask(FAULTS, proc=proc)["value"])
"""


@pytest.mark.parametrize("level", LEVELS)
def test_a_signal_before_pause_is_lost_and_sigsuspend_does_not_lose_it(warden, level):
    fault = "suspend 1 main * signal SIGUSR1"
    out = warden.test(STUCK_JUDGE.format(args=["pauses"], fault=fault), ["faulty"], options=["--level", level])
    record = out.record()
    assert (record["told"], record["kind"], record["cause"], record["times"]) == (100, "hang", "signal_lost", 1), out
    one(warden, "suspends", fault, ["woken 1"], level=level)


# ---- hold ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_the_judge_holds_a_process_and_lets_it_go(warden, level):
    before = "held = j.ask(HELD, proc=proc); assert held['error'] == 0 and held['value'] != pid, held\n"
    before += HEAR.format(b"parent 0\n")
    before += "assert j.blocked('wait', proc=proc)['value'] == pid\n"
    before += "assert 'is held at a call' in j.ask(STATE)['text']\n"
    before += "assert j.ask(RELEASE, proc=proc)['value'] == 1\n"
    before += "assert j.ask(RELEASE, proc=proc)['value'] == 0\n"
    out, record = inject(warden, "race", "write 1 child 1 hold", before=before, level=level)
    assert lines(record) == ["child 0"] and record["times"] == 1 and record["status"] == 0, out


def test_whoever_is_held_is_no_proof_of_a_hang(warden):
    judge = """
proc, pid, i, o = j.spawn_piped("faulty", ["deadlock"], ["fault read 1 child * hold"])
assert j.ask(HELD, proc=proc)["error"] == 0
early = j.idle_until_told(0.3)
j.ask(RELEASE, proc=proc)
late = j.idle_until_told(20)
text = j.ask(EXPLAIN)["text"].splitlines()
j.record(early=early, late=late and late["op"], kind=text[0], cause=text[1])
"""
    record = warden.test(judge, ["faulty"]).record()
    assert record["early"] is None
    assert (record["late"], record["kind"]) == (100, "deadlock"), record


def test_a_wait_for_a_held_process_has_a_deadline(warden):
    judge = """
proc, pid, i, o = j.spawn_piped("faulty", ["right"], ["fault write 1 child * hold"])
j.record(error=j.ask(HELD, proc=proc, deadline_s=0.2)["error"])
"""
    assert warden.test(judge, ["faulty"]).record()["error"] == 110  # ETIMEDOUT


@pytest.mark.parametrize("sign", ["", "j.ask(SIGNAL, proc=proc, arg=9)"])
def test_a_held_process_does_not_outlive_the_test(warden, sign):
    judge = f"""
proc, pid, i, o = j.spawn_piped("faulty", ["reads"], ["fault read 1 main * hold"])
assert j.ask(HELD, proc=proc)["value"] == pid
{sign}
j.record(status=j.wait(proc)["value"] if {bool(sign)} else 9)
"""
    out = warden.test(judge, ["faulty"])
    assert out.record()["status"] == 9 and out.end()["wall_ms"] < 5000


# ---- without a judge ----------------------------------------------------------------------------------------------


def run(warden, args, *faults, level="uids", more=""):
    """A `run` entry; what it printed comes with it."""
    work = warden.work(["faulty"], {})
    r, w = os.pipe()
    text = bytearray()
    reader = threading.Thread(target=lambda: [text.extend(part) for part in iter(lambda: os.read(r, 65536), b"")])
    reader.start()
    plan = "program faulty bin/faulty\nrun t\nstart faulty " + " ".join(f"={a}" for a in args.split()) + "\n"
    plan += "".join(f"fault {f}\n" for f in faults) + more + "limit wall_ms 20000\nend\n"
    try:
        out = warden.plan(plan, work, "--level", level, "--stdout", str(w), pass_fds=(w,))
    finally:
        os.close(w)
        reader.join()
        os.close(r)
    assert out.exit_code == 0, out
    return out, text.decode().splitlines()


@pytest.mark.parametrize("level", LEVELS)
def test_in_a_run_a_held_process_goes_on_when_nobody_else_can(warden, level):
    out, text = run(warden, "race", "write 1 child 1 hold", level=level)
    assert text == ["parent 0", "child 0"], out
    (told,) = out.of("injected")
    assert (told["times"], told["calls"], told["fault"]) == (1, 1, "write 1 child 1 hold")
    assert out.end()["outcome"] == "finished" and out.findings() == []


@pytest.mark.parametrize("level", LEVELS)
def test_a_deadlock_is_proven_after_a_hold(warden, level):
    out, _ = run(warden, "deadlock", "read 1 child * hold", level=level)
    assert out.end()["outcome"] == "stuck" and [k for k, _ in out.findings()] == ["deadlock"], out


def test_all_are_held_and_each_goes_on(warden):
    out, text = run(warden, "race", "write * any 1 hold")
    assert sorted(text) == ["child 0", "parent 0"] and out.of("injected")[0]["times"] == 2


def test_a_child_of_vfork_can_be_held(warden):
    out, text = run(warden, "vfork_held", "close 1 child * hold")
    assert text == ["vfork 1"] and out.of("injected")[0]["times"] == 1


def test_whoever_is_held_at_the_end_goes_on_then(warden):
    out, text = run(warden, "leaves", "write 1 child * hold")
    assert text == ["child 0"] and ("orphan", "left_running") not in out.findings(), out


def test_a_call_that_failed_and_the_next_are_two_lines(warden):
    out, _ = run(warden, "reads_tightly", "read 1 main 3 errno EINTR", more="trace\n")
    assert [c["result"] for c in out.of("call") if c["op"] == "read" and c.get("fd") == 3 and c.get("site")][-2:] == [-4, 4]


def test_an_injected_fault_is_in_the_log(warden):
    out, text = run(warden, "reads", "read 2 main * errno EINTR", "fork * any * errno EAGAIN", more="trace\n")
    calls = [c for c in out.of("call") if c["op"] == "read" and c.get("fd") == 3 and "injected" in c]
    assert [(c["result"], c["injected"]) for c in calls] == [(-4, True)]
    reads = [c["result"] for c in out.of("call") if c["op"] == "read" and str(c.get("object")).startswith("pipe:")]
    assert reads == [4, -4, 4]
    out, _ = run(warden, "forks", "fork 1 any * errno EAGAIN", more="trace\n")
    (failed,) = [c for c in out.of("call") if c.get("injected")]
    assert (failed["op"], failed["result"]) == ("fork", -11) and "other" not in failed


# ---- the whole -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["reads", "both_read", "writes", "makes", "forks", "read_plain", "stdio"])
def test_without_faults_all_is_as_ever(warden, what, tmp_path):
    binary = tmp_path / "faulty"
    binary.write_bytes(warden.compile("faulty"))
    binary.chmod(0o755)
    plain = subprocess.run([binary, what], capture_output=True, text=True, timeout=60, stdin=subprocess.PIPE).stdout
    for faults in ([], ["read 99 any * errno EIO", "write 99 any * hold", "fork 99 any * errno EAGAIN"]):
        _, record = inject(warden, what, *faults)
        assert (record["text"], record["times"]) == (plain, 0)


FAULTS = ["read * main 0 short 1", "write * main 1 short 1", "read 1 main 0 errno EINTR", "write 2 main 1 errno EINTR",
          "write 1 main 1 short 7", "read 2 main * errno EINTR"]


@pytest.mark.parametrize("fault", FAULTS)
def test_who_handles_all_of_it_copies_all_and_who_does_not_fails(warden, fault):
    data = "0123456789" * 300
    before = f"""
try:
    os.write(i, {data.encode()!r})
except BrokenPipeError:
    pass  # it has given up
"""
    _, record = inject(warden, "right", fault, before=before)
    assert (record["text"], record["status"]) == (data, 0) and record["times"] > 0
    _, record = inject(warden, "wrong", fault, before=before)
    harmless = fault.startswith("read * main 0 short")  # it need not know
    assert ((record["text"], record["status"]) == (data, 0)) == harmless, record


@pytest.mark.parametrize(
    "args, fault",
    [("both_read", "read 1 child2 * errno EIO"), ("read_restart", "read 2 main * signal SIGUSR1"), ("forks", "fork 3 any * errno EAGAIN")],
)
def test_the_same_faults_have_the_same_outcome(warden, args, fault):
    outcomes = {str(inject(warden, args, fault)[1]) for _ in range(30)}
    assert len(outcomes) == 1, outcomes


def test_a_race_is_decided_by_a_hold(warden):
    assert {tuple(run(warden, "race", "write 1 child 1 hold")[1]) for _ in range(30)} == {("parent 0", "child 0")}
    assert {tuple(run(warden, "race", "write 1 main 1 hold")[1]) for _ in range(30)} == {("child 0", "parent 0")}


@pytest.mark.parametrize(
    "fault",
    ["", "read", "read 1 main *", "read 0 main * hold", "read -1 main * hold", "read x main * hold", "read 1 mine * hold",
     "read 1 child0 * hold", "read 1 main x hold", "read 1 main -1 hold", "reed 1 main * hold", "read 1 main * errno EBROKEN",
     "read 1 main * errno", "read 1 main * short 0", "read 1 main * short *", "sendmsg 1 main * short 1", "read 1 main * signal SIGX",
     "read 1 main * signal USR1", "read 1 main * signal SIGUSR1 outside", "read 1 main * hold now", "exit_group 1 main * errno EIO",
     "restart_syscall 1 main * hold", "rt_sigreturn 1 main * hold", "none 1 main * hold", "read 1 main * stop", "a b c d e f g h i j"],
)
def test_a_fault_that_makes_no_sense_is_refused(warden, fault):
    judge = f"""
try:
    j.spawn("faulty", ["reads"], lines=["fault {fault}"])
    error = 0
except OSError as e:
    error = e.errno
j.record(error=error)
"""
    assert warden.test(judge, ["faulty"]).record()["error"] == 22
    out = warden.plan(f"program faulty bin/faulty\nrun t\nstart faulty\nfault {fault}\nend\n", warden.work(["faulty"], {}))
    assert out.exit_code == 3 and "no such fault" in out.stderr


def accepted(warden, faults):
    plan = "program faulty bin/faulty\n"
    for n in range(0, len(faults), 32):
        plan += f"run t{n}\nstart faulty\n" + "".join(f"fault {f}\n" for f in faults[n : n + 32]) + "end\n"
    return warden.plan(plan, warden.work(["faulty"], {})).stderr == ""


def test_every_name_that_python_knows_is_known(warden):
    """ipclab reads --fault in Python, warden in C: what one takes the other must take."""
    names = [n for n in dir(errno) if n.startswith("E")]
    assert accepted(warden, [f"read 1 main * errno {n}" for n in names])
    names = [n for n in signal.Signals.__members__ if not n.startswith("SIGRT")]
    assert accepted(warden, [f"read 1 main * signal {n}" for n in names])


def test_every_call_that_python_knows_is_known(warden):
    sys.path.insert(0, str(GRADER))
    from ipclab.injection import CALLS, SHORT

    assert accepted(warden, [f"{call} 1 main * hold" for call in CALLS])
    assert accepted(warden, [f"{call} 1 main * short 1" for call in SHORT])
    named = set(re.findall(r"\{(?:CONTROL|DATA|FLOW)\((\w+)\)", (GRADER / "warden/calls.c").read_text()))
    kinds = re.search(r"names\[CALL_KINDS\] = \{(.*?)\}", (GRADER / "warden/calls.c").read_text(), re.DOTALL)
    named |= set(re.findall(r'"(\w+)"', kinds[1])) - {"none", "signal", "again", "return"}
    source = (GRADER / "warden/faults.c").read_text()
    named |= set(re.findall(r'\{SYS_\w+, "(\w+)"\}', source)) | set(re.findall(r'\{"(\w+)", SYS_\w+\}', source))
    assert set(CALLS) == named - {"restart_syscall", "rt_sigreturn"}


def test_too_many_faults_are_refused(warden):
    judge = """
lines = ["fault read 99 main * hold"] * {}
j.record(error=j.ask(SPAWN, "\\n".join(["program faulty", *lines]) + "\\n")["error"])
"""
    assert warden.test(judge.format(32), ["faulty"]).record()["error"] == 0
    assert warden.test(judge.format(33), ["faulty"]).record()["error"] == 22


def test_where_nobody_may_trace_faults_are_refused(warden):
    judge = """
j.record(error=j.ask(SPAWN, "program faulty\\nfault read 1 main * hold\\n")["error"])
"""
    assert warden.test(judge, ["faulty"], options=["--simulate", "no-witness"]).record()["error"] == 95  # ENOTSUP
