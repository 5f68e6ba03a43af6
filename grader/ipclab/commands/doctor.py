"""`ipclab doctor`: what is here of what the grader needs."""

from __future__ import annotations

import json

import click

from ipclab.commands.common import command
from ipclab.faults import GraderFault


@command("""ipclab doctor --json""")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def doctor(as_json: bool) -> int:
    """Say what of the grader's needs is here, and what to do about the rest."""
    from ipclab import doctor as module

    checks = module.examine()
    if as_json:
        click.echo(json.dumps(module.to_json(checks), indent=1))
    else:
        module.print_table(checks)
    return 0 if module.can_grade(checks) else GraderFault.exit_code
