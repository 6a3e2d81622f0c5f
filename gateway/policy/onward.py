"""Onward release: what of a partner's message goes on to whom. Its origin stays in control.

A track of a partner goes on only by a rule with ``onward = true``, and only to whom its origin's label permits. Where
all of a message goes on as it is, it goes whole, with its origin's signature; else a new message of ours says whose
tracks these are, and that they were redacted. It never goes back: not to its origin, nor to a gateway that it passed,
nor to anybody to whom it was addressed.

A withdrawal follows the tracks that it withdraws: to those whom we sent them, whatever the rules say by now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from gateway.labels.equivalence import Direction
from gateway.policy.acceptance import Offer, offer_of
from gateway.policy.memory import Memory
from gateway.policy.policy import Policy
from gateway.policy.release import release
from gateway.stages import Accepted, Derivation, Header, Held, Hop, Refused, Release, Retraction
from gateway.track import Label, Provenance, Track

MAPPING = "relay/1.0"
"""What a track that is passed on came through here, in its provenance."""
INPUT_FORMAT = "ALLIANCE"
WITHDRAWAL = "release.onward.withdrawal"
"""Withdrawals go to whoever has what is withdrawn."""
TOO_FAR = "release.refused.too-far"
"""The message has passed as many gateways as it may."""


class Carried(Struct, frozen=True, kw_only=True):
    """What of an accepted message is needed to pass it on."""

    header: Header
    """Of the message that tells of the tracks: the original, where one is enclosed."""
    signer: str
    """Who signed that one."""
    octets: bytes
    """That one on the wire, with its signature."""
    sha256: str
    origin: str
    """Whose tracks these are."""
    tracks: tuple[Track, ...]
    """Those that were accepted, each with the label that it came under."""
    retractions: tuple[Retraction, ...]
    is_whole: bool
    """Whether every track and withdrawal of it may go on, as far as its sender is concerned."""
    hops: tuple[Hop, ...]
    """Gateways that it passed before us."""
    shut: frozenset[str]
    """Nodes to whom it does not go: us, and those who have it."""

    @property
    def via(self) -> str:
        """Who tells of the tracks in their origin's stead, redacted; empty where the origin does."""
        return "" if self.signer == self.origin else self.signer

    @property
    def by(self) -> str:
        """Who brought the origin's own word, whole; empty where the origin did."""
        return self.hops[-1].node if self.hops and not self.via else ""

    @property
    def track_ids(self) -> tuple[str, ...]:
        """Of its tracks, in order, each once."""
        return tuple(dict.fromkeys([track.track_id or "" for track in self.tracks]))

    def derivation(self, *, redacted: bool) -> Derivation:
        """How our message names it. What is made from a redacted message names the one that this was made from."""
        if redacted and self.header.derived is not None:
            return replace(self.header.derived, redacted=True)
        return Derivation(origin=self.signer, message_id=self.header.message_id, sha256=self.sha256, redacted=redacted)


class Passage(Struct, frozen=True, kw_only=True):
    """One message that is to go onward."""

    group: str | None
    """Release group; none for withdrawals, which go to whoever has the tracks."""
    recipients: tuple[str, ...]
    rule: str
    policy: str
    """Hex SHA-256 of the release policy."""
    whole: bool
    """The origin's signed octets go; else `tracks` and `retractions` do."""
    tracks: tuple[Track, ...] = ()
    retractions: tuple[Retraction, ...] = ()
    label: Label | None = None
    """Of the message, where it has no tracks of its own."""


class Onward(Struct, frozen=True, kw_only=True):
    """What becomes of a partner's message on its way onward."""

    passages: tuple[Passage, ...] = ()
    refused: tuple[Refused, ...] = ()
    held: tuple[Held, ...] = ()
    """With the tracks as they came."""


NOTHING = Onward()


def passes_on(policy: Policy) -> bool:
    """Whether any rule lets anything of a partner go on. Where none does, onward release costs nothing."""
    known: bool | None = policy.__dict__.get("passes_on")
    if known is None:
        known = policy.__dict__["passes_on"] = any(rule.onward and rule.release for rule in policy.releases)
    return known


def carry(
    accepted: Accepted,
    *,
    node: str,
    origin: str,
    tracks: tuple[Track, ...] | None = None,
    retractions: tuple[Retraction, ...] | None = None,
) -> Carried:
    """What of an accepted message is needed to pass it on; `origin` is whose tracks these are.

    Of its tracks and withdrawals `tracks` and `retractions` may go on (absent: all of them); not those of which
    another speaks, nor tracks that were withdrawn before they came.
    """
    opened = accepted.opened
    said = opened.content.message.retractions
    held = said if retractions is None else retractions
    mine = accepted.tracks if tracks is None else tracks
    return carried(
        offer_of(opened),
        opened.content.verified.inbound.octets,
        node=node,
        origin=origin,
        tracks=mine,
        retractions=held,
        is_whole=not accepted.left_out and len(mine) == len(accepted.tracks) and len(held) == len(said),
    )


def carried(
    offer: Offer,
    octets: bytes,
    *,
    node: str,
    origin: str,
    tracks: tuple[Track, ...],
    retractions: tuple[Retraction, ...],
    is_whole: bool,
) -> Carried:
    """`carry` for what has not been verified: for explanations. `octets` are those of the content."""
    outer, header = offer.header, offer.content.header
    hops = outer.hops
    return Carried(
        header=header,
        signer=offer.author,
        octets=octets,
        sha256=sha256(octets).hexdigest(),
        origin=origin,
        tracks=tracks,
        retractions=retractions,
        is_whole=is_whole,
        hops=hops,
        shut=frozenset((node, origin, header.sender, outer.sender))
        .union(header.recipients, outer.recipients)
        .union([hop.node for hop in hops]),
    )


def pass_on(
    policy: Policy,
    carried: Carried,
    *,
    now: datetime,
    memory: Memory,
    most_hops: int,
    told: Mapping[str, frozenset[str]] | None = None,
    only: str | None = None,
    tracks: Sequence[Track] | None = None,
) -> Onward:
    """What goes on of a partner's message, by this policy.

    `told` gives, for each track that the message withdraws, to whom we sent it. `only` names one release group for
    which `tracks` were held back; the others had them long ago.
    """
    withdrawn = [one for one in carried.retractions if told and one.track_id in told] if only is None else []
    mine = carried.tracks if tracks is None else tuple(tracks)
    if not withdrawn and not (mine and passes_on(policy)):
        return NOTHING
    if len(carried.hops) >= most_hops:
        ids = tuple([track.track_id or "" for track in mine])
        return Onward(refused=(Refused(group="*", track_ids=ids, rule=TOO_FAR),))
    onward = NOTHING
    if mine and passes_on(policy):
        onward = _by_rules(policy, carried, mine, now=now, memory=memory, only=only)
    if withdrawn:
        has_it = frozenset([name for one in onward.passages if one.whole for name in one.recipients])
        more = _withdrawals(policy, carried, withdrawn, told or {}, has_it, now)
        onward = replace(onward, passages=(*onward.passages, *more))
    return onward


def _by_rules(
    policy: Policy, carried: Carried, tracks: tuple[Track, ...], *, now: datetime, memory: Memory, only: str | None
) -> Onward:
    """What the rules let go on of these tracks."""
    refused: list[Refused] = []
    held: list[Held] = []
    marked = stamped(policy, carried, tracks)
    releases: dict[str, list[Release]] = defaultdict(list)
    groups = [
        group
        for group, members in policy.groups.items()
        if only in (None, group) and not carried.shut.issuperset(members)  # else everybody in it has the message
    ]
    for verdict in release(policy, marked, source=None, origin=carried.origin, now=now, memory=memory, groups=groups):
        if isinstance(verdict, Release):
            releases[verdict.group].append(verdict)
        elif isinstance(verdict, Held):
            bare = {id(after): before for before, after in zip(tracks, marked, strict=True)}
            held.append(replace(verdict, tracks=tuple([bare.get(id(one), one) for one in verdict.tracks])))
        elif not (verdict.members and carried.shut.issuperset(verdict.members)):
            refused.append(verdict)
    return Onward(
        passages=tuple([one for some in releases.values() for one in _passages(policy, carried, marked, some, now)]),
        refused=tuple(refused),
        held=tuple(held),
    )


def stamped(policy: Policy, carried: Carried, tracks: Sequence[Track]) -> tuple[Track, ...]:
    """The tracks with us as the last gateway passed: what policy takes out is told there, and not of their origin."""
    here = passed_at(policy.node, carried.header.message_id)
    return tuple([replace(track, provenance=(*track.provenance, here)) for track in tracks])


def passed_at(node: str, message_id: str) -> Provenance:
    """The gateway through which what a message tells was passed on."""
    return Provenance(gateway=node, input_format=INPUT_FORMAT, mapping_id=MAPPING, input_message_id=message_id)


def _passages(
    policy: Policy, carried: Carried, marked: tuple[Track, ...], releases: list[Release], now: datetime
) -> list[Passage]:
    """The messages for one group: the original to those who may see all of it, the rest of each release to others."""
    group, label = releases[0].group, carried.header.label
    members = sorted({name for one in releases for name in one.recipients} - carried.shut)
    total = len(marked) if carried.is_whole and len(marked) == len(carried.tracks) else -1
    as_it_is = [_unchanged(one.tracks, marked) for one in releases]
    whole: list[str] = []
    for name in members:
        count = sum(number for number, one in zip(as_it_is, releases, strict=True) if name in one.recipients)
        if count == total and _may_see(policy, label, name, now) == label:
            whole.append(name)
    found: list[Passage] = []
    if whole:
        rules = [one.rule for one in releases if not set(whole).isdisjoint(one.recipients)]
        found.append(
            Passage(
                group=group,
                recipients=tuple(whole),
                rule=_one_of(list(dict.fromkeys(rules))),
                policy=policy.digest,
                whole=True,
            )
        )
    for one in releases:
        rest = tuple([name for name in members if name in one.recipients and name not in whole])
        if rest:
            found.append(
                Passage(
                    group=group, recipients=rest, rule=one.rule, policy=policy.digest, whole=False, tracks=one.tracks
                )
            )
    return found


def _one_of(rules: list[str]) -> str:
    """The rules by which one message goes, as a header can name them: the first, and how many more."""
    return rules[0] if len(rules) == 1 else f"{rules[0]}.and-{len(rules) - 1}-more"


def _unchanged(released: Sequence[Track], marked: Sequence[Track]) -> int:
    """How many of the released tracks are as they came, label and all."""
    same = {id(track) for track in marked}
    by_name: dict[str | None, list[Track]] | None = None
    count = 0
    for track in released:
        if id(track) in same:
            count += 1
            continue
        if by_name is None:
            by_name = defaultdict(list)
            for one in marked:
                by_name[one.track_id].append(one)
        count += track in by_name[track.track_id]
    return count


def _may_see(policy: Policy, label: Label, node: str, now: datetime) -> Label | None:
    """The label with which a partner may have what bears this one, with an alternative where it rests on one."""
    judgement = policy.book.judge(label, policy.partners.get(node, ()), now, direction=Direction.ENCRYPT)
    return judgement.label if judgement.decision.permit else None


def _withdrawals(
    policy: Policy,
    carried: Carried,
    withdrawn: Sequence[Retraction],
    told: Mapping[str, frozenset[str]],
    has_it: frozenset[str],
    now: datetime,
) -> list[Passage]:
    """Withdrawals to those who have the tracks and did not get the whole message."""
    own = carried.header.label
    wanted: dict[str, list[Retraction]] = defaultdict(list)
    for one in withdrawn:
        for name in told[one.track_id] - carried.shut - has_it:
            wanted[name].append(one)
    alike: dict[tuple[Label, tuple[Retraction, ...]], list[str]] = defaultdict(list)
    for name, some in sorted(wanted.items()):
        label = _may_see(policy, own, name, now)
        if label is not None:
            alike[label, tuple(some)].append(name)
    is_all = not carried.tracks and carried.is_whole
    return [
        Passage(
            group=None,
            recipients=tuple(names),
            rule=WITHDRAWAL,
            policy=policy.digest,
            whole=is_all and some == carried.retractions and label == own,
            retractions=some,
            label=label,
        )
        for (label, some), names in alike.items()
    ]
