"""What the compiler says, as findings. The texts are gcc's own: each source here is compiled as a submission is."""

import subprocess
from pathlib import Path

import pytest
import streams
from memory_lab import make_lab, make_submission, make_test
from ipclab import build
from ipclab.build import STRAY_MAIN, Built
from ipclab.model import Finding, Location, Submission
from streams import compiled, elf, run

LAB = make_lab(make_test("t"))


def gcc(source: str, name: str, folder: Path) -> tuple[int, str]:
    """What gcc says to the flags of a submission's build."""
    (folder / name).write_text(source)
    target = next(t for t in LAB.targets if name in t.files)
    argv = [a for a in build._argv(LAB, target, "O0") if a not in ("driver-ask.o", "libdriver.a")]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}, timeout=60)
    return done.returncode, done.stderr


def built(source: str, folder: Path, name: str = "pump.c") -> Built:
    """The build of a submission of that one file, as far as the compiler can tell."""
    code, text = gcc(source, name, folder)
    target = name.removesuffix(".c")
    submission = make_submission(**{name.replace(".", "_"): source})
    files = [compiled(f"{target}.{level}", text, code=code, binary=elf() if code == 0 else None) for level in ("O0", "O2")]
    return build.read(LAB, submission, run(*files))


def of(target: str, result: Built) -> Finding:
    return result.failed[target]


def test_the_first_error_is_what_a_student_sees(tmp_path: Path) -> None:
    finding = of("pump", built("#include <unistd.h>\nint main(void)\n{\n    int x;\n    x = 3\n    return y;\n}\n", tmp_path))
    assert (finding.cause, finding.location) == ("compile_error", Location("pump.c", 5))
    assert finding.text.startswith("pump.c:5: expected")


def test_a_warning_is_advice_with_its_line_and_flag(tmp_path: Path) -> None:
    result = built("int main(void)\n{\n    int x;\n    return 0;\n}\n", tmp_path)
    (warning,) = (f for f in result.findings if f.kind == "build_warning")
    assert warning.location == Location("pump.c", 3) and "unused variable" in warning.text and "-Wunused" in warning.text
    assert "pump" not in result.failed and set(result.programs) == {"pump.O0", "pump.O2"}


def test_a_required_function_that_is_missing_is_named_before_others(tmp_path: Path) -> None:
    text = (
        "/usr/bin/ld: /tmp/t-1/pump.c:9: undefined reference to `helper'\n"
        "/usr/bin/ld: driver-ask.o: in function `call_ask':\n"
        "driver.c:(.text+0x1): undefined reference to `ask_child'\ncollect2: error: ld returned 1 exit status\n"
    )
    finding = of("ask", build.read(LAB, make_submission(ask_c="x"), run(compiled("ask.O0", text, code=1))))
    assert (finding.cause, finding.args["function"]) == ("undefined_function", "ask_child")
    assert finding.location == Location("ask.c", 0) and "ask_child is not defined" in finding.text


def test_a_function_that_a_student_s_line_calls_is_named_with_the_line(tmp_path: Path) -> None:
    source = "void helper(int);\n\nint main(void)\n{\n    helper(3);\n    return 0;\n}\n"
    finding = of("pump", built(source, tmp_path))
    assert (finding.cause, finding.args["function"], finding.location) == ("undefined_function", "helper", Location("pump.c", 5))


def test_a_missing_main_is_named(tmp_path: Path) -> None:
    finding = of("pump", built("int nothing;\n", tmp_path))
    assert (finding.cause, finding.args["function"]) == ("undefined_function", "main")


def test_a_doubled_function_is_a_link_error(tmp_path: Path) -> None:
    text = "/usr/bin/ld: libdriver.a(x.o): in function `td_ask':\nx.c:1: multiple definition of `td_ask'; /tmp/cc.o:/t/ask.c:7: first defined here\n"
    finding = of("ask", build.read(LAB, make_submission(ask_c="x"), run(compiled("ask.O0", text, code=1))))
    assert finding.cause == "link_error" and "multiple definition of 'td_ask'" in finding.text


def test_a_missing_header_is_an_error_with_its_line(tmp_path: Path) -> None:
    finding = of("pump", built('#include <stdio.h>\n#include "nothing.h"\nint main(void) { return 0; }\n', tmp_path))
    assert finding.location == Location("pump.c", 2) and "nothing.h" in finding.text


def test_a_file_that_includes_itself_ends_in_one_error(tmp_path: Path) -> None:
    finding = of("pump", built("#include __FILE__\n", tmp_path))
    assert finding.cause == "compile_error" and "nested" in finding.text


@pytest.mark.parametrize(
    "outcome,cause",
    [("wall", "compiler_timeout"), ("cpu", "compiler_timeout"), ("memory", "compiler_memory"), ("output", "compiler_output")],
)
def test_a_limit_of_the_compiler_has_its_own_cause(outcome: str, cause: str) -> None:
    entry = [{"event": "begin", "id": "pump.O0"}, streams.end("pump.O0", outcome)]
    finding = of("pump", build.read(LAB, make_submission(pump_c="x"), run(entry)))
    assert (finding.kind, finding.cause) == ("build_error", cause)


def test_a_compiler_that_the_kernel_killed_ran_out_of_memory() -> None:
    text = "gcc: fatal error: Killed signal terminated program cc1\ncompilation terminated.\n"
    assert of("pump", build.read(LAB, make_submission(pump_c="x"), run(compiled("pump.O0", text, code=1)))).cause == "compiler_memory"


def test_each_missing_file_is_named(submission: Submission) -> None:
    result = build.read(LAB, make_submission(readme_h=""), None)
    assert [(f.cause, f.args["file"]) for f in result.findings] == [("file_missing", "pump.c"), ("file_missing", "ask.c")]
    assert set(result.failed) == {"pump", "ask"}


def test_a_target_that_fails_leaves_the_others_alone(submission: Submission) -> None:
    broken = compiled("ask.O0", "ask.c:1:1: error: no\n", code=1)
    pump = [compiled(name, binary=elf()) for name in ("pump.O0", "pump.O2")]
    result = build.read(LAB, submission, run(broken, *pump))
    assert set(result.programs) == {"pump.O0", "pump.O2"} and set(result.failed) == {"ask"}


def test_a_target_that_fails_optimised_only_fails(submission: Submission) -> None:
    parts = [compiled("pump.O0", binary=elf()), compiled("pump.O2", "pump.c:1:1: error: no\n", code=1)]
    result = build.read(LAB, make_submission(pump_c="x"), run(*parts))
    assert result.programs == {} and "pump" in result.failed


@pytest.mark.parametrize("binary", [None, b"", b"#!/bin/sh\n" * 20, elf()[:20], b"\x7fELF" + bytes(100)])
def test_only_an_elf_program_is_run(binary: bytes | None) -> None:
    parts = [compiled("pump.O0", binary=binary), compiled("pump.O2", binary=elf())]
    assert "pump" in build.read(LAB, make_submission(pump_c="x"), run(*parts)).failed


def test_a_stray_main_is_a_note_and_no_error() -> None:
    binary = elf(b"\0" + STRAY_MAIN.encode() + b"\0")
    result = build.read(LAB, make_submission(ask_c="x"), run(compiled("ask.O0", binary=binary), compiled("ask.O2", binary=binary)))
    assert [(f.kind, f.cause) for f in result.findings if f.kind == "note"] == [("note", "stray_main")]
    assert set(result.programs) == {"ask.O0", "ask.O2"}


def test_errors_in_other_files_are_placed_in_the_submission_s(tmp_path: Path) -> None:
    text = "driver.c:3:1: error: conflicting types\n"
    finding = of("ask", build.read(LAB, make_submission(ask_c="x"), run(compiled("ask.O0", text, code=1))))
    assert finding.location == Location("ask.c", 0)


def test_a_compiler_s_run_that_is_missing_is_the_grader_s_fault() -> None:
    from ipclab.events import StreamFault

    with pytest.raises(StreamFault):
        build.read(LAB, make_submission(pump_c="x"), run(compiled("pump.O0", binary=elf())))


