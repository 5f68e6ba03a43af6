"""`ipclab explore`: what it says of programs, what replays, and what it does with what it cannot explore."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from tree import REPO, ipclab

DATA = Path(__file__).with_name("data") / "explore"


def explore(*args: str | Path) -> subprocess.CompletedProcess[str]:
    return ipclab("explore", *args)


def found(*args: str | Path) -> dict:
    done = explore("--json", *args)
    assert done.returncode in (0, 1, 2), done.stderr
    return json.loads(done.stdout)


def test_a_race_is_told_with_both_lines_what_was_held_and_what_came_of_it() -> None:
    done = explore(DATA / "count.c")
    said = re.sub(r"\s+", " ", done.stderr)
    assert done.returncode == 1 and done.stdout == ""
    assert "Data race: The parent wrote s->count at count.c:31, then child 1 read it at count.c:17." in said
    assert "Only child 1 holds the semaphore made at count.c:25 there." in said
    assert re.search(r"With this seed the program printed \d, with seed \d+ \d", said)
    assert "Child 1: sem_wait at count.c:16 Child 1 reads s->count at count.c:17" in said
    assert f"./ipclab explore --seed 0 {DATA / 'count.c'}" in said


def test_the_same_seed_gives_the_same_report_always() -> None:
    first = found("--seed", "3", DATA / "count.c")
    assert first["findings"] and first["schedules"] == 1 and first["seed"] == 3
    for _ in range(3):
        again = found("--seed", "3", DATA / "count.c")
        for report in (first, again):
            for finding in report["findings"]:
                for process in finding["processes"]:
                    process["pid"] = 0  # the kernel's
        assert again == first


def test_the_line_that_replays_shows_the_finding_again() -> None:
    report = found(DATA / "abba.c")
    (deadlock,) = [f for f in report["findings"] if f["kind"] == "deadlock"]
    assert deadlock["cause"] == "all_processes_wait" and deadlock["location"] == {"file": "abba.c", "line": 15}
    words = shlex.split(deadlock["replay"])
    done = subprocess.run([*words[:2], "--json", *words[2:]], cwd=REPO, capture_output=True, text=True, timeout=120)
    (again,) = json.loads(done.stdout)["findings"]
    assert (again["text"], again["seed"] if "seed" in again else None) == (deadlock["text"], None)


def test_a_right_program_has_no_finding_and_a_bound() -> None:
    done = explore("--seeds", "100", DATA / "locked.c")
    assert done.returncode == 0
    assert re.search(r"locked: 101 schedules in [\d.]+ s, no findings", done.stderr)
    assert re.search(r"of depth 2.*n=\d, k=\d+, this input", done.stderr)
    report = found("--seeds", "30", DATA / "locked.c")
    assert report["exit"] == {"code": 0, "signal": None} and report["stdout"] == "2\n"
    assert {b["depth"] for b in report["bound"]} == {1, 2, 3}


def test_a_lock_that_lets_two_in_is_named_so() -> None:
    report = found(DATA / "locked.c", "--", "two")
    causes = {f["cause"] for f in report["findings"]}
    assert causes == {"lock_lets_two_in"}, report["findings"]
    assert all(f["replay"].endswith("-- two") for f in report["findings"])


def test_several_programs_run_under_one_schedule() -> None:
    programs = ("--program", f"server={DATA / 'server.c'}", "--program", f"client={DATA / 'client.c'}")
    report = found("--seeds", "40", *programs, "--start", "server f 2", "--start", "client f 3", "--start", "client f 4")
    assert [f for f in report["findings"] if f["kind"] != "note"] == []
    assert report["stdout"] == "7\n"


def test_a_spin_wait_for_what_never_comes_ends_and_is_said() -> None:
    report = found("--seeds", "2", "--steps", "20000", DATA / "spins.c")
    (finding,) = report["findings"]
    assert (finding["kind"], finding["cause"]) == ("timeout", "step_limit")
    assert finding["location"] == {"file": "spins.c", "line": 13}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere.c",), "nowhere.c is not there"),
        ((), "there is no file to run"),
        (("--seeds", "0", DATA / "count.c"), "--seeds"),
        (("--depth", "17", DATA / "count.c"), "--depth"),
        (("--stdin", "nowhere", DATA / "count.c"), "--stdin nowhere: No such file or directory"),
    ],
)
def test_wrong_usage_is_one_line(arguments: tuple[str | Path, ...], says: str) -> None:
    done = explore(*arguments)
    assert done.returncode == 2 and says in done.stderr and done.stderr.count("\n") == 1 and done.stdout == ""


def test_a_program_that_does_not_compile_is_told_as_by_run(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("int main(void) { return nothing; }\n")
    done = explore(tmp_path / "x.c")
    assert done.returncode == 1 and "x.c:1" in done.stderr and "schedules" not in done.stderr


def test_a_program_that_starts_another_one_is_not_passed_silently(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text('#include <unistd.h>\nint main(void)\n{\n    execlp("true", "true", (char *)0);\n    return 1;\n}\n')
    done = explore(tmp_path / "x.c")
    said = re.sub(r"\s+", " ", done.stderr)
    assert done.returncode == 2 and "weave cannot control the program" in said and "x.c:4" in said


def test_a_program_that_shares_nothing_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("int main(void)\n{\n    return 0;\n}\n")
    done = explore("--seeds", "5", tmp_path / "x.c")
    assert done.returncode == 0 and "shares no memory" in re.sub(r"\s+", " ", done.stderr)


def test_the_readme_shows_what_is_really_printed() -> None:
    text = (REPO / "README.md").read_text("utf-8")
    source = "grader/tests/core/data/explore/count.c"
    shown = text.partition(f"$ ./ipclab explore {source}\n")[2].partition("\nA seed is")[0]
    done = subprocess.run(["./ipclab", "explore", source], cwd=REPO, capture_output=True, text=True, timeout=300)
    bare = [re.sub(r"in [\d.]+ s", "in N s", " ".join(said.split())) for said in (shown, done.stderr)]
    assert len(bare[0]) > 500 and bare[0] == bare[1]


def test_a_schedule_is_drawn(tmp_path: Path) -> None:
    race, deadlock = tmp_path / "race.svg", tmp_path / "deadlock.svg"
    assert explore("--seed", "110", "--picture", race, DATA / "count.c").returncode == 1
    text = race.read_text("utf-8")
    assert "count, seed 110" in text and ">step<" in text and text.count('class="lane"') == 2
    assert text.count(">reads s-&gt;count") == 3 and "fork →" in text
    assert text.count('class="arrow wait-arrow"') == 2 and text.count("never waited for") == 1  # one of them, and it, in the legend
    assert explore("--picture", deadlock, DATA / "abba.c").returncode == 1
    assert deadlock.read_text("utf-8").count("never returned") >= 3
    done = explore("--picture", tmp_path / "no" / "x.svg", DATA / "count.c")
    assert done.returncode == 2 and "there is no such folder" in done.stderr


def test_a_crash_after_an_exec_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("""#include <stdlib.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    if (argc > 1)
        abort();
    execl("/proc/self/exe", argv[0], "again", (char *)0);
    return 1;
}
""")
    report = found("--seeds", "2", tmp_path / "x.c")
    assert [f["cause"] for f in report["findings"] if f["kind"] == "crash"] == ["crash_in_schedule"], report["findings"]


def test_a_long_loop_is_no_endless_one(tmp_path: Path) -> None:
    text = (DATA / "count.c").read_text("utf-8").replace("i < 3;", "i < 500000;").replace("work(s, 3)", "work(s, 500000)")
    (tmp_path / "x.c").write_text(text)
    assert {f["kind"] for f in found("--seeds", "3", tmp_path / "x.c")["findings"]} == {"race"}


HEAD = "#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <sys/mman.h>\n#include <sys/wait.h>\n#include <unistd.h>\n"
BAD = {
    "overwrites_the_region": ("memset((void *)0x100000000000, 7, 4096);", ("tamper", "weave_region_written"), 1),
    "a_wild_pointer": ("for (char *p = (char *)0x100000000000; ; p += 4096)\n        *p = 1;", ("tamper", "weave_region_written"), 1),
    "forks_without_end": ("for (;;)\n        if (fork() == 0)\n            pause();", ("resource_limit", "too_many_processes"), 1),
    "crashes": ('*(volatile int *)8 = 1;', ("crash", "crash_in_schedule"), 1),
    "asserts": ('if (fork() == 0)\n        abort();\n    wait(NULL);\n    abort();', ("crash", "crash_in_schedule"), 1),
    "takes_all_memory": ("while (malloc(1 << 24))\n        ;\n    return 3;", ("note", "nothing_shared"), 0),
    "closes_everything": ("for (int fd = 3; fd < 2048; fd++)\n        close(fd);", ("note", "nothing_shared"), 0),
    "kills_all": ("kill(-1, SIGKILL);", ("note", "nothing_shared"), 0),
    "kills_its_parent": ("kill(getppid(), SIGKILL);", ("note", "weave_cannot_control"), 2),
    "raw_system_call": ("syscall(39, 0);\n    syscall(165, 0, 0, 0, 0, 0);", ("note", "weave_cannot_control"), 2),
    "looks_at_its_parent": ('char path[64];\n    sprintf(path, "/proc/%d/stat", (int)getppid());\n    fclose(fopen(path, "r"));', ("note", "weave_cannot_control"), 2),
    "stops_itself": ("raise(SIGSTOP);", ("note", "weave_cannot_control"), 2),
}


@pytest.mark.parametrize("name", BAD)
def test_a_program_that_goes_wrong_is_said_so_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    body, expected, code = BAD[name]
    (tmp_path / "x.c").write_text(f"{HEAD}int main(void)\n{{\n    {body}\n    return 0;\n}}\n")
    done = explore("--json", "--seeds", "3", tmp_path / "x.c")
    report = json.loads(done.stdout)
    kinds = [(f["kind"], f["cause"]) for f in report["findings"] if f["kind"] != "build_warning"]
    assert (kinds, done.returncode) == ([expected], code), report["findings"]
    if expected[0] == "crash":
        assert report["findings"][0]["location"] == {"file": "x.c", "line": 10 if name == "crashes" else 13}


def test_a_time_too_short_for_any_schedule_is_no_clean_bill(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("int main(void)\n{\n    for (volatile int i = 1; i;)\n        ;\n    return 0;\n}\n")
    done = explore("--timeout", "0.5", tmp_path / "x.c")
    assert done.returncode == 2 and "nothing is known of the program" in done.stderr
