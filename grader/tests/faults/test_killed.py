"""Somebody from outside ends a part of a sandbox while a submission is built or run in it: that submission is not graded, and
says why; whoever is graded after it is graded as ever; nothing is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import classes
import leftovers
import pytest
from ipclab.sandbox import docker
from scene import Scene, wait_for_scene
from tree import DEADLINE

# The compiler needs a second or two for it; it only has to be there for as long as it takes to see and end it.
SLOW_TO_BUILD = "int main(int n, char **v)\n{\n(void)v;\n" + "n = n * 3 + 1;\n" * 60_000 + "return n;\n}\n"
VICTIMS = {
    "build": {"add.c": classes.ADD, "echo.c": SLOW_TO_BUILD},
    "run": {"add.c": classes.ADD, "echo.c": classes.SLOW},
}
SEEN = {"build": "cc1", "run": "echo.O0"}
RIGHT = {"add.c": classes.ADD, "echo.c": classes.ECHO}


def _end(what: str, scene: Scene, ipclab: int) -> None:
    if what == "container":
        docker.call("kill", scene.container)
        return
    target = {
        "pid 1": lambda: scene.wardens()[0],
        "outer warden": lambda: scene.wardens()[1],
        "judge": scene.judge,
        "client": lambda: scene.client(ipclab),
    }[what]()
    os.kill(target.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "sandbox,what,phase,causes",
    [
        ("local", "pid 1", "build", {"warden_fault"}),
        ("local", "outer warden", "build", {"warden_fault", "no_done_event"}),
        ("local", "pid 1", "run", {"warden_fault"}),
        ("local", "judge", "run", {"judge_died"}),
        ("docker", "container", "build", {"container_failed"}),
        ("docker", "container", "run", {"container_failed"}),
        ("docker", "pid 1", "run", {"container_failed"}),
        ("docker", "client", "run", {"container_failed", "no_done_event"}),
    ],
)
def test_what_is_killed_from_outside_costs_nobody_a_point(
    sandbox: str, what: str, phase: str, causes: set[str], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may end what is not its own")
    if sandbox == "docker":
        request.getfixturevalue("docker_image")
    labs, tmp, out = classes.quick_labs(tmp_path / "labs"), tmp_path / "tmp", tmp_path / "out"
    tmp.mkdir(mode=0o711)
    group = classes.hand_in(tmp_path / "class", {"a-victim": VICTIMS[phase], "b-quick": RIGHT})
    before = leftovers.look(folders=[tmp])
    argv = [*classes.words(sandbox, group, out), "--jobs", "1"]
    process, owner = classes.start(argv, IPCLAB_LABS=str(labs), TMPDIR=str(tmp))
    try:
        _end(what, wait_for_scene(SEEN[phase], process.pid, owner), process.pid)
    finally:
        said = process.communicate(timeout=DEADLINE)[1]
    assert process.returncode == 3, said
    assert "1 of 2 could not be graded" in classes.last_line(said) and "--resume" in classes.last_line(said)
    found = classes.unharmed(out)
    assert found and found <= causes, said
    status = {r.student: (r.status.value, r.score) for r in classes.results.read_all(out / "class.json")}
    assert status == {"a-victim": ("grader_error", 0), "b-quick": ("graded", 12)}, "the score of the first is null in the file"
    assert leftovers.left(before, [owner], folders=[tmp]) == []
