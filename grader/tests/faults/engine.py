"""An engine of the test's own: it can be stopped, started again and robbed of its image while the machine's one goes on."""

from __future__ import annotations

import os
import select
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ipclab.sandbox import SandboxFault, docker
from tree import DEADLINE


class Engine:
    """dockerd with all that it has in one folder. In a mount namespace of its own, so that what it mounts ends with it, and in a
    network namespace of its own: without a bridge it removes docker0, which is the other engine's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host = f"unix://{folder}/socket"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "daemon.json").write_text("{}")  # the machine's own would say what we say here

    def start(self) -> None:
        words = [
            "unshare", "--mount", "--net", "--propagation", "private", "dockerd", "--config-file", self.folder / "daemon.json", "--data-root", self.folder / "data",
            "--exec-root", self.folder / "exec", "--pidfile", self.folder / "pid", "--host", self.host, "--bridge=none", "--iptables=false",
            "--shutdown-timeout=1",
        ]  # fmt: skip
        (self.folder / "pid").unlink(missing_ok=True)  # of one that was killed; its pid may be another's now
        log = (self.folder / "log").open("ab")
        with log:
            self._process = subprocess.Popen([str(w) for w in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + DEADLINE
        while True:  # it says that it is ready to systemd only, or by answering
            try:
                self.call("version")
                return
            except SandboxFault as fault:
                assert self._process.poll() is None and time.monotonic() < until, f"{fault}\n{self.said()}"
                time.sleep(0.05)

    def said(self) -> str:
        return (self.folder / "log").read_text("utf-8", "replace")[-4000:]

    def call(self, *args: str) -> str:
        return docker.call("--host", self.host, *args)

    def stop(self, number: signal.Signals) -> None:
        assert self._process is not None
        below = self.folder / "exec" / "containerd" / "containerd.pid"
        containerd = os.pidfd_open(int(below.read_text()))
        self._process.send_signal(number)  # unshare has become dockerd
        self._process.wait(DEADLINE)
        self._process = None
        select.select([containerd], [], [], DEADLINE)  # it goes with dockerd; the next one must not take it for alive
        os.close(containerd)
        below.unlink(missing_ok=True)

    def load(self, image: str) -> None:
        with subprocess.Popen([docker.client(), "save", image], stdout=subprocess.PIPE) as saved:
            subprocess.run([docker.client(), "--host", self.host, "load"], stdin=saved.stdout, check=True, timeout=DEADLINE, stdout=subprocess.DEVNULL)
        assert saved.returncode == 0

    def wait_for_container(self, owner: str) -> str:
        """Waits until a container of that ipclab has started, and gives its id."""
        words = ["--filter", "event=start", "--filter", f"label={docker.LABEL}={owner}", "--format", "{{.ID}}"]
        argv = [docker.client(), "--host", self.host, "events", "--since", "0", *words]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as told, selectors.DefaultSelector() as selector:
            assert told.stdout
            selector.register(told.stdout, selectors.EVENT_READ)
            try:
                assert selector.select(DEADLINE), "no container has started"
                return told.stdout.readline().strip()
            finally:
                told.kill()

    def close(self) -> None:
        if self._process is not None:
            self.stop(signal.SIGTERM)
        for pid in self._left():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _left(self) -> list[int]:
        """Shims and what hangs on them, of an engine that could not end them: they name its folder, or hold a file in it, as the
        first process of a container does that was killed while it started."""
        return [int(p.name) for p in Path("/proc").glob("[0-9]*") if int(p.name) != os.getpid() and self._is_of(p)]

    def _is_of(self, process: Path) -> bool:
        with suppress(OSError):
            if f"{self.folder}/".encode() in (process / "cmdline").read_bytes():
                return True
            for descriptor in (process / "fd").iterdir():
                with suppress(OSError):  # it is closed by now
                    if os.readlink(descriptor).startswith(f"{self.folder}/"):
                        return True
        return False


@contextmanager
def engine(image: str) -> Iterator[Engine]:
    """A running one that has the image."""
    folder = Path(tempfile.mkdtemp(prefix="ipclab-test."))  # short: a socket's name has 107 bytes
    own = Engine(folder)
    try:
        own.start()
        own.load(image)
        yield own
    finally:
        own.close()
        shutil.rmtree(folder, ignore_errors=True)
