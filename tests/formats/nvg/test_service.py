"""NVG over HTTP: the document, the SOAP operations, and what is refused."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.dialect import Answer, Request
from gateway.errors import FormatError
from gateway.formats.nvg import FORMAT, NvgService, enquiry
from gateway.limits import Limits
from gateway.track import Environment, Identity, IdentityGroup, Operator, Position, State, Track
from tests.formats.nvg.making import NOW, NVG, assert_rules, decode

SERVICE = "https://tide.act.nato.int/wsdl/2012/nvg"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"


def track(number: int, environment: Environment, identity: Identity | None) -> Track:
    return Track(
        track_id=f"00000000-0000-4000-8000-{number:012d}",
        environment=environment,
        identity=IdentityGroup(value=identity) if identity else None,
        operator=Operator(position=Position(1.0, 2.0)),
        state=State(time=NOW, position=Position(54.5, 25.25)),
    )


PICTURE = [
    track(1, Environment.AIR, Identity.HOSTILE),
    track(2, Environment.LAND, Identity.FRIEND),
    track(3, Environment.AIR, None),
]


def get(**query: str) -> Answer:
    return NvgService().answer(Request(method="GET", query=query, media_type=""), PICTURE, NOW)


def post(body: str, *, namespace: str = SOAP, service: NvgService | None = None) -> Answer:
    octets = f'<s:Envelope xmlns:s="{namespace}"><s:Header/><s:Body>{body}</s:Body></s:Envelope>'.encode()
    request = Request(method="POST", query={}, media_type="text/xml", octets=octets)
    return (service or NvgService()).answer(request, PICTURE, NOW)


def test_a_filter_beside_a_soap_request_is_refused_and_not_ignored() -> None:
    octets = f'<s:Envelope xmlns:s="{SOAP}"><s:Body><GetNvg xmlns="{SERVICE}"/></s:Body></s:Envelope>'.encode()
    request = Request(method="POST", query={"identity": "HOSTILE"}, media_type="text/xml", octets=octets)
    with pytest.raises(FormatError, match="NVG-031"):
        NvgService().answer(request, PICTURE, NOW)


def filtered(inner: str) -> str:
    return f'<GetNvg xmlns="{SERVICE}" xmlns:n="{NVG}"><n:nvg_filter version="2.0.2">{inner}</n:nvg_filter></GetNvg>'


def uris(answer: Answer) -> list[str]:
    return [one.get("uri", "")[-1] for one in etree.fromstring(answer.octets).iter(f"{{{NVG}}}point")]


def test_get_answers_the_document_of_the_tracks_given() -> None:
    answer = get()
    assert (answer.status, answer.media_type) == (200, "application/xml")
    assert_rules(answer.octets)
    assert uris(answer) == ["1", "2", "3"]
    assert {(loss.field, loss.reason) for _, loss in answer.losses} == {("operator", "WITHHELD")}


def test_the_same_picture_has_the_same_octets_whenever_it_is_asked_for() -> None:
    request = Request(method="GET", query={}, media_type="")
    later = NvgService(node="other").answer(request, PICTURE[::-1], NOW + timedelta(days=1))
    assert later.octets == get().octets


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"environment": "AIR"}, ["1", "3"]),
        ({"environment": "AIR,LAND"}, ["1", "2", "3"]),
        ({"identity": "NONE"}, ["3"]),
        ({"environment": "AIR", "identity": "HOSTILE,FRIEND"}, ["1"]),
        ({"environment": "SPACE"}, []),
    ],
)
def test_filters_are_offered_by_query_and_by_soap_alike(query: dict[str, str], expected: list[str]) -> None:
    assert uris(get(**query)) == expected
    responses = "".join(
        f'<n:select_response refid="{name}">'
        + "".join(f"<n:selected>{value}</n:selected>" for value in values.split(","))
        + "</n:select_response>"
        for name, values in query.items()
    )
    assert uris(post(filtered(responses))) == expected


@pytest.mark.parametrize(
    ("query", "code"), [({"wsdl": ""}, "NVG-031"), ({"environment": "air"}, "NVG-034"), ({"identity": ""}, "NVG-034")]
)
def test_a_query_that_is_not_offered_is_refused_and_never_ignored(query: dict[str, str], code: str) -> None:
    with pytest.raises(FormatError) as caught:
        get(**query)
    assert caught.value.code.id == code


@pytest.mark.parametrize(("namespace", "media"), [(SOAP, "text/xml"), (SOAP_12, "application/soap+xml")])
def test_get_nvg_answers_the_document_in_the_envelope_it_came_in(namespace: str, media: str) -> None:
    answer = post(f'<GetNvg xmlns="{SERVICE}"/>', namespace=namespace)
    assert (answer.status, answer.media_type) == (200, media)
    root = etree.fromstring(answer.octets)
    assert root.tag == f"{{{namespace}}}Envelope"
    document = root.find(f"{{{namespace}}}Body/{{{SERVICE}}}GetNvgResponse/{{{NVG}}}nvg")
    assert document is not None
    assert_rules(etree.tostring(document))
    assert len(decode(answer.octets).tracks) == 3


def test_get_capabilities_lists_the_filters() -> None:
    root = etree.fromstring(post(f'<GetCapabilities xmlns="{SERVICE}"/>').octets)
    offered = root.find(f"{{{SOAP}}}Body/{{{SERVICE}}}GetCapabilitiesResponse/{{{NVG}}}nvg_capabilities")
    assert offered is not None
    assert offered.get("version") == "2.0.2"
    assert [one.get("id") for one in offered] == ["environment", "identity"]
    assert {one.get("id") for one in offered.iter(f"{{{NVG}}}value")} >= {"AIR", "HOSTILE", "NONE"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ('<GetNvg xmlns="http://tide.act.nato.int/wsdl/2009/nvg"/>', "NVG-033"),
        (f'<DropAll xmlns="{SERVICE}"/>', "NVG-033"),
        (f'<GetNvg xmlns="{SERVICE}"><x/></GetNvg>', "NVG-034"),
        (filtered('<n:input_response refid="environment">AIR</n:input_response>'), "NVG-034"),
        (filtered('<n:select_response refid="a"/>'), "NVG-034"),
        (filtered('<n:select_response refid="identity"><n:selected>EVIL</n:selected></n:select_response>'), "NVG-034"),
    ],
)
def test_a_soap_request_that_is_not_understood_gets_a_fault(body: str, code: str) -> None:
    answer = post(body)
    assert (answer.status, answer.media_type) == (500, "text/xml")
    fault = etree.fromstring(answer.octets).find(f"{{{SOAP}}}Body/{{{SOAP}}}Fault")
    assert fault is not None
    assert code in (fault.findtext("faultstring") or "")
    assert decode(answer.octets).problems[0].code.id == "NVG-002"


@pytest.mark.parametrize(
    ("method", "octets", "code"),
    [
        ("PUT", b"", "NVG-030"),
        ("POST", b"", "NVG-032"),
        ("POST", b"{}", "NVG-032"),
        ("POST", b"<a/>", "NVG-032"),
        ("POST", b'<!DOCTYPE a><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "NVG-032"),
        ("POST", b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>', "NVG-032"),
    ],
)
def test_what_is_no_request_is_refused(method: str, octets: bytes, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        NvgService().answer(Request(method=method, query={}, media_type="", octets=octets), PICTURE, NOW)
    assert caught.value.code.id == code


def test_the_enquiry_is_a_plain_get_or_a_soap_request_that_the_service_understands() -> None:
    assert FORMAT.enquiry is enquiry
    assert (enquiry().method, enquiry().octets) == ("GET", b"")
    action = "https://tide.act.nato.int/wsdl/2012/nvg/GetNvg"
    assert (dict(enquiry().headers), dict(enquiry(soap_request=True).headers)) == ({}, {"SOAPAction": f'"{action}"'})
    assert uris(NvgService().answer(enquiry(soap_request=True), PICTURE, NOW)) == ["1", "2", "3"]


def test_personal_data_is_served_only_to_clients_who_may_have_it() -> None:
    assert len(uris(post(f'<GetNvg xmlns="{SERVICE}"/>', service=NvgService(personal_data=True)))) == 6


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: f"<a>{text}</a>".encode()))
@settings(max_examples=60, deadline=None)
def test_only_format_errors_leave_it(octets: bytes) -> None:
    service = NvgService(limits=Limits(max_frame_octets=100))
    for wrapped in (octets, b'<s:Envelope xmlns:s="%s"><s:Body>%s</s:Body></s:Envelope>' % (SOAP.encode(), octets)):
        request = Request(method="POST", query={}, media_type="", octets=wrapped)
        with contextlib.suppress(FormatError):
            assert service.answer(request, PICTURE, NOW).status == 500
