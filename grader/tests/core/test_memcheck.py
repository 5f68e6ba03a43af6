"""Reports of the real valgrind about programs with known faults, and files that only claim to be reports."""

import subprocess
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipclab import memcheck
from ipclab.events import Collected, EntryLog, Exit, Spawn, Status
from ipclab.model import Finding, Location

HERE = Path(__file__).with_name("data") / "memcheck"
OWN = frozenset({"faults.c"})


def line_of(mark: str) -> int:
    lines = (HERE / "faults.c").read_text().splitlines()
    return next(i for i, text in enumerate(lines, 1) if mark in text)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("faults") / "faults"
    subprocess.run(["gcc", "-w", "-g", "-O0", "-fno-builtin", "-o", out, HERE / "faults.c"], check=True, timeout=60)
    return out


def entry(folder: Path, pid: int, status: Status) -> EntryLog:
    log = EntryLog("t.memcheck")
    log.spawns.append(Spawn(log.id, 0, pid, "faults"))
    log.exits.append(Exit(log.id, 0, pid, status, 1.0))
    log.files += [Collected(log.id, p.name, p.read_bytes()) for p in sorted(folder.glob("vg.*.xml"))]
    return log


def run(program: Path, which: str, folder: Path) -> EntryLog:
    """One run under valgrind with the very words of a plan."""
    argv = [word.replace("%t", str(folder)) for word in memcheck.ARGV]
    process = subprocess.Popen([*argv, program, which], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    code = process.wait(120)
    return entry(folder, process.pid, Status(code=code) if code >= 0 else Status(signal=-code))


def found(program: Path, which: str, folder: Path) -> list[Finding]:
    return memcheck.findings(run(program, which, folder), OWN, passed=True)


@pytest.mark.parametrize(
    "which,cause,mark",
    [
        ("write", "invalid_write", "// write"),
        ("read", "invalid_read", "// read"),
        ("condition", "uninitialised_value", "// condition"),
        ("inside", "invalid_free", "// inside"),
        ("twice", "double_free", "// twice"),
        ("overlap", "overlap", "// overlap"),
        ("lost", "definitely_lost", "// block"),
        ("after", "invalid_write", "// after"),
        ("syscall", "bad_syscall_argument", "// syscall"),
    ],
)
def test_each_fault_has_its_cause_and_its_line(program: Path, tmp_path: Path, which: str, cause: str, mark: str) -> None:
    (finding,) = found(program, which, tmp_path)
    assert (finding.cause, finding.location) == (cause, Location("faults.c", line_of(mark)))
    assert finding.kind == ("memory_leak" if which == "lost" else "memory_error")


def test_the_sentences_tell_size_block_and_origin(program: Path, tmp_path: Path) -> None:
    (finding,) = found(program, "write", tmp_path)
    assert finding.args["size"] == 1
    block = f"0 bytes after a block of size 10, allocated at faults.c:{line_of('// block')}"
    assert finding.args["block"] == block and block in finding.text
    assert finding.related == (Location("faults.c", line_of("// block")),)
    (tmp_path / "lost").mkdir()
    (leak,) = found(program, "lost", tmp_path / "lost")
    assert leak.args["bytes"] == 10 and "10 bytes" in leak.text


def test_a_child_s_faults_count_too_and_each_line_once(program: Path, tmp_path: Path) -> None:
    findings = found(program, "child", tmp_path)
    assert [f.cause for f in findings] == ["invalid_write", "definitely_lost"]
    assert findings[1].location == Location("faults.c", line_of("// in the child"))


def test_a_clean_program_has_no_finding(program: Path, tmp_path: Path) -> None:
    assert found(program, "clean", tmp_path) == []


def test_a_child_that_becomes_another_program_costs_nothing(program: Path, tmp_path: Path) -> None:
    assert found(program, "exec-child", tmp_path) == []


def test_a_main_process_that_gets_away_from_valgrind_is_told(program: Path, tmp_path: Path) -> None:
    assert [f.cause for f in found(program, "exec", tmp_path)] == ["no_memcheck_report"]


def test_faults_outside_of_the_submission_are_not_the_student_s(program: Path, tmp_path: Path) -> None:
    log = run(program, "write", tmp_path)
    assert memcheck.findings(log, frozenset({"other.c"}), passed=True) == []


def test_a_process_that_was_killed_has_no_report_but_one_of_all_has_to_have_one(program: Path, tmp_path: Path) -> None:
    killed = EntryLog("t.memcheck", [Spawn("t", 0, 7, "faults")], [Exit("t", 0, 7, Status(signal=9), 1.0)])
    assert memcheck.findings(killed, OWN, passed=False) == []
    assert [f.cause for f in memcheck.findings(killed, OWN, passed=True)] == ["no_memcheck_report"]
    other = run(program, "clean", tmp_path)
    killed.spawns += other.spawns
    killed.exits += other.exits
    killed.files += other.files
    assert memcheck.findings(killed, OWN, passed=True) == []


def test_files_that_a_submission_leaves_do_not_change_what_valgrind_looks_for(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a program leaves in its HOME and working directory, which are the same, is there when it starts itself anew."""
    options = f"--suppressions={tmp_path}/all.supp"
    (tmp_path / "all.supp").write_text("{\n   leaks\n   Memcheck:Leak\n   fun:malloc\n}\n")
    (tmp_path / ".valgrindrc").write_text(options)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VALGRIND_OPTS", options)
    assert [f.cause for f in found(program, "lost", tmp_path)] == ["definitely_lost"]


# ---- what is no report of the valgrind that was started

TOOL = "/usr/libexec/valgrind/memcheck-amd64-linux"


def held(log: EntryLog, program: str = TOOL, by: int = 0) -> list[str]:
    """The causes, where warden says of each file who held it."""
    pid = log.spawns[0].pid
    log.files = [replace(f, by=by or pid, program=program) for f in log.files]
    return [f.cause for f in memcheck.findings(log, OWN, passed=True, held=True)]


def test_a_report_counts_where_valgrind_held_it_as_this_process(program: Path, tmp_path: Path) -> None:
    log = run(program, "clean", tmp_path)
    assert [f.cause for f in memcheck.findings(log, OWN, passed=True, held=True)] == ["no_memcheck_report"]
    assert held(log) == []
    for same in ("/usr/lib/x86_64-linux-gnu/valgrind/memcheck-x86-linux", "/usr/lib64/valgrind/memcheck-arm64-linux"):
        assert held(log, same) == []
    for other in ("/work/bin/pump.O0", "/usr/bin/dash", "/tmp/valgrind/memcheck-amd64-linux", "/usr/lib/valgrind/memcheck-x/../sh"):
        assert held(log, other) == ["no_memcheck_report"]
    assert held(log, by=1) == ["no_memcheck_report"]


def test_a_process_that_was_killed_need_not_have_held_its_report(program: Path, tmp_path: Path) -> None:
    log = run(program, "clean", tmp_path)
    log.exits = [Exit(log.id, 0, log.spawns[0].pid, Status(signal=15), 1.0)]
    assert memcheck.findings(log, OWN, passed=True, held=True) == []


def test_a_report_of_a_valgrind_with_other_options_is_none(program: Path, tmp_path: Path) -> None:
    for words in (["--xml=yes", "--xml-file=%t/vg.%p.xml"], [*memcheck.ARGV[1:], "--suppressions=/dev/null"]):
        argv = ["/usr/bin/valgrind", *(w.replace("%t", str(tmp_path)) for w in words)]
        process = subprocess.Popen([*argv, program, "clean"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert process.wait(120) == 0
        log = entry(tmp_path, process.pid, Status(code=0))
        assert [f.cause for f in memcheck.findings(log, OWN, passed=True)] == ["no_memcheck_report"]


def test_many_reports_of_others_do_not_hide_that_of_the_process_itself(program: Path, tmp_path: Path) -> None:
    log = run(program, "clean", tmp_path)
    others = [Collected(log.id, f"vg.{9_000_000 + i}.xml", b"<x/>") for i in range(memcheck.REPORTS_MAX)]
    log.files = [*others, *log.files]
    assert memcheck.findings(log, OWN, passed=True) == []


# ---- what is no report


ERROR = b"<error><kind>InvalidRead</kind><what>Invalid read of size 4</what><stack><frame><file>faults.c</file><line>7</line></frame></stack></error>"
DONE = b"<status><state>FINISHED</state></status>"


def test_a_report_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    report = memcheck.parse(7, b"<valgrindoutput>" + ERROR + b"<error><kind>Inv")
    assert [e.kind for e in report.errors] == ["InvalidRead"] and not report.complete
    assert memcheck.parse(7, b"<valgrindoutput>" + DONE + b"</valgrindoutput>").complete


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no xml",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><valgrindoutput>' + DONE + b"</valgrindoutput>",
        b'<?xml version="1.0" encoding="utf-16"?>' + "<!DOCTYPE x>".encode("utf-16"),
        b"\xff\xfe\x00",
        b"<valgrindoutput>" + DONE + b"</other>",
    ],
)
def test_what_is_no_report_of_valgrind_s_is_incomplete(data: bytes) -> None:
    assert not memcheck.parse(7, data).complete


def test_numbers_and_names_of_a_hostile_report_do_no_harm() -> None:
    hostile = ERROR.replace(b"<line>7", b"<line>" + b"9" * 5000).replace(b"<kind>InvalidRead", b"<kind>Leak_DefinitelyLost")
    log = EntryLog("t.memcheck", files=[Collected("t", "vg.7.xml", b"<valgrindoutput>" + hostile + ERROR * 1000)])
    assert [f.location for f in memcheck.findings(log, OWN, passed=False)] == [Location("faults.c", 7)]
    other = EntryLog("t.memcheck", files=[Collected("t", "vg.x.xml", ERROR), Collected("t", "vg.7.xml", None, "too large")])
    assert memcheck.findings(other, OWN, passed=False) == []


# ---- hostile: the report lies where the student's own processes can write


def hostile(what: str, auxwhat: str = "", kind: str = "InvalidRead", line: str = "3") -> EntryLog:
    frame = f"<frame><fn>f</fn><file>faults.c</file><line>{escape(line)}</line></frame>"
    error = f"<error><kind>{escape(kind)}</kind><what>{escape(what)}</what><stack>{frame}</stack><auxwhat>{escape(auxwhat)}</auxwhat></error>"
    log = EntryLog("t.memcheck")
    log.files.append(Collected(log.id, "vg.7.xml", f"<valgrindoutput>{error}</valgrindoutput>".encode("utf-8", "replace")))
    return log


def test_a_size_of_five_thousand_digits_is_none() -> None:
    """int() refuses so many: it ended the grading of a whole class."""
    (finding,) = memcheck.findings(hostile("Invalid read of size " + "9" * 5000), OWN, passed=False)
    assert finding.cause == "invalid_read" and "size" not in finding.args


WORDS = st.lists(
    st.sampled_from(
        ["Invalid read of size ", "Address 0x1 is 0 bytes inside a block of size ", "1,024", "٣", "9" * 5000, " alloc'd", " free'd", " in ",
         "Source and destination overlap in ", "memcpy", "Syscall param write(", "(", "<b>", "]]>", "&", "&amp;"]) | st.text(max_size=8)
).map("".join)  # fmt: skip


@given(WORDS, WORDS, st.sampled_from(sorted(memcheck._KINDS)) | st.text(max_size=5), st.integers().map(str) | WORDS, st.booleans())
def test_no_text_in_a_report_can_break_judging(what: str, auxwhat: str, kind: str, line: str, passed: bool) -> None:
    for finding in memcheck.findings(hostile(what, auxwhat, kind, line), OWN, passed=passed):
        assert finding.kind.startswith("memory_") and finding.text
        assert finding.location is None or finding.location.line > 0


TAGS = ["valgrindoutput", "error", "kind", "what", "xwhat", "text", "stack", "frame", "file", "line", "status", "state", "auxwhat", "leakedbytes"]
PIECES = st.sampled_from(
    [*(f"<{t}>" for t in TAGS), *(f"</{t}>" for t in TAGS), "InvalidRead", "FINISHED", "faults.c", "3", "<!DOCTYPE x [<!ENTITY a 'b'>]>", "&a;", "<?xml version='1.0'?>"]
)  # fmt: skip


@given(st.lists(PIECES | st.binary(max_size=4).map(lambda b: b.decode("latin-1")), max_size=20))
def test_whatever_stands_in_its_place_is_no_fault_of_the_grader_s(pieces: list[str]) -> None:
    log = EntryLog("t.memcheck")
    log.files.append(Collected(log.id, "vg.7.xml", "".join(pieces).encode("latin-1")))
    assert isinstance(memcheck.findings(log, OWN, passed=True), list)
    assert not any(e.kind for r in memcheck.reports(log) for e in r.errors if any(p.startswith("<!DOCTYPE") for p in pieces))
