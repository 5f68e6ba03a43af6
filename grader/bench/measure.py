"""What is measured: each function here gives figures, and says so where it cannot. Nothing is judged and nothing printed."""

from __future__ import annotations

import contextlib
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(__file__).resolve().parent / "programs"
sys.path.insert(0, str(ROOT / "grader"))

from ipclab import build, events, grading, kit  # noqa: E402
from ipclab.intake import take_in  # noqa: E402
from ipclab.model import Lab, Limits, Submission  # noqa: E402
from ipclab.plan import Plan, TestEntry  # noqa: E402
from ipclab.sandbox import File, Files, Sandbox  # noqa: E402
from ipclab.sandbox import docker as docker_sandbox  # noqa: E402
from ipclab.sandbox.local import LocalSandbox  # noqa: E402
from ipclab.slots import uids  # noqa: E402

IPCLAB = ROOT / "ipclab"
MANY_SPAWNS = 200
SPAWN_RUNS = 5
RUN_SECONDS = 1800
MIB = 1 << 20


class NotMeasured(Exception):
    """Why a figure cannot be had here."""


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    unit: str
    target: float | None = None  # None: there is none, the figure stands for itself
    detail: str = ""

    @property
    def met(self) -> bool | None:
        return None if self.target is None else self.value <= self.target


@dataclass(frozen=True)
class Bench:
    lab: Lab
    repeat: int
    scratch: Path


# ---- helpers -----------------------------------------------------------------------------------------


def command(argv: Sequence[str | Path], cwd: Path | None = None, *, may_fail: bool = False) -> str:
    words = [str(word) for word in argv]
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=RUN_SECONDS)
    if done.returncode != 0 and not may_fail:
        last = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        raise NotMeasured(f"`{' '.join(words)}` ended with {done.returncode}: {last}")
    return done.stdout


def seconds_of(work: Callable[[], object]) -> float:
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def medians(bench: Bench, work: Callable[[], object]) -> tuple[float, str]:
    """Median of several runs after one that warms the caches, and how far they lie apart."""
    work()
    times = [seconds_of(work) for _ in range(bench.repeat)]
    return statistics.median(times), f"{bench.repeat} runs, {min(times):.2f} to {max(times):.2f} s"


def need_docker() -> None:
    if docker_sandbox.engine() is None:
        raise NotMeasured("no container engine answers")
    docker_sandbox.image()


# ---- one supervised start ------------------------------------------------------------------------------


def resident_peak(binary: Path) -> int:
    """The highest peak of resident bytes among the processes that run this program now."""
    peak = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, StopIteration):
            if os.readlink(process / "exe") == str(binary):
                lines = (process / "status").read_text(encoding="utf-8").splitlines()
                peak = max(peak, int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024)
    return peak


def spawn_binaries(bench: Bench, base: Path) -> tuple[bytes, bytes]:
    """The judge, and the program that it starts; bare lies beside them in scratch."""
    flags = ["-std=gnu17", "-O2", "-g"]
    testkit = kit.PACKAGE.parent / "testkit"
    for name in ("nothing", "bare"):
        command([kit.GCC, *flags, PROGRAMS / f"{name}.c", "-o", bench.scratch / name])
    judge = [PROGRAMS / "spawns.c", base / "libtestkit.a", "-lcmocka", "-pthread", "-lrt", "-lm"]
    command([kit.GCC, *flags, f"-DMANY={MANY_SPAWNS}", f"-I{testkit}", *judge, "-o", bench.scratch / "spawns"])
    return (bench.scratch / "spawns").read_bytes(), (bench.scratch / "nothing").read_bytes()


def spawn_plan() -> Plan:
    limits = replace(Limits(), wall_ms=120_000, cpu_ms=120_000)
    names = ["spawns_one", "spawns_many"] * SPAWN_RUNS
    entries = [
        TestEntry(f"{name}.{i}", "judge/spawns", name, "plain", limits, seed=1, uses=(("nothing", "nothing"),))
        for i, name in enumerate(names)
    ]
    return Plan(tuple(entries), (("nothing", "bin/nothing"),))


def bare_at_once(argv: Sequence[str | Path], copies: int) -> float:
    """Milliseconds of one bare start while so many processes do nothing but that."""
    words = [str(word) for word in argv]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(copies)]
    printed = [process.communicate(timeout=RUN_SECONDS)[0] for process in running]
    return statistics.mean(int(text) for text in printed) / MANY_SPAWNS / 1e6


def spawn(bench: Bench) -> Iterator[Figure]:
    base = kit.base()
    judge, program = spawn_binaries(bench, base)
    files = {"judge/spawns": File(judge, 0o755), "bin/nothing": File(program, 0o755)}
    walls: dict[str, list[float]] = {"spawns_one": [], "spawns_many": []}
    peak = 0
    with LocalSandbox(base / "warden") as sandbox, uids() as pair:
        for event in sandbox.run(spawn_plan(), files, pair):
            if isinstance(event, events.End):
                if event.outcome != "finished":
                    raise NotMeasured(f"{event.id} came out as {event.outcome}")
                walls[event.id.split(".")[0]].append(event.wall_ms)
                peak = max(peak, resident_peak(base / "warden"))
            elif isinstance(event, events.Record) and '"pass"' not in event.text:
                raise NotMeasured(f"{event.id} failed: {event.text[:200]}")
    supervised = (statistics.median(walls["spawns_many"]) - statistics.median(walls["spawns_one"])) / MANY_SPAWNS
    bare_argv = [bench.scratch / "bare", bench.scratch / "nothing", str(MANY_SPAWNS)]
    bare = statistics.median(int(command(bare_argv)) / MANY_SPAWNS / 1e6 for _ in range(SPAWN_RUNS))
    cores = len(os.sched_getaffinity(0))
    crowded = bare_at_once(bare_argv, cores)
    detail = f"{supervised:.2f} ms supervised, {bare:.2f} ms bare; medians of {SPAWN_RUNS} times {MANY_SPAWNS}"
    yield Figure("a supervised start, above a bare fork and exec", supervised - bare, "ms", 2.0, detail)
    yield Figure("the same, as a ratio", supervised / bare, "x", None, "supervised / bare")
    yield Figure("an empty test: judge, one start, clean-up", statistics.median(walls["spawns_one"]), "ms")
    crowd = f"{crowded:.2f} ms with {cores} at once; above 1 the machine's own starts do not spread over its cores, nor can a class"
    yield Figure("a bare start on every core at once, against one alone", crowded / bare, "x", None, crowd)
    yield Figure("warden's resident size, its peak", peak / MIB, "MiB", 10.0, f"VmHWM while it runs {2 * SPAWN_RUNS} tests")


# ---- what a user waits for -----------------------------------------------------------------------------


def check(bench: Bench) -> Iterator[Figure]:
    """`make check` in a folder like a student's, once with the work done and once untouched."""
    for what, source in (("with the solution", bench.lab.solution), ("in the skeleton", bench.lab.skeleton)):
        folder = bench.scratch / what.replace(" ", "-") / bench.lab.slug
        folder.mkdir(parents=True)
        for path in source.iterdir():
            if path.is_file():
                (folder / path.name).write_bytes(path.read_bytes())
        argv = ["make", "check", f"IPCLAB={IPCLAB}"]
        # an untouched skeleton fails its tests, so does its make
        value, detail = medians(bench, lambda argv=argv, folder=folder: command(argv, folder, may_fail=folder.parent.name != "with-the-solution"))
        yield Figure(f"make check, {what}", value, "s", 1.2, f"about 1 s; {detail}")


def grade(bench: Bench) -> Iterator[Figure]:
    """The full grade of the reference, as a user types it."""
    for sandbox, target in (("local", 4.0), ("docker", 6.0)):
        if sandbox == "docker":
            need_docker()
        out = bench.scratch / f"{sandbox}.json"
        argv = [IPCLAB, "grade", bench.lab.slug, bench.lab.solution, "--sandbox", sandbox, "--json", out]
        value, detail = medians(bench, lambda argv=argv: command(argv))
        yield Figure(f"a full grade of the solution, {sandbox}", value, "s", target, detail)


# ---- a class -------------------------------------------------------------------------------------------


def cpu_of(sandbox: Sandbox, plan: Plan, files: Files) -> tuple[events.RunLog, float]:
    """Runs a plan; its log, and the CPU seconds of all that ran in it: compilers, judges, students' processes."""
    log, total = events.RunLog(), 0.0
    with sandbox, uids() as pair:
        for event in sandbox.run(plan, files, pair):
            log.add(event)
            if isinstance(event, events.End):
                total += event.cpu_ms / 1000
    log.finish()
    return log, total


def bare_cpu(lab: Lab, the_kit: kit.Kit, submission: Submission) -> float:
    """The CPU seconds of compiling and testing one submission, without anything that the grader does around them."""
    plan, files = build.plan(lab, submission, the_kit)
    if submission.rejection is not None or not plan.entries:
        return 0.0
    log, compiling = cpu_of(LocalSandbox(the_kit.warden), plan, files)
    built = build.read(lab, submission, log)
    if not built.programs:
        return compiling
    _, testing = cpu_of(LocalSandbox(the_kit.warden), grading.run_plan(lab, built, 1), grading.run_files(lab, built, the_kit))
    return compiling + testing


def sample_class(bench: Bench) -> Iterator[Figure]:
    folder = bench.scratch / "class"
    command([ROOT / "tools" / "sample_class.py", bench.lab.slug, folder])
    the_kit = kit.prepare(bench.lab)
    submissions = take_in([folder], bench.lab)
    cores = len(os.sched_getaffinity(0))
    bare = sum(bare_cpu(bench.lab, the_kit, submission) for submission in submissions)
    least = bare / cores
    yield Figure(f"a class of {len(submissions)}: bare CPU of its compilers and tests, over {cores} cores", least, "s")
    for sandbox in ("local", "docker"):
        if sandbox == "docker":
            need_docker()
        argv = [IPCLAB, "grade", bench.lab.slug, folder, "--sandbox", sandbox, "--json", bench.scratch / f"class-{sandbox}.json"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        value = seconds_of(lambda argv=argv: command(argv))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        detail = f"{value:.1f} s" + (f", {used:.1f} s of CPU with the grader's own" if sandbox == "local" else "")
        yield Figure(f"the class in {sandbox}, against that", value / least, "x", 1.3, detail)


MEASURES: dict[str, Callable[[Bench], Iterator[Figure]]] = {"spawn": spawn, "check": check, "grade": grade, "class": sample_class}


@contextlib.contextmanager
def prepared(lab: Lab, repeat: int) -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="ipclab-bench.") as scratch:
        yield Bench(lab, repeat, Path(scratch))
