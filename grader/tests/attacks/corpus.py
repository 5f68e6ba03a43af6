"""The attacks: one file of C each, with a head that says what it tries and what it must come to.

    /*+++
    number = "3"                        of SECURITY.md's catalogue
    title = "exit(0) inside the function under test"
    file = "sum.c"                      which file of the honest control it replaces; the others stay
    succeeds = "marks"                  how success shows, see runs.py: marks, says, secret, neighbour, lasts, error
    score = 30                          with all defences: what it earns honestly
    findings = ["wrong_output"]         kinds that must be among the findings then (none: say nothing of them)
    status = "graded"

    [[defence]]                         a row of `make attacks` for each; at least one
    name = "separation"                 what is switched off in the control run, in which the attack must succeed
    also = []                           switched off in both runs: other defences that would stop it too
    sandboxes = ["local", "docker"]
    why = "…"                           instead of a control run: why this defence cannot be switched off
    +++*/

A folder holds attacks of several files: its attack.toml is the head, each other file replaces or joins the control's; victim-NAME
those of the neighbour, who is right with them. In both, @READY@, @PORT@ and @KEY@ stand for words of the run's own.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs"
TREE = HERE / "tree"
LAB = "01-vault"
SOLUTION = TREE / "solutions" / LAB
VICTIM = "victim-"
SANDBOXES = ("local", "docker")
SUCCESSES = ("marks", "says", "secret", "neighbour", "lasts", "error", "refused")


@dataclass(frozen=True)
class Row:
    """One defence against one attack."""

    name: str
    off: tuple[str, ...]
    also: tuple[str, ...] = ()
    sandboxes: tuple[str, ...] = SANDBOXES
    why: str = ""


@dataclass(frozen=True)
class Attack:
    name: str
    number: str
    title: str
    files: dict[str, bytes]  # of the whole submission
    succeeds: str
    score: int
    status: str
    rows: tuple[Row, ...]
    findings: tuple[str, ...] = ()
    args: dict[str, Any] = field(default_factory=dict)  # of how success shows
    victim: dict[str, bytes] = field(default_factory=dict)  # the neighbour's files, the control's if there are none

    @property
    def order(self) -> tuple[int, str, str]:
        digits = "".join(c for c in self.number if c.isdigit())
        return int(digits or 0), self.number, self.name


_KNOWN = {"number", "title", "file", "succeeds", "score", "status", "findings", "defence", "args"}


def _row(data: dict[str, Any]) -> Row:
    off = data.get("off", [data["name"]])
    return Row(data["name"], tuple(off), tuple(data.get("also", ())), tuple(data.get("sandboxes", SANDBOXES)), data.get("why", ""))


def _attack(name: str, head: dict[str, Any], files: dict[str, bytes]) -> Attack:
    if unknown := set(head) - _KNOWN:
        raise ValueError(f"{name}: unknown {sorted(unknown)}")
    if head["succeeds"] not in SUCCESSES:
        raise ValueError(f"{name}: succeeds = {head['succeeds']}")
    rows = tuple(_row(d) for d in head["defence"])
    return Attack(
        name,
        head["number"],
        head["title"],
        honest() | {name: data for name, data in files.items() if not name.startswith(VICTIM)},
        head["succeeds"],
        head.get("score", 70),
        head.get("status", "graded"),
        rows,
        tuple(head.get("findings", ())),
        head.get("args", {}),
        honest() | {name.removeprefix(VICTIM): data for name, data in files.items() if name.startswith(VICTIM)},
    )


def honest() -> dict[str, bytes]:
    """The control: what a student hands in who has done the work."""
    return {name: (SOLUTION / name).read_bytes() for name in ("sum.c", "up.c")}


def _from_file(path: Path) -> Attack:
    text = path.read_text(encoding="utf-8")
    start, end = text.index("/*+++\n") + 6, text.index("+++*/")
    head = tomllib.loads(text[start:end])
    return _attack(path.stem, head, {head["file"]: path.read_bytes()})


def _from_folder(path: Path) -> Attack:
    head = tomllib.loads((path / "attack.toml").read_text(encoding="utf-8"))
    return _attack(path.name, head, {p.name: p.read_bytes() for p in sorted(path.iterdir()) if p.name != "attack.toml"})


def all_attacks() -> list[Attack]:
    """Every attack, in the order of the catalogue."""
    files = [_from_file(p) for p in sorted(PROGRAMS.glob("*.c"))]
    folders = [_from_folder(p.parent) for p in sorted(PROGRAMS.glob("*/attack.toml"))]
    return sorted(files + folders, key=lambda a: a.order)
