"""The track message in canonical octets that the schema certainly admits, validated and read in one pass.

`message_of` cuts the text at the tags of tracks, states and labels. Each part between two cuts is matched as a whole by
the expression of its type (`grammar`), and a label validated by itself when it is first met; so a text is taken only if
it is the concatenation of valid parts in the order of the schema; what no expression says (dates exist, references name
a source, extensions are plain) is checked by code. Parts that a batch repeats are remembered by their text together
with what they say. Whatever is not taken is no error: libxml2 validates it, and the general reader reads it.
`docs/adr/0030-known-text-needs-no-validator.md` has the argument, and the tests hold the two to the same answer.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from gateway.errors import FormatError
from gateway.formats.alliance import labels, motion, original, scan
from gateway.formats.alliance.extensions import NAMESPACE, plain_elements
from gateway.formats.alliance.fragments import RAW_OCTETS
from gateway.formats.alliance.grammar import Grammar
from gateway.formats.alliance.read import header_of, resolve, retraction, traits, without_state
from gateway.formats.alliance.schema import packaged_schema
from gateway.limits import Limits
from gateway.stages import Message
from gateway.track import Accuracy, Extension, Identifier, Label, Position, RawRecord, Source, State, Status, Track

_LIMITS = Limits()
_END_TRACK = "</Track>"
_END_LABEL = "</Label>"
_END_EXTENSIONS = "</Extensions>"
_END = "</TrackMessage>"
_MOST_NAMES = 100  # maxOccurs of Identifier
_CACHED_TEXT = 2_048  # characters of a part that is remembered
_OTHERS = ("Identity", "Platform", "Name", "Remarks", "DetectionConfidence", "ObjectClass",
           "Dimensions", "UasOperator", "SourceRef", "Relation")  # fmt: skip
_Known = dict[tuple[str, ...], tuple[Source, ...]]
_V = TypeVar("_V")


class NotTakenError(ValueError):
    """The text is not certainly valid; says nothing against it."""


def message_of(octets: bytes) -> Message | None:
    """The message in canonical octets that are certainly valid, or nothing where the schema must decide."""
    try:
        return _recogniser().message(octets.decode())
    except (FormatError, LookupError, ValueError):
        return None


@lru_cache(maxsize=1)
def _recogniser() -> Recogniser:
    return Recogniser(Grammar(packaged_schema().path))


def _remembered(expression: str, say: Callable[[str], _V], *, entries: int) -> Callable[[str], _V]:
    """`say` of texts that match, remembered while they are short."""
    match = re.compile(expression).fullmatch

    def whole(text: str) -> _V:
        if match(text) is None:
            raise NotTakenError
        return say(text)

    remembered = lru_cache(maxsize=entries)(whole)
    return lambda text: remembered(text) if len(text) < _CACHED_TEXT else whole(text)


class Recogniser:
    """The expressions of one schema, compiled, and what they have met."""

    def __init__(self, grammar: Grammar) -> None:
        content, element = grammar.content, grammar.element
        version = grammar.simple("MessageVersion")
        self._opening = re.compile(
            f'<TrackMessage xmlns="{re.escape(NAMESPACE)}" version="({version})">'
            f"<Header>({content('HeaderType')})</Header>"
        ).fullmatch
        self._retractions = re.compile(f"(?:{element('Retraction', 'RetractionType')}){{0,1000}}+").fullmatch
        self._is_uuid = re.compile(grammar.simple("Uuid")).fullmatch
        self._state = re.compile(
            content("StateType", captured=("Position", "Accuracy"), whole=("Covariance", "Polar"))
        ).fullmatch
        self._is_raw = re.compile(element("RawRecord", "RawRecordType")).fullmatch
        self._status = _remembered(content("StatusType"), scan.status, entries=1024)
        self._name = re.compile(
            f'<Identifier(?: quality="({grammar.simple("OpenCode")})")?+ scheme="({grammar.simple("SchemeCode")})">'
            f"({grammar.simple('ShortText')})</Identifier>"
        ).match
        self._names = lru_cache(maxsize=4096)(self._identifiers)
        self._others = _remembered(content("TrackType", only=_OTHERS), traits, entries=4096)
        self._passed = _remembered(content("TrackType", only=("Provenance",)), scan.provenance, entries=1024)
        self._foreign = lru_cache(maxsize=4096)(plain_elements)

    def message(self, whole: str) -> Message:
        """The message. Raises `NotTakenError`, or what the readers of parts raise, where the schema must decide."""
        head, *tracks = whole.split("<Track>")
        if len(tracks) > _LIMITS.max_tracks_per_message:
            raise NotTakenError
        if tracks:
            tracks[-1], found, rest = tracks[-1].partition(_END_TRACK)
            tracks[-1] += found
        else:
            head, found, rest = head.partition("</Header>")
            head += found
        before, _, marked = head.partition("<Label>")
        inner, _, behind = marked.partition(_END_LABEL)
        opening = self._opening(f"{before}{labels.EMPTY}{behind}")
        after = rest.removesuffix(_END)
        if opening is None or len(after) == len(rest):
            raise NotTakenError
        retractions, whole_original = original.known(after)
        if self._retractions(retractions) is None:
            raise NotTakenError
        header, sources = header_of(opening[2], labels.admitted(inner), [])
        known: _Known = {}
        message = Message(
            header=header,
            tracks=tuple([self._track(inner, sources, known) for inner in tracks]),
            retractions=tuple([retraction(inner) for _, _, inner in scan.pieces(retractions)]),
            original=whole_original,
            version=opening[1],
        )
        original.check(message)
        return message

    def _track(self, inner: str, sources: dict[str, Source], known: _Known) -> Track:
        """One track from what stands after its start tag, its end tag included."""
        head, has_state, tail = inner.partition("<State>")
        if has_state:
            within, _, tail = tail.partition("</State>")
        else:
            head, tail = without_state(inner[: -len(_END_TRACK)])
            within, tail = "", tail + inner[-len(_END_TRACK) :]
        track_id = head[9:45]
        if head[:9] != "<TrackId>" or head[45:55] != "</TrackId>" or tail[-8:] != _END_TRACK:
            raise NotTakenError
        if self._is_uuid(track_id) is None:
            raise NotTakenError
        names, _, rest = head[55:].partition("<Environment>")
        environment, found, rest = rest.partition("</Environment>")
        if not found:
            raise NotTakenError
        facts: Status | None = None
        if rest.startswith("<Status>"):
            within_status, found, rest = rest[8:].partition("</Status>")
            if not found:
                raise NotTakenError
            facts = self._status(within_status)
        label: Label | None = None
        if rest[-8:] == _END_LABEL:
            rest, _, marked = rest[:-8].partition("<Label>")
            label = labels.admitted(marked)
        ids, others = self._others(rest)
        contributed = known.get(ids)
        if contributed is None:
            contributed = known[ids] = resolve(ids, sources)
        tail, extended, foreign = tail[:-8].partition("<Extensions>")
        if extended and foreign[-13:] != _END_EXTENSIONS:
            raise NotTakenError
        passed, found, raw = tail.partition("<RawRecord ")
        return Track(
            track_id=track_id,
            identifiers=self._names(names) if len(names) < _CACHED_TEXT else self._identifiers(names),
            environment=scan.ENVIRONMENT[environment],
            status=facts,
            state=self._kinematics(within) if has_state else None,
            sources=contributed,
            provenance=self._passed(passed),
            label=label,
            raw=self._raw_record(found + raw) if found else None,
            extensions=self._extensions(foreign[:-13]) if extended else (),
            **others,
        )

    def _identifiers(self, inner: str) -> tuple[Identifier, ...]:
        """``Identifier`` elements: what names a track is seldom remembered, so it is read in one pass."""
        found: list[Identifier] = []
        end = 0
        while end < len(inner):
            match = self._name(inner, end)
            if match is None or len(found) == _MOST_NAMES:
                raise NotTakenError
            quality, scheme, value = match.groups()
            found.append(Identifier(scheme, scan.text(value), quality))
            end = match.end()
        return tuple(found)

    def _extensions(self, inner: str) -> tuple[Extension, ...]:
        """Foreign elements that a schema which declares none of their names can only admit."""
        return self._foreign(inner) if len(inner) < _CACHED_TEXT else plain_elements(inner)

    def _raw_record(self, element: str) -> RawRecord:
        if self._is_raw(element) is None:
            raise NotTakenError
        raw = scan.raw_record(element)
        written = str(b2a_base64(raw.octets, newline=False), "ascii")  # one text only: no stray bits in its last digit
        if len(raw.octets) > RAW_OCTETS or not element.endswith(f">{written}</RawRecord>"):
            raise NotTakenError
        return raw

    def _kinematics(self, inner: str) -> State:  # flat, because it is the hot path: one line per element of the schema
        match = self._state(inner)
        if match is None:
            raise NotTakenError
        (
            time, time_quality, date_basis, received, sent, stale, latitude, longitude, hae, msl, baro, qnh, agl,
            takeoff, altitude_quality, course, speed, climb, heading, magnetic, turn, east, north, indicated, true,
            mach, horizontal_95, vertical_95, course_95, speed_95, basis, covariance, polar,
        ) = match.groups()  # fmt: skip
        accuracy = None
        if "<Accuracy>" in inner:
            accuracy = Accuracy(
                horizontal_95_m=float(horizontal_95) if horizontal_95 else None,
                vertical_95_m=float(vertical_95) if vertical_95 else None,
                course_95_deg=float(course_95) if course_95 else None,
                speed_95_mps=float(speed_95) if speed_95 else None,
                basis=basis,
            )
        instant = datetime.fromisoformat
        return State(
            time=instant(time),
            time_quality=time_quality,
            date_basis=date_basis,
            received_at=instant(received) if received else None,
            sent_at=instant(sent) if sent else None,
            stale_at=instant(stale) if stale else None,
            position=Position(float(latitude), float(longitude)) if latitude else None,
            altitude_hae_m=float(hae) if hae else None,
            altitude_msl_m=float(msl) if msl else None,
            altitude_baro_m=float(baro) if baro else None,
            altitude_qnh_m=float(qnh) if qnh else None,
            height_agl_m=float(agl) if agl else None,
            height_takeoff_m=float(takeoff) if takeoff else None,
            altitude_quality=altitude_quality,
            course_deg=float(course) if course else None,
            ground_speed_mps=float(speed) if speed else None,
            vertical_rate_mps=float(climb) if climb else None,
            heading_deg=float(heading) if heading else None,
            magnetic_heading_deg=float(magnetic) if magnetic else None,
            turn_rate_degps=float(turn) if turn else None,
            acceleration_east_mps2=float(east) if east else None,
            acceleration_north_mps2=float(north) if north else None,
            indicated_airspeed_mps=float(indicated) if indicated else None,
            true_airspeed_mps=float(true) if true else None,
            mach=float(mach) if mach else None,
            accuracy=accuracy,
            covariance=motion.covariance(covariance) if covariance else None,
            polar=motion.polar(polar) if polar else None,
        )
