"""A stream of documents cut into frames, whatever the reads and whatever is in it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.formats.nffi import Splitter
from gateway.limits import Limits
from tests.formats.nffi.making import decode, message, positional

PLAIN = message(positional())
DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>\n' + PLAIN
PREFIXED = b'<n:NFFIMessage xmlns:n="urn:nato:fft:protocols:nffi13"></n:NFFIMessage >'
EMPTY = b'<NFFIMessage xmlns="urn:nato:fft:protocols:nffi13"/>'
TRAPS = (
    b'<NFFIMessage xmlns="urn:nato:fft:protocols:nffi13" a="</NFFIMessage>" b=\'x>"\'><!-- </NFFIMessage> <?xml ?> -->'
    b"<track><![CDATA[</NFFIMessage>]]></track><?pi </NFFIMessage>?><NFFIMessages/></NFFIMessage>"
).replace(b'"</NFFIMessage>"', b'"&lt;/NFFIMessage>"')
SOAP = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>' + PLAIN + b"</s:Body></s:Envelope>"
DOCUMENTS = [PLAIN, DECLARED, PREFIXED, EMPTY, TRAPS, SOAP]


def cut(*reads: bytes, limits: Limits | None = None) -> list[bytes]:
    splitter = Splitter(limits)
    frames = [one for read in reads for one in splitter.feed(read)]
    return frames + splitter.rest()


def test_every_octet_boundary_gives_the_same_frames() -> None:
    stream = b"\r\n ".join(DOCUMENTS)
    assert cut(stream) == DOCUMENTS
    for at in range(len(stream)):
        assert cut(stream[:at], stream[at:]) == DOCUMENTS
    assert cut(*[stream[at : at + 1] for at in range(len(stream))]) == DOCUMENTS


@given(st.lists(st.sampled_from(DOCUMENTS), max_size=6), st.lists(st.integers(1, 400), max_size=12))
@settings(max_examples=100, deadline=None)
def test_glued_documents_are_cut_whatever_the_reads(documents: list[bytes], sizes: list[int]) -> None:
    stream, reads = b"".join(documents), []
    for size in sizes:
        reads.append(stream[:size])
        stream = stream[size:]
    assert cut(*reads, stream) == documents


def test_a_document_is_handed_over_with_its_last_octet() -> None:
    splitter = Splitter()
    assert splitter.feed(PLAIN[:-1]) == []
    assert splitter.feed(PLAIN[-1:]) == [PLAIN]


def test_octets_between_documents_are_a_frame_of_their_own() -> None:
    header = b"\x00\x01IP1?\xff"
    assert cut(header + PLAIN + header + DECLARED) == [header, PLAIN, header, DECLARED]
    counted = [decode(one, unverified_ip1=True) for one in cut(header + PLAIN)]
    assert [(len(one.tracks), one.silent, one.problems) for one in counted] == [(0, 1, ()), (1, 0, ())]


def test_a_document_that_lost_its_end_does_not_swallow_its_successors() -> None:
    for broken in (DECLARED[:-20], PLAIN[:-20], PLAIN[:-3], b"<NFFIMessage><!--x--><track>"):
        for following in (DECLARED, PLAIN):
            stream = broken + following + PLAIN
            assert cut(stream) == [broken, following, PLAIN]
            assert cut(*[stream[at : at + 1] for at in range(len(stream))]) == [broken, following, PLAIN]


def test_a_document_beyond_the_limit_is_cut_refused_and_the_stream_goes_on() -> None:
    limits = Limits(max_frame_octets=1_000)
    huge = b"<NFFIMessage>" + b"x" * 5_000 + b"</NFFIMessage>"
    frames = cut(huge + DECLARED, limits=limits)
    assert len(frames[0]) == 1_001
    assert frames[-1] == DECLARED
    assert len(cut(b"y" * 5_000 + DECLARED, limits=limits)) == 2


def test_what_is_left_when_the_stream_ends_is_a_frame() -> None:
    assert cut(PLAIN + b"<NFFIMessage><tr") == [PLAIN, b"<NFFIMessage><tr"]
    assert cut(b" \n\xef\xbb\xbf ") in ([], [b"\xef\xbb\xbf"])


@given(
    st.lists(
        st.binary(max_size=40)
        | st.sampled_from([b"<", b">", b"<a>", b"</a>", b"<!--", b"<![CDATA[", b'="', *DOCUMENTS])
    )
)
@settings(max_examples=200, deadline=None)
def test_no_octet_but_white_space_is_lost_and_nothing_is_raised(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)

    def bare(octets: bytes) -> bytes:
        return octets.translate(None, b" \t\r\n").replace(b"\xef\xbb\xbf", b"")

    assert bare(b"".join(cut(stream))) == bare(stream)
    assert bare(b"".join(cut(*pieces))) == bare(stream)


@pytest.mark.parametrize(
    "endless",
    [
        b"<a " + b"x" * 900_000,
        b"<!--" + b"-" * 900_000,
        b"<a>" + b"x" * 900_000,
        b"<a b='" + b'"' * 900_000,
        b"y" * 900_000,
    ],
)
def test_the_cost_is_linear_however_the_octets_drip(endless: bytes) -> None:
    stream = b"<NFFIMessage>" + endless

    def seconds(octets: bytes, step: int) -> float:
        splitter = Splitter()
        begin = time.process_time()
        for at in range(0, len(octets), step):
            splitter.feed(octets[at : at + step])
        return time.process_time() - begin

    assert seconds(stream, 16) < 20 * seconds(stream[:90_000], 16) + 2.0
