"""`ipclab new`: what it writes passes the gate, and what cannot be written is refused with nothing left behind."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ipclab import newlab
from ipclab.faults import UsageFault
from tree import REPO, ipclab

GUIDE = (REPO / "grader" / "testkit" / "README.md").read_text().partition("## A new lab, step by step\n")[2].partition("\n## ")[0]


def new(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return ipclab("new", *args, IPCLAB_LABS=str(root))


def everything(root: Path) -> list[str]:
    return sorted(str(p.relative_to(root)) for p in root.rglob("*"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "labs" / "03-other").mkdir(parents=True)
    return tmp_path


def test_the_guide_s_first_step_gives_a_lab_that_passes_the_gate(root: Path) -> None:
    (root / "labs" / "03-other").rmdir()
    first = re.search(r'`\./ipclab (new (\S+) --title "([^"]+)")`.*?`\./ipclab (validate \S+)`', GUIDE, re.DOTALL)
    assert first, "the guide's first step names both commands"
    slug, title = first[2], first[3]
    done = new(root, slug, "--title", title)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert told == [name for name in everything(root) if (root / name).is_file()] and f"labs/{slug}/lab.toml" in told
    assert f'title = "{title}"' in (root / "labs" / slug / "lab.toml").read_text()
    assert not re.search("@[A-Z]+@", "".join((root / name).read_text() for name in told))
    gate = ipclab(*first[4].split(), "--sandbox", "local", IPCLAB_LABS=str(root))
    assert gate.returncode == 0 and "the gate is open" in gate.stdout, gate.stdout


def test_each_command_of_the_guide_is_one(root: Path) -> None:
    commands = set(re.findall(r"`\./ipclab (\w+)((?: --[\w-]+)*)", GUIDE)) | {("validate", " --only"), ("validate", " --repeat"), ("validate", " --load")}
    assert {name for name, _ in commands} >= {"new", "validate", "grade"}
    for name, options in commands:
        said = ipclab(name, "--help").stdout
        assert all(option in said for option in options.split()), (name, options)
    counts = re.search(r"(\d+) tests, (\d+) mutants, (\d+) variants", GUIDE)
    template = REPO / "grader" / "ipclab" / "template" / "lab"
    assert counts and tuple(map(int, counts.groups())) == (
        (template / "lab.toml").read_text().count("[[test]]"),
        len(list((template / "mutants").glob("*.patch"))),
        len(list((template / "variants").iterdir())),
    )


def test_a_skeleton_is_there_and_gives_nothing_away(root: Path) -> None:
    assert new(root, "04-mine").returncode == 0
    text = (root / "skeletons" / "04-mine" / "relay.c").read_text()
    assert "TODO 1" in text and "waitpid(" not in text and "//" not in text


def test_a_title_is_made_of_the_name(root: Path) -> None:
    assert new(root, "04-shared-locks").returncode == 0
    text = (root / "labs" / "04-shared-locks" / "lab.toml").read_text()
    assert 'title = "Shared locks"' in text and "\norder = 4\n" in text


@pytest.mark.parametrize(("args", "says"), [
    (("semaphores",), 'ipclab: "semaphores" is no name of a lab: two digits, a dash and small letters, as in 11-semaphores'),
    (("11-../../etc",), "is no name of a lab"),
    (("11-Big",), "is no name of a lab"),
    (("03-more",), "ipclab: 03 is the number of 03-other; the next free one is 01"),
    (("03-other",), "ipclab: labs/03-other is there already; choose another name, or remove it"),
    (("04-mine", "--title", 'a "b"'), "a title is one line"),
    (("04-mine", "--title", ""), "a title is one line"),
    (("04-mine", "--title", "a\nb"), "a title is one line"),
])
def test_what_cannot_be_is_refused_in_one_line(root: Path, args: tuple[str, ...], says: str) -> None:
    before = everything(root)
    done = new(root, *args)
    assert done.returncode == 2 and done.stdout == ""
    assert says in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert everything(root) == before


def test_a_kit_without_the_template_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newlab, "TEMPLATE", root / "nowhere")
    with pytest.raises(UsageFault, match="this kit is what students get"):
        newlab.new(root, "04-mine", None)


def test_what_is_there_is_not_overwritten(root: Path) -> None:
    own = root / "solutions" / "04-mine" / "relay.c"
    own.parent.mkdir(parents=True)
    own.write_text("mine\n")
    before = everything(root)
    done = new(root, "04-mine")
    assert done.returncode == 2 and "solutions/04-mine is there already" in done.stderr
    assert everything(root) == before and own.read_text() == "mine\n"
