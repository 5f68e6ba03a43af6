"""Programs and judges that pause at random: what depends on who is faster shows, and nothing else changes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from ipclab import kit
from ipclab.faults import UsageFault
from tree import LAB, REPO, TREE, ipclab

TIMES = 40


def gate(tree: Path, *args: str) -> tuple[int, list[str]]:
    done = ipclab("validate", LAB, "--sandbox", "local", "--perturb", *args, IPCLAB_LABS=str(tree))
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_what_does_not_depend_on_time_comes_out_as_ever() -> None:
    _, said = gate(TREE, "--whole", "--repeat", "3")
    assert [line for line in said if line.startswith("FAIL") and "enough of each" not in line] == []
    assert "ok    mutant zombie" in said and "ok    solution, 3 times plain" in said


def test_a_judge_that_takes_two_sends_for_one_is_found(tmp_path: Path) -> None:
    """echo reads once; whether that brings all that the judge sends depends on who is faster."""
    tree = Path(shutil.copytree(TREE, tmp_path / "tree"))
    (tree / "solutions" / LAB / "echo.c").write_text(
        "#include <unistd.h>\n\nint main(void)\n{\n    char b[100];\n    ssize_t n = read(0, b, sizeof b);\n    return write(1, b, (size_t)n) != n;\n}\n"
    )
    judge = tree / "labs" / LAB / "tests" / "public" / "test_echo.c"
    text = judge.read_text()
    old = 'tk_exchange(echo, "hello", 5);'
    assert old in text
    judge.write_text(text.replace(old, 'tk_exchange(echo, "o", 1);').replace(
        "    tk_bytes out", '    for (int i = 0; i < 16; i++)\n        tk_send(echo, "hell" + i % 4, 1);\n    tk_bytes out', 1
    ).replace('out, "hello", 5', 'out, "hellhellhellhello", 17'))  # fmt: skip
    code, said = gate(tree, "--only", "solution", "--repeat", str(TIMES))
    assert code == 1 and [line for line in said if "echo_copies flipped" in line] != [], said


SOURCE = r"""
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    int file = memfd_create("some", 0);
    for (int i = 0; i < 300; i++) {
        void *place = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, (i % 4) * 4096L); /* six arguments */
        if (place == MAP_FAILED || munmap(place, 4096) != 0)
            return 1;
        printf("%d %.1f %s %ld %.2f %c %d %.3f %d %.1f\n", i, 0.5, "three", 4L, 5.25, '6', 7, 8.125, i, 9.5);
    }
    fflush(stdout);
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {sizeof code / sizeof *code, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
        return 2;
    for (int i = 0; i < 300; i++) /* any other call than write ends the process from here on */
        if (write(1, "call\n", 5) != 5)
            syscall(SYS_exit, 3);
    syscall(SYS_exit, 0);
}
"""


def test_a_gate_hands_every_argument_on_and_makes_no_call(tmp_path: Path) -> None:
    (tmp_path / "some.c").write_text(SOURCE)
    folder = kit.perturb()
    plain, pausing = ["gcc", "-o", "plain", "some.c"], ["gcc", "-o", "pausing", "some.c", folder / "perturb-program.o", f"@{folder / 'perturb-program.wrap'}"]
    said = []
    for argv in (plain, pausing):
        subprocess.run(argv, cwd=tmp_path, check=True, timeout=60)
        done = subprocess.run([tmp_path / str(argv[2])], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done
        said.append(done.stdout)
    assert said[0] == said[1] and said[0].splitlines()[299] == "299 0.5 three 4 5.25 6 7 8.125 299 9.5"


@pytest.mark.parametrize("part", ["program", "judge"])
def test_every_call_has_its_gate(part: str) -> None:
    folder = kit.perturb()
    wrapped = [line.removeprefix("-Wl,--wrap=") for line in (folder / f"perturb-{part}.wrap").read_text().split()]
    listed = [line[5:-1] for line in (REPO / "grader" / "perturb" / "calls.def").read_text().splitlines() if line.startswith("CALL(")]
    assert wrapped[: len(listed)] == listed and len(set(wrapped)) == len(wrapped)
    assert all(name.startswith("tk_") for name in wrapped[len(listed) :]) and (("tk_send" in wrapped) == (part == "judge"))
    said = subprocess.run(["nm", folder / f"perturb-{part}.o"], capture_output=True, text=True, timeout=60, check=True).stdout
    gates = {line.split()[-1].removeprefix("__wrap_") for line in said.splitlines() if " T __wrap_" in line}
    assert gates == set(wrapped)


def test_where_it_cannot_be_had_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with monkeypatch.context() as other:
        other.setattr("platform.machine", lambda: "aarch64")
        with pytest.raises(UsageFault, match="x86-64 only, and this is aarch64"):
            kit.perturb()
    monkeypatch.setattr(kit, "PACKAGE", tmp_path / "ipclab")
    with pytest.raises(UsageFault, match="not in an export"):
        kit.perturb()
