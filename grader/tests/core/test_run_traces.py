"""`ipclab run --trace` and `--picture`: what the witness saw, from real programs to the page."""

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
