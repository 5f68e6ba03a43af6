"""Every attack fails against the defences, and succeeds without the one that it is there for."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
import class_attacks  # noqa: E402
import corpus  # noqa: E402
import leftovers  # noqa: E402
import naive  # noqa: E402
import runs  # noqa: E402
import switches  # noqa: E402

ATTACKS = corpus.all_attacks()
EACH = [
    pytest.param(attack, sandbox, id=f"{attack.name}-{sandbox}")
    for attack in ATTACKS
    for sandbox in corpus.SANDBOXES
    if any(sandbox in row.sandboxes for row in attack.rows)
]
CASES = class_attacks.all_cases()


@pytest.fixture
def ready(request: pytest.FixtureRequest) -> None:
    """The image, for the rows that need it."""
    if request.node.callspec.params.get("sandbox") == "docker":
        request.getfixturevalue("docker_image")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder of the test's own, whose name no attack can guess."""
    with tempfile.TemporaryDirectory(prefix="ipclab-test-") as name:
        yield Path(name)


@pytest.mark.parametrize(("attack", "sandbox"), EACH)
@pytest.mark.usefixtures("ready")
def test_it_fails_and_without_the_defence_it_succeeds(attack: corpus.Attack, sandbox: str) -> None:
    before = leftovers.look()
    assert [(o.row, o.problems) for o in runs.run_rows(attack, sandbox) if o.problems] == []
    assert leftovers.left(before) == []
    if sandbox == "local" or ATTACKS.index(attack) % 5 == 0:  # a container is new each time; an image or an engine could be spoilt
        assert_control(sandbox)  # the next grading gives the same result as before


def assert_control(sandbox: str) -> None:
    result = switches.grade(corpus.honest(), sandbox).result
    assert (result.status.value, result.score, result.findings) == ("graded", result.max_score, ()), runs.findings(result)


@pytest.mark.parametrize("sandbox", corpus.SANDBOXES)
@pytest.mark.usefixtures("ready")
def test_the_control_has_full_marks(sandbox: str) -> None:
    assert_control(sandbox)


@pytest.mark.parametrize("verdict", naive.VERDICTS)
def test_the_grader_without_separation_judges_honest_work_rightly(verdict: str) -> None:
    """Else an attack's success against it would prove nothing."""
    header = (corpus.SOLUTION / "sum.h").read_bytes()
    assert naive.passes(corpus.honest(), header, "local", verdict)
    wrong = corpus.honest()["sum.c"].replace(b"a + b", b"a - b")
    assert wrong != corpus.honest()["sum.c"]
    assert not naive.passes(corpus.honest() | {"sum.c": wrong}, header, "local", verdict)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.number}-{c.name}")
def test_a_class_is_taken_in_and_told_of_safely(case: class_attacks.Case, place: Path) -> None:
    (place / "held").mkdir()
    (place / "freed").mkdir()
    assert not case.held(place / "held")
    assert case.freed(place / "freed"), f"without {case.defence} it does not succeed, so this proves nothing"


def test_the_corpus_is_whole() -> None:
    assert len(ATTACKS) + len(CASES) >= 60
    for attack in ATTACKS:
        assert attack.rows, attack.name
        for row in attack.rows:
            assert row.sandboxes and set(row.sandboxes) <= set(corpus.SANDBOXES), attack.name
            if not row.why:
                unknown = [word for word in (*row.off, *row.also) if not switches.is_known(word)]
                assert not unknown, f"{attack.name}: no such switch {unknown}"


def test_a_switch_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no such switch"):
        switches.grade(corpus.honest(), "local", frozenset({"doors"}))
    with pytest.raises(ValueError, match="not among docker's flags"):
        switches.docker_flags(frozenset({"docker:--doors"}))


def test_the_table_shows_every_row_and_says_when_one_is_wrong() -> None:
    table = Path(__file__).with_name("table.py")
    done = subprocess.run([sys.executable, table, "--only", "exits_zero", "--sandbox", "local"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "exit(0) inside the function under test" in done.stdout and "separation" in done.stdout and "full marks" in done.stdout


def test_a_table_of_nothing_is_a_mistake() -> None:
    table = Path(__file__).with_name("table.py")
    done = subprocess.run([sys.executable, table, "--only", "no_such_attack"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 2 and "no attack has 'no_such_attack' in its name" in done.stderr
