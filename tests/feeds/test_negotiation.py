"""Accept headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.feeds.negotiation import choose

OFFERED = ("application/geo+json", "application/xml", "text/plain")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "application/geo+json"),
        ("", "application/geo+json"),
        ("*/*", "application/geo+json"),
        ("application/xml", "application/xml"),
        ("APPLICATION/XML", "application/xml"),
        ("text/*", "text/plain"),
        ("application/xml;q=0.2, text/plain;q=0.3", "text/plain"),
        ("application/xml;q=0.5, */*;q=0.5", "application/geo+json"),
        ("application/geo+json;q=0, */*", "application/xml"),
        ("*/*, application/geo+json;q=0.1", "application/xml"),
        ("application/xml; charset=utf-8; q=0.3, text/plain;q=0.2", "application/xml"),
        ("image/png", None),
        ("*/*;q=0", None),
        ("application/xml;q=2", None),
        ("application/xml;q=nan", None),
        ("application", None),
        (",,;,/", None),
        ("*/xml", None),
    ],
)
def test_chooses_what_the_caller_likes_best(accept: str | None, chosen: str | None) -> None:
    assert choose(accept, OFFERED) == chosen


@given(st.text(max_size=200))
def test_any_text_gives_one_of_the_offered_or_nothing(accept: str) -> None:
    assert choose(accept, OFFERED) in (*OFFERED, None)
