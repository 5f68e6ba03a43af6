"""What valgrind's memcheck reports say about a student's code.

A report is a file in the working directory of the student's own processes: hostile, like everything there. It is read
with caps, without entities, and can only take points away. That valgrind watched a process to its end is believed where the
process itself was valgrind then, held the report open (warden reads it there) and had been given our options. An error counts
where one of its frames lies in a file of the submission; the innermost such frame is the place that a student is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree as xml

from ipclab import catalogue
from ipclab.events import Collected, EntryLog
from ipclab.model import Finding, Location

REPORT_MAX = 4 << 20
REPORTS_MAX = 64
FINDINGS_MAX = 12
GLOB = "vg.*.xml"
_NAME = re.compile(r"vg\.(\d{1,10})\.xml")
_TOOL = re.compile(r"/usr/lib\w*/([\w-]+/)?valgrind/memcheck-[\w-]+")  # what a process under valgrind runs

ARGV = (
    "/usr/bin/valgrind",
    "--command-line-only=yes",  # a .valgrindrc, or VALGRIND_OPTS of a program that starts itself anew, could suppress errors
    "--tool=memcheck",
    "--trace-children=yes",
    "--child-silent-after-fork=no",
    "--leak-check=full",
    "--show-leak-kinds=definite",
    "--errors-for-leak-kinds=definite",
    "--num-callers=20",
    "--read-inline-info=no",  # a fifth of what a process costs; a submission is built without inlining here
    "--xml=yes",
    "--xml-file=%t/vg.%p.xml",
    "--trace-children-skip=/bin/*,/usr/bin/*",
)

_KINDS = {
    "InvalidRead": "invalid_read",
    "InvalidWrite": "invalid_write",
    "InvalidJump": "invalid_read",
    "InvalidFree": "invalid_free",
    "MismatchedFree": "mismatched_free",
    "Overlap": "overlap",
    "UninitCondition": "uninitialised_value",
    "UninitValue": "uninitialised_value",
    "SyscallParam": "bad_syscall_argument",
    "FishyValue": "bad_syscall_argument",
    "ClientCheck": "uninitialised_value",
    "Leak_DefinitelyLost": "definitely_lost",
}
# Numbers in them are any text too: more digits than a size has are none.
_SIZE = re.compile(r"of size ([0-9]{1,15})\b")
_FUNCTION = re.compile(r"overlap in (\w{1,80})\b")
_SYSCALL = re.compile(r"Syscall param (\w{1,80})\(")
_BLOCK = re.compile(r"is (.{1,80} block of size [0-9,]{1,20} (?:alloc'd|free'd))")


@dataclass(frozen=True)
class Frame:
    function: str
    file: str
    line: int


@dataclass(frozen=True)
class Error:
    kind: str  # valgrind's
    what: str
    stack: tuple[Frame, ...]
    auxwhat: str = ""
    aux_stack: tuple[Frame, ...] = ()
    bytes: int = 0
    blocks: int = 0


@dataclass
class Report:
    pid: int
    errors: list[Error] = field(default_factory=list)
    complete: bool = False  # valgrind was there at the end of the process
    held: bool = False  # read from the process itself when it was about to exit, as valgrind's
    options: tuple[str, ...] = ()  # what that valgrind was started with


# ---- reading -----------------------------------------------------------------------------------------


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.strip().isdigit() and len(text) < 12 else 0


def _stack(node: xml.Element | None) -> tuple[Frame, ...]:
    if node is None:
        return ()
    return tuple(
        Frame(f.findtext("fn") or "", (f.findtext("file") or "").rpartition("/")[2], _number(f.findtext("line")))
        for f in node.findall("frame")[:50]
    )


def _error(node: xml.Element) -> Error:
    stacks = node.findall("stack")
    return Error(
        kind=node.findtext("kind") or "",
        what=node.findtext("what") or node.findtext("xwhat/text") or "",
        stack=_stack(stacks[0] if stacks else None),
        auxwhat=node.findtext("auxwhat") or "",
        aux_stack=_stack(stacks[1] if len(stacks) > 1 else None),
        bytes=_number(node.findtext("xwhat/leakedbytes")),
        blocks=_number(node.findtext("xwhat/leakedblocks")),
    )


def parse(pid: int, data: bytes) -> Report:
    """Reads one report as far as it is one. A broken rest leaves it incomplete."""
    report = Report(pid)
    text = data[:REPORT_MAX].decode("utf-8", "replace")
    if "<!" in text:  # valgrind writes no declarations: this is not its file, and entities could be huge
        return report
    parser = xml.XMLPullParser(events=("end",))
    try:
        parser.feed(text)
        for _, node in parser.read_events():
            if node.tag == "error":
                report.errors.append(_error(node))
            elif node.tag == "vargv":
                report.options = tuple(arg.text or "" for arg in node.findall("arg")[:100])
            elif node.tag == "status" and node.findtext("state") == "FINISHED":
                report.complete = True
    except (xml.ParseError, ValueError):
        report.complete = False
    return report


def is_held(file: Collected, pid: int) -> bool:
    """Did valgrind itself hold this open, about to exit as this process?"""
    return file.by == pid and _TOOL.fullmatch(file.program) is not None


def has_our_options(report: Report) -> bool:
    """A program can start valgrind too, with options that find less."""
    wanted = [re.escape(word).replace("%t", ".*") for word in ARGV[1:]]
    return len(wanted) == len(report.options) and all(map(re.fullmatch, wanted, report.options))


def reports(log: EntryLog) -> list[Report]:
    """The reports that were collected, those of the main processes first: there may be too many of others."""
    found = []
    main = {s.pid for s in log.spawns}
    named = [(int(match[1]), f) for f in log.files if (match := _NAME.fullmatch(f.name)) and f.data is not None]
    for pid, file in sorted(named, key=lambda n: n[0] not in main)[:REPORTS_MAX]:
        report = parse(pid, file.data or b"")
        report.held = is_held(file, pid)
        found.append(report)
    return found


# ---- judging ------------------------------------------------------------------------------------------


def _place(stack: Iterable[Frame], own: frozenset[str]) -> Location | None:
    return next((Location(f.file, f.line) for f in stack if f.file in own and f.line > 0), None)


def _cause(error: Error) -> str | None:
    if error.kind == "InvalidFree" and "free'd" in error.auxwhat and "is 0 bytes inside" in error.auxwhat:
        return "double_free"
    return _KINDS.get(error.kind)


def _args(error: Error, own: frozenset[str]) -> dict[str, str | int]:
    args: dict[str, str | int] = {}
    if match := _SIZE.search(error.what):
        args["size"] = int(match[1])
    if match := _FUNCTION.search(error.what):
        args["function"] = match[1] + "()"
    if match := _SYSCALL.search(error.what):
        args["call"] = match[1] + "()"
    if match := _BLOCK.search(error.auxwhat):
        block = match[1].replace(" alloc'd", "").replace(" free'd", " that was freed")
        origin = _place(error.aux_stack, own)
        verb = "freed" if "free'd" in match[1] else "allocated"
        args["block"] = block + (f", {verb} at {origin.file}:{origin.line}" if origin else "")
    if error.bytes:
        args |= {"bytes": error.bytes, "blocks": error.blocks or 1}
    return args


def _findings(all_reports: list[Report], own: frozenset[str]) -> Iterator[Finding]:
    seen: set[tuple[str, tuple[Frame, ...]]] = set()
    for report in sorted(all_reports, key=lambda r: r.pid):
        for error in report.errors:
            cause, place = _cause(error), _place(error.stack, own)
            if cause is None or place is None or (cause, error.stack) in seen:
                continue
            seen.add((cause, error.stack))
            kind = "memory_leak" if cause == "definitely_lost" else "memory_error"
            origin = _place(error.aux_stack, own)
            yield catalogue.finding(
                kind, cause, _args(error, own), location=place, related=(origin,) if origin else ()
            )


def findings(log: EntryLog, own: frozenset[str], *, passed: bool, held: bool = False) -> list[Finding]:
    """The findings of one entry of the memcheck pass. `own` are the names of the submission's files; `passed`: the
    judge was content, so something has to show that valgrind was there; `held`: warden could see who held a report."""
    all_reports = reports(log)
    found: dict[tuple[str, Location | None], Finding] = {}
    for f in _findings(all_reports, own):
        found.setdefault((f.cause, f.location), f)  # one line is one fault, however often it is reached
    kept = list(found.values())[:FINDINGS_MAX]
    # an error comes before the leak that it may have caused
    kept.sort(key=lambda f: f.kind == "memory_leak")
    return kept + _missing(log, all_reports, passed, held)


def _missing(log: EntryLog, all_reports: list[Report], passed: bool, held: bool) -> list[Finding]:
    """A process that exited by itself under valgrind has a complete report, or it got away from valgrind. One that was
    killed has none, or one that nobody saw it hold; but where all were, nothing has been checked."""
    complete = [r for r in all_reports if r.complete and has_our_options(r)]
    seen = {r.pid for r in complete if r.held or not held}
    peers = {s.proc for s in log.spawns if s.peer}  # ours are not under valgrind
    for e in log.exits:
        if e.proc not in peers and e.status.code is not None and e.pid not in seen:
            return [catalogue.finding("memory_error", "no_memcheck_report", {"pid": e.pid})]
    if passed and any(not s.peer for s in log.spawns) and not complete:
        return [catalogue.finding("memory_error", "no_memcheck_report")]
    return []
