"""The parts of weave in Python: expressions at columns, the host's lines, the bound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipclab.weaving import bound, explain, explorer, places, schedules, story
from ipclab.model import Location, SourceFile
from ipclab.weaving.explorer import Exploration, Options, Set
from ipclab.weaving.places import Line, expression


@pytest.mark.parametrize(
    ("line", "mark", "name"),
    [
        ("    s->count++;", "++", "s->count"),
        ("    ++s->count;", "++", "s->count"),
        ("    b->item[b->in] = item;", "= item", "b->item[b->in]"),
        ("    b->in = (b->in + 1) % ROOM;", "->in +", "b->in"),
        ("    *flag = 1;", "= 1", "*flag"),
        ("    if (*flag == 1)", "*flag", "*flag"),
        ("    while (!done)", "done", "done"),
        ("    x = b->i.list[k % 4];", ".list", "b->i.list[k%4]"),
        ("    total += (*p).n;", "+=", "total"),
        ('    strcpy(s->name, "x");', "strcpy", ""),
        ("    return 0;", "return", ""),
        ("", "", ""),
    ],
)
def test_the_accessed_object_is_named_as_the_source_writes_it(line: str, mark: str, name: str) -> None:
    assert expression(line, line.index(mark) + 1) == name


@given(st.text(max_size=60), st.integers(-5, 80))
def test_any_line_and_column_gives_a_short_text(line: str, column: int) -> None:
    assert len(expression(line, column)) <= 40


def test_the_bound_is_that_of_the_paper() -> None:
    assert bound.missed(360, 3, 40, 2) == pytest.approx((1 - 1 / 120) ** 360)
    assert bound.missed(0, 3, 40, 2) == 1.0 and bound.missed(1, 1, 1, 3) == 0.0
    assert "at most 4.9 % (n=3, k=40, this input)" in bound.sentence(bound.bound(360, 3, 40, 2))
    assert "too few to say" in bound.sentence(bound.bound(3, 3, 40, 2))


def test_of_two_bounds_for_a_depth_the_better_is_said() -> None:
    all_of_them = [bound.bound(100, 3, 10, d) for d in (1, 2)] + [bound.bound(100, 3, 40, 2)]
    assert bound.worth_saying(all_of_them) == [bound.bound(100, 3, 10, 2)]


DONE = b'{"done":true,"schedules":1,"coarse_steps":3,"fine_steps":4,"alive":1,"cut":false,"wall_us":5}\n'
BRIEF = b'{"seed":1,"verdict":"done","code":0,"points":3,"accesses":1,"steps":3,"switches":0,"alive":1,"wall_us":9}\n'


def test_a_host_that_was_ended_has_told_what_it_has_told() -> None:
    assert schedules.read(BRIEF + DONE).whole
    cut = schedules.read(BRIEF + b'{"seed":2,"verd')
    assert not cut.whole and [s.seed for s in cut.schedules] == [1]


@pytest.mark.parametrize(
    "data",
    [
        DONE,  # a schedule is missing
        BRIEF + DONE + BRIEF,
        BRIEF.replace(b'"done"', b'"well"'),
        BRIEF.replace(b'"seed":1', b'"seed":true'),
        b"[1]\n",
        b"{}\n",
        BRIEF[:-2] + b',"races":[{}]}\n',
        b"no\n" + BRIEF,
    ],
)
def test_what_the_host_cannot_have_printed_is_refused(data: bytes) -> None:
    with pytest.raises(schedules.ScheduleFault):
        schedules.read(data)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["seed", "verdict", "races", "code", "points", "accesses", "alive", "wall_us", "done", "log"]), inner)))
def test_no_json_makes_the_reader_fail_otherwise(value: object) -> None:
    try:
        schedules.read(json.dumps(value).encode() + b"\n")
    except schedules.ScheduleFault:
        pass


# ---- hostile input: the programs that weave ran have the uid that it writes its result with


@given(st.lists(st.text(max_size=12) | st.from_regex(r"[0-9a-f]{1,9}|[0-9²٣]{1,12}|main|/x/main\.c", fullmatch=True), max_size=9).map(" ".join))
def test_any_answer_about_places_is_read_without_a_fault(row: str) -> None:
    for line in places._read(f"{row}\n1a 3 4 f /x/main.c\n{row}", frozenset({"main.c"})).values():
        assert line.location.file == "main.c" and line.location.line > 0


def test_digits_of_other_scripts_are_no_numbers_of_the_helper_s() -> None:
    """A file can be called so by #line, and isdigit() takes them, int() does not."""
    assert places._read("1a ² 1 f /x/main.c\n1a " + "9" * 5000 + " 1 f /x/main.c\n", frozenset({"main.c"})) == {}


@given(st.integers(0, 9), st.integers(), st.integers(min_value=0), st.integers(1, 40))
def test_any_numbers_have_a_bound(count: int, tasks: int, steps: int, depth: int) -> None:
    assert 0 <= bound.missed(count, tasks, steps * 10**300, depth) <= 1


NUMBER = st.integers(-2, 4) | st.sampled_from([-(1 << 63), (1 << 64) - 1, 100, 1 << 64])
WORD = st.sampled_from(["done", "read", "write", "block", "op", "fork", "wait", "signal", "end", "blocked", "ready", "semaphore", "inode", "{0}", "{text.x}", "\ud800", ""])
PLAIN_KEY = st.fixed_dictionaries({"kind": WORD, "a": NUMBER, "b": NUMBER}, optional={"name": WORD, "made": NUMBER, "made_program": NUMBER})
KEY = PLAIN_KEY.map(lambda k: {"made": 0, "made_program": 0} | k if "name" in k else k)
HELD = st.lists(st.fixed_dictionaries({"place": NUMBER, "object": KEY}), max_size=2)
ACCESS = st.fixed_dictionaries({"place": NUMBER, "born": st.integers(-1, 3), "write": st.booleans(), "atomic": st.booleans(), "held": HELD})
RACE = st.fixed_dictionaries({"memory": NUMBER, "offset": NUMBER, "size": NUMBER, "step": NUMBER, "first": ACCESS, "second": ACCESS})
PROCESS = st.fixed_dictionaries({"task": NUMBER, "pid": NUMBER, "program": NUMBER, "parent": st.integers(-1, 2), "place": NUMBER, "thread": st.booleans(), "end": st.none() | NUMBER | st.just(11)})
TASK = st.fixed_dictionaries({"born": st.integers(0, 3), "pid": NUMBER, "state": WORD, "op": WORD, "place": NUMBER, "key": KEY, "held": HELD, "crash_signal": NUMBER, "crash_pc": NUMBER})
TROUBLE = st.fixed_dictionaries({"code": WORD | st.sampled_from(sorted(explain.TROUBLES)), "text": WORD, "place": NUMBER, "place2": NUMBER, "born": st.integers(-1, 3), "value": NUMBER})
LOGGED = st.fixed_dictionaries({"step": NUMBER, "born": st.integers(0, 3), "what": WORD, "op": WORD, "place": NUMBER, "value": NUMBER, "key": KEY})
SCHEDULE = st.fixed_dictionaries(
    {
        "seed": NUMBER, "verdict": st.sampled_from(sorted(schedules.VERDICTS)), "code": st.none() | NUMBER, "points": NUMBER, "accesses": NUMBER,
        "alive": NUMBER, "wall_us": NUMBER, "depth": NUMBER, "fine": st.booleans(), "programs": st.lists(WORD, max_size=2),
        "processes": st.lists(PROCESS, min_size=1, max_size=4), "tasks": st.lists(TASK, max_size=3),
        "memories": st.lists(st.fixed_dictionaries({}, optional={"kind": WORD, "size": NUMBER, "made": NUMBER, "program": NUMBER}), max_size=2),
        "races": st.lists(RACE, max_size=2), "troubles": st.lists(TROUBLE, max_size=2), "log": st.lists(LOGGED, max_size=5),
        "stdout": st.text("ab\xff\0\n", max_size=5), "stderr": st.just(""),
    }
)  # fmt: skip
SOURCES = (SourceFile("main.c", b"int x;\nx++;\n"),)
NO_SET = Set(lambda: pytest.fail("a sandbox"), Path("/nonexistent"), {}, ())


def _read_or_none(told: Any) -> schedules.Schedule | None:
    try:
        return schedules.read(json.dumps(told).encode() + b"\n").schedules[0]
    except schedules.ScheduleFault:
        return None


@given(st.lists(SCHEDULE, min_size=1, max_size=3), st.none() | SCHEDULE)
def test_whatever_the_host_tells_is_explained_or_refused(told: list[Any], told_again: Any) -> None:
    read = [s for one in told if (s := _read_or_none(one))]
    again = _read_or_none(told_again)
    lines = {("", place): Line(Location("main.c", 2), 1, "main") for place in range(3)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explorer, "replay", lambda *_: again)
        patch.setattr(places, "find", lambda *_: lines)
        for finding in explain.findings(NO_SET, Options(), Exploration(read), SOURCES, ("main.c",)):
            assert finding.text
        for schedule in read:
            story.trace_of(explain.case_of(NO_SET, Options(), schedule, schedule.races, SOURCES, ()))


def test_a_thousand_generations_have_a_name() -> None:
    """Each process forks the next one and ends: a chain that no name should be as long as."""
    key = {"kind": "none", "a": 0, "b": 0}
    processes = [{"task": 0, "pid": 10 + i, "program": 0, "parent": i - 1, "place": 0, "thread": False, "end": 0} for i in range(1024)]
    task = {"born": 1023, "pid": 7, "state": "blocked", "op": "read", "place": 0, "key": key, "held": [], "crash_signal": 0, "crash_pc": 0}
    told = {
        "seed": 1, "verdict": "deadlock", "code": 0, "points": 1, "accesses": 1, "alive": 1, "wall_us": 1, "depth": 1, "fine": False,
        "programs": ["p.main"], "processes": processes, "tasks": [task], "memories": [{}], "races": [], "troubles": [], "stdout": "", "stderr": "",
    }  # fmt: skip
    schedule = _read_or_none(told)
    assert schedule is not None
    assert explain.role(schedule, 1) == "child 1"
    assert explain.role(schedule, 3) == "child 1 of child 1 of child 1"
    assert explain.role(schedule, 1023).endswith("of a descendant")
