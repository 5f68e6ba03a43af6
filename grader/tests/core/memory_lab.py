"""A lab that exists in memory only, for the pure functions."""

from __future__ import annotations

from pathlib import Path

from ipclab.model import Lab, SourceFile, Submission, Target, TargetKind, Test, Visibility


def make_test(name: str, target: str = "pump", points: int = 2, **more: object) -> Test:
    values = {"source": "tests/hidden/t.c", "visibility": Visibility.HIDDEN, "title": f"{name} works"} | more
    return Test(name=name, target=target, points=points, **values)  # type: ignore[arg-type]


def make_lab(*tests: Test, builds: tuple[str, ...] = ("O0", "O2")) -> Lab:
    targets = (
        Target("pump", TargetKind.PROGRAM, ("pump.c",)),
        Target("ask", TargetKind.FUNCTIONS, ("ask.c",), driver="driver.c", headers=("ask.h",), required=("ask_child",)),
    )
    here = Path("/nowhere")
    return Lab("01-tiny", "Tiny", 1, here, here, here, ("-std=gnu17", "-Wall", "-Wextra"), builds, targets, tests)


def make_submission(**files: str) -> Submission:
    sources = tuple(SourceFile(name.replace("_", "."), text.encode()) for name, text in sorted(files.items()))
    return Submission("alice", "Alice", sources, "0" * 64)
