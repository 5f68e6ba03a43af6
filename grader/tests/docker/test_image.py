"""The scripts of docker/: the image's name, what is in it, the way without a registry, and the one line when something fails.

Where an outcome depends on the engine or the network, a stand-in for the client or for debootstrap makes it happen; what can
be real (inspect, import, remove) is the real engine's.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

SECONDS = 300


def run(script: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(script), *args], env={**os.environ, **environment}, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL
    )


def executable(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def copy(repo: Path, tmp_path: Path) -> Path:
    """A copy of docker/ that may be changed."""
    return Path(shutil.copytree(repo / "docker", tmp_path / "docker"))


# ---- the name --------------------------------------------------------------------------------------------


def tag(folder: Path) -> str:
    done = run(folder / "image.sh", "tag")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"ipclab:[0-9a-f]{12}\n", done.stdout)
    return done.stdout


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_name_changes_with_what_the_image_is_made_from(copy: Path) -> None:
    names = {tag(copy)}
    edit(copy / "Dockerfile", "mkdir -p /work", "mkdir -p /work /elsewhere")
    names.add(tag(copy))
    edit(copy / "packages.txt", "\nvalgrind  ", "\nvalgrind-mpi  ")
    names.add(tag(copy))
    edit(copy / "base-image.sh", "bookworm", "trixie")
    names.add(tag(copy))
    assert len(names) == 4


def test_the_name_stays_when_only_words_or_host_packages_change(copy: Path) -> None:
    before = tag(copy)
    edit(copy / "packages.txt", "the memcheck pass", "for memcheck")
    edit(copy / "packages.txt", "procps  ", "procps-ng  ")
    (copy / "README.md").write_text("other words\n", encoding="utf-8")
    assert tag(copy) == before


# ---- the image -------------------------------------------------------------------------------------------


def docker_run(image: str, script: str) -> str:
    argv = ["docker", "run", "--rm", "--network=none", image, "/bin/sh", "-c", script]
    return subprocess.run(argv, capture_output=True, text=True, timeout=SECONDS, check=True).stdout


def test_the_second_make_needs_nothing_but_the_engine(docker_image: str, repo: Path, tmp_path: Path) -> None:
    only_inspects = executable(
        tmp_path / "docker",
        '#!/bin/sh\ncase "$1" in image | version) exec docker "$@" ;; *) echo "$@" >>"${0%/*}/asked"; exit 1 ;; esac\n',
    )
    done = run(repo / "docker" / "image.sh", "make", IPCLAB_ENGINE=str(only_inspects))
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"{docker_image} is there\n"
    assert not (tmp_path / "asked").exists()


def test_the_image_holds_the_tools_and_nothing_of_the_host(docker_image: str) -> None:
    out = docker_run(docker_image, "gcc --version | head -n 1; valgrind --version; ls /usr/include/cmocka.h /usr/include/seccomp.h /usr/include/elfutils/libdw.h")
    assert "gcc" in out and "valgrind-3" in out and out.count("/usr/include/") == 3
    left = docker_run(docker_image, "find / -xdev -type f -perm /6000; ls -A /tmp /var/lib/apt/lists /var/cache/apt/archives | grep -v -e : -e partial -e lock; ls -A /work")
    assert left.split() == []


def test_a_failed_build_says_so_and_leaves_no_image(docker_image: str, copy: Path) -> None:
    edit(copy / "Dockerfile", "RUN set -eu;", "RUN set -eu; false;")  # fails at once, with and without a network
    name = tag(copy).strip()
    done = run(copy / "image.sh", "make")
    assert done.returncode == 3
    assert done.stderr.splitlines()[-1].startswith("image.sh: the image could not be built")
    assert subprocess.run(["docker", "image", "inspect", name], capture_output=True, timeout=60).returncode != 0


def test_it_says_what_to_do_without_client_or_engine(repo: Path, tmp_path: Path) -> None:
    script = repo / "docker" / "image.sh"
    none = run(script, "make", IPCLAB_ENGINE=str(tmp_path / "no-client"))
    assert none.returncode == 3
    assert re.fullmatch(r"there is no \S+ here: install it \(docker.io\), or grade with --sandbox local\n", none.stderr)
    dead = executable(tmp_path / "docker", "#!/bin/sh\necho cannot connect >&2\nexit 1\n")
    for command, code in (("make", 3), ("remove", 3), ("status", 1), ("engine", 1)):
        done = run(script, command, IPCLAB_ENGINE=str(dead))
        assert done.returncode == code, command
        assert re.fullmatch(r"no \S+ engine answers: start it .*, or grade with --sandbox local\n", done.stderr)


def test_wrong_usage_is_2(repo: Path) -> None:
    for args in ((), ("paint",), ("make", "twice")):
        done = run(repo / "docker" / "image.sh", *args)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("usage: ")


# ---- the base image --------------------------------------------------------------------------------------

# The client: inspect knows no base until ours was imported, pull fails as it does without a registry; the rest is the engine's,
# under a name of its own, so that the base in use is left alone.
CLIENT = """#!/bin/sh
here=${0%/*}
case "$1 $2" in
"image inspect") [ "$3" = ipclab-base:bookworm ] && exec docker image inspect NAME; exit 1 ;;
"pull "*) echo 'lookup registry: no such host' >&2; exit 1 ;;
"import "*)
    last=; for word; do last=$word; done
    [ "$last" = ipclab-base:bookworm ] || exit 1
    exec docker import --change 'LABEL ipclab.test=1' - NAME ;;
*) exit 1 ;;
esac
"""
# A debootstrap that is done at once: it notes how it was called, and lays down a tree.
DEBOOTSTRAP = """#!/bin/sh
here=${0%/*}
echo "$@" >>"$here/calls"
echo "proxy ${http_proxy-none}" >>"$here/calls"
[ ! -e "$here/fail" ] || { echo 'E: Failed getting release file'; exit 1; }
mkdir -p "$3/var/cache/apt/archives" "$3/var/lib/apt/lists" "$3/etc"
echo x >"$3/var/cache/apt/archives/some.deb"
echo x >"$3/var/lib/apt/lists/some"
echo made >"$3/etc/by-the-test"
"""


@pytest.fixture
def stand_ins(docker_image: str, tmp_path: Path) -> Path:
    if os.geteuid() != 0:
        pytest.skip("debootstrap is called as root, or through sudo, which may ask")
    folder = tmp_path / "bin"
    folder.mkdir()
    name = f"ipclab-base-test:{uuid.uuid4().hex}"
    executable(folder / "docker", CLIENT.replace("NAME", name))
    executable(folder / "debootstrap", DEBOOTSTRAP)
    (folder / "name").write_text(name, encoding="utf-8")
    (folder / "scratch").mkdir()
    yield folder
    subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True, timeout=60)


def make_base(repo: Path, stand_ins: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    # debootstrap is found in PATH; the engine's client must not be the stand-in for the stand-in
    real = shutil.which("docker")
    assert real is not None
    text = (stand_ins / "docker").read_text(encoding="utf-8")
    executable(stand_ins / "docker", text.replace("exec docker", f"exec {real}"))
    return run(
        repo / "docker" / "base-image.sh",
        PATH=f"{stand_ins}:{os.environ['PATH']}",
        IPCLAB_ENGINE=str(stand_ins / "docker"),
        TMPDIR=str(stand_ins / "scratch"),
        **environment,
    )


def test_without_a_registry_the_base_is_made_from_debians_packages(repo: Path, stand_ins: Path) -> None:
    done = make_base(repo, stand_ins, IPCLAB_MIRROR="http://mirror.example/debian", http_proxy="http://proxy.example:3128")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "ipclab-base:bookworm\n"
    assert "cannot be pulled (lookup registry: no such host)" in done.stderr
    called = (stand_ins / "calls").read_text(encoding="utf-8")
    assert re.fullmatch(r"--variant=minbase bookworm \S+ http://mirror\.example/debian\nproxy http://proxy\.example:3128\n", called)
    name = (stand_ins / "name").read_text(encoding="utf-8")
    export = subprocess.run(["docker", "image", "save", name], capture_output=True, timeout=60, check=True).stdout
    assert b"by-the-test" in export and b"some.deb" not in export and b"lists/some" not in export
    assert not list((stand_ins / "scratch").iterdir()), "the tree was left behind"
    again = make_base(repo, stand_ins)
    assert (again.stdout, again.stderr) == ("ipclab-base:bookworm\n", "")
    assert (stand_ins / "calls").read_text(encoding="utf-8") == called, "it was made twice"


def test_a_failed_debootstrap_says_which_mirror_and_leaves_nothing(repo: Path, stand_ins: Path) -> None:
    (stand_ins / "fail").touch()
    done = make_base(repo, stand_ins, IPCLAB_MIRROR="http://mirror.example/debian")
    assert (done.returncode, done.stdout) == (3, "")
    lines = done.stderr.splitlines()
    assert lines[-2:] == [
        "E: Failed getting release file",
        "base-image.sh: debootstrap failed, see the lines above: can this machine reach http://mirror.example/debian?",
    ]
    assert not list((stand_ins / "scratch").iterdir())


# ---- what apt's configuration says -----------------------------------------------------------------------


def apt_fact(repo: Path, tmp_path: Path, call: str, conf: str, sources: str = "", **environment: str) -> str:
    """What a function of apt.sh prints under an apt.conf of the test's own."""
    if shutil.which("apt-config") is None:
        pytest.skip("this is not Debian")
    (tmp_path / "sources.list").write_text(sources, encoding="utf-8")
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list"; Dir::Etc::sourceparts "-"; Dir::Etc::parts "-";\n{conf}', encoding="utf-8"
    )
    clean = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    script = f'set -euo pipefail; . "$1/docker/apt.sh"; {call}'
    done = subprocess.run(
        ["bash", "-c", script, "bash", str(repo)],
        env={**clean, "APT_CONFIG": str(tmp_path / "apt.conf"), **environment},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def test_the_proxy_is_the_one_apt_would_use(repo: Path, tmp_path: Path) -> None:
    everywhere = 'Acquire::http::Proxy "http://one.example:3142";'
    direct = everywhere + 'Acquire::http::Proxy::mirror.example "DIRECT";'
    uri = "proxy_for http://mirror.example/debian"
    assert apt_fact(repo, tmp_path, uri, everywhere) == "http://one.example:3142"
    assert apt_fact(repo, tmp_path, uri, direct) == ""
    assert apt_fact(repo, tmp_path, uri, "") == ""
    assert apt_fact(repo, tmp_path, uri, "", http_proxy="http://two.example:8080") == "http://two.example:8080"
    assert apt_fact(repo, tmp_path, "proxy_for https://mirror.example/", everywhere) == ""


def test_the_options_that_decide_whether_a_source_is_believed_are_handed_on(repo: Path, tmp_path: Path) -> None:
    assert apt_fact(repo, tmp_path, "apt_options", 'Acquire::Check-Valid-Until "false";') == "-o Acquire::Check-Valid-Until=false"
    assert apt_fact(repo, tmp_path, "apt_options", "") == ""


def archive(folder: Path, origin: str, suite: str) -> str:
    """An archive with one package on this disk; the sources.list line for it."""
    (folder / "dists" / suite / "main" / "binary-amd64").mkdir(parents=True)
    index = folder / "dists" / suite / "main" / "binary-amd64" / "Packages"
    packages = b"Package: some\nVersion: 1\nArchitecture: amd64\nFilename: some.deb\nSize: 1\n\n"
    index.write_bytes(packages)
    entry = f"{hashlib.sha256(packages).hexdigest()} {len(packages)} main/binary-amd64/Packages"
    (folder / "dists" / suite / "Release").write_text(
        f"Origin: {origin}\nSuite: {suite}\nCodename: {suite}\nArchitectures: amd64\nComponents: main\n"
        f"Date: Mon, 01 Jan 2024 00:00:00 UTC\nSHA256:\n {entry}\n",
        encoding="utf-8",
    )
    return f"deb [trusted=yes arch=amd64] file:{folder} {suite} main\n"


def test_the_sources_are_those_of_debian_that_apt_is_configured_with(repo: Path, tmp_path: Path) -> None:
    sources = (
        archive(tmp_path / "mirror", "Debian", "bookworm")
        + archive(tmp_path / "fixes", "Debian", "bookworm-security")
        + archive(tmp_path / "vendor", "A vendor of tools", "bookworm")
        + archive(tmp_path / "later", "Debian", "trixie")
    )
    (tmp_path / "state").mkdir()
    # apt has fetched nothing into this folder yet, as on a machine whose lists were deleted to save space
    state = f'Dir::State "{tmp_path}/state";'
    assert apt_fact(repo, tmp_path, "deb_sources bookworm", state, sources).splitlines() == [
        f"deb file:{tmp_path}/mirror/ bookworm main",
        f"deb file:{tmp_path}/fixes/ bookworm-security main",
    ]
    assert apt_fact(repo, tmp_path, "deb_sources bookworm", state, archive(tmp_path / "ubuntu", "Ubuntu", "noble")) == ""
