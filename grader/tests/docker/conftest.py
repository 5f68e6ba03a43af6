"""Runs commands in containers with exactly the flags that submissions get, or with one of them taken away as a control."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ipclab.sandbox import docker

HERE = Path(__file__).parent
RUN_SECONDS = 180
COMPILE = "gcc -std=gnu17 -Wall -Wextra -Wshadow -Wconversion -Werror -o /work/probe -x c /work/probe.c"

Container = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def container(docker_image: str) -> Container:
    """container(script, without="--network=none", extra=(...), stdin="…") runs a shell script in a fresh container."""

    def run(script: str, *, without: str | None = None, extra: tuple[str, ...] = (), stdin: str = "") -> subprocess.CompletedProcess[str]:
        flags = list(docker.run_flags())
        if without is not None:
            kept = [flag for flag in flags if not flag.startswith(without)]
            assert len(kept) < len(flags), f"{without} is not among the flags: this control controls nothing"
            flags = kept
        argv = [docker.client(), "run", *flags, *extra, docker_image, "/bin/sh", "-c", script]
        return subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=RUN_SECONDS)

    return run


@pytest.fixture
def probe(container: Container) -> Callable[..., dict[str, str]]:
    """probe(...) compiles data/probe.c in a container and runs it as a student's uid: {name of the probe: what the kernel said}."""
    source = (HERE / "data" / "probe.c").read_text(encoding="utf-8")

    def run(**control: object) -> dict[str, str]:
        script = f"cat >/work/probe.c && {COMPILE} && setpriv --reuid 20000 --regid 20000 --clear-groups /work/probe"
        done = container(script, stdin=source, **control)
        assert done.returncode == 0, done.stderr
        return dict(line.split(" ", 1) for line in done.stdout.splitlines())

    return run
