"""What students get: handouts, skeletons, public tests and the grader's source; nothing that is hidden, and no solution.

The export is a repository of its own, laid out like this one. It is made from a list of what goes in, never by leaving
out: what nobody thought of stays here. lab.toml is written anew, so that not even a comment about a hidden test gets out.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ipclab import manifest, skeleton, workflow
from ipclab.faults import UsageFault
from ipclab.model import Lab, Limits, Peer, Target, Test, Visibility, Weave
from ipclab.printable import clean

# Whole folders of the grader, and single files; from these only what is a source or a text.
_FOLDERS = ("grader/warden", "grader/testkit", "grader/weave", "grader/ipclab", "docker")
_FILES = ("LICENSE", "ipclab", ".clang-format", "tools/setup.sh", "grader/README.md", "grader/PROTOCOL.md", "grader/Makefile")
_SUFFIXES = (
    ".c", ".h", ".S", ".def", ".py", ".pyi", ".toml", ".json", ".md", ".txt", ".sh", ".mk", ".html", ".css", ".js", ".svg", ".supp",
    ".map", ".yml",
)  # fmt: skip
_NAMES = ("Makefile", "Dockerfile", "gitignore", ".dockerignore")
_PICTURES = (".svg", ".png")
_SKIPPED = ("__pycache__", "tests", "bench", "template")  # a template is of a lab, with its solution: for authors
_STUDENT = Path(__file__).with_name("student")


@dataclasses.dataclass(frozen=True)
class _File:
    data: bytes
    executable: bool = False


def export(root: Path, destination: Path) -> list[str]:
    """Writes all labs to `destination`, which is empty or not there. Returns the names written. All of it or nothing."""
    _refuse_non_empty(destination)
    labs = manifest.all_labs(root)
    if not labs:
        raise UsageFault(f"there is no lab in {clean(str(root / 'labs'))}: nothing to export")
    for lab in labs:
        if not lab.solution.is_dir():
            raise UsageFault(f"there is no solutions/{lab.slug}: an export cannot be exported again")
    files = _contents(root, labs)
    _write(files, destination)
    return sorted(files)


def public_lab(lab: Lab) -> Lab:
    """A lab without what is hidden; of that only the count and the points stay."""
    kept = tuple(t for t in lab.tests if t.visibility is Visibility.PUBLIC)
    left_out = [t for t in lab.tests if t.visibility is not Visibility.PUBLIC]
    points = sum(t.points for t in left_out if not t.bonus)
    peers = tuple(p for p in lab.peers if p.source.startswith("tests/public/"))
    return dataclasses.replace(lab, tests=kept, peers=peers, hidden_tests=len(left_out), hidden_points=points)


# ---- what goes in ----------------------------------------------------------------------------------


def _contents(root: Path, labs: list[Lab]) -> dict[str, _File]:
    files: dict[str, _File] = {}
    for name in _FILES:
        if (file := _read(root / name)) is not None:
            files[name] = file
    for folder in _FOLDERS:
        for path in _walk(root / folder):
            if path.suffix in _SUFFIXES or path.name in _NAMES:
                files[path.relative_to(root).as_posix()] = _must(path)
    public = [public_lab(lab) for lab in labs]
    for lab in public:
        files |= _lab(lab)
    files["README.md"] = _template("README.md", "@labs@", "\n".join(map(_row, public)))
    files["Makefile"] = _template("Makefile", "@first@", public[0].slug)
    files[".gitignore"] = _template("gitignore")
    files[".github/workflows/grade.yml"] = _File(workflow.for_students(public).encode())
    return files


def _lab(lab: Lab) -> dict[str, _File]:
    here = f"labs/{lab.slug}"
    files = {f"{here}/lab.toml": _File(lab_toml(lab).encode())}
    given = ["README.md", *{t.driver for t in lab.targets if t.driver}]
    given += [p.name for p in lab.folder.iterdir() if p.suffix in _PICTURES]
    for name in given:
        if (file := _read(lab.folder / name)) is not None:
            files[f"{here}/{name}"] = file
    for path in _walk(lab.folder / "tests" / "public"):
        if path.suffix in (".c", ".h", ".md"):
            files[f"{here}/{path.relative_to(lab.folder).as_posix()}"] = _must(path)
    for name, data in skeleton.generate(lab).items():
        files[f"skeletons/{lab.slug}/{name}"] = _File(data)
    return files


def _row(lab: Lab) -> str:
    names = ", ".join(f"`{name}`" for target in lab.targets for name in target.files)
    return f"| {lab.slug} | [{lab.title}](labs/{lab.slug}/README.md) | {names} in `skeletons/{lab.slug}` |"


def _template(name: str, mark: str = "", text: str = "") -> _File:
    content = (_STUDENT / name).read_text("utf-8")
    return _File((content.replace(mark, text) if mark else content).encode())


def _walk(folder: Path) -> Iterator[Path]:
    """Regular files below a folder, in order of name; no hidden folder, no link."""
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    for path in entries:
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode) and path.name not in _SKIPPED and not path.name.startswith("."):
            yield from _walk(path)
        elif stat.S_ISREG(mode):
            yield path


def _read(path: Path) -> _File | None:
    try:
        mode = path.lstat().st_mode
        return _File(path.read_bytes(), bool(mode & stat.S_IXUSR)) if stat.S_ISREG(mode) else None
    except FileNotFoundError:
        return None


def _must(path: Path) -> _File:
    file = _read(path)
    if file is None:
        raise UsageFault(f"{clean(str(path))} went away while it was exported: try again")
    return file


# ---- lab.toml --------------------------------------------------------------------------------------


def lab_toml(lab: Lab) -> str:
    """The text of a lab.toml from which manifest.py reads this very lab."""
    out = [f"# {lab.slug}, as students have it. The hidden tests are counted, not listed.", "", "[lab]"]
    out += _lines(title=lab.title, order=lab.order, flags=lab.flags, builds=lab.builds)
    out += _lines(hidden_tests=lab.hidden_tests, hidden_points=lab.hidden_points)
    for target in lab.targets:
        out += ["", "[[target]]", *_fields(target, Target)]
    for peer in lab.peers:
        out += ["", "[[peer]]", *_fields(peer, Peer)]
    for test in lab.tests:
        out += ["", "[[test]]", *_fields(test, Test)]
        if test.limits != Limits():
            out += ["[test.limits]", *_fields(test.limits, Limits)]
        if test.weave is not None:
            out += ["[test.weave]", *_fields(test.weave, Weave)]
    return "\n".join(out) + "\n"


def _fields(thing: Target | Peer | Test | Limits | Weave, kind: type) -> list[str]:
    """Its fields as lines, without those that have their default. Limits and weave of a test are tables of their own."""
    values = {}
    for field in dataclasses.fields(kind):
        value = getattr(thing, field.name)
        if value not in (field.default, None) and not isinstance(value, (Limits, Weave)):
            values[field.name] = value
    return _lines(**values)


def _lines(**values: object) -> list[str]:
    return [f"{name} = {_value(value)}" for name, value in values.items()]


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, int):
        return str(value)
    # what JSON escapes, TOML escapes alike; texts of a lab hold no control characters
    return json.dumps(getattr(value, "value", value), ensure_ascii=False)


# ---- writing ---------------------------------------------------------------------------------------


def _refuse_non_empty(destination: Path) -> None:
    try:
        with os.scandir(destination) as entries:
            if next(entries, None) is not None:
                raise UsageFault(f"{clean(str(destination))} is not empty: name a folder that is empty or not there yet")
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise UsageFault(f"{clean(str(destination))} is no folder") from error
    except OSError as error:
        raise UsageFault(f"cannot look into {clean(str(destination))}: {error.strerror}") from error


def _write(files: dict[str, _File], destination: Path) -> None:
    """Into a folder beside the destination, which then takes its name: an export is never half there."""
    target = Path(os.path.abspath(destination))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    except OSError as error:
        raise UsageFault(f"cannot write to {clean(str(target.parent))}: {error.strerror}") from error
    try:
        for name, file in files.items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
            path.chmod(0o755 if file.executable else 0o644)
        beside.chmod(0o755)
        _put(beside, target)
    except OSError as error:
        raise UsageFault(f"cannot write {clean(str(destination))}: {error.strerror}") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _put(made: Path, target: Path) -> None:
    """Gives what was made the target's name. An empty folder that is there may be somebody's current one: it is filled."""
    if not target.is_dir():
        os.rename(made, target)
        return
    moved = []
    try:
        for path in sorted(made.iterdir()):
            moved.append(path.rename(target / path.name))
    except OSError:
        for path in moved:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        raise
