"""Ledger entries: small canonical JSON records (RFC 8785, JCS) of what happened, never bodies.

Member names are ASCII and sorted, strings are escaped as the RFC wants and every number is an integer below 2**53: for
these msgspec's output is the canonical form, which the tests compare with an implementation of the RFC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from secrets import token_hex

import msgspec

from gateway.clock import utc_text
from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.stages import Receipt, Sealed
from gateway.store import LeafFactory

Value = str | int | Sequence[str]

VERSION = 1
_encode = msgspec.json.Encoder(order="sorted").encode


class Event(StrEnum):
    """What a leaf records: its member ``ev``."""

    CREATED = "created"
    """The first leaf: who keeps this ledger, with which key."""
    SENT = "sent"
    RECEIVED = "received"
    REFUSED = "refused"
    """One message of a partner, or a summary of several refusals with one code."""
    DELIVERED = "delivered"
    PARKED = "parked"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    WITHHELD = "withheld"
    """A summary of own tracks, or of tracks on their way onward, that a release group or partner was not shown; or one
    message that waited for a partner, and that the policy in force by then kept from it."""
    CONFLICT = "conflict"
    """A message id came again with other content."""
    KEY = "key"
    CONFIG = "config"
    POLICY = "policy"
    """Another release policy is in force from here on."""


def canonical(members: Mapping[str, Value]) -> bytes:
    """`members` in canonical form; `LedgerError` LED-023 for a value that has none (lone surrogate, large integer)."""
    if any(isinstance(value, int) and abs(value) >= 2**53 for value in members.values()):
        raise LedgerError(codes.NOT_FITTING, cause="an integer of 2**53 or more has no canonical form")
    try:
        return _encode(members)
    except (UnicodeEncodeError, msgspec.MsgspecError, OverflowError) as error:
        raise LedgerError(codes.NOT_FITTING, cause="a value has no canonical form") from error


def leaf(event: Event, **members: Value) -> LeafFactory:
    """A factory for a record of `event`; members that are empty are left out."""
    known: dict[str, Value] = {name: value for name, value in members.items() if value not in ("", ())}
    known["ev"] = event.value
    known["v"] = VERSION

    def build(index: int, time: datetime) -> bytes:
        return canonical({**known, "seq": index, "t": utc_text(time)})

    return build


def created(*, node: str, origin: str, key: str) -> LeafFactory:
    """The first leaf: `key` is the ledger's verification key."""
    return leaf(Event.CREATED, node=node, origin=origin, key=key)


def sent(sealed: Sealed, *, original: str = "") -> LeafFactory:
    """We sealed this message for these recipients; `original` is the digest of another node's that it passes on."""
    return leaf(
        Event.SENT,
        mid=sealed.message_id,
        origin=sealed.origin,
        sha256=sealed.sha256,
        key=sealed.key,
        to=sealed.recipients,
        tracks=len(sealed.track_ids),
        rule=sealed.rule,
        policy=sealed.policy,
        original=original,
    )


def received(
    *,
    message_id: str,
    origin: str,
    peer: str,
    sha256: str,
    key: str = "",
    tracks: int = 0,
    left_out: int = 0,
    rule: str = "",
    policy: str = "",
    origin_rule: str = "",
    origin_policy: str = "",
    original: str = "",
) -> LeafFactory:
    """We accepted this message of `origin` from `peer`.

    `rule` of `policy` let in `tracks` of it and left out others; `origin_rule` and `origin_policy` are those by which
    its signer let them out; `original` is the digest of another node's message that it rests on.
    """
    members: dict[str, Value] = {"left_out": left_out} if left_out else {}
    return leaf(
        Event.RECEIVED,
        mid=message_id,
        origin=origin,
        peer=peer,
        sha256=sha256,
        key=key,
        tracks=tracks,
        rule=rule,
        policy=policy,
        origin_rule=origin_rule,
        origin_policy=origin_policy,
        original=original,
        **members,
    )


def refused(
    *, message_id: str, origin: str, peer: str, sha256: str, code: str, rule: str = "", policy: str = ""
) -> LeafFactory:
    """We refused this one message, by `rule` of `policy` where those decided; what is not authentic is summarised."""
    return leaf(
        Event.REFUSED, mid=message_id, origin=origin, peer=peer, sha256=sha256, code=code, rule=rule, policy=policy
    )


def refusals(*, peer: str, code: str, count: int, since: datetime) -> LeafFactory:
    """We refused so many messages or records of `peer` since then."""
    return leaf(Event.REFUSED, peer=peer, code=code, count=count, since=utc_text(since))


def withheld(*, group: str, rule: str, policy: str, count: int, since: datetime) -> LeafFactory:
    """So many tracks were kept from a release group (or a partner) since then, by this rule of this policy.

    Partners see the hashes of leaves: 128 random bits keep them from trying rules and counts until one fits.
    """
    salt = token_hex(16)
    return leaf(Event.WITHHELD, group=group, rule=rule, policy=policy, count=count, since=utc_text(since), salt=salt)


def withheld_message(sealed: Sealed, *, peer: str, rule: str, policy: str) -> LeafFactory:
    """A message that waited for `peer` does not go there: `rule` of the `policy` that is in force by now keeps it.

    Other recipients know its digest: 128 random bits keep them from learning by the hash who did not get it.
    """
    return leaf(
        Event.WITHHELD,
        mid=sealed.message_id,
        origin=sealed.origin,
        sha256=sealed.sha256,
        peer=peer,
        rule=rule,
        policy=policy,
        salt=token_hex(16),
    )


def delivered(*, partner: str, receipt: Receipt) -> LeafFactory:
    """`partner` answered with this receipt, be it an acceptance or a refusal."""
    return leaf(
        Event.DELIVERED,
        mid=receipt.message_id,
        origin=receipt.origin,
        peer=partner,
        sha256=receipt.sha256,
        outcome=receipt.outcome,
        code=receipt.code,
        receipt=sha256(receipt.note).hexdigest(),
    )


def set_aside(event: Event, *, message_id: str, origin: str, peer: str, sha256: str, code: str = "") -> LeafFactory:
    """The message went no further to `peer`: parked, superseded or expired."""
    return leaf(event, mid=message_id, origin=origin, peer=peer, sha256=sha256, code=code)


def conflict(*, message_id: str, origin: str, peer: str, sha256: str) -> LeafFactory:
    """`peer` sent a known message id with other content, whose digest this is."""
    return leaf(Event.CONFLICT, mid=message_id, origin=origin, peer=peer, sha256=sha256)


def key_changed(*, key: str, node: str, detail: str = "") -> LeafFactory:
    """A signing key of `node` came into use or went out of it; `key` is the hex SHA-256 of its certificate."""
    return leaf(Event.KEY, key=key, node=node, detail=detail)


def config_changed(*, sha256: str, detail: str = "") -> LeafFactory:
    """The node runs with the configuration file of this hex digest."""
    return leaf(Event.CONFIG, sha256=sha256, detail=detail)


def policy_changed(*, sha256: str, previous: str = "", detail: str = "") -> LeafFactory:
    """The node decides by the release policy of this digest from here on; `previous` is the one before."""
    return leaf(Event.POLICY, sha256=sha256, previous=previous, detail=detail)
