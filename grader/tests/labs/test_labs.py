"""Each lab holds what it promises: `ipclab validate`, and the same marks in both sandboxes."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[3]
LABS = sorted(f.name for f in (REPO / "labs").iterdir() if (f / "lab.toml").exists())
SANDBOXES = ["local", "docker"]


def ipclab(*args: str, seconds: int = 1500) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(REPO / "ipclab"), *args], cwd=REPO, capture_output=True, text=True, timeout=seconds)


def grade(lab: str, folder: str, sandbox: str) -> dict:
    done = ipclab("grade", lab, f"{folder}/{lab}", "--sandbox", sandbox, "--json", "-", seconds=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> str:
    if request.param == "docker":
        request.getfixturevalue("docker_image")
    return request.param


JOBS = (os.cpu_count() or 1) + 1  # wrong submissions wait for deadlines now and then: meanwhile another one runs
FULL = os.environ.get("IPCLAB_FULL") == "1"
# The first lab is whole in both sandboxes; of the others a container sees solution, skeleton and one mutant, unless all is wanted.
WHOLE = [(lab, sandbox) for lab in LABS for sandbox in SANDBOXES if sandbox == "local" or FULL or lab == LABS[0]]


@pytest.mark.every_core
@pytest.mark.timeout(1500)
@pytest.mark.parametrize(("lab", "sandbox"), WHOLE, indirect=["sandbox"])
def test_the_lab_passes_the_gate(lab: str, sandbox: str) -> None:
    whole = ["--whole"] if FULL else []
    done = ipclab("validate", lab, "--sandbox", sandbox, "--jobs", str(JOBS), *whole)
    assert done.returncode == 0, done.stdout + done.stderr


def first_mutant(lab: str) -> str:
    folder = REPO / "labs" / lab / "mutants"
    return min(p.stem for p in folder.iterdir() if p.suffix == ".patch" or p.is_dir())


@pytest.mark.timeout(320)
@pytest.mark.parametrize("sandbox", ["docker"], indirect=True)
@pytest.mark.parametrize("lab", LABS[1:])
def test_a_mutant_is_caught_in_a_container_too(lab: str, sandbox: str) -> None:
    done = ipclab("validate", lab, "--only", first_mutant(lab), "--sandbox", sandbox)
    assert done.returncode == 0 and f"ok    mutant {first_mutant(lab)}" in done.stdout, done.stdout + done.stderr


def test_the_readme_links_every_handout() -> None:
    text = (REPO / "README.md").read_text("utf-8")
    assert [lab for lab in LABS if f"(labs/{lab}/README.md)" not in text] == []


@pytest.mark.timeout(320)
@pytest.mark.parametrize("sandbox", SANDBOXES, indirect=True)
@pytest.mark.parametrize("lab", LABS)
def test_the_solution_has_full_marks_and_no_finding(lab: str, sandbox: str) -> None:
    result = grade(lab, "solutions", sandbox)
    bonus = sum(t["max_points"] for t in result["tests"] if t["bonus"])
    assert result["status"] == "graded" and result["score"] == result["max_score"] + bonus
    assert result["findings"] == [] and [t["findings"] for t in result["tests"] if t["findings"]] == []


@pytest.mark.timeout(320)
@pytest.mark.parametrize("sandbox", SANDBOXES, indirect=True)
@pytest.mark.parametrize("lab", LABS)
def test_the_skeleton_earns_a_tenth_at_most(lab: str, sandbox: str) -> None:
    result = grade(lab, "skeletons", sandbox)
    assert result["status"] == "graded" and result["score"] * 10 <= result["max_score"]
