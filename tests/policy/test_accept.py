"""Which labels are let in: the listed ones, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.errors import Code, PolicyError
from gateway.policy import Policy, Rule, accept, codes
from gateway.stages import Exercise, Header, Inbound, Message, Opened, Simulation, Verified
from gateway.track import Label, LabelCategory, Track

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RELEASABLE = LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("DEU", "NLD"))
POLICY = Policy(
    label=Label(policy="DEMO", classification="UNCLASSIFIED", categories=(RELEASABLE,)),
    groups={},
    accepted=frozenset({("DEMO", "UNCLASSIFIED"), ("DEMO", "RESTRICTED"), ("EU", "LIMITED")}),
)


def _opened(label: Label, *tracks: Track) -> Opened:
    inbound = Inbound(octets=b"", partner="nld", received_at=NOW)
    root = etree.Element("TrackMessage")
    verified = Verified(inbound=inbound, signed=b"", document=root, signer="nld", key="")
    header = Header(
        message_id="m-1",
        created_at=NOW,
        sender="nld",
        recipients=("deu",),
        nonce="0" * 32,
        exercise=Exercise.TEST,
        simulation=Simulation.SIMULATED,
        label=label,
    )
    return Opened(verified=verified, message=Message(header=header, tracks=tracks))


def _refusal(opened: Opened) -> tuple[Code, str, str]:
    with pytest.raises(PolicyError) as refusal:
        accept(POLICY, opened)
    return refusal.value.code, refusal.value.place, refusal.value.cause


@pytest.mark.parametrize(("policy", "classification"), sorted(POLICY.accepted))
def test_takes_every_listed_label_with_all_its_tracks(policy: str, classification: str) -> None:
    opened = _opened(Label(policy=policy, classification=classification), Track(track_id="a"), Track(track_id="b"))
    accepted = accept(POLICY, opened)
    assert accepted.opened is opened
    assert accepted.tracks == opened.message.tracks
    assert accepted.rule == Rule.LISTED_LABEL


@pytest.mark.parametrize("policy", ["NATO", "demo", "", "DEMO "])
def test_refuses_an_unknown_security_policy_by_the_rule(policy: str) -> None:
    code, place, cause = _refusal(_opened(Label(policy=policy, classification="UNCLASSIFIED")))
    assert (code, place) == (codes.UNKNOWN_POLICY, "message")
    assert Rule.UNKNOWN_POLICY in cause
    assert repr(policy) in cause


@pytest.mark.parametrize(("policy", "classification"), [("DEMO", "SECRET"), ("EU", "UNCLASSIFIED"), ("DEMO", "")])
def test_refuses_an_unlisted_classification_by_the_rule(policy: str, classification: str) -> None:
    code, _, cause = _refusal(_opened(Label(policy=policy, classification=classification)))
    assert code is codes.UNKNOWN_CLASSIFICATION
    assert Rule.UNKNOWN_CLASSIFICATION in cause


def test_one_track_with_a_label_that_is_not_let_in_refuses_the_message() -> None:
    tight = Track(track_id="t-2", label=Label(policy="DEMO", classification="SECRET"))
    opened = _opened(Label(policy="DEMO", classification="RESTRICTED"), Track(track_id="t-1"), tight)
    code, place, _ = _refusal(opened)
    assert (code, place) == (codes.UNKNOWN_CLASSIFICATION, "track t-2")


def test_takes_tracks_with_a_listed_label_of_their_own() -> None:
    track = Track(track_id="t-1", label=Label(policy="EU", classification="LIMITED"))
    assert accept(POLICY, _opened(Label(policy="DEMO", classification="RESTRICTED"), track)).tracks == (track,)


@pytest.mark.parametrize(
    "category",
    [
        LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("DEU", "USA")),
        LabelCategory(tag="Releasable To", kind="RESTRICTIVE", values=("DEU",)),
        LabelCategory(tag="Special Category Designators", kind="RESTRICTIVE", values=("X",)),
        LabelCategory(tag="Other", kind="x-nld:new", values=("X",)),
    ],
)
def test_refuses_categories_that_it_cannot_decide_on(category: LabelCategory) -> None:
    code, _, cause = _refusal(_opened(Label(policy="DEMO", classification="UNCLASSIFIED", categories=(category,))))
    assert code is codes.UNKNOWN_CATEGORY
    assert Rule.UNKNOWN_CATEGORY in cause


@pytest.mark.parametrize(
    "category",
    [
        RELEASABLE,
        LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("DEU",)),
        LabelCategory(tag="Anything", kind="INFORMATIVE", values=("X",)),
    ],
)
def test_takes_categories_of_our_own_label_and_informative_ones(category: LabelCategory) -> None:
    accept(POLICY, _opened(Label(policy="DEMO", classification="UNCLASSIFIED", categories=(category,))))


def test_a_policy_that_lists_nothing_lets_nothing_in() -> None:
    closed = Policy(label=POLICY.label, groups={})
    with pytest.raises(PolicyError):
        accept(closed, _opened(POLICY.label))
