"""Reading a release policy: what becomes of it, and that everything wrong is named with its place and a remedy."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from subprocess import run

import pytest
from msgspec.structs import replace

from gateway.cli.policy_case_track import named_label
from gateway.config import InvalidConfigError
from gateway.config.policy_findings import INPUT_FORMATS
from gateway.config.policy_load import LoadedPolicy, load_policy, load_policy_text
from gateway.config.policy_starter import simple_policy, starter_policy
from gateway.errors import ConfigError
from gateway.labels.clearance import Clearance
from gateway.labels.clearances import write_clearance
from gateway.labels.equivalence import Direction
from gateway.labels.names import MAX_LABEL_OCTETS
from gateway.labels.read import read_label
from gateway.labels.shipped import shipped
from gateway.labels.write import write_label
from gateway.policy.terms import Admittance, AltitudeBand, Existing, Field, Height
from gateway.track import Environment, Identity, LabelCategory
from tests.config.policies import FULL, LINKS, SOURCES
from tests.data import ROOT

ISSUED, REVIEW = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC)


def read(text: str, file: Path = Path("policy.toml")) -> LoadedPolicy:
    return load_policy_text(text, file=file, node="nld-1", sources=SOURCES, partners=LINKS)


def problems(text: str, file: Path = Path("policy.toml")) -> list[ConfigError]:
    with pytest.raises(InvalidConfigError) as caught:
        read(text, file)
    return list(caught.value.problems)


def only(text: str, file: Path = Path("policy.toml")) -> ConfigError:
    found = problems(text, file)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def place_of(text: str, needle: str, *, nth: int = 1) -> str:
    """``policy.toml:line:column`` of the nth occurrence of `needle`."""
    at = -1
    for _ in range(nth):
        at = text.index(needle, at + 1)
    return f"policy.toml:{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"


# --------------------------------------------------------------------------------------------------------- what it says


def test_everything_that_the_file_says_is_in_the_policy() -> None:
    loaded = read(FULL)
    policy = loaded.policy
    assert loaded.findings == ()
    assert (policy.name, policy.node, policy.digest) == ("Air picture of XNL", "nld-1", loaded.digest)
    assert policy.groups == {"alliance": ("deu-1",), "union": ("eu-1",)}
    assert [clearance.policy for clearance in policy.own] == ["ALPHA", "PUBLIC"]
    assert {name: [one.policy for one in held] for name, held in policy.partners.items()} == {
        "deu-1": ["ALPHA", "PUBLIC"],
        "eu-1": ["BRAVO"],
    }
    assert policy.clearances["bravo-limited"].classifications == ("OPEN", "LIMITED")
    assert policy.areas["airport"].holds(52.31, 4.80)
    assert not policy.areas["airport"].holds(53.31, 4.80)
    assert policy.areas["north-sea"].holds(53.0, 4.0)


def test_labels_are_complete_and_in_the_words_of_their_policy() -> None:
    fighters, default = read(FULL).policy.markings
    label = default.label
    assert (label.policy, label.classification, label.tlp, label.purpose) == (
        "ALPHA",
        "RESTRICTED",
        "GREEN",
        "AIR_SAFETY",
    )
    assert label.privacy_mark == "AIR SAFETY"
    assert label.policy_uri is not None
    assert label.policy_uri.startswith("urn:oid:2.25.")
    assert (label.created_at, label.review_at) == (ISSUED, REVIEW)
    assert (label.originator, label.originator_kind) == ("nld-1.example", "dNSName")
    assert [(one.tag, one.kind, one.values, one.uri is not None) for one in label.categories] == [
        ("Context", "PERMISSIVE", ("ALPHA", "Releasable"), True),
        ("Releasable To", "PERMISSIVE", ("ALPHA", "BRV"), True),
    ]
    (alternative,) = label.alternatives
    assert (alternative.policy, alternative.classification) == ("PUBLIC", "UNMARKED"), "as the policy spells them"
    assert alternative.created_at == ISSUED
    assert fighters.label.alternatives == ()
    assert (fighters.existing, default.existing) == (Existing.COMBINE, Existing.KEEP)


def test_rules_are_in_the_order_of_the_file_with_all_their_conditions() -> None:
    policy = read(FULL).policy
    hostiles, drones, alliance, onward = policy.releases
    assert [rule.id for rule in policy.releases] == ["no-hostiles", "union-drones", "alliance", "onward"]
    assert not hostiles.release
    assert hostiles.groups == frozenset()
    assert hostiles.when.identities == {Identity.HOSTILE, None}
    assert hostiles.when.not_areas == ("airport",)
    when = drones.when
    assert (when.formats, when.areas, when.classes) == (("SAPIENT", "REMOTE_ID*"), ("airport",), ("uav*",))
    assert when.environments == {Environment.AIR}
    assert when.altitude == AltitudeBand(height=Height.AGL, max_m=500.0)
    assert (when.exercise, when.simulated, when.max_age_s) == (False, None, 60.0)
    assert when.has == {Field.POSITION}
    assert when.labels == (("ALPHA", ("RESTRICTED",)),)
    assert drones.release
    assert drones.redaction.drop == {Field.SENSORS, Field.OPERATOR}
    assert (drones.redaction.position_grid_m, drones.redaction.altitude_grid_m) == (100.0, 50.0)
    assert drones.redaction.identities == {Identity.HOSTILE: Identity.SUSPECT}
    assert (drones.delay_s, drones.every_s, drones.personal_data, drones.onward) == (30.0, 5.0, False, False)
    assert (alliance.personal_data, alliance.redaction.is_empty) == (True, True)
    assert (onward.onward, onward.when.origins) == (True, ("eu-1",))
    assert policy.markings[0].when.identifiers == {"icao24": ("4841*",)}
    assert [(rule.id, rule.admit, rule.partners) for rule in policy.accepts] == [
        ("exercise", Admittance.DROP, frozenset()),
        ("union", Admittance.ACCEPT, {"eu-1"}),
        ("alliance", Admittance.ACCEPT, {"deu-1"}),
    ]
    assert policy.accepts[1].when.labels == (("PUBLIC", ()),), "as the policy spells it"


def test_an_equivalence_says_what_was_signed_off_and_decides() -> None:
    policy = read(FULL).policy
    (equivalence,) = policy.book.equivalences
    assert equivalence.classifications == {"RESTRICTED": "LIMITED"}
    assert equivalence.values == {("Releasable To", "BRV"): ("Releasable To", "BRV")}
    assert equivalence.discarded == {"Context"}
    assert (equivalence.signed_off_by, equivalence.signed_off_on) == ("National security authority", "2026-10-01")
    shared = policy.markings[1].label
    judgement = policy.book.judge(shared, policy.partners["eu-1"], ISSUED, direction=Direction.ENCRYPT)
    assert (judgement.decision.permit, judgement.basis) == (True, "equivalence")
    secret = policy.markings[0].label
    assert not policy.book.judge(secret, policy.partners["eu-1"], ISSUED, direction=Direction.ENCRYPT).decision.permit


def test_levels_that_the_security_policy_states_are_adopted_where_none_are_written() -> None:
    text = FULL.replace('levels = { RESTRICTED = "LIMITED" }\n', "")
    (equivalence,) = read(text).policy.book.equivalences
    assert equivalence.classifications == {
        "RESTRICTED": "LIMITED",
        "CONFIDENTIAL": "CONFIDENTIAL",
        "SECRET": "SECRET",
    }


def test_places_point_into_the_file() -> None:
    loaded = read(FULL)
    assert loaded.place(("release", 1, "drop", 1)) == place_of(FULL, '"operator"')
    assert loaded.place(("label", "open"), at_key=True) == place_of(FULL, "open]")


# --------------------------------------------------------------------------------------------------- files and digest

GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[4.0, 52.0], [5.0, 52.0], [5.0, 53.0], [4.0, 53.0], [4.0, 52.0]],
                    [[4.4, 52.4], [4.6, 52.4], [4.6, 52.6], [4.4, 52.6], [4.4, 52.4]],
                ],
            },
        }
    ],
}
WITH_FILES = simple_policy(
    ["deu-1"],
    more="""\
[[security_policy]]
file = "spif/alpha.xml"

[clearance.deu-1-alpha]
file = "clearances/deu 1.xml"

[area.zone]
file = "areas/zone.geojson"
""",
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with a policy and the files that it names."""
    for name in ("spif", "clearances", "areas"):
        (tmp_path / name).mkdir()
    (tmp_path / "policy.toml").write_text(WITH_FILES)
    (tmp_path / "spif/alpha.xml").write_bytes(shipped()["ALPHA"])
    clearance = Clearance(
        policy="ALPHA",
        classifications=("SECRET",),
        categories=(LabelCategory(tag="Context", kind="PERMISSIVE", values=("ALPHA",)),),
    )
    (tmp_path / "clearances/deu 1.xml").write_bytes(write_clearance(clearance))
    (tmp_path / "areas/zone.geojson").write_text(json.dumps(GEOJSON))
    return tmp_path


def load(directory: Path) -> LoadedPolicy:
    return load_policy(directory / "policy.toml", node="nld-1", sources=(), partners=("deu-1",))


def only_of(directory: Path) -> ConfigError:
    with pytest.raises(InvalidConfigError) as caught:
        load(directory)
    (problem,) = caught.value.problems
    return problem


def test_files_are_read_relative_to_the_policy(directory: Path) -> None:
    policy = load(directory).policy
    assert sorted(policy.book.spifs) == ["ALPHA", "PUBLIC"]
    assert policy.clearances["deu-1-alpha"].classifications == ("SECRET",)
    assert policy.areas["zone"].holds(52.2, 4.2)
    assert not policy.areas["zone"].holds(52.5, 4.5), "in the hole"


def test_the_digest_is_what_sha256sum_makes_of_all_the_files(directory: Path) -> None:
    loaded = load(directory)
    (directory / "PUBLIC").write_bytes(shipped()["PUBLIC"])  # a shipped policy goes by its name
    names = ["policy.toml", *(one.name for one in loaded.sources)]
    assert names == ["policy.toml", "PUBLIC", "spif/alpha.xml", "clearances/deu 1.xml", "areas/zone.geojson"]
    lines = run(["sha256sum", *names], cwd=directory, capture_output=True, check=True).stdout.splitlines(keepends=True)
    assert loaded.digest == sha256(b"".join(sorted(lines))).hexdigest()
    assert loaded.policy.digest == loaded.digest


@pytest.mark.parametrize("name", ["policy.toml", "spif/alpha.xml", "clearances/deu 1.xml", "areas/zone.geojson"])
def test_the_digest_changes_with_every_file(directory: Path, name: str) -> None:
    before = load(directory).digest
    file = directory / name
    file.write_bytes(file.read_bytes().replace(b"SECRET", b"CONFIDENTIAL", 1) + b"\n")
    if name.startswith("spif"):
        file.write_bytes(shipped()["ALPHA"] + b"\n")
    assert load(directory).digest != before


def test_the_digest_does_not_depend_on_where_the_policy_lies(directory: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    for name in ("spif", "clearances", "areas"):
        (other / name).symlink_to(directory / name)
    (other / "another-name.toml").write_text(WITH_FILES)
    assert load_policy(other / "another-name.toml", node="fra-1").digest == load(directory).digest


@pytest.mark.parametrize(
    ("name", "octets", "code", "cause"),
    [
        ("spif/alpha.xml", b"<SPIF/>", "CFG-019", "LBL-"),
        ("spif/alpha.xml", b"", "CFG-019", "LBL-"),
        ("clearances/deu 1.xml", b"<x/>", "CFG-019", "LBL-"),
        ("areas/zone.geojson", b"{", "CFG-019", "not JSON"),
        ("areas/zone.geojson", b'{"type": "Point", "coordinates": [4, 52]}', "CFG-019", "got Point"),
        ("areas/zone.geojson", b"[" * 100_000, "CFG-019", "not JSON"),
        ("areas/zone.geojson", b"\xff", "CFG-019", "not JSON"),
        ("areas/zone.geojson", b" " * 5_000_000, "CFG-019", "larger than 4194304 octets"),
        ("clearances/deu 1.xml", b" " * 1_000_000, "CFG-019", f"larger than {MAX_LABEL_OCTETS} octets"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_told_where_it_is_named(
    directory: Path, name: str, octets: bytes, code: str, cause: str
) -> None:
    (directory / name).write_bytes(octets)
    problem = only_of(directory)
    assert problem.code.id == code
    assert cause.replace("LBL-", "") in problem.cause
    assert problem.place == str(directory / place_of(WITH_FILES, f'"{name}"'))
    assert problem.remedy


def test_a_file_that_is_not_there_gets_the_nearest_that_is(directory: Path) -> None:
    (directory / "areas/zone.geojson").rename(directory / "areas/zones.geojson")
    problem = only_of(directory)
    assert problem.code.id == "CFG-019"
    assert "No such file" in problem.cause
    assert problem.remedy == 'did you mean "zones.geojson"?'


def test_a_pipe_is_not_waited_for(directory: Path) -> None:
    (directory / "areas/zone.geojson").unlink()
    os.mkfifo(directory / "areas/zone.geojson")
    assert "not a regular file" in only_of(directory).cause


def test_the_words_of_a_clearance_file_are_held_against_its_policy(directory: Path) -> None:
    file = directory / "clearances/deu 1.xml"
    file.write_bytes(file.read_bytes().replace(b">SECRET<", b">VERY SECRET<"))
    problem = only_of(directory)
    assert problem.code.id == "CFG-017"
    assert 'no classification "VERY SECRET"' in problem.cause
    assert problem.place == str(directory / place_of(WITH_FILES, '"clearances/deu 1.xml"'))


def test_a_policy_that_is_not_there_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        load(tmp_path)
    assert caught.value.code.id == "CFG-001"
    assert "gateway init" in caught.value.remedy
    assert "[policy] file" in caught.value.remedy


# ------------------------------------------------------------------------------------------------- one wrong value each


def edited(old: str, new: str, text: str = FULL) -> str:
    assert old in text, old
    return text.replace(old, new, 1)


THIRD = 'security_policy]]\nuse = "PUBLIC"'
NOBODY = 'nld-1]\nclearances = ["anybody"]\n[partner.eu-1]'
CIRCLE = "\ncircle = { latitude_deg = 1, longitude_deg = 1, radius_m = 1 }"
SECRET = 'category = [{ tag = "Context", kind = "PERMISSIVE", values = ["ALPHA"] }]\n\n[label.shared]'
POLYGON = "polygon = [[52.0, 3.0], [54.0, 3.0], [54.0, 5.0], [52.0, 5.0]]"


@pytest.mark.parametrize(
    ("old", "new", "code", "needle", "cause", "remedy"),
    [
        # keys, types and values
        ('name = "Air', 'naem = 1\nname = "Air', "CFG-003", "naem", "[policy]", 'did you mean "name"?'),
        ('id = "default"', 'id = "default"\nlable = 1', "CFG-003", "lable", "[marking[1]]", 'did you mean "label"?'),
        ("when.source", "when.sorce", "CFG-003", "sorce", "[marking[1].when]", 'did you mean "source"?'),
        ('issued = "2026-11-01T00:00:00Z"', "issued = 5", "CFG-006", "5\n", "expected", ""),
        ('"2026-10-01"', "2026-10-01", "CFG-005", "2026-10-01", "write text in quotes", ""),
        ('"2026-10-01"', '"yesterday"', "CFG-006", '"yesterday"', "expected a date, such as", ""),
        ('"encrypt"', '"encript"', "CFG-006", '"encript"', "expected one of", 'did you mean "encrypt"?'),
        ('["HOSTILE", "NONE"]', '["HOSTIL"]', "CFG-006", '"HOSTIL"', "expected one of", 'did you mean "HOSTILE"?'),
        ('["AIR"]', '["SKY"]', "CFG-006", '"SKY"', '"AIR"', ""),
        ('action = "redact"', 'action = "redakt"', "CFG-006", '"redakt"', "", 'did you mean "redact"?'),
        ('["sensors", "operator"]', '["sensor"]', "CFG-006", '"sensor"', "", 'did you mean "sensors"?'),
        ('["SAPIENT", "REMOTE_ID*"]', '["sapient"]', "CFG-006", '"sapient"', "upper-case", ""),
        ('["UAV*", "x-nld:f35"]', '["uav"]', "CFG-006", '"uav"]', "upper-case", ""),
        ('{ icao24 = ["4841*"] }', "{ icao24 = [] }", "CFG-006", "[]", "at least 1", ""),
        ("position_grid_m = 100", "position_grid_m = 0", "CFG-006", "0\naltitude", "greater than or equal to 1", ""),
        ("delay_s = 30", "delay_s = §-1", "CFG-006", "", "greater than or equal to 0", ""),
        ('id = "default"', 'id = "Default rule"', "CFG-006", '"Default rule"', "lower-case letters", ""),
        ('id = "default"', 'id = "refused.no-rule"', "CFG-006", '"refused.no-rule"', "built-in refusals", ""),
        ('height = "agl"', 'height = "above"', "CFG-006", '"above"', '"agl"', ""),
        ("latitude_deg = 52.31", "latitude_deg = 95", "CFG-006", "95,", "less than or equal to 90", ""),
        ('downgrade = { HOSTILE =', 'downgrade = { HOSTIL =', "CFG-006", "HOSTIL =", '"HOSTIL" is not allowed', ""),
        ("[[accept]]", "[accept]", "CFG-002", "", "", "toml.io"),
        ('partners = ["deu-1"]', "partners = []", "CFG-006", "[]", "at least 1", ""),
        ('= "National security authority"', '= "  "', "CFG-006", '"  "', "expected some words", ""),
        ('originator = "nld-1.example"', 'originator = "NLD 1"', "CFG-006", '"NLD 1"', "a DNS name", ""),
        ('"AIR SAFETY"', '"AIR \\u0007"', "CFG-017", "shared]\npolicy", "label shared: text holds", "control char"),
        # what the policy is
        ('review = "2027', 'review = "2025', "CFG-008", '"2025', "reviewed before it is issued", "exchange"),
        # security policies
        ('use = "PUBLIC"', 'use = "PUBLIK"', "CFG-007", '"PUBLIK"', "ALPHA, BRAVO, PUBLIC, TLP", '"PUBLIC"?'),
        ('use = "PUBLIC"', "ignore_case = true", "CFG-008", "security_policy]]\nignore", "neither use", "add one"),
        ('use = "PUBLIC"', 'use = "PUBLIC"\nfile = "x"', "CFG-008", THIRD, "both", "keep one"),
        ('use = "PUBLIC"', 'use = "PUBLIC"\n[[security_policy]]\nuse = §"PUBLIC"', "CFG-008", "", "already", ""),
        ('use = "ALPHA"', 'use = "ALPHA"\nmandatory = ["Contex"]', "CFG-007", '"Contex"', "ALPHA", '"Context"?'),
        # equivalences
        ('from_policy = "ALPHA"', 'from_policy = "ALFA"', "CFG-007", '"ALFA"', "ALPHA, BRAVO", '"ALPHA"?'),
        ('to_policy = "BRAVO"', 'to_policy = "BRAVE"', "CFG-007", '"BRAVE"', "BRAVO", '"BRAVO"?'),
        ("{ RESTRICTED =", "{ RESTRICT =", "CFG-017", '"LIMITED" }', '"RESTRICT"', '"RESTRICTED"?'),
        ('= "LIMITED" }', '= "LIMITD" }', "CFG-017", '"LIMITD"', "BRAVO has no", '"LIMITED"?'),
        ('from_value = "BRV"', 'from_value = "BRW"', "CFG-007", '"BRW"', "of ALPHA", '"BRV"?'),
        ('to_value = "BRV"', 'to_value = "BRW"', "CFG-007", '"BRW"', "of BRAVO", '"BRV"?'),
        ('from_tag = "Releasable To"', 'from_tag = "Release"', "CFG-007", '"Release"', "tag set of ALPHA", ""),
        ('to_tag = "Releasable To"', 'to_tag = "Use"', "CFG-007", '"BRV" }]', 'tag set "Use" of BRAVO', ""),
        (
            'to_tag = "Releasable To", to_value = "BRV"',
            'to_tag = "Use", to_value = "TRIAL"',
            "CFG-017",
            '"TRIAL"',
            "is PERMISSIVE, Use TRIAL is INFORMATIVE",
            "one kind",
        ),
        ('discard = ["Context"]', 'discard = ["Contex"]', "CFG-007", '"Contex"', "tag set of ALPHA", '"Context"?'),
        (
            'discard = ["Context"]',
            'discard = ["Additional Sensitivity"]',
            "CFG-017",
            '"Additional Sensitivity"',
            "is restrictive",
            "map its values",
        ),
        ('discard = ["Context"]', 'discard = ["Releasable To"]', "CFG-008", '"Releasable To"]', "mapped, and", ""),
        # labels
        ('classification = "SECRET"', 'classification = "SECRIT"', "CFG-017", '"SECRIT"', "it has UNC", '"SECRET"?'),
        ('policy = "public"', 'policy = "publik"', "CFG-007", '"publik"', "declared: ALPHA", '"PUBLIC"?'),
        ('tag = "Context"\n', 'tag = "Kontext"\n', "CFG-017", '"Kontext"', "no tag set", '"Context"?'),
        ('kind = "PERMISSIVE"\nvalues = ["ALPHA", "BRV"]', 'kind = "INFORMATIVE"\nvalues = ["ALPHA", "BRV"]',
         "CFG-017", '"INFORMATIVE"', "is PERMISSIVE, not INFORMATIVE", "write PERMISSIVE"),
        ('values = ["ALPHA", "BRV"]', 'values = ["ALPHA", "BRW"]', "CFG-017", '"BRW"', "no PERMISSIVE", '"BRV"?'),
        ('["ALPHA", "Releasable"]', '["ALPHA", "COALITION"]', "CFG-017", "shared]\npolicy", "label shared: LBL-", ""),
        (SECRET, "\n[label.shared]", "CFG-017", "secret]", 'no value of tag set "Context"', "nobody may see"),
        ('alternatives = ["open"]', 'alternatives = ["opn"]', "CFG-007", '"opn"', "label", 'did you mean "open"?'),
        ('alternatives = ["open"]', 'alternatives = ["secret"]', "CFG-008", '"secret"]', "one label for each", ""),
        ('alternatives = ["open"]', 'alternatives = ["open", §"open"]', "CFG-008", "", "one label", ""),
        ('policy = "public"', 'policy = "public"\nalternatives = ["secret"]', "CFG-008", '"open"', "has alternat", ""),
        # clearances
        ('["OPEN", "LIMITED"]', '["OPEN", "LIMITD"]', "CFG-017", '"LIMITD"', "BRAVO has no", '"LIMITED"?'),
        ('classifications = ["OPEN", "LIMITED"]', "", "CFG-004", "bravo-limited]", "is required", "add classif"),
        ('policy = "BRAVO"\nclass', "class", "CFG-004", "bravo-limited]", "is required", "add policy"),
        ('policy = "BRAVO"\nclass', 'file = "x"\nclass', "CFG-008", "bravo-limited]", "a file and words", ""),
        ('[clearance.anybody]\npolicy = "PUBLIC"\nclassifications = ["UNMARKED"]', "[clearance.anybody]", "CFG-008",
         "anybody]", "neither a policy nor a file", "add policy"),
        ('policy = "BRAVO"\nclass', 'policy = "BRAVA"\nclass', "CFG-007", '"BRAVA"', "security policy", '"BRAVO"?'),
        ('["bravo-limited"]', '["bravo-limits"]', "CFG-007", '"bravo-limits"', "clearance", '"bravo-limited"?'),
        ('[own]\nclearances = ["alpha-secret"', '[own]\nclearances = ["alpha"', "CFG-007", '"alpha"', "clearance", ""),
        ('["bravo-limited"]', '["bravo-limited", §"bravo-limited"]', "CFG-008", "", "one for each", "join"),
        # partners and groups
        ('partners = ["eu-1"]', 'partners = ["eu-2"]', "CFG-007", '"eu-2"', "partner", 'did you mean "eu-1"?'),
        ('partners = ["eu-1"]', 'partners = ["eu-1", §"deu-1"]', "CFG-008", "", "alliance too", "one group"),
        ('partners = ["eu-1"]', 'partners = ["eu-1", §"eu-1"]', "CFG-008", "", "twice in this", "one group"),
        ("[partner.eu-1]", f"[partner.{NOBODY}", "CFG-008", "nld-1]", "this node itself", "[own]"),
        # areas
        (POLYGON, "", "CFG-008", "north-sea]", "no shape", "add one"),
        (POLYGON, POLYGON + CIRCLE, "CFG-008", "north-sea]", "polygon and circle", "keep"),
        ("[54.0, 3.0], [54.0, 5.0], [52.0, 5.0]]", "[54.0, 3.0]]", "CFG-006", "[[52.0, 3.0]", "area north-sea", ""),
        ("[54.0, 3.0], [54.0, 5.0], [52.0, 5.0]]", "[54.0, 5.0], [54.0, 3.0], [52.0, 5.0]]", "CFG-006", "[[52.0, 3.0]",
         "area north-sea", ""),
        # rules
        ('label = "shared"', 'label = "share"', "CFG-007", '"share"', "label", 'did you mean "shared"?'),
        ('id = "default"', 'id = §"fighters"', "CFG-008", "", "number 1", "an id of its own"),
        ('id = "onward"', 'id = §"alliance"', "CFG-008", "", "number 3", "an id of its own"),
        ('id = "exercise"', 'id = "union"', "CFG-008", '"union"\npartner', "number 1", "an id of its own"),
        ('when.source = ["radar-north"]', 'when.source = ["radar"]', "CFG-007", '"radar"', "gateway.toml", ""),
        ('when.source = ["radar-north"]', 'when.origin = [§"deu-1"]', "CFG-008", "", "our own tracks", "leave"),
        ('when.area = ["airport"]', 'when.area = ["airprot"]', "CFG-007", '"airprot"', "area", '"airport"?'),
        ('when.has =', 'when.not_area = §["airport"]\nwhen.has =', "CFG-008", "", "no track can meet both", "leave"),
        ('when.has = ["position"]', 'when.has = ["raw"]\nwhen.lacks = §["raw"]', "CFG-008", "", "both", ""),
        ("when.max_age_s = 60", "when.max_age_s = 60\nwhen.min_age_s = 61", "CFG-008", "61", "more than max_age_s", ""),
        (', max_m = 500 }', " }", "CFG-004", "{ height", "needs min_m, max_m or both", "add a bound"),
        ("max_m = 500", "min_m = 500, max_m = 500", "CFG-008", "500, max", "not below", ""),
        ('policy = "ALPHA", classif', 'policy = "ALFA", classif', "CFG-007", '"ALFA"', "security policy", '"ALPHA"?'),
        ('["RESTRICTED"] }', '["RESTRICT"] }', "CFG-017", '"RESTRICT"', "ALPHA has", '"RESTRICTED"?'),
        ('to = ["union"]', 'to = ["onion"]', "CFG-007", '"onion"', "release group", 'did you mean "union"?'),
        ('to = ["union"]', 'to = ["union", §"union"]', "CFG-008", "", "twice", "leave one out"),
        ('["sensors", "operator"]', '["sensors", §"sensors"]', "CFG-008", "", "twice", "leave one out"),
        ('action = "withhold"', 'action = "redact"', "CFG-008", '"redact"', "redacts nothing", "say what: drop"),
        ('action = "withhold"', 'action = "withhold"\n§drop = ["raw"]', "CFG-008", "", "withhold", '"redact"'),
        ('personal_data = true', 'drop = ["raw"]', "CFG-008", 'drop = ["raw"]', "release", 'action = "redact"'),
        ('action = "withhold"', 'action = "withhold"\n§delay_s = 1', "CFG-008", "", "no use", "leave delay_s out"),
        ('action = "withhold"', 'action = "withhold"\npersonal_data = true', "CFG-008", "personal_data", "no use", ""),
        ('"sensors", "operator"]', '"sensors", "position"]', "CFG-008", "position_grid_m", "no use", "keep one"),
        ('"sensors", "operator"]', '"sensors", "altitude"]', "CFG-008", "altitude_grid_m", "no use", "keep one"),
        ('"sensors", "operator"]', '"sensors", "identity"]', "CFG-008", "downgrade", "no use", "keep one"),
        ('{ HOSTILE = "SUSPECT" }', '{ HOSTILE = "HOSTILE" }', "CFG-008", '"HOSTILE" }', "by itself", "leave it out"),
        ("onward = true", "", "CFG-008", '"eu-1"]\naction', "our own tracks", "onward = true"),
        ('when.origin = ["eu-1"]', 'when.§source = ["radar-north"]', "CFG-008", "", "partners' tracks", "origin"),
        ('when.origin = ["eu-1"]', 'when.origin = ["nld-1"]', "CFG-008", '"nld-1"]', "this node", "leave it out"),
        ('when.origin = ["eu-1"]', 'when.origin = ["eu-2"]', "CFG-007", '"eu-2"', "partner", '"eu-1"?'),
        ('partner = ["eu-1"]', 'partner = ["eu-2"]', "CFG-007", '"eu-2"', "partner", 'did you mean "eu-1"?'),
        ('partner = ["eu-1"]', 'partner = ["eu-1", §"eu-1"]', "CFG-008", "", "twice", "leave one out"),
        ("when.exercise = true", 'when.§source = ["radar-north"]', "CFG-008", "", "none of our", "origin"),
    ],
)  # fmt: skip
def test_refuses_what_is_wrong_at_its_place(
    old: str, new: str, code: str, needle: str, cause: str, remedy: str
) -> None:
    """`new` or `needle` says where: behind the sign § in the one, or at the other."""
    text = edited(old, new)
    marked = re.search("§", text)
    text = text.replace("§", "")
    problem = only(text)
    assert problem.code.id == code, str(problem)
    assert cause in problem.cause
    assert remedy in problem.remedy
    assert problem.remedy
    if marked:
        needle = text[marked.start() :]
    if needle:
        assert problem.place == place_of(text, needle), str(problem)


def test_everything_wrong_is_told_at_once_in_the_order_of_the_file() -> None:
    text = FULL
    for old, new in (
        ('label = "shared"', 'label = "share"'),
        ('classification = "SECRET"', 'classification = "SECRIT"'),
        ('partners = ["eu-1"]', 'partners = ["eu-2"]'),
        ('when.area = ["airport"]', 'when.area = ["airprot"]'),
        ("[54.0, 3.0], [54.0, 5.0], [52.0, 5.0]]", "[54.0, 3.0]]"),
        ('discard = ["Context"]', 'discard = ["Contex"]'),
    ):
        text = edited(old, new, text)
    found = problems(text)
    lines = [int(problem.place.split(":")[1]) for problem in found]
    assert [problem.code.id for problem in found] == ["CFG-007", "CFG-017", "CFG-007", "CFG-006", "CFG-007", "CFG-007"]
    assert lines == sorted(lines)


def test_labels_of_a_security_policy_that_cannot_be_read_are_not_called_wrong() -> None:
    problem = only(edited('use = "ALPHA"', 'use = "ALHPA"'))
    assert (problem.code.id, problem.remedy) == ("CFG-007", 'did you mean "ALPHA"?')


def test_a_policy_without_security_policies_is_told_that_it_needs_one() -> None:
    (problem,) = problems('[policy]\nname = "x"\nissued = "2026-01-01T00:00:00Z"\nreview = "2027-01-01T00:00:00Z"\n')
    assert problem.code.id == "CFG-004"
    assert 'use = "PUBLIC"' in problem.remedy


def test_the_same_equivalence_twice_is_refused() -> None:
    start = FULL.index("[[equivalence]]")
    table = FULL[start : FULL.index("[label.secret]")]
    both = table.replace('"encrypt"', '"both"')
    text = FULL.replace(table, table + both)
    problem = only(text)
    assert (problem.code.id, problem.place) == ("CFG-008", place_of(text, "equivalence]]", nth=2))
    assert "number 1 already" in problem.cause


def test_without_the_configuration_names_of_sources_and_links_are_not_checked() -> None:
    loaded = load_policy_text(FULL.replace("radar-north", "no-such-radar"), node="nld-1")
    assert loaded.policy.markings[1].when.sources == ("no-such-radar",)


def test_a_name_with_a_wildcard_may_be_about_names_that_are_still_to_come() -> None:
    assert read(FULL.replace('["radar-north"]', '["coast-*"]')).policy.markings[1].when.sources == ("coast-*",)


def test_a_member_of_a_group_must_be_a_link_and_a_mere_partner_need_not() -> None:
    with pytest.raises(InvalidConfigError) as caught:
        load_policy_text(FULL, node="nld-1", sources=SOURCES, partners=["deu-1"])
    (problem,) = caught.value.problems
    assert (problem.code.id, problem.place) == ("CFG-007", place_of(FULL, '"eu-1"]'))
    assert "no [link.eu-1] in gateway.toml" in problem.cause
    text = FULL.replace('[group.union]\npartners = ["eu-1"]\n', "").replace('to = ["union"]\n', "")
    text = text.replace('when.origin = ["eu-1"]\n', "")
    (finding,) = load_policy_text(text, node="nld-1", sources=SOURCES, partners=["deu-1"]).findings
    assert (finding.code.id, finding.place) == ("CFG-016", place_of(text, "eu-1]", nth=2))


def test_a_partner_without_a_clearance_is_a_finding() -> None:
    text = FULL.replace('clearances = ["bravo-limited"]\n', "")
    (finding,) = read(text).findings
    assert (finding.code.id, finding.place) == ("CFG-016", place_of(text, "eu-1]", nth=2))


# ------------------------------------------------------------------------------------------------------------- starters


def test_the_starter_is_complete_and_releases_nothing() -> None:
    text = starter_policy(issued=ISSUED, review=REVIEW, originator="nld-1.example")
    loaded = load_policy_text(text, node="nld-1", sources=(), partners=())
    assert loaded.findings == ()
    assert (loaded.policy.releases, loaded.policy.groups) == ((), {})
    assert loaded.policy.markings[0].label.originator == "nld-1.example"


def test_the_examples_of_the_starter_hold_once_their_comments_go() -> None:
    text = starter_policy(issued=ISSUED, review=REVIEW, originator="nld-1.example")
    lines = [
        line.removeprefix("# ")
        if line.startswith(("# [", "# when", "# id", "# to", "# a", "# dr", "# pos", "# partners", "# cl"))
        else line
        for line in text.splitlines()
        if "[[security_policy]]" not in line or not line.startswith("#")
    ]
    kept = [line for line in lines if not line.startswith(("allies. ", "a rule"))]
    loaded = load_policy_text("\n".join(kept), node="nld-1", sources=["radar-north"], partners=["deu-1"])
    assert [rule.id for rule in loaded.policy.releases] == ["no-hostiles", "air-picture"]
    assert loaded.policy.groups == {"allies": ("deu-1",)}


@pytest.mark.parametrize("partners", [(), ("deu-1",), ("eu-1", "deu-1")])
def test_the_simple_policy_releases_everything_to_all_partners(partners: tuple[str, ...]) -> None:
    loaded = load_policy_text(simple_policy(partners, personal_data=True), node="nld-1", partners=partners)
    assert loaded.findings == ()
    assert loaded.policy.groups == ({"all": tuple(sorted(partners))} if partners else {})
    assert [rule.personal_data for rule in loaded.policy.releases] == [True] * bool(partners)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["SAPIENT", "REMOTE_ID*"]', '["SAPIENT_*"]', 'did you mean "SAPIENT"?'),
        ('["SAPIENT", "REMOTE_ID*"]', '["ASTERIX_021"]', "did you mean"),
        ('["UAV*", "x-nld:f35"]', '["FIGHTER"]', "known are AIRSHIP"),
    ],
)
def test_a_format_or_platform_that_nothing_says_is_a_finding(old: str, new: str, said: str) -> None:
    text = edited(old, new)
    (finding,) = read(text).findings
    assert (finding.code.id, finding.place) == ("CFG-016", place_of(text, new[1:]))
    assert said in finding.remedy


def test_the_known_input_formats_are_those_that_decoders_write() -> None:
    written = set()
    for path in (ROOT / "gateway" / "formats").rglob("*.py"):
        text = path.read_text()
        names = re.findall(r'^(?:FORMAT|FORMAT_NAME|TEXT_FORMAT_NAME|FORMAT_CODE) = "(\w+)"$', text, re.MULTILINE)
        written |= {*names, *re.findall(r'input_format="(\w+)"', text)}
    assert written == set(INPUT_FORMATS)


def test_a_node_whose_tracks_come_by_way_of_another_needs_no_link_and_no_clearance() -> None:
    text = edited('when.origin = ["eu-1"]', 'when.origin = ["eu-1", "fra-9"]')
    assert only(text).code.id == "CFG-007"
    loaded = read(text + "[partner.fra-9]\n")
    assert loaded.findings == ()
    assert loaded.policy.partners["fra-9"] == ()


@pytest.mark.parametrize("name", ["areas\\\\zone.geojson", "areas/\\u0007.geojson"])
def test_a_file_name_that_the_digest_cannot_write_as_it_is_is_refused(directory: Path, name: str) -> None:
    file = directory / "policy.toml"
    file.write_text(WITH_FILES.replace("areas/zone.geojson", name))
    assert "sha256sum writes otherwise" in only_of(directory).cause


# ----------------------------------------------------------------------------------------------------------- succession

EMBARGO = (
    FULL
    + """
[label.until-then]
policy = "ALPHA"
classification = "SECRET"
category = [{ tag = "Context", kind = "PERMISSIVE", values = ["ALPHA"] }]
succession = { at = "2026-12-01T00:00:00+01:00", label = "secret-no-more" }

[label.secret-no-more]
policy = "alpha"
classification = "RESTRICTED"
category = [{ tag = "Context", kind = "PERMISSIVE", values = ["ALPHA"] }]
"""
)
EMBARGO = EMBARGO.replace('policy = "alpha"', 'policy = "ALPHA"').replace('label = "shared"', 'label = "until-then"')
THEN = datetime(2026, 11, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize("follow", [False, True])
def test_a_label_may_be_followed_by_another_of_its_policy(follow: bool) -> None:
    told = f"follow_succession = {str(follow).lower()}\n\n[[security_policy]]"
    text = EMBARGO.replace("[[security_policy]]", told, 1)
    policy = read(text).policy
    label = policy.markings[1].label
    assert label.successor is not None
    assert (label.successor.at, label.successor.label.classification) == (THEN, "RESTRICTED")
    assert (label.review_at, label.successor.label.review_at) == (REVIEW, None)
    assert read_label(write_label(label)) == replace(label, tlp=None, purpose=None), "it can be sent"
    low = (Clearance(policy="ALPHA", classifications=("RESTRICTED",), categories=label.categories),)
    for now, permitted in ((THEN - timedelta(microseconds=1), False), (THEN, follow)):
        assert policy.book.judge(label, low, now, direction=Direction.ENCRYPT).decision.permit is permitted
    assert named_label("until-then", read(text)) == label


@pytest.mark.parametrize(
    ("old", "new", "needle", "cause"),
    [
        ('label = "secret-no-more"', 'label = "nothing"', '"nothing"', "there is no label"),
        ('label = "secret-no-more"', 'label = "open"', '"open" }', "label open is of public"),
        ('label = "secret-no-more"', 'label = "until-then"', '"until-then" }', "has succession"),
        ("2026-12-01T00:00:00+01:00", "2026-11-01T00:00:00Z", '"2026-11-01T00:00:00Z", label', "before the policy"),
        ('"RESTRICTED"', '"RESTRICTED"\ntlp = "RED"', '"secret-no-more" }', "has tlp"),
    ],
)
def test_what_does_not_follow_a_label_is_told_with_its_place(old: str, new: str, needle: str, cause: str) -> None:
    text = EMBARGO[: len(FULL)] + EMBARGO[len(FULL) :].replace(old, new, 1)
    problem = only(text)
    assert cause in problem.cause
    assert problem.place == place_of(text, needle)
    assert problem.remedy
