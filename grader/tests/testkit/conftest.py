"""Judges written with testkit, run by the warden of this tree: `lab.run("streams", "upper_is_right")`."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
GRADER = HERE.parent.parent
DEADLINE = 120
WARN = ["-std=gnu17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"]


@dataclass(frozen=True)
class Outcome:
    events: tuple[dict[str, Any], ...]
    exit_code: int
    stderr: str

    def of(self, event: str) -> list[dict[str, Any]]:
        return [e for e in self.events if e["event"] == event]

    @property
    def end(self) -> dict[str, Any]:
        (end,) = self.of("end")
        return end

    @property
    def record(self) -> dict[str, Any]:
        records = self.of("record")
        assert len(records) == 1, (self.events, self.stderr)
        return json.loads(records[0]["record"])

    @property
    def findings(self) -> list[tuple[str, str]]:
        return [(f["kind"], f["cause"]) for f in self.of("finding")]

    def output(self, who: str) -> str:
        return "".join(e["text"] for e in self.of("output") if e["who"] == who)


def run(*argv: str | Path) -> None:
    subprocess.run([str(a) for a in argv], check=True, timeout=DEADLINE)


class Built:
    """What these tests need of C, built once for all of pytest's workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sources = HERE / "data"

    def once(self, name: str, *argv: str | Path) -> Path:
        """DIR/NAME, made by argv unless it is there; workers of one session take turns."""
        path = self.folder / name
        with open(self.folder / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self.folder / f"{name}.done").exists():
                run(*argv)
                (self.folder / f"{name}.done").touch()
        return path

    @property
    def warden(self) -> Path:
        return self.once("warden", "make", "-s", "-C", GRADER / "warden", f"OUT={self.folder}")

    @property
    def testkit(self) -> Path:
        return self.once("libtestkit.a", "make", "-s", "-C", GRADER / "testkit", f"OUT={self.folder}")

    def judge(self, name: str) -> Path:
        source = self.sources / f"{name}.c"
        return self.once(f"judge-{name}", "gcc", *WARN, "-g", "-I", GRADER / "testkit", "-o", self.folder / f"judge-{name}",
                         source, self.testkit, "-lcmocka")

    def program(self, name: str) -> Path:
        return self.once(name, "gcc", *WARN, "-g", "-o", self.folder / name, self.sources / f"{name}.c")

    def driver(self, name: str) -> Path:
        self.testkit
        return self.once(name, "gcc", *WARN, "-g", "-I", GRADER / "testkit", "-o", self.folder / name,
                         self.sources / f"{name}.c", self.folder / "libdriver.a")

    def inspector(self, name: str, *more: str) -> Path:
        """A program that looks at testkit's inner parts; with the sanitizers."""
        sources = [GRADER / "testkit" / f"{part}.c" for part in more]
        return self.once(name, "gcc", *WARN, "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
                         "-I", GRADER / "testkit", "-o", self.folder / name, self.sources / f"{name}.c", *sources, "-lcmocka")


@dataclass(frozen=True)
class Lab:
    built: Built
    work: Path

    def run(self, judge: str, test: str, *entry: str, options: tuple[str, ...] = ()) -> Outcome:
        """One entry of a plan; `entry` are further lines of it."""
        uid = 61002 + os.getpid() % 1000 * 4  # limits count by uid: each worker has its own
        lines = ["plan 1", f"work {self.work}", f"uid student {uid}", f"uid judge {uid + 1}", "program student bin/student", "program functions bin/functions",
                 "program network bin/network", "peer hander bin/network",
                 "test t", f"judge judge/judge-{judge}", f"name {test}", "seed 5eed", *entry, "end", ""]
        self.install(self.built.judge(judge), "judge")
        self.install(self.built.program("student"), "bin")
        self.install(self.built.program("network"), "bin")
        self.install(self.built.driver("functions"), "bin")
        return self.plan("\n".join(lines), options)

    def install(self, binary: Path, folder: str) -> None:
        path = self.work / folder / binary.name
        path.write_bytes(binary.read_bytes())
        path.chmod(0o755)

    def plan(self, text: str, options: tuple[str, ...]) -> Outcome:
        plan_r, plan_w = os.pipe()
        events_r, events_w = os.pipe()
        lease_r, lease_w = os.pipe()
        os.write(plan_w, text.encode())
        os.close(plan_w)
        process = subprocess.Popen(
            [str(self.built.warden), "--plan", str(plan_r), "--events", str(events_w), "--lease", str(lease_r), *options],
            pass_fds=(plan_r, events_w, lease_r), stderr=subprocess.PIPE, text=True,
        )
        for fd in (plan_r, events_w, lease_r):
            os.close(fd)
        timer = threading.Timer(DEADLINE, process.kill)
        timer.start()
        with os.fdopen(events_r, "rb") as stream:
            events = tuple(json.loads(line) for line in stream)
        _, stderr = process.communicate(timeout=DEADLINE)
        timer.cancel()
        os.close(lease_w)
        return Outcome(events, process.returncode, stderr)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    # The workers of one session share the parent of their folders.
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if worker else base) / "testkit-built"
    folder.mkdir(exist_ok=True)
    return Built(folder)


@pytest.fixture
def lab(built: Built) -> Iterator[Lab]:
    # Not tmp_path: pytest keeps that private, and the student's uid must pass through at level `none`.
    with tempfile.TemporaryDirectory(prefix="ipclab-test-", ignore_cleanup_errors=True) as folder:
        outer = Path(folder)
        outer.chmod(0o711)
        work = outer / "work"
        for sub in ("bin", "judge"):
            (work / sub).mkdir(parents=True)
            (work / sub).chmod(0o755)
        work.chmod(0o755)
        yield Lab(built, work)


class Pipe:
    """An inspector that answers each case with a line: one process for thousands of cases."""

    def __init__(self, binary: Path) -> None:
        self.process = subprocess.Popen([str(binary)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.timer = threading.Timer(10 * DEADLINE, self.process.kill)

    def __enter__(self) -> Pipe:
        self.timer.start()
        return self

    def ask(self, case: bytes) -> str:
        assert self.process.stdin and self.process.stdout and self.process.stderr
        try:
            self.process.stdin.write(case)
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), self.process.stderr.read().decode()
        return line.decode().removesuffix("\n")

    def __exit__(self, *_: object) -> None:
        _, stderr = self.process.communicate(timeout=DEADLINE)
        self.timer.cancel()
        assert self.process.returncode == 0, stderr.decode()
