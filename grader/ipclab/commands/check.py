"""`ipclab check`: what a student types, as often as they like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ipclab.commands.common import command, labs_root, terminable
from ipclab.faults import GraderFault, UsageFault
from ipclab.printable import clean

if TYPE_CHECKING:
    from ipclab.model import Lab


@command(
    """
    ipclab check                  in skeletons/01-pipe: what `make check` does
    ipclab check 01-pipe ~/work   the files of 01-pipe in another folder
    """
)
@click.argument("what", metavar="[LAB] [FOLDER]", nargs=-1)
def check(what: tuple[str, ...]) -> int:
    """Build the files in FOLDER (default: here) and run the public tests of LAB (default: the folder's name, or its files').

    Shows the first failing test with its cause, place and hint. Needs no Docker and no rights.
    """
    from ipclab import intake, manifest
    from ipclab.export import public_lab
    from ipclab.grading import Grader, Options
    from ipclab.model import ResultStatus
    from ipclab.report.terminal import print_result

    full, place = _lab_and_folder(what, manifest.slugs(labs_root()))
    the_lab = full if full.hidden_tests else public_lab(full)
    submissions = intake.take_in([place], the_lab)
    if len(submissions) != 1:
        raise UsageFault(f"{clean(str(place))} holds {len(submissions)} submissions; give the folder of one")
    with terminable():
        submission = replace(submissions[0], student=the_lab.title)
        (result,) = Grader(the_lab, Options(keep=False)).all([submission])
    print_result(result, the_lab, submissions[0].files, brief=True, hidden=the_lab.hidden_tests)
    if result.status is ResultStatus.GRADER_ERROR:
        return GraderFault.exit_code
    return 0 if result.score >= result.max_score else 1


def _lab_and_folder(what: tuple[str, ...], slugs: list[str]) -> tuple[Lab, Path]:
    """What `check` is about: of its words one may be a lab, one a folder."""
    from ipclab import manifest

    root = labs_root()
    named = [word for word in what if word in slugs]
    folders = [word for word in what if word not in slugs]
    if len(named) > 1 or len(folders) > 1:
        raise UsageFault("check takes one lab and one folder; see ipclab check --help")
    place = Path(folders[0] if folders else ".").resolve()
    if not place.is_dir():
        known = f"; labs are {', '.join(slugs)}" if slugs else ""
        raise UsageFault(f"{clean(folders[0] if folders else str(place))} is no folder{known}")
    if named or place.name in slugs:
        return manifest.load_lab(root, named[0] if named else place.name), place
    labs = [lab for lab in manifest.all_labs(root) if any((place / f).is_file() for t in lab.targets for f in t.files)]
    if len(labs) != 1:
        raise UsageFault(f"which lab is {clean(str(place))} of? Say it: ipclab check LAB FOLDER")
    return labs[0], place
