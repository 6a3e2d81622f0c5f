"""The members of one JSON object: read once each under any of their names, and the rest known as unread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.formats.remoteid.lenient import Json
from gateway.track import Loss

_T = TypeVar("_T")
_MOST_NAME = 60
_MOST_LOSSES = 64  # of one report; a hostile one has as many members as fit into a frame


class Members:
    """One object of a report."""

    def __init__(self, value: dict[str, Json], place: str, losses: list[Loss]) -> None:
        self._value = value
        self._place = place
        self._losses = losses
        self._read: set[str] = set()

    def take(self, names: Sequence[str], convert: Callable[[Json], _T | None]) -> _T | None:
        """The value under the first of `names` that is there; a loss where `convert` cannot read it."""
        for name in names:
            if name in self._value:
                self._read.update(names)
                try:
                    return convert(self._value[name])
                except (ValueError, OverflowError):
                    self.lose(name, "OUT_OF_RANGE")
                    return None
        return None

    def skip(self, *names: str) -> None:
        """Count members as read that say nothing which is not said elsewhere."""
        self._read.update(names)

    def lose(self, name: str, reason: str) -> None:
        """List a member as lost."""
        if len(self._losses) < _MOST_LOSSES:
            self._losses.append(Loss(f"{self._place}{_printable(name)}", reason))

    def inner(self, name: str) -> dict[str, Json] | None:
        """The object under a name."""
        value = self._value.get(name)
        if isinstance(value, dict):
            self._read.add(name)
            return value
        return None

    def note_unread(self) -> None:
        """List what nobody read as not modelled."""
        for name in self._value:
            if name not in self._read:
                self.lose(name, "NOT_MODELLED")


def _printable(name: str) -> str:
    text = name[:_MOST_NAME]
    return text if text.isprintable() else ascii(text)[1:-1]
