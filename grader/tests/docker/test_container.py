"""The run flags hold in a running container; where it is cheap to try, the attack succeeds once the flag is taken away."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

Container = Callable[..., subprocess.CompletedProcess[str]]

CAPABILITIES = {"CAP_KILL": 5, "CAP_SETGID": 6, "CAP_SETUID": 7, "CAP_SYS_PTRACE": 19}
AS_STUDENT = "setpriv --reuid 20000 --regid 20000 --clear-groups "


def status(container: Container, script: str) -> dict[str, str]:
    done = container(script)
    assert done.returncode == 0, done.stderr
    return {key: value.strip() for key, _, value in (line.partition(":") for line in done.stdout.splitlines())}


def test_the_supervisor_has_four_capabilities_and_can_gain_none(container: Container) -> None:
    said = status(container, "cat /proc/self/status")
    mask = sum(1 << bit for bit in CAPABILITIES.values())
    for kind in ("CapPrm", "CapEff", "CapBnd"):
        assert int(said[kind], 16) == mask, (kind, said[kind])
    assert int(said["CapAmb"], 16) == 0
    assert said["NoNewPrivs"] == "1"
    assert said["Seccomp"] == "2"


def test_a_student_has_no_capability(container: Container) -> None:
    said = status(container, AS_STUDENT + "cat /proc/self/status")
    assert said["Uid"].split() == ["20000"] * 4
    assert int(said["CapPrm"], 16) == int(said["CapEff"], 16) == int(said["CapAmb"], 16) == 0


LIST_INTERFACES = "ls /sys/class/net; cat /proc/net/route"


def test_there_is_no_network(container: Container) -> None:
    done = container(LIST_INTERFACES)
    assert done.returncode == 0, done.stderr
    words = done.stdout.split()
    assert "lo" in words and "eth0" not in words
    without = container(LIST_INTERFACES, without="--network=none")
    assert "eth0" in without.stdout.split(), "the control has no network either"


# /work and /tmp are the only places for files, and what is in /tmp does not run
WRITE = "for place in / /etc /usr/bin /var/tmp /root /home; do if (echo x >$place/planted) 2>/dev/null; then echo $place; fi; done"


def test_the_root_is_read_only(container: Container) -> None:
    assert container(WRITE).stdout.split() == []
    assert "/etc" in container(WRITE, without="--read-only").stdout.split()


def test_only_work_is_executable(container: Container) -> None:
    done = container("for place in /work /tmp /dev/shm; do cp /bin/true $place/x && $place/x 2>/dev/null && echo $place; done; :")
    assert done.stdout.split() == ["/work"]


def test_a_student_cannot_write_into_the_work_folder(container: Container) -> None:
    done = container(AS_STUDENT + "sh -c 'echo x >/work/planted'")
    assert done.returncode != 0 and "denied" in done.stderr


@pytest.mark.parametrize(
    ("fill", "reason"),
    [
        ("head -c 600m /dev/zero >/tmp/big", "No space left"),
        ("head -c 600m /dev/zero >/dev/shm/big", "No space left"),
        ("cd /tmp && seq 20000 | xargs touch", "No space left"),
        ("ulimit -c; ulimit -c 1", "limit"),
    ],
    ids=["tmp", "shm", "inodes", "core"],
)
def test_space_is_bounded(container: Container, fill: str, reason: str) -> None:
    # the limit on one file's size would come first, and hide the one that is tried here
    done = container(AS_STUDENT + f"sh -c '{fill}'", without="--ulimit=fsize")
    assert done.returncode != 0
    assert reason in done.stderr, done.stderr


def test_one_file_is_bounded(container: Container) -> None:
    done = container("head -c 300m /dev/zero >/work/big; echo code $?")
    assert "code 153" in done.stdout, done.stdout + done.stderr  # 128 + SIGXFSZ


def test_processes_are_bounded(container: Container) -> None:
    # each waits for a writer that does not come; the container's end ends them
    done = container("mkfifo /work/never; i=0; while [ $i -lt 1100 ]; do read line </work/never & i=$((i + 1)); done")
    assert done.returncode != 0 and "annot fork" in done.stderr, done.stderr


EAT_MEMORY = "head -c 160m /dev/zero >/dev/shm/eaten; wc -c </dev/shm/eaten"  # shared memory is memory, and is there to be filled


def test_memory_is_bounded(container: Container) -> None:
    bounded = container(EAT_MEMORY, without="--memory=", extra=("--memory=64m", "--memory-swap=64m"))
    assert bounded.returncode == 137 or "Killed" in bounded.stderr, bounded
    assert int(bounded.stdout or 0) <= 64 << 20
    assert int(container(EAT_MEMORY).stdout) == 160 << 20


def test_ipc_objects_are_the_containers_own(container: Container) -> None:
    done = container("wc -l </proc/sysvipc/shm; wc -l </proc/sysvipc/sem; wc -l </proc/sysvipc/msg; ls -A /dev/shm /dev/mqueue | grep -c '^[^/]'")
    assert done.stdout.split() == ["1", "1", "1", "0"]  # a heading each


def test_valgrind_finds_a_leak_with_its_line(container: Container) -> None:
    source = "#include <stdlib.h>\nint main(void)\n{\n    char *volatile lost = malloc(3);\n    lost = NULL;\n    return lost != NULL;\n}\n"
    done = container(
        "cat >/work/leaks.c && gcc -g -o /work/leaks /work/leaks.c && "
        + AS_STUDENT
        + "valgrind --leak-check=full --error-exitcode=9 /work/leaks",
        stdin=source,
    )
    assert done.returncode == 9, done.stderr
    assert "leaks.c:4" in done.stderr
    assert "3 bytes in 1 blocks are definitely lost" in done.stderr
