"""2525C to 2525D and back: pairs of function ids and entities."""

from __future__ import annotations

from gateway.symbols.meaning import Written


def sidc15_to_sidc20(code: str) -> Written | None:
    """The 20-digit code of a 15-letter one, with what it cannot say; `None` if there is no such code."""
    return None


def sidc20_to_sidc15(code: str) -> Written | None:
    """The 15-letter code of a 20-digit one, with what it cannot say; `None` if there is no such code."""
    return None
