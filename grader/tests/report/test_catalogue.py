"""The registry of causes: complete, and no sentence with a hole in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipclab import catalogue, results
from ipclab.faults import GraderFault
from ipclab.model import Location

ALL = sorted(catalogue.default().causes.values(), key=lambda c: c.slug)

NEEDED = {
    "build_error": "compile_error file_missing undefined_function link_error compiler_timeout compiler_memory compiler_output",
    "build_warning": "compiler_warning",
    "wrong_output": "wrong_output writes_constant_length strlen_off_by_nul stdin_eof_ignored message_boundaries_assumed "
    "child_falls_through doubled_stdio result_truncated_to_8_bits result_set_on_failure error_ignored short_write_ignored",
    "deadlock": "write_end_kept_by_reader write_end_kept_by_waiting_parent write_end_kept_by_other read_end_kept_by_writer "
    "read_end_kept_by_other wait_before_drain reads_own_pipe",
    "hang": "waits_for_input waits_for_child waits_for_reader waits_for_lock stopped blocked",
    "timeout": "sleeping still_running",
    "busy_wait": "spins",
    "missing_mechanism": "no_pipe no_fork one_process_does_both socketpair_instead_of_pipe exit_status_as_result",
    "zombie": "child_never_waited",
    "orphan": "left_running",
    "fd_leak": "descriptor_left_open",
    "crash": "killed_by_signal",
    "output_flood": "stdout_flood stderr_flood",
    "resource_limit": "wall cpu memory processes output terminals",
    "memory_error": "invalid_read invalid_write uninitialised_value invalid_free double_free mismatched_free overlap "
    "bad_syscall_argument no_memcheck_report",
    "memory_leak": "definitely_lost",
    "ipc_leak": "sysv_shm sysv_sem sysv_msg posix_shm posix_mq",
    "file_leak": "file_left",
    "tamper": "doubled_record malformed_answer",
    "note": "stray_main",
    "grader": "engine_gone image_missing judge_died no_done_event",
}


@pytest.mark.parametrize(("kind", "slug"), [(k, s) for k, slugs in NEEDED.items() for s in slugs.split()])
def test_the_cause_is_registered(kind: str, slug: str) -> None:
    assert catalogue.allows(kind, slug)


def test_kinds_are_those_of_the_schema() -> None:
    schema = json.loads(results.SCHEMA_FILE.read_text("utf-8"))
    assert set(catalogue.default().kinds) == set(schema["$defs"]["finding"]["properties"]["kind"]["enum"])


def _check(text: str) -> None:
    assert not re.search(r"[{}|]|\[\[|\]\]", text), f"a hole is left in: {text}"
    assert "  " not in text and text == text.strip(), f"blanks are left over in: {text}"
    assert not re.search(r"\s[,;:]|\s\.(\s|$)|[,;:]\.|(?<!\w)\(\)", text), f"marks are left over in: {text}"


@pytest.mark.parametrize("cause", ALL, ids=lambda c: c.slug)
def test_every_sentence_is_whole_with_and_without_its_arguments(cause: catalogue.Cause) -> None:
    for template in filter(None, (cause.text, cause.hint)):
        names = catalogue.placeholders(template)
        filled = {name: f"A{i}" for i, name in enumerate(sorted(names))}
        _check(catalogue.fill(template, {}))
        _check(full := catalogue.fill(template, filled))
        for name in names:
            _check(catalogue.fill(template, {name: "X"}))
            _check(catalogue.fill(template, {k: v for k, v in filled.items() if k != name}))
        bare = catalogue.fill(template, {})
        assert bare[0].isupper() or not bare[0].isalpha() or "()" in bare.split()[0], f"begins small: {bare}"
        assert len(full) < 330, "one or two short sentences"
    assert catalogue.fill(cause.text, {})[-1] in ".?"


@pytest.mark.parametrize("cause", ALL, ids=lambda c: c.slug)
def test_every_argument_is_shown_by_some_filling(cause: catalogue.Cause) -> None:
    """A placeholder in an alternative that an earlier one always hides would be dead text."""
    names = sorted(catalogue.placeholders(cause.text))
    shown = set()
    for mask in range(1 << len(names)):
        args = {n: f"<{n}>" for i, n in enumerate(names) if mask >> i & 1}
        shown |= {n for n in args if f"<{n}>" in catalogue.fill(cause.text, args)}
    assert shown == set(names)


@given(st.text(max_size=300), st.text(max_size=300))
def test_arguments_are_shown_and_never_read_as_templates(file: str, error: str) -> None:
    text = catalogue.sentence("compile_error", {"file": file, "line": 3, "error": error})
    assert text.isprintable() or all(c.isprintable() or c in "\u200c\u200d" or c.isspace() or ord(c) > 0x2000 for c in text)
    assert not set(text) & {"\x1b", "\n", "\r", "\0", "\u202e", "\u2066"}


def test_braces_in_arguments_stay_text() -> None:
    said = catalogue.sentence("compile_error", {"error": "{file} [[x|y]] {line}", "file": "a.c", "line": 3})
    assert said == "a.c:3: {file} [[x|y]] {line}"


def test_bytes_and_numbers_can_be_arguments() -> None:
    said = catalogue.sentence("wrong_output", {"what": "output", "expected": {"base64": "/w=="}, "actual": 0})
    assert said == "output: expected \\xff, got 0."


def test_a_long_argument_is_cut() -> None:
    assert len(catalogue.sentence("compile_error", {"error": "x" * 10_000})) < 300


def test_an_unknown_code_is_not_mute() -> None:
    assert catalogue.sentence("from_a_later_version") == "From a later version."
    assert catalogue.hint("from_a_later_version") is None
    with pytest.raises(GraderFault):
        catalogue.kind_of("from_a_later_version")


def test_a_finding_gets_text_hint_and_place() -> None:
    finding = catalogue.finding("memory_error", "double_free", location=Location("a.c", 7))
    assert finding.text == "A block is freed a second time (a.c:7)."
    assert finding.hint and finding.args == {"file": "a.c", "line": 7}


KIND = '[kinds]\ncrash = "Crash"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x", "no TOML"),
        ('[other]\na = 1', "allowed are the tables"),
        (KIND + '[causes.Bad]\nkind = "crash"\ntext = "x"', "is no slug"),
        (KIND + '[causes.a]\nkind = "krash"\ntext = "x"', "allowed are crash"),
        (KIND + '[causes.a]\nkind = "crash"\nalso = "crash"\ntext = "x"', "list of kinds"),
        (KIND + '[causes.a]\nkind = "crash"', "has to be a text"),
        (KIND + '[causes.a]\nkind = "crash"\ntext = "x"\nhnt = "y"', "'hnt'"),
        (KIND + '[causes.a]\nkind = "crash"\ntext = "in {pid}"', "inside"),
        (KIND + '[causes.a]\nkind = "crash"\ntext = "[[in {pid}"', "inside"),
        (KIND + '[causes.a]\nkind = "crash"\ntext = "[[in [[{pid}]]]]"', "nested|inside"),
        (KIND + '[causes.a]\nkind = "crash"\ntext = "[[in {Pid}]]"', "lower-case"),
        (KIND + '[causes.a]\nkind = "crash"\ntext = "x"\nhint = "{pid}"', "hint"),
    ],
)
def test_a_broken_catalogue_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "c.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(GraderFault, match=says) as fault:
        catalogue.load([path])
    assert "c.toml" in str(fault.value)


def test_a_cause_is_defined_once(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(KIND + '[causes.a]\nkind = "crash"\ntext = "x"', "utf-8")
    with pytest.raises(GraderFault, match="defined twice"):
        catalogue.load([path, path])


# ---- what others name ------------------------------------------------------------------------------


def _pairs(repo: Path) -> set[tuple[str, str]]:
    """Kind and cause where they stand side by side in warden's and ipclab's sources: "deadlock", "wait_before_drain"."""
    kinds = "|".join(catalogue.default().kinds)
    pattern = re.compile(rf'"({kinds})",\s*(?:\.slug = )?(?:[a-z0-9_ ?>=-]*)"([a-z][a-z0-9_]*)"(?:\s*:\s*"([a-z][a-z0-9_]*)")?')
    found = set()
    for path in (*(repo / "grader/warden").glob("*.c"), *(repo / "grader/ipclab").glob("*.py")):
        for kind, first, second in pattern.findall(path.read_text("utf-8")):
            found |= {(kind, slug) for slug in (first, second) if slug and slug not in catalogue.default().kinds}
            found |= {(kind, slug) for slug in (first, second) if slug == kind == "wrong_output"}
    return found


def test_what_warden_and_judging_find_is_registered_under_that_kind(repo: Path) -> None:
    pairs = _pairs(repo)
    assert {("deadlock", "write_end_kept_by_reader"), ("deadlock", "wait_in_a_cycle"), ("hang", "lock_not_shared")} <= pairs
    assert ("build_error", "compile_error") in pairs
    assert ("zombie", "child_never_waited") in pairs and len(pairs) > 30
    assert {(k, s) for k, s in pairs if not catalogue.allows(k, s)} == set()


def test_causes_that_labs_tests_name_are_registered(repo: Path) -> None:
    named = set()
    for path in repo.glob("labs/*/tests/*/*.c"):
        for call in re.findall(r"tk_cause\(([^;]*)\);", path.read_text("utf-8")):
            named |= set(re.findall(r'"([a-z0-9_]+)"', call))
    assert named, "no lab names a cause?"
    assert {s for s in named if s not in catalogue.default().causes} == set()
