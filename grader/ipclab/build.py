"""Building a submission: the plan for the compiler, and what its messages mean.

The compiler runs in a sandbox of its own that holds no test. A target is built once for each optimisation level, from its
own files, the submitted headers and the given ones; the given ones win. Where a test has the pass `weave` its programs are
built once more, with weave's library. What comes out is bytes; they are checked before they become a program of the run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ipclab import catalogue
from ipclab.events import EntryLog, RunLog, StreamFault
from ipclab.kit import GCC, Kit, given_headers, linked_with, scenario_name
from ipclab.model import Finding, Lab, Limits, Location, Submission, Target, TargetKind, Test
from ipclab.plan import CommandEntry, Plan
from ipclab.sandbox import File
from ipclab.weaving.flags import LEVEL as WEAVE

BINARY_MAX = 16 << 20
WARNINGS_MAX = 20
STRAY_MAIN = "ipclab_stray_main"
LIMITS = Limits(
    wall_ms=60_000, cpu_ms=30_000, memory=768 << 20, processes=32, files=256, file_size=64 << 20, output=256 << 10
)
_FLAGS = ("-g", "-fno-omit-frame-pointer", "-fmax-errors=20", "-fdiagnostics-color=never", "-fno-diagnostics-show-caret")
_LIBRARIES = ("-pthread", "-lrt", "-lm")


@dataclass
class Built:
    """What became of a submission's targets."""

    programs: dict[str, bytes] = field(default_factory=dict)  # "pump.O2" -> ELF
    for_weave: dict[str, bytes] = field(default_factory=dict)  # "pump.weave" -> ELF, which runs under weave only
    failed: dict[str, Finding] = field(default_factory=dict)  # target -> the finding that explains it
    findings: list[Finding] = field(default_factory=list)  # of the submission as a whole, errors first


def program_name(target: str, build: str) -> str:
    return f"{target}.{build}"


# ---- at which levels ----------------------------------------------------------------------------------


def weave_level(scenario: str | None) -> str:
    """The level for a program, or for functions with a scenario: weave-hidden-two."""
    return WEAVE if scenario is None else f"{WEAVE}-{scenario_name(scenario).removeprefix('scenario-').removesuffix('.o')}"


def weave_starts(test: Test) -> tuple[tuple[str, ...], ...]:
    """What weave starts for a test: NAMEs of targets, with arguments."""
    assert test.weave is not None
    return test.weave.starts or ((test.target,),)


def weave_levels(lab: Lab, target: Target) -> dict[str, str | None]:
    """The levels at which weave needs a target, each with the scenario that goes with it."""
    found: dict[str, str | None] = {}
    for test in lab.tests:
        if test.weave is not None and "weave" in test.passes and any(name == target.name for name, *_ in weave_starts(test)):
            found[weave_level(test.weave.scenario)] = test.weave.scenario
    return found


def _groups(lab: Lab, target: Target) -> tuple[tuple[str, ...], ...]:
    """The levels, those together that one command makes: weave's differ only in what they are linked with."""
    alone = tuple((level,) for level in lab.builds)
    woven = tuple(weave_levels(lab, target))
    return (*alone, woven) if woven else alone


# ---- the plan --------------------------------------------------------------------------------------


def missing_files(target: Target, submission: Submission) -> list[str]:
    have = {f.name for f in submission.files}
    return [name for name in target.files if name not in have]


# Levels that one command makes -> that command, and files of ours that it needs; None: it is built as it is run and graded
Recipe = Callable[[Lab, Target, tuple[str, ...]], tuple[tuple[str, ...], dict[str, File]] | None]


def plan(lab: Lab, submission: Submission, kit: Kit, recipe: Recipe | None = None) -> tuple[Plan, dict[str, File]]:
    """What the compiler has to do, and the files that it needs. No entries: there is nothing to compile. `recipe`: how a
    target is built for weave."""
    headers = {f.name: f.data for f in submission.files if f.name.endswith(".h")} | given_headers(lab)
    files = {f"src/{name}": File(data) for name, data in headers.items()}
    entries = []
    for target in lab.targets:
        if missing_files(target, submission):
            continue
        files |= {f"src/{f.name}": File(f.data) for f in submission.files if f.name in target.files}
        inputs = [f"src/{name}" for name in (*target.files, *(h for h in headers if h not in target.files))]
        for group in _groups(lab, target):
            special = recipe(lab, target, group) if recipe else None
            argv, own = special or (_argv(lab, target, group[0], linked_with(kit.pausing())), _kit_files(target, kit))
            files |= own
            entries.append(
                CommandEntry(
                    id=program_name(target.name, group[0]),
                    argv=argv,
                    limits=LIMITS,
                    inputs=(*inputs, *own),
                    collect=tuple(program_name(target.name, level) for level in group),
                    collect_max=BINARY_MAX,
                )
            )
    return Plan(tuple(entries)), files


def _kit_files(target: Target, kit: Kit) -> dict[str, File]:
    pausing = {f"kit/{name}": file for name, file in kit.pausing().items()}
    if target.kind is not TargetKind.FUNCTIONS:
        return pausing
    return pausing | {f"kit/driver-{target.name}.o": File(kit.driver(target.name)), "kit/libdriver.a": File(kit.libdriver())}


def c_files(target: Target) -> list[str]:
    """What is compiled. A name that begins with - would be an option."""
    return [f"./{name}" if name.startswith("-") else name for name in target.files if name.endswith(".c")]


def _argv(lab: Lab, target: Target, level: str, more: Sequence[str] = ()) -> tuple[str, ...]:
    functions = target.kind is TargetKind.FUNCTIONS
    argv = [GCC, *lab.flags, *_FLAGS, f"-{level}"]
    if functions:
        # a main among the functions would replace the driver's: it gets another name, and a note
        argv.append(f"-Dmain={STRAY_MAIN}")
    argv += c_files(target)
    argv += [f"driver-{target.name}.o", "libdriver.a"] if functions else []
    return (*argv, *more, "-o", program_name(target.name, level), *_LIBRARIES)


# ---- what the compiler says --------------------------------------------------------------------------

_DIAGNOSTIC = re.compile(
    r"(?P<file>[^:\s][^:]*):(?P<line>\d+):(?:\d+:)? (?P<kind>fatal error|error|warning): (?P<text>.*)"
)
_PLACELESS = re.compile(r"(?:[\w/.-]+: )?(?P<kind>fatal error|error): (?P<text>.*)")
_UNDEFINED = re.compile(r"(?:(?P<file>[^:\s]+\.[ch]):(?P<line>\d+): )?undefined reference to [`'](?P<name>[^']+)'")
_DOUBLE = re.compile(r"(?:(?P<file>[^:\s]+\.[ch]):(?P<line>\d+): )?(?P<text>multiple definition of [`'](?P<name>[^']+)')")
_OUT_OF_MEMORY = ("virtual memory exhausted", "out of memory allocating", "Killed signal terminated", "memory exhausted")


@dataclass(frozen=True)
class Diagnostic:
    kind: str
    text: str
    location: Location | None


def diagnostics(text: str, own: frozenset[str]) -> Iterator[Diagnostic]:
    """The compiler's errors and warnings in order; the place only where it is in one of the submission's files."""
    for line in text.splitlines():
        if match := _DIAGNOSTIC.match(line):
            name = match["file"].rpartition("/")[2]
            place = Location(name, int(match["line"])) if name in own else None
            yield Diagnostic("warning" if match["kind"] == "warning" else "error", match["text"].strip(), place)
        elif (match := _PLACELESS.match(line)) and "ld returned" not in line:
            yield Diagnostic("error", match["text"].strip(), None)


def _place(match: re.Match[str], own: frozenset[str], target: Target) -> Location:
    name = (match["file"] or "").rpartition("/")[2]
    return Location(name, int(match["line"])) if name in own else Location(target.files[0], 0)


def _link_error(text: str, target: Target, own: frozenset[str]) -> Finding | None:
    undefined = list(_UNDEFINED.finditer(text))
    # a function that the lab asks for says more than one that a student's line calls
    undefined.sort(key=lambda m: m["name"] not in target.required)
    if undefined:
        place = _place(undefined[0], own, target)
        args = {"function": undefined[0]["name"], "target": target.name}
        if place.line == 0:
            return catalogue.finding("build_error", "undefined_function", args | {"file": target.files[0]}, location=place)
        return catalogue.finding("build_error", "undefined_function", args, location=place)
    if double := _DOUBLE.search(text):
        args = {"error": double["text"].replace("`", "'"), "function": double["name"], "target": target.name}
        return catalogue.finding("build_error", "link_error", args, location=_place(double, own, target))
    return None


def _limit_error(log: EntryLog, target: Target, text: str) -> Finding | None:
    assert log.end is not None
    args = {"file": target.files[0], "target": target.name}
    causes = {
        "wall": "compiler_timeout",
        "cpu": "compiler_timeout",
        "memory": "compiler_memory",
        "processes": "compiler_memory",
        "output": "compiler_output",
    }
    cause = causes.get(log.end.outcome)
    if cause is None and any(sign in text for sign in _OUT_OF_MEMORY):
        cause = "compiler_memory"
    return None if cause is None else catalogue.finding("build_error", cause, args, location=Location(target.files[0], 0))


def _explain(log: EntryLog, target: Target, own: frozenset[str]) -> Finding:
    """The one finding that says why a target did not build."""
    text = _said(log)
    limit = _limit_error(log, target, text)
    if limit is not None:
        return limit
    first = next((d for d in diagnostics(text, own) if d.kind == "error"), None)
    link = _link_error(text, target, own)
    if link is not None and (first is None or first.location is None):
        return link
    if first is not None:
        place = first.location or Location(target.files[0], 0)
        return catalogue.finding("build_error", "compile_error", {"error": first.text, "target": target.name}, location=place)
    line = next((ln.strip() for ln in text.splitlines() if ln.strip()), "")
    return catalogue.finding("build_error", "link_error", {"error": line, "target": target.name}, location=Location(target.files[0], 0))


def _said(log: EntryLog) -> str:
    return b"".join(o.data for o in log.outputs if o.who == "student").decode("utf-8", "backslashreplace")


def _warnings(log: EntryLog, own: frozenset[str]) -> list[Finding]:
    seen: dict[tuple[str, Location], Finding] = {}
    for d in diagnostics(_said(log), own):
        if d.kind == "warning" and d.location is not None and len(seen) < WARNINGS_MAX:
            made = catalogue.finding("build_warning", "compiler_warning", {"warning": d.text}, location=d.location)
            seen.setdefault((d.text, d.location), made)
    return list(seen.values())


# ---- what came out -------------------------------------------------------------------------------------

Refused = Callable[[bytes], bool]


def _binary(log: EntryLog, name: str) -> bytes | None:
    """The program, if the compiler made one: an ELF executable, by its header (elf(5))."""
    data = next((f.data for f in log.files if f.name == name and f.data is not None), None)
    if data is None or len(data) < 64 or data[:4] != b"\x7fELF":
        return None
    kind = int.from_bytes(data[16:18], "little" if data[5] == 1 else "big")
    return data if kind in (2, 3) else None  # ET_EXEC, ET_DYN


def read(lab: Lab, submission: Submission, log: RunLog | None, refused: Refused | None = None) -> Built:
    """Turns the compiler's run into programs and findings. `log` is None where there was nothing to compile; a program that
    `refused` says yes to fails its target."""
    built = Built()
    errors: list[Finding] = []
    advice: list[Finding] = []
    own = frozenset(f.name for f in submission.files)
    for target in lab.targets:
        missing = missing_files(target, submission)
        if missing:
            args = {"file": missing[0], "target": target.name}
            built.failed[target.name] = catalogue.finding("build_error", "file_missing", args)
            errors += [catalogue.finding("build_error", "file_missing", args | {"file": name}) for name in missing]
            continue
        _read_target(lab, target, log, own, built, advice)
        if refused is not None and target.name not in built.failed:
            _take_refused(lab, target, built, refused)
        if target.name in built.failed:
            errors.append(built.failed[target.name])
    built.findings = _unique(errors) + _unique(advice)
    return built


def _read_target(
    lab: Lab, target: Target, log: RunLog | None, own: frozenset[str], built: Built, advice: list[Finding]
) -> None:
    programs: dict[str, bytes] = {}
    extra = [program_name(target.name, level) for level in weave_levels(lab, target)]
    for group in _groups(lab, target):
        name = program_name(target.name, group[0])
        entry = log.entries.get(name) if log else None
        if entry is None or entry.end is None:
            raise StreamFault("no_done_event", f"the compiler's run of {name} is missing")
        if group[0] == lab.builds[0]:
            advice += _warnings(entry, own)
        status = entry.end.command
        made = {n: _binary(entry, n) for n in (program_name(target.name, level) for level in group)}
        good = {n: binary for n, binary in made.items() if binary is not None}
        if entry.end.outcome != "finished" or status is None or status.code != 0 or len(good) < len(made):
            built.failed.setdefault(target.name, _explain(entry, target, own))
            return
        programs |= good
    if target.kind is TargetKind.FUNCTIONS and _defines_main(next(iter(programs.values()))):
        place = Location(target.files[0], 0)
        advice.append(catalogue.finding("note", "stray_main", {"file": target.files[0]}, location=place))
    built.programs |= {name: data for name, data in programs.items() if name not in extra}
    built.for_weave |= {name: programs[name] for name in extra}


def _take_refused(lab: Lab, target: Target, built: Built, refused: Refused) -> None:
    """Weave's builds too: all of a target's programs have one source."""
    names = [program_name(target.name, level) for group in _groups(lab, target) for level in group]
    if any(refused(programs[name]) for programs in (built.programs, built.for_weave) for name in names if name in programs):
        for name in names:
            built.programs.pop(name, None)
            built.for_weave.pop(name, None)
        place = Location(target.files[0], 0)
        built.failed[target.name] = catalogue.finding("tamper", "client_requests", {"target": target.name}, location=place)


def _defines_main(binary: bytes) -> bool:
    """The macro's name is in the binary's table of symbols only if the source says main."""
    return b"\0" + STRAY_MAIN.encode() + b"\0" in binary


def _unique(findings: list[Finding]) -> list[Finding]:
    kept: dict[tuple[str, str, Location | None], Finding] = {}
    for f in findings:
        kept.setdefault((f.cause, f.text, f.location), f)
    return list(kept.values())
