"""The picture of a run: the right arrows between the right lanes, whatever the run was, and nothing foreign in it."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_browser import _open, _requests, _shot, browser

from ipclab.model import Location
from ipclab.picture import draw, fit, measure
from ipclab.trace import Trace, TraceEvent, TraceProcess
from ipclab.tracerows import MAX_LANES, MAX_ROWS

__all__ = ["browser"]  # the fixture
SVG = "{http://www.w3.org/2000/svg}"
P, C, D = 100, 101, 102
PIPE = "pipe:[7]"


def event(start: float, pid: int, op: str, thing: str = "", end: float | None = -1, **more: Any) -> TraceEvent:
    """One that was over at once, unless `end` says something else."""
    return TraceEvent(start, start if end == -1 else end, pid, op, thing, **more)


def run(*events: TraceEvent, processes: Iterable[TraceProcess] = (), **more: Any) -> Trace:
    known = tuple(processes) or tuple(TraceProcess(p, f"role of {p}", P if p != P else None, 0, 90, "exit 0") for p in (P, C, D))
    return Trace(known, tuple(sorted(events, key=lambda e: e.start_ms)), end_ms=more.pop("end_ms", 100.0), **more)


def parsed(trace: Trace, *args: Any) -> ET.Element:
    return ET.fromstring(draw(trace, *args))


def arrows(root: ET.Element, kind: str) -> list[tuple[int, int, str]]:
    """(from, to, tip) of the arrows of a kind."""
    found = [p for p in root.iter(f"{SVG}path") if p.get("data-kind") == kind]
    return [(int(p.get("data-from", "")), int(p.get("data-to", "")), p[0].text or "") for p in found]


def texts(root: ET.Element) -> list[str]:
    return ["".join(t.itertext()) for t in root.iter(f"{SVG}text")]


def said(root: ET.Element, part: str) -> bool:
    return any(part in text for text in texts(root))


def ends(root: ET.Element) -> list[str]:
    return [p.get("data-end", "") for p in root.iter(f"{SVG}path") if p.get("data-end")]


def bars(root: ET.Element, kind: str) -> list[float]:
    """Heights of the bars, without the legend's."""
    legend = set(next(g for g in root.iter(f"{SVG}g") if g.get("class") == "legend").iter())
    return [float(r.get("height", "")) for r in root.iter(f"{SVG}rect") if r.get("class") == kind and r not in legend]


# ---- lanes ---------------------------------------------------------------------------------------


def test_each_process_has_a_lane_with_role_and_pid() -> None:
    root = parsed(run(event(1, P, "fork", other=C)), "a title", ["Deadlock: two wait for one another."])
    heads = [g for g in root.iter(f"{SVG}g") if g.get("class") == "lane"]
    assert [g.get("data-pid") for g in heads] == ["100", "101", "102"]
    assert [t.text for t in heads[1].iter(f"{SVG}text")] == ["role of 101", "pid 101"]
    lives = [p for p in root.iter(f"{SVG}path") if p.get("class") == "life"]
    xs = [float(p.get("d", "").split()[0][1:]) for p in lives]
    assert xs == sorted(set(xs)) and len(xs) == 3, "side by side"
    assert said(root, "a title") and said(root, "Deadlock: two wait")


def test_a_picture_says_what_it_is_to_who_cannot_see_it() -> None:
    root = parsed(run(event(1, P, "fork", other=C)), "pump")
    assert root.get("role") == "img" and root.get("aria-labelledby") == "name about"
    assert root.findtext(f"{SVG}title") == "pump"
    about = root.findtext(f"{SVG}desc") or ""
    assert "3 processes, 1 event" in about and "role of 101 (101): exit 0" in about
    assert any(g.get("class") == "legend" for g in root.iter(f"{SVG}g"))


def test_an_empty_run_is_a_picture_too() -> None:
    root = parsed(Trace((), ()))
    assert said(root, "No event was logged.") and float(root.get("height", "")) > 100


def test_an_event_of_an_unknown_process_gets_a_lane() -> None:
    root = parsed(Trace((), (event(1, 5, "write", PIPE, result=3),), end_ms=2))
    assert said(root, "pid 5") and said(root, "write pipe A, 3 B")


# ---- arrows --------------------------------------------------------------------------------------


def test_two_writes_read_by_one_read_are_two_arrows() -> None:
    root = parsed(run(event(1, P, "write", PIPE, result=3), event(2, P, "write", PIPE, result=4), event(3, C, "read", PIPE, result=7)))
    assert arrows(root, "message") == [(P, C, "3 B, pipe A"), (P, C, "4 B, pipe A")]


def test_one_write_read_in_three_parts_by_two_readers_is_three_arrows() -> None:
    root = parsed(
        run(
            event(1, P, "write", PIPE, result=10),
            event(2, C, "read", PIPE, result=4),
            event(3, D, "read", PIPE, result=4),
            event(4, C, "read", PIPE, result=2),
        )
    )
    assert arrows(root, "message") == [(P, C, "4 B, pipe A"), (P, D, "4 B, pipe A"), (P, C, "2 B, pipe A")]


def test_a_read_can_span_the_end_of_one_write_and_the_middle_of_another() -> None:
    root = parsed(
        run(
            event(1, P, "write", PIPE, result=5),
            event(2, D, "write", PIPE, result=5),
            event(3, C, "read", PIPE, result=7),
            event(4, C, "read", PIPE, result=3),
        )
    )
    assert arrows(root, "message") == [(P, C, "5 B, pipe A"), (D, C, "2 B, pipe A"), (D, C, "3 B, pipe A")]


def test_who_reads_first_of_two_that_wait_is_who_returns_first() -> None:
    root = parsed(
        run(event(1, C, "read", PIPE, 9, result=1), event(2, D, "read", PIPE, 6, result=1), event(5, P, "write", PIPE, result=1),
            event(8, P, "write", PIPE, result=1))
    )  # fmt: skip
    points = [p.get("d", "") for p in root.iter(f"{SVG}path") if p.get("data-kind") == "message"]
    assert [a[:2] for a in arrows(root, "message")] == [(P, D), (P, C)] and len(set(points)) == 2


def test_no_arrow_points_up_though_the_reader_waited_before() -> None:
    root = parsed(run(event(1, C, "read", PIPE, 3, result=5), event(2, P, "write", PIPE, result=5)))
    (path,) = [p.get("d", "") for p in root.iter(f"{SVG}path") if p.get("data-kind") == "message"]
    ys = [float(word) for word in path.replace("M", " ").replace("L", " ").split() if "H" not in word][1::2]
    start, end = float(path.split()[1].partition("H")[0]), ys[-1]
    assert start < end and len(bars(root, "wait")) == 1


def test_pipes_do_not_mix_and_bytes_without_a_writer_come_from_nobody() -> None:
    other = "pipe:[8]"
    root = parsed(run(event(1, P, "write", PIPE, result=3), event(2, C, "read", other, result=3), event(3, D, "read", PIPE, result=3)))
    assert arrows(root, "message") == [(P, D, "3 B, pipe A")]
    before = run(event(1, C, "read", PIPE, result=3), event(2, P, "write", PIPE, result=3), event(3, D, "read", PIPE, result=3))
    assert arrows(parsed(before), "message") == [(P, D, "3 B, pipe A")], "what is read before it is written is something else"


def test_failed_writes_and_ends_of_file_carry_nothing() -> None:
    root = parsed(run(event(1, P, "write", PIPE, result=-11), event(2, C, "read", PIPE, result=0), event(3, C, "read", PIPE, result=-4)))
    assert arrows(root, "message") == []
    assert said(root, "EAGAIN") and said(root, "end of file") and said(root, "EINTR")


def test_a_write_that_never_returned_explains_what_was_read_of_it() -> None:
    root = parsed(run(event(1, P, "write", PIPE, end=None), event(2, C, "read", PIPE, result=4096)))
    assert arrows(root, "message") == [(P, C, "4096 B, pipe A")]


def test_a_socketpair_carries_from_each_end_to_the_other_only() -> None:
    a, b = "socket:[1]", "socket:[2]"
    root = parsed(
        run(
            event(1, P, "socketpair", a, peer=b),
            event(2, P, "send", a, result=2),
            event(3, C, "recv", b, result=2),
            event(4, C, "write", b, result=9),
            event(5, P, "read", a, result=9),
            event(6, D, "read", "socket:[3]", result=9),
        )
    )
    assert arrows(root, "message") == [(P, C, "2 B, socket A"), (C, P, "9 B, socket B")]


def test_what_goes_into_a_lone_socket_does_not_come_out_of_it() -> None:
    root = parsed(run(event(1, P, "write", "socket:[1]", result=2), event(2, C, "read", "socket:[1]", result=2)))
    assert arrows(root, "message") == []


def test_messages_of_a_queue_are_matched_one_by_one() -> None:
    root = parsed(
        run(
            event(1, P, "msgsnd", "msg:1", result=0),
            event(2, D, "msgsnd", "msg:1", result=0),
            event(3, C, "msgrcv", "msg:1", result=8),
            event(4, C, "msgrcv", "msg:1", result=8),
            event(5, P, "mq_send", "/q", result=0),
            event(6, D, "mq_receive", "/q", result=5),
        )
    )
    assert [a[:2] for a in arrows(root, "message")] == [(P, C), (D, C), (P, D)]


def test_a_fork_leads_to_the_top_of_the_childs_lane() -> None:
    root = parsed(run(event(1, P, "pipe", PIPE), event(2, P, "fork", other=C), event(3, C, "close", PIPE, result=0)))
    assert [a[:2] for a in arrows(root, "fork")] == [(P, C)]
    (fork,) = [p.get("d", "") for p in root.iter(f"{SVG}path") if p.get("data-kind") == "fork"]
    life = next(p.get("d", "") for p in root.iter(f"{SVG}path") if p.get("class") == "life" and p.get("data-pid") == str(C))
    assert fork.split()[-1] == life.split()[1].partition("V")[0], "at the same height"


def test_a_wait_returns_after_the_end_that_it_waited_for() -> None:
    root = parsed(run(event(1, P, "waitpid", end=51, other=C, result=C), event(50, C, "exit", end=None, result=0)))
    assert [a[:2] for a in arrows(root, "wait")] == [(C, P)]
    assert said(root, f"waitpid → {C} after 50.0 ms")
    none = run(event(1, P, "waitpid", result=0), event(2, P, "waitpid", result=-10), event(50, C, "exit", end=None, result=0))
    assert arrows(parsed(none), "wait") == [], "nothing was waited for"


def test_a_signal_goes_from_its_sender_to_where_it_came() -> None:
    root = parsed(
        run(
            event(1, P, "kill", other=C, signal="SIGUSR1", result=0),
            event(2, P, "kill", other=D, signal="SIGUSR1", result=0),
            event(3, D, "signal", other=P, signal="SIGUSR1"),
            event(4, C, "signal", other=P, signal="SIGUSR1"),
            event(5, P, "kill", other=C, signal="SIGKILL", result=0),
            event(6, C, "killed", end=None, signal="SIGKILL"),
            event(7, P, "signal", other=C, signal="SIGCHLD"),
            event(8, D, "signal", other=D, signal="SIGALRM"),
        )
    )
    found = arrows(root, "signal")
    assert sorted(found) == [(P, C, "SIGKILL"), (P, C, "SIGUSR1"), (P, D, "SIGUSR1"), (C, P, "SIGCHLD")]
    ys = [p.get("d", "").split()[1].partition("H")[0] for p in root.iter(f"{SVG}path") if p.get("data-to") == str(D)]
    assert len(set(ys)) == 1, "the one for D starts where D was signalled, not where C was"


def test_what_a_process_sends_to_itself_is_no_arrow() -> None:
    root = parsed(run(event(1, P, "write", PIPE, result=3), event(2, P, "read", PIPE, result=3)))
    assert arrows(root, "message") == []


# ---- waiting and ending --------------------------------------------------------------------------


def test_a_call_that_never_returned_is_told_where_it_began_and_where_it_ended() -> None:
    stuck = TraceProcess(P, "pump", None, 0, 5000, "SIGKILL", f"read(fd 3, {PIPE})")
    root = parsed(
        run(event(0, P, "pipe", PIPE), event(1, P, "read", PIPE, end=None, fd=3, location=Location("/x/pump.c", 21)),
            event(5000, P, "killed", end=None, signal="SIGKILL"), processes=[stuck])
    )  # fmt: skip
    assert said(root, "read pipe A – never returned") and said(root, "pump.c:21")
    assert said(root, "SIGKILL, waited in read(fd 3, pipe A)") and "killed" in ends(root)
    assert bars(root, "never") and said(root, "5.00 s pass")


def test_a_process_that_hangs_in_a_call_that_was_not_logged_has_its_bar_too() -> None:
    stuck = TraceProcess(P, "pump", None, 0, None, "", f"read(fd 3, {PIPE})")
    root = parsed(run(event(1, P, "close", PIPE, result=0), processes=[stuck]))
    assert len(bars(root, "never")) == 1 and said(root, "still in read(fd 3, pipe A)") and ends(root) == ["still"]


def test_how_each_process_ended_has_a_shape_of_its_own() -> None:
    hows = {1: "exit 0", 2: "exit 3", 3: "SIGSEGV", 4: ""}
    root = parsed(run(processes=[TraceProcess(p, "x", None, 0, 50 + p if how else None, how) for p, how in hows.items()]))
    assert sorted(ends(root)) == ["exit", "failed", "killed", "still"]
    shapes = {p.get("d", "").split()[1].partition("h")[2] or p.get("d") for p in root.iter(f"{SVG}path") if p.get("data-end") == "killed"}
    assert shapes and all(said(root, how) for how in ("exit 0", "exit 3", "SIGSEGV", "still running"))


def test_a_zombie_is_told_only_where_its_parent_lived_on_and_the_log_is_whole() -> None:
    def made(child_ends: float, dropped: int = 0, waits: bool = False) -> ET.Element:
        both = [TraceProcess(P, "p", None, 0, 60, "exit 0"), TraceProcess(C, "c", P, 0, child_ends, "exit 0")]
        events = [event(50, P, "wait", result=C)] if waits else []
        return parsed(run(*events, processes=both, dropped=dropped))

    assert "zombie" in ends(made(20)) and said(made(20), "exit 0, never waited for")
    for other in (made(70), made(20, dropped=1), made(20, waits=True)):
        assert "zombie" not in ends(other)


def test_a_short_call_has_one_row_and_a_long_one_a_bar() -> None:
    root = parsed(run(event(1, P, "read", PIPE, end=1.2, result=1), event(2, P, "nanosleep", end=40, result=0)))
    assert len(bars(root, "wait")) == 1 and said(root, "nanosleep after 38.0 ms")


# ---- many ----------------------------------------------------------------------------------------


def test_what_repeats_is_one_row() -> None:
    events = [event(1 + i / 1000, P, "write", PIPE, result=4) for i in range(10_000)]
    events += [event(1.0005 + i / 1000, C, "read", PIPE, result=4) for i in range(10_000)]
    root = parsed(run(*events))
    assert said(root, "write ×10,000 pipe A, 40 KB") and said(root, "read ×10,000 pipe A, 40 KB")
    assert arrows(root, "message") == [(P, C, "40 KB in 10,000 parts, pipe A")]
    assert float(root.get("height", "")) < 600


def test_failures_and_ends_of_file_are_not_lost_in_what_repeats() -> None:
    events = [event(1 + i, P, "read", PIPE, result=4) for i in range(20)]
    root = parsed(run(*events, event(30, P, "read", PIPE, result=-4), event(31, P, "read", PIPE, result=0)))
    assert said(root, "read ×20 pipe A, 80 B") and said(root, "read pipe A, EINTR") and said(root, "read pipe A, end of file")


def _ping_pong(count: int) -> Trace:
    events = [event(0.1, P, "fork", other=C)]
    for i in range(count // 4):
        at = 1 + i * 0.02
        events += [event(at, P, "write", "pipe:[1]", result=4), event(at + 0.001, C, "read", "pipe:[1]", result=4)]
        events += [event(at + 0.002, C, "write", "pipe:[2]", result=9), event(at + 0.003, P, "read", "pipe:[2]", result=9)]
    events.append(event(at + 1, C, "write", "pipe:[2]", end=None))
    return run(*events, processes=[TraceProcess(P, "p", None), TraceProcess(C, "c", P, 0.2)], end_ms=9000)


def test_a_hundred_thousand_events_are_drawn_soon_and_small() -> None:
    trace = _ping_pong(100_000)
    begun = time.process_time()
    text = draw(trace)
    assert time.process_time() - begun < 5
    assert len(text.encode()) < 1_000_000
    root = ET.fromstring(text)
    rows = [t for t in texts(root) if t.startswith(("read pipe", "write pipe"))]
    assert MAX_ROWS * 0.9 < len(rows) <= MAX_ROWS
    left_out = [t for t in texts(root) if t.endswith("events left out")]
    assert left_out == [f"{len(trace.events) + 2 - MAX_ROWS:,} events left out"], "nothing is left out unsaid"
    assert said(root, "write pipe B – never returned") and said(root, "fork → 101")


def test_what_hangs_in_the_middle_of_a_long_run_is_not_left_out() -> None:
    trace = _ping_pong(8000)
    hang = event(20, D, "pause", end=None)
    root = parsed(run(*trace.events, hang, processes=[*trace.processes, TraceProcess(D, "d", P, 19.9)], end_ms=9000))
    assert said(root, "pause – never returned") and sum(t.endswith("left out") for t in texts(root)) == 2


def test_a_crowd_has_its_lanes_and_a_greater_one_is_told() -> None:
    def crowd(count: int) -> Trace:
        processes = [TraceProcess(i + 1, f"child {i}", 1 if i else None, i / 10, 50.0 + i, "exit 0") for i in range(count)]
        events = [event(i / 10, 1, "fork", other=i + 1) for i in range(1, count)]
        return run(*events, processes=processes)

    root = parsed(crowd(64))
    assert len(arrows(root, "fork")) == 63 and len(ends(root)) == 64
    root = parsed(crowd(MAX_LANES + 30))
    assert said(root, "30 more processes are not drawn.") and len([g for g in root.iter(f"{SVG}g") if g.get("class") == "lane"]) == MAX_LANES


def test_dropped_events_are_told() -> None:
    assert said(parsed(run(dropped=1234)), "1,234 events not kept")


# ---- hostile text --------------------------------------------------------------------------------

EVIL = "<script>alert(1)</script>\x1b[31m\u202e\udc80\x00]]>&\"'"


def _hostile(text: str) -> Trace:
    process = TraceProcess(P, text, None, 0, 50, text, text)
    return run(
        event(1, P, text, text, peer=text, signal=text, location=Location(text, 3), function=text),
        event(2, P, "signal", signal=text, other=P),
        event(3, P, "open", "/" + text, result=3),
        event(4, P, "read", text, end=None),
        event(5, P, "killed", end=None, signal=text),
        processes=[process],
    )


def test_hostile_text_is_shown_and_does_nothing() -> None:
    text = draw(_hostile(EVIL), EVIL, [EVIL])
    assert "\x1b" not in text and "\u202e" not in text and "\0" not in text
    text.encode("utf-8")
    root = ET.fromstring(text)
    assert {e.tag.removeprefix(SVG) for e in root.iter()} <= set("svg title desc style defs marker path rect circle g text tspan".split())
    assert not [k for e in root.iter() for k in e.attrib if k.startswith("on") or "href" in k]
    assert said(root, "<script>alert(1)</script>") and said(root, "\\x1b[31m\\u202e\\udc80\\0")


@given(st.text(st.characters(), max_size=60))
def test_no_text_breaks_the_file(text: str) -> None:
    ET.fromstring(draw(_hostile(text), text, [text, text]).encode("utf-8"))


@given(st.text(max_size=60), st.floats(0, 300))
def test_a_text_is_cut_to_its_room(text: str, width: float) -> None:
    cut = fit(text, width)
    assert cut == text or measure(cut) <= max(width, measure("…"))


def test_letters_of_unknown_width_are_set_to_the_room_they_have() -> None:
    root = parsed(run(processes=[TraceProcess(P, "﷽﷽", None), TraceProcess(C, "plain", None)]))
    found = {t.text: t.get("textLength") for t in root.iter(f"{SVG}text")}
    assert found["plain"] is None and float(found["﷽﷽"] or "inf") <= 40


def test_two_files_of_one_name_are_told_apart() -> None:
    root = parsed(run(event(1, P, "open", "/a/b/fifo", result=3), event(2, P, "open", "/a/c/fifo", result=4)))
    assert said(root, "open fifo = 3") and said(root, "open c/fifo = 4")


# ---- in a browser --------------------------------------------------------------------------------

BOXES = """
const view = document.documentElement.viewBox.baseVal;
const box = e => { const b = e.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]; };
return {
  view: [view.width, view.height],
  heads: [...document.querySelectorAll('.lane text')].map(box),
  cards: [...document.querySelectorAll('.lane rect')].map(box),
  texts: [...document.querySelectorAll('text')].map(box),
  shapes: [...document.querySelectorAll('path, rect, circle')].filter(e => !e.closest('defs')).map(box),
};
"""


def _overlap(a: list[float], b: list[float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _pictures() -> dict[str, Trace]:
    wide = "Ｗide 日本語 WWWWWWMMMM ﷽ "
    processes = [TraceProcess(100_000 + i, f"{wide if i % 2 else 'a child of WAREHOUSE'} {i}", None, i, 60 + i, "exit 0") for i in range(12)]
    talk = [event(1, P, "fork", other=C), event(2, C, "read", PIPE, 4, result=9, location=Location("ü.c", 7))]
    talk += [event(3, P, "write", PIPE, result=9, location=Location("pump.c", 1234)), event(4500, C, "read", PIPE, end=None)]
    return {
        "talk": run(*talk, end_ms=5000),
        "wide": run(*(event(20 + i, p.pid, "open", f"/tmp/{wide}", result=3) for i, p in enumerate(processes)), processes=processes),
        "hostile": _hostile(EVIL),
        "empty": Trace((), ()),
        "long": _ping_pong(3000),
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", _pictures())
def test_a_browser_shows_it_whole(browser: Any, tmp_path: Path, name: str, scheme: str) -> None:  # noqa: F811
    page = tmp_path / f"{name}.svg"
    page.write_text(draw(_pictures()[name], "The run of a program", ["Deadlock: " + "nobody writes " * 40]), "utf-8")
    _open(browser, page, 1280, scheme)
    assert _requests(browser) == [page.as_uri()] and browser.get_log("browser") == []
    assert browser.execute_script("return document.scripts ? document.scripts.length : 0") == 0
    found = browser.execute_script(BOXES)
    width, height = found["view"]
    assert not [(a, b) for a, b in combinations(found["heads"], 2) if _overlap(a, b)], "heads stand apart"
    assert not [(a, b) for a, b in combinations(found["cards"], 2) if _overlap(a, b)]
    outside = [b for b in found["texts"] + found["shapes"] if b[0] < 0 or b[1] < 0 or b[2] > width or b[3] > height]
    assert outside == [], "nothing lies outside"
    overlapping = [(a, b) for a, b in combinations(found["texts"][:400], 2) if _overlap(a, b)]
    assert overlapping == [], "no text lies on another one"
    ground = browser.execute_script("return getComputedStyle(document.querySelector('.bg')).fill")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(18, 22, 29)")
    _shot(browser, f"picture-{name}-{scheme}")
