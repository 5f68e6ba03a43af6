"""Golden files: what a report looks like, kept beside the tests.

`IPCLAB_UPDATE_GOLDEN=1 pytest …` writes them anew; look at the difference before committing it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """golden(name, text): fails unless the golden file of that name holds exactly `text`."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("IPCLAB_UPDATE_GOLDEN") == "1":
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
        assert path.read_bytes().decode("utf-8") == text, f"{name} differs; IPCLAB_UPDATE_GOLDEN=1 writes it anew"

    return check
