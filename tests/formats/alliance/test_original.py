"""Another gateway's message, passed on whole, stands alone in the message that carries it."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.alliance import FORMAT, open_message, packaged_schema, read, render
from gateway.formats.alliance.original import ORIGINAL_OCTETS
from gateway.formats.alliance.recognise import message_of
from gateway.stages import Derivation, Frame, Message, Retraction
from gateway.track import Track
from tests.formats.alliance import examples
from tests.formats.alliance.test_examples import signed
from tests.formats.alliance.test_recognise import differs
from tests.formats.alliance.test_round_trip import parsed, verified

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
INNER = signed(render(examples.drone()))
TRACK = Track(track_id=examples.uuid(1))
GONE = Retraction(track_id=examples.uuid(1), time=NOW, reason="ERROR")


def relay(octets: bytes = INNER) -> Message:
    derived = Derivation(
        origin="nld", message_id=examples.uuid(9003), sha256=sha256(octets).hexdigest(), redacted=False
    )
    return Message(header=replace(examples.header(20), sender="deu", derived=derived), original=octets)


@pytest.mark.parametrize("octets", [b"", b"\x00", INNER, bytes(range(256)) * 11_000])
def test_the_octets_come_out_as_they_went_in(octets: bytes) -> None:
    message = relay(octets)
    wire = render(message)
    packaged_schema().check(parsed(wire))
    assert read(parsed(wire)) == message
    assert open_message(verified(wire)).message == message
    assert message_of(wire) == message


def test_base64_on_several_lines_is_the_same() -> None:
    text = b64encode(INNER)
    wire = render(relay()).replace(text, b"\n" + text[:76] + b" \n" + text[76:])
    assert message_of(wire) is None
    assert open_message(verified(wire)).message == relay()


@pytest.mark.parametrize(
    "text", [b"A", b"AB==C", b"AAB=", b"AB==", b"A A A=", b"====", b"AA=A", b"<a></a>", b"QUJD=", b"-_-_"]
)
def test_odd_base64_is_taken_as_the_schema_takes_it(text: bytes) -> None:
    wire = render(relay(b"abc")).replace(b64encode(b"abc"), text)
    assert differs(wire) in ("", "-")
    try:
        packaged_schema().check(parsed(wire))
    except FormatError:
        with pytest.raises(FormatError):
            open_message(verified(wire))


@pytest.mark.parametrize(
    "beside", [{"tracks": (TRACK,)}, {"retractions": (GONE,)}, {"tracks": (TRACK,) * 2, "retractions": (GONE,)}]
)
def test_nothing_stands_beside_an_original(beside: dict[str, tuple[Track, ...]]) -> None:
    both = replace(relay(), **beside)
    with pytest.raises(FormatError) as refused:
        render(both)
    assert refused.value.code.id == "ALM-015"
    original = f"<Original>{b64encode(INNER).decode()}</Original>"
    wire = (
        render(replace(both, original=None)).decode().replace("</TrackMessage>", f"{original}</TrackMessage>").encode()
    )
    packaged_schema().check(parsed(wire))  # which cannot say it
    assert message_of(wire) is None
    for reader in (lambda: read(parsed(wire)), lambda: open_message(verified(wire))):
        with pytest.raises(FormatError) as refused:
            reader()
        assert refused.value.code.id == "ALM-015"


def test_an_original_stands_once_and_after_retractions() -> None:
    wire = render(relay()).decode()
    original = wire[wire.index("<Original>") : wire.index("</TrackMessage>")]
    for octets in (
        wire.replace(original, original * 2),
        wire.replace(original, f"{original}<Extensions></Extensions>").replace(
            "<Header>", "<Original></Original><Header>"
        ),
        wire.replace(original, f"<Extensions></Extensions>{original}"),
    ):
        with pytest.raises(FormatError) as refused:
            open_message(verified(octets.encode()))
        assert refused.value.code.id == "ALM-010"
    extended = wire.replace(original, f"{original}<Extensions></Extensions>").encode()
    assert open_message(verified(extended)).message == relay()


def test_an_original_that_is_too_large_is_refused() -> None:
    for size, code in ((ORIGINAL_OCTETS + 1, "ALM-004"), (ORIGINAL_OCTETS, "ALM-009")):
        with pytest.raises(FormatError) as refused:
            render(relay(bytes(size)))
        assert refused.value.code.id == code


def decode(octets: bytes) -> tuple[list[str | None], list[str]]:
    decoded = FORMAT.decoder().decode(Frame(octets=octets, feed="f", source="s", peer="p", received_at=NOW))
    return [track.track_id for track in decoded.tracks], [problem.code.id for problem in decoded.problems]


def test_the_national_dialect_reads_the_message_inside() -> None:
    assert decode(render(relay())) == ([track.track_id for track in examples.drone().tracks], [])
    assert decode(render(relay(b"junk"))) == ([], ["XML-001"])
    assert decode(render(relay(signed(render(relay()))))) == ([], ["ALM-010"])


@pytest.mark.parametrize(
    "change", [{"rule": "Release"}, {"rule": ""}, {"rule": "r" * 129}, {"policy": "A" * 64}, {"policy": ""}]
)
def test_rules_and_policies_have_their_form(change: dict[str, str]) -> None:
    with pytest.raises(FormatError) as refused:
        render(Message(header=replace(examples.header(1), **change)))
    assert (refused.value.code.id, refused.value.place.startswith("Header/Release")) == ("ALM-002", True)


@pytest.mark.parametrize("change", [{"origin": "two words"}, {"message_id": "x"}, {"sha256": "0"}])
def test_what_a_message_is_derived_from_has_its_form(change: dict[str, str]) -> None:
    derived = replace(Derivation(origin="a", message_id=examples.uuid(1), sha256="0" * 64, redacted=True), **change)
    with pytest.raises(FormatError) as refused:
        render(Message(header=replace(examples.header(1), derived=derived)))
    assert (refused.value.code.id, refused.value.place.startswith("Derived/")) == ("ALM-002", True)
