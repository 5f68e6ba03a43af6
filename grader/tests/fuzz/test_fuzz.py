"""A short run of each target of grader/fuzz, and proof that each finds what it is for: a fault put back into the code it tests.

The search begins with the same seeds and the same number each time, so that no test fails by a draw; `make fuzz` searches on.
"""

from __future__ import annotations

import fcntl
import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

GRADER = Path(__file__).resolve().parents[2]
TIMEOUT = 300.0


def _module() -> ModuleType:
    """grader/fuzz/fuzz.py, which is a program and in no package."""
    folder = str(GRADER / "fuzz")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location("fuzz", f"{folder}/fuzz.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz"] = module
    spec.loader.exec_module(module)
    return module


fuzz = _module()
TARGETS = fuzz.targets()
# Executions of the short run. Those with few are slow: a region of memory is made, a binary is read.
RUNS = dict.fromkeys(TARGETS, 10_000) | {"control": 5_000, "region": 1_500, "lines": 1_500, "names": 1_500}

# (file, what stands there, what is put in its place): each was, or could be, a fault of its code.
PLANTED = {
    "codec": ("testkit/codec.c", "if (length > left - 5)", "if (length > left)"),
    "call": ("testkit/call.c", "strcmp(name, TD_CODEC_RETURNED_IN_CHILD) == 0", "name[0] == 'r' && r.data[length + 8]"),
    "driver": ("testkit/driver_main.c", "while (sent < m->writer.size)", "while (sent <= m->writer.size)"),
    "plan": ("warden/plan.c", "if (r.entry)", "if (false)"),
    "faults": ("warden/faults.c", "return count == 2 && f->value;", "return count == 2;"),
    "events": ("warden/json.c", "else if (c < 0x20 || c == 0x7f)", "else if (c == 0x7f)"),
    "control": ("warden/control.c", "if (cpu_ms > CPU_MS_MAX)", "if (cpu_ms < 0)"),
    "sites": ("warden/sites.c", "if (site < 1 || ", "if ("),
    "proc": ("warden/proc.c", "if (n >= sizeof st->name)", "if (n > 64 * sizeof st->name)"),
    "sockets": ("warden/sockets.c", "look->is_tcp = look->is_stream = true;", "look->is_tcp = true;"),
    "region": ("weave/host_region.c", " && timers_sound()", ""),
    "lines": ("warden/lines/lines.c", "(unsigned char)name[n] < least", "(unsigned char)name[n] < least - 100"),
    "names": ("weave/names/names.c", "(unsigned char)name[n] < least", "(unsigned char)name[n] < least - 100"),
}  # fmt: skip


@pytest.fixture(scope="session")
def place(repo: Path) -> Path:
    """Where what was built is kept for the next time."""
    place = repo / ".build" / "fuzz" / "test"
    place.mkdir(parents=True, exist_ok=True)
    return place


def _built(out: Path, name: str, source: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    with open(out / f"{name}.lock", "w") as lock:  # another `make test` may build the same
        fcntl.flock(lock, fcntl.LOCK_EX)
        fuzz.build(out, [name], source)
    return out / name


@pytest.fixture(scope="session")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seeds")
    fuzz.seeds.write(folder)
    return folder


def _short_run(binary: Path, seeds: Path, crashes: Path) -> fuzz.Row:
    name = binary.name
    folders = (seeds / name, GRADER / "fuzz" / "regressions" / name)
    nothing_kept = crashes / "corpus"  # the first folder is where libFuzzer puts what is new
    nothing_kept.mkdir(parents=True)
    return fuzz.run_target(binary, ["-seed=7", f"-runs={RUNS[name]}", "-max_len=20000"], (nothing_kept, *folders), crashes, TIMEOUT)


@pytest.mark.parametrize("name", TARGETS)
def test_a_short_search_finds_nothing(place: Path, seeds: Path, tmp_path: Path, name: str) -> None:
    binary = _built(place / "bin", name, GRADER / "fuzz")
    row = _short_run(binary, seeds, tmp_path / "crashes")
    assert not row.crashes, row.text[-6000:]
    assert row.executions >= RUNS[name] and row.edges


@pytest.mark.parametrize("name", TARGETS)
def test_a_fault_in_the_tested_code_is_found_in_the_short_search(seeds: Path, tmp_path: Path, name: str) -> None:
    tree, (file, before, after) = tmp_path / "grader", PLANTED[name]
    for folder in ("testkit", "warden", "weave", "fuzz"):
        shutil.copytree(GRADER / folder, tree / folder)
    text = (tree / file).read_text()
    assert text.count(before) == 1, f"{file} has changed: plant another fault"
    (tree / file).write_text(text.replace(before, after))
    binary = _built(tmp_path / "bin", name, tree / "fuzz")
    row = _short_run(binary, seeds, tmp_path / "crashes")
    assert row.crashes and row.crashes[0].is_file(), f"{row.executions} executions have not found it"


def test_every_target_has_seeds_and_a_fault_that_it_finds() -> None:
    assert set(fuzz.seeds.all_seeds()) == set(TARGETS) == set(PLANTED)
    assert {p.name for p in (GRADER / "fuzz" / "regressions").iterdir()} <= set(TARGETS)


def test_the_table_counts_crashes() -> None:
    rows = [fuzz.Row("plan", 4000, 2.0, 77, 9), fuzz.Row("py-events", 100, 4.0, None, None, (Path("x"),))]
    assert [line.split() for line in fuzz.table(rows).splitlines()[1:]] == [
        ["plan", "4,000", "2,000", "77", "9", "0"], ["py-events", "100", "25", "-", "-", "1"]]  # fmt: skip
