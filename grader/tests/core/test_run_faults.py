"""`ipclab run --fault`: the way of a fault from the command line into the program and back."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from ipclab import injection  # noqa: E402
from ipclab.faults import UsageFault  # noqa: E402
from tree import ipclab  # noqa: E402

COPIES = """
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main(void)
{
    int fd[2];
    char b[5] = "";
    if (pipe(fd) < 0) {
        printf("pipe %s\\n", strerrorname_np(errno));
        return 1;
    }
    if (write(fd[1], "abcd", 4) < 0)
        return 1;
    for (int i = 0; i < 2; i++) {
        long n = read(fd[0], b, 2);
        printf("%s\\n", n < 0 ? strerrorname_np(errno) : n == 2 ? "two" : "one");
    }
    return 0;
}
"""
LOST = """
#include <signal.h>
#include <unistd.h>
static volatile sig_atomic_t flag;
static void on_signal(int number) { flag = number; }
int main(void)
{
    signal(SIGUSR1, on_signal);
    if (!flag)
        pause(); /* HERE */
    return 0;
}
"""
RACE = """
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    pid_t pid = fork();
    if (pid < 0)
        return 7;
    (void)!write(1, pid ? "parent\\n" : "child\\n", pid ? 7 : 6);
    if (pid)
        wait(0);
    return 0;
}
"""


def run(folder: Path, text: str, *args: str) -> tuple[int, str, str]:
    path = folder / "program.c"
    path.write_text("#define _GNU_SOURCE\n" + text)
    done = ipclab("run", *args, path)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("fault", "printed", "given_up"),
    [
        ("read:1=EINTR", "EINTR\ntwo\n", False),
        ("read:2=EINTR", "two\nEINTR\n", True),
        ("read=EIO", "EIO\nEIO\n", False),
        ("read:1@main#3=short:1", "one\ntwo\n", False),
        ("pipe=EMFILE", "pipe EMFILE\n", False),
    ],
)
def test_a_fault_happens_in_the_program(tmp_path: Path, fault: str, printed: str, given_up: bool) -> None:
    code, stdout, stderr = run(tmp_path, COPIES, "--fault", fault)
    assert (code, stdout) == (int(given_up), printed), stderr
    assert "note:" not in stderr
    assert ("It is not tried again." in stderr) == given_up


def test_several_faults_happen(tmp_path: Path) -> None:
    _, stdout, _ = run(tmp_path, COPIES, "--fault", "read:1=EINTR", "--fault", "read:2=EAGAIN")
    assert stdout == "EINTR\nEAGAIN\n"


@pytest.mark.parametrize("fault", ["read:3=EINTR", "read@child=EIO", "read#9=EIO", "fork=EAGAIN", "read:1=short:2"])
def test_a_fault_that_never_happened_is_said(tmp_path: Path, fault: str) -> None:
    code, stdout, stderr = run(tmp_path, COPIES, "--fault", fault)
    assert (code, stdout) == (0, "two\ntwo\n")
    assert f"note: the fault {fault} never happened\n" in stderr


def test_a_fork_fails(tmp_path: Path) -> None:
    code, stdout, stderr = run(tmp_path, RACE, "--fault", "fork=EAGAIN")
    assert (code, stdout) == (0, "") and "exit status 7" in stderr


@pytest.mark.parametrize(("fault", "printed"), [("write@child=hold", "parent\nchild\n"), ("write@main=hold", "child\nparent\n")])
def test_a_hold_decides_who_comes_first(tmp_path: Path, fault: str, printed: str) -> None:
    code, stdout, stderr = run(tmp_path, RACE, "--fault", fault)
    assert (code, stdout) == (0, printed), stderr


def test_a_lost_signal_is_told(tmp_path: Path) -> None:
    path = tmp_path / "lost.c"
    path.write_text(LOST)
    assert ipclab("run", "--fault", "pause=signal:SIGUSR1:inside", path).returncode == 0
    done = ipclab("run", "--json", "--fault", "pause=signal:SIGUSR1", path)
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["kind"], finding["cause"]) == ("hang", "signal_lost"), finding
    line = 1 + LOST.splitlines().index("        pause(); /* HERE */")
    assert finding["location"]["line"] == line


WRONG = [
    "", "read", "=EINTR", "read=", "reed=EINTR", "read:0=EINTR", "read:x=EINTR", "read:-1=EINTR", "read@=EINTR", "read@mine=EINTR",
    "read@child0=EINTR", "read#=EINTR", "read#x=EINTR", "read=EBROKEN", "read=EINTR:1", "read=eintr", "read=short", "read=short:0",
    "read=short:x", "pipe=short:1", "sendmsg=short:1", "read=signal", "read=signal:USR1", "read=signal:SIGX", "read=signal:SIGRTMIN",
    "read=signal:SIGUSR1:outside", "read=hold:1", "read=errno", "exit_group=EIO", "exit=EIO", "none=hold", "restart_syscall=hold",
    "read:99999999999=hold", "read#99999999999=hold", "read@child99999999999=hold", "read:2 =EIO", "read\n=EIO", "read=EIO\n",
    "read:\u0662=EIO",
]  # fmt: skip


@pytest.mark.parametrize("fault", WRONG)
def test_a_fault_that_makes_no_sense_is_one_line(fault: str) -> None:
    with pytest.raises(UsageFault) as fault_of_usage:
        injection.read(fault)
    text = str(fault_of_usage.value)
    assert text.startswith("--fault ") and text.endswith("see ipclab run --help") and "\n" not in text


def test_it_is_wrong_usage(tmp_path: Path) -> None:
    code, stdout, stderr = run(tmp_path, RACE, "--fault", "reed=EIO")
    assert (code, stdout) == (2, "")
    assert stderr == "ipclab: --fault reed=EIO: there is no call reed here to inject into; see ipclab run --help\n"


def test_there_may_be_32_and_no_more() -> None:
    assert len(injection.read_all(("read=EIO",) * 32)) == 32
    with pytest.raises(UsageFault, match="at most 32 times"):
        injection.read_all(("read=EIO",) * 33)


def test_a_fault_is_words_of_a_plan() -> None:
    assert injection.read("read:2@child3#4=signal:SIGUSR1:inside").words == ("read", "2", "child3", "4", "signal", "SIGUSR1", "inside")
    assert injection.read("write=short:1").words == ("write", "*", "any", "*", "short", "1")
