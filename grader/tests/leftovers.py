"""What a grading could leave on the machine, and whether it did.

    before = leftovers.look()
    ...                                        # an attack, a fault, an interruption
    assert leftovers.left(before) == []        # each thing that is still there, as a line

Looked at: processes, containers, mounts, System V and POSIX IPC objects, files, control groups, all as the host sees them.
Other tests grade at the same time, so what is new is not yet ours. Three answers are told apart:

- *ours*: the test's own process, or one that `owners` names (local.owner()), is among its ancestors or owns it;
- *theirs*: a living process that is neither ours nor an ancestor of ours is behind it; it is not looked at;
- *nobody's*: whoever made it is gone. It may be a lost one of ours. One of another test goes soon, or is a leftover as well.

`left` takes ours and nobody's of one moment, and waits until those are gone. What comes later belongs to others: our own
can make nothing any more once none of its processes is left, and they are all taken at the first look.
"""

from __future__ import annotations

import os
import re
import select
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ipclab import slots
from ipclab.sandbox import SandboxFault, docker, local

PATIENCE_S = 60.0
UIDS = range(slots.FIRST, slots.FIRST + 2 * slots.PAIRS)
_OPEN_FOLDERS = ("/tmp", "/dev/shm", "/dev/mqueue")
_SYSV = {"shm": 7, "sem": 4, "msg": 7}  # -> the field of /proc/sysvipc that holds the owner's uid
_OWNED = re.compile(r"(?:ipclab-run\.|\.new-)(\d+-\d+)\.")


@dataclass(frozen=True)
class Thing:
    """`key` tells it from all others for as long as it is there."""

    kind: str
    key: str
    text: str = field(compare=False)
    pids: tuple[int, ...] = field(default=(), compare=False)


# ---- whose -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Process:
    pid: int
    parent: int
    uid: int
    name: str
    argv: tuple[str, ...]
    namespace: str  # of pids
    zombie: bool


def _process(pid: int) -> Process | None:
    place = Path("/proc") / str(pid)
    try:
        told = dict(line.split(":\t", 1) for line in (place / "status").read_text("utf-8", "replace").splitlines() if ":\t" in line)
        argv = (place / "cmdline").read_bytes().decode("utf-8", "backslashreplace").split("\0")
        namespace = ""
        with suppress(OSError):  # a zombie has none
            namespace = os.readlink(place / "ns/pid")
        uid = int(told["Uid"].split()[0])
        return Process(pid, int(told["PPid"]), uid, told["Name"], tuple(argv[:-1]), namespace, told["State"].startswith("Z"))
    except (OSError, KeyError, ValueError):
        return None  # it has ended meanwhile


def processes() -> dict[int, Process]:
    found = (_process(int(path.name)) for path in Path("/proc").glob("[0-9]*"))
    return {p.pid: p for p in found if p is not None}


class Owners:
    """Who is behind a process. `words` are owners as local.owner() names them."""

    def __init__(self, words: Iterable[str], every: Mapping[int, Process]) -> None:
        self.words = frozenset(words)
        self._every = every
        self._own = {int(word.partition("-")[0]) for word in self.words if not local.is_gone(word)} | {os.getpid()}
        self._above = set(self._chain(os.getpid()))

    def _chain(self, pid: int) -> Iterator[int]:
        while pid in self._every:
            yield pid
            pid = self._every[pid].parent

    def theirs(self, pid: int) -> bool:
        """True if somebody who lives, and has nothing to do with us, is behind it."""
        chain = list(self._chain(pid))
        if self._own.intersection(chain):
            return False
        behind = (self._every[p] for p in chain if p not in self._above)
        return any(not sandboxed(p) and not p.zombie for p in behind)

    def word_is_theirs(self, word: str) -> bool:
        """The same for an owner's word, on a container or in a file's name."""
        if word in self.words or local.is_gone(word):
            return False
        return self.theirs(int(word.partition("-")[0]))


def sandboxed(p: Process) -> bool:
    """A process that no one but a sandbox starts: warden, and what has one of the uids that are handed out."""
    return p.uid in UIDS or p.name == "warden"


# ---- what is there -----------------------------------------------------------------------------------------


def _shim_of(p: Process, every: Mapping[int, Process]) -> tuple[str, ...]:
    """The arguments of the shim that a container's process hangs on."""
    while (above := every.get(p.parent)) is not None:
        p = above
        if p.name.startswith("containerd-shim"):
            return p.argv
    return ()


def _processes(owners: Owners, every: Mapping[int, Process], boxes: frozenset[str]) -> Iterator[Thing]:
    """One for each uid in each pid namespace: a process that forks and ends has another pid each time. `boxes` are the
    containers of others."""
    grouped: dict[tuple[str, int], list[Process]] = {}
    for p in every.values():
        if not sandboxed(p) or p.zombie:
            continue
        shim = _shim_of(p, every)
        # a container that the engine does not list is on its way out, whosever it was
        theirs = not boxes.isdisjoint(shim) or _other_engine(shim) if shim else owners.theirs(p.pid)
        if not theirs:
            grouped.setdefault((p.namespace, p.uid), []).append(p)
    for (namespace, uid), members in grouped.items():
        shown = ", ".join(f"{p.pid} {' '.join(p.argv)[:80] or p.name}" for p in members[:8])
        yield Thing("process", f"{namespace} uid {uid}", f"uid {uid}: {shown}", tuple(p.pid for p in members))


def _other_engine(shim: Sequence[str]) -> bool:
    """True for a container of an engine that is not the one that the client talks to now: only its own test can tell."""
    address = next((shim[i + 1] for i, word in enumerate(shim[:-1]) if word == "-address"), "")
    host = os.environ.get("DOCKER_HOST", "").removeprefix("unix://")
    usual = address.startswith(("/run/", "/var/run/"))
    return usual if host and not host.startswith(("/run/", "/var/run/")) else not usual


def _containers(owners: Owners) -> tuple[list[Thing], frozenset[str]]:
    """Those that may be ours, and the others' ids."""
    if not docker.available():
        return [], frozenset()
    try:
        listed = docker.call("ps", "--all", "--no-trunc", "--format", '{{.ID}} {{.Names}} {{.Label "%s"}}' % docker.LABEL)
    except SandboxFault:
        return [], frozenset()  # no engine answers, so none runs
    things, others = [], set()
    for line in listed.splitlines():
        box, name, word = (*line.split(" "), "", "")[:3]
        if not word or owners.word_is_theirs(word):
            others.add(box)
        else:
            things.append(Thing("container", box, f"{name} of {word}"))
    return things, frozenset(others)


def _places(boxes: Iterable[str]) -> frozenset[str]:
    """Where containers have their file systems and network namespaces."""
    found = set[str]()
    form = "{{.GraphDriver.Data.MergedDir}}\n{{.NetworkSettings.SandboxKey}}"
    for box in boxes:  # one by one: one that goes meanwhile makes the whole call fail
        with suppress(SandboxFault):
            found.update(docker.call("inspect", "--format", form, box).split())
    return frozenset(os.path.realpath(place) for place in found)


def _mounts() -> Iterator[Thing]:
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines():
        words = line.split()
        yield Thing("mount", f"{words[4]} {words[2]}", f"{words[4]} ({words[words.index('-') + 1]})")


def _sysv() -> Iterator[Thing]:
    for name, field_of_uid in _SYSV.items():
        for line in Path("/proc/sysvipc", name).read_text().splitlines()[1:]:
            words = line.split()
            if int(words[field_of_uid]) in UIDS:
                yield Thing(f"System V {name}", f"{words[0]} {words[1]}", f"key {words[0]}, id {words[1]}, uid {words[field_of_uid]}")


def _files(owners: Owners, folders: Iterable[Path], words: Sequence[str]) -> Iterator[Thing]:
    """In folders that all use: what a sandbox's uid owns, whose owner's word is not theirs, or that has one of `words` in
    its name. In `folders` everything."""
    own = [str(folder) for folder in folders]
    for folder in (*_OPEN_FOLDERS, *own):
        with suppress(FileNotFoundError), os.scandir(folder) as entries:
            for entry in entries:
                try:
                    info = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                match = _OWNED.match(entry.name)
                claimed = match is not None and not owners.word_is_theirs(match[1])
                if folder in own or info.st_uid in UIDS or claimed or any(word in entry.name for word in words):
                    yield Thing("file", f"{entry.path} {info.st_ino}", f"{entry.path} of uid {info.st_uid}")


def _cgroups(owners: Owners) -> Iterator[Thing]:
    root = Path("/sys/fs/cgroup")
    for path in (*root.glob("ipclab-*"), *root.glob("*/ipclab-*")):
        number = path.name.removeprefix("ipclab-")
        if not (number.isdigit() and owners.theirs(int(number))):
            yield Thing("cgroup", str(path), str(path))


@dataclass(frozen=True)
class Machine:
    things: frozenset[Thing]
    boxes: frozenset[str]  # containers of others

    def since(self, before: Machine) -> frozenset[Thing]:
        """What is new, but for what the containers of others have mounted."""
        new = self.things - before.things
        mounts = {thing for thing in new if thing.kind == "mount"}
        places = _places(self.boxes) if mounts else frozenset()
        return new - {m for m in mounts if m.key.partition(" ")[0] in places}


def look(owners: Iterable[str] = (), folders: Iterable[Path] = (), words: Sequence[str] = ()) -> Machine:
    """All that is there at this moment and not theirs. `owners`: words of graders that are not our descendants, or whose
    process is gone; `folders`: nobody else uses them; `words`: parts of names that nobody else uses."""
    every = processes()
    whose = Owners(owners, every)
    containers, others = _containers(whose)
    things = {
        *containers, *_processes(whose, every, others), *_mounts(), *_sysv(), *_files(whose, folders, words), *_cgroups(whose)
    }  # fmt: skip
    return Machine(frozenset(things), others)


def _await_change(things: Iterable[Thing], until: float) -> None:
    """Until one of their processes has ended, or for a moment: nothing tells of a mount, a file or an object that goes."""
    fds = []
    for pid in {pid for thing in things for pid in thing.pids}:
        with suppress(OSError):
            fds.append(os.pidfd_open(pid))
    left = max(0.0, until - time.monotonic())
    if fds:
        select.select(fds, [], [], min(left, 1.0))
    else:
        time.sleep(min(left, 0.05))
    for fd in fds:
        os.close(fd)


def left(
    before: Machine,
    owners: Sequence[str] = (),
    *,
    folders: Sequence[Path] = (),
    words: Sequence[str] = (),
    patience: float = PATIENCE_S,
) -> list[str]:
    """What is still there, a line for each thing: empty as soon as nothing is, at the latest after `patience` seconds."""
    until = time.monotonic() + patience
    waited = look(owners, folders, words).since(before)
    while waited and time.monotonic() < until:
        _await_change(waited, until)
        # those of now: what a process is, and which pids it has, may have changed
        waited = frozenset(thing for thing in look(owners, folders, words).since(before) if thing in waited)
    return sorted(f"{thing.kind}: {thing.text}" for thing in waited)


@contextmanager
def nothing_left(*, folders: Sequence[Path] = (), words: Sequence[str] = (), patience: float = PATIENCE_S) -> Iterator[list[str]]:
    """Fails if the block leaves something. Yields a list for the words of owners that are not the test's descendants."""
    before = look((), folders, words)
    owners: list[str] = []
    yield owners
    remains = left(before, owners, folders=folders, words=words, patience=patience)
    assert not remains, "left behind:\n" + "\n".join(remains)
