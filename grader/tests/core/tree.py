"""The tiny lab of data/tree, and how the tests run ipclab on it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
TREE = Path(__file__).with_name("data") / "tree"
LAB = "01-tiny"
SOLUTION = TREE / "solutions" / LAB
DEADLINE = 300


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"IPCLAB_LABS": str(TREE)} | more


def ipclab(*args: str | Path, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    argv = [str(REPO / "ipclab"), *map(str, args)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE, cwd=cwd, env=environment(**env), stdin=subprocess.DEVNULL)
