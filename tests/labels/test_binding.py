"""Labels bound to data: written in three forms, read back here by nothing of ours."""

from __future__ import annotations

from base64 import b64decode

import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from gateway.errors import PolicyError
from gateway.labels.binding import OCTETS, Form, Part, binding_information, track_expression
from gateway.labels.names import ALTERNATIVE, BINDING, METADATA, ORIGINATOR, XMIME, XMLDSIG
from gateway.labels.read import label_of
from gateway.limits import Limits
from gateway.track import Label
from tests.labels import strategies
from tests.labels.examples import EXAMPLE
from tests.labels.schemas import BINDING_XSD, DIRECTORY, valid

NAMES = {"mb": BINDING, "ds": XMLDSIG, "o": OCTETS}
TRACK_MESSAGE = (DIRECTORY / "examples" / "airliner.xml").read_bytes()
TRACK = "0198d0a0-0000-7000-8000-000000000001"


def canonical(element: etree._Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False, with_tail=False)


def opened(octets: bytes) -> etree._Element:
    """The binding data object, held to its canonical form and its schema."""
    root = etree.fromstring(octets)
    assert canonical(root) == octets
    assert valid(BINDING_XSD, root)
    return root


def labels(binding: etree._Element) -> list[tuple[str, Label]]:
    """Name and label of each ``Metadata``, which holds one element and nothing else."""
    found = []
    for metadata in binding.iterfind("mb:Metadata", NAMES):
        (label,) = metadata
        found.append((etree.QName(label).localname, label_of(label)))
    return found


def the_binding(root: etree._Element) -> etree._Element:
    (binding,) = root.iterfind("mb:MetadataBindingContainer/mb:MetadataBinding", NAMES)
    return binding


@given(strategies.labels_with_others())
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_each_label_stands_in_a_metadata_element_of_its_own(label: Label) -> None:
    binding = the_binding(opened(binding_information(label, form=Form.DETACHED, uri="urn:uuid:1")))
    expected = [(ORIGINATOR, replace(label, alternatives=(), metadata=None))]
    expected += [(ALTERNATIVE, other) for other in label.alternatives]
    expected += [] if label.metadata is None else [(METADATA, label.metadata)]
    assert labels(binding) == expected


def test_two_labels_in_one_metadata_element_are_not_valid() -> None:
    octets = binding_information(replace(EXAMPLE, alternatives=(EXAMPLE,)), form=Form.DETACHED, uri="urn:uuid:1")
    together = octets.replace(b"</mb:Metadata><mb:Metadata>", b"")
    assert together != octets
    assert not valid(BINDING_XSD, together)


def test_a_detached_binding_says_where_the_data_is() -> None:
    root = opened(
        binding_information(
            EXAMPLE,
            form=Form.DETACHED,
            uri="https://gateway.example/messages/1?a=1&b=%20#x",
            content_type="text/xml; charset=utf-8",
            identifier="binding-1",
        )
    )
    binding = the_binding(root)
    assert binding.get("Id") == "binding-1"
    (reference,) = binding.iterfind("mb:DataReference", NAMES)
    assert {str(name): value for name, value in reference.items()} == {
        "URI": "https://gateway.example/messages/1?a=1&b=%20#x",
        f"{{{XMIME}}}contentType": "text/xml; charset=utf-8",
    }
    xmlschema.XMLSchema10(str(BINDING_XSD)).validate(etree.tostring(root).decode())


def test_an_encapsulating_binding_gives_a_signed_message_back_octet_by_octet() -> None:
    message = canonical(etree.fromstring(TRACK_MESSAGE))
    root = opened(binding_information(EXAMPLE, form=Form.ENCAPSULATING, data=message))
    (data,) = the_binding(root).iterfind("mb:Data", NAMES)
    assert data.get("encoding") is None
    assert data.get(f"{{{XMIME}}}contentType") == "application/xml"
    (inside,) = data
    assert canonical(inside) == message
    assert message in etree.tostring(root, method="c14n", exclusive=True)


@given(st.binary(max_size=300))
@settings(max_examples=50, deadline=None)
def test_an_encapsulating_binding_holds_any_octets_as_base64(octets: bytes) -> None:
    root = opened(
        binding_information(EXAMPLE, form=Form.ENCAPSULATING, data=octets, content_type="application/octet-stream")
    )
    (data,) = the_binding(root).iterfind("mb:Data", NAMES)
    assert data.get("encoding") == "base64"
    assert b64decode(data.findtext("o:Octets", "", NAMES)) == octets


@pytest.mark.parametrize(
    "octets",
    [
        b"<a/>",
        b"<a></a>\n",
        b"<a>&#13;</a>",
        b'<a xmlns:x="urn:x"></a>',
        b"<?p?><a></a>",
        b"<!-- --><a></a>",
        b"<!DOCTYPE a><a></a>",
        b'<a xmlns:x="relative"><x:b></x:b></a>',
    ],
)
def test_what_canonical_form_would_change_is_held_as_base64(octets: bytes) -> None:
    data = opened(binding_information(EXAMPLE, form=Form.ENCAPSULATING, data=octets)).find(".//mb:Data", NAMES)
    assert data is not None
    assert b64decode(data.findtext("o:Octets", "", NAMES)) == octets


def test_canonical_data_is_held_as_base64_on_request() -> None:
    octets = binding_information(EXAMPLE, form=Form.ENCAPSULATING, data=b"<a></a>", as_base64=True)
    assert opened(octets).findtext(".//o:Octets", "", NAMES) == "PGE+PC9hPg=="


def test_an_embedded_binding_is_of_the_document_around_it_and_of_its_parts() -> None:
    stricter = replace(EXAMPLE, classification="SECRET", categories=EXAMPLE.categories[:1])
    document = etree.fromstring(TRACK_MESSAGE)
    track_id = document.findtext("{*}Track/{*}TrackId")
    assert track_id is not None
    part = Part(label=stricter, expression=track_expression(track_id))
    root = opened(binding_information(EXAMPLE, form=Form.EMBEDDED, parts=(part,)))
    whole, of_part = root.iterfind("mb:MetadataBindingContainer/mb:MetadataBinding", NAMES)
    assert labels(whole) == [(ORIGINATOR, EXAMPLE)]
    assert labels(of_part) == [(ORIGINATOR, stricter)]
    assert [one.get("URI") for one in root.iterfind(".//mb:DataReference", NAMES)] == ["", ""]
    (transform,) = root.iterfind(".//ds:Transforms/ds:Transform", NAMES)
    assert transform.get("Algorithm") == "http://www.w3.org/TR/1999/REC-xpath-19991116"
    chosen = etree.XPath(f"boolean({transform.findtext('ds:XPath', '', NAMES)})")
    (track,) = [one for one in document.iterfind("{*}Track") if one.findtext("{*}TrackId") == track_id]
    inside = set(track.iter(etree.Element))
    assert {one for one in document.iter(etree.Element) if chosen(one)} == inside
    assert inside


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        ({"form": Form.DETACHED}, "LBL-015", "wants the URI"),
        ({"form": Form.DETACHED, "uri": ""}, "LBL-015", "wants the URI"),
        ({"form": Form.DETACHED, "uri": "urn:x", "data": b""}, "LBL-015", "not the data"),
        ({"form": Form.DETACHED, "uri": "not a uri"}, "LBL-015", "'not a uri' is no URI reference"),
        ({"form": Form.DETACHED, "uri": "urn:%zz"}, "LBL-015", "no URI reference"),
        ({"form": Form.DETACHED, "uri": "u" * 1_025}, "LBL-015", "at most 1024"),
        ({"form": Form.DETACHED, "uri": "urn:x", "content_type": "xml"}, "LBL-015", "'xml' is no media type"),
        ({"form": Form.DETACHED, "uri": "urn:x", "content_type": 'a/b; c="d"'}, "LBL-015", "no media type"),
        ({"form": Form.DETACHED, "uri": "urn:x", "identifier": "1a"}, "LBL-015", "'1a' is no name"),
        ({"form": Form.ENCAPSULATING}, "LBL-015", "wants the data"),
        ({"form": Form.ENCAPSULATING, "data": b"", "uri": "urn:x"}, "LBL-015", "neither URI nor parts"),
        (
            {"form": Form.ENCAPSULATING, "data": b"", "parts": (Part(label=EXAMPLE, expression="1"),)},
            "LBL-015",
            "parts",
        ),
        ({"form": Form.ENCAPSULATING, "data": bytes(Limits().max_message_octets + 1)}, "LBL-002", "octets"),
        ({"form": Form.EMBEDDED, "uri": "urn:x"}, "LBL-015", "no data, no URI"),
        ({"form": Form.EMBEDDED, "data": b""}, "LBL-015", "no data, no URI"),
        ({"form": Form.EMBEDDED, "parts": (Part(label=EXAMPLE, expression="["),)}, "LBL-015", "'['"),
        ({"form": Form.EMBEDDED, "parts": (Part(label=EXAMPLE, expression="\x00"),)}, "LBL-015", "XML forbids"),
        ({"form": Form.EMBEDDED, "parts": (Part(label=EXAMPLE, expression="1" * 5_000),)}, "LBL-015", "over 4096"),
        ({"form": Form.EMBEDDED, "parts": (Part(label=EXAMPLE, expression="1"),) * 1_001}, "LBL-002", "1000 parts"),
    ],
)
def test_refuses_what_does_not_go_together(given: dict[str, object], code: str, words: str) -> None:
    with pytest.raises(PolicyError) as refused:
        binding_information(EXAMPLE, **given)  # type: ignore[arg-type]  # keywords of every shape
    assert refused.value.code.id == code
    assert words in refused.value.cause


def test_refuses_data_that_is_too_deep_inside_of_a_binding() -> None:
    deep = b"<a>" * 254 + b"</a>" * 254
    with pytest.raises(PolicyError, match=r"LBL-015.*Data"):
        binding_information(EXAMPLE, form=Form.ENCAPSULATING, data=deep)
    assert opened(binding_information(EXAMPLE, form=Form.ENCAPSULATING, data=deep, as_base64=True)) is not None


def test_refuses_labels_that_cannot_be_written_and_ids_that_are_none() -> None:
    with pytest.raises(PolicyError, match="LBL-013"):
        binding_information(replace(EXAMPLE, created_at=None), form=Form.EMBEDDED)
    with pytest.raises(PolicyError, match="LBL-015"):
        track_expression("' or '1'='1")
