"""The event of whoever flies an aircraft: personal data, so an event of its own that nothing else depends on."""

from __future__ import annotations

from gateway.errors import FormatError
from gateway.formats.cot import codes
from gateway.formats.cot.event import OPERATOR, OPERATOR_SUFFIX
from gateway.formats.cot.values import attribute_text, decimal_text, is_xml
from gateway.track import Loss, Operator

NOT_RELEASED = Loss("operator", "WITHHELD")
_NO_BASIS = Loss("operator.basis", "NO_TARGET")
_NO_IDENTIFIER = Loss("operator.identifier", "OUT_OF_RANGE")
_NOT_KNOWN = "9999999.0"
_HOWS = {"LIVE_GNSS": "m-g"}


def identifier_of(operator: Operator, lost: list[Loss]) -> str:
    """The operator's registration as XML can carry it, escaped for an attribute; empty without one."""
    identifier = operator.identifier
    if identifier is None:
        return ""
    if not is_xml(identifier):
        lost.append(_NO_IDENTIFIER)
        return ""
    return attribute_text(identifier)


def head_of(aircraft: str) -> str:
    """The uid of the operator's event, of the aircraft's uid or already the operator's own."""
    return aircraft if aircraft.endswith(OPERATOR_SUFFIX) else aircraft + OPERATOR_SUFFIX


def body_of(operator: Operator, *, aircraft: str, kind: str, lost: list[Loss], place: str) -> str:
    """`point` and `detail` of the operator's event; `FormatError` ``COT-024`` for a place that is not on Earth."""
    position = operator.position
    if position is None:
        raise FormatError(codes.NO_PLACE, place=place, cause="operator")
    latitude, longitude, height = position.latitude_deg, position.longitude_deg, operator.altitude_hae_m
    sound = -90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0
    if not sound or (height is not None and height - height != 0.0):
        raise FormatError(codes.NOT_FINITE, place=place, cause="operator's position")
    if operator.basis is not None and operator.basis not in _HOWS:
        lost.append(_NO_BASIS)
    hae = _NOT_KNOWN if height is None else decimal_text(height)
    parent = attribute_text(aircraft.removesuffix(OPERATOR_SUFFIX))
    identifier = identifier_of(operator, lost)
    name = f'<uid {OPERATOR}="{identifier}"/>' if identifier else ""
    return (
        f'<point lat="{decimal_text(latitude)}" lon="{decimal_text(longitude)}" hae="{hae}" ce="{_NOT_KNOWN}" '
        f'le="{_NOT_KNOWN}"/><detail><contact callsign="{parent}{OPERATOR_SUFFIX}"/>{name}'
        f'<link uid="{parent}" type="{kind}" relation="p-p"/></detail></event>'
    )


def how_of(operator: Operator) -> str:
    """How the position came about: by satellite navigation, else "relayed by a gateway"."""
    return _HOWS.get(operator.basis or "", "m-r")
