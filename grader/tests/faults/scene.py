"""Who is there while a submission is built or run: the sandbox's processes as the host sees them, found from one of them."""

from __future__ import annotations

import time
from dataclasses import dataclass

import leftovers
from ipclab.sandbox import docker
from leftovers import Process
from tree import DEADLINE


@dataclass(frozen=True)
class Scene:
    """What there is when the victim's compiler or program is: processes by pid, that process, and the container it is in."""

    every: dict[int, Process]
    seen: Process
    container: str

    def above(self) -> list[Process]:
        chain, pid = [], self.seen.parent
        while pid in self.every:
            chain.append(self.every[pid])
            pid = self.every[pid].parent
        return chain

    def wardens(self) -> list[Process]:
        """PID 1 of the sandbox first."""
        return [p for p in self.above() if p.name == "warden"]

    def judge(self) -> Process:
        return next(p for p in self.every.values() if p.name.startswith("judge-") and p.namespace == self.seen.namespace)

    def client(self, ipclab: int) -> Process:
        """The one whose container this is."""
        (name,) = docker.call("inspect", "--format", "{{.Name}}", self.container).split()
        return next(p for p in self.every.values() if p.parent == ipclab and f"--name={name.lstrip('/')}" in p.argv)


def _scene(name: str, pid: int, owner: str) -> Scene | None:
    every = leftovers.processes()
    boxes = set(docker.call("ps", "--no-trunc", "--quiet", "--filter", f"label={docker.LABEL}={owner}").split())
    for seen in every.values():
        if not seen.name.startswith(name) or seen.zombie:
            continue
        scene = Scene(every, seen, "")
        if any(p.pid == pid for p in scene.above()):
            return scene
        for container in boxes.intersection(*({word for p in scene.above() if "shim" in p.name for word in p.argv},)):
            return Scene(every, seen, container)
    return None


def wait_for_scene(name: str, pid: int, owner: str) -> Scene:
    """No event of the machine's tells that a program has become another one by exec."""
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        if (scene := _scene(name, pid, owner)) is not None:
            return scene
        time.sleep(0.01)
    raise AssertionError(f"no {name} was ever seen")
