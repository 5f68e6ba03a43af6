"""What all tests of the kit share: where things are, the Docker image, and when a skip is an error.

A test that needs what not every machine has (a Docker engine, a browser) skips there. In CI that would let a check rot
unnoticed, so with IPCLAB_MUST_WORK=1 a skip, of a test or of a whole module, is a failure.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

REPO = Path(__file__).resolve().parents[2]
MUST_WORK = os.environ.get("IPCLAB_MUST_WORK") == "1"

# The machine's load must not decide, and CI must not fail by a draw: searching for new counterexamples is fuzzing's job.
hypothesis.settings.register_profile("kit", deadline=None, derandomize=True)
# `make fuzz` asks for this one: it searches freely, for as many examples as it has time for.
hypothesis.settings.register_profile(
    "fuzz",
    deadline=None,
    database=None,
    print_blob=True,
    max_examples=int(os.environ.get("IPCLAB_FUZZ_EXAMPLES", "1000")),
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.load_profile("kit")

# A shell starts what it runs in the background with SIGINT ignored, which is handed on to all that the tests start: those
# that interrupt a program would wait in vain.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that other users can reach, unlike tmp_path, whose parents pytest keeps shut."""
    with tempfile.TemporaryDirectory(prefix="ipclab-test-") as name:
        place = Path(name)
        place.chmod(0o755)
        yield place


def _skip_is_error(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure, with the skip's reason; an expected failure (xfail) stays what it is."""
    if not (MUST_WORK and report.skipped) or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"with IPCLAB_MUST_WORK=1 nothing may be skipped. {reason}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """xdist deals tests out in this order, and many at a time. Behind a test of minutes whatever one worker has been dealt
    waits, and is then run by it alone, on one core."""
    items.sort(key=lambda item: item.get_closest_marker("every_core") is not None)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, None]:
    outcome = yield
    _skip_is_error(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, None]:
    outcome = yield
    _skip_is_error(outcome.get_result())


@pytest.fixture(scope="session")
def repo() -> Path:
    """The repository's root."""
    return REPO


@pytest.fixture(scope="session")
def docker_image() -> str:
    """The name of the image that submissions are graded in, made if need be; skips where no engine answers."""
    script = str(REPO / "docker" / "image.sh")
    if shutil.which("docker") is None:
        pytest.skip("there is no docker here")
    engine = subprocess.run([script, "engine"], capture_output=True, text=True, timeout=60)
    if engine.returncode != 0:
        pytest.skip(engine.stderr.strip())
    made = subprocess.run([script, "make"], capture_output=True, text=True, timeout=1800)
    assert made.returncode == 0, f"the engine answers, but the image cannot be made:\n{made.stderr}"
    return subprocess.run([script, "tag"], capture_output=True, text=True, timeout=60, check=True).stdout.strip()
