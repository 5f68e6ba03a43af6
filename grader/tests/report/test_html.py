"""The pages as text: what they say, what they never hold, and that they can do nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import samples
from hypothesis import example, given
from hypothesis import strategies as st

from ipclab import report, results
from ipclab.faults import GraderFault
from ipclab.model import Finding, Location, Process, SourceFile
from ipclab.report import html
from ipclab.report.audience import Audience
from ipclab.report.junit import junit

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Tags, attributes and text of a page; fails where a tag is not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.texts: list[str] = []
        self.blocks: dict[str, str] = {}
        self.feed(text)
        self.close()
        assert not self.open, f"{self.open} left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open.pop() == tag, f"</{tag}> closes what is not open"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            self.blocks[self.open[-1]] = self.blocks.get(self.open[-1], "") + data
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)


def _page(result: object, audience: Audience = Audience.INSTRUCTOR) -> str:
    return html.submission(result, samples.LAB, samples.SOURCES, audience)  # type: ignore[arg-type]


def _pages() -> list[str]:
    pages = [_page(r, a) for r in samples.ALL for a in Audience]
    return pages + [html.class_page(samples.ALL, samples.LAB, a) for a in Audience]


def _without_assets(text: str) -> str:
    """A page without style, script and their hashes: how it looks is seen in a browser, not in a golden file."""
    text = re.sub(r"<(style|script)>.*?</\1>", r"<\1>…</\1>", text, flags=re.DOTALL)
    return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", text)


@pytest.mark.parametrize("result", samples.ALL, ids=lambda r: r.submission_id)
def test_a_page_looks_as_agreed(result: object, golden: Callable[[str, str], None]) -> None:
    golden(f"page-{result.submission_id}.html", _without_assets(_page(result)))  # type: ignore[attr-defined]


def test_a_students_page_looks_as_agreed(golden: Callable[[str, str], None]) -> None:
    golden("page-07-o-hara-student.html", _without_assets(_page(samples.WRONG, Audience.STUDENT)))


def test_the_class_page_looks_as_agreed(golden: Callable[[str, str], None]) -> None:
    golden("class.html", _without_assets(html.class_page(samples.ALL, samples.LAB)))


# ---- nothing acts --------------------------------------------------------------------------------


def test_a_page_loads_nothing_and_allows_nothing_foreign() -> None:
    for text in _pages():
        page = Page(text)
        assert not {"img", "link", "iframe", "object", "form", "base"} & set(page.tags)
        names = {name for _, name, _ in page.attributes}
        assert not {n for n in names if n.startswith("on")} and "style" not in names and "src" not in names
        links = [value for tag, name, value in page.attributes if name == "href"]
        assert all(re.fullmatch(r"#first|\.\./index\.html|gradebook\.csv|submissions/[\w.%-]+\.html", x) for x in links), links
        policy = next(v for t, n, v in page.attributes if t == "meta" and n == "content" and "default-src" in v)
        assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy
        assert "url(" not in page.blocks["style"] and "@import" not in page.blocks["style"]


def test_the_policy_names_style_and_script_by_their_hash() -> None:
    for text in (_page(samples.FULL), html.class_page(samples.ALL, samples.LAB)):
        page = Page(text)
        policy = next(v for t, n, v in page.attributes if n == "content" and "default-src" in v)
        for block in page.blocks.values():
            digest = base64.b64encode(hashlib.sha256(block.encode("utf-8")).digest()).decode("ascii")
            assert f"'sha256-{digest}'" in policy
    assert "script" not in Page(_page(samples.FULL)).tags


TEXT = st.text(st.characters(blacklist_categories=[]), max_size=40)


@given(TEXT)
@example("<script>alert(1)</script>")
@example('"><img src=x onerror=alert(1)>')
@example("' onmouseover='x")
@example("]]>-->")
@example("{{ 7*7 }}{% raw %}")
@example("\u202egnp.exe\u2066\x00\x1b[2J\x85\u2028")
@example("</style><style>*{display:none}")
@example("&lt;b&gt;")
def test_no_text_of_a_submission_becomes_markup(text: str) -> None:
    def all_texts(words: str) -> list[str]:
        finding = Finding("crash", "killed_by_signal", "killed_by_signal", {}, words, words, None, (), (Process(1, words, words, words),))
        test = replace(
            samples.WRONG.tests[3], title=words, message=words, expected=words, actual=words + "x", hint=words, findings=(finding,)
        )
        result = replace(samples.WRONG, student=words, tests=(test,), findings=(finding,), group=words, students=(words, words))
        located = replace(samples.LEAK, tests=samples.LEAK.tests)
        files = [SourceFile("twice.c", (words * 20).encode("utf-8", "surrogatepass"))]
        return [
            html.submission(result, samples.LAB),
            html.class_page([result], samples.LAB),
            html.submission(located, samples.LAB, files),
        ]

    for hostile, plain in zip(all_texts(text), all_texts("plain"), strict=True):
        page = Page(hostile)
        allowed = set(Page(plain).tags) | {"table", "tr", "td", "figure", "figcaption", "div", "mark", "span", "p", "code", "b", "ul", "li"}
        assert set(page.tags) <= allowed
        assert {n for _, n, _ in page.attributes} <= {n for _, n, _ in Page(plain).attributes} | {"class", "tabindex", "role", "aria-label"}
        values = "".join(v for _, _, v in page.attributes)
        assert not set(page.text + values) & {"\x1b", "\0", "\u202e", "\u2066", "\x85", "\u2028"}
        hostile.encode("utf-8")


def test_a_hostile_name_is_shown_as_it_is() -> None:
    text = Page(_page(samples.REJECTED)).text
    assert "<script>alert(1)</script>" in text and "\\x1b[2J" in text and "\\u202egpj.exe" in text


# ---- what is said, and to whom ---------------------------------------------------------------------


def test_the_first_thing_to_fix_stands_above_all_tests() -> None:
    text = Page(_page(samples.HANG)).text
    assert text.index("Fix this first") < text.index("the write end is still open") < text.index("copy hands on one byte")
    assert "copy.c:19" in text and "while ((n = read(fd[0], buf, sizeof buf)) > 0)" in text
    assert "6 points" in text and "read(fd 3, pipe:[812])" in text


def test_a_race_is_told_with_the_order_of_events_and_the_line_that_replays() -> None:
    order = "The parent writes n at copy.c:3\nChild 1 reads <n> at copy.c:4"
    race = Finding("race", "unordered_accesses", "unordered_accesses", {"schedule": order}, "A data race.", "Lock it.", Location("copy.c", 4), replay="./ipclab explore --seed 3 copy.c")
    there = {"schedule": order.replace("copy", "twice")}
    other = replace(race, kind="deadlock", cause="all_processes_wait", text="Another.", args=there, location=Location("twice.c", 4), replay="./ipclab explore twice.c")
    tests = [replace(t, findings=(f,)) for t, f in zip([t for t in samples.WRONG.tests if t.status.value == "fail"], (race, other))]
    assert len(tests) == 2
    text = Page(_page(replace(samples.WRONG, findings=(), tests=tuple(tests)))).text
    for said in ("Child 1 reads <n> at copy.c:4", "Child 1 reads <n> at twice.c:4", "explore --seed 3 copy.c", "explore twice.c"):
        assert said in text, said
    assert text.count("In this order:") == 2 and "In this order:" not in Page(_page(samples.WRONG)).text


def test_a_grader_error_is_no_zero() -> None:
    text = Page(_page(samples.FAULT)).text
    assert "not graded" in text and "/ 14" not in text
    rows = html.class_page([samples.FAULT], samples.LAB)
    assert "no score" in rows and "<b>0</b>" not in rows


SECRETS = ("4711", "0xff", "\\xff", "byte 12", "<tag>", "&lt;tag&gt;", "aGVsbG8", "copy exited")


def test_a_student_is_told_the_cause_and_no_value_of_a_hidden_test(tmp_path: Path) -> None:
    group = [samples.WRONG, samples.PARTIAL]
    written = report.write_report(group, samples.LAB, tmp_path, samples.SOURCES_BY_ID, Audience.STUDENT)
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) == 6 and written.index in files
    texts = {p.name: p.read_text("utf-8") for p in files} | {"junit": junit(group, samples.LAB, Audience.STUDENT)}
    for name, text in texts.items():
        assert not [s for s in SECRETS if s in text], name
    told = json.loads(texts["07-o-hara.json"])["tests"][3]
    assert told["findings"][0]["cause"] == "stops_at_nul" and told["expected"] is told["actual"] is None
    assert "77" in texts["07-o-hara.html"], "what a public test compares is shown"
    assert "index.html" not in texts["07-o-hara.html"], "a student has no page of the class"
    instructor = _page(samples.WRONG) + _page(samples.PARTIAL)
    assert all(s in instructor for s in ("4711", "byte 12", "&lt;tag&gt;", "copy exited")), "the secrets are there to be kept"


# ---- the folder ------------------------------------------------------------------------------------


def test_a_report_is_a_page_and_a_file_for_each_submission(tmp_path: Path) -> None:
    written = report.write_report(samples.ALL, samples.LAB, tmp_path / "new" / "report", samples.SOURCES_BY_ID)
    folder = written.index.parent
    names = {r.submission_id for r in samples.ALL}
    assert {p.stem for p in (folder / "submissions").iterdir()} == names
    for path in (folder / "results").iterdir():
        assert results.read(path).submission_id in names
    links = [v for t, n, v in Page(written.index.read_text("utf-8")).attributes if n == "href"]
    assert all((folder / link).is_file() for link in links)
    report.write_report(samples.ALL, samples.LAB, folder, samples.SOURCES_BY_ID)


def test_a_name_with_blanks_and_signs_is_linked_rightly(tmp_path: Path) -> None:
    from urllib.parse import unquote

    odd = replace(samples.FULL, submission_id="Zoë #1 %41?")
    written = report.write_report([odd], samples.LAB, tmp_path)
    links = [v for t, n, v in Page(written.index.read_text("utf-8")).attributes if n == "href" and "submissions" in v]
    assert all((tmp_path / unquote(link)).is_file() for link in links) and links


@pytest.mark.parametrize("ident", ["../../etc/cron", "a/b", "", "x" * 300, "nul\0"])
def test_an_id_that_leads_out_of_the_folder_is_refused(tmp_path: Path, ident: str) -> None:
    with pytest.raises(GraderFault, match="cannot be a file name"):
        report.write_report([replace(samples.FULL, submission_id=ident)], samples.LAB, tmp_path / "report")
    assert not list(tmp_path.iterdir())


def test_two_results_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GraderFault, match="two results"):
        report.write_report([samples.FULL, samples.FULL], samples.LAB, tmp_path)


def test_an_empty_class_has_a_page(tmp_path: Path) -> None:
    written = report.write_report([], samples.LAB, tmp_path)
    assert "0" in Page(written.index.read_text("utf-8")).text


def test_five_hundred_results_take_seconds(tmp_path: Path) -> None:
    many = samples.class_of(500)
    sources = {r.submission_id: samples.SOURCES for r in many}
    before = time.process_time()
    report.write_report(many, samples.LAB, tmp_path, sources)
    junit(many, samples.LAB)
    assert time.process_time() - before < 15, "about 2 s of processor time is usual"


# ---- readers of all sorts --------------------------------------------------------------------------


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_its_ground(scheme: str) -> None:
    """WCAG 2, level AA: a contrast of at least 4.5."""
    style = (html.TEMPLATES / "style.css").read_text("utf-8")
    schemes = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", schemes[0 if scheme == "light" else 1]))
    pairs = [(text, ground) for text in ("ink", "soft", "info") for ground in ("ground", "card", "code", "warn-tint")]
    pairs += [(name, f"{name}-tint") for name in ("good", "bad", "warn", "info")] + [(n, "card") for n in ("good", "bad", "warn")]
    pairs += [("mark-ink", "mark"), ("ink", "bad-tint"), ("ink", "info-tint"), ("soft", "bad-tint")]
    assert {p: c for p in pairs if (c := _contrast(colours[p[0]], colours[p[1]])) < 4.5} == {}


def test_headings_leave_no_level_out_and_regions_have_names() -> None:
    for text in _pages():
        page = Page(text)
        levels = [int(t[1]) for t in page.tags if re.fullmatch(r"h[1-6]", t)]
        assert levels[0] == 1 and all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))
        regions = re.findall(r"<[^>]*role=\"region\"[^>]*>", text)
        assert all("aria-label=" in r and 'tabindex="0"' in r for r in regions)
        ids = [v for _, n, v in page.attributes if n == "id"]
        assert len(ids) == len(set(ids))
        assert {v for _, n, v in page.attributes if n == "aria-labelledby"} <= set(ids)


def test_a_student_learns_that_a_hidden_test_could_not_be_built() -> None:
    text = Page(_page(samples.HALF, Audience.STUDENT)).text
    assert "2 tests could not be run because of this: 4 points" in text and "This hidden test failed" not in text
