"""What a release rule takes out of a track, makes coarser or replaces. `docs/policy-redaction.md` says it for people.

A fact may stand in several places, so each field names all of them. What nobody can look through (raw octets, foreign
elements, free text) may repeat any fact and goes with whatever is taken. Never touches the track that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from gateway.policy.coarse import MOST_M, cell_of, coarse_height
from gateway.policy.drops import DROPS, REASONS, without, without_evidence
from gateway.policy.parts import HEIGHTS, has_part
from gateway.policy.personal import MOST_LOSSES, personal_parts, withhold_personal
from gateway.policy.terms import Field, Redaction
from gateway.track import Accuracy, Identity, IdentityGroup, Loss, Position, Provenance, Track

__all__ = ["REASONS", "merged", "redact", "takes_nothing"]

MAPPING = "redaction/1.0"
MOST_PASSED = 32
"""Provenances of a track in a message."""
GRID = "POSITION_GRID"
"""Basis of an accuracy that a grid makes."""
_ROUNDED_DEG, _ROUNDED_M = 1e-6, 0.05
"""What a message's decimals may be off the middle of a cell, a step, or a bound."""
_OPAQUE = (Field.RAW, Field.EXTENSIONS, Field.REMARKS)


def redact(track: Track, redaction: Redaction, *, personal_data: bool, node: str) -> Track:
    """The track as a rule lets it out; the very same object when the rule takes nothing of it.

    What is taken stands as losses in the last provenance, which is this node's. Personal data goes first, as long as
    it can be told what is personal.
    """
    told: list[Loss] = []
    if not personal_data and personal_parts(track):
        track = withhold_personal(_of_node(track, node))
    if redaction.is_empty:
        return track
    drop = redaction.drop
    shown = track
    if _is_downgraded(track, redaction) and Field.IDENTITY not in drop:
        shown = _downgraded(shown, redaction, told)
    for field in sorted(drop | _also_dropped(track, redaction)):
        shown, names = DROPS[field](shown)
        told += [Loss(name, "WITHHELD") for name in names]
    if redaction.position_grid_m and Field.POSITION not in drop:
        shown = _on_grid(shown, redaction.position_grid_m, told)
    if redaction.altitude_grid_m and Field.ALTITUDE not in drop:
        shown = _in_steps(shown, redaction.altitude_grid_m, told)
    return _told(shown, told, node) if told else track


def takes_nothing(track: Track, redaction: Redaction, *, personal_data: bool, node: str) -> bool:
    """Whether `redact` would find nothing to take out of a track, as one that has been redacted like that before.

    What stands on the grid counts as coarse only where its accuracy says so.
    """
    drops = replace(redaction, position_grid_m=None, altitude_grid_m=None)
    if redact(track, drops, personal_data=personal_data, node=node) is not track:
        return False
    if not (redaction.position_grid_m or redaction.altitude_grid_m):
        return True
    state = track.state
    if state is not None and (state.covariance is not None or state.polar is not None):
        return False
    if any(has_part(track, field) for field in _OPAQUE):
        return False
    return _is_on_grid(track, redaction) and _is_in_steps(track, redaction)


def merged(redactions: Iterable[Redaction]) -> Redaction:
    """All of several redactions; of identities that two of them replace, the first one's word stands."""
    rules = tuple(redactions)
    identities: dict[Identity, Identity] = {}
    for one in reversed(rules):
        identities.update(one.identities)
    return Redaction(
        drop=frozenset[Field]().union(*[one.drop for one in rules]),
        position_grid_m=max([one.position_grid_m or 0.0 for one in rules], default=0.0) or None,
        altitude_grid_m=max([one.altitude_grid_m or 0.0 for one in rules], default=0.0) or None,
        identities=identities,
    )


def _also_dropped(track: Track, redaction: Redaction) -> frozenset[Field]:
    """What goes with the rest, because it may repeat it."""
    if redaction.drop - {Field.RAW, Field.EXTENSIONS} or redaction.position_grid_m or redaction.altitude_grid_m:
        return frozenset(_OPAQUE)
    return frozenset(_OPAQUE) if _is_downgraded(track, redaction) else frozenset()


def _of_node(track: Track, node: str) -> Track:
    """The track with this node's own word as the last of its provenance: nobody's losses are told in another's name."""
    passed = track.provenance
    if passed and (passed[-1].gateway == node or len(passed) >= MOST_PASSED):
        return track
    own = Provenance(gateway=node, input_format="ALLIANCE", mapping_id=MAPPING)
    return replace(track, provenance=(*passed, own))


def _told(track: Track, losses: list[Loss], node: str) -> Track:
    """The track with losses listed, and no more of the earlier ones than the schema leaves room for."""
    track = _of_node(track, node)
    last = track.provenance[-1]
    new = [loss for loss in dict.fromkeys(losses) if loss not in last.losses][:MOST_LOSSES]
    kept = last.losses[: MOST_LOSSES - len(new)]
    return replace(track, provenance=(*track.provenance[:-1], replace(last, losses=(*kept, *new))))


# -------------------------------------------------------------------------------------------------- coarser, downgraded


def _on_grid(track: Track, grid_m: float, told: list[Loss]) -> Track:
    """The track, and whoever flies it, in the middle of their cells."""
    operator = track.operator
    if operator is not None and operator.position is not None:
        track = replace(track, operator=replace(operator, position=cell_of(operator.position, grid_m).middle))
        told.append(Loss("operator.position", "COARSENED"))
    state = track.state
    if state is None:
        return track
    state, taken = without(state, ("covariance", "polar"))
    told += [Loss(f"state.{name}", "WITHHELD") for name in taken]
    if state.position is not None:
        cell = cell_of(state.position, grid_m)
        known = state.accuracy if state.accuracy is not None else Accuracy()
        widened = replace(known, horizontal_95_m=_widened(known.horizontal_95_m, cell.reach_m), basis=GRID)
        state = replace(state, position=cell.middle, accuracy=widened)
        told.append(Loss("state.position", "COARSENED"))
    return replace(track, state=state)


def _in_steps(track: Track, grid_m: float, told: list[Loss]) -> Track:
    """The track, and whoever flies it, with each height in steps."""
    operator = track.operator
    if operator is not None and operator.altitude_hae_m is not None:
        coarse_m = coarse_height(operator.altitude_hae_m, grid_m)
        track = replace(track, operator=replace(operator, altitude_hae_m=coarse_m))
        told.append(Loss("operator.altitude_hae_m", "COARSENED"))
    state = track.state
    if state is None:
        return track
    state, taken = without(state, ("covariance", "polar"))
    told += [Loss(f"state.{name}", "WITHHELD") for name in taken]
    heights = {name: getattr(state, name) for name in HEIGHTS if getattr(state, name) is not None}
    if heights:
        known = state.accuracy if state.accuracy is not None else Accuracy()
        widened = replace(known, vertical_95_m=_widened(known.vertical_95_m, grid_m / 2))
        coarse = {name: coarse_height(height, grid_m) for name, height in heights.items()}
        state = replace(state, accuracy=widened, **coarse)
        told += [Loss(f"state.{name}", "COARSENED") for name in heights]
    return replace(track, state=state)


def _is_on_grid(track: Track, redaction: Redaction) -> bool:
    """Whether its places are the middles of their cells, as far as a grid is asked for, and say how coarse they are."""
    grid_m = redaction.position_grid_m
    if not grid_m:
        return True
    state, operator = track.state, track.operator
    place = operator.position if operator is not None else None
    if place is not None and not _is_middle(place, grid_m):
        return False
    if state is None or state.position is None:
        return True
    known = state.accuracy
    if known is None or known.basis != GRID or known.horizontal_95_m is None:
        return False
    reach_m = cell_of(state.position, grid_m).reach_m
    return _is_middle(state.position, grid_m) and known.horizontal_95_m >= reach_m - _ROUNDED_M


def _is_middle(place: Position, grid_m: float) -> bool:
    middle = cell_of(place, grid_m).middle
    off = abs(middle.latitude_deg - place.latitude_deg), abs(middle.longitude_deg - place.longitude_deg)
    return max(off) <= _ROUNDED_DEG


def _is_in_steps(track: Track, redaction: Redaction) -> bool:
    """Whether its heights are in steps, as far as those are asked for, and say so."""
    grid_m = redaction.altitude_grid_m
    if not grid_m:
        return True
    state, operator = track.state, track.operator
    heights = [operator.altitude_hae_m] if operator is not None and operator.altitude_hae_m is not None else []
    if state is not None:
        told = [height for name in HEIGHTS if (height := getattr(state, name)) is not None]
        bound_m = state.accuracy.vertical_95_m if state.accuracy is not None else None
        if told and (bound_m is None or bound_m < grid_m / 2 - _ROUNDED_M):
            return False
        heights += told
    return all(abs(coarse_height(height, grid_m) - height) <= _ROUNDED_M for height in heights)


def _widened(bound_m: float | None, more_m: float) -> float:
    return min(MOST_M, (bound_m or 0.0) + more_m)


def _is_downgraded(track: Track, redaction: Redaction) -> bool:
    return track.identity is not None and track.identity.value in redaction.identities


def _downgraded(track: Track, redaction: Redaction, told: list[Loss]) -> Track:
    """The track with the identity that is written out, and nothing else said of it."""
    identity = track.identity
    if identity is None:
        return track
    track, taken = without_evidence(replace(track, identity=IdentityGroup(value=redaction.identities[identity.value])))
    told.append(Loss("identity.value", "DOWNGRADED"))
    told += [Loss(name, "WITHHELD") for name in taken]
    return track
