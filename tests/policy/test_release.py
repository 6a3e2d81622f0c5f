"""Which group may see which tracks, under one fixed label."""

from __future__ import annotations

from gateway.policy import Policy, Rule, release
from gateway.stages import Refused, Release
from gateway.track import Label, Track

OWN = Label(policy="DEMO", classification="UNCLASSIFIED")
POLICY = Policy(label=OWN, groups={"all": ("deu", "bel"), "eu": ("frx",)})
PLAIN, SAME = Track(track_id="plain"), Track(track_id="same", label=OWN)
TIGHT = Track(track_id="tight", label=Label(policy="DEMO", classification="SECRET"))


def test_releases_every_track_to_every_group_under_our_label() -> None:
    assert release(POLICY, [PLAIN, SAME]) == [
        Release(group="all", recipients=("bel", "deu"), tracks=(PLAIN, SAME), label=OWN, rule=Rule.OWN_LABEL),
        Release(group="eu", recipients=("frx",), tracks=(PLAIN, SAME), label=OWN, rule=Rule.OWN_LABEL),
    ]


def test_keeps_a_track_with_another_label_at_home_and_lets_its_neighbours_go() -> None:
    verdicts = release(POLICY, [PLAIN, TIGHT, SAME])
    assert [verdict.tracks for verdict in verdicts if isinstance(verdict, Release)] == [(PLAIN, SAME)] * 2
    assert [verdict for verdict in verdicts if isinstance(verdict, Refused)] == [
        Refused(group="all", track_ids=("tight",), rule=Rule.TRACK_LABEL),
        Refused(group="eu", track_ids=("tight",), rule=Rule.TRACK_LABEL),
    ]


def test_a_label_that_differs_in_anything_is_another_label() -> None:
    for label in (
        Label(policy="OTHER", classification="UNCLASSIFIED"),
        Label(policy="DEMO", classification="UNCLASSIFIED", tlp="GREEN"),
        Label(policy="DEMO", classification="UNCLASSIFIED", purpose="SAR"),
    ):
        assert {type(verdict) for verdict in release(POLICY, [Track(track_id="x", label=label)])} == {Refused}


def test_a_group_with_a_list_of_sources_sees_those_alone() -> None:
    policy = Policy(label=OWN, groups={"all": ("deu",), "eu": ("frx",)}, sources={"eu": frozenset({"radar"})})
    assert [type(verdict) for verdict in release(policy, [PLAIN], source="radar")] == [Release, Release]
    for source in ("cot", None):
        assert release(policy, [PLAIN], source=source)[1] == Refused(group="eu", track_ids=("plain",), rule=Rule.SOURCE)


def test_a_group_without_partners_sees_nothing() -> None:
    policy = Policy(label=OWN, groups={"all": ()})
    assert release(policy, [PLAIN]) == [Refused(group="all", track_ids=("plain",), rule=Rule.NO_MEMBER)]


def test_nothing_is_decided_about_nothing() -> None:
    assert release(POLICY, []) == []
    assert release(Policy(label=OWN, groups={}), [PLAIN]) == []
