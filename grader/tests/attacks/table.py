"""`make attacks`: every attack, what defends against it, what came of it with that defence and without.

Exit code 1 if an attack succeeded, or if one did not succeed without its defence: then the row proves nothing.
"""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[2])]

import class_attacks  # noqa: E402
import click  # noqa: E402
import corpus  # noqa: E402
import runs  # noqa: E402
from ipclab.report import terminal  # noqa: E402
from ipclab.sandbox import docker  # noqa: E402
from rich.box import SIMPLE_HEAD  # noqa: E402
from rich.table import Table  # noqa: E402
from rich.text import Text  # noqa: E402


@dataclass
class Line:
    order: tuple[int, str, str]
    number: str
    title: str
    defence: str
    sandbox: str
    with_it: str
    without_it: str
    problems: list[str] = field(default_factory=list)


def _attack_lines(attack: corpus.Attack, sandbox: str) -> list[Line]:
    try:
        outcomes = runs.run_rows(attack, sandbox)
    except Exception:
        outcomes = [runs.Outcome(attack.name, "?", sandbox, "?", "?", [traceback.format_exc(limit=3)])]
    also = {row.name: f" (alone: {', '.join(row.also)} off too)" for row in attack.rows if row.also}
    return [
        Line(attack.order, attack.number, attack.title, o.row + also.get(o.row, ""), sandbox, o.with_it, o.without_it, o.problems)
        for o in outcomes
    ]


def _case_lines(index: int) -> list[Line]:
    case = class_attacks.all_cases()[index]
    words = []
    for attempt in (case.held, case.freed):
        with tempfile.TemporaryDirectory() as place:
            words.append("done" if attempt(Path(place)) else "refused")
    problems = [] if words == ["refused", "done"] else [f"with the defence {words[0]}, without {words[1]}"]
    order = (int("".join(c for c in case.number if c.isdigit())), case.number, case.name)
    return [Line(order, case.number, case.title, case.defence, "–", *words, problems)]


def _jobs(only: str, sandboxes: tuple[str, ...]) -> list[tuple[Callable[..., list[Line]], tuple[object, ...]]]:
    attacks = [a for a in corpus.all_attacks() if only in a.name]
    jobs: list[tuple[Callable[..., list[Line]], tuple[object, ...]]] = [
        (_attack_lines, (a, sandbox)) for a in attacks for sandbox in sandboxes
    ]
    return jobs + [(_case_lines, (i,)) for i, case in enumerate(class_attacks.all_cases()) if only in case.name]


def _table(lines: list[Line]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    for heading in ("", "attack", "defence", "sandbox", "with it", "without it"):
        table.add_column(heading)
    for line in lines:
        bad = bool(line.problems)
        cells = (line.number, line.title, line.defence, line.sandbox, line.with_it, line.without_it)
        table.add_row(*(Text(cell) for cell in cells), style="red" if bad else "")
    return table


@click.command()
@click.option("--only", default="", metavar="PART", help="Only attacks whose name has this in it.")
@click.option("--sandbox", type=click.Choice(corpus.SANDBOXES), help="Only in this one.")
def main(only: str, sandbox: str | None) -> None:
    """Tries every attack with its defence and without."""
    sandboxes = (sandbox,) if sandbox else corpus.SANDBOXES
    if "docker" in sandboxes and docker.engine() is None:
        click.echo("attacks: no container engine answers, so the rows of docker are left out", err=True)
        sandboxes = ("local",)
    jobs = _jobs(only, sandboxes)
    if not jobs:
        raise click.UsageError(f"no attack has {only!r} in its name: they are the files of grader/tests/attacks/programs")
    lines: list[Line] = []
    ended = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool, terminal.current_line() as now:
        waiting = [pool.submit(work, *arguments) for work, arguments in jobs]
        for done in as_completed(waiting):
            new = done.result()
            lines += new
            ended += 1
            now(f"{ended} of {len(jobs)}: {new[-1].title if new else ''}")
    lines.sort(key=lambda line: (line.order, line.defence, line.sandbox))
    console = terminal.make_console(width=None if sys.stdout.isatty() else 180)
    console.print(_table(lines))
    wrong = [line for line in lines if line.problems]
    for line in wrong:
        console.print(Text(f"✗ {line.number} {line.title} ({line.defence}, {line.sandbox}): {'; '.join(line.problems)}", style="red"))
    count = len({line.title for line in lines})
    console.print(Text(f"{count} attacks, {len(lines)} rows, {len(wrong)} wrong"))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
