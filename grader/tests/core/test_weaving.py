"""The parts of weave in Python: expressions at columns, the host's lines, the bound."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipclab.weaving import bound, schedules
from ipclab.weaving.places import expression


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
