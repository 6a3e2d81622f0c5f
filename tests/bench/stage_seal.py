"""Signing and verifying one message of one track and of fifty."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import signxml
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA384
from lxml import etree
from msgspec.structs import replace

from gateway import xml
from gateway.formats import alliance
from gateway.limits import Limits
from gateway.seal import Signer, Verifier
from gateway.stages import Inbound
from gateway.track import Track
from tests.bench import corpora
from tests.bench.harness import Peer, Row, Target, Work, micros

MAX_OCTETS = Limits().max_message_octets


def run(*, quick: bool) -> list[Row]:
    """Two rows for each size; `quick` changes nothing, it is quick."""
    del quick
    signer, verifier, now = corpora.keys()
    _, frames = corpora.cat062(100)
    tracks = [
        replace(track, track_id=str(UUID(int=number, version=4)))
        for number, track in enumerate(corpora.decoded("asterix", frames, node="nld-1", dedupe=False))
    ]
    return [row for count in (1, 50) for row in _rows(count, tracks[:count], signer, verifier, now)]


def _rows(count: int, tracks: list[Track], signer: Signer, verifier: Verifier, now: datetime) -> list[Row]:
    draft = alliance.draft(corpora.message(tracks, now))
    wire = signer.seal(draft).octets
    inbound = Inbound(octets=wire, partner="nld-1", received_at=now)
    bare = ec.generate_private_key(ec.SECP256R1())
    public, scheme, octets = bare.public_key(), ec.ECDSA(SHA384()), draft.octets
    signature = bare.sign(octets, scheme)

    def sign() -> int:
        signer.seal(draft)
        return 1

    def verify() -> int:
        verifier.verify(inbound)
        return 1

    def bare_sign() -> int:
        bare.sign(octets, scheme)
        return 1

    def detached() -> int:
        public.verify(signature, octets, scheme)
        xml.parse(octets, max_octets=MAX_OCTETS)
        return 1

    works: dict[str, Work] = {"sign": sign, "bare": bare_sign, "verify": verify, "detached": detached}
    works |= _peers(wire, signer.record.certificate_der)
    us = micros(works)
    name = f"{count} track{'s' if count > 1 else ''}, {len(wire):,} octets"
    return [
        Row(
            stage=f"seal sign, {count}",
            value=us["sign"],
            unit="us/message",
            faster_is_more=False,
            floor=us["bare"],
            floor_name="ECDSA P-256 with SHA-384 over the octets",
            note=name,
        ),
        Row(
            stage=f"seal verify, {count}",
            value=us["verify"],
            unit="us/message",
            faster_is_more=False,
            floor=us["detached"],
            floor_name="detached: ECDSA P-256 with SHA-384 over the octets, lxml parse",
            peers=(Peer(name="python-xmlsec", value=us["xmlsec"]), Peer(name="signxml", value=us["signxml"])),
            target=Target(value=1.3, of="floor"),
            note=f"{name}; with key pinning, parse of the verified octets and proof of canonical form",
        ),
    ]


def _peers(wire: bytes, certificate_der: bytes) -> dict[str, Work]:
    parsed = x509.load_der_x509_certificate(certificate_der)
    key = xmlsec.Key.from_memory(certificate_der, xmlsec.constants.KeyDataFormatCertDer, None)

    def by_xmlsec() -> int:
        node = xmlsec.tree.find_node(etree.fromstring(wire), xmlsec.constants.NodeSignature)
        context = xmlsec.SignatureContext()
        context.key = key
        context.verify(node)
        return 1

    def by_signxml() -> int:
        signxml.XMLVerifier().verify(wire, x509_cert=parsed)
        return 1

    return {"xmlsec": by_xmlsec, "signxml": by_signxml}
