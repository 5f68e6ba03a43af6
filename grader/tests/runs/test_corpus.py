"""`ipclab run` against truth: programs that are right and get no finding, programs that are wrong and get their cause and line.
What is expected stands in each program's first comment; README.md says how.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
REPO = HERE.parents[2]
DEADLINE = 300  # of the whole call; nothing here depends on how long anything takes


@dataclass(frozen=True)
class Program:
    path: Path
    expected: tuple[frozenset[str], ...]  # one for each finding: what it may be called, "kind/cause"
    output: str | None
    options: tuple[str, ...]
    says: tuple[str, ...]  # parts of what the first finding says
    lines: frozenset[int]  # where the first finding may lie; empty: not tested
    wanting: dict[str, str]  # "XFAIL" or "XFAIL CLOSED": what the tool does not get right

    def case(self, *args: Any, name: str = "", ways: tuple[str, ...] = ("XFAIL",)) -> Any:
        reasons = [self.wanting[w] for w in ways if w in self.wanting]
        # who comes first decides now and then; where it does not, a test that passes all at once is news
        marks = [pytest.mark.xfail(strict=not r.startswith("mostly: "), reason=r) for r in reasons]
        return pytest.param(self, *args, id=self.path.stem + name, marks=marks)


def read(path: Path) -> Program:
    text = path.read_text(encoding="utf-8")
    comment = text.partition("*/")[0]

    def said(word: str) -> list[str]:
        return re.findall(rf"^ \* {word}: ?(.*)$", comment, re.MULTILINE)

    expected = tuple(frozenset(line.split(" or ")) for line in said("EXPECT") if line != "no finding")
    assert said("EXPECT"), f"{path.name} does not say what to expect"
    output = "".join(line + "\n" for line in said("OUTPUT")) if said("OUTPUT") else None
    options = tuple(word for line in said("OPTIONS") for word in line.split())
    says = tuple(said("SAYS"))
    lines = frozenset(n for n, line in enumerate(text.splitlines(), 1) if line.endswith("/* HERE */"))
    wanting = {word: said(word)[0] for word in ("XFAIL", "XFAIL CLOSED") if said(word)}
    return Program(path, expected, output, options, says, lines, wanting)


RIGHT = [read(path) for path in sorted((HERE / "right").glob("*.c"))]
WRONG = [read(path) for path in sorted((HERE / "wrong").glob("*.c"))]


def run(program: Program, *, closed: bool = False) -> tuple[int, dict[str, Any]]:
    argv = [str(REPO / "ipclab"), "run", "--json", *program.options, str(program.path)]
    if closed:
        argv = ["/bin/sh", "-c", 'exec "$@" <&-', "sh", *argv]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def names(report: dict[str, Any]) -> list[str]:
    return [f"{f['kind']}/{f['cause']}" for f in report["findings"]]


def told(report: dict[str, Any]) -> str:
    """For whoever reads that a test failed."""
    lines = [f"{name}: {f['text']} at {f['location']}" for name, f in zip(names(report), report["findings"])]
    return "\n".join([*lines, f"exit {report['exit']}, stdout {report['stdout']!r:.200}, stderr {report['stderr']!r:.200}"])


@pytest.mark.parametrize(
    "program, closed",
    [p.case(False) for p in RIGHT] + [p.case(True, name="-stdin_closed", ways=("XFAIL", "XFAIL CLOSED")) for p in RIGHT],
)
def test_a_right_program_is_not_accused(program: Program, closed: bool) -> None:
    code, report = run(program, closed=closed)
    assert names(report) == [], told(report)
    assert (code, report["exit"], report["stdout"]) == (0, {"code": 0, "signal": None}, program.output or ""), told(report)


@pytest.mark.parametrize("program", [p.case() for p in WRONG])
def test_a_wrong_program_gets_its_cause_and_its_line(program: Program) -> None:
    code, report = run(program)
    found = names(report)
    assert code == 1, told(report)
    assert len(found) == len(program.expected) and all(n in e for n, e in zip(found, program.expected)), told(report)
    if program.output is not None:
        assert report["stdout"] == program.output, told(report)
    for part in program.says:
        assert part in report["findings"][0]["text"], told(report)
    place = report["findings"][0]["location"]
    if program.lines:
        assert place and place["file"] == program.path.name and place["line"] in program.lines, told(report)


@pytest.mark.parametrize("program", RIGHT + WRONG, ids=lambda p: f"{p.path.parent.name}-{p.path.stem}")
def test_every_program_says_what_is_expected_of_it(program: Program) -> None:
    """A right one expects nothing and has no line to blame; a wrong one names what it expects."""
    assert all("/" in name for names in program.expected for name in names)
    assert bool(program.expected) == (program.path.parent.name == "wrong")
    assert program.expected or not program.lines
