"""A tiny lab of two targets, and short words for taking something in."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ipclab import export, intake, manifest
from ipclab.model import Lab, Submission

DATA = Path(__file__).with_name("data")

TakeIn = Callable[..., list[Submission]]
TakeOne = Callable[[Path], Submission]


@pytest.fixture(scope="session")
def tiny() -> Lab:
    """The tiny lab; nobody writes to it."""
    return manifest.load_lab(DATA, "01-tiny")


@pytest.fixture
def tiny_root(tmp_path: Path) -> Path:
    """A root of one's own with the tiny lab in it."""
    root = tmp_path / "root"
    shutil.copytree(DATA, root)
    return root


@pytest.fixture
def take_in(tiny: Lab) -> TakeIn:
    return lambda *paths: intake.take_in(list(paths), tiny)


@pytest.fixture
def take_one(take_in: TakeIn) -> TakeOne:
    def one(path: Path) -> Submission:
        [submission] = take_in(path)
        return submission

    return one


@pytest.fixture(scope="session")
def student_export(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What students of this repository's labs get, with the kit built by a first `make check`: copy it before you change it."""
    place = tmp_path_factory.mktemp("export") / "student"
    export.export(repo, place)
    for slug in manifest.slugs(place):
        make = ["make", "-C", str(place / "skeletons" / slug), "check"]
        done = subprocess.run(make, capture_output=True, text=True, timeout=600)
        assert "hidden tests" in done.stdout + done.stderr, done.stdout + done.stderr
    return place
