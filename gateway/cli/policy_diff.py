"""``gateway policy diff``: what another policy would show to whom, on a recording of what there was to be shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from gateway.cli.output import as_json, data, printable, say, table
from gateway.cli.policy_sight import NOBODY, Sight, sights
from gateway.cli.policy_tracks import Sighting, TrackFile
from gateway.cli.policy_words import label_of, marking_of, what_is
from gateway.policy.memory import Memory
from gateway.policy.policy import Policy
from gateway.track import Accuracy, Label, Position, Track

EXAMPLES = 5
"""Of each kind of change, for each partner; the others are counted."""


class Change(StrEnum):
    """How a track's way to a partner differs."""

    OUT = "goes out"
    """It did not before: what a release gate looks for."""
    MORE = "shows more"
    """Fields go out, or go out finer or sooner, that did not before."""
    LABEL = "other label"
    OTHER = "shows other"
    """The same fields, some of them otherwise, and it cannot be told which says more."""
    LESS = "shows less"
    STAYS = "stays"
    """It went out before."""


_GATED = (Change.OUT, Change.MORE, Change.OTHER)
"""What is not to happen unseen: something reaches a partner that did not before."""
WHEN = "when it is released"
"""Stands among the fields for a delay that is longer or shorter."""


class Example(Struct, frozen=True, kw_only=True):
    """One track of which the two policies differ."""

    track: Track
    place: str
    old: Sight
    new: Sight
    fields: tuple[str, ...] = ()
    """Those that the change is about."""


class Comparison(Struct):
    """The two policies on one recording, complete once it has been drawn. A track has many snapshots in it."""

    snapshots: int = 0
    names: set[str] = field(default_factory=set)
    """Of the tracks that these are of."""
    refused: int = 0
    """Records that could not be read."""
    counts: dict[tuple[str, Change], int] = field(default_factory=dict)
    """Snapshots for each partner and change, and the names of their tracks beside them."""
    changed: dict[tuple[str, Change], set[str]] = field(default_factory=dict)
    examples: dict[tuple[str, Change], list[Example]] = field(default_factory=dict)
    rules: Counter[tuple[str, Change, str, str]] = field(default_factory=Counter)
    """How often each (partner, change, old rule, new rule) was."""
    out: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Snapshots that each partner gets by the old policy and by the new one."""

    @property
    def shows_more(self) -> bool:
        """Whether anything reaches a partner that did not before."""
        return any(change in _GATED for _, change in self.counts)

    def add(self, partner: str, change: Change, example: Example) -> None:
        """Count a change of one snapshot, and keep it if it is the first of its track and there are few like it."""
        key = (partner, change)
        self.counts[key] = self.counts.get(key, 0) + 1
        self.rules[partner, change, example.old.rule, example.new.rule] += 1
        named, kept = self.changed.setdefault(key, set()), self.examples.setdefault(key, [])
        name = _name(example.track, example.place)
        if name not in named and len(kept) < EXAMPLES:
            kept.append(example)
        named.add(name)


def compare(
    old: Policy, new: Policy, file: TrackFile, *, source: str | None, at: datetime | None, origin: str = ""
) -> Comparison:
    """Both policies on every track of the file. Each is decided at its own time, so that its age is as it was.

    `origin` is the partner that signed them, for onward release; without it they are our own.
    """
    found = Comparison()
    memories = Memory(), Memory()
    partners = sorted({*old.partners, *new.partners})
    for sighting in file.tracks():
        found.snapshots += 1
        found.names.add(_name(sighting.track, sighting.place))
        now = at or _time_of(sighting)
        before, after = (
            sights(policy, sighting.track, source=source, origin=origin or policy.node, now=now, memory=memory)
            for policy, memory in zip((old, new), memories, strict=True)
        )
        for partner in partners:
            one, other = before.get(partner, NOBODY), after.get(partner, NOBODY)
            was, is_ = found.out.get(partner, (0, 0))
            found.out[partner] = was + (one.shown is not None), is_ + (other.shown is not None)
            for change, fields in _changes(one, other, sighting.track):
                told = Example(track=sighting.track, place=sighting.place, old=one, new=other, fields=fields)
                found.add(partner, change, told)
    found.refused = len(file.problems)
    return found


def _name(track: Track, place: str) -> str:
    """What a track is counted by: one without an identifier is an object of its own."""
    return track.track_id or place


def _time_of(sighting: Sighting) -> datetime:
    state = sighting.track.state
    return sighting.received_at if state is None else state.time


def _changes(old: Sight, new: Sight, whole: Track) -> Iterator[tuple[Change, tuple[str, ...]]]:
    """Each way in which they differ, with the fields that it is about; `whole` is the track before any policy."""
    if old.shown is None or new.shown is None:
        if new.shown is not None:
            yield Change.OUT, ()
        elif old.shown is not None:
            yield Change.STAYS, ()
        return
    if _says(old.label) != _says(new.label):
        yield Change.LABEL, ()
    found: dict[Change, list[str]] = {}
    if old.shown is not new.shown:
        before, after, truth = _parts(old.shown), _parts(new.shown), _parts(whole)
        for name in sorted(before.keys() | after.keys()):
            change = _change_of(name, before.get(name), after.get(name), truth.get(name))
            if change is not None:
                found.setdefault(change, []).append(name)
    if old.until != new.until:
        later = new.until is not None and (old.until is None or new.until > old.until)
        found.setdefault(Change.LESS if later else Change.MORE, []).append(WHEN)
    for change, names in found.items():
        yield change, tuple(names)


def _change_of(name: str, before: object, after: object, truth: object) -> Change | None:
    """How one field differs. What is nearer to what the source said, or says it of more things, says more."""
    if before == after:
        return None
    if before is None or after is None:
        appears = before is None
        if name in _BOUNDS and truth is None:  # a bound that no source gave is a grid's: it comes with what says less
            appears = not appears
        return Change.MORE if appears else Change.LESS
    if after == truth or before == truth:
        return Change.MORE if after == truth else Change.LESS
    if isinstance(before, tuple) and isinstance(after, tuple):
        one, other = set(before), set(after)
        return Change.MORE if one < other else Change.LESS if one > other else Change.OTHER
    if isinstance(before, float) and isinstance(after, float) and name in _BOUNDS:
        return Change.MORE if after < before else Change.LESS
    if isinstance(before, _Placed) and isinstance(after, _Placed) and before.within_m != after.within_m:
        return Change.MORE if (after.within_m or 0) < (before.within_m or 0) else Change.LESS
    return Change.OTHER


class _Placed(Struct, frozen=True):
    """A position with the bound of its error: on a coarser grid it says less."""

    position: Position
    within_m: float | None


def _says(label: Label | None) -> object:
    """What a label says, apart from when it was set and is to be reviewed: each policy has times of its own."""
    if label is None:
        return None
    categories = frozenset((one.tag, one.kind, frozenset(one.values)) for one in label.categories)
    others = frozenset(_says(one) for one in label.alternatives)
    return label.policy, label.classification, categories, label.privacy_mark, label.tlp, label.purpose, others


_LEFT_ALONE = ("label", "provenance")
"""Labels are compared for themselves; provenance tells of losses, and with them of the same thing again."""
_BOUNDS = frozenset({"state.accuracy.vertical_95_m"})
"""Bounds of errors that a redaction writes where there was none."""


def _parts(track: Track) -> dict[str, object]:
    """Every field of the track that says something, those of its state and status one by one."""
    found: dict[str, object] = {}
    for name in track.__struct_fields__:
        value = getattr(track, name)
        if name in _LEFT_ALONE or value in (None, ()):
            continue
        if name in ("state", "status"):
            inner = {f"{name}.{key}": getattr(value, key) for key in value.__struct_fields__}
            found |= {key: said for key, said in inner.items() if said is not None}
        else:
            found[name] = value
    state = track.state
    if state is None:
        return found
    rest = state.accuracy or Accuracy()
    if rest.vertical_95_m is not None:
        found["state.accuracy.vertical_95_m"] = rest.vertical_95_m
    if state.position is not None:
        found["state.position"] = _Placed(state.position, rest.horizontal_95_m)
        rest = replace(rest, horizontal_95_m=None, basis=None)
    rest = replace(rest, vertical_95_m=None)  # what is left a grid leaves alone
    found.pop("state.accuracy", None)
    if rest != Accuracy():
        found["state.accuracy"] = rest
    return found


# -------------------------------------------------------------------------------------------------------------- showing


def show(found: Comparison, old: Policy, new: Policy, *, json: bool) -> None:
    """Counts for each partner, which rules caused them, and examples."""
    if json:
        as_json(_document(found, old, new))
        return
    data(f"old {old.digest[:12]}.. {printable(old.name)}")
    data(f"new {new.digest[:12]}.. {printable(new.name)}")
    data("")
    rows = [
        [partner, str(was), str(now), *(str(found.counts.get((partner, change), 0)) for change in Change)]
        for partner, (was, now) in found.out.items()
    ]
    table(["PARTNER", "OLD", "NEW", *(change.upper() for change in Change)], rows)
    for partner, change in ((partner, change) for partner in found.out for change in Change):
        examples = found.examples.get((partner, change), ())
        if examples:
            data("")
            tracks = len(found.changed[partner, change])
            data(f"{partner}: {found.counts[partner, change]} {change}, of {tracks} track{'' if tracks == 1 else 's'}")
        for (_, _, before, after), count in _rules(found, partner, change):
            data(f"  {count} by {before} -> {after}")
        for one in examples:
            data(f"  {what_is(one.track)}")
            for text in _difference(change, one, old, new):
                data(f"    {text}")
    verdict = "something reaches partners that did not before" if found.shows_more else "nothing new reaches anybody"
    refused = f", {found.refused} records refused" if found.refused else ""
    say(f"{found.snapshots} snapshots of {len(found.names)} tracks{refused}: {verdict}")


def _rules(found: Comparison, partner: str, change: Change) -> Iterable[tuple[tuple[str, Change, str, str], int]]:
    return [(key, count) for key, count in found.rules.most_common() if key[:2] == (partner, change)][:10]


def _difference(change: Change, one: Example, old: Policy, new: Policy) -> Iterator[str]:
    """What differs in one example, on few lines. Values are not repeated: they may be somebody's personal data."""
    if change is Change.LABEL:
        for policy, sight in ((old, one.old), (new, one.new)):
            yield marking_of(policy, sight.label) if sight.label is not None else "no label"
    elif one.fields:
        yield ", ".join(one.fields)


def _document(found: Comparison, old: Policy, new: Policy) -> dict[str, object]:
    return {
        "old": {"name": old.name, "digest": old.digest},
        "new": {"name": new.name, "digest": new.digest},
        "snapshots": found.snapshots,
        "tracks": len(found.names),
        "refused": found.refused,
        "shows_more": found.shows_more,
        "partners": [
            {
                "partner": partner,
                "old": was,
                "new": now,
                "changes": [
                    {
                        "change": change.name,
                        "count": found.counts[partner, change],
                        "tracks": len(found.changed[partner, change]),
                        "rules": [
                            {"old": before, "new": after, "count": count}
                            for (_, _, before, after), count in _rules(found, partner, change)
                        ],
                        "examples": [_example(one, old, new) for one in found.examples.get((partner, change), ())],
                    }
                    for change in Change
                    if (partner, change) in found.counts
                ],
            }
            for partner, (was, now) in found.out.items()
        ],
    }


def _example(one: Example, old: Policy, new: Policy) -> dict[str, object]:
    return {
        "track_id": one.track.track_id,
        "place": one.place,
        "old_rule": one.old.rule,
        "new_rule": one.new.rule,
        "old_label": None if one.old.label is None else label_of(old, one.old.label),
        "new_label": None if one.new.label is None else label_of(new, one.new.label),
        "fields": list(one.fields),
    }
