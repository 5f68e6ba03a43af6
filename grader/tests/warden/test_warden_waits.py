"""What warden sees of blocked processes, and what it makes of it."""

import errno
import subprocess
from pathlib import Path

import pytest

from conftest_levels import LEVELS
from sources import line_of

HERE = Path(__file__).parent

PROVE = """
proc, pid, i, o = j.spawn_piped({program!r}, {args!r})
{before}
told = j.idle_until_told({seconds})
text = j.ask(EXPLAIN)["text"].splitlines() if told and told["op"] == STUCK else [None, None, None]
j.record(told=told and told["op"], kind=text[0], cause=text[1], sentence=text[2], pid=pid)
"""


def prove(warden, program, args=(), before="", seconds=20, **more):
    out = warden.test(PROVE.format(program=program, args=list(args), before=before, seconds=seconds), [program], **more)
    return out, out.record()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "program, kind, cause",
    [
        ("reader_keeps_write_end", "deadlock", "write_end_kept_by_reader"),
        ("parent_keeps_write_end", "deadlock", "write_end_kept_by_waiting_parent"),
        ("waits_before_drain", "deadlock", "wait_before_drain"),
        ("echo", "hang", "waits_for_input"),
    ],
)
def test_a_deadlock_is_proven_without_waiting_for_the_deadline(warden, program, kind, cause, level):
    out, record = prove(warden, program, options=["--level", level])
    assert record["told"] == 100, out
    assert (record["kind"], record["cause"]) == (kind, cause)
    assert (kind, cause) in out.findings()
    assert out.end()["wall_ms"] < 5000


def test_the_finding_names_process_and_descriptor(warden):
    out, record = prove(warden, "reader_keeps_write_end")
    (finding,) = [f for f in out.of("finding") if f["kind"] == "deadlock"]
    args = finding["args"]
    assert args["pid"] != record["pid"] and args["holder_pid"] == args["pid"]
    assert args["fd"] == 3 and args["holder_fd"] == 4 and args["object"].startswith("pipe:[")
    assert {p["pid"] for p in finding["processes"]} == {args["pid"], record["pid"]}
    assert "is blocked in read" in record["sentence"]


@pytest.mark.parametrize(
    "what, cause",
    [("poll", "waits_for_input"), ("select", "waits_for_input"), ("epoll", "waits_for_input"), ("pause", "waits_for_signal"),
     ("stop", "stopped"), ("sem", "waits_for_lock"), ("fifo", "waits_for_partner"),
     ("own_fifo", "waits_for_input"), ("poll_fifo", "waits_for_input")],
)
def test_each_way_to_block_is_named(warden, what, cause):
    _, record = prove(warden, "waits", [what])
    assert record["cause"] == cause


@pytest.mark.parametrize(("what", "idle"), [
    ("poll", True), ("poll_timeout", True), ("select", True), ("epoll", True), ("pause", True), ("sem", True), ("fifo", True),
    ("sleep", False), ("looks_again", False), ("prints_for_ever", False), ("stop", False), ("thread_runs", False),
])
def test_idle_is_who_waits_for_something_to_do(warden, what, idle):
    seconds = 10 if idle else 0.3
    out = warden.test(f"""
    proc, pid, i, o = j.spawn_piped("waits", [{what!r}])
    j.record(error=j.blocked("idle", proc=proc, seconds={seconds})["error"])
    """, ["waits"])
    assert out.record()["error"] == (0 if idle else 110)


@pytest.mark.parametrize(("what", "error"), [
    ("poll_timeout", 0), ("fifo", 0), ("sleep", errno.EBUSY), ("looks_again", errno.EBUSY), ("thread_runs", errno.EBUSY),
    ("ends", errno.ESRCH),
])
def test_who_never_comes_to_wait_is_told_long_before_the_deadline(warden, what, error):
    out = warden.test(f"""
    proc, pid, i, o = j.spawn_piped("waits", [{what!r}])
    j.record(error=j.ask(BLOCKED, "op idle\\ncpu 100\\n", proc=proc, deadline_s=60)["error"])
    """, ["waits"])
    assert out.record()["error"] == error
    assert out.end()["wall_ms"] < 20000


BESIDE_A_PEER = """
j.spawn_piped("tester")
proc, pid, i, o = j.spawn_piped("waits", [{what!r}])
told = j.idle_until_told(20)
text = j.ask(EXPLAIN)["text"].splitlines() if told and told["op"] == STUCK else [None, None, None]
j.record(cause=text[1], pid=pid)
"""


@pytest.mark.parametrize(
    "what, cause",
    [("poll", "waits_for_input"), ("pause", "waits_for_signal"), ("sem", "waits_for_lock"), ("fifo", "waits_for_partner"),
     ("ends", "all_ended")],
)
def test_a_peer_that_the_judge_lets_wait_is_not_to_blame(warden, what, cause):
    """It is started first, so whoever looks at all in turn comes to it first."""
    out = warden.test(BESIDE_A_PEER.format(what=what), ["waits", "echo"], head="peer tester bin/echo")
    assert out.record()["cause"] == cause
    (finding,) = out.of("finding")
    assert what == "ends" or finding["args"]["pid"] == out.record()["pid"]


def test_what_a_peer_holds_the_judge_can_let_go(warden):
    """The reader holds a write end itself, but a peer has one too: what never came might have come from there."""
    judge = """
    r, w = os.pipe()
    j.spawn("tester", fds=[(r, 0), (w, 1)])
    j.spawn("echo", fds=[(r, 0), (w, 1)])
    os.close(r), os.close(w)
    told = j.idle_until_told(20)
    j.record(cause=j.ask(EXPLAIN)["text"].splitlines()[1] if told else None)
    """
    out = warden.test(judge, ["echo"], head="peer tester bin/echo")
    assert out.record()["cause"] == "waits_for_input"


@pytest.mark.parametrize("what", ["poll_timeout", "sleep", "alarm", "sem_timed", "thread_runs"])
def test_what_may_still_wake_is_no_deadlock(warden, what):
    _, record = prove(warden, "waits", [what], seconds=1,
                      before="" if what == "thread_runs" else "j.blocked('any', proc=proc)")
    assert record["told"] is None


def test_without_a_witness_nothing_is_claimed_early(warden):
    out = warden.test(
        "p = j.spawn_piped('echo'); told = j.idle_until_told(1); j.record(told=told)",
        ["echo"], options=["--simulate", "no-witness"])
    assert out.record()["told"] is None


def test_no_verdict_while_data_is_on_its_way(warden):
    """The judge idles a thousand times while a slow, then a fast process answers: never told to be stuck."""
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("echo")
stuck = 0
for n in range(300):
    j.send(IDLE)
    os.write(i, b"x")
    os.read(o, 1)
j.record(stuck=[u["seq"] for u in j.unasked], last=j.seq)
""", ["echo"])
    assert out.record()["stuck"] == []


def test_processes_that_wake_each_other_are_not_stuck(warden):
    """At each look both may be found asleep in the same read: only the context switches tell that they run."""
    _, record = prove(warden, "ping_pong", seconds=3)
    assert record["told"] is None


@pytest.mark.parametrize("options", [[], ["--simulate", "yama"]])
def test_blocked_processes_are_described(warden, options):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("echo")
j.blocked("any", proc=proc)
j.record(state=j.ask(STATE)["text"], pid=pid)
""", ["echo"], options=options)
    record = out.record()
    assert f"echo (pid {record['pid']}) is blocked in" in record["state"]
    assert ("read" in record["state"]) == (not options)


def test_blocked_in_names_operation_and_object(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("echo")
name = object_of(i)
right = j.blocked("read", name, proc=proc)
wrong_op = j.blocked("write", name, proc=proc, seconds=0.05)
wrong_object = j.blocked("read", "pipe:[1]", proc=proc, seconds=0.05)
j.record(right=right["value"], pid=pid, wrong=[wrong_op["error"], wrong_object["error"]])
""", ["echo"])
    record = out.record()
    assert record["right"] == record["pid"]
    assert record["wrong"] == [110, 110]


@pytest.mark.parametrize("options", [[], ["--simulate", "yama"], ["--level", "none"]])
def test_blocked_for_ever_is_one_process_in_a_call_without_a_timeout(warden, options):
    yama = "yama" in options
    out = warden.test(f"LONG = {10 if yama else 0.2}" + """
def waits(pid, but="", seconds=0.2):
    return j.ask(BLOCKED, f"op any\\nforever {pid}\\n" + (f"object {encode(but)}\\n" if but else ""), deadline_s=seconds)["error"]
proc, pid, i, o = j.spawn_piped("echo")
_, other, *_ = j.spawn_piped("waits", ["pause"])
_, sleeps, *_ = j.spawn_piped("waits", ["sleep"])
_, timed, *_ = j.spawn_piped("waits", ["sem_timed"])
_, thread, *_ = j.spawn_piped("waits", ["thread_runs"])
seen = [waits(pid, seconds=10), waits(other, object_of(i), 10)]
not_so = [waits(pid, object_of(i), LONG), waits(sleeps, seconds=LONG), waits(timed, seconds=LONG), waits(thread)]
os.close(i)
j.wait(proc)
j.record(seen=seen, not_so=not_so, gone=[waits(pid), waits(1), waits(os.getpid())])
""", ["echo", "waits"], options=options)
    record = out.record()
    assert record["seen"] == [0, 0]
    assert record["gone"] == [3, 3, 3]
    # Yama hides the call, and what cannot be seen is taken for a wait; that a thread runs is seen even so
    assert record["not_so"] == ([0, 0, 0, 110] if yama else [110] * 4)


def test_explains_a_busy_loop(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("limits", ["cpu"])
told = j.idle_until_told(1)
j.record(text=j.ask(EXPLAIN)["text"].splitlines()[:2])
""", ["limits"])
    assert out.record()["text"] == ["busy_wait", "spins"]


@pytest.mark.parametrize("level", LEVELS)
def test_the_finding_names_file_and_line(warden, level):
    out, record = prove(warden, "reader_keeps_write_end", options=["--level", level])
    (finding,) = [f for f in out.of("finding") if f["kind"] == "deadlock"]
    frames = {p["pid"]: out.frames(p) for p in finding["processes"]}
    assert frames[finding["args"]["pid"]] == [
        {"file": "reader_keeps_write_end.c", "line": line_of("reader_keeps_write_end", "while (read("), "function": "main"}]
    assert frames[record["pid"]][0]["line"] == line_of("reader_keeps_write_end", "wait(NULL);")


def test_a_zombie_names_the_line_of_its_fork(warden):
    out = warden.test("proc, *_ = j.spawn_piped('never_waits', ['exit']); j.record(s=j.wait(proc)['value'])", ["never_waits"])
    (finding,) = out.of("finding")
    assert out.frames(finding)[0] == {"file": "never_waits.c", "line": line_of("never_waits", "if (fork() == 0)"), "function": "main"}


def test_a_file_name_cannot_speak_for_other_places(warden):
    """#line gives a file any name: this one holds further lines of the helper's answer, for places that nobody asked about."""
    out = warden.test("proc, *_ = j.spawn_piped('misleads'); j.record(s=j.wait(proc)['value'])", ["misleads"])
    (finding,) = out.of("finding")
    ((site,),) = [event["sites"] for event in out.of("sites")]
    assert site["site"] == finding["site"]
    assert site["frames"] == [{"file": "a?0 7 main b.c?1 8 main b.c?4000 9 main b.c?1 99999999999 main b.c?", "line": 4, "function": "main"}]


def test_without_the_tool_for_lines_the_finding_still_comes(warden):
    work = warden.work(["reader_keeps_write_end"], {"j": PROVE.format(program="reader_keeps_write_end", args=[], before="", seconds=20)})
    (work / "lines").unlink()
    out = warden.plan("program reader_keeps_write_end bin/reader_keeps_write_end\ntest t\njudge judge/j\nname x\nend\n", work)
    assert out.record()["cause"] == "write_end_kept_by_reader"
    assert not out.of("sites")


def test_one_difference_is_enough_to_be_not_stuck(tmp_path):
    """Which differences a real run shows is up to the scheduler, so the comparison is tried by itself."""
    binary, warden_source = tmp_path / "unit", HERE.parents[1] / "warden"
    subprocess.run(
        ["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-UNDEBUG", "-ffunction-sections", "-Wl,--gc-sections", "-I", warden_source,
         "-o", binary, HERE / "units" / "stuck_same.c"], check=True, timeout=60)  # fmt: skip
    subprocess.run([binary], check=True, timeout=20)


def test_what_a_judge_finds_left_is_told_with_the_line_that_made_it(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("leaves", lines=["watch data"])
j.ask(BLOCKED, "op read\\n", proc=proc)
(fd, *_), *_ = [line.split() for line in j.ask(FDS, proc=proc)["text"].splitlines() if int(line.split()[0]) > 2]
((child, *_),) = [line.split() for line in j.ask(CHILDREN, proc=proc)["text"].splitlines()]
told = [j.ask(LEFT, what, proc=proc)["error"] for what in (f"fd {fd}", f"child {child}", f"child {child}", f"closed {pid}")]
none = [j.ask(LEFT, what, proc=proc)["error"] for what in ("fd 77", "child 1", "closed 1", "nonsense")]
os.close(i)
j.record(told=told, none=none, status=j.wait(proc)["value"])
""", ["leaves"])
    record = out.record()
    assert record["told"] == [0, 0, 0, 0] and all(record["none"]), record
    lines = {f["cause"]: (out.frames(f) or [{"line": 0}])[0]["line"] for f in out.of("finding")}
    assert lines == {
        "descriptor_left_open": line_of("leaves", "if (pipe(fd) < 0)"),
        "child_never_waited": line_of("leaves", "if (fork() == 0)"),
        "write_to_closed_fd": line_of("leaves", "if (write(closed"),
        "left_running": line_of("leaves", "pause();"),
    }
    (use,) = [f for f in out.of("finding") if f["cause"] == "write_to_closed_fd"]
    assert out.frames(use["places"], "first")[0]["line"] == line_of("leaves", "close(closed);")
    # each once, though the main process exits with that child of its
    assert len(out.of("finding")) == 4


def test_a_descriptor_of_a_descendant_is_told_with_the_line_that_made_it(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("leaves")
j.ask(BLOCKED, "op read\\n", proc=proc)
(fd, *_), *_ = [line.split() for line in j.ask(FDS, proc=proc)["text"].splitlines() if int(line.split()[0]) > 2]
((child, *_),) = [line.split() for line in j.ask(CHILDREN, proc=proc)["text"].splitlines()]
told = j.ask(LEFT, f"fd {fd} {child}", proc=proc)["error"]
none = [j.ask(LEFT, what, proc=proc)["error"] for what in (f"fd 77 {child}", f"fd {fd} 1", f"fd 0 {os.getpid()}", f"fd {fd} -1")]
j.record(told=told, none=none, child=int(child))
""", ["leaves"])
    record = out.record()
    assert record["told"] == 0 and all(record["none"]), record
    (leak,) = [f for f in out.of("finding") if f["cause"] == "descriptor_left_open"]
    assert leak["args"]["pid"] == record["child"] and leak["args"]["role"] == "a child of leaves"
    assert out.frames(leak)[0]["line"] == line_of("leaves", "if (pipe(fd) < 0)")


FORKS = r"""#!/usr/bin/python3 -IS
import os, re, sys
site = re.search(rb"^site (\d+) ", sys.stdin.buffer.read(), re.M)[1].decode()
try:
    line = 7 if os.fork() else sys.exit()
except BlockingIOError:
    line = 8
print(site, line, "main", "never_waits.c")
"""


def test_what_reads_a_hostile_binary_can_start_nothing_that_outlives_it(warden):
    """`lines` runs when all else of the entry has been killed: whatever a binary makes of it has to end with it."""
    work = warden.work(["never_waits"], {"j": "proc, *_ = j.spawn_piped('never_waits', ['exit']); j.record(s=j.wait(proc)['value'])"})
    (work / "lines").write_text(FORKS)
    out = warden.plan("program never_waits bin/never_waits\ntest t\njudge judge/j\nname x\nend\n", work)
    (finding,) = out.of("finding")
    assert out.frames(finding) == [{"file": "never_waits.c", "line": 8, "function": "main"}]


def test_a_program_whose_lines_are_never_found_holds_up_one_entry_only(warden):
    """`lines` reads what a student's program was made into: it may be made to be slow, and then is not asked again."""
    judge = "proc, *_ = j.spawn_piped('never_waits', ['exit']); j.record(s=j.wait(proc)['value'])"
    work = warden.work(["never_waits"], {"j": judge})
    (work / "lines").write_text("#!/bin/sh\nexec sleep 1000\n")  # it never answers
    entries = "".join(f"test t{n}\njudge judge/j\nname x\nend\n" for n in range(3))
    out = warden.plan(f"program never_waits bin/never_waits\n{entries}", work)
    took = [e["t"] - b["t"] for b, e in zip(out.of("begin"), out.of("end"))]
    assert [f["cause"] for f in out.of("finding")] == ["child_never_waited"] * 3 and not out.of("sites")
    assert min(took[1:]) < took[0] and max(took[1:]) < 3500, took
