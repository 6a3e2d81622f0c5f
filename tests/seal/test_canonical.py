"""The proof of canonical form from octets, held against libxml2; and our verdict against another verifier's.

The property: whatever `is_plain` takes, and the parser takes, is its own exclusive canonical form.
"""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway import xml
from gateway.errors import FormatError
from gateway.limits import Limits
from gateway.seal import VerificationError, canonical, codes
from tests.seal import makers
from tests.seal.makers import END, START
from tests.seal.test_interoperability import xmlsec_accepts

FRAGMENTS = [
    *(bytes([octet]) for octet in b"<>/ =\"'&!?;:\t\n\rabx-]#\x00\x0b\x7f\x80\xc3\xff"),
    *b'<a>|</a>|<a/>|<a />|<a></a>|<a b="c">|<a b="c"></a>|<a b=\'c\'></a>|<a b="c"/>|<a  b="c"></a>'.split(b"|"),
    *b'<a b ="c"></a>|<a b= "c"></a>|<a b="c" ></a>|<a\tb="c"></a>|<a\nb="c"></a>|<a ></a>|<a></a >'.split(b"|"),
    *b'<a></a\n>|<a b="1" c="2"></a>|<a c="1" b="2"></a>|<a b="1" c="2" d="3"></a>'.split(b"|"),
    *b'<a b="x y"></a>|<a b="x>y"></a>|<a b=">"></a>|<a b=\'"\'></a>|<a b=\'""\'></a>|<a b="\'"></a>'.split(b"|"),
    *b'<a b=\'"\' c=\'"\'></a>|<a b="&gt;"></a>|<a b="&quot;"></a>|<a b="&amp;"></a>|<a b="&#9;"></a>'.split(b"|"),
    *b'<a b=""></a>|<a b="" c=""></a>|<a b="x/y"></a>|<a b="x\ny"></a>|<a b="x\ty"></a>|<a.b->x</a.b->'.split(b"|"),
    *b"&amp;|&lt;|&gt;|&quot;|&apos;|&#13;|&#xD;|&#10;|&#65;|&#x41;|&x;|]]>|<![CDATA[x]]>|<!---->|<!-- x -->".split(
        b"|"
    ),
    *b'<?x?>|<?x y?>|<!-- </a> -->|<!-- / -->|<?xml version="1.0"?>|<!DOCTYPE a>|\xef\xbb\xbf|\r\n'.split(b"|"),
    *b' xmlns=""| xmlns="urn:x"| xmlns:x="urn:x"| xml:lang="en"| xml:id=" a "| x:b="c"|x:|xml:| b="c"'.split(b"|"),
    *b'<a xmlns=""></a>|<a xmlns="urn:x"></a>|<x:a xmlns:x="urn:x"></x:a>|<a xmlns:x="urn:x"></a>'.split(b"|"),
    *b'<xml:a></xml:a>|<a xml:lang="en"></a>|<a xml:id=" b"></a>|<a xml:space="preserve"> </a>'.split(b"|"),
    *b'<a xmlns:xml="http://www.w3.org/XML/1998/namespace"></a>|text with spaces|x = "y"| a="b" c="d"'.split(b"|"),
    b"<!----><!--/-->",
    b"<?x?><a/>",
    b"<!----><a/>",
    b"<!--<--><a/>",
    b"<![CDATA[<]]><a/>",
    b"<?x <?><a/>",
    b"<!--b--></a><a><!--/b-->",
    "é".encode(),
    "\u2028".encode(),
    "\x85".encode(),
    "\ufeff".encode(),
    "\U0001f6e9".encode(),
    "<é></é>".encode(),
    '<a é="b"></a>'.encode(),
    b"\xc0\xaf",
    b"\xed\xa0\x80",
    b"\xef\xbf\xbe",
]
SMALL = makers.document(
    b'<Header><M a="1" b="2">m &amp; 1</M></Header><T s="x">x y</T>\n<T s="y"></T><U>O\'B "q" &lt;a&gt; \t</U>'
)

SLAB = b' xmlns:slab="urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"'
LABEL = (
    b'<Label><slab:o%b ReviewDateTime="2"><slab:C TagName="a>b" Type="c" URI="urn:x"><slab:V>m &amp; 1</slab:V>'
    b"</slab:C></slab:o><slab:a%b></slab:a><Tlp>RED</Tlp></Label>"
) % (SLAB, SLAB)
LABELLED = makers.document(b"<Header>" + LABEL + b"</Header><T>" + LABEL.replace(b"m &amp;", b"n") + b"</T>")
LABEL_FRAGMENTS = [
    *FRAGMENTS[::3],
    *b"<Label>|</Label>|<Label></Label>|</Label><Label>|<Label><slab:o></slab:o></Label>|<slab:b></slab:b>|</slab:o>".split(
        b"|"
    ),
    *b'<Tlp></Tlp>|slab:|<!--<Label>-->|<![CDATA[</Label>]]>|<b xmlns="urn:b"></b>|<b></b>|<b xmlns=""></b>'.split(
        b"|"
    ),
    *b"<!--|-->|<![CDATA[|]]>|<?|?>|<!--<Label>|</Label>-->".split(b"|"),
    b"<slab:b" + SLAB + b"></slab:b>",
    b"<slab:Signature" + b' xmlns:slab="http://www.w3.org/2000/09/xmldsig#"></slab:Signature>',
    SLAB,
    LABEL,
]


_NOT_PLAIN = etree.XPath(
    "boolean(//comment() | //processing-instruction() | //d:* | //@xml:*)",
    namespaces={"d": "http://www.w3.org/2000/09/xmldsig#"},
)


def _verdict(octets: bytes) -> str:
    """What the octet proof and libxml2 say of one document; fails if the first is looser than the second."""
    plain = canonical.is_plain(octets)
    try:
        root = xml.parse(octets, max_octets=1_000_000)
    except FormatError:
        return "malformed"
    try:
        same = etree.tostring(root, method="c14n", exclusive=True) == octets
    except etree.C14NError:
        same = False
    assert same or not plain, octets
    assert not (plain and _NOT_PLAIN(root)), octets
    return "plain" if plain else "canonical" if same else "other"


def test_small_and_realistic_documents_are_plain() -> None:
    for octets in (SMALL, makers.document(), makers.document(b""), *map(makers.other_tools_document, (1, 2, 50))):
        assert _verdict(octets) == "plain"


def test_the_octet_proof_is_sound_for_every_fragment_at_every_place() -> None:
    verdicts = Counter(
        _verdict(SMALL[:place] + fragment + SMALL[place:]) for fragment in FRAGMENTS for place in range(len(SMALL) + 1)
    )
    assert min(verdicts[verdict] for verdict in ("malformed", "plain", "canonical", "other")) > 200, verdicts


def test_labels_that_are_canonical_by_themselves_leave_a_document_plain() -> None:
    assert _verdict(LABELLED) == "plain"
    assert _verdict(LABELLED.replace(b"</Header>", LABEL * 30 + b"</Header>")) == "plain", "one label many times"
    labels = b"".join([LABEL.replace(b"m &amp;", b"%d" % number) for number in range(40)])
    assert _verdict(LABELLED.replace(b"</Header>", labels + b"</Header>")) == "canonical", "too many to look at"
    long = LABEL.replace(b"m &amp;", b"m" * 20_000)
    assert _verdict(LABELLED.replace(b"</Header>", long + b"</Header>")) == "canonical", "too long to remember"


def test_the_octet_proof_is_sound_for_every_fragment_at_every_place_of_labels() -> None:
    verdicts = Counter(
        _verdict(LABELLED[:place] + fragment + LABELLED[place:])
        for fragment in LABEL_FRAGMENTS
        for place in range(len(START), len(LABELLED) - len(END) + 1)
    )
    assert min(verdicts[verdict] for verdict in ("malformed", "plain", "canonical", "other")) > 200, verdicts


def test_the_octet_proof_is_sound_for_labels_that_are_torn() -> None:
    tags = [match.span() for match in re.finditer(b"<[^>]*>", LABELLED)]
    for begin, end in tags:
        for first, last in tags:
            for octets in (LABELLED[:begin] + LABELLED[end:], LABELLED[:begin] + LABELLED[first:last] + LABELLED[end:]):
                _verdict(octets)
            if begin < first:
                _verdict(LABELLED[:begin] + LABELLED[last:])
                _verdict(LABELLED[:begin] + b"<!--" + LABELLED[begin:last] + b"-->" + LABELLED[last:])
                _verdict(LABELLED[:begin] + b"<![CDATA[" + LABELLED[begin:last] + b"]]>" + LABELLED[last:])


def test_the_octet_proof_is_sound_for_every_slice_that_is_missing() -> None:
    verdicts = Counter(
        _verdict(SMALL[:place] + SMALL[place + length :]) for length in range(1, 40) for place in range(len(SMALL))
    )
    assert verdicts["plain"] > 100, verdicts


def test_the_octet_proof_is_sound_for_every_octet_replaced_by_every_markup_octet() -> None:
    for place in range(len(SMALL)):
        for octet in b"<>/ =\"'&!?\t\n\rax":
            _verdict(SMALL[:place] + bytes([octet]) + SMALL[place + 1 :])


_TEXTS = st.lists(st.sampled_from([f for f in FRAGMENTS if b"<" not in f and b"\x00" not in f]), max_size=3).map(
    b"".join
)
_ATTRIBUTES = st.lists(
    st.sampled_from([f for f in FRAGMENTS if f.startswith(b" ")] + [b' a="1"', b' B="2"', b' z=""', b"  ", b"\n"]),
    max_size=3,
).map(b"".join)


def _element(children: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    def build(name: bytes, attributes: bytes, inside: list[bytes], end: bytes) -> bytes:
        if end == b"/>":
            return b"<" + name + attributes + end
        return b"<" + name + attributes + b">" + b"".join(inside) + b"</" + name + end

    names = st.sampled_from([b"a", b"Track", b"x:a", b"xml:a", "é".encode()])
    ends = st.sampled_from([b">"] * 6 + [b" >", b"/>"])
    return st.builds(build, names, _ATTRIBUTES, st.lists(children, max_size=3), ends)


_TREES = st.recursive(_TEXTS | st.sampled_from([f for f in FRAGMENTS if b"<" in f]), _element, max_leaves=8)


@settings(max_examples=1_500, deadline=None)
@given(body=_TREES)
def test_the_octet_proof_is_sound_for_generated_trees(body: bytes) -> None:
    _verdict(START + body + END)


_EDITS = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 6), st.sampled_from(FRAGMENTS)), min_size=1, max_size=4
)


def _edited(octets: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for place, length, fragment in edits:
        at = len(START) + place % (len(octets) - len(START) - len(END) + 1)
        octets = octets[:at] + fragment + octets[min(at + length, len(octets) - len(END)) :]
    return octets


@settings(max_examples=1_500, deadline=None)
@given(edits=_EDITS)
def test_the_octet_proof_is_sound_for_edited_messages(edits: list[tuple[int, int, bytes]]) -> None:
    _verdict(_edited(makers.other_tools_document(1), edits))
    _verdict(_edited(LABELLED, edits))


@settings(max_examples=400, deadline=None)
@given(body=_TREES)
def test_never_accepts_what_xmlsec_refuses(body: bytes) -> None:
    """The signer is malicious: the signature is right for the octets, so only the form of the octets decides."""
    _compare(makers.malicious(START + body + END))


@settings(max_examples=400, deadline=None)
@given(edits=_EDITS)
def test_never_accepts_an_edited_message_that_xmlsec_refuses(edits: list[tuple[int, int, bytes]]) -> None:
    _compare(makers.malicious(_edited(makers.other_tools_document(1), edits)))


@settings(max_examples=400, deadline=None)
@given(place=st.integers(0, 10_000), length=st.integers(0, 6), fragment=st.sampled_from(FRAGMENTS))
def test_never_accepts_an_altered_wire_that_xmlsec_refuses(place: int, length: int, fragment: bytes) -> None:
    wire = makers.sealed().octets
    at = place % len(wire)
    _compare(wire[:at] + fragment + wire[at + length :])


def _compare(wire: bytes) -> None:
    try:
        makers.verifier().verify(makers.inbound(wire))
    except VerificationError:
        return
    assert xmlsec_accepts(wire, makers.certificate_pem("p256"))


def test_we_are_stricter_than_xmlsec_for_each_known_reason() -> None:
    """The differential tests would be empty if nothing were accepted, and useless if xmlsec refused the same."""
    wire = makers.malicious(SMALL)
    makers.verifier().verify(makers.inbound(wire))
    assert xmlsec_accepts(wire, makers.certificate_pem("p256"))
    commented = makers.split(wire)[0].replace(b"x y", b"x<!-- --> y")
    stricter = makers.signature_before_end(commented, makers.split(wire)[1])
    assert xmlsec_accepts(stricter, makers.certificate_pem("p256"))
    with pytest.raises(VerificationError):
        makers.verifier().verify(makers.inbound(stricter))


def test_a_malicious_signer_cannot_sign_what_others_refuse() -> None:
    """Signed octets that are not canonical: without step 4 we would accept what the signer can then repudiate."""
    wire = makers.malicious(makers.document(b"<a b='c'></a>"))
    assert not xmlsec_accepts(wire, makers.certificate_pem("p256"))
    with pytest.raises(VerificationError) as refusal:
        makers.verifier().verify(makers.inbound(wire))
    assert refusal.value.finding.code is codes.NOT_CANONICAL
    assert refusal.value.finding.cause == f"differs from octet {len(START) + 5} on"


def test_names_the_fault_of_a_longer_canonical_form() -> None:
    octets = makers.document(b"<a/>")
    root = etree.fromstring(octets)
    assert canonical.fault_of(octets, root, Limits()) == (
        codes.NOT_CANONICAL,
        f"differs from octet {len(START) + 2} on",
    )
