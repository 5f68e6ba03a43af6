"""What several commands share: how they look, their common options, and where they say things."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ipclab.faults import UsageFault
from ipclab.printable import clean

if TYPE_CHECKING:
    from ipclab.model import Finding
    from ipclab.trace import Trace

INTERRUPTED = 130


def labs_root() -> Path:
    """The tree with labs/, solutions/ and skeletons/: this one, unless IPCLAB_LABS names another."""
    elsewhere = os.environ.get("IPCLAB_LABS")
    return Path(elsewhere) if elsewhere else Path(__file__).resolve().parents[3]


def say(text: str) -> None:
    click.echo(text, err=True)


class Command(click.Command):
    """A command whose help ends with examples, as they are written."""

    def __init__(self, *args: Any, examples: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.examples:
            with formatter.section("Examples"):
                for line in self.examples.strip().splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line.strip()}\n")


SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def command(examples: str, cls: type[Command] = Command) -> Callable[[Callable[..., Any]], click.Command]:
    return click.command(cls=cls, examples=examples, context_settings=SETTINGS)


def choose_sandbox(wanted: str | None) -> str:
    """Docker where an engine answers and the image is there, else local; a choice of ours is said in one line."""
    if wanted is not None:
        return wanted
    from ipclab.sandbox import SandboxFault, docker

    if not docker.available():
        say("sandbox: local (there is no container engine here)")
        return "local"
    try:
        docker.image()
    except SandboxFault as fault:
        why = "the image is not there, `make image` makes it" if fault.code == "image_missing" else "no container engine answers"
        say(f"sandbox: local ({why})")
        return "local"
    say("sandbox: docker")
    return "docker"


def seed_option(_: click.Context, __: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    from ipclab.grading import parse_seed

    try:
        return parse_seed(value)
    except ValueError:
        raise click.BadParameter("a seed is up to 16 hexadecimal digits, as results show it") from None


def jobs_option() -> Callable[[Any], Any]:
    cores = len(os.sched_getaffinity(0))
    return click.option("--jobs", type=click.IntRange(1, 256), default=cores, help=f"How many at a time (here: {cores}).")


def sandbox_option() -> Callable[[Any], Any]:
    text = "Where submissions run (default: docker where an engine answers, else local)."
    return click.option("--sandbox", type=click.Choice(["docker", "local"]), help=text)


def runtime_option() -> Callable[[Any], Any]:
    text = "With docker: the engine's runtime for containers, say kata, whose containers have a kernel of their own."
    return click.option("--runtime", metavar="NAME", help=text)


def check_runtime(runtime: str | None, sandbox: str) -> str | None:
    """The runtime, if the engine knows it."""
    if runtime is None:
        return None
    if sandbox != "docker":
        raise UsageFault("--runtime is for --sandbox docker; the local sandbox has no containers")
    from ipclab.sandbox import docker

    known = docker.runtimes()
    if runtime not in known:
        raise UsageFault(f"the container engine has no runtime {clean(runtime, limit=60)}: it knows {', '.join(sorted(known))}")
    return runtime


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM and SIGHUP end a grading as Ctrl+C does: children are ended, what is finished is kept."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]  # nohup(1)
    old = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def check_picture(path: Path | None) -> None:
    """Before anything runs: could a picture be written there?"""
    if path is not None and not path.absolute().parent.is_dir():
        raise UsageFault(f"--picture {clean(str(path), limit=200)}: there is no such folder")


def write_picture(path: Path, trace: Trace, title: str, findings: Iterable[Finding]) -> None:
    from ipclab.picture import draw

    try:
        path.write_text(draw(trace, title, [f.text for f in findings]), "utf-8")
    except OSError as error:
        raise UsageFault(f"--picture {clean(str(path), limit=200)}: {error.strerror}") from error
