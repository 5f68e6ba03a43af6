"""JSON escaping, percent-encoding and excerpts under arbitrary bytes, with the sanitizers."""

from __future__ import annotations

import base64
import json
import struct
import urllib.parse
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .conftest import Built, Pipe


@pytest.fixture(scope="module")
def inspector(built: Built) -> Iterator[Pipe]:
    with Pipe(built.inspector("text_inspector", "text")) as pipe:
        yield pipe


def ask(inspector: Pipe, letter: str, data: bytes, argument: int = 0) -> str:
    return inspector.ask(letter.encode() + struct.pack("=II", len(data), argument) + data)


# Bytes that are almost text: pieces of UTF-8, surrogates, overlong forms, controls.
pieces = st.one_of(
    st.text(max_size=6).map(lambda s: s.encode("utf-8", "surrogatepass")), st.binary(max_size=3),
    st.sampled_from([b"\xc0\x80", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x1b[2J", b"\r\n", b"\t", b'"', b"\\",
                     b"\x7f", b"\xc2\x80", b"\xc2\x9f", b"\xc2\xa0", b"\0", "\u2028".encode(), "\U0010ffff".encode()]))
almost_text = st.lists(pieces, max_size=10).map(b"".join)


def is_control(c: str) -> bool:
    return (c < " " and c not in "\n\t") or "\x7f" <= c < "\xa0"


def as_text(data: bytes) -> str | None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if any(is_control(c) for c in text) else text


@given(almost_text)
def test_bytes_come_back_as_they_were(inspector: Pipe, data: bytes) -> None:
    value = json.loads(ask(inspector, "b", data))
    text = as_text(data)
    if text is None:
        assert list(value) == ["base64"] and base64.b64decode(value["base64"], validate=True) == data
    else:
        assert value == text


@given(almost_text)
def test_a_message_is_readable_whatever_it_holds(inspector: Pipe, data: bytes) -> None:
    value = json.loads(ask(inspector, "s", data, 10_000))
    assert not any(is_control(c) for c in value)
    if as_text(data) is not None:
        assert value == as_text(data)
    else:
        assert "\ufffd" in value


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40), st.integers(0, 60))
def test_a_long_message_is_cut_at_a_character(inspector: Pipe, text: str, most: int) -> None:
    value = json.loads(ask(inspector, "s", text.encode(), most))
    if len(text.encode()) <= most:
        assert value == text
    else:
        kept = value.removesuffix("\u2026")
        assert text.startswith(kept) and value.endswith("\u2026") and most - 4 < len(kept.encode()) <= most


@given(st.binary(max_size=40).map(lambda b: b.replace(b"\0", b"")))
def test_a_word_comes_back_as_it_was(inspector: Pipe, data: bytes) -> None:
    word = ask(inspector, "w", data).split(" ")[0]
    assert all("!" <= c <= "~" for c in word)
    assert urllib.parse.unquote_to_bytes(word) == data
    assert ask(inspector, "d", word.encode()) == ask(inspector, "b", data)


@pytest.mark.parametrize("word", ["%", "%4", "%4x", "%x4", "a%00b", "%%", "100%"])
def test_a_broken_word_is_refused(inspector: Pipe, word: str) -> None:
    assert ask(inspector, "d", word.encode()) == "broken"


@given(st.text(min_size=1, max_size=2000).map(lambda s: s.encode("utf-8", "replace")), st.integers(1, 20), st.data())
def test_an_excerpt_shows_the_place_and_whole_characters(inspector: Pipe, data: bytes, times: int, more: st.DataObject) -> None:
    data *= times
    around = more.draw(st.integers(0, len(data)))
    start, size = map(int, ask(inspector, "x", data, around).split(" "))
    assert size <= 200 and start <= around <= start + size <= len(data)
    data[start : start + size].decode()
    if len(data) <= 200:
        assert (start, size) == (0, len(data))
