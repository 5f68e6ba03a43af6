"""The embedded sandbox: warden on this machine, at the best level of separation that it gets here.

The lease is a pipe whose write end only we hold: should this process vanish, warden ends everything at once. The folder
that the run works in is named after this process, so that the next start can remove it if we could not.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from ipclab import events
from ipclab.faults import GraderFault
from ipclab.plan import Plan
from ipclab.sandbox import Files, Reader, Sandbox, SandboxFault
from ipclab.slots import Uids

END_S = 30.0  # warden kills and reaps within 20 s or gives up itself
_PREFIX = "ipclab-run."
ROOM = 32 << 20  # what a run may need on the disk, where it has no file system of its own


def start_time(pid: int) -> str | None:
    """When a process started, in the kernel's ticks: with the pid it names a process for good. None: there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]


def owner() -> str:
    """This process, as a word: PID-STARTTIME."""
    return f"{os.getpid()}-{start_time(os.getpid())}"


def is_gone(who: str) -> bool:
    """True if the process that `owner` named is gone."""
    pid, _, started = who.partition("-")
    return pid.isdigit() and started.isdigit() and start_time(int(pid)) != started


def reap() -> None:
    """Removes the folders of runs whose ipclab is gone; others' folders cannot be ours to remove."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        who = path.name.removeprefix(_PREFIX).partition(".")[0]
        try:
            ours = stat.S_ISDIR(path.lstat().st_mode) and path.lstat().st_uid == os.geteuid()
        except OSError:
            continue
        if ours and is_gone(who):
            shutil.rmtree(path, ignore_errors=True)


class LocalSandbox(Sandbox):
    def __init__(
        self, warden: Path, *, options: tuple[str, ...] = (), stdio: Mapping[str, int] | None = None, symbols: Path | None = None
    ) -> None:
        self._warden = warden
        self._symbols = symbols  # what valgrind finds at /usr/lib/debug
        self._stdio = stdio or {}  # "stdin", "stdout", "stderr": descriptors for a RunEntry
        self._options = options  # for tests: --level, --simulate
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._lease = -1
        self._lock = threading.Lock()

    # ---- the work folder

    def _make_folder(self, files: Files) -> Path:
        try:
            folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{owner()}."))
            self._folder = folder
            # At level `none` run by root the student's uid has to get through, by a name that nobody can list.
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
            work = folder / "work"
            work.mkdir()
            for path, file in files.items():
                place = work / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.data)
                place.chmod(file.mode)
            for inner in (work, *(p for p in work.rglob("*") if p.is_dir())):
                inner.chmod(0o755)
        except OSError as error:
            where = tempfile.gettempdir()
            why = f"cannot make the work folder in {where}: {error.strerror}; make room there, or set TMPDIR"
            raise SandboxFault("grader_fault", why) from error
        return work

    def _need_room(self) -> None:
        """At the level `none` compiler and programs write to the machine's own disk: on one that is full they fail without a
        fault of theirs. Elsewhere each has a file system of its own."""
        assert self._folder is not None
        disk = os.statvfs(self._folder)
        if disk.f_bavail * disk.f_frsize < ROOM:
            why = f"less than {ROOM >> 20} MiB are free in {tempfile.gettempdir()}: make room there, or set TMPDIR"
            raise SandboxFault("grader_fault", why)

    def run(self, plan: Plan, files: Files, uids: Uids) -> Iterator[events.Event]:
        work = self._make_folder(files)
        symbols = str(self._symbols or "")
        text = plan.text(work=str(work), symbols=symbols, student=uids.student, judge=uids.judge)
        process, out = self._start(text)
        assert process.stderr is not None
        reader = Reader(out, process.stderr, plan)
        finished = on_disk = False
        try:
            for event in reader.events():
                finished = isinstance(event, events.Done)
                on_disk |= isinstance(event, events.Hello) and event.level == "none"
                if on_disk and (finished or isinstance(event, events.Hello)):
                    self._need_room()
                yield event
        finally:
            out.close()
        code = process.wait(END_S)
        if code != 0 or not finished:
            why = reader.last_line().removeprefix("warden: ")
            how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
            raise SandboxFault("warden_fault", f"the supervisor {how}{': ' + why if why else ''}")

    def _start(self, text: str) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        plan_fd = os.memfd_create("plan", os.MFD_CLOEXEC)
        events_read, events_write = os.pipe2(os.O_CLOEXEC)
        lease_read, lease_write = os.pipe2(os.O_CLOEXEC)
        fds = (plan_fd, events_write, lease_read)
        try:
            with open(plan_fd, "wb", closefd=False) as file:
                file.write(text.encode("ascii"))
            os.lseek(plan_fd, 0, os.SEEK_SET)
            argv = [str(self._warden), "--plan", str(plan_fd), "--events", str(events_write)]
            argv += ["--lease", str(lease_read), *self._options]
            argv += [word for name, fd in self._stdio.items() for word in (f"--{name}", str(fd))]
            with self._lock:
                self._lease = lease_write
                self._process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    pass_fds=(*fds, *self._stdio.values()),
                    env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"},
                    start_new_session=True,  # Ctrl+C is ours to handle: we let go of the lease
                )
        except OSError as error:
            os.close(events_read)
            raise SandboxFault("warden_fault", f"{self._warden} cannot be started: {error.strerror}") from error
        finally:
            for fd in fds:
                os.close(fd)
        return self._process, os.fdopen(events_read, "rb", buffering=0)

    # ---- the end

    def stop(self) -> None:
        with self._lock:
            if self._lease >= 0:
                os.close(self._lease)
                self._lease = -1

    def close(self) -> None:
        self.stop()
        process = self._process
        if process is not None:
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
            if process.stderr:
                process.stderr.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def need_tools(tools: dict[str, str]) -> None:
    """Raises a fault that names the first program of `tools` (path -> package) that is not here."""
    for path, package in tools.items():
        if not os.access(path, os.X_OK):
            raise GraderFault(f"{path} is not here: install the package {package} (sudo make setup)")
