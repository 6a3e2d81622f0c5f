"""XML SPIF 2.1 files: what is read, and that whatever is not understood is refused with its code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import PolicyError
from gateway.labels import spif_read
from gateway.labels.equivalence import Direction
from gateway.labels.shipped import shipped
from gateway.labels.spif import INFORMATIVE, NOT_APPLICABLE, Operation
from gateway.labels.spif_read import MAX_SPIF_OCTETS, MAX_SPIF_TAGS, read_spif
from tests.data import recording
from tests.labels.spif_texts import I, P, R, policy, rules, spif_text, tag_set

ONE = tag_set("Set", R, "A B", oid="2.25.1")


def refused(octets: bytes, code: str, word: str = "") -> None:
    with pytest.raises(PolicyError) as caught:
        read_spif(octets)
    assert caught.value.code.id == code, str(caught.value)
    assert word in str(caught.value)


def test_reads_the_policy_of_nato_that_others_publish() -> None:
    found = read_spif(recording("labels/nato-4774-policy.xml").read_bytes())
    assert (found.name, found.uri, found.version) == ("NATO", "urn:oid:1.3.26.1.3.1", "79")
    assert {name: level.rank for name, level in found.levels.items()} == {
        "UNCLASSIFIED": 1, "RESTRICTED": 2, "CONFIDENTIAL": 3, "SECRET": 4, "TOP SECRET": 5,
    }  # fmt: skip
    assert {name: (each.uri, set(each.kinds), len(each.values)) for name, each in found.tag_sets.items()} == {
        "Additional Sensitivity": ("urn:oid:1.3.26.1.4.1", {R}, 9),
        "Releasable To": ("urn:oid:1.3.26.1.4.2", {P}, 90),
        "Only": ("urn:oid:1.3.26.1.4.5", {P}, 90),
        "Administrative": ("urn:oid:1.3.26.1.4.3", {I}, 5),
        "Context": ("urn:oid:1.3.26.1.4.4", {P}, 11),
    }
    assert found.ignore_case
    assert found.mandatory == {"Context"}
    atomal = found.tag_sets["Additional Sensitivity"].values["ATOMAL"]
    assert atomal.excluded_classes == {"UNCLASSIFIED", "RESTRICTED"}
    assert found.tag_sets["Additional Sensitivity"].values["SIOP ESI"].obsolete


@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_reads_what_says_the_same_as_2_1(version: str) -> None:
    assert list(read_spif(spif_text(root=f'schemaVersion="{version}"')).levels) == ["LOW", "MIDDLE", "HIGH"]


@pytest.mark.parametrize("root", ['schemaVersion="3.0"', 'schemaVersion="1.0"', 'schemaVersion="9"', ""])
def test_refuses_another_schema_version(root: str) -> None:
    refused(spif_text(root=root), "LBL-031", "3.0" if "3.0" in root else "")


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"no xml", b"<SPIF/>", b'<SPIF xmlns="urn:other" schemaVersion="2.1"/>', spif_text()[:-4],
        b"<!DOCTYPE x []>" + spif_text(), spif_text().decode().encode("utf-16"),
    ],
)  # fmt: skip
def test_refuses_what_is_no_spif(octets: bytes) -> None:
    refused(octets, "LBL-030")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (("<securityClassifications>", "<securityClassifications><secret/>"), "element"),
        (('lacv="1" hierarchy', 'lacv="1" loose="1" hierarchy'), "loose"),
        (("<tagCategory ", '<tagCategory xmlns:x="urn:x" x:strict="1" '), "strict"),
        (("</tagCategory>", '<y xmlns="urn:y"/></tagCategory>'), "urn:y"),
        (("</tagCategory>", '<markingData phrase="x"><code>nowhere</code></markingData></tagCategory>'), "nowhere"),
        (("</SPIF>", "<policySecret/></SPIF>"), "policySecret"),
        (("</SPIF>", rules('profile="mine"') + "</SPIF>"), "mine"),
        (("</SPIF>", rules('strict="true"') + "</SPIF>"), "strict"),
        (("</SPIF>", rules(inside="<g:mandatry>Set</g:mandatry>") + "</SPIF>"), "mandatry"),
        (("</SPIF>", rules().replace("g:rules", "g:rule") + "</SPIF>"), "rule"),
    ],
)
def test_refuses_what_it_does_not_understand(change: tuple[str, str], word: str) -> None:
    text = spif_text(sets=ONE).decode()
    assert change[0] in text
    refused(text.replace(*change).encode(), "LBL-032", word)


def test_reads_over_what_is_known_to_be_harmless() -> None:
    text = spif_text(
        sets=ONE,
        root='schemaVersion="2.1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"'
        ' xml:lang="en"',
        extra='<!-- a word --><?a b?><extensions><anything xmlns="urn:x"><strict/></anything></extensions>',
    )
    assert read_spif(text.replace(b'lacv="1" h', b'color="red" lacv="1" h')).levels["LOW"].rank == 1


@pytest.mark.parametrize(
    "change",
    [
        ('name="TEST"', 'name=""'), ('name="TEST"', 'name=" TEST"'), ('name="TEST"', 'name="' + "x" * 257 + '"'),
        ('name="LOW"', 'name="ＬＯＷ"'), ('name="A"', 'name="A&#x2001;"'), ('id="2.25.1"', 'id="2.25."'),
        ('id="2.25.1"', 'id="urn:oid:2.25.1"'), ('hierarchy="1"', 'hierarchy="one"'), ('hierarchy="1"', ""),
        ('lacv="1" hierarchy', 'lacv="١" hierarchy'), ('name="A" lacv="1"', 'name="A"'),
        ('name="A"', 'name="A" obsolete="yes"'),
        ('tagType="restrictive"', 'tagType="enumerated"'), ('tagType="restrictive"', 'tagType="informative"'),
        ('name="A"', 'name="A" notBefore="2026-01-01T00:00:00"'), ('name="A"', 'name="A" notAfter="soon"'),
        ('name="A"', 'name="A" notAfter="2026-W01-1T00:00:00Z"'), ('name="A"', 'name="A" notAfter="20260101T000000Z"'),
        ('name="A"', 'name="A" notAfter="2026-06-30T23:59:60Z"'), ('name="A"', 'name="A" notAfter="2026-01-01Z"'),
        ('name="A"', 'name="A" notBefore="0001-01-01T00:00:00+14:00"'),
        ('name="A"', 'name="A" notBefore="2026-01-01T00:00:00Z" notAfter="2026-01-01T01:00:00+01:00"'),
        ('schemaVersion="2.1"', 'schemaVersion="2.1" notBefore="2027-01-01T00:00:00Z" notAfter="2026-01-01T00:00:00Z"'),
        ('tagType="restrictive"', 'tagType="restrictive" maxSelection="0"'),
        ('tagType="restrictive"', 'tagType="restrictive" singleSelection="true" minSelection="2"'),
        ("<securityPolicyId", '<securityPolicyId name="B" id="2.25.9"/><securityPolicyId'),
        ('name="A"', 'name="A" userInput="anything"'),
    ],
)  # fmt: skip
def test_refuses_attributes_in_a_wrong_form(change: tuple[str, str]) -> None:
    text = spif_text(sets=ONE).decode()
    assert change[0] in text
    refused(text.replace(change[0], change[1], 1).encode(), "LBL-033")


@pytest.mark.parametrize(
    "octets",
    [
        spif_text(levels="LOW LOW"),
        spif_text().replace(b'lacv="2"', b'lacv="1"'),
        spif_text().replace(b'lacv="2"', b'lacv="01"'),
        spif_text().replace(b'hierarchy="2"', b'hierarchy="1"'),
        spif_text(sets=ONE + ONE),
        spif_text(sets=ONE + tag_set("Other", R, "A", oid="2.25.1")),
        spif_text(sets=tag_set("Set", R, "A A", oid="2.25.1")),
        spif_text(sets=ONE.replace('lacv="2"', 'lacv="001"')),
        spif_text(
            sets=tag_set(
                "Set", R, "A", oid="2.25.1",
                bodies={"A": "<excludedClass>LOW</excludedClass><excludedClass>LOW</excludedClass>"},
            )
        ),
        spif_text(extra='<privacyMarks><privacyMark name="a"/><privacyMark name="a"/></privacyMarks>'),
        spif_text(
            extra='<equivalentPolicies><equivalentPolicy name="a" id="2.25.3"/>'
            '<equivalentPolicy name="a" id="2.25.4"/></equivalentPolicies>'
        ),
    ],
)  # fmt: skip
def test_refuses_what_is_said_twice(octets: bytes) -> None:
    refused(octets, "LBL-034")


def test_where_case_does_not_count_names_that_differ_in_case_are_the_same() -> None:
    octets = spif_text(levels="LOW low")
    assert len(read_spif(octets).levels) == 2
    with pytest.raises(PolicyError) as caught:
        read_spif(octets, ignore_case=True)
    assert caught.value.code.id == "LBL-034"


def test_the_excluded_class_that_others_refuse_twice_is_refused() -> None:
    """spiffing's ``food-policy-borked.xml`` is not published with its data; this is what its test says of it."""
    body = "<excludedClass>LOW</excludedClass><excludedClass>LOW</excludedClass>"
    refused(spif_text(sets=tag_set("Set", P, "A", oid="2.25.1", bodies={"A": body})), "LBL-034", "excluded")


def group(name: str = "Set", kind: str = "restrictive", what: str = 'lacv="1"') -> str:
    return f'<categoryGroup tagSetRef="{name}" tagType="{kind}" {what}/>'


NINTH = 'lacv="9"'


@pytest.mark.parametrize(
    "body",
    [
        "<excludedClass>NONE</excludedClass>",
        f'<requiredCategory operation="all">{group("None")}</requiredCategory>',
        f'<requiredCategory operation="all">{group(what=NINTH)}</requiredCategory>',
        f'<requiredCategory operation="all">{group(kind="permissive")}</requiredCategory>',
        '<excludedCategory tagSetRef="None" tagType="restrictive" all="true"/>',
        '<equivalentSecCategoryTag policyRef="B" tagSetId="2.25.1" tagType="restrictive" lacv="1" applied="both"/>',
    ],
)
def test_refuses_references_to_nothing(body: str) -> None:
    refused(spif_text(sets=tag_set("Set", R, "A", oid="2.25.1", bodies={"A": body})), "LBL-035")


def test_refuses_a_required_class_and_an_equivalence_and_a_mandatory_set_that_do_not_exist() -> None:
    refused(spif_text(sets=ONE).replace(b'name="A"', b'name="A" requiredClass="NONE"'), "LBL-035")
    stated = '<equivalentClassification policyRef="B" lacv="1" applied="both"/>'
    refused(spif_text(level_bodies={"LOW": stated}), "LBL-035")
    with pytest.raises(PolicyError) as caught:
        read_spif(spif_text(sets=ONE), mandatory=["Context"])
    assert caught.value.code.id == "LBL-035"
    refused(spif_text(oid="1.3.26.1.3.1"), "LBL-035", "Context")


@pytest.mark.parametrize("what", ['lacv="1" all="true"', ""])
def test_a_reference_is_to_one_value_or_to_all(what: str) -> None:
    body = f'<requiredCategory operation="all">{group(what=what)}</requiredCategory>'
    refused(spif_text(sets=tag_set("Set", R, "A", oid="2.25.1", bodies={"A": body})), "LBL-033")


def test_refuses_what_is_too_large() -> None:
    refused(b" " * (MAX_SPIF_OCTETS + 1), "LBL-036")
    refused(b"<" * (MAX_SPIF_TAGS + 1), "LBL-036")


def test_refuses_more_values_than_any_policy_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spif_read, "MAX_VALUES", 1)
    refused(spif_text(sets=ONE), "LBL-036", "2 values")


def test_types_of_tags_become_types_of_categories() -> None:
    sets = "".join(
        f'<securityCategoryTagSet name="{n}" id="2.25.1.{n}"><securityCategoryTag {types}>'
        f'<tagCategory name="A" lacv="1"/></securityCategoryTag></securityCategoryTagSet>'
        for n, types in enumerate(
            (
                'tagType="restrictive"', 'tagType="permissive"', 'tagType="enumerated" enumType="restrictive"',
                'tagType="enumerated" enumType="permissive"', 'tagType="tagType7" tag7Encoding="bitSetAttributes"',
                'tagType="notApplicable"',
            )
        )
    )  # fmt: skip
    found = policy(sets)
    assert [set(each.kinds) for each in found.tag_sets.values()] == [
        {R},
        {P},
        {R},
        {P},
        {INFORMATIVE},
        {NOT_APPLICABLE},
    ]
    assert found.tag_sets["3"].uri == "urn:oid:2.25.1.3"


def test_values_keep_what_they_may_stand_with() -> None:
    body = (
        '<excludedClass>LOW</excludedClass><requiredCategory operation="onlyOne">'
        + group(what='lacv="2"')
        + group(what='all="true"')
        + '</requiredCategory><excludedCategory tagSetRef="Set" tagType="restrictive" all="true"/>'
    )
    found = policy(tag_set("Set", R, "A B", oid="2.25.1", bodies={"A": body})).tag_sets["Set"].values
    assert found["A"].excluded_classes == {"LOW"}
    (required,) = found["A"].required
    assert required.operation is Operation.ONLY_ONE
    assert required.groups == (("Set", {"B"}), ("Set", {"A", "B"}))
    assert not found["A"].plain
    assert found["B"].plain


def test_selection_limits_are_read() -> None:
    for text, expected in (
        ('singleSelection="true"', (0, 1)), ('maxSelection="3" minSelection="2"', (2, 3)),
        ('maxSelection="unbounded"', (0, None)), ('maxSelection="3" singleSelection="true"', (0, 1)),
    ):  # fmt: skip
        (tag,) = policy(tag_set("Set", P, "A", oid="2.25.1", tag=text)).tag_sets["Set"].tags
        assert (tag.at_least, tag.at_most) == expected


def test_instants_at_which_decisions_change_are_known() -> None:
    sets = tag_set("Set", P, "A", oid="2.25.1").replace('lacv="1"', 'lacv="1" notBefore="2026-01-01T02:00:00+02:00"')
    found = read_spif(spif_text(sets=sets, root='schemaVersion="2.1" notAfter="2027-01-01T00:00:00Z"'))
    assert found.boundaries == (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert found.not_after == datetime(2027, 1, 1, tzinfo=UTC)


def test_validity_ends_at_the_instant_that_is_written_in_whatever_zone_and_form() -> None:
    for text in ("2026-12-31T24:00:00Z", "2027-01-01T14:00:00.000+14:00", " 2026-12-31T12:30:00.0000000-11:30 "):
        sets = tag_set("Set", P, "A", oid="2.25.1").replace('lacv="1"', f'lacv="1" notAfter="{text}"')
        assert read_spif(spif_text(sets=sets)).boundaries == (datetime(2027, 1, 1, tzinfo=UTC),)


def test_a_value_that_people_write_freely_is_no_value_of_a_label() -> None:
    found = policy(ONE.replace('name="A"', 'name="A" userInput="date" dateFormat="YYYY"'))
    assert list(found.tag_sets["Set"].values) == ["B"]


def test_equivalences_are_read_and_none_is_applied() -> None:
    stated = (
        '<equivalentClassification policyRef="B" lacv="7" applied="decrypt"/>'
        f'<equivalentClassification policyRef="B" lacv="8" applied="both">'
        f'<requiredCategory operation="all">{group()}</requiredCategory></equivalentClassification>'
    )
    octets = spif_text(
        sets=ONE.replace(
            "</tagCategory>",
            '<equivalentSecCategoryTag policyRef="B" tagSetId="2.25.4" tagType="restrictive" lacv="1" applied="both"'
            ' action="discard"/></tagCategory>', 1,
        ),
        level_bodies={"LOW": stated},
        extra='<equivalentPolicies><equivalentPolicy name="B" id="2.25.3"/></equivalentPolicies>',
    )  # fmt: skip
    low = read_spif(octets).levels["LOW"].equivalents
    assert [(each.policy, each.lacv, each.direction, each.conditional) for each in low] == [
        ("2.25.3", 7, Direction.DECRYPT, False),
        ("2.25.3", 8, Direction.BOTH, True),
    ]


def test_our_own_rules_say_what_the_schema_cannot() -> None:
    found = read_spif(spif_text(sets=ONE, extra=rules('ignoreCase="true"', "<g:mandatory>set</g:mandatory>")))
    assert found.mandatory == {"Set"}
    assert found.ignore_case
    sets = tag_set("Context", P, "X Releasable", oid="2.25.1")
    profiled = read_spif(spif_text(sets=sets, extra=rules('profile="context"')))
    assert profiled.mandatory == {"Context"}
    assert profiled.profile is not None
    refused(spif_text(sets=ONE, extra=rules(inside="<g:mandatory>None</g:mandatory>")), "LBL-035", "None")


@given(st.binary(max_size=300))
def test_only_policy_errors_leave_the_reader(octets: bytes) -> None:
    with pytest.raises(PolicyError):
        read_spif(octets)


_ALPHA = shipped()["ALPHA"]


@given(st.data())
def test_a_damaged_file_is_refused_or_read_and_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(_ALPHA)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        piece = data.draw(
            st.sampled_from([b"", b"1", b'"', b"<", b">", b"/", b"all", b"<extensions/>", b"\xff", b"tag", b"-"])
        )
        damaged[at : at + data.draw(st.integers(0, 12))] = piece
    try:
        found = read_spif(bytes(damaged))
    except PolicyError as error:
        assert error.code.id.startswith("LBL-03")  # noqa: PT017 # both outcomes are right
    else:
        assert found.levels
