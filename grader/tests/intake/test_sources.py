"""What a source's bytes are: taken as they are where gcc takes them, mended where that is safe, and told in either case."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipclab import catalogue, sources
from ipclab.listing import Unreadable

CODE = b"int main(void)\n{\n    return 0;\n}\n"

TAKEN: dict[str, tuple[bytes, bytes, dict[str, dict[str, str]]]] = {
    "plain": (CODE, CODE, {}),
    "UTF-8 comment": (CODE + "// größer 中\n".encode(), CODE + "// größer 中\n".encode(), {}),
    "form feed and tabs": (CODE + b"\f\v\t\n", CODE + b"\f\v\t\n", {}),
    "BOM": (b"\xef\xbb\xbf" + CODE, CODE, {"source_bom": {}}),
    "CRLF": (CODE.replace(b"\n", b"\r\n"), CODE.replace(b"\n", b"\r\n"), {"source_crlf": {}}),
    "CR": (CODE.replace(b"\n", b"\r"), CODE.replace(b"\n", b"\r"), {"source_cr": {}}),
    "empty": (b"", b"", {"source_empty": {"size": "0 bytes"}}),
    "blank": (b"\n \n", b"\n \n", {"source_empty": {"size": "3 bytes"}}),
    "Latin-1": (CODE + b"// gr\xf6\xdfer\n", CODE + b"// gr\xf6\xdfer\n", {"source_not_utf8": {"line": "5"}}),
    "a NUL at the end": (CODE + b"\0", CODE + b"\0", {"source_control": {"line": "5", "byte": "0x00", "count": "1"}}),
    "escape": (CODE + b"// \x1b[2J\n", CODE + b"// \x1b[2J\n", {"source_control": {"line": "5", "byte": "0x1b", "count": "1"}}),
    "bidi": (
        CODE + "/* \u202e */\n".encode(), CODE + "/* \u202e */\n".encode(), {"source_direction": {"line": "5"}},
    ),
    "BOM alone": (b"\xef\xbb\xbf", b"", {"source_bom": {}, "source_empty": {"size": "0 bytes"}}),
}  # fmt: skip


@pytest.mark.parametrize("what", TAKEN)
def test_what_gcc_takes_is_taken_and_told(what: str) -> None:
    data, taken, notes = TAKEN[what]
    checked = sources.check("x.c", data)
    assert checked.data == taken
    assert {n.code: {k: v for k, v in n.args.items() if k != "file"} for n in checked.notes} == notes
    for note in checked.notes:
        assert note.args["file"] == "x.c"
        assert "x.c" in catalogue.sentence(note.code, note.args) and catalogue.hint(note.code, note.args)
        assert catalogue.allows("note", note.code)


REFUSED: dict[str, tuple[bytes, str]] = {
    "UTF-16 LE with BOM": (CODE.decode().encode("utf-16"), "source_utf16"),
    "UTF-16 BE with BOM": (b"\xfe\xff" + CODE.decode().encode("utf-16-be"), "source_utf16"),
    "UTF-16 LE": (CODE.decode().encode("utf-16-le"), "source_utf16"),
    "UTF-16 BE": (CODE.decode().encode("utf-16-be"), "source_utf16"),
    "UTF-32 LE": (CODE.decode().encode("utf-32"), "source_utf16"),
    "UTF-32 BE": (b"\0\0\xfe\xff" + CODE.decode().encode("utf-32-be"), "source_utf16"),
    "zip": (b"PK\3\4" + bytes(50), "source_binary"),
    "program": (Path("/bin/true").read_bytes(), "source_binary"),
    "zeros": (bytes(4096), "source_binary"),
    "noise": (bytes(range(256)) * 4, "source_binary"),
    "PDF": (b"%PDF-1.4\n" + CODE, "source_binary"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_text_is_refused_with_what_to_do(what: str) -> None:
    data, code = REFUSED[what]
    with pytest.raises(Unreadable) as caught:
        sources.check("x.c", data)
    assert caught.value.why.code == code
    assert catalogue.allows("rejected", code) and catalogue.allows("note", code)
    assert catalogue.hint(code, caught.value.why.args)


@pytest.mark.parametrize("what", ["BOM", "CRLF", "Latin-1", "a NUL at the end", "UTF-8 comment", "form feed and tabs"])
def test_gcc_takes_what_is_taken(tmp_path: Path, what: str) -> None:
    """Nobody may lose a point by a note: what was taken compiles."""
    path = tmp_path / "x.c"
    path.write_bytes(sources.check("x.c", TAKEN[what][0]).data)
    done = subprocess.run(["gcc", "-std=gnu17", "-Wall", "-Wextra", "-fsyntax-only", path], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_advice_for_utf16_and_crlf_works(tmp_path: Path) -> None:
    path = tmp_path / "x.c"
    path.write_bytes(REFUSED["UTF-16 LE with BOM"][0])
    iconv = ["iconv", "-f", "UTF-16", "-t", "UTF-8", str(path)]
    assert " ".join(iconv) in (catalogue.hint("source_utf16", {"file": str(path)}) or "")
    assert subprocess.run(iconv, capture_output=True, check=True, timeout=30).stdout == CODE
    path.write_bytes(TAKEN["CRLF"][0])
    assert "sed -i 's/\\r$//' x.c" in (catalogue.hint("source_crlf", {"file": "x.c"}) or "")
    subprocess.run(["sed", "-i", r"s/\r$//", str(path)], check=True, timeout=30)
    assert path.read_bytes() == CODE


@given(st.binary(max_size=600))
def test_any_bytes_are_taken_unchanged_but_for_a_bom_or_refused(data: bytes) -> None:
    try:
        checked = sources.check("x.c", data)
    except Unreadable as word:
        assert word.why.code in ("source_utf16", "source_binary")
    else:
        assert checked.data == data.removeprefix(b"\xef\xbb\xbf")


@given(st.text(st.characters(blacklist_categories=("Cc", "Cs")), max_size=300))
def test_no_text_is_ever_refused(text: str) -> None:
    assert sources.check("x.c", text.encode()).data == text.encode().removeprefix(b"\xef\xbb\xbf")
