"""On which line each key of a TOML text stands: tomllib gives values without places, and a fault needs file and line.

The text has been read by tomllib before, so this scanner meets valid TOML only and can be short. Keys inside inline tables
and elements of arrays have no entry of their own: they stand where their key stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"[ \t]*")
_BETWEEN = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BASIC = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_LITERAL = re.compile(r"'([^'\n]*)'")
_LONG_BASIC = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"{3,5}', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''(?:[^']|'(?!''))*'{3,5}", re.DOTALL)
_STRINGS = (_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text.replace("\r\n", "\n")
        self.at = 0
        self.arrays: dict[Path, int] = {}  # how many tables an array of tables has so far
        self.lines: dict[Path, int] = {(): 1}

    def run(self) -> dict[Path, int]:
        table: Path = ()
        for line in self._statements():
            if self._takes("[["):
                table = self._array(self._key())
                self._takes("]]")
            elif self._takes("["):
                table = self._resolve(self._key())
                self._takes("]")
            else:
                key = self._key()
                self._note(table, key, line)
                self._value()
                continue
            self.lines.setdefault(table, line)
        return self.lines

    def _statements(self) -> Iterator[int]:
        """Moves to the next statement and gives its line, until the text ends."""
        line, seen = 1, 0
        while True:
            self._skip(_BETWEEN)
            if self.at >= len(self.text):
                return
            line, seen = line + self.text.count("\n", seen, self.at), self.at
            yield line

    def _skip(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self.text, self.at)
        if match is None:
            return None
        self.at = match.end()
        return match[match.lastindex or 0]

    def _takes(self, word: str) -> bool:
        if not self.text.startswith(word, self.at):
            return False
        self.at += len(word)
        return True

    def _key(self) -> list[str]:
        parts = []
        while True:
            self._skip(_SPACE)
            part = next((p for p in map(self._skip, (_BARE, _BASIC, _LITERAL)) if p is not None), "")
            parts.append(part)
            self._skip(_SPACE)
            if not self._takes("."):
                return parts

    def _value(self) -> None:
        """Passes over `= value`, to the end of its last line."""
        self._takes("=")
        depth = 0
        while self.at < len(self.text):
            if any(self._skip(pattern) is not None for pattern in _STRINGS):
                continue
            char = self.text[self.at]
            if char == "#":
                self._skip(_BETWEEN)
                if depth == 0:
                    return
                continue
            self.at += 1
            if char in "[{":
                depth += 1
            elif char in "]}":
                depth -= 1
            elif char == "\n" and depth == 0:
                return

    def _resolve(self, parts: list[str]) -> Path:
        """The place of a table: a name that is an array of tables means its last table."""
        path: Path = ()
        for part in parts:
            path = (*path, part)
            if path in self.arrays:
                path = (*path, self.arrays[path] - 1)
        return path

    def _array(self, parts: list[str]) -> Path:
        path = (*self._resolve(parts[:-1]), parts[-1])
        self.arrays[path] = self.arrays.get(path, 0) + 1
        return (*path, self.arrays[path] - 1)

    def _note(self, table: Path, key: list[str], line: int) -> None:
        for length in range(1, len(key) + 1):
            self.lines.setdefault((*table, *key[:length]), line)


def key_lines(text: str) -> dict[Path, int]:
    """Maps a place, say ("test", 0, "points"), to its line, counted from 1; tables have the line of their header."""
    return _Scanner(text).run()
