"""lab.toml becomes a model.Lab, or a fault that says file, line, what is allowed and what may have been meant.

    labs/NN-slug/lab.toml    the manifest          solutions/NN-slug/    the single source of the files
    labs/NN-slug/tests/…     the judges' sources   skeletons/NN-slug/    generated from it

An export for students has the same lab.toml without what is hidden: `hidden_tests` and `hidden_points` in [lab] count what
was left out, and there is no solution.
"""

from __future__ import annotations

import re
import stat
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ipclab import tables
from ipclab.faults import UsageFault
from ipclab.model import Lab, Limits, Peer, Target, TargetKind, Test, Visibility, Weave
from ipclab.printable import clean
from ipclab.tables import Document, Kind, Problem, Table, listed, meant

FINDING_KINDS = (
    "build_error build_warning wrong_output crash timeout hang deadlock busy_wait race memory_error memory_leak fd_leak "
    "double_close zombie orphan ipc_leak file_leak signal_unsafe errno_clobbered missing_mechanism output_flood "
    "resource_limit tamper"
).split()
PASSES = ("plain", "memcheck", "weave")
BUILDS = ("O0", "O1", "O2", "O3", "Os", "Og")
DEFAULT_FLAGS = ("-std=gnu17", "-Wall", "-Wextra")
DEFAULT_BUILDS = ("O0", "O2")

TABLES = ("lab", "limits", "target", "peer", "test")
LAB_KEYS = ("title", "order", "flags", "builds", "hidden_tests", "hidden_points")
TARGET_KEYS = tuple(f.name for f in fields(Target))
PEER_KEYS = tuple(f.name for f in fields(Peer))
TEST_KEYS = tuple(f.name for f in fields(Test))
LIMIT_KEYS = tuple(f.name for f in fields(Limits))
WEAVE_KEYS = tuple(f.name for f in fields(Weave))
SEEDS_MAX = 10_000
DEPTH_MAX = 8
STARTS_MAX = 16  # weave's own
STDIN_MAX = 64 << 10
# From what makes no sense to what no machine should allow; bytes where a limit is of bytes.
LIMIT_RANGES = {
    "wall_ms": (10, 3_600_000),
    "cpu_ms": (10, 3_600_000),
    "memory": (1 << 20, 1 << 40),
    "processes": (1, 30_000),
    "files": (8, 1 << 20),
    "file_size": (0, 1 << 40),
    "output": (1, 1 << 30),
}
POINTS_MAX = 10_000
DRIVER_FILES = 202
FILE_MAX = 1 << 20  # bytes of a lab.toml

SLUG = re.compile(r"[0-9]{2}-[a-z0-9]+(-[a-z0-9]+)*")
_TK_TEST = re.compile(r"^[ \t]*TK_TEST\(\s*(\w+)\s*\)", re.MULTILINE)

_SOURCE = tables.text(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.c", "a plain file name that ends in .c")
_HEADER = tables.text(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.h", "a plain file name that ends in .h")
_FUNCTION = tables.text(r"[A-Za-z_][A-Za-z0-9_]*", "a function's name")
_TARGET_NAME = tables.text(r"[a-z][a-z0-9_-]{0,39}", "a short name: lower case letters, digits, _ and -")
_TEST_NAME = tables.text(r"[a-z][a-z0-9_]{0,79}", "a name as in C: lower case letters, digits and _")
_DRIVER = tables.text(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.c", "a .c file in the lab's folder")
_FLAG = tables.text(r"-[!-~]+", "an option of gcc, without blanks")


class ManifestFault(UsageFault):
    """A lab.toml that cannot be used; `problems` has all of it, in order of line."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        more = len(self.problems) - 1
        super().__init__(f"{self.problems[0]}" + (f" (and {more} more, see ./ipclab validate)" if more else ""))


# ---- finding labs --------------------------------------------------------------------------------


def slugs(root: Path) -> list[str]:
    """The labs' names, in order. A folder without lab.toml is none."""
    try:
        return sorted(p.name for p in (root / "labs").iterdir() if SLUG.fullmatch(p.name) and (p / "lab.toml").is_file())
    except OSError:
        return []


def load_lab(root: Path, slug: str) -> Lab:
    """Reads and checks one lab. Raises UsageFault for an unknown one, ManifestFault for one that is wrong."""
    known = slugs(root)
    if slug not in known:
        if not known:
            raise UsageFault(f"there is no lab in {clean(str(root / 'labs'))}: run ipclab from its own folder")
        if SLUG.fullmatch(slug) and (root / "labs" / slug).is_dir():
            raise UsageFault(f"labs/{slug} has no lab.toml")
        hint = meant(slug, known) or f"; there are {listed(known)}"
        raise UsageFault(f'there is no lab "{clean(slug, limit=80)}"{hint}')
    file = root / "labs" / slug / "lab.toml"
    name = f"labs/{slug}/lab.toml"
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise UsageFault(f"cannot read {name}: {error.strerror}") from error
    document = Document.parse(name, raw)
    if len(raw) > FILE_MAX:
        document.wrong_line(1, f"this file has {len(raw)} bytes; at most {FILE_MAX} are allowed")
    if document.problems:
        raise ManifestFault(document.problems)
    lab = _Reader(document, root, slug).lab()
    if document.problems:
        raise ManifestFault(document.problems)
    return lab


def all_labs(root: Path) -> list[Lab]:
    """Every lab, in the order of `order`, which must differ."""
    labs = sorted((load_lab(root, slug) for slug in slugs(root)), key=lambda lab: (lab.order, lab.slug))
    for first, second in zip(labs, labs[1:]):
        if first.order == second.order:
            raise UsageFault(f"labs/{second.slug}/lab.toml: order = {second.order} is that of labs/{first.slug} too")
    return labs


# ---- reading -------------------------------------------------------------------------------------


@dataclass
class _Reader:
    document: Document
    root: Path
    slug: str

    def lab(self) -> Lab:
        for key in self.document.data:
            if key not in TABLES:
                hint = meant(key, TABLES)
                what = f'there is no table "{clean(key, limit=40)}"'
                self.document.wrong((key,), f"{what}{hint or '; allowed are [lab], [limits], [[target]], [[peer]], [[test]]'}")
        head = self.document.table("lab", LAB_KEYS)
        if "lab" not in self.document.data:
            self.document.wrong((), "there is no [lab]")
        defaults = self._limits(self.document.table("limits", LIMIT_KEYS), Limits())
        lab = Lab(
            slug=self.slug,
            title=head.get("title", tables.text()),
            order=head.get("order", tables.whole(0, 99)),
            folder=self.root / "labs" / self.slug,
            solution=self.root / "solutions" / self.slug,
            skeleton=self.root / "skeletons" / self.slug,
            flags=head.get("flags", tables.several(_FLAG), DEFAULT_FLAGS),
            builds=head.get("builds", tables.several(tables.one_of(BUILDS), at_least=1), DEFAULT_BUILDS),
            targets=tuple(self._target(t) for t in self.document.tables("target", TARGET_KEYS)),
            tests=tuple(self._test(t, defaults) for t in self.document.tables("test", TEST_KEYS)),
            peers=tuple(self._peer(t) for t in self.document.tables("peer", PEER_KEYS)),
            hidden_tests=head.get("hidden_tests", tables.whole(0, 1000), 0),
            hidden_points=head.get("hidden_points", tables.whole(0, 1000 * POINTS_MAX), 0),
        )
        _Checks(self.document, lab, exported="hidden_tests" in head.data).all()
        return lab

    def _limits(self, table: Table, defaults: Limits) -> Limits:
        values = {name: table.get(name, tables.whole(*LIMIT_RANGES[name]), old) for name, old in asdict(defaults).items()}
        return Limits(**values)

    def _target(self, table: Table) -> Target:
        kind = table.get("kind", tables.one_of([k.value for k in TargetKind])) or "program"
        functions = kind == TargetKind.FUNCTIONS.value
        for key in ("driver", "required"):
            if functions and key not in table.data:
                table.wrong(key, f'{table.title} lacks {key}, which kind = "functions" needs')
            elif not functions and key in table.data:
                table.wrong(key, f'{key} is for kind = "functions": a program has its own main')
        return Target(
            name=table.get("name", _TARGET_NAME),
            kind=TargetKind(kind),
            files=table.get("files", tables.several(_SOURCE, at_least=1)),
            driver=table.get("driver", _DRIVER, None),
            headers=table.get("headers", tables.several(_HEADER), ()),
            required=table.get("required", tables.several(_FUNCTION, at_least=1), ()),
        )

    def _peer(self, table: Table) -> Peer:
        return Peer(name=table.get("name", _TARGET_NAME), source=table.get("source", _PEER_SOURCE))

    def _test(self, table: Table, defaults: Limits) -> Test:
        visibility = table.get("visibility", tables.one_of([v.value for v in Visibility])) or "hidden"
        passes = table.get("passes", tables.several(tables.one_of(PASSES), at_least=1), ("plain",))
        return Test(
            name=table.get("name", _TEST_NAME),
            title=table.get("title", tables.prose()),
            target=table.get("target", _TARGET_NAME),
            source=table.get("source", _source_kind(visibility), None),
            points=table.get("points", tables.whole(0, POINTS_MAX)),
            visibility=Visibility(visibility),
            uses=table.get("uses", tables.several(_TARGET_NAME), ()),
            depends=table.get("depends", tables.several(_TEST_NAME), ()),
            hint=table.get("hint", tables.prose(), None),
            passes=passes,
            fails_on=table.get("fails_on", tables.several(tables.one_of(FINDING_KINDS)), ()),
            limits=self._limits(table.table("limits", "[test.limits]", LIMIT_KEYS), defaults),
            bonus=table.get("bonus", tables.flag(), False),
            weave=self._weave(table, visibility) if "weave" in passes else None,
        )

    def _weave(self, test: Table, visibility: str) -> Weave:
        table = test.table("weave", "[test.weave]", WEAVE_KEYS)
        starts = tables.several(tables.words(256), at_least=1, at_most=STARTS_MAX, repeated=True)
        return Weave(
            seeds=table.get("seeds", tables.whole(1, SEEDS_MAX), Weave.seeds),
            depth=table.get("depth", tables.whole(1, DEPTH_MAX), Weave.depth),
            stdin=table.get("stdin", tables.content(STDIN_MAX), Weave.stdin),
            stdout=table.get("stdout", tables.content(STDIN_MAX), Weave.stdout),
            starts=table.get("starts", starts, Weave.starts),
            scenario=table.get("scenario", _source_kind(visibility), Weave.scenario),
        )


_PEER_SOURCE = tables.text(r"tests/(?:public|hidden)/[A-Za-z0-9_][A-Za-z0-9_-]*\.c", "a .c file in tests/public/ or tests/hidden/")


def _source_kind(visibility: str) -> Kind:
    folder = "tests/public/" if visibility == Visibility.PUBLIC.value else "tests/hidden/"
    what = f'a .c file in {folder}, where tests with visibility = "{visibility}" lie'
    return tables.text(re.escape(folder) + r"[A-Za-z0-9_][A-Za-z0-9_-]*\.c", what)


# ---- what one value alone cannot tell ------------------------------------------------------------


@dataclass
class _Checks:
    document: Document
    lab: Lab
    exported: bool

    def all(self) -> None:
        for key, those in (("target", self.lab.targets), ("test", self.lab.tests)):
            if not those:
                self.document.wrong((), f"there is no [[{key}]]")
            self._unique(key, [t.name for t in those])
        self._targets()
        self._given()
        self._peers()
        self._references()
        self._cycles()
        self._sources()
        self._weaves()
        self._links()
        if self.exported and any(t.visibility is not Visibility.PUBLIC for t in self.lab.tests):
            self.document.wrong(("lab", "hidden_tests"), "hidden_tests counts tests that are not here: only an export has it")

    def _unique(self, key: str, names: list[str]) -> None:
        for i, name in enumerate(names):
            if name and name in names[:i]:
                line = self.document.line((key, names.index(name), "name"))
                self.document.wrong((key, i, "name"), f'the {key} "{name}" is there already, in line {line}')

    def _targets(self) -> None:
        """A submission is one folder, on some machines without a difference between upper and lower case."""
        seen: dict[str, str] = {}
        for i, target in enumerate(self.lab.targets):
            for key, names in (("files", target.files), ("headers", target.headers)):
                for name in names:
                    other = seen.setdefault(name.lower(), name)
                    if other != name:
                        self.document.wrong(("target", i, key), f"{name} and {other} differ in case only: rename one")

    def _peers(self) -> None:
        names = [t.name for t in self.lab.targets]
        self._unique("peer", [p.name for p in self.lab.peers])
        for i, peer in enumerate(self.lab.peers):
            if peer.name in names:
                line = self.document.line(("target", names.index(peer.name), "name"))
                self.document.wrong(("peer", i, "name"), f'there is a target "{peer.name}" already, in line {line}')
            if peer.source:
                self._main(("peer", i, "source"), peer.source)

    def _links(self) -> None:
        """Valgrind refuses a program every descriptor from its limit on, those that it was given too (testkit/driver.h)."""
        functions = {t.name for t in self.lab.targets if t.kind is TargetKind.FUNCTIONS}
        for i, test in enumerate(self.lab.tests):
            if test.target in functions and "memcheck" in test.passes and test.limits.files < DRIVER_FILES:
                what = f"the judge and the driver of {test.target} talk over descriptors 200 and 201: memcheck needs files >= {DRIVER_FILES}"
                self.document.wrong(("test", i, "passes"), what)

    def _given(self) -> None:
        """Files that targets name are there: in the solution, or in an export in the skeleton."""
        folder = self.lab.skeleton if self.exported else self.lab.solution
        shown = f"{folder.parent.name}/{folder.name}"
        for i, target in enumerate(self.lab.targets):
            for key, names in (("files", target.files), ("headers", target.headers)):
                for name in names:
                    if not _is_file(folder / name):
                        self.document.wrong(("target", i, key), f"{shown}/{name} is not there")
            if target.driver and not _is_file(self.lab.folder / target.driver):
                self.document.wrong(("target", i, "driver"), f"labs/{self.lab.slug}/{target.driver} is not there")

    def _references(self) -> None:
        targets = [t.name for t in self.lab.targets]
        tests = {t.name: t for t in self.lab.tests}
        for i, test in enumerate(self.lab.tests):
            if test.target and test.target not in targets:
                hint = meant(test.target, targets) or f"; there are {listed(targets)}"
                self.document.wrong(("test", i, "target"), f'there is no target "{test.target}"{hint}')
            for name in test.uses:
                if name not in targets or name == test.target:
                    hint = meant(name, targets) or f"; there are {listed(targets)}"
                    what = f'"{name}" is the test\'s own target' if name == test.target else f'there is no target "{name}"{hint}'
                    self.document.wrong(("test", i, "uses"), what)
            for name in test.depends:
                if name not in tests:
                    hint = meant(name, tests) or "; each name is that of a [[test]]"
                    self.document.wrong(("test", i, "depends"), f'there is no test "{name}"{hint}')
                elif test.visibility is Visibility.PUBLIC and tests[name].visibility is not Visibility.PUBLIC:
                    what = f'a public test cannot depend on "{name}", which students do not have'
                    self.document.wrong(("test", i, "depends"), what)

    def _cycles(self) -> None:
        """Takes away tests whose dependencies are gone; what stays is in a cycle, or behind one."""
        waits = {t.name: {d for d in t.depends if any(d == o.name for o in self.lab.tests)} for t in self.lab.tests}
        while ready := [name for name, needs in waits.items() if not needs & waits.keys()]:
            for name in ready:
                del waits[name]
        if not waits:
            return
        path = [min(waits)]
        while path[-1] not in path[:-1]:
            path.append(min(waits[path[-1]] & waits.keys()))
        cycle = path[path.index(path[-1]) :]
        first = next(i for i, t in enumerate(self.lab.tests) if t.name in cycle)
        self.document.wrong(("test", first, "depends"), f"these tests wait for each other: {' -> '.join(cycle)}")

    def _sources(self) -> None:
        """Each test is in its source, and each test of a source is in lab.toml: else it would silently not run."""
        listed_names = {t.name for t in self.lab.tests}
        texts: dict[str, str | None] = {}
        for i, test in enumerate(self.lab.tests):
            if not test.source:
                continue
            if test.source not in texts:
                texts[test.source] = self._text(i, test)
            text = texts[test.source]
            if test.name and text is not None and not re.search(rf"\b{test.name}\b", text):
                self.document.wrong(("test", i, "source"), f'{test.source} has no test "{test.name}"')
        for source, text in texts.items():
            for peer in self.lab.peers:
                if source.startswith("tests/public/") and peer.source.startswith("tests/hidden/") and f'"{peer.name}"' in (text or ""):
                    i = next(i for i, t in enumerate(self.lab.tests) if t.source == source)
                    self.document.wrong(("test", i, "source"), f'{source} starts the peer "{peer.name}", which students do not have')
            for match in _TK_TEST.finditer(text or ""):
                if match[1] not in listed_names:
                    line = (text or "").count("\n", 0, match.start(1)) + 1
                    what = f'lab.toml has no [[test]] for "{match[1]}"{meant(match[1], listed_names)}'
                    self.document.problems.append(Problem(f"labs/{self.lab.slug}/{source}", line, what))

    def _text(self, index: int, test: Test) -> str | None:
        path = self.lab.folder / test.source
        if not _is_file(path):
            self.document.wrong(("test", index, "source"), f"labs/{self.lab.slug}/{test.source} is not there")
            return None
        try:
            return path.read_text("utf-8", errors="replace")
        except OSError as error:
            self.document.wrong(("test", index, "source"), f"cannot read {test.source}: {error.strerror}")
            return None


    def _weaves(self) -> None:
        """What the pass weave needs, and what makes sense with it only."""
        kinds = {t.name: t.kind for t in self.lab.targets}
        for i, test in enumerate(self.lab.tests):
            given = self.document.data["test"][i]
            if "weave" not in test.passes and "weave" in given:
                self.document.wrong(("test", i, "weave"), '[test.weave] is for tests whose passes have "weave"')
            if set(test.passes) - {"weave"} and "source" not in given:
                judged = next(p for p in test.passes if p != "weave")
                self.document.wrong(("test", i, "source"), f'[[test]] lacks source, which the pass "{judged}" needs')
            if test.passes == ("weave",):
                self._only_weave(i, test)
            if test.weave is not None and test.target in kinds:
                self._scenario(i, test, test.weave, kinds[test.target])
                self._starts(i, test.weave, kinds)

    def _only_weave(self, index: int, test: Test) -> None:
        if test.source:
            self.document.wrong(("test", index, "source"), 'source would never run: of the passes only "weave" is there, which has no judge')
        if not test.depends:  # a program that does nothing has no race
            what = '[[test]] lacks depends: with passes = ["weave"] only, name the tests that show that the target works at all'
            self.document.wrong(("test", index, "depends"), what)

    def _scenario(self, index: int, test: Test, weave: Weave, kind: TargetKind) -> None:
        place = ("test", index, "weave", "scenario")
        if kind is TargetKind.PROGRAM:
            if weave.scenario is not None:
                self.document.wrong(place, 'scenario is for targets of kind = "functions": a program has its own main; see starts')
            return
        if weave.starts:
            self.document.wrong((*place[:3], "starts"), 'starts is for targets of kind = "program": functions run in a scenario')
        if weave.scenario is None:
            what = f'[test.weave] lacks scenario, which the target "{test.target}" of kind = "functions" needs'
            self.document.wrong(place, what)
        elif weave.scenario:
            self._main(place, weave.scenario)

    def _main(self, place: tuple[str | int, ...], scenario: str) -> None:
        path = self.lab.folder / scenario
        if not _is_file(path):
            self.document.wrong(place, f"labs/{self.lab.slug}/{scenario} is not there")
        elif not re.search(r"\bmain\s*\(", path.read_text("utf-8", errors="replace")):
            # it is linked with a submission's functions: who would be told otherwise is a student
            self.document.wrong(place, f"{scenario} has no main")

    def _starts(self, index: int, weave: Weave, kinds: dict[str, TargetKind]) -> None:
        programs = [name for name, kind in kinds.items() if kind is TargetKind.PROGRAM]
        for name, *_ in weave.starts:
            if name not in programs:
                hint = meant(name, programs) or f"; there are {listed(programs) or 'none'}"
                self.document.wrong(("test", index, "weave", "starts"), f'there is no target "{clean(name, limit=40)}" of kind = "program"{hint}')


def _is_file(path: Path) -> bool:
    """A regular file, not a link to one: what is graded and exported lies in the lab itself."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
