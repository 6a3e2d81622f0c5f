"""Where every key and value of a TOML document stands: line and column, for errors that point.

`tomllib` gives values without places. This scanner gives places without values; it runs only on documents that
`tomllib` has accepted, so it never judges, it only walks: tables, dotted and quoted keys, inline tables, arrays,
arrays of tables and every kind of string. A property test holds it against `tomllib` on generated documents.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import NamedTuple

KeyPath = tuple[str | int, ...]
"""Keys and array indexes from the root: ``("feed", "radar", "allow", 0)``."""


class Spot(NamedTuple):
    """A place in a text; both numbers count from 1, columns in characters."""

    line: int
    column: int


class Places(NamedTuple):
    """Every key path of a document with its places."""

    keys: dict[KeyPath, Spot]
    """Where the last key of the path is written first; for an array's element where the element begins."""
    values: dict[KeyPath, Spot]
    """Where the value begins; tables that are opened by headers or dots have none."""

    def key(self, path: KeyPath) -> Spot | None:
        """Where the path's last key stands, or else that of its nearest known parent."""
        for length in range(len(path), 0, -1):
            if (spot := self.keys.get(path[:length])) is not None:
                return spot
        return None

    def value(self, path: KeyPath) -> Spot | None:
        """Where the path's value begins, or else its key."""
        spot = self.values.get(path)
        return spot if spot is not None else self.key(path)


def locate(text: str) -> Places:
    """The places of every key path of `text`, a valid TOML document with ``\\n`` or ``\\r\\n`` line ends."""
    scanner = _Scanner(text)
    scanner.document()
    return Places(keys=scanner.keys, values=scanner.values)


_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL = re.compile(r"'[^']*'")
_LONG_BASIC = re.compile(r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}', re.DOTALL)
_LONG_LITERAL = re.compile(r"'''(?:[^']|'{1,2}(?!'))*'{3,5}", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")
_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[KeyPath, Spot] = {}
        self.values: dict[KeyPath, Spot] = {}
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._elements: dict[KeyPath, int] = {}
        """Elements so far of each array of tables."""

    def document(self) -> None:
        table: KeyPath = ()
        self._skip(_GAP)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_GAP)

    def _header(self) -> KeyPath:
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        names = self._dotted_key()
        self.at += 2 if double else 1
        path: KeyPath = ()
        for name, spot in names[:-1]:
            path = self._enter((*path, name), spot)
        name, spot = names[-1]
        path = (*path, name)
        self.keys.setdefault(path, spot)
        if double:
            index = self._elements.get(path, -1) + 1
            self._elements[path] = index
            path = (*path, index)
            self.keys[path] = spot
        return path

    def _enter(self, path: KeyPath, spot: Spot) -> KeyPath:
        """The table that the header's part names: of an array of tables the newest element."""
        self.keys.setdefault(path, spot)
        return (*path, self._elements[path]) if path in self._elements else path

    def _pair(self, table: KeyPath) -> None:
        path = table
        for name, spot in self._dotted_key():
            path = (*path, name)
            self.keys.setdefault(path, spot)
        self.at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

    def _dotted_key(self) -> list[tuple[str, Spot]]:
        names = []
        while True:
            self._skip(_BLANK)
            spot = self._spot()
            names.append((self._simple_key(), spot))
            self._skip(_BLANK)
            if self.text[self.at] != ".":
                return names
            self.at += 1

    def _simple_key(self) -> str:
        quote = self.text[self.at]
        pattern = {'"': _BASIC, "'": _LITERAL}.get(quote, _BARE)
        raw = self._take(pattern)
        if quote == "'":
            return raw[1:-1]
        if quote == '"':
            return str(tomllib.loads(f"k={raw}")["k"]) if "\\" in raw else raw[1:-1]
        return raw

    def _value(self, path: KeyPath) -> None:
        self.values[path] = self._spot()
        match self.text[self.at]:
            case '"':
                self._take(_LONG_BASIC if self.text.startswith('"""', self.at) else _BASIC)
            case "'":
                self._take(_LONG_LITERAL if self.text.startswith("'''", self.at) else _LITERAL)
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case _:
                self._take(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while True:
            self._skip(_GAP)
            if self.text[self.at] == "]":
                break
            element = (*path, index)
            self.keys[element] = self._spot()
            self._value(element)
            index += 1
            self._skip(_GAP)
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while True:
            self._skip(_GAP)
            if self.text[self.at] == "}":
                break
            self._pair(path)
            self._skip(_GAP)
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1

    def _spot(self) -> Spot:
        line = bisect_right(self._starts, self.at)
        return Spot(line=line, column=self.at - self._starts[line - 1] + 1)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        assert match is not None
        self.at = match.end()

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None or match.end() == self.at:
            raise RuntimeError(f"the scanner lost its way at offset {self.at}")
        self.at = match.end()
        return match[0]
