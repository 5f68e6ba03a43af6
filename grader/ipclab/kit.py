"""What is built once for all submissions: warden, testkit, weave, each lab's drivers, judges and scenarios; and the suite's
hash.

Everything lies in a cache under a name that is the hash of all that went into it, so nothing there is ever stale and two
builders at once agree: one builds under a lock, and what it has built appears by one rename. The cache is `.build/kit` of
the tree where that can be written, else the user's own cache: a student may share a tree that belongs to somebody else.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import io
import json
import os
import platform
import re
import shlex
import shutil
import stat
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ipclab.faults import GraderFault, UsageFault
from ipclab.model import Lab
from ipclab.sandbox import File
from ipclab.sandbox.docker import RUN_FLAGS, SECCOMP, Image, run_trusted
from ipclab.sandbox.local import need_tools
from ipclab.weaving import flags as for_weave

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parents[1]
GCC = "/usr/bin/gcc"
OBJCOPY = "/usr/bin/objcopy"
READELF = "/usr/bin/readelf"
VALGRIND = "/usr/bin/valgrind"

_LIBDW = Path("/usr/include/elfutils/libdwfl.h")
_DEBUG = Path("/usr/lib/debug/.build-id")
_LIBRARIES = ("/lib64/ld-linux-x86-64.so.2", *(f"/lib/x86_64-linux-gnu/{name}" for name in ("libc.so.6", "libm.so.6", "libpthread.so.0", "librt.so.1")))
_BUILD_ID = re.compile(r"Build ID: ([0-9a-f]{4,128})\b")

BUILD_S = 300.0
_NEW = ".new-"  # a folder that is being built
OUTPUT_MAX = 64 << 20
# The modules that decide what runs and what comes of it; reports and intake may change without a new grading.
_DECIDES = (
    "build.py", "ctokens.py", "events.py", "grading.py", "hostile.py", "judging.py", "memcheck.py", "observed.py", "plan.py",
    "weaving/*.py", "catalogue.toml", "catalogue.d/*.toml",
)  # fmt: skip
_TEST_FLAGS = ("-std=gnu17", "-Wall", "-Wextra", "-O1", "-g")


# ---- where --------------------------------------------------------------------------------------------


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _cache_roots() -> Iterator[Path]:
    yield ROOT / ".build" / "kit"
    if base := os.environ.get("XDG_CACHE_HOME"):
        yield Path(base) / "ipclab"
    with contextlib.suppress(RuntimeError):
        yield Path.home() / ".cache" / "ipclab"
    yield Path(tempfile.gettempdir()) / f"ipclab-cache-{os.getuid()}"


def _ours(folder: Path) -> bool:
    """In a folder that all can write, a cache of ours could have been laid there by somebody else."""
    info = folder.lstat()
    return stat.S_ISDIR(info.st_mode) and info.st_uid == os.getuid() and not info.st_mode & 0o022


def cache_root() -> Path:
    """The first place where a cache can be written."""
    for folder in _cache_roots():
        if folder.parent == Path(tempfile.gettempdir()):
            with contextlib.suppress(OSError):
                folder.mkdir(mode=0o700, exist_ok=True)
                if _ours(folder):
                    return folder
        elif _writable(folder):
            return folder
    raise GraderFault("no cache can be written: set XDG_CACHE_HOME to a folder of yours")


def _find(name: str) -> Path | None:
    for folder in _cache_roots():
        if (folder / name).is_dir() and (folder.parent != Path(tempfile.gettempdir()) or _ours(folder)):
            return folder / name
    return None


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# ---- from what -----------------------------------------------------------------------------------------


def digest(parts: Iterable[bytes | str]) -> str:
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        sha.update(len(data).to_bytes(8, "big"))
        sha.update(data)
    return sha.hexdigest()


def _hash_files(files: Mapping[str, File]) -> str:
    return digest(part for path, file in sorted(files.items()) for part in (path, file.data))


def _read(path: Path) -> File:
    try:
        return File(path.read_bytes())
    except OSError as error:
        raise GraderFault(f"cannot read {path}: {error.strerror}") from error


def _sources(folder: Path, prefix: str, patterns: Sequence[str]) -> dict[str, File]:
    return {f"{prefix}/{p.name}": _read(p) for pattern in patterns for p in sorted(folder.glob(pattern)) if p.is_file()}


def _base_files() -> dict[str, File]:
    patterns = ("*.c", "*.h", "Makefile")
    files = _sources(PACKAGE.parent / "warden", "warden", patterns)
    files |= _sources(PACKAGE.parent / "warden" / "lines", "warden/lines", patterns)
    return files | _sources(PACKAGE.parent / "testkit", "testkit", patterns)


def given_headers(lab: Lab) -> dict[str, bytes]:
    """The headers that the lab gives, from the solution or, in an export, from the skeleton."""
    headers: dict[str, bytes] = {}
    for target in lab.targets:
        for name in target.headers:
            folder = lab.solution if (lab.solution / name).is_file() else lab.skeleton
            headers[name] = _read(folder / name).data
    return headers


def _sources_of(lab: Lab) -> list[str]:
    """What judges are made from; tests that only weave runs have none."""
    return sorted({t.source for t in lab.tests if t.source})


def _peers_of(lab: Lab) -> list[str]:
    return sorted({p.source for p in lab.peers})


def _scenarios_of(lab: Lab) -> list[str]:
    return sorted({t.weave.scenario for t in lab.tests if t.weave and t.weave.scenario})


def _lab_files(lab: Lab) -> dict[str, File]:
    files = {f"given/{name}": File(data) for name, data in given_headers(lab).items()}
    for path in {*_sources_of(lab), *_scenarios_of(lab), *_peers_of(lab), *(t.driver for t in lab.targets if t.driver)}:
        files[f"lab/{path}"] = _read(lab.folder / path)
    # all of them, also where a lab is reduced to some of its tests: drivers and tests share headers across folders
    for folder in (Path("."), Path("tests"), Path("tests/public"), Path("tests/hidden")):
        for header in sorted((lab.folder / folder).glob("*.h")):
            files[f"lab/{folder / header.name}"] = _read(header)
    return files


@functools.cache
def _toolchain() -> str:
    """What compiles here, in its own words; asked once for as long as the same files lie there."""
    marks = []
    for tool in (GCC, VALGRIND):
        try:
            st = os.stat(tool)
            marks.append([tool, os.path.realpath(tool), st.st_ino, st.st_size, st.st_mtime_ns])
        except OSError:
            marks.append([tool])
    kept = cache_root() / "toolchain" / digest((json.dumps(marks),))[:24]
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if said := kept.read_text(encoding="utf-8"):
            return said
    said = _ask_toolchain()
    with contextlib.suppress(OSError):  # a cache that cannot be written only makes the next start slower
        kept.parent.mkdir(parents=True, exist_ok=True)
        new = kept.with_name(f"{kept.name}.{os.getpid()}")
        new.write_text(said, encoding="utf-8")
        new.rename(kept)
    return said


def _ask_toolchain() -> str:
    said = []
    for argv in ([GCC, "-dumpfullversion", "-dumpmachine"], [VALGRIND, "--version"]):
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=30, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
            said.append(done.stdout.strip())
        except OSError:
            said.append(f"no {argv[0]}")
        except subprocess.TimeoutExpired as error:
            raise GraderFault(f"{argv[0]} does not answer") from error
    return " ".join(said)


def _place(image: Image | None) -> str:
    """What the place of execution adds to the hash."""
    if image is None:
        return f"local {_toolchain()}"
    return f"docker {image.id} {' '.join(RUN_FLAGS)} {hashlib.sha256(_read(SECCOMP).data).hexdigest()}"


def _outcome_part(lab: Lab) -> str:
    """What of lab.toml decides outcomes. Titles, hints, points and visibility do not."""
    tests = [
        [t.name, t.target, t.uses, t.source, t.depends, t.passes, t.fails_on, asdict(t.limits), asdict(t.weave) if t.weave else None]
        for t in lab.tests
    ]
    targets = [[t.name, t.kind.value, t.files, t.driver, t.headers, t.required] for t in lab.targets]
    peers = [[p.name, p.source] for p in lab.peers]
    return json.dumps([lab.slug, lab.flags, lab.builds, targets, peers, tests], sort_keys=True)


# ---- building -------------------------------------------------------------------------------------------


Commands = Sequence[Sequence[str]]


def _unpack(files: Mapping[str, File], folder: Path) -> None:
    for path, file in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.data)
        place.chmod(file.mode)


def _run_here(files: Mapping[str, File], commands: Commands, folder: Path) -> None:
    need_tools({GCC: "gcc", "/usr/bin/make": "make"})
    _unpack(files, folder)
    (folder / "out").mkdir(exist_ok=True)
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "HOME": str(folder), "TMPDIR": str(folder)}
    for argv in commands:
        try:
            done = subprocess.run(
                argv, cwd=folder, env=env, capture_output=True, timeout=BUILD_S, stdin=subprocess.DEVNULL
            )
        except FileNotFoundError as error:
            raise GraderFault(f"{argv[0]} is not here: run `sudo make setup`") from error
        except subprocess.TimeoutExpired as error:
            raise GraderFault(f"building the kit took longer than {BUILD_S:.0f} s: {shlex.join(argv)}") from error
        if done.returncode != 0:
            said = (done.stderr or done.stdout).decode("utf-8", "backslashreplace").strip()
            raise GraderFault(f"the kit does not build: {shlex.join(argv)[:200]}\n{said[:2000]}")


def _run_in_image(image: Image, files: Mapping[str, File], commands: Commands, folder: Path) -> None:
    lines = ["set -e", "cd /work", "mkdir -p out", "export TMPDIR=/work LC_ALL=C"]
    lines += [f"{shlex.join(argv)} >&2" for argv in commands]
    lines.append("exec tar -c -C out .")
    data = run_trusted(image, files, "\n".join(lines) + "\n", deadline=BUILD_S)
    (folder / "out").mkdir()
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() and member.size <= OUTPUT_MAX else None
                if content is not None and len(Path(member.name).parts) == 1:
                    (folder / "out" / Path(member.name).name).write_bytes(content.read())
                    (folder / "out" / Path(member.name).name).chmod(member.mode & 0o755)
    except tarfile.TarError as error:
        raise GraderFault(f"the image sent no archive: {error}") from error


def _ensure(name: str, image: Image | None, files: Mapping[str, File], commands: Commands, outputs: Sequence[str]) -> Path:
    """The cache's folder of that name, built if need be."""
    if (found := _find(name)) is not None:
        return found
    root = cache_root()
    try:
        with _lock(root):
            if (found := _find(name)) is not None:
                return found
            _sweep(root)
            built = _build(root, name, image, files, commands, outputs)
            _sweep(root)  # once more: a compiler may have outlived its builder for a moment
            return built
    except OSError as error:
        raise GraderFault(f"cannot write the cache {root}: {error.strerror}") from error


def _sweep(root: Path) -> None:
    """Removes what builders that were killed have left; whoever builds holds the lock, so nobody else does."""
    for lost in root.glob(f"{_NEW}*"):
        shutil.rmtree(lost, ignore_errors=True)


def _build(
    root: Path, name: str, image: Image | None, files: Mapping[str, File], commands: Commands, outputs: Sequence[str]
) -> Path:
    with tempfile.TemporaryDirectory(prefix=_NEW, dir=root) as folder:
        work = Path(folder)
        if image is None:
            _run_here(files, commands, work)
        else:
            _run_in_image(image, files, commands, work)
        made = work / "made"
        made.mkdir()
        for output in outputs:
            if not (work / "out" / output).is_file():
                raise GraderFault(f"the kit does not build: no {output} came out")
            (made / output).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(work / "out" / output, made / output)
        made.rename(root / name)
    return root / name


@dataclass(frozen=True)
class Kit:
    """A built kit for one lab and one place of execution."""

    base: Path  # what base() makes
    folder: Path  # driver-TARGET.o, judge-STEM, peer-STEM, scenario-STEM.o
    suite_sha256: str
    image: Image | None
    weave: Path | None = None  # what weave() makes, where the lab has a test for it
    symbols: Path | None = None  # what symbols() makes, where memcheck runs here
    pauses: Path | None = None  # what perturb() makes, where programs shall pause

    @property
    def warden(self) -> Path:
        return self.base / "warden"

    def lines(self) -> bytes | None:
        """The helper that names lines, where elfutils' library is."""
        path = self.base / "lines"
        return _read(path).data if path.is_file() else None

    def driver(self, target: str) -> bytes:
        return _read(self.folder / f"driver-{target}.o").data

    def libdriver(self) -> bytes:
        return _read(self.base / "libdriver.a").data

    def judge(self, source: str) -> bytes:
        return _read(self.folder / judge_name(source)).data

    def peer(self, source: str) -> bytes:
        return _read(self.folder / peer_name(source)).data

    def scenario(self, source: str) -> bytes:
        return _read(self.folder / scenario_name(source)).data

    def pausing(self) -> dict[str, File]:
        """What a program is linked with so that it pauses; nothing where it shall not."""
        return {} if self.pauses is None else {name: _read(self.pauses / name) for name in _PAUSING_PROGRAM}


def judge_name(source: str) -> str:
    """The judge's file name for a test's source: tests/hidden/ask.c -> judge-hidden-ask."""
    path = Path(source)
    return f"judge-{path.parent.name}-{path.stem}"


def peer_name(source: str) -> str:
    """The file name of a peer's program: tests/hidden/asker.c -> peer-hidden-asker."""
    path = Path(source)
    return f"peer-{path.parent.name}-{path.stem}"


def scenario_name(source: str) -> str:
    """The object file's name for a scenario: tests/hidden/two.c -> scenario-hidden-two.o."""
    path = Path(source)
    return f"scenario-{path.parent.name}-{path.stem}.o"


def base(image: Image | None = None) -> Path:
    """The folder with warden, testkit's libraries and, where elfutils is, lines."""
    files = _base_files()
    outputs = ["warden", "libtestkit.a", "libdriver.a"]
    jobs = f"-j{os.cpu_count() or 1}"
    commands = [
        ["make", jobs, "-C", "warden", "OUT=../out"],
        ["make", jobs, "-C", "testkit", "OUT=../out"],
    ]
    if image is not None or _LIBDW.is_file():
        commands.append(["make", "-C", "warden/lines", "OUT=../../out"])
        outputs.append("lines")
    key = digest((_hash_files(files), _place(image), json.dumps(commands)))
    return _ensure(f"base-{key[:24]}", image, files, commands, outputs)


def weave(image: Image | None = None) -> Path:
    """The folder with weave, weave.o, weave.wrap and, where elfutils is, names: not built before somebody needs it."""
    patterns = ("*.c", "*.h", "*.def", "Makefile")
    files = _sources(PACKAGE.parent / "weave", "weave", patterns)
    files |= _sources(PACKAGE.parent / "weave" / "names", "weave/names", patterns)
    outputs = ["weave", "weave.o", "weave.wrap"]
    commands = [["make", f"-j{os.cpu_count() or 1}", "-C", "weave", "OUT=../out"]]
    if image is not None or _LIBDW.is_file():
        commands.append(["make", "-C", "weave/names", "OUT=../../out"])
        outputs.append("names")
    key = digest((_hash_files(files), _place(image), json.dumps(commands)))
    return _ensure(f"weave-{key[:24]}", image, files, commands, outputs)


_PAUSING_PROGRAM = ("perturb-program.o", "perturb-program.wrap")
_PAUSING_JUDGE = ("perturb-judge.o", "perturb-judge.wrap")


def linked_with(names: Iterable[str]) -> list[str]:
    """Objects, and files of options, as words for the compiler."""
    return [name if name.endswith(".o") else f"@{name}" for name in names]


def perturb(image: Image | None = None) -> Path:
    """The folder with what programs and judges are linked with so that they pause at random: for the gate only."""
    files = _sources(PACKAGE.parent / "perturb", "perturb", ("*.c", "*.S", "*.def", "Makefile"))
    if not files:
        raise UsageFault("--perturb is for authors of labs: what it needs, grader/perturb, is in the kit's repository, not in an export of it")
    if platform.machine() != "x86_64":
        raise UsageFault(f"--perturb knows the calls of x86-64 only, and this is {platform.machine()}: leave it out")
    files["libtestkit.a"] = _read(base(image) / "libtestkit.a")
    commands = [["make", "-C", "perturb", "OUT=../out", "TESTKIT=../libtestkit.a"]]
    key = digest((_hash_files(files), _place(image), json.dumps(commands)))
    return _ensure(f"perturb-{key[:24]}", image, files, commands, (*_PAUSING_PROGRAM, *_PAUSING_JUDGE))


def _debug_files() -> Iterator[Path]:
    """Where the debug information of the libraries that every program has lies, as far as it is installed."""
    try:
        argv = [READELF, "--notes", "--wide", *_LIBRARIES]
        said = subprocess.run(argv, capture_output=True, text=True, timeout=30, env={"LC_ALL": "C"}).stdout
    except (OSError, subprocess.TimeoutExpired):
        return
    for build_id in sorted(set(_BUILD_ID.findall(said))):
        path = _DEBUG / build_id[:2] / f"{build_id[2:]}.debug"
        if path.is_file():
            yield path


def symbols() -> Path | None:
    """The folder that stands for /usr/lib/debug where valgrind runs here: the C library's symbols, which memcheck cannot do
    without, and not its lines and types, of which no report speaks: to read them is a third of what a process costs. None
    where there are none."""
    try:
        states = [os.stat(path) for path in (*_LIBRARIES, VALGRIND)]
    except OSError:
        return None
    # of the same libraries these are the same: whoever only looks them up need not ask readelf
    name = f"symbols-{digest((json.dumps([[s.st_size, s.st_mtime_ns] for s in states]),))[:24]}"
    if (found := _find(name)) is not None:
        return found
    sources = list(_debug_files())
    if not sources:
        return None
    outputs = [str(path.relative_to(_DEBUG.parent)) for path in sources]
    commands = [["mkdir", "-p", *(f"out/{Path(output).parent}" for output in outputs)]]
    commands += [[OBJCOPY, "--strip-debug", str(path), f"out/{output}"] for path, output in zip(sources, outputs)]
    return _ensure(name, None, {}, commands, outputs)


def _lab_commands(lab: Lab, perturbed: bool) -> tuple[list[list[str]], list[str]]:
    commands, outputs = [], []
    of_judge, of_peer = (linked_with(names if perturbed else ()) for names in (_PAUSING_JUDGE, _PAUSING_PROGRAM))
    for target in lab.targets:
        if target.driver:
            out = f"driver-{target.name}.o"
            flags = [*lab.flags, "-O1", "-g", "-fno-omit-frame-pointer", "-Itestkit", "-Igiven"]
            commands.append([GCC, *flags, "-c", f"lab/{target.driver}", "-o", f"out/{out}"])
            outputs.append(out)
    for source in _sources_of(lab):
        out = judge_name(source)
        flags = [*_TEST_FLAGS, "-Itestkit", "-Igiven"]
        commands.append(
            [GCC, *flags, f"lab/{source}", *of_judge, "libtestkit.a", "-lcmocka", "-pthread", "-lrt", "-lm", "-o", f"out/{out}"]
        )
        outputs.append(out)
    for source in _peers_of(lab):
        out = peer_name(source)
        commands.append([GCC, *_TEST_FLAGS, "-Igiven", f"lab/{source}", *of_peer, "-o", f"out/{out}", "-pthread", "-lrt"])
        outputs.append(out)
    for source in _scenarios_of(lab):
        out = scenario_name(source)
        flags = [*lab.flags, *for_weave.FLAGS, "-Itestkit", "-Igiven"]
        commands.append([GCC, *flags, "-c", f"lab/{source}", "-o", f"out/{out}"])
        # a helper of the scenario's must not collide with a function that a student calls the same
        commands.append([OBJCOPY, "--keep-global-symbol=main", f"out/{out}"])
        outputs.append(out)
    return commands, outputs


def _testkit_files(common: Path) -> dict[str, File]:
    headers = _sources(PACKAGE.parent / "testkit", "testkit", ("*.h",))
    return headers | {"libtestkit.a": _read(common / "libtestkit.a")}


def prepare(lab: Lab, image: Image | None = None, *, perturbed: bool = False) -> Kit:
    """The kit for a lab, here or in an image; built unless the cache has it. `perturbed`: all that it builds pauses."""
    common = base(image)
    pauses = perturb(image) if perturbed else None
    lab_files = _lab_files(lab)
    commands, outputs = _lab_commands(lab, perturbed)
    key = digest((common.name, pauses.name if pauses else "", _hash_files(lab_files), json.dumps(commands)))
    name = f"{lab.slug}-{key[:24]}"
    linked = {path.name: _read(path) for path in sorted(pauses.iterdir())} if pauses else {}
    folder = _find(name) or _ensure(name, image, lab_files | _testkit_files(common) | linked, commands, outputs)
    decides = digest(_read(path).data for pattern in _DECIDES for path in sorted(PACKAGE.glob(pattern)))
    tools = weave(image) if any("weave" in t.passes for t in lab.tests) else None
    suite = digest((common.name, key, _place(image), _outcome_part(lab), decides, tools.name if tools else ""))
    here = symbols() if image is None and any("memcheck" in t.passes for t in lab.tests) else None
    return Kit(common, folder, suite, image, tools, here, pauses)
