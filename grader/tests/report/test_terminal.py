"""What a terminal gets: readable at any width, colour only where it is wanted, nothing that a submission sent on its own."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import samples
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from ipclab import report
from ipclab.model import Finding, Process
from ipclab.report.audience import Audience
from ipclab.report.terminal import make_console

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.split("\n"))


def _account(result: object, *, width: int = 100, terminal: bool = False, **options: object) -> str:
    out = io.StringIO()
    console = make_console(out, width=width, terminal=terminal)
    report.print_result(result, samples.LAB, samples.SOURCES, console=console, **options)  # type: ignore[arg-type]
    return out.getvalue()


def _table(width: int = 100, terminal: bool = False, results: object = samples.ALL) -> str:
    out = io.StringIO()
    report.print_class(results, samples.LAB, console=make_console(out, width=width, terminal=terminal))  # type: ignore[arg-type]
    return out.getvalue()


@pytest.mark.parametrize("result", samples.ALL, ids=lambda r: r.submission_id)
def test_the_account_looks_as_agreed(result: object, golden: Callable[[str, str], None]) -> None:
    golden(f"account-{result.submission_id}.txt", _trimmed(_account(result)))  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [50, 100])
def test_the_table_looks_as_agreed(width: int, golden: Callable[[str, str], None]) -> None:
    golden(f"class-{width}.txt", _trimmed(_table(width)))


def test_a_brief_account_explains_one_failure_and_names_the_rest(golden: Callable[[str, str], None]) -> None:
    golden("brief.txt", _trimmed(_account(samples.HANG, brief=True, hidden=12)))


@pytest.mark.parametrize("width", [30, 50, 80, 200])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    for text in (_table(width), *(_account(r, width=width) for r in samples.ALL)):
        assert max(cell_len(line) for line in text.split("\n")) <= width


def test_colour_comes_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b" not in _table() + _account(samples.HANG)
    assert re.search(r"\x1b\[[0-9;]*31m", _account(samples.HANG, terminal=True))


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    codes = set(COLOUR.findall(_account(samples.HANG, terminal=True)))
    assert all(set(code[2:-1].split(";")) <= {"0", "1", "2", "3", "4", "7", ""} for code in codes), codes


def test_a_grader_error_shows_no_number() -> None:
    text = _account(samples.FAULT)
    assert "Not graded" in text and not re.search(r"\b0\b", text)
    row = next(line for line in _table().split("\n") if "Barbara" in line)
    assert "no score" in row and not re.search(r"\d", row)


def test_an_output_without_unicode_is_no_crash() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    report.print_result(samples.HANG, samples.LAB, samples.SOURCES, console=make_console(file, width=80))
    file.flush()
    assert b"\\u2717" in raw.getvalue()


TEXT = st.text(st.characters(blacklist_categories=[]), max_size=40)


@given(TEXT)
@example("\x1b[2J\x1b]0;owned\x07")
@example("\x9b31m")
@example("[bold red]x[/bold red] [link=file:///etc/passwd]y[/link] :smile:")
@example("[/]")
@example("\u202egnp.exe\u2066")
@example("a\rb\bc\x0bd")
def test_no_text_of_a_submission_acts_on_the_terminal(text: str) -> None:
    finding = Finding("crash", "killed_by_signal", "killed_by_signal", {}, text, text, None, (), (Process(1, text, text, text),))
    test = replace(samples.WRONG.tests[3], title=text, message=text, expected=text, actual=text + "x", hint=text, findings=(finding,))
    result = replace(samples.WRONG, student=text, tests=(test,), findings=(finding,))
    for out in (_account(result, terminal=True, width=200), _table(200, True, [result])):
        bare = COLOUR.sub("", out).replace("\n", "")
        assert not [c for c in bare if not c.isprintable() and c not in "\u200c\u200d" and not c.isspace() and ord(c) < 0x3000]
        assert "\x1b" not in bare and "\r" not in bare and "\u202e" not in bare


def test_markup_is_shown_as_it_stands() -> None:
    assert "[bold]x[/bold]" in _account(samples.REJECTED)


def test_a_student_sees_no_value_of_a_hidden_test() -> None:
    text = _account(samples.WRONG, audience=Audience.STUDENT)
    assert "77" in text, "of a public test they do"
    assert "4711" not in text and "0xff" not in text and "byte 12" not in text and "<tag>" not in text
    assert "NUL" in text or "'\\0'" in text, "the cause is told"
