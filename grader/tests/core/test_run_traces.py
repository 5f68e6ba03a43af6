"""`ipclab run --trace` and `--picture`: what the witness saw, from real programs to the page."""

import os
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from tree import REPO, ipclab  # noqa: E402

RUNS = REPO / "grader" / "tests" / "runs"
HANG = REPO / "grader" / "tests" / "core" / "data" / "run" / "hang.c"
LINE = re.compile(r"^ *(?P<ms>\d+\.\d{3})  (?P<who>.+? \(\d+\)) +(?P<call>\w.*)$")


def traced(program: Path, *more: str) -> list[dict[str, str]]:
    done = ipclab("run", "--trace", *more, program)
    assert done.returncode in (0, 1), done.stderr
    return [match.groupdict() for line in done.stderr.splitlines() if (match := LINE.match(line))]


def line_of(program: Path, text: str) -> int:
    (line,) = [n for n, content in enumerate(program.read_text().splitlines(), 1) if text in content]
    return line


def calls(events: list[dict[str, str]], name: str) -> list[str]:
    return [e["call"] for e in events if re.match(rf"{name}\b", e["call"])]


def test_each_call_has_its_result_and_its_line() -> None:
    events = traced(HANG)
    (pipe,) = calls(events, "pipe2?")
    assert pipe.endswith(f"hang.c:{line_of(HANG, 'if (pipe(fd)')} main") and "= 0" in pipe
    (fork,) = calls(events, "fork")
    assert "a child of hang" in fork and fork.endswith(f"hang.c:{line_of(HANG, 'if (fork() == 0)')} main")
    writes = calls(events, "write")
    assert len(writes) == 2 and all(f"hang.c:{line_of(HANG, 'if (write(')}" in w and "= 10 " in w for w in writes)
    assert sum(int(n) for r in calls(events, "read") for n in re.findall(r"= (\d+) ", r)) == 20
    assert sorted(c.split()[0] for c in calls(events, "(read|wait4)") if "never returned" in c) == ["read(fd", "wait4()"]
    ends = [re.search(r"(read|write) end of pipe", c) for c in calls(events, "close")]
    assert [e and e[1] for e in ends] == ["read", "write"]


def test_what_the_loader_does_is_left_out_and_a_command_is_shown_whole() -> None:
    assert not [e for e in traced(HANG) if "ld.so" in e["call"] or "libc.so" in e["call"]]
    events = traced(RUNS / "right" / "pipeline_of_three.c")
    commands = {e["who"] for e in events if re.match(r"exec /(usr/)?bin/", e["call"])}
    assert len(commands) == 3
    for who in commands:  # they have no lines, yet what they do with their pipe is seen
        assert any(e["who"] == who and re.match(r"(read|write)\(fd \d, pipe:", e["call"]) for e in events), who


@pytest.mark.parametrize("program", sorted((RUNS / "right").glob("*.c")), ids=lambda p: p.stem)
def test_a_right_program_does_the_same_when_every_call_is_watched(program: Path) -> None:
    """At that level each call stops twice. Nothing may come out otherwise, and nothing be found."""
    comment = program.read_text().partition("*/")[0]
    if re.search(r"^ \* XFAIL:", comment, re.MULTILINE):
        pytest.xfail("it is not right without a trace either")
    output = "".join(line + "\n" for line in re.findall(r"^ \* OUTPUT: ?(.*)$", comment, re.MULTILINE))
    options = [word for line in re.findall(r"^ \* OPTIONS: ?(.*)$", comment, re.MULTILINE) for word in line.split()]
    done = ipclab("run", "--trace", *options, program)
    assert done.returncode == 0, done.stderr[-2000:]
    if output:
        assert done.stdout == output


RESTARTED = """
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void on_usr1(int number) { (void)number; }
int main(void)
{
    int fd[2];
    char byte;
    struct sigaction action = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    if (pipe(fd) < 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        close(fd[1]);
        return read(fd[0], &byte, 1) != 1; /* HERE */
    }
    close(fd[0]);
    kill(child, SIGUSR1);
    if (write(fd[1], "x", 1) != 1)
        return 1;
    return waitpid(child, NULL, 0) != child;
}
"""


def test_a_call_that_is_taken_up_again_is_one_call(tmp_path: Path) -> None:
    """SA_RESTART: the kernel enters read() anew after the handler."""
    (tmp_path / "restarted.c").write_text(RESTARTED)
    # kill() is held until nobody else can go on: then the child is blocked in read()
    events = traced(tmp_path / "restarted.c", "--fault", "kill:1=hold")
    assert len(calls(events, "signal SIGUSR1")) == 1
    (read,) = calls(events, "read")
    assert "= 1 " in read


def test_the_ends_of_a_connection_know_each_other() -> None:
    events = traced(RUNS / "right" / "tcp_port_0.c")
    assert calls(events, "accept") and all(re.search(r"with socket:\[\d+\]", c) for c in calls(events, "accept"))


PROCESSORS = """
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
int main(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) < 0)
        return 1;
    printf("%d\\n", CPU_COUNT(&set));
    return 0;
}
"""


def test_where_every_call_is_watched_one_processor_is_shared(tmp_path: Path) -> None:
    (tmp_path / "processors.c").write_text(PROCESSORS)
    assert ipclab("run", tmp_path / "processors.c").stdout == f"{len(os.sched_getaffinity(0))}\n"
    assert ipclab("run", "--trace", tmp_path / "processors.c").stdout == "1\n"


def words(svg: str) -> list[str]:
    return ["".join(t.itertext()) for t in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def test_the_picture_of_the_readme_is_what_is_drawn(tmp_path: Path) -> None:
    done = ipclab("run", "--picture", tmp_path / "hang.svg", HANG)
    assert done.returncode == 1, done.stderr
    drawn, shown = words((tmp_path / "hang.svg").read_text()), words((REPO / "docs" / "hang.svg").read_text())

    def told(texts: list[str]) -> list[str]:
        # when the child reads is up to the scheduler, and so is how long what takes
        return sorted(t for t in texts if not re.fullmatch(r"[\d.]+", t) and not t.startswith(("read ", "write pipe A")) and not t.endswith(" pass"))

    assert told(drawn) == told(shown)
    for texts in (drawn, shown):
        assert any(t.startswith("read pipe A") and "never" in t for t in texts) and any(re.match(r"read .*\b[12]0 B", t) for t in texts)


def test_a_picture_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    done = ipclab("run", "--picture", tmp_path / "none" / "x.svg", HANG)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "no such folder" in done.stderr


def test_what_was_injected_is_marked_in_list_and_picture(tmp_path: Path) -> None:
    picture = tmp_path / "x.svg"
    events = traced(HANG, "--fault", "write:1=EINTR", "--picture", picture)
    (write,) = calls(events, "write")
    assert "EINTR" in write and "injected" in write
    assert any("EINTR (injected)" in t for t in words(picture.read_text()))
    assert not any("injected" in t for t in words((REPO / "docs" / "hang.svg").read_text()))
