"""A class whose grading is interrupted again and again ends with the gradebook of one that never was, and leaves nothing.

The moments are drawn from the time that an undisturbed grading takes, by a generator with a fixed seed; half of them are
SIGINT, half SIGKILL. IPCLAB_MOMENTS says how many there are in each sandbox (default: 50 local, 4 in docker, with IPCLAB_FULL=1 50 in both), IPCLAB_SEED
draws others.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import classes
import leftovers
import pytest
from ipclab import kit, results
from tree import DEADLINE, REPO

FULL = os.environ.get("IPCLAB_FULL") == "1"
EACH = 10  # moments in one test, so that several run at the same time
OF_ONE_CLASS = 5
_MOMENTS = os.environ.get("IPCLAB_MOMENTS")
LOCAL, DOCKER = (int(_MOMENTS),) * 2 if _MOMENTS else (50, 50 if FULL else 4)
BATCHES = [(name, i) for name, count in (("local", LOCAL), ("docker", DOCKER)) for i in range(-(-count // EACH))]
SIZES = {"local": min(EACH, LOCAL), "docker": min(EACH, DOCKER)}


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What comes out of the class when nobody interrupts, and how long that takes; once for each sandbox."""
    known: dict[str, tuple[Any, float]] = {}
    labs = str(classes.quick_labs(tmp_path_factory.mktemp("labs")))

    def ask(sandbox: str) -> tuple[str, Any, float]:
        if sandbox not in known:
            place = tmp_path_factory.mktemp("undisturbed")
            one = dict([next(iter(classes.MEMBERS.items()))])  # builds the kit, if need be
            for name, members in (("warm", one), ("timed", classes.MEMBERS)):
                group, out = classes.hand_in(place / name / "class", members), place / name / "out"
                began = time.monotonic()
                done = classes.grade(classes.words(sandbox, group, out), IPCLAB_LABS=labs)
                took = time.monotonic() - began
                assert done.returncode == 0, done.stderr
            known[sandbox] = classes.outcome(out), took
        return labs, *known[sandbox]

    return ask


class Campaign:
    """Interrupts the gradings of one class after the other."""

    def __init__(self, sandbox: str, place: Path, labs: str, expected: Any, took: float, seed: str) -> None:
        self.sandbox, self.place, self.expected, self.took = sandbox, place, expected, took
        self.random = random.Random(seed)
        self.classes = self.moments = 0
        self.tmp = place / "tmp"
        self.tmp.mkdir()
        self.tmp.chmod(0o711)
        self.env = {"TMPDIR": str(self.tmp), "IPCLAB_LABS": labs}

    def run(self, moments: int) -> None:
        while self.moments < moments:
            self.classes += 1
            place = self.place / str(self.classes)
            argv = classes.words(self.sandbox, classes.hand_in(place / "class"), place / "out", "--resume")
            for _ in range(min(OF_ONE_CLASS, moments - self.moments)):
                if not self._interrupt(argv):
                    break
                self.moments += 1
            self._finish(argv, place / "out")

    def _interrupt(self, argv: list[str]) -> bool:
        """False if the grading was faster than the moment came."""
        number = (signal.SIGINT, signal.SIGKILL)[self.moments % 2]
        moment = self.random.uniform(0, self.took)
        before = leftovers.look(folders=[self.tmp])
        process, owner = classes.start(argv, **self.env)
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
        said = process.communicate(timeout=DEADLINE)[1]
        told = f"{number.name} after {moment:.3f} s of {self.took:.3f}: {process.returncode}\n{said}"
        assert process.returncode in (0, -number, 130), told
        assert "Traceback" not in said, told
        if process.returncode == 130:
            assert said.splitlines()[-1].startswith("ipclab: interrupted"), told
        # nobody tidies up after SIGKILL: the next start does that
        own = [self.tmp] if number == signal.SIGINT else []
        assert leftovers.left(before, [owner], folders=own) == [], told
        return process.returncode != 0

    def _finish(self, argv: list[str], out: Path) -> None:
        done = classes.grade(argv, **self.env)
        assert done.returncode == 0, done.stderr
        assert classes.differences(classes.outcome(out), self.expected) == []
        assert list(self.tmp.iterdir()) == [] and list(out.rglob(".new-*")) == []


@pytest.mark.parametrize("sandbox,batch", BATCHES)
def test_an_interrupted_class_ends_as_an_undisturbed_one(sandbox: str, batch: int, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if sandbox == "docker":
        request.getfixturevalue("docker_image")
    labs, expected, took = request.getfixturevalue("undisturbed")(sandbox)
    seed = f"{os.environ.get('IPCLAB_SEED', '7')} {sandbox} {batch}"
    campaign = Campaign(sandbox, tmp_path, labs, expected, took, seed)
    campaign.run(SIZES[sandbox])
    suites = {kit.cache_root() / "results" / result.suite_sha256[:32] for result in results.read_all(tmp_path / "1" / "out" / "class.json")}
    assert [path for suite in suites for path in suite.glob(".new-*") if _is_lost(path)] == []


def _is_lost(path: Path) -> bool:
    """A file that some grading is writing at this moment is locked; one that no writer is behind stays."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return path.exists()
    except OSError:
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_what_was_finished_before_is_taken_over(number: signal.Signals, tmp_path: Path) -> None:
    group, out = classes.hand_in(tmp_path / "class", classes.MEMBERS | {"zoe-slow": {"add.c": classes.ADD, "echo.c": classes.SLOW}}), tmp_path / "out"
    process, _ = classes.start(classes.words("local", group, out, "--jobs", "1"))
    assert process.stderr
    said = []
    for line in process.stderr:
        said.append(line)
        if "[3/7]" in line:
            process.send_signal(number)
    process.stderr.close()
    assert process.wait(DEADLINE) == (130 if number == signal.SIGINT else -number), said
    now = classes.now()
    (group / "zoe-slow" / "echo.c").write_text(classes.ECHO)
    assert classes.grade(classes.words("local", group, out, "--resume")).returncode == 0
    assert [began < now for began in classes.begun(out)][:3] == [True] * 3 and classes.begun(out)[-1] >= now


def test_nothing_stays_of_a_kit_whose_builder_was_killed(tmp_path: Path) -> None:
    labs = classes.quick_labs(tmp_path / "labs")
    test = labs / "labs" / classes.LAB / "tests" / "public" / "test_echo.c"
    test.write_text(f"{test.read_text()}/* {tmp_path} */\n")  # so that it has to be built
    argv = classes.words("local", classes.hand_in(tmp_path / "class", {"amy-right": classes.MEMBERS["amy-right"]}), tmp_path / "out")
    process, _ = classes.start(argv, IPCLAB_LABS=str(labs))
    copies = f".new-*/lab/{test.relative_to(labs / 'labs' / classes.LAB)}"
    mine: list[Path] = []
    until = time.monotonic() + DEADLINE
    while not mine and time.monotonic() < until:
        time.sleep(0.002)
        mine = [copy for copy in kit.cache_root().glob(copies) if str(tmp_path) in _text(copy)]
    process.kill()
    process.communicate(timeout=DEADLINE)
    assert mine and mine[0].exists(), "it was killed in the middle"
    done = classes.grade(argv, IPCLAB_LABS=str(labs))
    assert done.returncode == 0 and not mine[0].parents[3].exists(), done.stderr


def _text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text()
    return ""


# ---- half-written files ---------------------------------------------------------------------------------------


def test_no_half_written_result_is_taken_over(tmp_path: Path) -> None:
    group, out = classes.hand_in(tmp_path / "class"), tmp_path / "out"
    argv = classes.words("local", group, out, "--resume")
    assert classes.grade(argv).returncode == 0
    expected, first = classes.outcome(out), classes.begun(out)
    kept = [_kept(result) for result in results.read_all(out / "class.json")]
    whole = [path.read_bytes() for path in kept]
    cuts = [0, 1, len(whole[2]) // 2, len(whole[3]) - 3]
    for path, data, cut in zip(kept, whole, cuts):
        path.write_bytes(data[:cut])
    kept[4].write_bytes(whole[5])  # another's result is none of this submission's
    assert classes.grade(argv).returncode == 0
    assert classes.differences(classes.outcome(out), expected) == []
    assert [again == before for again, before in zip(classes.begun(out), first)] == [False] * 5 + [True]


def _kept(result: Any) -> Path:
    path = kit.cache_root() / "results" / result.suite_sha256[:32] / f"{result.sha256}.json"
    assert path.is_file()
    return path


# Writes a file, and is killed when it comes to one of the calls that do it.
WRITES = """
import os, signal, sys
from pathlib import Path
from ipclab import results
name, module = sys.argv[1], sys.modules[sys.argv[2]]
def killed(*args, **more):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, name, killed)
results.write_atomic(Path(sys.argv[3]), b"new " * 100_000)
"""


@pytest.mark.parametrize("call,module", [("fchmod", "os"), ("fsync", "os"), ("replace", "os"), ("flock", "fcntl")])
def test_a_file_whose_writer_is_killed_stays_as_it_was(tmp_path: Path, call: str, module: str) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(b"old")
    argv = [sys.executable, "-c", WRITES, call, module, str(path)]
    done = subprocess.run(argv, env=os.environ | {"PYTHONPATH": str(REPO / "grader")}, timeout=DEADLINE)
    assert done.returncode == -signal.SIGKILL
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 2, "it was killed before it wrote anything"
    (tmp_path / ".new-folder").mkdir()  # not ours
    results.write_atomic(path, b"newer")
    assert path.read_bytes() == b"newer"
    assert sorted(p.name for p in tmp_path.iterdir()) == [".new-folder", "r.json"]


def test_a_file_that_is_being_written_is_not_swept_away(tmp_path: Path) -> None:
    handle, new = results._make_new(tmp_path)
    try:
        results._sweep.cache_clear()
        results.write_atomic(tmp_path / "other", b"x")
        assert new.exists()
    finally:
        os.close(handle)
    results._sweep.cache_clear()
    results.write_atomic(tmp_path / "other", b"y")
    assert [p.name for p in tmp_path.iterdir()] == ["other"]


def test_an_interrupt_while_python_starts_and_ends_has_no_traceback() -> None:
    """Python's own answer to SIGINT is a traceback: before our first line, and after our last one."""
    argv, millisecond = [str(classes.REPO / "ipclab"), "--help"], 1 / 1000
    began = time.monotonic()
    subprocess.run(argv, stdout=subprocess.DEVNULL, timeout=DEADLINE, check=True)
    took = time.monotonic() - began
    ended = set()
    for moment in range(60):
        process, _ = classes.start(argv)
        try:
            process.wait(took * moment / 50 + millisecond)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=DEADLINE)[1]
        assert process.returncode in (0, -signal.SIGINT, 130), said
        assert said.strip() in ("", "ipclab: interrupted"), said
        ended.add(process.returncode)
    assert 130 in ended  # some were caught in between
