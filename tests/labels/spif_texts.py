"""XML SPIF files for tests, written from a few words; and policies, labels and clearances made of them."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.labels.clearance import Clearance
from gateway.labels.spif import Spif
from gateway.labels.spif_read import read_spif
from gateway.track import Label, LabelCategory

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
REVIEW = datetime(2030, 1, 1, tzinfo=UTC)
R, P, I = "RESTRICTIVE", "PERMISSIVE", "INFORMATIVE"  # noqa: E741 # the three letters of the standard's tables
_TYPES = {R: 'tagType="restrictive"', P: 'tagType="permissive"', I: 'tagType="tagType7"'}
TEST_OID = "2.25.11112222333344445555666677778888"


def spif_text(
    *,
    name: str = "TEST",
    oid: str = TEST_OID,
    levels: str = "LOW MIDDLE HIGH",
    sets: str = "",
    extra: str = "",
    root: str = 'schemaVersion="2.1"',
    level_bodies: dict[str, str] | None = None,
) -> bytes:
    """A file with the given classifications (words), tag sets (XML) and what follows them (XML)."""
    bodies = level_bodies or {}
    classes = "".join(
        f'<securityClassification name="{level.replace("_", " ")}" lacv="{n}" hierarchy="{n}">{bodies.get(level, "")}'
        "</securityClassification>"
        for n, level in enumerate(levels.split(), 1)
    )
    tag_sets = f"<securityCategoryTagSets>{sets}</securityCategoryTagSets>" if sets else ""
    return (
        f'<SPIF xmlns="http://www.xmlspif.org/spif" {root}>'
        f'<securityPolicyId name="{name}" id="{oid}"/>'
        f"<securityClassifications>{classes}</securityClassifications>{tag_sets}{extra}</SPIF>"
    ).encode()


def tag_set(name: str, kind: str, values: str, *, oid: str, bodies: dict[str, str] | None = None, tag: str = "") -> str:
    """One tag set with one tag; values are words (``_`` for a space), `bodies` what stands inside of some of them."""
    inside = "".join(
        f'<tagCategory name="{value.replace("_", " ")}" lacv="{n}">{(bodies or {}).get(value, "")}</tagCategory>'
        for n, value in enumerate(values.split(), 1)
    )
    return (
        f'<securityCategoryTagSet name="{name}" id="{oid}"><securityCategoryTag name="{name}" {_TYPES[kind]} {tag}>'
        f"{inside}</securityCategoryTag></securityCategoryTagSet>"
    )


def rules(attributes: str = "", inside: str = "") -> str:
    """The gateway's own rules, in the place for extensions."""
    return f'<extensions><g:rules xmlns:g="urn:alliance:gateway:spif:1" {attributes}>{inside}</g:rules></extensions>'


def policy(sets: str = "", **more: str) -> Spif:
    """A policy with classifications LOW, MIDDLE and HIGH and the given tag sets."""
    return read_spif(spif_text(sets=sets, **more))  # type: ignore[arg-type] # texts all


def category(tag: str, kind: str, *values: str, uri: str | None = None) -> LabelCategory:
    return LabelCategory(tag=tag, kind=kind, values=values, uri=uri)


def label(classification: str, *categories: LabelCategory, policy: str = "TEST", **more: object) -> Label:
    found = {"review_at": REVIEW, "created_at": NOW, **more}
    return Label(policy=policy, classification=classification, categories=categories, **found)  # type: ignore[arg-type]


def clearance(classifications: str, *categories: LabelCategory, policy: str = "TEST") -> Clearance:
    """Classifications are words (``_`` for a space)."""
    names = tuple(word.replace("_", " ") for word in classifications.split())
    return Clearance(policy=policy, classifications=names, categories=categories)


# ------------------------------------------------------------------------------------- a policy of the shape of NATO's

NATO_LEVELS = "UNCLASSIFIED RESTRICTED CONFIDENTIAL SECRET TOP_SECRET"
NINE = "BEL CAN DNK FRA GBR ISL ITA LUX NLD"
_PLACES = f"NATO EAPC ISAF KFOR RESOLUTE_SUPPORT {NINE} JPN CHE UKR IRL SWE NZL WSM"


def nato_shaped() -> Spif:
    """The tag sets and words of the published examples under NATO's identifier, without the exclusions of its file."""
    root = "1.3.26.1.4"
    return read_spif(
        spif_text(
            name="NATO",
            oid="1.3.26.1.3.1",
            levels=NATO_LEVELS,
            sets=tag_set("Additional Sensitivity", R, "ATOMAL CRYPTO SIOP BOHEMIA OTHER", oid=f"{root}.1")
            + tag_set("Releasable To", P, _PLACES, oid=f"{root}.2")
            + tag_set("Administrative", I, "MANAGEMENT STAFF PERSONAL MEDICAL COMMERCIAL", oid=f"{root}.3")
            + tag_set("Context", P, "NATO EAPC ISAF KFOR PFP RESOLUTE_SUPPORT Releasable", oid=f"{root}.4")
            + tag_set("Only", P, _PLACES, oid=f"{root}.5"),
        )
    )


def nato(classification: str, *categories: LabelCategory) -> Label:
    return label(classification, *categories, policy="NATO")
