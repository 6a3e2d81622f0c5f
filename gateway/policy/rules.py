"""What a node releases and lets in, with one fixed configured label of its own."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from gateway.track import Label


class Policy(Struct, frozen=True, kw_only=True):
    """The operator's policy. What it does not name is refused."""

    label: Label
    """Our own: every message that this node makes carries it."""
    groups: Mapping[str, tuple[str, ...]]
    """Release group to its partner nodes: all of them get the same view."""
    sources: Mapping[str, frozenset[str]] = {}
    """Release group to the sources whose tracks it may see; a group that is absent may see those of every source."""
    accepted: frozenset[tuple[str, str]] = frozenset()
    """(security policy, classification) of every label that is let in: a list, not an upper bound."""
    personal: frozenset[str] = frozenset()
    """Release groups that may see personal data, such as where the operator of a drone stands."""


class Rule:
    """Ids of the rules: they stand in ledger leaves, in refusals and in docs, so they never change their meaning."""

    OWN_LABEL = "release.own-label"
    """The track has no label of its own, or exactly ours."""
    OWN_LABEL_PERSONAL = "release.own-label.personal-data"
    """As `OWN_LABEL`, and tracks among them carry personal data that the group is named to see."""
    OWN_LABEL_WITHHELD = "release.own-label.personal-withheld"
    """As `OWN_LABEL`, and personal data was taken out of tracks among them: the group is not named to see it."""
    TRACK_LABEL = "release.refused.track-label"
    """The track has a label of its own that the fixed label does not stand for."""
    SOURCE = "release.refused.source"
    """The group may not see this source, or the source is not known."""
    NO_MEMBER = "release.refused.no-member"
    """The group has no partner."""
    LISTED_LABEL = "accept.listed-label"
    """Every label of the message is on the list."""
    UNKNOWN_POLICY = "accept.refused.policy"
    UNKNOWN_CLASSIFICATION = "accept.refused.classification"
    UNKNOWN_CATEGORY = "accept.refused.category"
