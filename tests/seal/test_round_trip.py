"""What we seal we verify, with every kind of key and digest, and the stage types say what happened."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from lxml import etree

from gateway.errors import SealError
from gateway.seal import DigestAlgorithm, codes, profile
from tests.seal import makers
from tests.seal.makers import KINDS, NOW


@pytest.mark.parametrize("digest", DigestAlgorithm)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tracks", [0, 1, 50])
def test_verifies_what_it_sealed(kind: str, digest: DigestAlgorithm, tracks: int) -> None:
    octets = makers.other_tools_document(tracks)
    sealed = makers.sealed(octets, kind, digest=digest)
    message = makers.inbound(sealed.octets)
    verified = makers.verifier(makers.record(kind)).verify(message)
    assert verified.inbound is message
    assert verified.signed == octets
    assert verified.signer == "nld"
    assert verified.key == sealed.key == makers.record(kind).thumbprint
    assert sealed.sha256 == sha256(sealed.octets).hexdigest()
    assert verified.document.tag == "{urn:alliance:track-exchange:1}TrackMessage"
    assert etree.tostring(verified.document, method="c14n", exclusive=True) == octets


def test_the_wire_is_a_fixed_point_of_exclusive_canonicalisation() -> None:
    wire = makers.sealed(makers.other_tools_document(2)).octets
    assert etree.tostring(etree.fromstring(wire), method="c14n", exclusive=True) == wire


def test_signed_info_on_the_wire_canonicalises_to_what_is_signed() -> None:
    root = etree.fromstring(makers.sealed().octets)
    info = root.find("{*}Signature/{*}SignedInfo")
    digest = info.findtext("{*}Reference/{*}DigestValue").encode()
    head, tail = profile.signed_info(makers.record().algorithm, DigestAlgorithm.SHA384)
    assert etree.tostring(info, method="c14n", exclusive=True) == head + digest + tail


def test_a_sealed_message_says_whose_it_is_and_what_is_in_it() -> None:
    sealed = makers.sealed()
    assert (sealed.origin, sealed.recipients, sealed.created_at) == ("nld", ("deu",), NOW)
    assert (sealed.track_ids, sealed.rule) == (("t-1",), "release.own-label")
    assert sealed.octets.startswith(makers.START)
    assert sealed.octets.endswith(makers.END)


async def test_seals_rsa_in_a_thread_and_the_rest_on_the_loop() -> None:
    for kind in KINDS:
        signer = makers.signer(kind)
        sealed = await signer.seal_async(makers.draft(makers.document()))
        assert makers.verifier(makers.record(kind)).verify(makers.inbound(sealed.octets)).key == sealed.key
        assert signer.blocks(2_000) is (kind == "rsa")
        assert signer.blocks(2_000_000)


def test_refuses_to_seal_for_another_node() -> None:
    with pytest.raises(RuntimeError, match="not a track message of nld"):
        makers.signer().seal(makers.draft(makers.document(), sender="deu"))


@pytest.mark.parametrize("octets", [b"<TrackMessage/>", b"<a></a>", makers.document() + b"\n", b""])
def test_refuses_to_seal_what_is_not_a_track_message(octets: bytes) -> None:
    with pytest.raises(RuntimeError, match="not a track message"):
        makers.signer().seal(makers.draft(octets))


@pytest.mark.parametrize("days", [-3001, 3001])
def test_refuses_to_seal_outside_of_its_own_validity(days: int) -> None:
    with pytest.raises(SealError) as refusal:
        makers.signer().seal(makers.draft(makers.document(), created_at=NOW + timedelta(days=days)))
    assert refusal.value.code is codes.OWN_KEY_EXPIRED
