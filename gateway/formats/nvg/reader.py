"""One NVG object to a canonical track. Consumes the element: what is taken goes, what is left becomes the rest."""

from __future__ import annotations

from datetime import datetime

from lxml import etree
from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.nvg import codes, facts
from gateway.formats.nvg.edition import Edition, is_nvg
from gateway.formats.nvg.facts import SCHEMA, Told
from gateway.formats.nvg.kept import Explained, extension_of
from gateway.formats.nvg.symbol import Said, said_by
from gateway.formats.nvg.tree import names_of
from gateway.formats.nvg.values import number_of, time_of
from gateway.limits import Limits
from gateway.symbols import Context
from gateway.track import (
    Extension,
    Identifier,
    Label,
    Loss,
    Operator,
    Position,
    Provenance,
    RawRecord,
    Source,
    State,
    Status,
    Track,
)


class Setting(Struct, frozen=True, kw_only=True):
    """What holds for all objects of one document."""

    edition: Edition
    z: str
    """``msl``, ``hae`` or ``none``: what the source means by `z`."""
    received_at: datetime
    sources: tuple[Source, ...]
    provenance: Provenance
    label: Label | None
    schemas: dict[str, Explained]
    losses: tuple[Loss, ...]
    """Of the document: content that belongs to no object."""
    keep_raw: bool
    limits: Limits


def point_of(element: etree._Element, setting: Setting) -> Track | None:
    """The track of a `point`; `None` for tactical graphics and weather, which nobody tracks."""
    said = said_by(element.get("symbol"))
    if not said.is_object:
        return None
    raw = _raw(element, setting)
    losses = [*setting.losses]
    numbers = _Numbers(element, losses)
    position = place_of(numbers.required("x"), numbers.required("y"))
    altitude = numbers.taken("z") if setting.z != "none" else None
    if setting.z == "none" and element.get("z") is not None:
        losses.append(Loss("point@z", "NO_DATUM"))
    altitude = altitude or None  # 0 is the schema's default: who writes nothing and who writes 0 cannot be told apart
    speed, course = _motion(numbers, setting, losses)
    told = told_of(element, losses)
    values = facts.state_values(told)
    if altitude is not None:
        values["altitude_msl_m" if setting.z == "msl" else "altitude_hae_m"] = altitude
    polar = facts.polar_of(told)
    return _track(
        element,
        setting,
        said,
        told,
        losses,
        raw,
        values | {"position": position, "ground_speed_mps": speed, "course_deg": course, "polar": polar},
    )


def detection_of(element: etree._Element, setting: Setting) -> Track | None:
    """The track of an area or line that this gateway drew for a detection without a position; `None` for any other."""
    told = told_of(element, [], look=True)
    if told.others.get("detection") is None:
        return None
    raw = _raw(element, setting)
    losses = [*setting.losses]
    told = told_of(element, losses)
    numbers = _Numbers(element, losses)
    if names_of(element)[1] == "polyline":
        first = (element.get("points", "").split() or [""])[0].partition(",")
        try:
            sensor = place_of(number_of(first[0]), number_of(first[2]))
        except ValueError:
            raise FormatError(codes.POINT, place="polyline@points", cause="first pair is no place") from None
    else:
        sensor = place_of(numbers.required("cx"), numbers.required("cy"))
    for name in ("cx", "cy", "r", "minr", "maxr", "startangle", "endangle", "points", "leg-type"):
        _popped(element, name)
    polar = facts.polar_of(told, sensor_position=sensor)
    if polar is None:
        return None  # a detection of no sensor is a drawing
    values = facts.state_values(told) | {"polar": polar}
    return _track(element, setting, said_by(element.get("symbol")), told, losses, raw, values)


def operator_of(element: etree._Element, setting: Setting) -> tuple[str, Operator] | None:
    """(uri of the aircraft, its operator) of a point that this gateway wrote for an operator."""
    told = told_of(element, [], look=True)
    owner = told.others.get("operator_of")
    if owner is None:
        return None
    numbers = _Numbers(element, [])
    try:
        position = place_of(numbers.required("x"), numbers.required("y"))
    except FormatError:  # which would tell where he stands: one of the two figures may be right
        raise FormatError(codes.POINT, place="point", cause="the operator's") from None
    stamp = _child(element, "TimeStamp")
    altitude = told.values.get("state.altitude_hae_m")
    return owner, Operator(
        identifier=told.others.get("operator_id") or None,
        position=position,
        altitude_hae_m=altitude if isinstance(altitude, float) else None,
        basis=told.others.get("operator_basis") or None,
        time=time_of(stamp.text or "") if stamp is not None else None,
    )


def _track(
    element: etree._Element,
    setting: Setting,
    said: Said,
    told: Told,
    losses: list[Loss],
    raw: RawRecord | None,
    values: dict[str, object],
) -> Track:
    if said.taken:
        _popped(element, "symbol")
    losses.extend(said.meaning.losses)
    identifiers = _identifiers(_popped(element, "uri"), told, setting.limits)
    name = _name(element, setting.limits)
    if "label_of" in told.others:
        name = None  # the label repeats an identifier, for displays
    remarks = _remarks(element, setting.limits, losses)
    time, stale_at = _times(element, losses)
    if time is None:
        values.pop("time_quality", None)
    fields = {"time_quality": "TAGGED" if time is not None else "RECEIVED"} | values
    fields |= {"time": time or setting.received_at, "received_at": setting.received_at, "stale_at": stale_at}
    state = State(**fields, accuracy=facts.accuracy_of(told))  # type: ignore[arg-type]  # names and types are State's own
    platform = told.values.get("platform")
    confidence = told.values.get("detection_confidence_pct")
    extension = _extension(element, setting, losses)
    return Track(
        identifiers=identifiers,
        environment=said.meaning.environment,
        identity=None if told.others.get("identity") == "NONE" else facts.identity_of(told, said.meaning.identity),
        platform=platform if isinstance(platform, str) else said.meaning.platform,
        name=name,
        remarks=remarks,
        classifications=(said.classification,) if said.classification else (),
        detection_confidence_pct=confidence if isinstance(confidence, float) else None,
        dimensions=facts.dimensions_of(told),
        status=facts.status_of(told, _status(said)),
        state=state,
        sources=setting.sources,
        provenance=(_with(setting.provenance, losses),),
        label=setting.label,
        raw=raw,
        extensions=(extension,) if extension else (),
    )


def _with(provenance: Provenance, losses: list[Loss]) -> Provenance:
    if not losses:
        return provenance
    return Provenance(
        gateway=provenance.gateway,
        input_format=provenance.input_format,
        mapping_id=provenance.mapping_id,
        losses=tuple(losses),
    )


def _status(said: Said) -> Status | None:
    context = said.meaning.context
    if context is Context.EXERCISE:
        return Status(exercise=True)
    return Status(simulated=True) if context is Context.SIMULATION else None


# ----------------------------------------------------------------------------------------------------------- the parts


class _Numbers:
    """Numbers out of an element's attributes; one that cannot be used stays left over, and is listed."""

    def __init__(self, element: etree._Element, losses: list[Loss]) -> None:
        self._element = element
        self._losses = losses
        self._name = names_of(element)[1]

    def required(self, name: str) -> float | None:
        """The attribute's number, taken."""
        try:
            value = number_of(self._element.get(name))
        except ValueError:
            value = None
        if value is None:
            seen = str(self._element.get(name, "absent"))[:30]
            raise FormatError(codes.POINT, place=f"{self._name}@{name}", cause=f"observed {seen!r}")
        self._element.attrib.pop(name)
        return value

    def taken(self, name: str, low: float = -1e9, high: float = 1e9) -> float | None:
        """The attribute's number if it has one within the bounds."""
        value = self.seen(name, low, high)
        if value is not None:
            self._element.attrib.pop(name)
        return value

    def seen(self, name: str, low: float = -1e9, high: float = 1e9) -> float | None:
        """The same, without taking it."""
        try:
            value = number_of(self._element.get(name))
            if value is not None and not low <= value <= high:
                raise ValueError
        except ValueError:
            self._losses.append(Loss(f"{self._name}@{name}", "OUT_OF_RANGE"))
            return None
        return value


def place_of(longitude: float | None, latitude: float | None) -> Position:
    """The place; `FormatError` for none on Earth. -180 and 180 are one meridian."""
    if longitude is None or latitude is None or not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        raise FormatError(codes.POINT, place="point", cause=f"x={longitude} y={latitude}")
    return Position(latitude, 180.0 if longitude == -180 else longitude)


def _motion(numbers: _Numbers, setting: Setting, losses: list[Loss]) -> tuple[float | None, float | None]:
    unit = setting.edition.speed_unit
    if unit is None:
        stated = numbers.seen("speed")
        if stated is not None:
            losses.append(Loss("point@speed", "NO_CODE"))  # no declared edition, so no unit: never assumed
        speed = None
    else:
        speed = numbers.taken("speed", low=0)
        speed = speed * unit if speed is not None else None
    if speed == 0:
        return speed, None  # a thing at rest has no course: what the source wrote stays left over
    course = numbers.taken("course", 0, 360)
    return speed, 0.0 if course == 360 else course


def told_of(element: etree._Element, losses: list[Loss], *, look: bool = False) -> Told:
    """What the object's own section of our schema says; the section is taken unless one only looks."""
    pairs: list[tuple[str, str]] = []
    data = _child(element, "ExtendedData")
    for section in list(data) if data is not None else ():
        if names_of(section)[1] != "Section" or section.get("schemaRef") != f"#{SCHEMA}" or data is None:
            continue
        pairs.extend((str(one.get("key", "")), one.text or "") for one in section if names_of(one)[1] == "SimpleData")
        if not look:
            data.remove(section)
    if not look and data is not None and len(data) == 0 and data.get("schemaRef") == f"#{SCHEMA}":
        element.remove(data)
    return facts.told(pairs, losses)


def _identifiers(uri: str | None, told: Told, limits: Limits) -> tuple[Identifier, ...]:
    own = (Identifier("nvg_uri", uri),) if uri else ()
    for one in (*own, *told.identifiers):
        if len(one.value.encode()) > limits.max_name_octets:
            raise FormatError(codes.TOO_LONG, place=f"@{one.scheme}"[:60], cause=f"{len(one.value)} characters")
    return own + tuple(told.identifiers)


def _name(element: etree._Element, limits: Limits) -> str | None:
    """The label, else the unique designation among the modifiers (`T`), which is taken out of them."""
    label = _popped(element, "label")
    label = label if label is not None and label.strip() else None
    key = "modifiers" if element.get("modifiers") is not None else "modifier"
    parts = str(element.get(key, "")).split(";")
    designation = next((part[2:].strip() for part in parts if part.startswith("T:")), None) or None
    name = label or designation
    if designation is not None and designation == name:
        rest = ";".join(part for part in parts if not part.startswith("T:"))
        if rest.strip(";"):
            element.set(key, rest)
        else:
            del element.attrib[key]
    if name is not None and len(name.encode()) > limits.max_name_octets:
        raise FormatError(codes.TOO_LONG, place="point@label", cause=f"{len(name)} characters")
    return name


def _remarks(element: etree._Element, limits: Limits, losses: list[Loss]) -> str | None:
    child = _child(element, "textInfo")
    if child is None or len(child):
        return None
    text = child.text or ""
    element.remove(child)
    octets = text.encode()
    if len(octets) > limits.max_text_octets:
        losses.append(Loss("textInfo", "TRUNCATED"))
        text = octets[: limits.max_text_octets].decode("utf-8", "ignore")
    return text if text.strip() else None


def _times(element: etree._Element, losses: list[Loss]) -> tuple[datetime | None, datetime | None]:
    """(last change, end of the period of validity)."""
    time = end = None
    stamp = _child(element, "TimeStamp")
    if stamp is not None:
        time = time_of(stamp.text or "")
        if time is None:
            losses.append(Loss("TimeStamp", "OUT_OF_RANGE"))
        else:
            element.remove(stamp)
    span = _child(element, "TimeSpan")
    if span is not None:
        last = _child(span, "end")
        end = time_of(last.text or "") if last is not None else None
        if last is not None and end is None:
            losses.append(Loss("TimeSpan/end", "OUT_OF_RANGE"))
        elif last is not None:
            span.remove(last)
        if len(span) == 0:
            element.remove(span)
    return time, end


def _extension(element: etree._Element, setting: Setting, losses: list[Loss]) -> Extension | None:
    element.tail = None
    if not (element.text or "").strip():
        element.text = None
    for child in element:
        child.tail = None if not (child.tail or "").strip() else child.tail
    used: list[Explained] = []
    for node in element.iter():
        schema = setting.schemas.get(str(node.get("schemaRef", "")).removeprefix("#"))
        if schema is not None and schema not in used:
            used.append(schema)
    return extension_of(element, used, losses, setting.limits)


def _popped(element: etree._Element, name: str) -> str | None:
    """The attribute's value, taken."""
    value = element.get(name)
    if value is not None:
        del element.attrib[name]
    return value


def _child(element: etree._Element, name: str) -> etree._Element | None:
    for child in element:
        namespace, local = names_of(child)
        if local == name and is_nvg(namespace):
            return child
    return None


def _raw(element: etree._Element, setting: Setting) -> RawRecord | None:
    if not setting.keep_raw:
        return None
    octets: bytes = etree.tostring(element, encoding="UTF-8", xml_declaration=False, with_tail=False)
    return RawRecord("NVG", octets)
