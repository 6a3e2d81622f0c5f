"""ADatP-4774 confidentiality clearances out of XML and into it.

Stricter than labels: a clearance is refused for anything in it that is not understood, since what is left out of it
might take something away. It comes from the operator, who can correct it.
"""

from __future__ import annotations

from lxml import etree

from gateway.errors import PolicyError
from gateway.labels.clearance import Clearance
from gateway.labels.codes import OUT_OF_BOUNDS, WRONG_ELEMENT
from gateway.labels.names import (
    CLEARANCE,
    LABEL,
    MAX_CATEGORIES,
    MAX_CLASSIFICATIONS,
    MAX_WEIGHT,
    VALUE_WEIGHT,
    categories_weight,
)
from gateway.labels.read import category_of
from gateway.labels.tree import Node, named, root_of
from gateway.labels.write import category_elements, policy_element, token
from gateway.track import LabelCategory

_ROOT = "ConfidentialityClearance"


def read_clearance(octets: bytes) -> Clearance:
    """The clearance that a hostile document is. Raises `PolicyError` (``LBL-...``) for everything else."""
    return clearance_of(root_of(octets))


def clearance_of(element: etree._Element) -> Clearance:
    """The clearance that one element of a parsed document is; as `read_clearance`."""
    node = Node(element, named(element))
    if element.tag != f"{{{CLEARANCE}}}{_ROOT}":
        node.wrong(element, (_ROOT,))
    node.only(lax=True)
    policy = node.need("PolicyIdentifier")
    policy.only("URI")
    listing = node.need("ClassificationList", CLEARANCE)
    listing.only()
    listed = [listing.need("Classification"), *listing.take_all("Classification", MAX_CLASSIFICATIONS - 1)]
    listing.end()
    for classification in listed:
        classification.only()
    categories = [_category(category) for category in node.take_all("Category", MAX_CATEGORIES)]
    extensions = node.take("ConfidentialityClearanceExtensions", CLEARANCE)
    if extensions is not None:
        extensions.only()
        extensions.end()
    node.end()
    clearance = Clearance(
        policy=policy.token(),
        classifications=tuple([classification.token() for classification in listed]),
        categories=tuple(categories),
        policy_uri=policy.uri(),
    )
    if _weight(clearance) > MAX_WEIGHT:
        node.refuse(OUT_OF_BOUNDS, f"{_weight(clearance)} characters, at most {MAX_WEIGHT}")
    return clearance


def write_clearance(clearance: Clearance) -> bytes:
    """The clearance in exclusive canonical form; `read_clearance` gives it back.

    Raises `PolicyError` for one without classifications, with text that XML forbids, or out of bounds.
    """
    count = len(clearance.classifications)
    if not 1 <= count <= MAX_CLASSIFICATIONS or _weight(clearance) > MAX_WEIGHT:
        cause = f"{count} classifications, {_weight(clearance)} characters; 1 to {MAX_CLASSIFICATIONS}, {MAX_WEIGHT}"
        raise PolicyError(OUT_OF_BOUNDS, place=_ROOT, cause=cause)
    classifications = [
        f"<slab:Classification>{token(one, f'{_ROOT}/ClassificationList')}</slab:Classification>"
        for one in clearance.classifications
    ]
    text = (
        f'<sclr:{_ROOT} xmlns:sclr="{CLEARANCE}" xmlns:slab="{LABEL}">'
        f"{policy_element(clearance.policy, clearance.policy_uri, _ROOT)}"
        f"<sclr:ClassificationList>{''.join(classifications)}</sclr:ClassificationList>"
        f"{category_elements(clearance.categories, _ROOT)}</sclr:{_ROOT}>"
    )
    return etree.tostring(root_of(text.encode()), method="c14n", exclusive=True, with_comments=False)


def _category(node: Node) -> LabelCategory:
    unknown: dict[str, None] = {}
    category = category_of(node, unknown)
    if unknown:
        node.refuse(WRONG_ELEMENT, ", ".join(unknown))
    return category


def _weight(clearance: Clearance) -> int:
    names = sum(len(one) + VALUE_WEIGHT for one in clearance.classifications)
    return names + len(clearance.policy) + len(clearance.policy_uri or "") + categories_weight(clearance.categories)
