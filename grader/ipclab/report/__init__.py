"""What becomes of results: pages, a gradebook, tables. Everything here is a function of results and sources only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ipclab import results as results_module
from ipclab.faults import GraderFault
from ipclab.model import Lab, Result
from ipclab.report.audience import Audience, for_audience
from ipclab.report.terminal import print_class, print_result
from ipclab.report.view import Sources

__all__ = ["Audience", "Report", "for_audience", "print_class", "print_result", "write_report"]


@dataclass(frozen=True)
class Report:
    """Where a report lies."""

    index: Path
    gradebook: Path
    pages: tuple[Path, ...]


def _file_names(results: Sequence[Result]) -> None:
    """Intake makes ids that are fit for file names; results that were read from elsewhere may hold anything."""
    seen: set[str] = set()
    for result in results:
        name = result.submission_id
        if not name or "/" in name or "\0" in name or len(name.encode("utf-8", "replace")) > 200:
            raise GraderFault(f"the submission id {name[:60]!r} cannot be a file name, so no report is written")
        if name in seen:
            raise GraderFault(f"two results have the submission id {name[:60]!r}, so no report is written")
        seen.add(name)


def write_report(
    results: Sequence[Result],
    lab: Lab,
    directory: Path,
    sources: Sources | None = None,
    audience: Audience = Audience.INSTRUCTOR,
) -> Report:
    """Writes index.html, submissions/ID.html, results/ID.json and gradebook.csv; files of an earlier report are replaced."""
    from ipclab.report import gradebook, html  # jinja2 takes longer to load than most of `make check`

    _file_names(results)
    sources = sources or {}
    pages = []
    for result in results:
        page = directory / "submissions" / f"{result.submission_id}.html"
        text = html.submission(result, lab, sources.get(result.submission_id, ()), audience)
        results_module.write_atomic(page, text.encode("utf-8", "backslashreplace"))
        shown = for_audience(result, audience, lab)
        results_module.write(directory / "results" / f"{result.submission_id}.json", shown)
        pages.append(page)
    book = directory / "gradebook.csv"
    shown_all = [for_audience(r, audience, lab) for r in results]
    results_module.write_atomic(book, gradebook.gradebook(shown_all, lab).encode("utf-8", "backslashreplace"))
    index = directory / "index.html"
    results_module.write_atomic(index, html.class_page(results, lab, audience).encode("utf-8", "backslashreplace"))
    return Report(index, book, tuple(pages))
