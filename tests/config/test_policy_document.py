"""``docs/policy.md``: its reference is the model's, and its examples do what the text beside them says."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from msgspec.structs import replace

from gateway.config.catalogue import sections
from gateway.config.policy_document import policy_schema, with_reference
from gateway.config.policy_file import PolicyFile
from gateway.config.policy_load import load_policy_text
from gateway.config.policy_starter import simple_policy, starter_policy
from gateway.labels.equivalence import Direction
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.policy.marking import mark
from gateway.policy.memory import Memory
from gateway.policy.policy import Policy
from gateway.policy.release import release
from gateway.policy.terms import Field
from gateway.stages import Held, Refused, Release
from gateway.track import (
    Environment,
    Identifier,
    Identity,
    IdentityGroup,
    Operator,
    Position,
    Provenance,
    RawRecord,
    Source,
    State,
    Status,
    Track,
)
from tests.config.policies import FULL
from tests.data import ROOT, recording

DOCUMENT = ROOT / "docs" / "policy.md"
BLOCKS = dict(re.findall(r"^```toml ?(\w*)\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OWN = (Provenance(gateway="nld-1", input_format="REMOTE_ID", mapping_id="remoteid/1"),)
LIVE = Status(exercise=False)


def track(name: str = "a", **more: Any) -> Track:
    """A drone near the airport that says everything that the examples ask for."""
    fields: dict[str, Any] = {
        "track_id": name,
        "environment": Environment.AIR,
        "platform": "UAV",
        "status": LIVE,
        "identity": IdentityGroup(value=Identity.HOSTILE),
        "identifiers": (Identifier("uas_serial", "1581F5"),),
        "operator": Operator(identifier="NLDr8pilot", position=Position(52.3, 4.7)),
        "sources": (Source(id="src-1", name="north"),),
        "raw": RawRecord("REMOTE_ID", b"raw"),
        "state": State(time=NOW, position=Position(52.312345, 4.765432), altitude_hae_m=80.0),
        "provenance": OWN,
    }
    return Track(**(fields | more))


def policy(example: str) -> Policy:
    loaded = load_policy_text(BLOCKS["beginning"] + BLOCKS[example], node="nld-1")
    assert loaded.findings == ()
    return loaded.policy


def outcome(
    policy: Policy, one: Track, origin: str = "nld-1", now: datetime = NOW, memory: Memory | None = None
) -> dict[str, tuple[str, Release | Refused | Held]]:
    """Per group the rule that decided a track, and the verdict; of our own the track is marked first."""
    marked = mark(policy, [one], source="s", now=now) if origin == "nld-1" else (one,)
    source = "s" if origin == "nld-1" else None
    verdicts = release(
        policy, marked, source=source, origin=origin, now=now, memory=Memory() if memory is None else memory
    )
    return {verdict.group: (verdict.rule, verdict) for verdict in verdicts}


def released(found: dict[str, tuple[str, Release | Refused | Held]]) -> dict[str, Track]:
    return {group: verdict.tracks[0] for group, (_, verdict) in found.items() if isinstance(verdict, Release)}


def test_the_reference_is_the_models() -> None:
    text = DOCUMENT.read_text()
    assert with_reference(text) == text, "run: python -m gateway.config.policy_document docs/policy.md"


def test_every_key_is_documented() -> None:
    undocumented = [f"{s.header}.{key.name}" for s in sections(PolicyFile) for key in s.keys if len(key.text) < 5]
    assert undocumented == []


def test_there_is_an_example_for_each_of_the_cases() -> None:
    assert set(BLOCKS) == {"", "beginning", "alliance", "union", "civil", "police", "exercise", "onward"}


def test_the_first_policy_releases_what_is_in_the_air_to_the_ally() -> None:
    first = load_policy_text(BLOCKS[""], node="nld-1", partners=["deu-1"]).policy
    assert list(released(outcome(first, track()))) == ["allies"]
    assert released(outcome(first, track(environment=Environment.LAND))) == {}


def test_a_fighter_stays_in_the_alliance_though_the_rule_would_let_it_go() -> None:
    found = outcome(policy("alliance"), track(identifiers=(Identifier("mode3a", "0412"),)))
    assert list(released(found)) == ["allies"]
    assert found["union"][0] == "release.refused.label.not-mapped"


def test_what_does_not_say_whether_it_is_a_fighter_gets_no_milder_label() -> None:
    more = '[[marking]]\nid = "rest"\nlabel = "shared"\n'
    both = load_policy_text(BLOCKS["beginning"] + BLOCKS["alliance"] + more, node="nld-1").policy
    civil = track(identifiers=(Identifier("mode3a", "2000"),))
    for one, values in ((track(), ("ALPHA",)), (civil, ("ALPHA", "BRV"))):
        label = released(outcome(both, one))["allies"].label
        assert label is not None
        assert {one.tag: one.values for one in label.categories}["Releasable To"] == values


def test_the_agency_gets_what_was_signed_off_with_a_label_in_its_own_words() -> None:
    found = released(outcome(policy("union"), track()))
    assert set(found) == {"allies", "union"}
    label = found["union"].label
    assert label is not None
    assert [(one.policy, one.classification) for one in (label, *label.alternatives)] == [
        ("ALPHA", "RESTRICTED"),
        ("BRAVO", "LIMITED"),
    ]


def test_without_the_value_the_level_is_equivalent_and_nothing_is_released() -> None:
    text = re.sub(r"^value = .*\n", "", BLOCKS["union"], flags=re.MULTILINE)
    bare = load_policy_text(BLOCKS["beginning"] + text, node="nld-1").policy
    found = outcome(bare, track())
    assert found["union"][0] == "release.refused.label.not-released"


def test_air_traffic_control_sees_drones_near_the_airport_without_sensors_and_not_exactly() -> None:
    civil = policy("civil")
    found = released(outcome(civil, track()))
    assert list(found) == ["civil"]
    shown = found["civil"]
    assert (shown.sources, shown.raw, shown.operator) == ((), None, None)
    assert shown.identity is not None
    assert shown.identity.value is Identity.SUSPECT
    assert shown.state is not None
    assert shown.state.position not in (None, Position(52.312345, 4.765432))
    assert {loss.reason for loss in shown.provenance[-1].losses} >= {"WITHHELD", "COARSENED", "DOWNGRADED"}
    assert shown.label is not None
    assert shown.label.policy == "PUBLIC"
    elsewhere = track(state=State(time=NOW, position=Position(53.3, 4.7), altitude_hae_m=80.0))
    assert released(outcome(civil, elsewhere)) == {}
    nowhere = track(state=State(time=NOW, altitude_hae_m=80.0))
    assert released(outcome(civil, nowhere)) == {}


def test_the_police_alone_see_who_flies_and_only_in_the_city() -> None:
    police = policy("police")
    found = released(outcome(police, track()))
    assert set(found) == {"civil", "police"}
    assert found["police"].operator == track().operator
    assert found["civil"].operator is None
    outside = track(state=State(time=NOW, position=Position(53.0, 4.7), altitude_hae_m=80.0))
    assert [one.operator for one in released(outcome(police, outside)).values()] == [None, None]


def test_an_exercise_goes_to_the_ally_alone_and_a_minute_late() -> None:
    exercise = policy("exercise")
    playing = track(status=Status(exercise=True))
    found = outcome(exercise, playing)
    assert [found[group][0] for group in ("civil", "police")] == ["release.no-exercise-for-civil"] * 2
    held = found["allies"][1]
    assert isinstance(held, Held)
    assert held.until == NOW + timedelta(seconds=60)
    memory = Memory()
    assert "allies" in released(outcome(exercise, playing, now=NOW + timedelta(seconds=61), memory=memory))
    state = State(time=NOW + timedelta(seconds=5), position=Position(52.3, 4.7))
    again = outcome(exercise, replace(playing, state=state), now=NOW + timedelta(seconds=66), memory=memory)
    assert again["allies"][0] == "release.refused.rate"
    assert set(released(outcome(exercise, track()))) == {"allies", "civil", "police", "union"}


def test_what_the_agency_sends_goes_on_as_the_rules_say_and_nothing_of_anybody_else() -> None:
    onward = policy("onward")
    open_ = policy("police").markings[0].label
    theirs = track(label=open_, provenance=(Provenance(gateway="eu-1", input_format="COT", mapping_id="cot/1"),))
    found = released(outcome(onward, theirs, origin="eu-1"))
    assert set(found) == {"allies", "civil"}
    assert found["allies"].sources == theirs.sources
    assert found["civil"].sources == ()
    assert released(outcome(onward, theirs, origin="deu-1")) == {}
    assert released(outcome(onward, track())) == {}


# --------------------------------------------------------------------------------------------------------------- schema


EXAMPLES = [BLOCKS["beginning"] + text for name, text in BLOCKS.items() if name not in ("", "beginning")]


@pytest.mark.parametrize("text", [FULL, simple_policy(["deu-1"]), BLOCKS[""], *EXAMPLES])
def test_the_json_schema_takes_what_the_model_takes(text: str) -> None:
    assert jsonschema_rs.meta.is_valid(policy_schema())
    jsonschema_rs.Draft202012Validator(policy_schema()).validate(tomllib.loads(text))


def test_the_json_schema_takes_the_starter() -> None:
    text = starter_policy(issued=NOW, review=NOW + timedelta(days=1), originator="x.example")
    jsonschema_rs.Draft202012Validator(policy_schema()).validate(tomllib.loads(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("issued =", "isued ="),
        ('"encrypt"', '"encript"'),
        ('["HOSTILE", "NONE"]', '["NOBODY"]'),
        ('action = "redact"', 'action = "redakt"'),
        ('["sensors", "operator"]', '["sensor"]'),
        ('["SAPIENT", "REMOTE_ID*"]', '["sapient"]'),
        ("position_grid_m = 100", "position_grid_m = 0"),
        ('id = "default"', 'id = "refused.by-me"'),
        ("latitude_deg = 52.31", "latitude_deg = 95"),
        ("[52.0, 3.0]", "[52.0, 3.0, 1.0]"),
        ('partners = ["deu-1"]', "partners = []"),
        ('values = ["ALPHA", "BRV"]', "values = []"),
    ],
)
def test_the_json_schema_refuses_what_the_model_refuses(old: str, new: str) -> None:
    assert old in FULL
    assert not jsonschema_rs.Draft202012Validator(policy_schema()).is_valid(tomllib.loads(FULL.replace(old, new, 1)))


def test_the_json_schema_knows_no_null() -> None:
    assert b"null" not in msgspec.json.encode(policy_schema())
    assert policy_schema()["title"] == "policy.toml"


def test_every_field_that_can_be_dropped_is_told_what_it_covers() -> None:
    text = (ROOT / "docs" / "policy-redaction.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE) == [field.value for field in Field]


# ------------------------------------------------------------------------------------ docs/security-policies.md

POLICIES = (ROOT / "docs" / "security-policies.md").read_text()
ABOUT = '[policy]\nname = "n"\nissued = "2026-11-01T00:00:00Z"\nreview = "2027-11-01T00:00:00Z"\n\n'


def test_a_partner_nation_sees_what_is_released_to_it_and_a_member_all_of_the_alliances(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```toml nato\n(.*?)^```$", POLICIES, re.MULTILINE | re.DOTALL)
    (tmp_path / "nato.spif.xml").write_bytes(recording("labels/nato-4774-policy.xml").read_bytes())

    def permits(text: str) -> dict[tuple[str, str], bool]:
        found = load_policy_text(text, file=tmp_path / "policy.toml", node="nld-1").policy
        return {
            (rule.id, name): found.book.judge(
                rule.label, (clearance,), NOW, direction=Direction.ENCRYPT
            ).decision.permit
            for rule in found.markings
            for name, clearance in found.clearances.items()
        }

    gives = "".join(f'[[marking]]\nid = "{label}"\nlabel = "{label}"\n' for label in ("nato", "partners"))
    text = ABOUT + example + gives
    right = permits(text)
    assert [pair for pair, permitted in right.items() if not permitted] == [("nato", "partner")]
    copied = text.replace('values = ["Releasable"] }', 'values = ["NATO", "Releasable"] }')
    assert copied != text
    assert all(permits(copied).values())


def test_the_other_examples_of_security_policies_are_read(tmp_path: Path) -> None:
    installing, equivalence = re.findall(r"^```toml\n(.*?)^```$", POLICIES, re.MULTILINE | re.DOTALL)
    (extension,) = re.findall(r"^```xml\n(.*?)^```$", POLICIES, re.MULTILINE | re.DOTALL)
    used = '[[security_policy]]\nuse = "ALPHA"\n\n[[security_policy]]\nuse = "BRAVO"\n\n'
    found = load_policy_text(ABOUT + used + equivalence, node="nld-1").policy
    assert [(one.source, one.target) for one in found.book.equivalences] == [("ALPHA", "BRAVO")]
    (tmp_path / "nato.spif.xml").write_bytes(recording("labels/nato-4774-policy.xml").read_bytes())
    assert load_policy_text(ABOUT + installing, file=tmp_path / "policy.toml", node="nld-1").policy.book
    alpha = shipped()["ALPHA"]
    carrying = re.sub(rb"<extensions>.*</extensions>", extension.encode(), alpha, flags=re.DOTALL)
    plain, ruled = read_spif(alpha), read_spif(carrying)
    assert (plain.ignore_case, ruled.ignore_case) == (False, True)
    assert "Releasable To" in ruled.mandatory - plain.mandatory
