"""`ipclab new`: the beginning of a lab."""

from __future__ import annotations

import click

from ipclab.commands.common import command, labs_root, say


@command(
    """
    ipclab new 11-semaphores                           labs/11-semaphores, solutions/… and skeletons/…
    ipclab new 11-semaphores --title "Semaphores"      with a title of its own
    """
)
@click.argument("lab", metavar="NN-NAME")
@click.option("--title", metavar="TEXT", help="What people call it (default: made of the name).")
def new(lab: str, title: str | None) -> int:
    """Begin a lab: a small one that is whole and passes `ipclab validate`, to be replaced piece by piece.

    The author's guide is grader/testkit/README.md.
    """
    from ipclab.newlab import new as begin

    written = begin(labs_root(), lab, title)
    for path in written:
        click.echo(str(path))
    say(f"{len(written)} files. Next: ./ipclab validate {lab}; then replace the parts, as grader/testkit/README.md says.")
    return 0
