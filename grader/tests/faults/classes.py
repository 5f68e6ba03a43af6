"""A small class for the tiny lab, how it is graded by the command line, and what of its results must always be the same."""

from __future__ import annotations

import csv
import io
import json
import re
import secrets
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ipclab import results
from ipclab.sandbox import local
from tree import DEADLINE, LAB, REPO, SOLUTION, TREE, environment

SEED = "5eed"
ADD = "int add(int a, int b) { return a + b; }\n"
ECHO = (SOLUTION / "echo.c").read_text()
ZOMBIE = (TREE / "labs" / LAB / "mutants" / "zombie" / "echo.c").read_text()
MEMBERS = {
    "amy-right": {"add.c": ADD, "echo.c": ECHO},
    "bob-subtracts": {"add.c": ADD.replace("+", "-"), "echo.c": ECHO},
    "cay-no-compiler-takes-it": {"add.c": "int add(int a, int b)\n{\n", "echo.c": "int main(\n"},
    "dan-half": {"echo.c": ECHO},
    "eve-zombie": {"add.c": ADD, "echo.c": ZOMBIE},
    "fay-ends-early": {"add.c": ADD, "echo.c": "int main(void) { return 3; }\n"},
}
# Goes on for ever in a way that nobody can prove to be stuck.
SLOW = "#include <unistd.h>\nint main(void) { for (;;) sleep(1); }\n"


def quick_labs(folder: Path) -> Path:
    """The tree with the tiny lab, built once instead of twice and without memcheck: what is graded again and again."""
    shutil.copytree(TREE, folder, dirs_exist_ok=True)
    path = folder / "labs" / LAB / "lab.toml"
    text = path.read_text()
    for slow, quick in (('builds = ["O0", "O2"]', 'builds = ["O0"]'), ('passes = ["memcheck"]\n', "")):
        assert slow in text
        text = text.replace(slow, quick)
    path.write_text(text)
    return folder


def hand_in(folder: Path, members: dict[str, dict[str, str]] | None = None) -> Path:
    """The class, with bytes that nobody has handed in before: nothing kept is taken over."""
    token = secrets.token_hex(8)
    for name, files in (members or MEMBERS).items():
        (folder / name).mkdir(parents=True)
        for file, text in files.items():
            (folder / name / file).write_text(f"{text}/* {token} */\n")
    return folder


def words(sandbox: str, group: Path, out: Path, *more: str | Path) -> list[str]:
    return [str(w) for w in (
        REPO / "ipclab", "grade", LAB, group, "--sandbox", sandbox, "--jobs", "2", "--seed", SEED,
        "--json", out / "class.json", "--report", out / "report", *more,
    )]  # fmt: skip


def start(argv: list[str], **env: str) -> tuple[subprocess.Popen[str], str]:
    """A grading, and its owner's word."""
    process = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment(**env)
    )
    return process, f"{process.pid}-{local.start_time(process.pid)}"


def grade(argv: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, env=environment(**env)
    )


_VARIES = {"started", "phases_ms", "duration_ms", "pid", "parent_pid", "sha256"}


def same(node: Any) -> Any:
    """A result without what differs between two gradings of the same thing: times, pids, and the hash of a class's own bytes."""
    if isinstance(node, str):
        return re.sub(r"\b([Pp]rocess) \d+", r"\1 N", node)
    if isinstance(node, dict):
        return {key: same(value) for key, value in node.items() if key not in _VARIES}
    return [same(item) for item in node] if isinstance(node, list) else node


def _results(out: Path) -> list[Any]:
    found: list[Any] = json.loads((out / "class.json").read_text())["results"]
    return found


def outcome(out: Path) -> tuple[str, Any]:
    """The gradebook, and the results as far as they must be the same."""
    graded = _results(out)
    assert {len(list((out / "report" / folder).iterdir())) for folder in ("results", "submissions")} == {len(graded)}
    return same((out / "report" / "gradebook.csv").read_text()), same(graded)


def begun(out: Path) -> list[str]:
    return [result["started"] for result in _results(out)]


def now() -> str:
    """As results write it."""
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def last_line(text: str) -> str:
    return text.splitlines()[-1] if text.strip() else ""


def unharmed(out: Path, expected: tuple[str, Any] | None = None) -> set[str]:
    """The causes why results of a class are missing, once it is sure that these are no zero and no pass, in any of the files,
    and that all others are as in `expected`, an outcome."""
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO((out / "report" / "gradebook.csv").read_text()))}
    right = {r["submission"]["id"]: r for r in expected[1]} if expected else {}
    causes = set[str]()
    for result in _results(out):
        name = result["submission"]["id"]
        row, page = rows[name], (out / "report" / "submissions" / f"{name}.html").read_text()
        if result["status"] != "grader_error":
            assert not right or same(result) == right[name]
            continue
        assert result["score"] is None and row["score"] == "" and row["status"] == "grader_error"
        earned = {column for column, text in row.items() if text and column not in ("id", "student", "status", "max_score", "note")}
        assert not earned, row
        assert row["note"], "it has to say why"
        assert any(test["status"] == "fail" for test in result["tests"]) or ">0 / " not in page
        assert json.loads((out / "report" / "results" / f"{name}.json").read_text())["score"] is None
        findings = [*result["findings"], *(f for test in result["tests"] for f in test["findings"])]
        causes |= {finding["cause"] for finding in findings if finding["kind"] == "grader"} or {"none at all"}
    return causes


def differences(one: Any, other: Any, where: str = "") -> list[str]:
    """The places where two outcomes differ, for whoever reads a failure."""
    if isinstance(one, dict) and isinstance(other, dict):
        return [d for key in one.keys() | other.keys() for d in differences(one.get(key), other.get(key), f"{where}.{key}")]
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)) and len(one) == len(other):
        return [d for i, pair in enumerate(zip(one, other)) for d in differences(*pair, f"{where}[{i}]")]
    return [] if one == other else [f"{where}: {one!r} != {other!r}"]
