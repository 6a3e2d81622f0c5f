"""Security policy files that would loosen decisions if they were read another way than they are meant."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.errors import PolicyError
from gateway.labels.check import check_label
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import MAX_SPIF_OCTETS, MAX_SPIF_TAGS, read_spif
from tests.labels.spif_texts import NOW, I, P, R, category, nato, rules, spif_text, tag_set

ONE = tag_set("Set", R, "A B", oid="2.25.1")


def refusal(octets: bytes) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        read_spif(octets)
    return caught.value


# -------------------------------------------------------------------------------------------------- words and markup


@pytest.mark.parametrize(
    "word",
    ["XAA\u200b", "XAA\u202e", "X\u00adA", "\ufeffXAA", "X\u2060A", "X\u2028A", "X\U000e0041", "X&#x85;A", "X&#9;A"],
)
def test_no_word_holds_what_nobody_sees(word: str) -> None:
    for octets in (
        spif_text(name=word), spif_text().replace(b'name="LOW"', f'name="{word}"'.encode()),
        spif_text(sets=tag_set(word, P, "A", oid="2.25.1")),
        spif_text(sets=ONE.replace('name="A"', f'name="{word}"')),
        spif_text(extra=f'<privacyMarks><privacyMark name="{word}"/></privacyMarks>'),
    ):  # fmt: skip
        assert refusal(octets).code.id == "LBL-033"


@pytest.mark.parametrize("word", ["XÄÖ", "Größe 1", "ΑΒΓ", "機密", "TRÈS SECRET UE/EU TOP SECRET", "AMBER+STRICT"])
def test_words_of_other_languages_are_read(word: str) -> None:
    found = read_spif(spif_text(sets=ONE.replace('name="A"', f'name="{word}"')))
    assert word in found.tag_sets["Set"].values


@pytest.mark.parametrize("markup", ["<!-- x -->", "<?x?>", "<b/>"])
def test_a_word_is_not_cut_short_by_markup_inside_of_it(markup: str) -> None:
    """A reader that takes the first piece reads LOW, one that takes all of it LOWER."""
    for body in (
        f"<excludedClass>LOW{markup}ER</excludedClass>",
        f"<markingData><code>pageTop{markup}Bottom</code></markingData>",
    ):
        found = refusal(spif_text(levels="LOW LOWER", sets=tag_set("Set", R, "A", oid="2.25.1", bodies={"A": body})))
        assert found.code.id == "LBL-032"
    octets = spif_text(sets=ONE, extra=rules(inside=f"<g:mandatory>Set{markup}2</g:mandatory>"))
    assert refusal(octets).code.id == "LBL-032"


@pytest.mark.parametrize("where", ["<securityClassifications>", "</securityClassification>", "</securityCategoryTag>"])
def test_text_where_none_is_expected_is_not_read_over(where: str) -> None:
    text = spif_text(sets=ONE).decode()
    found = refusal(text.replace(where, f"{where} excludedClass LOW ", 1).encode())
    assert (found.code.id, "excludedClass LOW" in found.cause) == ("LBL-032", True)


EVERYTHING = spif_text(
    sets=tag_set(
        "Set", R, "A B", oid="2.25.1",
        bodies={
            "A": "<excludedClass>LOW</excludedClass>"
            '<requiredCategory operation="all"><categoryGroup tagSetRef="Set" tagType="restrictive" lacv="2"/>'
            '</requiredCategory><excludedCategory tagSetRef="Also" tagType="restrictive" all="true"/>'
            '<equivalentSecCategoryTag policyRef="B" tagSetId="2.25.4" tagType="restrictive" lacv="1" applied="both"/>'
            '<markingData phrase="a"><code>pageTop</code></markingData>'
            '<markingQualifier><qualifier markingQualifier="," qualifierCode="suffix"/></markingQualifier>'
        },
    ).replace("</securityCategoryTagSet>", '<equivalentSecurityCategoryTagSet policyRef="B"/></securityCategoryTagSet>')
    + tag_set("Also", R, "A", oid="2.25.2"),
    level_bodies={"LOW": '<equivalentClassification policyRef="B" lacv="1" applied="both"/>'},
    extra='<privacyMarks><privacyMark name="QUIET"/></privacyMarks>'
    '<equivalentPolicies><equivalentPolicy name="B" id="2.25.3"/></equivalentPolicies>'
    '<defaultSecurityPolicyId name="C" id="2.25.5"/>' + rules(inside="<g:mandatory>Set</g:mandatory>"),
)  # fmt: skip
ELEMENTS = sorted(
    {str(each.tag) for each in etree.fromstring(EVERYTHING).iter()} - {"{http://www.xmlspif.org/spif}extensions"}
)


@pytest.mark.parametrize("tag", ELEMENTS, ids=lambda tag: tag.rpartition("}")[2])
def test_no_element_may_have_an_attribute_a_child_or_a_text_that_nobody_knows(tag: str) -> None:
    assert read_spif(EVERYTHING).mandatory == {"Set"}
    for change in ("attribute", "foreign attribute", "child", "foreign child"):
        root = etree.fromstring(EVERYTHING)
        for node in list(root.iter(tag)):
            if change.endswith("attribute"):
                node.set("strict" if change == "attribute" else "{urn:x}strict", "true")
            else:
                space = "http://www.xmlspif.org/spif" if change == "child" else "urn:x"
                etree.SubElement(node, f"{{{space}}}strict")
        assert refusal(etree.tostring(root)).code.id == "LBL-032", change


@pytest.mark.parametrize("kind", [R, P, I])
def test_two_tag_sets_of_one_name_are_refused_whatever_their_identifiers(kind: str) -> None:
    for name in ("Set", "SET"):
        octets = spif_text(sets=ONE + tag_set(name, kind, "C", oid="2.25.2").replace('lacv="1"', 'lacv="9"'))
        if name == "Set":
            assert refusal(octets).code.id == "LBL-034"
        with pytest.raises(PolicyError) as caught:
            read_spif(octets, ignore_case=True)
        assert caught.value.code.id == "LBL-034"


# ------------------------------------------------------------------------------------------------- the built-in rules


@pytest.mark.parametrize("spell", [str.upper, str.lower, str.title])
def test_built_in_rules_hold_however_the_file_spells_its_words(spell: object) -> None:
    assert callable(spell)
    text = spif_text(
        name="NATO", oid="1.3.26.1.3.1", levels=f"{spell('UNCLASSIFIED')} SECRET",
        sets=tag_set(spell("Context"), P, f"NATO KFOR {spell('Releasable')}", oid="1.3.26.1.4.4")
        + tag_set(spell("Releasable_To").replace("_", " "), P, "NATO JPN", oid="1.3.26.1.4.2")
        + tag_set(spell("Administrative"), I, "STAFF", oid="1.3.26.1.4.3"),
    )  # fmt: skip
    spif = read_spif(text)
    real, release = category("Context", P, "NATO"), category("Releasable To", P, "NATO", "JPN")
    staff = category("Administrative", I, "STAFF")
    for tested, expected in (
        (nato("UNCLASSIFIED", real, staff), []),
        (nato("SECRET", category("Context", P, "NATO", "Releasable"), release), []),
        (nato("SECRET", category("Context", P, "NATO", "KFOR")), ["LBL-057"]),
        (nato("SECRET", real, release), ["LBL-057"]),
        (nato("SECRET", category("Context", P, "NATO", "Releasable")), ["LBL-057"]),
        (nato("SECRET", real, staff), ["LBL-058"]),
    ):
        assert [each.code.id for each in check_label(tested, spif, NOW)] == expected


# ------------------------------------------------------------------------------------------------------ hostile files

DOCTYPE = b'<!DOCTYPE SPIF [<!ENTITY x "LOW"><!ENTITY y SYSTEM "file:///etc/passwd">]>'
HOSTILE = {
    "an entity in a word": DOCTYPE + spif_text().replace(b'name="LOW"', b'name="&x;"'),
    "an external entity": DOCTYPE + spif_text(extra="<extensions>&y;</extensions>"),
    "entities of entities": b'<!DOCTYPE SPIF [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;">' % (n + 1, n, n, n, n) for n in range(97, 120))
    + b"]>" + spif_text(extra="<extensions>&x;</extensions>"),
    "deep": spif_text(extra="<extensions>" + "<a>" * 400 + "</a>" * 400 + "</extensions>"),
    "another namespace": spif_text().replace(b"www.xmlspif.org", b"xmlspif.org"),
    "no namespace": spif_text().replace(b' xmlns="http://www.xmlspif.org/spif"', b""),
    "schema version 3.0": spif_text(root='schemaVersion="3.0"'),
    "a name of megabytes": spif_text(name="x" * 2_000_000),
    "a number of megabytes": spif_text().replace(b'lacv="1"', b'lacv="' + b"1" * 1_000_000 + b'"'),
    "an identifier of megabytes": spif_text(oid="2.25." + "1" * 1_000_000),
    "an identifier of many arcs": spif_text(oid="2" + ".1" * 500_000),
    "no classification": spif_text(levels=""),
    "two policies": spif_text(extra='<securityPolicyId name="B" id="2.25.9"/>'),
    "two sets of classifications": spif_text(extra='<securityClassifications/>'),
    "an element of another namespace": spif_text(extra='<x:excludedClass xmlns:x="urn:x">LOW</x:excludedClass>'),
    "a looser rule": spif_text(extra=rules('ignoreCase="maybe"')),
    "a tag set without a tag": spif_text(sets='<securityCategoryTagSet name="Set" id="2.25.1"/>'),
    "rules twice": spif_text(sets=ONE, extra=rules().replace("</extensions>", rules()[len("<extensions>"):])),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_at_once_with_its_place_and_what_to_do(name: str) -> None:
    begun = time.process_time()
    found = refusal(HOSTILE[name])
    assert time.process_time() - begun < 2
    assert found.place
    assert found.code.remedy
    assert len(str(found)) < 1_200


def test_values_that_require_each_other_in_a_circle_are_decided() -> None:
    def needs(value: int) -> str:
        group = f'<categoryGroup tagSetRef="Set" tagType="restrictive" lacv="{value}"/>'
        return f'<requiredCategory operation="all">{group}</requiredCategory>'

    bodies = {"A": needs(2), "B": needs(3), "C": needs(1), "D": needs(4)}
    spif = read_spif(spif_text(sets=tag_set("Set", R, "A B C D", oid="2.25.1", bodies=bodies), name="NATO"))
    for values, expected in (("A B C", 0), ("A B", 1), ("A", 1), ("C", 1), ("D", 0), ("", 0)):
        assert len(check_label(nato("LOW", category("Set", R, *values.split())), spif, NOW)) == expected, values


def test_the_largest_file_is_read_or_refused_in_bounded_time() -> None:
    values = "".join(
        f'<tagCategory name="V{n}" lacv="{n}"><excludedCategory tagSetRef="S" tagType="restrictive" all="true"/>'
        "</tagCategory>"
        for n in range(18_000)
    )
    sets = (
        '<securityCategoryTagSet name="S" id="2.25.1"><securityCategoryTag tagType="restrictive">'
        f"{values}</securityCategoryTag></securityCategoryTagSet>"
    )
    octets = spif_text(sets=sets, name="NATO")
    assert len(octets) < MAX_SPIF_OCTETS
    assert octets.count(b"<") < MAX_SPIF_TAGS
    begun = time.process_time()
    spif = read_spif(octets)
    tested = nato("LOW", category("S", R, *(f"V{n}" for n in range(200))))
    assert check_label(tested, spif, NOW)
    assert time.process_time() - begun < 10


_TREE = shipped()["ALPHA"]
_ELEMENTS = ("excludedClass", "requiredCategory", "tagCategory", "categoryGroup", "code", "markingData", "extensions")
_ATTRIBUTES = ("name", "lacv", "hierarchy", "tagType", "enumType", "requiredClass", "all", "id", "operation")
_WORDS = (
    "",
    "1",
    "-1",
    "true",
    "XAA",
    "RESTRICTED",
    "permissive",
    "enumerated",
    "2.25.7",
    "ＸＡＡ",
    "\u200b",
    "x" * 300,
)


@given(st.data())
def test_a_tree_with_something_wrong_is_refused_with_its_place_or_read(data: st.DataObject) -> None:
    root = etree.fromstring(_TREE)
    for _ in range(data.draw(st.integers(1, 3))):
        nodes = list(root.iter(etree.Element))
        node = nodes[data.draw(st.integers(1, len(nodes) - 1))]
        how = data.draw(st.sampled_from(["remove", "double", "rename", "attribute", "delete", "text", "comment"]))
        parent = node.getparent()
        assert parent is not None
        if how == "remove":
            parent.remove(node)
        elif how == "double":
            parent.append(etree.fromstring(etree.tostring(node, with_tail=False)))
        elif how == "rename":
            node.tag = f"{{http://www.xmlspif.org/spif}}{data.draw(st.sampled_from(_ELEMENTS))}"
        elif how == "attribute":
            node.set(data.draw(st.sampled_from(_ATTRIBUTES)), data.draw(st.sampled_from(_WORDS)))
        elif how == "delete" and node.attrib:
            del node.attrib[data.draw(st.sampled_from(sorted(map(str, node.attrib))))]
        elif how == "text":
            node.text = data.draw(st.sampled_from(_WORDS))
        else:
            node.insert(0, etree.Comment("x"))
    try:
        found = read_spif(etree.tostring(root))
    except PolicyError as error:
        assert error.code.id.startswith("LBL-03")  # noqa: PT017 # both outcomes are right
        assert error.place  # noqa: PT017
    else:
        assert found.levels
        assert all(
            each.values.keys() >= {v for tag in each.tags for v in tag.values} for each in found.tag_sets.values()
        )


# ------------------------------------------------------------------------------------------- what the operator is told

WRONG = {
    "LBL-030": ("</SPIF>", ""),
    "LBL-031": ('schemaVersion="2.1"', 'schemaVersion="3.0"'),
    "LBL-032": ("<excludedClass>", '<excludedClass strict="1">'),
    "LBL-033": ('hierarchy="1"', 'hierarchy="one"'),
    "LBL-034": ('name="B"', 'name="A"'),
    "LBL-035": ("<excludedClass>LOW", "<excludedClass>NONE"),
}


@pytest.mark.parametrize("code", WRONG)
def test_a_refused_file_is_named_with_element_and_remedy(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"A": "<excludedClass>LOW</excludedClass>"}
    text = spif_text(sets=tag_set("Set", R, "A B", oid="2.25.1", bodies=body)).decode()
    said, instead = WRONG[code]
    assert said in text
    octets = text.replace(said, instead, 1).encode()
    (tmp_path / "own.spif.xml").write_bytes(octets)
    (tmp_path / "policy.toml").write_text(
        '[policy]\nname = "trial"\nissued = "2026-01-01T00:00:00Z"\nreview = "2031-01-01T00:00:00Z"\n\n'
        '[[security_policy]]\nfile = "own.spif.xml"\n'
    )
    found = refusal(octets)
    assert found.code.id == code
    monkeypatch.chdir(tmp_path)
    for command in ("lint", "show"):
        result = CliRunner().invoke(app, ["policy", command, "--policy", "policy.toml"], catch_exceptions=False)
        assert result.exit_code != 0
        told = " ".join(result.output.split())
        for part in ("policy.toml:7:8", "own.spif.xml", found.code.title, found.place, found.remedy):
            assert " ".join(part.split()) in told, (command, part, told)
