"""Labels bound to data as ADatP-4778 binding information, for systems that want it. Export only: nothing here reads it.

Three forms. *Detached*: by itself, with the address of the data. *Encapsulating*: around the data. *Embedded*: for a
place inside of the data, which must be XML; the writer of the data puts it there before signing.

Each label stands in a ``Metadata`` element of its own. What only the alliance has beside a label (`tlp`, `purpose`) is
not part of it. No signature is added: the alliance message inside carries its own.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from enum import StrEnum

from lxml import etree
from msgspec import Struct

from gateway.errors import FormatError, PolicyError
from gateway.labels.codes import BAD_BINDING, OUT_OF_BOUNDS
from gateway.labels.names import ALTERNATIVE, BINDING, MAX_NAME, METADATA, ORIGINATOR, XMIME, XMLDSIG, forbidden
from gateway.labels.write import write_label
from gateway.limits import Limits
from gateway.track import Label
from gateway.xml import parse

OCTETS = "urn:alliance:octets:1"
"""Namespace of the ``Octets`` element around base64: the standard wants an element there, and names none."""

_TRACKS = "urn:alliance:track-exchange:1"
_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_MAX_PARTS = 1_000  # as many tracks as a message has
_MAX_EXPRESSION = 4_096
_MAX_DATA = Limits().max_message_octets
_IN_URI = r"[A-Za-z0-9\-._~:/?@!$&'()*+,;=\[\]]|%[0-9A-Fa-f]{2}"
_IN_TYPE = r"[A-Za-z0-9!#$&^_.+-]{1,64}"
_is_reference = re.compile(rf"(?:{_IN_URI})*+(?:#(?:{_IN_URI})*+)?").fullmatch
_is_media_type = re.compile(rf"{_IN_TYPE}/{_IN_TYPE}(?:; ?[A-Za-z0-9_.+-]++=[A-Za-z0-9_.+-]++)*+").fullmatch
_is_name = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,127}").fullmatch


class Form(StrEnum):
    """Where the binding and the data stand."""

    DETACHED = "detached"
    ENCAPSULATING = "encapsulating"
    EMBEDDED = "embedded"


class Part(Struct, frozen=True, kw_only=True):
    """A label of a part of the data, which supersedes the label of the whole for it."""

    label: Label
    expression: str
    """XPath 1.0, true for the nodes of the part, such as `track_expression` gives."""


def track_expression(track_id: str) -> str:
    """The expression for one track of an alliance message. Raises `PolicyError` for what is no track id."""
    if re.fullmatch(r"[0-9a-f-]{36}", track_id) is None:
        raise PolicyError(BAD_BINDING, place="DataReference", cause=f"{track_id[:60]!a} is no track id")

    def step(name: str) -> str:
        return f"*[local-name()='{name}' and namespace-uri()='{_TRACKS}'"

    return f"ancestor-or-self::{step('Track')} and {step('TrackId')} and .='{track_id}']]"


def binding_information(
    label: Label,
    *,
    form: Form,
    content_type: str = "application/xml",
    uri: str | None = None,
    data: bytes | None = None,
    as_base64: bool = False,
    parts: Sequence[Part] = (),
    identifier: str | None = None,
) -> bytes:
    """A ``BindingInformation`` element in exclusive canonical form, valid by ``metadata-binding-1.0.xsd``.

    Detached wants the `uri` of the data; encapsulating wants the `data`; embedded takes the document around it for the
    data. `content_type` is the media type of the data. Data that is XML in exclusive canonical form, as a signed
    alliance message is, stands inside as it is and is had back, octet by octet, by canonicalising it alone; other data,
    or any with `as_base64`, stands there as base64. `parts` have labels of their own. `identifier` names the binding,
    for a signature to refer to.

    Raises `PolicyError` for a label that cannot be written, and for what does not go together.
    """
    _check(form, content_type, uri, data, parts, identifier)
    name = "" if identifier is None else f' Id="{identifier}"'
    if form is Form.ENCAPSULATING:
        assert data is not None, "checked above"
        subject = _data(data, content_type, as_base64)
    else:
        subject = _reference(uri or "", content_type, None)
    bindings = [f"<mb:MetadataBinding{name}>{_metadata(label)}{subject}</mb:MetadataBinding>"]
    for part in parts:
        reference = _reference(uri or "", content_type, part.expression)
        bindings.append(f"<mb:MetadataBinding>{_metadata(part.label)}{reference}</mb:MetadataBinding>")
    text = (
        f'<mb:BindingInformation xmlns:mb="{BINDING}"><mb:MetadataBindingContainer>{"".join(bindings)}'
        "</mb:MetadataBindingContainer></mb:BindingInformation>"
    )
    try:
        root = parse(text.encode(), max_octets=len(text) * 4)
    except FormatError as error:  # data that is well-formed by itself and too deep in here
        raise PolicyError(BAD_BINDING, place="Data", cause=f"{error.code.title}; {error.cause}"[:300]) from None
    return etree.tostring(root, method="c14n", exclusive=True, with_comments=False)


def _check(
    form: Form,
    content_type: str,
    uri: str | None,
    data: bytes | None,
    parts: Sequence[Part],
    identifier: str | None,
) -> None:
    wrong = None
    if form is Form.DETACHED and (not uri or data is not None):
        wrong = "a detached binding wants the URI of the data, and not the data"
    elif form is Form.ENCAPSULATING and (data is None or uri is not None or parts):
        wrong = "an encapsulating binding wants the data, and neither URI nor parts"
    elif form is Form.EMBEDDED and (data is not None or uri is not None):
        wrong = "an embedded binding is of the document around it: no data, no URI"
    elif uri is not None and (len(uri) > MAX_NAME or _is_reference(uri) is None):
        wrong = f"{uri[:60]!a} is no URI reference of at most {MAX_NAME} characters"
    elif len(content_type) > MAX_NAME or _is_media_type(content_type) is None:
        wrong = f"{content_type[:60]!a} is no media type"
    elif identifier is not None and _is_name(identifier) is None:
        wrong = f"{identifier[:60]!a} is no name"
    if wrong is not None:
        raise PolicyError(BAD_BINDING, place="BindingInformation", cause=wrong)
    if len(parts) > _MAX_PARTS or (data is not None and len(data) > _MAX_DATA):
        cause = f"over {_MAX_PARTS} parts, or over {_MAX_DATA} octets"
        raise PolicyError(OUT_OF_BOUNDS, place="BindingInformation", cause=cause)


def _metadata(label: Label) -> str:
    held = [write_label(label, name=ORIGINATOR)]
    held += [write_label(other, name=ALTERNATIVE) for other in label.alternatives]
    if label.metadata is not None:
        held.append(write_label(label.metadata, name=METADATA))
    return "".join([f"<mb:Metadata>{octets.decode()}</mb:Metadata>" for octets in held])


def _reference(uri: str, content_type: str, expression: str | None) -> str:
    transforms = ""
    if expression is not None:
        _check_expression(expression)
        transforms = (
            f'<ds:Transforms xmlns:ds="{XMLDSIG}"><ds:Transform Algorithm="{_XPATH}">'
            f"<ds:XPath>{_escaped(expression)}</ds:XPath></ds:Transform></ds:Transforms>"
        )
    kind = f'xmlns:xmime="{XMIME}" URI="{_escaped(uri)}" xmime:contentType="{_escaped(content_type)}"'
    return f"<mb:DataReference {kind}>{transforms}</mb:DataReference>"


def _check_expression(expression: str) -> None:
    wrong = None
    if len(expression) > _MAX_EXPRESSION or forbidden(expression) is not None:
        wrong = f"over {_MAX_EXPRESSION} characters, or one that XML forbids"
    else:
        try:
            etree.XPath(expression)
        except etree.XPathError as error:
            wrong = f"{expression[:60]!a}: {error}"[:300]
    if wrong is not None:
        raise PolicyError(BAD_BINDING, place="DataReference/ds:XPath", cause=wrong)


def _data(data: bytes, content_type: str, as_base64: bool) -> str:
    kind = f'xmlns:xmime="{XMIME}" xmime:contentType="{_escaped(content_type)}"'
    if not as_base64 and _is_canonical(data):
        return f"<mb:Data {kind}>{data.decode()}</mb:Data>"
    octets = b64encode(data).decode()
    return f'<mb:Data {kind} encoding="base64"><Octets xmlns="{OCTETS}">{octets}</Octets></mb:Data>'


def _is_canonical(data: bytes) -> bool:
    """Whether it is one XML element in exclusive canonical form, so that it can stand in another document."""
    try:
        root = parse(data, max_octets=_MAX_DATA)
        return etree.tostring(root, method="c14n", exclusive=True, with_comments=False) == data
    except (FormatError, etree.LxmlError, ValueError):
        return False


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
