"""How far a grading is, on a terminal, in a log, and when nobody is to be disturbed."""

from __future__ import annotations

import io
import os
import pty
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import IO

import pytest
import samples

from ipclab.model import TestStatus as Status
from ipclab.report import progress


def _all_events(on_progress: progress.OnProgress) -> None:
    for result in samples.ALL:
        name = result.submission_id
        on_progress(progress.Begun(name, result.student))
        on_progress(progress.Phase(name, "build"))
        for test in result.tests:
            on_progress(progress.TestBegun(name, test.name))
            on_progress(progress.TestEnded(name, test.name, test.status))
        on_progress(progress.Finished(result))


def test_a_log_gets_a_line_for_each_submission() -> None:
    out = io.StringIO()
    with progress.progress(len(samples.ALL), out) as on_progress:
        _all_events(on_progress)
    lines = out.getvalue().splitlines()
    assert lines[0] == "[ 1/10] Ada Lovelace: 15/14"
    assert lines[1] == "[ 2/10] Grace Hopper: 4/14, deadlock"
    assert lines[4] == "[ 5/10] Barbara Liskov: not graded, the grader failed"
    assert lines[3].startswith("[ 4/10] =cmd")
    assert len(lines) == 10 and "\x1b" not in out.getvalue()


def test_a_name_is_no_markup() -> None:
    out = io.StringIO()
    with progress.progress(1, out) as on_progress:
        on_progress(progress.Finished(replace(samples.FULL, student="[bold]x[/bold]\x1b[2J:smile:")))
    assert out.getvalue() == "[1/1] [bold]x[/bold]\\x1b[2J:smile:: 15/14\n"


def test_quiet_says_nothing() -> None:
    out = io.StringIO()
    with progress.progress(8, out, quiet=True) as on_progress:
        _all_events(on_progress)
    assert out.getvalue() == ""


@contextmanager
def _terminal() -> Iterator[tuple[IO[str], list[bytes]]]:
    """The slave of a pseudo-terminal, and what came out of its master."""
    master, slave = pty.openpty()
    got: list[bytes] = []

    def drain() -> None:
        while True:
            try:
                data = os.read(master, 65536)
            except OSError:  # EIO: the slave was closed
                return
            got.append(data)

    reader = threading.Thread(target=drain)
    reader.start()
    try:
        with os.fdopen(slave, "w", encoding="utf-8") as stream:
            yield stream, got
    finally:
        reader.join(timeout=30)
        os.close(master)


def test_a_terminal_gets_a_live_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "140")
    with _terminal() as (stream, got):
        with progress.progress(2, stream) as on_progress:
            bar = on_progress._progress  # type: ignore[attr-defined]
            on_progress(progress.Begun("a", "Ada [bold]\x1b[2J"))
            on_progress(progress.Begun("b", "Bob"))
            on_progress(progress.TestBegun("a", "copies_one_byte"))
            on_progress(progress.TestEnded("b", "other_test", Status.FAIL))
            bar.refresh()
            on_progress(progress.Finished(replace(samples.HANG, submission_id="a")))
            bar.refresh()
    text = b"".join(got).decode("utf-8")
    assert "copies_one_byte" in text and "other_test, 1 failed" in text
    assert "0/2" in text and "1/2" in text and "1 below full marks" in text
    assert "Ada [bold]\\x1b[2J" in text, "a name is text"
    assert "\x1b[2J" not in text


def test_a_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with _terminal() as (stream, got):
        with progress.progress(1, stream) as on_progress:
            on_progress(progress.Finished(samples.FULL))
    assert b"".join(got) == b"[1/1] Ada Lovelace: 15/14\r\n"


def test_events_may_come_from_any_thread() -> None:
    out = io.StringIO()
    with progress.progress(40, out) as on_progress:
        threads = [
            threading.Thread(target=lambda: [on_progress(progress.Finished(samples.FULL)) for _ in range(10)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    numbers = [int(n) for n in re.findall(r"^\[ ?(\d+)/40\]", out.getvalue(), re.MULTILINE)]
    assert numbers == list(range(1, 41))
