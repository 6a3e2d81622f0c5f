"""The source of ``schemas/examples``; ``python -m tests.formats.alliance.examples`` writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from msgspec.structs import replace

from gateway.formats.alliance import render, schema_directory
from gateway.stages import Derivation, Exercise, Header, Hop, Message, Retraction, Simulation
from gateway.track import (
    Accuracy,
    Classification,
    Covariance,
    Dimensions,
    Environment,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Label,
    LabelCategory,
    Loss,
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
from tests.dated import REVIEW, dated

T0 = datetime(2026, 11, 22, 8, 12, 0, 500000, tzinfo=UTC)
UNCLASSIFIED = replace(
    dated("ALPHA", "UNCLASSIFIED"), originator="nld.example", originator_kind="dNSName", policy_uri="urn:oid:2.25.1"
)
RESTRICTED = dated(
    "ALPHA",
    "RESTRICTED",
    LabelCategory(tag="Context", kind="PERMISSIVE", values=("ALPHA", "Releasable")),
    LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("ALPHA", "XAA", "XAB")),
)
CIVIL = replace(dated("PUBLIC", "UNMARKED"), tlp="AMBER_STRICT", purpose="BORDER_SURVEILLANCE")
SHARED = replace(
    dated(
        "ALPHA",
        "CONFIDENTIAL",
        LabelCategory(tag="Context", kind="PERMISSIVE", values=("ALPHA", "Releasable")),
        LabelCategory(tag="Additional Sensitivity", kind="RESTRICTIVE", values=("LANTERN",)),
    ),
    privacy_mark="FOR THE AIR PICTURE ONLY",
    alternatives=(dated("BRAVO", "B-CONFIDENTIAL"),),
    metadata=dated("PUBLIC", "UNMARKED"),
    successor=Succession(at=REVIEW, label=replace(dated("ALPHA", "UNCLASSIFIED"), review_at=None)),
)
SDPS = Source(id="src-25-201", name="ARTAS unit 1", modality="SDPS", nation="NLD")
RADAR = Source(id="src-25-14", name="Coastal radar 14", modality="RADAR", nation="NLD")
RF = Source(id="src-rf-3", name="RF detector 3", modality="RF", nation="NLD")
CAMERA = Source(id="src-cam-3", name="Camera 3", modality="OPTICAL", nation="NLD")


def uuid(n: int) -> str:
    """A recognisable UUID, version 4 in form."""
    return f"00000000-0000-4000-8000-{n:012d}"


def header(
    n: int,
    *,
    exercise: Exercise = Exercise.OPERATIONAL,
    simulation: Simulation = Simulation.REAL,
    label: Label = UNCLASSIFIED,
    recipients: tuple[str, ...] = ("deu",),
    release_group: str | None = None,
    hops: tuple[Hop, ...] = (),
    extensions: tuple[Extension, ...] = (),
) -> Header:
    """A header of example `n`."""
    return Header(
        message_id=uuid(9000 + n),
        created_at=T0 + timedelta(seconds=1),
        sender="nld",
        recipients=recipients,
        release_group=release_group,
        nonce=f"{n:032x}",
        exercise=exercise,
        simulation=simulation,
        label=label,
        hops=hops,
        extensions=extensions,
    )


def minimal() -> Message:
    """The least that a track can say: it exists."""
    return Message(header=header(1), tracks=(Track(track_id=uuid(1)),))


def airliner() -> Message:
    """An airliner as a CAT062 tracker reports it."""
    state = State(
        time=T0,
        time_quality="MEASURED",
        date_basis="RECEIVED_TIME",
        received_at=T0 + timedelta(milliseconds=310),
        position=Position(52.30861092, 4.76388931),
        altitude_msl_m=3048.0,
        altitude_baro_m=2987.04,
        course_deg=271.5342,
        ground_speed_mps=128.6125,
        vertical_rate_mps=-6.35,
        heading_deg=268.2,
        magnetic_heading_deg=266.1,
        turn_rate_degps=0.25,
        acceleration_east_mps2=-0.25,
        acceleration_north_mps2=0.5,
        indicated_airspeed_mps=118.3,
        true_airspeed_mps=137.0,
        mach=0.408,
        accuracy=Accuracy(horizontal_95_m=61.25, vertical_95_m=14.9, basis="SIGMA_XY"),
    )
    passed = Provenance(
        gateway="nld",
        input_format="ASTERIX_062",
        mapping_id="asterix-062/1.21",
        mapping_hash="5f" * 32,
        losses=(Loss("I062/295", "NOT_MODELLED"), Loss("I062/390", "NOT_MODELLED")),
    )
    track = Track(
        track_id=uuid(2),
        identifiers=(
            Identifier("system_track", "25/201/1042"),
            Identifier("icao24", "484b5c"),
            Identifier("mode3a", "6221", "NOT_VALIDATED"),
            Identifier("callsign", "KLM1017"),
            Identifier("flight_plan", "KLM1017"),
        ),
        environment=Environment.AIR,
        platform="FIXED_WING",
        name="KLM1017",
        classifications=(Classification(type="5", scheme="ASTERIX_ECAT"),),
        status=Status(confirmed=True, coasted=False, spi=False, on_ground=False, mono_sensor=False, started=True),
        state=state,
        sources=(SDPS, RADAR),
        provenance=(passed,),
        raw=RawRecord("ASTERIX_062", bytes(range(48))),
    )
    return Message(header=header(2, recipients=("deu", "eu"), release_group="NATO"), tracks=(track,))


def drone() -> Message:
    """A small drone that two sensors detect, with what they think it is, who called it suspect, and two snapshots."""
    first = Track(
        track_id=uuid(3),
        identifiers=(Identifier("cot_uid", "UAS-1"), Identifier("uas_serial", "1581F5FKD229Q00ABCDE")),
        environment=Environment.AIR,
        identity=IdentityGroup(
            value=Identity.SUSPECT, amplification=None, confidence_pct=80.0, assigned_by="AOCS NM", assigned_at=T0
        ),
        platform="UAV",
        remarks="Loiters north of runway 18R <no transponder>",
        classifications=(
            Classification(type="Air Vehicle", confidence_pct=97.5, scheme="SAPIENT", level=1),
            Classification(type="UAV Rotary Wing", confidence_pct=88.25, scheme="SAPIENT", level=2),
        ),
        detection_confidence_pct=99.0,
        dimensions=Dimensions(length_m=0.35, width_m=0.28),
        operator=Operator(
            identifier="NLDexample12345678", position=Position(52.3701, 4.7089), altitude_hae_m=44.0, basis="LIVE_GNSS"
        ),
        status=Status(confirmed=True, exercise=False),
        state=State(
            time=T0,
            time_quality="TAGGED",
            received_at=T0 + timedelta(milliseconds=85),
            stale_at=T0 + timedelta(seconds=30),
            position=Position(52.37412345, 4.71200001),
            altitude_hae_m=152.4,
            height_agl_m=112.0,
            height_takeoff_m=108.0,
            course_deg=0.0,
            ground_speed_mps=3.2,
            accuracy=Accuracy(horizontal_95_m=12.0, vertical_95_m=20.0, basis="COT_CE"),
            covariance=Covariance("EN", (24.01, -3.5, 36.0)),
        ),
        sources=(RF, CAMERA),
        relations=(Relation("FUSED", (uuid(31), uuid(32))),),
        label=RESTRICTED,
        provenance=(Provenance(gateway="nld", input_format="COT", mapping_id="cot/2.0", input_message_id="UAS-1"),),
    )
    assert first.state is not None
    moved = State(time=T0 + timedelta(seconds=1), position=Position(52.37415, 4.71200001), ground_speed_mps=3.1)
    second = Track(track_id=uuid(3), environment=Environment.AIR, platform="UAV", state=moved, sources=(RF,))
    return Message(header=header(3, label=RESTRICTED, recipients=("deu", "eu")), tracks=(first, second))


def bearing_only() -> Message:
    """A direction finder's bearing: no position, for nobody invents one."""
    polar = Polar(
        sensor="df:7",
        sensor_position=Position(51.95, 4.1),
        sensor_altitude_hae_m=66.5,
        azimuth_deg=312.5,
        north="TRUE",
        azimuth_95_deg=4.0,
    )
    track = Track(
        track_id=uuid(4),
        identifiers=(Identifier("sensor_track", "df:7/88"),),
        environment=Environment.AIR,
        state=State(time=T0, time_quality="MEASURED", polar=polar),
        sources=(RF,),
    )
    return Message(header=header(4), tracks=(track,))


def sensor_only() -> Message:
    """A sensor that noticed something within its reach, without range or bearing."""
    polar = Polar(sensor="acoustic:12", sensor_position=Position(51.9, 4.25), reach_m=500.0)
    source = Source(id="src-ac-12", name="Acoustic 12", modality="ACOUSTIC")
    track = Track(
        track_id=uuid(5),
        classifications=(Classification(type="propeller", confidence_pct=61.0),),
        state=State(time=T0, time_quality="RECEIVED", polar=polar),
        sources=(source,),
    )
    return Message(header=header(5, label=CIVIL, recipients=("eu",)), tracks=(track,))


def retraction() -> Message:
    """Two endings: a track that ended in the ordinary way, and one that should never have been sent."""
    ended = Track(track_id=uuid(2), environment=Environment.AIR, status=Status(ended=True), state=State(time=T0))
    gone = Retraction(track_id=uuid(3), time=T0, reason="RELEASED_IN_ERROR")
    return Message(header=header(6), tracks=(ended,), retractions=(gone,))


def exercise() -> Message:
    """Exercise traffic of simulated objects, forwarded once: a friend that plays a hostile."""
    faker = Track(
        track_id=uuid(7),
        identifiers=(Identifier("cot_uid", "SIM-7"),),
        environment=Environment.AIR,
        identity=IdentityGroup(value=Identity.FRIEND, amplification="FAKER", assigned_by="EXCON"),
        status=Status(simulated=True),
        state=State(time=T0, position=Position(54.0, 7.0), altitude_baro_m=6096.0),
    )
    made = header(
        7, exercise=Exercise.EXERCISE, simulation=Simulation.SIMULATED, hops=(Hop("deu", T0 + timedelta(seconds=2)),)
    )
    return Message(header=made, tracks=(faker,))


def extensions() -> Message:
    """National leftovers at every level that has a place for them."""
    note = Extension("urn:example:nld:1", "Note", '<Note xmlns="urn:example:nld:1" xml:lang="nl">Hoogte geschat</Note>')
    detail = Extension(
        "urn:example:cot",
        "detail",
        '<c:detail xmlns:c="urn:example:cot"><video url="rtsp://10.0.0.5/1"></video></c:detail>',
    )
    track = Track(track_id=uuid(8), state=State(time=T0, position=Position(52.0, 4.0)), extensions=(note, detail))
    return Message(header=header(8, extensions=(note,)), tracks=(track,), extensions=(note,))


def labelled() -> Message:
    """Labels in full: categories, a mark, an alternative, a successor, its own label; and by which rule it left."""
    track = Track(track_id=uuid(9), label=SHARED, state=State(time=T0, position=Position(52.1, 4.2)))
    made = replace(
        header(9, label=SHARED, release_group="coalition"), rule="release.coalition-picture", policy="c0" * 32
    )
    return Message(header=made, tracks=(track,))


def redacted() -> Message:
    """What another gateway's message became: less exact, and it says so."""
    seen = Track(
        track_id=uuid(4),
        environment=Environment.AIR,
        label=RESTRICTED,
        state=State(time=T0, position=Position(51.95, 4.1)),
        provenance=(
            Provenance(
                gateway="deu",
                input_format="ALLIANCE",
                mapping_id="alliance/1.0",
                input_message_id=uuid(9104),
                losses=(
                    Loss("state.position", "COARSENED"), Loss("identity.value", "DOWNGRADED"), Loss("raw", "WITHHELD"),
                ),
            ),
        ),
    )  # fmt: skip
    derived = Derivation(origin="fra", message_id=uuid(9104), sha256="4e" * 32, redacted=True)
    made = replace(header(10, label=RESTRICTED), rule="release.onward", policy="c0" * 32, derived=derived)
    return Message(header=made, tracks=(seen,))


def relayed() -> Message:
    """Another gateway's message, passed on whole with its signature: the octets are the signed ones."""
    octets = render(minimal())
    derived = Derivation(origin="nld", message_id=uuid(9001), sha256=sha256(octets).hexdigest(), redacted=False)
    made = replace(header(11, recipients=("fra",), hops=(Hop("deu", T0 + timedelta(seconds=2)),)), derived=derived)
    return Message(header=replace(made, sender="deu"), original=octets)


EXAMPLES = {
    "minimal": minimal,
    "airliner": airliner,
    "drone": drone,
    "bearing-only": bearing_only,
    "sensor-only": sensor_only,
    "retraction": retraction,
    "exercise": exercise,
    "extensions": extensions,
    "labelled": labelled,
    "redacted": redacted,
    "relayed": relayed,
}


def path(name: str) -> Path:
    """Where the example is kept."""
    return schema_directory() / "examples" / f"{name}.xml"


def write() -> None:
    """Write every example from its source."""
    path("x").parent.mkdir(exist_ok=True)
    for name, make in EXAMPLES.items():
        path(name).write_bytes(render(make()))


if __name__ == "__main__":
    write()
