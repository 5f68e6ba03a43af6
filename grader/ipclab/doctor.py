"""What of the grader's needs is on this machine, and what to do about the rest."""

from __future__ import annotations

import enum
import importlib
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ipclab import kit
from ipclab.faults import Fault
from ipclab.printable import clean

TOOL_S = 20.0


class State(enum.Enum):
    OK = "ok"
    MISSING = "missing"  # nothing can be graded without it
    LESS = "less"  # grading works, with less


@dataclass(frozen=True)
class Check:
    name: str
    state: State
    found: str
    advice: str = ""
    group: str = "tools"  # tools, docker, local


SETUP = "sudo make setup"


def _first_line(argv: list[str]) -> str | None:
    try:
        done = subprocess.run(argv, capture_output=True, text=True, errors="replace", timeout=TOOL_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = (done.stdout or done.stderr).splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else None


def _tool(name: str, argv: list[str], state: State, without: str) -> Check:
    said = _first_line(argv)
    if said is None:
        return Check(name, state, f"{argv[0]} is not here", f"{without}: {SETUP}")
    return Check(name, State.OK, said)


def _file(name: str, path: str, state: State, without: str) -> Check:
    if Path(path).is_file():
        return Check(name, State.OK, path)
    return Check(name, state, f"{path} is not here", f"{without}: {SETUP}")


def _python() -> Check:
    lacking = []
    for module in ("click", "rich", "jinja2", "jsonschema"):
        try:
            importlib.import_module(module)
        except ImportError:
            lacking.append(module)
    found = f"Python {platform.python_version()} ({sys.executable})"
    if lacking:
        return Check("Python", State.MISSING, f"{found} lacks {', '.join(lacking)}", SETUP)
    return Check("Python", State.OK, found)


def _cache() -> Check:
    try:
        return Check("cache", State.OK, str(kit.cache_root()))
    except Fault as fault:
        return Check("cache", State.MISSING, "no folder can be written", str(fault))


# ---- the local sandbox ------------------------------------------------------------------------------

_LEVELS = {
    "uids": "uids and namespaces: judge and submission are apart",
    "namespaces": "namespaces, one uid: enough for your own code, not for marks",
    "none": "no namespaces: enough for your own code, not for marks",
}


def _local() -> list[Check]:
    """Runs warden on an empty plan: it says at which level it would work."""
    from ipclab import events
    from ipclab.plan import Plan
    from ipclab.sandbox.local import LocalSandbox
    from ipclab.slots import uids

    try:
        warden = kit.base() / "warden"
        with LocalSandbox(warden) as sandbox, uids() as pair:
            log = events.read_run(sandbox.run(Plan(()), {}, pair))
    except Fault as fault:
        return [Check("local sandbox", State.MISSING, "it does not work", str(fault).splitlines()[0], "local")]
    assert log.hello is not None
    hello = log.hello
    advice = "" if hello.level == "uids" else "grade as root, or with --sandbox docker"
    if hello.level == "none" and hello.refused:
        advice += f" (refused: {'; '.join(hello.refused)})"
    found = _LEVELS.get(hello.level, hello.level)
    level = Check("local sandbox", State.OK if hello.level == "uids" else State.LESS, found, advice, "local")
    group = Check("control group", State.OK, hello.cgroup, "", "local")
    if hello.cgroup == "none":
        advice = "limits hold by sampling; as root they hold by the kernel"
        group = Check("control group", State.LESS, "none that may be written", advice, "local")
    witness = Check("system call witness", State.OK, "ptrace with a seccomp filter", "", "local")
    if not hello.witness:
        advice = "mechanism checks need it: --sandbox docker"
        witness = Check("system call witness", State.LESS, "the kernel or an outer container refuses it", advice, "local")
    return [level, group, witness]


# ---- docker -------------------------------------------------------------------------------------------


def _docker() -> list[Check]:
    from ipclab.sandbox import SandboxFault, docker

    if not docker.available():
        advice = "install docker.io to grade submissions of others in containers; the local sandbox needs none"
        return [Check("container engine", State.LESS, f"{docker.client()} is not here", advice, "docker")]
    version = docker.engine()
    if version is None:
        advice = "start it: systemctl start docker, or dockerd; are you in the group docker?"
        return [Check("container engine", State.LESS, "none answers", advice, "docker")]
    engine = Check("container engine", State.OK, f"{docker.client()} {version}", "", "docker")
    try:
        image = docker.image()
    except SandboxFault as fault:
        return [engine, Check("image", State.LESS, str(fault), "make image", "docker")]
    return [engine, Check("image", State.OK, image.name, "", "docker")]


def examine() -> list[Check]:
    tools: list[Callable[[], Check]] = [
        _python,
        lambda: _tool("compiler", [kit.GCC, "--version"], State.MISSING, "nothing can be built"),
        lambda: _tool("make", ["make", "--version"], State.MISSING, "the grader cannot be built"),
        lambda: _file("cmocka", "/usr/include/cmocka.h", State.MISSING, "tests cannot be built"),
        lambda: _tool("valgrind", [kit.VALGRIND, "--version"], State.MISSING, "memory tests cannot be run"),
        lambda: _file("libdw", "/usr/include/elfutils/libdwfl.h", State.LESS, "findings have no lines"),
        lambda: _tool("patch", ["patch", "--version"], State.LESS, "`validate` cannot make mutants"),
        _cache,
    ]
    checks = [check() for check in tools]
    local_can = all(c.state is not State.MISSING for c in checks)
    if local_can:
        checks += _local()
    else:
        checks.append(Check("local sandbox", State.MISSING, "tools are missing, see above", SETUP, "local"))
    return checks + _docker()


def can_grade(checks: list[Check]) -> bool:
    """True if one of the sandboxes can grade. Docker brings its own compiler; Python and the cache are needed here."""
    here = [c for c in checks if c.name in ("Python", "cache")]
    local = all(c.state is not State.MISSING for c in checks if c.group in ("tools", "local"))
    docker = [c for c in checks if c.group == "docker"]
    in_docker = len(docker) == 2 and all(c.state is State.OK for c in docker)
    return all(c.state is not State.MISSING for c in here) and (local or in_docker)


# ---- output -------------------------------------------------------------------------------------------


def to_json(checks: list[Check]) -> dict[str, Any]:
    return {
        "schema": "ipclab/doctor/v1",
        "can_grade": can_grade(checks),
        "root": os.geteuid() == 0,
        "checks": [asdict(c) | {"state": c.state.value} for c in checks],
    }


def print_table(checks: list[Check]) -> None:
    marks = {State.OK: "ok", State.LESS: "less", State.MISSING: "MISSING"}
    for c in checks:
        print(f"{marks[c.state]:<8}{c.name:<21}{clean(c.found)}")
        if c.advice:
            print(f"{'':<29}-> {clean(c.advice)}")
    print("Grading is possible." if can_grade(checks) else "Grading is not possible yet: see MISSING above.")
