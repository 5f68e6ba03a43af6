"""`ipclab new`: a lab that is whole from its first minute, for an author to replace piece by piece.

The template (template/) is a small lab that the gate lets through. Of what stands in it, only the words between @ are filled in.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from ipclab import manifest, skeleton
from ipclab.faults import UsageFault
from ipclab.printable import clean

TEMPLATE = Path(__file__).with_name("template")
_SLUG = re.compile(r"[0-9]{2}-[a-z0-9]+(-[a-z0-9]+)*")
TITLE_MAX = 60


def new(root: Path, slug: str, title: str | None) -> list[Path]:
    """Writes labs/SLUG, solutions/SLUG and skeletons/SLUG; all of them or none. Returns what was written, relative to root."""
    if not _SLUG.fullmatch(slug):
        raise UsageFault(f'"{clean(slug, limit=60)}" is no name of a lab: two digits, a dash and small letters, as in 11-semaphores')
    if not TEMPLATE.is_dir():
        raise UsageFault("the template is not here: this kit is what students get, and a lab is begun in the whole one")
    name = title if title is not None else slug[3:].replace("-", " ").capitalize()
    if not 0 < len(name) <= TITLE_MAX or not name.isprintable() or set(name) & set('"\\<>'):
        raise UsageFault(f"a title is one line of at most {TITLE_MAX} characters, without quotes, backslashes and angle brackets")
    places = [root / folder / slug for folder in ("labs", "solutions", "skeletons")]
    for place in places:
        if place.exists():
            raise UsageFault(f"{place.parent.name}/{slug} is there already; choose another name, or remove it")
    taken = {slug_[:2]: slug_ for slug_ in (p.name for p in (root / "labs").glob("[0-9][0-9]-*"))}
    if slug[:2] in taken:
        raise UsageFault(f"{slug[:2]} is the number of {taken[slug[:2]]}; the next free one is {_next_free(set(taken))}")
    words = {"@TITLE@": name, "@ORDER@": str(int(slug[:2])), "@SLUG@": slug}
    with tempfile.TemporaryDirectory(prefix=".new-", dir=root) as made:
        trial = Path(made)
        for part, folder in (("lab", "labs"), ("solution", "solutions")):
            _copy(TEMPLATE / part, trial / folder / slug, words)
        (trial / "skeletons").mkdir()
        skeleton.write(manifest.load_lab(trial, slug))
        for place in places:
            place.parent.mkdir(exist_ok=True)
            (trial / place.parent.name / slug).rename(place)
    return sorted(p.relative_to(root) for place in places for p in place.rglob("*") if p.is_file())


def _next_free(taken: set[str]) -> str:
    return next((f"{n:02}" for n in range(1, 100) if f"{n:02}" not in taken), "none")


def _copy(source: Path, target: Path, words: dict[str, str]) -> None:
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        text = path.read_text("utf-8")
        for word, value in words.items():
            text = text.replace(word, value)
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
