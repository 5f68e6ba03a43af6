"""`ipclab run`: any program, not a lab's. Each program here has its expectation beside it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from tree import DEADLINE, REPO, ipclab  # noqa: E402

KNOTS = REPO / "grader" / "tests" / "warden" / "programs" / "knots.c"

KEEPS_WRITE_END = """
#include <sys/wait.h>
#include <unistd.h>
int main(void)
{
    int fd[2];
    char b;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) {
        while (read(fd[0], &b, 1) > 0) /* HERE */
            ;
        _exit(0);
    }
    close(fd[1]);
    wait(0);
    return 0;
}
"""
CRASH = """
#include <stddef.h>
static int value(int *p)
{
    return *p; /* HERE */
}
int main(void) { return value(NULL); }
"""
NEVER_WAITS = """
#include <unistd.h>
int main(void)
{
    int fd[2];
    char b;
    if (pipe(fd) < 0)
        return 1;
    if (fork() == 0) /* HERE */
        _exit(0);
    close(fd[1]);
    return read(fd[0], &b, 1) == 0 ? 0 : 1;
}
"""
LEAVES_SEGMENT = """
#include <sys/ipc.h>
#include <sys/shm.h>
int main(void) { return shmget(IPC_PRIVATE, 4096, 0600) < 0; }
"""
SPINS = "int main(void) { for (;;) ; }"
SLEEPS = "#include <unistd.h>\nint main(void) { sleep(100); return 0; }"


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.c"
    path.write_text(text)
    return path


def line_of(text: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if "HERE" in line)


def run_json(*args: str | Path) -> tuple[int, dict]:
    done = ipclab("run", "--json", *args)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize(
    "text, kind, cause",
    [
        (KEEPS_WRITE_END, "deadlock", "write_end_kept_by_reader"),
        (CRASH, "crash", "killed_by_signal"),
        (NEVER_WAITS, "zombie", "child_never_waited"),
        (LEAVES_SEGMENT, "ipc_leak", None),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, kind: str, cause: str | None) -> None:
    code, report = run_json(write(tmp_path, "wrong", text))
    (finding,) = [f for f in report["findings"] if f["kind"] != "build_warning"]
    assert code == 1 and report["schema"] == "ipclab/findings/v1"
    assert finding["kind"] == kind and cause in (None, finding["cause"])
    if "HERE" in text:
        assert finding["location"] == {"file": "wrong.c", "line": line_of(text)}


@pytest.mark.parametrize("text, kind, cause", [(SPINS, "busy_wait", "spins"), (SLEEPS, "timeout", "sleeping")])
def test_what_is_never_done_is_ended_at_the_time_limit(tmp_path: Path, text: str, kind: str, cause: str) -> None:
    code, report = run_json("--timeout", "1.5", write(tmp_path, "long", text))
    assert code == 1 and [(f["kind"], f["cause"]) for f in report["findings"]] == [(kind, cause)]
    assert report["exit"] == {"code": None, "signal": None}


def test_a_crash_has_its_line_however_early_it_comes(tmp_path: Path) -> None:
    """Many at a time: some are over before their start has been told. What lies at one place is one finding, what has no
    place another."""
    path = write(tmp_path, "crash", CRASH)
    code, report = run_json("--program", f"crash={path}", *(word for _ in range(60) for word in ("--start", "crash")))
    assert code == 1
    assert [(f["cause"], f["location"]) for f in report["findings"]] == [
        ("killed_by_signal", {"file": "crash.c", "line": line_of(CRASH)})
    ]


def test_arguments_and_streams_are_the_user_s_own(tmp_path: Path) -> None:
    text = """
#include <stdio.h>
int main(int argc, char **argv)
{
    int c;
    for (int i = 1; i < argc; i++)
        printf("[%s]", argv[i]);
    while ((c = getchar()) != EOF)
        putchar(c);
    fprintf(stderr, "to stderr\\n");
    return 5;
}"""
    argv = [str(REPO / "ipclab"), "run", str(write(tmp_path, "args", text)), "--", "a b", "", "--json", "%41"]
    done = subprocess.run(argv, input=b"in\0put\xff", capture_output=True, timeout=DEADLINE)
    assert done.stdout == b"[a b][][--json][%41]in\0put\xff"
    assert done.stderr.startswith(b"to stderr\n") and b"args: exit status 5, no findings" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["two words", "-dash", "ünï", "it's", "a" * 200])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    code, report = run_json("--timeout", "30", write(tmp_path, name, CRASH))
    (finding,) = report["findings"]
    assert code == 1 and finding["location"] == {"file": f"{name}.c", "line": line_of(CRASH)}


def test_a_wait_for_the_user_is_no_deadlock(tmp_path: Path) -> None:
    """stdin stays open and says nothing for many times as long as a proof takes."""
    text = '#include <stdio.h>\nint main(void) { puts("?"); fflush(stdout); int c = getchar(); printf("%c", c); return 0; }'
    argv = [str(REPO / "ipclab"), "run", str(write(tmp_path, "asks", text))]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        assert process.stdout.read(2) == b"?\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        out, err = process.communicate(b"x", timeout=DEADLINE)
    assert (out, process.returncode) == (b"x", 0), err


def test_programs_that_belong_together_run_at_the_same_time(tmp_path: Path) -> None:
    server = write(tmp_path, "server", """
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    char b[8] = "";
    mkfifo(argv[1], 0600);
    int fd = open(argv[1], O_RDONLY);
    read(fd, b, sizeof b - 1);
    printf("%d %s", argc, b);
    unlink(argv[1]);
    return 0;
}""")
    client = write(tmp_path, "client", """
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    (void)argc;
    mkfifo(argv[1], 0600);
    int fd = open(argv[1], O_WRONLY);
    return write(fd, argv[2], 2) != 2;
}""")
    path = f"/tmp/ipclab-test-fifo-{os.getpid()}"
    code, report = run_json("--program", f"s={server}", "--program", f"c={client}", "--start", f"s {path}", "--start", f"c {path} ok")
    assert (code, report["stdout"], report["exit"]["code"]) == (0, "2 ok", 0), report


def test_the_words_name_processes_places_and_what_to_do(tmp_path: Path) -> None:
    done = ipclab("run", KNOTS, "--", "two_mutexes")
    said = " ".join(done.stderr.split())
    assert done.returncode == 1 and done.stdout == ""
    assert "Deadlock: Processes wait for each other: process" in said and "at knots.c:" in said
    assert "pthread_mutex_lock for the mutex in shared memory at offset 40" in said
    assert "Hint: Break the circle" in said and "knots: it was ended by ipclab, 1 finding" in said


def test_the_readme_shows_what_is_really_printed() -> None:
    readme = (REPO / "README.md").read_text(encoding="utf-8")
    _, _, rest = readme.partition("    $ ./ipclab run ")
    command, _, rest = rest.partition("\n")
    transcript = rest.partition("1 finding\n")[0] + "1 finding"
    (program,) = (word for word in command.split() if word.endswith(".c"))
    done = ipclab("run", REPO / program, COLUMNS="130")

    def plain(text: str) -> str:
        return re.sub(r"(process|pid) \d+|pipe:\[\d+\]", "N", " ".join(text.split()))

    assert plain(transcript) == plain(done.stderr)


@pytest.mark.parametrize(
    "args, code, says",
    [
        ([], 2, "there is no file to run"),
        (["none.c"], 2, "none.c is not there"),
        (["text.txt"], 2, "is no .c file"),
        (["ok.c", "--program", "a=ok.c"], 2, "not both"),
        (["--program", "a"], 2, "NAME=FILE.c"),
        (["--program", "a/b=ok.c"], 2, "cannot be a program's name"),
        (["--program", "a=ok.c", "--program", "b=ok.c"], 2, "say with --start"),
        (["--program", "a=ok.c", "--start", "x"], 2, "begins with a program's name (here: a)"),
        (["ok.c", "--start", "ok 1", "--", "2"], 2, "in its own --start"),
        (["ok.c", "--timeout", "0"], 2, "timeout"),
        (["broken.c"], 1, "Does not build"),
    ],
)
def test_bad_input_gets_one_line_that_says_what_to_do(tmp_path: Path, args: list[str], code: int, says: str) -> None:
    write(tmp_path, "ok", "int main(void) { return 0; }")
    write(tmp_path, "broken", "int main(void) { return x; }")
    (tmp_path / "text.txt").write_text("hello")
    done = ipclab("run", *args, cwd=tmp_path)
    assert done.returncode == code and says in done.stderr and "Traceback" not in done.stderr
    assert code != 2 or len(done.stderr.strip().splitlines()) == 1
