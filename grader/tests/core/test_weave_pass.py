"""The pass weave: what costs points, what does not, what is the grader's own fault, and that a student can replay what is told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from ipclab import build, export, grading, judging, kit, manifest, results
from ipclab.faults import GraderFault
from ipclab.model import Lab, Location, Submission, Test, TestStatus
from ipclab.report.audience import Audience, for_audience
from ipclab.runner import Program, read_sources
from ipclab.sandbox import Sandbox
from ipclab.sandbox.local import LocalSandbox
from ipclab.weaving import closed, explorer, program
from ipclab.weaving.explorer import Exploration, Options, Set
from ipclab.weaving.schedules import Process, Schedule, Trouble
from tree import DEADLINE, REPO, TREE, ipclab

LAB = "02-woven"
SOLUTION = TREE / "solutions" / LAB
COUNT = (SOLUTION / "count.c").read_text()
BOX = (SOLUTION / "box.c").read_text()


@pytest.fixture(params=["local", "docker"])
def sandbox(request: pytest.FixtureRequest) -> str:
    if request.param == "docker":
        request.getfixturevalue("docker_image")
    return str(request.param)


@pytest.fixture(scope="module")
def lab() -> Lab:
    return manifest.load_lab(TREE, LAB)


def hand_in(folder: Path, **files: str) -> Path:
    """The solution with other files in place of some of its own."""
    place = Path(shutil.copytree(SOLUTION, folder / "work"))
    for name, text in files.items():
        (place / name.replace("_", ".")).write_text(text)
    return place


def graded(place: Path, *args: str, sandbox: str = "local", tree: Path = TREE, code: int = 0) -> dict:
    done = ipclab("grade", LAB, place, *args, "--sandbox", sandbox, "--json", "-", "--audience", "instructor", IPCLAB_LABS=str(tree))
    assert done.returncode == code, done.stderr
    data = json.loads(done.stdout)
    results.validate(data)
    return data


def test_of(result: dict, name: str) -> dict:
    return next(t for t in result["tests"] if t["name"] == name)


test_of.__test__ = False  # type: ignore[attr-defined]


def statuses(result: dict) -> dict[str, str]:
    return {t["name"]: t["status"] for t in result["tests"]}


def causes(result: dict, name: str) -> list[str]:
    return [f["cause"] for f in test_of(result, name)["findings"]]


def swapped(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


UNLOCKED = swapped(COUNT, ("        sem_wait(&s->mutex);\n", ""), ("        sem_post(&s->mutex);\n", ""))
# Each is right alone: what another process adds between the two is lost. There is no race.
LOSES = swapped(BOX, ("    box->sum += n;\n", "    int sum = box->sum;\n    sem_post(&box->mutex);\n    sem_wait(&box->mutex);\n    box->sum = sum + n;\n"))


# ---- what comes out


def test_the_solution_gets_full_marks(sandbox: str) -> None:
    result = graded(SOLUTION, sandbox=sandbox)
    assert (result["status"], result["score"], result["max_score"]) == ("graded", 12, 12), result["tests"]
    assert result["findings"] == [] and all(t["findings"] == [] for t in result["tests"])
    assert set(result["phases_ms"]) == {"build", "run", "weave", "judge"}
    assert all(t["duration_ms"] > 0 for t in result["tests"])


def test_a_race_costs_and_is_told_with_its_lines(tmp_path: Path, sandbox: str) -> None:
    result = graded(hand_in(tmp_path, count_c=UNLOCKED, box_c=LOSES), sandbox=sandbox)
    assert statuses(result) == {
        "count_counts": "pass", "count_is_ordered": "fail", "box_adds": "pass", "box_is_ordered": "fail", "box_adds_three": "fail",
        "hear_hears": "pass", "both_end": "pass", "hear_hears_again": "pass",
    }  # fmt: skip
    first = test_of(result, "count_is_ordered")["findings"][0]
    line = UNLOCKED.split("\n").index("        s->count++;") + 1
    assert (first["kind"], first["cause"], first["location"]) == ("race", "unordered_accesses", {"file": "count.c", "line": line})
    assert test_of(result, "count_is_ordered")["message"] == first["text"] and "s->count" in first["text"]
    assert causes(result, "box_is_ordered") == causes(result, "box_adds_three") == ["scenario_failed"]
    assert re.search(r"the sum is [23], not 4", test_of(result, "box_is_ordered")["message"])


def test_the_grade_does_not_depend_on_the_seed_of_the_grading(tmp_path: Path) -> None:
    place = hand_in(tmp_path, count_c=UNLOCKED, box_c=LOSES)

    def told(seed: str) -> list[tuple[object, ...]]:
        return [(t["status"], t["message"], [f["replay"] for f in t["findings"]]) for t in graded(place, "--seed", seed)["tests"]]

    assert told("1") == told("2")


def test_what_students_are_told_to_type_shows_it_again(tmp_path: Path) -> None:
    # explore links a scenario as it is: a name that both have is told apart in a grading only
    result = graded(hand_in(tmp_path, count_c=UNLOCKED, box_c=swapped(LOSES, ("int twice", "static inline int twice"))))
    shutil.copytree(TREE / "labs", tmp_path / "labs")
    (tmp_path / "skeletons").mkdir()
    (tmp_path / "work").rename(tmp_path / "skeletons" / LAB)
    for name in ("count_is_ordered", "box_is_ordered"):
        (finding,) = test_of(result, name)["findings"]
        seed = finding["message"]["args"]["seed"]
        assert f"./ipclab explore --seed {seed}" in finding["replay"]
        line = finding["replay"].replace("./ipclab explore", f"{REPO / 'ipclab'} explore --json")
        done = subprocess.run(["/bin/sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE)
        again = json.loads(done.stdout)
        if name == "count_is_ordered":
            told = finding["text"].partition(" With this seed")[0]  # one schedule has no other to be compared with
            assert [f["text"] for f in again["findings"] if f["kind"] == "race"] == [told]
        else:
            assert again["exit"] == {"code": 1, "signal": None} and "not 4" in again["stderr"]


def test_a_hidden_scenario_is_not_told_to_students(tmp_path: Path, lab: Lab) -> None:
    # the sum is lost under the lock, and before that there is a race
    racy = swapped(LOSES, ("    sem_wait(&box->mutex);\n    int sum", "    int sum"), ("= box->sum;\n    sem_post(&box->mutex);\n", "= box->sum;\n"))
    data = graded(hand_in(tmp_path, box_c=racy))
    result = for_audience(results.from_json(data), Audience.STUDENT, lab)
    (test,) = [t for t in result.tests if t.name == "box_adds_three"]
    assert test.status is TestStatus.FAIL and test.findings[0].kind == "race"
    assert {f.kind for f in test.findings} == {"race", "wrong_output"}
    assert test.findings[0].location in [Location("box.c", n) for n, line in enumerate(racy.split("\n"), 1) if "box->sum" in line]
    assert "box.c" in test.findings[0].text
    shown = repr(test)
    assert "secret" not in shown and "three_add" not in shown and "explore" not in shown and "seed" not in shown
    assert "secret" in repr(data) and "three_add" in repr(data), "instructors see it"


# ---- what costs, and what is the grader's own

CROSSWISE = swapped(
    COUNT,
    ("    sem_t mutex;\n", "    sem_t mutex, other;\n"),
    ("sem_init(&s->mutex, 1, 1) != 0", "sem_init(&s->mutex, 1, 1) != 0 || sem_init(&s->other, 1, 1) != 0"),
    ("    work(s, times);\n    if", "    sem_wait(child ? &s->mutex : &s->other);\n    sem_wait(child ? &s->other : &s->mutex);\n"
     "    sem_post(&s->mutex);\n    sem_post(&s->other);\n    work(s, times);\n    if"),
)  # fmt: skip


def before_the_fork(code: str, headers: str = "") -> str:
    return headers + swapped(COUNT, ("    pid_t child = fork();\n", f"    {code}\n    pid_t child = fork();\n"))


# Put together so that the look at sources does not see it, which would refuse it.
KILLS_ALL = '\n#define JOIN(a, b) a##b\nlong r; JOIN(__as, m__) volatile("syscall" : "=a"(r) : "a"(62L), "D"(-1L), "S"(9L) : "rcx", "r11", "memory");'


@pytest.mark.parametrize(
    ("source", "kind", "cause"),
    [
        (CROSSWISE, "deadlock", "all_processes_wait"),
        (before_the_fork("*(volatile int *)(times == 2 ? NULL : &times) = times;"), "crash", "crash_in_schedule"),
        (before_the_fork("while (times == 2 && !*(volatile int *)&s->count) continue;"), "timeout", "step_limit"),
        (before_the_fork('syscall(SYS_unlink, "x");', "#define _GNU_SOURCE\n#include <sys/syscall.h>\n"), "note", "weave_cannot_control"),
        (before_the_fork('if (system("true")) return 3;', "#include <stdlib.h>\n"), "note", "weave_cannot_control"),
        (before_the_fork("for (int i = 0; times == 2 && i < 70; i++) if (fork() == 0) { pause(); }"), "resource_limit", "too_many_processes"),
        ("#ifdef __SANITIZE_THREAD__\n" + COUNT + "#else\n" + UNLOCKED + "#endif\n", "race", "unordered_accesses"),
    ],
    ids=["deadlock", "crash", "endless", "raw", "system", "many", "looks"],
)
def test_what_the_submission_did_costs(tmp_path: Path, source: str, kind: str, cause: str) -> None:
    result = graded(hand_in(tmp_path, count_c=source))
    test = test_of(result, "count_is_ordered")
    assert (test["status"], test["findings"][0]["kind"], test["findings"][0]["cause"]) == ("fail", kind, cause), test
    assert result["status"] == "graded" and result["score"] == 10
    if cause != "too_many_processes":
        assert test["location"] is not None and test["location"]["file"] == "count.c"


@pytest.mark.parametrize(
    ("code", "headers", "cause"),
    [
        ("timerfd_create(CLOCK_MONOTONIC, 0);", "#include <sys/timerfd.h>\n#include <time.h>\n", "weave_cannot_follow"),
        (f"if (times == 2) {{ {KILLS_ALL} }}", "", "weave_gave_up"),
    ],
    ids=["timerfd", "kills-all"],
)
def test_what_may_be_the_grader_s_own_is_no_failure_and_no_point(tmp_path: Path, code: str, headers: str, cause: str) -> None:
    result = graded(hand_in(tmp_path, count_c=before_the_fork(code, headers)), code=3)
    test = test_of(result, "count_is_ordered")
    assert (result["status"], result["score"], test["status"]) == ("grader_error", None, "error"), test
    assert (test["findings"][0]["kind"], test["findings"][0]["cause"]) == ("grader", cause), test


def test_a_process_that_fails_when_another_comes_first_costs_only_where_that_is_asked_for(tmp_path: Path) -> None:
    fails = swapped(COUNT, ("    wait(NULL);\n", "    int late = waitpid(child, NULL, WNOHANG) == 0 && times == 2;\n    if (!late)\n        return 7;\n    wait(NULL);\n"))
    fails = swapped(fails, ("== 0 && times == 2", "== 0 || times != 2"), ("if (!late)", "if (!late && times == 2)"))
    tree = Path(shutil.copytree(TREE, tmp_path / "tree"))
    place = hand_in(tmp_path, count_c=fails)
    assert statuses(graded(place, tree=tree))["count_is_ordered"] == "pass"
    toml = tree / "labs" / LAB / "lab.toml"
    toml.write_text(swapped(toml.read_text(), ('depends = ["count_counts"]\n', 'depends = ["count_counts"]\nfails_on = ["wrong_output"]\n')))
    test = test_of(graded(place, tree=tree), "count_is_ordered")
    assert test["status"] == "fail" and [f["cause"] for f in test["findings"]] == ["failed_in_schedule"]
    assert "exit status 7" in test["message"] and re.search(r"0 in that of seed \d+", test["message"])


def test_what_is_printed_costs_where_the_test_says_what_it_has_to_be(tmp_path: Path) -> None:
    """Both halves of the addition are locked, and the lock is free in between: no race, and the sum is sometimes wrong."""
    lost = swapped(COUNT, ("        s->count++;\n", "        int count = s->count;\n        sem_post(&s->mutex);\n        sem_wait(&s->mutex);\n        s->count = count + 1;\n"))
    tree = Path(shutil.copytree(TREE, tmp_path / "tree"))
    place = hand_in(tmp_path, count_c=lost)
    assert statuses(graded(place, tree=tree))["count_is_ordered"] == "pass"
    toml = tree / "labs" / LAB / "lab.toml"
    toml.write_text(swapped(toml.read_text(), ('stdin = "2\\n"\n', 'stdin = "2\\n"\nstdout = "4\\n"\n')))
    test = test_of(graded(place, tree=tree), "count_is_ordered")
    assert test["status"] == "fail" and [f["cause"] for f in test["findings"]] == ["prints_wrong_in_schedule"]
    assert re.search(r"[23] is printed instead of 4", test["message"])
    assert statuses(graded(SOLUTION, tree=tree))["count_is_ordered"] == "pass"


def test_a_test_whose_other_passes_fail_is_not_run_under_weave(tmp_path: Path) -> None:
    result = graded(hand_in(tmp_path, box_c=swapped(BOX, ("+= n;", "-= n;")), count_c="int main(void) { return 1; }\n"))
    assert {n: s for n, s in statuses(result).items() if s != "pass"} == {
        "count_counts": "fail", "count_is_ordered": "skipped", "box_adds": "fail", "box_is_ordered": "skipped", "box_adds_three": "fail",
    }  # fmt: skip
    assert causes(result, "box_adds_three") == ["wrong_output"]


def test_each_target_that_weave_starts_has_to_be_there(tmp_path: Path) -> None:
    result = graded(hand_in(tmp_path, tell_c="int main(void) { return nothing; }\n"))
    assert {n: s for n, s in statuses(result).items() if s != "pass"} == {"both_end": "fail", "hear_hears_again": "skipped"}
    assert test_of(result, "both_end")["location"] == {"file": "tell.c", "line": 1}


def test_weave_s_own_build_gives_no_warning_and_never_fails_by_one(tmp_path: Path) -> None:
    """-Og sees other things than the lab's levels do."""
    tree = Path(shutil.copytree(TREE, tmp_path / "tree"))
    toml = tree / "labs" / LAB / "lab.toml"
    toml.write_text(swapped(toml.read_text(), ('builds = ["O0"]\n', 'builds = ["O0"]\nflags = ["-std=gnu17", "-Wall", "-Werror"]\n')))
    unsure = before_the_fork("int last; for (int i = 0; i < times; i++) last = i; if (last > 7) return 1;")
    result = graded(hand_in(tmp_path, count_c=unsure), tree=tree)
    assert statuses(result)["count_is_ordered"] == "pass" and result["findings"] == []


# ---- seen from outside


def schedule(seed: int, **more: object) -> Schedule:
    values = {"seed": seed, "verdict": "done", "code": 0, "points": 5, "accesses": 5, "alive": 2, "wall_us": 9, "brief": seed > 0} | more
    if not values["brief"]:
        values = {"programs": ("/work/p.count",), "processes": (Process(0, 7, 0, -1, 0, False, 0),)} | values
    return Schedule(**values)  # type: ignore[arg-type]


def judged(lab: Lab, told: list[Schedule], monkeypatch: pytest.MonkeyPatch, again: Schedule | None = None, **more: object) -> closed.Outcome:
    test = replace(next(t for t in lab.tests if t.name == "count_is_ordered"), weave=replace(lab.tests[1].weave, seeds=3))

    def nowhere() -> Sandbox:
        raise AssertionError("nothing is to be run")

    monkeypatch.setattr(explorer, "at_once", lambda *_: Exploration(told, 9, 9, 2, **more))  # type: ignore[arg-type]
    monkeypatch.setattr(explorer, "replay", lambda *_: again)
    monkeypatch.setattr(closed.explain.places, "find", lambda *_: {})
    built = build.Built(for_weave={"count.weave": b""})
    return closed.run(test, closed.Place(lab, Submission("a", "A", (), "0"), built, Path("/nowhere"), nowhere))


def all_of(last: int = 3, **first: object) -> list[Schedule]:
    return [schedule(0, **first), *(schedule(n) for n in range(1, last + 1))]


def test_a_whole_exploration_without_a_finding_passes(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(lab, all_of(), monkeypatch).status is TestStatus.PASS


@pytest.mark.parametrize(
    ("told", "more", "says"),
    [
        (all_of(2), {}, "3 of 4 were told"),
        ([*all_of(2), schedule(2)], {}, "4 of 4 were told"),
        (all_of(2), {"cut": True}, "the time was over after 3 of 4"),
        (all_of(), {"broken": "weave was ended"}, "weave was ended"),
        (all_of(points=0), {}, "did not report"),
        (all_of(processes=()), {}, "did not report"),
        (all_of(code=None), {}, "end is not known"),
        ([], {}, "0 of 4 were told"),
    ],
)
def test_what_is_not_whole_is_an_error(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, told: list[Schedule], more: dict[str, object], says: str
) -> None:
    outcome = judged(lab, told, monkeypatch, **more)
    assert outcome.status is TestStatus.ERROR and outcome.findings[0].cause == "weave_gave_up" and says in outcome.verdict.message


GIVEN_UP = {
    "raw_system_call": ("uncontrolled", TestStatus.FAIL),
    "executes_another_program": ("uncontrolled", TestStatus.FAIL),
    "signal_outside": ("uncontrolled", TestStatus.FAIL),
    "talks_to_another_machine": ("uncontrolled", TestStatus.FAIL),
    "region": ("tamper", TestStatus.FAIL),
    "too_many_tasks": ("tasks", TestStatus.FAIL),
    "step_limit": ("steps", TestStatus.FAIL),
    "timerfd": ("uncontrolled", TestStatus.ERROR),
    "stuck": ("uncontrolled", TestStatus.ERROR),
    "killed_from_outside": ("uncontrolled", TestStatus.ERROR),
    "c_library": ("uncontrolled", TestStatus.ERROR),
    "": ("uncontrolled", TestStatus.ERROR),
    "too_many_bytes": ("memory", TestStatus.ERROR),
}


@pytest.mark.parametrize("code", GIVEN_UP)
def test_a_schedule_that_was_given_up_never_passes(lab: Lab, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    verdict, status = GIVEN_UP[code]
    trouble = (Trouble(code, "", 0, 0, 0, 0),) if code else ()
    told = [*all_of(2), schedule(3, verdict=verdict, troubles=trouble, brief=False)]
    outcome = judged(lab, told, monkeypatch)
    assert outcome.status is status
    assert (outcome.findings[0].kind == "grader") == (status is TestStatus.ERROR)


def test_a_killed_host_costs_only_if_the_same_seed_kills_it_again(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = schedule(2, verdict="tamper", troubles=(Trouble("host_killed", "", 0, 0, 0, 9),), brief=False)
    told = [*all_of(1), lost]
    assert judged(lab, told, monkeypatch, again=lost, broken="ended").status is TestStatus.FAIL
    for other in (None, schedule(2)):
        assert judged(lab, told, monkeypatch, again=other, broken="ended").status is TestStatus.ERROR


def test_what_handlers_do_costs_only_where_it_is_asked_for(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("signal_unsafe", "errno_clobbered", "shared_with_handler"):
        kind = "race" if code == "shared_with_handler" else code
        told = all_of(troubles=(Trouble(code, "f", 0, 0, 0, 0),))
        assert judged(lab, told, monkeypatch).status is TestStatus.PASS
        asked = replace(lab, tests=tuple(replace(t, fails_on=(kind,)) for t in lab.tests))
        assert judged(asked, told, monkeypatch).findings[0].kind == kind


def test_the_first_schedule_without_an_end_is_the_last() -> None:
    source = Path(__file__).with_name("data") / "explore" / "spins.c"
    programs = [Program("spins", (source,))]
    tools, warden = kit.weave(), kit.base() / "warden"
    built = program.build_for_weave(programs, read_sources(programs), tools)
    the_set = Set(lambda: LocalSandbox(warden), tools, {"spins": built.programs["spins.weave"]}, [["spins"]])
    told = explorer.at_once(the_set, Options(1, 5, step_limit=20_000))
    assert [(s.seed, s.verdict) for s in told.schedules] == [(0, "steps")] and not told.broken and not told.cut



def test_weave_that_cannot_run_is_an_error_of_that_test(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> Exploration:
        raise explorer.HostFault("weave could not run: no memory")

    monkeypatch.setattr(explorer, "at_once", refuses)
    built = build.Built(for_weave={"count.weave": b""})
    place = closed.Place(lab, Submission("a", "A", (), "0"), built, Path("/nowhere"), lambda: pytest.fail("nothing is to be run"))
    outcome = closed.run(lab.tests[1], place)
    assert outcome.status is TestStatus.ERROR and "no memory" in outcome.verdict.message


@pytest.mark.parametrize("last", [TestStatus.PASS, TestStatus.FAIL])
def test_two_tests_at_a_time_each_after_those_it_depends_on(lab: Lab, monkeypatch: pytest.MonkeyPatch, last: TestStatus) -> None:
    """first, alone, then (by way of one that is not woven); while first runs alone runs too, and `then` begins after its end."""
    woven = replace(next(t for t in lab.tests if t.name == "count_is_ordered"), depends=())
    plain = replace(lab.tests[0], name="plain", depends=("first",))
    tests = (replace(woven, name="first"), plain, replace(woven, name="then", depends=("plain",)), replace(woven, name="alone"))
    grader = grading.Grader(replace(lab, tests=tests), grading.Options(sandbox="local"))
    grader.spare_cores = True
    both = threading.Barrier(2)
    told: list[str] = []

    def run(test: Test, place: closed.Place) -> judging.Outcome:
        told.append(f"{test.name} begins")
        if test.name != "then":
            both.wait(20)  # one alone at the barrier breaks it, and the test fails
        told.append(f"{test.name} ends")
        return judging.Outcome(last, judging.Verdict(last), (), 0.0)

    def awaits(_lab: object, _submission: object, _built: object, _log: object, woven: dict[str, judging.Outcome], test: Test) -> bool:
        return test.name != "then" or woven["first"].status is TestStatus.PASS

    monkeypatch.setattr(closed, "run", run)
    monkeypatch.setattr(judging, "awaits_weave", awaits)
    job = grading._Job(grader, Submission("a", "A", (), "0"), 1)
    outcomes = job._weave(build.Built(for_weave={"count.weave": b""}), None)
    then = {"then"} if last is TestStatus.PASS else set()
    assert outcomes.keys() == {"first", "alone"} | then
    assert ("then begins" in told) == bool(then)
    assert not then or told.index("first ends") < told.index("then begins")


# ---- the kit, the gate, students


def test_a_scenario_and_the_table_belong_to_the_suite(tmp_path: Path) -> None:
    tree = Path(shutil.copytree(TREE, tmp_path / "tree"))
    folder = tree / "labs" / LAB

    def suite() -> str:
        return kit.prepare(manifest.load_lab(tree, LAB)).suite_sha256

    first = suite()
    (folder / "lab.toml").write_text(swapped((folder / "lab.toml").read_text(), ("seeds = 60", "seeds = 61")))
    second = suite()
    scenario = folder / "tests/hidden/three_add.c"
    scenario.write_text(scenario.read_text() + "/* changed */\n")
    assert len({first, second, suite()}) == 3


def test_a_scenario_that_does_not_compile_is_no_student_s_fault(tmp_path: Path) -> None:
    tree = Path(shutil.copytree(TREE, tmp_path / "tree"))
    (tree / "labs" / LAB / "tests/hidden/three_add.c").write_text("int main(void) { return nothing; }\n")
    with pytest.raises(GraderFault, match="the kit does not build"):
        kit.prepare(manifest.load_lab(tree, LAB))


def test_the_gate_runs_weave_and_again_with_repeats() -> None:
    done = ipclab("validate", LAB, "--sandbox", "local", "--repeat", "30")
    assert "ok    mutant unlocked" in done.stdout and "ok    mutant starts" in done.stdout and "ok    solution, 2 times weave" in done.stdout, done.stdout
    fails = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert len(fails) == 3 and all("enough of each" in line for line in fails), done.stdout


def test_make_check_runs_the_public_ones(tmp_path: Path) -> None:
    done = ipclab("check", LAB, hand_in(tmp_path, count_c=UNLOCKED))
    said = re.sub(r"\s+", " ", done.stdout + done.stderr)
    assert done.returncode == 1 and "Data race" in said and "count.c" in said
    assert ipclab("check", LAB, SOLUTION).returncode == 0


def test_an_export_has_public_scenarios_and_no_hidden_ones(tmp_path: Path, lab: Lab) -> None:
    export.export(TREE, tmp_path / "out")
    names = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out" / "labs" / LAB).rglob("*.c")}
    assert f"labs/{LAB}/tests/public/two_add.c" in names and not any("hidden" in n for n in names)
    exported = manifest.load_lab(tmp_path / "out", LAB)
    kept = {t.name: t for t in lab.tests}
    assert exported.tests and all(t == kept[t.name] for t in exported.tests)


def test_who_waits_for_what_only_weave_runs_waits_for_what_that_waits_for(lab: Lab) -> None:
    built = build.Built(programs={f"{t.name}.O0": b"" for t in lab.targets}, for_weave={"hear.weave": b"", "tell.weave": b""})
    plan = grading.run_plan(lab, built, 1)
    assert [name for name, _ in plan.programs] == ["count.O0", "box.O0", "tell.O0", "hear.O0"]
    after = {e.id: e.after for e in plan.entries}
    assert "both_end.weave" not in after and after["hear_hears_again.O0"] == ("hear_hears.O0",)


def test_a_target_is_compiled_once_and_linked_with_each_scenario_alone(tmp_path: Path, lab: Lab) -> None:
    (tmp_path / "weave.o").write_bytes(b"")
    (tmp_path / "weave.wrap").write_text("--wrap=fork\n")
    box = next(t for t in lab.targets if t.name == "box")
    levels = tuple(build.weave_levels(lab, box))
    made = program.recipe(tmp_path, lambda source: source.encode())(lab, box, levels)
    assert made is not None and len(levels) > 1
    _, compiler, *links = made[0][2].split("; ")
    assert " -c box.c" in compiler and len(links) == len(levels)
    for level, link in zip(levels, links, strict=True):
        words = link.split()
        assert f"box.{level}" in words and [w for w in words if w.startswith("scenario-")] == [f"scenario-{level.removeprefix('weave-')}.o"]


def test_several_starts_and_input_can_be_typed_again(lab: Lab) -> None:
    test = next(t for t in lab.tests if t.name == "both_end")
    nowhere = Set(lambda: pytest.fail("nothing is to be run"), Path("/nowhere"), {}, ())
    place = closed.Place(lab, Submission("a", "A", (), "0"), build.Built(), Path("/nowhere"), nowhere.make_sandbox)
    judgement = closed._Judgement(test, place, nowhere, Options(), Exploration())
    here = f"skeletons/{LAB}"
    assert judgement._command() == [
        "--program", f"hear={here}/hear.c", "--program", f"tell={here}/tell.c",
        "--start", "hear pipe 3", "--start", "tell pipe 1", "--start", "tell pipe 2",
    ]  # fmt: skip
