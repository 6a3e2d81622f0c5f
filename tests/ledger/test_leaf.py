from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.clock import utc_text
from gateway.errors import LedgerError
from gateway.ledger import Event, codes, leaf
from gateway.ledger.leaf import canonical
from gateway.ledger.refusals import MAX_KINDS, OTHERS, Refusals
from gateway.stages import Receipt, Sealed
from gateway.store import LeafFactory
from tests.ledger.made import START, digest, mid

NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_", min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = st.one_of(TEXTS, st.integers(-(2**53) + 1, 2**53 - 1), st.lists(TEXTS, max_size=4))


@given(st.dictionaries(NAMES, VALUES, max_size=12))
def test_records_are_canonical_as_rfc_8785_says(members: dict[str, str | int | list[str]]) -> None:
    assert canonical(members) == rfc8785.dumps(members)  # type: ignore[arg-type]  # lists are invariant


def test_control_characters_and_other_planes_are_written_canonically() -> None:
    members = {"a": "".join(map(chr, range(0x20))) + '"\\/\x7f\u2028é😀'}
    assert canonical(members) == rfc8785.dumps(members)


@pytest.mark.parametrize("value", ["\ud800", 2**53, -(2**53)])
def test_refuses_values_without_a_canonical_form(value: str | int) -> None:
    with pytest.raises(LedgerError) as caught:
        canonical({"a": value})
    assert caught.value.code == codes.NOT_FITTING


def test_a_leaf_states_its_place_time_and_version_and_leaves_out_what_is_empty() -> None:
    octets = leaf.received(message_id=mid(1), origin="deu", peer="fra", sha256=digest(1))(7, START)
    assert json.loads(octets) == {
        "ev": "received",
        "mid": mid(1),
        "origin": "deu",
        "peer": "fra",
        "seq": 7,
        "sha256": digest(1),
        "t": "2026-11-22T08:00:00Z",
        "tracks": 0,
        "v": 1,
    }


def test_a_received_leaf_names_the_rules_of_both_sides_and_what_was_left_out() -> None:
    octets = leaf.received(
        message_id=mid(1),
        origin="deu",
        peer="fra",
        sha256=digest(1),
        key="ab" * 32,
        tracks=2,
        left_out=1,
        rule="accept.air",
        policy=digest(2),
        origin_rule="release.to-allies",
        origin_policy=digest(3),
        original=digest(4),
    )(7, START)
    record = json.loads(octets)
    assert octets == rfc8785.dumps(record)
    assert {name: record[name] for name in ("tracks", "left_out", "rule", "policy")} == {
        "tracks": 2,
        "left_out": 1,
        "rule": "accept.air",
        "policy": digest(2),
    }
    assert (record["origin_rule"], record["origin_policy"]) == ("release.to-allies", digest(3))
    assert record["original"] == digest(4)


def test_a_sent_leaf_names_its_policy_and_the_original_that_it_passes_on() -> None:
    message = replace(sealed(), policy=digest(2))
    assert json.loads(leaf.sent(message)(0, START)).get("original") is None
    record = json.loads(leaf.sent(message, original=digest(4))(0, START))
    assert (record["rule"], record["policy"], record["original"]) == ("r", digest(2), digest(4))


def test_a_factory_gives_the_same_leaf_however_often_it_is_called() -> None:
    factory = leaf.conflict(message_id=mid(1), origin="deu", peer="deu", sha256=digest(1))
    assert factory(3, START) == factory(3, START)
    assert factory(3, START) != factory(4, START)


def sealed() -> Sealed:
    return Sealed(
        message_id=mid(1),
        origin="nld",
        recipients=("deu", "fra"),
        created_at=START,
        octets=b"<secret/>",
        sha256=digest(1),
        key="ab" * 32,
        track_ids=("t1", "t2"),
        rule="r",
    )


def receipt() -> Receipt:
    return Receipt(
        node="deu",
        origin="nld",
        message_id=mid(1),
        sha256=digest(1),
        outcome="REFUSED",
        code="POL-001",
        leaf_index=-1,
        time=START,
        note=b"note",
    )


@pytest.mark.parametrize(
    ("factory", "event", "members"),
    [
        (leaf.created(node="nld", origin="o", key="k"), Event.CREATED, {"node": "nld", "origin": "o", "key": "k"}),
        (leaf.sent(sealed()), Event.SENT, {"to": ["deu", "fra"], "tracks": 2, "rule": "r", "key": "ab" * 32}),
        (leaf.delivered(partner="deu", receipt=receipt()), Event.DELIVERED, {"outcome": "REFUSED", "code": "POL-001"}),
        (leaf.refusals(peer="deu", code="X-1", count=9, since=START), Event.REFUSED, {"count": 9, "peer": "deu"}),
        (
            leaf.refused(message_id=mid(1), origin="deu", peer="deu", sha256=digest(1), code="X-1"),
            Event.REFUSED,
            {"mid": mid(1), "code": "X-1"},
        ),
        (leaf.key_changed(key="ab" * 32, node="deu"), Event.KEY, {"key": "ab" * 32}),
        (leaf.config_changed(sha256=digest(1), detail="reload"), Event.CONFIG, {"detail": "reload"}),
        (
            leaf.set_aside(Event.PARKED, message_id=mid(1), origin="nld", peer="deu", sha256=digest(1)),
            Event.PARKED,
            {"peer": "deu"},
        ),
        (
            leaf.withheld_message(sealed(), peer="deu", rule="release.no", policy="cd" * 32),
            Event.WITHHELD,
            {"mid": sealed().message_id, "peer": "deu", "rule": "release.no", "policy": "cd" * 32},
        ),
    ],
)
def test_each_event_has_its_leaf_and_no_body(factory: LeafFactory, event: Event, members: dict[str, object]) -> None:
    octets = factory(0, START)
    record = json.loads(octets)
    assert record["ev"] == event.value
    assert members.items() <= record.items()
    assert b"secret" not in octets
    assert octets == rfc8785.dumps(record)


def test_nobody_who_knows_a_message_can_guess_the_leaf_that_withholds_it_from_another() -> None:
    one, other = (leaf.withheld_message(sealed(), peer="deu", rule="release.no", policy="cd" * 32) for _ in range(2))
    salts = [json.loads(factory(0, START))["salt"] for factory in (one, one, other)]
    assert salts[0] == salts[1] != salts[2], "the writer may build a leaf twice, and it is the same leaf"
    assert len(salts[0]) == 32


def test_refusals_of_one_kind_become_one_leaf_per_interval() -> None:
    refusals = Refusals(10.0)
    for second in range(25):
        refusals.count(
            peer="deu", code="SEA-001", now=datetime(2026, 11, 22, 8, 0, second, tzinfo=UTC), monotonic=second
        )
    refusals.count(peer="fra", code="SEA-001", now=START, monotonic=20)
    assert refusals.due(9.9) == []
    (kind,) = refusals.due(25.0)
    assert json.loads(refusals.take(kind).leaf()(0, START))["count"] == 25
    assert len(refusals) == 1
    assert len(refusals.due(25.0, all_of_them=True)) == 1


def test_what_could_not_stand_in_a_leaf_is_counted_on_from_its_beginning() -> None:
    refusals = Refusals(10.0)
    for second in (0, 1, 12):
        if second == 12:
            (kind,) = refusals.due(11.0)
            taken = refusals.take(kind)
        refusals.count(peer="deu", code="SEA-001", now=START + timedelta(seconds=second), monotonic=second)
    refusals.give_back(taken)
    assert len(refusals) == 3
    (kind,) = refusals.due(13.0)
    record = json.loads(refusals.take(kind).leaf()(0, START))
    assert (record["count"], record["since"]) == (3, utc_text(START))
    assert refusals.due(99.0) == []


def test_a_flood_of_kinds_is_lumped_together_and_still_counted() -> None:
    refusals = Refusals(10.0)
    for number in range(3 * MAX_KINDS):
        refusals.count(peer=f"p{number}", code=f"X-{number}", now=START, monotonic=0)
    summaries = [json.loads(refusals.take(kind).leaf()(0, START)) for kind in refusals.due(99.0)]
    assert len(summaries) <= 2 * MAX_KINDS + 1
    assert sum(summary["count"] for summary in summaries) == 3 * MAX_KINDS
    assert {"peer": OTHERS, "code": OTHERS}.items() <= summaries[-1].items()
