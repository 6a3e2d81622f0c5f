"""The one factory of XML parsers. Every document from outside goes through `parse`, and nothing else parses XML.

No DTD, no entity, no network, no other encoding than UTF-8, no XML 1.1, bounded depth and size. A byte search for
``<!DOCTYPE`` can be bypassed by UTF-16, so the ban is checked on the parsed document; other encodings are refused too.
"""

from __future__ import annotations

import re

from lxml import etree

from gateway.errors import Code, FormatError

MALFORMED = Code("XML-001", "document is not well-formed XML", "send well-formed XML 1.0 in UTF-8")
DOCTYPE = Code("XML-002", "document has a document type declaration", "send it without a DOCTYPE")
ENCODING = Code("XML-003", "document is not plain UTF-8 XML 1.0", "declare no encoding, or UTF-8, and version 1.0")
TOO_LARGE = Code("XML-004", "document is larger than allowed", "send smaller documents, or raise the limit")
CODES = (MALFORMED, DOCTYPE, ENCODING, TOO_LARGE)


_POSITION = re.compile(r"(, line \d+, column \d+)? \(<string>, line \d+\)$")


def _parser(*, collect_ids: bool) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,  # keeps libxml2's own bounds: depth 256, text 10 MB
        remove_blank_text=False,
        strip_cdata=False,
        collect_ids=collect_ids,
    )  # lxml locks a parser that threads share


_STRICT, _LENIENT = _parser(collect_ids=True), _parser(collect_ids=False)
_TEXTS = etree.XPath("descendant::text()")


def parse(octets: bytes, *, max_octets: int, any_ids: bool = False) -> etree._Element:
    """The root element of a hostile document.

    Equal or odd ``xml:id`` are refused, as every tool on libxml2 refuses them: what we accept from a partner the others
    must accept too. With `any_ids` they are taken, for national documents in which two records may have the same; then
    `gateway.xml_tree.without_ids` keeps them from what we make of it.

    Raises `FormatError` (``XML-...``) for anything but one well-formed UTF-8 XML 1.0 document without a DTD.
    """
    if len(octets) > max_octets:
        raise FormatError(TOO_LARGE, place=f"octet {max_octets}", cause=f"{len(octets)} octets, at most {max_octets}")
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff") or octets[:4] in (b"\x00\x00\x00<", b"<\x00\x00\x00"):
        raise FormatError(ENCODING, place="octet 0", cause="UTF-16 or UTF-32")
    try:
        root = etree.fromstring(octets, _LENIENT if any_ids else _STRICT)
    except (etree.XMLSyntaxError, ValueError) as error:
        line, column = getattr(error, "position", (0, 0))
        cause = _POSITION.sub("", str(error))[:200]  # the place says it already
        raise FormatError(MALFORMED, place=f"line {line} column {column}", cause=cause) from None
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.doctype:
        raise FormatError(DOCTYPE, place="line 1")
    if info.xml_version != "1.0" or (info.encoding or "UTF-8").upper() not in ("UTF-8", "ASCII", "US-ASCII"):
        raise FormatError(ENCODING, place="line 1", cause=f"version {info.xml_version}, encoding {info.encoding}")
    return root


def words_of(element: etree._Element, *, at_most: int) -> str:
    """What a person would read in an element: its words on one line, at most so many characters; never a value.

    Comments and processing instructions are no words of it; where one stands, a word ends.
    """
    texts = _TEXTS(element)
    assert isinstance(texts, list), "the expression gives nodes"
    return " ".join(" ".join(map(str, texts)).split())[:at_most]
