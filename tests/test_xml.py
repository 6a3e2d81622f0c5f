"""The words of the one XML parser."""

from __future__ import annotations

import pytest

from gateway.errors import FormatError
from gateway.xml import parse, words_of


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


@pytest.mark.parametrize("octets", [b'<a><b xml:id="x"/><b xml:id="x"/></a>', b'<a xml:id="1 x"/>'])
def test_equal_or_odd_ids_are_well_formed_for_two_records_may_have_the_same(octets: bytes) -> None:
    assert parse(octets, max_octets=100).tag == "a"


def test_words_are_what_a_person_reads_and_no_more_than_was_asked_for() -> None:
    root = parse(b"<f><c>s:Server</c><s>no\n <!-- secret -->data<?p q?></s> <![CDATA[<b>]]></f>", max_octets=100)
    assert words_of(root, at_most=100) == "s:Server no data <b>"
    assert words_of(root, at_most=11) == "s:Server no"
    assert words_of(parse(b"<f> <c/></f>", max_octets=100), at_most=100) == ""
