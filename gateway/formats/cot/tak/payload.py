"""What a TAK message says, checked once for its two readers: the one that makes events and the one that writes XML."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lxml import etree
from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.cot import codes as cot_codes
from gateway.formats.cot import document, plain
from gateway.formats.cot.tak import codes
from gateway.formats.cot.tak.details import taken
from gateway.formats.cot.tak.messages import CotEvent, TakMessage, unknown_octets
from gateway.formats.cot.values import is_xml
from gateway.limits import Limits
from gateway.track import Loss

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_402_300_799_999  # the last millisecond of the year 9999
_UNKNOWN_FIELDS = Loss("TakMessage/*", "NOT_MODELLED")


class Payload(Struct, frozen=True, kw_only=True):
    """One event of a TAK message."""

    event: CotEvent
    attributes: dict[str, str]
    """Of `event`, without version and times; texts that are empty are absent."""
    times: tuple[datetime, datetime, datetime]
    """time, start, stale."""
    typed: list[tuple[str, dict[str, str]]]
    """Children of `detail` that have messages, `track` aside."""
    motion: tuple[float, float] | None
    """Course and speed of `track`."""
    children: list[plain.Child]
    """Children in `xmlDetail`, where that is plain."""
    tree: etree._Element | None
    """`detail` around `xmlDetail`, where that is not plain."""
    losses: tuple[Loss, ...]


def payload_of(made: TakMessage, limits: Limits) -> Payload | None:
    """What the message's event says; `None` for a message without an event.

    `FormatError` ``COT-003`` without a uid, type or time, ``TAK-001`` a time after 9999, ``TAK-006`` text that XML
    cannot carry, ``XML-...`` and ``COT-...`` for an `xmlDetail` that is no content of a `detail`.
    """
    losses = (_UNKNOWN_FIELDS,) if unknown_octets(made) else ()
    if not made.HasField("cotEvent"):
        return None
    event = made.cotEvent
    attributes = _attributes(event)
    if "uid" not in attributes:
        raise FormatError(cot_codes.MISSING, place="cotEvent.uid", cause="empty")
    if "type" not in attributes:
        raise FormatError(cot_codes.MISSING, place="cotEvent.type", cause="empty")
    typed: list[tuple[str, dict[str, str]]] = []
    motion: tuple[float, float] | None = None
    children: list[plain.Child] = []
    tree: etree._Element | None = None
    detail = event.detail
    text = detail.xmlDetail
    typed = taken(detail)
    for _, texts in typed:
        _check(texts)
    if detail.HasField("track"):
        motion = detail.track.course, detail.track.speed
    if text:
        found = plain.children_of(text)
        if found is None:
            tree = document.root_of(f"<detail>{text}</detail>".encode(), limits)
            names = {str(child.tag) for child in tree}
        else:
            children = found
            names = {child[0] for child in children}
        # What stands in xmlDetail wins over its message, by the protocol's rule for receivers.
        typed = [one for one in typed if one[0] not in names]
        if "track" in names:
            motion = None
    send, start = event.sendTime, event.startTime
    sent = _instant(send, "sendTime")
    return Payload(
        event=event,
        attributes=attributes,
        times=(sent, sent if start == send else _instant(start, "startTime"), _instant(event.staleTime, "staleTime")),
        typed=typed,
        motion=motion,
        children=children,
        tree=tree,
        losses=losses,
    )


def _attributes(event: CotEvent) -> dict[str, str]:
    texts = {
        "uid": event.uid,
        "type": event.type,
        "how": event.how,
        "access": event.access,
        "caveat": event.caveat,
        "opex": event.opex,
        "qos": event.qos,
        "releasableTo": event.releaseableTo,
    }
    attributes = {name: text for name, text in texts.items() if text}
    _check(attributes)
    return attributes


def _check(texts: dict[str, str]) -> None:
    if not is_xml("".join(texts.values())):
        name = next(name for name, text in texts.items() if not is_xml(text))
        raise FormatError(codes.NOT_XML, place=f"event@{name}", cause="a control character")


def _instant(milliseconds: int, field: str) -> datetime:
    if not 0 < milliseconds <= _LATEST:
        if milliseconds == 0:
            raise FormatError(cot_codes.MISSING, place=f"cotEvent.{field}", cause="zero, which is absent")
        raise FormatError(codes.MALFORMED, place=f"cotEvent.{field}", cause=f"observed {milliseconds} ms")
    return _EPOCH + timedelta(milliseconds=milliseconds)
