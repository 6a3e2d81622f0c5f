"""The track of a case: what its table says, and for the parts that it only has to have, something plain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from gateway.cli.policy_cases import LabelCase, TrackCase
from gateway.config.labels import CategoryTable
from gateway.config.policy_file import IdentityTest, NamedLabelTable
from gateway.config.policy_load import LoadedPolicy
from gateway.policy.condition import HEIGHTS
from gateway.policy.parts import has_part
from gateway.policy.terms import Field
from gateway.track import (
    Accuracy,
    Classification,
    Dimensions,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Label,
    LabelCategory,
    Operator,
    Polar,
    Position,
    Provenance,
    RawRecord,
    Relation,
    Source,
    State,
    Status,
    Succession,
    Track,
)

TRACK_ID = "00000000-0000-5000-8000-000000000000"
_OTHER_ID = "00000000-0000-5000-8000-000000000001"
_SOMEWHERE = Position(latitude_deg=52.0, longitude_deg=4.0)


def track_of(case: TrackCase, loaded: LoadedPolicy, *, node: str, now: datetime) -> Track:
    """The track, `age_s` before `now`; `node` is the gateway that it came in through."""
    track = Track(
        track_id=TRACK_ID,
        identifiers=tuple(Identifier(scheme, value) for scheme, value in case.identifier.items()),
        environment=case.environment,
        identity=_identity(case),
        platform=case.platform,
        name=case.name,
        remarks=case.remarks,
        classifications=tuple(Classification(type=one) for one in case.object_class),
        operator=None if case.operator is None else Operator(position=_position(case.operator)),
        status=_status(case),
        state=_state(case, now),
        sources=tuple(Source(id=f"s{index}", name=name) for index, name in enumerate(case.sensors)),
        provenance=_provenance(case, node),
        label=_label(case.label, loaded),
    )
    for field in case.has:
        if not has_part(track, field):
            track = _ADDED[field](track)
    return track


def named_label(name: str, loaded: LoadedPolicy) -> Label:
    """A label of the policy file by its name, complete."""
    table = loaded.file.label[name]
    others = tuple(_plain(loaded.file.label[one]) for one in table.alternatives)
    label = replace(_plain(table), alternatives=others)
    if table.succession is not None:
        following = _plain(loaded.file.label[table.succession.label])
        label = replace(
            label,
            review_at=loaded.file.policy.review,
            successor=Succession(at=table.succession.at, label=following),
        )
    return _complete(label, loaded)


def _plain(table: NamedLabelTable | LabelCase) -> Label:
    return Label(
        policy=table.policy,
        classification=table.classification,
        categories=tuple(_category(one) for one in table.category),
        privacy_mark=getattr(table, "privacy_mark", None),
        tlp=getattr(table, "tlp", None),
        purpose=getattr(table, "purpose", None),
    )


def _category(table: CategoryTable) -> LabelCategory:
    return LabelCategory(tag=table.tag, kind=table.kind.value, values=table.values)


def _complete(label: Label, loaded: LoadedPolicy) -> Label:
    about = loaded.file.policy
    return loaded.policy.book.complete(
        label, created_at=about.issued, review_at=about.review, originator=about.originator
    )


def _label(given: str | LabelCase | None, loaded: LoadedPolicy) -> Label | None:
    if given is None:
        return None
    return named_label(given, loaded) if isinstance(given, str) else _complete(_plain(given), loaded)


def _identity(case: TrackCase) -> IdentityGroup | None:
    return None if case.identity is IdentityTest.NONE else IdentityGroup(value=Identity(case.identity.value))


def _position(vertex: tuple[float, float] | None) -> Position | None:
    return None if vertex is None else Position(latitude_deg=vertex[0], longitude_deg=vertex[1])


def _status(case: TrackCase) -> Status | None:
    status = Status(exercise=case.exercise, simulated=case.simulated, ended=case.ended)
    return None if status == Status() else status


def _state(case: TrackCase, now: datetime) -> State:
    state = State(
        time=now - timedelta(seconds=case.age_s),
        position=_position(case.position),
        course_deg=case.course_deg,
        ground_speed_mps=case.ground_speed_mps,
        accuracy=None if case.accuracy_m is None else Accuracy(horizontal_95_m=case.accuracy_m),
    )
    return replace(state, **{HEIGHTS[one.height]: one.m for one in case.altitude})


def _provenance(case: TrackCase, node: str) -> tuple[Provenance, ...]:
    if case.format is None:
        return ()
    return (Provenance(gateway=node, input_format=case.format, mapping_id="case/1.0"),)


def _in_state(**values: object) -> Callable[[Track], Track]:
    def add(track: Track) -> Track:
        assert track.state is not None, "every track of a case has a state"
        return replace(track, state=replace(track.state, **values))

    return add


def _in_track(**values: object) -> Callable[[Track], Track]:
    return lambda track: replace(track, **values)


def _named(scheme: str) -> Callable[[Track], Track]:
    return lambda track: replace(track, identifiers=(*track.identifiers, Identifier(scheme, "1")))


def _with_status(track: Track) -> Track:
    status = track.status or Status()
    return replace(track, status=replace(status, confirmed=True))


_ADDED: Mapping[Field, Callable[[Track], Track]] = {
    Field.SENSORS: _in_track(sources=(Source(id="s0", name="sensor"),)),
    Field.RAW: _in_track(raw=RawRecord("CASE", b"\x00")),
    Field.OPERATOR: _in_track(operator=Operator(position=_SOMEWHERE)),
    Field.POLAR: _in_state(polar=Polar(sensor="sensor", range_m=1_000.0, azimuth_deg=90.0)),
    Field.ACCURACY: _in_state(accuracy=Accuracy(horizontal_95_m=10.0)),
    Field.IDENTIFIERS: _named("callsign"),
    Field.NAME: _in_track(name="name"),
    Field.REMARKS: _in_track(remarks="remarks"),
    Field.IDENTITY: _in_track(identity=IdentityGroup(value=Identity.UNKNOWN)),
    Field.CLASSIFICATIONS: _in_track(classifications=(Classification(type="object"),)),
    Field.DIMENSIONS: _in_track(dimensions=Dimensions(length_m=10.0)),
    Field.STATUS: _with_status,
    Field.POSITION: _in_state(position=_SOMEWHERE),
    Field.ALTITUDE: _in_state(altitude_msl_m=1_000.0),
    Field.KINEMATICS: _in_state(course_deg=90.0, ground_speed_mps=100.0),
    Field.RELATIONS: _in_track(relations=(Relation("CORRELATED", (_OTHER_ID,)),)),
    Field.EXTENSIONS: _in_track(extensions=(Extension("urn:case", "x", '<x xmlns="urn:case"></x>'),)),
}
"""Something plain for each part of a track that a case wants to be there."""
