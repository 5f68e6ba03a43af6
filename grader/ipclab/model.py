"""The words of the trade: what a lab, a submission and a result are. Plain frozen data, no behaviour that touches the world.

Every other module takes these in or gives them out. The JSON form of a result is result.schema.json; `results.py` maps
between the two.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path

# ---- labs (made by manifest.py from lab.toml) ----------------------------------------------------


class TargetKind(enum.Enum):
    PROGRAM = "program"  # the submission has main
    FUNCTIONS = "functions"  # the lab's driver has main and calls the student's functions


class Visibility(enum.Enum):
    PUBLIC = "public"
    HIDDEN = "hidden"
    AFTER_DUE = "after_due"


@dataclass(frozen=True)
class Limits:
    """What one test may use; a test's own values override the lab's."""

    wall_ms: int = 20_000
    cpu_ms: int = 10_000
    memory: int = 256 << 20
    processes: int = 64
    files: int = 256
    file_size: int = 16 << 20
    output: int = 16 << 20


@dataclass(frozen=True)
class Target:
    name: str
    kind: TargetKind
    files: tuple[str, ...]  # what the student submits
    driver: str | None = None  # relative to the lab's folder
    headers: tuple[str, ...] = ()  # given headers, relative to the skeleton's folder
    required: tuple[str, ...] = ()  # for FUNCTIONS: the functions that must be defined


@dataclass(frozen=True)
class Peer:
    """A program of the kit that a test starts beside the student's, with the student's rights: it holds no expected value."""

    name: str
    source: str  # with main, in tests/public or tests/hidden


@dataclass(frozen=True)
class Weave:
    """What the pass `weave` of a test runs: all processes under weave's scheduler, once for each seed from 0 to `seeds`."""

    seeds: int = 100
    depth: int = 3  # bugs that need up to so many ordering constraints
    stdin: str = ""  # of the first program
    stdout: str | None = None  # what is printed in every schedule; None: anything
    starts: tuple[tuple[str, ...], ...] = ()  # for PROGRAM: NAME of a target, arguments; none: the test's target alone
    scenario: str | None = None  # for FUNCTIONS: the file with main that calls them, relative to the lab's folder


@dataclass(frozen=True)
class Test:
    name: str  # the cmocka test's name, unique in the lab
    title: str  # a sentence of behaviour: what a student reads
    target: str
    source: str | None  # tests/public/….c or tests/hidden/….c, relative to the lab's folder; None: only weave runs it
    points: int
    visibility: Visibility
    uses: tuple[str, ...] = ()  # further targets that it starts, besides its own
    depends: tuple[str, ...] = ()  # tests without which this one makes no sense: skipped, not failed again
    hint: str | None = None
    passes: tuple[str, ...] = ("plain",)  # plain (every build of the lab), memcheck, weave
    fails_on: tuple[str, ...] = ()  # finding kinds that cost these points besides what the judge says
    limits: Limits = Limits()
    bonus: bool = False
    weave: Weave | None = None  # there if and only if `passes` has weave


@dataclass(frozen=True)
class Lab:
    slug: str  # 01-pipe
    title: str
    order: int
    folder: Path  # labs/01-pipe
    solution: Path  # solutions/01-pipe
    skeleton: Path  # skeletons/01-pipe
    flags: tuple[str, ...]
    builds: tuple[str, ...]  # optimisation levels that are judged: ("O0", "O2")
    targets: tuple[Target, ...]
    tests: tuple[Test, ...]
    peers: tuple[Peer, ...] = ()
    hidden_tests: int = 0  # in an export for students: how many tests were left out,
    hidden_points: int = 0  # and their points (bonus not counted)

    @property
    def max_score(self) -> int:
        return sum(t.points for t in self.tests if not t.bonus)


# ---- submissions (made by intake.py) -------------------------------------------------------------


@dataclass(frozen=True)
class SourceFile:
    name: str  # a plain file name, no folder
    data: bytes  # as it will be compiled (BOM taken off)


@dataclass(frozen=True)
class Rejection:
    """Why a submission cannot be graded at all; code is of catalogue.toml, args fill its text."""

    code: str
    args: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    id: str  # safe as a file name, unique in one grading
    student: str  # as a person wrote it; hostile text
    files: tuple[SourceFile, ...]
    sha256: str  # over names and bytes of files, in order of name
    rejection: Rejection | None = None
    notes: tuple[Rejection, ...] = ()  # what was ignored or mended, to be told (advice)
    students: tuple[str, ...] = ()
    group: str | None = None
    submitted_at: str | None = None
    attempt: int | None = None


# ---- results (made by judging.py, read by every exporter) ----------------------------------------


class ResultStatus(enum.Enum):
    GRADED = "graded"
    BUILD_FAILED = "build_failed"  # no target could be built
    REJECTED = "rejected"
    GRADER_ERROR = "grader_error"


class TestStatus(enum.Enum):
    PASS = "pass"
    FAIL = "fail"
    SKIPPED = "skipped"
    ERROR = "error"  # the grader's own


# A value that a program printed or an assert compared: text, a number, or bytes as {"base64": …}.
Value = str | int | dict[str, str] | None


@dataclass(frozen=True)
class Location:
    file: str
    line: int


@dataclass(frozen=True)
class Process:
    pid: int
    role: str
    state: str
    doing: str


@dataclass(frozen=True)
class Finding:
    kind: str
    cause: str
    code: str  # message.code: of catalogue.toml
    args: dict[str, Value] = field(default_factory=dict)
    text: str = ""  # the sentence, filled in
    hint: str | None = None
    location: Location | None = None  # always the student's code
    related: tuple[Location, ...] = ()
    processes: tuple[Process, ...] = ()
    replay: str | None = None


@dataclass(frozen=True)
class TestResult:
    name: str
    title: str
    points: int  # earned
    max_points: int
    status: TestStatus
    visibility: Visibility
    message: str = ""
    expected: Value = None
    actual: Value = None
    hint: str | None = None
    location: Location | None = None
    findings: tuple[Finding, ...] = ()
    duration_ms: float = 0.0
    bonus: bool = False


@dataclass(frozen=True)
class Result:
    lab: str
    submission_id: str
    student: str
    sha256: str
    suite_sha256: str
    seed: str  # 16 hex digits
    sandbox: str  # docker, local:uids, local:namespaces, local:none
    status: ResultStatus
    score: int
    max_score: int
    started: str  # RFC 3339, UTC
    phases_ms: dict[str, float]
    tests: tuple[TestResult, ...]
    findings: tuple[Finding, ...]  # of the submission as a whole (build errors, notes)
    students: tuple[str, ...] = ()
    group: str | None = None
    submitted_at: str | None = None
    attempt: int | None = None
