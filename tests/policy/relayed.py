"""Four nodes of the fictitious ALPHA and BRAVO policies, and messages of theirs, for acceptance and onward release."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

from lxml import etree
from msgspec.structs import replace

from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.labels.equivalence import Direction, Equivalence
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.policy.policy import Policy
from gateway.policy.terms import AcceptRule, Admittance, Condition, ReleaseRule
from gateway.stages import (
    Derivation,
    Exercise,
    Header,
    Hop,
    Inbound,
    Message,
    Opened,
    Retraction,
    Simulation,
    Verified,
)
from gateway.track import Environment, Label, LabelCategory, Position, Provenance, State, Track

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ISSUED = datetime(2026, 1, 1, tzinfo=UTC)
DIGEST = "ab" * 32
TO = "Releasable To"


def permissive(tag: str, *values: str) -> LabelCategory:
    return LabelCategory(tag=tag, kind="PERMISSIVE", values=values)


def restrictive(tag: str, *values: str) -> LabelCategory:
    return LabelCategory(tag=tag, kind="RESTRICTIVE", values=values)


@cache
def alpha(level: str, *nations: str, only: tuple[LabelCategory, ...] = ()) -> Label:
    """A label of ALPHA, complete, that releases to these nations."""
    context = permissive("Context", "ALPHA", "Releasable") if nations else permissive("Context", "ALPHA")
    to = (permissive(TO, *nations),) if nations else ()
    label = Label(policy="ALPHA", classification=level, categories=(context, *to, *only))
    return book().complete(label, created_at=ISSUED, review_at=NOW + timedelta(days=90))


@cache
def book() -> Book:
    """ALPHA and BRAVO, without any equivalence."""
    return Book([read_spif(shipped()[name]) for name in ("ALPHA", "BRAVO")])


def mapped_book() -> Book:
    """With ALPHA's levels read as BRAVO's in what is sent."""
    equivalence = Equivalence(
        source="ALPHA",
        target="BRAVO",
        direction=Direction.ENCRYPT,
        classifications={"RESTRICTED": "LIMITED"},
        values={(TO, "BRV"): (TO, "BRV")},
        discarded=frozenset({"Context"}),
        signed_off_by="somebody",
        signed_off_on="2026-01-01",
    )
    return Book([read_spif(shipped()[name]) for name in ("ALPHA", "BRAVO")], [equivalence])


def cleared(*nations: str, levels: tuple[str, ...] = ("UNCLASSIFIED", "RESTRICTED")) -> tuple[Clearance, ...]:
    """A clearance of ALPHA that holds these nations' releases."""
    categories = (permissive("Context", "ALPHA", "Releasable"), permissive(TO, "ALPHA", *nations))
    return (Clearance(policy="ALPHA", classifications=levels, categories=categories),)


BRAVO = (Clearance(policy="BRAVO", classifications=("OPEN", "LIMITED"), categories=(permissive(TO, "BRV"),)),)
ACCEPT_ALL = AcceptRule(id="all", admit=Admittance.ACCEPT)


def policy(
    *,
    accepts: tuple[AcceptRule, ...] = (ACCEPT_ALL,),
    releases: tuple[ReleaseRule, ...] = (),
    groups: dict[str, tuple[str, ...]] | None = None,
    node: str = "bbb",
    own: tuple[Clearance, ...] = cleared("XBB"),
    words: Book | None = None,
    **partners: tuple[Clearance, ...],
) -> Policy:
    """The policy of `node`: by default it accepts everything that it is cleared for and passes nothing on."""
    return Policy(
        name="test",
        digest=DIGEST,
        node=node,
        book=words or book(),
        accepts=accepts,
        releases=releases,
        groups=groups or {},
        own=own,
        partners=partners or {"aaa": cleared("XAA"), "ccc": cleared("XCC"), "ddd": cleared("XDD")},
    )


def track(number: str, label: Label | None = None, **more: object) -> Track:
    """One aircraft that `aaa` saw."""
    fields: dict[str, object] = {
        "track_id": f"00000000-0000-4000-8000-{int(number):012d}",
        "environment": Environment.AIR,
        "label": label,
        "state": State(time=NOW, position=Position(latitude_deg=52.0, longitude_deg=7.0)),
        "provenance": (Provenance(gateway="aaa", input_format="ASTERIX_062", mapping_id="asterix-062/1.21"),),
    }
    return Track(**{**fields, **more})  # type: ignore[arg-type]  # a test's own names


def header(label: Label, *, sender: str = "aaa", to: tuple[str, ...] = ("bbb",), **more: object) -> Header:
    fields: dict[str, object] = {
        "message_id": "11111111-0000-4000-8000-000000000001",
        "created_at": NOW,
        "sender": sender,
        "recipients": to,
        "nonce": "0" * 32,
        "exercise": Exercise.EXERCISE,
        "simulation": Simulation.SIMULATED,
        "label": label,
        "rule": "release.theirs",
        "policy": "cd" * 32,
    }
    return Header(**{**fields, **more})  # type: ignore[arg-type]  # a test's own names


def opened(of: Header, *tracks: Track, partner: str = "", retractions: tuple[Retraction, ...] = ()) -> Opened:
    """A message as steps 2 to 5 give it; its octets stand for themselves."""
    octets = f"<TrackMessage of='{of.message_id}' by='{of.sender}'/>".encode()
    inbound = Inbound(octets=octets, partner=partner or of.sender, received_at=NOW)
    root = etree.Element("TrackMessage")
    verified = Verified(inbound=inbound, signed=octets, document=root, signer=of.sender, key="")
    return Opened(verified=verified, message=Message(header=of, tracks=tracks, retractions=retractions))


def relayed(original: Opened, *, by: str = "bbb", to: tuple[str, ...] = ("ccc",), label: Label | None = None) -> Opened:
    """The whole of another's message inside one by `by`."""
    inner = original.message.header
    derived = Derivation(origin=inner.sender, message_id=inner.message_id, sha256="ef" * 32, redacted=False)
    outer = header(
        label or inner.label,
        sender=by,
        to=to,
        message_id="22222222-0000-4000-8000-000000000002",
        derived=derived,
        hops=(*inner.hops, Hop(by, NOW)),
    )
    relay = opened(outer)
    message = replace(relay.message, original=original.verified.inbound.octets)
    return replace(relay, message=message, original=original)


def when(**parts: object) -> Condition:
    return Condition(**parts)  # type: ignore[arg-type]  # a test's own names
