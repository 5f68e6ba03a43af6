"""Sources that are refused before they are built, and programs that are refused before they are run: in a class, in
`ipclab check`, and with the check switched off."""

import json
from pathlib import Path

import pytest
from ipclab import intake, manifest
from ipclab.grading import Grader, Options
from ipclab.model import Location, Result, ResultStatus, TestStatus
from tree import LAB, SOLUTION, TREE, ipclab

ADD = "int add(int a, int b) { return a + b; }\n"
EARLY = "#include <stdio.h>\n__attribute__((constructor)) static void early(void) { puts(\"early\"); }\n"
# The words of assembly are pasted together, which no look at tokens can know.
REQUEST = """
#define PASTE(a, b) a##b
#define TWO(a, b) PASTE(a, b)
unsigned long quiet(void)
{
    unsigned long args[6] = {0x1001}, result = 0;
    TWO(__as, m__) volatile("rolq $3,%%rdi; rolq $13,%%rdi; rolq $61,%%rdi; rolq $51,%%rdi; xchgq %%rbx,%%rbx"
                            : "=d"(result) : "a"(args), "0"(result) : "cc", "memory");
    return result;
}
"""


def hand_in(folder: Path, add: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "add.c").write_text(add)
    (folder / "echo.c").write_text((SOLUTION / "echo.c").read_text())
    return folder


def graded(folder: Path, *without: str) -> Result:
    lab = manifest.load_lab(TREE, LAB)
    options = Options(jobs=1, keep=True, resume=True, without=frozenset(without))
    (result,) = Grader(lab, options).all(intake.take_in([folder], lab))
    return result


def test_one_of_a_class_is_refused_with_its_line_and_the_others_go_on(tmp_path: Path) -> None:
    hand_in(tmp_path / "class" / "eve", f"{EARLY}{ADD}#include \"/etc/passwd\"\n")
    hand_in(tmp_path / "class" / "ada", ADD)
    done = ipclab(
        "grade", LAB, tmp_path / "class", "--sandbox", "local", "--json", tmp_path / "all.json", "--report", tmp_path / "report"
    )
    assert done.returncode == 0, done.stderr
    ada, eve = json.loads((tmp_path / "all.json").read_text())["results"]
    assert (ada["status"], ada["score"], ada["findings"]) == ("graded", 12, [])
    assert (eve["status"], eve["score"], eve["tests"]) == ("rejected", 0, [])
    said = [(f["kind"], f["cause"], f["location"]["file"], f["location"]["line"]) for f in eve["findings"]]
    assert said == [("rejected", "source_early", "add.c", 2), ("rejected", "source_includes_outside", "add.c", 4)]
    assert "Not accepted" in done.stdout and "add.c:2" in done.stdout
    page = (tmp_path / "report" / "submissions" / "eve.html").read_text()
    assert "add.c:2 uses constructor" in page and "early" in page and "#include &#34;/etc/passwd&#34;" in page
    assert "root:" not in page


def test_check_shows_the_student_the_same(tmp_path: Path) -> None:
    done = ipclab("check", LAB, hand_in(tmp_path / "a", EARLY + ADD))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "add.c:2 uses constructor" in done.stdout and "puts(\"early\")" in done.stdout and "Hint" in done.stdout


def test_without_the_check_it_is_built_and_run_and_nothing_of_that_is_kept(tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "a", EARLY + ADD)
    assert graded(folder, "source_checks").status is ResultStatus.GRADED
    again = graded(folder)
    assert again.status is ResultStatus.REJECTED and again.findings[0].location == Location("add.c", 2)


def test_a_program_that_speaks_to_valgrind_is_not_run(tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "a", ADD + REQUEST)
    result = graded(folder)
    status = {t.name: t.status for t in result.tests}
    assert result.status is ResultStatus.GRADED and status["echo_copies"] is TestStatus.PASS  # its own target only
    assert status["add_adds"] is status["add_is_clean"] is TestStatus.FAIL
    (found,) = result.findings
    assert (found.kind, found.cause, found.location) == ("tamper", "client_requests", Location("add.c", 0))
    assert all(t.message == found.text for t in result.tests if t.status is TestStatus.FAIL)
    assert graded(folder, "client_requests").score == 12
    assert graded(folder, "source_checks").findings[0].cause == "client_requests"


def test_a_submission_of_nothing_else_is_not_called_one_that_does_not_compile(tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "a", ADD + REQUEST)
    (folder / "echo.c").write_text((SOLUTION / "echo.c").read_text() + REQUEST)
    done = ipclab("grade", LAB, folder, "--sandbox", "local")
    assert done.returncode == 0 and "Interference with the test" in done.stdout and "Not run, see above." in done.stdout
    assert "Could not be built" not in done.stdout and "does not build" not in done.stdout


@pytest.mark.parametrize("command", ["run", "explore"])
def test_any_program_may_be_run(tmp_path: Path, command: str) -> None:
    (tmp_path / "p.c").write_text(f"{EARLY}int main(void) {{ __asm__ volatile(\"nop; nop\"); return 0; }}\n")
    done = ipclab(command, "--json", tmp_path / "p.c")
    assert done.returncode == 0 and {f["kind"] for f in json.loads(done.stdout)["findings"]} <= {"note"}, done.stderr
