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


def test_a_link_in_no_group_is_a_finding_unless_nothing_is_to_be_sent_there(node: Path) -> None:
    (node / "policy.toml").write_text(simple_policy())
    (finding,) = [one for one in check(node).findings if "deu-1" in one.cause]
    assert (finding.code.id, finding.place) == ("CFG-016", f"{node}/gateway.toml:10:7")
    assert "is in no release group of policy.toml" in finding.cause
    edit(node / "gateway.toml", "ledger_vkeys", "send = false\nledger_vkeys")
    assert [one for one in check(node).findings if "deu-1" in one.cause] == []


@pytest.mark.parametrize(
    ("mode", "when", "is_told"),
    [
        ("EXERCISE", "when.exercise = true", True),
        ("TEST", "when.exercise = false", True),
        ("EXERCISE", "when.exercise = true\nonward = true", False),
        ("OPERATIONAL", "when.exercise = true", False),
        ("EXERCISE", 'when.environment = ["AIR"]', False),
    ],
)
def test_a_rule_that_asks_tracks_for_what_the_node_says_of_all_is_a_finding(
    node: Path, mode: str, when: str, is_told: bool
) -> None:
    config, policy = node / "gateway.toml", node / "policy.toml"
    config.write_text(MINIMAL.replace('exercise = "TEST"', f'exercise = "{mode}"') + LINK + CLIENT)
    policy.write_text(f'{POLICY}\n[[release]]\nid = "asks"\naction = "release"\n{when}\n')
    told = [one for one in check(node).findings if "every message of this node" in one.cause]
    assert [f"is {mode}, and asks of policy.toml asks for" in one.cause for one in told] == [True] * is_told
    assert all("gateway.toml:" in one.place for one in told)


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
