"""Names, bounds and simple types of ADatP-4774 labels and clearances, as ``confidentiality-label-1.0.xsd`` has them.

The standard bounds nothing; the bounds here are the alliance's and stand in the schemas too, so that partners agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from gateway.track import Label, LabelCategory

LABEL = "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
CLEARANCE = "urn:nato:stanag:4774:confidentialityclearance:1:0"
BINDING = "urn:nato:stanag:4778:bindinginformation:1:0"
XMIME = "http://www.w3.org/2005/05/xmlmime"
XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

ORIGINATOR = "originatorConfidentialityLabel"
ALTERNATIVE = "alternativeConfidentialityLabel"
METADATA = "metadataConfidentialityLabel"
LEGACY = "ConfidentialityLabel"
LABEL_ELEMENTS = (ORIGINATOR, ALTERNATIVE, METADATA, LEGACY)

KINDS = ("RESTRICTIVE", "PERMISSIVE", "INFORMATIVE")
ORIGINATOR_KINDS = (
    "rfc822Name",
    "dNSName",
    "directoryName",
    "uniformResourceIdentifier",
    "iPAddress",
    "x400Address",
    "userPrincipalName",
    "jID",
)

MAX_LABEL_OCTETS = 262_144  # one document; stops those that cost more to refuse than to send
MAX_WEIGHT = 32_768  # characters that a label or clearance holds, successors included; it always fits a document
VALUE_WEIGHT = 32  # what a value weighs besides its characters; stops floods of empty ones
MAX_NAME = 1_024  # characters of a name, value, URI or originator; stops giants in caches and ledgers
MAX_MARK = 4_096  # characters of a privacy mark, which people wrote
MAX_CLASSIFICATIONS = 64  # of a clearance
MAX_CATEGORIES = 50  # of a label or clearance; a decision visits each
MAX_VALUES = 200  # of a category: all nations there are
MAX_ALTERNATIVES = 16  # labels in other policies beside one label
MAX_SUCCESSIONS = 4  # labels that follow one another; the reader recurses
MAX_EXTENSIONS = 20  # foreign elements of one label
MAX_EXTENSION = 16_384  # characters of one of them
MAX_EXTENSION_ELEMENTS = 1_000  # inside of one, itself included
MAX_EXTENSION_DEPTH = 32
MAX_EXTENSION_ATTRIBUTES = 64  # of one element; canonicalisers sort them slowly
MAX_UNKNOWN = 100  # names told of what the standard does not know; then the label is refused outright

_PATH = r"[A-Za-z0-9\-._~:/?@!$&'()*+,;=]|%[0-9A-Fa-f]{2}"
URI_PATTERN = rf"[A-Za-z][A-Za-z0-9+.\-]*:({_PATH})+(#({_PATH})*)?"
_ZONE = r"Z|[+\-](0[0-9]|1[0-3]):[0-5][0-9]|[+\-]14:00"
TIME_PATTERN = rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,12}})?({_ZONE})"

is_uri = re.compile(URI_PATTERN).fullmatch
_is_time = re.compile(TIME_PATTERN).fullmatch
forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]").search
_MIDNIGHT = re.compile(r"[0-9-]{10}T24:00:00(\.0+)?(?![.0-9])")
_blanks = re.compile("[ \t\r\n]+")


def collapsed(text: str) -> str:
    """`text` as ``xs:token`` has it: no blanks around it, one space for each run inside. Other spaces stay."""
    return _blanks.sub(" ", text).strip(" ")


def time_of(text: str) -> datetime:
    """The instant of an ``xs:dateTime`` with a zone, in UTC; what is finer than a microsecond is cut off.

    Raises `ValueError` for anything else.
    """
    if _is_time(text) is None:
        raise ValueError("no date and time with a zone")
    midnight = _MIDNIGHT.match(text)  # xs:dateTime: the first instant of the next day
    if midnight is not None:
        text = f"{text[:11]}00:00:00{text[midnight.end() :]}"
    try:
        instant = datetime.fromisoformat(text).astimezone(UTC)
        return instant if midnight is None else instant + timedelta(days=1)
    except OverflowError:
        raise ValueError("outside of the years 1 to 9999") from None


def text_of(instant: datetime) -> str:
    """`instant` in UTC, ending in Z, six fractional digits or none. Raises `ValueError` without a zone."""
    if instant.tzinfo is None:
        raise ValueError("time without a zone")
    try:
        return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    except OverflowError:
        raise ValueError("outside of the years 1 to 9999") from None


def weight(label: Label) -> int:
    """How many characters the label holds, more or less; its successors count, what stands beside it does not."""
    held = len(label.policy) + len(label.classification) + categories_weight(label.categories)
    for text in (label.policy_uri, label.privacy_mark, label.originator):
        held += 0 if text is None else len(text)
    held += sum(len(extension.xml) for extension in label.extensions)
    return held if label.successor is None else held + weight(label.successor.label)


def weight_in_all(label: Label) -> int:
    """The weight of a label with that of all that stands beside it."""
    beside = label.alternatives if label.metadata is None else (*label.alternatives, label.metadata)
    return weight(label) + sum(map(weight_in_all, beside))


def categories_weight(categories: Iterable[LabelCategory]) -> int:
    """The share of `weight` that categories have."""
    return sum(
        len(one.tag) + len(one.uri or "") + sum(map(len, one.values)) + VALUE_WEIGHT * (len(one.values) + 1)
        for one in categories
    )
