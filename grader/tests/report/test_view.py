"""What comes first, how a class did, where two values part, and which lines are shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
import samples
from hypothesis import given
from hypothesis import strategies as st

from ipclab import catalogue, results
from ipclab.model import Finding, Location, ResultStatus, SourceFile
from ipclab.model import TestStatus as Status
from ipclab.report import view


def test_a_submission_with_full_marks_has_nothing_to_fix() -> None:
    assert view.first_problem(samples.FULL) is None


def test_the_compilers_first_error_comes_first() -> None:
    problem = view.first_problem(replace(samples.HANG, findings=samples.BUILD.findings))
    assert problem and problem.finding and problem.finding.cause == "compile_error"


def test_the_first_failing_test_tells_its_cause_and_what_the_cause_costs() -> None:
    problem = view.first_problem(samples.HANG)
    assert problem and problem.title == "Deadlock" and problem.location == Location("copy.c", 19)
    assert problem.points == 6 and [t.name for t in problem.others] == ["copy_any_bytes"]


def test_a_bonus_that_is_missed_comes_last_and_is_called_one() -> None:
    first, *others = [t for t in samples.HANG.tests if t.status is Status.FAIL]
    alone = replace(samples.HANG, tests=(replace(first, bonus=True), *(replace(t, status=Status.PASS, findings=()) for t in others)))
    problem = view.first_problem(alone)
    assert problem and problem.for_bonus and problem.title == "Bonus: Deadlock"
    problem = view.first_problem(replace(samples.HANG, tests=(replace(first, bonus=True), *others)))
    assert problem and problem.test == others[0] and not problem.for_bonus and problem.title == "Deadlock"


def test_what_could_not_be_built_costs_the_points_of_its_tests() -> None:
    problem = view.first_problem(samples.HALF)
    assert problem and problem.title == "Does not build" and problem.points == 4 and len(problem.others) == 2


def test_a_grader_error_in_a_test_says_which() -> None:
    problem = view.first_problem(samples.SPOILT)
    assert problem and problem.finding and problem.finding.cause == "judge_died"


def test_a_cause_that_names_none_is_not_counted_as_shared() -> None:
    general = catalogue.finding("wrong_output", "wrong_output")
    tests = tuple(
        samples.outcome(t.name, Status.FAIL, general, message="differs") for t in samples.LAB.tests[:3]
    )
    problem = view.first_problem(replace(samples.FULL, tests=tests))
    assert problem and problem.others == () and problem.text == "differs"


def test_a_grader_error_is_in_no_figure_of_the_class() -> None:
    summary = view.of_class(samples.ALL, samples.LAB)
    assert (summary.total, summary.scored, len(summary.errors)) == (10, 7, 3)
    assert summary.mean == pytest.approx((15 + 4 + 0 + 0 + 13 + 10 + 11) / 7)
    assert sum(summary.histogram) == 7 and summary.histogram[10] == 1
    with_zero = view.of_class([samples.FAULT], samples.LAB)
    assert with_zero.mean is None and sum(with_zero.histogram) == 0


def test_scores_fall_into_the_tenth_that_holds_them() -> None:
    bins = {}
    for score in (0, 1, 2, 7, 13, 14, 15):
        bins[score] = view.of_class([replace(samples.FULL, score=score)], samples.LAB).histogram.index(1)
    assert bins == {0: 0, 1: 0, 2: 1, 7: 5, 13: 9, 14: 10, 15: 10}


def test_hardest_tests_and_causes_are_counted_by_submission() -> None:
    summary = view.of_class(samples.ALL, samples.LAB)
    assert {b.detail: b.count for b in summary.hardest[:3]} == {
        "twice_doubles_a_word": 2, "twice_frees_all": 2, "copy_any_bytes": 2
    }
    lock = next(b for b in summary.causes if b.detail == "Deadlock")
    assert lock.count == 1, "two tests of one submission count once"


def test_an_empty_class_is_no_crash() -> None:
    summary = view.of_class([], samples.LAB)
    assert summary.mean is None and summary.hardest == ()


# ---- where two values part -----------------------------------------------------------------------


def _text(pieces: tuple[view.Piece, ...]) -> str:
    return "".join(p.text for p in pieces)


def _marks(pieces: tuple[view.Piece, ...]) -> list[str]:
    return [p.text for p in pieces if p.style == "mark"]


def test_the_first_difference_is_marked_on_both_sides() -> None:
    both = view.compare("hello", "help")
    assert both and (_marks(both.expected), _marks(both.actual)) == (["l"], ["p"])
    assert both.caption == "First difference at byte 3: expected 'l' (0x6c), got 'p' (0x70)."


def test_a_value_that_ends_early_is_marked_at_its_end() -> None:
    both = view.compare("ab", "a")
    assert both and _marks(both.actual) == ["‹end›"] and "got the end" in both.caption


def test_bytes_that_do_not_print_are_visible() -> None:
    both = view.compare(results.value(b"a\0\xff\x1b[31m\t\r\n"), "")
    assert both and _text(both.expected) == "a\\0\\xff\\x1b[31m\\t\\r\\n\n"
    assert [p.text for p in both.expected if p.style == "escape"] == ["\\0\\xff\\x1b", "\\t\\r\\n"]


def test_a_blank_that_differs_can_be_seen() -> None:
    both = view.compare("a b", "a_b")
    assert both and _marks(both.expected) == ["␣"]


def test_a_difference_inside_a_character_marks_the_character() -> None:
    both = view.compare("xé", "xè")
    assert both and (_marks(both.expected), _marks(both.actual)) == (["é"], ["è"])


def test_long_values_are_cut_around_the_difference() -> None:
    both = view.compare("a" * 5000 + "X" + "b" * 5000, "a" * 5000 + "Y" + "b" * 5000)
    assert both and len(_text(both.expected)) < 500
    assert "4880 bytes before" in both.expected[0].text and "more bytes" in both.expected[-1].text


def test_numbers_and_missing_values() -> None:
    both = view.compare(255, -1)
    assert both and (_text(both.expected), _text(both.actual), both.caption) == ("255", "-1", "")
    assert view.compare(None, None) is None
    only = view.compare(None, "x")
    assert only and only.expected == () and _text(only.actual) == "x"
    same = view.compare("x", "x")
    assert same and not _marks(same.expected)


BYTES = st.binary(max_size=400)


@given(BYTES, BYTES)
def test_comparing_shows_both_values_whole_and_safe(left: bytes, right: bytes) -> None:
    both = view.compare(results.value(left), results.value(right), before=1000, after=1000)
    assert both
    for pieces in (both.expected, both.actual):
        assert not set(_text(pieces)) & {"\x1b", "\0", "\r", "\u202e", "\x85"}
        assert len(_marks(pieces)) == (left != right)
    if left != right:
        assert _marks(both.expected) != _marks(both.actual)


# ---- lines of source -----------------------------------------------------------------------------


def test_lines_around_a_place_are_shown() -> None:
    lines = view.excerpt(samples.SOURCES, Location("copy.c", 19), around=1)
    assert [(x.number, x.here) for x in lines] == [(18, False), (19, True), (20, False)]
    assert "read(fd[0]" in lines[1].text


@pytest.mark.parametrize("location", [None, Location("copy.c", 0), Location("copy.c", 999), Location("other.c", 1)])
def test_a_place_that_is_not_there_shows_nothing(location: Location | None) -> None:
    assert view.excerpt(samples.SOURCES, location) == ()


@given(st.binary(max_size=200), st.integers(1, 9))
def test_any_source_can_be_shown(data: bytes, line: int) -> None:
    for shown in view.excerpt([SourceFile("a.c", data)], Location("a.c", line)):
        assert not set(shown.text) & {"\x1b", "\0", "\r", "\n", "\u202e"}


def test_rejected_work_counts_as_scored() -> None:
    assert view.of_class([samples.REJECTED], samples.LAB).scored == 1
    assert samples.REJECTED.status is ResultStatus.REJECTED


def test_words_that_say_what_was_awaited_are_not_held_against_bytes() -> None:
    lock = samples.outcome("copy_one_byte", Status.FAIL, samples.deadlock(), expected="end-of-file", actual="abc")
    both = view.compare_test(lock)
    assert both and not _marks(both.expected) and both.caption == ""
    wrong = view.compare_test(replace(lock, findings=()))
    assert wrong and _marks(wrong.expected) == ["e"]


def test_what_was_awaited_in_words_is_not_compared_byte_by_byte() -> None:
    ended = samples.outcome("copy_any_bytes", Status.FAIL, message="it exited early", expected="the first line", actual="")
    for args, caption in (({"awaited": 1}, ""), ({}, "First difference at byte 0: expected 't' (0x74), got the end.")):
        found = Finding("wrong_output", "wrong_output", "wrong_output", args)
        compared = view.compare_test(replace(ended, findings=(found,)))
        assert compared is not None and compared.caption == caption
