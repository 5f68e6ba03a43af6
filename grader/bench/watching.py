"""What it costs to be watched: a program's own time, with the witness and without, and what the post-mortem takes."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import measure
from ipclab import kit
from ipclab.slots import uids
from measure import IPCLAB, MIB, PROGRAMS, Bench, Figure, NotMeasured, command

WRITES = 10_000
ROUNDS = 50_000_000  # of a loop without a call
ENTRIES = 100_000
PROCESSES = 32
DEADLINE = 120


def _alternating(rounds: int, ways: Sequence[list[str | Path]]) -> list[float]:
    """The medians of what each command prints (nanoseconds), the commands taking turns: what the machine does besides hits
    all of them alike."""
    printed: list[list[int]] = [[] for _ in ways]
    for _ in range(rounds):
        for times, argv in zip(printed, ways, strict=True):
            times.append(int(command(argv)))
    return [statistics.median(times) for times in printed]


def calls(bench: Bench) -> Iterator[Figure]:
    """A program that writes to a pipe: plain, as `ipclab run` watches it, and with every call logged."""
    source, plain = PROGRAMS / "writes.c", bench.scratch / "writes"
    command([kit.GCC, "-std=gnu17", "-O0", "-g", source, "-o", plain])
    run = [IPCLAB, "run", source]
    logged = [IPCLAB, "run", "--picture", bench.scratch / "writes.svg", source]
    ways: list[list[str | Path]] = [[plain, str(WRITES)], [*run, "--", str(WRITES)], [*logged, "--", str(WRITES)]]
    if strace := shutil.which("strace"):
        ways.append([strace, "-f", "--seccomp-bpf", "-e", "trace=write", "-o", os.devnull, plain, str(WRITES)])
    often: list[list[str | Path]] = [[plain, str(WRITES), "9"], [*run, "--", str(WRITES), "9"]]
    bare, control = _alternating(rounds := max(bench.repeat, 15), often)
    detail = f"{bare / 1e6:.1f} ms plain; medians of {rounds} runs of 9"
    yield Figure(f"{WRITES} pipe writes, watched as always, against plain", control / bare, "x", 1.25, detail)
    bare, _, data, *others = _alternating(bench.repeat, ways)
    detail = f"{data / 1e6:.0f} ms in all, with result and place"
    yield Figure("a traced call: a write that is logged", (data - bare) / WRITES / 1e3, "us", 20.0, detail)
    for other in others:
        yield Figure("the same write under strace --seccomp-bpf", (other - bare) / WRITES / 1e3, "us")
    ways = [[plain, str(ROUNDS), "compute"], [*run, "--", str(ROUNDS), "compute"]]
    bare, control = _alternating(bench.repeat, ways)
    yield Figure("a loop without calls, watched, against plain", control / bare, "x", 1.02, f"{bare / 1e6:.0f} ms plain")


class _Warden:
    """A run of warden whose events are looked at one by one."""

    def __init__(self, folder: Path, warden: Path, plan: str) -> None:
        plan_r, plan_w = os.pipe()
        events_r, events_w = os.pipe()
        lease_r, self._lease = os.pipe()
        with uids() as pair:
            text = f"plan 1\nwork {folder}\nuid student {pair.student}\nuid judge {pair.judge}\n{plan}"
        os.write(plan_w, text.encode())
        os.close(plan_w)
        fds = ("--plan", str(plan_r), "--events", str(events_w), "--lease", str(lease_r))
        self.process = subprocess.Popen([warden, *fds], pass_fds=(plan_r, events_w, lease_r))
        self._timer = threading.Timer(DEADLINE, self.process.kill)
        self._timer.start()
        for fd in (plan_r, events_w, lease_r):
            os.close(fd)
        self.stream = os.fdopen(events_r, "rb")

    def events(self) -> Iterator[dict]:
        with self.stream:
            for line in self.stream:
                yield json.loads(line)
        self.process.wait()
        self._timer.cancel()
        os.close(self._lease)


def _folder(bench: Bench, name: str) -> tuple[Path, Path]:
    """A work folder of warden's with one program, and warden."""
    base = kit.base()
    folder = bench.scratch / f"work-{name}"
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    command([kit.GCC, "-std=gnu17", "-O0", "-g", PROGRAMS / f"{name}.c", "-o", folder / "bin" / name])
    if (base / "lines").is_file():
        shutil.copy(base / "lines", folder / "lines")
    for path in (bench.scratch, folder):
        path.chmod(0o755)
    return folder, base / "warden"


def memory(bench: Bench) -> Iterator[Figure]:
    folder, warden = _folder(bench, "writes")
    run = _Warden(folder, warden, f"program writes bin/writes\nrun r\nstart writes ={ENTRIES}\ntrace\nlimit wall_ms 60000\nend\n")
    peak = kept = 0
    for event in run.events():
        if event["event"] == "call" and not peak:
            peak = measure.resident_peak(warden)  # the log is whole, and warden waits for us to read it
        kept += event["event"] == "call"
    if kept < ENTRIES:
        raise NotMeasured(f"only {kept} entries came")
    yield Figure(f"warden's resident size with {ENTRIES} entries in its log", peak / MIB, "MiB", 20.0, f"{kept} entries")


def postmortem(bench: Bench) -> Iterator[Figure]:
    folder, warden = _folder(bench, "stuck")
    plan = "program stuck bin/stuck\n" + "".join(
        f"run r{i}\nstart stuck ={PROCESSES}\nlimit processes 100\nend\n" for i in range(bench.repeat)
    )
    times, begin, seen = [], 0.0, 0
    for event in _Warden(folder, warden, plan).events():
        if event["event"] == "begin":
            begin = event["t"]
        elif event["event"] == "finding":
            found = event["t"] - begin
            seen += event["kind"] == "deadlock"
        elif event["event"] == "end":
            times.append(found - event["wall_ms"])
    if seen != bench.repeat:
        raise NotMeasured(f"{seen} of {bench.repeat} runs were found to be deadlocked")
    detail = f"from the proof to the finding, {PROCESSES} processes; {min(times):.1f} to {max(times):.1f} ms"
    yield Figure("a post-mortem", statistics.median(times), "ms", 50.0, detail)


def proof(bench: Bench) -> Iterator[Figure]:
    """How soon a deadlock is told: from the last call that never returns to its finding."""
    folder, warden = _folder(bench, "stuck")
    plan = "program stuck bin/stuck\n" + "".join(f"run r{i}\nstart stuck =3\ntrace\nend\n" for i in range(bench.repeat))
    times, begin, found, last = [], 0.0, 0.0, 0.0
    for event in _Warden(folder, warden, plan).events():
        if event["event"] == "begin":
            begin, last = event["t"], 0.0
        elif event["event"] == "finding":
            found = event["t"] - begin
        elif event["event"] == "call" and "end" not in event:
            last = max(last, event["at"])
        elif event["event"] == "end":
            times.append(found - last)
    if len(times) != bench.repeat or min(times) <= 0:
        raise NotMeasured("the runs were not found to be deadlocked")
    detail = f"{min(times):.1f} to {max(times):.1f} ms, 3 processes, the post-mortem included"
    yield Figure("from the last block of a deadlock to its finding", statistics.median(times), "ms", 50.0, detail)


def watching(bench: Bench) -> Iterator[Figure]:
    for part in (calls, memory, postmortem, proof):
        yield from part(bench)


measure.MEASURES["watching"] = watching
