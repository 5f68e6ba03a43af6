"""Findings from schedules: what went wrong, who did what at which line, and the seed that shows it again."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ipclab import catalogue
from ipclab.model import Finding, Location, Process, SourceFile
from ipclab.printable import clean
from ipclab.weaving import explorer, places
from ipclab.weaving.explorer import Exploration, Options, Set
from ipclab.weaving.places import Line, Place
from ipclab.weaving.schedules import Access, Held, Key, Logged, Race, Schedule, Task, Trouble

TOLD_MAX = 8  # races: the first ones; others often follow from them
LINES_MAX = 8  # of a schedule
PRINTED_MAX = 60
_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT, signal.SIGSYS, signal.SIGTRAP})
_LOCKS = frozenset({"semaphore", "mutex", "spin lock", "rwlock", "semaphore set", "file lock"})


# ---- who and where ----------------------------------------------------------------------------------------


def origin(s: Schedule, born: int) -> int:
    """The process as it came into being: exec gives it another entry."""
    process = s.processes[born]
    if process.pid or process.thread:
        return born
    return max((i for i in range(born) if s.processes[i].task == process.task and s.processes[i].pid), default=born)


def is_lead(s: Schedule, born: int) -> bool:
    """Did a process or thread begin here, and not only another program in one?"""
    process = s.processes[born]
    return process.thread or process.pid != 0


GENERATIONS_MAX = 5  # that a name tells of: a process may have a thousand ancestors


def role(s: Schedule, born: int, generations: int = GENERATIONS_MAX) -> str:
    """What people call it: the parent, child 2, thread 1 of child 2."""
    born = origin(s, born)
    process = s.processes[born]
    program = s.program_name(process.program)
    roots = [i for i, p in enumerate(s.processes) if p.parent < 0]
    if process.parent < 0:
        if len(roots) > 1:
            same = [i for i in roots if s.processes[i].program == process.program]
            return program if len(same) == 1 else f"{program} {same.index(born) + 1}"
        return "the parent" if any(p.parent >= 0 and not p.thread for p in s.processes) else "the main thread"
    siblings = [
        i
        for i, p in enumerate(s.processes)
        if p.thread == process.thread and p.parent >= 0 and (p.pid or p.thread) and origin(s, p.parent) == origin(s, process.parent)
    ]
    number = siblings.index(born) + 1 if born in siblings else 1
    mine = f"{'thread' if process.thread else 'child'} {number}"
    parent = origin(s, process.parent)
    if process.thread and not any(p.parent >= 0 and not p.thread for p in s.processes):
        return mine
    if parent in roots and len(roots) == 1 and not process.thread:
        return mine
    return f"{mine} of {role(s, parent, generations - 1) if generations else 'a descendant'}"


def _first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _at(location: Location | None) -> str:
    return f"{location.file}:{location.line}" if location else ""


@dataclass(frozen=True)
class Case:
    """A schedule with the lines of its places: all that a finding is made from."""

    schedule: Schedule
    lines: places.Lines
    sources: tuple[SourceFile, ...]
    replay: str

    def program(self, born: int) -> str:
        return self.schedule.program_name(self.schedule.processes[born].program)

    def line(self, born: int, place: int) -> Line | None:
        return self.lines.get((self.program(born), place))

    def location(self, born: int, place: int) -> Location | None:
        line = self.line(born, place)
        return line.location if line else None

    def object_name(self, race: Race) -> str:
        names = []
        for access in (race.second, race.first):
            line = self.line(access.born, access.place)
            name = places.name_of(line, self.sources) if line else ""
            if name:
                names.append((not access.write, name))
        if names:
            return min(names)[1]
        what = f"byte {race.offset}" if race.size == 1 else f"bytes {race.offset} to {race.offset + race.size - 1}"
        memory = self.schedule.memories[race.memory] if 0 <= race.memory < len(self.schedule.memories) else None
        if memory is None:
            return "the same memory"
        made = self.made(memory.made, memory.program)
        return f"{what} of the shared memory" + (f" made at {made}" if made else "")

    def accessed(self, entry: Logged) -> str:
        """What a logged access is to."""
        line = self.line(entry.born, entry.place)
        return (places.name_of(line, self.sources) if line else "") or "shared memory"

    def made(self, place: int, program: int) -> str:
        line = self.lines.get((self.schedule.program_name(program), place))
        return _at(line.location) if line else ""

    def key_name(self, key: Key) -> str:
        made = self.made(key.made, key.made_program) if key.made else ""
        return f"the {key.name or 'object'}" + (f" made at {made}" if made else "")


# ---- which places have to be known --------------------------------------------------------------------------


def _places_of(s: Schedule) -> Iterator[Place]:
    def program(born: int) -> str:
        return s.program_name(s.processes[born].program)

    def of_key(key: Key) -> Iterator[Place]:
        if key.made:
            yield s.program_name(key.made_program), key.made

    for race in s.races:
        for access in (race.first, race.second):
            yield program(access.born), access.place
            for held in access.held:
                yield program(access.born), held.place
                yield from of_key(held.key)
    for task in s.tasks:
        yield program(task.born), task.place
        yield program(task.born), task.crash_pc if task.crash_pc < 1 << 32 else 0
        yield from of_key(task.key)
        for held in task.held:
            yield program(task.born), held.place
            yield from of_key(held.key)
    for trouble in s.troubles:
        if 0 <= trouble.born < len(s.processes):
            yield program(trouble.born), trouble.place
            yield program(trouble.born), trouble.place2
    for memory in s.memories:
        if memory:
            yield s.program_name(memory.program), memory.made
    for entry in s.log:
        yield program(entry.born), entry.place
    for process in s.processes:
        if process.parent >= 0:
            yield program(process.parent), process.place


# ---- races ---------------------------------------------------------------------------------------------------


def _did(access: Access) -> str:
    return ("wrote" if access.write else "read") + (" (atomically)" if access.atomic else "")


def _locks(held: Sequence[Held]) -> list[Held]:
    return [h for h in held if h.key.name in _LOCKS]


def _cause(race: Race) -> str:
    first, second = _locks(race.first.held), _locks(race.second.held)
    if not first and not second:
        return "unordered_accesses"
    if not first or not second:
        return "one_side_without_lock"
    same = {h.key for h in first} & {h.key for h in second}
    return "lock_lets_two_in" if same else "different_locks"


def _printed(data: bytes) -> str:
    text = data.decode("utf-8", "replace").strip()
    return clean(text.replace("\n", "⏎"), limit=PRINTED_MAX)


def _outcome(s: Schedule) -> tuple[bytes, int | None, str]:
    return s.stdout, s.code, s.verdict if s.verdict != "done" else ""


def effect(all_schedules: Sequence[Schedule], first: Schedule) -> str:
    """What the order of events changed, if the outputs of schedules differ."""
    told = [s for s in all_schedules if not s.brief and s.verdict == "done"]
    usual = next((s for s in told if s.seed != first.seed and s.stdout != first.stdout), None)
    if first.verdict != "done" or usual is None:
        return ""
    return f"With this seed the program printed {_printed(first.stdout) or 'nothing'}, with seed {usual.seed} {_printed(usual.stdout) or 'nothing'}."


def _log_line(case: Case, entry: Logged, names: dict[int, str]) -> str:
    """`names`: of the objects at the two places of the race."""
    where = _at(case.location(entry.born, entry.place))
    at = f" at {where}" if where else ""
    who = _first(role(case.schedule, entry.born))
    if entry.what in ("read", "write"):
        name = names.get(entry.place) or case.accessed(entry)
        return f"{who} {'reads' if entry.what == 'read' else 'writes'} {name}{at}"
    if entry.what == "block":
        return f"{who} has to wait in {entry.op}{at}"
    return f"{who}: {entry.op}{at}"


def _story(case: Case, race: Race) -> tuple[str, ...]:
    """The schedule around a race in a few lines: what either process did before its access, and the accesses."""
    log = case.schedule.log
    second = max((i for i, e in enumerate(log) if e.what in ("read", "write") and (e.born, e.place, e.step) == (race.second.born, race.second.place, race.step)), default=-1)
    first = max((i for i, e in enumerate(log[: max(second, 0)]) if e.what in ("read", "write") and (e.born, e.place) == (race.first.born, race.first.place)), default=-1)
    if first < 0:
        return ()
    mine = (race.first.born, race.second.born)
    chosen = {first, second}
    chosen |= set([i for i in range(first) if log[i].born == mine[0] and log[i].what in ("op", "block")][-2:])
    chosen |= set([i for i in range(second) if log[i].born == mine[1] and log[i].what in ("op", "block")][-2:])
    chosen |= set([i for i in range(first + 1, second) if log[i].born in mine][-2:])
    names = dict.fromkeys((race.first.place, race.second.place), case.object_name(race))
    return tuple(_log_line(case, log[i], names) for i in sorted(chosen))[-LINES_MAX:]


def _process(case: Case, born: int, place: int, state: str, doing: str) -> Process:
    first = origin(case.schedule, born)
    where = _at(case.location(born, place))
    return Process(case.schedule.processes[first].pid, role(case.schedule, born), state, f"{doing} at {where}" if where else doing)


def race_finding(case: Case, race: Race, others: Sequence[Schedule]) -> Finding:
    s = case.schedule
    first, second = race.first, race.second
    cause = _cause(race)
    args: dict[str, object] = {
        "first": _first(role(s, first.born)),
        "second": role(s, second.born),
        "first_did": _did(first),
        "second_did": _did(second),
        "object": case.object_name(race),
        "first_place": _at(case.location(first.born, first.place)),
        "seed": s.seed,
    }
    locks = _locks(second.held) or _locks(first.held)
    if locks:
        args["lock"] = case.key_name(locks[-1].key)
        args["holder"] = role(s, second.born if _locks(second.held) else first.born)
    if _locks(first.held):
        args["first_lock"] = case.key_name(_locks(first.held)[-1].key)
    if text := effect(others, s):
        args["effect"] = text
    if story := _story(case, race):
        args["schedule"] = "\n".join(story)
    place = case.location(second.born, second.place)
    other = case.location(first.born, first.place)
    return catalogue.finding(
        "race",
        cause,
        {k: v for k, v in args.items() if v != ""},
        location=place,
        related=[other] if other and other != place else [],
        processes=[_process(case, a.born, a.place, "running", f"{_did(a)} {args['object']}") for a in (first, second)],
        replay=case.replay,
    )


# ---- deadlocks, crashes and the rest -------------------------------------------------------------------------


def _waits(case: Case, task: Task) -> str:
    where = _at(case.location(task.born, task.place))
    name = f" on {case.key_name(task.key)}" if task.key.name else ""
    return f"{role(case.schedule, task.born)} in {task.op}{f' at {where}' if where else ''}{name}"


def _blocked(s: Schedule) -> list[Task]:
    return [t for t in s.tasks if t.state == "blocked"]


def deadlock_finding(case: Case) -> Finding:
    blocked = _blocked(case.schedule)
    real = [t for t in blocked if t.op not in ("wait", "pthread_join")] or blocked
    if not real:  # so the host says, or somebody in its place
        return catalogue.finding("deadlock", "all_processes_wait", {"count": 0, "who": "nobody", "seed": case.schedule.seed}, replay=case.replay)
    lead = real[0]
    if len(real) == 1:
        cause, who = "process_waits_for_ever", _waits(case, lead).replace(" in ", " waits in ", 1)
    else:
        cause, who = "all_processes_wait", "; ".join(_waits(case, t) for t in real[:6])
    args = {"count": len(real), "who": who, "seed": case.schedule.seed}
    place = case.location(lead.born, lead.place)
    related = [case.location(t.born, t.place) for t in real[1:]]
    return catalogue.finding(
        "deadlock",
        cause,
        args,
        location=place,
        related=[r for r in dict.fromkeys(related) if r and r != place],
        processes=[_process(case, t.born, t.place, "blocked", f"in {t.op}") for t in blocked],
        replay=case.replay,
    )


def crashed(s: Schedule) -> list[tuple[int, int]]:
    """(process, signal) of those that a crash ended. After an exec its end is told of what became of it there. abort() is a
    decision: see _news."""
    ends = ((origin(s, born), process.end & 0x7F) for born, process in enumerate(s.processes) if process.end is not None)
    return [(born, number) for born, number in ends if number in _CRASHES]


def crash_finding(case: Case, born: int, number: int) -> Finding:
    task = next((t for t in case.schedule.tasks if origin(case.schedule, t.born) == born), None)
    place = None
    if task:
        place = case.location(task.born, task.crash_pc) or case.location(task.born, task.place)
    args = {"who": _first(role(case.schedule, born)), "signal": signal.Signals(number).name, "seed": case.schedule.seed}
    return catalogue.finding("crash", "crash_in_schedule", args, location=place, replay=case.replay)


TROUBLES = {
    "signal_unsafe": ("signal_unsafe", "unsafe_call_in_handler"),
    "errno_clobbered": ("errno_clobbered", "errno_changed_by_handler"),
    "shared_with_handler": ("race", "object_shared_with_handler"),
}
VERDICTS = {
    "steps": ("timeout", "step_limit"),
    "time": ("timeout", "no_steps"),
    "tamper": ("tamper", "weave_region_written"),
    "tasks": ("resource_limit", "too_many_processes"),
    "memory": ("resource_limit", "weave_table_full"),
    "uncontrolled": ("note", "weave_cannot_control"),
}
_UNCONTROLLED = {
    "executes_another_program": "the program {text} that is started",
    "raw_system_call": "the system call {text}",
    "function": "{text}, which is called",
    "stopped": "the signal {text}, which stops a process and is sent",
    "signal_outside": "the signal {text}, which is sent to a process outside",
}


def trouble_finding(case: Case, trouble: Trouble) -> Finding | None:
    if trouble.code not in TROUBLES:
        return None
    kind, cause = TROUBLES[trouble.code]
    place, other = case.location(trouble.born, trouble.place), case.location(trouble.born, trouble.place2)
    line = case.line(trouble.born, trouble.place)
    args: dict[str, object] = {"seed": case.schedule.seed, "function": clean(trouble.text, limit=40), "installed": _at(other), "other": _at(other)}
    args["object"] = places.name_of(line, case.sources) if line else ""
    return catalogue.finding(
        kind, cause, {k: v for k, v in args.items() if v != ""}, location=place, related=[other] if other else [], replay=case.replay
    )


def verdict_finding(case: Case) -> Finding | None:
    s = case.schedule
    if s.verdict not in VERDICTS:
        return None
    kind, cause = VERDICTS[s.verdict]
    trouble = s.troubles[-1] if s.troubles else None
    running = next((t for t in s.tasks if t.state == "ready"), None)
    args: dict[str, object] = {"seed": s.seed}
    place = None
    if trouble and trouble.code not in TROUBLES:
        place = case.location(trouble.born, trouble.place)
        said = clean(trouble.text, limit=120)
        known = _UNCONTROLLED.get(trouble.code)  # any other is a text, and no pattern
        what = known.format(text=said) if known else said or clean(trouble.code.replace("_", " "), limit=40)
        args |= {"what": what, "steps": said, "count": said}
    elif s.verdict == "uncontrolled":
        args["what"] = "a process that ended or waits outside its control"
    if running:
        args["who"] = role(s, running.born)
        place = place or case.location(running.born, running.place)
    return catalogue.finding(kind, cause, {k: v for k, v in args.items() if v != ""}, location=place, replay=case.replay)


# ---- all of them -------------------------------------------------------------------------------------------------


def replay_command(options: Options, seed: int, command: Sequence[str]) -> str:
    words = ["./ipclab", "explore", "--seed", str(seed)]
    words += ["--depth", str(options.depth)] if options.depth != Options.depth else []
    words += ["--walk"] if options.walk else []
    words += ["--signals"] if options.signals else []
    words += ["--steps", str(options.step_limit)] if options.step_limit != Options.step_limit else []
    return shlex.join([*words, *command])


@dataclass(frozen=True)
class _New:
    """The first schedule that showed something, and what it was."""

    schedule: Schedule
    races: tuple[Race, ...]
    troubles: tuple[Trouble, ...]
    deadlock: bool
    crashes: tuple[tuple[int, int], ...]
    verdict: bool


def _child_aborts(s: Schedule, born: int, number: int) -> bool:
    return number == signal.SIGABRT and s.processes[born].parent >= 0


def _news(found: Iterable[Schedule]) -> Iterator[_New]:
    found = list(found)
    seen: set[object] = set()
    # A child that calls abort(), and a parent that expects it, do so in every schedule; an assert that fails, in some.
    expected = all(any(_child_aborts(s, *c) for c in crashed(s)) for s in found if not s.brief and s.verdict == "done")

    def first(key: object) -> bool:
        if key in seen:
            return False
        seen.add(key)
        return True

    for s in found:
        if s.brief:
            continue
        races = tuple(r for r in s.races if first(frozenset((r.first.place, r.second.place))))
        troubles = tuple(t for t in s.troubles if t.code in TROUBLES and first((t.code, t.place, t.place2)))
        deadlock = s.verdict == "deadlock" and first(("deadlock", frozenset((t.place, t.op) for t in _blocked(s))))
        crashes = tuple(c for c in crashed(s) if not (expected and _child_aborts(s, *c)) and first(("crash", c[1])))
        verdict = s.verdict in VERDICTS and first(("verdict", s.verdict))
        if races or troubles or deadlock or crashes or verdict:
            yield _New(s, races, troubles, deadlock, crashes, verdict)


def case_of(
    the_set: Set, options: Options, schedule: Schedule, races: Sequence[Race], sources: tuple[SourceFile, ...], command: Sequence[str]
) -> Case:
    """The schedule run again, with its log and what was held at these races; as it is, should it not come out the same."""
    again = explorer.replay(the_set, options, schedule.seed, [(r.first.place, r.second.place) for r in races])
    same = again and not again.brief and again.verdict == schedule.verdict and len(again.processes) >= len(schedule.processes)
    s = again if again and same else schedule
    lines = places.find(the_set, _places_of(s), frozenset(source.name for source in sources))
    return Case(s, lines, sources, replay_command(options, schedule.seed, command))


def findings(
    the_set: Set,
    options: Options,
    explored: Exploration,
    sources: tuple[SourceFile, ...],
    command: Sequence[str],
    most: int = TOLD_MAX,
) -> list[Finding]:
    """What the exploration found: each race once for a pair of lines, the first deadlock of each form, and so on.
    `command`: the files and arguments as the user gave them, for the line that replays. `most`: schedules that are explained."""
    made: list[Finding] = []
    for new in list(_news(explored.schedules))[:most]:
        case = case_of(the_set, options, new.schedule, new.races, sources, command)
        s = case.schedule
        made += [race_finding(case, r, explored.schedules) for r in s.races if _is_one_of(r, new.races)]
        made += [f for t in new.troubles if (f := trouble_finding(case, t))]
        made += [deadlock_finding(case)] if new.deadlock else []
        made += [crash_finding(case, *c) for c in new.crashes]
        made += [f for f in (verdict_finding(case),) if new.verdict and f]
    return _once(made)


def _is_one_of(race: Race, wanted: Sequence[Race]) -> bool:
    pair = {race.first.place, race.second.place}
    return any(pair == {r.first.place, r.second.place} for r in wanted)


def _once(made: list[Finding]) -> list[Finding]:
    kept: dict[object, Finding] = {}
    for f in made:
        lines = frozenset((f.location, *f.related)) if f.kind in ("race", "deadlock") else f.location
        kept.setdefault((f.kind, lines, f.cause if f.kind != "race" else ""), f)
    return list(kept.values())
