"""The pass `weave` of a test: a closed scenario, its schedules, and what they mean for the test's points.

What the submission's processes report can take points away and never give any: a schedule counts as a good one only if the
host told of all of them and came to its own end. What is known to be the submission's doing fails the test, with its finding:

    race between processes  always
    deadlock, crash, timeout, tamper
                            always; that the host was killed, only if the same seed kills it again
    system calls past the C library, programs that were not built for weave, signals to processes that are not of the run,
    other machines, too many processes
    a scenario that ends with another exit status than 0: its main is the lab's, and says so that its check failed
    another output than the test asks for, where it asks for one
    other kinds             where fails_on has them; wrong_output: a program that is started ends with another status than 0,
                            which programs may well do when others come first, so that it costs only where it is asked for
    race with a handler     where fails_on has race: a flag that the program protects by its own order is none

What may be the grader's own is an error, never a failure: weave's tables are full, it knows too little of a call that POSIX
allows, a process was killed from outside, the time was over before the last seed.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from ipclab import build, catalogue, judging
from ipclab.judging import Outcome, Verdict
from ipclab.model import Finding, Lab, Submission, Test, TestStatus
from ipclab.printable import clean
from ipclab.sandbox import Sandbox
from ipclab.weaving import explain, explorer
from ipclab.weaving.explorer import Exploration, Options, Set
from ipclab.weaving.schedules import Schedule

# For a machine that is a hundred times slower than it should be; what is over by then was not to end at all.
BUDGET_S = 60.0
SEED_S = 0.6
TOLD_MAX = 3  # schedules that are explained: each is run again, in docker in a container of its own

# Why weave gave a schedule up, where the submission's code has provably done it.
_DONE_BY_IT = frozenset({"raw_system_call", "executes_another_program", "signal_outside", "talks_to_another_machine"})
_ITS_OWN = frozenset({"steps", "time", "tasks", "tamper"})
_ORDER = ("tamper", "note", "deadlock", "race", "crash", "timeout", "wrong_output")  # what explains comes first


@dataclass(frozen=True)
class Place:
    """What is graded, and where."""

    lab: Lab
    submission: Submission
    built: build.Built
    tools: Path
    make_sandbox: Callable[[], AbstractContextManager[Sandbox]]


def run(test: Test, place: Place) -> Outcome:
    """Runs all schedules of a test and judges them."""
    began = time.monotonic()
    weave = test.weave
    assert weave is not None
    options = Options(1, weave.seeds, weave.depth, budget_s=max(BUDGET_S, SEED_S * weave.seeds))
    the_set = _set(test, place)
    try:
        explored = explorer.at_once(the_set, options)
        outcome = _Judgement(test, place, the_set, options, explored).outcome()
    except explorer.HostFault as fault:
        outcome = judging.grader_fault("weave_gave_up", {"test": test.name, "error": str(fault)}, 0.0)
    return replace(outcome, wall_ms=(time.monotonic() - began) * 1000)


def _set(test: Test, place: Place) -> Set:
    assert test.weave is not None
    starts = build.weave_starts(test)
    level = build.weave_level(test.weave.scenario)
    programs = {name: place.built.for_weave[build.program_name(name, level)] for name, *_ in starts}
    return Set(place.make_sandbox, place.tools, programs, starts, test.weave.stdin.encode())


# ---- what a schedule shows -----------------------------------------------------------------------------


def _trouble(s: Schedule) -> str:
    """Why a schedule was given up, in a word."""
    return next((t.code for t in reversed(s.troubles) if t.code not in explain.TROUBLES), "")


def _is_doubtful(s: Schedule) -> bool:
    """Was it given up for something that the submission need not have done?"""
    if s.verdict in ("done", "deadlock") or s.verdict in _ITS_OWN:
        return False
    return s.verdict != "uncontrolled" or _trouble(s) not in _DONE_BY_IT


def _reduced(s: Schedule, test: Test) -> Schedule:
    """What of a schedule costs points: of what handlers do, what fails_on has. A verdict that decides nothing is `done`."""
    kept = (t for t in s.troubles if t.code not in explain.TROUBLES or explain.TROUBLES[t.code][0] in test.fails_on)
    return replace(s, troubles=tuple(kept), verdict="done" if _is_doubtful(s) else s.verdict)


def _shows(s: Schedule) -> bool:
    told = any(t.code in explain.TROUBLES for t in s.troubles)
    return bool(s.races or told or s.verdict != "done" or explain.crashed(s))


def status(code: int) -> str:
    """An end as wait(2) tells it, in words."""
    number = code & 0x7F
    return f"signal {number}" if number else f"exit status {code >> 8}"


# ---- what all of them mean -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Judgement:
    test: Test
    place: Place
    the_set: Set
    options: Options
    explored: Exploration

    def outcome(self) -> Outcome:
        told = self._confirmed([_reduced(s, self.test) for s in self.explored.schedules])
        ends = list(self._ends())
        printed = list(self._printed())
        if ends or printed or any(_shows(s) for s in told if not s.brief):
            found = [*self._explained(told, TOLD_MAX), *(self._end(s, who) for s, who in ends[:1]), *(self._output(s) for s in printed[:1])]
            found.sort(key=lambda f: _ORDER.index(f.kind) if f.kind in _ORDER else len(_ORDER))
            return Outcome(TestStatus.FAIL, Verdict(TestStatus.FAIL, message=found[0].text), tuple(map(self._replayed, found)), 0.0)
        doubtful = [s for s in self.explored.schedules if not s.brief and _is_doubtful(s)]
        if doubtful:
            return self._cannot_follow(doubtful[0])
        if why := self._incomplete():
            return judging.grader_fault("weave_gave_up", {"test": self.test.name, "error": why}, 0.0)
        return Outcome(TestStatus.PASS, Verdict(TestStatus.PASS), (), 0.0)

    def _confirmed(self, told: list[Schedule]) -> list[Schedule]:
        """A host can be killed by its programs, and by a kernel without memory: only the first does so again."""
        killed = next((s for s in told if s.verdict == "tamper" and _trouble(s) == "host_killed"), None)
        if killed is None:
            return told
        again = explorer.replay(self.the_set, self.options, killed.seed)
        if again is not None and again.verdict == "tamper":
            return told
        return [replace(s, verdict="done") if s is killed else s for s in told]

    def _ends(self) -> Iterator[tuple[Schedule, int]]:
        """Schedules in which something that was started failed by its exit status, and which of the starts."""
        scenario = self.test.weave is not None and self.test.weave.scenario is not None
        if not scenario and "wrong_output" not in self.test.fails_on:
            return
        for s in self.explored.schedules:
            if s.brief or s.verdict != "done" or explain.crashed(s):
                continue
            yield from ((s, i) for i, p in enumerate(s.processes) if p.parent < 0 and p.end)

    def _printed(self) -> Iterator[Schedule]:
        """Schedules that came to their end and printed something else than the test wants. What is new comes in full."""
        wanted = None if self.test.weave is None else self.test.weave.stdout
        for s in self.explored.schedules if wanted is not None else ():
            if not s.brief and s.verdict == "done" and not explain.crashed(s) and s.stdout != wanted.encode():
                yield s

    def _output(self, s: Schedule) -> Finding:
        wanted = "" if self.test.weave is None else self.test.weave.stdout or ""
        said, right = (clean(text.strip(), limit=60) or "nothing" for text in (s.stdout.decode("utf-8", "replace"), wanted))
        replay = explain.replay_command(self.options, s.seed, self._command())
        return catalogue.finding("wrong_output", "prints_wrong_in_schedule", {"printed": said, "expected": right, "seed": s.seed}, replay=replay)

    def _end(self, s: Schedule, who: int) -> Finding:
        code = s.processes[who].end or 0
        args: dict[str, str | int] = {"status": status(code), "seed": s.seed}
        replay = explain.replay_command(self.options, s.seed, self._command())
        if self.test.weave is not None and self.test.weave.scenario is not None:
            lines = s.stderr.decode("utf-8", "replace").split("\n")
            said = next((clean(line.strip(), limit=200) for line in reversed(lines) if line.strip()), "")
            args |= {"said": said} if said else {}
            return catalogue.finding("wrong_output", "scenario_failed", args, replay=replay)
        args["who"] = s.program_name(s.processes[who].program)
        good = (o.seed for o in self.explored.schedules if not o.brief and o.verdict == "done" and not any(p.end for p in o.processes))
        other = next(good, None)
        args |= {} if other is None else {"other": other}
        return catalogue.finding("wrong_output", "failed_in_schedule", args, replay=replay)

    def _incomplete(self) -> str:
        """What is missing, seen from outside: the host's own end, all schedules, and that the programs came to weave at all."""
        told = [s.seed for s in self.explored.schedules]
        if self.explored.cut:
            return f"the time was over after {len(told)} of {self.options.last + 1}"
        if self.explored.broken:
            return self.explored.broken
        if told != list(range(self.options.last + 1)):
            return f"{len(told)} of {self.options.last + 1} were told"
        probe = self.explored.schedules[0]
        roots = [p for p in probe.processes if p.parent < 0 and p.pid]
        if probe.points == 0 or len(roots) != len(self.the_set.starts) or not all(probe.program_name(p.program) for p in roots):
            return "the programs did not report to weave"
        if any(s.code is None for s in self.explored.schedules):
            return "a program's end is not known"
        return ""

    # ---- in words

    def _explained(self, told: Sequence[Schedule], most: int) -> list[Finding]:
        part = replace(self.explored, schedules=list(told))
        return explain.findings(self.the_set, self.options, part, self.place.submission.files, self._command(), most)

    def _cannot_follow(self, s: Schedule) -> Outcome:
        alone = replace(s, races=(), troubles=tuple(t for t in s.troubles if t.code not in explain.TROUBLES))
        noted = next((f for f in self._explained([alone], 1) if f.cause in ("weave_cannot_control", "weave_table_full")), None)
        args = dict(noted.args) if noted else {}
        return judging.grader_fault("weave_cannot_follow", args, 0.0, noted.location if noted else None)

    def _command(self) -> list[str]:
        """What a student gives to `ipclab explore`, in the folder that has it: files and arguments."""
        lab, weave = self.place.lab, self.test.weave
        assert weave is not None
        files = {t.name: [f"skeletons/{lab.slug}/{name}" for name in t.files] for t in lab.targets}
        stdin = ["--stdin", "-"] if weave.stdin else []
        if weave.scenario is not None:
            return [*files[self.test.target], f"labs/{lab.slug}/{weave.scenario}", *stdin]
        starts = build.weave_starts(self.test)
        if len(starts) == 1:
            name, *arguments = starts[0]
            return [*files[name], *stdin, *(["--", *arguments] if arguments else [])]
        words = [w for name in dict.fromkeys(name for name, *_ in starts) for w in ("--program", f"{name}={','.join(files[name])}")]
        return [*words, *(w for start in starts for w in ("--start", shlex.join(start))), *stdin]

    def _replayed(self, finding: Finding) -> Finding:
        """Its line gets the input, as printf(1) writes it."""
        weave = self.test.weave
        if finding.replay is None or weave is None or not weave.stdin:
            return finding
        text = weave.stdin.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
        return replace(finding, replay=f"printf %b {shlex.quote(text)} | {finding.replay}")
