"""Disks that are full: each in a mount namespace of its own, where a tiny tmpfs lies at the place in question."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import classes
import pytest
from ipclab import kit, results
from tree import DEADLINE, environment

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
MOUNT = """mount -t tmpfs -o "size=$2,mode=0755" ipclab-test "$1"
[ "$3" = full ] && cat /dev/zero >"$1/filler" 2>/dev/null
shift 3
exec "$@"
"""
RIGHT = {"amy-right": classes.MEMBERS["amy-right"], "bob-subtracts": classes.MEMBERS["bob-subtracts"]}


# Right, and writes a file of its own first.
WRITES = """#include <fcntl.h>
#include <unistd.h>
static char page[1 << 16];
int main(void)
{
    int fd = open("notes", O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < 16; i++)
        if (write(fd, page, sizeof page) != (ssize_t)sizeof page)
            return 1;
    close(fd);
    for (ssize_t n; (n = read(0, page, sizeof page)) > 0;)
        (void)!write(1, page, (size_t)n);
    return 0;
}
"""


def grade(place: Path, size: str, argv: list[str], *, full: bool = False, **env: str) -> subprocess.CompletedProcess[str]:
    """Grades where only `size` can be written below `place`, or nothing at all."""
    place.mkdir(parents=True, exist_ok=True)
    return classes.grade(["unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNT, "sh", str(place), size, "full" if full else "", *argv], **env)


@pytest.fixture
def labs(tmp_path: Path) -> str:
    return str(classes.quick_labs(tmp_path / "labs"))


@pytest.fixture
def group(tmp_path: Path) -> Path:
    return classes.hand_in(tmp_path / "class", RIGHT)


def scores(path: Path) -> list[tuple[str, int | None]]:
    return [(r["status"], r["score"]) for r in json.loads(path.read_text())["results"]]


def test_no_room_for_the_work_folder_is_no_zero(tmp_path: Path, labs: str, group: Path) -> None:
    out = tmp_path / "out"
    done = grade(tmp_path / "tmp", "64k", classes.words("local", group, out), IPCLAB_LABS=labs, TMPDIR=str(tmp_path / "tmp"))
    assert done.returncode == 3, done.stderr
    assert classes.unharmed(out) == {"grader_fault"}
    assert str(tmp_path / "tmp") in classes.last_line(done.stderr) and "No space left" in classes.last_line(done.stderr)
    assert "TMPDIR" in classes.last_line(done.stderr), "what to do"


def test_a_full_disk_is_no_fault_of_who_works_on_it(tmp_path: Path, open_place: Path, labs: str) -> None:
    """At the level `none` the compiler and the programs write to the machine's own disk."""
    group = classes.hand_in(tmp_path / "class", {"dan-writes": {"add.c": classes.ADD, "echo.c": WRITES}, **RIGHT})
    tmp, options = open_place / "tmp", ("--level", "none")
    script = f"""
import sys
from pathlib import Path
from ipclab import grading, intake, manifest, results
lab = manifest.load_lab(Path(sys.argv[1]), "{classes.LAB}")
grader = grading.Grader(lab, grading.Options(jobs=1, keep=False, warden_options={options!r}))
results.write_class(Path(sys.argv[3]), list(grader.all(intake.take_in([Path(sys.argv[2])], lab))))
"""
    argv = ["/usr/bin/python3", "-c", script, labs, str(group), str(tmp_path / "class.json")]
    grader = str(classes.REPO / "grader")
    done = grade(tmp, "1m", argv, TMPDIR=str(tmp), PYTHONPATH=grader)
    assert done.returncode == 0, done.stderr
    found = results.read_all(tmp_path / "class.json")
    assert scores(tmp_path / "class.json") == [("grader_error", None)] * 3
    assert all("TMPDIR" in r.findings[0].text for r in found)
    done = grade(tmp, "200m", argv, TMPDIR=str(tmp), PYTHONPATH=grader)
    assert done.returncode == 0 and scores(tmp_path / "class.json") == [("graded", 12), ("graded", 6), ("graded", 12)], done.stderr


def test_a_full_cache_loses_no_result(tmp_path: Path, labs: str, group: Path) -> None:
    out, free = tmp_path / "out", tmp_path / "free"
    done = grade(kit.cache_root() / "results", "8k", classes.words("local", group, out), full=True, IPCLAB_LABS=labs)
    assert done.returncode == 0, done.stderr
    assert scores(out / "class.json") == [("graded", 12), ("graded", 6)]
    # nothing half-written was kept
    done = classes.grade(classes.words("local", group, free, "--resume"), IPCLAB_LABS=labs)
    assert done.returncode == 0 and classes.outcome(free) == classes.outcome(out)


def test_no_room_to_build_the_kit_is_one_line(tmp_path: Path, labs: str, group: Path) -> None:
    done = grade(kit.cache_root(), "256k", classes.words("local", group, tmp_path / "out"), IPCLAB_LABS=labs)
    assert done.returncode == 3, done.stderr
    assert len(done.stderr.splitlines()) == 1 and str(kit.cache_root()) in done.stderr and "No space left" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("which", ["--json", "--report", "--output"])
def test_no_room_for_what_comes_out_loses_no_result(which: str, tmp_path: Path, labs: str, group: Path) -> None:
    full, argv = tmp_path / "full", classes.words("local", group, tmp_path / "out")
    argv += {"--json": ["--json", f"{full}/r.json"], "--report": ["--report", f"{full}/r"], "--output": ["--format", "junit", "--output", f"{full}/r.xml"]}[which]
    done = grade(full, "8k", argv, full=True, IPCLAB_LABS=labs)
    assert done.returncode == 3, done.stderr
    line = classes.last_line(done.stderr)
    assert f"cannot write {full}/r" in line and "No space left" in line and "--resume" in line and "Traceback" not in done.stderr
    assert "amy-right" in done.stdout and "12" in done.stdout, "what does not need that disk is still told"
    now = classes.now()
    again = classes.grade([*classes.words("local", group, tmp_path / "out"), "--resume"], IPCLAB_LABS=labs)
    assert again.returncode == 0 and all(begun < now for begun in classes.begun(tmp_path / "out"))


def test_a_stdout_that_takes_nothing_is_one_line(labs: str, group: Path) -> None:
    argv = [str(classes.REPO / "ipclab"), "grade", classes.LAB, str(group), "--sandbox", "local", "--json", "-"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, timeout=DEADLINE, env=environment(IPCLAB_LABS=labs))
    assert done.returncode == 3 and "Traceback" not in done.stderr and "Exception" not in done.stderr
    assert "No space left" in classes.last_line(done.stderr) and "--resume" in classes.last_line(done.stderr)
