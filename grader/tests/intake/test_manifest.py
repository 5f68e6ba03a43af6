"""lab.toml: read as written, and for everything that is wrong one line with file, line, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from ipclab import manifest
from ipclab.catalogue import default as catalogue
from ipclab.faults import UsageFault
from ipclab.model import Lab, Limits, Peer, TargetKind, Visibility, Weave

TOML = "labs/01-tiny/lab.toml"


def change(root: Path, old: str, new: str) -> None:
    path = root / TOML
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def faults(root: Path) -> list[str]:
    with pytest.raises(manifest.ManifestFault) as caught:
        manifest.load_lab(root, "01-tiny")
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    return [str(problem) for problem in caught.value.problems]


def line_of(root: Path, text: str) -> int:
    lines = (root / TOML).read_text().splitlines()
    [number] = [i for i, line in enumerate(lines, 1) if text in line]
    return number


# ---- right -------------------------------------------------------------------------------------------


def test_a_lab_is_read_as_it_is_written(tiny: Lab) -> None:
    assert (tiny.slug, tiny.title, tiny.order, tiny.builds) == ("01-tiny", "Twice and echo", 1, ("O0", "O2"))
    assert [t.kind for t in tiny.targets] == [TargetKind.FUNCTIONS, TargetKind.PROGRAM]
    assert tiny.targets[0].required == ("twice",)
    echo = next(t for t in tiny.tests if t.name == "echo_copies")
    assert (echo.points, echo.depends, echo.passes) == (3, ("twice_doubles",), ("plain", "memcheck"))
    assert echo.fails_on == ("zombie", "fd_leak")
    assert [t.visibility for t in tiny.tests][2:4] == [Visibility.HIDDEN, Visibility.AFTER_DUE]
    assert tiny.max_score == 2 + 3 + 7 + 4, "bonus does not count"
    assert (tiny.hidden_tests, tiny.hidden_points) == (0, 0)


def test_limits_of_a_test_go_before_those_of_the_lab_before_those_of_the_kit(tiny: Lab) -> None:
    limits = {t.name: t.limits for t in tiny.tests}
    assert limits["echo_copies"] == Limits(wall_ms=5000)
    assert limits["twice_doubles"] == Limits(wall_ms=9000)


def test_labs_come_in_their_order(tiny_root: Path) -> None:
    for kind in ("labs", "solutions", "skeletons"):
        (tiny_root / kind / "02-other").mkdir()
        for path in (tiny_root / kind / "01-tiny").rglob("*"):
            copy = tiny_root / kind / "02-other" / path.relative_to(tiny_root / kind / "01-tiny")
            copy.mkdir(parents=True, exist_ok=True) if path.is_dir() else copy.parent.mkdir(parents=True, exist_ok=True)
            if path.is_file():
                copy.write_bytes(path.read_bytes())
    other = tiny_root / "labs/02-other/lab.toml"
    with pytest.raises(UsageFault, match=r"labs/02-other/lab.toml: order = 1 is that of labs/01-tiny too"):
        manifest.all_labs(tiny_root)
    other.write_text(other.read_text().replace("order = 1", "order = 0"))
    assert [lab.slug for lab in manifest.all_labs(tiny_root)] == ["02-other", "01-tiny"]


def test_every_kind_of_finding_is_in_the_catalogue() -> None:
    assert set(manifest.FINDING_KINDS) <= set(catalogue().kinds)


# ---- wrong -------------------------------------------------------------------------------------------

# what is changed, into what, the line it is told at (a text in that line after the change), the sentence
WRONG: dict[str, tuple[str, str, str, str]] = {
    "unknown key": ("points = 3", "pionts = 3", "pionts", r'\[\[test\]\] has no key "pionts": did you mean "points"\?'),
    "unknown key, nothing like it": ("points = 3", "points = 3\nzzz = 1", "zzz", "allowed are name, title, target"),
    "unknown limit": ("wall_ms = 5000", "wall = 5000", "wall = 5000", 'has no key "wall": did you mean "wall_ms"'),
    "unknown table": ("[limits]", "[limit]", "[limit]", 'no table "limit": did you mean "limits"'),
    "negative points": ("points = 7", "points = -7", "points = -7", "points = -7 cannot be: .* a whole number from 0 to"),
    "points as text": ("points = 7", 'points = "7"', 'points = "7"', "whole number"),
    "points as a fraction": ("points = 7", "points = 7.5", "points = 7.5", "whole number"),
    "points as a truth": ("points = 7", "points = true", "points = true", "whole number"),
    "unknown visibility": (
        'visibility = "after_due"', 'visibility = "afterdue"', "afterdue",
        'one of public, hidden, after_due: did you mean "after_due"',
    ),
    "unknown kind of finding": ('"fd_leak"]', '"fdleak"]', "fdleak", 'did you mean "fd_leak"'),
    "unknown pass": ('"memcheck"]', '"waeve"]', "waeve", 'one of plain, memcheck, weave: did you mean "weave"'),
    "unknown build": ('builds = ["O0", "O2"]', 'builds = ["-O2"]', "builds", "one of O0, O1"),
    "no build": ('builds = ["O0", "O2"]', "builds = []", "builds", "a list of at least 1"),
    "unknown kind of target": ('kind = "program"', 'kind = "progam"', "progam", 'did you mean "program"'),
    "target twice": ('name = "echo"', 'name = "twice"', "", 'the target "twice" is there already, in line 12'),
    "test twice": ('name = "echo_is_quick"', 'name = "twice_doubles"', "", 'the test "twice_doubles" is there already'),
    "unknown target": ('target = "echo"', 'target = "ehco"', "ehco", 'no target "ehco": did you mean "echo"'),
    "unknown dependency": (
        'depends = ["twice_doubles"]', 'depends = ["twice_double"]', "twice_double\"]",
        'no test "twice_double": did you mean "twice_doubles"',
    ),
    "public behind hidden": (
        'depends = ["twice_doubles"]', 'depends = ["echo_is_quick"]', 'depends = ["echo_is_quick"]',
        "a public test cannot depend on",
    ),
    "public source of a hidden test": (
        'source = "tests/hidden/test_twice_more.c"', 'source = "tests/public/test_twice.c"', "",
        r'in tests/hidden/, where tests with visibility = "hidden" lie',
    ),
    "source that climbs": ("tests/hidden/test_twice_more.c", "tests/hidden/../x.c", "../x.c", "a .c file in tests/hidden/"),
    "source that is not there": (
        'source = "tests/hidden/test_twice_more.c"', 'source = "tests/hidden/gone.c"', "gone.c", "gone.c is not there",
    ),
    "test that is not in its source": (
        'source = "tests/hidden/test_twice_more.c"', 'source = "tests/hidden/test_echo_more.c"', "",
        'test_echo_more.c has no test "twice_keeps_the_sign_of_large_numbers"',
    ),
    "file that is not there": ('files = ["echo.c"]', 'files = ["eco.c"]', "eco.c", "solutions/01-tiny/eco.c is not there"),
    "file in a folder": ('files = ["echo.c"]', 'files = ["src/echo.c"]', "src/echo.c", "a plain file name that ends in .c"),
    "two spellings": ('files = ["echo.c"]', 'files = ["echo.c", "Twice.c"]', "Twice.c", "differ in case only"),
    "header that is not there": ('"twice.h"', '"thrice.h"', "thrice.h", "solutions/01-tiny/thrice.h is not there"),
    "driver that is not there": ('driver = "driver.c"', 'driver = "drive.c"', "drive.c", "labs/01-tiny/drive.c is not there"),
    "functions without driver": ('driver = "driver.c"\n', "", "", "lacks driver, which kind = \"functions\" needs"),
    "program with driver": ('kind = "program"', 'kind = "program"\ndriver = "driver.c"', "", "a program has its own main"),
    "name with a blank": ('name = "echo_is_quick"', 'name = "echo is quick"', "echo is quick", "a name as in C"),
    "title of two lines": ('title = "Twice and echo"', 'title = "a\\nb"', "title", "a line of text"),
    "title that repaints a terminal": ('title = "Twice and echo"', 'title = "\\u001b[2J"', "title", "a line of text"),
    "flag with a blank": ('"-Wall"', '"-W all"', "-W all", "an option of gcc"),
    "too few descriptors for a driver under memcheck": (
        'hint = "x + x"', 'passes = ["memcheck"]\n[test.limits]\nfiles = 64', "memcheck", "memcheck needs files >= 202",
    ),
    "limit of nothing": ("wall_ms = 5000", "wall_ms = 0", "wall_ms = 0", "from 10 to 3600000"),
    "hidden tests in an export": ("order = 1", "order = 1\nhidden_tests = 3", "hidden_tests", "only an export has it"),
    "list that is text": ('depends = ["twice_doubles"]', 'depends = "twice_doubles"', 'depends = "twice', r"a list, in \[ \]"),
    "repeated dependency": (
        'depends = ["twice_doubles"]', 'depends = ["twice_doubles", "twice_doubles"]', "", "without repetitions",
    ),
    "date": ("points = 7", "points = 2026-01-01", "points = 2026", "2026-01-01 cannot be"),
    "depends on itself": (
        'depends = ["twice_doubles"]', 'depends = ["echo_copies"]', 'depends = ["echo_copies"]',
        "wait for each other: echo_copies -> echo_copies",
    ),
}  # fmt: skip


# [test.weave] as it could be in echo_copies, before [test.limits]; then what is changed, as above
WEAVE = 'passes = ["plain", "weave"]\nweave = {seeds = 5, depth = 2, stdin = "a\\n", starts = [["echo"], ["echo", "x"], ["echo", "x"]]}\n'
SCENARIO = 'passes = ["plain", "weave"]\nweave = {scenario = "tests/public/two.c"}\n'
WRONG_WEAVE: dict[str, tuple[str, str, str]] = {
    "no seeds": ("seeds = 5", "seeds = 0", "seeds = 0 cannot be: it has to be a whole number from 1 to 10000"),
    "too many seeds": ("seeds = 5", "seeds = 10001", "a whole number from 1 to 10000"),
    "too deep": ("depth = 2", "depth = 9", "a whole number from 1 to 8"),
    "unknown key": ("seeds = 5", "seed = 5", r'\[test.weave\] has no key "seed": did you mean "seeds"'),
    "input that is none": ("stdin = \"a\\n\"", "stdin = 3", "a text of at most 65536 bytes"),
    "input that repaints": ("stdin = \"a\\n\"", "stdin = \"\\u001b\"", "without control characters"),
    "no start": ('[["echo"], ["echo", "x"], ["echo", "x"]]', "[]", "a list of at least 1"),
    "start of nothing": ('["echo"], ["echo", "x"], ["echo", "x"]', "[]", r'\["NAME", "ARGUMENT", ...\]'),
    "start without a list": ('[["echo"], ["echo", "x"], ["echo", "x"]]', '["echo"]', r'\["NAME", "ARGUMENT", ...\]'),
    "too many starts": ('["echo"], ["echo", "x"], ["echo", "x"]', ", ".join(['["echo"]'] * 17), "a list of at most 16"),
    "start of something unknown": ('["echo"],', '["ecko"],', 'no target "ecko" of kind = "program": did you mean "echo"'),
    "start of functions": ('["echo"],', '["twice"],', 'no target "twice" of kind = "program"; there are echo'),
    "scenario of a program": (WEAVE, SCENARIO, 'scenario is for targets of kind = "functions": a program has its own main; see starts'),
    "table without the pass": ('"plain", "weave"', '"plain"', r'\[test.weave\] is for tests whose passes have "weave"'),
    "no table": (WEAVE.partition("\n")[2], "weave = 3\n", r"weave has to be a table: write \[test.weave\]"),
    "judge without source": ('source = "tests/public/test_echo.c"\n', "", r'\[\[test\]\] lacks source, which the pass "plain" needs'),
    "source without judge": ('"plain", "weave"', '"weave"', 'source would never run: of the passes only "weave"'),
    "points for nothing": ('depends = ["twice_doubles"]\npasses = ["plain", "weave"]', 'passes = ["weave"]', r"\[\[test\]\] lacks depends"),
}
WRONG_SCENARIO: dict[str, tuple[str, str, str]] = {
    "scenario that is not there": ("two.c", "three.c", "labs/01-tiny/tests/public/three.c is not there"),
    "scenario in the wrong folder": ("public/two.c", "hidden/two.c", 'a .c file in tests/public/, where tests with visibility = "public" lie'),
    "scenario that climbs": ("public/two.c", "public/../two.c", "a .c file in tests/public/"),
    "scenario without main": ("two.c", "none.c", "tests/public/none.c has no main"),
    "functions without scenario": ('scenario = "tests/public/two.c"', "", 'lacks scenario, which the target "twice" of kind = "functions" needs'),
    "functions with starts": ("{scenario", '{starts = [["echo"]], scenario', 'starts is for targets of kind = "program"'),
}


# a peer, and a test of two targets; then what is changed, where that is told, and how
PEER = '[[peer]]\nname = "asker"\nsource = "tests/hidden/asker.c"\n\n'
WRONG_PEERS: dict[str, tuple[str, str, str, str]] = {
    "name of a target": ('name = "asker"', 'name = "echo"', "", 'there is a target "echo" already, in line'),
    "twice": (PEER, PEER + PEER, "", 'the peer "asker" is there already, in line'),
    "not there": ("asker.c", "masker.c", "masker.c", "tests/hidden/masker.c is not there"),
    "without main": ("asker.c", "none.c", "none.c", "tests/hidden/none.c has no main"),
    "elsewhere": ("hidden/asker.c", "peers/asker.c", "peers/asker.c", "a .c file in tests/public/ or tests/hidden/"),
    "unknown key": ("source =", "sauce =", "sauce", r'\[\[peer\]\] has no key "sauce": did you mean "source"'),
    "needed by a public test": ('name = "asker"', 'name = "hello"', "", 'starts the peer "hello", which students do not have'),
    "use of nothing": ('uses = ["twice"]', 'uses = ["twicce"]', "twicce", 'no target "twicce": did you mean "twice"'),
    "use of itself": ('uses = ["twice"]', 'uses = ["echo"]', 'uses = ["echo"]', '"echo" is the test\'s own target'),
}


def with_peer(root: Path) -> None:
    change(root, '[[target]]\nname = "twice"', f'{PEER}[[target]]\nname = "twice"')
    change(root, 'passes = ["plain", "memcheck"]\n', 'passes = ["plain", "memcheck"]\nuses = ["twice"]\n')
    for name, text in (("asker.c", "int main(void)\n{\n    return 0;\n}\n"), ("none.c", "int domain;\n")):
        (root / "labs/01-tiny/tests/hidden" / name).write_text(text)
    with (root / "labs/01-tiny/tests/public/test_echo.c").open("a") as source:
        source.write('/* says "hello" */\n')


def test_peers_and_further_targets_are_read_as_they_are_written(tiny_root: Path) -> None:
    with_peer(tiny_root)
    lab = manifest.load_lab(tiny_root, "01-tiny")
    assert lab.peers == (Peer("asker", "tests/hidden/asker.c"),)
    assert {t.name: t.uses for t in lab.tests if t.uses} == {"echo_copies": ("twice",)}


@pytest.mark.parametrize("name", WRONG_PEERS)
def test_a_fault_of_a_peer_is_told_at_its_line(tiny_root: Path, name: str) -> None:
    with_peer(tiny_root)
    old, new, where, sentence = WRONG_PEERS[name]
    change(tiny_root, old, new)
    told = [t for t in faults(tiny_root) if re.search(sentence, t)]
    assert told, faults(tiny_root)
    assert not where or told[0].startswith(f"{TOML}:{line_of(tiny_root, where)}: ")


def with_weave(root: Path) -> None:
    change(root, 'passes = ["plain", "memcheck"]\n', WEAVE)


def with_scenario(root: Path) -> None:
    change(root, 'source = "tests/public/test_twice.c"\n', f'source = "tests/public/test_twice.c"\n{SCENARIO}')
    (root / "labs/01-tiny/tests/public/two.c").write_text("int main(void)\n{\n    return 0;\n}\n")
    (root / "labs/01-tiny/tests/public/none.c").write_text("int domain;\n")


def test_the_pass_weave_is_read_as_it_is_written(tiny_root: Path) -> None:
    with_weave(tiny_root)
    with_scenario(tiny_root)
    change(tiny_root, "bonus = true\n", 'bonus = true\n\n[[test]]\nname = "w"\ntitle = "w"\ntarget = "echo"\npoints = 1\n'
           'visibility = "hidden"\npasses = ["weave"]\ndepends = ["echo_is_quick"]\n')  # fmt: skip
    tests = {t.name: t for t in manifest.load_lab(tiny_root, "01-tiny").tests}
    assert tests["echo_copies"].weave == Weave(5, 2, "a\n", starts=(("echo",), ("echo", "x"), ("echo", "x")))
    assert tests["twice_doubles"].weave == Weave(scenario="tests/public/two.c")
    assert (tests["w"].weave, tests["w"].source) == (Weave(100, 3, ""), None)
    assert tests["echo_is_quick"].weave is None


@pytest.mark.parametrize("name", [*WRONG_WEAVE, *WRONG_SCENARIO])
def test_a_fault_of_the_pass_weave_is_told_at_its_line(tiny_root: Path, name: str) -> None:
    (with_weave if name in WRONG_WEAVE else with_scenario)(tiny_root)
    manifest.load_lab(tiny_root, "01-tiny")
    old, new, sentence = (WRONG_WEAVE | WRONG_SCENARIO)[name]
    change(tiny_root, old, new)
    told = [t for t in faults(tiny_root) if re.search(sentence, t)]
    assert told, faults(tiny_root)
    test = "echo_copies" if name in WRONG_WEAVE else "twice_doubles"
    first, last = line_of(tiny_root, f'name = "{test}"') - 1, line_of(tiny_root, f'name = "{test}"') + 12
    assert all(first <= int(t.split(":")[1]) <= last for t in told)


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_is_told_with_its_line_and_what_is_allowed(tiny_root: Path, name: str) -> None:
    old, new, place, sentence = WRONG[name]
    change(tiny_root, old, new)
    told = faults(tiny_root)
    assert len(told) >= 1
    match = [t for t in told if re.search(sentence, t)]
    assert match, told
    if place:
        at = [line for line, text in enumerate((tiny_root / TOML).read_text().splitlines(), 1) if place in text]
        header = re.match(rf"{TOML}:(\d+): ", match[0])
        assert header is not None, match
        assert int(header[1]) in (*at, at[0] - 1), (match, at)


def test_a_missing_key_is_told_at_its_table(tiny_root: Path) -> None:
    change(tiny_root, "points = 7\n", "")
    header = line_of(tiny_root, 'name = "twice_keeps') - 1
    assert faults(tiny_root) == [f"{TOML}:{header}: [[test]] lacks points"]


def test_a_cycle_is_shown_as_a_way(tiny_root: Path) -> None:
    change(tiny_root, "bonus = true", 'bonus = true\ndepends = ["echo_survives_a_closed_reader"]')
    change(tiny_root, '"twice_keeps_the_sign_of_large_numbers"]', '"echo_is_quick"]')
    [told] = faults(tiny_root)
    assert told.endswith("wait for each other: echo_is_quick -> echo_survives_a_closed_reader -> echo_is_quick")


def test_all_faults_are_found_at_once_and_counted(tiny_root: Path) -> None:
    change(tiny_root, "points = 7", "points = -7")
    change(tiny_root, "order = 1", 'order = "one"')
    with pytest.raises(manifest.ManifestFault, match=r'order = "one" cannot be.*\(and 1 more, see ./ipclab validate\)') as caught:
        manifest.load_lab(tiny_root, "01-tiny")
    assert [p.line for p in caught.value.problems] == sorted(p.line for p in caught.value.problems)


def test_a_test_that_lab_toml_forgets_is_told_in_its_source(tiny_root: Path) -> None:
    source = tiny_root / "labs/01-tiny/tests/public/test_echo.c"
    source.write_text(source.read_text() + "\nTK_TEST(echo_copy)\n{\n}\n")
    line = source.read_text().splitlines().index("TK_TEST(echo_copy)") + 1
    [told] = faults(tiny_root)
    assert told == (
        f'labs/01-tiny/tests/public/test_echo.c:{line}: lab.toml has no [[test]] for "echo_copy": did you mean "echo_copies"?'
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[lab\n", r":1: this is not TOML: "),
        (b'[lab]\ntitle = "a"\ntitle = "b"\n', r":3: this is not TOML: "),
        (b'[lab]\ntitle = "a', r":2: this is not TOML: "),
        (b'[lab]\n# \xff\ntitle = "a"', r":2: this is not UTF-8"),
        (b"", r":1: there is no \[lab\]"),
        (b"lab = 3\n", r":1: lab has to be a table: write \[lab\]"),
        (b"[lab]\n[test]\n", r":2: test has to be a list of tables: write \[\[test\]\]"),
        (b"\0", r":1: this is not TOML"),
        (b"a = " + b"[" * 5000, r":1: this"),
        (b"#" * (manifest.FILE_MAX + 1), r"at most 1048576 are allowed"),
    ],
    ids=["header", "twice", "open", "latin-1", "empty", "number", "single", "NUL", "deep", "long"],
)
def test_what_is_no_manifest_is_told_in_one_line(tiny_root: Path, content: bytes, sentence: str) -> None:
    (tiny_root / TOML).write_bytes(content)
    told = faults(tiny_root)
    assert any(re.search(TOML + ".*" + sentence, t) for t in told), told


@pytest.mark.parametrize("slug", ["01-tiyn", "tiny", "../01-tiny", "01-tiny/", "", "01-tiny\n", "x\x1b[2J"])
def test_an_unknown_lab_is_told_with_those_that_are_there(tiny_root: Path, slug: str) -> None:
    with pytest.raises(UsageFault) as caught:
        manifest.load_lab(tiny_root, slug)
    assert "01-tiny" in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_lab_without_manifest_and_a_root_without_labs_are_told(tiny_root: Path, tmp_path: Path) -> None:
    (tiny_root / "labs/07-new").mkdir()
    with pytest.raises(UsageFault, match="labs/07-new has no lab.toml"):
        manifest.load_lab(tiny_root, "07-new")
    with pytest.raises(UsageFault, match="there is no lab in .*labs: run ipclab from its own folder"):
        manifest.load_lab(tmp_path / "nowhere", "01-tiny")


def test_a_linked_source_is_not_a_source(tiny_root: Path) -> None:
    source = tiny_root / "labs/01-tiny/tests/hidden/test_twice_more.c"
    source.rename(tiny_root / "elsewhere.c")
    source.symlink_to(tiny_root / "elsewhere.c")
    assert any("test_twice_more.c is not there" in told for told in faults(tiny_root))


LINES: list[tuple[str, Callable[[dict[tuple[str | int, ...], int]], int], int]] = [
    ('a = """\n[[x]]\nb = 1\n"""\nb = 2\n', lambda lines: lines[("b",)], 5),
    ("a = [ # ]\n  1,\n  [2], # b = 3\n]\nb = 2\n", lambda lines: lines[("b",)], 5),
    ("[[t]]\nn = 1\n[[t]]\n[t.l]\nn = 2\n", lambda lines: lines[("t", 1, "l", "n")], 5),
    ('"x y".z = 1\n\n\'q\' = 2\n', lambda lines: lines[("q",)], 3),
    ("a = 'it''s'\n".replace("''", '"') + "b = {c = '}', d = [1]}\r\nc = 1", lambda lines: lines[("c",)], 3),
    ('a = """x\\""" # "\n"""\nb = 1', lambda lines: lines[("b",)], 3),
    ("a = '''\n'''''\nb = 1", lambda lines: lines[("b",)], 3),
    ("a = 07:32:00 # [x]\nb = 1", lambda lines: lines[("b",)], 2),
]


@pytest.mark.parametrize(("text", "pick", "line"), LINES, ids=range(len(LINES)))
def test_lines_are_right_whatever_stands_before(
    text: str, pick: Callable[[dict[tuple[str | int, ...], int]], int], line: int
) -> None:
    import tomllib

    from ipclab.tomllines import key_lines

    tomllib.loads(text)
    assert pick(key_lines(text)) == line
