"""A lab that exists in memory only, for the pure functions; and what is built once for those tests that run programs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ipclab.model import Submission, Test, TestResult, TestStatus

sys.path.insert(0, str(Path(__file__).parent))
from memory_lab import make_submission  # noqa: E402

# words of the trade, not tests of pytest's
for word in (Test, TestResult, TestStatus):
    word.__test__ = False  # type: ignore[attr-defined]

DATA = Path(__file__).with_name("data")


@pytest.fixture
def submission() -> Submission:
    return make_submission(pump_c="int main(void) { return 0; }\n", ask_c="int ask_child(void) { return 0; }\n")
