"""Canonical tracks to Cursor on Target events, by templates: no element trees.

Fields that the track has are written; what its CoT source wrote and no field holds is put back from the extension
(`kept`); what CoT has no place for is listed as a loss. See `docs/formats/cot.md` for the table.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from gateway.errors import FormatError
from gateway.formats.cot import codes, losses
from gateway.formats.cot.atoms import (
    AFFILIATIONS_OF_NOBODY,
    ALARM_TYPE,
    DELETE,
    DELETE_TYPE,
    NONE_SPECIFIED,
    SCHEME,
    Written,
    type_for,
)
from gateway.formats.cot.event import NAMESPACE, OPERATOR_SUFFIX
from gateway.formats.cot.kept import NO_LEFTOVERS, Kept, attributes_text, foreign_of, kept_of
from gateway.formats.cot.operator import NOT_RELEASED, body_of, head_of, how_of
from gateway.formats.cot.pieces import (
    child,
    emergency_piece,
    how_text,
    link_piece,
    marking,
    motion_piece,
    names,
    point_piece,
    remarks_piece,
    sensor_piece,
)
from gateway.formats.cot.tak import codes as tak_codes
from gateway.formats.cot.tak.written import PROTOCOLS, XML, framed
from gateway.formats.cot.values import attribute_text, is_xml, time_text
from gateway.limits import Limits
from gateway.stages import Encoded
from gateway.track import ALERT_SCHEME, Environment, Identity, Label, Loss, State, Status, Track

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_CACHED = 4_096  # entries of one encoder's cache; then it starts anew
_CACHED_TEXT = 2_048  # characters
_QOS = re.compile(r"\d-\w-\w").fullmatch
_FLOW_TAGS = re.compile(r"<_flow-tags_(?=[ />])").search
_NO_STATUS = Status()
_MODALITIES = {"ACOUSTIC": "b-d-a", "SEISMIC": "b-d-s", "DOPPLER": "b-d-d", "MOTION": "b-d-m"}
_NO_POSITION = Loss("state.position", "NO_POSITION")
_HOW_ONLY = frozenset(("how",))
_MOST_MARKED = 64
"""Labels whose attributes are remembered."""
_V = TypeVar("_V")
_TypeKey = tuple[Environment, Identity | None, str | None, str | None, str | None, bool]


def flow_tag_of(node: str) -> str:
    """The attribute of `_flow-tags_` that says that an event passed `node`."""
    return re.sub(r"^[^A-Za-z_]|[^A-Za-z0-9_.-]", "_", node)


class CotEncoder:
    """Writes one consumer's events.

    `stale_after_s` is the validity of tracks whose source states none. `node`, when given, adds the gateway's own flow
    tag. `opex` marks events whose source gave none (``e-NAME`` makes joker and faker legal). `platform_types` maps
    platforms to function ids where CoT has only ones that claim more than the track says (``UAV`` to ``A-M-F-Q``).
    `protocol` is ``xml``, or TAK protocol version 1 as ``stream`` or ``mesh`` carry it. With `personal_data` the
    operator of an aircraft is written too, as an event of its own; without it that is a loss.
    """

    def __init__(
        self,
        *,
        stale_after_s: float = 60.0,
        node: str = "",
        opex: str | None = None,
        platform_types: dict[str, str] | None = None,
        declaration: bool = True,
        protocol: str = XML,
        personal_data: bool = False,
        undeclared: str = NONE_SPECIFIED,
        limits: Limits | None = None,
    ) -> None:
        if undeclared not in AFFILIATIONS_OF_NOBODY:
            raise FormatError(codes.NO_AFFILIATION, place="undeclared", cause=f"observed {undeclared[:20]!r}")
        if protocol not in PROTOCOLS:
            raise FormatError(tak_codes.NO_NAME, place="protocol", cause=f"expected one of {', '.join(PROTOCOLS)}")
        self._protocol = protocol
        self._personal_data = personal_data
        self._stale_after = timedelta(seconds=stale_after_s)
        self._flow_tag = flow_tag_of(node)
        self._opex = opex
        self._functions = dict(platform_types or {})
        self._undeclared = undeclared
        self._opening = (_DECLARATION if declaration else "") + '<event version="2.0" uid="'
        self._limits = limits or Limits()
        self._kept: dict[str, Kept] = {}
        self._foreign: dict[str, str] = {}
        self._types: dict[_TypeKey, Written] = {}
        self._marked: dict[tuple[Label | None, str | None], tuple[str, tuple[Loss, ...]]] = {}
        self._now: datetime | None = None
        self._sent = ""
        self._started: datetime | None = None
        """The time of the last track, as which it and the end of its validity were written."""
        self._start = self._until = ""

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """One event per track, and one per operator that is released.

        A track without a position, or without any name, is a problem instead.
        """
        frames: list[bytes] = []
        if now is not self._now:
            self._now, self._sent = now, time_text(now)
        sent = self._sent
        lost: list[tuple[str, Loss]] = []
        problems: list[FormatError] = []
        for track in tracks:
            own: list[Loss] = []
            try:
                events = [text.encode("utf-8") for text in self._events(track, now, sent, own)]
                if self._protocol != XML:
                    events = [framed(event, self._protocol, own, self._limits) for event in events]
            except FormatError as error:
                problems.append(error)
                if error.code is codes.NO_PLACE:
                    lost.append((_name(track), _NO_POSITION))
                continue
            except UnicodeEncodeError:
                problems.append(FormatError(codes.NOT_XML, place=track.track_id or "", cause="a lone surrogate"))
                continue
            frames.extend(events)
            if own:
                name = _name(track)
                lost.extend([(name, loss) for loss in own])
        return Encoded(frames=tuple(frames), losses=tuple(lost), problems=tuple(problems))

    # ------------------------------------------------------------------------------------------------------ the event

    def _events(self, track: Track, now: datetime, sent: str, lost: list[Loss]) -> list[str]:
        status = track.status or _NO_STATUS
        state = track.state
        place = track.track_id or ""
        if state is None:
            if not status.ended:
                raise FormatError(codes.NO_STATE, place=place)
            state = State(time=now)
        operator = track.operator
        if operator is not None and not self._personal_data:
            lost.append(NOT_RELEASED)
            operator = None
        kept, foreign = self._extensions(track, lost) if track.extensions else (NO_LEFTOVERS, "")
        opex = self._exercise(status, kept)
        written = self._type(track, state, status, kept, opex)
        uid, contact, others = names(track, kept, operator, lost)
        markings = self._markings(track, kept, opex, lost)
        times = self._times(state, status, sent)
        events: list[str] = []
        if operator is None or state.position is not None or not uid.endswith(OPERATOR_SUFFIX):
            lost.extend(written.losses)
            losses.of_track(track, lost)
            losses.of_state(state, lost)
            if track.status is not None:
                losses.of_status(status, lost)
            point = point_piece(state, written.shape, kept, lost, place=place)
            inner = self._inner(track, state, status, kept, lost)
            own_uid = uid
            if written.shape is DELETE:
                inner += link_piece(uid, kept)
                own_uid = kept.attributes.get("uid") or f"delete-{uid}"
            elif "link" in kept.merged:
                inner += child(kept.merged["link"], {})
            inner = contact + inner + others
            inner += (self._flow(kept.others, sent) if self._flow_tag else kept.others) + foreign
            head = self._head(own_uid, written.text, how_text(status, kept), times, markings)
            events.append(f"{head}{point}<detail{kept.detail}>{inner}</detail></event>")
        if operator is not None and operator.position is not None:
            began = times[1] if operator.time is None else time_text(operator.time)
            kind = f"a-{self._undeclared}-G"  # on land, and nobody declared an identity
            head = self._head(head_of(uid), kind, how_of(operator), (times[0], began, times[2]), markings)
            events.append(head + body_of(operator, aircraft=uid, kind=written.text, lost=lost, place=place))
        return events

    def _inner(self, track: Track, state: State, status: Status, kept: Kept, lost: list[Loss]) -> str:
        """The children of `detail` that canonical fields make, names and links aside."""
        inner = motion_piece(state, kept, lost) + remarks_piece(track.remarks, kept, lost)
        inner += emergency_piece(status, kept)
        if state.position is None and state.polar is not None:
            return inner + sensor_piece(state.polar, kept, lost)
        return inner + child(kept.merged["sensor"], {}) if "sensor" in kept.merged else inner

    def _head(self, uid: str, kind: str, how: str, times: tuple[str, str, str], markings: str) -> str:
        """The start tag of `event`."""
        time, start, stale = times
        return (
            f'{self._opening}{attribute_text(uid)}" type="{kind}" how="{how}" time="{time}" start="{start}"'
            f' stale="{stale}"{markings}>'
        )

    def _times(self, state: State, status: Status, now: str) -> tuple[str, str, str]:
        if state.time != self._started:  # the tracks of one scan are of one time
            self._start, self._until = time_text(state.time), ""
            self._started = state.time
        start = self._start
        sent_at = state.sent_at
        time = now if sent_at is None else start if sent_at == state.time else time_text(sent_at)
        stale_at = state.stale_at
        if status.ended:  # a track is dropped by an event that was never valid
            return time, start, start if stale_at is None or stale_at > state.time else time_text(stale_at)
        if stale_at is None or stale_at <= state.time:
            self._until = self._until or time_text(state.time + self._stale_after)
            return time, start, self._until
        return time, start, time_text(stale_at)

    def _type(self, track: Track, state: State, status: Status, kept: Kept, opex: str | None) -> Written:
        own = None
        for one in track.classifications:
            if one.scheme == SCHEME:
                own = one.type
                break
            if one.scheme == ALERT_SCHEME:
                own = ALARM_TYPE  # as an atom it would be a second object beside the one that it is about
        sensed = False
        if state.position is None and not kept.point.get("lat"):
            sensed = state.polar is not None and state.polar.sensor_position is not None
            if not sensed and status.ended:
                own = DELETE_TYPE
            elif sensed and not (own or "").startswith("b-d"):
                modalities = (_MODALITIES.get(source.modality or "") for source in track.sources)
                own = next((one for one in modalities if one), "b-d")
        if own is not None and own.startswith("b-d") and not sensed and state.position is not None:
            own = None  # the point of a detection is its sensor's: an object's own place makes it an atom
        if own is not None and status.ended and own == DELETE_TYPE:
            return Written(own, DELETE)
        identity = track.identity
        exercise = opex is not None and opex[:1] == "e"
        value, role = (identity.value, identity.amplification) if identity is not None else (None, None)
        key = (track.environment, value, role, track.platform, own, exercise)
        written = self._types.get(key)
        if written is None:
            written = type_for(
                environment=track.environment,
                identity=identity,
                platform=track.platform,
                kept=own,
                exercise=exercise,
                functions=self._functions,
                undeclared=self._undeclared,
            )
            if len(self._types) >= _CACHED:
                self._types.clear()
            self._types[key] = written
        return written

    def _extensions(self, track: Track, lost: list[Loss]) -> tuple[Kept, str]:
        kept: Kept | None = None
        foreign = ""
        for extension in track.extensions:
            xml = extension.xml
            try:
                if extension.namespace == NAMESPACE and kept is None:
                    kept = self._kept.get(xml)
                    if kept is None:
                        kept = kept_of(xml, self._limits)
                        _remember(self._kept, xml, kept)
                    if kept.cut:
                        lost.append(Loss("extensions", "OUT_OF_RANGE"))
                elif extension.namespace == NAMESPACE:
                    lost.append(Loss("extensions", "NO_TARGET"))
                else:
                    text = self._foreign.get(xml)
                    if text is None:
                        text = foreign_of(xml, self._limits)
                        _remember(self._foreign, xml, text)
                    foreign += text
            except FormatError:
                lost.append(Loss("extensions", "OUT_OF_RANGE"))
        return kept or NO_LEFTOVERS, foreign

    def _exercise(self, status: Status, kept: Kept) -> str | None:
        """`opex`: what the track says of exercise and simulation; where it says nothing the source's, then ours.

        The attribute holds one of the two. What is both is an exercise there, and simulated by `how`.
        """
        opex = kept.attributes.get("opex") or self._opex
        letter = (opex or "")[:1]
        if status.exercise:
            own = self._opex or ""
            return opex if letter == "e" else own if own[:1] == "e" else "e"
        if status.exercise is False and letter == "e":
            opex = None
        if status.simulated:
            said = letter == "s" or kept.attributes.get("how", "")[:3] == "m-s"
            return opex if said else "s"
        return None if letter == "s" else opex

    def _markings(self, track: Track, kept: Kept, opex: str | None, lost: list[Loss]) -> str:
        """The optional attributes of `event`: security marking, exercise, quality of service, the source's own."""
        label, place = track.label, track.track_id or ""
        if not kept.attributes.keys() <= _HOW_ONLY:
            return _marked(label, opex, kept.attributes, lost, place=place)
        if label is None and opex is None:
            return ""
        known = self._marked.get((label, opex))  # the tracks of a picture share few labels
        if known is None:
            told: list[Loss] = []
            known = _marked(label, opex, {}, told, place=place), tuple(told)
            if len(self._marked) >= _MOST_MARKED:
                self._marked.clear()
            self._marked[label, opex] = known
        lost.extend(known[1])
        return known[0]

    def _flow(self, others: str, now: str) -> str:
        """The kept children with this gateway's flow tag: MITRE's way to say which systems handled an event."""
        tag = f' {self._flow_tag}="{now}"'
        found = _FLOW_TAGS(others) if others else None
        if found is None:
            return f"{others}<_flow-tags_{tag}/>"
        end = others.index(">", found.end())
        if f" {self._flow_tag}=" in others[found.end() : end]:
            return others  # passed here before: its first passage stands
        return others[: found.end()] + tag + others[found.end() :]


def _name(track: Track) -> str:
    return track.track_id or (track.identifiers[0].value if track.identifiers else "")


def _remember(cache: dict[str, _V], key: str, value: _V) -> None:
    if len(key) < _CACHED_TEXT:
        if len(cache) >= _CACHED:
            cache.clear()
        cache[key] = value


def _marked(label: Label | None, opex: str | None, own: dict[str, str], lost: list[Loss], *, place: str) -> str:
    """The attributes of a marking as they stand in the tag; `own` are those that came with the event."""
    attributes = {name: text for name, text in own.items() if name not in ("how", "uid", "opex")}
    if not _QOS(attributes.get("qos", "")):
        attributes.pop("qos", None)
    if opex is not None:
        attributes["opex"] = opex
    if label is not None:
        attributes |= marking(label, attributes, lost, place=place)
    if not all(is_xml(value) for value in attributes.values()):
        raise FormatError(codes.NOT_XML, place=place, cause="control characters in the marking")
    return attributes_text(attributes) if attributes else ""
