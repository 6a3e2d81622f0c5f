"""Hypothesis strategies for labels and clearances of every shape that their XML can carry."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from lxml import etree
from msgspec.structs import replace

from gateway.labels.clearance import Clearance
from gateway.labels.names import KINDS, LABEL, ORIGINATOR_KINDS, XSI, collapsed
from gateway.labels.write import write_label
from gateway.track import Extension, Label, LabelCategory, Succession
from tests.strategies import instants, maybe, texts

PLAIN = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabc 0123456789-/+'?", min_size=1, max_size=20)

URIS = st.sampled_from(
    ["urn:oid:1.3.26.1.3.1", "urn:oid:2.25.1", "https://example.org/a?b=1&c=2#d", "urn:x:%20", "tag:a@b,2026:'(c)'"]
)
EXTENSIONS = st.sampled_from(
    [
        Extension("urn:x-a", "note", '<note xmlns="urn:x-a" a="1" b="2">t &amp; u<inner></inner></note>'),
        Extension("urn:x-a", "b", '<x:b xmlns:x="urn:x-a"><c></c></x:b>'),
        Extension("urn:x-b", "b", '<slab:b xmlns:slab="urn:x-b">slab elsewhere</slab:b>'),
        Extension(
            "urn:x-d",
            "d",
            '<x:d xmlns:x="urn:x-d"><a xmlns="urn:alliance:track-exchange:1"><x:b></x:b></a><e></e></x:d>',
        ),
    ]
)


def tokens() -> SearchStrategy[str]:
    """Names as ``xs:token`` has them."""
    return (PLAIN | texts(20)).map(collapsed).filter(bool)


def categories() -> SearchStrategy[LabelCategory]:
    """Categories of every kind, empty ones included."""
    return st.builds(
        LabelCategory,
        tag=PLAIN | texts(20),
        kind=st.sampled_from(KINDS),
        values=st.lists(PLAIN | texts(20) | st.just(""), max_size=4).map(tuple),
        uri=maybe(URIS),
    )


def _base(successor: SearchStrategy[Succession | None]) -> SearchStrategy[Label]:
    def originated(label: Label, who: tuple[str, str] | None) -> Label:
        return label if who is None else replace(label, originator=who[0], originator_kind=who[1])

    return st.builds(
        originated,
        st.builds(
            Label,
            policy=tokens(),
            classification=tokens(),
            categories=st.lists(categories(), max_size=4).map(tuple),
            policy_uri=maybe(URIS),
            privacy_mark=maybe(texts() | st.just("")),
            created_at=instants(),
            successor=successor,
            extensions=st.lists(EXTENSIONS, max_size=2).map(tuple) | st.just(()),
        ),
        maybe(st.tuples(PLAIN | texts(20) | st.just(""), st.sampled_from(ORIGINATOR_KINDS))),
    )


def labels() -> SearchStrategy[Label]:
    """Labels as one element holds them, successors included; without what stands beside a label."""
    successors = maybe(st.builds(Succession, at=instants(), label=_base(st.none())))
    reviewed = maybe(instants())
    return st.builds(lambda label, at: replace(label, review_at=at), _base(successors), reviewed)


def plain_labels() -> SearchStrategy[Label]:
    """Labels in plain words: printable ASCII, without successors and extensions."""
    names = PLAIN.map(collapsed).filter(bool)
    held = st.builds(
        LabelCategory,
        tag=PLAIN,
        kind=st.sampled_from(KINDS),
        values=st.lists(PLAIN | st.just(""), max_size=4).map(tuple),
        uri=maybe(st.just("urn:oid:2.25.1")),
    )
    return st.builds(
        Label,
        policy=names,
        classification=names,
        categories=st.lists(held, max_size=4).map(tuple),
        policy_uri=maybe(st.just("urn:oid:2.25.1")),
        privacy_mark=maybe(PLAIN),
        originator=st.just("nld.example"),
        originator_kind=st.sampled_from(ORIGINATOR_KINDS),
        created_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(tzinfo=UTC)),
        review_at=maybe(instants()),
    )


def labels_with_others() -> SearchStrategy[Label]:
    """Labels with alternatives and a metadata label beside them."""
    return st.builds(
        lambda label, others, metadata: replace(label, alternatives=tuple(others), metadata=metadata),
        labels() | plain_labels(),
        st.lists(plain_labels() | labels(), max_size=3),
        maybe(plain_labels() | labels()),
    )


def clearances() -> SearchStrategy[Clearance]:
    """Clearances of every shape."""
    return st.builds(
        Clearance,
        policy=tokens(),
        classifications=st.lists(tokens(), min_size=1, max_size=5).map(tuple),
        categories=st.lists(categories(), max_size=4).map(tuple),
        policy_uri=maybe(URIS),
    )


_PIECES = [
    b"", b" ", b"x", b"<!-- -->", b"<?p?>", b"<x/>", b'<a xmlns="urn:x"/>', b"&#x20;", b"\xc3\xa9", b'" URL="urn:x',
    b"</slab:GenericValue>", b"<slab:GenericValue/>", b"<slab:IntegerValue>1</slab:IntegerValue>", b"Category",
    b"slab:", b"Permissive", b"PERMISSIVE", b"2026-01-01T00:00:00Z", b"T24:00:00Z", b"+01:00", b"-0001", b"\x00",
    b"\xff", b"<", b">", b"&", b"]]>", b"\r\n\t", b'<slab:Category TagName="a" Type="INFORMATIVE"/>', b"<slab:x>",
    b"<![CDATA[ ]]>", b' xml:lang="en"', b' xmlns=""', b' Id="a"', b"</slab:ConfidentialityInformation>", b"0" * 1_100,
]  # fmt: skip


def mutated_labels() -> SearchStrategy[bytes]:
    """Octets of a label with something wrong in it, or nothing."""
    return _mutated_trees() | _mutated_octets()


@st.composite
def _mutated_octets(draw: st.DrawFn) -> bytes:
    """Octets of which some were cut, doubled, moved or replaced."""
    octets = write_label(draw(plain_labels() | labels()))
    for _ in range(draw(st.integers(1, 4))):
        marks = [at for at, octet in enumerate(octets) if octet in b'<>"= ']
        at = draw(st.sampled_from(marks) | st.integers(0, len(octets))) if marks else 0
        until = min(len(octets), at + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from(_PIECES) | st.just(octets[at:until] * 2))
        octets = octets[:at] + piece + octets[draw(st.sampled_from((at, until, min(at + 1, len(octets))))) :]
    return octets


_NAMES = (
    "originatorConfidentialityLabel", "ConfidentialityInformation", "PolicyIdentifier", "Classification", "PrivacyMark",
    "Category", "GenericValue", "IntegerValue", "BitStringValue", "OriginatorID", "CreationDateTime",
    "SuccessionHandling", "SuccessionDateTime", "SuccessorConfidentialityLabel",
)  # fmt: skip
_TAGS = [*(f"{{{LABEL}}}{name}" for name in _NAMES), "{urn:x}Marking", "Category"]
_ATTRIBUTES = [
    "URI",
    "URL",
    "TagName",
    "tagName",
    "Type",
    "IDType",
    "Id",
    "ReviewDateTime",
    "{urn:x}a",
    f"{{{LABEL}}}b",
    f"{{{XSI}}}type",
]
_CHANGES = ["remove", "double", "move", "rename", "attribute", "text", "tail"]
_WORDS = [
    "", " ", "NATO", " NATO  X ", "RESTRICTIVE", "Permissive", "jID", "urn:oid:1.2", "1.2", "2026-02-28T23:59:59Z",
    "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T24:00:00.00-14:00", "x" * 1_025, "7", "\u00a0", "1a",
]  # fmt: skip


@st.composite
def _mutated_trees(draw: st.DrawFn) -> bytes:
    """A well-formed document of which elements, attributes and values were changed."""
    root = etree.fromstring(write_label(draw(plain_labels() | labels())))
    for _ in range(draw(st.integers(1, 3))):
        element = draw(st.sampled_from([one for one in root.iter(etree.Element) if one is not root] or [root]))
        parent, change = element.getparent(), draw(st.sampled_from(_CHANGES))
        if change == "remove" and parent is not None:
            parent.remove(element)
        elif change == "double" and parent is not None:
            parent.insert(draw(st.integers(0, len(parent))), deepcopy(element))
        elif change == "move" and parent is not None:
            parent.insert(draw(st.integers(0, len(parent))), element)
        elif change == "rename":
            element.tag = draw(st.sampled_from(_TAGS))
        elif change == "attribute":
            one = draw(st.sampled_from([root, element]))
            one.set(draw(st.sampled_from([*map(str, one.attrib), *_ATTRIBUTES])), draw(st.sampled_from(_WORDS)))
        elif change == "text":
            element.text = draw(st.sampled_from(_WORDS))
        else:
            element.tail = draw(st.sampled_from([" ", "x", "\n"]))
    return etree.tostring(root)
