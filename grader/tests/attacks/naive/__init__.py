"""The grader that ours is not: cmocka tests and submission in one process, and what that process says is the verdict.

It is the control run of the attacks that separation defends against, and is itself run in a sandbox.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ipclab import build, kit
from ipclab.events import EntryLog, RunLog
from ipclab.model import Limits
from ipclab.plan import CommandEntry, Plan
from ipclab.sandbox import File, Sandbox, docker
from ipclab.sandbox.docker import DockerSandbox
from ipclab.sandbox.local import LocalSandbox
from ipclab.slots import uids

HERE = Path(__file__).resolve().parent
# The test's own includes are looked for beside the submission, as where both are copied into one folder.
_MAKE = (
    "if [ -f Makefile ]; then exec make; fi; "
    "gcc -g -O1 -I. {tests} -c test_naive.c -o test.o && gcc -g -O0 -I. -c sum.c && {library}gcc *.o {link} -lcmocka -o t"
)
# What it believes, and how it is built then.
VERDICTS: dict[str, dict[str, str]] = {
    "exit": {},  # the exit code
    "stdout": {},  # cmocka's summary
    "xml": {},  # cmocka's report
    "child": {"tests": "-DCHILD"},  # the exit code of a child that runs the tests
    "wrapped": {"tests": "-DWRAPPED", "link": "-Wl,--wrap=exit"},  # linked as tests are that use mocks
    "library": {"library": "ar rc tests.a test.o && rm test.o && ", "link": "tests.a"},
}
_LIMITS = Limits(wall_ms=8000, cpu_ms=4000, processes=64, output=1 << 20)


def passes(files: dict[str, bytes], header: bytes, sandbox: str, verdict: str) -> bool:
    """Does such a grader give full marks? verdict: one of VERDICTS."""
    if verdict not in VERDICTS:
        raise ValueError(verdict)
    inputs = {f"src/{name}": File(data) for name, data in files.items()}
    inputs |= {"src/sum.h": File(header), "src/test_naive.c": File((HERE / "test_naive.c").read_bytes())}
    made = _run(CommandEntry("t", ("/bin/sh", "-c", _script(verdict)), build.LIMITS, tuple(inputs), ("t",)), inputs, sandbox)
    program = next((f.data for f in made.files if f.name == "t" and f.data), None)
    if program is None:
        return False
    xml = "CMOCKA_MESSAGE_OUTPUT=XML CMOCKA_XML_FILE=out.xml " if verdict == "xml" else ""
    command = CommandEntry("t", ("/bin/sh", "-c", f"{xml}exec /work/bin/t"), _LIMITS, (), ("out.xml",))
    return _verdict(_run(command, {"bin/t": File(program, 0o755)}, sandbox), verdict)


def _script(verdict: str) -> str:
    return _MAKE.format(**{"tests": "", "library": "", "link": ""} | VERDICTS[verdict])


def _verdict(log: EntryLog, verdict: str) -> bool:
    assert log.end is not None
    if verdict == "stdout":
        text = b"".join(o.data for o in log.outputs)
        return b"[  PASSED  ] 2 test(s)." in text and b"FAILED" not in text
    if verdict == "xml":
        report = next((f.data for f in log.files if f.data), b"")
        return b'tests="2"' in report and b'failures="0"' in report
    return log.end.command is not None and log.end.command.code == 0


def _run(command: CommandEntry, files: dict[str, File], sandbox: str) -> EntryLog:
    log = RunLog()
    with _sandbox(sandbox) as place, uids() as pair:
        for event in place.run(Plan((replace(command),)), files, pair):
            log.add(event)
    log.finish()
    return log.entries["t"]


def _sandbox(name: str) -> Sandbox:
    if name == "local":
        return LocalSandbox(kit.base() / "warden")
    image = docker.image()
    return DockerSandbox(image, (kit.base(image) / "warden").read_bytes())
