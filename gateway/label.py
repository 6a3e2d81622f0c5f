"""A confidentiality label as every room knows it: the words of ADatP-4774, not their XML. Imports nothing of ours."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

OpenCode = str
"""A code from a registry that nations may extend: ``[A-Z][A-Z0-9_]{0,39}`` or ``x-nation:code``."""


class Extension(Struct, frozen=True, gc=False):
    """A national or future leftover: kept, passed on, never acted on."""

    namespace: str
    """Never the alliance namespace and never empty (``xs:any ##other``)."""
    name: str
    """Local name of the element."""
    xml: str
    """The whole element in exclusive canonical form (XML-EXC-C14N), declaring every namespace it uses."""


class LabelCategory(Struct, frozen=True, kw_only=True, gc=False):
    """One category of a confidentiality label (ADatP-4774 `Category`)."""

    tag: str
    """Name of the tag set in the label's policy, such as ``Releasable To``."""
    kind: OpenCode
    """``RESTRICTIVE`` (all values must be held), ``PERMISSIVE`` (one suffices) or ``INFORMATIVE``."""
    values: tuple[str, ...]
    """Empty in a permissive category means *nobody*; a category that is absent restricts nothing."""
    uri: str | None = None
    """Identifier of the tag set, such as ``urn:oid:1.3.26.1.4.2``."""


class Label(Struct, frozen=True, kw_only=True, gc=False, cache_hash=True):
    """Confidentiality of a message or a track: an ADatP-4774 label, and what civil partners read beside it.

    A label that a source gave has no times; policy gives it those that it needs to be written.
    """

    policy: str
    """Name of the security policy (`PolicyIdentifier`)."""
    classification: str
    categories: tuple[LabelCategory, ...] = ()
    tlp: OpenCode | None = None
    """Traffic Light Protocol marking beside the label. It informs; decisions rest on the label."""
    purpose: OpenCode | None = None
    policy_uri: str | None = None
    """``urn:oid:`` of the security policy."""
    privacy_mark: str | None = None
    originator: str | None = None
    """Who set the label (`OriginatorID`)."""
    originator_kind: str | None = None
    """What `originator` is: ``dNSName``, ``uniformResourceIdentifier``, ... (`IDType`)."""
    created_at: datetime | None = None
    review_at: datetime | None = None
    successor: Succession | None = None
    alternatives: tuple[Label, ...] = ()
    """The same confidentiality in the words of other policies (`alternativeConfidentialityLabel`); they never replace
    the label itself and have no alternatives of their own."""
    metadata: Label | None = None
    """Label of the label itself (`metadataConfidentialityLabel`)."""
    unknown: tuple[str, ...] = ()
    """Elements and attributes in `ConfidentialityInformation` that the standard does not name, each with its place, and
    of values in forms that it forbids. Anything here makes the label undecidable."""
    extensions: tuple[Extension, ...] = ()
    """Elements of other namespaces after it: kept, never acted on."""


class Succession(Struct, frozen=True, kw_only=True, gc=False):
    """Which label follows, and when (`SuccessionHandling`)."""

    at: datetime
    label: Label
