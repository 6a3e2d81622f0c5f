"""Outbound: which release group may see which tracks. Decided per group, never per partner."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.policy.personal import has_personal, withhold_personal
from gateway.policy.rules import Policy, Rule
from gateway.stages import Refused, Release
from gateway.track import Track


def release(policy: Policy, tracks: Sequence[Track], *, source: str | None = None) -> list[Release | Refused]:
    """A verdict for each release group, and two for one that may see only some of the tracks.

    `source` is the configured name of the source that sent them; a group with a list of sources sees nothing without.
    Personal data goes to the groups that are named for it, and is taken out for every other.
    """
    if not tracks:
        return []
    verdicts: list[Release | Refused] = []
    plain = tuple([track for track in tracks if track.label is None or track.label == policy.label])
    labelled: tuple[Track, ...] = ()
    if len(plain) < len(tracks):
        labelled = tuple(track for track in tracks if not (track.label is None or track.label == policy.label))
    is_personal = has_personal(plain)
    withheld: tuple[Track, ...] | None = None  # made once for all the groups that need it
    for group, members in policy.groups.items():
        rule = _group_rule(policy, group, source)
        if rule:
            verdicts.append(_refused(group, tracks, rule))
            continue
        if plain:
            shown, rule = plain, Rule.OWN_LABEL
            if is_personal and group in policy.personal:
                rule = Rule.OWN_LABEL_PERSONAL
            elif is_personal:
                if withheld is None:
                    withheld = tuple(withhold_personal(track) for track in plain)
                shown, rule = withheld, Rule.OWN_LABEL_WITHHELD
            recipients = tuple(sorted(members))
            verdicts.append(Release(group=group, recipients=recipients, tracks=shown, label=policy.label, rule=rule))
        if labelled:
            # A fixed label cannot say whether it dominates another one, so the track stays at home.
            verdicts.append(_refused(group, labelled, Rule.TRACK_LABEL))
    return verdicts


def _group_rule(policy: Policy, group: str, source: str | None) -> str:
    """The rule that shuts the whole group out, or nothing."""
    if not policy.groups[group]:
        return Rule.NO_MEMBER
    allowed = policy.sources.get(group)
    return Rule.SOURCE if allowed is not None and source not in allowed else ""


def _refused(group: str, tracks: Sequence[Track], rule: str) -> Refused:
    return Refused(group=group, track_ids=tuple([track.track_id or "" for track in tracks]), rule=rule)
