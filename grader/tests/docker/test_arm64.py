"""warden builds for arm64 too. It is compiled here and never run: see docker/README.md."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest

COMPILER = "aarch64-linux-gnu-gcc"
EM_AARCH64 = 183


def test_warden_cross_compiles_for_arm64(repo: Path, tmp_path: Path) -> None:
    if shutil.which(COMPILER) is None:
        pytest.skip(f"there is no {COMPILER} here")
    argv = ["make", "-C", str(repo / "grader" / "warden"), f"CC={COMPILER}", f"OUT={tmp_path}"]
    environment = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    header = (tmp_path / "warden").read_bytes()[:20]
    assert header[:4] == b"\x7fELF"
    assert struct.unpack_from("<H", header, 18) == (EM_AARCH64,)
