"""The programs of the corpus, what each says of itself, and how weave runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
WEAVE = HERE.parents[1] / "weave"
DEADLINE = 300  # of one call of the host, whatever the machine's load
CHUNK = 10  # schedules of one call, where the first finding ends the search

WARNINGS = ("-std=gnu17", "-Wall", "-Wextra")
# What makes a compiler emit the hooks that weave answers; loads and stores must stay in the loops, and so on the lines, that they
# were written in.
HOOKS = {
    "gcc": ("-Wno-tsan", "-fno-tree-loop-im", "--param", "tsan-distinguish-volatile=1", "--param", "tsan-instrument-func-entry-exit=0"),
    "clang": ("-Wno-atomic-alignment", "-mllvm", "-disable-licm-promotion", "-mllvm", "-tsan-distinguish-volatile=1",
              "-mllvm", "-tsan-instrument-func-entry-exit=0"),
}
WORDS = {"ARGS", "STDIN", "OUTPUT", "SORTED", "EXIT", "LINK", "START", "RACE", "DEADLOCK", "TROUBLE", "CRASH", "WITHIN", "WEAVE", "PLAIN",
         "XFAIL"}


@dataclass(frozen=True)
class Finding:
    """A race between two lines, a deadlock of blocked lines, a trouble (its code first), or a crash (its signal first)."""

    kind: str
    what: tuple[str, ...]


@dataclass(frozen=True)
class Program:
    name: str
    sources: tuple[Path, ...]
    said: dict[str, tuple[str, ...]]

    @property
    def right(self) -> bool:
        return self.sources[0].is_relative_to(PROGRAMS / "right")

    @property
    def stdin(self) -> str:
        return "".join(line + "\n" for line in self.said.get("STDIN", ()))

    @property
    def exit(self) -> int:
        return int(self.said.get("EXIT", ("0",))[0])

    def starts(self, unique: str) -> list[list[str]]:
        """The programs to start, as words; {unique} stands for a word that no other run has."""
        lines = self.said.get("START") or (f"{self.name} {' '.join(self.said.get('ARGS', ()))}",)
        return [line.replace("{unique}", unique).split() for line in lines]

    def printed_right(self, stdout: str) -> bool:
        expected, lines = list(self.said.get("OUTPUT", ())), stdout.splitlines()
        if "SORTED" in self.said:
            expected, lines = sorted(expected), sorted(lines)
        return lines == expected and (not stdout or stdout.endswith("\n"))

    @property
    def options(self) -> list[str]:
        """Of the host, for every schedule of this program."""
        words = " ".join(self.said.get("WEAVE", ())).split()
        return [w for word in words for w in f"--{word}".split("=")]

    @cached_property
    def marks(self) -> dict[str, frozenset[str]]:
        """The lines that carry a mark, as file:line."""
        found: dict[str, set[str]] = {}
        for source in self.sources:
            for n, line in enumerate(source.read_text(encoding="utf-8").splitlines(), 1):
                if match := re.search(r"/\* ([A-Z][A-Z0-9]*(?: [A-Z][A-Z0-9]*)*) \*/$", line):
                    for mark in match[1].split():
                        found.setdefault(mark, set()).add(f"{source.name}:{n}")
        return {mark: frozenset(lines) for mark, lines in found.items()}

    def expects(self, finding: Finding) -> bool:
        return any(self._is(finding, tuple(text.split())) for text in self.said.get(finding.kind.upper(), ()))

    def _is(self, finding: Finding, words: tuple[str, ...]) -> bool:
        if finding.kind in ("trouble", "crash"):
            return words[0] == finding.what[0] and (len(words) == 1 or finding.what[1] in self.marks[words[1]])
        return _covers([self.marks[w] for w in words], list(finding.what))


def _covers(marks: list[frozenset[str]], lines: list[str]) -> bool:
    """Whether each mark can be given a line of its own, and none is left over."""
    if len(marks) != len(lines):
        return False
    return not marks or any(line in marks[0] and _covers(marks[1:], lines[:i] + lines[i + 1 :]) for i, line in enumerate(lines))


def _header(source: Path) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for line in source.read_text(encoding="utf-8").splitlines():
        if not line.startswith("//"):
            break
        if match := re.fullmatch(r"// ([A-Z]{4,}):? ?(.*)", line):
            assert match[1] in WORDS, f"{source.name} says {match[1]}, which no test reads"
            said.setdefault(match[1], []).append(match[2])
    return said


def _read(path: Path) -> Program:
    sources = sorted(path.glob("*.c")) if path.is_dir() else [path]
    said: dict[str, list[str]] = {}
    for source in sources:
        for word, texts in _header(source).items():
            said.setdefault(word, []).extend(texts)
    return Program(path.stem, tuple(sources), {word: tuple(texts) for word, texts in said.items()})


def programs(kind: str) -> list[Program]:
    return [_read(p) for p in sorted((PROGRAMS / kind).iterdir()) if p.suffix in (".c", ".d")]


@dataclass(frozen=True)
class Way:
    """How the schedules of one stretch of seeds are drawn."""

    depth: int = 1
    fine: bool = False
    walk: bool = False

    @property
    def options(self) -> list[str]:
        return ["--depth", str(self.depth), *(["--fine"] if self.fine else []), *(["--walk"] if self.walk else [])]


ALL_WAYS = [*(Way(depth, fine) for fine in (False, True) for depth in (1, 2, 3)), Way(walk=True), Way(fine=True, walk=True)]


def stretches(ways: list[Way], seeds: int) -> Iterator[tuple[Way, int, int]]:
    """Seeds 1 to `seeds`, shared out in order: (way, first, last)."""
    for i, way in enumerate(ways):
        first, last = seeds * i // len(ways) + 1, seeds * (i + 1) // len(ways)
        if first <= last:
            yield way, first, last


@dataclass
class Built:
    """A program, built with the library, in a folder of its own in which it also runs."""

    program: Program
    host: Path
    folder: Path
    binaries: dict[str, Path]
    unique: str
    _lines: dict[tuple[str, int], str] = field(default_factory=dict)
    _steps: dict[bool, int] = field(default_factory=dict)

    def argvs(self) -> list[list[str]]:
        return [[str(self.binaries[name]), *rest] for name, *rest in self.program.starts(self.unique)]

    def call(self, *options: str) -> str:
        """What the host prints: a line of JSON for each schedule."""
        words = [w for argv in self.argvs() for w in (str(len(argv)), *argv)]
        stdin = self.folder / "stdin"
        stdin.write_text(self.program.stdin, encoding="utf-8")
        argv = [str(self.host), *options, *self.program.options, "--input", str(stdin), "--folder", str(self.folder / "here"), "--", *words]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as process:
            try:
                out, err = process.communicate(timeout=DEADLINE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        assert process.returncode == 0, f"{' '.join(argv)}: exit {process.returncode}, {err.decode()}"
        return out.decode("ascii")

    def schedules(self, *options: str) -> list[tuple[str, dict[str, Any]]]:
        """The host's lines as they are and as what they say, without its summary."""
        lines = [(line, json.loads(line)) for line in self.call(*options).splitlines()]
        assert lines[-1][1]["done"] is True
        return lines[:-1]

    def steps(self, fine: bool) -> int:
        """PCT's k, measured in one schedule."""
        if fine not in self._steps:
            ((_, record),) = self.schedules("--seeds", "1", *Way(1, fine=fine).options)
            self._steps[fine] = max(1, record["steps"])
        return self._steps[fine]

    def run(self, way: Way, first: int, last: int, *options: str) -> list[dict[str, Any]]:
        steps = str(self.steps(way.fine))
        return [record for _, record in self.schedules("--seeds", f"{first}:{last}", "--steps", steps, *way.options, *options)]

    def explore(self, first: int, last: int) -> list[tuple[str, dict[str, Any]]]:
        """As `ipclab explore` does it: a seed means the same schedule, whatever was run before it. First comes seed 0, the probe.
        Schedules in which there is nothing new say so, and no more."""
        return self.schedules("--explore", "--depth", "3", "--seeds", f"{first}:{last}")

    def search(self, seeds: int) -> tuple[int, str, list[Finding]] | None:
        """The first seed with a finding, its line and what it found; the probe is one of them."""
        for at in range(0, seeds, CHUNK):
            for line, record in self.explore(at, min(seeds - 1, at + CHUNK - 1)):
                if "races" in record and (found := self.findings(record)):
                    return record["seed"], line, found
        return None

    def replay(self, seed: int) -> str:
        return self.explore(seed, seed)[-1][0]

    def outside(self) -> set[tuple[str, str]]:
        """What lies outside any process, and whose it is: files of its folder, POSIX names, System V segments (by their creator's pid)."""
        found = {("file", path.name) for path in (self.folder / "here").iterdir()}
        found |= {("name", name) for name in os.listdir("/dev/shm")}
        with open("/proc/sysvipc/shm", encoding="ascii") as table:
            return found | {("segment of", line.split()[4]) for line in list(table)[1:]}

    def left_behind(self, before: set[tuple[str, str]], record: dict[str, Any]) -> set[tuple[str, str]]:
        """What there was not before a schedule and is now, among all that the rest of the machine does meanwhile."""
        pids = {str(p["pid"]) for p in record["processes"]}
        mine = {"file": lambda n: True, "name": lambda n: self.unique in n or ("ipclab-" in n and pids & set(re.findall(r"\d+", n))),
                "segment of": lambda n: n in pids}
        return {(kind, name) for kind, name in self.outside() - before if mine[kind](name)}

    def findings(self, record: dict[str, Any]) -> list[Finding]:
        places = [(r[w]["born"], r[w]["place"]) for r in record["races"] for w in ("first", "second")]
        places += [(t["born"], t["place"]) for t in record["tasks"] + record["troubles"]]
        self._look_up(record, places)
        at = lambda what: self._lines[self._program(record, what["born"]), what["place"]]  # noqa: E731
        found = [Finding("race", tuple(sorted((at(r["first"]), at(r["second"]))))) for r in record["races"]]
        if record["verdict"] == "deadlock":
            found.append(Finding("deadlock", tuple(sorted(at(t) for t in record["tasks"] if t["state"] == "blocked"))))
        elif record["verdict"] != "done":
            found.append(Finding("verdict", (record["verdict"],)))
        found += [Finding("trouble", (t["code"], at(t))) for t in record["troubles"] if t["code"] != "deadlock"]
        ends = {p["end"] & 127 for p in record["processes"] if p["end"]} - {0, signal.SIGKILL, signal.SIGTERM}
        if record["verdict"] == "done":
            found += [Finding("crash", (signal.Signals(n).name, "")) for n in sorted(ends)]
        return found

    def _program(self, record: dict[str, Any], born: int) -> str:
        n = record["processes"][born]["program"]
        return record["programs"][n] if n < len(record["programs"]) else "?"

    def _look_up(self, record: dict[str, Any], places: list[tuple[int, int]]) -> None:
        wanted: dict[str, set[int]] = {}
        for born, place in places:
            binary, address = self._program(record, born), place & 0x7FFFFFFF
            if (binary, place) not in self._lines:
                wanted.setdefault(binary, set()).add(place)
        for binary, addresses in wanted.items():
            argv = ["addr2line", "-e", binary, *(hex(a & 0x7FFFFFFF) for a in sorted(addresses))]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE, check=True)
            for address, line in zip(sorted(addresses), done.stdout.splitlines(), strict=True):
                self._lines[binary, address] = re.sub(r" \(discriminator \d+\)$", "", line).rpartition("/")[2]


def steady(text: str) -> str:
    """A host's line without what differs between two runs of the same schedule: pids, real time, numbers of the kernel's objects."""
    text = re.sub(r'"(pid|wall_us)":-?\d+', r'"\1":0', text)
    text = re.sub(r'("what":"start".*?"value":)\d+', r"\g<1>0", text)
    numbers: dict[str, int] = {}
    return re.sub(
        r'"kind":"(inode|stream|lock|sem_set|msg|mq)","a":\d+,"b":\d+',
        lambda m: f'"kind":"{m[1]}","n":{numbers.setdefault(m[0], len(numbers))}',
        text,
    )


@dataclass
class Kit:
    """weave, built, and what was built with it in this session."""

    host: Path
    library: Path
    linker: Path
    folder: Path
    unique: str
    _built: dict[tuple[str, ...], Built] = field(default_factory=dict)

    def build(self, program: Program, compiler: str = "gcc", optimise: str = "-O1") -> Built:
        key = (str(program.sources[0]), compiler, optimise)
        if key not in self._built:
            folder = self.folder / f"{program.name}-{compiler}{optimise}"
            (folder / "here").mkdir(parents=True)
            self._built[key] = Built(program, self.host, folder, self._compile(program, folder, compiler, optimise),
                                     f"{self.unique}{len(self._built)}")
        return self._built[key]

    def _binaries(self, program: Program, folder: Path) -> dict[str, tuple[Path, Path]]:
        names = {start[0] for start in program.starts("")}
        assert names <= {source.stem for source in program.sources}
        return {source.stem: (source, folder / source.stem) for source in program.sources if source.stem in names}

    def _compile(self, program: Program, folder: Path, compiler: str, optimise: str) -> dict[str, Path]:
        made = {}
        for name, (source, binary) in self._binaries(program, folder).items():
            object_ = folder / f"{name}.o"
            _do(compiler, *WARNINGS, "-Werror", optimise, "-g", "-fno-builtin", "-fno-pie", "-fsanitize=thread", *HOOKS[compiler],
                "-c", "-o", str(object_), str(source))
            _do(compiler, "-no-pie", "-o", str(binary), str(object_), str(self.library), f"@{self.linker}", "-pthread", "-lrt", "-lm",
                *self._links(program))
            made[name] = binary
        return made

    def _links(self, program: Program) -> list[str]:
        return " ".join(program.said.get("LINK", ())).split()

    def plain(self, program: Program) -> list[list[str]]:
        """Built as a student builds it; the programs with their arguments."""
        folder = self.folder / f"{program.name}-plain"
        folder.mkdir(exist_ok=True)
        binaries = self._binaries(program, folder)
        for source, binary in binaries.values():
            _do("gcc", *WARNINGS, "-Werror", "-O1", "-g", "-o", str(binary), str(source), "-pthread", "-lrt", "-lm", *self._links(program))
        return [[str(binaries[name][1]), *rest] for name, *rest in program.starts(f"{self.unique}plain")]


def _do(*argv: str) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stderr}"


def make_kit(folder: Path, unique: str) -> Kit:
    out = folder / "out"
    _do("make", "-s", "-C", str(WEAVE), f"OUT={out}")
    linker = out / "weave.ld"
    linker.write_text("".join(f"-Wl,{line}\n" for line in (out / "weave.wrap").read_text().splitlines()))
    return Kit(out / "weave", out / "weave.o", linker, folder, unique)


def have(compiler: str) -> bool:
    return shutil.which(compiler) is not None
