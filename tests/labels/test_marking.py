"""Marking lines: what people read of a label, as the policy's file prescribes it."""

from __future__ import annotations

import pytest

from gateway.labels.marking import marking
from gateway.labels.shipped import shipped
from gateway.labels.spif import Spif
from gateway.labels.spif_read import read_spif
from gateway.track import Label
from tests.labels.spif_texts import NOW, I, P, R, category, label, spif_text, tag_set

SHIPPED = {name: read_spif(octets) for name, octets in shipped().items()}
RELEASED = (category("Context", P, "Releasable", "ALPHA"), category("Releasable To", P, "BRV", "ALPHA", "XAA"))


@pytest.mark.parametrize(
    ("tested", "language", "line"),
    [
        (label("UNMARKED", policy="PUBLIC"), "", "PUBLIC UNMARKED"),
        (label("unmarked", policy="public"), "fr-CA", "PUBLIC NON MARQUÉ"),
        (label("AMBER+STRICT", policy="TLP"), "", "TLP:AMBER+STRICT"),
        (label("SECRET", *RELEASED, policy="ALPHA"), "", "ALPHA SECRET Releasable to XAA, BRAVO"),
        (label("SECRET", *RELEASED, policy="ALPHA"), "fr", "ALPHA SECRET Communicable à XAA, BRAVO"),
        (label("RESTRICTED", category("Context", P, "COALITION"), policy="ALPHA"), "de", "ALPHA/COALITION RESTRICTED"),
        (
            label(
                "SECRET", category("Context", P, "ALPHA"), category("Only", P, "XBB", "ALPHA"),
                category("Additional Sensitivity", R, "LANTERN", "EMBER"),
                category("Administrative", I, "EXERCISE"), policy="ALPHA",
            ),
            "", "ALPHA SECRET EMBER LANTERN XBB, ALPHA ONLY - EXERCISE",
        ),
        (
            label(
                "LIMITED", category("Handling", R, "AIRPORT"), category("Use", I, "TRIAL", "EXERCISE"), policy="BRAVO"
            ),
            "", "BRAVO LIMITED HANDLE AS AIRPORT EXERCISE/TRIAL",
        ),
        (label("OPEN", privacy_mark="IN CONFIDENCE", policy="BRAVO"), "", "BRAVO OPEN IN CONFIDENCE"),
        (label("NONE", policy="BRAVO"), "", ""),
    ],
)  # fmt: skip
def test_marking_lines_of_the_shipped_policies(tested: Label, language: str, line: str) -> None:
    name = tested.policy.upper()
    assert marking(tested, SHIPPED[name], NOW, language=language) == line


def _with(*bodies: str, root: str = "", qualifiers: str = "") -> Spif:
    named = dict(zip(("AAA", "BBB"), bodies, strict=False))
    return read_spif(spif_text(sets=tag_set("Set", P, "AAA BBB", oid="2.25.1", bodies=named), extra=root + qualifiers))


def data(phrase: str | None, *codes: str, more: str = "") -> str:
    inside = "".join(f"<code>{code}</code>" for code in codes)
    return f"<markingData {f'phrase={phrase!r}' if phrase is not None else ''} {more}>{inside}</markingData>"


def qualified(attributes: str, *qualifiers: tuple[str, str]) -> str:
    inside = "".join(f'<qualifier markingQualifier="{text}" qualifierCode="{code}"/>' for text, code in qualifiers)
    return f"<markingQualifier {attributes}>{inside}</markingQualifier>"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("", "TEST LOW AAA/BBB"),
        (data("Aa", "pageTop"), "TEST LOW Aa/BBB"),
        (data("Aa", "portionMarking"), "TEST LOW AAA/BBB"),
        (data("Aa", "noMarkingDisplay"), "TEST LOW BBB"),
        (data(None, "noNameDisplay"), "TEST LOW BBB"),
        (data(None, "pageBottom"), "TEST LOW AAA/BBB"),
        (data("Aa", "noNameDisplay"), "TEST LOW Aa/BBB"),
        (data("Aa", "suppressClassName"), "TEST Aa/BBB"),
        (data("OTHER", "replacePolicy"), "OTHER LOW AAA/BBB"),
        (data("OTHER", "replacePolicy", "noNameDisplay"), "OTHER LOW BBB"),
        (data("Aa", "pageTop") + data("Ää", "pageTop", more='xml:lang="de"'), "TEST LOW Aa/BBB"),
        (qualified("", ("(", "prefix"), (")", "suffix")), "TEST LOW (AAA)/BBB"),
        (qualified('markingCode="xHeader"', ("X-", "prefix")), "TEST LOW AAA/BBB"),
    ],
)  # fmt: skip
def test_codes_of_values(body: str, line: str) -> None:
    assert marking(label("LOW", category("Set", P, "BBB", "AAA")), _with(body), NOW) == line


def test_a_language_takes_its_own_words_then_its_primary_ones_then_those_of_none() -> None:
    body = (
        data("Aa", "pageTop")
        + data("Ää", "pageTop", more='xml:lang="de"')
        + data("Ää!", "pageTop", more='xml:lang="de-AT"')
    )
    tested = label("LOW", category("Set", P, "AAA"))
    lines = {
        language: marking(tested, _with(body), NOW, language=language)
        for language in ("", "de", "de-CH", "de-AT", "fr")
    }
    assert lines == {
        "": "TEST LOW Aa", "de": "TEST LOW Ää", "de-CH": "TEST LOW Ää", "de-AT": "TEST LOW Ää!", "fr": "TEST LOW Aa",
    }  # fmt: skip


def test_the_policy_frames_the_line() -> None:
    frame = (
        '<markingQualifier markingCode="pageBottom"><qualifier markingQualifier="[ " qualifierCode="prefix"/>'
        '<qualifier markingQualifier=" ]" qualifierCode="suffix"/></markingQualifier>'
    )
    named = data("The policy", "pageTop")
    assert marking(label("LOW"), _with(root=named, qualifiers=frame), NOW) == "[ The policy LOW ]"


def test_the_policy_may_replace_its_own_word_by_nothing() -> None:
    """As the demonstration policy TLPX of spiffing does: ``TLPX:AMBER J:EU``."""
    prefix = qualified("", ("TLPX:", "prefix"))
    spif = _with(root=data("", "replacePolicy"), qualifiers=prefix)
    assert marking(label("LOW", category("Set", P, "AAA")), spif, NOW) == "TLPX:LOW AAA"


def test_qualifiers_of_a_tag_stand_around_its_values() -> None:
    """As in spiffing's demonstration policy UK: ``DEMO-UK SECRET - UK / EU EYES ONLY``."""
    around = qualified("", ("- ", "prefix"), (" / ", "separator"), (" EYES ONLY", "suffix"))
    end = "</securityCategoryTag>"
    sets = tag_set("Caveats", P, "UK US EU", oid="2.25.1").replace(end, around + end)
    spif = read_spif(spif_text(name="UK", levels="SECRET", sets=sets, extra=qualified("", ("DEMO-", "prefix"))))
    tested = label("SECRET", category("Caveats", P, "EU", "UK"), policy="UK")
    assert marking(tested, spif, NOW) == "DEMO-UK SECRET - UK / EU EYES ONLY"


def test_the_classification_replaces_the_policys_word_before_a_value_does() -> None:
    replaced = data("COSMIC", "replacePolicy")
    spif = read_spif(
        spif_text(
            sets=tag_set(
                "Set", P, "AAA", oid="2.25.1", bodies={"AAA": data("OTHER", "replacePolicy", "noNameDisplay")}
            ),
            level_bodies={"HIGH": replaced},
        )
    )
    assert marking(label("HIGH", category("Set", P, "AAA")), spif, NOW) == "COSMIC HIGH"
    assert marking(label("LOW", category("Set", P, "AAA")), spif, NOW) == "OTHER LOW"
