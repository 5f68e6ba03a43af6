"""No memory: for warden itself, and for all that run in a machine or a container that has too little."""

from __future__ import annotations

import os
import resource
import signal
from pathlib import Path

import classes
import leftovers
import pytest
from scene import wait_for_scene
from tree import DEADLINE

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may limit what is not its own")
# Waits until it is let go on, then says much on stderr, which warden keeps.
SAYS_MUCH = """#include <signal.h>
#include <time.h>
#include <unistd.h>
static char much[1 << 16];
int main(void)
{
    sigset_t set;
    const struct timespec end = {60, 0}; /* without one it would be proven stuck */
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, 0);
    sigtimedwait(&set, 0, &end);
    for (int i = 0; i < (int)sizeof much; i++)
        much[i] = 'x';
    for (int i = 0; i < 8; i++)
        (void)!write(2, much, sizeof much);
    return 0;
}
"""


def would_go(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text())


@pytest.mark.parametrize("sandbox", ["local", "docker"])
def test_a_warden_without_memory_says_so_and_gives_no_zero(sandbox: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if sandbox == "docker":
        request.getfixturevalue("docker_image")
    labs, out = classes.quick_labs(tmp_path / "labs"), tmp_path / "out"
    right = classes.MEMBERS["amy-right"]
    group = classes.hand_in(tmp_path / "class", {"a-victim": {"add.c": classes.ADD, "echo.c": SAYS_MUCH}, "b-quick": right})
    before = leftovers.look()
    process, owner = classes.start([*classes.words(sandbox, group, out), "--jobs", "1"], IPCLAB_LABS=str(labs))
    try:
        scene = wait_for_scene("echo.O0", process.pid, owner)
        # whom the kernel would end first where memory runs out
        assert would_go(scene.seen.pid) == 1000 > would_go(scene.judge().pid) >= would_go(scene.wardens()[0].pid)
        resource.prlimit(scene.wardens()[0].pid, resource.RLIMIT_AS, (1 << 12, 1 << 12))  # it has more: it gets none
        os.kill(scene.seen.pid, signal.SIGUSR1)
    finally:
        said = process.communicate(timeout=DEADLINE)[1]
    assert process.returncode == 3 and "1 of 2 could not be graded" in classes.last_line(said), said
    assert classes.unharmed(out) == {"warden_fault"}
    first, second = classes.results.read_all(out / "class.json")
    assert "out of memory" in first.findings[0].text and (second.student, second.score) == ("b-quick", 12)
    assert leftovers.left(before, [owner]) == []
