"""Entries, limits, ends and leftovers."""

import base64
import json
import os
import shutil

import pytest

from conftest_levels import LEVELS
from sources import line_of


@pytest.mark.parametrize("level", LEVELS)
def test_a_test_runs_and_its_record_comes_back(warden, level):
    out = warden.test("""
me = j.hello()
proc, pid, i, o = j.spawn_piped("echo")
os.write(i, b"hello")
os.close(i)
got = os.read(o, 100)
status = j.wait(proc)["value"]
j.record(hello=me, got=got.decode(), status=status, uid=os.getuid())
""", ["echo"], entry="seed 00ff\nslow 3", options=["--level", level])
    record = out.record()
    assert (record["got"], record["status"]) == ("hello", 0)
    assert record["hello"]["name"] == "it" and record["hello"]["seed"] == "00000000000000ff" and record["hello"]["slow"] == "3"
    assert out.end()["outcome"] == "finished" and out.end()["records"] == 1
    assert out.findings() == []
    assert out.exit_code == 0 and out.events[-1]["event"] == "done"
    hello = out.events[0]
    assert hello["level"] == level and hello["witness"] is True
    assert hello["shared_uid"] == (level == "namespaces")
    assert record["uid"] != 0


def test_judge_and_student_have_nothing_in_common(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("snoops", [str(os.getpid())])
got = b""
while part := os.read(o, 4096):
    got += part
j.record(can=got.decode().split(), status=j.wait(proc)["value"])
""", ["snoops"], options=["--level", "uids"])
    assert out.record()["can"] == []


@pytest.mark.parametrize("level", LEVELS)
def test_everything_that_hides_is_ended(warden, level):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("hides")
j.wait(proc)
n = len(j.ask(STATE)["text"].splitlines())
j.record(n=n)
""", ["hides"], entry="", options=["--level", level])
    assert out.record()["n"] >= 4
    assert out.end()["outcome"] == "finished"
    assert ("orphan", "left_running") in out.findings()
    assert ("zombie", "child_never_waited") in out.findings()
    assert out.exit_code == 0


@pytest.mark.parametrize("what", ["exit", "stay"])
def test_a_child_that_was_never_waited_for_is_told(warden, what):
    out = warden.test(f"""
proc, pid, i, o = j.spawn_piped("never_waits", [{what!r}])
j.record(status=j.wait(proc)["value"])
""", ["never_waits"])
    assert out.record()["status"] == 0
    zombies = [f for f in out.findings() if f == ("zombie", "child_never_waited")]
    orphans = [f for f in out.findings() if f == ("orphan", "left_running")]
    assert (len(zombies), len(orphans)) == (1, 1 if what == "stay" else 0)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("status", "before", "told"), [("fail", False, 0), ("fail", True, 1), ("pass", False, 0), ("pass", True, 1)])
def test_who_is_left_because_the_judge_has_gone_is_no_orphan(warden, status, before, told, level):
    """A main process that finds the judge gone ends of that: its children are not what it would have left behind."""
    first = 'proc, pid, i, o = j.spawn_piped("never_waits", ["stay"])\nj.wait(proc)\n' if before else ""
    out = warden.test(first + f"""
proc, pid, i, o = j.spawn_piped("leaves")
j.blocked("read", object_of(i), proc)
j.record(status={status!r})
""", ["leaves", "never_waits"], options=["--level", level])
    assert [f for f in out.findings() if f[0] == "orphan"] == [("orphan", "left_running")] * told


def test_a_grandchild_of_a_double_fork_is_no_zombie(warden):
    out = warden.test("""
ends = []
for n in range(30):
    proc, pid, i, o = j.spawn_piped("double_fork")
    ends.append(j.wait(proc)["value"])
j.record(ends=ends)
""", ["double_fork"])
    assert out.record()["ends"] == [0] * 30
    assert out.findings() == []


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("cgroup", ["auto", "none"])
@pytest.mark.parametrize(
    "what, limit, outcome",
    [
        ("cpu", "cpu_ms 300", "cpu"),
        ("cpu_children", "cpu_ms 500", "cpu"),
        ("cpu_unseen_ignored", "cpu_ms 300", "cpu"),
        ("cpu_unseen_nocldwait", "cpu_ms 300", "cpu"),
        ("memory", "memory 50000000", "memory"),
        ("memory_untraced", "memory 50000000", "memory"),
        ("forks", "processes 20", "processes"),
        ("stderr", "output 100000", "output"),
        ("wait", "wall_ms 300", "wall"),
    ],
)
def test_each_limit_ends_the_test(warden, what, limit, outcome, cgroup, level):
    out = warden.test(f"""
proc, pid, i, o = j.spawn_piped("limits", [{what!r}])
while j.receive(60)["op"] != LIMIT:
    pass
""", ["limits"], entry=f"limit {limit}\nlimit processes 20", options=["--level", level, "--cgroup", cgroup])
    assert out.end()["outcome"] == outcome, out
    assert ("resource_limit", outcome) in out.findings()
    assert out.exit_code == 0


def test_one_test_does_not_take_the_terminals_of_all(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("limits", ["terminals"])
j.record(status=j.wait(proc)["value"])
""", ["limits"], options=["--level", "uids"])
    assert out.record()["status"] == 64 << 8
    assert out.findings() == []  # the kernel itself refuses more, where the file system is ours


@pytest.mark.parametrize("cgroup", ["auto", "none"])
def test_the_time_of_threads_counts_once(warden, cgroup):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("limits", ["cpu_threads"])
j.record(status=j.wait(proc)["value"])
""", ["limits"], options=["--cgroup", cgroup])
    assert out.record()["status"] == 0
    assert 200 < out.end()["cpu_ms"] < 1000  # 4.5 s if each thread's end counted what all had used till then


def test_rlimits_hold_for_files_and_file_size(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("limits", ["files"])
files = os.read(o, 100).decode().split()
proc, pid, i, o = j.spawn_piped("limits", ["file_size"])
status = j.wait(proc)["value"]
j.record(files=files, status=status)
""", ["limits"], entry="limit files 40\nlimit file_size 300000")
    assert out.record()["files"] == ["37", "1"]
    assert out.record()["status"] == 25  # SIGXFSZ


def test_a_judge_that_dies_is_an_error_and_not_a_verdict(warden):
    out = warden.test("os.kill(os.getpid(), 9)")
    assert out.end()["outcome"] == "judge_died" and out.end()["judge"] == {"signal": 9} and out.end()["records"] == 0


def test_a_second_record_is_counted(warden):
    out = warden.test("""
j.ask(RECORD, '{"status":"fail"}')
j.record()
""")
    assert out.end()["records"] == 2 and len(out.of("record")) == 1
    assert json.loads(out.of("record")[0]["record"])["status"] == "fail"


def test_a_crash_is_told(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("limits", ["abort"])
j.record(status=j.wait(proc)["value"])
""", ["limits"])
    assert out.record()["status"] == 6
    assert out.findings() == [("crash", "killed_by_signal")]
    assert out.of("finding")[0]["args"]["signal"] == "SIGABRT"


def test_who_writes_on_when_the_judge_leaves_is_not_to_blame(warden):
    """The judge's end of stdout closes with it: a writer dies of SIGPIPE then, after the verdict."""
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("limits", ["stdout"])
j.blocked("write", object_of(o), proc=proc)
j.record()
""", ["limits"])
    assert out.findings() == []


def test_forks_are_refused_where_the_judge_wants_it(warden):
    out = warden.test("""
refused = j.wait(j.spawn("limits", ["fork_once"], lines=["refuse fork"])[0])["value"]
others = j.wait(j.spawn("limits", ["fork_once"])[0])["value"]
j.record(codes=[os.WEXITSTATUS(refused), os.WEXITSTATUS(others)])
""", ["limits"])
    assert out.record()["codes"] == [7, 0]


@pytest.mark.parametrize("cgroup", ["auto", "none"])
@pytest.mark.parametrize("how", ["shares_by_fork", "shares_by_vfork"])
def test_memory_that_processes_share_counts_once(warden, how, cgroup):
    out = warden.test(f"""
proc, pid, i, o = j.spawn_piped("limits", [{how!r}])
j.record(status=j.wait(proc)["value"])
""", ["limits"], entry=f"limit memory {100 << 20}", options=["--cgroup", cgroup])
    assert out.record()["status"] == 0 and out.end()["outcome"] == "finished"
    assert ("resource_limit", "memory") not in out.findings()


def test_where_memory_is_short_a_student_s_process_goes_first(warden):
    """proc(5), oom_score_adj: a student's has the highest score from its first moment, warden and judges keep theirs."""
    out = warden.test("""
def score(pid):
    return int(open(f"/proc/{pid}/oom_score_adj").read())
own = score("self")
proc, pid, i, o = j.spawn_piped("echo")
j.record(own=own, warden=score(os.getppid()), student=score(pid))
""", ["echo"])
    record = out.record()
    assert record["student"] == 1000 and record["own"] == record["warden"] < 1000


def test_warden_keeps_four_capabilities(warden):
    """SETGID, SETUID, KILL, SYS_PTRACE: bits 6, 7, 5 and 19 of linux/capability.h."""
    out = warden.test("""
status = dict(line.split(":\t", 1) for line in open("/proc/1/status") if ":\t" in line)
j.record(caps=[status["CapEff"].strip(), status["CapPrm"].strip()])
""", options=["--level", "uids"])
    assert {int(c, 16) for c in out.record()["caps"]} == {1 << 5 | 1 << 6 | 1 << 7 | 1 << 19}


def test_nothing_but_its_own_folder_can_be_written_where_the_root_is_the_student_s(warden):
    """Within a user namespace the new root belongs to the only uid there is: only the mounts keep it out."""
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("snoops", ["1"])
got = b""
while part := os.read(o, 4096):
    got += part
j.record(can=got.decode().split())
""", ["snoops"], options=["--level", "namespaces"])
    assert {"write-etc", "write-work", "host-files", "root", "unshare"} & set(out.record()["can"]) == set()


def test_a_signal_that_the_judge_sent_is_no_crash(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("waits", ["pause"])
j.blocked("signal", proc=proc)
j.ask(SIGNAL, proc=proc, arg=15)
first = j.wait(proc)["value"]
proc, pid, i, o = j.spawn_piped("limits", ["cpu"])
j.ask(SIGNAL, arg=11, arg2=pid)
second = j.wait(proc)["value"]
foreign = [j.ask(SIGNAL, arg=0, arg2=1)["error"], j.ask(SIGNAL, arg=0, arg2=os.getpid())["error"]]
j.record(ends=[first, second], foreign=foreign)
""", ["waits", "limits"])
    assert out.record()["ends"] == [15, 11]
    assert out.record()["foreign"] == [3, 3]
    assert out.findings() == []


def test_what_is_left_behind_is_told_and_removed(warden):
    judge = """
proc, pid, i, o = j.spawn_piped("objects")
j.record(status=j.wait(proc)["value"])
"""
    work = warden.work(["objects"], {"j": judge})
    plan = "program objects bin/objects\n" + "".join(
        f"test t{n}\njudge judge/j\nname it\nend\n" for n in range(2))
    out = warden.plan(plan, work)
    for entry in ("t0", "t1"):  # the second finds a clean place
        assert out.record(entry)["status"] == 0
        assert sorted(out.findings(entry)) == [
            ("file_leak", "file_left"), ("ipc_leak", "posix_mq"), ("ipc_leak", "posix_shm"), ("ipc_leak", "sysv_msg"),
            ("ipc_leak", "sysv_sem"), ("ipc_leak", "sysv_shm")]


@pytest.mark.parametrize("level", ["uids", "namespaces"])
def test_a_folder_can_stand_for_the_debug_information(warden, tmp_path, level):
    (tmp_path / "symbols").mkdir()
    (tmp_path / "symbols" / "mark").write_text("these")
    tmp_path.chmod(0o711)
    what = "cat /usr/lib/debug/mark; echo; ls /usr/lib/debug >&2; touch /usr/lib/debug/x"
    work = warden.work([], {})
    words = "/bin/sh -c " + what.replace(" ", "%20")
    out = warden.plan(f"symbols {tmp_path}/symbols\ncommand t\nargv {words}\nend\n", work, "--level", level)
    said = "".join(o["text"] for o in out.of("output"))
    assert said.startswith("these\nmark\n") and "Read-only file system" in said and not (tmp_path / "symbols" / "x").exists()
    out = warden.plan(f"symbols {tmp_path}/none\ncommand t\nargv {words}\nend\n", work, "--level", level)
    assert out.exit_code == 3 and f"{tmp_path}/none" in out.stderr


def test_nothing_is_left_behind_however_much_and_deep(warden):
    judge = """
proc, pid, i, o = j.spawn_piped(NAME)
j.record(status=j.wait(proc)["value"])
"""
    judges = {name: judge.replace("NAME", repr(name)) for name in ("hoards", "finds")}
    work = warden.work(["hoards", "finds"], judges)
    plan = "program hoards bin/hoards\nprogram finds bin/finds\n" + "".join(
        f"test {name}\njudge judge/{name}\nname it\nend\n" for name in judges)
    out = warden.plan(plan, work)
    assert out.record("hoards")["status"] == 0
    assert out.record("finds")["status"] == 0
    causes = [cause for _, cause in out.findings("hoards")]
    assert causes.count("sysv_shm") == 16 and causes.count("file_left") == 1 and out.findings("finds") == []


def test_what_a_program_has_when_the_test_breaks_off_is_not_left_behind(warden):
    judge = """
proc, pid, i, o = j.spawn_piped("objects", ["stay"])
os.read(o, 1)
j.record()  # the program has not come to its end
"""
    out = warden.test(judge, ["objects"])
    assert out.findings() == []


def test_calls_and_flows_are_witnessed(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("calls", lines=["watch data"])
mine = {object_of(i): "stdin", object_of(o): "stdout"}
os.write(i, b"some data")
os.close(i)
got = os.read(o, 100)
status = j.wait(proc)["value"]
calls = {}
for who, call, count in j.lines(CALLS, proc):
    calls[call] = calls.get(call, 0) + int(count)
flows = [[int(who) == pid, way, mine.get(obj, obj.split(":")[0])] for who, way, obj in j.lines(FLOWS, proc) if "pipe" in obj]
j.record(status=status, got=got.decode(), calls=calls, flows=flows)
""", ["calls"])
    record = out.record()
    assert (record["status"], record["got"]) == (0, "some data")
    assert record["calls"]["pipe"] == 2 and record["calls"]["fork"] == 1
    for flow in ([True, "read", "stdin"], [True, "write", "pipe"], [False, "read", "pipe"], [False, "write", "stdout"]):
        assert flow in record["flows"]
    assert [True, "write", "stdout"] not in record["flows"] and [False, "read", "stdin"] not in record["flows"]


def test_children_and_descriptors_of_a_process(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("parent_keeps_write_end")
j.blocked("wait", proc=proc)
children = j.lines(CHILDREN, proc)
fds = j.lines(FDS, proc)
j.record(children=children, fds=fds)
""", ["parent_keeps_write_end"])
    record = out.record()
    assert len(record["children"]) == 1 and record["children"][0][2] == "parent_keeps_wr"
    assert [f[:2] for f in record["fds"]] == [["0", "r"], ["1", "w"], ["2", "w"], ["4", "w"]]


def test_a_command_gets_inputs_and_gives_files(warden):
    work = warden.work([], {})
    (work / "src").mkdir()
    (work / "src").chmod(0o755)
    (work / "src" / "a.c").write_text("int main(void) { return 0; }\n")
    out = warden.plan("command t\nargv /usr/bin/gcc -o prog a.c\ninput src/a.c\ncollect prog\ncollect *.none\nend\n", work)
    (file,) = out.of("file")
    assert file["name"] == "prog" and file["base64"].startswith("f0VMRg")
    assert out.end()["command"] == {"code": 0}


@pytest.mark.parametrize("level", LEVELS)
def test_nobody_gets_in_between_a_call_and_its_refusal(warden, level):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("listens")
got = b""
while part := os.read(o, 4096):
    got += part
j.record(got=got.decode().splitlines(), status=j.wait(proc)["value"])
""", ["listens"], options=["--level", level])
    assert out.record()["got"] == ["listener 22", "unshare 1", "filter 0"]  # EINVAL, EPERM
    assert out.findings() == [("zombie", "child_never_waited")]


def test_a_collected_name_that_is_no_file_is_refused(warden):
    out = warden.command("/bin/sh", "-c", "ln -s /etc/passwd a.out; mkdir b.out; mkfifo c.out; head -c 9000 /dev/zero > d.out",
                         entry="collect *.out\nlimit collect 4000")
    assert {f["name"]: f["refused"] for f in out.of("file")} == {
        "a.out": "it cannot be opened", "b.out": "it is no regular file", "c.out": "it is no regular file",
        "d.out": "it is too large"}


REPORTS = """
proc, pid = j.spawn("reports", ["%s"])
j.record(pid=pid, status=j.wait(proc)["value"])
"""


def collected(warden, how, *options):
    out = warden.test(REPORTS % how, ["reports"], entry="collect r.*", options=options)
    return out.record()["pid"], [(f["name"], base64.b64decode(f["base64"]), f.get("by"), f.get("program")) for f in out.of("file")]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("how", ["", "replaced", "later", "thread"])
def test_a_file_that_its_writer_holds_at_its_exit_is_taken_from_it(warden, how, level):
    pid, files = collected(warden, how, "--level", level)
    assert len(files) == 1 and files[0][:3] == ("r.txt", b"mine, all", pid)
    assert files[0][3].endswith("/bin/reports")


def test_a_working_directory_may_have_another_name(warden):
    """As where TMPDIR is a link, and longer than most names."""
    work = warden.work(["reports"], {"j": REPORTS % ""})
    link = work.parent / "link"
    deep = work.parent / ("d" * 200) / ("e" * 60)
    deep.mkdir(parents=True)
    work.rename(deep / "work")
    link.symlink_to(deep / "work")
    out = warden.plan("program reports bin/reports\ntest t\njudge judge/j\nname it\ncollect r.*\nend\n", link, "--level", "none")
    (file,) = out.of("file")
    assert (base64.b64decode(file["base64"]), file["by"]) == (b"mine, all", out.record()["pid"])


def test_what_another_program_holds_is_said_to_be_that_program_s(warden):
    pid, files = collected(warden, "exec")
    assert files == [("r.txt", b"forged\n", pid, os.path.realpath("/bin/sh"))]


def test_what_nobody_held_at_an_exit_is_nobody_s(warden):
    assert collected(warden, "killed")[1] == [("r.txt", b"mine", None, None)]
    assert collected(warden, "later", "--without", "reports")[1] == [("r.txt", b"forged", None, None)]


def test_bytes_that_are_no_text_do_not_break_the_stream(warden):
    out = warden.command("/usr/bin/printf", r"\377\000\n{\"event\":\"done\"}\033[31m")
    (output,) = out.of("output")
    assert output["text"] == {"base64": "/wAKeyJldmVudCI6ImRvbmUifRtbMzFt"}


def test_an_entry_after_a_failed_one_is_skipped(warden):
    work = warden.work([], {"pass": "j.record()", "fail": "j.ask(RECORD, '{\"status\":\"fail\"}')"})
    plan = """
test a
 judge judge/fail
 name x
end
test b
 judge judge/pass
 name x
end
test c
 judge judge/pass
 name x
 after b a
end
test d
 judge judge/pass
 name x
 after b
end
"""
    out = warden.plan(plan, work)
    assert [(e["event"], e["id"]) for e in out.events if e["event"] in ("end", "skipped")] == [
        ("end", "a"), ("end", "b"), ("skipped", "c"), ("end", "d")]
    assert out.of("skipped")[0]["because"] == "a"


REPEATED = """
proc, pid, i, o = j.spawn_piped("writes_after_close")
j.wait(proc)
"""
FAILS = """j.ask(RECORD, '{"status":"fail"}')"""


@pytest.mark.parametrize(
    "judge, options, outcome",
    [
        (REPEATED + FAILS, [], "told"),
        # the program closes, the judge sees the end and fails, and only when it is gone the program writes
        ("o = j.spawn_piped('writes_after_close', ['waits'])[3]\nos.read(o, 1)\n" + FAILS, [], "told"),
        # the program closes when all is over: that is no reason
        ("j.spawn_piped('writes_after_close', ['late'])\n" + FAILS, [], "silent"),
        (REPEATED + "j.record()", [], "skipped"),  # it passed
        (FAILS.replace("fail", "skip"), [], "skipped"),
        (f"j.spawn_piped('writes_after_close')\nj.ask(EXPLAIN)\n{FAILS}", [], "skipped"),  # something was found
        (REPEATED + FAILS, ["--simulate", "no-witness"], "skipped"),  # nobody could watch
    ],
    ids=["failed", "failed early", "closed late", "passed", "neither", "found", "no witness"],
)
def test_an_entry_is_explained_if_it_failed_and_nobody_knows_why(warden, judge, options, outcome):
    work = warden.work(["writes_after_close"], {"j": judge})
    lines = ["program writes_after_close bin/writes_after_close"]
    for entry, more in (("a", ""), ("b", ""), ("why", "explains a")):
        lines += [f"test {entry}", "judge judge/j", "name x", more, "end"]
    out = warden.plan("\n".join(lines) + "\n", work, *options)
    assert out.exit_code == 0, out.stderr
    assert [(e["event"], e["id"]) for e in out.events if e["event"] in ("end", "skipped")] == [
        ("end", "a"), ("end", "b"), ("skipped" if outcome == "skipped" else "end", "why")]
    assert [e["because"] for e in out.of("skipped")] == (["a"] if outcome == "skipped" else [])
    if outcome == "skipped":
        return
    assert out.findings("a") == [] and out.of("log") == []
    if outcome == "silent":
        assert out.findings("why") == []
        return
    (use,) = out.of("finding", "why")
    assert (use["kind"], use["cause"]) == ("wrong_output", "write_to_closed_fd")
    assert out.frames(use)[0]["line"] == line_of("writes_after_close", "too late")


@pytest.mark.parametrize("what, told", [
    ("gives_up", True), ("tries_again", False), ("suspends", False), ("ends_in_handler", False), ("ends_second_time", False),
    ("ends_in_another_handler", False)])
def test_a_call_that_was_interrupted_and_given_up_explains_a_failure(warden, what, told):
    check_interrupted(warden, f"j.wait(j.spawn_piped('interrupted', [{what!r}])[0])\n{FAILS}", told)


@pytest.mark.parametrize("ends", [0, 1])
def test_a_signal_that_is_meant_to_end_it_does_not(warden, ends):
    judge = f"""
proc = j.spawn_piped('interrupted', ['is_signalled'])[0]
j.blocked('poll', proc=proc)
j.ask(SIGNAL, proc=proc, arg=10, arg2={ends})
j.wait(proc)
{FAILS}"""
    check_interrupted(warden, judge, not ends)


def check_interrupted(warden, judge, told):
    work = warden.work(["interrupted"], {"j": judge})
    lines = ["program interrupted bin/interrupted"]
    for entry, more in (("a", ""), ("why", "explains a")):
        lines += [f"test {entry}", "judge judge/j", "name x", more, "end"]
    out = warden.plan("\n".join(lines) + "\n", work)
    assert out.findings("a") == []
    assert out.findings("why") == ([("wrong_output", "interrupted_call_given_up")] if told else [])
    for found in out.of("finding", "why"):
        assert (found["args"]["call"], found["args"]["signal"], found["args"]["role"]) == ("ppoll", "SIGUSR1", "interrupted")
        assert out.frames(found)[0]["line"] == line_of("interrupted", "/* interrupted */")


def test_the_wrapper_comes_before_the_program(warden):
    out = warden.test("""
proc, pid, i, o = j.spawn_piped("echo", ["x y"])
got = b""
while part := os.read(o, 4096):
    got += part
j.record(got=got.decode().split("\\n"))
""", ["echo"], entry="pass odd", head="wrapper odd /usr/bin/printf %25s\\n %25t/z%20%25%25")
    got = out.record()["got"]
    assert got[0].endswith("/z %%") and got[0].startswith("/tmp/t-")
    assert got[1].endswith("/bin/echo") and got[2] == "x y"


@pytest.mark.parametrize("level", LEVELS)
def test_when_the_lease_ends_everything_ends(warden, level):
    work = warden.work(["hides"], {"j": """
proc, pid, i, o = j.spawn_piped("hides")
j.wait(proc)
j.receive(100)
"""})
    out = warden.plan("program hides bin/hides\ntest t\njudge judge/j\nname x\nend\n", work, "--level", level,
                      lease_ends_after="exit")
    assert out.exit_code == 3
    assert out.events[-1]["event"] != "done"


def test_limits_reach_a_version_2_control_group(warden, tmp_path):
    """Version 2 cannot be had beside version 1, so a folder laid out like it takes its place: what warden writes counts."""
    root = tmp_path / "cgroup"
    root.mkdir()
    (root / "cgroup.subtree_control").write_text("cpu memory pids\n")
    group = f"{root}/ipclab-$$"  # warden's own name for it: its pid, which the shell hands on by exec
    shim = tmp_path / "warden"
    shim.write_text(f"""#!/bin/sh
mkdir "{group}"
for f in memory.max memory.swap.max pids.max cgroup.procs pids.events; do : > "{group}/$f"; done
echo "usage_usec 0" > "{group}/cpu.stat"
echo "oom_kill 0" > "{group}/memory.events"
exec {warden.binary} "$@"
""")
    shim.chmod(0o755)
    shutil.copy(warden.binary.parent / "lines", tmp_path / "lines")
    warden.binary = shim
    out = warden.command("/bin/true", entry="limit memory 50000000\nlimit processes 20",
                         options=["--level", "uids", "--cgroup", str(root)])
    assert out.events[0]["cgroup"] == "v2" and out.end()["outcome"] == "finished"
    (folder,) = root.glob("ipclab-*")
    written = {f.name: f.read_text() for f in folder.iterdir()}
    assert written["memory.max"] == "50000000" and written["memory.swap.max"] == "0" and written["cgroup.procs"] == "0"
    assert 20 < int(written["pids.max"]) < 40


@pytest.mark.parametrize(
    "text, why",
    [
        ("plan 2\n", "begin with"), ("", "empty"), ("plan 1\nnonsense\n", "line 2"), ("plan 1\ntest a\n", "no end"),
        ("plan 1\ntest a\nend\n", "lacks what it runs"), ("plan 1\nlimit wall_ms x\n", "number"),
        ("plan 1\nlimit odd 3\n", "unknown limit"), ("plan 1\nuid student 0\n", "number"), ("plan 1\nwork %0\n", "%XX"),
        ("plan 1\nwork a%00b\n", "%XX"), ("plan 1\ncommand a\nargv x\nend\ncommand a\nargv x\nend\n", "twice"),
        ("plan 1\nuid student 5\nuid judge 5\n", "different"), ("plan 1\ntest a\nafter b\n", "before"),
        ("plan 1\ntest a\nexplains b\n", "before"), ("plan 1\ncommand a\nargv x\nend\ntest b\nexplains a\n", "no test"),
        ("plan 1\ncommand a\nexplains b\n", "line 3: unknown"),
    ],
)
def test_a_bad_plan_is_a_fault_with_its_line(warden_binary, text, why):
    import os
    import subprocess

    r, w = os.pipe()
    os.write(w, text.encode())
    os.close(w)
    done = subprocess.run([warden_binary, "--plan", str(r), "--events", "1"], pass_fds=(r,), capture_output=True, text=True, timeout=20)
    os.close(r)
    assert done.returncode == 3
    assert why in done.stderr and done.stderr.count("\n") == 1
    assert json.loads(done.stdout)["event"] == "fault"


def test_apparmor_and_yama_as_on_other_machines(warden):
    out = warden.test("j.record()", options=["--simulate", "apparmor"])
    assert out.events[0]["level"] == "none" and "user namespaces are refused" in out.events[0]["refused"][0]
    assert out.end()["outcome"] == "finished"


def test_a_process_with_very_many_children_keeps_its_own_counts(warden):
    """What a judge asks for is whether the program made a pipe: the answer may be cut, that line may not."""
    out = warden.test("""
proc, pid = j.spawn("many_children", ["3000"])
j.wait(proc, 60)
lines = [line.split() for line in j.ask(CALLS, proc=proc)["text"].splitlines() if len(line.split()) == 3]
j.record(own={call: int(n) for who, call, n in lines if int(who) == pid}, pipes=sum(int(n) for _, call, n in lines if call == "pipe"))
""", ["many_children"], entry="limit wall_ms 60000")
    record = out.record()
    assert record["own"]["pipe"] == 1 and record["own"]["fork"] == 3000
    assert record["pipes"] > 1000
