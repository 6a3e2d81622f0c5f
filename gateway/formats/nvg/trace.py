"""Where each part of a document stood, what it said and what it became: for `translate --trace`."""

from __future__ import annotations

from gateway.dialect import FieldTrace
from gateway.formats.nvg.decoder import NvgDecoder, document_of
from gateway.formats.nvg.edition import Edition, edition_of
from gateway.formats.nvg.symbol import said_by
from gateway.formats.nvg.tree import names_of, root_of
from gateway.formats.nvg.values import number_of, number_text, time_of, time_text
from gateway.limits import Limits
from gateway.stages import Frame
from gateway.xml_tree import parts_of

# item: canonical name, unit
_FIELDS: dict[str, tuple[str, str]] = {
    "point@uri": ("identifiers.nvg_uri", ""),
    "point@x": ("state.position.longitude_deg", "deg"),
    "point@y": ("state.position.latitude_deg", "deg"),
    "point@z": ("state.altitude_msl_m", "m"),
    "point@speed": ("state.ground_speed_mps", "m/s"),
    "point@course": ("state.course_deg", "deg"),
    "point@symbol": ("classifications", ""),
    "point@label": ("name", ""),
    "point/textInfo": ("remarks", ""),
    "point/TimeStamp": ("state.time", ""),
    "point/TimeSpan/end": ("state.stale_at", ""),
}


def trace(frame: Frame) -> list[FieldTrace]:
    """Every attribute and text of the document, in order; `FormatError` if the document or an object is refused.

    `canonical` is empty for what travels in the extension only, and for drawings.
    """
    limits = Limits()
    root = document_of(root_of(frame.octets, limits))
    edition = edition_of(names_of(root)[0], str(root.get("version", "")))
    decoded = NvgDecoder(keep_raw=False, limits=limits).decode(frame)
    if decoded.problems:
        raise decoded.problems[0]
    return [_field(path, raw, at, edition) for path, raw, at in parts_of(frame.octets)]


def _field(path: str, raw: bytes, offset: int, edition: Edition) -> FieldTrace:
    text = raw.decode("utf-8", "replace")
    below = path.partition("point")
    item = below[1] + below[2]
    known = item in _FIELDS and "composite" not in below[0]
    canonical, unit = _FIELDS[item] if known else ("", "")
    value = _value(item, text, edition) if known else text
    if value is None:
        canonical, unit, value = "", "", text
    return FieldTrace(offset=offset, raw=text, item=path, value=value, unit=unit, canonical=canonical)


def _value(item: str, text: str, edition: Edition) -> str | None:
    """What became of the text; `None` if no field took it."""
    if item == "point@symbol":
        said = said_by(text)
        identity = said.meaning.identity.value.value if said.meaning.identity else "no identity"
        words = [identity, said.meaning.environment.value, said.meaning.platform or ""]
        return " ".join(words).strip() if said.taken and said.is_object else None
    if item in ("point/TimeStamp", "point/TimeSpan/end"):
        instant = time_of(text)
        return time_text(instant) if instant is not None else None
    if item in ("point@x", "point@y", "point@z", "point@speed", "point@course"):
        try:
            number = number_of(text)
        except ValueError:
            return None
        if number is None or (item == "point@z" and number == 0):
            return None
        if item == "point@speed":
            return number_text(number * edition.speed_unit) if edition.speed_unit is not None and number >= 0 else None
        return number_text(number)
    return text
