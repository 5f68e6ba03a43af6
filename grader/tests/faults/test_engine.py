"""The container engine is stopped, or the image removed, while a class is graded: nobody gets a zero, nobody a pass, and
--resume ends with the gradebook of an undisturbed grading. In an engine of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import classes
import pytest
from engine import Engine, engine
from ipclab.sandbox import docker
from tree import DEADLINE

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start an engine of its own")
# Stands between ipclab and the client; before the container that is asked for as number FOURTH the image goes.
THIEF = """#!/bin/sh
if [ "$1" = run ]; then
    echo >>{count}
    if [ "$(wc -l <{count})" = 4 ]; then docker rmi --force {image} >&2; fi
fi
exec docker "$@"
"""


class Place:
    """One class that is graded in the own engine."""

    def __init__(self, own: Engine, labs: Path, folder: Path) -> None:
        self.own, self.folder = own, folder
        self.out = folder / "out"
        (folder / "tmp").mkdir(parents=True)
        self.env = {"DOCKER_HOST": own.host, "IPCLAB_LABS": str(labs), "TMPDIR": str(folder / "tmp")}
        self.group = classes.hand_in(folder / "class")

    def words(self, *more: str) -> list[str]:
        return classes.words("docker", self.group, self.out, *more)

    def ends(self, expected: Any) -> None:
        """Goes on: all are graded, and nothing of the broken grading is left."""
        done = classes.grade(self.words("--resume"), **self.env)
        assert done.returncode == 0, done.stderr
        assert classes.differences(classes.outcome(self.out), expected) == []
        assert self.own.call("ps", "--all", "--quiet") == ""
        assert list((self.folder / "tmp").iterdir()) == []


@ROOT
def test_an_engine_that_stops_and_an_image_that_goes_cost_nobody_a_point(docker_image: str, tmp_path: Path) -> None:
    """One test, since what it needs takes long: an engine with the image."""
    if shutil.which("dockerd") is None:
        pytest.skip("there is no dockerd here")
    labs = classes.quick_labs(tmp_path / "labs")
    with engine(docker_image) as own:
        first = Place(own, labs, tmp_path / "undisturbed")
        done = classes.grade(first.words(), **first.env)
        assert done.returncode == 0, done.stderr
        expected = classes.outcome(first.out)
        for number in (signal.SIGKILL, signal.SIGTERM):
            _stopped(Place(own, labs, tmp_path / number.name), number, expected)
        _robbed(Place(own, labs, tmp_path / "robbed"), docker_image, expected)


def _stopped(place: Place, number: signal.Signals, expected: Any) -> None:
    process, owner = classes.start(place.words(), **place.env)
    place.own.wait_for_container(owner)
    place.own.stop(number)
    said = process.communicate(timeout=DEADLINE)[1]
    assert process.returncode == 3, said
    assert "--sandbox local" in classes.last_line(said) or "--resume" in classes.last_line(said), said
    causes = classes.unharmed(place.out, expected)
    assert causes and causes <= {"engine_gone", "container_failed", "no_done_event"}, (number, causes)
    place.own.start()
    place.ends(expected)


def _robbed(place: Place, image: str, expected: Any) -> None:
    count, thief = place.folder / "count", place.folder / "thief"
    count.touch()
    thief.write_text(THIEF.format(count=count, image=docker.call("--host", place.own.host, "image", "inspect", "--format", "{{.Id}}", image).strip()))
    thief.chmod(0o755)
    done = classes.grade(place.words("--jobs", "1"), **place.env, IPCLAB_ENGINE=str(thief))
    assert done.returncode == 3, done.stderr
    assert "could not be graded, by the grader's own fault; --resume" in classes.last_line(done.stderr)
    assert classes.unharmed(place.out, expected) == {"image_missing"}
    statuses = [r["status"] for r in json.loads((place.out / "class.json").read_text())["results"]]
    assert statuses[:1] == ["graded"] and statuses[1:] == ["grader_error"] * 5, "it went while the second one was built or run"
    again = classes.grade(place.words("--resume"), **place.env)
    assert again.returncode == 3 and "make image" in classes.last_line(again.stderr), again.stderr
    place.own.load(image)
    place.ends(expected)
