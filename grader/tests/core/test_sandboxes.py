"""Both sandboxes, one interface: what goes in, what comes out, and that nothing is left when they end, however they end."""

import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ipclab import events, kit
from ipclab.model import Limits
from ipclab.plan import CommandEntry, Plan
from ipclab.sandbox import File, Sandbox, SandboxFault, docker, local
from ipclab.sandbox.docker import DockerSandbox
from ipclab.sandbox.local import LocalSandbox
from ipclab.slots import uids
from tree import DEADLINE, environment

Make = Callable[[], Sandbox]


@pytest.fixture(params=["local", "docker"])
def make(request: pytest.FixtureRequest) -> Make:
    if request.param == "local":
        warden = kit.base() / "warden"
        return lambda: LocalSandbox(warden)
    request.getfixturevalue("docker_image")
    image = docker.image()
    binary = (kit.base(image) / "warden").read_bytes()
    return lambda: DockerSandbox(image, binary)


def shell(script: str, **limits: int) -> Plan:
    return Plan((CommandEntry("c", ("/bin/sh", "-c", script), Limits(**limits), collect=("out*",)),))


def run(make: Make, plan: Plan, files: dict[str, File] | None = None) -> events.RunLog:
    with make() as sandbox, uids() as pair:
        return events.read_run(sandbox.run(plan, files or {}, pair))


def test_files_go_in_and_what_was_asked_for_comes_out(make: Make) -> None:
    data = bytes(range(256)) * 400
    log = run(make, shell("cat /work/src/x /work/src/x >out; exec sh /work/bin/run"), {
        "src/x": File(data), "bin/run": File(b"echo said >&2; exit 3", 0o755),
    })  # fmt: skip
    entry = log.entries["c"]
    assert [(f.name, f.data) for f in entry.files] == [("out", data * 2)]
    assert entry.outputs[0].data == b"said\n" and entry.end is not None and entry.end.command == events.Status(code=3)


def test_the_student_s_code_cannot_write_to_the_work_folder(make: Make) -> None:
    log = run(make, shell("echo x >/work/bin/run || echo x >/work/y || exit 7"), {"bin/run": File(b"", 0o755)})
    end = log.entries["c"].end
    assert end is not None and end.command == events.Status(code=7)


def test_judges_cannot_be_read_by_the_student_s_code(make: Make) -> None:
    log = run(make, shell("cat /work/judge/secret; ls /work/judge; cat /work/plan; exit 5"), {"judge/secret": File(b"SECRET", 0o755)})
    said = b"".join(o.data for o in log.entries["c"].outputs)
    assert b"SECRET" not in said and b"secret\n" not in said and b"plan 1" not in said
    assert said.count(b"ermission denied") >= 2, said


def test_a_plan_that_is_none_is_warden_s_fault_and_says_why(make: Make) -> None:
    plan = Plan((CommandEntry("c", ("/bin/true",), Limits()), CommandEntry("c", ("/bin/true",), Limits())))
    with pytest.raises((SandboxFault, events.StreamFault), match="twice"):
        run(make, plan)


def test_many_files_of_a_megabyte_go_through_the_pipe(make: Make) -> None:
    files = {f"bin/{i}": File(os.urandom(1 << 20)) for i in range(20)}
    log = run(make, shell("cat /work/bin/* | wc -c >out"), files)
    (out,) = log.entries["c"].files
    assert out.data is not None and int(out.data) == 20 << 20


def test_stop_ends_a_run_from_another_thread(make: Make) -> None:
    began = time.monotonic()
    with pytest.raises((SandboxFault, events.StreamFault)):
        with make() as sandbox, uids() as pair:
            log = events.RunLog()
            for event in sandbox.run(shell("exec sleep 1000", wall_ms=600_000), {}, pair):
                log.add(event)
                if isinstance(event, events.Spawn):
                    threading.Thread(target=sandbox.stop).start()
            log.finish()
    assert time.monotonic() - began < 60


# ---- nothing is left -------------------------------------------------------------------------------------

# Starts a run that would last, says who it is once the student's process is there, and waits to be killed.
LAST = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from ipclab import events, kit
from ipclab.model import Limits
from ipclab.plan import CommandEntry, Plan
from ipclab.sandbox import docker, local
from ipclab.slots import uids
plan = Plan((CommandEntry("c", ("/bin/sh", "-c", "exec sleep %s" % sys.argv[3]), Limits(wall_ms=600000)),))
if sys.argv[1] == "docker":
    image = docker.image()
    sandbox = docker.DockerSandbox(image, (kit.base(image) / "warden").read_bytes())
else:
    sandbox = local.LocalSandbox(kit.base() / "warden")
with sandbox, uids() as pair:
    for event in sandbox.run(plan, {}, pair):
        if isinstance(event, events.Spawn):
            print("running", local.owner(), flush=True)
"""


def sleepers(seconds: str) -> list[int]:
    """The processes of this machine, those in containers among them, that sleep so long or are about to."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            argv = path.read_bytes()
            if argv.startswith((b"sleep\0", b"/bin/sh\0")) and seconds.encode() in argv:
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def there(seconds: str) -> bool:
    """Waits for it: warden tells of a process when it is made, and no event tells when it has become /bin/sh."""
    until = time.monotonic() + 60
    while not sleepers(seconds) and time.monotonic() < until:
        time.sleep(0.01)
    return bool(sleepers(seconds))


def gone(seconds: str) -> bool:
    """Waits until no such process is left; the deadline is generous, the end is noticed at once."""
    until = time.monotonic() + 60
    while pids := sleepers(seconds):
        fds = []
        for pid in pids:
            try:
                fds.append(os.pidfd_open(pid))
            except ProcessLookupError:
                continue
        select.select(fds, [], [], 1.0)
        for fd in fds:
            os.close(fd)
        if time.monotonic() > until:
            return False
    return True


def removed(owner: str, since: str) -> bool:
    """Waits until the engine has removed the container of this ipclab: it does so by itself once one has ended."""
    filters = ("--filter", "event=destroy", "--filter", f"label={docker.LABEL}={owner}")
    argv = [docker.client(), "events", "--since", since, *filters, "--format", "{{.ID}}"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as told:
        assert told.stdout
        ready, _, _ = select.select([told.stdout], [], [], 60)
        told.kill()
        return bool(ready)


@pytest.fixture
def seconds() -> str:
    """A number that no other test's sleep has."""
    return str(100_000 + int.from_bytes(os.urandom(4), "big") % 100_000_000)


@pytest.fixture
def runs_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files that no other test's ipclab tidies up in: each one that starts reaps what is in /tmp."""
    with tempfile.TemporaryDirectory(prefix="ipclab-test.") as name:
        Path(name).chmod(0o711)  # as LocalSandbox makes its own
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


@pytest.fixture(params=["local", "docker"])
def lasting(
    request: pytest.FixtureRequest, repo: Path, seconds: str, runs_in: Path
) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    if request.param == "docker":
        request.getfixturevalue("docker_image")
    process = subprocess.Popen(
        [sys.executable, "-c", LAST, request.param, repo / "grader", seconds],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(TMPDIR=str(runs_in)),
    )
    assert process.stdout
    word, _, owner = process.stdout.readline().strip().partition(" ")
    assert word == "running"
    yield process, owner, request.param
    process.kill()
    process.wait(DEADLINE)
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_ends_with_the_process_that_started_it(
    lasting: tuple[subprocess.Popen[str], str, str], seconds: str, number: signal.Signals, runs_in: Path
) -> None:
    process, owner, kind = lasting
    since = str(int(time.time()))
    assert there(seconds)
    process.send_signal(number)
    process.wait(DEADLINE)
    assert gone(seconds)
    if kind == "local":
        left = list(runs_in.glob(f"ipclab-run.{owner}.*"))
        assert number == signal.SIGTERM or left, "nobody could tidy up after SIGKILL"
        local.reap()
        assert not list(runs_in.glob(f"ipclab-run.{owner}.*"))
    else:
        docker.reap()
        assert removed(owner, since)
        assert docker.call("ps", "--all", "--quiet", "--filter", f"label={docker.LABEL}={owner}") == ""


def test_reap_leaves_what_a_living_ipclab_owns(make: Make) -> None:
    with make() as sandbox, uids() as pair:
        log = events.RunLog()
        for event in sandbox.run(shell("echo x >out"), {}, pair):
            log.add(event)
            if isinstance(event, events.Spawn):
                local.reap()
                docker.reap()
        log.finish()
    assert log.entries["c"].files[0].data == b"x\n"


def test_a_pid_that_was_given_away_names_another_process() -> None:
    own = local.owner()
    assert not local.is_gone(own)
    assert local.is_gone(own.partition("-")[0] + "-1") and local.is_gone("4194304-77")
    assert not local.is_gone("") and not local.is_gone("../x")


# ---- docker's own faults -----------------------------------------------------------------------------------


def test_a_container_that_cannot_be_removed_keeps_no_other_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    engine, asked = tmp_path / "engine", tmp_path / "asked"
    engine.write_text(f"""#!/bin/sh
[ "$1" = ps ] && printf 'aaa 4194304-77\\nbbb 4194304-77\\n' && exit 0
echo "$@" >>{asked}
echo 'Error response from daemon: removal of container aaa is already in progress' >&2
exit 1
""")
    engine.chmod(0o755)
    monkeypatch.setenv("IPCLAB_ENGINE", str(engine))
    docker.reap()
    assert asked.read_text().splitlines() == ["rm --force aaa", "rm --force bbb"]


def test_no_client_no_engine_and_no_image_are_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPCLAB_ENGINE", str(tmp_path / "nothing"))
    with pytest.raises(SandboxFault, match="--sandbox local") as fault:
        docker.call("version")
    assert fault.value.code == "engine_gone"
    assert docker.refusal("docker: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?").code == "engine_gone"
    assert docker.refusal("docker: Error: No such image: ipclab:1").code == "image_missing"
    other = docker.refusal("docker: Error response from daemon: OCI runtime create failed: x.\nSee 'docker run --help'.")
    assert other.code == "container_failed" and "OCI runtime create failed" in str(other) and "--help" not in str(other)


def test_a_client_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nexec sleep 1000\n")
    slow.chmod(0o755)
    monkeypatch.setenv("IPCLAB_ENGINE", str(slow))
    with pytest.raises(SandboxFault, match="did not answer") as fault:
        docker.call("version", deadline=0.5)
    assert fault.value.code == "engine_gone"


def test_a_container_that_is_removed_from_outside_is_a_fault_and_no_verdict(docker_image: str) -> None:
    image = docker.image()
    sandbox = DockerSandbox(image, (kit.base(image) / "warden").read_bytes())
    with pytest.raises((SandboxFault, events.StreamFault)) as fault:
        with sandbox, uids() as pair:
            log = events.RunLog()
            for event in sandbox.run(shell("exec sleep 1000", wall_ms=600_000), {}, pair):
                log.add(event)
                if isinstance(event, events.Spawn):
                    docker.call("rm", "--force", sandbox._name)
            log.finish()
    assert fault.value.code in ("container_failed", "no_done_event")


def test_an_image_that_is_gone_is_told(docker_image: str) -> None:
    sandbox = DockerSandbox(docker.Image("ipclab:none", "sha256:" + "0" * 64), b"")
    with pytest.raises(SandboxFault) as fault:
        with sandbox, uids() as pair:
            list(sandbox.run(shell("true"), {}, pair))
    assert fault.value.code == "image_missing"
