"""What a grading needs and does not find: uids, the compiler, valgrind, a judge."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import classes
import pytest
from ipclab import grading, intake, manifest
from ipclab.model import ResultStatus
from tree import LAB, TREE

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may take such things away")
RIGHT = {"amy-right": classes.MEMBERS["amy-right"], "bob-subtracts": classes.MEMBERS["bob-subtracts"]}
# Takes all pairs of uids in a network namespace of its own, in as many processes as their descriptors need, and grades there.
TAKES_ALL = """
import os, resource, subprocess, sys
sys.path.insert(0, sys.argv[1])
from ipclab import slots
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
each = min(hard - 100, 5000)
end, hold_on = os.pipe()
for first in range(0, slots.PAIRS, each):
    done, tell = os.pipe()
    if os.fork() == 0:
        os.close(hold_on)
        held = [slots._hold(i) for i in range(first, min(first + each, slots.PAIRS))]
        os.write(tell, b"n" if None in held else b"y")
        os.read(end, 1)  # until the grading is over
        os._exit(0)
    assert os.read(done, 1) == b"y"
sys.exit(subprocess.run(sys.argv[2:]).returncode)
"""
# A layer that hides one file of /usr/bin, in a mount namespace of its own.
HIDES = 'mknod "$1/$2" c 0 0 && mount -t overlay -o "lowerdir=$1:/usr/bin" ipclab-test /usr/bin && shift 2 && exec "$@"'


def without(tool: str, place: Path, argv: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    place.mkdir()
    return classes.grade(["unshare", "--mount", "--propagation", "private", "sh", "-c", HIDES, "sh", str(place), tool, *argv], **env)


@ROOT
def test_no_uids_that_are_free_is_no_zero(tmp_path: Path) -> None:
    labs, out = classes.quick_labs(tmp_path / "labs"), tmp_path / "out"
    argv = classes.words("local", classes.hand_in(tmp_path / "class", RIGHT), out)
    holder = ["unshare", "--net", sys.executable, "-c", TAKES_ALL, str(classes.REPO / "grader"), *argv]
    done = classes.grade(holder, IPCLAB_LABS=str(labs))
    assert done.returncode == 3, done.stderr
    assert "pairs of uids are in use" in classes.last_line(done.stderr) and "--jobs" in classes.last_line(done.stderr)
    assert classes.unharmed(out) == {"grader_fault"}


@ROOT
@pytest.mark.parametrize("tool", ["gcc", "make"])
def test_no_compiler_is_one_line_that_says_what_to_install(tool: str, tmp_path: Path) -> None:
    argv = classes.words("local", classes.hand_in(tmp_path / "class", RIGHT), tmp_path / "out")
    labs = classes.quick_labs(tmp_path / "labs")
    test = labs / "labs" / LAB / "tests" / "public" / "test_echo.c"
    test.write_text(f"{test.read_text()}/* {tmp_path} */\n")  # so that there is something to be built
    done = without(tool, tmp_path / "layer", argv, IPCLAB_LABS=str(labs))
    assert done.returncode == 3 and not (tmp_path / "out").exists(), done.stderr
    assert done.stderr == f"ipclab: /usr/bin/{tool} is not here: install the package {tool} (sudo make setup)\n"


@ROOT
def test_no_valgrind_is_no_zero(tmp_path: Path) -> None:
    out = tmp_path / "out"
    argv = classes.words("local", classes.hand_in(tmp_path / "class", RIGHT), out)
    done = without("valgrind", tmp_path / "layer", argv)
    assert done.returncode == 3, done.stderr
    assert classes.unharmed(out) == {"tool_missing"}
    assert "valgrind" in (out / "report" / "gradebook.csv").read_text() and "doctor" in classes.last_line(done.stderr), done.stderr


def test_a_judge_that_is_not_there_is_no_zero(tmp_path: Path) -> None:
    lab = manifest.load_lab(TREE, LAB)
    (submission,) = intake.take_in([classes.hand_in(tmp_path / "class", {"amy-right": RIGHT["amy-right"]}) / "amy-right"], lab)
    grader = grading.Grader(lab, grading.Options(keep=False))
    folder = tmp_path / "kit"
    folder.mkdir()
    for path in grader.kit.folder.iterdir():
        if path.name != "judge-public-test_echo":
            (folder / path.name).write_bytes(path.read_bytes())
    grader.kit = replace(grader.kit, folder=folder)
    result = grader.one(submission)
    assert result.status is ResultStatus.GRADER_ERROR and result.tests == ()
    assert "judge-public-test_echo" in result.findings[0].text
