"""How far a grading is: a live bar on a terminal, a line for each finished submission elsewhere, nothing when quiet.

Fed by events, from any thread. It writes to stderr only: stdout belongs to results.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from ipclab.model import Result, ResultStatus, TestStatus
from ipclab.printable import clean
from ipclab.report import view
from ipclab.report.terminal import make_console

# ---- events --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Begun:
    submission: str  # id
    student: str


@dataclass(frozen=True)
class Phase:
    submission: str
    name: str  # build, run, memcheck …


@dataclass(frozen=True)
class TestBegun:
    submission: str
    test: str


@dataclass(frozen=True)
class TestEnded:
    submission: str
    test: str
    status: TestStatus


@dataclass(frozen=True)
class Finished:
    result: Result


Event = Begun | Phase | TestBegun | TestEnded | Finished
OnProgress = Callable[[Event], None]


# ---- the count of a class ------------------------------------------------------------------------


@dataclass
class Tally:
    """What has been finished; owned by one _Live or _Lines, under its lock."""

    total: int
    done: int = 0
    not_full: int = 0
    errors: int = 0

    def add(self, result: Result) -> None:
        self.done += 1
        if view.has_error(result):
            self.errors += 1
        elif result.score < result.max_score:
            self.not_full += 1

    def words(self) -> str:
        parts = [f"{self.not_full} below full marks"] if self.not_full else []
        parts += [f"{self.errors} grader error{'s' if self.errors > 1 else ''}"] if self.errors else []
        return ", ".join(parts)


def _line(result: Result) -> str:
    name = clean(result.student, limit=40)
    if result.status is ResultStatus.GRADER_ERROR:
        return f"{name}: not graded, the grader failed"
    problem = view.first_problem(result)
    words = f", {problem.title.lower()}" if problem else ""
    return f"{name}: {result.score}/{result.max_score}{words}"


class _Lines:
    """For logs and pipes: a line for each finished submission."""

    def __init__(self, total: int, console: Console) -> None:
        self._tally = Tally(total)
        self._console = console
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        if not isinstance(event, Finished):
            return
        with self._lock:
            self._tally.add(event.result)
            width = len(str(self._tally.total))
            self._console.print(
                f"[{self._tally.done:>{width}}/{self._tally.total}] {_line(event.result)}", soft_wrap=True
            )


class _Live:
    """For terminals: one bar for all, and below it a line for each submission that is being graded now."""

    def __init__(self, total: int, progress: Progress) -> None:
        self._tally = Tally(total)
        self._progress = progress
        self._lock = threading.Lock()
        self._rows: dict[str, tuple[TaskID, str]] = {}
        self._failed: dict[str, int] = {}
        self._all = progress.add_task("grading", total=total, now="")

    def _show(self, submission: str, now: str) -> None:
        if submission not in self._rows:
            return
        row, _ = self._rows[submission]
        failed = self._failed.get(submission, 0)
        text = f"{clean(now, limit=60)}{f', {failed} failed' if failed else ''}"
        self._progress.update(row, now=text)

    def _begin(self, event: Begun) -> None:
        name = clean(event.student, limit=30)
        self._rows[event.submission] = (self._progress.add_task(f"  {name}", total=None, now=""), name)

    def _finish(self, result: Result) -> None:
        self._tally.add(result)
        row = self._rows.pop(result.submission_id, None)
        self._failed.pop(result.submission_id, None)
        if row is not None:
            self._progress.remove_task(row[0])
        self._progress.update(self._all, completed=self._tally.done, now=self._tally.words())

    def __call__(self, event: Event) -> None:
        with self._lock:
            match event:
                case Begun():
                    self._begin(event)
                case Phase():
                    self._show(event.submission, event.name)
                case TestBegun():
                    self._show(event.submission, event.test)
                case TestEnded():
                    if event.status is TestStatus.FAIL:
                        self._failed[event.submission] = self._failed.get(event.submission, 0) + 1
                    self._show(event.submission, event.test)
                case Finished():
                    self._finish(event.result)


class _Bar(BarColumn):
    """The bar, in the row of the whole only."""

    def render(self, task):  # type: ignore[no-untyped-def]
        return "" if task.total is None else super().render(task)


class _Count(MofNCompleteColumn):
    def render(self, task):  # type: ignore[no-untyped-def]
        return "" if task.total is None else super().render(task)


def _nothing(event: Event) -> None:
    """Quiet."""


@contextmanager
def progress(total: int, stream: IO[str] | None = None, quiet: bool = False) -> Generator[OnProgress, None, None]:
    """Gives the function that takes events. `quiet` is for `--json -` and tests."""
    if quiet:
        yield _nothing
        return
    console = make_console(stream or sys.stderr)
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Lines(total, console)
        return
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
        _Bar(bar_width=24),
        _Count(),
        TextColumn("{task.fields[now]}", markup=False, style="dim", table_column=Column(no_wrap=True, ratio=1)),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with bar:
        yield _Live(total, bar)
