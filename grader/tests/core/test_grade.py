"""`ipclab grade` on the tiny lab: real submissions, real sandboxes, real exit codes."""

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as xml

import pytest
from ipclab import results
from ipclab.commands.grade import say_level
from ipclab.model import ResultStatus
from tree import DEADLINE, LAB, REPO, SOLUTION, TREE, environment, ipclab

GOOD_ADD = "int add(int a, int b) { return a + b; }\n"
GOOD_ECHO = (SOLUTION / "echo.c").read_text()
# Goes on for ever in a loop that no witness can prove to be stuck, and says on stderr that it has begun.
SLOW_ECHO = "#include <unistd.h>\nint main(void) { for (;;) sleep(1); }\n"


def hand_in(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def graded(*args: str | Path, sandbox: str = "local", code: int = 0, **env: str) -> dict:
    done = ipclab("grade", LAB, *args, "--sandbox", sandbox, "--json", "-", **env)
    assert done.returncode == code, done.stderr
    data = json.loads(done.stdout)
    results.validate(data)
    return data


def statuses(result: dict) -> dict[str, str]:
    return {t["name"]: t["status"] for t in result["tests"]}


@pytest.fixture(params=["local", "docker"])
def sandbox(request: pytest.FixtureRequest) -> str:
    if request.param == "docker":
        request.getfixturevalue("docker_image")
    return str(request.param)


# ---- what comes out


def test_the_solution_gets_full_marks_without_a_finding(sandbox: str) -> None:
    result = graded(SOLUTION, sandbox=sandbox)
    assert (result["schema"], result["status"], result["score"], result["max_score"]) == (results.RESULT, "graded", 12, 12)
    assert result["findings"] == [] and all(t["findings"] == [] for t in result["tests"])
    assert set(statuses(result).values()) == {"pass"}
    assert result["sandbox"] == "docker" if sandbox == "docker" else result["sandbox"].startswith("local:")
    assert set(result["phases_ms"]) == {"build", "run", "judge"}


def test_a_target_that_does_not_compile_costs_only_its_tests(tmp_path: Path, sandbox: str) -> None:
    result = graded(hand_in(tmp_path / "a", add_c="int add(int a, int b)\n{\n    return a +;\n}\n", echo_c=GOOD_ECHO), sandbox=sandbox)
    assert (result["status"], result["score"]) == ("graded", 6)
    assert statuses(result) == {"echo_copies": "pass", "echo_reaps": "pass", "add_adds": "fail", "add_is_clean": "fail"}
    assert result["findings"][0]["location"] == {"file": "add.c", "line": 3}
    assert "add.c:3" in next(t["message"] for t in result["tests"] if t["name"] == "add_adds")


def test_a_file_that_is_missing_costs_only_its_tests(tmp_path: Path) -> None:
    result = graded(hand_in(tmp_path / "a", add_c=GOOD_ADD))
    assert (result["score"], result["findings"][0]["cause"]) == (6, "file_missing")


def test_nothing_that_compiles_is_build_failed_and_a_zero(tmp_path: Path) -> None:
    result = graded(hand_in(tmp_path / "a", add_c="x", echo_c="y"))
    assert (result["status"], result["score"]) == ("build_failed", 0)


def test_a_stray_main_among_functions_is_renamed_and_told(tmp_path: Path) -> None:
    result = graded(hand_in(tmp_path / "a", add_c=GOOD_ADD + "int main(void) { return 9; }\n", echo_c=GOOD_ECHO))
    assert (result["score"], [f["cause"] for f in result["findings"]]) == (12, ["stray_main"])


def test_a_function_that_ends_the_process_does_not_pass(tmp_path: Path) -> None:
    source = "#include <stdlib.h>\nint add(int a, int b) { (void)a; (void)b; exit(0); }\n"
    result = graded(hand_in(tmp_path / "a", add_c=source, echo_c=GOOD_ECHO))
    assert statuses(result)["add_adds"] == "fail" and statuses(result)["add_is_clean"] == "skipped"


# Nothing but its calls can tell why nothing comes out: it takes no notice of the error.
CLOSES_FIRST = """#include <unistd.h>
int main(void)
{
    char c;
    close(1);
    while (read(0, &c, 1) == 1)
        (void)!write(1, &c, 1);
    return 0;
}
"""


def test_a_failure_that_nobody_can_explain_is_run_again_with_every_call_watched(tmp_path: Path, sandbox: str) -> None:
    result = graded(hand_in(tmp_path / "a", add_c=GOOD_ADD, echo_c=CLOSES_FIRST), sandbox=sandbox)
    assert statuses(result) == {"echo_copies": "fail", "echo_reaps": "skipped", "add_adds": "pass", "add_is_clean": "pass"}
    (test,) = [t for t in result["tests"] if t["name"] == "echo_copies"]
    first = test["findings"][0]
    assert (first["kind"], first["cause"], first["location"]) == ("wrong_output", "write_to_closed_fd", {"file": "echo.c", "line": 7})
    assert "descriptor 1 at echo.c:7" in first["text"] and test["message"].startswith("what echo printed")
    assert result["score"] == 6  # the explanation costs and earns nothing


def test_a_submission_cannot_read_the_tests_at_build_time(tmp_path: Path, sandbox: str) -> None:
    source = GOOD_ADD + 'asm(".incbin \\"/work/judge/judge-hidden-test_add\\"");\n'
    result = graded(hand_in(tmp_path / "plain", add_c=source, echo_c=GOOD_ECHO), sandbox=sandbox)
    assert [(f["cause"], f["location"]["line"]) for f in result["findings"]] == [("source_incbin", 2)]
    # the same where the look at the sources cannot see it: there is nothing to read
    hidden = source.replace("asm(", "#define PASTE(a, b) a##b\nPASTE(as, m)(")
    result = graded(hand_in(tmp_path / "a", add_c=hidden, echo_c=GOOD_ECHO), sandbox=sandbox)
    assert statuses(result)["add_adds"] == "fail"
    assert any(f["kind"] == "build_error" for f in result["findings"])


def test_the_same_seed_gives_the_same_result(tmp_path: Path) -> None:
    wrong = hand_in(tmp_path / "a", add_c="int add(int a, int b) { return a - b; }\n")

    def told(*args: str) -> list[tuple[object, object]]:
        return [(t["expected"], t["actual"]) for t in graded(wrong, *args)["tests"]]

    first = graded(wrong)
    again = [(t["expected"], t["actual"]) for t in first["tests"]]
    assert told("--seed", first["seed"]) == again
    assert told("--seed", "1") == told("--seed", "0x1") != told("--seed", "2")


# ---- a class


def test_a_class_is_graded_whatever_is_in_it(tmp_path: Path, sandbox: str) -> None:
    group = tmp_path / "class"
    hand_in(group / "right", add_c=GOOD_ADD, echo_c=GOOD_ECHO)
    hand_in(group / "broken", add_c="(", echo_c="(")
    hand_in(group / "empty")
    (group / "link").symlink_to("/etc")
    out = tmp_path / "out"
    data = graded(group, "--report", out, sandbox=sandbox)
    assert data["schema"] == results.CLASS
    found = {r["submission"]["student"]: (r["status"], r["score"]) for r in data["results"]}
    assert found["right"] == ("graded", 12) and found["broken"] == ("build_failed", 0)
    assert found["empty"][0] in ("rejected", "build_failed") and found["link"][0] == "rejected"
    assert (out / "index.html").is_file() and (out / "gradebook.csv").is_file()


def test_results_are_taken_over_with_resume_only(tmp_path: Path) -> None:
    place = hand_in(tmp_path / "a", add_c=GOOD_ADD + f"/* {tmp_path} */\n", echo_c=GOOD_ECHO)
    first = graded(place)
    assert graded(place)["started"] != first["started"]
    latest = graded(place)
    copy = shutil.copytree(place, tmp_path / "other")
    resumed = graded(copy, "--resume")
    assert resumed["started"] == latest["started"] and resumed["submission"]["student"] == "other"
    assert graded(copy, "--resume", "--seed", "77")["seed"].endswith("77")


def test_an_interrupted_class_keeps_what_is_finished_and_leaves_nothing(tmp_path: Path, sandbox: str) -> None:
    group = tmp_path / "class"
    hand_in(group / "a-quick", add_c=GOOD_ADD, echo_c=GOOD_ECHO)
    hand_in(group / "b-slow", add_c=GOOD_ADD, echo_c=SLOW_ECHO.replace("sleep(1)", f"sleep(1); /* {tmp_path} */"))
    out = tmp_path / "class.json"
    process = subprocess.Popen(
        [REPO / "ipclab", "grade", LAB, group, "--sandbox", sandbox, "--jobs", "1", "--json", out],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if "[1/2]" in line:  # the first is finished: the second begins
            process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE) == 130, said
    process.stderr.close()
    assert "--resume" in said[-1] and not any("Traceback" in line for line in said)
    kept = results.read_all(out)
    assert [r.student for r in kept] == ["a-quick"] and kept[0].score == 12


# ---- exit codes and streams


def test_fail_under_decides_the_exit_code(tmp_path: Path) -> None:
    place = hand_in(tmp_path / "a", add_c=GOOD_ADD)
    assert ipclab("grade", LAB, place, "--sandbox", "local", "--fail-under", "6").returncode == 0
    done = ipclab("grade", LAB, place, "--sandbox", "local", "--fail-under", "7")
    assert done.returncode == 1 and "fewer than 7" in done.stderr


def test_junit_goes_to_stdout_or_to_a_file(tmp_path: Path) -> None:
    done = ipclab("grade", LAB, SOLUTION, "--sandbox", "local", "--format", "junit")
    assert len(xml.fromstring(done.stdout).findall(".//testcase")) >= 4
    done = ipclab("grade", LAB, SOLUTION, "--sandbox", "local", "--format", "junit", "--output", tmp_path / "r.xml", "--json", tmp_path / "r.json")
    assert done.returncode == 0 and xml.parse(tmp_path / "r.xml") and results.read(tmp_path / "r.json").score == 12


@pytest.mark.parametrize(
    "args,says",
    [
        (["99-none", "x"], '"99-none"'),
        ([LAB], "PATH"),
        ([LAB, "/nowhere/at/all"], "/nowhere/at/all"),
        ([LAB, ".", "--sandbox", "vm"], "vm"),
        ([LAB, ".", "--seed", "xyz"], "hexadecimal"),
        ([LAB, ".", "--jobs", "0"], "jobs"),
        ([LAB, ".", "--output", "x"], "--format"),
        ([LAB, ".", "--json", "-", "--format", "junit"], "stdout"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(args: list[str], says: str) -> None:
    done = ipclab("grade", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr and len(done.stderr.splitlines()) == 1 and done.stderr.startswith("ipclab: ")


def test_an_engine_that_is_not_there_is_exit_code_3_where_it_was_asked_for(tmp_path: Path) -> None:
    missing = str(tmp_path / "no-docker")
    done = ipclab("grade", LAB, SOLUTION, "--sandbox", "docker", IPCLAB_ENGINE=missing)
    assert done.returncode == 3 and "--sandbox local" in done.stderr and len(done.stderr.splitlines()) == 1
    chosen = ipclab("grade", LAB, SOLUTION, "--json", "-", IPCLAB_ENGINE=missing)
    assert chosen.returncode == 0 and json.loads(chosen.stdout)["score"] == 12
    assert "sandbox: local" in chosen.stderr.splitlines()[0]


ENGINE_FULL = """#!/bin/sh
case "$*" in
*"exec /work/warden"*) echo "docker: Error response from daemon: no space left on device." >&2; exit 125 ;;
esac
exec docker "$@"
"""


def test_containers_that_do_not_start_are_no_zero(tmp_path: Path, docker_image: str) -> None:
    engine = tmp_path / "engine"
    engine.write_text(ENGINE_FULL)
    engine.chmod(0o755)
    out = tmp_path / "r.json"
    done = ipclab("grade", LAB, SOLUTION, "--sandbox", "docker", "--json", out, IPCLAB_ENGINE=str(engine))
    assert done.returncode == 3 and "nothing could be graded" in done.stderr and "no space left" in done.stderr
    result = json.loads(out.read_text())
    assert (result["status"], result["score"]) == ("grader_error", None)
    assert result["findings"][0]["cause"] == "container_failed"


def test_a_killed_warden_is_a_grader_error_for_that_submission_only(tmp_path: Path) -> None:
    """Whoever is graded meanwhile, or after it, is graded."""
    group = tmp_path / "class"
    marker = str(int.from_bytes(os.urandom(4), "big"))
    hand_in(group / "a-slow", add_c=GOOD_ADD, echo_c=SLOW_ECHO.replace("int main", f"static char m[] = \"{marker}\"; int main"))
    hand_in(group / "b-quick", add_c=GOOD_ADD, echo_c=GOOD_ECHO)
    out = tmp_path / "class.json"
    process = subprocess.Popen(
        [REPO / "ipclab", "grade", LAB, group, "--sandbox", "local", "--jobs", "1", "--json", out],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment(),
    )  # fmt: skip
    assert process.stderr
    until = time.monotonic() + DEADLINE
    # the program is there: it was built, and the run's warden is the only one
    while not (programs := programs_of(process.pid)) and time.monotonic() < until:
        time.sleep(0.01)
    assert programs
    os.kill(wardens_of(process.pid)[0], signal.SIGKILL)
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(DEADLINE) == 3, said  # one is missing: whoever reads exit codes only must learn it
    assert "1 of 2 could not be graded" in said
    found = {r.student: r for r in results.read_all(out)}
    assert found["a-slow"].status is ResultStatus.GRADER_ERROR and found["b-quick"].score == 12


def descendants(pid: int) -> list[int]:
    children: list[int] = []
    with suppress(OSError):  # any of them may end meanwhile
        for task in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError):
                children += [int(word) for word in Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
    return [p for child in children for p in (child, *descendants(child))]


def name_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def programs_of(pid: int) -> list[int]:
    return [p for p in descendants(pid) if name_of(p).startswith("echo.")]


def wardens_of(pid: int) -> list[int]:
    return [p for p in descendants(pid) if name_of(p) == "warden"]


def test_a_reader_that_leaves_early_is_no_fault() -> None:
    process = subprocess.Popen(
        [REPO / "ipclab", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stdout and process.stderr
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait(DEADLINE) == 0 and "Traceback" not in said


def test_each_command_s_help_has_examples() -> None:
    for command in ("grade", "check", "validate", "export", "doctor"):
        done = ipclab(command, "--help")
        assert done.returncode == 0 and "Examples:" in done.stdout and f"ipclab {command}" in done.stdout


# ---- check


def test_check_shows_the_first_failure_and_counts_what_is_hidden(tmp_path: Path) -> None:
    place = hand_in(tmp_path / LAB, add_c=GOOD_ADD, echo_c='#include <stdio.h>\nint main(void) { puts("no"); return 0; }\n')
    done = ipclab("check", cwd=place)
    assert done.returncode == 1
    assert "echo copies its input" in done.stdout and "2 hidden tests" in done.stdout and "add" not in done.stdout.replace("add.c", "")
    right = hand_in(tmp_path / "elsewhere", add_c=GOOD_ADD, echo_c=GOOD_ECHO)
    done = ipclab("check", right)
    assert done.returncode == 0 and "6 / 6" in done.stdout
    assert ipclab("check", tmp_path / "nothing").returncode == 2


def test_check_works_for_an_ordinary_user_on_a_tree_of_somebody_else(open_place: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    place = hand_in(open_place / "work", add_c=GOOD_ADD, echo_c=GOOD_ECHO)
    tree = open_place / "tree"
    for name in ("grader", "docker", "ipclab", "labs"):
        source = REPO / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", "tests"))
        else:
            shutil.copy2(source, tree / name)
    labs = shutil.copytree(TREE, open_place / "labs")
    home = open_place / "home"
    home.mkdir()
    for path in (place, home, *place.iterdir()):
        os.chown(path, 65534, 65534)
    argv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", tree / "ipclab", "check", LAB, place]
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "IPCLAB_LABS": str(labs)}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE, env=env, cwd="/")
    assert done.returncode == 0, done.stderr + done.stdout
    assert "6 / 6" in done.stdout
    assert list((home / ".cache" / "ipclab").glob("base-*")) and not (tree / ".build").exists()


@pytest.mark.parametrize("level,told", [("local:none", True), ("local:namespaces", True), ("local:uids", False), ("docker", False)])
def test_results_at_a_level_with_one_uid_are_said_to_be_no_marks(capsys: pytest.CaptureFixture[str], level: str, told: bool) -> None:
    say_level([SimpleNamespace(sandbox=level)])  # type: ignore[list-item]
    assert ("share a uid" in capsys.readouterr().err) is told
