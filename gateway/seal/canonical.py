"""Step 4: are octets their own exclusive canonical form (XML-EXC-C14N)?

`is_plain` proves it from the octets alone for what gateways write, in a sixth of the time that canonicalising takes.
Whatever it cannot prove goes to `fault_of`, which canonicalises. The argument for its soundness is ADR 0010; a property
test holds it against libxml2.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree

from gateway.errors import Code, FormatError
from gateway.limits import Limits
from gateway.seal import codes, profile
from gateway.xml import parse

# The whole start tag of the root: the only place where a plain document declares a namespace.
_ROOT_START = re.compile(re.escape(profile.START) + rb'[0-9.]{1,9}">')
_NAMESPACE_PLACE = profile.START.index(b" xml")
# What is left of a document when all but its markup characters are dropped: "<>" for <a>, '< ="">' for <a b="c">.
_NOT_MARKUP = bytes(octet for octet in range(256) if octet not in b"<>/ =\"'&!?\t\n")
_ROOT_MARKUP = b'< ="" ="">'
_TWO_ATTRIBUTES = re.compile(rb' ([^ ="<>]++)="[^"<>]*+" ([^ ="<>]++)="')
_NO_TEXT_REFERENCE = re.compile(rb"&(?!amp;|lt;|gt;)")
_LABEL, _END_LABEL = b"<Label>", b"</Label>"
# Labels of ADatP-4774 (prefix slab) and what stands beside them: no other elements, so no signature, and few attributes
_LABELS = re.compile(
    rb'(?:</?+slab:[A-Za-z]++(?: xmlns:slab="urn:nato:stanag:4774:confidentialitymetadatalabel:1:0")?+'
    rb'(?: [A-Za-z]++="[^"<]*+"){0,8}+>[^<]*+)++(?:</?+(?:Tlp|Purpose)>[^<]*+)*+'
).fullmatch
_MOST_LABELS = 16  # distinct ones that are looked at by themselves; with more it is cheaper to canonicalise the whole
_LONGEST_LABEL = 16_384  # octets; what is remembered stays small
_SIGNATURE_ELEMENT = etree.XPath("boolean(//ds:*)", namespaces={"ds": profile.SIGNATURE_NAMESPACE})


def is_plain(octets: bytes) -> bool:
    """Whether `octets`, which `xml.parse` has taken, are certainly canonical; False says nothing.

    True means: one namespace, declared on the root, but for labels that are canonical by themselves; elements and text
    only; start and end tags in canonical spelling.
    """
    # a  No line end that a parser would change; nothing around the root; no namespace but its own and those of labels
    root = _ROOT_START.match(octets)
    if root is None or b"\r" in octets or not octets.endswith(profile.END):
        return False
    at = end = root.end()  # what stands between them is a label and not looked at again
    namespace = octets.rfind(b" xml")
    if namespace != _NAMESPACE_PLACE:
        at, end = _first_label(octets)
        if not at < namespace < end:
            octets = _without_labels(octets)
            at = end = root.end()
            if octets.rfind(b" xml") != _NAMESPACE_PLACE:
                return False
        elif octets.find(b" xml", root.end(), at) >= 0:
            return False
    # b  References in text are the three that canonical text has (d excludes them from tags)
    if b"&" in octets and (_NO_TEXT_REFERENCE.search(octets, 0, at) or _NO_TEXT_REFERENCE.search(octets, end)):
        return False
    # c  Tags of one attribute, and of two in order, count as bare ones from here on
    markup = octets.translate(None, _NOT_MARKUP)
    if at < end:
        before, label = (len(part.translate(None, _NOT_MARKUP)) for part in (octets[:at], octets[at:end]))
        markup = markup[:before] + markup[before + label :]
    bare = markup.count(b"<>") + markup.count(b'< ="">') + 1  # the root is of two
    if markup.find(_ROOT_MARKUP, 1) > 0:
        pairs = _TWO_ATTRIBUTES.findall(octets, root.end(), at) + _TWO_ATTRIBUTES.findall(octets, end)
        if any(first >= second for first, second in pairs):
            return False
        bare += markup.count(_ROOT_MARKUP, 1)
    # d  Every "<" and every ">" is of a bare start or end tag, as many of these as of those: none is an empty element's
    if bare != markup.count(b"</>") or markup.count(b">") != 2 * bare:
        return False
    # What opens with "<" has a ">" of its own, and that is counted; but for those in comments and their like
    return (b"!" not in markup and b"?" not in markup) or markup.count(b"<") == 2 * bare


def _first_label(octets: bytes) -> tuple[int, int]:
    """Where what stands in the first label begins and ends, if it is certainly canonical there; else (-1, -1)."""
    at = octets.find(_LABEL) + len(_LABEL)
    end = octets.find(_END_LABEL, at)
    if at < len(_LABEL) or not at < end <= at + _LONGEST_LABEL or not _is_canonical_label(octets[at:end]):
        return -1, -1
    return at, end


def _without_labels(octets: bytes) -> bytes:
    """The octets with each label empty that is certainly canonical where it stands; others are left as they are.

    What is left is canonical if and only if the whole is: a label inherits nothing but the default namespace.
    """
    first, *others = octets.split(_LABEL)
    kept, seen = [first], set[bytes]()
    for part in others:
        label, closed, rest = part.partition(_END_LABEL)
        if not closed:
            return octets
        if label not in seen:
            if len(seen) == _MOST_LABELS or len(label) > _LONGEST_LABEL or not _is_canonical_label(label):
                return octets
            seen.add(label)
        kept.append(rest)
    return b"<Label></Label>".join(kept)


@lru_cache(maxsize=256)
def _is_canonical_label(inner: bytes) -> bool:
    """Whether labels are canonical inside of a message, as what stands in a ``Label`` element."""
    if not inner:
        return True
    if _LABELS(inner) is None:
        return False
    octets = b'<Label xmlns="%b">%b</Label>' % (profile.NAMESPACE.encode(), inner)
    try:
        return etree.tostring(parse(octets, max_octets=2 * _LONGEST_LABEL), method="c14n", exclusive=True) == octets
    except (FormatError, etree.C14NError):
        return False


def fault_of(octets: bytes, root: etree._Element, limits: Limits) -> tuple[Code, str] | None:
    """Why `octets`, of which `root` is the tree, may not be accepted; None if they are canonical and bounded."""
    if b"<!" in octets or b"<?" in octets:  # in parsed octets "<" stands in markup only
        return codes.MARKUP, "comment, processing instruction or CDATA section"
    # Linear, and before any canonicalising: that costs the square of the attributes of one element.
    if etree.XPath(f"boolean(/descendant::*/@*[{limits.max_xml_attributes + 1}])")(root):
        return codes.FLOOD, f"more than {limits.max_xml_attributes} attributes on one element"
    try:
        canonical = etree.tostring(root, method="c14n", exclusive=True)
    except etree.C14NError as error:
        return codes.NOT_CANONICAL, str(error)[:200]
    if canonical != octets:
        pairs = enumerate(zip(canonical, octets, strict=False))
        place = next((index for index, (ours, theirs) in pairs if ours != theirs), min(len(canonical), len(octets)))
        return codes.NOT_CANONICAL, f"differs from octet {place} on"
    if profile.SIGNATURE_NAMESPACE.encode() in octets and _SIGNATURE_ELEMENT(root):
        return codes.MARKUP, "an xmldsig element besides the signature"
    return None
