"""`ipclab run`: any C program under warden, without a lab and without a judge. Builds it, lets it run on its user's own
stdin and stdout, and tells what warden found.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ipclab import build, kit, results, tracelog
from ipclab import events as ev
from ipclab.faults import GraderFault, UsageFault
from ipclab.injection import Injection
from ipclab.model import Finding, Lab, Limits, SourceFile, Submission, Target, TargetKind
from ipclab.observed import lead, warden_finding
from ipclab.plan import Plan, RunEntry
from ipclab.printable import clean
from ipclab.sandbox import File
from ipclab.sandbox.local import LocalSandbox
from ipclab.slots import uids
from ipclab.trace import Trace

SCHEMA = "ipclab/findings/v1"
LEVEL = "O0"  # a debugger's level: each line of the source is still there
SOURCE_MAX = 8 << 20
KEPT_MAX = 1 << 20  # of each stream, for --json
_FLAGS = ("-std=gnu17", "-Wall", "-Wextra")
_LIMITS = Limits(memory=1 << 30, processes=256, files=1024, file_size=1 << 30, output=64 << 20)
# That a limit was reached is not worth a word where another finding says why.
_EXPLAINED_BY = frozenset({"deadlock", "hang", "busy_wait", "timeout"})


@dataclass(frozen=True)
class Program:
    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Report:
    code: int | None  # of the program that was started first; None: it was ended by a signal, or by us
    signal: int | None
    findings: tuple[Finding, ...]
    sources: tuple[SourceFile, ...]
    stdout: bytes = b""
    stderr: bytes = b""
    witness: bool = True
    trace: Trace | None = None  # if it was asked for
    missed: tuple[str, ...] = ()  # faults that were to be injected and never happened


# ---- what is to be built ---------------------------------------------------------------------------------


def _read(path: Path) -> SourceFile:
    shown = clean(str(path), limit=200)
    try:
        if not path.is_file():
            raise UsageFault(f"{shown} is not there" if not path.exists() else f"{shown} is no file")
        data = path.read_bytes()
    except OSError as error:
        raise UsageFault(f"{shown} cannot be read: {error.strerror}") from error
    if len(data) > SOURCE_MAX:
        raise UsageFault(f"{shown} has more than {SOURCE_MAX >> 20} MiB")
    return SourceFile(path.name, data)


def read_sources(programs: Sequence[Program]) -> tuple[SourceFile, ...]:
    """The programs' files, and every header that lies beside one of them."""
    files: dict[str, SourceFile] = {}
    paths = [path for program in programs for path in program.files]
    for path in paths:
        if path.suffix != ".c":
            raise UsageFault(f"{clean(str(path), limit=200)} is no .c file; arguments of the program come after --")
    headers = sorted({header for path in paths for header in path.parent.glob("*.h")})
    for path in (*dict.fromkeys(paths), *headers):
        source = _read(path)
        if source.name in files and files[source.name].data != source.data:
            raise UsageFault(f"two files have the name {clean(source.name, limit=80)}; findings could not tell them apart")
        files[source.name] = source
    return tuple(files.values())


def as_lab(programs: Sequence[Program], level: str = LEVEL) -> Lab:
    """The programs as targets, so that they are built as a submission is."""
    here = Path()
    targets = tuple(Target(p.name, TargetKind.PROGRAM, tuple(path.name for path in p.files)) for p in programs)
    return Lab("run", "", 0, here, here, here, _FLAGS, (level,), targets, ())


def build_programs(
    programs: Sequence[Program], sources: tuple[SourceFile, ...], tools: Path, level: str = LEVEL, recipe: build.Recipe | None = None
) -> build.Built:
    """The programs, built in a sandbox as a submission is."""
    lab = as_lab(programs, level)
    content = hashlib.sha256(b"".join(s.data for s in sources)).hexdigest()
    submission = Submission("run", "", sources, content)
    # the kit's own parts are for targets with a driver only, of which there are none here
    plan, files = build.plan(lab, submission, kit.Kit(tools, tools, "", None), recipe)
    log = ev.RunLog()
    with LocalSandbox(tools / "warden") as sandbox, uids() as pair:
        for event in sandbox.run(plan, files, pair):
            log.add(event)
    log.finish()
    return build.read(lab, submission, log)


# ---- the run -----------------------------------------------------------------------------------------------


class _Kept:
    """Reads a pipe to its end, keeps the beginning."""

    def __init__(self) -> None:
        self._read, self.write = os.pipe2(os.O_CLOEXEC)
        self.data = bytearray()
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        while part := os.read(self._read, 1 << 16):
            self.data += part[: KEPT_MAX - len(self.data)]

    def end(self) -> bytes:
        os.close(self.write)
        self._thread.join()
        os.close(self._read)
        return bytes(self.data)


@contextmanager
def _streams(keep: bool) -> Iterator[tuple[dict[str, int], list[_Kept]]]:
    """The descriptors that the programs get: the user's own, or pipes whose contents are kept. Duplicates: warden has 0, 1
    and 2 of its own."""
    wanted = {"stdin": 0} if keep else {"stdin": 0, "stdout": 1, "stderr": 2}
    copies: dict[str, int] = {}
    kept: list[_Kept] = []
    try:
        for name, fd in wanted.items():
            # what the user has closed is /dev/null; looked at before a pipe of ours may get that number
            with suppress(OSError):
                copies[name] = os.dup(fd)
        if keep:
            kept = [_Kept(), _Kept()]
            copies |= {"stdout": os.dup(kept[0].write), "stderr": os.dup(kept[1].write)}
        yield copies, kept
    finally:
        for fd in copies.values():
            os.close(fd)


def _once(found: Sequence[ev.Found]) -> list[ev.Found]:
    """A child that was still running when its parent ended, and then stayed, is told once."""
    stayed = {f.args.get("pid") for f in found if f.kind == "orphan"}
    return [f for f in found if not (f.kind == "zombie" and f.args.get("pid") in stayed)]


def _findings(found: Sequence[ev.Found], own: frozenset[str]) -> tuple[Finding, ...]:
    made: dict[tuple[object, ...], Finding] = {}
    for f in lead((warden_finding(f, own) for f in _once(found)), None):
        made.setdefault((f.kind, f.cause, f.location or len(made)), f)  # many processes at one place have one fault
    explained = any(f.kind in _EXPLAINED_BY for f in made.values())
    return tuple(f for f in made.values() if not (explained and f.kind == "resource_limit" and f.cause in ("wall", "cpu")))


def run(
    programs: Sequence[Program],
    starts: Sequence[Sequence[str]],
    *,
    timeout: float,
    keep: bool,
    trace: bool = False,
    faults: Sequence[Injection] = (),
) -> Report:
    """Builds the programs and runs the starts, each a program's name and its arguments, all at the same time. `keep`: what
    they print is in the report instead of on stdout and stderr. `trace`: the report has a log of all that they do. `faults`
    happen in each of them."""
    sources = read_sources(programs)
    tools = kit.base()
    built = build_programs(programs, sources, tools)
    if built.failed:
        return Report(None, None, tuple(built.findings), sources)
    files = {f"bin/{name}": File(data, 0o755) for name, data in built.programs.items()}
    if (lines := tools / "lines").is_file():
        files["lines"] = File(lines.read_bytes(), 0o755)
    limits = replace(_LIMITS, wall_ms=int(timeout * 1000), cpu_ms=int(timeout * 1000) * (os.cpu_count() or 1))
    # an argument may be empty, a word of a plan may not: each has a sign before it
    words = tuple((name, *(f"={argument}" for argument in rest)) for name, *rest in starts)
    entry = RunEntry("run", words, limits, trace, tuple(f.words for f in faults))
    plan = Plan((entry,), tuple((p.name, f"bin/{build.program_name(p.name, LEVEL)}") for p in programs))
    log = ev.RunLog()
    kept: list[_Kept] = []
    try:
        with _streams(keep) as (stdio, kept), LocalSandbox(tools / "warden", stdio=stdio) as sandbox, uids() as pair:
            for event in sandbox.run(plan, files, pair):
                log.add(event)
    finally:
        texts = [k.end() for k in kept]
    log.finish()
    report = _report(log, sources, built, texts)
    if trace:
        binaries = {build.program_name(p.name, LEVEL): p.name for p in programs}
        own = frozenset(s.name for s in sources)
        report = replace(report, trace=tracelog.read(log.entries["run"], own, binaries))
    return replace(report, missed=_missed(log, faults))


def _missed(log: ev.RunLog, faults: Sequence[Injection]) -> tuple[str, ...]:
    """The faults that never happened, as they were asked for."""
    happened = {i.fault for i in log.entries["run"].injected if i.times}
    return tuple(f.spec for f in faults if " ".join(f.words) not in happened)


def _report(log: ev.RunLog, sources: tuple[SourceFile, ...], built: build.Built, texts: list[bytes]) -> Report:
    entry = log.entries["run"]
    if entry.end is None or log.hello is None:
        raise GraderFault("the run has no end")
    ended = next((e for e in entry.exits if e.proc == 0), None)
    own = frozenset(s.name for s in sources)
    stdout, stderr = texts or (b"", b"")
    findings = (*_findings(entry.found, own), *built.findings)
    code, number = (ended.status.code, ended.status.signal) if ended else (None, None)
    return Report(code, number, findings, sources, stdout, stderr, log.hello.witness)


def is_fault(finding: Finding) -> bool:
    """Does it count for the exit code? A compiler's warning and a note are advice."""
    return finding.kind not in ("build_warning", "note")


def to_json(report: Report) -> Mapping[str, Any]:
    return {
        "schema": SCHEMA,
        "exit": {"code": report.code, "signal": report.signal},
        "stdout": results.value(report.stdout),
        "stderr": results.value(report.stderr),
        "findings": [results.finding_to_json(f) for f in report.findings],
    }
