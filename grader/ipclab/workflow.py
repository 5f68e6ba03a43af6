"""The GitHub workflow that grades on push: for a student's repository (export.py puts it there) and for this one.

Both grade in the same steps. A student's lists the labs, to be read and shortened; this repository's asks for them when it
runs, so that a new lab changes nothing here: `python3 -m ipclab.workflow` prints them for $GITHUB_OUTPUT. With --write it
writes this repository's workflow. It needs nothing but Python, so it can run before anything is installed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from ipclab import manifest
from ipclab.faults import Fault
from ipclab.model import Lab

FILE = Path(".github/workflows/grade.yml")
_STUDENT = Path(__file__).with_name("student")


def for_students(labs: Iterable[Lab]) -> str:
    """The workflow of an export: each lab is green when the tests that it has are passed."""
    rows = [f"          - {{ lab: {lab.slug}, points: {lab.max_score} }}" for lab in labs]
    return _filled("grade.yml", "\n".join(rows))


def for_this_repository() -> str:
    """The workflow of a repository that has the solutions: those have to get full marks."""
    return _filled("grade-solutions.yml", "")


def _filled(name: str, labs: str) -> str:
    text = (_STUDENT / name).read_text("utf-8")
    return text.replace("@labs@\n", f"{labs}\n").replace("@steps@\n", (_STUDENT / "grade-steps.yml").read_text("utf-8"))


def matrix(labs: Iterable[Lab]) -> str:
    """The labs as a line for $GITHUB_OUTPUT: `labs=[{"lab": …, "points": …}]`."""
    return "labs=" + json.dumps([{"lab": lab.slug, "points": lab.max_score} for lab in labs])


def main(argv: list[str]) -> int:
    if argv not in ([], ["--write"]):
        print("usage: python3 -m ipclab.workflow [--write], at the repository's root", file=sys.stderr)
        return 2
    try:
        if argv:
            FILE.parent.mkdir(parents=True, exist_ok=True)
            FILE.write_text(for_this_repository(), "utf-8")
        else:
            print(matrix(manifest.all_labs(Path.cwd())))
    except Fault as fault:
        print(f"ipclab: {fault}", file=sys.stderr)
        return fault.exit_code
    except OSError as error:
        print(f"ipclab: cannot write {FILE}: {error.strerror}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
