"""Hostile text made fit to be looked at: by a terminal, in a page, in a table.

Names, compiler output and what programs print come from submissions. A control character can repaint a terminal, a bidi
override can make a line read as another one, a line break can fake a second line. Here each becomes a visible escape.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata

from ipclab.model import Value

# Categories whose members act instead of showing: controls, formats (bidi among them), surrogates, private use, separators.
_ACTING = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Formats that Persian, Indic scripts and emoji need between letters; they move nothing.
_JOINERS = frozenset("\u200c\u200d")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def escape(char: str) -> str:
    """A character as C would write it: ``\\n``, ``\\x1b``, ``\\u202e``."""
    if char in _SHORT:
        return _SHORT[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def acts(char: str) -> bool:
    """True for a character that must not reach a terminal or a page as it is."""
    if char.isprintable() or char in _JOINERS:
        return False
    return unicodedata.category(char) in _ACTING or (ord(char) & 0xFFFE) == 0xFFFE


def clean(text: str, *, limit: int | None = None) -> str:
    """One line without anything that acts; longer than `limit`, it ends in an ellipsis."""
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    if text.isprintable():
        return text
    return "".join(escape(c) if acts(c) else c for c in text)


def clean_lines(text: str, *, limit: int | None = None) -> str:
    """As `clean`, but line breaks stay and tabs become blanks: for blocks of text."""
    if limit is not None and len(text) > limit:
        text = text[: max(limit - 1, 0)] + "…"
    return "\n".join(clean(line.expandtabs(8)) for line in text.replace("\r\n", "\n").split("\n"))


def value_bytes(value: Value) -> bytes:
    """The bytes behind a value of a result; text that is no base64 is taken as it stands."""
    if value is None:
        return b""
    if isinstance(value, dict):
        encoded = value.get("base64", "")
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return encoded.encode("utf-8", "replace")
    try:
        return str(value).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte
        return str(value).encode("utf-8", "backslashreplace")


def value_text(value: Value) -> str:
    """A value as text in which bytes that are no UTF-8 show as escapes."""
    return value_bytes(value).decode("utf-8", "backslashreplace")
