"""Valid documents that other people and tools wrote read as the same message as ours."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from gateway.errors import FormatError
from gateway.formats.alliance import NAMESPACE, open_message, read, render
from gateway.limits import Limits
from gateway.stages import Message
from gateway.xml import parse
from tests.formats.alliance import examples
from tests.formats.alliance.test_examples import signed
from tests.formats.alliance.test_round_trip import verified
from tests.strategies import messages


def read_octets(octets: bytes) -> Message:
    return read(parse(octets, max_octets=Limits().max_message_octets))


def indented(octets: bytes) -> bytes:
    document = parse(octets, max_octets=Limits().max_message_octets)
    etree.indent(document)
    return etree.tostring(document, xml_declaration=True, encoding="UTF-8")


def prefixed(octets: bytes) -> bytes:
    """The same document with the prefix ``t`` instead of the default namespace."""
    text = octets.decode().replace(f'xmlns="{NAMESPACE}"', f'xmlns:t="{NAMESPACE}"')
    return re.sub(r"<(/?)(\w+)(?![\w:])", r"<\1t:\2", text).encode()


@given(messages(with_extensions=False))
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_reads_prefixes_and_indentation(message: Message) -> None:
    octets = render(message)
    assert read_octets(prefixed(octets)) == message
    assert read_octets(indented(octets)) == message


@pytest.mark.parametrize(
    "name", sorted(examples.EXAMPLES.keys() - {"extensions"})
)  # whose inside is not ours to even out
def test_reads_an_indented_example_with_an_xml_declaration(name: str) -> None:
    made = examples.EXAMPLES[name]()
    assert read_octets(indented(render(made))) == made


AIRLINER = render(examples.airliner())


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (b"<Platform>FIXED_WING<", b"<Platform>\n FIXED_WING\t<"),
        (b"<Platform>FIXED_WING<", b"<Platform>FIXED<!-- comment -->_WING<"),
        (b"<Latitude>52.30861092<", b"<Latitude> +052.30861092 <"),
        (b"<Latitude>52.30861092<", b"<Latitude>52.3086<!-- x -->1092<"),
        (b"<Confirmed>true<", b"<Confirmed> 1 <"),
        (b"<Coasted>false<", b"<Coasted>0<"),
        (b"<Environment>AIR<", b"<Environment> AIR\n<"),
        (b'scheme="icao24"', b'scheme=" icao24 "'),
        (b'<SourceRef>src-25-14<', b"<SourceRef> src-25-14 <"),
        (b'<Source id="src-25-14">', b'<Source id=" src-25-14">'),
        (b"<SenderNode>nld<", b"<SenderNode> nld <"),
        (b"<TrackId>0", b"<TrackId> 0"),
        (b"<Nation>NLD<", b"<Nation> NLD <"),
        (b"<Nonce>0", b"<Nonce>\t0"),
        (b"<State><Time>2026-11-22T08:12:00.500000Z<", b"<State><Time> 2026-11-22T08:12:00.5Z <"),
        (b"</Header>", b"</Header><!-- <Track> -->"),
        (b"</Header>", b"</Header><?pi <Track> ?>"),
        (b"AAECAwQF", b"AAEC AwQF\n"),
        (b"<Gateway>nld<", b"<Gateway>nld <"),
        (b"<MappingHash>5f", b"<MappingHash> 5f"),
        (b'reason="NOT_MODELLED"', b'reason="NOT_MODELLED "'),
        (b'<RawRecord format="', b'<RawRecord format=" '),
        (b'version="1.0"', b'version=" 1.0 "'),
        (b"<Name>KLM1017</Name>", b"<Name><![CDATA[KLM1017]]></Name>"),
        (
            b"<Environment>AIR<",
            b'<Environment xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="Environment">AIR<',
        ),
    ],
)  # fmt: skip
def test_reads_what_the_schema_takes_for_the_same(ours: bytes, theirs: bytes) -> None:
    assert ours in AIRLINER
    octets = AIRLINER.replace(ours, theirs)
    assert read_octets(octets) == examples.airliner()
    assert open_message(verified(octets)).message == examples.airliner()


def test_reads_character_references_where_no_canonical_form_is_promised() -> None:
    octets = AIRLINER.replace(b"<Name>KLM1017</Name>", b"<Name>KLM&#49;017</Name>")
    assert read_octets(octets) == examples.airliner()


def test_white_space_of_names_is_kept() -> None:
    octets = AIRLINER.replace(b"<Name>KLM1017</Name>", b"<Name> KLM\n1017 </Name>")
    assert read_octets(octets).tracks[0].name == " KLM\n1017 "
    assert read_octets(prefixed(octets)).tracks[0].name == " KLM\n1017 "


def test_refuses_a_signature_that_nobody_has_verified() -> None:
    document = parse(signed(AIRLINER), max_octets=Limits().max_message_octets)
    with pytest.raises(FormatError) as refused:
        read(document)
    assert refused.value.code.id == "ALM-012"
    with pytest.raises(FormatError) as refused:
        open_message(verified(signed(AIRLINER)))
    assert refused.value.code.id == "ALM-012"
    assert read(document, signed=True) == examples.airliner()


def test_a_source_that_stands_twice_is_refused_even_without_the_schema() -> None:
    start = AIRLINER.index(b"<Source id=")
    end = AIRLINER.index(b"</Source>") + len(b"</Source>")
    twice = AIRLINER[:end] + AIRLINER[start:end] + AIRLINER[end:]
    for validate, code in ((True, "ALM-010"), (False, "ALM-011")):
        with pytest.raises(FormatError) as refused:
            read(parse(twice, max_octets=100_000), validate=validate)
        assert refused.value.code.id == code


def test_a_reference_to_no_source_is_refused_even_without_the_schema() -> None:
    octets = AIRLINER.replace(b"<SourceRef>src-25-14<", b"<SourceRef>nobody<")
    for validate, code in ((True, "ALM-010"), (False, "ALM-011")):
        with pytest.raises(FormatError) as refused:
            read(parse(octets, max_octets=100_000), validate=validate)
        assert refused.value.code.id == code
