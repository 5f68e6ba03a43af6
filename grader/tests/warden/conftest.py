"""Runs plans through a warden built from this tree: `warden(judge_source, programs=…)` gives the events."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import textwrap
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HERE = Path(__file__).parent
GRADER = HERE.parent.parent
DEADLINE = 120


@dataclass
class Outcome:
    events: list[dict]
    exit_code: int
    stderr: str

    def of(self, event: str, entry: str | None = None) -> list[dict]:
        return [e for e in self.events if e["event"] == event and (entry is None or e.get("id") == entry)]

    def end(self, entry: str = "t") -> dict:
        (end,) = self.of("end", entry)
        return end

    def record(self, entry: str = "t") -> dict:
        records = self.of("record", entry)
        assert len(records) == 1, (self.events, self.stderr)
        return json.loads(records[0]["record"])

    def frames(self, holder: dict, key: str = "site") -> list[dict]:
        """Where a finding, or a process of one, says that something happened: innermost first."""
        sites = [s for event in self.of("sites") for s in event["sites"] if s["site"] == holder.get(key)]
        return sites[0]["frames"] if sites else []

    def findings(self, entry: str = "t") -> list[tuple[str, str]]:
        return [(f["kind"], f["cause"]) for f in self.of("finding", entry)]


@dataclass
class Warden:
    binary: Path
    folder: Path
    compiled: Path
    options: list[str] = field(default_factory=list)

    def compile(self, name: str, *flags: str) -> bytes:
        """A small C program of programs/, compiled once per session and worker."""
        out = self.compiled / (name + "".join(flags).replace("/", "_"))
        if not out.exists():
            source = HERE / "programs" / f"{name}.c"
            subprocess.run(["gcc", "-std=gnu17", "-g", "-O0", "-Wall", *flags, "-o", str(out), str(source), "-lrt"],
                           check=True, timeout=DEADLINE)
        return out.read_bytes()

    def work(self, programs: list[str], judges: dict[str, str]) -> Path:
        outer = Path(self.folder)
        outer.chmod(0o711)
        work = outer / f"work{len(list(outer.iterdir()))}"
        for sub in ("bin", "judge"):
            (work / sub).mkdir(parents=True)
        work.chmod(0o755)
        (work / "bin").chmod(0o755)
        shutil.copy(self.binary.parent / "lines", work / "lines")
        for name in programs:
            (work / "bin" / name).write_bytes(self.compile(name))
            (work / "bin" / name).chmod(0o755)
        client = (HERE / "control.py").read_text()
        for name, source in judges.items():
            path = work / "judge" / name
            path.write_text(f"#!/usr/bin/python3 -IS\n{client}\n\nj = Judge()\n{textwrap.dedent(source)}\n")
            path.chmod(0o755)
        return work

    def plan(self, text: str, work: Path, *options: str, lease_ends_after: str | None = None, pass_fds: tuple[int, ...] = ()) -> Outcome:
        plan_r, plan_w = os.pipe()
        events_r, events_w = os.pipe()
        lease_r, lease_w = os.pipe()
        # Limits on processes count by uid, whatever the namespace: each worker has its own.
        uid = 61000 + os.getpid() % 1000 * 4
        data = f"plan 1\nwork {work}\nuid student {uid}\nuid judge {uid + 1}\n{text}".encode()
        threading.Thread(target=lambda: (os.write(plan_w, data), os.close(plan_w)), daemon=True).start()
        process = subprocess.Popen(
            [str(self.binary), "--plan", str(plan_r), "--events", str(events_w), "--lease", str(lease_r),
             *self.options, *options],
            pass_fds=(plan_r, events_w, lease_r, *pass_fds), stderr=subprocess.PIPE, text=True,
        )
        for fd in (plan_r, events_w, lease_r):
            os.close(fd)
        timer = threading.Timer(DEADLINE, process.kill)
        timer.start()
        events = []
        with os.fdopen(events_r, "rb") as stream:
            for line in stream:
                events.append(json.loads(line))
                if lease_ends_after and events[-1]["event"] == lease_ends_after and lease_w >= 0:
                    os.close(lease_w)
                    lease_w = -1
        _, stderr = process.communicate(timeout=DEADLINE)
        timer.cancel()
        if lease_w >= 0:
            os.close(lease_w)
        return Outcome(events, process.returncode, stderr)

    def test(self, judge: str, programs: list[str] = (), entry: str = "", head: str = "", options: list[str] = ()) -> Outcome:
        """One test entry `t` with this judge; `entry` and `head` are further plan lines."""
        work = self.work(list(programs), {"j": judge})
        lines = [head] + [f"program {p} bin/{p}" for p in programs]
        lines += ["test t", "judge judge/j", "name it", entry, "end"]
        return self.plan("\n".join(lines) + "\n", work, *options)

    def command(self, *argv: str, entry: str = "", options: list[str] = ()) -> Outcome:
        work = self.work([], {})
        words = " ".join(a.replace("%", "%25").replace(" ", "%20").replace("\n", "%0A") for a in argv)
        return self.plan(f"command t\nargv {words}\n{entry}\nend\n", work, *options)


@pytest.fixture(scope="session")
def warden_binary(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("warden-build")
    subprocess.run(["make", "-s", "-C", str(GRADER / "warden"), f"OUT={out}"], check=True, timeout=DEADLINE)
    subprocess.run(["make", "-s", "-C", str(GRADER / "warden" / "lines"), f"OUT={out}"], check=True, timeout=DEADLINE)
    return out / "warden"


@pytest.fixture(scope="session")
def compiled(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("programs")


# pytest keeps its folders private (0700); the student's uid must pass through them at level `none`.
@pytest.fixture
def warden(warden_binary, compiled, tmp_path_factory) -> Warden:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="ipclab-test-", ignore_cleanup_errors=True) as folder:
        yield Warden(warden_binary, Path(folder), compiled)


