"""The witness traces, and no program may notice: what it prints with warden it prints without."""

import subprocess
from pathlib import Path

import pytest

from conftest_levels import LEVELS

PROGRAMS = Path(__file__).with_name("programs")

OUTPUT = """
proc, pid, i, o = j.spawn_piped({program!r})
text = b""
while part := os.read(o, 65536):
    text += part
j.record(text=text.decode(), status=j.wait(proc)["value"])
"""


def supervised(warden, program, **more):
    out = warden.test(OUTPUT.format(program=program), [program], **more)
    record = out.record()
    assert record["status"] == 0, out
    return out, record["text"]


def plain(warden, program, tmp_path):
    binary = tmp_path / program
    binary.write_bytes(warden.compile(program))
    binary.chmod(0o755)
    done = subprocess.run([binary], stdin=subprocess.PIPE, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout


@pytest.mark.parametrize("level", LEVELS)
def test_signals_stops_waits_and_threads_are_as_without_a_tracer(warden, tmp_path, level):
    _, text = supervised(warden, "transparent", options=["--level", level])
    assert "on time" in text and "not on time" not in text
    assert text == plain(warden, "transparent", tmp_path)


@pytest.mark.parametrize("level", LEVELS)
def test_no_watched_call_is_interrupted_by_a_handler(warden, level):
    """pipe(2), fork(2) and socketpair(2) never fail with EINTR (signal(7)); a notifier's wait made them do so. And
    children of a parent that makes one watched call after the other have their turn to end: of all that are stopped, wait(2)
    gives the tracer's own child first, and they would pile up to the limit on processes, of whatever size. (On a busy machine
    the kernel alone lets a hundred of them pile up, traced or not, before it lets them end.)"""
    _, text = supervised(warden, "handler_without_restart", entry="limit processes 600", options=["--level", level])
    assert text == "fork 0 pipe 0 socketpair 0\n"


@pytest.fixture
def slow_warden(warden, tmp_path_factory):
    """One that is slower than whom it traces, as warden is on a busy machine."""
    objects = sorted((warden.binary.parent / "warden.o").glob("*.o"))
    slow = tmp_path_factory.mktemp("slow") / "warden"
    wrapped = ["-Wl,--wrap=ptrace", PROGRAMS / "slow_ptrace.c"]
    subprocess.run(["gcc", "-D_GNU_SOURCE", "-static", *wrapped, *objects, "-o", slow], check=True, timeout=60)
    (slow.parent / "lines").write_bytes((warden.binary.parent / "lines").read_bytes())
    warden.binary = slow
    return warden


def test_who_makes_one_call_after_the_other_is_started_all_the_same(slow_warden):
    """Its stops came so fast that they were all handled as part of its start, which never ended: the judge got no answer."""
    judge = """
    proc, pid, i, o = j.spawn_piped("calls_without_end")
    j.ask(SIGNAL, proc=proc, arg=9)
    j.record(status=j.wait(proc))
    """
    out = slow_warden.test(judge, ["calls_without_end"], entry="limit wall_ms 20000")
    assert out.end()["outcome"] == "finished", out
    assert out.record()["status"]["value"] == 9
