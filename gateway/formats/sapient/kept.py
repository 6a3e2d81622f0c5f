"""What no field of a track holds of a SAPIENT message, as one XML element, and back into a message.

The element is named after the message (``report``, ``alert``) in a namespace of ours. Fields stand in it by their names
in the standard: single scalars as attributes, messages as children, repeated ones as several children. Its text is
exclusive canonical XML.
"""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from lxml import etree

from gateway.errors import FormatError
from gateway.limits import Limits
from gateway.track import Extension
from gateway.xml import parse

NAMESPACE = "urn:alliance:track-exchange:ext:sapient:2.0"
_TIMESTAMP = "google.protobuf.Timestamp"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]").search
_SPECIAL = re.compile(r'[&<>"\t\n\r]').search
_ATTRIBUTE = str.maketrans({"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"})
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII).fullmatch
_MAX_DEPTH = 32  # messages in messages; the standard's classes nest by a few levels

if TYPE_CHECKING:
    from google._upb._message import FieldDescriptor as _UpbField

    _Field = FieldDescriptor | _UpbField

Fields = list[tuple[FieldDescriptor, object]]
"""As `Message.ListFields` gives them."""


def extension_of(name: str, fields: Fields, additional: str = "") -> tuple[Extension, tuple[str, ...]]:
    """The extension, and the names of fields that XML cannot carry."""
    lost: list[str] = []
    xml = _element(name, fields, lost, f' xmlns="{NAMESPACE}"', additional)
    return Extension(NAMESPACE, name, xml), tuple(lost)


def _element(name: str, fields: Fields, lost: list[str], opening: str = "", additional: str = "") -> str:
    attributes: list[tuple[str, str]] = []
    children: list[str] = []
    if additional:
        attributes.append(("additional_information", additional))
    for field, value in fields:
        if field.message_type is not None and field.message_type.full_name != _TIMESTAMP:
            for one in value if field.is_repeated else (value,):  # type: ignore[attr-defined]  # a repeated field's value is a sequence
                children.append(_element(field.name, one.ListFields(), lost))
        elif field.is_repeated:
            texts = [_text(field, one) for one in value]  # type: ignore[attr-defined]  # likewise
            children.extend([f'<{field.name} value="{_quoted(text)}"></{field.name}>' for text in texts])
        else:
            attributes.append((field.name, _text(field, value)))
    for key, text in attributes:
        if _NOT_XML(text):
            lost.append(key)
    pairs = "".join([f' {key}="{_quoted(text)}"' for key, text in sorted(attributes) if not _NOT_XML(text)])
    return f"<{name}{opening}{pairs}>{''.join(children)}</{name}>"


def _quoted(text: str) -> str:
    return text.translate(_ATTRIBUTE) if _SPECIAL(text) else text


def _text(field: FieldDescriptor, value: object) -> str:
    kind = field.cpp_type
    if kind == FieldDescriptor.CPPTYPE_STRING:
        return str(value)
    if kind == FieldDescriptor.CPPTYPE_MESSAGE:
        return _instant_text(value)  # type: ignore[arg-type]  # the only message that gets here is a Timestamp
    if kind == FieldDescriptor.CPPTYPE_ENUM:
        number = int(str(value))
        known = field.enum_type.values_by_number.get(number) if field.enum_type is not None else None
        return known.name if known is not None else str(number)
    if kind == FieldDescriptor.CPPTYPE_FLOAT:
        return float32_text(value)  # type: ignore[arg-type]  # a float by its type
    return repr(value)


def float32_text(value: float) -> str:
    """The shortest decimal that is read as the same 32-bit number: 0.99, where its double is 0.9900000095."""
    packed = struct.pack("<f", value)
    for digits in range(6, 9):
        text = f"{value:.{digits}g}"
        if struct.pack("<f", float(text)) == packed:
            return text
    return f"{value:.9g}"


def _instant_text(stamp: Message) -> str:
    seconds, nanos = stamp.seconds, stamp.nanos  # type: ignore[attr-defined]  # fields of a Timestamp
    whole = (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]
    return f"{whole}.{nanos:09d}".rstrip("0") + "Z" if nanos else f"{whole}Z"


# ------------------------------------------------------------------------------------------------------------ and back


def fill(message: Message, extension: Extension, limits: Limits, *, additional: list[str]) -> bool:
    """Put what the extension holds into a message, and the envelope's additional information into the list.

    The extension may come from a partner, so it is read like anything from outside. What the message has already is
    left as it is. Whether all of it was understood.
    """
    try:
        root = parse(extension.xml.encode("utf-8", "surrogatepass"), max_octets=limits.max_text_octets)
    except FormatError:
        return False
    if etree.QName(root).namespace != NAMESPACE:
        return False
    etree.strip_tags(root, etree.Comment, etree.ProcessingInstruction)
    said = root.get("additional_information")
    if said is not None and "additional_information" not in message.DESCRIPTOR.fields_by_name:
        additional.append(said)
        del root.attrib["additional_information"]
    return _fill(message, root, {field.name for field, _ in message.ListFields()}, 0)


def _fill(message: Message, element: etree._Element, taken: set[str], depth: int) -> bool:
    fields = message.DESCRIPTOR.fields_by_name
    whole = True
    for key, text in element.attrib.items():
        field = fields.get(str(key))
        if field is None or field.is_repeated or field.name in taken:
            whole = whole and field is not None and field.name in taken
            continue
        whole = _set(message, field, str(text)) and whole
    for child in element:
        field = fields.get(etree.QName(child).localname)
        if field is None or field.name in taken or depth >= _MAX_DEPTH:
            whole = whole and field is not None and field.name in taken
            continue
        if field.message_type is not None and field.message_type.full_name != _TIMESTAMP:
            inner = getattr(message, field.name)
            target = inner.add() if field.is_repeated else inner
            target.SetInParent()
            whole = _fill(target, child, set(), depth + 1) and whole
        elif field.is_repeated and field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
            getattr(message, field.name).append(child.get("value", ""))
        else:
            whole = False
    return whole


def _set(message: Message, field: _Field, text: str) -> bool:
    kind = field.cpp_type
    try:
        if kind == FieldDescriptor.CPPTYPE_STRING:
            setattr(message, field.name, text)
        elif kind == FieldDescriptor.CPPTYPE_MESSAGE:
            return _set_instant(getattr(message, field.name), text)
        elif kind == FieldDescriptor.CPPTYPE_ENUM:
            assert field.enum_type is not None
            setattr(message, field.name, field.enum_type.values_by_name[text].number)
        elif kind in (FieldDescriptor.CPPTYPE_FLOAT, FieldDescriptor.CPPTYPE_DOUBLE):
            number = float(text)
            if not abs(number) < 1e38:
                return False
            setattr(message, field.name, number)
        elif kind == FieldDescriptor.CPPTYPE_BOOL:
            setattr(message, field.name, text == "True")
        else:
            setattr(message, field.name, int(text))
    except (KeyError, ValueError, TypeError):
        return False
    return True


def _set_instant(stamp: Message, text: str) -> bool:
    found = _INSTANT(text)
    if found is None:
        return False
    whole = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    stamp.seconds = (whole - _EPOCH) // timedelta(seconds=1)  # type: ignore[attr-defined]  # fields of a Timestamp
    stamp.nanos = int((found[2] or "").ljust(9, "0"))  # type: ignore[attr-defined]  # likewise
    return True
