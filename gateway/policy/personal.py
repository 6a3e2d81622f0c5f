"""Personal data: who flies an uncrewed aircraft and from where. It leaves only by a rule that names it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from gateway.track import Loss, Track

MOST_LOSSES = 200
"""Of one gateway in a message: more, and the schema does not admit the track."""
OPERATOR_WITHHELD = Loss("operator", "WITHHELD")
RAW_WITHHELD = Loss("raw", "WITHHELD")


def withhold_personal(track: Track) -> Track:
    """The track without its operator, and without the raw octets, which may tell of him too.

    The very same object when it has no operator. What was taken is a loss of the last gateway in the provenance, which
    is the one that decides; a track without provenance has nobody to say it.
    """
    if track.operator is None:
        return track
    losses = (OPERATOR_WITHHELD,) if track.raw is None else (OPERATOR_WITHHELD, RAW_WITHHELD)
    provenance = track.provenance
    if provenance:
        last = provenance[-1]
        # What is withheld must be said, and saying so must not keep the track from being expressed
        before = last.losses[: MOST_LOSSES - len(losses)]
        provenance = (*provenance[:-1], replace(last, losses=(*before, *losses)))
    return replace(track, operator=None, raw=None, provenance=provenance)


def has_personal(tracks: Iterable[Track]) -> bool:
    """Whether any of the tracks carries personal data."""
    for track in tracks:  # noqa: SIM110 # on the path of every track: half the price of a generator
        if track.operator is not None:
            return True
    return False
