"""The vectors of spiffing (surevine, MIT): markings, validity and decisions as its ``tests.xml`` expects them.

What is not as it expects is in `DEVIATIONS`, each with the rule of ours that makes it so. Vectors whose files are not
in the directory (milk chocolate, TLP, the UK demonstration) are told by their names in `ABSENT`.
"""

from __future__ import annotations

import msgspec
import pytest
from lxml import etree

from gateway.errors import PolicyError
from gateway.labels.check import check_label
from gateway.labels.decide import decide
from gateway.labels.marking import marking
from gateway.labels.read import read_label
from gateway.labels.spif import Spif
from gateway.labels.spif_read import read_spif
from gateway.track import Label
from tests.data import recording
from tests.labels.spif_texts import NOW, REVIEW
from tests.labels.spiffy import read_spiffy_clearance, read_spiffy_label

DEVIATIONS = {
    "nato-4774-17-1.nato": "its PolicyIdentifier has an attribute URL, which the standard does not know (rule 8)",
}
ABSENT = {
    "food-label-milk-chocolate.xml", "food-label-cheap-milk-chocolate.xml", "food-label-meaty-milk-chocolate.xml",
    "stupid-label.ber", "this-file-does-not-exist.ber", "tlpx-amber-eu.xml", "tlpx-green-sh-na.xml",
}  # fmt: skip
LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def nato_policy() -> Spif:
    return read_spif(recording("labels/nato-4774-policy.xml").read_bytes())


def food_policy() -> Spif:
    """As published it is not well-formed, and has no namespace, no version, and an attribute that no schema has."""
    octets = recording("labels/food-policy.xml").read_bytes()
    with pytest.raises(PolicyError) as caught:
        read_spif(octets)
    assert caught.value.code.id == "LBL-030"
    for wrong, right in (
        (b"</securityCategiryTagSet>", b"</securityCategoryTagSet>"),
        (b"<SPIF>", b'<SPIF xmlns="http://www.xmlspif.org/spif" schemaVersion="2.1">'),
        (b"<markingQualifier code=", b"<markingQualifier markingCode="),
    ):
        assert wrong in octets
        octets = octets.replace(wrong, right)
    return read_spif(octets)


def read_vector(name: str, spif: Spif) -> Label:
    """A vector as a label of ours. The ``.nato`` ones get the creation and review times that the standard asks for."""
    octets = recording(f"labels/{name}").read_bytes()
    if not name.endswith(".nato"):
        return read_spiffy_label(octets, spif)
    end = b"</ConfidentialityInformation>"
    octets = octets.replace(end, end + b"<CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime>")
    return msgspec.structs.replace(read_label(octets), review_at=REVIEW)


def expectations() -> list[etree._Element]:
    tests = etree.fromstring(recording("labels/tests.xml").read_bytes())
    return [each for each in tests.iter("test") if each.get("label") not in ABSENT]


def test_every_vector_that_is_there_has_its_marking_and_validity() -> None:
    policies = {"nato": nato_policy(), "food": food_policy()}
    tested = set()
    for expected in expectations():
        name = expected.get("label", "")
        spif = policies[name.partition("-")[0]]
        if name in DEVIATIONS:
            continue
        found = read_vector(name, spif)
        findings = check_label(found, spif, NOW)
        assert (not findings) == (expected.get("valid") == "true"), (name, findings)
        line = expected.get("label-marking")
        if line is not None:
            assert marking(found, spif, NOW, language=expected.get(LANG, "")) == line, name
        tested.add((name, expected.get(LANG)))
    assert len(tested) == 15


def test_the_vectors_with_errors_deviate_as_explained() -> None:
    spif = nato_policy()
    vector = recording("labels/nato-4774-17-1.nato").read_bytes()
    end = b"</ConfidentialityInformation>"
    dated = vector.replace(end, end + b"<CreationDateTime>2026-01-01T00:00:00Z</CreationDateTime>")
    label = msgspec.structs.replace(read_label(dated), review_at=REVIEW)
    assert [each.code.id for each in check_label(label, spif, NOW)] == ["LBL-041"]
    right = msgspec.structs.replace(read_label(dated.replace(b"URL=", b"URI=")), review_at=REVIEW)
    assert marking(right, spif, NOW) == "NATO UNCLASSIFIED Releasable to ISAF, KFOR, RESOLUTE SUPPORT"


def test_the_label_that_spiffing_calls_invalid_is_invalid() -> None:
    spif = nato_policy()
    for name in ("nato-4774-17-5.nato", "nato-4774-17-5.xml"):
        findings = check_label(read_vector(name, spif), spif, NOW)
        assert {each.code.id for each in findings} == {"LBL-053"}
        assert marking(read_vector(name, spif), spif, NOW) == ""


def test_the_clearance_for_everything_but_the_ones_for_chocolate_permits_bacon() -> None:
    spif = food_policy()
    mine = read_spiffy_clearance(recording("labels/food-clearance-all-okay.xml").read_bytes(), spif)
    bacon, water = (read_vector(f"food-label-{name}.xml", spif) for name in ("bacon", "water"))
    # bacon is Meaty, the clearance holds Sweet; water is Freely Available, the clearance lists other classes
    assert decide(bacon, mine, spif, NOW).detail == "Taste Sensations: none of Meaty"
    assert decide(water, mine, spif, NOW).rule == "classification"
    sweet = msgspec.structs.replace(
        bacon, categories=tuple(
            msgspec.structs.replace(each, values=("Sweet",)) if each.tag == "Taste Sensations" else each
            for each in bacon.categories
        ),
    )  # fmt: skip
    assert decide(sweet, mine, spif, NOW).permit


def test_a_tag_set_with_two_types_in_one_label_is_refused_where_spiffing_takes_it() -> None:
    """Milk chocolate is Not Vegan (restrictive) and Animal Rights (permissive) of one set: rule 5 refuses that."""
    spif = food_policy()
    bacon = read_vector("food-label-bacon.xml", spif)
    ethics = msgspec.structs.replace(bacon.categories[1], kind="PERMISSIVE", values=("Animal Rights",))
    both = msgspec.structs.replace(bacon, categories=(*bacon.categories, ethics))
    assert "LBL-049" in {each.code.id for each in check_label(both, spif, NOW)}
