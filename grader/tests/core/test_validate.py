"""The gate on the tiny lab: what is as it should be passes; what a lab's author gets wrong is told."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from memory_lab import make_submission, make_test
from ipclab import catalogue, validate
from ipclab.cases import Case, CaseFault, Role, cases
from ipclab.grading import Options
from ipclab.manifest import load_lab
from ipclab.model import Finding, Location, Result, ResultStatus, TestResult, TestStatus
from ipclab.validate import Settings, problems
from tree import LAB, TREE, ipclab


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tiny lab, to be broken."""
    return Path(shutil.copytree(TREE, tmp_path / "tree"))


def gate(tree: Path, *args: str) -> tuple[int, str]:
    done = ipclab("validate", LAB, "--sandbox", "local", *args, IPCLAB_LABS=str(tree))
    assert done.stderr == ""
    return done.returncode, done.stdout


# ---- the whole gate


def test_the_tiny_lab_passes_but_for_its_size(tree: Path) -> None:
    code, said = gate(tree, "--repeat", "2", "--load", "--whole")
    fails = [line for line in said.splitlines() if line.startswith("FAIL")]
    assert code == 1 and len(fails) == 4 and all("enough of each" in line for line in fails), said
    for name in ("solution", "skeleton", "mutant leaks", "mutant subtracts", "mutant zombie", "variant stdio", "skeleton in sync"):
        assert f"ok    {name}\n" in said
    assert "ok    solution, 2 times plain" in said and "ok    variant stdio, 1 times memcheck" in said


def test_one_case_alone_can_pass(tree: Path) -> None:
    code, said = gate(tree, "--only", "zombie")
    assert code == 0 and "ok    mutant zombie" in said and "solution" not in said
    done = ipclab("validate", LAB, "--only", "nothing", "--sandbox", "local")
    assert done.returncode == 2 and done.stderr.endswith("they are in labs/01-tiny/mutants and labs/01-tiny/variants\n")
    done = ipclab("validate", LAB, "--only", "zombi", "--sandbox", "local")
    assert done.returncode == 2 and done.stderr.endswith('no mutant or variant "zombi": did you mean "zombie"?\n')


def test_the_table_has_a_row_a_lab_and_then_what_is_wrong(tree: Path) -> None:
    (tree / "labs" / LAB / "variants" / "stdio" / "echo.c").write_text("int main(void)\n{\n    return 0;\n}\n")
    done = ipclab("validate", LAB, "--table", "--repeat", "2", "--whole", "--sandbox", "local", IPCLAB_LABS=str(tree))
    assert done.returncode == 1
    rows = [line.split() for line in done.stdout.splitlines() if line.strip()]
    assert rows[0] == ["lab", "tests", "points", "killed", "right", "flips", "grade", "gate"]
    # of eight runs (solution and variant, twice plain, once each under memcheck) the variant's first two fail
    assert rows[2][:8] == [LAB, "2+2", "12", "3/3", "0/1", "2", "in", "6"], done.stdout
    assert f"✗ {LAB}: variant stdio (6/12, seed " in done.stdout and "echo_copies does not pass" in " ".join(done.stdout.split())
    assert f"{LAB}: FAIL  variant stdio" in done.stderr and f"{LAB}: how long the solution takes\n" in done.stderr


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize(
    "only,breaks,says",
    [
        ("zombie", lambda t: change(t / "EXPECT", "fails: echo_reaps", "fails: echo_reaps add_adds"), "add_adds should fail, but: pass"),
        ("zombie", lambda t: change(t / "EXPECT", "fails: echo_reaps", "fails:"), "echo_reaps fails, which is not expected"),
        ("zombie", lambda t: change(t / "EXPECT", "zombie/child", "orphan/child"), "orphan/child_never_waited is missing; there are: zombie/"),
        ("zombie", lambda t: change(t / "EXPECT", "zombie/child", "orphan/child"), "unexpected finding zombie/child_never_waited"),
        ("zombie", lambda t: change(t / "EXPECT", "fails: echo_reaps", "fails: echo_raeps"), "no test of the lab"),
        ("zombie", lambda t: change(t / "EXPECT", "zombie/child_never_waited", "zombie"), "kind/cause belongs"),
        ("zombie", lambda t: change(t / "EXPECT", "about: A child", "A child"), "does not say what it is about"),
        ("zombie", lambda t: change(t / "EXPECT", "pid_t child", "pid_t other"), "zombie/child_never_waited is at echo.c:7: pid_t child = fork();"),
        ("zombie", lambda t: change(t / "EXPECT", "echo.c: pid_t", "other.c: pid_t"), "zombie/child_never_waited is at echo.c:7"),
        ("zombie", lambda t: change(t / "EXPECT", "a child of echo", "echo"), "zombie/child_never_waited is told of 'a child of echo'"),
        ("zombie", lambda t: change(t / "EXPECT", "role: a child of echo\n", ""), 'a zombie is of a process; add "# role'),
        ("zombie", lambda t: change(t / "EXPECT", "place: echo.c: pid_t child = fork();\n", ""), 'a zombie has a place; add "# place'),
        ("zombie", lambda t: change(t / "EXPECT", "echo.c: pid_t child", "echo.c pid_t child"), '"place" has'),
        ("zombie", lambda t: change(t / "EXPECT", "role:", "place: echo.c: while (read\nrole:"), "no finding lies at echo.c: while (read"),
    ],
)
def test_an_expectation_that_is_wrong_is_told(tree: Path, only: str, breaks: Callable[[Path], None], says: str) -> None:
    breaks(tree / "labs" / LAB / "mutants" / "zombie")
    code, said = gate(tree, "--only", only)
    assert code == 1 and says in said, said


def test_a_patch_that_does_not_apply_is_told_and_the_rest_goes_on(tree: Path) -> None:
    change(tree / "labs" / LAB / "mutants" / "subtracts.patch", "-    return a + b;", "-    return a * b;")
    made = list(cases(load_lab(tree, LAB)))
    (fault,) = (c for c in made if isinstance(c, CaseFault))
    assert "subtracts.patch: it does not apply to the solution" in str(fault)
    assert sum(isinstance(c, Case) for c in made) == 5


def test_a_header_that_the_lab_does_not_give_is_handed_in_too(tree: Path) -> None:
    header = tree / "solutions" / LAB / "own.h"
    header.write_text("enum { ONE = 1 };\n")
    (tree / "labs" / LAB / "mutants" / "two.patch").write_text(
        "# about: It is wrong in a header.\n# fails: echo_copies\n# finding: wrong_output/wrong_output\n"
        "--- a/own.h\n+++ b/own.h\n@@ -1 +1 @@\n-enum { ONE = 1 };\n+enum { ONE = 2 };\n")
    files = {case.name: {f.name: f.data for f in case.submission.files} for case in cases(load_lab(tree, LAB)) if isinstance(case, Case)}
    assert files["solution"]["own.h"] == files["stdio"]["own.h"] == header.read_bytes()
    assert files["two"]["own.h"] == b"enum { ONE = 2 };\n" and "own.h" not in files["skeleton"]


def test_a_solution_that_is_wrong_shuts_the_gate(tree: Path) -> None:
    change(tree / "solutions" / LAB / "echo.c", "return n < 0;", "return 1;")
    code, said = gate(tree, "--only", "solution")
    assert code == 1 and "echo_copies does not pass" in said


def test_a_skeleton_that_is_out_of_sync_or_earns_too_much_shuts_the_gate(tree: Path) -> None:
    shutil.copy(tree / "solutions" / LAB / "add.c", tree / "skeletons" / LAB / "add.c")
    code, said = gate(tree, "--only", "skeleton")
    assert code == 1 and "it earns 6 of 12 points" in said
    assert list(validate.skeleton.check_in_sync(load_lab(tree, LAB)))


FLIPPING = """#include <unistd.h>
#include <time.h>
int main(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    char c;
    while (read(0, &c, 1) == 1)
        if (write(1, now.tv_nsec / 1000 % 2 ? &c : "!", 1) != 1)
            return 1;
    return 0;
}
"""


def test_a_submission_that_flips_is_caught_and_named(tree: Path) -> None:
    (tree / "labs" / LAB / "variants" / "stdio" / "echo.c").write_text(FLIPPING)
    lab = load_lab(tree, LAB)
    said: list[str] = []
    report = validate.validate(lab, Settings(Options(sandbox="local", keep=False), repeat=12, only="stdio"), said.append)
    assert any("echo_copies flipped" in p and "seed" in p for p in report.problems), said


# ---- judging one case


def result(*tests: TestResult, status: ResultStatus = ResultStatus.GRADED, findings: tuple[Finding, ...] = ()) -> Result:
    return Result(
        "01-tiny", "x", "x", "0" * 64, "0" * 64, "0" * 16, "local:uids", status, sum(t.points for t in tests), 4, "", {}, tests, findings
    )


def outcome(name: str, status: TestStatus, *findings: Finding) -> TestResult:
    test = make_test(name)
    return TestResult(name, "", 2 if status is TestStatus.PASS else 0, 2, status, test.visibility, findings=findings)


PASS = outcome("a", TestStatus.PASS), outcome("b", TestStatus.PASS)
ZOMBIE = catalogue.finding("zombie", "child_never_waited")
WRONG = catalogue.finding("wrong_output", "writes_constant_length")
WARNING = catalogue.finding("build_warning", "compiler_warning", {"warning": "x"})


def case(role: Role, **more: object) -> Case:
    return Case(role, "c", make_submission(pump_c=""), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [Role.SOLUTION, Role.VARIANT])
def test_full_marks_mean_no_finding_and_no_warning(role: Role) -> None:
    assert problems(case(role), result(*PASS)) == []
    assert problems(case(role), result(*PASS, findings=(WARNING,))) != []
    assert problems(case(role), result(*PASS, findings=(ZOMBIE,))) != []
    assert problems(case(role), result(PASS[0], outcome("b", TestStatus.SKIPPED))) != []


def test_a_variant_fails_the_bonus_tests_that_it_names_and_no_others() -> None:
    fails = case(Role.VARIANT, fails=frozenset({"b"}))
    failed = result(PASS[0], outcome("b", TestStatus.FAIL, WRONG))
    assert problems(fails, replace(failed, score=4)) == []
    assert "b should fail" in problems(fails, result(*PASS))[0]
    assert problems(case(Role.VARIANT), replace(failed, score=4)) != []
    assert problems(fails, result(outcome("a", TestStatus.FAIL, WRONG), failed.tests[1])) != []


@pytest.mark.parametrize(("name", "fault"), [("echo_copies", True), ("echo_kopies", True), ("echo_reaps", False)])
def test_what_a_variant_may_fail_is_a_bonus_test(tree: Path, name: str, fault: bool) -> None:
    change(tree / "labs" / LAB / "lab.toml", 'fails_on = ["zombie"]', 'fails_on = ["zombie"]\nbonus = true')
    about = tree / "labs" / LAB / "variants" / "stdio" / "ABOUT"
    sentence = about.read_text().strip()
    about.write_text(f"{sentence}\nfails: {name}\n")
    (made,) = [c for c in cases(load_lab(tree, LAB)) if isinstance(c, CaseFault) or c.name == "stdio"]
    assert isinstance(made, CaseFault) == fault
    if isinstance(made, Case):
        assert (made.about, made.fails) == (sentence, frozenset({name}))


def test_a_grader_s_error_shuts_the_gate_for_every_case() -> None:
    for role in Role:
        assert "the grader failed" in problems(case(role), result(*PASS, status=ResultStatus.GRADER_ERROR))[0]


def test_skipped_tests_need_not_be_named() -> None:
    found = result(outcome("a", TestStatus.FAIL, WRONG), outcome("b", TestStatus.SKIPPED))
    assert problems(case(Role.MUTANT, fails=frozenset({"a"}), findings=frozenset({(WRONG.kind, WRONG.cause)})), found) == []




@pytest.mark.parametrize("kind,line,right", [("busy_wait", 5, True), ("busy_wait", 12, True), ("busy_wait", 40, False), ("hang", 5, False), ("hang", 10, True)])
def test_a_loop_that_spins_may_be_met_at_any_of_its_lines(kind: str, line: int, right: bool) -> None:
    source = "\n".join("while (1)" if i == 10 else f"line {i}" for i in range(1, 60))
    spins = Finding(kind, "spins", "spins", {"role": "pump"}, location=Location("pump.c", line))
    mutant = Case(Role.MUTANT, "c", make_submission(pump_c=source), fails=frozenset({"a"}), findings=frozenset({(kind, "spins")}),
                  places=frozenset({("pump.c", "while (1)")}), roles=frozenset({"pump"}))  # fmt: skip
    assert (problems(mutant, result(outcome("a", TestStatus.FAIL, spins), PASS[1])) == []) is right
