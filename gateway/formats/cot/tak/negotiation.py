"""The events with which a TAK client and a TAK server agree on a protocol, and ask whether the other is still there.

    server   t-x-takp-v   these versions I speak
    client   t-x-takp-q   let it be this one         (and then no more XML)
    server   t-x-takp-r   yes, or no                 (after a yes no more XML either)
    either   t-x-c-t      are you there?             t-x-c-t-r   yes

They carry no track; the decoder counts them as silent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum

from lxml import etree
from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.cot import document
from gateway.formats.cot.tak.framing import VERSION, payload_of
from gateway.formats.cot.tak.messages import read_message
from gateway.formats.cot.values import attribute_text, is_xml, time_text
from gateway.limits import Limits

_VALIDITY = timedelta(minutes=1)
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


class Said(Enum):
    """What such an event says."""

    OFFER = "t-x-takp-v"
    REQUEST = "t-x-takp-q"
    ANSWER = "t-x-takp-r"
    PING = "t-x-c-t"
    PONG = "t-x-c-t-r"


_KINDS = {said.value: said for said in Said}
_MARK = b"t-x-"  # in XML and in protobuf alike: texts stand there as they are
_AUTH = b"<auth"


class Talk(Struct, frozen=True, kw_only=True):
    """One such event as heard."""

    said: Said
    uid: str = ""
    versions: tuple[str, ...] = ()
    """Offered, or the one that is asked for, as written."""
    accepted: bool = False


def heard(octets: bytes, limits: Limits) -> Talk | None:
    """What the frame says of the protocol; `None` for every other frame, broken ones too."""
    if _MARK not in octets:
        return None
    try:
        if octets[:1] == b"\xbf":
            event = read_message(payload_of(octets)[0]).cotEvent
            said = _KINDS.get(event.type)
            return None if said is None else Talk(said=said, uid=event.uid)
        return _of_tree(document.root_of(octets, limits))
    except FormatError:
        return None


def is_auth(octets: bytes) -> bool:
    """Whether the frame is a client's name and password, which we neither want nor keep."""
    head = octets[:128]
    return _AUTH in head and (head[:5] == b"<?xml" or head.lstrip().startswith(_AUTH))


def _of_tree(root: etree._Element) -> Talk | None:
    said = _KINDS.get(str(root.get("type"))) if root.tag == "event" else None
    if said is None:
        return None
    versions: list[str] = []
    accepted = False
    for element in root.iterfind("detail/TakControl/*"):
        if element.tag in ("TakProtocolSupport", "TakRequest"):
            versions.append(str(element.get("version", "")))
        elif element.tag == "TakResponse":
            accepted = element.get("status", "").strip().lower() in ("true", "1")
    return Talk(said=said, uid=str(root.get("uid", "")), versions=tuple(versions), accepted=accepted)


def speaks_ours(talk: Talk) -> bool:
    """Whether our version is among those named."""
    return any(version.strip() == str(VERSION) for version in talk.versions)


def offer(uid: str, now: datetime) -> bytes:
    """Our offer as a server."""
    return _event(Said.OFFER, uid, now, f'<TakControl><TakProtocolSupport version="{VERSION}"/></TakControl>')


def request(uid: str, now: datetime) -> bytes:
    """Our request as a client, under the uid of the offer."""
    return _event(Said.REQUEST, uid, now, f'<TakControl><TakRequest version="{VERSION}"/></TakControl>')


def answer(uid: str, now: datetime, *, accepted: bool) -> bytes:
    """Our answer to a request."""
    status = "true" if accepted else "false"
    return _event(Said.ANSWER, uid, now, f'<TakControl><TakResponse status="{status}"/></TakControl>')


def ping(uid: str, now: datetime) -> bytes:
    """A question whether the other end is there."""
    return _event(Said.PING, f"{uid}-ping", now, "")


def pong(now: datetime) -> bytes:
    """The answer to a ping."""
    return _event(Said.PONG, "takPong", now, "")


def _event(said: Said, uid: str, now: datetime, inner: str) -> bytes:
    text = attribute_text(uid) if is_xml(uid) else ""
    time = time_text(now)
    detail = f"<detail>{inner}</detail>" if inner else "<detail/>"
    return (
        f'{_DECLARATION}<event version="2.0" uid="{text}" type="{said.value}" how="m-g" time="{time}" start="{time}" '
        f'stale="{time_text(now + _VALIDITY)}"><point lat="0.0" lon="0.0" hae="0.0" ce="999999" le="999999"/>'
        f"{detail}</event>"
    ).encode()
