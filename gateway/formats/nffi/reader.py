"""One NFFI track to a canonical one. Consumes the element: what is taken goes, what is left becomes the rest.

Sections and elements are found by name wherever they stand, so an order or a length that the schema forbids does no
harm here; that is for the writer to keep.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from lxml import etree
from msgspec import Struct

from gateway import symbols
from gateway.errors import FormatError
from gateway.formats.nffi import codes
from gateway.formats.nffi.marking import ATTRIBUTES, Marking, label_of
from gateway.formats.nffi.tree import canonical, names_of
from gateway.formats.nffi.values import CEP_95, KMH, NFFI, PROBABLE_95, number_of, time_of
from gateway.limits import Limits
from gateway.symbols import BadSymbolError, Context, Meaning
from gateway.track import (
    Accuracy,
    Classification,
    Environment,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Label,
    Loss,
    Position,
    Provenance,
    RawRecord,
    Source,
    State,
    Status,
    Track,
)

SCHEME = "nffi_track"
SYMBOLS = "APP6A"
SECTIONS = ("positionalData", "identificationData", "operStatusData", "deviceSpecificData", "detailData")
_FRIEND = IdentityGroup(value=Identity.FRIEND, assigned_by="NFFI")
_NO_AFFILIATION = "O-*"
_SHORTEST = 10  # of a symbol code whose trailing hyphens were left out
ALLIANCE = "urn:alliance:track-exchange:1"


class Setting(Struct, frozen=True, kw_only=True):
    """What holds for all tracks of one message."""

    received_at: datetime
    source: Callable[[str | None], tuple[Source, ...]]
    """The track's sources, given the country that it names."""
    provenance: Provenance
    label_policy: str | None
    losses: tuple[Loss, ...]
    keep_raw: bool
    limits: Limits


def track_of(element: etree._Element, setting: Setting) -> Track:
    """The track; `FormatError` (``NFI-...``) where it has no source, no time or no place."""
    raw = None
    if setting.keep_raw:
        octets: bytes = etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)
        raw = RawRecord("NFFI", octets)
    losses = [*setting.losses]
    positional = child_of(element, "positionalData")
    if positional is None:
        raise FormatError(codes.MISSING, place="track", cause="no positionalData")
    label = _label(element, setting.label_policy)
    identifier, country = _who(positional, setting.limits)
    time = _time(positional)
    state = _state(positional, time, setting.received_at, losses)
    meaning, identity, classification, name = _what(element, setting.limits, losses)
    remarks, alert = _device(element, setting.limits)
    extension = _extension(element, losses, setting.limits)
    provenance = setting.provenance
    if losses:
        provenance = Provenance(
            gateway=provenance.gateway,
            input_format=provenance.input_format,
            mapping_id=provenance.mapping_id,
            losses=tuple(losses),
        )
    return Track(
        identifiers=(identifier,),
        environment=meaning.environment,
        identity=identity,
        platform=meaning.platform,
        name=name,
        remarks=remarks,
        classifications=(classification,) if classification else (),
        status=_status(meaning, alert),
        state=state,
        sources=setting.source(country),
        provenance=(provenance,),
        label=label,
        raw=raw,
        extensions=(extension,) if extension else (),
    )


# ------------------------------------------------------------------------------------------------------------ sections


def _label(element: etree._Element, policy: str | None) -> Label | None:
    if policy is None:
        return None
    markings: list[Marking] = []
    for section in element:
        if names_of(section)[1] in SECTIONS:
            markings.append({name: str(section.get(name)) for name in ATTRIBUTES if section.get(name) is not None})
    return label_of(markings, policy)


def _who(positional: etree._Element, limits: Limits) -> tuple[Identifier, str | None]:
    """What the source calls the track: ``country/system/subsystem/transponderId``, each quoted, absent ones empty."""
    source = child_of(positional, "trackSource")
    if source is None:
        raise FormatError(codes.MISSING, place="track/positionalData", cause="no trackSource")
    system = child_of(source, "sourceSystem")
    parts = [_text(system, name) if system is not None else "" for name in ("country", "system", "subsystem")]
    parts.append(_text(source, "transponderId"))
    if not parts[3]:
        raise FormatError(codes.MISSING, place="track/positionalData/trackSource", cause="no transponderId")
    value = "/".join(quote(part, safe=".,:*-") for part in parts)
    if len(value) > limits.max_name_octets:
        raise FormatError(codes.TOO_LONG, place="track/positionalData/trackSource", cause=f"{len(value)} characters")
    positional.remove(source)
    country = parts[0]
    return Identifier(SCHEME, value), country if len(country) == 3 and country.isascii() and country.isupper() else None


def _time(positional: etree._Element) -> datetime:
    stamp = child_of(positional, "dateTime")
    if stamp is None:
        raise FormatError(codes.MISSING, place="track/positionalData", cause="no dateTime")
    time = time_of(stamp.text or "")
    if time is None:
        cause = f"observed {(stamp.text or '')[:40]!r}"
        raise FormatError(codes.TIME, place="track/positionalData/dateTime", cause=cause)
    positional.remove(stamp)
    return time


def _state(positional: etree._Element, time: datetime, received_at: datetime, losses: list[Loss]) -> State:
    coordinates = child_of(positional, "coordinates")
    if coordinates is None:
        raise FormatError(codes.MISSING, place="track/positionalData", cause="no coordinates")
    numbers = _Numbers(losses)
    latitude, latitude_error = numbers.pair(coordinates, "latitude", -90, 90)
    longitude, longitude_error = numbers.pair(coordinates, "longitude", -180, 180)
    if latitude is None or longitude is None:
        raise FormatError(codes.POINT, place="track/positionalData/coordinates", cause="no usable pair")
    altitude, altitude_error = numbers.pair(coordinates, "altitude", -1e9, 1e9)
    if latitude_error is not None and longitude_error is not None and latitude_error != longitude_error:
        losses.append(Loss("coordinates@accuracy", "ROUNDED"))  # one circle holds both
    if len(coordinates) == 0:
        positional.remove(coordinates)
    course, course_range = numbers.pair(positional, "bearing", 0, 360)
    speed, speed_range = numbers.pair(positional, "speed", 0, 1e9)
    inclination = numbers.seen(positional, "inclination", 0, 360)
    ground, climb = _split(positional, speed, inclination, losses)
    circular = max((one for one in (latitude_error, longitude_error) if one is not None), default=None)
    figures = (circular, altitude_error, course_range, speed_range)
    accuracy = None
    if any(one is not None for one in figures):
        accuracy = Accuracy(
            horizontal_95_m=None if circular is None else circular * CEP_95,
            vertical_95_m=None if altitude_error is None else altitude_error * PROBABLE_95,
            # The whole width of a sector or range that the value halves; its probability is not stated
            course_95_deg=None if course_range is None else course_range / 2,
            speed_95_mps=None if speed_range is None else speed_range * KMH / 2,
            basis="CEP50" if circular is not None or altitude_error is not None else "NFFI_RANGE",
        )
    return State(
        time=time,
        time_quality="TAGGED",
        received_at=received_at,
        position=Position(latitude, 180.0 if longitude == -180 else longitude),
        altitude_msl_m=altitude,
        course_deg=None if ground == 0 else 0.0 if course == 360 else course,
        ground_speed_mps=ground,
        vertical_rate_mps=climb,
        accuracy=accuracy,
    )


def _split(
    positional: etree._Element, speed: float | None, inclination: float | None, losses: list[Loss]
) -> tuple[float | None, float | None]:
    """(ground speed, vertical rate): with an inclination speed is along the path, 0..360 with descents at 360 - x."""
    if speed is None:
        return None, None
    speed *= KMH
    if inclination is None:
        return speed, None
    if 90 < inclination < 270:
        losses.append(Loss("positionalData/inclination", "OUT_OF_RANGE"))  # nothing moves backwards
        return speed, None
    found = child_of(positional, "inclination")
    if found is not None and not found.attrib:
        positional.remove(found)
    elif found is not None:
        found.text = None  # its accuracy is left over
    if inclination in (90, 270):
        return 0.0, speed if inclination == 90 else -speed
    angle = math.radians(inclination)
    climb = speed * math.sin(angle)
    return speed * math.cos(angle), climb if inclination not in (0, 360) else 0.0


def _what(
    element: etree._Element, limits: Limits, losses: list[Loss]
) -> tuple[Meaning, IdentityGroup | None, Classification | None, str | None]:
    """Meaning and identity of the unit symbol; NFFI tells of friends, so a friend it is where no letter disagrees."""
    section = child_of(element, "identificationData")
    nothing = Meaning(Environment.UNKNOWN, None, None)
    if section is None:
        return nothing, _FRIEND, None, None
    short = child_of(section, "unitShortName")
    name = (short.text or "").strip() or None if short is not None else None
    if name is not None and len(name.encode()) > limits.max_name_octets:
        raise FormatError(codes.TOO_LONG, place="identificationData/unitShortName", cause=f"{len(name)} characters")
    if short is not None:
        section.remove(short)
    stated = child_of(section, "unitSymbol")
    code = (stated.text or "").strip() if stated is not None else ""
    if not code:
        return nothing, _FRIEND, None, name
    try:
        if len(code) < _SHORTEST:
            raise BadSymbolError("too short")
        if code.isdigit() and len(code) > 15:
            meaning, letter = symbols.from_sidc20(code, exercise=False), "."
        else:
            meaning, letter = symbols.from_sidc15(code.ljust(15, "-"), exercise=False), code[1:2].upper()
    except BadSymbolError:
        losses.append(Loss("identificationData/unitSymbol", "OUT_OF_RANGE"))
        return nothing, None, None, name  # a symbol that cannot be read may have said anything
    losses.extend(meaning.losses)
    if stated is not None:
        section.remove(stated)
    identity = meaning.identity or (_FRIEND if letter and letter in _NO_AFFILIATION else None)
    return meaning, identity, Classification(type=code, scheme=SYMBOLS if letter != "." else "APP6D"), name


def _device(element: etree._Element, limits: Limits) -> tuple[str | None, bool]:
    """(remarks, whether it is in an emergency); 1.4 says the latter in operStatusData."""
    alert = False
    lines: list[str] = []
    for name in ("deviceSpecificData", "operStatusData"):
        section = child_of(element, name)
        for child in list(section) if section is not None else ():
            local, text = names_of(child)[1], (child.text or "").strip()
            if section is None:
                continue
            if local == "alert" and text.lower() in ("true", "1"):
                alert = True
                section.remove(child)
            elif local == "remarks" and name == "deviceSpecificData" and len(child) == 0:
                lines.extend([text] if text else [])
                section.remove(child)
    remarks = "\n".join(lines)
    octets = remarks.encode()[: limits.max_text_octets]
    return octets.decode("utf-8", "ignore") or None, alert


def _status(meaning: Meaning, alert: bool) -> Status | None:
    exercise, simulated = meaning.context is Context.EXERCISE, meaning.context is Context.SIMULATION
    if not (alert or exercise or simulated):
        return None
    return Status(
        emergency="GENERAL" if alert else None,
        exercise=True if exercise else None,
        simulated=True if simulated else None,
    )


# ----------------------------------------------------------------------------------------------------------- leftovers


def _extension(element: etree._Element, losses: list[Loss], limits: Limits) -> Extension | None:
    """What is left, in the namespace of 1.3 whatever the source wrote; `None` if nothing is."""
    for section in list(element):
        section.tail = None
        if names_of(section)[1] in SECTIONS and not section.attrib and len(section) == 0:
            element.remove(section)
    if len(element) == 0 and not element.attrib:
        return None
    fresh = etree.Element(f"{{{NFFI}}}track", nsmap={None: NFFI})  # type: ignore[dict-item]  # the stubs know no default namespace
    for key, value in element.items():
        fresh.set(key, value)
    fresh.extend(list(element))
    for node in fresh.iter():
        namespace, name = names_of(node)
        if namespace == ALLIANCE:
            losses.append(Loss(f"track/{name}"[:60], "NOT_MODELLED"))
            return None
        inside_detail = any(names_of(one)[1] == "detailData" for one in node.iterancestors())
        if namespace != NFFI and not inside_detail and (namespace == "" or is_nffi(namespace)):
            node.tag = f"{{{NFFI}}}{name}"
        elif namespace == "":
            node.tag = f"{{{NFFI}}}{name}"  # an extension admits nothing without a namespace
    text = canonical(fresh)
    if len(text.encode()) > limits.max_text_octets:
        losses.append(Loss("track", "NOT_MODELLED"))
        return None
    return Extension(NFFI, "track", text)


class _Numbers:
    """Numbers out of elements; one that cannot be used stays left over, and is listed."""

    def __init__(self, losses: list[Loss]) -> None:
        self._losses = losses

    def seen(self, section: etree._Element, name: str, low: float, high: float) -> float | None:
        """The element's number if it has one within the bounds."""
        child = child_of(section, name)
        return None if child is None else self._number(child.text, low, high, f"{names_of(section)[1]}/{name}")

    def pair(self, section: etree._Element, name: str, low: float, high: float) -> tuple[float | None, float | None]:
        """(number, accuracy) of an element, taken."""
        child = child_of(section, name)
        if child is None:
            return None, None
        place = f"{names_of(section)[1]}/{name}"
        value = self._number(child.text, low, high, place)
        if value is None:
            return None, None
        error = self._number(child.get("accuracy"), 0, 1e9, f"{place}@accuracy")
        section.remove(child)
        return value, error

    def _number(self, text: str | None, low: float, high: float, place: str) -> float | None:
        try:
            value = number_of(text)
            if value is not None and not low <= value <= high:
                raise ValueError
        except ValueError:
            self._losses.append(Loss(place, "OUT_OF_RANGE"))
            return None
        return value


def is_nffi(namespace: str) -> bool:
    """Whether elements of this namespace are NFFI's, of whatever edition; some systems write none."""
    return namespace == "" or namespace.startswith("urn:nato:fft:protocols:nffi")


def child_of(element: etree._Element, name: str) -> etree._Element | None:
    """The first child of that name in any of NFFI's namespaces."""
    for child in element:
        namespace, local = names_of(child)
        if local == name and is_nffi(namespace):
            return child
    return None


def _text(element: etree._Element, name: str) -> str:
    child = child_of(element, name)
    return (child.text or "").strip() if child is not None else ""
