"""Whether what was released and waits for a partner may still go there, by the policy that is in force by now.

Links ask for each message that another policy decided, or whose labels time may have changed; how it is decided again
is `gateway.policy.again`'s.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from gateway import xml
from gateway.errors import FormatError, GatewayError
from gateway.formats import alliance
from gateway.formats.alliance.codes import BESIDE_ORIGINAL
from gateway.ledger import leaf
from gateway.limits import Limits
from gateway.links import KeptBack
from gateway.policy import Desk
from gateway.policy.again import Kept, Waiting, decide_again
from gateway.policy.onward import passed_at
from gateway.policy.outline import Outline, from_octets, outline_of, to_octets
from gateway.policy.policy import Policy
from gateway.stages import Message, Recorded, Sealed
from gateway.store import Store
from gateway.track import Label, Track

UNREADABLE = "release.refused.unreadable"
"""What it says cannot be told, so nobody may see it."""
_WAITED = timedelta(seconds=1)
"""What goes at once was decided now; what has waited for longer is read again, where labels follow one another."""
_OUTLINES = 16
"""Of policies that decided on messages that still wait: a reload is rare, and what waits is read in its order."""


async def remember(store: Store, policy: Policy) -> None:
    """Keep what later policies are compared with, before anything is decided by this one."""
    await store.remember_policy(policy.digest, to_octets(outline_of(policy)))


class PolicyGate:
    """The gate of one node's links."""

    def __init__(self, desk: Desk, store: Store, limits: Limits) -> None:
        self._desk = desk
        self._store = store
        self._limits = limits
        self._outlines: dict[str, Outline] = {}

    @property
    def policy(self) -> str:
        """Digest of the policy in force."""
        return self._desk.policy.digest

    def is_due(self, recorded: Recorded) -> bool:
        """Whether a security policy has begun or ended to allow something since the message was recorded; where
        successions are followed, whether it has waited, for its labels may have been succeeded."""
        book, now = self._desk.policy.book, self._desk.clock.now()
        if book.follow_succession and now - recorded.recorded_at > _WAITED:
            return True
        changes = book.changes_at(recorded.recorded_at)
        return changes is not None and changes <= now

    async def keeps_back(self, partner: str, recorded: Recorded) -> KeptBack | None:
        """Why the message does not go to the partner by the policy in force; nothing if it does.

        Raises `StoreError` where nobody can say by which policy it was decided.
        """
        sealed = recorded.message
        try:
            waiting = read_waiting(sealed.octets, self._limits)
        except GatewayError as error:  # our own words, or an original that was read before: nobody can tell
            return _kept(sealed, partner, self._desk.policy, Kept(rule=UNREADABLE, why=str(error)))
        decided_by = sealed.policy or waiting.header.policy or ""
        old = await self._outline(decided_by)
        policy, now = self._desk.policy, self._desk.clock.now()  # nothing is waited for from here on
        if decided_by == policy.digest and not self.is_due(recorded):
            return None
        kept = decide_again(policy, old, waiting, partner=partner, now=now)
        return None if kept is None else _kept(sealed, partner, policy, kept)

    async def _outline(self, digest: str) -> Outline | None:
        known = self._outlines.get(digest)
        if known is None:
            known = from_octets(await self._store.policy_outline(digest))
            if known is not None:
                if len(self._outlines) >= _OUTLINES:
                    self._outlines.clear()
                self._outlines[digest] = known
        return known


def _kept(sealed: Sealed, partner: str, policy: Policy, kept: Kept) -> KeptBack:
    return KeptBack(
        rule=kept.rule,
        policy=policy.digest,
        cause=kept.why[:500],
        leaf=leaf.withheld_message(sealed, peer=partner, rule=kept.rule, policy=policy.digest),
    )


def read_waiting(octets: bytes, limits: Limits) -> Waiting:
    """What a message of ours says, by its octets, and what an original inside says, which was verified before.

    Raises `FormatError` for octets that are no message.
    """
    message = _read(octets, limits)
    header = message.header
    if message.original is None:
        tracks = message.tracks
        if header.derived is None:  # our own, as they were when it was made, whatever the node is there for by now
            tracks = alliance.told_apart(tracks, header.exercise, header.simulation)
        return Waiting(
            header=header,
            origin=header.sender if header.derived is None else header.derived.origin,
            label=header.label,
            tracks=_labelled(tracks, header.label),
            withdraws=bool(message.retractions),
        )
    inside = _read(message.original, limits)
    inner = inside.header
    if inside.original is not None:
        raise FormatError(BESIDE_ORIGINAL, place="Original", cause="an original inside an original")
    here = passed_at(header.sender, inner.message_id)  # as when it was let out
    tracks = _labelled(alliance.marked(inside.tracks, inner), inner.label)
    return Waiting(
        header=header,
        origin=inner.sender if inner.derived is None else inner.derived.origin,
        label=inner.label,
        tracks=tuple([replace(track, provenance=(*track.provenance, here)) for track in tracks]),
        is_whole=True,
        withdraws=bool(inside.retractions),
    )


def _read(octets: bytes, limits: Limits) -> Message:
    root = xml.parse(octets, max_octets=limits.max_message_octets)
    return alliance.read(root, signed=True)


def _labelled(tracks: tuple[Track, ...], label: Label) -> tuple[Track, ...]:
    """The tracks, each with the label that it goes under."""
    return tuple([track if track.label is not None else replace(track, label=label) for track in tracks])
