from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.errors import FormatError
from gateway.formats.cot import CotDecoder, codes
from gateway.limits import Limits
from gateway.track import Environment, Extension, Identifier, Identity, Label, Loss, Track
from tests.data import recording
from tests.formats.cot.generators import EVENT, NAMESPACE, NOW, event, frame


def decoded(octets: bytes, **options: object) -> Track:
    result = CotDecoder(**options).decode(frame(octets))  # type: ignore[arg-type]  # options by name
    assert not result.problems
    return result.tracks[0]


def refused(octets: bytes, **options: object) -> FormatError:
    result = CotDecoder(**options).decode(frame(octets))  # type: ignore[arg-type]  # options by name
    assert not result.tracks
    return result.problems[0]


def kept(track: Track) -> str:
    return next(one.xml for one in track.extensions if one.namespace == NAMESPACE)


def losses(track: Track) -> set[Loss]:
    return set(track.provenance[0].losses)


def test_reads_an_event_of_a_tak_client() -> None:
    track = decoded(EVENT, node="nld")
    state = track.state
    assert state is not None
    assert track.identifiers == (Identifier("cot_uid", "ANDROID-589520ccfcd20f01"), Identifier("callsign", "HOPE"))
    assert track.identity is not None
    assert (track.environment, track.identity.value, track.platform) == (Environment.LAND, Identity.FRIEND, "UNIT")
    assert state.time == state.sent_at == datetime(2020, 12, 16, 19, 59, 34, 910000, tzinfo=UTC)
    assert state.stale_at == datetime(2020, 12, 16, 20, 5, 49, 838000, tzinfo=UTC)
    assert state.received_at == NOW
    assert state.position is not None
    assert (state.position.latitude_deg, state.position.longitude_deg) == (38.856650047254725, -77.06364199776728)
    assert (state.altitude_hae_m, state.course_deg, state.ground_speed_mps) == (120.5, 123.4, 1.25)
    assert state.accuracy is not None
    assert state.accuracy.horizontal_95_m == pytest.approx(9.9 * 2.4477, rel=1e-4)
    assert (state.accuracy.vertical_95_m, state.accuracy.basis) == (None, "COT_CE")
    assert track.raw is not None
    assert track.raw.octets == EVENT
    assert (track.provenance[0].gateway, track.provenance[0].mapping_id) == ("nld", "cot/2.0")
    assert track.classifications[0].scheme == "COT_TYPE"
    assert track.extensions == (
        Extension(
            NAMESPACE,
            "event",
            f'<event xmlns="{NAMESPACE}" how="m-g"><detail><contact endpoint="*:-1:stcp"></contact>'
            '<__group name="Cyan" role="Team Member"></__group><status battery="78"></status></detail></event>',
        ),
    )


@pytest.mark.parametrize(
    ("name", "uid", "kind"),
    [
        ("Marker_-_2525.cot", "a0c524c6-0422-4382-9981-e39d1dc71730", "a-u-G"),
        ("Marker_-_Spot.cot", "9405e320-9356-41c4-8449-f46990aa17f8", "b-m-p-s-m"),
    ],
)
def test_reads_markers_made_by_atak(name: str, uid: str, kind: str) -> None:
    octets = recording(f"cot/{name}").read_bytes()
    track = decoded(octets)
    state = track.state
    assert state is not None
    assert track.identifiers[0] == Identifier("cot_uid", uid)
    assert track.classifications[0].type == kind
    assert state.time == state.sent_at
    assert state.stale_at is not None
    assert state.altitude_hae_m is None
    assert state.accuracy is None
    if kind == "a-u-G":
        assert len(octets) >= 763
        assert round(state.stale_at.timestamp() * 1000) == 1609620003838
        assert state.position is not None
        assert (state.position.latitude_deg, state.position.longitude_deg) == (38.856650047254725, -77.06364199776728)
    assert kept(track).count("<archive></archive>") == 2


@pytest.mark.parametrize("unknown", ["9999999.0", "999999", "9999999", "NaN", "unknown", "", " nan ", "N/A"])
def test_reads_unknown_markers_as_absent(unknown: str) -> None:
    point = f'lat="50.5" lon="14.25" hae="{unknown}" ce="{unknown}" le="{unknown}"'
    track = decoded(event(f'<track course="{unknown}" speed="{unknown}"/>', point=point))
    assert track.state is not None
    assert track.state.position is not None
    assert track.state.altitude_hae_m is None
    assert track.state.accuracy is None
    assert track.state.course_deg is None
    assert track.state.ground_speed_mps is None
    assert not losses(track)


def test_keeps_and_lists_numbers_that_make_no_sense() -> None:
    track = decoded(event('<track course="-1" speed="fast"/>', point='lat="1" lon="2" hae="x" ce="-5" le="1"'))
    assert {loss.field for loss in losses(track)} == {
        "event/detail/track@course",
        "event/detail/track@speed",
        "event/point@hae",
        "event/point@ce",
    }
    assert '<track course="-1" speed="fast"></track>' in kept(track)


def test_a_client_without_a_fix_has_no_position() -> None:
    track = decoded(event(point='lat="0.0" lon="0.0" hae="9999999.0" ce="9999999.0" le="9999999.0"'))
    assert track.state is not None
    assert track.state.position is None
    assert decoded(event(point='lat="0.0" lon="0.0" hae="1" ce="5" le="5"')).state.position is not None  # type: ignore[union-attr]  # has a state


def test_longitude_minus_180_is_written_180() -> None:
    track = decoded(event(point='lat="10" lon="-180.0" hae="1" ce="1" le="1"'))
    assert track.state is not None
    assert track.state.position is not None
    assert track.state.position.longitude_deg == 180.0


@pytest.mark.parametrize("stale", ["2026-11-22T08:12:00.000Z", "2026-11-22T08:11:00.000Z"])
def test_a_stale_time_not_after_the_start_drops_the_track(stale: str) -> None:
    status = decoded(event(stale=stale)).status
    assert status is not None
    assert status.ended


def test_an_ordinary_event_does_not_say_that_it_ended() -> None:
    assert decoded(event()).status is None


def test_a_delete_event_ends_the_track_that_its_link_names() -> None:
    track = decoded(
        event('<link uid="target-7" relation="none" type="none"/><__forcedelete/>', type="t-x-d-d", uid="del-1")
    )
    assert track.identifiers[0] == Identifier("cot_uid", "target-7")
    assert track.status is not None
    assert track.status.ended
    assert track.state is not None
    assert track.state.position is None
    assert 'uid="del-1"' in kept(track)


@pytest.mark.parametrize("detail", ["", "<link/>", '<link uid=""/>', '<link/><link uid="t"/>', "<link><sub/></link>"])
def test_refuses_a_deletion_that_names_no_track(detail: str) -> None:
    result = CotDecoder().decode(frame(event(detail, type="t-x-d-d")))
    (problem,) = result.problems
    assert (result.tracks, problem.code.id, problem.place) == ((), "COT-014", "event/detail/link@uid")


def test_a_delete_event_that_is_named_like_its_track_keeps_its_name() -> None:
    assert 'uid="t-7"' in kept(decoded(event('<link uid="t-7"/>', type="t-x-d-d", uid="t-7")))


@pytest.mark.parametrize("kind", ["t-x-c-t", "t-x-takp-v", "t-x-c-t-r", "b-t-f", "b-f-t-a"])
def test_pings_protocol_talk_chat_and_files_carry_no_track(kind: str) -> None:
    result = CotDecoder().decode(frame(event(type=kind)))
    assert (result.tracks, result.problems, result.silent) == ((), (), 1)


@pytest.mark.parametrize(
    ("letter", "identity"),
    [
        ("p", Identity.PENDING),
        ("u", Identity.UNKNOWN),
        ("a", Identity.ASSUMED_FRIEND),
        ("f", Identity.FRIEND),
        ("n", Identity.NEUTRAL),
        ("s", Identity.SUSPECT),
        ("h", Identity.HOSTILE),
    ],
)
def test_reads_each_affiliation(letter: str, identity: Identity) -> None:
    group = decoded(event(type=f"a-{letter}-A")).identity
    assert group is not None
    assert (group.value, group.amplification) == (identity, None)


@pytest.mark.parametrize("letter", ["o", "x", "."])
def test_no_standard_identity_is_no_identity_group(letter: str) -> None:
    assert decoded(event(type=f"a-{letter}-A")).identity is None


@pytest.mark.parametrize(("letter", "role"), [("j", "JOKER"), ("k", "FAKER")])
def test_joker_and_faker_are_friends_and_only_in_an_exercise(letter: str, role: str) -> None:
    group = decoded(event(type=f"a-{letter}-A", attributes=' opex="e-STEADFAST"')).identity
    assert group is not None
    assert (group.value, group.amplification) == (Identity.FRIEND, role)
    live = decoded(event(type=f"a-{letter}-A", attributes=' opex="o"'))
    assert live.identity is None
    assert losses(live) == {Loss("event@type", "NO_CODE")}
    assert live.classifications[0].type == f"a-{letter}-A"


@pytest.mark.parametrize(
    ("kind", "environment", "platform"),
    [
        ("a-h-A-M-F-Q", Environment.AIR, "UAV"),
        ("a-h-A-M-F", Environment.AIR, "FIXED_WING"),
        ("a-n-A-C-H", Environment.AIR, "ROTARY_WING"),
        ("a-n-A-C-F-q", Environment.AIR, "UAV"),
        ("a-n-A-C-Fx", Environment.AIR, None),
        ("a-f-G-E-V-A-T", Environment.LAND, "GROUND_VEHICLE"),
        ("a-f-S-C-L", Environment.SURFACE, "VESSEL"),
        ("a-f-U-S", Environment.SUBSURFACE, "SUBMARINE"),
        ("a-f-P-S", Environment.SPACE, "SATELLITE"),
        ("a-f-F", Environment.UNKNOWN, None),
        ("a-f", Environment.UNKNOWN, None),
        ("a-f-A;camo", Environment.AIR, None),
    ],
)
def test_reads_environment_and_platform_from_the_type(kind: str, environment: Environment, platform: str) -> None:
    track = decoded(event(type=kind))
    assert (track.environment, track.platform, track.classifications[0].type) == (environment, platform, kind)


def test_speed_with_a_slope_is_three_dimensional() -> None:
    state = decoded(event('<track course="90" speed="100" slope="-30"/>')).state
    assert state is not None
    assert state.ground_speed_mps == pytest.approx(86.60254)
    assert state.vertical_rate_mps == pytest.approx(-50.0)
    level = decoded(event('<track course="90" speed="100"/>')).state
    assert level is not None
    assert (level.ground_speed_mps, level.vertical_rate_mps) == (100.0, None)


def test_a_thing_at_rest_has_no_course_and_360_is_0() -> None:
    rest = decoded(event('<track course="77" speed="0.0"/>'))
    assert rest.state is not None
    assert (rest.state.course_deg, rest.state.ground_speed_mps) == (None, 0.0)
    assert '<track course="77"></track>' in kept(rest)
    north = decoded(event('<track course="360" speed="3"/>')).state
    assert north is not None
    assert north.course_deg == 0.0


def test_a_detection_has_its_sensor_where_the_point_is_and_no_position() -> None:
    track = decoded(event('<sensor azimuth="45" fov="10" range="900"/>', type="b-d-a", uid="mic-3"))
    state = track.state
    assert state is not None
    assert state.position is None
    assert state.altitude_hae_m is None
    assert state.polar is not None
    assert state.polar.sensor == "cot:mic-3"
    assert state.polar.sensor_position is not None
    assert state.polar.sensor_position.latitude_deg == 50.5
    assert (state.polar.reach_m, state.polar.azimuth_deg, state.polar.range_m) == (10.0, 45.0, 900.0)
    assert state.polar.north == "TRUE"
    assert '<sensor fov="10"></sensor>' in kept(track)
    heard = decoded(event(type="b-d-a")).state
    assert heard is not None
    assert heard.polar is not None
    assert (heard.polar.azimuth_deg, heard.polar.range_m, heard.polar.north) == (None, None, None)


def test_an_area_is_not_an_error() -> None:
    track = decoded(event(type="b-m-p-s-m"))
    assert track.state is not None
    assert track.state.accuracy is None
    assert '<point ce="10.0" le="20.0"></point>' in kept(track)


@pytest.mark.parametrize(("attributes", "how"), [(' opex="s-SIM"', "m-g"), (' opex="s"', "m-g"), ("", "m-s")])
def test_simulation_is_marked(attributes: str, how: str) -> None:
    status = decoded(event(attributes=attributes).replace(b'how="m-g"', f'how="{how}"'.encode())).status
    assert status is not None
    assert status.simulated


def test_marking_survives_in_the_extension_and_becomes_a_label_only_by_configuration() -> None:
    octets = event(attributes=' access="RESTRICTED" caveat="FOUO" releasableTo="DEU, NLD"')
    track = decoded(octets)
    assert track.label is None
    assert 'access="RESTRICTED" caveat="FOUO" how="m-g" releasableTo="DEU, NLD"' in kept(track)
    label = decoded(octets, label_policy="NATO").label
    assert isinstance(label, Label)
    assert (label.policy, label.classification) == ("NATO", "RESTRICTED")
    assert [(one.tag, one.kind, one.values) for one in label.categories] == [
        ("Releasable To", "PERMISSIVE", ("DEU", "NLD")),
        ("Caveat", "RESTRICTIVE", ("FOUO",)),
    ]
    assert decoded(event(), label_policy="NATO").label is None


def test_emergency_and_identifiers_of_other_systems_are_read() -> None:
    track = decoded(event('<emergency type="911 Alert">HOPE</emergency><uid Droid="H" icao24="3c660c"/>'))
    assert track.status is not None
    assert track.status.emergency == "GENERAL"
    assert Identifier("icao24", "3c660c") in track.identifiers
    assert '<emergency>HOPE</emergency><uid Droid="H"></uid>' in kept(track)
    assert decoded(event('<emergency type="911 Alert" cancel="true"/>')).status is None


DEEP = "<a><b/>text<b/></a>"


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("<x>1 &lt; 2</x>", "<x>1 &lt; 2</x>"),
        ("<x a='&quot;&#10;'/>", '<x a="&quot;&#xA;"></x>'),
        (DEEP, "<a><b></b>text<b></b></a>"),
        ("<x><![CDATA[<&>]]></x>", "<x>&lt;&amp;&gt;</x>"),
        ('<x xml:lang="en"/>', '<x xml:lang="en"></x>'),
        ('<x><p:y xmlns:p="urn:p"/></x>', '<x><p:y xmlns:p="urn:p"></p:y></x>'),
        ('<p:y xmlns:p="urn:p"><x/></p:y>', '<p:y xmlns:p="urn:p"><x></x></p:y>'),
    ],
)
def test_unknown_detail_is_kept_as_canonical_xml(detail: str, expected: str) -> None:
    xml = kept(decoded(event(detail)))
    assert f"<detail>{expected}</detail>" in xml
    assert etree.tostring(etree.fromstring(xml), method="c14n", exclusive=True).decode() == xml


@pytest.mark.parametrize("prefix", ["", "<!-- c -->"])
def test_the_extension_is_canonical_inside_a_document_too(prefix: str) -> None:
    xml = kept(decoded(event(prefix + '<b z="1" a="2"/><p:y xmlns:p="urn:p"><x/></p:y>' + DEEP)))
    document = f'<m xmlns="urn:alliance:track-exchange:1"><Extensions>{xml}</Extensions></m>'
    assert etree.tostring(etree.fromstring(document), method="c14n", exclusive=True).decode() == document


def test_a_foreign_element_becomes_an_extension_of_its_own() -> None:
    track = decoded(event('<p:y xmlns:p="urn:p" b="2" a="1"><p:z/></p:y>'))
    assert track.extensions[1] == Extension("urn:p", "y", '<p:y xmlns:p="urn:p" a="1" b="2"><p:z></p:z></p:y>')


def test_the_second_of_a_shared_element_is_kept_whole() -> None:
    track = decoded(event('<contact callsign="A"/><contact callsign="B"/>'))
    assert track.identifiers[1] == Identifier("callsign", "A")
    assert '<contact></contact><contact callsign="B"></contact>' in kept(track)


def test_comments_are_left_out_and_listed() -> None:
    assert Loss("event/comment()", "NOT_MODELLED") in losses(decoded(event("<!-- note --><a/>")))


def test_several_events_in_one_frame_are_each_judged() -> None:
    bad = event(uid="bad").replace(b'lat="50.5"', b'lat="95"')
    octets = event(uid="a") + b"\n" + bad + event(uid="b", detail="<!-- </event> -->")
    result = CotDecoder().decode(frame(octets))
    assert [track.identifiers[0].value for track in result.tracks] == ["a", "b"]
    assert [problem.code for problem in result.problems] == [codes.POINT]
    assert result.problems[0].place.startswith(f"octet {len(event(uid='a')) + 1}")


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (b"", "XML-001"),
        (b"<event", "XML-001"),
        (b"<other/>", codes.NOT_AN_EVENT.id),
        (b'<event xmlns="urn:x"/>', codes.NOT_AN_EVENT.id),
        (b'<!DOCTYPE event [<!ENTITY a "b">]>' + event(), "XML-002"),
        (event().decode().encode("utf-16"), "XML-003"),
        (b"\xbf\x01\xbf\x0a\x05", "TAK-001"),
        (event().replace(b'uid="u-1" ', b""), codes.MISSING.id),
        (event(uid=""), codes.MISSING.id),
        (event().replace(b'stale="2026-11-22T08:13:00.000Z" ', b""), codes.MISSING.id),
        (event().replace(b'lat="50.5" ', b""), codes.MISSING.id),
        (event(point="").replace(b"<point />", b""), codes.MISSING.id),
        (event().replace(b'version="2.0"', b'version="1.1"'), codes.VERSION.id),
        (event(type="a f"), codes.TYPE.id),
        (event(type=""), codes.TYPE.id),
        (event(point='lat="90.1" lon="1" hae="1" ce="1" le="1"'), codes.POINT.id),
        (event(point='lat="1" lon="-180.5" hae="1" ce="1" le="1"'), codes.POINT.id),
        (event(point='lat="1_0" lon="1" hae="1" ce="1" le="1"'), codes.POINT.id),
        (event(point='lat="abc" lon="1" hae="1" ce="1" le="1"'), codes.POINT.id),
        (event(point='lat="1e999" lon="1" hae="1" ce="1" le="1"'), codes.POINT.id),
        (event(start="2026-11-22T08:12:00"), codes.TIME.id),
        (event(start="2026-W47-7T08:12:00Z"), codes.TIME.id),
        (event(start="2026-11-22T08:12:60Z"), codes.TIME.id),
        (event(start="2026-13-22T08:12:00Z"), codes.TIME.id),
        (event(start="0001-01-01T00:00:00+23:59"), codes.TIME.id),
        (event(uid="u" * 65_536), codes.TOO_LONG.id),
        (event(f'<contact callsign="{"c" * 65_536}"/>'), codes.TOO_LONG.id),
        (event(type="a-f-" + "A" * 65_536), codes.TOO_LONG.id),
        (event("<a>" * 70 + "</a>" * 70), codes.TOO_DEEP.id),
        (event("<a " + " ".join(f'b{n}="1"' for n in range(65)) + "/>"), codes.TOO_DEEP.id),
        (event("<a/>" * 20_001), codes.TOO_DEEP.id),
        (event(f'<a xmlns="{NAMESPACE}"/>'), codes.NAMESPACE.id),
        (event('<a xmlns:p="relative"><p:b/></a>'), codes.DETAIL.id),
        (event('<a b="1" b="2"/>'), "XML-001"),
        (event("<a>\x01</a>"), "XML-001"),
        (event("<a>\ufffe</a>"), "XML-001"),
    ],
)
def test_refuses_what_is_no_event_with_its_code(octets: bytes, code: str) -> None:
    assert refused(octets).code.id == code


def test_refuses_a_frame_over_the_limit() -> None:
    assert refused(event(), limits=Limits(max_frame_octets=100)).code is codes.TOO_LARGE


def test_refuses_more_events_than_a_frame_may_hold() -> None:
    assert refused(event() * 3, limits=Limits(max_records_per_frame=2)).code is codes.TOO_MANY


def test_a_detail_that_is_too_big_stays_in_the_raw_record_and_is_listed() -> None:
    track = decoded(event(f"<image>{'A' * 70_000}</image><small/>"))
    assert losses(track) == {Loss("event/detail/image", "NOT_MODELLED")}
    assert "<detail><small></small></detail>" in kept(track)
    full = decoded(event("<small/>" * 6_000 + f'<p:y xmlns:p="urn:p">{"y" * 70_000}</p:y>'), limits=Limits())
    assert [len(one.xml) <= 65_536 for one in full.extensions] == [True]
    assert Loss("event/detail/y", "NOT_MODELLED") in losses(full)
    assert refused(event(attributes=f' caveat="{"c" * 70_000}"')).code is codes.TOO_LONG
    long = decoded(event(f"<remarks>{'é' * 40_000}</remarks>"))
    assert long.remarks == "é" * 32_768
    assert losses(long) == {Loss("event/detail/remarks", "TRUNCATED")}


def test_times_with_offsets_and_long_fractions_are_read() -> None:
    state = decoded(event(start="2026-11-22T10:12:00.123456789+02:00")).state
    assert state is not None
    assert state.time == datetime(2026, 11, 22, 8, 12, 0, 123456, tzinfo=UTC)


def test_an_unknown_option_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        CotDecoder(colour="red")  # type: ignore[call-arg]  # that is the point
