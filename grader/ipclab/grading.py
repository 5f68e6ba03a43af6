"""Grading: submissions in, results out, several at a time; each result is kept as soon as it is there.

A submission is built in one sandbox and run in another; what weave runs, in one more for each test. Whatever goes wrong with the grader itself becomes a result with
the status grader_error for that one submission; the others go on.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from ipclab import build, catalogue, hostile, judging, kit, memcheck
from ipclab import events as ev
from ipclab.faults import Fault, GraderFault
from ipclab.kit import Kit
from ipclab.model import Finding, Lab, Rejection, Result, ResultStatus, Submission, Test, TestResult, TestStatus
from ipclab.plan import Plan, TestEntry
from ipclab.sandbox import File, Files, Sandbox
from ipclab.slots import uids

if TYPE_CHECKING:
    from ipclab.report.progress import OnProgress

# Under memcheck a program runs 20 to 50 times slower; its limits are stretched, but not without end.
SLOW = 20
_MEMCHECK_WALL_MS = 120_000
_MEMCHECK_MEMORY = 768 << 20
XML_MAX = 4 << 20


@dataclass(frozen=True)
class Options:
    sandbox: str = "local"  # docker, local
    runtime: str | None = None  # of containers; None: the engine's usual one
    jobs: int = os.cpu_count() or 1
    seed: int | None = None  # None: a fresh one for each submission
    resume: bool = False
    keep: bool = True  # finished results go into the cache that --resume reads
    warden_options: tuple[str, ...] = ()  # for the kit's own tests
    perturbed: bool = False  # programs and judges pause at random, for the gate
    without: frozenset[str] = frozenset()  # defences that are off, for the kit's own tests: source_checks, client_requests


class Cancelled(Exception):
    """The grading was ended from outside."""


# ---- the run's plan ----------------------------------------------------------------------------------


def _seed_of(seed: int, test: str) -> int:
    """A test's own seed: the order of tests changes nothing, and each build gets the same inputs."""
    return int(kit.digest((seed.to_bytes(8, "big"), test))[:16], 16)


def _stretched(value: int, least: int) -> int:
    return min(value * SLOW, max(value, least))


def _entry(lab: Lab, test: Test, part: str, seed: int, after: tuple[str, ...]) -> TestEntry:
    assert test.source is not None
    plain = part in lab.builds
    level = part if plain else lab.builds[0]
    entry = TestEntry(
        id=judging.entry_id(test.name, part),
        judge=f"judge/{kit.judge_name(test.source)}",
        name=test.name,
        run_as="plain" if plain else part,
        limits=test.limits,
        seed=_seed_of(seed, test.name),
        uses=tuple((name, build.program_name(name, level)) for name in judging.targets_of(test)),
        after=after,
    )
    if plain:
        return entry
    return replace(
        entry,
        slow=SLOW,
        wall_ms=_stretched(test.limits.wall_ms, _MEMCHECK_WALL_MS),
        cpu_ms=_stretched(test.limits.cpu_ms, _MEMCHECK_WALL_MS),
        memory=test.limits.memory + _MEMCHECK_MEMORY,
        address_space=0,
        collect=(memcheck.GLOB,),
    )


def run_plan(lab: Lab, built: build.Built, seed: int) -> Plan:
    """All tests that can be run, each after those it depends on, each build after the one before it."""
    why = judging.runnable(lab, built)
    entries: list[TestEntry] = []
    of_test: dict[str, tuple[str, ...]] = {}
    for test in judging.in_order(lab):
        if why[test.name] is not None:
            continue
        before = tuple(e for name in test.depends for e in of_test.get(name, ()))
        ids: tuple[str, ...] = ()
        for part in judging.parts(test, lab):
            entries.append(_entry(lab, test, part, seed, (*before, *ids)))
            ids = (*ids, entries[-1].id)
        of_test[test.name] = ids or before  # what only weave runs is not in this plan: who waits for it waits for what it waits for
    entries += [replace(e, id=judging.explaining_id(e.id), explains=e.id, after=()) for e in entries if e.run_as == "plain"]
    programs = tuple((name, f"bin/{name}") for name in built.programs)
    peers = tuple((p.name, f"bin/{kit.peer_name(p.source)}") for p in lab.peers)
    return Plan(tuple(entries), programs, {"memcheck": memcheck.ARGV}, peers)


def split(plan: Plan) -> list[Plan]:
    """The plan as two that can run at the same time: plain tests, and the rest, which waits for none of them. Where a
    test of the first fails, judging leaves out what the second says of it, as if it had not been run."""
    plain = tuple(e for e in plan.entries if isinstance(e, TestEntry) and e.run_as == "plain")
    others = tuple(e for e in plan.entries if e not in plain)
    kept = {e.id for e in others}
    free = tuple(replace(e, after=tuple(a for a in e.after if a in kept)) for e in others)
    return [replace(plan, entries=entries) for entries in (plain, free) if entries]


def run_files(lab: Lab, built: build.Built, the_kit: Kit) -> dict[str, File]:
    files = {f"bin/{name}": File(data, 0o755) for name, data in built.programs.items()}
    for source in {t.source for t in lab.tests if t.source}:
        files[f"judge/{kit.judge_name(source)}"] = File(the_kit.judge(source), 0o755)
    for peer in lab.peers:
        files[f"bin/{kit.peer_name(peer.source)}"] = File(the_kit.peer(peer.source), 0o755)
    if (lines := the_kit.lines()) is not None:
        files["lines"] = File(lines, 0o755)
    return files


# ---- one submission ------------------------------------------------------------------------------------


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _rejections(kind: str, notes: Iterable[Rejection]) -> list[Finding]:
    return [catalogue.finding(kind, n.code, dict(n.args)) for n in notes]


@dataclass
class _Job:
    """The grading of one submission; lives on one worker thread."""

    grader: Grader
    submission: Submission
    seed: int
    started: str = field(default_factory=_now)
    phases: dict[str, float] = field(default_factory=dict)
    sandbox: str = ""
    built: build.Built | None = None  # given: is not built again

    def result(self, status: ResultStatus, tests: tuple[TestResult, ...], findings: Iterable[Finding]) -> Result:
        from ipclab.results import score  # pulls in the JSON schema's library

        s = self.submission
        lab = self.grader.lab
        marks = score(lab, {t.name: t.status for t in tests})
        notes = _rejections("note", s.notes)
        return Result(
            lab=lab.slug,
            submission_id=s.id,
            student=s.student,
            sha256=s.sha256,
            suite_sha256=self.grader.kit.suite_sha256,
            seed=f"{self.seed:016x}",
            sandbox=self.sandbox or self.grader.options.sandbox,
            status=status,
            score=marks.score,
            max_score=lab.max_score,
            started=self.started,
            phases_ms={name: round(ms, 1) for name, ms in self.phases.items()},
            tests=tests,
            findings=(*findings, *notes),
            students=s.students,
            group=s.group,
            submitted_at=s.submitted_at,
            attempt=s.attempt,
        )

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.grader.tell("phase", self.submission.id, name)
        began = time.monotonic()
        try:
            yield
        finally:
            self.phases[name] = (time.monotonic() - began) * 1000

    def grade(self) -> Result:
        if self.submission.rejection is not None:
            return self.result(ResultStatus.REJECTED, (), _rejections("rejected", (self.submission.rejection,)))
        try:
            if refused := self._refused():
                return self.result(ResultStatus.REJECTED, (), refused)
            return self._grade()
        except Fault as fault:
            code = getattr(fault, "code", "grader_fault")
            args = {"error": str(fault)} | getattr(fault, "details", {})
            return self.result(ResultStatus.GRADER_ERROR, (), (catalogue.finding("grader", code, args),))

    def _refused(self) -> list[Finding]:
        if self.built is not None or "source_checks" in self.grader.options.without:
            return []
        return hostile.of_submission(self.grader.lab, self.submission)

    def _grade(self) -> Result:
        lab = self.grader.lab
        with contextlib.ExitStack() as ready:
            # Where cores are free, the sandboxes of the tests come up while the compiler runs.
            sandboxes = [ready.enter_context(self.grader.sandbox()) for _ in range(2 if self.grader.spare_cores else 0)]
            with self.phase("build"):
                for sandbox in sandboxes:
                    sandbox.prepare()
                built = self.built or self.build()
                self.built = built
            log = self._run_tests(built, sandboxes) if built.programs else None
        woven = self._weave(built, log)
        with self.phase("judge"):
            tests = judging.judge(lab, self.submission, built, log, woven)
        status = ResultStatus.GRADED
        if any(t.status is TestStatus.ERROR for t in tests):
            status = ResultStatus.GRADER_ERROR
        elif not built.programs and all(f.kind == "build_error" for f in built.failed.values()):
            status = ResultStatus.BUILD_FAILED
        return self.result(status, tests, built.findings)

    def _run_tests(self, built: build.Built, sandboxes: Sequence[Sandbox]) -> ev.RunLog:
        plan = run_plan(self.grader.lab, built, self.seed)
        if not plan.entries:
            return ev.RunLog()
        with self.phase("run"):
            parts = split(plan) if self.grader.spare_cores else [plan]
            files = run_files(self.grader.lab, built, self.grader.kit)
            return self._run_parts(parts, files, told=True, sandboxes=sandboxes)

    def _weave(self, built: build.Built, log: ev.RunLog | None) -> dict[str, judging.Outcome]:
        """Runs the pass `weave` of the tests that have passed otherwise. Its seeds are those of lab.toml, the same always."""
        wanted = [t for t in judging.in_order(self.grader.lab) if "weave" in t.passes] if built.for_weave else []
        if not wanted or self.grader.kit.weave is None:
            return {}
        with self.phase("weave"):
            return self._weave_all(wanted, built, log)

    def _weave_all(self, wanted: list[Test], built: build.Built, log: ev.RunLog | None) -> dict[str, judging.Outcome]:
        """Each test once those that it depends on have their outcomes; where a core is free, two at a time."""
        woven: dict[str, judging.Outcome] = {}
        waiting, running = list(wanted), dict[Future[judging.Outcome], Test]()
        with ThreadPoolExecutor(2 if self.grader.spare_cores else 1) as pool:
            while waiting or running:
                undecided = {t.name for t in (*waiting, *running.values())}
                for test in [t for t in waiting if undecided.isdisjoint(judging.depends_on(self.grader.lab, t))]:
                    waiting.remove(test)
                    if judging.awaits_weave(self.grader.lab, self.submission, built, log, woven, test):
                        running[pool.submit(self._weave_one, test, built)] = test
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    woven[running.pop(done).name] = done.result()
        return woven

    def _weave_one(self, test: Test, built: build.Built) -> judging.Outcome:
        from ipclab.weaving import closed

        tools = self.grader.kit.weave
        assert tools is not None
        self.grader.tell("test", self.submission.id, test.name)
        outcome = closed.run(test, closed.Place(self.grader.lab, self.submission, built, tools, self.grader.sandbox))
        self.grader.tell("ended", self.submission.id, test.name, outcome.status)
        return outcome

    def build(self) -> build.Built:
        lab, the_kit = self.grader.lab, self.grader.kit
        recipe = None
        if the_kit.weave is not None:
            from ipclab.weaving import program

            recipe = program.recipe(the_kit.weave, the_kit.scenario)
        plan, files = build.plan(lab, self.submission, the_kit, recipe)
        if not plan.entries:
            return build.read(lab, self.submission, None)
        refused = hostile.makes_client_requests if "client_requests" not in self.grader.options.without else None
        parts = [plan]
        if self.grader.spare_cores and the_kit.image is None:  # a container costs more than a compiler's run
            parts = [replace(plan, entries=e) for e in (plan.entries[::2], plan.entries[1::2]) if e]
        return build.read(lab, self.submission, self._run_parts(parts, files, told=False), refused)

    def _run_parts(
        self, parts: list[Plan], files: Files, *, told: bool, sandboxes: Sequence[Sandbox] = ()
    ) -> ev.RunLog:
        """Runs the parts at the same time, each in a sandbox of its own: one of those given, or else a new one."""
        with contextlib.ExitStack() as stack:
            places = [*sandboxes[: len(parts)]]
            places += [stack.enter_context(self.grader.sandbox()) for _ in parts[len(places) :]]
            if len(parts) == 1:
                return self._run(parts[0], files, places[0], told=told)
            with ThreadPoolExecutor(len(parts)) as pool:
                running = [pool.submit(self._run, *job, told=told) for job in zip(parts, [files] * len(parts), places)]
                logs = [f.result() for f in running]
        for other in logs[1:]:
            logs[0].entries |= other.entries
        return logs[0]

    def _run(self, plan: Plan, files: Files, sandbox: Sandbox, *, told: bool) -> ev.RunLog:
        log = ev.RunLog()
        with uids() as pair:
            for event in sandbox.run(plan, files, pair):
                log.add(event)
                if isinstance(event, ev.Hello):
                    level = event.level
                    self.sandbox = "docker" if level == "container" else f"local:{level}"
                elif told and isinstance(event, ev.Begin) and not judging.is_explaining(event.id):
                    self.grader.tell("test", self.submission.id, event.id.rpartition(".")[0])
                elif told and isinstance(event, ev.End) and not judging.is_explaining(event.id):
                    self._tell_end(event.id, log)
        log.finish()
        return log

    def _tell_end(self, entry_id: str, log: ev.RunLog) -> None:
        name = entry_id.rpartition(".")[0]
        test = next((t for t in self.grader.lab.tests if t.name == name), None)
        if test is not None:
            own = frozenset(f.name for f in self.submission.files)
            status = judging.judge_entry(test, log.entries[entry_id], own, log.hello).status
            last = entry_id == judging.entry_id(name, judging.parts(test, self.grader.lab)[-1])
            if status is not TestStatus.PASS or (last and "weave" not in test.passes):
                self.grader.tell("ended", self.submission.id, name, status)


# ---- a class -------------------------------------------------------------------------------------------


class Grader:
    """What the workers share. Its lock guards the sandboxes that run now, so that cancel() can end them."""

    def __init__(
        self, lab: Lab, options: Options, on_progress: OnProgress | None = None, the_kit: Kit | None = None
    ) -> None:
        """`the_kit`: that of a lab of which this one is a part; its results must not be kept as if they were of the whole."""
        assert the_kit is None or not (options.keep or options.resume)
        self.lab = lab
        self.options = options
        self.on_progress = on_progress
        self._lock = threading.Lock()
        self._running: set[Sandbox] = set()
        self._cancelled = False
        self.finished: dict[str, Result] = {}  # by submission; what an interruption must not lose
        self.spare_cores = False  # fewer submissions than cores: one may use two
        self._again = False
        self._built: dict[str, build.Built] = {}  # by sha256, for all_again()
        image = None
        if options.sandbox == "docker":
            from ipclab.sandbox import docker

            docker.reap()
            image = docker.image()
        else:
            from ipclab.sandbox import local

            local.reap()
        self.kit = the_kit or kit.prepare(lab, image, perturbed=options.perturbed)
        if options.runtime is not None:  # another kernel: its results are kept apart
            suite = kit.digest((self.kit.suite_sha256, options.runtime))
            self.kit = replace(self.kit, suite_sha256=suite)
        self._warden = self.kit.warden.read_bytes() if image is not None else b""

    def tell(self, what: str, submission: str, name: str = "", status: TestStatus | None = None) -> None:
        if self.on_progress is None:
            return
        from ipclab.report import progress

        if what == "phase":
            self.on_progress(progress.Phase(submission, name))
        elif what == "test":
            self.on_progress(progress.TestBegun(submission, name))
        elif status is not None:
            self.on_progress(progress.TestEnded(submission, name, status))

    @contextlib.contextmanager
    def sandbox(self) -> Iterator[Sandbox]:
        made = self._make()
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._running.add(made)
        try:
            with made:
                yield made
        except Fault:
            if self._cancelled:
                raise Cancelled from None  # it broke because we ended it
            raise
        finally:
            with self._lock:
                self._running.discard(made)

    def _make(self) -> Sandbox:
        if self.kit.image is not None:
            from ipclab.sandbox.docker import DockerSandbox

            cpus = max(1.0, (os.cpu_count() or 1) / max(1, self.options.jobs))
            return DockerSandbox(self.kit.image, self._warden, cpus=cpus, runtime=self.options.runtime, options=self.options.warden_options)
        from ipclab.sandbox.local import LocalSandbox

        return LocalSandbox(self.kit.warden, options=self.options.warden_options, symbols=self.kit.symbols)

    def cancel(self) -> None:
        with self._lock:
            self._cancelled = True
            running = list(self._running)
        for sandbox in running:
            sandbox.stop()

    # ---- kept results

    def _kept(self, submission: Submission) -> Path:
        return kit.cache_root() / "results" / self.kit.suite_sha256[:32] / f"{submission.sha256}.json"

    def _resumed(self, submission: Submission) -> Result | None:
        """A finished result of the same bytes under the same suite, for whoever hands them in now."""
        if not self.options.resume or self.options.without or submission.rejection is not None:
            return None
        from ipclab import results

        path = self._kept(submission)
        if not path.is_file():
            return None
        try:
            kept = results.remark(self.lab, results.read(path))
        except Fault:
            return None  # unreadable: grade anew
        if (kept.lab, kept.sha256, kept.suite_sha256) != (self.lab.slug, submission.sha256, self.kit.suite_sha256):
            return None  # somebody has moved it
        if self.options.seed is not None and kept.seed != f"{self.options.seed:016x}":
            return None
        s = submission
        notes = tuple(f for f in kept.findings if f.kind != "note" or f.cause == "stray_main")
        return replace(
            kept,
            submission_id=s.id,
            student=s.student,
            students=s.students,
            group=s.group,
            submitted_at=s.submitted_at,
            attempt=s.attempt,
            findings=(*notes, *_rejections("note", s.notes)),
        )

    def _keep(self, submission: Submission, result: Result) -> None:
        if not self.options.keep or self.options.without or result.status not in (ResultStatus.GRADED, ResultStatus.BUILD_FAILED):
            return
        from ipclab import results

        with contextlib.suppress(Fault):  # a cache that cannot be written only makes --resume slower
            results.write(self._kept(submission), result)

    # ---- the work

    def one(self, submission: Submission) -> Result:
        """Grades one submission, on this thread."""
        if self.on_progress is not None:
            from ipclab.report import progress

            self.on_progress(progress.Begun(submission.id, submission.student))
        result = self._resumed(submission)
        if result is None:
            seed = self.options.seed if self.options.seed is not None else secrets.randbits(64)
            job = _Job(self, submission, seed, built=self._built.get(submission.sha256))
            result = job.grade()
            self._keep(submission, result)
            if self._again and job.built is not None:
                self._built[submission.sha256] = job.built
        if not self._again:
            self.finished[submission.id] = result
        if self.on_progress is not None:
            self.on_progress(progress.Finished(result))
        return result

    def build(self, submission: Submission) -> build.Built:
        """Builds one submission, on this thread, and runs no test of it."""
        return _Job(self, submission, 0).build()

    def all(self, submissions: list[Submission]) -> Iterator[Result]:
        """Yields results as they are finished. Left early (Ctrl+C, close), it ends what runs before it returns."""
        waiting: queue.SimpleQueue[Submission] = queue.SimpleQueue()
        for submission in submissions:
            waiting.put(submission)
        finished: queue.SimpleQueue[Result | BaseException] = queue.SimpleQueue()
        count = min(max(1, self.options.jobs), len(submissions))
        self.spare_cores = self.options.jobs >= 2 * len(submissions)
        workers = [threading.Thread(target=self._work, args=(waiting, finished), daemon=True) for _ in range(count)]
        left = len(submissions)
        try:  # Ctrl+C can come at any of these lines
            for worker in workers:
                worker.start()
            while left:
                result = finished.get()
                if isinstance(result, BaseException):
                    raise result
                left -= 1
                yield result
        finally:
            if left:
                self.cancel()
            for worker in workers:
                if worker.ident is not None:
                    worker.join()

    def all_again(self, submissions: list[Submission]) -> Iterator[Result]:
        """As all(), for the same bytes again and again: they are built once."""
        self._again = True
        yield from self.all(submissions)

    def _work(self, waiting: queue.SimpleQueue[Submission], finished: queue.SimpleQueue[Result | BaseException]) -> None:
        while not self._cancelled:
            try:
                submission = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                finished.put(self.one(submission))
            except Cancelled:
                return
            except BaseException as error:  # a fault of ours: the main thread says so and ends
                finished.put(error)
                return


_SEED = re.compile(r"(?:0x)?([0-9a-fA-F]{1,16})")


def parse_seed(text: str) -> int:
    """A seed as results show it: up to 16 hexadecimal digits."""
    match = _SEED.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return int(match[1], 16)


def why_not(result: Result) -> str:
    """Why the grader failed on it, and what to do, in one line."""
    findings = (*result.findings, *(f for t in result.tests for f in t.findings))
    return next((" ".join(filter(None, (f.text, f.hint))) for f in findings if f.kind == "grader"), "see the results")


def nothing_graded(results: Iterable[Result]) -> GraderFault | None:
    """A fault if the grader failed on every one of them: then the place is broken, not a submission."""
    all_results = list(results)
    if not all_results or any(r.status is not ResultStatus.GRADER_ERROR for r in all_results):
        return None
    return GraderFault(f"nothing could be graded: {why_not(all_results[0])}")
