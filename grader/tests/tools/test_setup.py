"""tools/setup.sh on machines that lack packages, root or a network: dpkg, apt and sudo are stand-ins that note their calls."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

# dpkg-query knows what stands in `installed`; apt-get install adds to it, unless there is a file `offline`.
STAND_INS = {
    "dpkg-query": """
        for word; do last=$word; done
        case $3 in *Version*) grep -qx "$last" $here/installed && cat $here/python; exit 0 ;; esac
        shift 3
        for name; do grep -qx "$name" $here/installed && echo "$name installed"; done
        exit 0""",
    "apt-get": """
        echo "apt-get $*" >>$here/calls
        case " $* " in
        *" update "*) [ ! -e $here/offline ] || exit 100 ;;
        *" install "*)
            [ ! -e $here/offline ] || { echo 'E: Unable to fetch some archives' >&2; exit 100; }
            for name; do case $name in -* | install | *=*) ;; *) echo "$name" >>$here/installed ;; esac; done ;;
        esac""",
    "apt-cache": 'echo "  Candidate: $(cat $here/python)"',
    "id": 'if [ "$1" = -u ]; then cat $here/uid; else exec /usr/bin/id "$@"; fi',
}
SUDO = 'echo "sudo" >>$here/calls; shift; exec "$@"'


@dataclass
class Machine:
    folder: Path
    script: Path

    def run(self, *roles: str) -> subprocess.CompletedProcess[str]:
        # only what the script needs is in PATH, so that a machine without sudo has none
        environment = {**os.environ, "PATH": str(self.folder / "bin")}
        return subprocess.run(
            ["/bin/bash", str(self.script), *roles], env=environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
        )

    def calls(self) -> str:
        path = self.folder / "calls"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def add(self, name: str, text: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\nhere={self.folder}\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def set(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text + "\n", encoding="utf-8")


@pytest.fixture
def machine(tmp_path: Path, repo: Path) -> Machine:
    made = Machine(tmp_path, repo / "tools" / "setup.sh")
    (tmp_path / "bin").mkdir()
    for name in ("sh", "bash", "awk", "sed", "grep", "tr", "cat", "dirname", "env", "dpkg", "head"):
        (tmp_path / "bin" / name).symlink_to(f"/usr/bin/{name}")
    for name, text in STAND_INS.items():
        made.add(name, text)
    made.set("uid", "0")
    made.set("python", "3.11.2-1+b1")
    made.set("installed", "make")
    return made


def test_it_says_what_it_installs_before_it_does(machine: Machine) -> None:
    done = machine.run("grade")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert lines[0] == "ipclab needs these packages and will install them:"
    assert "    valgrind                 the memcheck pass" in lines
    assert not any(line.split()[0] == "make" for line in lines[1:]), "make is there already"
    assert "install" in machine.calls() and " valgrind" in machine.calls()
    assert "chromium" not in machine.calls() and "docker.io" not in machine.calls(), "not for grading"


def test_the_second_time_it_does_nothing_and_needs_no_network(machine: Machine) -> None:
    assert machine.run("grade").returncode == 0
    before = machine.calls()
    machine.set("offline", "")
    done = machine.run("grade")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.calls() == before


def test_an_ordinary_user_installs_through_sudo(machine: Machine) -> None:
    machine.set("uid", "1000")
    machine.add("sudo", SUDO)
    assert machine.run("grade").returncode == 0
    assert machine.calls().startswith("sudo\napt-get")


def test_without_root_and_sudo_it_says_so(machine: Machine) -> None:
    machine.set("uid", "1000")
    done = machine.run("grade")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == "setup: run it as root, or install sudo"
    assert machine.calls() == ""


def test_offline_it_says_what_may_be_wrong(machine: Machine) -> None:
    machine.set("offline", "")
    done = machine.run("grade")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("setup: apt-get could not install them, see above: can this machine reach")


def test_a_release_with_an_old_python_is_refused_before_anything_is_installed(machine: Machine) -> None:
    machine.set("python", "3.10.6-1")
    done = machine.run("grade")
    assert done.returncode == 3
    assert "has Python 3.10.6-1, ipclab needs 3.11" in done.stderr.splitlines()[-1]
    assert " install " not in machine.calls()


def test_n_only_says_what_is_missing(machine: Machine) -> None:
    done = machine.run("-n", "base")
    assert (done.returncode, done.stdout.split()) == (1, ["debootstrap", "debian-archive-keyring"])
    assert machine.calls() == ""


def test_wrong_usage_is_2(machine: Machine) -> None:
    for roles in ((), ("everything",), ("-n",)):
        done = machine.run(*roles)
        assert done.returncode == 2 and done.stderr.startswith("usage: ")
