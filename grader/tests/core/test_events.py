import json

import pytest
import streams
from hypothesis import given
from hypothesis import strategies as st
from ipclab import events
from ipclab.events import Collected, Exit, Lines, RunLog, Status, StreamFault, parse


BEGIN, END, DONE = {"event": "begin", "id": "t"}, streams.end("t"), {"event": "done"}


def line(**data: object) -> bytes:
    return json.dumps(data).encode()


def test_bytes_that_are_no_text_come_through() -> None:
    event = parse(line(event="output", id="t", who="student", text={"base64": "/wA="}, bytes=2, truncated=False))
    assert isinstance(event, events.Output) and event.data == b"\xff\0"


def test_an_exit_is_a_code_or_a_signal() -> None:
    assert parse(line(event="exit", id="t", proc=0, pid=7, code=3)) == Exit("t", 0, 7, Status(code=3), 0.0)
    assert parse(line(event="exit", id="t", proc=0, pid=7, signal=11)) == Exit("t", 0, 7, Status(signal=11), 0.0)


def test_a_refused_file_has_no_bytes() -> None:
    assert parse(line(event="file", id="t", name="x", refused="too large")) == Collected("t", "x", None, "too large")


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"{}",
        b'{"event":"begin"}',
        b'{"event":"begin","id":7}',
        b'{"event":"begin","id":null}',
        b'{"event":"exit","id":"t","proc":"0","pid":7,"code":0}',
        b'{"event":"exit","id":"t","proc":true,"pid":7,"code":0}',
        b'{"event":"exit","id":"t","proc":0,"pid":7}',
        b'{"event":"file","id":"t","name":"x","base64":"!"}',
        b'{"event":"hello","protocol":2,"level":"uids"}',
        b'{"event":"finding","id":"t","kind":"crash","cause":"x","args":[]}',
        b'{"event":"finding","id":"t","kind":"crash","cause":"x","args":{},"processes":[3]}',
        b'{"event":"verdict","id":"t"}',
        b'{"event":["done"]}',
        b"[" * 100000,
        b"\xff\xfe",
    ],
)
def test_what_is_no_event_is_the_grader_s_fault(broken: bytes) -> None:
    with pytest.raises(StreamFault):
        parse(broken)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda c: st.dictionaries(st.text(max_size=5), c, max_size=3), max_leaves=5))
def test_any_json_is_an_event_or_a_stream_fault(data: object) -> None:
    for wrapped in (data, {"event": "end"} | (data if isinstance(data, dict) else {"id": data})):
        try:
            parse(json.dumps(wrapped).encode())
        except StreamFault:
            pass


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(blacklist_categories=[]), max_size=4)
    | st.sampled_from([10**400, "t", 1 << 64]) | st.fixed_dictionaries({"base64": st.sampled_from(["/wA=", "é", "=", ""])}),
    lambda c: st.lists(c, max_size=2) | st.dictionaries(st.sampled_from(["pid", "site", "frames", "file", "line", "code", "signal"]), c, max_size=3),
    max_leaves=6,
)  # fmt: skip
MEMBERS = [
    "proc", "pid", "program", "peer", "code", "signal", "cpu_ms", "kind", "cause", "args", "processes", "site", "places", "record", "who", "text", "bytes",
    "truncated", "name", "base64", "refused", "at", "end", "op", "object", "fd", "result", "dropped", "sites", "frames", "outcome", "wall_ms", "records",
    "judge", "command", "because", "message", "protocol", "level", "fault", "calls", "times",
]  # fmt: skip
EVENTS = ["spawn", "exit", "finding", "record", "output", "file", "call", "traced", "injected", "sites", "end", "skipped", "fault", "hello"]


@given(st.lists(st.tuples(st.sampled_from(EVENTS), st.dictionaries(st.sampled_from(MEMBERS), ANY, min_size=3, max_size=12)), max_size=4))
def test_events_with_any_members_are_a_run_or_a_stream_fault(said: list[tuple[str, dict[str, object]]]) -> None:
    log = RunLog()
    try:
        for data in (streams.HELLO, BEGIN, *({"event": name, "id": "t"} | members for name, members in said), END, DONE):
            log.add(parse(json.dumps(data).encode()))
        log.finish()
    except StreamFault:
        return
    for call in log.entries["t"].calls:
        assert 0 <= call.at < 1e15 and (call.end is None or call.end < 1e15)
    for output in log.entries["t"].outputs:
        output.who.encode("utf-8", "surrogateescape")


@pytest.mark.parametrize("value", [b"1e999", b"NaN", b"-Infinity", b"1" + b"0" * 400, b"1" + b"0" * 5000, b"18446744073709551616"])
@pytest.mark.parametrize("member", [b"wall_ms", b"records"])
def test_numbers_that_warden_cannot_have_written_are_the_grader_s_fault(member: bytes, value: bytes) -> None:
    with pytest.raises(StreamFault):
        parse(b'{"event":"end","id":"t","outcome":"finished","' + member + b'":' + value + b"}")


def test_half_a_character_is_no_text() -> None:
    with pytest.raises(StreamFault):
        parse(b'{"event":"output","id":"t","who":"student","text":"\\ud800"}')


@given(st.lists(st.binary().filter(lambda b: b"\n" not in b and b)), st.data())
def test_lines_do_not_depend_on_how_the_stream_is_cut(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(part + b"\n" for part in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    reader, got = Lines(), []
    for a, b in zip([0, *cuts], [*cuts, len(stream)]):
        got += reader.feed(stream[a:b])
    assert got == lines


def test_a_line_without_an_end_is_a_fault_before_it_fills_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LINE_MAX", 1000)
    reader = Lines()
    with pytest.raises(StreamFault, match="longer than 1000"):
        for _ in range(3):
            list(reader.feed(b"x" * 500))


def test_a_stream_without_an_end_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "STREAM_MAX", 1000)
    reader = Lines()
    with pytest.raises(StreamFault, match="longer than 1000"):
        for _ in range(300):
            list(reader.feed(b"abc\n"))


def log_of(*lines: dict[str, object]) -> RunLog:
    log = RunLog()
    for data in lines:
        log.add(parse(json.dumps(data).encode()))
    return log


@pytest.mark.parametrize(
    "stream",
    [
        [BEGIN],
        [streams.HELLO, streams.HELLO],
        [streams.HELLO, END],
        [streams.HELLO, BEGIN, BEGIN],
        [streams.HELLO, BEGIN, DONE],
        [streams.HELLO, BEGIN, END, BEGIN],
        [streams.HELLO, BEGIN, streams.record("u", "pass")],
        [streams.HELLO, BEGIN, END, streams.record("t", "pass")],
        [streams.HELLO, DONE, BEGIN],
        [streams.HELLO, BEGIN, {"event": "skipped", "id": "u", "because": "t"}],
    ],
)
def test_a_stream_out_of_order_is_the_grader_s_fault(stream: list[dict[str, object]]) -> None:
    with pytest.raises(StreamFault) as fault:
        log_of(*stream)
    assert fault.value.code == "warden_fault"


@pytest.mark.parametrize("stream", [[], [streams.HELLO], [streams.HELLO, BEGIN], [streams.HELLO, BEGIN, END]])
def test_a_stream_that_breaks_off_is_the_grader_s_fault(stream: list[dict[str, object]]) -> None:
    with pytest.raises(StreamFault) as fault:
        log_of(*stream).finish()
    assert fault.value.code == "no_done_event"


def test_warden_s_own_fault_is_told() -> None:
    with pytest.raises(StreamFault, match="no uid"):
        log_of(streams.HELLO, {"event": "fault", "message": "no uid"})


def test_all_that_was_said_about_an_entry_is_kept_together() -> None:
    log = log_of(
        streams.HELLO,
        BEGIN,
        {"event": "spawn", "id": "t", "proc": 0, "pid": 7, "program": "pump"},
        streams.finding("t", "zombie", "child_never_waited", args={"pid": 8}),
        streams.record("t", "pass"),
        END,
        {"event": "skipped", "id": "u", "because": "t"},
        DONE,
    )
    log.finish()
    entry = log.entries["t"]
    assert [s.pid for s in entry.spawns] == [7] and entry.found[0].args == {"pid": 8} and len(entry.records) == 1
    assert log.entries["u"].skipped is not None and log.entries["u"].end is None
