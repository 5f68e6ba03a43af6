#!/usr/bin/python3
"""Searches for inputs that break the grader: `make fuzz`.

    fuzz.py [--seconds N] [--jobs N] [TARGET...]

Builds the targets of this folder, and shares the time out over them and over the properties that hypothesis tests
(TARGET: a name of the table at the end). What the search has learnt is kept in .build/fuzz/corpus, and inputs that crash in
.build/fuzz/crashes. Exit code 1 if there are any.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import seeds

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLACE = ROOT / ".build" / "fuzz"
BUILD_S, GRACE_S = 600, 120

# The tests of hypothesis that read what is hostile; each is a row of the table.
PROPERTIES = {
    "py-archives": "intake/test_archives.py",
    "py-sources": "intake/test_sources.py",
    "py-events": "core/test_events.py",
    "py-judging": "core/test_judging.py",
    "py-memcheck": "core/test_memcheck.py",
    "py-weaving": "core/test_weaving.py",
    "py-pages": "report/test_html.py",
    "py-results": "report/test_results.py",
}


@dataclass(frozen=True)
class Row:
    """What came of one target."""

    target: str
    executions: int
    seconds: float
    edges: int | None  # of the program that were reached; hypothesis does not count them
    corpus: int | None
    crashes: tuple[Path, ...] = ()
    text: str = ""  # what it said, if something went wrong


def targets() -> list[str]:
    """The Makefile's list is the only one."""
    match = re.search(r"^TARGETS\s*= (.*)$", (HERE / "Makefile").read_text(), re.M)
    assert match is not None
    return match[1].split()


def build(out: Path, names: Sequence[str], source: Path = HERE) -> None:
    """Makes DIR/NAME of each; make knows what is there already."""
    command = ["make", "-s", "-C", str(source), f"OUT={out}", *(str(out / name) for name in names)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_S)
    if done.returncode != 0:
        raise SystemExit(f"fuzz: the targets cannot be built:\n{done.stderr}{done.stdout}")


def _at_fixed_addresses() -> list[str]:
    """Sanitizers of older compilers fail now and then where addresses are very random; and without that, one seed is one search."""
    command = ["setarch", "-R"]
    allowed = subprocess.run([*command, "true"], capture_output=True, timeout=60)
    return command if allowed.returncode == 0 else []


def run_target(binary: Path, options: Sequence[str], folders: Iterable[Path], crashes: Path, timeout: float) -> Row:
    """One run of libFuzzer, which ends at the first crash."""
    crashes.mkdir(parents=True, exist_ok=True)
    prefix = crashes / f"{binary.name}-"
    fixed = ["-print_final_stats=1", "-detect_leaks=0", "-timeout=20", "-rss_limit_mb=3000", "-verbosity=1", f"-artifact_prefix={prefix}"]
    there = [str(f) for f in folders if f.is_dir()]
    command = [*_at_fixed_addresses(), str(binary), *fixed, *options, *there]
    env = os.environ | {"ASAN_OPTIONS": "quarantine_size_mb=32:detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
    before = set(crashes.glob(f"{binary.name}-*"))
    began = time.monotonic()
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env, timeout=timeout, cwd=crashes)
        code, text = done.returncode, done.stderr.decode("utf-8", "replace")
    except subprocess.TimeoutExpired as late:
        code, text = -1, (late.stderr or b"").decode("utf-8", "replace") + "\nfuzz: it did not end in time"
    found = tuple(sorted(set(crashes.glob(f"{binary.name}-*")) - before))
    if code != 0 and not found:  # it broke by itself: an input that was there already, or none at all
        found = (Path(f"{prefix}?"),)
    return Row(binary.name, *_stats(text, time.monotonic() - began), found, text if found else "")


def _stats(text: str, seconds: float) -> tuple[int, float, int | None, int | None]:
    executions = re.search(r"number_of_executed_units: (\d+)", text)
    last = re.findall(r"cov: (\d+) ft: \d+ corp: (\d+)", text)
    return (int(executions[1]) if executions else 0, seconds, *(map(int, last[-1]) if last else (None, None)))


def search(name: str, seconds: int) -> Row:
    """A long run of one target, from what is known and with a new seed of the generator's."""
    corpus = PLACE / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    folders = (corpus, PLACE / "seeds" / name, HERE / "regressions" / name)
    return run_target(PLACE / "bin" / name, [f"-max_total_time={seconds}", "-max_len=20000"], folders, PLACE / "crashes", seconds + GRACE_S)


def search_properties(name: str, seconds: int) -> Row:
    """Rounds of hypothesis, each with more examples than the one before, until the time is over."""
    command = ["-q", "-m", "hypothesis", "-p", "no:xdist", "--hypothesis-profile=fuzz", "--hypothesis-show-statistics", str(ROOT / "grader/tests" / PROPERTIES[name])]
    began, executions, examples = time.monotonic(), 0, 20
    while (left := seconds - (time.monotonic() - began)) > 0:
        env = os.environ | {"IPCLAB_FUZZ_EXAMPLES": str(examples)}
        round_began = time.monotonic()
        try:
            done = subprocess.run([sys.executable, "-m", "pytest", *command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=left + GRACE_S)
        except subprocess.TimeoutExpired:
            break  # hypothesis cannot be told to end; nothing was found
        executions += sum(int(n) for n in re.findall(r"(\d+) (?:passing|failing|invalid) examples", done.stdout))
        if done.returncode != 0:
            crash = PLACE / "crashes" / f"{name}.txt"
            crash.parent.mkdir(parents=True, exist_ok=True)
            crash.write_text(done.stdout + done.stderr)
            return Row(name, executions, time.monotonic() - began, None, None, (crash,), done.stdout)
        took = time.monotonic() - round_began
        examples = max(50, int(examples * min(4.0, (seconds - (time.monotonic() - began)) / max(took, 0.1))))
    return Row(name, executions, time.monotonic() - began, None, None)


def table(rows: Iterable[Row]) -> str:
    lines = [f"{'target':<12} {'executions':>12} {'per s':>9} {'edges':>6} {'corpus':>6} {'crashes':>7}"]
    for row in rows:
        rate = row.executions / row.seconds if row.seconds else 0.0
        shown = ["-" if n is None else str(n) for n in (row.edges, row.corpus)]
        lines.append(f"{row.target:<12} {row.executions:>12,} {rate:>9,.0f} {shown[0]:>6} {shown[1]:>6} {len(row.crashes):>7}")
    return "\n".join(lines)


def main() -> int:
    every = [*targets(), *PROPERTIES]
    parser = argparse.ArgumentParser(prog="fuzz.py", description="Searches for inputs that break the grader.")
    parser.add_argument("--seconds", type=int, default=600, help="for all of it (600)")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="at a time (one a processor)")
    parser.add_argument("target", nargs="*", help=f"one of {', '.join(every)}; all of them")
    asked = parser.parse_args()
    chosen = asked.target or every
    if unknown := sorted(set(chosen) - set(every)):
        parser.error(f"there is no target {', '.join(unknown)}")
    began = time.monotonic()
    build(PLACE / "bin", [t for t in chosen if t not in PROPERTIES])
    seeds.write(PLACE / "seeds")
    share = max(1, asked.seconds * asked.jobs // len(chosen))
    print(f"fuzz: {len(chosen)} targets, {share} s each, {asked.jobs} at a time", flush=True)

    def one(name: str) -> Row:
        row = search_properties(name, share) if name in PROPERTIES else search(name, share)
        said = f"{len(row.crashes)} CRASHES" if row.crashes else "no crash"
        print(f"[{time.monotonic() - began:5.0f} s] {name}: {row.executions:,} executions, {said}", flush=True)
        return row

    with ThreadPoolExecutor(asked.jobs) as pool:
        rows = list(pool.map(one, chosen))
    print(table(rows))
    for row in rows:
        for crash in row.crashes:
            print(f"\n{row.target}: {crash}\n{row.text[-3000:]}")
    return 1 if any(row.crashes for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
