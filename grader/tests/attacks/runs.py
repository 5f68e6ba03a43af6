"""One attack against one defence: a run with all defences, in which it must fail, and one without this defence, in which it must
succeed. How success shows:

    marks      the score is higher than what was earned honestly, or a grader without separation is content
    says       the program (or the compiler) says BREACH
    secret     words of a hidden test come out
    neighbour  a right submission that is graded at the same time loses points
    lasts      the compiler's or the test's run takes longer than `args.ms`
    error      the grading fails: nobody learns what it is worth
    refused    the check of sources refuses it
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import naive
from corpus import SOLUTION, Attack, Row, honest
from switches import Run, grade, grader_without, submission, switched_off

from ipclab import events
from ipclab.model import Result

SECRET = b"the-moon-is-a-hidden-test"
BREACH = b"BREACH"
READY_S = 30.0
HOLDS_ON = {"wall_ms": 60_000, "cpu_ms": 60_000}  # as long as the other's grading can take: then it is cancelled
# Nothing that the check of sources refuses may rest on that check: it is off in every run but its own.
BASE = frozenset(("source_checks",))


@dataclass
class Outcome:
    attack: str
    row: str
    sandbox: str
    with_it: str = ""
    without_it: str = ""
    problems: list[str] = field(default_factory=list)


def run_rows(attack: Attack, sandbox: str) -> list[Outcome]:
    """All defences against this attack in this sandbox, each with it and without. What several rows have in common runs once."""
    held: dict[frozenset[str], Try] = {}
    return [_run_row(attack, row, sandbox, held) for row in attack.rows if sandbox in row.sandboxes]


def _run_row(attack: Attack, row: Row, sandbox: str, tried: dict[frozenset[str], Try]) -> Outcome:
    """Tries both, and says what came out and what should not have."""
    outcome = Outcome(attack.name, row.name, sandbox)
    base = frozenset(row.also) | (BASE - {row.name})
    held = tried[base] = tried.get(base) or try_it(attack, sandbox, base)
    outcome.with_it = held.words
    outcome.problems += _expected(attack, held)
    if row.why:
        outcome.without_it = row.why
        return outcome
    freed = try_it(attack, sandbox, base | frozenset(row.off))
    outcome.without_it = freed.words
    if not freed.succeeded:
        outcome.problems.append(f"without {', '.join(row.off)} it does not succeed: {freed.words}")
    return outcome


@dataclass
class Try:
    succeeded: bool
    words: str
    result: Result | None = None


def try_it(attack: Attack, sandbox: str, off: frozenset[str]) -> Try:
    if "separation" in off:
        content = naive.passes(attack.files, (SOLUTION / "sum.h").read_bytes(), sandbox, attack.args.get("verdict", "exit"))
        return Try(content, "full marks" if content else "no marks")
    if attack.succeeds == "neighbour":
        return _beside(attack, sandbox, off)
    run = grade(attack.files, sandbox, off, {"memcheck": attack.files.get("sum.c") != honest()["sum.c"]} | attack.args)
    succeeded = _shows(attack, run)
    return Try(succeeded, _words(attack, run, succeeded), run.result)


def _shows(attack: Attack, run: Run) -> bool:
    if attack.succeeds == "marks":
        return run.result.score > attack.score
    if attack.succeeds == "says":
        return BREACH in run.said
    if attack.succeeds == "secret":
        return any(SECRET in _bytes(event) for event in run.events)
    if attack.succeeds == "lasts":
        return run.ended(attack.args["entry"]).wall_ms > attack.args["ms"]
    if attack.succeeds == "error":
        return run.result.status.value == "grader_error"
    if attack.succeeds == "refused":
        return run.result.status.value != "rejected"
    raise ValueError(attack.succeeds)


def _bytes(event: events.Event) -> bytes:
    """All text of an event that a submission can have a part in. What the judge says is for the lab's author only."""
    if isinstance(event, events.Output):
        return event.data if event.who == "student" else b""
    if isinstance(event, events.Collected):
        return event.data or b""
    return b"" if isinstance(event, events.Record) else repr(event).encode()


_WORDS = {
    "says": ("refused", "done"), "secret": ("not seen", "hidden test read"), "lasts": ("ended", "runs on"),
    "error": ("harmless", "grader_error"), "marks": ("", "unearned"), "refused": ("rejected", "built"),
}  # fmt: skip


def _words(attack: Attack, run: Run, succeeded: bool) -> str:
    what = _WORDS[attack.succeeds][succeeded]
    score = f"{run.result.score}/{run.result.max_score}" if run.result.status.value == "graded" else run.result.status.value
    return " ".join(w for w in (what, score) if w)


def _expected(attack: Attack, held: Try) -> list[str]:
    """What is wrong with the run in which the attack must fail."""
    problems = [f"it succeeds with all defences: {held.words}"] if held.succeeded else []
    result = held.result
    if result is None:
        return problems
    if result.status.value != attack.status or result.score != attack.score:
        problems.append(f"{result.status.value} {result.score} instead of {attack.status} {attack.score}: {findings(result)}")
    kinds = {f.kind for f in all_findings(result)}
    problems += [f"no finding {kind}, but {sorted(kinds)}" for kind in attack.findings if kind not in kinds]
    return problems


def all_findings(result: Result) -> list[object]:
    return [*result.findings, *(f for t in result.tests for f in t.findings)]  # type: ignore[list-item]


def findings(result: Result) -> str:
    tests = "; ".join(f"{t.name}: {t.status.value} {t.message}" for t in result.tests if t.status.value != "pass")
    return f"{[f.text for f in result.findings]} {tests}"[:600]


# ---- two at the same time ------------------------------------------------------------------------------


def _is_ready(name: bytes) -> bool:
    """Is there a process of this name (prctl(2), PR_SET_NAME)? In a pid namespace of its own it is seen from here all the same."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_bytes().strip() == name:
                return True
        except OSError:
            continue
    return False


def _beside(attack: Attack, sandbox: str, off: frozenset[str]) -> Try:
    """Grades the control while the attack holds what it has got. The attack says that it is ready by its name."""
    words = _own_words()
    files, victims = _filled(attack.files, words), _filled(attack.victim, words)
    ready = words[b"@READY@"]
    with switched_off(off), _without_objects(int(words[b"@KEY@"])):
        attacker = grader_without(off, sandbox, HOLDS_ON)
        ended: list[Result] = []
        thread = threading.Thread(target=lambda: _until_cancelled(attacker, files, ended))
        thread.start()
        try:
            until = time.monotonic() + READY_S
            while not _is_ready(ready):
                if time.monotonic() > until or not thread.is_alive():
                    return Try(False, f"the attack was never ready: {findings(ended[0]) if ended else ''}")
                time.sleep(0.02)  # a process in another namespace tells nobody that it has got a name; the deadline bounds this
            victim = grader_without(off, sandbox).one(submission(victims, "victim"))
        finally:
            attacker.cancel()
            thread.join()
    hurt = victim.score < victim.max_score
    return Try(hurt, f"the neighbour {'loses: ' if hurt else 'has '}{victim.score}/{victim.max_score}")


def _own_words() -> dict[bytes, bytes]:
    """What the two fight about, under names that nobody else on this machine has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ready = f"ready{os.getpid() % 100000}{time.monotonic_ns() % 1000:03}"[:15]
    key = 0x40000000 | secrets.randbits(28)
    return {b"@READY@": ready.encode(), b"@PORT@": str(port).encode(), b"@KEY@": str(key).encode()}


def _filled(files: dict[str, bytes], words: dict[bytes, bytes]) -> dict[str, bytes]:
    filled = dict(files)
    for word, text in words.items():
        filled = {name: data.replace(word, text) for name, data in filled.items()}
    return filled


@contextlib.contextmanager
def _without_objects(key: int) -> Iterator[None]:
    """Without a namespace of its own an attack leaves its System V objects to this machine: they are removed here."""
    try:
        yield
    finally:
        for kind in ("-M", "-S", "-Q"):
            subprocess.run(["ipcrm", kind, hex(key)], stderr=subprocess.DEVNULL, timeout=30)


def _until_cancelled(attacker: object, files: dict[str, bytes], ended: list[Result]) -> None:
    from ipclab.grading import Cancelled

    try:
        ended.append(attacker.one(submission(files)))  # type: ignore[attr-defined]
    except Cancelled:
        pass
