"""Foreign elements survive inside a message, whatever their namespaces, and the message stays canonical."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.alliance import NAMESPACE, read, render
from gateway.formats.alliance.extensions import canonical, splice
from gateway.limits import Limits
from gateway.track import Extension
from gateway.xml import parse
from tests.formats.alliance import examples

CROWD = " ".join([f'a{i:03}=""' for i in range(70)])
NAMESPACES = ("", "urn:x", "urn:y", NAMESPACE)


def parsed(octets: bytes) -> etree._Element:
    return parse(octets, max_octets=Limits().max_message_octets)


def with_extension(extension: Extension) -> bytes:
    message = examples.minimal()
    return render(replace(message, tracks=(replace(message.tracks[0], extensions=(extension,)),)))


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> str:
    """XML text with default and prefixed declarations of four namespaces in every arrangement."""
    namespace = draw(st.sampled_from(NAMESPACES[1:3] if depth == 0 else NAMESPACES))
    prefix = draw(st.sampled_from(["", "p:", "q:"])) if namespace else ""
    declaration = f' xmlns{":" if prefix else ""}{prefix[:-1]}="{namespace}"'
    unused = draw(st.sampled_from(["", ' xmlns:r="urn:y"', ' xmlns:s="urn:alliance:track-exchange:1" s:b="2>1"']))
    attribute = draw(st.sampled_from(["", ' a="1"', " b='\"&#9;'"]))
    children = draw(st.lists(elements(depth=depth + 1), max_size=3)) if depth < 3 else []
    inner = draw(st.sampled_from(["", "t &amp; u", "]]&gt;", "&#13;"])) + "".join(children)
    return f"<{prefix}e{declaration}{unused}{attribute}>{inner}</{prefix}e>"


@given(elements())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_element_survives_and_the_message_stays_canonical(written: str) -> None:
    element = parsed(written.encode())
    name = etree.QName(element)
    extension = Extension(name.namespace or "", name.localname, canonical(element).decode())
    octets = with_extension(extension)
    document = parsed(octets)
    assert etree.tostring(document, method="c14n", exclusive=True) == octets
    assert read(document).tracks[0].extensions == (extension,)


@pytest.mark.parametrize(
    ("by_itself", "inside"),
    [
        ('<p:a xmlns:p="urn:x"><b></b></p:a>', '<p:a xmlns:p="urn:x"><b xmlns=""></b></p:a>'),
        (f'<p:a xmlns:p="urn:x"><b xmlns="{NAMESPACE}"></b></p:a>', '<p:a xmlns:p="urn:x"><b></b></p:a>'),
        ('<a xmlns="urn:x"><b xmlns=""></b></a>', '<a xmlns="urn:x"><b xmlns=""></b></a>'),
    ],
)
def test_only_default_declarations_change_on_the_way_in(by_itself: str, inside: str) -> None:
    assert splice(Extension("urn:x", "a", by_itself)) == inside


@pytest.mark.parametrize(
    ("extension", "code"),
    [
        (Extension("urn:x", "a", "<a xmlns='urn:x'></a>"), "ALM-008"),
        (Extension("urn:x", "a", '<a xmlns="urn:x"/>'), "ALM-008"),
        (Extension("urn:x", "a", '<a xmlns="urn:x"></a> '), "ALM-008"),
        (Extension("urn:x", "a", '<a xmlns="urn:x"><!-- --></a>'), "ALM-008"),
        (Extension("urn:x", "a", '<a xmlns="urn:x"><?p q?></a>'), "ALM-008"),
        (Extension("urn:x", "a", '<a xmlns="urn:x" xmlns:u="urn:unused"></a>'), "ALM-008"),
        (Extension("urn:x", "a", '<a xmlns="urn:x"><b xmlns="urn:x"></b></a>'), "ALM-008"),
        (Extension("urn:x", "b", '<a xmlns="urn:x"></a>'), "ALM-008"),
        (Extension("urn:y", "a", '<a xmlns="urn:x"></a>'), "ALM-008"),
        (Extension("", "a", "<a></a>"), "ALM-008"),
        (Extension(NAMESPACE, "Track", f'<Track xmlns="{NAMESPACE}"></Track>'), "ALM-008"),
        (Extension("rel", "a", '<a xmlns="rel"></a>'), "ALM-008"),
        (Extension("urn:x", "a", '<a xmlns="urn:x">\ud800</a>'), "ALM-008"),
        (Extension("urn:x", "a", f'<a xmlns="urn:x">{"x" * 70_000}</a>'), "ALM-008"),
        (Extension("urn:x", "a", '<a xmlns="urn:x"></a><a xmlns="urn:x"></a>'), "XML-001"),
        (Extension("urn:x", "a", '<a xmlns="urn:x"></a></Extensions>'), "XML-001"),
        (Extension("urn:x", "a", '<!DOCTYPE a><a xmlns="urn:x"></a>'), "XML-002"),
        (Extension("urn:x", "a", f'<a xmlns="urn:x">{"<b>" * 70}{"</b>" * 70}</a>'), "ALM-013"),
        (Extension("urn:x", "a", f'<a xmlns="urn:x" {CROWD}></a>'), "ALM-013"),
        (
            Extension(
                "urn:x",
                "a",
                '<a xmlns="urn:x"><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"></Signature></a>',
            ),
            "ALM-008",
        ),
    ],
)
def test_refuses_an_extension_that_is_not_canonical_by_itself(extension: Extension, code: str) -> None:
    with pytest.raises(FormatError) as refused:
        with_extension(extension)
    assert refused.value.code.id == code
    assert refused.value.place.startswith("Track[1]/")


def test_refuses_more_extensions_than_the_schema_admits() -> None:
    note = Extension("urn:x", "a", '<a xmlns="urn:x"></a>')
    message = examples.minimal()
    crowded = replace(message, tracks=(replace(message.tracks[0], extensions=(note,) * 65),))
    with pytest.raises(FormatError) as refused:
        render(crowded)
    assert refused.value.code.id == "ALM-004"


def test_reads_no_signature_hidden_in_an_extension() -> None:
    octets = with_extension(Extension("urn:x", "a", '<a xmlns="urn:x"></a>'))
    hidden = octets.replace(
        b'<a xmlns="urn:x">', b'<a xmlns="urn:x"><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"></Signature>'
    )
    with pytest.raises(FormatError) as refused:
        read(parsed(hidden))
    assert refused.value.code.id == "ALM-008"


def test_reads_no_flood_of_attributes_or_depth_in_an_extension() -> None:
    octets = with_extension(Extension("urn:x", "a", '<a xmlns="urn:x"></a>'))
    for flood in (
        b'<a xmlns="urn:x" ' + CROWD.encode() + b">",
        b'<a xmlns="urn:x">' + b"<b>" * 70 + b"</b>" * 70,
        b'<a xmlns="urn:x">' + b"<b/>" * 10_000,
    ):
        with pytest.raises(FormatError) as refused:
            read(parsed(octets.replace(b'<a xmlns="urn:x">', flood)))
        assert refused.value.code.id == "ALM-013"
