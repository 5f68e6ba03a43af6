"""weave, built once a session (and worker), for the corpus."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from weave_corpus import Kit, make_kit


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    folder: Path = tmp_path_factory.mktemp("weave")
    return make_kit(folder, f"weave{os.getpid()}x")
