"""The policy and the configuration held against each other: at the start of a node, and by ``gateway check``."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.clock import SystemClock
from gateway.config import InvalidConfigError, load
from gateway.config.files import Report, check_files
from gateway.config.policy_starter import simple_policy
from gateway.node.trust import read_policy
from gateway.seal.certificates import write_development
from tests.config.samples import MINIMAL
from tests.config.test_files import LINK

CLIENT = f"""
[client.hq]
certificate_pins = ["sha256:{"0" * 64}"]
clearance = ["plain"]

[source.s]
formats = ["cot"]

[feed.map]
direction = "both"
kind = "udp"
format = "cot"
source = "s"
address = "127.0.0.1:6969"
clearance = ["plain"]
"""
POLICY = simple_policy(["deu-1"])
SECOND = '[clearance.again]\npolicy = "PUBLIC"\nclassifications = ["UNMARKED"]\n'


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A directory with a configuration and a policy."""
    (tmp_path / "gateway.toml").write_text(MINIMAL + LINK + CLIENT)
    (tmp_path / "policy.toml").write_text(POLICY)
    now = SystemClock().now()
    write_development(tmp_path / "certs", "nld-1", now=now)
    write_development(tmp_path / "deu", "deu-1", now=now)
    return tmp_path


def check(node: Path) -> Report:
    return check_files(load(node / "gateway.toml", environ={}), SystemClock().now())


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_a_node_reads_the_policy_that_its_configuration_names(node: Path) -> None:
    (node / "policies").mkdir()
    (node / "policy.toml").rename(node / "policies/nld.toml")
    edit(node / "gateway.toml", '"policy.toml"', '"policies/nld.toml"')
    policy = read_policy(load(node / "gateway.toml", environ={}).config)
    assert (policy.node, policy.groups) == ("nld-1", {"all": ("deu-1",)})


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "place", "said"),
    [
        ("gateway.toml", 'clearance = ["plain"]\n\n[source', 'clearance = ["plian"]\n\n[source', "CFG-007", "19:14",
         'did you mean "plain"?'),
        ("gateway.toml", 'clearance = ["plain"]\n\n[source', 'clearance = ["plain", "again"]\n\n[source', "CFG-008",
         "19:23", "one for each"),
        ("gateway.toml", '6969"\nclearance = ["plain"]', '6969"\nclearance = ["secret"]', "CFG-007", "30:14", "plain"),
        ("gateway.toml", "ledger_vkeys", "send = false\nledger_vkeys", "CFG-008", "15:1", "release group all"),
        ("policy.toml", "[partner.deu-1]", '[partner.fra-1]\nclearances = ["plain"]\n[partner.deu-1]', "", "", ""),
        ("policy.toml", 'id = "plain"', 'id = "plain"\nwhen.source = ["t"]', "CFG-007", "26:16", "gateway.toml"),
    ],
)  # fmt: skip
def test_what_contradicts_is_refused_at_the_start_and_told_with_its_place_by_check(
    node: Path, file: str, old: str, new: str, code: str, place: str, said: str
) -> None:
    edit(node / "policy.toml", "[own]", SECOND + "\n[own]")
    edit(node / file, old, new)
    found = check(node)
    assert [problem.code.id for problem in found.errors] == ([code] if code else [])
    config = load(node / "gateway.toml", environ={}).config
    if not code:
        (finding,) = [one for one in found.findings if "policy.toml" in one.place]
        assert "no link [link.fra-1]" in finding.cause
        assert read_policy(config)
        return
    (problem,) = found.errors
    assert problem.place == f"{node}/{file}:{place}"
    assert said in problem.cause + problem.remedy
    with pytest.raises(InvalidConfigError) as caught:
        read_policy(config)
    assert [one.cause for one in caught.value.problems] == [problem.cause]
    assert caught.value.place


@pytest.mark.parametrize(("delay_s", "fits"), [(3_599, True), (3_600, False)])
def test_no_rule_delays_for_longer_than_messages_may_be_old(node: Path, delay_s: int, fits: bool) -> None:
    file = node / "gateway.toml"
    file.write_text(f"{file.read_text()}\n[limits]\ncreated_age_s = 3600\n")
    edit(node / "policy.toml", 'action = "release"', f'action = "release"\ndelay_s = {delay_s}')
    found = [f"{one.code.id} {one.cause}" for one in check(node).errors]
    assert found == (
        [] if fits else ["CFG-008 rule everything of the policy delays by 3600 s, and after 3600 s nothing goes"]
    )


def test_a_link_in_no_group_is_a_finding_unless_nothing_is_to_be_sent_there(node: Path) -> None:
    (node / "policy.toml").write_text(simple_policy())
    (finding,) = [one for one in check(node).findings if "deu-1" in one.cause]
    assert (finding.code.id, finding.place) == ("CFG-016", f"{node}/gateway.toml:10:7")
    assert "is in no release group of policy.toml" in finding.cause
    edit(node / "gateway.toml", "ledger_vkeys", "send = false\nledger_vkeys")
    assert [one for one in check(node).findings if "deu-1" in one.cause] == []


@pytest.mark.parametrize(
    ("exercise", "simulation", "unsaid"),
    [
        ("OPERATIONAL", "REAL", (False, False)),
        ("EXERCISE", "SIMULATED", (True, True)),
        ("TEST", "SYNTHESIZED", (True, False)),
    ],
)
def test_rules_for_our_own_tracks_take_what_is_not_said_from_what_every_message_of_the_node_says(
    node: Path, exercise: str, simulation: str, unsaid: tuple[bool, bool]
) -> None:
    edit(node / "gateway.toml", 'exercise = "TEST"', f'exercise = "{exercise}"')
    edit(node / "gateway.toml", 'simulation = "SIMULATED"', f'simulation = "{simulation}"')
    when = "when.exercise = true\nwhen.simulated = false"
    rules = [
        f'[[release]]\nid = "own"\naction = "withhold"\n{when}',
        f'[[release]]\nid = "onward"\nonward = true\naction = "withhold"\n{when}',
        '[[release]]\nid = "any"\naction = "release"\nwhen.environment = ["AIR"]',
        f'[[accept]]\nid = "theirs"\naction = "drop"\n{when}',
    ]
    (node / "policy.toml").write_text("\n\n".join([POLICY.replace("[[marking]]", f"[[marking]]\n{when}"), *rules]))
    policy = read_policy(load(node / "gateway.toml", environ={}).config)
    found = {one.id: (one.when.unsaid_exercise, one.when.unsaid_simulated) for one in policy.releases}
    assert [(one.when.unsaid_exercise, one.when.unsaid_simulated) for one in policy.markings] == [unsaid]
    assert (found["own"], found["onward"], found["any"]) == (unsaid, (False, False), (False, False))
    assert [one.when.unsaid_exercise for one in policy.accepts if one.id == "theirs"] == [False]
    told = check(node)
    assert not told.errors
    assert not [one for one in told.findings if "message" in one.cause]


def test_a_member_without_a_link_is_told_with_the_table_that_is_missing(node: Path) -> None:
    edit(node / "policy.toml", "[own]", '[partner.eu-1]\nclearances = ["plain"]\n\n[own]')
    edit(node / "policy.toml", '["deu-1"]', '["deu-1", "eu-1"]')
    (problem,) = check(node).errors
    assert problem.cause == "there is no [link.eu-1] in gateway.toml, whose links are deu-1"
    assert problem.remedy == 'did you mean "deu-1"? Else add [link.eu-1] there, or take eu-1 out of the group'


def test_a_policy_file_that_is_missing_says_how_to_get_one_beside_a_configuration(node: Path) -> None:
    (node / "policy.toml").unlink()
    (problem,) = check(node).errors
    assert problem.code.id == "CFG-001"
    assert "gateway init NEW-DIRECTORY" in problem.remedy
