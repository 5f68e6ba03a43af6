import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ipclab import slots
from ipclab.faults import GraderFault

HOLD = """
import sys
from ipclab.slots import uids
with uids() as pair:
    print(pair.student, flush=True)
    sys.stdin.read()
"""


def hold(repo: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(repo / "grader")},
    )  # fmt: skip
    assert process.stdout
    return process, int(process.stdout.readline())


def free(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def test_two_jobs_of_one_process_have_their_own_uids() -> None:
    with slots.uids() as one, slots.uids() as two:
        assert len({one.student, one.judge, two.student, two.judge}) == 4


def test_uids_fit_a_rootless_map() -> None:
    assert slots.FIRST + 2 * slots.PAIRS <= 65536


def test_another_process_gets_other_uids_and_one_that_is_killed_gives_its_own_back(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, held = hold(repo)
    try:
        with slots.uids() as ours:
            assert ours.student != held
    finally:
        free(process)
    monkeypatch.setattr(slots, "FIRST", held)
    monkeypatch.setattr(slots, "PAIRS", 1)
    with slots.uids() as again:
        assert again.student == held


def test_running_out_of_uids_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "PAIRS", 0)
    with pytest.raises(GraderFault, match="--jobs"):
        with slots.uids():
            pass
