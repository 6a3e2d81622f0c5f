"""Steps 2 to 4 of the receive path: octets that a partner pushed in, a `Verified` message out.

The order is the security property. Nothing of a message is parsed before its signature holds, and what is parsed is
exactly what was signed:

    2  the signature, on octets
       2.1  no larger than the cap; starts as a track message
       2.2  a signature start tag in the last 9 KB, and from there the whole template to the last octet
       2.3  its certificate is pinned, and pinned for this partner
       2.4  the key is within its validity
       2.5  the algorithms are the key record's
       2.6  the digest of everything outside of the signature (compared in constant time)
       2.7  the signature over SignedInfo, rebuilt from constants and that digest
    3  parse those octets, hardened; the parser bounds the depth, and by 2.1 the root is a track message
    4  the octets equal their own canonical form; elements and text only, bounded attributes, no second signature

Every failure is one `VerificationError` with the same public face; its `finding` is for the operator.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from hmac import compare_digest

from lxml.etree import _Element
from msgspec import Struct

from gateway import xml
from gateway.errors import FormatError
from gateway.limits import Limits
from gateway.seal import canonical, codes, profile
from gateway.seal.algorithms import DigestAlgorithm, verifier_of
from gateway.seal.keys import KeyRecord
from gateway.seal.verification_error import VerificationError
from gateway.stages import Inbound, Verified


class _Pinned(Struct, frozen=True):
    """A key record with what verification needs of it, worked out once."""

    record: KeyRecord
    uri: bytes
    digests: dict[bytes, tuple[DigestAlgorithm, bytes, bytes]]
    """By digest URI: the algorithm, and SignedInfo before and after the digest text."""
    verify: Callable[[bytes, bytes], bool]


class Verifier:
    """Verifies messages against a snapshot of pinned keys; after a change of keys make a new one. Thread-safe."""

    def __init__(self, keys: Mapping[str, KeyRecord] | Iterable[KeyRecord], *, limits: Limits | None = None) -> None:
        """`keys` are key records, alone or by thumbprint."""
        records = tuple(keys.values() if isinstance(keys, Mapping) else keys)
        self._limits = limits or Limits()
        # By the text of X509Certificate: equal text is equal thumbprint, and no other spelling of it is accepted.
        self._pinned = {profile.base64_text(record.certificate_der): _pin(record) for record in records}
        self._nodes = frozenset(record.node for record in records)

    def knows(self, node: str) -> bool:
        """Whether any key of this node is pinned."""
        return node in self._nodes

    def verify(self, inbound: Inbound) -> Verified:
        """The message, if its signature holds: `VerificationError` if not. Costs 70 us for one track, 0.5 ms for 50."""
        signed, record = self._check_signature(inbound)
        root = self._parse(signed)
        self._check_canonical(signed, root)
        return Verified(
            inbound=inbound,
            signed=signed,
            document=root,
            signer=record.node,
            key=record.thumbprint,
        )

    def _check_signature(self, inbound: Inbound) -> tuple[bytes, KeyRecord]:
        """Step 2: the signed octets and the key that signed them."""
        octets = inbound.octets
        # 2.1
        if len(octets) > self._limits.max_message_octets:
            cause = f"{len(octets)} octets, at most {self._limits.max_message_octets}"
            raise VerificationError(codes.TOO_LARGE, place=inbound.partner, cause=cause)
        if not octets.startswith(profile.START):
            raise VerificationError(codes.ROOT, place="octet 0", cause="starts with something else")
        # 2.2
        start = octets.rfind(profile.SIGNATURE_START, max(0, len(octets) - profile.TAIL_OCTETS))
        if start < 0:
            raise VerificationError(
                codes.NO_SIGNATURE, place="end", cause=f"none in the last {profile.TAIL_OCTETS} octets"
            )
        match = profile.TEMPLATE.fullmatch(octets, start)
        if match is None:
            raise VerificationError(codes.TEMPLATE, place=f"octet {start}", cause="differs from the template")
        signature_uri, digest_uri, digest_text, value_text, certificate_text = match.groups()
        # 2.3
        pinned = self._pinned.get(certificate_text)
        if pinned is None:
            raise VerificationError(codes.UNKNOWN_KEY, place=inbound.partner, cause=_thumbprint(certificate_text))
        record = pinned.record
        if record.node != inbound.partner:
            cause = f"certificate {record.thumbprint} is pinned for {record.node}, not for {inbound.partner}"
            raise VerificationError(codes.FOREIGN_KEY, place=inbound.partner, cause=cause)
        # 2.4
        if not record.not_before <= inbound.received_at <= record.not_after:
            cause = f"certificate {record.thumbprint} is valid {record.not_before} to {record.not_after}"
            raise VerificationError(codes.KEY_EXPIRED, place=inbound.partner, cause=cause)
        # 2.5
        info = pinned.digests.get(digest_uri)
        if info is None or signature_uri != pinned.uri:
            cause = f"expected {record.algorithm.uri}, observed {signature_uri.decode()} with {digest_uri.decode()}"
            raise VerificationError(codes.ALGORITHM, place=inbound.partner, cause=cause)
        # 2.6
        digest, info_head, info_tail = info
        signed = b"".join((memoryview(octets)[:start], profile.END))  # one copy
        expected = profile.base64_text(digest.of(signed))
        if not compare_digest(expected, digest_text):
            cause = f"expected {digest_text.decode()[:16]}..., got {expected.decode()[:16]}..."
            raise VerificationError(codes.DIGEST, place="DigestValue", cause=cause)
        # 2.7
        value = _canonical_base64(value_text)
        if value is None or not pinned.verify(value, info_head + expected + info_tail):
            cause = f"{record.algorithm.title}, certificate {record.thumbprint}"
            raise VerificationError(codes.SIGNATURE, place="SignatureValue", cause=cause)
        return signed, record

    def _parse(self, signed: bytes) -> _Element:
        """Step 3: the tree of exactly the octets that the signature covers."""
        try:
            return xml.parse(signed, max_octets=self._limits.max_message_octets)
        except FormatError as error:
            raise VerificationError(codes.PARSE, place=error.place, cause=f"{error.code.id} {error.cause}") from None

    def _check_canonical(self, signed: bytes, root: _Element) -> None:
        """Step 4; where it has to canonicalise, the attributes are bounded first: 10,000 of them would cost 0.3 s."""
        if canonical.is_plain(signed):
            return
        fault = canonical.fault_of(signed, root, self._limits)
        if fault is not None:
            code, cause = fault
            raise VerificationError(code, place="signed part", cause=cause)


def _pin(record: KeyRecord) -> _Pinned:
    infos = {}
    for digest in record.digests:
        head, tail = profile.signed_info(record.algorithm, digest)
        infos[digest.uri.encode()] = (digest, head, tail)
    return _Pinned(record, record.algorithm.uri.encode(), infos, verifier_of(record.public_key))


def _thumbprint(certificate_text: bytes) -> str:
    """What to look for in the partner's certificates: of an unknown one, so that it can be told from another."""
    der = _canonical_base64(certificate_text)
    return "not base64" if der is None else f"observed certificate {sha256(der).hexdigest()}"


def _canonical_base64(text: bytes) -> bytes | None:
    """The octets of `text` if it is the one spelling of them: padding bits set to one would be a second one."""
    try:
        octets = a2b_base64(text, strict_mode=True)
    except Base64Error:
        return None
    return octets if profile.base64_text(octets) == text else None
