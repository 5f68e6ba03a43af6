"""IPCLAB_MUST_WORK=1 turns skips into failures, and nothing else changes: tried on a small suite of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = {
    "test_inside.py": """
        import pytest

        def test_passes():
            assert True

        def test_skips_while_it_runs():
            pytest.skip("no engine here")

        @pytest.mark.skip(reason="marked")
        def test_is_marked():
            raise AssertionError("must not run")

        @pytest.mark.xfail(reason="known", strict=True)
        def test_fails_as_expected():
            assert False

        @pytest.fixture
        def engine():
            pytest.skip("no fixture here")

        def test_skips_in_a_fixture(engine):
            raise AssertionError("must not run")
        """,
    "test_whole_module.py": """
        import pytest

        pytest.importorskip("no_such_module_anywhere")
        """,
}


def run_suite(folder: Path, repo: Path, must_work: bool, *options: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(repo / "grader" / "tests" / "conftest.py", folder / "conftest.py")
    for name, text in SUITE.items():
        lines = text.split("\n")
        (folder / name).write_text("\n".join(line[8:] for line in lines), encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "IPCLAB_"))}
    if must_work:
        environment["IPCLAB_MUST_WORK"] = "1"
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(folder), "-ra", *options, str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def counts(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """What pytest's last line counts, say {"passed": 1, "skipped": 3}."""
    last = done.stdout.rstrip().splitlines()[-1]
    return {word.rstrip("s") if word.startswith("error") else word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", last)}


def test_a_skip_is_a_skip_on_a_students_machine(tmp_path: Path, repo: Path) -> None:
    done = run_suite(tmp_path, repo, must_work=False)
    assert done.returncode == 0, done.stdout
    assert counts(done) == {"passed": 1, "skipped": 4, "xfailed": 1}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_a_skip_is_an_error_where_all_must_work(tmp_path: Path, repo: Path, workers: tuple[str, ...]) -> None:
    done = run_suite(tmp_path, repo, True, "--continue-on-collection-errors", *workers)
    assert done.returncode == 1, done.stdout
    assert counts(done) == {"passed": 1, "failed": 1, "xfailed": 1, "error": 3}, done.stdout
    for reason in ("no engine here", "marked", "no fixture here", "no_such_module_anywhere"):
        assert re.search(f"nothing may be skipped.*{reason}", done.stdout), done.stdout
