import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipclab.model import Limits
from ipclab.plan import CommandEntry, Plan, TestEntry, word


def decode(text: str) -> bytes:
    return re.sub(rb"%([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), text.encode("ascii"))


@given(st.binary(min_size=1))
def test_a_word_holds_no_byte_that_ends_it_and_decodes_to_itself(data: bytes) -> None:
    text = word(data)
    assert set(text) <= set(string.printable) - set(string.whitespace)
    assert decode(text) == data


def test_an_empty_word_is_refused() -> None:
    with pytest.raises(ValueError):
        word("")


def test_a_test_entry_says_all_that_warden_needs() -> None:
    entry = TestEntry(
        id="t.memcheck",
        judge="judge/j",
        name="t",
        run_as="memcheck",
        limits=Limits(wall_ms=1000),
        seed=0xAB,
        uses=(("pump", "pump.O0"),),
        after=("t.O0", "t.O2"),
        collect=("vg.*.xml",),
        slow=20,
        explains="t.O0",
        wall_ms=5000,
        address_space=0,
    )
    plan = Plan((entry,), (("pump.O0", "bin/pump.O0"),), {"memcheck": ("/usr/bin/valgrind", "--xml-file=%t/x")})
    lines = plan.text(student=20002, judge=20003).splitlines()
    assert lines[:6] == [
        "plan 1",
        "work /work",
        "uid student 20002",
        "uid judge 20003",
        "program pump.O0 bin/pump.O0",
        "wrapper memcheck /usr/bin/valgrind --xml-file=%25t/x",
    ]
    assert lines[6:11] == ["test t.memcheck", "judge judge/j", "name t", "pass memcheck", "seed 00000000000000ab"]
    assert {"use pump pump.O0", "slow 20", "explains t.O0", "limit wall_ms 5000", "limit address_space 0", "after t.O0 t.O2", "collect vg.*.xml"} <= set(lines)
    assert "limit wall_ms 1000" not in lines
    assert lines[-1] == "end"
    assert plan.wall_ms("t.memcheck") == 5000


def test_a_command_s_words_are_kept_apart() -> None:
    plan = Plan((CommandEntry("c", ("/usr/bin/gcc", "a b.c", "100%"), Limits(), ("src/a b.c",), ("out",)),))
    assert "argv /usr/bin/gcc a%20b.c 100%25" in plan.text().splitlines()
    assert "input src/a%20b.c" in plan.text().splitlines()
    assert plan.wall_ms("c") == Limits().wall_ms
