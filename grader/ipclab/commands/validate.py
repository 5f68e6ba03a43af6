"""`ipclab validate`: the gate that a lab's own tests have to pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ipclab.commands.common import choose_sandbox, command, jobs_option, labs_root, sandbox_option, terminable
from ipclab.faults import GraderFault, UsageFault
from ipclab.printable import clean

if TYPE_CHECKING:
    from ipclab.model import Lab


@command(
    """
    ipclab validate                             every lab
    ipclab validate 01-pipe --only no-close     one mutant or variant
    ipclab validate 01-pipe --repeat 300 --load nothing may flip, not on a busy machine either
    ipclab validate 01-pipe --perturb           what depends on who is faster shows at once
    ipclab validate --table                     all labs at a glance
    """
)
@click.argument("labs", nargs=-1)
@sandbox_option()
@jobs_option()
@click.option("--repeat", type=click.IntRange(0, 100_000), default=0, metavar="N", help="Run solution and variants N times more.")
@click.option("--load", is_flag=True, help="Keep every core busy meanwhile.")
@click.option("--perturb", is_flag=True, help="Let programs and judges pause at random before their calls.")
@click.option("--only", metavar="NAME", help="One case: solution, skeleton, a mutant's or a variant's name.")
@click.option("--whole", is_flag=True, help="Run all tests on each case, also those of programs that are the solution's own.")
@click.option("--table", is_flag=True, help="Print one row a lab, and what is wrong; what is done now goes to stderr.")
@click.option("--write-skeletons", is_flag=True, help="Generate skeletons/ from solutions/ and do nothing else.")
def validate(
    labs: tuple[str, ...],
    sandbox: str | None,
    jobs: int,
    repeat: int,
    load: bool,
    perturb: bool,
    only: str | None,
    whole: bool,
    table: bool,
    write_skeletons: bool,
) -> int:
    """Test a lab's tests: its solution, skeleton, mutants and variants must come out as they are meant to."""
    from ipclab import manifest

    root = labs_root()
    chosen = [manifest.load_lab(root, slug) for slug in labs] if labs else manifest.all_labs(root)
    if not chosen:
        raise UsageFault(f"there is no lab in {clean(str(root / 'labs'))}")
    if write_skeletons:
        from ipclab import skeleton

        for lab in chosen:
            for name in skeleton.write(lab):
                click.echo(f"skeletons/{lab.slug}/{name}")
        return 0
    from ipclab.grading import Options
    from ipclab.validate import Settings

    options = Options(sandbox=choose_sandbox(sandbox), jobs=jobs, keep=False, perturbed=perturb)
    settings = Settings(options, repeat=repeat, load=load, only=only, whole=whole)
    if table:
        return _table(chosen, settings)
    return max(_validate_one(lab, settings, jobs) for lab in chosen)


def _table(chosen: list[Lab], settings: Any) -> int:
    from ipclab import validate as gate
    from ipclab.report import terminal

    reports = []
    with terminable(), terminal.current_line() as now:
        for lab in chosen:
            report = gate.validate(lab, settings, lambda line, lab=lab: now(f"{lab.slug}: {line}"))  # type: ignore[misc]
            if not report.grader_failed and settings.only is None:
                now(f"{lab.slug}: how long the solution takes")
                report.solution_s = gate.time_solution(lab, settings)
            reports.append(report)
    terminal.show_labs(terminal.make_console(), list(zip(chosen, reports)))
    if any(r.grader_failed for r in reports):
        return GraderFault.exit_code
    return 1 if any(r.problems for r in reports) else 0


def _validate_one(lab: Lab, settings: Any, jobs: int) -> int:
    from ipclab.validate import validate as run_gate

    click.echo(f"{lab.slug}: {settings.options.sandbox} sandbox, {jobs} at a time")
    with terminable():
        report = run_gate(lab, settings, click.echo)
    count = len(report.problems)
    verdict = f"{count} problem{'s' if count != 1 else ''}" if count else "the gate is open"
    click.echo(f"{lab.slug}: {len(report.passed)} ok, {verdict}")
    return GraderFault.exit_code if report.grader_failed else 1 if count else 0
