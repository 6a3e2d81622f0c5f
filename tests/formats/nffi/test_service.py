"""SIP3 over SOAP: the pull, its filter, its faults, and the enquiry that a poll sends."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.dialect import Answer, Request
from gateway.errors import FormatError
from gateway.formats.nffi import FORMAT, NffiService, enquiry
from gateway.track import Identifier, Identity, IdentityGroup, Position, State, Status, Track
from tests.formats.nffi.making import NOW, decode
from tests.formats.nffi.schema import NFFI, assert_valid

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
SIP3 = "urn:nato:fft:protocols:sip3"
ERRORS = "urn:nato:fft:protocols:sip3:errors"
QUERY = "urn:nato:fft:protocols:nffi13:query"


def track(name: str, longitude: float, *, minutes: int = 0, system: str = "FTS") -> Track:
    return Track(
        track_id=f"00000000-0000-4000-8000-{ord(name):012d}",
        name=name,
        identity=IdentityGroup(value=Identity.FRIEND),
        identifiers=(Identifier("nffi_track", f"NOR/{system}//{name}-1"),),
        state=State(time=NOW.replace(microsecond=0) - timedelta(minutes=minutes), position=Position(60.0, longitude)),
    )


PICTURE = [track("A", 10.0), track("B", 11.0, minutes=5), track("C", 180.0, system="OTHER"), track("D", -179.0)]


def ask(inner: str, *, namespace: str = SOAP, header: str = "", tracks: list[Track] = PICTURE) -> Answer:
    body = f'<ReqResFilter xmlns="{SIP3}" xmlns:q="{QUERY}">{inner}</ReqResFilter>'
    return send(body, namespace=namespace, header=header, tracks=tracks)


def send(body: str, *, namespace: str = SOAP, header: str = "", tracks: list[Track] = PICTURE) -> Answer:
    octets = f'<s:Envelope xmlns:s="{namespace}">{header}<s:Body>{body}</s:Body></s:Envelope>'.encode()
    return NffiService(node="nld-1").answer(
        Request(method="POST", query={}, media_type="text/xml", octets=octets), tracks, NOW
    )


def names(answer: Answer) -> str:
    assert answer.status == 200, answer.octets
    root = etree.fromstring(answer.octets)
    found = root.find(f"{{*}}Body/{{{SIP3}}}NFFIDataResponse")
    assert found is not None
    assert [etree.QName(child).localname for child in found] == ["allAvailableDataTransferred", "NFFIMessage"]
    assert found[0].text == "true"
    assert_valid(etree.tostring(found[1]))
    return "".join(one.text or "" for one in found.iter(f"{{{NFFI}}}unitShortName"))


@pytest.mark.parametrize(("namespace", "media"), [(SOAP, "text/xml"), (SOAP_12, "application/soap+xml")])
def test_a_pull_without_filter_gets_everything_in_the_envelope_it_came_in(namespace: str, media: str) -> None:
    answer = ask("", namespace=namespace)
    assert names(answer) == "ABCD"
    assert answer.media_type == media
    assert etree.fromstring(answer.octets).tag == f"{{{namespace}}}Envelope"
    assert len(decode(answer.octets).tracks) == 4
    assert names(send("")) == "ABCD"  # a client that passes no filter object sends an empty Body


def geo(inner: str) -> str:
    return f"<q:NFFIFilter><q:geoFilter>{inner}</q:geoFilter></q:NFFIFilter>"


def at(name: str, longitude: float, latitude: float) -> str:
    return f"<q:{name}><q:longitude>{longitude}</q:longitude><q:latitude>{latitude}</q:latitude></q:{name}>"


def box(west: float, south: float, east: float, north: float) -> str:
    return geo(
        f"<q:rectangular>{at('leftTopCorner', west, north)}{at('rightBottomCorner', east, south)}</q:rectangular>"
    )


def listed(inner: str, word: str = "") -> str:
    word = f"<q:incl_excl>{word}</q:incl_excl>" if word else ""
    return f"<q:NFFIFilter><q:systemList>{word}<q:trackSource>{inner}</q:trackSource></q:systemList></q:NFFIFilter>"


def system(name: str) -> str:
    return f"<q:sourceSystem><q:system>{name}</q:system></q:sourceSystem>"


POLYGON = "".join(at("point", x, y) for x, y in ((179, 59), (-178, 59), (-178, 61), (179, 61)))


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ('<period start="20261122081100"/>', "ACD"),
        ('<period start="20261122080000" end="20261122081100"/>', "B"),
        (box(9, 59, 10.5, 61), "A"),
        (box(170, 59, -170, 61), "CD"),  # across the 180th meridian
        (geo(f"<q:circle>{at('center', 10.0, 60.0)}<q:radius>60000</q:radius></q:circle>"), "AB"),
        (geo(f"<q:circle>{at('center', 10.0, 60.0)}<q:radius>50000</q:radius></q:circle>"), "A"),
        (geo(f"<q:closedPolygon>{POLYGON}</q:closedPolygon>"), "CD"),
        (geo(""), "ABCD"),
        (box(9, 59, 10.5, 61).replace("</q:NFFIFilter>", box(170, 59, 180, 61).removeprefix("<q:NFFIFilter>")), "AC"),
        (listed(system("FTS")), "ABD"),
        (listed(system("F%")), "ABD"),
        (listed(system("%T%S%")), "ABD"),
        (listed(system("%")), "ABCD"),
        (listed(system("FTS%S")), ""),
        (listed(system("FTS"), "EXCLUSIVE"), "C"),
        (listed("<q:transponderId>B-1</q:transponderId>", "INCLUSIVE"), "B"),
        (listed("<q:sourceSystem><q:country>SWE</q:country></q:sourceSystem>"), ""),
        ("<q:NFFIFilter><q:historyDepth>5</q:historyDepth></q:NFFIFilter>", "ABCD"),
        ("<q:NFFIFilter/>", "ABCD"),
    ],
)
def test_the_filter_is_applied(inner: str, expected: str) -> None:
    assert names(ask(inner)) == expected


@pytest.mark.parametrize(
    "inner",
    [
        "<x/>",
        "<period/>",
        '<period start="yesterday"/>',
        "<q:NFFIFilter><q:XPathFilter>//track</q:XPathFilter></q:NFFIFilter>",
        "<q:NFFIFilter><q:maxFrame>5</q:maxFrame></q:NFFIFilter>",
        "<q:NFFIFilter><q:historyDepth>-1</q:historyDepth></q:NFFIFilter>",
        "<q:NFFIFilter><q:systemList/></q:NFFIFilter>",
        "<q:NFFIFilter><other/></q:NFFIFilter>",
        listed(system("FTS"), "MAYBE"),
        listed("<q:colour>red</q:colour>"),
        listed(system("x" * 61)),
        box(9, 61, 10.5, 59),
        box(-180, 59, 10.5, 61),
        geo("<q:rectangular/>"),
        geo("<q:star/>"),
        geo(f"<q:circle>{at('center', 10.0, 95.0)}<q:radius>1</q:radius></q:circle>"),
        geo(f"<q:circle>{at('center', 10.0, 60.0)}<q:radius>-1</q:radius></q:circle>"),
        geo(f"<q:closedPolygon>{at('point', 1, 1) * 2}</q:closedPolygon>"),
    ],
)
def test_a_filter_that_is_not_understood_gets_a_fault_and_is_never_ignored(inner: str) -> None:
    answer = ask(inner)
    assert (answer.status, answer.media_type) == (500, "text/xml")
    fault = etree.fromstring(answer.octets).find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert fault is not None
    assert fault.findtext("faultcode") == "soap:Client"
    detail = fault.find(f"detail/{{{ERRORS}}}SIP3Fault")
    assert detail is not None
    assert detail.findtext(f"{{{ERRORS}}}SIP3FCode") == "NFI-033"
    assert decode(answer.octets).problems[0].code.id == "NFI-002"


@pytest.mark.parametrize("body", ['<SIP3DataRequest xmlns="urn:nato:fft:protocols:sip3"/>', "<a/>", "<a/><b/>"])
def test_other_operations_get_a_fault_in_either_envelope(body: str) -> None:
    for namespace in (SOAP, SOAP_12):
        answer = send(body, namespace=namespace)
        assert answer.status == 500
        assert b"NFI-032" in answer.octets


def test_a_client_that_could_unpack_still_reads_a_plain_answer() -> None:
    header = (
        f'<s:Header><CompressionAlgsSupported xmlns="{SIP3}"><compression '
        'xmlns="urn:nato:fft:protocols:sip3:compression">GZIP</compression></CompressionAlgsSupported></s:Header>'
    )
    assert names(ask("", header=header)) == "ABCD"


def test_tracks_without_a_place_are_listed_and_ended_ones_left_out() -> None:
    nowhere = Track(track_id="x", state=State(time=NOW))
    ended = Track(track_id="y", state=State(time=NOW, position=Position(1.0, 1.0)), status=Status(ended=True))
    answer = ask("", tracks=[nowhere, ended])
    assert names(answer) == ""
    assert [problem.code.id for problem in answer.problems] == ["NFI-020"]


@pytest.mark.parametrize(
    ("method", "octets", "code"),
    [
        ("GET", b"", "NFI-030"),
        ("POST", b"", "NFI-031"),
        ("POST", b"<a/>", "NFI-031"),
        ("POST", b"<!DOCTYPE a><a/>", "NFI-031"),
    ],
)
def test_what_is_no_request_is_refused(method: str, octets: bytes, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        NffiService().answer(Request(method=method, query={}, media_type="", octets=octets), PICTURE, NOW)
    assert caught.value.code.id == code


def test_the_enquiry_is_understood_by_the_service() -> None:
    assert FORMAT.enquiry is enquiry

    assert enquiry().headers == {"SOAPAction": '"PullDataOperation"'}

    def asked(request: Request) -> str:
        assert (request.method, request.media_type) == ("POST", "text/xml")
        return names(NffiService().answer(request, PICTURE, NOW))

    area = {"south_deg": 59.0, "west_deg": 9.0, "north_deg": 61.0, "east_deg": 10.5}
    assert asked(enquiry()) == "ABCD"
    assert asked(enquiry(area=area, history_depth=1)) == "A"
    assert asked(enquiry(systems=[{"country": "NOR", "system": "OTH%"}, {"transponder_id": "D-1"}])) == "CD"


@pytest.mark.parametrize(
    "options",
    [
        {"history_depth": -1},
        {"area": {"south_deg": 59.0}},
        {"area": {"south_deg": 59.0, "west_deg": -180.0, "north_deg": 61.0, "east_deg": 10.5}},
        {"systems": [{"sistem": "x"}]},
        {"systems": [{}]},
        {"systems": [{"country": "nor"}]},
        {"systems": [{"system": "a b"}]},
        {"systems": [{"transponder_id": ""}]},
    ],
)
def test_an_enquiry_that_the_schema_does_not_admit_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        enquiry(**options)  # type: ignore[arg-type]


@given(st.text(st.sampled_from("abc%"), min_size=1, max_size=12), st.text(st.sampled_from("abc"), max_size=12))
@settings(max_examples=200, deadline=None)
def test_wildcards_match_as_sql_s_do(pattern: str, text: str) -> None:
    import re

    expected = re.fullmatch(".*".join(re.escape(part) for part in pattern.split("%")), text) is not None
    own = Track(
        track_id="t",
        name="A",
        identifiers=(Identifier("nffi_track", f"NOR/{text}//t"),),
        state=State(time=NOW, position=Position(1.0, 1.0)),
    )
    assert (names(ask(listed(system(pattern)), tracks=[own])) == "A") is expected


def test_a_hostile_wildcard_costs_no_more_than_its_length() -> None:
    own = Track(
        track_id="t",
        identifiers=(Identifier("nffi_track", f"NOR/{'a' * 900}//t"),),
        state=State(time=NOW, position=Position(1.0, 1.0)),
    )
    begin = time.process_time()
    assert names(ask(listed(system("%a" * 29 + "%b")), tracks=[own])) == ""
    assert time.process_time() - begin < 2.0


@given(st.binary(max_size=80) | st.text(max_size=60).map(lambda text: f"<a>{text}</a>".encode()))
@settings(max_examples=60, deadline=None)
def test_only_format_errors_leave_it(octets: bytes) -> None:
    wrapped = b'<s:Envelope xmlns:s="%s"><s:Body>%s</s:Body></s:Envelope>' % (SOAP.encode(), octets)
    for one in (octets, wrapped):
        with contextlib.suppress(FormatError):
            assert NffiService().answer(Request(method="POST", query={}, media_type="", octets=one), [], NOW).octets
