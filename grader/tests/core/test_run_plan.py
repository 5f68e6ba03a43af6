"""Which entries a submission's run has, and what waits for what."""

from dataclasses import replace

from ipclab import catalogue
from ipclab.build import Built
from ipclab.grading import SLOW, nothing_graded, parse_seed, run_plan, split
from ipclab.model import Lab, Limits
from ipclab.plan import TestEntry
from memory_lab import make_lab, make_test

ALL = Built(programs={f"{t}.{level}": b"" for t in ("pump", "ask") for level in ("O0", "O2")})


def entries(lab: Lab, built: Built = ALL, seed: int = 1) -> dict[str, TestEntry]:
    """Those that count: not the runs that explain others."""
    return {e.id: e for e in run_plan(lab, built, seed).entries if isinstance(e, TestEntry) and not e.explains}


def test_each_plain_part_has_a_run_that_explains_it_after_all_that_count() -> None:
    lab = make_lab(make_test("t", passes=("plain", "memcheck")), make_test("u", depends=("t",)))
    plan = run_plan(lab, ALL, 1)
    counting, explaining = plan.entries[:5], plan.entries[5:]
    assert [e.id for e in counting] == ["t.O0", "t.O2", "t.memcheck", "u.O0", "u.O2"]
    same = [replace(e, explains="", id=e.explains) for e in explaining if isinstance(e, TestEntry)]
    assert same == [replace(e, after=()) for e in counting if isinstance(e, TestEntry) and e.run_as == "plain"]
    assert len({e.id for e in plan.entries}) == 9


def test_each_part_of_a_test_waits_for_the_one_before() -> None:
    got = entries(make_lab(make_test("t", passes=("plain", "memcheck"))))
    assert {name: e.after for name, e in got.items()} == {"t.O0": (), "t.O2": ("t.O0",), "t.memcheck": ("t.O0", "t.O2")}


def test_a_dependent_test_waits_for_all_parts_and_stands_after_them() -> None:
    got = entries(make_lab(make_test("late", depends=("first",)), make_test("first")))
    assert list(got) == ["first.O0", "first.O2", "late.O0", "late.O2"]
    assert got["late.O0"].after == ("first.O0", "first.O2")


def test_tests_of_a_target_that_does_not_build_are_not_run() -> None:
    broken = Built(programs={"pump.O0": b"", "pump.O2": b""}, failed={"ask": catalogue.finding("build_error", "compile_error")})
    lab = make_lab(make_test("a", "ask"), make_test("p"), make_test("q", depends=("a",)))
    assert list(entries(lab, broken)) == ["p.O0", "p.O2"]


def test_each_build_runs_its_own_program() -> None:
    got = entries(make_lab(make_test("t", passes=("plain", "memcheck"))))
    assert [e.uses for e in got.values()] == [(("pump", "pump.O0"),), (("pump", "pump.O2"),), (("pump", "pump.O0"),)]


def test_memcheck_has_more_of_everything_but_not_without_end() -> None:
    got = entries(make_lab(make_test("t", passes=("memcheck",), limits=Limits(wall_ms=1000, cpu_ms=1000))))
    entry = got["t.memcheck"]
    assert (entry.slow, entry.wall_ms, entry.cpu_ms, entry.address_space) == (SLOW, 20_000, 20_000, 0)
    long = entries(make_lab(make_test("t", passes=("memcheck",), limits=Limits(wall_ms=100_000))))["t.memcheck"]
    assert long.wall_ms == 120_000


def test_a_test_s_inputs_depend_on_its_name_and_the_seed_only() -> None:
    one, two = make_test("one"), make_test("two")
    got = entries(make_lab(one, two))
    assert got["one.O0"].seed == got["one.O2"].seed != got["two.O0"].seed
    assert entries(make_lab(two, one))["one.O0"].seed == got["one.O0"].seed != entries(make_lab(one), seed=2)["one.O0"].seed


def test_what_runs_beside_the_plain_tests_waits_for_none_of_them() -> None:
    lab = make_lab(make_test("t", passes=("plain", "memcheck")), make_test("m", passes=("memcheck",), depends=("t",)))
    plain, rest = split(run_plan(lab, ALL, 1))
    assert [e.id for e in plain.entries] == ["t.O0", "t.O2", "t.O0.again", "t.O2.again"]
    assert [(e.id, e.after) for e in rest.entries] == [("t.memcheck", ()), ("m.memcheck", ("t.memcheck",))]
    assert len(split(run_plan(make_lab(make_test("t")), ALL, 1))) == 1


def test_a_seed_is_read_as_results_show_it() -> None:
    assert parse_seed("00000000000000ff") == parse_seed("0xFF") == 255


def test_a_class_of_nobody_is_no_fault() -> None:
    assert nothing_graded([]) is None
