#!/usr/bin/python3
"""Makes a class of sample submissions from a lab's own wrong and unusual solutions, for `make grade`, the bench and tests.

    tools/sample_class.py LAB FOLDER

FOLDER is made anew, with one submission for each invented student: folders, .zip and .tar.gz, as they come from an LMS.
Besides the lab's mutants and variants there are one that does not compile, an empty one, one that lacks a file and the
untouched skeleton. The same tree gives the same bytes. Who is what is written to FOLDER.tsv, beside it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CLASS_SIZE = 18
VARIANTS = 4
PATCH_SECONDS = 30
LONG_AGO = (2024, 1, 1, 0, 0, 0)  # archives must not depend on the time
STUCK = re.compile(r"^#?\s*finding:.*\b(deadlock|hang|busy_wait)/", re.MULTILINE)


class Refused(Exception):
    """What went wrong, in one line, and the exit code."""

    def __init__(self, message: str, code: int = 3) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Sample:
    about: str  # what it is, for the .tsv
    files: dict[str, bytes]


def submitted_files(lab: Path, solution: Path) -> tuple[str, ...]:
    """The files that a student submits, in the manifest's order, then the solution's own headers: those that the lab does not give."""
    try:
        manifest = tomllib.loads((lab / "lab.toml").read_text(encoding="utf-8"))
        names = [name for target in manifest["target"] for name in target["files"]]
        given = {name for target in manifest["target"] for name in target.get("headers", ())}
        names += sorted(path.name for path in solution.glob("*.h") if path.name not in given)
    except (OSError, KeyError, TypeError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Refused(f"{lab / 'lab.toml'} cannot be used: {error!r}") from error
    return tuple(dict.fromkeys(names))


def read(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}


def changed(solution: Path, names: tuple[str, ...], change: Path) -> dict[str, bytes]:
    """The solution with a mutant or variant laid on it: a patch, or a folder of files that replace the solution's."""
    if change.is_dir():
        own = tuple(sorted(p.name for p in change.glob("*.h")))
        return read(solution, names) | read(change, (*names, *own))
    with tempfile.TemporaryDirectory() as scratch:
        tree = Path(scratch) / "tree"
        shutil.copytree(solution, tree)
        done = subprocess.run(
            ["patch", "--strip=1", "--silent", "--force", f"--directory={tree}", f"--input={change.resolve()}"],
            capture_output=True,
            text=True,
            timeout=PATCH_SECONDS,
        )
        if done.returncode != 0:
            raise Refused(f"{change} does not fit {solution}: {(done.stdout + done.stderr).strip().splitlines()[0]}")
        return read(tree, names)


def changes(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.suffix == ".patch" or (p.is_dir() and not p.name.startswith(".")))


def gets_stuck(mutant: Path) -> bool:
    header = mutant / "EXPECT" if mutant.is_dir() else mutant
    return header.is_file() and bool(STUCK.search(header.read_text(encoding="utf-8", errors="replace")))


def spread(items: list[Path], count: int) -> list[Path]:
    """`count` of them, evenly over the whole list."""
    if count >= len(items):
        return items
    return [items[i * len(items) // count] for i in range(count)]


def without_last_brace(source: bytes) -> bytes:
    """What an editor leaves that lost the end of the file: it cannot compile."""
    end = source.rfind(b"}")
    return source[:end] if end >= 0 else source + b"\n}\n"


def samples(slug: str) -> list[Sample]:
    lab, solution, skeleton = ROOT / "labs" / slug, ROOT / "solutions" / slug, ROOT / "skeletons" / slug
    if not re.fullmatch(r"[0-9a-z-]+", slug) or not (lab / "lab.toml").is_file():
        raise Refused(f"there is no lab {slug!r}; there are: {', '.join(known_labs()) or 'none'}", 2)
    names = submitted_files(lab, solution)
    right = read(solution, names)
    if not right:
        raise Refused(f"{solution} holds none of {', '.join(names)}")
    first = next(iter(right))
    made = [
        Sample("reference solution", right),
        Sample("skeleton, untouched", read(skeleton, names)),
        Sample("does not compile", right | {first: without_last_brace(right[first])}),
        Sample("empty", {}),
    ]
    if len(right) > 1:
        made.append(Sample(f"lacks {first}", {name: text for name, text in right.items() if name != first}))
    for variant in spread(changes(lab / "variants"), VARIANTS):
        made.append(Sample(f"variant {variant.stem}", changed(solution, names, variant)))
    mutants = changes(lab / "mutants")
    stuck = [mutant for mutant in mutants if gets_stuck(mutant)][:2]
    others = [mutant for mutant in mutants if mutant not in stuck]
    for mutant in stuck + spread(others, max(0, CLASS_SIZE - len(made) - len(stuck))):
        made.append(Sample(f"mutant {mutant.stem}", changed(solution, names, mutant)))
    # students are not sorted by what they got wrong
    return sorted(made, key=lambda sample: hashlib.sha256(sample.about.encode()).digest())


def known_labs() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "labs").glob("*/lab.toml"))


def hand_in(sample: Sample, place: Path, number: int) -> None:
    """Write one submission; most are folders, each fifth is a zip, each fifth a tar."""
    if number % 5 == 3 and sample.files:
        with zipfile.ZipFile(place.with_name(place.name + ".zip"), "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in sample.files.items():
                archive.writestr(zipfile.ZipInfo(f"{place.name}/{name}", LONG_AGO), text)
    elif number % 5 == 0 and sample.files:
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            for name, text in sample.files.items():
                member = tarfile.TarInfo(name)
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text))
        # tarfile's own gzip would write the time of day into the header
        place.with_name(place.name + ".tar.gz").write_bytes(gzip.compress(out.getvalue(), mtime=0))
    else:
        place.mkdir()
        for name, text in sample.files.items():
            (place / name).write_bytes(text)


def make_class(slug: str, folder: Path) -> int:
    """Make the class anew in `folder`; the number of submissions."""
    made = samples(slug)
    key = folder.with_name(folder.name + ".tsv")
    if folder.exists() and not key.exists():
        raise Refused(f"{folder} is there and was not made by this program: give another folder", 2)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    lines = []
    for number, sample in enumerate(made, start=1):
        student = f"student-{number:02}"
        hand_in(sample, folder / student, number)
        lines.append(f"{student}\t{sample.about}\n")
    key.write_text("".join(lines), encoding="utf-8")
    return len(made)


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0].startswith("-"):
        print("usage: tools/sample_class.py LAB FOLDER", file=sys.stderr)
        return 2
    try:
        count = make_class(arguments[0], Path(arguments[1]))
    except Refused as refused:
        print(f"sample_class: {refused}", file=sys.stderr)
        return refused.code
    except (OSError, subprocess.SubprocessError) as error:
        print(f"sample_class: {error}", file=sys.stderr)
        return 3
    print(f"{count} submissions in {arguments[1]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
