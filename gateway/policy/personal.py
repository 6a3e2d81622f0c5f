"""Personal data: who flies an uncrewed aircraft and from where. It leaves only by a rule that names it.

It stands in `Track.operator`, where a source tells of him beside his aircraft. A sensor that finds a control station
tells of him by a track of its own: its place is where a person stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from msgspec.structs import replace

from gateway.policy.parts import is_systems_name
from gateway.track import Identifier, Loss, State, Track

MOST_LOSSES = 200
"""Of one gateway in a message: more, and the schema does not admit the track."""
OPERATOR_WITHHELD = Loss("operator", "WITHHELD")
RAW_WITHHELD = Loss("raw", "WITHHELD")
STATION = "UAS_CONTROL_STATION"
_STATION_CLASS = re.compile(r"\b(control[ _-]?station|ground[ _-]control|remote[ _-]controller|operator|pilot|gcs)s?\b")
_TIMES = ("time", "time_quality", "date_basis", "received_at", "sent_at", "stale_at")
_STATION_PARTS = ("state", "name", "remarks", "relations", "extensions")


def withhold_personal(track: Track) -> Track:
    """The track without its operator, and without the raw octets, which may tell of him too.

    Of a control station nothing is left but what it is, what systems call it and when it was seen: a name or call sign
    that it has of its own is that of a person. The very same object when there is nothing personal in it.

    What was taken is a loss of the last gateway in the provenance, which is the one that decides; a track without
    provenance has nobody to say it.
    """
    losses = personal_parts(track)
    if not losses:
        return track
    provenance = track.provenance
    if provenance:
        last = provenance[-1]
        # What is withheld must be said, and saying so must not keep the track from being expressed
        before = last.losses[: MOST_LOSSES - len(losses)]
        provenance = (*provenance[:-1], replace(last, losses=(*before, *losses)))
    if is_station(track):
        return replace(
            track,
            operator=None,
            identifiers=_systems_names(track),
            name=None,
            remarks=None,
            state=_bare(track.state),
            relations=(),
            provenance=provenance,
            raw=None,
            extensions=(),
        )
    return replace(track, operator=None, raw=None, provenance=provenance)


def personal_parts(track: Track) -> tuple[Loss, ...]:
    """What `withhold_personal` takes out of a track; empty when it has nothing personal."""
    operator = (OPERATOR_WITHHELD,) if track.operator is not None else ()
    if is_station(track):
        told = [name for name in _STATION_PARTS if getattr(track, name) and name != "state"]
        if len(_systems_names(track)) < len(track.identifiers):
            told.append("identifiers")
        if track.state is not None and track.state != _bare(track.state):
            told.append("state")
        station = tuple([Loss(name, "WITHHELD") for name in sorted(told)])
        raw = (RAW_WITHHELD,) if track.raw is not None else ()
        return (*operator, *raw, *station)
    if not operator:
        return ()
    return operator if track.raw is None else (*operator, RAW_WITHHELD)


def has_personal(tracks: Iterable[Track]) -> bool:
    """Whether any of the tracks carries personal data."""
    for track in tracks:  # noqa: SIM110 # on the path of every track: half the price of a generator
        if track.operator is not None or (is_station(track) and personal_parts(track)):
            return True
    return False


def is_station(track: Track) -> bool:
    """Whether the track is of whoever flies an uncrewed aircraft, or of what he flies it with: by its platform, or by
    any class that a sensor gives it, however sure it is."""
    if track.platform == STATION:
        return True
    for one in track.classifications:  # noqa: SIM110 # as above
        if _is_station_class(one.type):
            return True
    return False


@lru_cache(maxsize=4_096)
def _is_station_class(name: str) -> bool:
    return _STATION_CLASS.search(name[:200].casefold()) is not None


def _systems_names(track: Track) -> tuple[Identifier, ...]:
    """Of its identifiers those that a sensor or system gave."""
    return tuple([one for one in track.identifiers if is_systems_name(one)])


def _bare(state: State | None) -> State | None:
    """A state with its times alone."""
    return None if state is None else State(**{name: getattr(state, name) for name in _TIMES})
