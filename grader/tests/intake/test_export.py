"""Students get what they need and nothing that is hidden: tried on the tiny lab, and on everything that is really there."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipclab import export, manifest, skeleton
from ipclab.faults import UsageFault
from ipclab.model import Lab, Limits, Peer, Target, TargetKind, Test, Visibility, Weave

Test.__test__ = False  # type: ignore[attr-defined]  # it is a lab's test, not pytest's


@pytest.fixture
def tiny_export(tiny_root: Path, tmp_path: Path) -> Path:
    (tiny_root / "labs/01-tiny/mutants").mkdir()
    (tiny_root / "labs/01-tiny/mutants/wrong.patch").write_text("# about: the secret of a mutant\n")
    (tiny_root / "labs/01-tiny/tests/hidden/extra.h").write_text("/* the secret header */\n")
    (tiny_root / "labs/01-tiny/tests/public/shared.h").write_text("/* public */\n")
    (tiny_root / "labs/01-tiny/notes.txt").write_text("the secret notes\n")
    (tiny_root / "solutions/01-tiny/old.md").symlink_to("/etc/passwd")
    export.export(tiny_root, tmp_path / "out")
    return tmp_path / "out"


def texts(root: Path) -> dict[str, str]:
    files = [p for p in root.rglob("*") if p.is_file()]
    return {p.relative_to(root).as_posix(): p.read_text("utf-8", errors="replace") for p in files}


def test_nothing_hidden_is_in_an_export(tiny_export: Path) -> None:
    for name, text in texts(tiny_export).items():
        if name.startswith(("labs/", "skeletons/")):
            assert "secret" not in text, name
        for hidden in ("large_numbers", "closed_reader", "is_quick", "4611686018427387903"):
            assert hidden not in text, name
        assert not re.search(r"hidden/|mutants|variants|solutions/", name)


def test_an_export_has_what_students_need(tiny_export: Path) -> None:
    names = texts(tiny_export).keys()
    assert {n for n in names if n.startswith(("labs/", "skeletons/"))} == {
        "labs/01-tiny/README.md", "labs/01-tiny/driver.c", "labs/01-tiny/lab.toml", "labs/01-tiny/tests/public/shared.h",
        "labs/01-tiny/tests/public/test_echo.c", "labs/01-tiny/tests/public/test_twice.c",
        "skeletons/01-tiny/Makefile", "skeletons/01-tiny/echo.c", "skeletons/01-tiny/twice.c", "skeletons/01-tiny/twice.h",
    }  # fmt: skip
    assert {"README.md", "Makefile", ".gitignore", ".github/workflows/grade.yml"} <= names
    assert "[Twice and echo](labs/01-tiny/README.md)" in (tiny_export / "README.md").read_text()
    assert "LAB ?= 01-tiny" in (tiny_export / "Makefile").read_text()
    for path in tiny_export.rglob("*"):
        assert not path.is_symlink()
        assert stat.S_IMODE(path.stat().st_mode) in ((0o755,) if path.is_dir() else (0o644, 0o755))


def test_the_exported_manifest_says_how_much_is_hidden_and_can_be_read(tiny_export: Path) -> None:
    lab = manifest.load_lab(tiny_export, "01-tiny")
    assert [t.name for t in lab.tests] == ["twice_doubles", "echo_copies"]
    assert (lab.hidden_tests, lab.hidden_points, lab.max_score) == (3, 7 + 4, 5)


def test_an_export_has_the_peers_of_public_tests_only(tiny_root: Path, tmp_path: Path) -> None:
    manifest_file = tiny_root / "labs/01-tiny/lab.toml"
    for kind in ("public", "hidden"):
        (tiny_root / f"labs/01-tiny/tests/{kind}/asker.c").write_text("int main(void)\n{\n    return 0;\n}\n")
        with manifest_file.open("a") as file:
            file.write(f'\n[[peer]]\nname = "{kind}_asker"\nsource = "tests/{kind}/asker.c"\n')
    names = export.export(tiny_root, tmp_path / "out")
    assert "labs/01-tiny/tests/public/asker.c" in names and "labs/01-tiny/tests/hidden/asker.c" not in names
    assert manifest.load_lab(tmp_path / "out", "01-tiny").peers == (Peer("public_asker", "tests/public/asker.c"),)


def test_an_export_is_made_for_an_empty_place_only(tiny_root: Path, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / ".hidden").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to("full")
    for place, what in ((full, "is not empty"), (tmp_path / "file", "is no folder"), (tmp_path / "link", "is not empty")):
        with pytest.raises(UsageFault, match=what):
            export.export(tiny_root, place)
    assert [p.name for p in full.iterdir()] == [".hidden"]
    empty = tmp_path / "empty"
    empty.mkdir()
    inode = empty.stat().st_ino
    export.export(tiny_root, empty)
    assert empty.stat().st_ino == inode, "somebody may stand in it"
    assert (empty / "labs").is_dir()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_an_export_that_fails_leaves_nothing(tiny_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UsageFault, match="No space left on device"):
        export.export(tiny_root, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["root"]


def test_a_wrong_lab_stops_the_export(tiny_root: Path, tmp_path: Path) -> None:
    source = tiny_root / "solutions/01-tiny/echo.c"
    source.write_text(source.read_text().replace("//: end", "", 1))
    with pytest.raises(skeleton.MarkerFault):
        export.export(tiny_root, tmp_path / "out")
    with pytest.raises(UsageFault, match="nothing to export"):
        export.export(tmp_path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_export_cannot_be_exported_again(tiny_export: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="cannot be exported again"):
        export.export(tiny_export, tmp_path / "again")


# ---- lab.toml ----------------------------------------------------------------------------------------

LINE = st.text(st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Cn")), min_size=1, max_size=30).filter(str.strip)
NAME = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
LIMITS = st.builds(Limits, wall_ms=st.integers(10, 60_000), memory=st.integers(1 << 20, 1 << 30), output=st.integers(1, 1 << 30))
INPUT = st.text(st.characters(blacklist_categories=("Cc", "Cs")) | st.sampled_from("\t\n\\\"'"), max_size=30)
START = st.lists(INPUT.map(lambda t: t.replace("\n", "").replace("\t", "")), max_size=3).map(lambda arguments: ("p", *arguments))
WEAVE = {
    "p": st.builds(Weave, seeds=st.integers(1, 10_000), depth=st.integers(1, 8), stdin=INPUT, starts=st.lists(START, max_size=3).map(tuple)),
    "t": st.builds(Weave, seeds=st.just(7), scenario=st.just("tests/public/s.c")),
}


def woven(drawn: tuple[Test, Weave | None]) -> Test:
    """The test, with the pass weave if there is something for it."""
    test, weave = drawn
    passes = (*test.passes, "weave") if weave else test.passes
    return test.__class__(**{**vars(test), "passes": passes, "weave": weave})


@given(
    title=LINE,
    flags=st.lists(st.from_regex(r"-[!-~]{1,10}", fullmatch=True), unique=True),
    tests=st.lists(
        st.builds(
            Test,
            name=NAME,
            title=LINE.map(lambda t: " ".join(t.split())).filter(bool),
            target=st.sampled_from("tp"),
            source=st.just("tests/public/t.c"),
            points=st.integers(0, 100),
            visibility=st.just(Visibility.PUBLIC),
            hint=st.none() | LINE.map(lambda t: " ".join(t.split())).filter(bool),
            passes=st.sampled_from([("plain",), ("memcheck",), ("plain", "memcheck")]),
            fails_on=st.lists(st.sampled_from(manifest.FINDING_KINDS), unique=True).map(tuple),
            limits=LIMITS,
            bonus=st.booleans(),
        ).flatmap(lambda test: st.tuples(st.just(test), st.none() | WEAVE[test.target]).map(woven)),
        min_size=1,
        max_size=4,
        unique_by=lambda t: t.name,
    ),
)
def test_what_is_written_is_read_as_the_same_lab(tmp_path_factory, title: str, flags: list[str], tests: list[Test]) -> None:
    root = tmp_path_factory.mktemp("lab")
    lab = Lab(
        slug="07-any", title=title, order=7, folder=root / "labs/07-any", solution=root / "solutions/07-any",
        skeleton=root / "skeletons/07-any", flags=tuple(flags), builds=("O0",),
        targets=(Target("t", TargetKind.FUNCTIONS, ("t.c",), "d.c", (), ("f",)), Target("p", TargetKind.PROGRAM, ("p.c",))),
        tests=(tests[0], *(t.__class__(**{**vars(t), "depends": (tests[0].name,)}) for t in tests[1:])),
        hidden_tests=3, hidden_points=9,
    )  # fmt: skip
    (lab.folder / "tests/public").mkdir(parents=True)
    lab.skeleton.mkdir(parents=True)
    (lab.skeleton / "t.c").write_text("")
    (lab.skeleton / "p.c").write_text("")
    (lab.folder / "tests/public/s.c").write_text("int main(void) { return 0; }")
    (lab.folder / "d.c").write_text("")
    (lab.folder / "tests/public/t.c").write_text(" ".join(t.name for t in tests))
    (lab.folder / "lab.toml").write_text(export.lab_toml(lab), "utf-8")
    assert manifest.load_lab(root, "07-any") == lab
    shutil.rmtree(root)


# ---- what is really there ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("real") / "out"
    export.export(repo, place)
    return place


def hidden_lines(repo: Path) -> dict[str, str]:
    """Every line of hidden tests, solutions' own parts, mutants and variants that says something, and where it is from."""
    lines: dict[str, str] = {}
    for path in [*repo.glob("labs/*/tests/hidden/**/*"), *repo.glob("labs/*/mutants/**/*"), *repo.glob("labs/*/variants/**/*")]:
        if path.is_file():
            for line in path.read_text("utf-8", errors="replace").splitlines():
                lines.setdefault(line.lstrip("+- ").strip(), str(path))
    for path in repo.glob("solutions/*/*.c"):
        inside = False
        for line in path.read_text().splitlines():
            if line.strip().startswith("//:"):
                inside = line.strip() == "//: solution"
            elif inside:
                lines.setdefault(line.strip(), str(path))
    return lines


def test_no_line_of_a_hidden_test_or_solution_is_in_the_export_of_the_real_labs(repo: Path, real: Path) -> None:
    public = {line.strip() for path in repo.glob("labs/*/tests/public/*") for line in path.read_text().splitlines()}
    public |= {line.strip() for path in repo.glob("labs/*/driver.c") for line in path.read_text().splitlines()}
    for lab in manifest.all_labs(repo):
        public |= {line.strip() for data in skeleton.generate(lab).values() for line in data.decode().splitlines()}
    secrets = {line: where for line, where in hidden_lines(repo).items() if len(line) >= 24 and line not in public}
    assert len(secrets) > 100, "there is something to look for"
    exported = {n: t for n, t in texts(real).items() if n.startswith(("labs/", "skeletons/"))}
    code = {n: {line.strip() for line in t.splitlines()} for n, t in exported.items()}
    leaked = [(name, line, secrets[line]) for name, lines in code.items() for line in lines if line in secrets]
    assert leaked == []


def test_no_hidden_test_is_named_by_the_manifests_of_the_real_labs(repo: Path, real: Path) -> None:
    for lab in manifest.all_labs(repo):
        exported = manifest.load_lab(real, lab.slug)
        hidden = [t for t in lab.tests if t.visibility is not Visibility.PUBLIC]
        text = (real / "labs" / lab.slug / "lab.toml").read_text()
        assert hidden and exported.hidden_tests == len(hidden)
        for test in hidden:
            assert not re.search(rf"\b{test.name}\b", text)
            assert test.title not in text
        assert exported.max_score + exported.hidden_points == lab.max_score
        for name in ("tests/hidden", "mutants", "variants"):
            assert not (real / "labs" / lab.slug / name).exists()
        assert not (real / "solutions").exists()


def test_the_export_holds_the_grader_whole(repo: Path, real: Path) -> None:
    """Sources of the grader that git knows are there, save its own tests and measurements, and what only authors of labs need."""
    listed = subprocess.run(["git", "ls-files", "grader"], cwd=repo, capture_output=True, text=True, timeout=30, check=True)
    wanted = {n for n in listed.stdout.split() if not n.startswith(("grader/tests/", "grader/bench/", "grader/fuzz/", "grader/perturb/", "grader/ipclab/template/")) and (repo / n).exists()}
    missing = sorted(n for n in wanted if not (real / n).exists())
    assert missing == []


@pytest.mark.parametrize("user", ["root", "nobody"])
def test_make_check_works_inside_the_export(student_export: Path, repo: Path, open_place: Path, user: str) -> None:
    if user == "nobody" and os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    work = open_place / "work"
    shutil.copytree(student_export, work)
    environment = {"PATH": os.environ["PATH"], "HOME": str(open_place), "LANG": "C.UTF-8"}
    as_user: dict[str, int] = {}
    if user == "nobody":
        subprocess.run(["chown", "-R", "65534:65534", str(open_place)], check=True, timeout=60)
        as_user = {"user": 65534, "group": 65534}
    for lab in manifest.all_labs(repo):
        make = ["make", "-C", f"skeletons/{lab.slug}", "check"]
        done = subprocess.run(make, cwd=work, env=environment, capture_output=True, text=True, timeout=120, **as_user)  # type: ignore[call-overload]
        said = done.stdout + done.stderr
        assert done.returncode in (1, 2), said
        assert "Traceback" not in said
        told = " ".join(said.split())  # a title may be longer than a line, and the first test pass with the skeleton already
        assert any(t.title in told for t in lab.tests[:2]), said
        hidden = [t for t in lab.tests if t.visibility is not Visibility.PUBLIC]
        assert re.search(rf"\b{len(hidden)}\b.*hidden", said), said
        # with the solution in the skeleton's place all public tests pass
        for target in lab.targets:
            for name in target.files:
                (work / "skeletons" / lab.slug / name).write_bytes((lab.solution / name).read_bytes())
        for header in lab.solution.glob("*.h"):  # its own ones
            (work / "skeletons" / lab.slug / header.name).write_bytes(header.read_bytes())
        done = subprocess.run(make, cwd=work, env=environment, capture_output=True, text=True, timeout=120, **as_user)  # type: ignore[call-overload]
        assert done.returncode == 0, done.stdout + done.stderr
