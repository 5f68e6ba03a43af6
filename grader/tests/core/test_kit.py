"""The cache of what is built once, and the suite's hash."""

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ipclab import kit
from ipclab.faults import GraderFault
from ipclab.manifest import load_lab
from ipclab.model import Lab, Limits
from tree import DEADLINE, LAB, TREE, environment


@pytest.fixture(scope="module")
def lab() -> Lab:
    return load_lab(TREE, LAB)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, empty but for the part that all labs share."""
    place = tmp_path / "cache"
    place.mkdir()
    shared = kit.base()
    shutil.copytree(shared, place / shared.name)
    monkeypatch.setattr(kit, "_cache_roots", lambda: iter([place]))
    return place


def test_what_is_there_is_not_built_again(lab: Lab, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = kit.prepare(lab)
    monkeypatch.setattr(kit, "_build", lambda *_: pytest.fail("it was built again"))
    assert kit.prepare(lab) == first
    assert {p.name for p in first.folder.iterdir()} == {"driver-add.o", "judge-hidden-test_add", "judge-public-test_echo"}
    assert first.judge("tests/public/test_echo.c")[:4] == first.driver("add")[:4] == b"\x7fELF"


def test_the_toolchain_is_asked_once_while_it_stays_the_same(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "gcc"
    compiler.write_text("#!/bin/sh\necho 1.0\n")
    compiler.chmod(0o755)
    monkeypatch.setattr(kit, "GCC", str(compiler))
    kit._toolchain.cache_clear()
    first = kit._toolchain()
    assert first.startswith("1.0 valgrind-")
    with monkeypatch.context() as broken:
        broken.setattr(kit, "_ask_toolchain", lambda: pytest.fail("it was asked again"))
        kit._toolchain.cache_clear()
        assert kit._toolchain() == first
    compiler.write_text("#!/bin/sh\necho 1.1 of another size\n")
    kit._toolchain.cache_clear()
    assert kit._toolchain().startswith("1.1 of another size valgrind-")
    kit._toolchain.cache_clear()


def sections(path: Path) -> str:
    return subprocess.run(["readelf", "--sections", "--wide", path], capture_output=True, text=True, check=True, timeout=60).stdout


def test_symbols_are_what_memcheck_needs_of_the_debug_information(cache: Path) -> None:
    folder = kit.symbols()
    assert folder is not None and folder == kit.symbols()
    files = [p for p in folder.rglob("*") if p.is_file()]
    assert len(files) >= 3  # the loader's, the C library's, the mathematical one's
    for path in files:
        original = Path("/usr/lib/debug") / path.relative_to(folder)
        assert ".debug_info" in sections(original) and ".debug_info" not in sections(path)
        assert ".symtab" in sections(path) and ".note.gnu.build-id" in sections(path)


def test_without_debug_information_there_are_no_symbols(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kit, "_DEBUG", tmp_path)
    assert kit.symbols() is None
    monkeypatch.setattr(kit, "READELF", str(tmp_path / "none"))
    assert kit.symbols() is None


def test_builders_at_the_same_time_agree(tmp_path: Path, repo: Path) -> None:
    script = (
        "import sys; from pathlib import Path\nfrom ipclab import kit, manifest\nplace = Path(sys.argv[1])\n"
        "kit._cache_roots = lambda: iter([place])\n"
        f"print(kit.prepare(manifest.load_lab(Path({str(TREE)!r}), {LAB!r})))"
    )
    (tmp_path / "cache").mkdir()
    env = environment(PYTHONPATH=str(repo / "grader"))
    builders = [
        subprocess.Popen([sys.executable, "-c", script, tmp_path / "cache"], stdout=subprocess.PIPE, text=True, env=env) for _ in range(3)
    ]
    said = {b.communicate(timeout=DEADLINE)[0] for b in builders}
    assert len(said) == 1 and all(b.returncode == 0 for b in builders)
    left = sorted(p.name.partition("-")[0] for p in (tmp_path / "cache").iterdir())
    assert left == ["01", "base", "lock", "symbols", "toolchain"]


def test_a_test_that_does_not_compile_is_told_with_the_compiler_s_words(lab: Lab, cache: Path, tmp_path: Path) -> None:
    tree = shutil.copytree(TREE, tmp_path / "tree")
    (tree / "labs" / LAB / "tests" / "public" / "test_echo.c").write_text("TK_TEST(echo_copies) { echo_reaps }\n")
    with pytest.raises(GraderFault, match="test_echo.c"):
        kit.prepare(load_lab(tree, LAB))
    assert not [p for p in cache.iterdir() if p.name.startswith((".new", "01"))]


def suite(lab: Lab) -> str:
    return kit.prepare(lab).suite_sha256


def with_test(lab: Lab, **more: object) -> Lab:
    return replace(lab, tests=(replace(lab.tests[0], **more), *lab.tests[1:]))  # type: ignore[arg-type]


@pytest.mark.parametrize("more", [{"points": 40}, {"title": "Another"}, {"hint": "Another"}, {"bonus": True}])
def test_points_and_words_do_not_change_the_suite(lab: Lab, more: dict[str, object]) -> None:
    assert suite(with_test(lab, **more)) == suite(lab)


@pytest.mark.parametrize(
    "change",
    [
        lambda lab: with_test(lab, fails_on=("zombie",)),
        lambda lab: with_test(lab, limits=Limits(wall_ms=1)),
        lambda lab: with_test(lab, passes=("plain", "memcheck")),
        lambda lab: replace(lab, builds=("O0",)),
        lambda lab: replace(lab, flags=(*lab.flags, "-DX")),
        lambda lab: replace(lab, tests=lab.tests[:-1]),
    ],
)
def test_what_decides_outcomes_changes_the_suite(lab: Lab, change: Callable[[Lab], Lab]) -> None:
    assert suite(change(lab)) != suite(lab)


def test_a_changed_test_driver_or_header_changes_the_suite(lab: Lab, cache: Path, tmp_path: Path) -> None:
    seen = {suite(lab)}
    for name in (f"labs/{LAB}/tests/hidden/test_add.c", f"labs/{LAB}/driver.c", f"solutions/{LAB}/add.h"):
        tree = shutil.copytree(TREE, tmp_path / name.replace("/", "-"))
        with (tree / name).open("a") as file:
            file.write("/* another */\n")
        seen.add(suite(load_lab(tree, LAB)))
    assert len(seen) == 4


def test_the_solution_does_not_change_the_suite(lab: Lab, tmp_path: Path) -> None:
    tree = shutil.copytree(TREE, tmp_path / "tree")
    with (tree / "solutions" / LAB / "add.c").open("a") as file:
        file.write("/* another */\n")
    assert suite(load_lab(tree, LAB)) == suite(lab)


def test_a_lab_without_a_header_says_so(lab: Lab, tmp_path: Path) -> None:
    with pytest.raises(GraderFault, match="add.h"):
        kit.prepare(replace(lab, solution=tmp_path, skeleton=tmp_path))


def test_a_cache_that_others_could_have_laid_there_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit.tempfile, "gettempdir", lambda: str(tmp_path))
    place = tmp_path / f"ipclab-cache-{os.getuid()}"
    monkeypatch.setattr(kit, "_cache_roots", lambda: iter([place]))
    assert kit.cache_root() == place and stat.S_IMODE(place.stat().st_mode) == 0o700
    (place / "base-x").mkdir()
    assert kit._find("base-x") is not None
    place.chmod(0o777)
    assert kit._find("base-x") is None
    with pytest.raises(GraderFault, match="XDG_CACHE_HOME"):
        kit.cache_root()
    place.rename(tmp_path / "mine")
    place.symlink_to(tmp_path / "mine")
    with pytest.raises(GraderFault):
        kit.cache_root()
