"""weave against truth: right programs get no finding in any schedule and always print the same; in wrong ones the expected finding is
found, and found again by its seed. What is expected stands in each program's first lines; README.md says how.

By default a part of the seeds is run; IPCLAB_WEAVE_FULL=1 runs all: 500 schedules of each right program, 100 repetitions of each finding.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest
from weave_corpus import ALL_WAYS, Built, Finding, Kit, Program, Way, have, programs, steady, stretches

FULL = os.environ.get("IPCLAB_WEAVE_FULL") == "1"
SEEDS = 500 if FULL else 60
REPEATS = 100 if FULL else 10
WITHIN = 200
DEADLINE = 60

RIGHT = programs("right")
WRONG = programs("wrong")
VARIANTS = [("gcc", "-O0"), ("gcc", "-O2"), ("clang", "-O0"), ("clang", "-O1"), ("clang", "-O2")]
VARIED = {  # what depends on the compiler: accesses of all sizes, atomics, volatile, library calls, threads, exec
    "right": ["atomics_of_all_sizes", "records_by_assignment", "ring_for_one_and_one", "strings_in_shared_memory", "threads_and_a_mutex",
              "exec_attaches_again", "bit_fields"],
    "wrong": ["no_lock", "plain_flag_publishes", "struct_copy_against_a_field", "memset_under_a_reader", "semaphore_of_two", "ab_ba",
              "prints_a_buffer_being_written"],
}


def cases(found: list[Program]) -> list[Any]:
    return [pytest.param(p, id=p.name, marks=[pytest.mark.xfail(strict=True, reason=p.said["XFAIL"][0])] if "XFAIL" in p.said else [])
            for p in found]


def named(kind: str) -> list[Program]:
    found = [p for p in programs(kind) if p.name in VARIED[kind]]
    assert len(found) == len(VARIED[kind])
    return found


def check_right(built: Built, record: dict[str, Any], where: str) -> None:
    program = built.program
    told = f"{where}, seed {record['seed']}: {record['verdict']}, {record['stdout']!r:.300}, {record['stderr']!r:.300}"
    assert built.findings(record) == [], told
    assert record["verdict"] == "done", told
    assert program.printed_right(record["stdout"]), told
    assert record["code"] == program.exit << 8, f"{told}, status {record['code']}"


def check_all_right(built: Built, seeds: int) -> None:
    for way, first, last in stretches(ALL_WAYS, seeds):
        before = built.outside()
        records = built.run(way, first, last)
        for record in records:
            check_right(built, record, " ".join(way.options))
        assert not built.left_behind(before, records[-1])


def check_found(built: Built) -> tuple[int, str, list[Finding]]:
    program = built.program
    within = int(program.said.get("WITHIN", (str(WITHIN),))[0])
    result = built.search(within)
    assert result, f"nothing is found with {within} seeds"
    seed, line, found = result
    strange = [f for f in found if not program.expects(f)]
    assert not strange, f"seed {seed} finds what is not there: {strange}"
    return seed, line, found


@pytest.mark.parametrize("program", cases(RIGHT))
def test_a_right_program_is_never_accused(kit: Kit, program: Program) -> None:
    check_all_right(kit.build(program), SEEDS)


@pytest.mark.parametrize("program", cases(WRONG))
def test_a_wrong_program_is_found_out_and_its_seed_finds_it_again(kit: Kit, program: Program) -> None:
    built = kit.build(program)
    seed, line, _ = check_found(built)
    for _ in range(REPEATS):
        assert steady(built.replay(seed)) == steady(line), f"seed {seed} is not the same schedule again"
    before = built.outside()
    assert not built.left_behind(before, json.loads(built.replay(seed)))


@pytest.mark.parametrize("program", cases([p for p in RIGHT if "PLAIN" not in p.said]))
def test_a_right_program_is_right_without_weave(kit: Kit, program: Program) -> None:
    here = kit.folder / f"{program.name}-plain-here"
    here.mkdir(exist_ok=True)
    running = [subprocess.Popen(argv, stdin=subprocess.PIPE if not n else subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=here, text=True)
               for n, argv in enumerate(kit.plain(program))]
    try:
        printed = [p.communicate(None if n else program.stdin, timeout=DEADLINE)[0] for n, p in enumerate(running)]
    finally:
        for process in running:
            process.kill()
    assert program.printed_right("".join(printed))
    assert running[0].returncode == program.exit


@pytest.mark.parametrize("compiler, optimise", VARIANTS)
@pytest.mark.parametrize("program", cases(named("right")))
def test_compilers_do_not_make_a_right_program_wrong(kit: Kit, program: Program, compiler: str, optimise: str) -> None:
    if not have(compiler):
        pytest.skip(f"there is no {compiler} here")
    check_all_right(kit.build(program, compiler, optimise), SEEDS if FULL else 24)


@pytest.mark.parametrize("compiler, optimise", VARIANTS)
@pytest.mark.parametrize("program", cases(named("wrong")))
def test_compilers_do_not_hide_what_is_wrong(kit: Kit, program: Program, compiler: str, optimise: str) -> None:
    if not have(compiler):
        pytest.skip(f"there is no {compiler} here")
    check_found(kit.build(program, compiler, optimise))


@pytest.mark.parametrize("program", cases(named("right") + named("wrong")))
def test_addresses_decide_nothing(kit: Kit, program: Program) -> None:
    """With and without address space randomisation a seed is the same schedule."""
    built = kit.build(program)
    for way in (Way(2), Way(3, fine=True), Way(walk=True)):
        for fixed, random in zip(built.run(way, 1, 5), built.run(way, 1, 5, "--aslr"), strict=True):
            for what in ("verdict", "points", "accesses", "switches", "stdout"):
                assert fixed[what] == random[what], f"{way}, seed {fixed['seed']}: {what}"
            assert built.findings(fixed) == built.findings(random)


@pytest.mark.parametrize("program", RIGHT + WRONG, ids=lambda p: p.name)
def test_every_program_says_what_is_expected_of_it(program: Program) -> None:
    expected = [text for word in ("RACE", "DEADLOCK", "TROUBLE", "CRASH") for text in program.said.get(word, ())]
    assert bool(expected) != program.right
    marks = {mark for text in expected for mark in text.split()} & set(program.marks)
    assert marks == set(program.marks), "a mark that no expectation names"
    for text in (*program.said.get("RACE", ()), *program.said.get("DEADLOCK", ())):
        assert set(text.split()) <= set(program.marks), f"no line is marked {text}"
    assert program.right or "OUTPUT" not in program.said


def test_the_corpus_is_as_large_as_it_has_to_be() -> None:
    assert len(RIGHT) >= 40 and len(WRONG) >= 40
    names = [p.name for p in RIGHT + WRONG]
    assert len(set(names)) == len(names)


def test_different_seeds_give_different_schedules(kit: Kit) -> None:
    """Else five hundred of them would be worth one."""
    (program,) = [p for p in RIGHT if p.name == "bounded_buffer_semaphores"]
    built = kit.build(program)
    switches = {(r["switches"], r["points"]) for r in built.run(Way(3), 1, 40)}
    assert len(switches) > 10
