"""What is written is canonical, is what was meant, and is read back as it was."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from lxml import etree

from gateway.labels.plain import plain_label
from gateway.labels.plain import plain_labels as recognised
from gateway.labels.read import label_of, labels_of, read_label
from gateway.labels.write import write_label, write_labels
from gateway.track import Label
from tests.labels import strategies

ALLIANCE = "urn:alliance:track-exchange:1"
MODEST = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def canonical(octets: bytes) -> bytes:
    return etree.tostring(etree.fromstring(octets), method="c14n", exclusive=True, with_comments=False)


@given(strategies.labels())
@MODEST
def test_what_is_written_is_canonical_and_is_read_back_as_it_was(label: Label) -> None:
    octets = write_label(label)
    assert canonical(octets) == octets
    assert read_label(octets) == label
    assert label_of(etree.fromstring(octets)) == label


@given(strategies.plain_labels())
@MODEST
def test_a_label_in_plain_words_is_recognised_as_the_reader_reads_it(label: Label) -> None:
    octets = write_label(label)
    assert plain_label(octets.decode()) == label_of(etree.fromstring(octets)) == label


@given(strategies.labels_with_others())
@MODEST
def test_alternatives_and_metadata_stand_beside_the_label(label: Label) -> None:
    octets = write_labels(label)
    assert labels_of(etree.fromstring(b"<Label>" + octets + b"</Label>")) == label
    assert recognised(octets.decode()) in (None, label)


@given(strategies.labels_with_others())
@MODEST
def test_labels_stand_in_a_canonical_document_of_another_default_namespace(label: Label) -> None:
    document = b'<Label xmlns="urn:alliance:track-exchange:1">' + write_labels(label, inside=ALLIANCE) + b"</Label>"
    assert canonical(document) == document
    assert labels_of(etree.fromstring(document)) == label
