"""The words of the one XML parser."""

from __future__ import annotations

import pytest

from gateway.errors import FormatError
from gateway.xml import parse


@pytest.mark.parametrize(
    ("octets", "place", "cause"),
    [
        (b"<a><b></a>", "line 1 column 11", "Opening and ending tag mismatch: b line 1 and a"),
        (b"<a>\n <b", "line 2 column 4", "Couldn't find end of Start Tag b line 2"),
        (b"", "line 1 column 1", "Document is empty"),
    ],
)
def test_what_is_malformed_says_its_place_once(octets: bytes, place: str, cause: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse(octets, max_octets=100)
    assert (caught.value.place, caught.value.cause) == (place, cause)
