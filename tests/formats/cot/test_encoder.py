from __future__ import annotations

from datetime import timedelta

import pytest
from lxml import etree
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.cot import CotDecoder, CotEncoder, codes
from gateway.stages import Encoded
from gateway.track import (
    Accuracy,
    Classification,
    Environment,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Label,
    LabelCategory,
    Loss,
    Polar,
    Position,
    Source,
    State,
    Status,
    Track,
)
from tests.data import recording
from tests.formats.cot.generators import EVENT, NAMESPACE, NOW, event, frame, same

UUID = "0191e0a1-0000-7000-8000-000000000001"


def track_of(octets: bytes) -> Track:
    return CotDecoder().decode(frame(octets)).tracks[0]


def encoded(track: Track, **options: object) -> Encoded:
    return CotEncoder(**options).encode([track], NOW)  # type: ignore[arg-type]  # options by name


def written(track: Track, **options: object) -> etree._Element:
    result = encoded(track, **options)
    assert not result.problems
    return etree.fromstring(result.frames[0])


def lost(track: Track, **options: object) -> set[tuple[str, str]]:
    return {(loss.field, loss.reason) for _, loss in encoded(track, **options).losses}


def radar_track(**changes: object) -> Track:
    state = State(time=NOW, position=Position(50.5, 14.25), course_deg=90.0, ground_speed_mps=200.0)
    track = Track(track_id=UUID, identifiers=(Identifier("system_track", "25/201/7"),), state=state)
    return replace(track, **changes)


@pytest.mark.parametrize(
    "octets",
    [
        EVENT,
        event(attributes=' access="R" caveat="C" releasableTo="A,B" opex="e-X" qos="1-r-c" own="&quot;&lt;&amp;"'),
        event('<track course="90.0" speed="100.0" slope="-30.0" eCourse="1.5" eSpeed="0.5" eSlope="0.25"/>'),
        event('<track course="77" speed="0.0"/>'),
        event('<track course="-1.0" speed="2.5"/>'),
        event('<track speed="2.5"/>'),
        event('<remarks source="a" time="2026-11-22T08:12:00Z">two &lt; three\nlines</remarks>'),
        event('<remarks>mixed <b/> text</remarks><contact callsign="x"><sub a="1"/></contact>'),
        event('<contact callsign="A"/><contact callsign="B"/>'),
        event('<uid Droid="H" icao24="3c660c"/><emergency type="911 Alert" cancel="false">HOPE</emergency>'),
        event('<emergency type="911 Alert" cancel="true">HOPE</emergency>'),
        event('<_flow-tags_ TAK-Server-1="2026-11-22T08:12:00Z"/><__milicon id="SHAPMFQ-------"/><precisionlocation/>'),
        event("<a><b/>text<b><c d='1'/></b></a><a/>"),
        event('<p:y xmlns:p="urn:p" b="2"><p:z/></p:y><x xmlns="urn:d"><y/></x>'),
        event('<p:y xmlns:p="urn:p"><x/></p:y><x xml:lang="en"/><q><p:r xmlns:p="urn:p" p:a="1"/></q>'),
        event('<x xmlns="urn:d"><y xmlns=""/></x>'),
        event(type="a-j-A", attributes=' opex="e"'),
        event(type="a-k-A-M-F", attributes=' opex="e-Y"'),
        event(type="a-j-A"),
        event(type="a-x-G-U-C;camo"),
        event(type="a-o-S"),
        event(type="b-m-p-s-m"),
        event('<sensor azimuth="45.0" fov="10" range="900.0" elevation="3.0"/>', type="b-d-a"),
        event(type="b-d"),
        event('<sensor azimuth="45.0" fov="10"/>'),
        event(
            '<link uid="t-7" relation="none" type="none"/><__forcedelete/>', type="t-x-d-d", uid="d-1", stale=NOW_TEXT
        )
        if (NOW_TEXT := "2026-11-22T08:12:00.000Z")
        else b"",
        event(stale="2026-11-22T08:11:00.000Z"),
        event(point='lat="0.0" lon="0.0" hae="9999999.0" ce="9999999.0" le="9999999.0"'),
        event(point='lat="1.0" lon="2.0" hae="-12.345" ce="0.123" le="1234.567" extra="y"'),
        event(attributes=' opex="s-SIM"'),
        event().replace(b'how="m-g"', b'how="m-s"'),
        event().replace(b'how="m-g"', b'how="m-p"'),
        event().replace(b"<detail>", b'<detail own="1">'),
        event(uid="&#x43F;&lt;&amp;&quot;'"),
    ],
)
def test_what_a_cot_source_wrote_comes_back(octets: bytes) -> None:
    result = encoded(track_of(octets))
    assert not result.problems
    assert not result.losses
    assert same(octets, result.frames[0]), result.frames[0]
    assert encoded(track_of(result.frames[0])).frames == result.frames


@pytest.mark.parametrize("name", ["Marker_-_2525.cot", "Marker_-_Spot.cot"])
def test_markers_made_by_atak_come_back(name: str) -> None:
    octets = recording(f"cot/{name}").read_bytes().replace(b"<remarks></remarks>", b"")  # an empty one says nothing
    assert same(octets, encoded(track_of(octets)).frames[0])


def test_writes_a_radar_track_with_its_losses() -> None:
    state = State(
        time=NOW,
        time_quality="MEASURED",
        position=Position(50.5, 14.25),
        altitude_baro_m=10058.4,
        vertical_rate_mps=5.0,
        turn_rate_degps=1.0,
        polar=Polar(sensor="asterix:25/201", range_m=1.0),
    )
    track = radar_track(
        identifiers=(Identifier("system_track", "25/201/7"), Identifier("mode3a", "1000", "GARBLED")),
        environment=Environment.AIR,
        platform="FIXED_WING",
        status=Status(confirmed=True, emergency="UNLAWFUL_INTERFERENCE"),
        sources=(Source(id="src-25-201", name="25/201", modality="RADAR"),),
        state=state,
    )
    root = written(track)
    assert root.get("uid") == UUID
    assert root.get("type") == "a-o-A"
    assert root.get("how") == "m-r"
    point = root.find("point")
    assert point is not None
    assert dict(point.attrib) == {
        "lat": "50.5",
        "lon": "14.25",
        "hae": "9999999.0",
        "ce": "9999999.0",
        "le": "9999999.0",
    }
    assert lost(track) == {
        ("platform", "NO_CODE"),
        ("identifiers.mode3a.quality", "NO_TARGET"),
        ("status.confirmed", "NO_TARGET"),
        ("status.emergency", "NO_CODE"),
        ("sources", "NO_TARGET"),
        ("state.time_quality", "NO_TARGET"),
        ("state.altitude_baro_m", "NO_DATUM"),
        ("state.turn_rate_degps", "NO_TARGET"),
        ("state.vertical_rate_mps", "NO_TARGET"),
        ("state.polar", "NO_TARGET"),
    }


def test_the_operator_chooses_function_ids_that_claim_more_than_the_track() -> None:
    track = radar_track(environment=Environment.AIR, platform="FIXED_WING")
    assert written(track).get("type") == "a-o-A"
    options = {"platform_types": {"FIXED_WING": "A-M-F"}}
    assert written(track, **options).get("type") == "a-o-A-M-F"
    assert not lost(track, **options)


def kept_type(text: str, **changes: object) -> Track:
    return radar_track(classifications=(Classification(type=text, scheme="COT_TYPE"),), **changes)


@pytest.mark.parametrize("identity", list(Identity))
def test_a_new_identity_changes_only_the_affiliation_of_the_kept_type(identity: Identity) -> None:
    letter = dict(zip(Identity, "puafnsh", strict=True))[identity]
    track = kept_type(
        "a-u-A-M-F-Q-r", environment=Environment.AIR, platform="UAV", identity=IdentityGroup(value=identity)
    )
    assert written(track).get("type") == f"a-{letter}-A-M-F-Q-r"
    assert not lost(track)


def test_a_new_environment_makes_a_new_type() -> None:
    track = kept_type("a-u-A-M-F-Q", environment=Environment.SURFACE, identity=IdentityGroup(value=Identity.SUSPECT))
    assert written(track).get("type") == "a-s-S"


def test_an_identity_without_a_place_is_a_loss_and_never_a_downgrade() -> None:
    hostile = IdentityGroup(value=Identity.HOSTILE)
    marker = kept_type("b-m-p-s-m", identity=hostile)
    assert written(marker).get("type") == "b-m-p-s-m"
    assert ("identity.value", "NO_CODE") in lost(marker)
    joker = radar_track(identity=IdentityGroup(value=Identity.FRIEND, amplification="JOKER"))
    assert written(joker).get("type") == "a-f-Z"
    assert ("identity.amplification", "NO_CODE") in lost(joker)
    assert written(joker, opex="e-X").get("type") == "a-j-Z"
    sure = IdentityGroup(value=Identity.HOSTILE, confidence_pct=80.0, assigned_by="op", assigned_at=NOW)
    assert lost(radar_track(identity=sure)) == {
        ("identity.confidence_pct", "NO_TARGET"),
        ("identity.assigned_by", "NO_TARGET"),
        ("identity.assigned_at", "NO_TARGET"),
    }


def test_no_point_is_invented() -> None:
    for state in (State(time=NOW), State(time=NOW, polar=Polar(sensor="s", azimuth_deg=3.0, north="TRUE"))):
        result = encoded(radar_track(state=state))
        assert not result.frames
        assert [problem.code for problem in result.problems] == [codes.NO_PLACE]


def test_a_bearing_becomes_a_detection_at_its_sensor() -> None:
    polar = Polar(sensor="s", sensor_position=Position(50.0, 14.0), azimuth_deg=45.0, north="TRUE", reach_m=500.0)
    sources = (Source(id="m", name="m", modality="ACOUSTIC"),)
    root = written(radar_track(state=State(time=NOW, polar=polar), sources=sources))
    assert root.get("type") == "b-d-a"
    point, sensor = root.find("point"), root.find("detail/sensor")
    assert point is not None
    assert sensor is not None
    assert (point.get("lat"), point.get("ce"), sensor.get("azimuth")) == ("50.0", "500.0", "45.0")
    magnetic = replace(polar, north="MAGNETIC")
    assert ("state.polar.azimuth_deg", "NO_TARGET") in lost(radar_track(state=State(time=NOW, polar=magnetic)))


def test_a_detection_that_got_a_position_is_an_atom() -> None:
    assert written(kept_type("b-d-a")).get("type") == "a-o-Z"


def test_an_ended_track_is_dropped_by_its_stale_time_or_deleted() -> None:
    root = written(radar_track(status=Status(ended=True)))
    assert root.get("stale") == root.get("start")
    gone = written(radar_track(status=Status(ended=True), state=State(time=NOW)))
    link = gone.find("detail/link")
    assert link is not None
    assert (gone.get("type"), gone.get("uid"), link.get("uid")) == ("t-x-d-d", f"delete-{UUID}", UUID)
    back = track_of(encoded(radar_track(status=Status(ended=True), state=None)).frames[0])
    assert back.identifiers[0] == Identifier("cot_uid", UUID)
    assert back.status is not None
    assert back.status.ended


def test_validity_is_the_sources_or_the_option() -> None:
    assert written(radar_track()).get("stale") == "2026-11-22T08:13:00.500Z"
    assert written(radar_track(), stale_after_s=5.0).get("stale") == "2026-11-22T08:12:05.500Z"
    state = State(time=NOW, position=Position(1.0, 2.0), stale_at=NOW + timedelta(microseconds=2_000_001))
    assert written(radar_track(state=state)).get("stale") == "2026-11-22T08:12:02.500001Z"


def test_a_simulated_track_says_so() -> None:
    assert written(radar_track(status=Status(simulated=True))).get("opex") == "s"
    simulated = replace(track_of(event(attributes=' opex="o"')), status=Status(simulated=True))
    assert written(simulated).get("opex") == "s"
    real = replace(track_of(event(attributes=' opex="s-X"')), status=None)
    assert written(real).get("opex") is None


def test_tracks_after_each_other_have_their_own_markings_losses_and_times() -> None:
    tag = LabelCategory(tag="Context", kind="PERMISSIVE", values=("NATO",))
    labels = [
        Label(policy="P", classification="SECRET", categories=(tag,)),
        Label(policy="P", classification="OPEN"),
        None,
    ]
    states = [
        State(time=NOW + timedelta(seconds=late), position=Position(50.5, 14.25), stale_at=stale)
        for late in (0, 0, 7)
        for stale in (None, NOW + timedelta(seconds=60), NOW - timedelta(seconds=60))
    ]
    tracks = [radar_track(label=label, state=state) for state in states for label in (*labels, *labels[:1])]
    together = CotEncoder().encode(tracks, NOW)
    alone = [CotEncoder().encode([track], NOW) for track in tracks]
    assert list(together.frames) == [frame for one in alone for frame in one.frames]
    assert together.losses == tuple([loss for one in alone for loss in one.losses])
    assert len(set(together.frames)) > len(labels)


def test_a_label_and_the_sources_marking_are_both_written_and_the_stricter_release_holds() -> None:
    track = track_of(event(attributes=' access="RESTRICTED" releasableTo="USA NLD"'))
    label = Label(
        policy="NATO",
        classification="SECRET",
        categories=(
            LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("DEU", "NLD")),
            LabelCategory(tag="Context", kind="PERMISSIVE", values=("NATO",)),
        ),
    )
    root = written(replace(track, label=label))
    assert (root.get("access"), root.get("releasableTo")) == ("SECRET; RESTRICTED", "NLD")
    again = track_of(encoded(replace(track, label=label)).frames[0])
    assert written(replace(again, label=label)).get("access") == "SECRET; RESTRICTED"
    other = track_of(event(attributes=' releasableTo="USA"'))
    assert problem(replace(other, label=label)).code is codes.NOWHERE
    fresh = written(radar_track(label=label))
    assert (fresh.get("access"), fresh.get("releasableTo")) == ("SECRET", "DEU,NLD")
    assert ("label.categories.Context", "NO_TARGET") in lost(replace(track, label=label))
    assert written(radar_track()).get("access") is None


def test_adds_its_flow_tag_once_when_it_has_a_name() -> None:
    track = track_of(event('<_flow-tags_ other="2026-11-22T08:12:00Z"/>'))
    tags = written(track, node="1nld gw").find("detail/_flow-tags_")
    assert tags is not None
    assert dict(tags.attrib) == {"other": "2026-11-22T08:12:00Z", "_nld_gw": "2026-11-22T08:12:00.500Z"}
    assert written(radar_track()).find("detail/_flow-tags_") is None
    alone = written(radar_track(), node="deu").find("detail/_flow-tags_")
    assert alone is not None


def test_an_extension_cannot_rename_or_retime_an_event() -> None:
    xml = (
        f'<event xmlns="{NAMESPACE}" stale="x" time="x" type="a-h-A" uid="evil">'
        '<detail><contact callsign="E"></contact></detail></event>'
    )
    track = radar_track(identifiers=(Identifier("callsign", "OK"),), extensions=(Extension(NAMESPACE, "event", xml),))
    root = written(track)
    contact = root.find("detail/contact")
    assert contact is not None
    assert (root.get("uid"), root.get("type"), contact.get("callsign")) == (UUID, "a-o-Z", "OK")
    assert root.get("time") == "2026-11-22T08:12:00.500Z"


@pytest.mark.parametrize("xml", ["<a", "</event>", '<event xmlns="urn:x"/>', "<!DOCTYPE a><a/>", "\ud800"])
def test_a_broken_extension_is_left_out_and_listed(xml: str) -> None:
    for namespace in (NAMESPACE, "urn:other"):
        if (namespace, xml) != ("urn:other", '<event xmlns="urn:x"/>'):
            track = radar_track(extensions=(Extension(namespace, "event", xml),))
            assert ("extensions", "OUT_OF_RANGE") in lost(track)
            assert len(encoded(track).frames) == 1


def problem(track: Track) -> FormatError:
    result = encoded(track)
    assert not result.frames
    return result.problems[0]


def test_refuses_tracks_that_no_event_can_carry() -> None:
    assert problem(Track(state=State(time=NOW, position=Position(1.0, 2.0)))).code is codes.NO_NAME
    assert problem(radar_track(state=None)).code is codes.NO_STATE
    assert problem(radar_track(track_id="a\x00b")).code is codes.NOT_XML
    nan = float("nan")
    for state in (
        State(time=NOW, position=Position(nan, 2.0)),
        State(time=NOW, position=Position(1.0, 2.0), altitude_hae_m=float("inf")),
        State(time=NOW, position=Position(1.0, 2.0), accuracy=Accuracy(horizontal_95_m=nan)),
        State(time=NOW, position=Position(1.0, 2.0), course_deg=1.0, ground_speed_mps=nan),
    ):
        assert problem(radar_track(state=state)).code is codes.NOT_FINITE


def test_text_that_xml_cannot_carry_is_left_out_and_listed() -> None:
    track = radar_track(name="a\x01", remarks="b\ufffe")
    assert lost(track) == {("identifiers.callsign", "OUT_OF_RANGE"), ("remarks", "OUT_OF_RANGE")}


def test_hostile_text_is_escaped() -> None:
    hostile = "\"><evil a='&amp;'/>\n\t\U0001f6e9"
    track = radar_track(identifiers=(Identifier("cot_uid", hostile), Identifier("callsign", hostile)), remarks=hostile)
    root = written(track)
    contact = root.find("detail/contact")
    assert contact is not None
    assert root.get("uid") == contact.get("callsign") == root.findtext("detail/remarks") == hostile


def test_small_numbers_have_no_exponent() -> None:
    point = written(radar_track(state=State(time=NOW, position=Position(1e-7, -1e-10)))).find("point")
    assert point is not None
    assert (point.get("lat"), point.get("lon")) == ("0.000000100000", "-0.000000000100")


def test_losses_name_the_track() -> None:
    assert encoded(radar_track(relations=(), name="n", dimensions=None)).losses == ()
    result = encoded(radar_track(status=Status(spi=True)))
    assert result.losses == ((UUID, Loss("status.spi", "NO_TARGET")),)


def test_what_an_accuracy_rests_on_is_lost_unless_it_was_cot() -> None:
    track = radar_track()
    assert track.state is not None
    for basis, is_lost in (("ASTERIX_APC", True), ("COT_CE", False), ("COT_SIGMA", False), (None, False)):
        state = replace(track.state, accuracy=Accuracy(horizontal_95_m=100.0, basis=basis))
        losses = lost(replace(track, state=state))
        assert (("state.accuracy.basis", "NO_TARGET") in losses) is is_lost, basis


def test_an_alert_is_an_alarm_and_no_second_object() -> None:
    kind = (Classification(type="WARNING", scheme="SAPIENT_ALERT"),)
    alert = radar_track(
        identifiers=(Identifier("sapient_alert", "a/b"),), classifications=kind, remarks="near the fence"
    )
    event_ = written(alert)
    assert event_.get("type") == "b-a"
    assert event_.findtext("detail/remarks") == "near the fence"
    assert ("classifications", "NO_TARGET") in lost(alert)
    cleared = written(replace(alert, status=Status(ended=True)))
    assert (cleared.get("type"), cleared.get("stale")) == ("b-a", cleared.get("start"))


def test_an_alert_without_a_place_is_no_event() -> None:
    kind = (Classification(type="WARNING", scheme="SAPIENT_ALERT"),)
    (problem,) = encoded(radar_track(classifications=kind, state=State(time=NOW))).problems
    assert problem.code == codes.NO_PLACE
