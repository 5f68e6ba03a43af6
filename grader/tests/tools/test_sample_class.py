"""The sample class of `make grade`: the same bytes each time, of every kind, and never over somebody's own files."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path


def make(repo: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(repo / "tools" / "sample_class.py"), *args], capture_output=True, text=True, timeout=120)


def lab_with_most_mutants(repo: Path) -> str:
    """Any lab will do, if it has enough to draw from."""
    return max((repo / "labs").glob("*/mutants"), key=lambda folder: len(list(folder.iterdir()))).parent.name


def bytes_of(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_class_has_every_kind_and_is_the_same_each_time(repo: Path, tmp_path: Path) -> None:
    lab = lab_with_most_mutants(repo)
    for name in ("one", "two"):
        done = make(repo, lab, str(tmp_path / name))
        assert (done.returncode, done.stdout) == (0, f"18 submissions in {tmp_path / name}\n"), done.stderr
    assert bytes_of(tmp_path / "one") == bytes_of(tmp_path / "two")
    key = (tmp_path / "one.tsv").read_text(encoding="utf-8")
    kinds = [line.split("\t")[1] for line in key.splitlines()]
    assert len(set(kinds)) == 18, "somebody is there twice"
    for kind in ("reference solution", "skeleton, untouched", "does not compile", "empty"):
        assert kinds.count(kind) == 1
    assert sum(kind.startswith("variant ") for kind in kinds) == 4
    assert sum(kind.startswith("mutant ") for kind in kinds) >= 9
    handed_in = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(handed_in) == 18
    assert {".zip", ".gz"} < {Path(name).suffix for name in handed_in}


def test_one_is_empty(repo: Path, tmp_path: Path) -> None:
    assert make(repo, lab_with_most_mutants(repo), str(tmp_path / "class")).returncode == 0
    key = dict(reversed(line.split("\t")) for line in (tmp_path / "class.tsv").read_text(encoding="utf-8").splitlines())
    assert list((tmp_path / "class" / key["empty"]).iterdir()) == []


def test_it_never_replaces_a_folder_that_it_did_not_make(repo: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "thesis.txt").write_text("mine\n", encoding="utf-8")
    done = make(repo, lab_with_most_mutants(repo), str(own))
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert (own / "thesis.txt").read_text(encoding="utf-8") == "mine\n"


def test_a_wrong_lab_is_one_line(repo: Path, tmp_path: Path) -> None:
    for lab in ("99-none", "../labs", ""):
        done = make(repo, lab, str(tmp_path / "class"))
        assert done.returncode == 2 and done.stderr.startswith("sample_class: there is no lab") and done.stderr.count("\n") == 1
    assert make(repo).returncode == 2
