"""JUnit XML, held against the structure that its readers expect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as xml

import pytest
import samples
from hypothesis import example, given
from hypothesis import strategies as st

from ipclab.report.audience import Audience
from ipclab.report.junit import junit

# For each element: attributes that must be there, attributes that may, and children in order ("*": any number, "?": at most one).
STRUCTURE = {
    "testsuites": ({"tests", "failures", "errors", "time"}, {"name", "skipped"}, ["testsuite*"]),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname"},
        set(),
        ["properties?", "testcase*"],
    ),
    "properties": (set(), set(), ["property*"]),
    "property": ({"name", "value"}, set(), []),
    "testcase": ({"name", "classname", "time"}, set(), ["properties?", "skipped?", "error?", "failure?"]),
    "failure": ({"message", "type"}, set(), []),
    "error": ({"message", "type"}, set(), []),
    "skipped": ({"message"}, set(), []),
}
NUMBERS = {"tests", "failures", "errors", "skipped", "time"}


def check_structure(element: xml.Element) -> None:
    required, optional, children = STRUCTURE[element.tag]
    assert required <= set(element.attrib) <= required | optional, element.attrib
    assert all(float(element.attrib[n]) >= 0 for n in NUMBERS & set(element.attrib))
    left = [child.tag for child in element]
    for rule in children:
        count = 0
        while left and left[0] == rule[:-1]:
            left.pop(0)
            count += 1
        assert rule.endswith("*") or count <= 1, f"{count} {rule} in {element.tag}"
    assert not left, f"{left} in {element.tag}"
    for child in element:
        check_structure(child)
    if element.tag == "testsuite":
        cases = element.findall("testcase")
        assert int(element.attrib["tests"]) == len(cases)
        for total, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.attrib[total]) == sum(c.find(tag) is not None for c in cases)


def _properties(element: xml.Element) -> dict[str, str]:
    return {p.attrib["name"]: p.attrib["value"] for p in element.findall("properties/property")}


def test_it_looks_as_agreed(golden: Callable[[str, str], None]) -> None:
    golden("junit.xml", junit(samples.ALL, samples.LAB))


@pytest.mark.parametrize("audience", list(Audience))
def test_it_has_the_structure_that_readers_expect(audience: Audience) -> None:
    root = xml.fromstring(junit(samples.ALL, samples.LAB, audience))
    check_structure(root)
    assert int(root.attrib["tests"]) == sum(int(s.attrib["tests"]) for s in root)


def test_the_structural_check_can_fail() -> None:
    root = xml.fromstring(junit([samples.HANG], samples.LAB))
    root[0].attrib["failures"] = "7"
    with pytest.raises(AssertionError):
        check_structure(root)


def test_points_stand_in_properties() -> None:
    suite = xml.fromstring(junit([samples.HANG], samples.LAB))[0]
    assert (_properties(suite)["score"], _properties(suite)["max_score"]) == ("4", "14")
    cases = {_properties(c)["name"]: _properties(c) for c in suite.findall("testcase")}
    assert cases["copy_one_byte"] | {"visibility": ""} == {
        "name": "copy_one_byte", "points": "0", "max_points": "3", "visibility": ""
    }


@pytest.mark.parametrize(
    ("result", "tag", "kind"),
    [
        (samples.BUILD, "failure", "build_error/compile_error"),
        (samples.REJECTED, "error", "rejected/hostile_name"),
        (samples.FAULT, "error", "grader/engine_gone"),
    ],
)
def test_what_was_never_tested_is_no_pass(result: object, tag: str, kind: str) -> None:
    suite = xml.fromstring(junit([result], samples.LAB))[0]  # type: ignore[list-item]
    found = suite.find(f"testcase/{tag}")
    assert found is not None and found.attrib["type"] == kind


def test_a_grader_error_has_no_score() -> None:
    assert _properties(xml.fromstring(junit([samples.FAULT], samples.LAB))[0])["score"] == ""


@given(st.text(st.characters(blacklist_categories=[]), max_size=30))
@example("]]>")
@example("]]></failure><failure>")
@example("\x00\x0b\x1b[31m\x7f\x85\ufffe\uffff\ud800")
@example("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;")
@example("\u202eevil")
@example("a\r\nb\tc")
def test_any_text_gives_well_formed_xml(text: str) -> None:
    test = replace(samples.WRONG.tests[3], message=text, expected=text, actual=text, title=text or "x")
    result = replace(samples.WRONG, student=text, tests=(test,))
    document = junit([result], samples.LAB)
    root = xml.fromstring(document.encode("utf-8"))
    check_structure(root)
    shown = "".join(root.itertext()) + "".join(v for e in root.iter() for v in e.attrib.values())
    assert not set(shown) & {"\x1b", "\u202e", "\u2066", "\x7f", "\x85"}
