"""The command line. Results go to stdout, all else to stderr; what a command needs is imported when it runs.

Exit codes: 0 done, whatever the score; 1 --fail-under not reached, a public test failed, the gate is shut; 2 wrong usage;
3 the grader's own fault; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import click

from ipclab.commands.check import check
from ipclab.commands.common import INTERRUPTED, SETTINGS, say
from ipclab.commands.doctor import doctor
from ipclab.commands.explore import explore
from ipclab.commands.export import export
from ipclab.commands.grade import grade
from ipclab.commands.new import new
from ipclab.commands.run import run
from ipclab.commands.validate import validate
from ipclab.faults import Fault, GraderFault, UsageFault
from ipclab.printable import clean


@click.group(context_settings=SETTINGS, epilog="Each command has --help with examples.", invoke_without_command=True)
@click.pass_context
def ipclab(context: click.Context) -> int:
    """Grades C programs for inter-process communication, and says what is wrong by its cause."""
    if context.invoked_subcommand is None:
        say(context.get_help())
        return UsageFault.exit_code
    return 0


for command in (grade, check, validate, new, run, explore, export, doctor):
    ipclab.add_command(command)


def main(arguments: Iterable[str] | None = None) -> int:
    """Runs a command; whatever ends it early becomes one line and an exit code."""
    args = None if arguments is None else list(arguments)
    try:
        return int(ipclab.main(args, prog_name="ipclab", standalone_mode=False) or 0)
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        where = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "ipclab"
        say(f"ipclab: {error.format_message().rstrip(chr(46))}; see {where} --help")
        return error.exit_code
    except Fault as fault:
        say(f"ipclab: {fault}")
        return fault.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        say("ipclab: interrupted")
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):  # click makes the second of the first
        # the reader of our output has seen enough; nothing may complain when Python closes stdout
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001  the last resort: a person gets a line, a developer asks for more
        if os.environ.get("IPCLAB_DEBUG"):
            raise
        say(f"ipclab: a fault of ipclab itself: {type(error).__name__}: {clean(str(error), limit=300)} (IPCLAB_DEBUG=1 shows where)")
        return GraderFault.exit_code
