"""Where each part of a message stood, what it said and what it became: for `translate --trace`."""

from __future__ import annotations

from gateway.dialect import FieldTrace
from gateway.formats.nffi.decoder import NffiDecoder
from gateway.formats.nffi.values import CEP_95, KMH, PROBABLE_95, number_of, number_text, time_of
from gateway.stages import Frame
from gateway.xml_tree import parts_of

_PLACE = "positionalData/coordinates"

# item below `track`: canonical name, unit, factor (0 for what is no number)
_FIELDS: dict[str, tuple[str, str, float]] = {
    "positionalData/trackSource/sourceSystem/country": ("identifiers.nffi_track", "", 0),
    "positionalData/trackSource/sourceSystem/system": ("identifiers.nffi_track", "", 0),
    "positionalData/trackSource/sourceSystem/subsystem": ("identifiers.nffi_track", "", 0),
    "positionalData/trackSource/transponderId": ("identifiers.nffi_track", "", 0),
    "positionalData/dateTime": ("state.time", "", 0),
    f"{_PLACE}/latitude": ("state.position.latitude_deg", "deg", 1),
    f"{_PLACE}/longitude": ("state.position.longitude_deg", "deg", 1),
    f"{_PLACE}/altitude": ("state.altitude_msl_m", "m", 1),
    f"{_PLACE}/latitude@accuracy": ("state.accuracy.horizontal_95_m", "m", CEP_95),
    f"{_PLACE}/longitude@accuracy": ("state.accuracy.horizontal_95_m", "m", CEP_95),
    f"{_PLACE}/altitude@accuracy": ("state.accuracy.vertical_95_m", "m", PROBABLE_95),
    "positionalData/bearing": ("state.course_deg", "deg", 1),
    "positionalData/bearing@accuracy": ("state.accuracy.course_95_deg", "deg", 0.5),
    "positionalData/speed": ("state.ground_speed_mps", "m/s", KMH),
    "positionalData/speed@accuracy": ("state.accuracy.speed_95_mps", "m/s", KMH / 2),
    "positionalData/inclination": ("state.vertical_rate_mps", "deg", 1),
    "identificationData/unitSymbol": ("classifications", "", 0),
    "identificationData/unitShortName": ("name", "", 0),
    "deviceSpecificData/alert": ("status.emergency", "", 0),
    "deviceSpecificData/remarks": ("remarks", "", 0),
}


def trace(frame: Frame) -> list[FieldTrace]:
    """Every attribute and text of the message, in order; `FormatError` if the message or a track is refused.

    `canonical` is empty for what travels in the extension only. A compressed answer shows as the text that it is.
    """
    decoded = NffiDecoder(keep_raw=False).decode(frame)
    if decoded.problems:
        raise decoded.problems[0]
    return [_field(path, raw, at) for path, raw, at in parts_of(frame.octets)]


def _field(path: str, raw: bytes, offset: int) -> FieldTrace:
    text = raw.decode("utf-8", "replace")
    canonical, unit, factor = _FIELDS.get(path.partition("NFFIMessage/track/")[2], ("", "", 0.0))
    value: str | None = text
    if canonical == "state.time":
        instant = time_of(text)
        value = instant.isoformat() if instant is not None else None
    elif factor:
        try:
            number = number_of(text)
        except ValueError:
            number = None
        value = number_text(number * factor) if number is not None else None
    if value is None:
        canonical, unit, value = "", "", text
    return FieldTrace(offset=offset, raw=text, item=path, value=value, unit=unit, canonical=canonical)
