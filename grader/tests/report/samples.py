"""A made-up lab and results of all sorts: what the tests of the reports work on."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from ipclab import catalogue, results
from ipclab.model import (
    Finding,
    Lab,
    Location,
    Process,
    Result,
    ResultStatus,
    SourceFile,
    Target,
    TargetKind,
    Test,
    TestResult,
    TestStatus,
    Visibility,
)

HOSTILE = '=cmd|"/c calc"!A1 <script>alert(1)</script> [bold]x[/bold] \x1b[2J\x1b]0;owned\x07 \u202egpj.exe'

COPY_C = b"""#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>

/* Copies its input to its output, through a child. */
int main(void)
{
    int fd[2];
    char buf[512];
    ssize_t n;

    if (pipe(fd) < 0)
        return 1;
    pid_t pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        while ((n = read(fd[0], buf, sizeof buf)) > 0)
            write(1, buf, (size_t)n);
        _exit(0);
    }
    close(fd[0]);
    while ((n = read(0, buf, sizeof buf)) > 0)
        write(fd[1], buf, (size_t)n);
    close(fd[1]);
    waitpid(pid, NULL, 0);
    return 0;
}
"""

TWICE_C = b"""#include <stdlib.h>
#include "twice.h"

char *twice(const char *text)
{
    char *out = malloc(2 * strlen(text) + 1)
    return out; /* \xe9\x1b[31m not UTF-8, and a tab:\there */
}
"""

SOURCES = (SourceFile("copy.c", COPY_C), SourceFile("twice.c", TWICE_C))


def _test(name: str, title: str, target: str, points: int, visibility: Visibility, **more: object) -> Test:
    folder = "public" if visibility is Visibility.PUBLIC else "hidden"
    return Test(name, title, target, f"tests/{folder}/test_{target}.c", points, visibility, **more)  # type: ignore[arg-type]


LAB = Lab(
    slug="90-copy",
    title="Copies & pipes",
    order=90,
    folder=Path("labs/90-copy"),
    solution=Path("solutions/90-copy"),
    skeleton=Path("skeletons/90-copy"),
    flags=("-std=gnu17",),
    builds=("O0", "O2"),
    targets=(
        Target("twice", TargetKind.FUNCTIONS, ("twice.c",), "driver.c", ("twice.h",), ("twice",)),
        Target("copy", TargetKind.PROGRAM, ("copy.c",)),
    ),
    tests=(
        _test("twice_doubles_a_word", "twice doubles a word", "twice", 2, Visibility.PUBLIC),
        _test("twice_frees_all", "twice leaves no memory behind", "twice", 2, Visibility.HIDDEN, hint="Every malloc has its free."),
        _test("copy_one_byte", "copy hands on one byte", "copy", 3, Visibility.PUBLIC),
        _test("copy_any_bytes", "copy hands on any bytes, NUL included", "copy", 3, Visibility.HIDDEN),
        _test("copy_a_megabyte", "copy hands on more than a pipe holds", "copy", 4, Visibility.HIDDEN, depends=("copy_one_byte",)),
        _test("copy_tells_errors", "copy reports an error of write()", "copy", 1, Visibility.AFTER_DUE, bonus=True),
    ),
)


def outcome(name: str, status: TestStatus, *findings: Finding, **more: object) -> TestResult:
    test = next(t for t in LAB.tests if t.name == name)
    return TestResult(
        name=name,
        title=test.title,
        points=test.points if status is TestStatus.PASS else 0,
        max_points=test.points,
        status=status,
        visibility=test.visibility,
        hint=more.pop("hint", test.hint),  # type: ignore[arg-type]
        findings=findings,
        duration_ms=12.5,
        bonus=test.bonus,
        **more,  # type: ignore[arg-type]
    )


def result(ident: str, student: str, *tests: TestResult, **more: object) -> Result:
    """A result in which all tests pass that are not given."""
    given = {t.name: t for t in tests}
    status = more.pop("status", ResultStatus.GRADED)
    all_tests = () if status is not ResultStatus.GRADED else tuple(
        given.get(t.name) or outcome(t.name, TestStatus.PASS) for t in LAB.tests
    )
    marks = results.score(LAB, {t.name: t.status for t in all_tests})
    return Result(
        lab=LAB.slug,
        submission_id=ident,
        student=student,
        sha256=hashlib.sha256(ident.encode()).hexdigest(),
        suite_sha256=hashlib.sha256(b"suite").hexdigest(),
        seed="00c0ffee00c0ffee",
        sandbox="local:uids",
        status=status,  # type: ignore[arg-type]
        score=marks.score,
        max_score=marks.max_score,
        started="2026-03-01T10:00:00Z",
        phases_ms={"build": 410.0, "run": 1250.0},
        tests=all_tests,
        findings=tuple(more.pop("findings", ())),  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


def deadlock() -> Finding:
    return catalogue.finding(
        "deadlock",
        "write_end_kept_by_reader",
        {"pid": 9, "role": "a child of copy", "fd": 3, "holder_fd": 4},
        location=Location("copy.c", 19),
        related=(Location("copy.c", 13),),
        processes=(
            Process(7, "copy", "S", "is blocked in wait4"),
            Process(9, "a child of copy", "S", "is blocked in read(fd 3, pipe:[812])"),
        ),
    )


FULL = result("01-ada", "Ada Lovelace")

HANG = result(
    "02-grace",
    "Grace Hopper",
    outcome("copy_one_byte", TestStatus.FAIL, deadlock(), message="copy did not end within 5 s."),
    outcome("copy_any_bytes", TestStatus.FAIL, deadlock(), message="copy did not end within 5 s."),
    outcome("copy_a_megabyte", TestStatus.SKIPPED, message="Skipped, because “copy hands on one byte” failed."),
    outcome("copy_tells_errors", TestStatus.FAIL, catalogue.finding("wrong_output", "error_ignored", {"call": "write", "errno": "ENOSPC"})),
)

BUILD = result(
    "03-alan",
    "Alan Turing",
    status=ResultStatus.BUILD_FAILED,
    findings=(
        catalogue.finding(
            "build_error",
            "compile_error",
            {"error": "expected ‘,’ or ‘;’ before ‘return’"},
            location=Location("twice.c", 6),
        ),
        catalogue.finding("build_error", "file_missing", {"file": "copy.c"}),
        catalogue.finding("build_warning", "compiler_warning", {"warning": "unused variable ‘n’"}, location=Location("twice.c", 4)),
    ),
)

REJECTED = result(
    "04-mallory",
    HOSTILE,
    status=ResultStatus.REJECTED,
    findings=(
        # Of no registered cause, as a result may be that a later version wrote.
        Finding("rejected", "hostile_name", "hostile_name", {"name": HOSTILE}, f"The archive holds the name {HOSTILE}"),
    ),
)

FAULT = result(
    "05-barbara",
    "Barbara Liskov",
    status=ResultStatus.GRADER_ERROR,
    findings=(catalogue.finding("grader", "engine_gone", {"error": "connection refused"}),),
)

LEAK = result(
    "06-edsger",
    "Edsger Dijkstra",
    outcome(
        "twice_frees_all",
        TestStatus.FAIL,
        catalogue.finding("memory_leak", "definitely_lost", {"bytes": 11, "blocks": 1}, location=Location("twice.c", 6)),
    ),
)

WRONG = result(
    "07-o-hara",
    "Scarlett O'Hara & <b>co</b>",
    outcome(
        "twice_doubles_a_word",
        TestStatus.FAIL,
        catalogue.finding("wrong_output", "wrong_output"),
        message="twice(\"7\") is not what it should be",
        expected=77,
        actual=7,
        hint="Look at the length.",
    ),
    outcome(
        "copy_any_bytes",
        TestStatus.FAIL,
        catalogue.finding("wrong_output", "stops_at_nul", {"offset": 12}),
        message="what copy printed: byte 12 of 30 differs",
        expected={"base64": "aGVsbG8gdGhlcmUKAAH//jx0YWc+XV0+IGVuZAo="},
        actual="hello there\n",
        hint="Use the secret count 4711.",
    ),
)

PARTIAL = result(
    "08-donald",
    "Donald Knuth",
    outcome("copy_a_megabyte", TestStatus.ERROR, message="the judge ended without a verdict"),
    outcome("copy_tells_errors", TestStatus.FAIL, message="copy exited with 0"),
    students=("Donald Knuth", "@SUM(A1)"),
    group="Group 4",
    attempt=2,
    submitted_at="2026-02-27T23:59:58Z",
    findings=(catalogue.finding("note", "stray_main", {"file": "twice.c"}),),
)

HALF = result(
    "09-tony",
    "Tony Hoare",
    *(
        outcome(t.name, TestStatus.FAIL, message=BUILD.findings[0].text, location=Location("twice.c", 6), hint=BUILD.findings[0].hint)
        for t in LAB.tests[:2]
    ),
    findings=BUILD.findings[:1],
)

SPOILT = replace(
    PARTIAL,
    submission_id="10-niklaus",
    student="Niklaus Wirth",
    students=(),
    status=ResultStatus.GRADER_ERROR,
    tests=tuple(
        replace(t, message="The judge ended.", findings=(catalogue.finding("grader", "judge_died", {"test": t.name, "status": "signal 11"}),))
        if t.status is TestStatus.ERROR
        else t
        for t in PARTIAL.tests
    ),
)


ALL = (FULL, HANG, BUILD, REJECTED, FAULT, LEAK, WRONG, PARTIAL, HALF, SPOILT)
SOURCES_BY_ID = {r.submission_id: SOURCES for r in ALL if r.status is not ResultStatus.REJECTED}


def class_of(size: int) -> list[Result]:
    """A class of that size, made of the samples."""
    return [
        replace(ALL[i % len(ALL)], submission_id=f"{i:04d}", student=f"{ALL[i % len(ALL)].student} {i}") for i in range(size)
    ]
