"""Results on a terminal: an account of one submission, a table for a class.

Nothing of a submission is read as markup (only Text objects are built) or as a control sequence (`printable` comes first).
rich leaves colour out where the output is no terminal or NO_COLOR is set, and wraps at the width that there is.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ipclab import catalogue
from ipclab.cases import Role
from ipclab.model import Finding, Lab, Location, Process, Result, ResultStatus, SourceFile, TestResult, TestStatus, Visibility
from ipclab.printable import clean, clean_lines
from ipclab.report import view
from ipclab.report.audience import Audience, for_audience

if TYPE_CHECKING:
    from ipclab.validate import Report

_MARKS = {
    TestStatus.PASS: ("✓", "green", "passed"),
    TestStatus.FAIL: ("✗", "red", "failed"),
    TestStatus.SKIPPED: ("–", "dim", "skipped"),
    TestStatus.ERROR: ("!", "yellow", "not judged (grader's fault)"),
}


def make_console(file: IO[str] | None = None, *, width: int | None = None, terminal: bool | None = None) -> Console:
    """A console that reads no markup; characters that the output's encoding lacks become escapes."""
    file = file or sys.stdout
    encoding = (getattr(file, "encoding", None) or "utf-8").lower()
    if not encoding.startswith("utf") and hasattr(file, "reconfigure"):
        file.reconfigure(errors="backslashreplace")
    return Console(
        file=file, width=width, force_terminal=terminal, markup=False, highlight=False, emoji=False, soft_wrap=False
    )


def _indented(part: RenderableType, by: int = 2) -> Padding:
    return Padding(part, (0, 0, 0, by), expand=False)


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


# ---- one submission ------------------------------------------------------------------------------


def _source(files: Sequence[SourceFile], location: Location) -> list[RenderableType]:
    parts: list[RenderableType] = [Text.assemble("at ", (view.place(location), "bold"))]
    for line in view.excerpt(files, location, around=2):
        mark = "▸" if line.here else " "
        text = Text(f"{mark}{line.number:>5} │ {line.text}", style="" if line.here else "dim", no_wrap=True, overflow="ellipsis")
        parts.append(text)
    return parts


def _values(test: TestResult) -> list[RenderableType]:
    both = view.compare_test(test, before=30, after=90)
    if both is None:
        return []
    parts: list[RenderableType] = []
    for label, pieces in (("expected  ", both.expected), ("actual    ", both.actual)):
        text = Text(label, style="")
        for piece in pieces:
            style = {"mark": "reverse bold", "escape": "cyan", "cut": "dim italic"}.get(piece.style, "")
            text.append(piece.text.replace("\n", ""), style=style)
        if not pieces:
            text.append("nothing", style="dim italic")
        parts.append(text)
    if both.caption:
        parts.append(Text(f"          {both.caption}", style="dim"))
    return parts


def _processes(processes: Iterable[Process]) -> list[RenderableType]:
    return [Text(f"{clean(p.role)} (pid {p.pid}) {clean(p.doing) or view.state(p)}", style="dim") for p in processes]


def _schedule(finding: Finding) -> list[RenderableType]:
    """The order of events that weave tells with a race."""
    lines = view.schedule(finding)
    return [Text("In this order:", style="dim"), *(_indented(Text(clean(line))) for line in lines)] if lines else []


def _replay(finding: Finding) -> list[RenderableType]:
    return [Text.assemble(("Again: ", "bold cyan"), clean(finding.replay))] if finding.replay else []


def _hint(text: str | None) -> list[RenderableType]:
    return [Text.assemble(("Hint: ", "bold cyan"), clean(text))] if text else []


def _explanation(
    test: TestResult, files: Sequence[SourceFile], told: Finding | None, built: Mapping[str, str]
) -> list[RenderableType]:
    """Why a test failed; in a few words where the same cause has been `told` before."""
    finding = view.lead(test.findings)
    parts: list[RenderableType] = []
    if finding is None and test.message in built:
        return [Text(f"{built[test.message]}, see above.")]
    if finding and view.same_cause(finding, told):
        where = f", at {view.place(finding.location)}" if finding.location else ""
        return [Text.assemble((catalogue.kind_title(finding.kind), "bold red"), f": the same cause as above{where}.")]
    general = finding is not None and finding.kind == finding.cause == "wrong_output" and bool(test.message)
    if finding and not general:
        parts.append(Text.assemble((catalogue.kind_title(finding.kind), "bold red"), ": ", clean(finding.text)))
    if test.message and (finding is None or test.message != finding.text):
        parts.append(Text(clean_lines(test.message, limit=4000)))
    location = (finding.location if finding else None) or test.location
    parts += _source(files, location) if location else []
    parts += _values(test)
    parts += _processes(finding.processes) if finding else []
    for other in test.findings:
        if other is not finding:
            where = f" ({view.place(other.location)})" if other.location else ""
            parts.append(Text(f"{catalogue.kind_title(other.kind)}: {clean(other.text)}{where}"))
    return parts + _hint(test.hint or (finding.hint if finding else None))


def _test(
    test: TestResult,
    files: Sequence[SourceFile],
    *,
    explain: bool,
    told: Finding | None,
    built: Mapping[str, str],
    known: bool,
) -> list[RenderableType]:
    mark, style, _ = _MARKS[test.status]
    points = str(test.points) if known else "–"
    tags = "" if test.visibility.value == "public" else f", {test.visibility.value.replace('_', ' ')}"
    tags += ", bonus" if test.bonus else ""
    line = Text.assemble((f"{mark} ", style), (clean(test.title), "bold" if test.status is TestStatus.FAIL else ""))
    line.append(f"  ({points}/{test.max_points}{tags})", style="dim")
    parts: list[RenderableType] = [line]
    if test.status is TestStatus.FAIL and explain:
        parts += [_indented(p) for p in _explanation(test, files, told, built)] + [Text()]
    elif test.status in (TestStatus.SKIPPED, TestStatus.ERROR) and test.message:
        parts.append(_indented(Text(clean_lines(test.message, limit=1000), style="dim")))
    return parts


def _heading(result: Result, lab: Lab) -> list[RenderableType]:
    what = lab.slug if result.student == lab.title else f"{lab.slug}, {lab.title}"
    parts: list[RenderableType] = [Text.assemble((clean(result.student), "bold"), ("  " + clean(what), "dim"))]
    if result.status is ResultStatus.GRADER_ERROR:
        return [*parts, Text("Not graded: the grader failed. This is no fault of the submission, and no zero.", style="bold yellow")]
    full = result.score >= result.max_score
    line = Text.assemble((f"{result.score} / {result.max_score} points", "bold green" if full else "bold"))
    if view.has_error(result):
        line.append(" (not final)", style="yellow")
    for status, (mark, style, word) in _MARKS.items():
        count = sum(t.status is status for t in result.tests)
        if count:
            line.append(f"   {mark} {count} {word}", style=style)
    if result.status is not ResultStatus.GRADED:
        line.append(f"   {view.STATUS_WORDS[result.status]}", style="bold red")
    return [*parts, line]


def _whole(result: Result, files: Sequence[SourceFile]) -> list[RenderableType]:
    """The findings that concern the submission as a whole."""
    parts: list[RenderableType] = []
    for finding in result.findings:
        grave = finding.kind in (*view.NOT_RUN, "rejected", "grader")
        style = "bold red" if grave else "bold"
        parts.append(Text.assemble((catalogue.kind_title(finding.kind), style), ": ", clean(finding.text)))
        if finding.location:
            parts += [_indented(p) for p in _source(files, finding.location)]
        parts += [_indented(p) for p in _processes(finding.processes) + _hint(finding.hint)]
    return [*parts, Text()] if parts else []


def account(
    result: Result,
    lab: Lab,
    files: Sequence[SourceFile] = (),
    audience: Audience = Audience.INSTRUCTOR,
    *,
    brief: bool = False,
    hidden: int = 0,
) -> Group:
    """What there is to say of one submission. `brief` explains the first failing test only and names the other ones;
    `hidden` tells how many tests of the lab are not run here."""
    shown = for_audience(result, audience, lab)
    parts = [*_heading(shown, lab), Text(), *_whole(shown, files)]
    groups = view.by_target(shown, lab)
    told: list[TestResult] = []
    built = {
        f.text: "Could not be built" if f.kind == "build_error" else "Not run"
        for f in shown.findings
        if f.kind in view.NOT_RUN
    }
    for target, tests in groups:
        listed = [t for t in tests if not (brief and t.status in (TestStatus.PASS, TestStatus.SKIPPED))]
        if listed and len(groups) > 1:
            parts.append(Text(clean(target or "other tests"), style="underline"))
        for test in listed:
            finding = view.lead(test.findings)
            before = next((f for f in (view.lead(t.findings) for t in told) if view.same_cause(f, finding)), None)
            parts += _test(test, files, explain=not (brief and told), told=before, built=built, known=view.is_known(result, test))
            told += [test] if test.status is TestStatus.FAIL else []
        if listed and str(parts[-1]):
            parts.append(Text())
    skipped = sum(t.status is TestStatus.SKIPPED for t in shown.tests)
    if brief and skipped:
        parts.append(Text(f"{_plural(skipped, 'test')} {'was' if skipped == 1 else 'were'} not run because of that.", style="dim"))
    if hidden:
        parts.append(Text(f"{_plural(hidden, 'hidden test')} of this lab {'is' if hidden == 1 else 'are'} not run here.", style="dim"))
    return Group(*parts)


# ---- a class -------------------------------------------------------------------------------------


def _status_cell(result: Result) -> Text:
    if result.status is ResultStatus.GRADER_ERROR:
        return Text("no score", style="yellow")
    if view.has_error(result):
        return Text(f"{result.score}?/{result.max_score}", style="yellow")
    style = "green" if result.score >= result.max_score else "" if result.score else "red"
    return Text(f"{result.score}/{result.max_score}", style=style)


def _summary_cell(result: Result) -> Text:
    problem = view.first_problem(result)
    if result.status is ResultStatus.GRADER_ERROR:
        return Text.assemble(("grader failed: ", "yellow"), clean(problem.text if problem else "not graded", limit=160))
    if problem is None:
        return Text("a test could not be judged", style="yellow") if view.has_error(result) else Text("–", style="dim")
    return Text.assemble((problem.title, "bold"), ": ", clean(view.short(problem), limit=160))


def class_table(results: Sequence[Result], lab: Lab, audience: Audience = Audience.INSTRUCTOR) -> Group:
    """A row for each submission, and a line of figures below."""
    shown = [for_audience(r, audience, lab) for r in results]
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=None, expand=False)
    table.add_column("submission", max_width=28, overflow="fold")
    table.add_column("score", justify="right", no_wrap=True)
    table.add_column("tests", justify="right", no_wrap=True)
    table.add_column("first thing to fix", overflow="fold", ratio=1)
    for result in shown:
        passed = sum(t.status is TestStatus.PASS for t in result.tests)
        tests = f"{passed}/{len(result.tests)}" if result.tests else "–"
        table.add_row(Text(clean(result.student)), _status_cell(result), Text(tests, style="dim"), _summary_cell(result))
    summary = view.of_class(shown, lab)
    line = Text(f"{_plural(summary.total, 'submission')}")
    if summary.mean is not None:
        line.append(f", mean {summary.mean:.1f} of {summary.max_score}, {summary.full_marks} with full marks")
    for status in (ResultStatus.BUILD_FAILED, ResultStatus.REJECTED):
        if summary.counts[status]:
            line.append(f", {summary.counts[status]} {view.STATUS_WORDS[status]}")
    parts: list[RenderableType] = [table, line]
    if summary.errors:
        parts.append(
            Text(f"The grader failed on {_plural(len(summary.errors), 'submission')}: no zero, but to be graded again.", style="bold yellow")
        )
    return Group(*parts)


# ---- printing ------------------------------------------------------------------------------------


def print_result(
    result: Result,
    lab: Lab,
    files: Sequence[SourceFile] = (),
    audience: Audience = Audience.INSTRUCTOR,
    console: Console | None = None,
    *,
    brief: bool = False,
    hidden: int = 0,
) -> None:
    (console or make_console()).print(account(result, lab, files, audience, brief=brief, hidden=hidden))


def print_class(
    results: Sequence[Result], lab: Lab, audience: Audience = Audience.INSTRUCTOR, console: Console | None = None
) -> None:
    (console or make_console()).print(class_table(results, lab, audience))


def print_findings(findings: Sequence[Finding], files: Sequence[SourceFile], console: Console) -> None:
    """Findings that belong to no test, each with its place, the processes, and what to do."""
    for finding in findings:
        console.print(Text.assemble((catalogue.kind_title(finding.kind), "bold red"), ": ", clean(finding.text)))
        parts = _source(files, finding.location) if finding.location and finding.location.line > 0 else []
        for place in finding.related:
            parts.append(Text(f"and {view.place(place)}", style="dim"))
        for part in (*parts, *(_schedule(finding) or _processes(finding.processes)), *_hint(finding.hint), *_replay(finding)):
            console.print(_indented(part))
        console.print()


# ---- the labs ------------------------------------------------------------------------------------


@contextlib.contextmanager
def current_line(file: IO[str] | None = None) -> Iterator[Callable[[str], None]]:
    """What is done now: on a terminal one line that changes and goes in the end, else one line each on stderr."""
    file = file or sys.stderr
    console = make_console(file)
    if not console.is_terminal:
        yield lambda text: print(clean(text, limit=300), file=file, flush=True)
        return
    with console.status(Text("")) as status:
        yield lambda text: status.update(Text(clean(text, limit=max(10, console.width - 4))))


def _share(right: Sequence[bool]) -> Text:
    return Text(f"{sum(right)}/{len(right)}", style="" if all(right) else "red")


def _flips(report: Report) -> Text:
    if not report.repeats:
        return Text("–", style="dim")
    return Text(f"{report.flips} in {report.repeats}", style="red" if report.flips else "")


def show_labs(console: Console, reports: Sequence[tuple[Lab, Report]]) -> None:
    """A row for each lab, then what the gate found wrong."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))  # ten labs with long names fit into 80 columns
    for name in ("lab", "tests", "points", "killed", "right", "flips", "grade", "gate"):
        table.add_column(name, justify="left" if name == "lab" else "right", no_wrap=True)
    for lab, report in reports:
        public = sum(t.visibility is Visibility.PUBLIC for t in lab.tests)
        bonus = sum(t.points for t in lab.tests if t.bonus)
        table.add_row(
            Text(lab.slug),
            f"{public}+{len(lab.tests) - public}",
            f"{lab.max_score}{f'+{bonus}' if bonus else ''}",
            _share(report.cases.get(Role.MUTANT, [])),
            _share(report.cases.get(Role.VARIANT, [])),
            _flips(report),
            "–" if report.solution_s is None else f"{report.solution_s:.1f} s",
            f"{report.gate_s:.0f} s",
        )
    console.print(table)
    console.print(Text("tests: public+hidden; points: +bonus; killed: mutants; right: variants", style="dim"))
    for lab, report in reports:
        for problem in report.problems:
            console.print(Text(f"✗ {lab.slug}: {clean(problem, limit=600)}", style="red"))
