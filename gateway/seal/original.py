"""Step 5.6 of the receive path: what a relayed message says of its way, and the original that it encloses.

    5.6  the header of the relay: its parts agree, its way is short and comes from the sender, the origin is not us
    5.7  the octets enclosed are those that the header cites, and the origin's own key signed them
    5.8  the header of the original: its sender, its id, its age, its way; it encloses nothing itself

An original is addressed to whoever passed it on, not to us: that is the point of passing on, and what holds it to its
way is that its first recipient on that way is among its recipients. The relay is authentic by now, so its sender is
told which check failed; of a signature that does not hold he learns that and no more (ADR 11).
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

from gateway.clock import utc_text
from gateway.errors import Code, SealError
from gateway.limits import Limits
from gateway.seal import codes
from gateway.seal.verification_error import VerificationError
from gateway.seal.verifier import Verifier
from gateway.stages import Derivation, Header, Inbound, Message, Opened, Verified


def check_way(relay: Opened, *, node: str, limits: Limits) -> None:
    """Nothing for a message that was not relayed, or says of its way what can be; else `SealError`.

    ``SEAL-055`` when it comes from us, ``SEAL-056`` when its way does not hold together, ``SEAL-057`` when it is longer
    than `limits.relay_hops`, ``SEAL-058`` when the parts of the message contradict each other. `node` is our own name.
    """
    message, header = relay.message, relay.message.header
    derived, hops = header.derived, [hop.node for hop in header.hops]
    if len(hops) > limits.relay_hops:
        raise _refusal(codes.TOO_FAR, header, f"{len(hops)} gateways, at most {limits.relay_hops}")
    fault = _contradiction(message)
    if fault:
        raise _refusal(codes.CONTRADICTION, header, fault)
    if derived is None:
        return
    if derived.origin == node:
        raise _refusal(codes.LOOP, header, f"it is of {node}, message {derived.message_id}")
    if hops[-1:] != [header.sender]:
        raise _refusal(codes.WAY, header, f"last of {len(hops)} gateways passed is not the sender {header.sender}")
    if len(set(hops)) < len(hops):
        raise _refusal(codes.WAY, header, "a gateway stands in it twice")
    if derived.redacted and derived.origin in hops:
        raise _refusal(codes.WAY, header, f"the origin {derived.origin} stands among the gateways passed")


def verify_original(verifier: Verifier, relay: Opened) -> Verified:
    """The enclosed octets, if they are those cited and the origin signed them (5.7); else `SealError`.

    ``SEAL-061`` for an origin whose key we do not hold, ``SEAL-062`` for other octets than cited, ``SEAL-063`` for a
    signature or form that does not hold. The key must be valid now, when it arrives, not only when it was used.
    """
    header, octets = relay.message.header, relay.message.original
    derived = header.derived
    assert derived is not None, "check_way comes first"
    assert octets is not None, "only a relay that encloses something has anything to verify"
    if not verifier.knows(derived.origin):
        raise _refusal(codes.ORIGIN_UNKNOWN, header, f"no signing key of {derived.origin} is pinned here")
    digest = sha256(octets).hexdigest()
    if not compare_digest(digest, derived.sha256):
        raise _refusal(codes.NOT_AS_CITED, header, f"cited {derived.sha256[:16]}..., enclosed {digest[:16]}...")
    inbound = relay.verified.inbound
    try:
        return verifier.verify(Inbound(octets=octets, partner=derived.origin, received_at=inbound.received_at))
    except VerificationError as error:  # which check failed is for the operator alone, who finds it as the cause
        cause = f"message {derived.message_id} of {derived.origin}"
        raise _refusal(codes.ORIGINAL_REFUSED, header, cause) from error.finding


def check_original(relay: Opened, original: Opened, *, node: str, now: datetime, limits: Limits) -> None:
    """Nothing for an original that fits its relay (5.8); else `SealError`, of which `place` names the original.

    ``SEAL-053`` not from its signer, ``SEAL-054`` too old, ``SEAL-055`` it comes from us, ``SEAL-056`` it was not on
    this way, ``SEAL-062`` another id than cited, ``SEAL-064`` it encloses a message itself.
    """
    outer, header = relay.message.header, original.message.header
    derived = outer.derived
    assert derived is not None, "check_way comes first"
    if header.sender != original.verified.signer:
        raise _refusal(
            codes.NOT_FROM_SIGNER, header, f"signed by {original.verified.signer}, from {header.sender[:80]}"
        )
    if header.message_id != derived.message_id:
        raise _refusal(codes.NOT_AS_CITED, outer, f"cited message {derived.message_id}, enclosed {header.message_id}")
    if original.message.original is not None:
        raise _refusal(codes.NESTED, header, "pass on the innermost one")
    fault = _contradiction(original.message)
    if fault:
        raise _refusal(codes.CONTRADICTION, header, fault)
    age_s = (now - header.created_at).total_seconds()
    if not -limits.created_window_s <= age_s <= limits.created_age_s:
        raise _refusal(codes.NOT_FRESH, header, f"created {utc_text(header.created_at)}, {age_s:g} s ago")
    _check_passage(header, outer, node)


def _check_passage(header: Header, outer: Header, node: str) -> None:
    """Whether the original can have come the way that the relay says."""
    passed, hops = [hop.node for hop in header.hops], [hop.node for hop in outer.hops]
    if (header.derived is not None and header.derived.origin == node) or node in passed:
        raise _refusal(codes.LOOP, header, f"it comes from {node}")
    rest = hops[len(passed) :]
    if hops[: len(passed)] != passed or not rest:
        raise _refusal(codes.WAY, header, f"passed {_list(passed)}, its relay says {_list(hops)}")
    if header.sender in rest:
        raise _refusal(codes.WAY, header, f"came back to {header.sender}")
    if rest[0] not in header.recipients:
        raise _refusal(codes.WAY, header, f"{rest[0]} is not among its {len(header.recipients)} recipients")


def _contradiction(message: Message) -> str:
    """Which parts of a message do not go together; empty when all do."""
    derived: Derivation | None = message.header.derived
    if derived is None:
        return "an original is enclosed that the header does not cite" if message.original is not None else ""
    if derived.origin == message.header.sender:
        return "derived from a message of its own sender"
    if derived.redacted:
        return "it says that it was redacted and encloses the original" if message.original is not None else ""
    if message.original is None:
        return "it says that it passes on the original and encloses none"
    if message.tracks or message.retractions:
        return "tracks or retractions stand beside the original"
    return ""


def _refusal(code: Code, header: Header, cause: str) -> SealError:
    return SealError(code, place=f"message {header.message_id}", cause=cause)


def _list(nodes: list[str]) -> str:
    return ", ".join(nodes)[:120] or "no gateway"
