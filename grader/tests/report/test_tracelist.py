"""The log of a run as text: a line an event, in columns, safe for a terminal."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ipclab.model import Location
from ipclab.trace import Trace, TraceEvent, TraceProcess
from ipclab.tracelist import lines

COLOUR = re.compile(r"\x1b\[[0-9]+m|\x1b\[0m")
EVENTS = (
    TraceEvent(0.0, 0.0, 10, "exec", "/tmp/pump"),
    TraceEvent(0.25, 0.26, 10, "fork", other=11),
    TraceEvent(1.0, 4.5, 11, "read", "pipe:[812]", fd=3, result=5, location=Location("src/pump.c", 21), function="copy_all"),
    TraceEvent(2.0, 2.0, 10, "read", "pipe:[813]", fd=5, result=-4),
    TraceEvent(3.0, 3.0, 10, "kill", other=11, signal="SIGUSR1", result=0),
    TraceEvent(3.1, None, 11, "signal", other=10, signal="SIGUSR1"),
    TraceEvent(4.0, None, 11, "read", "pipe:[812]", fd=3),
    TraceEvent(5000.0, None, 11, "killed", signal="SIGKILL"),
    TraceEvent(5001.0, None, 10, "exit", result=2),
    TraceEvent(5001.0, 5001.0, 12, "fork", result=-11),
)
TRACE = Trace((TraceProcess(10, "pump"), TraceProcess(11, "a child of pump", 10)), EVENTS, end_ms=5001)


def test_each_event_is_one_line_that_says_it_all() -> None:
    found = list(lines(TRACE))
    assert [re.sub(r"\s{2,}", " | ", line.strip()) for line in found] == [
        "0.000 | pump (10) | exec /tmp/pump",
        "0.250 | pump (10) | fork -> a child of pump (11)",
        "1.000 | a child of pump (11) | read(fd 3, pipe:[812]) | = 5 | 3.500 ms | pump.c:21 copy_all",
        "2.000 | pump (10) | read(fd 5, pipe:[813]) | = EINTR (Interrupted system call)",
        "3.000 | pump (10) | kill(a child of pump (11), SIGUSR1) | = 0",
        "3.100 | a child of pump (11) | signal SIGUSR1 from pump (10)",
        "4.000 | a child of pump (11) | read(fd 3, pipe:[812]) | never returned",
        "5000.000 | a child of pump (11) | killed by SIGKILL",
        "5001.000 | pump (10) | exit 2",
        "5001.000 | (12) | fork() | = EAGAIN (Resource temporarily unavailable)",
    ]


def test_columns_stand_below_one_another() -> None:
    found = list(lines(TRACE))
    assert {line.index("read(") for line in found if "read(" in line} == {found[0].index("exec ")}
    assert len({line.index("= ") for line in found if " = " in line}) == 1
    assert all(line == line.rstrip() and "\n" not in line for line in found)


def test_wide_letters_keep_the_columns() -> None:
    wide = Trace((TraceProcess(10, "日本"), TraceProcess(11, "abcd")), EVENTS[1:4])
    calls = [line.partition("(11)" if "(11)  " in line else "(10)")[2] for line in lines(wide)]
    assert {len(call) - len(call.lstrip()) for call in calls} == {2}


def test_colour_changes_no_letter() -> None:
    coloured = list(lines(TRACE, colour=True))
    assert [COLOUR.sub("", line) for line in coloured] == list(lines(TRACE))
    assert "\x1b[31mnever returned" in coloured[6]
    assert not any("\x1b" in line for line in lines(TRACE))


def test_what_is_missing_is_told_last() -> None:
    assert list(lines(Trace((), (), 3))) == ["3 events were not kept: the log was full."]
    assert list(lines(Trace((), (), 1))) == ["1 event was not kept: the log was full."]
    assert list(lines(Trace((), ()))) == []


@given(st.text(st.characters(), max_size=40))
def test_no_text_acts_on_the_terminal(text: str) -> None:
    some: dict[str, Any] = {"peer": text, "signal": text, "location": Location(text, 1), "function": text}
    ops = (text, "exec", "kill", "killed", "signal", "fork")
    trace = Trace((TraceProcess(1, text),), tuple(TraceEvent(0, 0, 1, op, text, **some) for op in ops))
    found = list(lines(trace))
    assert len(found) == len(ops)
    assert all(line.isprintable() or not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", line) for line in found)
