"""Labels inside of messages: as ADatP-4774 writes them, whatever they hold, and never valid for us alone."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.alliance import FORMAT, NAMESPACE, draft, labels, open_message, packaged_schema, read, render
from gateway.formats.alliance.recognise import message_of
from gateway.labels.names import LABEL, MAX_ALTERNATIVES
from gateway.limits import Limits
from gateway.stages import Frame, Message
from gateway.track import Extension, Label, LabelCategory, Succession, Track
from gateway.xml import parse
from tests.dated import dated
from tests.formats.alliance import examples
from tests.formats.alliance.test_recognise import LABEL as FULL
from tests.formats.alliance.test_recognise import WHOLE, differs
from tests.formats.alliance.test_round_trip import parsed, verified
from tests.labels.strategies import labels_with_others

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
SLAB = f'xmlns:slab="{LABEL}"'
PLAIN = dated("ALPHA", "RESTRICTED")


def with_labels(header: Label, *tracks: Label | None) -> Message:
    made = [Track(track_id=examples.uuid(n), label=label) for n, label in enumerate(tracks, 1)]
    return Message(header=examples.header(1, label=header), tracks=tuple(made))


def with_text(inner: str) -> bytes:
    """A message whose header and first track have a label with this inside."""
    octets = render(with_labels(PLAIN, PLAIN, dated("ALPHA", "SECRET"))).decode()
    own = labels.write(PLAIN)
    assert octets.count(own) == 2
    return octets.replace(own, f"<Label>{inner}</Label>").encode()


def originator(information: str = "", after: str = "", attributes: str = "") -> str:
    """An originator's label with more in it than it needs."""
    return (
        f"<slab:originatorConfidentialityLabel {SLAB}{attributes}><slab:ConfidentialityInformation>"
        f"<slab:PolicyIdentifier>ALPHA</slab:PolicyIdentifier><slab:Classification>SECRET</slab:Classification>"
        f"{information}</slab:ConfidentialityInformation><slab:CreationDateTime>2026-11-01T00:00:00Z"
        f"</slab:CreationDateTime>{after}</slab:originatorConfidentialityLabel>"
    )


def refusal(octets: bytes) -> FormatError:
    """What both readers say of a message that neither takes."""
    with pytest.raises(FormatError) as told:
        read(parsed(octets))
    with pytest.raises(FormatError) as opened:
        open_message(verified(octets))
    assert opened.value.code is told.value.code
    assert message_of(octets) is None
    return told.value


@given(labels_with_others(), labels_with_others())
@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_label_survives_and_the_message_is_canonical_and_valid(first: Label, second: Label) -> None:
    message = with_labels(first, second, None, first)
    octets = render(message)
    document = parsed(octets)
    assert etree.tostring(document, method="c14n", exclusive=True) == octets
    packaged_schema().check(document)
    assert read(document) == message
    assert open_message(verified(octets)).message == message
    assert message_of(octets) in (message, None)


def test_a_label_stands_in_a_message_as_the_standard_writes_it() -> None:
    (label,) = parsed(render(with_labels(FULL))).iterfind(f"{{{NAMESPACE}}}Header/{{{NAMESPACE}}}Label")
    assert [etree.QName(child).localname for child in label] == [
        "originatorConfidentialityLabel",
        "alternativeConfidentialityLabel",
        "alternativeConfidentialityLabel",
        "metadataConfidentialityLabel",
        "Tlp",
        "Purpose",
    ]
    assert {etree.QName(child).namespace for child in label[:4]} == {LABEL}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("slab:", "s4774:").replace(":slab=", ":s4774="),
        lambda text: re.sub(r"(</?)slab:", r"\1", text).replace(f" {SLAB}", f' xmlns="{LABEL}"'),
        lambda text: text.replace("><slab:", ">\n  <slab:").replace("></slab:", ">\n</slab:"),
        lambda text: text.replace(f" {SLAB}", "").replace("<TrackMessage ", f"<TrackMessage {SLAB} "),
        lambda text: text.replace("<slab:ConfidentialityInformation>", "<slab:ConfidentialityInformation><!-- c -->"),
        lambda text: text.replace("<Label>", "<Label><!-- c --> ").replace("</Label>", " <?p q?></Label>"),
        lambda text: text.replace("<Tlp>AMBER</Tlp>", "<Tlp> AM<!-- c -->BER\n</Tlp>"),
        lambda text: re.sub(r'TagName="([^"]*)" Type="([^"]*)"', r"Type='\2'  TagName='\1'", text),
        lambda text: text.replace("2026-11-22T09:00:00.000120Z</slab:Cr", "2026-11-22T10:00:00.00012+01:00</slab:Cr"),
        lambda text: text.replace(">ALPHA<", ">\n ALPHA <"),
        lambda text: text.replace(">ALPHA<", "><![CDATA[AL]]><!-- c -->PHA<"),
    ],
)
def test_labels_in_other_spellings_say_the_same(change: object) -> None:
    message = with_labels(FULL, FULL, None)
    octets = change(render(message).decode()).encode()  # type: ignore[operator]  # a function, by the list above
    assert octets != render(message)
    assert read(parsed(octets)) == message
    assert open_message(verified(octets)).message == message


@pytest.mark.parametrize(
    "label",
    [
        replace(PLAIN, created_at=None),
        replace(PLAIN, alternatives=(Label(policy="BRAVO", classification="S"),)),
        replace(PLAIN, metadata=Label(policy="BRAVO", classification="S")),
        replace(PLAIN, successor=Succession(at=NOW, label=Label(policy="ALPHA", classification="S"))),
    ],
)
def test_a_label_that_nobody_dated_cannot_be_rendered(label: Label) -> None:
    for message, place in ((with_labels(label), "Label/"), (with_labels(PLAIN, PLAIN, label), "Track[2]/Label/")):
        with pytest.raises(FormatError) as refused:
            render(message)
        assert refused.value.code.id == "ALM-016"
        assert refused.value.place.startswith(place)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        (replace(PLAIN, unknown=("Category/IntegerValue",)), "ALM-017"),
        (replace(PLAIN, alternatives=(replace(PLAIN, tlp="RED"),)), "ALM-017"),
        (replace(PLAIN, alternatives=(replace(PLAIN, alternatives=(PLAIN,)),)), "ALM-017"),
        (replace(PLAIN, alternatives=(PLAIN,) * (MAX_ALTERNATIVES + 1)), "ALM-017"),
        (replace(PLAIN, metadata=replace(PLAIN, metadata=PLAIN)), "ALM-017"),
        (replace(PLAIN, policy=""), "ALM-017"),
        (replace(PLAIN, classification="a\x00"), "ALM-017"),
        (replace(PLAIN, classification="a\ud800"), "ALM-017"),
        (replace(PLAIN, policy_uri="no uri"), "ALM-017"),
        (replace(PLAIN, originator_kind="dNSName"), "ALM-017"),
        (replace(PLAIN, created_at=datetime(2026, 1, 1)), "ALM-017"),
        (replace(PLAIN, categories=(LabelCategory(tag="t", kind="ENUMERATED", values=()),)), "ALM-017"),
        (
            replace(PLAIN, categories=(LabelCategory(tag="t", kind="PERMISSIVE", values=("v" * 1_000,) * 200),)),
            "ALM-017",
        ),
        (replace(PLAIN, extensions=(Extension("urn:x", "a", "<a xmlns='urn:x'/>"),)), "ALM-017"),
        (replace(PLAIN, tlp="amber"), "ALM-002"),
        (replace(PLAIN, purpose="</Purpose>"), "ALM-002"),
    ],
)
def test_a_label_that_the_standard_has_no_words_for_is_refused(label: Label, code: str) -> None:
    for message in (with_labels(label), with_labels(PLAIN, label)):
        with pytest.raises(FormatError) as refused:
            render(message)
        assert refused.value.code.id == code
        assert "Label" in refused.value.place


OURS = ("Label", "Track", "State", "Header", "Environment", "Status", "Extensions", "Provenance", "Tlp", "TrackId", "x")
FORBIDDEN = {
    "a whole number": "<slab:Category TagName='t' Type='RESTRICTIVE'><slab:IntegerValue>1</slab:IntegerValue>"
    "</slab:Category>",
    "a foreign element": '<a xmlns="urn:x">SECRET</a>',
    **{f"an element of ours, {name}": f"<{name}>a</{name}>" for name in OURS},
    "our elements in each other": "<Track><Label><State></State></Label></Track><Label></Label>",
    "what looks like another label": f"<Label>{originator()}</Label>",
    "a label in a label": f"<b xmlns='urn:x'>{originator()}</b>",
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_the_standard_forbids_and_the_schema_admits_is_told_and_breaks_nothing_else(name: str) -> None:
    octets = with_text(originator(FORBIDDEN[name]))
    message = read(parsed(octets))
    assert open_message(verified(octets)).message == message
    first, second = message.tracks
    assert first.label == message.header.label
    assert first.label is not None
    assert (first.label.classification, bool(first.label.unknown)) == ("SECRET", True)
    assert (first.track_id, second.track_id) == (examples.uuid(1), examples.uuid(2))
    assert second.label == dated("ALPHA", "SECRET")
    assert not second.label.unknown
    with pytest.raises(FormatError):
        render(message)


@pytest.mark.parametrize("name", OURS)
def test_elements_of_ours_after_a_label_are_kept_and_break_nothing_else(name: str) -> None:
    octets = with_text(originator(after=f"<{name}>a</{name}>"))
    message = read(parsed(octets))
    (kept,) = message.header.label.extensions
    assert (kept.namespace, kept.name) == (NAMESPACE, name)
    assert render(message) == octets
    assert message.tracks[1].label == dated("ALPHA", "SECRET")


DEEP = (
    "<slab:SuccessionHandling><slab:SuccessionDateTime>2026-11-01T00:00:00Z</slab:SuccessionDateTime>"
    "<slab:SuccessorConfidentialityLabel><slab:ConfidentialityInformation><slab:PolicyIdentifier>P</slab:PolicyIdentifier>"
    "<slab:Classification>C</slab:Classification></slab:ConfidentialityInformation>"
    "<slab:CreationDateTime>2026-11-01T00:00:00Z</slab:CreationDateTime>"
)


@pytest.mark.parametrize(
    "inner",
    [
        originator(after=DEEP * 5 + "</slab:SuccessorConfidentialityLabel></slab:SuccessionHandling>" * 5),
        originator(f'<a xmlns="urn:x">{"x" * 70_000}</a>', after=f'<a xmlns="urn:x">{"x" * 20_000}</a>'),
        originator(after='<a xmlns="urn:x"><?p q?></a>'),
        originator(after='<a xmlns="urn:x">' + "<b>" * 40 + "</b>" * 40 + "</a>"),
        originator(after='<s:Signature xmlns:s="http://www.w3.org/2000/09/xmldsig#"></s:Signature>'),
        originator(attributes=' ReviewDateTime="9999-12-31T23:59:59-14:00"'),
    ],
)
def test_labels_that_the_schema_admits_and_nobody_should_read_are_refused_as_ours(inner: str) -> None:
    octets = with_text(inner)
    packaged_schema().check(parsed(octets))
    error = refusal(octets)
    assert error.code.id in ("ALM-008", "ALM-013", "ALM-017")
    assert "Label" in error.place


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "text",
        "<Tlp>RED</Tlp>",
        originator() * 2,
        originator().replace("originator", "alternative"),
        originator().replace("originator", "alternative") + originator(),
        originator() + originator().replace("originator", "metadata") * 2,
        originator()
        + originator().replace("originator", "metadata")
        + originator().replace("originator", "alternative"),
        originator() + originator().replace("originator", "alternative") * 17,
        originator().replace("originatorC", "c"),
        originator().replace("originatorC", "C"),
        originator().replace(LABEL, "urn:other"),
        originator() + "<Purpose>SAR</Purpose><Tlp>RED</Tlp>",
        "<Tlp>RED</Tlp>" + originator(),
        originator() + "<Tlp>red</Tlp>",
        originator().replace("<slab:Classification>SECRET</slab:Classification>", ""),
        originator("<slab:GenericValue>v</slab:GenericValue>"),
        originator(attributes=' Id="a"'),  # stands twice
        originator(attributes=' Created="2026"'),
        originator('<slab:Category TagName="t" Type="Permissive"></slab:Category>'),
        "<PolicyIdentifier>ALPHA</PolicyIdentifier><Classification>SECRET</Classification>",
    ],
)
def test_labels_that_are_not_built_as_the_standard_has_them_are_no_messages(inner: str) -> None:
    assert refusal(with_text(inner)).code.id == "ALM-010"


def test_names_of_labels_within_a_document_are_passed_over() -> None:
    octets = with_text(originator()).decode()
    for name in ("a", "b"):
        octets = octets.replace(f"Label {SLAB}>", f'Label {SLAB} Id="{name}">', 1).replace(
            f" {SLAB} Id", f"  {SLAB} Id", 1
        )
    octets = octets.replace("  xmlns", " xmlns")
    assert message_of(octets.encode()) is None, "whether they are unique is for the validator"
    assert open_message(verified(octets.encode())).message == read(parsed(with_text(originator())))


@pytest.mark.parametrize(
    ("inner", "fault"),
    [
        (originator(), ""),
        (originator(attributes=' Id="a"'), "Id"),
        (originator().replace("<slab:Classification>SECRET</slab:Classification>", ""), "Classification"),
        (f"<slab:Category {SLAB} TagName='t'></slab:Category>", "Type"),
        (f"<slab:other {SLAB}></slab:other>", ""),
    ],
)
def test_labels_in_extensions_are_what_every_tool_takes_or_stay_out(inner: str, fault: str) -> None:
    note = etree.fromstring(f'<n xmlns="urn:x"><p>{inner}</p></n>'.encode())
    extension = Extension("urn:x", "n", etree.tostring(note, method="c14n", exclusive=True).decode())
    message = replace(examples.minimal(), tracks=(Track(track_id=examples.uuid(1), extensions=(extension,)),) * 2)
    if not fault:
        octets = render(message)
        packaged_schema().check(parsed(octets))
        assert open_message(verified(octets)).message == message
        return
    with pytest.raises(FormatError) as refused:
        render(message)
    assert refused.value.code.id == "ALM-008"
    assert fault in refused.value.cause


@pytest.mark.parametrize("inner", [originator(attributes=' Id="a"'), originator().replace(">ALPHA<", "><")])
def test_foreign_elements_of_a_label_that_would_make_a_message_invalid_are_not_written(inner: str) -> None:
    note = etree.fromstring(f'<n xmlns="urn:x">{inner}</n>'.encode())
    extension = Extension("urn:x", "n", etree.tostring(note, method="c14n", exclusive=True).decode())
    with pytest.raises(FormatError) as refused:
        render(with_labels(PLAIN, replace(PLAIN, extensions=(extension,))))
    assert refused.value.code.id == "ALM-017"
    assert refused.value.place.startswith("Track[1]/Label/")


@pytest.mark.parametrize("name", ["originatorConfidentialityLabel", "ConfidentialityLabel", "Category"])
def test_what_the_schema_declares_is_no_plain_extension(name: str) -> None:
    foreign = f'<{name} xmlns="{LABEL}" a="1">x</{name}>'
    octets = WHOLE.replace("</Track>", f"<Extensions>{foreign}</Extensions></Track>", 1)
    assert differs(octets.encode()) == "-"
    with pytest.raises(FormatError) as refused:
        read(parsed(octets.encode()))
    assert refused.value.code.id == "ALM-010"


def test_labels_hidden_in_extensions_are_no_labels() -> None:
    hidden = f'<Extensions><a xmlns="urn:x"><Label>{originator()}</Label></a></Extensions>'
    octets = render(with_labels(PLAIN, None, None)).decode().replace("</Track>", f"{hidden}</Track>", 1).encode()
    first, second = read(parsed(octets)).tracks
    assert (first.label, second.label, len(first.extensions)) == (None, None, 1)
    assert differs(octets) in ("", "-")


def test_a_track_of_the_messages_own_label_is_sent_without_one_and_comes_under_it_again() -> None:
    stricter = dated("ALPHA", "SECRET")
    equal = dated("ALPHA", "RESTRICTED")
    assert equal == PLAIN
    assert equal is not PLAIN
    octets = draft(with_labels(PLAIN, PLAIN, equal, stricter)).octets
    assert octets.count(b"<Label>") == 2
    assert [track.label for track in read(parsed(octets)).tracks] == [None, None, stricter]
    frame = Frame(octets=octets, feed="f", source="s", peer="p", received_at=NOW)
    assert [track.label for track in FORMAT.decoder().decode(frame).tracks] == [PLAIN, PLAIN, stricter]


def test_a_label_is_read_and_written_once() -> None:
    octets = with_text(originator('<slab:Category TagName="once" Type="PERMISSIVE"></slab:Category>'))
    message = open_message(verified(octets)).message
    assert message.tracks[0].label is message.header.label
    misses = labels._write.cache_info().misses
    render(message)
    assert labels._write.cache_info().misses <= misses + 2
    categories = [
        f'<slab:Category TagName="{n}" Type="RESTRICTIVE"><slab:GenericValue>{"v" * 1_000}</slab:GenericValue>'
        "</slab:Category>"
        for n in range(16)
    ]
    caches = (labels._of_text, labels._admitted)
    held = [cache.cache_info().currsize for cache in caches]
    long = open_message(verified(with_text(originator("".join(categories))))).message
    assert len(long.header.label.categories) == 16
    assert held == [cache.cache_info().currsize for cache in caches], "what is long is not kept"


LABELS = [match.span() for match in re.finditer("<Label>.*?</Label>", WHOLE)][:2]
PIECES = re.findall(r"</?[\w:]+(?: [^>]*)?>", WHOLE[slice(*LABELS[0])])


@given(st.randoms(use_true_random=False))
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
def test_damaged_labels_are_refused_as_ours_or_mean_the_same_to_both_readers(chance: random.Random) -> None:
    begin, end = chance.choice(LABELS)
    text = WHOLE[begin:end]
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(text))
        match chance.randrange(4):
            case 0:
                text = text[:at] + chance.choice("<>/\"'= &;ab:Z0\t\r\né") + text[at + 1 :]
            case 1:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 2:
                text = text[:at] + text[at + chance.randint(1, 60) :]
            case _:
                piece = chance.choice(PIECES)
                text = text.replace(piece, chance.choice(["", piece * 2, chance.choice(PIECES)]), chance.randint(1, 2))
    octets = (WHOLE[:begin] + text + WHOLE[end:]).encode()
    assert differs(octets) in ("", "-")
    frame = Frame(octets=octets, feed="f", source="s", peer="p", received_at=NOW)
    for problem in FORMAT.decoder().decode(frame).problems:
        assert problem.code.id.startswith(("ALM-", "XML-"))


def test_the_encoder_dates_labels_that_nobody_dated_and_leaves_the_others() -> None:
    year = NOW + timedelta(days=365)
    bare = Label(policy="ALPHA", classification="SECRET", alternatives=(Label(policy="BRAVO", classification="B"),))
    own = [Track(track_id=examples.uuid(n), label=label) for n, label in enumerate((bare, FULL, None), 1)]
    (octets,) = FORMAT.encoder(policy="ALPHA", classification="OPEN").encode(own, NOW).frames
    message = read(parse(octets, max_octets=Limits().max_message_octets))
    assert (message.header.label.created_at, message.header.label.review_at) == (NOW, year)
    first, second, third = [track.label for track in message.tracks]
    assert first is not None
    assert [(one.created_at, one.review_at) for one in (first, *first.alternatives)] == [(NOW, year)] * 2
    assert (second, third) == (FULL, None)
    encoder = FORMAT.encoder()
    ages = {0: NOW, 3_600: NOW, 86_399: NOW, 86_400: NOW + timedelta(days=1), 90_000: NOW + timedelta(days=1), -1: None}
    for after_s, created in ages.items():
        now = NOW + timedelta(seconds=after_s)
        (octets,) = encoder.encode(own[:1], now).frames
        message = read(parsed(octets))
        assert message.tracks[0].label is not None
        assert {message.header.label.created_at, message.tracks[0].label.created_at} == {created or now}
    (octets,) = FORMAT.encoder().encode(own[2:], datetime(9999, 12, 31, tzinfo=UTC)).frames
    assert read(parsed(octets)).header.label.review_at is None
