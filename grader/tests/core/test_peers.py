"""Peers: programs of the kit beside the student's, with the student's rights. What they do is no finding."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tree import TREE, ipclab

LAB = "03-peered"
SOLUTION = TREE / "solutions" / LAB


@pytest.fixture(params=["local", "docker"])
def sandbox(request: pytest.FixtureRequest) -> str:
    if request.param == "docker":
        request.getfixturevalue("docker_image")
    return str(request.param)


def graded(place: Path, sandbox: str = "local") -> dict:
    done = ipclab("grade", LAB, place, "--sandbox", sandbox, "--json", "-", "--audience", "instructor")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_peer_shares_the_students_rights_and_folder_and_costs_nothing(sandbox: str) -> None:
    result = graded(SOLUTION, sandbox)
    assert {t["name"]: (t["status"], t["message"]) for t in result["tests"]} == {
        name: ("pass", "") for name in ("start_executes", "note_is_read", "litter_costs_nobody")
    }
    assert result["findings"] == [] and [f for t in result["tests"] for f in t["findings"]] == []


def test_a_test_is_not_run_without_all_the_targets_that_it_uses(tmp_path: Path) -> None:
    place = Path(shutil.copytree(SOLUTION, tmp_path / "work"))
    (place / "start.c").write_text("int main(void) { return }\n")
    tests = {t["name"]: t for t in graded(place)["tests"]}
    assert tests["note_is_read"]["points"] == 0 and tests["note_is_read"]["status"] != "pass"
    assert tests["note_is_read"]["status"] == tests["start_executes"]["status"]
