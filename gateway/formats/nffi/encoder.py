"""Canonical tracks to one NFFI 1.3 message that validates against the published schema's facets.

What does not fit a facet is cut or replaced, and listed; what must not be cut (markings) refuses the track. What a
source of NFFI said beyond our fields comes back from the extension: in its own place where the schema admits it, else
in `detailData`, which admits anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import unquote

from lxml import etree

from gateway import symbols
from gateway.errors import FormatError
from gateway.formats.nffi import codes
from gateway.formats.nffi.facets import (
    ACCURACIES,
    FACETS,
    MOST_REMARKS,
    REMARKS,
    SYSTEM,
    TRANSPONDER_ID,
    UNIT_SHORT_NAME,
    word,
)
from gateway.formats.nffi.losses import list_losses
from gateway.formats.nffi.marking import ATTRIBUTES, Marking, attributes_text, higher, marking_of
from gateway.formats.nffi.reader import SCHEME, SECTIONS
from gateway.formats.nffi.tree import canonical, names_of, root_of, without_ids
from gateway.formats.nffi.values import (
    CEP_95,
    KMH,
    NFFI,
    PROBABLE_95,
    attribute_text,
    element_text,
    number_text,
    time_text,
)
from gateway.limits import Limits
from gateway.stages import Encoded
from gateway.track import Accuracy, Identity, IdentityGroup, Loss, State, Track, is_alert

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_DIGITS = 9  # after the point of what is converted: no figure drifts from hop to hop
_UNKNOWN = IdentityGroup(value=Identity.UNKNOWN)
_FRIENDS = (Identity.FRIEND, Identity.ASSUMED_FRIEND)
_OPERATIONAL = ("footprint", "strength", "statusCode")
_DEVICE = ("additionalId", "phoneNumber", "serialNumber", "terminalType", "terminalId", "specialUserDefined")
_NAMES = ("callsign", "flight_plan", "registration")


class NffiEncoder:
    """Writes one consumer's messages, each of all tracks of one call.

    `system`, `subsystem` and `country` say who releases tracks that no NFFI system named (`system` is `node` where it
    is not given). `friendly_only` refuses tracks that nobody declared friend or assumed friend: NFFI tells of friendly
    forces, and a consumer may overlook the affiliation in the unit symbol, which is written always.
    """

    def __init__(
        self,
        *,
        node: str = "",
        system: str = "",
        subsystem: str = "",
        country: str | None = None,
        friendly_only: bool = False,
        limits: Limits | None = None,
    ) -> None:
        ignored: list[Loss] = []
        self._system = word(system or node or "GATEWAY", SYSTEM, "system", ignored)
        self._subsystem = word(subsystem, SYSTEM, "subsystem", ignored)
        if country is not None and not FACETS["country"](country):
            raise ValueError(f"country is three upper-case letters, not {country!r}")
        self._country = country
        self._friendly_only = friendly_only
        self._limits = limits or Limits()

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """One message; none where no track is left. Ended tracks are left out: NFFI cannot say that one has ended."""
        elements: list[str] = []
        losses: list[tuple[str, Loss]] = []
        problems: list[FormatError] = []
        for track in tracks:
            if track.status is not None and track.status.ended:
                continue
            try:
                lost: list[Loss] = []
                elements.append(self.element(track, lost))
            except FormatError as error:
                problems.append(error)
                continue
            losses.extend((_name_of(track), loss) for loss in lost)
        frames = (message(elements),) if elements else ()
        return Encoded(frames=frames, losses=tuple(losses), problems=tuple(problems))

    def element(self, track: Track, lost: list[Loss]) -> str:
        """The `track` element; `FormatError` (``NFI-02x``) for one that NFFI cannot express."""
        place = _name_of(track)
        if track.state is None:
            raise FormatError(codes.NO_STATE, place=place)
        if is_alert(track):
            raise FormatError(codes.ALERT, place=place)
        identity = track.identity.value if track.identity is not None else None
        if self._friendly_only and identity not in _FRIENDS:
            raise FormatError(codes.NOT_FRIENDLY, place=place, cause=f"identity {identity or 'not declared'}")
        kept = _Kept(track, self._limits, lost)
        list_losses(track, lost)
        own = marking_of(track.label, lost, place=place) if track.label is not None else None
        sections = {
            "positionalData": self._positional(track, track.state, kept, lost, place),
            "identificationData": _identification(track, lost),
            "operStatusData": kept.elements("operStatusData", _OPERATIONAL),
            "deviceSpecificData": _device(track, kept, lost),
        }
        sections["detailData"] = kept.detail()  # last: what the others could not place is in it
        text = ""
        for name in SECTIONS:
            marking = higher(own, kept.markings.get(name, {}), place=place)
            if sections[name] or (name in kept.markings and name not in ("positionalData", "identificationData")):
                text += f"<{name}{attributes_text(marking)}{kept.detail_attributes if name == 'detailData' else ''}>"
                text += f"{sections[name]}</{name}>"
        return f"<track>{text}</track>"

    def _positional(self, track: Track, state: State, kept: _Kept, lost: list[Loss], place: str) -> str:
        position = state.position
        if position is None:
            raise FormatError(codes.NO_PLACE, place=place)
        longitude = 180.0 if position.longitude_deg == -180 else position.longitude_deg
        if not (-90 <= position.latitude_deg <= 90 and -180 < longitude <= 180):  # also for NaN
            raise FormatError(codes.NOT_FINITE, place=place, cause="position")
        accuracy = state.accuracy or Accuracy()
        circular = _figure("latitude", accuracy.horizontal_95_m, 1 / CEP_95, "horizontal_95_m", lost)
        text = self._track_source(track, lost) + f"<dateTime>{time_text(state.time)}</dateTime>"
        if state.time.microsecond:
            lost.append(Loss("state.time", "TRUNCATED"))
        text += f"<coordinates><latitude{circular}>{number_text(position.latitude_deg)}</latitude>"
        text += f"<longitude{circular}>{number_text(longitude)}</longitude>"
        vertical = _figure("altitude", accuracy.vertical_95_m, 1 / PROBABLE_95, "vertical_95_m", lost)
        if state.altitude_msl_m is not None:
            text += _number("altitude", state.altitude_msl_m, vertical, "state.altitude_msl_m", lost)
        elif vertical:
            lost.append(Loss("state.accuracy.vertical_95_m", "NO_TARGET"))
        text += "</coordinates>"
        text += _motion(state, accuracy, kept, lost)
        return text

    def who(self, track: Track) -> tuple[str, str, str, str]:
        """country, system, subsystem and transponderId: the source's own where NFFI named the track, else ours."""
        own = next((one.value for one in track.identifiers if one.scheme == SCHEME), None)
        parts = [unquote(part) for part in own.split("/")] if own is not None else []
        if len(parts) == 4 and parts[3]:
            return parts[0], parts[1], parts[2], parts[3]
        nation = track.sources[0].nation if track.sources else None
        name = track.track_id or (track.identifiers[0].value if track.identifiers else "")
        return self._country or nation or "", self._system, self._subsystem, name

    def _track_source(self, track: Track, lost: list[Loss]) -> str:
        country, system, subsystem, transponder = self.who(track)
        if not transponder:
            raise FormatError(codes.NO_NAME, place="track")
        field = f"identifiers.{SCHEME}"
        inner = ""
        if FACETS["country"](country):
            inner += f"<country>{country}</country>"
        elif country:
            lost.append(Loss(field, "NO_CODE"))
        inner += f"<system>{word(system, SYSTEM, field, lost)}</system>"
        if subsystem:
            inner += f"<subsystem>{word(subsystem, SYSTEM, field, lost)}</subsystem>"
        name = word(transponder, TRANSPONDER_ID, "track_id" if transponder == track.track_id else field, lost)
        return f"<trackSource><sourceSystem>{inner}</sourceSystem><transponderId>{name}</transponderId></trackSource>"


def message(elements: Sequence[str], *, declaration: bool = True) -> bytes:
    """A whole message of these track elements."""
    text = f'<NFFIMessage xmlns="{NFFI}">{"".join(elements)}</NFFIMessage>'
    return ((_DECLARATION if declaration else "") + text).encode()


# ------------------------------------------------------------------------------------------------------------ sections


def _motion(state: State, accuracy: Accuracy, kept: _Kept, lost: list[Loss]) -> str:
    """bearing, speed, reliability, credibility, inclination: in the schema's order."""
    ground, climb, course = state.ground_speed_mps, state.vertical_rate_mps, state.course_deg
    speed, angle = ground, None
    if ground is not None and climb is not None and math.isfinite(ground) and math.isfinite(climb):
        speed = math.hypot(ground, climb)
        angle = round(
            math.degrees(math.atan2(climb, ground)) % 360, _DIGITS
        )  # the schema counts 0..360: a descent is 360 - x
    elif climb is not None:
        lost.append(Loss("state.vertical_rate_mps", "NO_TARGET"))  # an inclination of no speed says nothing
    turn = _figure("bearing", accuracy.course_95_deg, 2, "course_95_deg", lost)
    pace = _figure("speed", accuracy.speed_95_mps, 2 / KMH, "speed_95_mps", lost)
    text = ""
    if course is not None:
        text += _number("bearing", course % 360 if math.isfinite(course) else course, turn, "state.course_deg", lost)
    elif turn:
        lost.append(Loss("state.accuracy.course_95_deg", "NO_TARGET"))
    if speed is not None:
        text += _number("speed", round(speed / KMH, _DIGITS), pace, "state.ground_speed_mps", lost)
    elif pace:
        lost.append(Loss("state.accuracy.speed_95_mps", "NO_TARGET"))
    text += kept.elements("positionalData", ("reliability", "credibility"))
    if angle is not None:
        stated = kept.accuracy("inclination")
        text += _number("inclination", angle if angle < 360 else 0.0, stated, "state.vertical_rate_mps", lost)
    return text


def _identification(track: Track, lost: list[Loss]) -> str:
    """Always written: without it a consumer takes the track for a friend."""
    exercise = track.status is not None and track.status.exercise is True
    kept: str | None = None
    for one in track.classifications:
        if one.scheme is not None and one.scheme.startswith(("APP6", "MIL2525", "APP06")) and kept is None:
            other = symbols.sidc20_to_sidc15(one.type) if one.type.isdigit() and len(one.type) > 15 else None
            kept = other.text if other is not None else one.type.ljust(15, "-")
        else:
            lost.append(Loss("classifications", "NO_TARGET"))
    identity = track.identity
    if identity is None:  # the letter that says so is one that readers of NFFI take for a friend's
        identity = _UNKNOWN
        lost.append(Loss("identity.value", "IMPLIED"))
    written = symbols.to_sidc15(
        environment=track.environment,
        identity=identity,
        platform=track.platform,
        exercise=exercise,
        kept=kept,
    )
    lost.extend(written.losses)
    named = track.name
    if named is None:
        by_scheme = {one.scheme: one.value for one in reversed(track.identifiers)}
        named = next((by_scheme[scheme] for scheme in _NAMES if scheme in by_scheme), None)
    if named is None:
        named = track.identifiers[0].value.rpartition("/")[2] if track.identifiers else track.track_id or "-"
        short = word(unquote(named), UNIT_SHORT_NAME, "", [])  # a designator is demanded; no name of the track's is cut
    else:
        short = word(named, UNIT_SHORT_NAME, "name" if track.name is not None else "identifiers.callsign", lost)
    symbol = written.text.replace("*", "-").upper()
    return f"<unitSymbol>{symbol}</unitSymbol><unitShortName>{short or '-'}</unitShortName>"


def _device(track: Track, kept: _Kept, lost: list[Loss]) -> str:
    text = kept.elements("deviceSpecificData", _DEVICE)
    emergency = track.status.emergency if track.status is not None else None
    if emergency is not None:
        text += "<alert>true</alert>"
        if emergency != "GENERAL":
            lost.append(Loss("status.emergency", "ROUNDED"))
    else:
        text += kept.elements("deviceSpecificData", ("alert",))
    if track.remarks:
        lines: list[str] = []
        for line in track.remarks.split("\n"):
            fitting = word(line, len(line), "remarks", lost)
            lines.extend(fitting[at : at + REMARKS] for at in range(0, len(fitting), REMARKS))
        if len(lines) > MOST_REMARKS:
            lost.append(Loss("remarks", "TRUNCATED"))
        if any(not 0 < len(line) <= REMARKS for line in track.remarks.split("\n")):
            lost.append(Loss("remarks", "ROUNDED"))  # one line became several, or an empty one none
        text += "".join(f"<remarks>{line}</remarks>" for line in lines[:MOST_REMARKS])
    return text


def _number(name: str, value: float, accuracy: str, field: str, lost: list[Loss]) -> str:
    text = number_text(value) if math.isfinite(value) else ""
    if not FACETS[name](text):
        lost.append(Loss(field, "OUT_OF_RANGE"))
        return ""
    return f"<{name}{accuracy}>{text}</{name}>"


def _figure(name: str, value: float | None, factor: float, field: str, lost: list[Loss]) -> str:
    """An accuracy attribute of an element; empty where there is none to write."""
    if value is None:
        return ""
    text = number_text(round(value * factor, _DIGITS)) if math.isfinite(value) else ""
    if not ACCURACIES[name](text):
        lost.append(Loss(f"state.accuracy.{field}", "OUT_OF_RANGE"))
        return ""
    return f' accuracy="{text}"'


# ----------------------------------------------------------------------------------------------------------- leftovers


class _Kept:
    """What an NFFI source said beyond our fields, and other formats' extensions."""

    def __init__(self, track: Track, limits: Limits, lost: list[Loss]) -> None:
        self.markings: dict[str, Marking] = {}
        self.detail_attributes = ""
        self._found: dict[tuple[str, str], etree._Element] = {}
        self._unplaced: list[etree._Element] = []
        self._foreign = ""
        for extension in track.extensions:
            try:
                root = root_of(extension.xml.encode("utf-8", "surrogatepass"), limits)
                if without_ids(root):
                    lost.append(Loss("extensions", "OUT_OF_RANGE"))
                if names_of(root) == (NFFI, "track") and not self.markings and not self._found:
                    self._read(root)
                else:
                    self._foreign += canonical(root)
            except FormatError:
                lost.append(Loss("extensions", "OUT_OF_RANGE"))

    def _read(self, root: etree._Element) -> None:
        for section in list(root):
            space, name = names_of(section)
            if space != NFFI or name not in SECTIONS:
                self._unplaced.append(section)
                continue
            marking = {key: str(section.get(key)) for key in ATTRIBUTES if section.get(key) is not None}
            if marking:
                self.markings[name] = marking
            if name == "detailData":
                self.detail_attributes = _foreign_attributes(section)
                self._foreign += "".join(canonical(child) for child in section)
                continue
            for child in list(section):
                local = names_of(child)[1]
                if names_of(child)[0] == NFFI and local in FACETS and (name, local) not in self._found:
                    self._found[name, local] = child
                else:
                    self._unplaced.append(child)

    def elements(self, section: str, names: Sequence[str]) -> str:
        """Those of the section's elements that the schema admits, in its order."""
        text = ""
        for name in names:
            child = self._found.pop((section, name), None)
            if child is None:
                continue
            value = (child.text or "").strip()
            if len(child) == 0 and not child.attrib and FACETS[name](value):
                text += f"<{name}>{element_text(value)}</{name}>"
            else:
                self._unplaced.append(child)
        return text

    def accuracy(self, name: str) -> str:
        """The accuracy that the source gave an element whose value is ours."""
        child = self._found.pop(("positionalData", name), None)
        stated = child.get("accuracy", "") if child is not None else ""
        return f' accuracy="{attribute_text(stated)}"' if stated and ACCURACIES[name](stated) else ""

    def detail(self) -> str:
        """Everything that has no place of its own."""
        return self._foreign + "".join(canonical(one) for one in (*self._found.values(), *self._unplaced))


def _foreign_attributes(section: etree._Element) -> str:
    """Other attributes of detailData, which admits any."""
    text = ""
    for number, (name, value) in enumerate(section.items()):
        space, _, local = str(name).rpartition("}")
        if str(name) in ATTRIBUTES:
            continue
        if not space:
            text += f' {local}="{attribute_text(str(value))}"'
        elif not space.startswith("{http://www.w3.org/"):
            text += f' xmlns:a{number}="{attribute_text(space[1:])}" a{number}:{local}="{attribute_text(str(value))}"'
    return text


def _name_of(track: Track) -> str:
    return track.track_id or (
        f"{track.identifiers[0].scheme}:{track.identifiers[0].value}" if track.identifiers else ""
    )
