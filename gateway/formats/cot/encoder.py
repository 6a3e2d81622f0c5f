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
from gateway.formats.cot.atoms import DELETE_TYPE, SCHEME, Shape, Written, type_for
from gateway.formats.cot.event import NAMESPACE
from gateway.formats.cot.kept import NO_LEFTOVERS, Kept, attributes_text, foreign_of, kept_of
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
from gateway.formats.cot.values import attribute_text, is_xml, time_text
from gateway.limits import Limits
from gateway.stages import Encoded
from gateway.track import Environment, Identity, Loss, State, Status, Track

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_CACHED = 4_096  # entries of one encoder's cache; then it starts anew
_CACHED_TEXT = 2_048  # characters
_QOS = re.compile(r"\d-\w-\w").fullmatch
_FLOW_TAGS = re.compile(r"<_flow-tags_(?=[ />])").search
_NO_STATUS = Status()
_MODALITIES = {"ACOUSTIC": "b-d-a", "SEISMIC": "b-d-s", "DOPPLER": "b-d-d", "MOTION": "b-d-m"}
_V = TypeVar("_V")
_TypeKey = tuple[Environment, Identity | None, str | None, str | None, str | None, bool]


class CotEncoder:
    """Writes one consumer's events.

    `stale_after_s` is the validity of tracks whose source states none. `node`, when given, adds the gateway's own flow
    tag. `opex` marks events whose source gave none (``e-NAME`` makes joker and faker legal). `platform_types` maps
    platforms to function ids where CoT has only ones that claim more than the track says (``UAV`` to ``A-M-F-Q``).
    """

    def __init__(
        self,
        *,
        stale_after_s: float = 60.0,
        node: str = "",
        opex: str | None = None,
        platform_types: dict[str, str] | None = None,
        declaration: bool = True,
        limits: Limits | None = None,
    ) -> None:
        self._stale_after = timedelta(seconds=stale_after_s)
        self._flow_tag = re.sub(r"^[^A-Za-z_]|[^A-Za-z0-9_.-]", "_", node)
        self._opex = opex
        self._functions = dict(platform_types or {})
        self._opening = (_DECLARATION if declaration else "") + '<event version="2.0" uid="'
        self._limits = limits or Limits()
        self._kept: dict[str, Kept] = {}
        self._foreign: dict[str, str] = {}
        self._types: dict[_TypeKey, Written] = {}

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """One event per track; a track without a position, or without any name, is a problem instead."""
        frames: list[bytes] = []
        sent = time_text(now)
        lost: list[tuple[str, Loss]] = []
        problems: list[FormatError] = []
        for track in tracks:
            own: list[Loss] = []
            try:
                text = self._event(track, now, sent, own)
                frames.append(text.encode("utf-8"))
            except FormatError as error:
                problems.append(error)
                continue
            except UnicodeEncodeError:
                problems.append(FormatError(codes.NOT_XML, place=track.track_id or "", cause="a lone surrogate"))
                continue
            if own:
                name = track.track_id or (track.identifiers[0].value if track.identifiers else "")
                lost.extend([(name, loss) for loss in own])
        return Encoded(frames=tuple(frames), losses=tuple(lost), problems=tuple(problems))

    # ------------------------------------------------------------------------------------------------------ the event

    def _event(self, track: Track, now: datetime, sent: str, lost: list[Loss]) -> str:
        status = track.status or _NO_STATUS
        state = track.state
        place = track.track_id or ""
        if state is None:
            if not status.ended:
                raise FormatError(codes.NO_STATE, place=place)
            state = State(time=now)
        kept, foreign = self._extensions(track, lost) if track.extensions else (NO_LEFTOVERS, "")
        opex = self._exercise(status, kept)
        written = self._type(track, state, status, kept, opex)
        lost.extend(written.losses)
        losses.of_track(track, lost)
        losses.of_state(state, lost)
        if track.status is not None:
            losses.of_status(status, lost)
        uid, contact, others = names(track, kept, lost)
        shape = written.shape
        point = point_piece(state, shape, kept, lost, place=place)
        inner = contact + motion_piece(state, kept, lost) + remarks_piece(track.remarks, kept, lost) + others
        inner += emergency_piece(status, kept)
        if shape is Shape.DETECTION:
            inner += sensor_piece(state.polar, kept, lost)
        elif "sensor" in kept.merged:
            inner += child(kept.merged["sensor"], {})
        own_uid = uid
        if shape is Shape.DELETE:
            inner += link_piece(uid, kept)
            own_uid = kept.attributes.get("uid") or f"delete-{uid}"
        elif "link" in kept.merged:
            inner += child(kept.merged["link"], {})
        inner += (self._flow(kept.others, sent) if self._flow_tag else kept.others) + foreign
        time, start, stale = self._times(state, status, sent)
        how = how_text(status, kept)
        return (
            f'{self._opening}{attribute_text(own_uid)}" type="{written.text}" how="{how}" time="{time}" start="{start}"'
            f' stale="{stale}"{self._markings(track, kept, opex, lost)}>{point}'
            f"<detail{kept.detail}>{inner}</detail></event>"
        )

    def _times(self, state: State, status: Status, now: str) -> tuple[str, str, str]:
        start = time_text(state.time)
        sent_at = state.sent_at
        time = now if sent_at is None else start if sent_at == state.time else time_text(sent_at)
        stale_at = state.stale_at
        if status.ended:  # a track is dropped by an event that was never valid
            return time, start, start if stale_at is None or stale_at > state.time else time_text(stale_at)
        if stale_at is None or stale_at <= state.time:
            stale_at = state.time + self._stale_after
        return time, start, time_text(stale_at)

    def _type(self, track: Track, state: State, status: Status, kept: Kept, opex: str | None) -> Written:
        own = next((one.type for one in track.classifications if one.scheme == SCHEME), None)
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
            return Written(own, Shape.DELETE)
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
        opex = kept.attributes.get("opex") or self._opex
        if status.simulated:
            said = (opex or "")[:1] == "s" or kept.attributes.get("how", "")[:3] == "m-s"
            return opex if said else "s"
        return None if opex is not None and opex[:1] == "s" else opex

    def _markings(self, track: Track, kept: Kept, opex: str | None, lost: list[Loss]) -> str:
        """The optional attributes of `event`: security marking, exercise, quality of service, the source's own."""
        label, place = track.label, track.track_id or ""
        if not kept.attributes and label is None and opex is None:
            return ""
        attributes = {name: text for name, text in kept.attributes.items() if name not in ("how", "uid", "opex")}
        if not _QOS(attributes.get("qos", "")):
            attributes.pop("qos", None)
        if opex is not None:
            attributes["opex"] = opex
        if label is not None:
            attributes |= marking(label, attributes, lost, place=place)
        if not all(is_xml(value) for value in attributes.values()):
            raise FormatError(codes.NOT_XML, place=place, cause="control characters in the marking")
        return attributes_text(attributes) if attributes else ""

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


def _remember(cache: dict[str, _V], key: str, value: _V) -> None:
    if len(key) < _CACHED_TEXT:
        if len(cache) >= _CACHED:
            cache.clear()
        cache[key] = value
