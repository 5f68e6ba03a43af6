"""The codec of the driver link under hostile bytes, with the sanitizers, against a second implementation in Python."""

from __future__ import annotations

import re
import struct
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Built, Pipe

NAME = re.compile(rb"[A-Za-z0-9_-]{1,63}")


def model(data: bytes) -> str:
    """What PROTOCOL.md says about these fields."""
    at = 0
    found = []
    while at < len(data):
        kind, rest = data[at : at + 1], data[at + 1 :]
        if kind == b"i" and len(rest) >= 8:
            found.append(f"i{struct.unpack('>q', rest[:8])[0]} ")
            at += 9
            continue
        if kind not in (b"b", b"s") or len(rest) < 4:
            break
        (size,) = struct.unpack(">I", rest[:4])
        body = rest[4 : 4 + size]
        if len(body) < size or (kind == b"s" and not NAME.fullmatch(body)):
            break
        found.append(f"b{body.hex()} " if kind == b"b" else f"s{body.decode()} ")
        at += 5 + size
    return f"{''.join(found)}at {at} end {int(at == len(data))} again 1"


@pytest.fixture(scope="module")
def inspector(built: Built) -> Iterator[Pipe]:
    with Pipe(built.inspector("codec_inspector", "codec")) as pipe:
        yield pipe


integers = st.integers(-(2**63), 2**63 - 1).map(lambda v: b"i" + struct.pack(">q", v))
counted = st.tuples(st.sampled_from([b"b", b"s"]), st.one_of(st.binary(max_size=80), st.from_regex(NAME, fullmatch=True))).map(
    lambda f: f[0] + struct.pack(">I", len(f[1])) + f[1])
lying = st.tuples(st.sampled_from([b"b", b"s"]), st.integers(0, 2**32 - 1), st.binary(max_size=20)).map(
    lambda f: f[0] + struct.pack(">I", f[1]) + f[2])
messages = st.lists(st.one_of(integers, counted, lying, st.binary(max_size=12)), max_size=8).map(b"".join)


@given(messages)
def test_what_is_decoded_is_what_the_protocol_says(inspector: Pipe, data: bytes) -> None:
    assert inspector.ask(struct.pack("=I", len(data)) + data) == model(data)


@given(messages, st.data())
def test_a_message_cut_anywhere_is_read_no_further(inspector: Pipe, data: bytes, more: st.DataObject) -> None:
    data = data[: more.draw(st.integers(0, len(data)))]
    assert inspector.ask(struct.pack("=I", len(data)) + data) == model(data)


def test_the_limits_of_a_message_are_kept(built: Built) -> None:
    out = subprocess.run([built.inspector("codec_limits", "codec")], capture_output=True, text=True, timeout=60, check=True).stdout
    assert out.splitlines() == ["largest 1", "one more 0", "more room does not help 0", "exact 1", "one too few 0", "no room 0",
                                "wraps around 0", "stays bad 0", "length 1 0", "empty name 0"]
