"""leftovers.py sees what it is for, each kind of thing, and does not take another test's for its own."""

from __future__ import annotations

import ctypes
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import leftovers
import pytest
from ipclab import events, kit, slots
from ipclab.model import Limits
from ipclab.plan import CommandEntry, Plan
from ipclab.sandbox import Sandbox, docker, local
from ipclab.slots import uids
from tree import DEADLINE

ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make such things")
LAST_UID = slots.FIRST + 2 * slots.PAIRS - 1  # the last that would be handed out: nobody has it
SOON = 0.3


@contextmanager
def asleep(uid: int, *before: str) -> Iterator[subprocess.Popen[str]]:
    """A process of that uid that is there until the block ends."""
    argv = [*before, sys.executable, "-c", f"import os, time; os.setuid({uid}); print(os.getpid(), flush=True); time.sleep(1000)"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str]) -> int:
    assert process.stdout
    return int(process.stdout.readline())


@ROOT
def test_a_process_of_a_sandbox_s_uid_is_seen_and_then_gone() -> None:
    before = leftovers.look()
    with asleep(LAST_UID) as process:
        pid = told(process)
        assert any(line.startswith(f"process: uid {LAST_UID}: {pid} ") for line in leftovers.left(before, patience=SOON))
    assert leftovers.left(before) == []


@ROOT
def test_one_that_nobody_is_behind_is_seen() -> None:
    before = leftovers.look()
    with asleep(LAST_UID, "setsid", "--fork") as process:
        pid = told(process)
        process.wait(DEADLINE)  # its parent has ended, and it is now the machine's
        try:
            assert any(str(pid) in line for line in leftovers.left(before, patience=SOON))
        finally:
            os.kill(pid, signal.SIGKILL)
    assert leftovers.left(before) == []


def test_what_another_living_test_is_behind_is_not_ours() -> None:
    """Here, of a test that is no descendant of this one: the whole tree of processes is made up."""

    def made(pid: int, parent: int, uid: int = 0, name: str = "python3", *, zombie: bool = False) -> leftovers.Process:
        return leftovers.Process(pid, parent, uid, name, (), "", zombie)

    own, above = os.getpid(), os.getppid()
    free = 5_000_000  # no pid is so high
    every = {p.pid: p for p in (
        made(1, 0), made(above, 1), made(own, above),
        made(free, own), made(free + 1, free, LAST_UID),  # ours
        made(free + 2, above), made(free + 3, free + 2, 0, "warden"), made(free + 4, free + 3, LAST_UID),  # another worker's
        made(free + 5, above, LAST_UID), made(free + 6, 1, 0, "warden"),  # lost ones
        made(free + 7, above, zombie=True), made(free + 8, free + 7, LAST_UID),  # whose grader has just ended
    )}  # fmt: skip
    owners = leftovers.Owners((), every)
    assert [pid - free for pid in sorted(every) if pid > free and owners.theirs(pid)] == [2, 3, 4]


@ROOT
def test_a_run_in_the_local_sandbox_is_seen_with_all_that_belongs_to_it() -> None:
    """A sandbox that works now is what would be left of it; one of somebody else is let be."""
    before = leftovers.look()
    with local.LocalSandbox(kit.base() / "warden") as sandbox, uids() as pair:
        for event in sandbox.run(_lasting(), {}, pair):
            if isinstance(event, events.Spawn):
                break
        seen = leftovers.left(before, patience=SOON)
        assert {line.partition(":")[0] for line in seen} >= {"process", "file"}
        assert any("warden" in line for line in seen) and any(f"uid {pair.student}:" in line for line in seen)
        if Path("/sys/fs/cgroup/memory").is_dir() or Path("/sys/fs/cgroup/cgroup.controllers").is_file():
            assert any(line.startswith("cgroup: ") for line in seen)
    assert leftovers.left(before) == []


def test_a_container_is_seen_with_all_that_belongs_to_it(docker_image: str) -> None:
    image = docker.image()
    before = leftovers.look()
    sandbox: Sandbox = docker.DockerSandbox(image, (kit.base(image) / "warden").read_bytes())
    with sandbox, uids() as pair:
        for event in sandbox.run(_lasting(), {}, pair):
            if isinstance(event, events.Spawn):
                break
        seen = leftovers.left(before, patience=SOON)
        assert {line.partition(":")[0] for line in seen} >= {"process", "container", "mount"}
        assert any(local.owner() in line for line in seen if line.startswith("container"))
    assert leftovers.left(before) == []


def _lasting() -> Plan:
    return Plan((CommandEntry("c", ("/bin/sleep", "1000"), Limits(wall_ms=600_000)),))


@ROOT
def test_objects_of_a_sandbox_s_uid_are_seen() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    before = leftovers.look()
    name = f"ipclab-test-{secrets.token_hex(8)}"
    paths = [Path(folder, name) for folder in ("/dev/shm", "/tmp")]
    if Path("/dev/mqueue").is_dir() and os.path.ismount("/dev/mqueue"):
        paths.append(Path("/dev/mqueue", name))
    made = [libc.shmget(0, 4096, 0o1600), libc.semget(0, 1, 0o1600), libc.msgget(0, 0o1600)]
    child = subprocess.run(
        [sys.executable, "-c", f"import ctypes, os; os.setuid({LAST_UID}); c = ctypes.CDLL(None); "
         "print(c.shmget(0, 4096, 0o1600), c.semget(0, 1, 0o1600), c.msgget(0, 0o1600))"],
        capture_output=True, text=True, check=True, timeout=DEADLINE,
    )  # fmt: skip
    theirs = [int(word) for word in child.stdout.split()]
    try:
        for path in paths:
            path.touch()
            os.chown(path, LAST_UID, LAST_UID)
        seen = leftovers.left(before, patience=SOON)
        assert sum(name in line for line in seen) == len(paths)
        for kind, number, roots in zip(("shm", "sem", "msg"), theirs, made):
            found = [line for line in seen if line.startswith(f"System V {kind}: ")]
            assert any(f" id {number}," in line for line in found) and not any(f" id {roots}," in line for line in found)
    finally:
        for shm, sem, msg in (made, theirs):
            libc.shmctl(shm, 0, None)
            libc.semctl(sem, 0, 0)
            libc.msgctl(msg, 0, None)
        for path in paths:
            path.unlink(missing_ok=True)
    assert leftovers.left(before) == []


@ROOT
def test_a_mount_and_a_file_in_a_folder_of_our_own_are_seen(tmp_path: Path) -> None:
    before = leftovers.look(folders=[tmp_path])
    place = tmp_path / "here"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "ipclab-test", place], check=True, timeout=DEADLINE)
    try:
        seen = leftovers.left(before, folders=[tmp_path], patience=SOON)
        assert f"mount: {place} (tmpfs)" in seen and any(line.startswith(f"file: {place} ") for line in seen)
    finally:
        subprocess.run(["umount", place], check=True, timeout=DEADLINE)
    place.rmdir()
    assert leftovers.left(before, folders=[tmp_path]) == []


def test_a_block_that_leaves_something_fails_and_says_what(tmp_path: Path) -> None:
    with leftovers.nothing_left(folders=[tmp_path]):
        (tmp_path / "gone").touch()
        (tmp_path / "gone").unlink()
    with pytest.raises(AssertionError, match="stays"):
        with leftovers.nothing_left(folders=[tmp_path], patience=SOON):
            (tmp_path / "stays").touch()
