"""What the gate does not run again: tests of programs that a case builds from the solution's own bytes."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from memory_lab import make_lab, make_submission, make_test
from ipclab import reach, validate
from ipclab.cases import Case, Role, cases
from ipclab.grading import Grader, Options
from ipclab.manifest import all_labs, load_lab
from ipclab.model import Submission, Weave
from tree import LAB, TREE, ipclab

REPO = Path(__file__).resolve().parents[3]
OPTIONS = Options(sandbox="local", keep=False)

SOLUTION = make_submission(ask_c="1", pump_c="2", own_h="3")


@pytest.mark.parametrize(
    ("other", "reached"),
    [
        (make_submission(ask_c="1", pump_c="2", own_h="3"), set()),
        (make_submission(ask_c="9", pump_c="2", own_h="3"), {"ask"}),
        (make_submission(ask_c="1", pump_c="9", own_h="3"), {"pump"}),
        (make_submission(ask_c="1", pump_c="2", own_h="9"), {"ask", "pump"}),  # both may include it
        (make_submission(ask_c="1", pump_c="2"), {"ask", "pump"}),
        (make_submission(ask_c="1", pump_c="2", own_h="3", more_h=""), {"ask", "pump"}),
        (make_submission(ask_c="1", own_h="3"), {"pump"}),
        (make_submission(ask_c="1", pump_c="2", own_h="3", spare_c="9"), set()),  # which nothing is built from
    ],
)
def test_a_change_reaches_what_is_built_from_it(other: Submission, reached: set[str]) -> None:
    assert reach.targets(make_lab(make_test("t")), SOLUTION, other) == reached
    assert reach.targets(make_lab(make_test("t")), other, SOLUTION) == reached


def test_what_needs_a_program_or_depends_on_a_test_of_it_is_kept() -> None:
    lab = make_lab(
        make_test("of_pump"),
        make_test("of_ask", target="ask"),
        make_test("of_both", target="ask", uses=("pump",)),
        make_test("after_pump", target="ask", depends=("of_ask", "of_pump")),
        make_test("after_that", target="ask", depends=("after_pump",)),
        make_test("woven", target="ask", source=None, passes=("weave",), weave=Weave(starts=(("pump", "x"),))),
    )
    of_pump = reach.part(lab, frozenset({"pump"}))
    assert [t.name for t in of_pump.tests] == ["of_pump", "of_both", "after_pump", "after_that", "woven"]
    assert of_pump.tests[2].depends == ("of_pump",) and [t.name for t in of_pump.targets] == ["pump", "ask"]
    of_ask = reach.part(lab, frozenset({"ask"}))
    assert "of_pump" not in {t.name for t in of_ask.tests}
    alone = reach.part(replace(lab, tests=lab.tests[:2]), frozenset({"ask"}))
    assert [t.name for t in alone.targets] == ["ask"]


def part_of(chosen: list[Case], name: str, *, whole: bool = False) -> set[str]:
    parts = validate._parts(load_lab(TREE, LAB), chosen, whole)
    return next({t.name for t in part.tests} for part, some in parts if any(c.name == name for c in some))


def test_only_what_the_solution_has_shown_is_left_out() -> None:
    chosen = [c for c in cases(load_lab(TREE, LAB)) if isinstance(c, Case)]
    every = {"echo_copies", "echo_reaps", "add_adds", "add_is_clean"}
    assert part_of(chosen, "zombie") == {"echo_copies", "echo_reaps"} and part_of(chosen, "leaks") == {"add_adds", "add_is_clean"}
    assert part_of(chosen, "solution") == part_of(chosen, "skeleton") == part_of(chosen, "zombie", whole=True) == every
    assert part_of([c for c in chosen if c.role is not Role.SOLUTION], "zombie") == every
    # a mutant that says it fails what it cannot reach has to be caught out
    wrong = [replace(c, fails=c.fails | {"add_adds"}) if c.name == "zombie" else c for c in chosen]
    assert part_of(wrong, "zombie") == every


def test_the_gate_says_what_it_has_left_out() -> None:
    note = "tests would have run the solution's own programs"
    done = ipclab("validate", LAB, "--sandbox", "local")
    assert f"      8 {note}" in done.stdout, done.stdout
    done = ipclab("validate", LAB, "--sandbox", "local", "--whole")
    assert note not in done.stdout and "ok    mutant zombie\n" in done.stdout


@pytest.mark.parametrize("slug", [lab.slug for lab in all_labs(REPO)])
def test_programs_that_are_not_reached_are_the_same(slug: str, tmp_path: Path) -> None:
    """What all of this rests on, with the compiler itself: one mutant for each set of programs that mutants of the lab reach."""
    lab = load_lab(REPO, slug)
    made = [c for c in cases(lab) if isinstance(c, Case)]
    solution = next(c.submission for c in made if c.role is Role.SOLUTION)
    by_reach = {reach.targets(lab, solution, c.submission): c.submission for c in made if c.role is Role.MUTANT}
    grader = Grader(lab, OPTIONS)
    plain = _programs(grader, solution, tmp_path)
    for reached, submission in by_reach.items():
        programs = _programs(grader, submission, tmp_path)
        same = {name for name in plain if plain[name] == programs.get(name)}
        assert {name.partition(".")[0] for name in plain.keys() - same} == reached, (submission.id, reached)


def _programs(grader: Grader, submission: Submission, folder: Path) -> dict[str, bytes]:
    """Without what names the folder that the compiler worked in."""
    built = grader.build(submission)
    programs = {}
    for name, data in (built.programs | built.for_weave).items():
        (folder / name).write_bytes(data)
        argv = ["strip", "--strip-all", "--remove-section=.note.gnu.build-id", name]
        subprocess.run(argv, cwd=folder, check=True, timeout=60)
        programs[name] = (folder / name).read_bytes()
    return programs
