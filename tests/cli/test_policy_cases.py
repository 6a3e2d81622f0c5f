"""``gateway policy test`` and ``gateway policy diff``: policies held to cases, and against each other."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cli.policy_cases import load_cases
from gateway.cli.policy_cases_document import with_reference
from gateway.cli.policy_diff import Change
from gateway.cli.policy_explain import outcome
from gateway.cli.policy_sight import NOBODY, sights
from gateway.errors import GatewayError
from gateway.policy.memory import Memory
from gateway.policy.terms import Field, ReleaseRule
from gateway.policy.trace import trace
from gateway.track import Track
from tests.cli.conftest import Gateway, Invoke
from tests.cli.policies import EVENTS, POLICY, event, write
from tests.data import recording
from tests.policy.policies import NODE, NOW, policy, rule_lists, some_tracks

ROOT = Path(__file__).parents[2]
DRONE = 'source = "tak", environment = "AIR", identity = "NEUTRAL", position = [52.3, 4.7]'


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a policy and a recording, and no configuration."""
    write(tmp_path)
    (tmp_path / "events.xml").write_bytes(EVENTS)
    return tmp_path


def case(track: str = DRONE, **keys: Any) -> str:
    """One case as TOML; `track` is the inside of its table."""
    lines = ["[[case]]", f"name = {json.dumps(keys.pop('name', 'a case'))}"]
    lines += [f"{key} = {value if key == 'shown' else json.dumps(value)}" for key, value in keys.items()]
    return "\n".join([*lines, *([f"track = {{ {track} }}"] if track else []), ""])


def run(place: Path, invoke: Invoke, *cases: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code and results of the cases against the policy."""
    (place / "cases.toml").write_text('policy = "policy.toml"\n\n' + "\n".join(cases))
    result = invoke("policy", "test", "cases.toml", "--json")
    assert result.exit_code in (0, 1), result.stderr
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def passes(place: Path, invoke: Invoke, *cases: str) -> bool:
    code, results = run(place, invoke, *cases)
    assert (code == 0) is all(one["passed"] for one in results)
    return code == 0


# --------------------------------------------------------------------------------------------------------- what leaves


@pytest.mark.parametrize(
    ("to", "track", "expect", "rule"),
    [
        (["eu-1", "nld-1"], DRONE, "release", None),
        (["eu-1"], DRONE, "release", "union"),
        (["eu-1"], DRONE, "release", "release.union"),
        (["eu-1", "atm-1"], DRONE.replace("NEUTRAL", "HOSTILE"), "withhold", "no-hostiles"),
        (["nld-1"], DRONE.replace("NEUTRAL", "HOSTILE"), "release", "allies"),
        (["atm-1"], DRONE + ", age_s = 29", "hold", "near-airport"),
        (["atm-1"], DRONE + ", age_s = 30", "release", "near-airport"),
        (["atm-1"], DRONE.replace("52.3", "53.3"), "withhold", "release.refused.no-rule"),
        (["nld-1"], DRONE.replace("AIR", "LAND"), "withhold", "release.refused.label.classification"),
        (["nld-1"], DRONE.replace("tak", "radar"), "withhold", "release.refused.no-label"),
        (["nld-1"], DRONE + ', label = "home"', "withhold", "release.refused.label.classification"),
    ],
)
def test_a_case_is_decided_as_a_node_decides(
    place: Path, invoke: Invoke, to: list[str], track: str, expect: str, rule: str | None
) -> None:
    more = {} if rule is None else {"rule": rule}
    assert passes(place, invoke, case(track, to=to, expect=expect, **more))
    for other in {"release", "withhold", "hold"} - {expect}:
        assert not passes(place, invoke, case(track, to=to, expect=other))
    assert not passes(place, invoke, case(track, to=to, expect=expect, rule="another"))


def test_what_is_taken_out_is_held_to_parts_and_fields(place: Path, invoke: Invoke) -> None:
    track = DRONE + ', name = "KLM1", sensors = ["mast"], has = ["polar", "raw", "remarks"]'
    expected = {"to": ["eu-1"], "expect": "release"}
    assert passes(place, invoke, case(track, **expected, withheld=["sensors", "name", "raw", "polar", "remarks"]))
    assert passes(place, invoke, case(track, **expected, absent=["state.polar", "name", "raw.octets", "sources.name"]))
    assert passes(place, invoke, case(track, **expected, shown='{ identity.value = "NEUTRAL", environment = "AIR" }'))
    for wrong in (
        {"withheld": ["identity"]},
        {"withheld": ["operator"]},  # it had none
        {"absent": ["state.position"]},
        {"absent": ["identity.value"]},
        {"shown": '{ "identity.value" = "SUSPECT" }'},
        {"shown": "{ state.position.latitude_deg = 52.3 }"},  # it is on a grid
        {"shown": "{ name = true }"},
    ):
        code, [result] = run(place, invoke, case(track, **expected, **wrong))
        assert code == 1
        assert len(result["failures"]) == 1, result


def test_the_label_that_it_arrives_under_is_held_to_words_and_marking(place: Path, invoke: Invoke) -> None:
    words = "ALPHA RESTRICTED Releasable to BRAVO"
    assert passes(place, invoke, case(to=["eu-1", "nld-1"], expect="release", marking=words, mark="picture"))
    assert passes(place, invoke, case(to=["eu-1"], expect="release", mark="mark.picture"))
    code, [result] = run(place, invoke, case(to=["eu-1"], expect="release", marking="ALPHA SECRET", mark="ground"))
    assert code == 1
    assert len(result["failures"]) == 2


@pytest.mark.parametrize("field", list(Field))
def test_every_part_can_be_asked_for(place: Path, invoke: Invoke, field: Field) -> None:
    """What is said to be there is there: no rule of this policy takes anything from an ally but personal data."""
    expected = {"to": ["nld-1"], "expect": "release"}
    code, [result] = run(place, invoke, case(DRONE + f', has = ["{field}"]', **expected, withheld=[field.value]))
    if field is Field.OPERATOR:
        assert code == 0
    else:
        assert result["failures"] == [f"nld-1: {field} is shown, expected to be withheld"]


def test_everything_that_a_case_can_say_of_a_track_gets_there(place: Path, invoke: Invoke) -> None:
    track = """source = "tak", format = "COT", environment = "SURFACE", identity = "FRIEND", platform = "VESSEL",
        object_class = ["tug"], name = "n", remarks = "r", position = [52.3, 4.7], course_deg = 10.0,
        altitude = [{ height = "hae", m = 3.5 }, { height = "agl", m = 2.0 }], ground_speed_mps = 5.0, accuracy_m = 7.0,
        age_s = 2.0, exercise = true, simulated = false, ended = true, identifier = { mmsi = "244" }, sensors = ["s"]"""
    shown = """{ environment = "SURFACE", identity.value = "FRIEND", platform = "VESSEL", classifications.type = "tug",
        name = "n", remarks = "r", state.position.latitude_deg = 52.3, state.course_deg = 10,
        state.altitude_hae_m = 3.5, state.height_agl_m = 2.0, state.ground_speed_mps = 5.0,
        state.accuracy.horizontal_95_m = 7.0, status.exercise = true, status.simulated = false,
        status.ended = true, identifiers.scheme = "mmsi",
        identifiers.value = "244", sources.name = "s", provenance.input_format = "COT" }"""
    flat = [" ".join(text.split()) for text in (track, shown)]
    code, [result] = run(place, invoke, case(flat[0], to=["nld-1"], expect="release", shown=flat[1]))
    assert (code, result["failures"]) == (0, [])


def test_the_tracks_of_a_file_are_each_held_to_the_case(place: Path, invoke: Invoke) -> None:
    keys: dict[str, Any] = {"track": "", "to": ["nld-1"], "file": "events.xml", "format": "cot", "source": "tak"}
    assert passes(place, invoke, case(**keys, index=1, expect="release"), case(**keys, index=2, expect="withhold"))
    code, [result] = run(place, invoke, case(**keys, expect="release"))
    assert code == 1
    [failure] = result["failures"]
    assert "cot_uid G-1" in failure
    assert any("classification SECRET" in line for line in result["explanation"])
    code, [result] = run(place, invoke, case(**keys, index=9, expect="release"))
    assert result["failures"] == ["the file has no such track"]
    code, [result] = run(place, invoke, case(**(keys | {"file": "nowhere.xml"}), expect="release"))
    assert code == 1
    assert "cannot be read" in result["failures"][0]


@pytest.mark.parametrize(("at", "age_s"), [("0001-01-01T00:00:00Z", 3), ("9999-12-31T23:59:59Z", -3)])
def test_a_case_before_or_after_all_years_fails_and_the_next_one_is_run(
    place: Path, invoke: Invoke, at: str, age_s: int
) -> None:
    lost = case(f"{DRONE}, age_s = {age_s}", to=["eu-1"], expect="withhold", at=at)
    code, results = run(place, invoke, lost, case('platform = "BIRD"', to=["eu-1"], expect="withhold"))
    assert code == 1
    assert ["1 to 9999" in one for result in results for one in result["failures"]] == [True]


def test_a_partners_track_is_released_onward_by_its_own_rules(place: Path, invoke: Invoke) -> None:
    track = 'environment = "AIR", label = "shared"'
    assert passes(
        place,
        invoke,
        case(track, to=["nld-1"], origin="eu-1", expect="release", rule="onward"),
        case(track, to=["eu-1"], origin="nld-1", expect="withhold"),
    )


# ------------------------------------------------------------------------------------------------------ what comes in


def test_what_partners_send_is_accepted_dropped_or_refused(place: Path, invoke: Invoke) -> None:
    secret = """label = { policy = "ALPHA", classification = "SECRET",
        category = [{ tag = "Context", kind = "PERMISSIVE", values = ["ALPHA"] }] }"""
    assert passes(
        place,
        invoke,
        case('label = "shared"', sender="nld-1", expect="accept", rule="allies"),
        case('label = "shared", exercise = true', sender="nld-1", expect="drop", rule="accept.exercise"),
        case('label = "shared"', sender="eu-1", expect="refuse", rule="accept.refused.no-rule"),
        case(" ".join(secret.split()), sender="nld-1", expect="refuse", rule="accept.refused.label.classification"),
        case('label = "civil"', sender="nld-1", expect="refuse"),
    )
    code, results = run(
        place,
        invoke,
        case('label = "shared"', sender="nld-1", expect="refuse"),
        case('label = "shared"', sender="eu-1", expect="accept"),
        case("exercise = true", sender="nld-1", expect="drop"),
    )
    assert code == 1
    assert [len(one["failures"]) for one in results] == [1, 1, 1]
    assert results[1]["explanation"]
    assert "has no label" in results[2]["failures"][0]


# ------------------------------------------------------------------------------------------------------- how it is told


@pytest.mark.parametrize(
    ("when", "let_in", "kept_out"),
    [
        ('label = [{ policy = "ALPHA" }]', 'label = "shared"', 'label = "civil"'),
        (
            'label = [{ policy = "ALPHA", classifications = ["UNCLASSIFIED"] }]',
            (
                'label = { policy = "ALPHA", classification = "UNCLASSIFIED", category = [{ tag = "Context", '
                'kind = "PERMISSIVE", values = ["ALPHA"] }] }'
            ),
            'label = "shared"',
        ),
        ('format = ["ASTERIX_*"]', 'format = "ASTERIX_062"', 'format = "COT"'),
        ('area = ["airport"]', "position = [52.3, 4.7]", "position = [52.3, 5.7]"),
        ('identity = ["NEUTRAL", "NONE"]', 'identity = "NEUTRAL"', 'identity = "HOSTILE"'),
    ],
)
def test_a_partner_may_send_the_labels_formats_areas_and_identities_that_a_rule_names(
    place: Path, invoke: Invoke, when: str, let_in: str, kept_out: str
) -> None:
    name = when.split(" ")[0]
    rule = f'[[accept]]\nid = "only"\npartner = ["nld-1"]\nwhen.{when}\n'
    write(place, POLICY[: POLICY.index("[[accept]]")] + rule)
    label = "" if name == "label" else ', label = "shared"'
    cases = "".join(
        f'[[case]]\nname = "a"\nsender = "nld-1"\nexpect = "{expect}"\nrule = "{by}"\ntrack = {{ {said}{label} }}\n'
        for said, expect, by in ((let_in, "accept", "only"), (kept_out, "refuse", "accept.refused.no-rule"))
    )
    (place / "cases.toml").write_text(cases)
    result = invoke("policy", "test", "cases.toml", "-p", "policy.toml")
    assert result.exit_code == 0, result.output
    assert "2 cases: 2 as expected" in result.stderr


def test_people_read_each_case_and_the_reasons_of_those_that_fail(place: Path, gateway: Gateway) -> None:
    cases = case(name="good", to=["eu-1"], expect="release") + case(name="b\u001bad", to=["eu-1"], expect="hold")
    (place / "cases.toml").write_text('policy = "policy.toml"\n' + cases, "utf-8")
    done = gateway("policy", "test", "cases.toml")
    assert done.returncode == 1
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "ok  good"
    assert lines[1] == "FAILED  b\\x1bad"
    assert lines[2].split() == ["place", "cases.toml:7:3"]
    assert "release by release.union, expected hold" in lines[3]
    assert any("release.union" in line and "decides" in line for line in lines[4:])
    assert done.stderr == b"2 cases: 1 as expected, 1 not\n"


def test_the_policy_is_the_options_then_the_cases_then_the_configurations(
    place: Path, invoke: Invoke, gateway: Gateway
) -> None:
    text = case(DRONE.replace("NEUTRAL", "SUSPECT"), to=["eu-1"], expect="release")
    write(place, POLICY.replace('["HOSTILE", "SUSPECT"]', '["HOSTILE"]'), "new.toml")
    assert not passes(place, invoke, text)
    assert invoke("policy", "test", "cases.toml", "-p", "new.toml").exit_code == 0
    (place / "cases.toml").write_text(text)
    assert gateway("policy", "test", "cases.toml").returncode == 3  # no policy is named, and there is no configuration


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("", "CFG-004", ""),
        ("case = []", "CFG-006", ""),
        ("[[case]]\nexpect = 1", "CFG-004", "1:3"),
        (case(to=["eu-1"], expect="releese"), "CFG-006", "4:10"),
        (case(to=["eu-1"], expect="release", rool="x"), "CFG-003", "5:1"),
        (case('sorce = "tak"', to=["eu-1"], expect="release"), "CFG-003", "5:11"),
        (case(to=["eu-2"], expect="release"), "CFG-007", "3:7"),
        (case('label = "nope"', to=["eu-1"], expect="release"), "CFG-007", "5:19"),
        (case(to=["eu-1"], origin="x-1", expect="release"), "CFG-007", "4:10"),
        (case(to=["eu-1"], expect="accept"), "CFG-008", "4:10"),
        (case(sender="eu-1", expect="release"), "CFG-008", "4:10"),
        (case(to=["eu-1"], sender="eu-1", expect="release"), "CFG-008", "5:10"),
        (case("", to=["eu-1"], expect="release"), "CFG-008", "1:3"),
        (case(to=["eu-1"], expect="release", file="x"), "CFG-008", "1:3"),
        (case(to=["eu-1"], expect="release", index=1), "CFG-008", "5:9"),
        (case(to=["eu-1"], expect="withhold", marking="X"), "CFG-008", "5:11"),
        (case(to=["eu-1"], expect="withhold", absent=["name"]), "CFG-008", "5:10"),
        (case('label = "shared"', sender="eu-1", expect="accept", mark="x"), "CFG-008", "5:8"),
        (case(to=["eu-1"], expect="release", absent=["state.plar"]), "CFG-007", "5:11"),
        (case(to=["eu-1"], expect="release", absent=["name.first"]), "CFG-007", "5:11"),
        (case(to=["eu-1"], expect="release", shown='{ identity.valu = "X" }'), "CFG-007", "5"),
        (case("age_s = inf", to=["eu-1"], expect="release"), "CFG-006", "5:19"),
        (case("position = [91.0, 0.0]", to=["eu-1"], expect="release"), "CFG-006", "5:23"),
        ("[[case]\n", "CFG-002", "1"),
        ("\x00", "CFG-002", "1:1"),
    ],
)
def test_a_file_of_cases_that_is_wrong_is_refused_at_its_place(
    place: Path, invoke: Invoke, text: str, code: str, at: str
) -> None:
    (place / "cases.toml").write_text(text)
    result = invoke("policy", "test", "cases.toml", "-p", "policy.toml")
    assert result.exit_code == 3, result.output
    assert result.stdout == ""
    head, where = result.stderr.splitlines()[:2]
    assert head.startswith(f"error[{code}]"), result.stderr
    assert where.split()[1].startswith(f"cases.toml:{at}"), result.stderr


def test_everything_that_is_wrong_is_told_at_once(place: Path, invoke: Invoke) -> None:
    (place / "cases.toml").write_text(case(to=["a-1", "b-1"], expect="release") + case(to=["c-1"], expect="release"))
    result = invoke("policy", "test", "cases.toml", "-p", "policy.toml")
    assert result.stderr.count("error[CFG-007]") == 3


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_text_leaves_anything_but_an_error_with_a_place(tmp_path: Path, data: st.DataObject) -> None:
    """A whole file with something else in one place, or anything at all."""
    whole = case(to=["eu-1"], expect="release", withheld=["sensors"], shown='{ identity.value = "X" }')
    at = data.draw(st.integers(0, len(whole)))
    length = data.draw(st.integers(0, 12))
    text = whole[:at] + data.draw(st.text(max_size=8)) + whole[at + length :]
    file = tmp_path / "cases.toml"
    file.write_text(text, "utf-8")
    try:
        loaded = load_cases(file)
    except GatewayError as error:
        where = error.place
    else:
        where = loaded.place(0)
    assert where.startswith(str(file))


@pytest.mark.parametrize("name", ["nowhere.toml", ".", "-"])
def test_a_file_of_cases_that_is_not_there_is_told(place: Path, invoke: Invoke, name: str) -> None:
    result = invoke("policy", "test", name, "-p", "policy.toml")
    assert result.exit_code == 3
    assert "error[CFG-001]" in result.stderr


def test_the_documentation_is_the_models_and_its_examples_hold(invoke: Invoke, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "policy-cases.md").read_text()
    assert with_reference(text) == text, "run: python -m gateway.cli.policy_cases_document docs/policy-cases.md"
    guide = (ROOT / "docs" / "policy.md").read_text()
    blocks = dict(re.findall(r"^```toml (\w+)\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL))
    write(tmp_path, blocks["beginning"] + blocks["civil"] + blocks["onward"])
    (example,) = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "cases.toml").write_text(example)
    result = invoke("policy", "test", "cases.toml")
    assert result.exit_code == 0, result.output
    assert "5 cases: 5 as expected" in result.stderr
    (about_a_file,) = re.findall(r"^```toml recording\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "recordings").mkdir()
    shutil.copy(recording("asterix/cat_062_065.pcap"), tmp_path / "recordings" / "summer.pcap")
    (tmp_path / "cases.toml").write_text('policy = "policy.toml"\n\n' + about_a_file)
    result = invoke("policy", "test", "cases.toml")
    assert result.exit_code == 0, result.output


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rule_lists(6), some_tracks(3), st.sampled_from([("radar-north", NODE), (None, "deu")]))
def test_what_a_case_is_held_to_is_what_an_explanation_tells(
    rules: tuple[ReleaseRule, ...], tracks: list[Track], whence: tuple[str | None, str]
) -> None:
    whole = policy(releases=rules, groups={"allies": ("bel", "deu"), "eu": ("aut", "irl")})
    source, origin = whence
    for track in tracks:
        found = sights(whole, track, source=source, origin=origin, now=NOW, memory=Memory())
        for partner in ("bel", "aut", "irl"):
            told = trace(whole, track, source=source, origin=origin, partner=partner, now=NOW)
            seen = found.get(partner, NOBODY)
            if seen.until is not None or outcome(told) == "HELD":
                continue  # what is held is decided anew when its time comes, by rules that it may meet then
            assert (outcome(told) == "RELEASED") is (seen.shown is not None)
            if seen.shown is not None:
                assert told.verdicts[0].track == seen.shown
                assert told.verdicts[0].rule == seen.rule


# ---------------------------------------------------------------------------------------------------------------- diff


def diff(place: Path, invoke: Invoke, new: str, *, old: str = POLICY, on: str = "events.xml") -> tuple[int, Any]:
    """Exit code, and what changed: partner to change to how often."""
    write(place, old, "old.toml")
    write(place, new, "new.toml")
    arguments = ("policy", "diff", "old.toml", "new.toml", "--on", on, "--format", "cot", "--source", "tak")
    result = invoke(*arguments, "--json")
    assert result.exit_code in (0, 1), result.output
    document = json.loads(result.stdout)
    changes = {
        one["partner"]: {change["change"]: change["count"] for change in one["changes"]}
        for one in document["partners"]
        if one["changes"]
    }
    assert document["shows_more"] is (result.exit_code == 1)
    return result.exit_code, changes


@pytest.mark.parametrize(
    ("before", "after", "changes", "gated"),
    [
        ("", "", {}, False),
        ('name = "Air picture of deu-1"', 'name = "Another"', {}, False),
        ('issued = "2026-01-01T00:00:00Z"', 'issued = "2026-02-01T00:00:00Z"', {}, False),
        ('["HOSTILE", "SUSPECT"]', '["SUSPECT"]', {"eu-1": {"OUT": 1}, "atm-1": {"OUT": 1}}, True),
        ('["HOSTILE", "SUSPECT"]', '["NEUTRAL", "HOSTILE"]', {"eu-1": {"STAYS": 2}, "atm-1": {"STAYS": 1}}, False),
        ("position_grid_m = 1000", "position_grid_m = 100", {"eu-1": {"MORE": 2}}, True),
        ("position_grid_m = 1000", "position_grid_m = 10000", {"eu-1": {"LESS": 2}}, False),
        ("position_grid_m = 1000\n", "", {"eu-1": {"MORE": 2}}, True),
        ("delay_s = 30", "delay_s = 60", {"atm-1": {"LESS": 1}}, False),
        ("delay_s = 30", "delay_s = 3", {"atm-1": {"MORE": 1}}, True),
        ("delay_s = 30", "every_s = 5", {"atm-1": {"MORE": 1}}, True),
        (
            'drop = ["sensors", "identifiers", "name"]',
            'drop = ["sensors", "identifiers", "name", "kinematics", "status", "altitude"]',
            {"atm-1": {"LESS": 1}},
            False,
        ),
        ('drop = ["sensors", "name"]', 'drop = ["identity"]', {"eu-1": {"MORE": 2, "LESS": 2}}, True),
        (
            'classification = "RESTRICTED"\n',
            'classification = "RESTRICTED"\npurpose = "AIR_SAFETY"\n',
            {"nld-1": {"LABEL": 3}, "eu-1": {"LABEL": 2}, "atm-1": {"LABEL": 1}},
            False,
        ),
        ('partners = ["eu-1"]', 'partners = ["eu-1", "atm-1"]', None, True),
    ],
)
def test_a_difference_is_told_for_what_it_is(
    place: Path, invoke: Invoke, before: str, after: str, changes: Any, gated: bool
) -> None:
    assert before in POLICY
    new = POLICY.replace(before, after) if before else POLICY
    if changes is None:  # the partner moves to the other group
        new = new.replace('[group.aviation]\npartners = ["atm-1"]\n', "").replace('"aviation"', '"union"')
        new = new.replace('to = ["union", "union"]', 'to = ["union"]')
        changes = {"atm-1": {"OUT": 1, "MORE": 1, "LABEL": 1, "LESS": 1}}
    code, found = diff(place, invoke, new)
    assert found == changes
    assert (code == 1) is gated


@pytest.mark.parametrize("accuracy", ['ce="5" le="9"', 'ce="5" le="9999999"', 'ce="9999999" le="9999999"'])
@pytest.mark.parametrize("grid", ["position_grid_m", "altitude_grid_m"])
def test_a_grid_says_less_also_of_what_comes_without_a_bound_of_its_error(
    place: Path, invoke: Invoke, grid: str, accuracy: str
) -> None:
    events = EVENTS.replace(b'ce="5" le="9"', accuracy.encode())
    assert events != EVENTS or "9999999" not in accuracy
    (place / "bounds.xml").write_bytes(events)
    old = POLICY.replace("position_grid_m = 1000\n", "")
    new = POLICY.replace("position_grid_m = 1000\n", f"{grid} = 70\n")
    assert diff(place, invoke, new, old=old, on="bounds.xml") == (0, {"eu-1": {"LESS": 2}})
    assert diff(place, invoke, old, old=new, on="bounds.xml") == (1, {"eu-1": {"MORE": 2}})


def test_both_ways_of_a_difference_are_each_others_opposite(place: Path, invoke: Invoke) -> None:
    new = POLICY.replace('["HOSTILE", "SUSPECT"]', '["SUSPECT"]').replace("position_grid_m = 1000\n", "")
    opposite = {Change.OUT: Change.STAYS, Change.MORE: Change.LESS}
    forth, back = diff(place, invoke, new), diff(place, invoke, POLICY, old=new)
    assert (forth[0], back[0]) == (1, 0)
    assert {
        partner: {opposite[Change[change]].name: count for change, count in changes.items()}
        for partner, changes in forth[1].items()
    } == back[1]


def test_people_read_counts_rules_and_examples(place: Path, invoke: Invoke) -> None:
    write(place, POLICY.replace('["HOSTILE", "SUSPECT"]', '["SUSPECT"]'), "new.toml")
    many = "".join(event(f"H-{index}", "a-h-A-M-F", minute=index) for index in range(20))
    arguments = ("policy", "diff", "policy.toml", "new.toml", "--on", "-", "--format", "cot", "--source", "tak")
    result = invoke(*arguments, stdin=many.encode())
    assert result.exit_code == 1
    assert "eu-1: 20 goes out" in result.stdout
    assert "20 by release.no-hostiles -> release.union" in result.stdout
    assert 1 <= result.stdout.count("cot_uid H-") <= 10
    assert "20 snapshots of 20 tracks: something reaches partners that did not before" in result.stderr
    same = invoke(*arguments[:2], "policy.toml", "policy.toml", *arguments[4:], stdin=many.encode())
    assert same.exit_code == 0
    assert "nothing new reaches anybody" in same.stderr


def test_a_track_of_many_snapshots_is_one_track_and_one_example(place: Path, invoke: Invoke) -> None:
    write(place, POLICY.replace('["HOSTILE", "SUSPECT"]', '["SUSPECT"]'), "new.toml")
    moments = [("H-1", 0), ("H-1", 1), ("H-2", 1), ("H-1", 2), ("H-2", 3)]
    many = "".join(event(name, "a-h-A-M-F", minute=minute) for name, minute in moments)
    arguments = ("policy", "diff", "policy.toml", "new.toml", "--on", "-", "--format", "cot", "--source", "tak")
    result = invoke(*arguments, stdin=many.encode())
    assert "eu-1: 5 goes out, of 2 tracks" in result.stdout
    for partner in result.stdout.split("\n\n")[2:]:
        assert (partner.count("cot_uid H-1"), partner.count("cot_uid H-2")) == (1, 1)
    document = json.loads(invoke(*arguments, "--json", stdin=many.encode()).stdout)
    assert (document["snapshots"], document["tracks"]) == (5, 2)
    (change,) = next(one["changes"] for one in document["partners"] if one["partner"] == "eu-1")
    assert (change["count"], change["tracks"], len(change["examples"])) == (5, 2, 2)


def test_a_partners_tracks_are_compared_by_onward_rules(place: Path, invoke: Invoke) -> None:
    onward = '[[release]]\nid = "on"\nto = ["aviation"]\nwhen.origin = ["eu-1"]\naction = "release"\nonward = true\n'
    write(place, POLICY + onward, "new.toml")
    (place / "one.xml").write_text(event("N-1", "a-n-A-M-F"))
    to = ("--to-option", "policy=TLP", "--to-option", "classification=CLEAR")
    assert invoke("translate", "one.xml", "--from", "cot", "--to", "alliance", "-o", "m.xml", *to).exit_code == 0
    arguments = ("policy", "diff", "policy.toml", "new.toml", "--on", "m.xml", "--format", "alliance")
    assert invoke(*arguments).exit_code == 0, "of our own tracks nothing changes"
    result = invoke(*arguments, "--origin", "eu-1")
    assert result.exit_code == 1, result.output
    assert "atm-1: 1 goes out, of 1 track\n" in result.stdout
    assert "release.refused.no-rule -> release.on\n" in result.stdout


def test_what_cannot_be_read_is_told_and_the_rest_compared(place: Path, invoke: Invoke) -> None:
    (place / "mixed.xml").write_bytes(b"<event/>" + EVENTS)
    arguments = ("--on", "mixed.xml", "--format", "cot", "--source", "tak")
    result = invoke("policy", "diff", "policy.toml", "policy.toml", *arguments)
    assert result.exit_code == 0
    assert "error[" in result.stderr
    assert "4 snapshots of 4 tracks, 1 records refused" in result.stderr


def test_a_policy_that_is_wrong_cannot_be_compared(place: Path, invoke: Invoke) -> None:
    write(place, POLICY.replace("[own]", "[owm]"), "new.toml")
    result = invoke("policy", "diff", "policy.toml", "new.toml", "--on", "events.xml", "--format", "cot")
    assert result.exit_code == 3
    assert "new.toml:" in result.stderr


def test_a_capture_is_compared(place: Path, invoke: Invoke) -> None:
    path = recording("asterix/cat_062_065.pcap")
    new = POLICY.replace('to = ["allies"]\naction', 'to = ["allies"]\nwhen.has = ["operator"]\naction')
    write(place, new, "new.toml")
    arguments = ("--on", str(path), "--format", "asterix", "--source", "tak", "--json")
    result = invoke("policy", "diff", "policy.toml", "new.toml", *arguments)
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    [ally] = [one for one in document["partners"] if one["partner"] == "nld-1"]
    assert document["snapshots"] > 0
    assert (ally["old"], ally["new"]) == (document["snapshots"], 0)
    back = invoke("policy", "diff", "new.toml", "policy.toml", *arguments)
    assert back.exit_code == 1
