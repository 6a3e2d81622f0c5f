"""What is taken out of a track is gone from every place where it stood, and listed; all else stays."""

from __future__ import annotations

import math
import types
import typing
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from gateway.formats import alliance
from gateway.geodesy import Horizon
from gateway.policy.coarse import cell_of, coarse_height
from gateway.policy.parts import HEIGHTS, has_part
from gateway.policy.personal import has_personal
from gateway.policy.redact import GRID, MOST_PASSED, merged, redact
from gateway.policy.terms import Field, Redaction
from gateway.track import (
    Accuracy,
    Classification,
    Covariance,
    Dimensions,
    Identifier,
    Identity,
    IdentityGroup,
    Loss,
    Operator,
    Polar,
    Position,
    Provenance,
    Relation,
    State,
    Status,
    Track,
    is_alert,
)
from tests.policy.policies import NODE, NOW, TRACK, redactions, some_tracks
from tests.strategies import tracks

QUIET = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
CLOSED = {"raw", "extensions", "remarks"}
"""What nobody can look through; goes with everything but itself."""

PLACES = """
track_id
identifiers.scheme                  sensors identifiers name
identifiers.value                   sensors identifiers name
identifiers.quality                 sensors identifiers
environment
identity.value                      identity
identity.amplification              identity
identity.confidence_pct             identity
identity.assigned_by                identity sensors
identity.assigned_at                identity
platform                            classifications
name                                name identifiers
remarks                             remarks
classifications.type                classifications identity
classifications.confidence_pct      classifications identity
classifications.scheme              classifications sensors identity
classifications.level               classifications identity
detection_confidence_pct            classifications
dimensions.length_m                 dimensions
dimensions.width_m                  dimensions
dimensions.height_m                 dimensions
operator.identifier                 operator
operator.position.latitude_deg      operator position
operator.position.longitude_deg     operator position
operator.altitude_hae_m             operator position altitude
operator.basis                      operator position
operator.time                       operator position
status.confirmed                    status
status.coasted                      status
status.started
status.ended
status.simulated
status.test
status.exercise
status.emergency                    status
status.spi                          status
status.on_ground                    status
status.military_emergency           status
status.mono_sensor                  status sensors
status.amalgamated                  status sensors
status.ghost                        status
status.iff_mode4                    status identity
status.iff_mode5                    status identity
state.time
state.time_quality
state.date_basis                    sensors
state.received_at
state.sent_at
state.stale_at
state.position.latitude_deg         position
state.position.longitude_deg        position
state.altitude_hae_m                altitude
state.altitude_msl_m                altitude
state.altitude_baro_m               altitude
state.altitude_qnh_m                altitude
state.height_agl_m                  altitude
state.height_takeoff_m              altitude
state.altitude_quality              altitude
state.course_deg                    kinematics
state.ground_speed_mps              kinematics
state.vertical_rate_mps             kinematics
state.heading_deg                   kinematics
state.magnetic_heading_deg          kinematics
state.turn_rate_degps               kinematics
state.acceleration_east_mps2        kinematics
state.acceleration_north_mps2       kinematics
state.indicated_airspeed_mps        kinematics
state.true_airspeed_mps             kinematics
state.mach                          kinematics
state.accuracy.horizontal_95_m      accuracy position
state.accuracy.vertical_95_m        accuracy altitude
state.accuracy.course_95_deg        accuracy kinematics
state.accuracy.speed_95_mps         accuracy kinematics
state.accuracy.basis                accuracy sensors
state.covariance.form               accuracy position altitude
state.covariance.values             accuracy position altitude
state.polar.sensor                  polar sensors position altitude
state.polar.sensor_position.latitude_deg   polar sensors position altitude
state.polar.sensor_position.longitude_deg  polar sensors position altitude
state.polar.sensor_altitude_msl_m   polar sensors position altitude
state.polar.sensor_altitude_hae_m   polar sensors position altitude
state.polar.range_m                 polar sensors position altitude
state.polar.azimuth_deg             polar sensors position altitude
state.polar.elevation_deg           polar sensors position altitude
state.polar.range_rate_mps          polar sensors position altitude kinematics
state.polar.north                   polar sensors position altitude
state.polar.correction              polar sensors position altitude
state.polar.reach_m                 polar sensors position altitude
state.polar.range_95_m              polar sensors position altitude accuracy
state.polar.azimuth_95_deg          polar sensors position altitude accuracy
state.polar.elevation_95_deg        polar sensors position altitude accuracy
sources.id                          sensors
sources.name                        sensors
sources.modality                    sensors
sources.nation                      sensors
relations.kind                      relations
relations.track_ids                 relations
provenance.gateway
provenance.input_format             sensors
provenance.mapping_id               sensors
provenance.mapping_hash             sensors
provenance.input_message_id         sensors identifiers
provenance.losses.field             *
provenance.losses.reason            *
label
raw.format                          raw
raw.octets                          raw
extensions.namespace                extensions
extensions.name                     extensions
extensions.xml                      extensions
"""
"""Every place of a track where something may stand, and the fields that take it."""

COVERED = {line.split()[0]: set(line.split()[1:]) for line in PLACES.strip().splitlines()}


def places(kind: Any, path: str = "") -> set[str]:
    """Every place in a type, by its annotations."""
    if path == "label":
        return {path}
    found = set()
    for option in _options(kind):
        if isinstance(option, type) and issubclass(option, Struct):
            for name, inner in typing.get_type_hints(option).items():
                found |= places(inner, f"{path}.{name}" if path else name)
        elif option is not type(None):
            found.add(path)
    return found


def _options(kind: Any) -> list[Any]:
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return [inner for option in typing.get_args(kind) for inner in _options(option)]
    if typing.get_origin(kind) is tuple:
        return [inner for option in typing.get_args(kind) if option is not Ellipsis for inner in _options(option)]
    return [kind]


def values(thing: object, path: str = "") -> dict[str, list[object]]:
    """What stands in each place."""
    if path == "label" or not isinstance(thing, Struct | tuple):
        return {} if thing is None else {path: [thing]}
    found: dict[str, list[object]] = {}
    if isinstance(thing, tuple) and (not thing or not isinstance(thing[0], Struct)):
        return {path: [thing]} if thing else {}
    if isinstance(thing, tuple):
        parts = [(path, one) for one in thing]
    else:
        parts = [(f"{path}.{name}" if path else name, getattr(thing, name)) for name in thing.__struct_fields__]
    for place, part in parts:
        for inner, held in values(part, place).items():
            found.setdefault(inner, []).extend(held)
    return found


def filled() -> Track:
    """A track in which something stands in every place."""
    numbers = {
        name: 7.5 + index
        for index, name in enumerate(State.__struct_fields__)
        if name.endswith(("_m", "_deg", "_mps", "_degps", "_mps2", "mach"))
    }
    polar = Polar(
        sensor="asterix:25/201",
        sensor_position=Position(52.3, 4.7),
        sensor_altitude_msl_m=1.25,
        sensor_altitude_hae_m=2.25,
        range_m=3.25,
        azimuth_deg=4.25,
        elevation_deg=5.25,
        range_rate_mps=6.25,
        north="TRUE",
        correction="HEIGHT_3D",
        reach_m=7.25,
        range_95_m=8.25,
        azimuth_95_deg=9.25,
        elevation_95_deg=10.25,
    )
    facts: dict[str, Any] = {
        **numbers,
        **dict.fromkeys(("received_at", "sent_at", "stale_at"), NOW),
        "time": NOW - timedelta(seconds=3),
        "time_quality": "MEASURED",
        "date_basis": "RECEIVED_TIME",
        "position": Position(52.50001, 4.75001),
        "altitude_quality": "GARBLED",
        "accuracy": Accuracy(
            horizontal_95_m=25.0, vertical_95_m=10.0, course_95_deg=1.0, speed_95_mps=2.0, basis="SIGMA_XY"
        ),
        "covariance": Covariance("EN", (1.0, 0.0, 1.0)),
        "polar": polar,
    }
    told: dict[str, Any] = {
        **dict.fromkeys(Status.__struct_fields__, True),
        "emergency": "HIJACK",
        "iff_mode4": "FRIENDLY",
        "iff_mode5": "FRIENDLY",
    }
    return replace(
        TRACK,
        identifiers=(
            Identifier("system_track", "25/201/7", "GARBLED"),
            Identifier("callsign", "KLM123"),
            Identifier("icao24", "4841d6", "GARBLED"),
        ),
        classifications=(
            Classification(type="a-h-A-M-F", scheme="COT_TYPE", confidence_pct=7.0),
            Classification(type="4", scheme="ASTERIX_ECAT", level=2),
        ),
        detection_confidence_pct=55.0,
        dimensions=Dimensions(length_m=1.0, width_m=2.0, height_m=3.0),
        operator=Operator(
            identifier="NLDpilot", position=Position(52.1, 4.1), altitude_hae_m=2.0, basis="TAKEOFF", time=NOW
        ),
        status=Status(**told),
        state=State(**facts),
        relations=(Relation("FUSED", ("00000000-0000-4000-8000-000000000009",)),),
    )


FULL = filled()


def drop(*fields: Field, **more: Any) -> Redaction:
    return Redaction(drop=frozenset(fields), **more)


def taken(track: Track, redaction: Redaction, *, personal_data: bool = True) -> Track:
    return redact(track, redaction, personal_data=personal_data, node=NODE)


def losses(track: Track) -> set[tuple[str, str]]:
    return {(loss.field, loss.reason) for loss in track.provenance[-1].losses}


# ---------------------------------------------------------------------------------------------------------- every place


def test_every_place_of_a_track_is_known_here() -> None:
    assert places(Track) == set(COVERED)
    assert set(values(FULL)) == set(COVERED), "a test that cannot see a place proves nothing about it"


@pytest.mark.parametrize("field", list(Field))
def test_a_field_takes_what_it_covers_and_nothing_else(field: Field) -> None:
    before, after = values(FULL), values(taken(FULL, drop(field)))
    opaque = CLOSED if field not in (Field.RAW, Field.EXTENSIONS) else set()
    for place, fields in COVERED.items():
        if "*" in fields:
            continue
        if field in fields or fields & opaque:
            assert after.get(place) != before[place], place
        else:
            assert after.get(place) == before[place], place


@pytest.mark.parametrize("field", list(Field))
def test_what_was_taken_is_listed_and_can_be_sent(field: Field) -> None:
    track = taken(FULL, drop(field))
    assert {loss for loss in losses(track) if loss[1] == "WITHHELD"}
    assert alliance.fault(track) is None
    assert taken(track, drop(field)) is track, "there is nothing left to take"
    assert has_part(FULL, field)
    assert not has_part(track, field)


SECRETS = ("radar-north", "25/201", "crc-", "asterix", "ASTERIX", "COT_TYPE", "SIGMA_XY", "52.3", "I048", "cdcd")


def test_without_sensors_nothing_tells_who_saw_it() -> None:
    assert all(secret in repr(FULL) for secret in SECRETS)
    track = taken(FULL, drop(Field.SENSORS))
    assert [secret for secret in SECRETS if secret in repr(track)] == []
    assert [one.scheme for one in track.identifiers] == ["callsign", "icao24"]
    assert track.track_id == FULL.track_id
    assert track.identity is not None
    assert track.identity.value is Identity.HOSTILE


def test_the_losses_of_earlier_gateways_do_not_tell_the_format_either() -> None:
    first = Provenance(gateway="deu", input_format="SAPIENT", mapping_id="sapient/2", losses=(Loss("x", "ROUNDED"),))
    track = taken(replace(FULL, provenance=(first, *FULL.provenance)), drop(Field.SENSORS))
    assert "SAPIENT" not in repr(track)
    assert [one.gateway for one in track.provenance] == ["deu", NODE]


def test_an_alert_stays_one_and_a_control_station_stays_recognisable() -> None:
    alert = replace(FULL, classifications=(Classification(type="WARNING", scheme="SAPIENT_ALERT"),))
    for field in (Field.SENSORS, Field.CLASSIFICATIONS, Field.IDENTITY):
        assert is_alert(taken(alert, drop(field)))
    pilot = replace(FULL, platform="PERSON", classifications=(Classification(type="Pilot"),), operator=None)
    for fields in ((Field.CLASSIFICATIONS,), (Field.IDENTITY,), (Field.SENSORS,), (Field.IDENTITY, Field.SENSORS)):
        assert has_personal([taken(pilot, drop(*fields))]), fields
    hidden = taken(pilot, drop(Field.CLASSIFICATIONS), personal_data=False)
    assert hidden.state is not None
    assert hidden.state.position is None, "what is personal is found before the class is taken"


def test_an_end_and_an_exercise_are_never_taken_from_the_status() -> None:
    track = taken(FULL, drop(Field.STATUS))
    assert track.status == Status(started=True, ended=True, simulated=True, test=True, exercise=True)
    assert taken(replace(FULL, status=Status(confirmed=True)), drop(Field.STATUS)).status is None


def test_raw_octets_alone_and_foreign_elements_alone_go_alone() -> None:
    track = taken(FULL, drop(Field.RAW))
    assert track == replace(FULL, raw=None, provenance=track.provenance)
    track = taken(FULL, drop(Field.EXTENSIONS))
    assert track == replace(FULL, extensions=(), provenance=track.provenance)


def test_a_name_goes_with_the_identifier_that_repeats_it() -> None:
    track = taken(replace(FULL, name="klm123"), drop(Field.NAME))
    assert [one.scheme for one in track.identifiers] == ["system_track", "icao24"]


# ---------------------------------------------------------------------------------------------------------- who says so


def test_nobodys_losses_are_told_in_anothers_name() -> None:
    theirs = replace(FULL.provenance[0], gateway="deu")
    track = taken(replace(FULL, provenance=(theirs,)), drop(Field.RELATIONS))
    assert track.provenance[0] == theirs
    assert track.provenance[1].gateway == NODE
    assert ("relations", "WITHHELD") in losses(track)
    nobody = taken(replace(FULL, provenance=()), drop(Field.RELATIONS))
    assert [one.gateway for one in nobody.provenance] == [NODE]
    personal = taken(replace(FULL, provenance=(theirs,)), Redaction(), personal_data=False)
    assert [one.gateway for one in personal.provenance] == ["deu", NODE]
    assert losses(personal) == {("operator", "WITHHELD"), ("raw", "WITHHELD")}


def test_as_many_losses_and_gateways_as_a_message_takes_leave_room_for_these() -> None:
    many = replace(FULL.provenance[0], losses=tuple(Loss(f"f{n}", "NOT_MODELLED") for n in range(200)))
    track = taken(replace(FULL, provenance=(many,)), drop(Field.RELATIONS))
    assert ("relations", "WITHHELD") in losses(track)
    assert alliance.fault(track) is None
    passed = tuple(replace(many, gateway=f"n{n}", losses=()) for n in range(MOST_PASSED))
    assert alliance.fault(taken(replace(FULL, provenance=passed), drop(Field.RELATIONS))) is None


def test_the_height_of_who_flies_it_is_as_coarse_as_that_of_the_aircraft_and_goes_with_it() -> None:
    flown = replace(FULL, operator=Operator(identifier="NLD1", altitude_hae_m=1_234.567))
    coarse = taken(flown, Redaction(altitude_grid_m=500.0)).operator
    assert coarse == Operator(identifier="NLD1", altitude_hae_m=1_000.0)
    assert taken(flown, drop(Field.ALTITUDE)).operator == Operator(identifier="NLD1")


def test_what_is_at_the_edge_of_what_a_message_can_say_stays_within_when_it_is_made_coarser() -> None:
    state = FULL.state
    assert state is not None
    for sign in (1, -1):
        accuracy = Accuracy(horizontal_95_m=1e9, vertical_95_m=1e9)
        edge = replace(FULL, state=replace(state, altitude_hae_m=sign * (1e9 - 1), accuracy=accuracy))
        shown = taken(edge, Redaction(position_grid_m=5_000.0, altitude_grid_m=1_234.5))
        assert alliance.fault(shown) is None
        assert shown.state is not None
        assert shown.state.altitude_hae_m is not None
        assert abs(shown.state.altitude_hae_m - sign * 1e9) <= 2 * 1_234.5


@given(redactions(), some_tracks(3) | st.lists(tracks(), max_size=2), st.booleans())
@example(Redaction(), [TRACK], True)
@QUIET
def test_what_is_redacted_can_be_sent_and_what_was_given_is_untouched(
    redaction: Redaction, given_: list[Track], personal_data: bool
) -> None:
    for track in given_:
        named = replace(track, track_id=TRACK.track_id)
        if alliance.fault(named) is not None:
            continue
        before = repr(named)
        shown = taken(named, redaction, personal_data=personal_data)
        assert repr(named) == before
        assert shown.track_id == named.track_id
        assert alliance.fault(shown) is None
        if shown != named:
            assert losses(shown) & {(field, reason) for field, reason in losses(shown) if reason in REASONS}
        if redaction.is_empty and (personal_data or not has_personal([named])):
            assert shown is named
        if not personal_data:
            assert not has_personal([shown])
        for field in redaction.drop - {Field.SENSORS}:
            assert not has_part(shown, field) or field in (Field.ACCURACY, Field.CLASSIFICATIONS), field


REASONS = ("WITHHELD", "COARSENED", "DOWNGRADED")

# ------------------------------------------------------------------------------------------------------------- identity


def test_an_identity_is_downgraded_only_as_written_and_whole() -> None:
    rule = Redaction(identities={Identity.HOSTILE: Identity.UNKNOWN})
    track = taken(FULL, rule)
    assert track.identity == IdentityGroup(value=Identity.UNKNOWN)
    assert [one.scheme for one in track.classifications] == ["ASTERIX_ECAT"], "a-h says hostile"
    assert track.status is not None
    assert (track.status.iff_mode4, track.status.iff_mode5) == (None, None)
    assert (track.raw, track.remarks, track.extensions) == (None, None, ())
    assert ("identity.value", "DOWNGRADED") in losses(track)
    friend = replace(FULL, identity=IdentityGroup(value=Identity.FRIEND, amplification="JOKER"))
    assert taken(friend, rule) is friend
    assert taken(replace(FULL, identity=None), rule).raw == FULL.raw


def test_downgrading_and_taking_sensors_leaves_the_classes_that_hold_no_identity() -> None:
    track = taken(FULL, drop(Field.SENSORS, identities={Identity.HOSTILE: Identity.PENDING}))
    assert [(one.type, one.scheme) for one in track.classifications] == [("4", None)]


def test_an_identity_that_is_dropped_is_not_downgraded() -> None:
    track = taken(FULL, drop(Field.IDENTITY, identities={Identity.HOSTILE: Identity.PENDING}))
    assert track.identity is None
    assert "DOWNGRADED" not in {reason for _, reason in losses(track)}


# ---------------------------------------------------------------------------------------------------------------- grids


def distance_m(a: Position, b: Position) -> float:
    """Along the chord, on the ellipsoid."""
    east, north, up = Horizon(a, 0.0).enu(b, 0.0)
    return math.sqrt(east * east + north * north + up * up)


grids = st.floats(1.0, 1_000_000.0)
points = st.builds(Position, st.floats(-90, 90), st.floats(-180, 180, exclude_min=True))


@given(points, grids)
@example(Position(90.0, 180.0), 1_000_000.0)
@example(Position(-90.0, 0.0), 1.0)
@example(Position(0.0, 180.0), 1_000.0)
@example(Position(0.0, -180.0), 1_000.0)
@QUIET
def test_a_point_is_within_reach_of_the_middle_of_its_cell(point: Position, grid_m: float) -> None:
    cell = cell_of(point, grid_m)
    assert -90 < cell.middle.latitude_deg < 90
    assert -180 < cell.middle.longitude_deg < 180
    assert distance_m(point, cell.middle) <= cell.reach_m
    assert cell.reach_m <= 2.0 * grid_m + 1.0, "no coarser than it was asked for"
    assert cell_of(cell.middle, grid_m).middle == cell.middle


@given(points, st.floats(100.0, 100_000.0))
@QUIET
def test_points_that_are_near_share_few_cells(point: Position, grid_m: float) -> None:
    """A cell is worth its name: a thousandth of it away is mostly the same one."""
    nudge = grid_m / 111_000 / 1_000
    cells = {
        cell_of(Position(min(90.0, point.latitude_deg + k * nudge), point.longitude_deg), grid_m).middle
        for k in range(5)
    }
    assert len(cells) <= 2


def test_a_position_on_a_grid_says_how_coarse_it_is_and_leaves_nothing_finer() -> None:
    track = taken(FULL, Redaction(position_grid_m=1_000.0))
    state, cell = track.state, cell_of(Position(52.50001, 4.75001), 1_000.0)
    assert state is not None
    assert FULL.state is not None
    assert state.position == cell.middle
    assert state.accuracy is not None
    assert state.accuracy.horizontal_95_m == 25.0 + cell.reach_m
    assert state.accuracy.basis == GRID
    assert (state.polar, state.covariance, track.raw, track.extensions, track.remarks) == (None, None, None, (), None)
    assert track.operator is not None
    assert track.operator.position == cell_of(Position(52.1, 4.1), 1_000.0).middle
    assert {("state.position", "COARSENED"), ("operator.position", "COARSENED")} <= losses(track)
    assert state.altitude_hae_m == FULL.state.altitude_hae_m


def test_a_position_without_an_accuracy_gets_that_of_the_grid_even_where_accuracies_are_dropped() -> None:
    track = taken(FULL, drop(Field.ACCURACY, position_grid_m=1_000.0, altitude_grid_m=100.0))
    assert track.state is not None
    reach = cell_of(Position(52.50001, 4.75001), 1_000.0).reach_m
    assert track.state.accuracy == Accuracy(horizontal_95_m=reach, vertical_95_m=50.0, basis=GRID)


def test_heights_go_in_steps_and_say_so() -> None:
    track = taken(FULL, Redaction(altitude_grid_m=100.0))
    assert track.state is not None
    assert FULL.state is not None
    for name in HEIGHTS:
        height = getattr(track.state, name)
        assert height % 100.0 == 0
        assert abs(height - getattr(FULL.state, name)) <= 50.0
        assert (f"state.{name}", "COARSENED") in losses(track)
    assert track.state.accuracy is not None
    assert track.state.accuracy.vertical_95_m == 60.0
    assert track.state.position == FULL.state.position
    assert track.state.polar is None


@given(st.floats(-1e6, 1e6), st.floats(1.0, 100_000.0))
@QUIET
def test_a_height_is_at_most_half_a_step_off(height: float, grid_m: float) -> None:
    assert abs(coarse_height(height, grid_m) - height) <= grid_m / 2 * (1 + 1e-9)


def test_a_bearing_has_nothing_to_coarsen_and_loses_its_measurement() -> None:
    bearing = replace(FULL, operator=None, state=State(time=NOW, polar=Polar(sensor="s", azimuth_deg=17.0)))
    track = taken(bearing, Redaction(position_grid_m=1_000.0))
    assert track.state == State(time=NOW)
    assert "COARSENED" not in {reason for _, reason in losses(track)}


# -------------------------------------------------------------------------------------------------------------- merging


@given(redactions(), redactions())
@QUIET
def test_several_redactions_take_all_that_each_takes(one: Redaction, other: Redaction) -> None:
    both = merged([one, other])
    assert both.drop == one.drop | other.drop
    assert (both.position_grid_m or 0) == max(one.position_grid_m or 0, other.position_grid_m or 0)
    for value, instead in one.identities.items():
        assert both.identities[value] == instead
    assert set(both.identities) == {*one.identities, *other.identities}
    assert merged([one]) == one
