import json
import os
import subprocess
from pathlib import Path

import pytest
from ipclab import doctor
from ipclab.doctor import Check, State
from tree import ipclab


def test_this_machine_can_grade() -> None:
    done = ipclab("doctor", "--json")
    data = json.loads(done.stdout)
    assert done.returncode == 0 and data["can_grade"] is True
    names = [c["name"] for c in data["checks"]]
    assert {"Python", "compiler", "cmocka", "valgrind", "local sandbox", "container engine", "cache"} <= set(names)


def test_each_thing_that_is_missing_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor.kit, "GCC", str(tmp_path / "gcc"))
    monkeypatch.setenv("IPCLAB_ENGINE", str(tmp_path / "docker"))
    checks = doctor.examine()
    assert all(c.advice for c in checks if c.state is not State.OK)
    assert [c.name for c in checks if c.state is State.MISSING] == ["compiler", "local sandbox"]
    assert not doctor.can_grade(checks)


def checks(local: State, docker: State) -> list[Check]:
    return [
        Check("Python", State.OK, ""), Check("compiler", local, ""), Check("local sandbox", local, "", group="local"),
        Check("container engine", docker, "", group="docker"), Check("image", docker, "", group="docker"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "local,docker,can",
    [(State.OK, State.LESS, True), (State.LESS, State.LESS, True), (State.MISSING, State.OK, True), (State.MISSING, State.LESS, False)],
)
def test_one_sandbox_is_enough(local: State, docker: State, can: bool) -> None:
    assert doctor.can_grade(checks(local, docker)) is can


def test_the_launcher_says_what_to_install_where_a_package_is_missing(tmp_path: Path, repo: Path) -> None:
    """Seen by a launcher whose pythons are all too bare: PATH has none, and Debian's is told to be too old."""
    script = (repo / "ipclab").read_text().replace("/usr/bin/python3", str(tmp_path / "python3"))
    script = script.replace("/usr/lib/python3/dist-packages", str(tmp_path))
    launcher = tmp_path / "ipclab"
    launcher.write_text(script)
    launcher.chmod(0o755)
    bare = tmp_path / "bin"
    bare.mkdir()
    for tool in ("readlink", "dirname", "sh"):
        (bare / tool).symlink_to(f"/usr/bin/{tool}")
    done = subprocess.run([launcher, "doctor"], capture_output=True, text=True, timeout=60, env={"PATH": str(bare)})
    assert done.returncode == 3 and "sudo make setup" in done.stderr and len(done.stderr.splitlines()) == 1


def test_the_launcher_does_not_take_modules_from_where_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(77)\n")
    (tmp_path / "click.py").write_text("raise SystemExit(77)\n")
    done = ipclab("--help", cwd=tmp_path)
    assert done.returncode == 0 and "grade" in done.stdout
    assert os.listdir(tmp_path) and not (tmp_path / "__pycache__").exists()
