"""Events as TAK clients write them and as they should not, and what "the same event" means."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import strategies as st
from lxml import etree

from gateway.track import Loss
from tests.formats.cot.generators import XML_TEXT, event

TEXTS = st.one_of(XML_TEXT, st.sampled_from(["", "HOPE", "*:-1:stcp", "Team Member", "a&b", "x<y", 'q"q', "unknown"]))
FIGURES = st.sampled_from(
    [
        "0.0",
        "1.25",
        "123.4",
        "360.0",
        "-1.0",
        "5",
        "1.50",
        "1e3",
        "-0.0",
        "NaN",
        "",
        "fast",
        "9999999.0",
        "0.000010000000",
    ]
)
BATTERIES = st.sampled_from(["78", "0", "078", "-1", "4294967295", "4294967296", "78.5", "", "full", "٧"])
POINTS = st.sampled_from(
    ["0.0", "50.5", "50.50", "-0.0", "38.856650047254725", "0.1234567890123456789", "14", "1e1", "9999999.0", "999999"]
)
ERRORS = st.one_of(POINTS, st.sampled_from(["NaN", "", "unknown", "far"]))
TIMES = st.sampled_from(
    [
        "2026-11-22T08:12:00.000Z",
        "2026-11-22T08:12:00Z",
        "2026-11-22T08:12:00.5Z",
        "2026-11-22T08:12:00.123456Z",
        "2026-11-22T08:12:00.1234567Z",
        "2026-11-22T10:12:00.05+02:00",
        "2026-11-22T08:12:00.500000000Z",
        "1970-01-01T00:00:00.001Z",
        "9999-12-31T23:59:59.999Z",
    ]
)
_FIELDS = {
    "contact": {"callsign": TEXTS, "endpoint": TEXTS, "phone": TEXTS},
    "__group": {"name": TEXTS, "role": TEXTS, "exrole": TEXTS},
    "precisionlocation": {"geopointsrc": TEXTS, "altsrc": TEXTS, "PRECISE_IMAGE_FILE": TEXTS},
    "status": {"battery": BATTERIES, "readiness": TEXTS},
    "takv": {"device": TEXTS, "platform": TEXTS, "os": TEXTS, "version": TEXTS, "build": TEXTS},
    "track": {"course": FIGURES, "speed": FIGURES, "slope": FIGURES, "eCourse": FIGURES, "eSpeed": FIGURES},
}
_OTHERS = st.sampled_from(
    [
        '<usericon iconsetpath="COT_MAPPING_2525B/a-u/a-u-G"/>',
        "<archive/>",
        '<link uid="A" relation="p-p"/>',
        "<remarks>R &amp; D ]]&gt;</remarks>",
        "<a><b c='d'>e</b> tail</a>",
        '<x:y xmlns:x="urn:z" x:k="1"><x:w/></x:y>',
        '<q xmlns="urn:z"><w/></q>',
        "<![CDATA[ raw ]]><after/>",
        "text<c/>",
        "<!-- note --><d/>",
    ]
)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


@st.composite
def typed(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(sorted(_FIELDS)))
    fields = _FIELDS[name]
    names = draw(
        st.sampled_from([tuple(fields)[:-1], tuple(fields), *[(one,) for one in fields], (), tuple(fields)[:2]])
    )
    attributes = "".join(f' {one}="{escaped(draw(fields[one]))}"' for one in names)
    content = draw(st.sampled_from(["", "", "", "", "text", "<sub/>"]))
    return f"<{name}{attributes}>{content}</{name}>" if content else f"<{name}{attributes}/>"


@st.composite
def events(draw: st.DrawFn) -> bytes:
    detail = "".join(draw(st.lists(typed() | typed() | _OTHERS, max_size=6)))
    extra = draw(st.sampled_from(["", "", ' agl="5"', ' xmlns:n="urn:n" n:a="1"']))
    point = (
        f'lat="{draw(POINTS)}" lon="{draw(POINTS)}" hae="{draw(ERRORS)}" ce="{draw(ERRORS)}" le="{draw(ERRORS)}"{extra}'
    )
    markings = "".join(
        f' {name}="{escaped(draw(TEXTS))}"'
        for name in draw(st.sets(st.sampled_from(["access", "caveat", "releasableTo", "qos", "opex", "mine"])))
    )
    octets = event(
        detail, attributes=markings, point=point, start=draw(TIMES), stale=draw(TIMES), uid=escaped(draw(XML_TEXT))
    )
    if draw(st.integers(0, 9)) == 0:
        octets = octets.replace(b"<detail>", b'<detail a="b">').replace(b"</event>", b"<more/><!-- x --></event>")
    return octets


Shape = tuple[dict[str, object], dict[str, object], dict[str, str], list[bytes], str]


def canonical(octets: bytes, losses: tuple[Loss, ...] = ()) -> Shape:
    """What an event says, without what is listed as lost: attributes, point, detail's attributes, children, text."""
    lost = {loss.field: loss.reason for loss in losses}
    root = etree.fromstring(octets)
    attributes: dict[str, object] = {}
    for name, value in root.attrib.items():
        if name in ("time", "start", "stale"):
            attributes[name] = instant(value, truncated=lost.get(f"event@{name}") == "TRUNCATED")
        elif not (f"event@{name}" in lost or (name[0] == "{" and "event@*" in lost)):
            attributes[name] = value
    point: dict[str, object] = {"hae": None, "ce": None, "le": None}
    element = root.find("point")
    assert element is not None
    for name, value in element.attrib.items():
        reason = lost.get(f"event/point@{name}")
        if name in ("lat", "lon", "hae", "ce", "le"):
            point[name] = None if reason == "OUT_OF_RANGE" else figure(value, rounded=reason == "ROUNDED")
        elif not (reason or (name[0] == "{" and "event/point@*" in lost)):
            point[name] = value
    detail = root.find("detail")
    others: dict[str, str] = {}
    children: list[bytes] = []
    text = ""
    if detail is not None:
        others = {name: value for name, value in detail.attrib.items() if f"event/detail@{name}" not in lost}
        text = (detail.text or "").strip()
        for child in detail:
            if isinstance(child.tag, str):
                children.append(etree.tostring(child, method="c14n", exclusive=True, with_tail=False))
            else:  # libxml2 crashes on the canonical form of a comment alone
                children.append(etree.tostring(child, with_tail=False))
            text += (child.tail or "").strip()
    for child in root:
        if child.tag not in ("point", "detail"):
            named = f"event/{child.tag}" if isinstance(child.tag, str) else "event/comment()"
            assert named in lost, named
    return attributes, point, others, sorted(children), "".join(sorted(text))


def instant(text: str, *, truncated: bool) -> tuple[datetime, str]:
    """The instant and what stands beyond its microseconds."""
    value = datetime.fromisoformat(text).astimezone(UTC)
    fraction = text.partition(".")[2].rstrip("Z").partition("+")[0]
    if truncated:
        return value.replace(microsecond=value.microsecond // 1000 * 1000), ""
    return value, fraction[6:].rstrip("0")


def figure(text: str, *, rounded: bool) -> object:
    """The number, `None` for every way to say that it is not known."""
    if text.lower() in ("", "nan", "unknown") or float(text) in (999999.0, 9999999.0):
        return None
    return Decimal(repr(float(text))) if rounded else Decimal(text)
