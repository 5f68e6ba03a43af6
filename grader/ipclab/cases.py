"""The submissions that a lab brings along to be tested with: solution, skeleton, mutants and variants.

A mutant is a patch on the solution, or a folder of files that replace the solution's, and says what it must come to:

    # about: The child keeps its copy of the write end open.
    # fails: pump_copies_one_byte pump_copies_nothing
    # finding: deadlock/write_end_kept_by_reader
    # place: pump.c: while ((n = read(
    # role: a child of pump

The place is a file and a part of the line, the role is what the finding calls the process; both are needed where a finding
has them. A variant's ABOUT is a sentence; a line `fails:` in it names the bonus tests that this right program does not pass.
"""

from __future__ import annotations

import enum
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ipclab import intake
from ipclab.faults import GraderFault, UsageFault
from ipclab.model import Lab, SourceFile, Submission

PATCH_S = 30.0
_HEADER = re.compile(r"(?:#\s*)?(about|fails|finding|place|role):\s*(.*)")
_FINDING = re.compile(r"([a-z_]+)/([a-z0-9_]+)")
_PLACE = re.compile(r"([\w.-]+):\s+(\S.*)")
# Findings of these kinds happen at a line, and (but for memory, which has no process of its own) in a process.
WITH_PLACE = frozenset({"deadlock", "hang", "busy_wait", "crash", "zombie", "orphan", "fd_leak", "double_close", "memory_leak", "memory_error"})
_WITHOUT_ROLE = frozenset({"memory_leak", "memory_error"})


class Role(enum.Enum):
    SOLUTION = "solution"
    SKELETON = "skeleton"
    MUTANT = "mutant"
    VARIANT = "variant"


@dataclass(frozen=True)
class Case:
    role: Role
    name: str
    submission: Submission
    about: str = ""
    fails: frozenset[str] = frozenset()
    findings: frozenset[tuple[str, str]] = frozenset()  # kind, cause
    places: frozenset[tuple[str, str]] = frozenset()  # where those are that have a place: a file, and a part of its line
    roles: frozenset[str] = frozenset()  # and in which process


class CaseFault(UsageFault):
    """A case that cannot be made: a patch that does not apply, a header that says nothing."""


def cases(lab: Lab) -> Iterator[Case | CaseFault]:
    """All of them, in a fixed order; one that cannot be made comes as its fault."""
    yield Case(Role.SOLUTION, "solution", _submission("solution", _read(lab, lab.solution)))
    yield Case(Role.SKELETON, "skeleton", _submission("skeleton", _read(lab, lab.skeleton)))
    for role, folder in ((Role.MUTANT, "mutants"), (Role.VARIANT, "variants")):
        for path in sorted((lab.folder / folder).glob("*")):
            if path.suffix == ".patch" or path.is_dir():
                try:
                    yield _changed(lab, role, path)
                except CaseFault as fault:
                    yield fault


def _submitted(lab: Lab) -> list[str]:
    return list(dict.fromkeys(name for target in lab.targets for name in target.files))


def _read(lab: Lab, folder: Path) -> dict[str, bytes]:
    """What is handed in of a folder: the files of the lab, and the headers that the lab does not give."""
    given = {name for target in lab.targets for name in target.headers}
    own = sorted(path.name for path in folder.glob("*.h") if path.name not in given)
    try:
        return {name: (folder / name).read_bytes() for name in [*_submitted(lab), *own] if (folder / name).is_file()}
    except OSError as error:
        raise GraderFault(f"cannot read {folder}: {error.strerror}") from error


def _submission(name: str, files: dict[str, bytes]) -> Submission:
    sources = tuple(SourceFile(n, data) for n, data in sorted(files.items()))
    return Submission(id=name, student=name.replace("-", " ", 1), files=sources, sha256=intake.digest(sources))


def _changed(lab: Lab, role: Role, path: Path) -> Case:
    shown = f"labs/{lab.slug}/{path.parent.name}/{path.name}"
    if path.is_dir():
        files = _read(lab, lab.solution) | {
            p.name: p.read_bytes() for p in sorted(path.iterdir()) if p.is_file() and p.suffix in (".c", ".h")
        }
        note = path / ("EXPECT" if role is Role.MUTANT else "ABOUT")
        header = note.read_text("utf-8") if note.is_file() else ""
    else:
        text = path.read_text("utf-8")
        header = text.partition("\n--- ")[0]
        files = _patched(lab, path, shown)
    case = Case(role, path.stem, _submission(f"{role.value}-{path.stem}", files))
    return _with_header(lab, case, header, shown)


def _with_header(lab: Lab, case: Case, header: str, shown: str) -> Case:
    said: dict[str, list[str]] = {"about": [], "fails": [], "finding": [], "place": [], "role": []}
    for line in header.splitlines():
        if match := _HEADER.match(line.strip()):
            said[match[1]].append(match[2].strip())
    plain = "\n".join(line for line in header.splitlines() if not line.startswith("fails:")).strip()
    about = " ".join(said["about"]) or (plain if case.role is Role.VARIANT else "")
    if not about:
        raise CaseFault(f"{shown}: it does not say what it is about")
    fails = " ".join(said["fails"]).replace(",", " ").split()
    if case.role is Role.VARIANT:
        bonus = {t.name for t in lab.tests if t.bonus}
        for name in fails:
            if name not in bonus:
                raise CaseFault(f'{shown}: "fails" names {name!r}, which is no bonus test of the lab: a variant passes all others')
        return replace(case, about=about, fails=frozenset(fails))
    findings = " ".join(said["finding"]).replace(",", " ").split()
    known = {t.name for t in lab.tests}
    for name in fails:
        if name not in known:
            raise CaseFault(f'{shown}: "fails" names {name!r}, which is no test of the lab')
    for text in findings:
        if not _FINDING.fullmatch(text):
            raise CaseFault(f'{shown}: "finding" has {text!r} where kind/cause belongs')
    if not findings:
        raise CaseFault(f'{shown}: it names no finding; add "# finding: kind/cause"')
    pairs = frozenset((k, c) for k, _, c in (text.partition("/") for text in findings))
    kinds = {kind for kind, _ in pairs}
    for text in said["place"]:
        if not _PLACE.fullmatch(text):
            raise CaseFault(f'{shown}: "place" has {text!r} where "file.c: a part of the line" belongs')
    if kinds & WITH_PLACE and not said["place"]:
        raise CaseFault(f'{shown}: a {min(kinds & WITH_PLACE)} has a place; add "# place: file.c: a part of the line"')
    if kinds & WITH_PLACE - _WITHOUT_ROLE and not said["role"]:
        raise CaseFault(f'{shown}: a {min(kinds & WITH_PLACE - _WITHOUT_ROLE)} is of a process; add "# role: a child of pump"')
    places = frozenset((match[1], match[2]) for text in said["place"] if (match := _PLACE.fullmatch(text)))
    return replace(case, about=about, fails=frozenset(fails), findings=pairs, places=places, roles=frozenset(said["role"]))


def _patched(lab: Lab, path: Path, shown: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="ipclab-patch.") as folder:
        for name, data in _read(lab, lab.solution).items():
            (Path(folder) / name).write_bytes(data)
        argv = ["patch", "-p1", "--silent", "--force", "--fuzz=0", "--no-backup-if-mismatch", "-r", "-", "-i", str(path.resolve())]
        try:
            done = subprocess.run(argv, cwd=folder, capture_output=True, timeout=PATCH_S, stdin=subprocess.DEVNULL)
        except FileNotFoundError as error:
            raise GraderFault("patch is not here: install the package patch (sudo make setup)") from error
        except subprocess.TimeoutExpired as error:
            raise GraderFault(f"patch does not come to an end on {shown}") from error
        if done.returncode != 0:
            said = (done.stdout or done.stderr).decode("utf-8", "replace").strip().splitlines()
            raise CaseFault(f"{shown}: it does not apply to the solution: {said[0] if said else 'patch failed'}")
        return {p.name: p.read_bytes() for p in sorted(Path(folder).iterdir()) if p.suffix in (".c", ".h")}
