"""What weave costs: the slowdown of the same loops under weave (two processes) and under ThreadSanitizer (two threads), and
how many schedules a second it runs."""

from __future__ import annotations

import json
import os
import select
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import measure
from ipclab import kit
from ipclab.weaving import program
from measure import PROGRAMS, Bench, Figure, NotMeasured, command

LOOPS = {  # name: how often a worker goes round, and for people
    "counter": (20_000_000, "racy counter"),
    "semaphore": (1_000_000, "under a semaphore"),
    "mutex": (1_000_000, "under a mutex"),
    "sweep": (60, "sweep over a shared array"),
    "matrix": (5, "private matrix product"),
}
# Rounds of the counter: enough that the start of valgrind does not count.
UNDER = {"helgrind": ("Helgrind", 5_000_000), "drd": ("DRD", 200_000)}
DEADLINE = 300
SCHEDULES = 200


def _seconds(argv: Sequence[str | Path]) -> float:
    """A command's time on the wall: two workers on two cores are what a user waits for."""
    began = time.perf_counter()
    with subprocess.Popen([str(a) for a in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        # wait() with a timeout looks every 50 ms at the end, which is too rarely here
        end = os.pidfd_open(process.pid)
        ended, _, _ = select.select([end], [], [], DEADLINE)
        taken = time.perf_counter() - began
        os.close(end)
        if not ended:
            process.kill()
    if process.returncode not in (0, 66):  # 66: ThreadSanitizer has found something
        raise NotMeasured(f"{Path(argv[0]).name} ended with status {process.returncode}")
    return taken


def build(folder: Path, source: Path, name: str) -> Path:
    """A program for weave, made as `ipclab explore` makes it."""
    tools = kit.weave()
    options = folder / "weave.ld"
    options.write_bytes(program.wrap_options((tools / "weave.wrap").read_text("ascii")))
    command([kit.GCC, "-std=gnu17", *program.FLAGS, "-c", source, "-o", folder / f"{name}.o"])
    command([kit.GCC, "-no-pie", "-o", folder / name, folder / f"{name}.o", tools / "weave.o", f"@{options}", "-pthread", "-lrt", "-lm"])
    return folder / name


def _host(path: Path, *words: str) -> list[str | Path]:
    return [kit.weave() / "weave", "--step-limit", str(10**12), "--seeds", "1", "--", str(1 + len(words)), path, *words]


def _medians(rounds: int, ways: Sequence[Sequence[str | Path]]) -> list[float]:
    """Of each command, the commands taking turns."""
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(rounds):
        for times, argv in zip(taken, ways, strict=True):
            times.append(_seconds(argv))
    return [statistics.median(times) for times in taken]


def slowdowns(bench: Bench) -> Iterator[Figure]:
    """Each loop plain and under weave with processes, plain and under ThreadSanitizer with threads. The plain loops are timed
    over many more rounds where they are short, so that the start of a process does not count."""
    source = PROGRAMS / "loops.c"
    flags = [kit.GCC, "-std=gnu17", "-O1", "-g", source, "-pthread"]
    plain, threads, tsan = (bench.scratch / name for name in ("loops", "loops-threads", "loops-tsan"))
    command([*flags, "-o", plain])
    command([*flags, "-DTHREADS", "-o", threads])
    command([*flags, "-DTHREADS", "-fsanitize=thread", "-o", tsan])
    woven = build(bench.scratch, source, "loops-weave")
    for name, (rounds, title) in LOOPS.items():
        often = rounds * 10
        words, more = (name, str(rounds)), (name, str(often))
        ways = [_host(woven, *words), [plain, *more], [tsan, *words], [threads, *more]]
        weave, alone, other, other_alone = _medians(bench.repeat, ways)
        ours, theirs = weave / (alone / 10), other / (other_alone / 10)
        # one process runs at a time: that is what makes a schedule one that can be replayed
        detail = f"libtsan with threads: {theirs:.1f}x; {weave:.2f} s on one CPU against {other:.2f} s on two"
        yield Figure(f"weave, {title}: slowdown", ours, "x", round(theirs, 1), detail)


def valgrind(bench: Bench) -> Iterator[Figure]:
    """The counter under Helgrind and DRD, which take threads: how many times more they cost than weave."""
    if not shutil.which("valgrind"):
        raise NotMeasured("valgrind is not here")
    source, threads = PROGRAMS / "loops.c", bench.scratch / "loops-valgrind"
    command([kit.GCC, "-std=gnu17", "-O1", "-g", "-DTHREADS", source, "-pthread", "-o", threads])
    woven = build(bench.scratch, source, "loops-again")
    for tool, (title, rounds) in UNDER.items():
        run = ["valgrind", f"--tool={tool}", "-q", threads]
        few, many = ("counter", str(rounds)), ("counter", str(rounds * 10))
        ways = [_host(woven, *many), _host(woven, "counter", "1"), [*run, *few], [*run, "counter", "1"]]
        weave, nothing, slow, start = _medians(min(bench.repeat, 3), ways)
        times = (slow - start) / ((weave - nothing) / 10)
        yield Figure(f"weave's counter, as a share of the time under {title}", 1 / times, "x", 1 / 20, f"{title} takes {times:.0f} times as long")


def schedules(bench: Bench) -> Iterator[Figure]:
    """The bounded buffer of three processes: schedules a second, and what a step costs."""
    woven = build(bench.scratch, PROGRAMS / "buffer.c", "buffer-weave")
    words: list[str | Path] = [kit.weave() / "weave", "--explore", "--seeds", f"1:{SCHEDULES}", "--depth", "3", "--", "1", woven]
    rates, steps = [], []
    for _ in range(bench.repeat):
        lines = command(words).splitlines()
        end = json.loads(lines[-1])
        rates.append(end["wall_us"] / end["schedules"])
        points = sum(json.loads(line)["points"] for line in lines[:-1])
        steps.append(end["wall_us"] / points)
    detail = f"{1e6 / statistics.median(rates):.0f} schedules a second, {statistics.median(steps):.1f} us a step with start and end of processes"
    yield Figure("weave: one schedule of a buffer with 3 processes, 20 items", statistics.median(rates) / 1e3, "ms", 10.0, detail)


def steps(bench: Bench) -> Iterator[Figure]:
    """A step alone: the buffer with many items, less the buffer with few. Every step but a few hands the baton over."""
    woven = build(bench.scratch, PROGRAMS / "turns.c", "turns-weave")
    few, many = 1000, 21_000
    lines = [_host(woven, str(n)) for n in (few, many)]
    short, long = _medians(bench.repeat, lines)
    told = [json.loads(command(argv).splitlines()[0]) for argv in lines]
    switches = told[1]["switches"] - told[0]["switches"]
    each = (long - short) * 1e6 / switches
    yield Figure("weave: a step that gives the baton to another process", each, "us", 3.0, f"{switches} switches")


for _measure in (slowdowns, valgrind, schedules, steps):
    measure.MEASURES[f"weave_{_measure.__name__}"] = _measure
os.environ.setdefault("TSAN_OPTIONS", "report_bugs=0")
