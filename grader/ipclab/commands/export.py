"""`ipclab export`: what students get."""

from __future__ import annotations

from pathlib import Path

import click

from ipclab.commands.common import command, labs_root, say
from ipclab.printable import clean


@command("""ipclab export ~/ipc-labs      handouts, skeletons, public tests and the grader's source""")
@click.argument("directory", type=click.Path(path_type=Path))
def export(directory: Path) -> int:
    """Write what students get to DIRECTORY: no hidden test and no solution."""
    from ipclab.export import export as write

    written = write(labs_root(), directory)
    say(f"{len(written)} files in {clean(str(directory))}")
    return 0
