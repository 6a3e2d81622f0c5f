"""What each field of a redaction takes out of a track: every place where the fact stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from gateway.policy.parts import HEIGHTS, KINEMATICS, LASTING_STATUS, has_part, is_systems_name
from gateway.policy.personal import STATION, is_station, personal_parts, withhold_personal
from gateway.policy.terms import Field
from gateway.track import ALERT_SCHEME, Accuracy, Classification, Operator, Provenance, State, Status, Track

REASONS = frozenset(("WITHHELD", "COARSENED", "DOWNGRADED"))
"""Of losses that policy causes."""
SAID_NO_MORE = "WITHHELD"
"""Where the message demands a format or a mapping whose name would tell which system it was."""
_PLAIN_CLASSES = frozenset(
    (
        ALERT_SCHEME,
        "ASTERIX_ECAT",
        "ASTERIX_VFI",
        "ASTERIX_WE",
        "EU_UAS_CATEGORY",
        "EU_UAS_CLASS",
        "ICAO_TYPE_DESIGNATOR",
        "SAPIENT",
    )
)
"""Vocabularies whose words hold no identity, as symbol codes and types of Cursor on Target do."""

Taken = tuple[Track, tuple[str, ...]]
"""A track, and the names of what was taken out of it."""


def _simple(name: str) -> Callable[[Track], Taken]:
    """Takes one field of the track as a whole."""
    empty: object = () if name in ("relations", "extensions", "sources") else None

    def take(track: Track) -> Taken:
        if not getattr(track, name):
            return track, ()
        return replace(track, **{name: empty}), (name,)

    return take


def without(state: State, names: Iterable[str]) -> tuple[State, list[str]]:
    """A state without some fields, and those that there were."""
    found = [name for name in names if getattr(state, name) is not None]
    return (replace(state, **dict.fromkeys(found)), found) if found else (state, [])


def _from_state(*names: str) -> Callable[[Track], Taken]:
    """Takes fields of the state."""

    def take(track: Track) -> Taken:
        if track.state is None:
            return track, ()
        state, found = without(track.state, names)
        return (replace(track, state=state), tuple([f"state.{name}" for name in found])) if found else (track, ())

    return take


def _accuracy_without(accuracy: Accuracy | None, *names: str) -> Accuracy | None:
    """An accuracy without some of its bounds; nothing when none is left."""
    if accuracy is None:
        return None
    left = replace(accuracy, **dict.fromkeys(names))
    figures = (left.horizontal_95_m, left.vertical_95_m, left.course_95_deg, left.speed_95_mps)
    return left if any(figure is not None for figure in figures) else None


def _drop_sensors(track: Track) -> Taken:
    """Which sensors and systems saw it."""
    taken = []
    changes: dict[str, object] = {}
    if track.sources:
        changes["sources"] = ()
        taken.append("sources")
    names = tuple([one for one in track.identifiers if not is_systems_name(one)])
    if len(names) < len(track.identifiers):
        changes["identifiers"] = names
        taken.append("identifiers")
    if track.identity is not None and track.identity.assigned_by is not None:
        changes["identity"] = replace(track.identity, assigned_by=None)
        taken.append("identity.assigned_by")
    if any(one.scheme not in (None, ALERT_SCHEME) for one in track.classifications):
        changes["classifications"] = tuple([_without_scheme(one) for one in track.classifications])
        taken.append("classifications.scheme")
    status = track.status
    if status is not None and (status.mono_sensor is not None or status.amalgamated is not None):
        changes["status"] = _or_none(replace(status, mono_sensor=None, amalgamated=None))
        taken.append("status.mono_sensor")
    state = track.state
    if state is not None:
        if state.polar is not None:
            state = replace(state, polar=None)
            taken.append("state.polar")
        if state.accuracy is not None and state.accuracy.basis is not None:
            state = replace(state, accuracy=_accuracy_without(state.accuracy, "basis"))
            taken.append("state.accuracy.basis")
        if state.date_basis is not None:
            state = replace(state, date_basis=None)
            taken.append("state.date_basis")
        changes["state"] = state
    passed = tuple([_nameless(one) for one in track.provenance])
    if passed != track.provenance:
        changes["provenance"] = passed
        taken.append("provenance")
    return replace(track, **changes), tuple(taken)


def _without_scheme(one: Classification) -> Classification:
    return one if one.scheme == ALERT_SCHEME else replace(one, scheme=None)


def _nameless(one: Provenance) -> Provenance:
    """A gateway passed, without what tells which system spoke to it: format, mapping, message and names of fields."""
    return Provenance(
        gateway=one.gateway,
        input_format=SAID_NO_MORE,
        mapping_id=SAID_NO_MORE.lower(),
        losses=tuple([loss for loss in one.losses if loss.reason in REASONS]),
    )


def _or_none(status: Status) -> Status | None:
    return status if any(getattr(status, name) is not None for name in status.__struct_fields__) else None


def _drop_operator(track: Track) -> Taken:
    """Who flies it: of a control station its place too."""
    if not personal_parts(track):
        return track, ()
    losses = [loss.field for loss in personal_parts(track)]
    bare = withhold_personal(replace(track, provenance=()))
    return replace(bare, provenance=track.provenance), tuple(losses)


def _drop_accuracy(track: Track) -> Taken:
    track, taken = _from_state("accuracy", "covariance")(track)
    polar = track.state.polar if track.state is not None else None
    if track.state is None or polar is None:
        return track, taken
    bounds = [one for one in ("range_95_m", "azimuth_95_deg", "elevation_95_deg") if getattr(polar, one) is not None]
    if not bounds:
        return track, taken
    state = replace(track.state, polar=replace(polar, **dict.fromkeys(bounds)))
    return replace(track, state=state), (*taken, *(f"state.polar.{one}" for one in bounds))


def _drop_identifiers(track: Track) -> Taken:
    """Every name, also the one that a display shows and the id of the report that brought it."""
    taken = [name for name in ("identifiers", "name") if getattr(track, name)]
    provenance = tuple([replace(one, input_message_id=None) for one in track.provenance])
    if provenance != track.provenance:
        taken.append("provenance.input_message_id")
    return replace(track, identifiers=(), name=None, provenance=provenance), tuple(taken)


def _drop_name(track: Track) -> Taken:
    """What people call it, also where it stands as an identifier."""
    if track.name is None:
        return track, ()
    name = track.name.casefold()
    names = tuple([one for one in track.identifiers if one.value.casefold() != name])
    taken = ("name",) if len(names) == len(track.identifiers) else ("name", "identifiers")
    return replace(track, name=None, identifiers=names), taken


def _drop_identity(track: Track) -> Taken:
    """Whose it is, also as an answer to an interrogation and as a letter of a symbol code."""
    taken = []
    if track.identity is not None:
        track = replace(track, identity=None)
        taken.append("identity")
    track, more = without_evidence(track)
    return track, (*taken, *more)


def without_evidence(track: Track) -> Taken:
    """The track without what tells its identity beside the declared one."""
    taken = []
    plain = tuple([one for one in track.classifications if one.scheme in _PLAIN_CLASSES])
    if len(plain) < len(track.classifications):
        platform = STATION if is_station(track) else track.platform  # personal data stays recognisable
        track = replace(track, classifications=plain, platform=platform)
        taken.append("classifications")
    status = track.status
    if status is not None and (status.iff_mode4 is not None or status.iff_mode5 is not None):
        track = replace(track, status=_or_none(replace(status, iff_mode4=None, iff_mode5=None)))
        taken.append("status.iff")
    return track, tuple(taken)


def _drop_classifications(track: Track) -> Taken:
    """What it is; but that it is an alert, or personal data, is told to those who get it."""
    if not has_part(track, Field.CLASSIFICATIONS):
        return track, ()
    platform = STATION if is_station(track) else None
    alerts = tuple([one for one in track.classifications if one.scheme == ALERT_SCHEME])
    taken = [name for name in ("platform", "detection_confidence_pct") if getattr(track, name) is not None]
    if platform == track.platform and "platform" in taken:
        taken.remove("platform")
    if len(alerts) < len(track.classifications):
        taken.append("classifications")
    return replace(track, platform=platform, detection_confidence_pct=None, classifications=alerts), tuple(taken)


def _drop_status(track: Track) -> Taken:
    """Its facts, but for those that keep an end and an exercise from being missed."""
    if track.status is None or not has_part(track, Field.STATUS):
        return track, ()
    kept = Status(**{name: getattr(track.status, name) for name in LASTING_STATUS})
    return replace(track, status=_or_none(kept)), ("status",)


def _drop_position(track: Track) -> Taken:
    """Where it is, also as a measurement and as the place of whoever flies it."""
    track, taken = _from_state("position", "covariance", "polar")(track)
    state = track.state
    if state is not None and state.accuracy is not None and state.accuracy.horizontal_95_m is not None:
        accuracy = _accuracy_without(state.accuracy, "horizontal_95_m")
        track, taken = replace(track, state=replace(state, accuracy=accuracy)), (*taken, "state.accuracy")
    operator = track.operator
    if operator is not None and operator.position is not None:
        track = replace(track, operator=Operator(identifier=operator.identifier))
        taken = (*taken, "operator.position")
    return track, taken


def _drop_altitude(track: Track) -> Taken:
    """How high it is, by any kind of height, also as a measurement."""
    track, taken = _from_state(*HEIGHTS, "altitude_quality", "covariance", "polar")(track)
    operator = track.operator
    if operator is not None and operator.altitude_hae_m is not None:  # with a height above take-off it tells it all
        track = replace(track, operator=replace(operator, altitude_hae_m=None))
        taken = (*taken, "operator.altitude_hae_m")
    state = track.state
    if state is not None and state.accuracy is not None and state.accuracy.vertical_95_m is not None:
        accuracy = _accuracy_without(state.accuracy, "vertical_95_m")
        return replace(track, state=replace(state, accuracy=accuracy)), (*taken, "state.accuracy")
    return track, taken


def _drop_kinematics(track: Track) -> Taken:
    """How it moves, also as a measurement."""
    track, taken = _from_state(*KINEMATICS)(track)
    state = track.state
    if state is None:
        return track, taken
    if state.polar is not None and state.polar.range_rate_mps is not None:
        state = replace(state, polar=replace(state.polar, range_rate_mps=None))
        taken = (*taken, "state.polar.range_rate_mps")
    own = state.accuracy
    if own is not None and (own.course_95_deg is not None or own.speed_95_mps is not None):
        state = replace(state, accuracy=_accuracy_without(own, "course_95_deg", "speed_95_mps"))
        taken = (*taken, "state.accuracy")
    return replace(track, state=state), taken


DROPS: Mapping[Field, Callable[[Track], Taken]] = {
    Field.SENSORS: _drop_sensors,
    Field.RAW: _simple("raw"),
    Field.OPERATOR: _drop_operator,
    Field.POLAR: _from_state("polar"),
    Field.ACCURACY: _drop_accuracy,
    Field.IDENTIFIERS: _drop_identifiers,
    Field.NAME: _drop_name,
    Field.REMARKS: _simple("remarks"),
    Field.IDENTITY: _drop_identity,
    Field.CLASSIFICATIONS: _drop_classifications,
    Field.DIMENSIONS: _simple("dimensions"),
    Field.STATUS: _drop_status,
    Field.POSITION: _drop_position,
    Field.ALTITUDE: _drop_altitude,
    Field.KINEMATICS: _drop_kinematics,
    Field.RELATIONS: _simple("relations"),
    Field.EXTENSIONS: _simple("extensions"),
}
