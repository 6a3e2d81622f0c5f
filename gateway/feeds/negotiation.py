"""Accept: which of our media types a caller likes best (RFC 9110 section 12.5.1). Total on any text."""

from __future__ import annotations

import re
from collections.abc import Sequence

_QVALUE = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
_MAX_RANGES = 64  # of one Accept header; stops a long header from costing more than it should


def choose(accept: str | None, offered: Sequence[str]) -> str | None:
    """The offered media type that the header likes best, the earlier for a tie; `None` when it likes none.

    An absent or empty header likes everything. The most specific range decides a type's quality.
    """
    if accept is None or not accept.strip():
        return offered[0] if offered else None
    ranges = [parsed for text in accept.split(",")[:_MAX_RANGES] if (parsed := _range(text)) is not None]
    best: str | None = None
    best_quality = 0.0
    for media_type in offered:
        quality = _quality(media_type, ranges)
        if quality > best_quality:
            best, best_quality = media_type, quality
    return best


def _range(text: str) -> tuple[str, str, float] | None:
    media, *parameters = text.split(";")
    main, slash, sub = media.strip().lower().partition("/")
    if not slash or not main or not sub:
        return None
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            quality = _number(value.strip())
            break
    return main, sub, quality


def _number(text: str) -> float:
    return float(text) if _QVALUE.fullmatch(text) else 0.0  # a quality that is none is not a wish


def _quality(media_type: str, ranges: list[tuple[str, str, float]]) -> float:
    main, _, sub = media_type.lower().partition("/")
    best, specificity = 0.0, -1
    for range_main, range_sub, quality in ranges:
        if range_main == main and range_sub == sub:
            match = 2
        elif range_main == main and range_sub == "*":
            match = 1
        elif range_main == range_sub == "*":
            match = 0
        else:
            continue
        if match > specificity or (match == specificity and quality > best):
            best, specificity = quality, match
    return best
