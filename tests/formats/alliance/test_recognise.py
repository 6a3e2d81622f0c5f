"""What is read without a validator is valid, and means what the validated reading says (ADR 30)."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import fields, replace

from gateway.errors import FormatError
from gateway.formats.alliance import NAMESPACE, open_message, packaged_schema, read, render
from gateway.formats.alliance.extensions import _check, canonical, plain_elements
from gateway.formats.alliance.grammar import Grammar
from gateway.formats.alliance.recognise import message_of
from gateway.limits import Limits
from gateway.stages import Derivation, Hop, Message, Retraction
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
from gateway.xml import parse
from tests.formats.alliance import examples
from tests.formats.alliance.test_examples import signed
from tests.formats.alliance.test_extensions import elements as foreign_elements
from tests.formats.alliance.test_round_trip import verified
from tests.strategies import messages, relays, texts

XS = "http://www.w3.org/2001/XMLSchema"
OURS = f"{{{NAMESPACE}}}"
NOW = datetime(2026, 11, 22, 9, 0, 0, 120, tzinfo=UTC)
GRAMMAR = Grammar(packaged_schema().path)
SIMPLE = [
    "xs:boolean",
    *[str(node.get("name")) for node in etree.parse(packaged_schema().path).getroot().findall(f"{{{XS}}}simpleType")],
]
OTHER = Label(policy="BRAVO", classification="S", created_at=NOW)
LABEL = Label(
    policy="ALPHA",
    classification="A & B",
    categories=(
        LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("DEU", "NLD"), uri="urn:oid:2.25.1"),
        LabelCategory(tag="Caveat", kind="RESTRICTIVE", values=("A & B",)),
    ),
    tlp="AMBER",
    purpose="SAR",
    policy_uri="urn:oid:2.25.1",
    privacy_mark="m",
    originator="nld.example",
    originator_kind="dNSName",
    created_at=NOW,
    review_at=NOW,
    successor=Succession(at=NOW, label=OTHER),
    alternatives=(replace(OTHER, review_at=NOW), OTHER),
    metadata=OTHER,
)


def everything() -> Message:
    """A message in which every element and attribute of the schema stands, extensions left out."""
    position = Position(51.5, -0.25)
    state = State(
        time=NOW,
        time_quality="TAGGED",
        date_basis="RECEIVED_TIME",
        received_at=NOW,
        sent_at=NOW,
        stale_at=NOW,
        position=position,
        altitude_quality="GARBLED",
        accuracy=Accuracy(
            horizontal_95_m=1.0, vertical_95_m=2.0, course_95_deg=3.0, speed_95_mps=4.0, basis="SIGMA_XY"
        ),
        covariance=Covariance("EN", (1.0, -0.5, 2.0)),
        polar=Polar(
            sensor="a<b",
            sensor_position=position,
            sensor_altitude_msl_m=5.0,
            sensor_altitude_hae_m=48.25,
            range_m=6.0,
            azimuth_deg=7.0,
            elevation_deg=-8.0,
            range_rate_mps=-9.0,
            north="TRUE",
            correction="HEIGHT_3D",
            reach_m=10.0,
            range_95_m=11.0,
            azimuth_95_deg=12.0,
            elevation_95_deg=13.0,
        ),
    )
    figures = {field.name: 11.5 for field in fields(State) if "float" in str(field.type)}
    facts = {field.name: True if "bool" in str(field.type) else "GENERAL" for field in fields(Status)}
    track = Track(
        track_id=examples.uuid(1),
        identifiers=(Identifier("icao24", "3c660c"), Identifier("callsign", "A & B", "GARBLED")),
        environment=Environment.AIR,
        status=Status(**facts),  # type: ignore[arg-type]  # names and types are Status's own
        identity=IdentityGroup(
            value=Identity.FRIEND, amplification="FAKER", confidence_pct=50.0, assigned_by="x", assigned_at=NOW
        ),
        platform="UAV",
        name="n",
        remarks="two\nlines",
        classifications=(Classification(type="t", confidence_pct=100.0, scheme="COT_TYPE", level=20),) * 2,
        detection_confidence_pct=62.5,
        dimensions=Dimensions(length_m=1.0, width_m=2.0, height_m=3.0),
        operator=Operator(identifier="NLDr8 & co", position=position, altitude_hae_m=-1.5, basis="LIVE_GNSS", time=NOW),
        sources=(Source(id="s-1", name="one", modality="RADAR", nation="NLD"), Source(id="s-2", name="two")),
        relations=(Relation("MERGE", (examples.uuid(2), examples.uuid(3))),),
        label=LABEL,
        state=replace(state, **figures),
        provenance=(
            Provenance(
                gateway="nld-1",
                input_format="COT",
                mapping_id="cot/2.0",
                mapping_hash="0" * 64,
                input_message_id="i",
                losses=(Loss("f", "NO_TARGET"), Loss("g", "ROUNDED")),
            ),
        ),
        raw=RawRecord("COT", b"octets"),
    )
    header = replace(
        examples.airliner().header,
        label=LABEL,
        rule="release.all",
        policy="0" * 64,
        derived=Derivation(origin="nld", message_id=examples.uuid(9), sha256="1" * 64, redacted=True),
        hops=(Hop("deu", NOW), Hop("nld", NOW)),
    )
    gone = Retraction(track_id=examples.uuid(4), time=NOW, reason="ERROR")
    return Message(header=header, tracks=(track, examples.airliner().tracks[0]), retractions=(gone, gone))


WHOLE = render(everything()).decode()
SECOND = WHOLE.rindex("<Track>"), WHOLE.rindex("</Track>")  # nothing in it that is not in the first
LEAVES = [
    match.span(2)
    for match in re.finditer(r"<([\w:]+)[^>]*>([^<]*)</\1>", WHOLE)
    if not SECOND[0] < match.start() < SECOND[1]
]
ATTRIBUTES = [match.span(1) for match in re.finditer(r' \w+="([^"]*)"', WHOLE)]
HOSTILE = [
    *("", " ", "0", "1", "-1", "+1", "00", "01.50", "1.", ".5", "-.5", "-0", "1e3", "NaN", "INF", "1_0", "0x1", "1,5"),
    *("90", "90.0", "-90", "90.00000001", "89.999999999", "180", "-180", "180.00000001", "359.9999", "360", "360.0"),
    *(
        "100",
        "100.0000",
        "100.0001",
        "1000",
        "1000.0001",
        "10000",
        "1000000",
        "1000000.1",
        "999999.99999",
        "1000000000",
    ),
    *(
        "9999999999",
        "1000000000.001",
        "-1000000000.001",
        "20",
        "21",
        "1.0",
        "2.00",
        "19",
        "١",
        "１",
        "12 ",
        " 12",
        "1\n",
    ),
    *("true", "false", "TRUE", "1 ", "2026-02-31T00:00:00Z", "2026-02-28T24:00:00Z", "2026-02-28T23:59:60Z"),
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-02-28T00:00:00.1234567Z"),
    *(
        "2026-02-28T00:00:00",
        "2026-02-28T00:00:00+00:00",
        "2026-02-28t00:00:00z",
        "2026-02-28T00:00:00.Z",
        "-2026-01-01",
    ),
    *("2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-1-01"),
    *(
        "UNKNOWN",
        "FRIEND",
        "AIR",
        "REAL",
        "TEST",
        "air",
        "x-nld:a",
        "x-NLD:a",
        "X-",
        "A",
        "A" * 40,
        "A" * 41,
        "A_",
        "A b",
    ),
    *("é", "é" * 1024, "é" * 1025, "&" * 1024, "&" * 1025, "&amp;", "<", ">", "]]>", "\r", "\t", "a\nb", "x" * 16_384),
    *(
        "x" * 16_385,
        "AAAA",
        "AAA=",
        "AA==",
        "AB==",
        "AAB=",
        "A===",
        "AA=A",
        "A",
        "AA AA",
        "AAAA\n",
        "=",
        "QQ==",
        "QR==",
    ),
    *("s-1", "s-2", "s-3", "src-25-201", "1s", "NLD", "nld", "NL", "n" * 128, "n" * 129, ".n", "1.0", "1.01", "1.999"),
    *(
        examples.uuid(1),
        examples.uuid(1).upper(),
        "0" * 32,
        "0" * 64,
        "0" * 33,
        "g" * 32,
        "1.1000",
        "2.0",
        "1.",
        "1.10",
    ),
]


EVENT = Extension(
    "urn:alliance:track-exchange:ext:cot:2.0",
    "event",
    '<event xmlns="urn:alliance:track-exchange:ext:cot:2.0" how="m-g" version="2.1"><detail><status readiness="true">'
    '</status><_flow-tags_ A.1="2026-11-22T09:00:00Z" b="&lt;&quot;&#xA;"></_flow-tags_><remarks>two\nlines &amp; é'
    '</remarks><color argb="-1"></color><event></event></detail></event>',
)
NOTE = Extension(
    "https://example.org/notes/1", "Extensions", '<Extensions xmlns="https://example.org/notes/1">n</Extensions>'
)


def extended() -> Message:
    """The whole message with plain foreign elements in its first track."""
    message = everything()
    first = replace(message.tracks[0], extensions=(EVENT, NOTE))
    return replace(message, tracks=(first, message.tracks[1]))


EXTENDED = render(extended()).decode()
FOREIGN = EXTENDED.index("<event"), EXTENDED.index("</Extensions></Track>")


def differs(octets: bytes) -> str:
    """What is wrong with how `octets` are taken; empty when nothing is, and ``-`` when they are not."""
    try:
        document = parse(octets, max_octets=Limits().max_message_octets)
    except FormatError:
        return "-"  # nobody asks about octets that are not well-formed
    message = message_of(octets)
    if message is None:
        return "-"
    try:
        packaged_schema().check(document)
    except FormatError as error:
        return f"taken, and {error}"
    return "" if message == read(document) else "read otherwise"


def elements() -> list[tuple[int, int]]:
    """Where each element of the whole message begins and ends, its tags included."""
    found: list[tuple[int, int]] = []
    opened: list[int] = []
    for tag in re.finditer(r"<(/?)[\w:]+[^>]*>", WHOLE):
        if tag[1]:
            found.append((opened.pop(), tag.end()))
        else:
            opened.append(tag.start())
    return sorted(found)


def rearranged() -> Iterator[str]:
    """The whole message with each element in turn missing, doubled, renamed, emptied, moved or decorated."""
    spans = elements()
    for begin, end in spans:
        own, before, after = WHOLE[begin:end], WHOLE[:begin], WHOLE[end:]
        opening, closing = own[: own.index(">") + 1], own[own.rindex("<") :]
        inner = own[len(opening) : -len(closing)]
        yield before + after
        yield before + own + own + after
        yield before + f"<Time>{inner}</Time>" + after
        yield before + f'<Time xmlns="urn:x">{inner}</Time>' + after
        yield before + opening + closing + after
        yield before + opening[:-1] + "/>" + after
        yield before + opening + "<!-- c -->" + inner + closing + after
        yield before + opening + f"<![CDATA[{inner}]]>" + closing + after
        yield before + opening + inner + "x" + closing + after
        yield before + own + "x" + after
        yield before + own + " " + after
        yield before + own + "<Extensions></Extensions>" + after
        yield before + opening[:-1] + ' other="x">' + inner + closing + after
        yield before + opening[:-1] + f' xmlns:i="{XS}-instance" i:nil="true">' + inner + closing + after
        yield before + opening[:-1] + " >" + inner + closing + after
        yield before + re.sub(r" \w+=", " other=", opening) + inner + closing + after
        following = [span for span in spans if span[0] == end]
        for second, last in following[:1]:
            yield before + WHOLE[second:last] + own + WHOLE[last:]


def test_the_whole_message_is_taken() -> None:
    assert message_of(WHOLE.encode()) == everything()
    assert set(re.findall(r"<([\w:]+)", WHOLE)) >= {
        str(node.get("name") or node.get("ref"))
        for node in etree.parse(packaged_schema().path).getroot().iter(f"{{{XS}}}element")
        if node.get("name") not in ("Extensions", "Original")
    }


@pytest.mark.parametrize("name", sorted(set(examples.EXAMPLES) - {"extensions"}))
def test_every_example_is_taken(name: str) -> None:
    message = examples.EXAMPLES[name]()
    assert message_of(render(message)) == message


def test_texts_that_are_taken_are_valid_and_mean_the_same() -> None:
    taken = 0
    for text in HOSTILE:
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        for begin, end in LEAVES + ATTRIBUTES:
            octets = (WHOLE[:begin] + escaped + WHOLE[end:]).encode()
            verdict = differs(octets)
            assert verdict in ("", "-"), (WHOLE[begin - 30 : begin], text[:40], verdict)
            taken += not verdict
    assert taken > 1_000


def test_arrangements_that_are_taken_are_valid_and_mean_the_same() -> None:
    taken = 0
    for text in rearranged():
        verdict = differs(text.encode())
        assert verdict in ("", "-"), verdict
        taken += not verdict
    assert taken > 100


@given(st.randoms(use_true_random=False))
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_damage_that_is_taken_is_valid_and_means_the_same(chance: random.Random) -> None:
    octets = bytearray(WHOLE.encode())
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(octets))
        match chance.randrange(4):
            case 0:
                octets[at] = chance.randrange(256)
            case 1:
                octets[at : at + 1] = chance.choice(b"0123456789.-TZ:AZ az&;<>/").to_bytes()
            case 2:
                del octets[at : at + chance.randint(1, 40)]
            case _:
                begin = chance.randrange(len(octets))
                octets[at:at] = octets[begin : begin + chance.randint(1, 60)]
    assert differs(bytes(octets)) in ("", "-")


def with_foreign(inner: str) -> bytes:
    return (EXTENDED[: FOREIGN[0]] + inner + EXTENDED[FOREIGN[1] :]).encode()


def test_plain_extensions_of_tracks_are_taken() -> None:
    assert message_of(EXTENDED.encode()) == extended()
    bare = replace(everything().tracks[0], state=None, provenance=(), raw=None, extensions=(NOTE, EVENT, NOTE))
    message = replace(everything(), tracks=(bare, bare))
    assert message_of(render(message)) == message
    assert differs(with_foreign("")) == ""
    assert differs(with_foreign(NOTE.xml * 64)) == ""
    assert differs(with_foreign(NOTE.xml * 65)) == "-"


STRANGE = [
    *(" a", "<b></b>", "<b/>", '<b xmlns=""></b>', '<b xmlns="urn:y"></b>', '<b xmlns="urn:x"></b>', "</b><b>"),
    *(
        f'<b xmlns="{NAMESPACE}"></b>',
        f'<Track xmlns="{NAMESPACE}"></Track>',
        "<Track></Track>",
        '<Track a="1"></Track>',
    ),
    *(
        "<State></State>",
        "<Environment></Environment>",
        "<Status></Status>",
        '<RawRecord format="COT">AA==</RawRecord>',
    ),
    *("<TrackId>x</TrackId>", "<Provenance></Provenance>", "<Extensions></Extensions>", "<Header></Header>"),
    *(
        "</Extensions><Extensions>",
        "</Extensions></Track><Track><Extensions>",
        "<p:b></p:b>",
        "<Retraction></Retraction>",
    ),
    *('<p:b xmlns:p="urn:y"></p:b>', f'<p:b xmlns:p="{NAMESPACE}"></p:b>', '<b xmlns:p="urn:y" p:c="1"></b>'),
    *('<b xml:lang="nl"></b>', '<b xml:id="1"></b>', '<b xml:space="preserve"></b>', '<b xmlnsa="1"></b>'),
    *(f'<b xmlns:i="{XS}-instance" i:nil="true"></b>', f'<b xmlns:i="{XS}-instance" i:type="xs:int"></b>'),
    *('<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"></Signature>', "<?p q?>", "<!-- c -->", "<![CDATA[x]]>"),
    *('<b c="1" a="2"></b>', '<b a="1" a="2"></b>', '<b a="1" A="2"></b>', '<b A="1" a="2"></b>', "<b  a='1'></b>"),
    *('<b a=">"></b>', '<b a="&gt;"></b>', '<b a="&#9;"></b>', '<b a="&#x9;"></b>', '<b a="\t"></b>', '<b a="\n"></b>'),
    *(
        "&gt;",
        ">",
        "]]>",
        "&quot;",
        '"',
        "&#13;",
        "&#xD;",
        "\r",
        "&#65;",
        "&nbsp;",
        "&",
        "<",
        "\x85",
        "\u2028",
        "\ufffd",
    ),
    *("\ufffe", "\x0b", "\x7f", "𝕋", "</event>", "</event><event>", "<é></é>", '<b é="1"></b>', "<b ></b>", "<b></b >"),
    *("<b>" * 32 + "</b>" * 32, "<b>" * 62 + "</b>" * 62, "<b></b>" * 500, "<b></b>" * 10_000, "x" * 5_000),
    *("<b" + "".join(f' a{n:02}="1"' for n in range(count)) + "></b>" for count in (2, 32, 33, 65)),
]


def test_what_stands_in_plain_extensions_is_valid_and_means_the_same() -> None:
    inner = EXTENDED[slice(*FOREIGN)]
    taken = 0
    for at in [match.end() for match in re.finditer('[<>" ]', inner)] + [0, len(inner)]:
        for strange in STRANGE:
            verdict = differs(with_foreign(inner[:at] + strange + inner[at:]))
            assert verdict in ("", "-"), (inner[:at][-30:], strange[:60], verdict)
            taken += not verdict
    assert taken > 200


@pytest.mark.parametrize(
    "namespace",
    [
        *(
            "",
            NAMESPACE,
            f"{NAMESPACE}:",
            f"{NAMESPACE}.0",
            "urn:",
            "urn:x",
            "x",
            "rel/a",
            "#a",
            "//h/p",
            "urn:x:%zz",
            "urn:x y",
        ),
        *(
            "http://www.w3.org/2000/09/xmldsig#",
            "http://www.w3.org/2000/xmlns/",
            "http://www.w3.org/XML/1998/namespace",
        ),
        *(
            XS,
            f"{XS}-instance",
            "http://h",
            "http://h/",
            "http://h/a/b/",
            "http://h//a",
            "https://h:1/a",
            "http://h:x/a",
        ),
        *("http://-", "http://h..a.-/", "http://[::1/", "http:///a", "HTTP://h/a", "http://h/?a&amp;b", "urn:x&amp;y"),
        *("http://www.w3.orgs/a", "http://www.w3.org", "urn:x:::", "urn:x.-_", "http://h/..", "http://h/a#b"),
    ],
)
def test_plain_extensions_are_taken_in_namespaces_that_mean_nothing_here(namespace: str) -> None:
    inner = f'<a xmlns="{namespace}" b="1"><c></c></a>'
    assert differs(with_foreign(inner)) in ("", "-")
    held_to_its_proof(inner)


def held_to_its_proof(inner: str) -> bool:
    """Whether the text is plain; what is must pass the check that parses, and be its own canonical form."""
    try:
        found = plain_elements(inner)
    except ValueError:
        return False
    for extension in found:
        _check(extension)
    assert "".join(extension.xml for extension in found) == inner
    return True


def test_what_is_plain_passes_the_check_that_parses() -> None:
    plain = [strange for strange in STRANGE if held_to_its_proof(f'<a xmlns="urn:x">{strange}</a>')]
    assert {"", *plain} >= {"<b></b>", "<Track></Track>", "&gt;", '<b A="1" a="2"></b>', '"', "\x85", "𝕋"}
    assert not {
        ">",
        "\r",
        "\ufffe",
        "\x0b",
        '<b a="1" a="2"></b>',
        "<b/>",
        "<?p q?>",
        "</b><b>",
        '<b xmlns=""></b>',
    } & {*plain}
    assert not held_to_its_proof('<a xmlns="urn:x">\ud800</a>')
    assert not held_to_its_proof('<a xmlns="urn:x"><b></c></a>')
    assert not held_to_its_proof('<a xmlns="urn:x"></a>x')
    assert not held_to_its_proof('x<a xmlns="urn:x"></a>')
    assert not held_to_its_proof('<a xmlns="urn:x"></a></a>')


@given(st.randoms(use_true_random=False))
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_damaged_extensions_that_are_taken_are_valid_and_mean_the_same(chance: random.Random) -> None:
    inner = EXTENDED[slice(*FOREIGN)]
    for _ in range(chance.randint(1, 3)):
        at, begin = chance.randrange(len(inner)), chance.randrange(len(inner))
        match chance.randrange(4):
            case 0:
                inner = inner[:at] + chance.choice("<>/\"'= &;abx:\t\r\né") + inner[at + 1 :]
            case 1:
                inner = inner[:at] + chance.choice(STRANGE) + inner[at:]
            case 2:
                inner = inner[:at] + inner[at + chance.randint(1, 40) :]
            case _:
                inner = inner[:at] + inner[begin : begin + chance.randint(1, 60)] + inner[at:]
    assert differs(with_foreign(inner)) in ("", "-")
    held_to_its_proof(inner)


@given(st.lists(foreign_elements(), max_size=3))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_foreign_elements_of_any_namespaces_are_left_or_taken_as_they_are(written: list[str]) -> None:
    track = everything().tracks[0]
    extensions = tuple(
        Extension(etree.QName(one).namespace or "", "e", canonical(one).decode())
        for one in (parse(text.encode(), max_octets=1_000_000) for text in written)
    )
    message = replace(everything(), tracks=(replace(track, extensions=extensions),))
    octets = render(message)
    assert differs(octets) in ("", "-")
    assert message_of(octets) in (message, None)


@given(messages() | relays())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_rendered_is_taken_as_it_was_meant(message: Message) -> None:
    octets = render(message)
    assert differs(octets) in ("", "-")
    assert message_of(octets) in (message, None)
    assert open_message(verified(octets)).message == message


@pytest.mark.parametrize("name", SIMPLE)
@given(text=st.sampled_from(HOSTILE) | st.text("0123456789.-+eTZ:Aaxz_ =/&", max_size=24) | texts(6))
@example(text="90.00000000")
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_expression_matches_nothing_that_its_type_refuses(name: str, text: str) -> None:
    written = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#xD;")
    if re.fullmatch(f"<x>(?:{GRAMMAR.simple(name)})</x>", f"<x>{written}</x>") is None:
        return
    if name == "UtcTime" and not exists(text):
        return  # left to the code
    if name in ("RawOctets", "OriginalOctets"):
        return  # compared with the base64 of its octets by code; the leaves above hold that
    assert probe(name).validate(etree.fromstring(f'<probe xmlns="urn:p">{written}</probe>'.encode())), text


def exists(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def probe(name: str, made: dict[str, etree.XMLSchema] = {}) -> etree.XMLSchema:  # noqa: B006 - compiled once
    """A schema of one element of a simple type."""
    if name not in made:
        kind = name if name.startswith("xs:") else f"a:{name}"
        made[name] = etree.XMLSchema(
            etree.fromstring(
                f'<xs:schema xmlns:xs="{XS}" xmlns:a="{NAMESPACE}" targetNamespace="urn:p">'
                f'<xs:import namespace="{NAMESPACE}" schemaLocation="{packaged_schema().path.as_uri()}"/>'
                f'<xs:element name="probe" type="{kind}"/></xs:schema>'
            )
        )
    return made[name]


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("<Identifier", 100),
        ("<ObjectClass", 100),
        ("<SourceRef", 100),
        ("<Relation", 100),
        ("<RelatedTrackId", 100),
        ("<Provenance", 32),
        ("<Loss", 200),
        ("<Term", 45),
        ("<Recipient", 200),
        ("<Hop", 32),
        ("<slab:Category ", 50),
        ("<slab:GenericValue", 200),
        ("<slab:alternativeConfidentialityLabel", 16),
        ("<Track>", 1000),
        ("<Retraction", 1000),
    ],
)
def test_nothing_is_taken_that_stands_too_often(text: str, bound: int) -> None:
    begin, end = next(span for span in elements() if WHOLE.startswith(text, span[0]))
    own = WHOLE[begin:end]
    while following := [span for span in elements() if span[0] == end and WHOLE.startswith(text, end)]:
        end = following[0][1]
        own = WHOLE[following[0][0] : end]  # the last: the first track, a thousand times, would be too large
    assert differs((WHOLE[:begin] + own * bound + WHOLE[end:]).encode()) == ""
    assert differs((WHOLE[:begin] + own * (bound + 1) + WHOLE[end:]).encode()) == "-"


def test_two_sources_of_one_id_and_references_to_none_are_not_taken() -> None:
    assert differs(WHOLE.replace('<Source id="s-2">', '<Source id="s-1">').encode()) == "-"
    assert differs(WHOLE.replace("<SourceRef>s-2<", "<SourceRef>s-9<").encode()) == "-"


def test_signatures_and_extensions_beside_tracks_are_left_to_the_validator() -> None:
    assert message_of(render(examples.extensions())) is None
    assert message_of(render(replace(everything(), extensions=(EVENT,)))) is None
    assert message_of(signed(render(examples.minimal()))) is None


def test_the_validator_can_be_asked_in_any_case() -> None:
    invalid = parse(WHOLE.replace("<Latitude>51", "<Latitude>91").encode(), max_octets=1_000_000)
    torn = replace(verified(WHOLE.encode()), document=invalid)  # so that it shows who looked at what
    assert open_message(torn).message == everything()
    with pytest.raises(FormatError) as caught:
        open_message(torn, always_validate=True)
    assert caught.value.code.id == "ALM-010"
    assert open_message(verified(WHOLE.encode()), always_validate=True).message == everything()


def test_what_is_not_taken_is_refused_by_the_validator_as_before() -> None:
    with pytest.raises(FormatError) as caught:
        open_message(verified(WHOLE.replace("<Latitude>51", "<Latitude>91").encode()))
    assert caught.value.code.id == "ALM-010"


def test_long_texts_cost_one_pass() -> None:
    for filling in ("&amp;", "x", "<b>", "<b></b>", '<b a="">', "</b>", ' a="1"', "&", '<b xmlns="urn:x">'):
        for at in (FOREIGN[0], FOREIGN[0] + 6, FOREIGN[0] + 100, FOREIGN[1]):
            message_of((EXTENDED[:at] + filling * (200_000 // len(filling)) + EXTENDED[at:]).encode())
            with suppress(ValueError):
                plain_elements(EXTENDED[FOREIGN[0] : at] + filling * (4_000 // len(filling)))
    for filling in ("&amp;", "x", "0", "<Identifier", '<Identifier scheme="a">x</Identifier>', "<Loss", " "):
        for begin, end in LEAVES[::7]:
            message_of((WHOLE[:begin] + filling * (200_000 // len(filling)) + WHOLE[end:]).encode())
    # The test's time-out is the assertion: nested repetition without possessive quantifiers would not end.


@pytest.mark.parametrize(
    "facets",
    [
        '<xs:restriction base="xs:decimal"><xs:minInclusive value="0"/><xs:maxInclusive value="7"/></xs:restriction>',
        '<xs:restriction base="xs:token"><xs:totalDigits value="3"/></xs:restriction>',
        r'<xs:restriction base="xs:token"><xs:pattern value="\d"/></xs:restriction>',
        '<xs:restriction base="xs:string"/>',
        '<xs:list itemType="xs:string"/>',
    ],
)
def test_a_schema_that_says_what_is_not_known_is_our_own_mistake(tmp_path: Path, facets: str) -> None:
    path = tmp_path / "x.xsd"
    path.write_text(f'<xs:schema xmlns:xs="{XS}"><xs:simpleType name="T">{facets}</xs:simpleType></xs:schema>')
    with pytest.raises(RuntimeError):
        Grammar(path).simple("T")
