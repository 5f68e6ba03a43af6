"""The docker sandbox: one container for each run, with warden as its PID 1. The same flags work with podman.

Everything goes in as one tar on stdin, which then stays open as the lease: when this process vanishes, the client's
connection breaks, the engine closes the container's stdin, and warden ends. Nothing is ever read from a container but its
stdout and stderr. Containers carry the label of the process that owns them; the next start removes what a lost one left.
"""

from __future__ import annotations

import io
import os
import secrets
import shlex
import shutil
import subprocess
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ipclab import events
from ipclab.plan import Plan
from ipclab.sandbox import File, Files, Reader, Sandbox, SandboxFault
from ipclab.sandbox.local import is_gone, owner
from ipclab.slots import Uids

CALL_S = 30.0  # deadline of a short call of the client
END_S = 10.0  # how long a container may take to start, if need be, and to end once its lease has ended
LABEL = "ipclab.owner"
SECCOMP = Path(__file__).resolve().parents[3] / "docker" / "seccomp.json"
IMAGE_SCRIPT = Path(__file__).resolve().parents[3] / "docker" / "image.sh"

# What every container gets, whoever made the code in it (the reasons: facts in docker/README.md). Names of files and of
# the job are added by `run_flags`.
RUN_FLAGS: tuple[str, ...] = (
    "--rm",
    "--interactive",
    "--pull=never",
    "--network=none",
    "--ipc=private",
    "--read-only",
    "--cap-drop=ALL",
    "--cap-add=SETUID",
    "--cap-add=SETGID",
    "--cap-add=KILL",
    "--cap-add=SYS_PTRACE",
    "--security-opt=no-new-privileges",
    "--log-driver=none",
    "--hostname=ipclab",
    "--pids-limit=1024",
    "--memory=1g",
    "--memory-swap=1g",
    "--ulimit=core=0:0",
    "--ulimit=nofile=4096:4096",
    # soft; up to the hard one warden gives what an entry asks for: weave's region is a sparse file of 8 GiB
    "--ulimit=fsize=268435456:8589934592",
    "--ulimit=stack=8388608:67108864",
    "--tmpfs=/tmp:size=256m,nr_inodes=8192,mode=1777",
    "--tmpfs=/work:exec,size=256m,nr_inodes=8192,mode=0755",
    "--shm-size=256m",
    "--sysctl=fs.mqueue.msg_max=10",
    "--sysctl=fs.mqueue.msgsize_max=8192",
    "--sysctl=fs.mqueue.queues_max=256",
    "--sysctl=kernel.shmmni=4096",
    "--sysctl=kernel.sem=32000 1024000000 500 32000",
    "--sysctl=net.ipv4.ip_unprivileged_port_start=1024",
)
# Trusted code of ours (the kit's own build) needs no capability at all.
TRUSTED_DROPS = ("--cap-add=SETUID", "--cap-add=SETGID", "--cap-add=KILL", "--cap-add=SYS_PTRACE")


def run_flags(*, cpus: float | None = None, runtime: str | None = None) -> tuple[str, ...]:
    """`runtime`: one that the engine knows, say one with a virtual machine for each container; None: its usual one."""
    flags = [*RUN_FLAGS, f"--security-opt=seccomp={SECCOMP}", f"--label={LABEL}={owner()}"]
    if Path("/proc/sys/net/ipv6").exists():  # docker turns ::1 off; the local sandbox has it
        flags.append("--sysctl=net.ipv6.conf.all.disable_ipv6=0")
    if cpus is not None:
        flags.append(f"--cpus={cpus:g}")
    if runtime is not None:
        flags.append(f"--runtime={runtime}")
    return tuple(flags)


# ---- the engine ------------------------------------------------------------------------------------


def client() -> str:
    return os.environ.get("IPCLAB_ENGINE") or "docker"


def call(*args: str, deadline: float = CALL_S) -> str:
    """A short call of the client; its stdout. Raises SandboxFault with the reason."""
    argv = [client(), *args]
    try:
        done = subprocess.run(
            argv, capture_output=True, text=True, errors="replace", timeout=deadline, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError as error:
        raise _gone(f"there is no {client()} here") from error
    except subprocess.TimeoutExpired as error:
        raise _gone(f"`{client()} {args[0]}` did not answer within {deadline:.0f} s") from error
    except OSError as error:
        raise _gone(f"{client()} cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        raise refusal(done.stderr)
    return done.stdout


def _gone(why: str) -> SandboxFault:
    return SandboxFault("engine_gone", f"no container engine: {why}; start it, or grade with --sandbox local", {"error": why})


def refusal(stderr: str) -> SandboxFault:
    """What the client said on stderr, as a fault."""
    said = [line.strip() for line in stderr.splitlines() if line.strip()]
    text = next((line for line in said if "rror" in line), said[-1] if said else "it said nothing")
    text = text.removeprefix("docker: ").removeprefix("Error response from daemon: ").rstrip(".")[:300]
    if "No such image" in stderr or "Unable to find image" in stderr:
        return SandboxFault("image_missing", f"the image is not there ({text}): make it with `make image`", {})
    if "Cannot connect" in stderr or "daemon running" in stderr or "error during connect" in stderr:
        return _gone(text)
    return SandboxFault("container_failed", f"the container could not be run: {text}", {"error": text})


def engine() -> str | None:
    """The engine's version, or None where none answers."""
    try:
        return call("version", "--format", "{{.Server.Version}}", deadline=20).strip() or None
    except SandboxFault:
        return None


def runtimes() -> frozenset[str]:
    """The names of the runtimes that the engine can run containers with."""
    return frozenset(call("info", "--format", "{{range $name, $_ := .Runtimes}}{{println $name}}{{end}}").split())


@dataclass(frozen=True)
class Image:
    name: str
    id: str


def image_name() -> str:
    """The image that this version of ipclab runs in."""
    try:
        done = subprocess.run([str(IMAGE_SCRIPT), "tag"], capture_output=True, text=True, timeout=CALL_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxFault("image_missing", f"docker/image.sh cannot be run: {error}", {}) from error
    if done.returncode != 0:
        raise SandboxFault("image_missing", f"docker/image.sh tag failed: {done.stderr.strip()[:200]}", {})
    return done.stdout.strip()


def image() -> Image:
    """The image, which has to be there. Raises SandboxFault that says what to do."""
    name = image_name()
    try:
        return Image(name, call("image", "inspect", "--format", "{{.Id}}", name).strip())
    except SandboxFault as fault:
        if fault.code != "image_missing":
            raise
        why = f"the image {name} is not there: make it with `make image`"
        raise SandboxFault("image_missing", why, {"image": name}) from fault


def reap() -> None:
    """Removes containers whose ipclab is gone. An engine that does not answer has nothing to reap."""
    try:
        listed = call("ps", "--all", "--filter", f"label={LABEL}", "--format", '{{.ID}} {{.Label "%s"}}' % LABEL)
    except SandboxFault:
        return
    for line in listed.splitlines():
        container, _, who = line.partition(" ")
        if is_gone(who.strip()):
            with suppress(SandboxFault):  # the engine removes it at this moment, as it does with all that have ended
                call("rm", "--force", container)


# ---- tar -------------------------------------------------------------------------------------------


def tar(files: Mapping[str, File]) -> bytes:
    """The files as a tar whose bytes depend on nothing else."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for folder in sorted({str(p) for path in files for p in Path(path).parents} - {"."}):
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
        for path, file in sorted(files.items()):
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(file.data), file.mode
            archive.addfile(member, io.BytesIO(file.data))
    return out.getvalue()


def _unpack(then: str) -> list[str]:
    # First a line with the archive's size, then the archive. tar would read a pipe to its end, which is the lease: head
    # takes the archive's bytes and not one more, as `read` takes the line's.
    return ["/bin/sh", "-c", f'IFS= read -r size && head -c "$size" | tar -x --no-same-owner -C /work && {then}']


def _packed(files: Mapping[str, File]) -> bytes:
    data = tar(files)
    return b"%d\n" % len(data) + data


# ---- runs --------------------------------------------------------------------------------------------


class DockerSandbox(Sandbox):
    def __init__(
        self,
        image: Image,
        warden: bytes,
        *,
        cpus: float | None = None,
        runtime: str | None = None,
        flags: tuple[str, ...] | None = None,  # for tests: others than run_flags()
        options: tuple[str, ...] = (),  # for tests: of warden, --without
    ) -> None:
        self._image = image
        self._warden = warden
        self._flags = run_flags(cpus=cpus, runtime=runtime) if flags is None else flags
        self._options = options
        self._name = f"ipclab-{os.getpid()}-{secrets.token_hex(6)}"
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopped = False
        self._ended_by_itself = False

    def prepare(self) -> None:
        """Starts the container, which waits for what it shall run."""
        if self._process is None:
            options = shlex.join(("--level", "container", *self._options))
            self._start(_unpack(f"exec /work/warden --plan 3 --events 1 --lease 0 {options} 3</work/plan"))

    def run(self, plan: Plan, files: Files, uids: Uids) -> Iterator[events.Event]:
        text = plan.text(work="/work", student=uids.student, judge=uids.judge)
        inside = {"warden": File(self._warden, 0o755), "plan": File(text.encode("ascii"), 0o600), **files}
        self.prepare()
        process = self._process
        assert process and process.stdin and process.stdout and process.stderr
        feeder = threading.Thread(target=self._feed, args=(process, _packed(inside)), daemon=True)
        feeder.start()
        reader = Reader(process.stdout, process.stderr, plan)
        finished = False
        for event in reader.events():
            finished = isinstance(event, events.Done)
            yield event
        feeder.join(CALL_S)
        self._let_go()
        code = process.wait(CALL_S)
        self._ended_by_itself = code != 125
        if code != 0 or not finished:
            raise self._why(code, reader)

    def _start(self, command: list[str]) -> None:
        argv = [client(), "run", *self._flags, f"--name={self._name}", self._image.id, *command]
        with self._lock:
            if self._stopped:
                raise SandboxFault("container_failed", "the run was stopped before it began", {"error": "stopped"})
            try:
                self._process = subprocess.Popen(
                    argv,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,  # Ctrl+C is ours to handle: we let go of the lease
                )
            except OSError as error:
                raise _gone(f"{client()} cannot be run: {error.strerror}") from error

    @staticmethod
    def _feed(process: subprocess.Popen[bytes], data: bytes) -> None:
        assert process.stdin
        try:
            process.stdin.write(data)
            process.stdin.flush()
        except (OSError, ValueError):
            pass  # the client is gone: its exit code says why

    def _why(self, code: int, reader: Reader) -> SandboxFault:
        said = reader.said.decode("utf-8", "backslashreplace")
        if code == 3 and reader.last_line().startswith("warden: "):
            return SandboxFault("warden_fault", f"the supervisor ended with 3: {reader.last_line()}")
        if engine() is None:
            return _gone("it went away while a container ran")
        if code in (125, 126, 127):
            return refusal(said)
        killed = "it was killed from outside, or ran out of memory" if code in (137, -9) else reader.last_line()
        why = f"the container ended with {code}{': ' + killed if killed else ''}"
        return SandboxFault("container_failed", why, {"error": why})

    def _let_go(self) -> None:
        """End of the lease: the client's stdin closes, and with it the container's."""
        process = self._process
        if process is not None and process.stdin and not process.stdin.closed:
            try:
                process.stdin.close()
            except OSError:
                pass  # a client that is gone cannot take the last bytes

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Ends the lease, and with it the container and its client. The client is not killed unless that fails: while the engine
        starts a container for it, half a container would stay behind, which nobody ends and for a while nobody can remove."""
        threading.Thread(target=self._let_go, daemon=True).start()  # it waits for a feeder that still writes
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()  # SIGTERM it would hand on to warden
            process.wait()

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._process is not None and self._process.poll() is None:
                threading.Thread(target=self._end, args=(self._process,), daemon=True).start()

    def close(self) -> None:
        process = self._process
        if process is None:
            return
        self._end(process)
        if not self._ended_by_itself:
            try:
                call("rm", "--force", self._name)
            except SandboxFault:
                pass  # gone already, or the engine is; the next start looks again
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()


def run_trusted(image: Image, files: Files, script: str, *, deadline: float) -> bytes:
    """Runs a script of our own in a container without rights; its stdout. For building the kit inside the image."""
    data = _packed({**files, "script.sh": File(script.encode("utf-8"))})
    flags = [f for f in run_flags() if f not in TRUSTED_DROPS]
    name = f"ipclab-{os.getpid()}-{secrets.token_hex(6)}"
    argv = [client(), "run", *flags, f"--name={name}", image.id, *_unpack("exec sh /work/script.sh")]
    try:
        done = subprocess.run(argv, input=data, capture_output=True, timeout=deadline)
    except FileNotFoundError as error:
        raise _gone(f"there is no {client()} here") from error
    except subprocess.TimeoutExpired as error:
        _remove(name)
        raise SandboxFault("container_failed", f"building the kit in the image took longer than {deadline:.0f} s") from error
    if done.returncode in (125, 126, 127):
        raise refusal(done.stderr.decode("utf-8", "replace"))
    if done.returncode != 0:
        tail = done.stderr.decode("utf-8", "backslashreplace").strip()[-2000:]
        raise SandboxFault("container_failed", f"the kit does not build inside {image.name}:\n{tail}")
    return done.stdout


def _remove(name: str) -> None:
    try:
        call("rm", "--force", name)
    except SandboxFault:
        pass


def available() -> bool:
    return shutil.which(client()) is not None


