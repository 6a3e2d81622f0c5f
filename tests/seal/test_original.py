"""The original inside a relay: verified by its origin's own key, and held to the way that it says it came."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import Code, FormatError, GatewayError, SealError
from gateway.formats import alliance
from gateway.limits import Limits
from gateway.relay import open_enclosed
from gateway.seal import Verifier, codes
from gateway.stages import Derivation, Exercise, Header, Hop, Message, Opened, Retraction, Simulation
from gateway.track import State, Track
from tests.dated import dated
from tests.seal import makers
from tests.seal.makers import NOW

LIMITS = Limits(created_age_s=3_600.0, relay_hops=4)
FIRST, SECOND = "6a0c2c5e-0000-4000-8000-000000000001", "6a0c2c5e-0000-4000-8000-000000000002"
TRACK = Track(track_id="6a0c2c5e-0000-4000-8000-0000000000aa", state=State(time=NOW))
VERIFIER = Verifier([makers.record(owner=name) for name in ("nld", "deu", "fra")])
"""Of the node `eux`, which knows these three."""


def header(sender: str, *to: str, **more: object) -> Header:
    fields: dict[str, object] = {
        "message_id": FIRST,
        "created_at": NOW,
        "sender": sender,
        "recipients": to,
        "nonce": "0" * 32,
        "exercise": Exercise.TEST,
        "simulation": Simulation.SIMULATED,
        "label": dated("DEMO", "UNCLASSIFIED"),
        **more,
    }
    return Header(**fields)  # type: ignore[arg-type]  # a test's own names


def wire(message: Message, *, key: str = "") -> bytes:
    """The message, signed by its sender, or with another node's key."""
    draft = alliance.draft(message)
    if key:
        return makers.malicious(draft.octets, owner=key)
    return makers.signer(owner=message.header.sender).seal(draft).octets


def original(sender: str = "nld", to: tuple[str, ...] = ("deu",), *, key: str = "", **more: object) -> bytes:
    return wire(Message(header=header(sender, *to, **more), tracks=(TRACK,)), key=key)


def hops(*nodes: str) -> tuple[Hop, ...]:
    return tuple(Hop(node, NOW) for node in nodes)


def cited(octets: bytes, origin: str = "nld", message_id: str = FIRST, *, redacted: bool = False) -> Derivation:
    return Derivation(origin=origin, message_id=message_id, sha256=sha256(octets).hexdigest(), redacted=redacted)


def relay(inside: bytes | None, by: str = "deu", *, derived: Derivation | None = None, **more: object) -> Opened:
    """A relay as step 5 hands it on, from a sender who may say anything."""
    if derived is None and inside is not None:
        derived = cited(inside)
    fields: dict[str, object] = {"message_id": SECOND, "hops": hops(by), **more}
    message = Message(header=header(by, "eux", derived=derived, **fields), original=inside)
    return arrived(wire(message), by)


def arrived(octets: bytes, by: str) -> Opened:
    return alliance.open_message(VERIFIER.verify(makers.inbound(octets, by)))


def opened(message: Opened, *, node: str = "eux", now: datetime = NOW, verifier: Verifier = VERIFIER) -> Opened:
    return open_enclosed(verifier, message, node=node, now=now, limits=LIMITS)


def refusal(message: Opened, *, node: str = "eux", now: datetime = NOW, verifier: Verifier = VERIFIER) -> Code:
    with pytest.raises(SealError) as caught:
        opened(message, node=node, now=now, verifier=verifier)
    assert caught.value.cause
    return caught.value.code


def test_a_message_that_encloses_nothing_is_as_it_was() -> None:
    direct = arrived(original(to=("eux",)), "nld")
    assert opened(direct) is direct
    assert direct.content is direct


def test_an_original_is_opened_with_its_origins_own_key_though_it_is_not_for_us() -> None:
    inside = original()
    found = opened(relay(inside))
    assert found.original is not None
    content = found.content
    assert (content.verified.signer, found.verified.signer) == ("nld", "deu")
    assert content.verified.key == makers.record(owner="nld").thumbprint
    assert content.verified.inbound.octets == inside
    assert content.message.tracks == (TRACK,)
    assert content.message.header.recipients == ("deu",)


def test_refuses_an_origin_whose_key_we_do_not_hold() -> None:
    only_deu = Verifier([makers.record(owner="deu")])
    assert refusal(relay(original()), verifier=only_deu) is codes.ORIGIN_UNKNOWN


def test_refuses_other_octets_than_cited() -> None:
    inside = original()
    assert refusal(relay(inside, derived=cited(inside + b" "))) is codes.NOT_AS_CITED
    assert refusal(relay(inside, derived=cited(inside, message_id=SECOND))) is codes.NOT_AS_CITED


@pytest.mark.parametrize(
    "change",
    [
        lambda octets: octets.replace(b"AIR", b"SEA").replace(b"UNKNOWN</Environment>", b"AIR</Environment>"),
        lambda octets: octets.replace(b"<Recipient>deu<", b"<Recipient>fra<"),
        lambda octets: octets[:-1],
        lambda octets: octets.replace(b"<Header>", b"<Header >"),
        lambda _: b"<TrackMessage/>",
        lambda _: makers.document(),
    ],
)
def test_refuses_a_tampered_original_and_tells_the_operator_alone_which_check_failed(change: object) -> None:
    inside = original()
    changed = change(inside)  # type: ignore[operator]  # each takes and gives octets
    assert changed != inside
    message = relay(changed)
    assert refusal(message) is codes.ORIGINAL_REFUSED
    with pytest.raises(SealError) as caught:
        opened(message)
    finding = caught.value.__cause__
    assert isinstance(finding, SealError)
    assert finding.code.id.startswith("SEAL-02")
    assert finding.code.id not in str(caught.value)


def test_refuses_an_original_that_somebody_else_signed() -> None:
    forged = original(key="fra")
    assert refusal(relay(forged)) is codes.ORIGINAL_REFUSED
    assert refusal(relay(forged, derived=cited(forged, origin="fra"))) is codes.NOT_FROM_SIGNER


def test_a_relay_cannot_pass_off_its_own_message_as_anothers() -> None:
    own = original("deu", ("eux",))
    assert refusal(relay(own, derived=cited(own, origin="deu"))) is codes.CONTRADICTION
    assert refusal(relay(own)) is codes.ORIGINAL_REFUSED


def test_an_original_may_be_old_and_not_too_old() -> None:
    old = relay(original(created_at=NOW - timedelta(minutes=50)))
    assert opened(old).original is not None
    assert refusal(relay(original(created_at=NOW - timedelta(minutes=61)))) is codes.NOT_FRESH
    assert refusal(relay(original(created_at=NOW + timedelta(minutes=6)))) is codes.NOT_FRESH


def test_an_origins_key_must_be_valid_when_its_message_arrives() -> None:
    message = relay(original())
    for late, fits in ((timedelta(seconds=1), True), (-timedelta(seconds=1), False)):
        until = replace(makers.record(owner="nld"), not_after=NOW + late)
        verifier = Verifier([until, makers.record(owner="deu")])
        if fits:
            assert opened(message, verifier=verifier).original is not None
        else:
            assert refusal(message, verifier=verifier) is codes.ORIGINAL_REFUSED


def test_refuses_an_original_within_an_original() -> None:
    first = original(to=("deu",))
    middle = relay(first).verified.inbound.octets
    outer = relay(
        middle,
        "fra",
        derived=cited(middle, origin="deu", message_id=SECOND),
        hops=hops("deu", "fra"),
        message_id="6a0c2c5e-0000-4000-8000-000000000003",
    )
    assert refusal(outer) is codes.NESTED


def test_a_relay_of_a_relay_encloses_the_innermost_and_names_everybody_on_the_way() -> None:
    found = opened(relay(original(), "fra", hops=hops("deu", "fra")))
    assert found.content.verified.signer == "nld"


def test_what_was_redacted_on_its_way_may_be_enclosed_as_it_was_redacted() -> None:
    first = original()
    redacted = wire(
        Message(
            header=header("deu", "fra", message_id=SECOND, derived=cited(first, redacted=True), hops=hops("deu")),
            tracks=(TRACK,),
        )
    )
    third = "6a0c2c5e-0000-4000-8000-000000000003"
    outer = relay(redacted, "fra", derived=cited(redacted, "deu", SECOND), hops=hops("deu", "fra"), message_id=third)
    found = opened(outer)
    derived = found.content.message.header.derived
    assert derived is not None
    assert (found.content.verified.signer, derived.origin) == ("deu", "nld")
    assert refusal(outer, node="nld") is codes.LOOP


# ------------------------------------------------------------------------------------------------------------ the way


@pytest.mark.parametrize(
    ("inside", "changes", "code"),
    [
        (original(), {"hops": ()}, codes.WAY),
        (original(), {"hops": hops("fra")}, codes.WAY),
        (original(), {"hops": hops("deu", "fra", "deu")}, codes.WAY),
        (original(), {"hops": hops("fra", "deu")}, codes.WAY),  # it was not addressed to fra
        (original(), {"hops": hops("nld", "deu")}, codes.WAY),
        (original(to=("fra",)), {}, codes.WAY),  # deu was never sent it
        (original(hops=hops("fra")), {}, codes.WAY),  # says of another way than its relay
        (original(), {"hops": hops("a", "b", "c", "d", "deu")}, codes.TOO_FAR),
        (original(), {"derived": cited(original(), redacted=True)}, codes.CONTRADICTION),
    ],
)
def test_refuses_a_way_that_cannot_be(inside: bytes, changes: dict[str, object], code: Code) -> None:
    assert refusal(relay(inside, **changes)) is code  # type: ignore[arg-type]  # a test's own names


def test_refuses_what_comes_from_us_by_whatever_way() -> None:
    assert refusal(relay(original()), node="nld") is codes.LOOP
    passed = original(hops=hops("eux"), to=("deu",))
    assert refusal(relay(passed, hops=hops("eux", "deu"))) is codes.LOOP
    redacted = Message(
        header=header("deu", "eux", derived=cited(original(), origin="eux", redacted=True), hops=hops("deu")),
        tracks=(TRACK,),
    )
    assert refusal(arrived(wire(redacted), "deu")) is codes.LOOP


@pytest.mark.parametrize(
    ("derived", "way", "code"),
    [
        (cited(b"x", redacted=False), ("deu",), codes.CONTRADICTION),
        (cited(b"x", origin="deu", redacted=True), ("deu",), codes.CONTRADICTION),
        (cited(b"x", redacted=True), (), codes.WAY),
        (cited(b"x", redacted=True), ("fra",), codes.WAY),
        (cited(b"x", redacted=True), ("nld", "deu"), codes.WAY),
    ],
)
def test_refuses_a_derived_message_that_contradicts_itself(
    derived: Derivation, way: tuple[str, ...], code: Code
) -> None:
    message = Message(header=header("deu", "eux", derived=derived, hops=hops(*way)), tracks=(TRACK,))
    assert refusal(arrived(wire(message), "deu")) is code


def test_a_redacted_message_is_its_signers_word_and_needs_no_key_of_its_origin() -> None:
    derived = cited(b"x", origin="far", redacted=True)
    message = arrived(
        wire(Message(header=header("deu", "eux", derived=derived, hops=hops("deu")), tracks=(TRACK,))), "deu"
    )
    assert opened(message) is message


def test_an_original_that_the_header_does_not_cite_is_refused() -> None:
    inside = original()
    message = Message(header=header("deu", "eux", message_id=SECOND), original=inside)
    assert refusal(arrived(wire(message), "deu")) is codes.CONTRADICTION


def test_tracks_beside_an_original_are_refused_by_the_format() -> None:
    inside = original()
    gone = Retraction(track_id=TRACK.track_id or "", time=NOW, reason="MISTAKE")
    for more in ({"tracks": (TRACK,)}, {"retractions": (gone,)}):
        message = Message(header=header("deu", "eux", derived=cited(inside), hops=hops("deu")), original=inside, **more)
        with pytest.raises(FormatError):
            alliance.draft(message)


def test_an_original_that_its_schema_does_not_admit_is_refused_with_its_place() -> None:
    inside = makers.signer(owner="nld").seal(makers.draft(makers.document())).octets
    with pytest.raises(FormatError) as caught:
        opened(relay(inside))
    assert caught.value.place.startswith("Original/")


@given(st.data())
def test_no_change_of_an_original_is_ever_opened(data: st.DataObject) -> None:
    inside = original()
    at = data.draw(st.integers(0, len(inside) - 1))
    octet = data.draw(st.integers(0, 255).filter(lambda one: one != inside[at]))
    changed = inside[:at] + bytes([octet]) + inside[at + 1 :]
    with pytest.raises(GatewayError) as caught:
        opened(relay(changed))
    assert caught.value.code is codes.ORIGINAL_REFUSED
