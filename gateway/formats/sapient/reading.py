"""How reports of one source or feed are read: the options, and what every message has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.sapient.plausible import Doubt
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.v2 import SapientMessage
from gateway.limits import Limits
from gateway.stages import Frame
from gateway.track import Loss

MAPPING = "sapient/2.0"
ROUNDED_TIME = Loss("timestamp", "ROUNDED")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rules(Struct, frozen=True, kw_only=True):
    """The options, and what comes of them."""

    gateway: str = ""
    nation: str | None = None
    keep_raw: bool = True
    ended: frozenset[str] = frozenset(("lost", "object lost"))
    """Values of the free text `state`, in lower case, that say that a track has ended."""
    window: timedelta | None = None
    """Times further than this from their reception are marked."""
    letters: str = "band"
    refuse_implausible: bool = False
    """Refuse what is hard to believe, instead of marking it."""
    limits: Limits = Limits()


def instant_of(message: SapientMessage) -> tuple[datetime, bool]:
    """The envelope's timestamp to the microsecond, and whether digits were lost."""
    stamp = message.timestamp
    nanos = stamp.nanos
    try:
        return _EPOCH + timedelta(0, stamp.seconds, nanos // 1000), nanos % 1000 != 0
    except OverflowError:
        raise FormatError(codes.NO_TIME, place="timestamp", cause=f"{stamp.seconds} s since 1970") from None


def doubted(doubts: Sequence[Doubt], rules: Rules, losses: list[Loss]) -> None:
    """Mark what is hard to believe with loss ``IMPLAUSIBLE``: it is carried. `FormatError` where that is refused."""
    for one in doubts:
        if rules.refuse_implausible:
            raise FormatError(one.code, place=one.path, cause=one.cause)
        losses.append(Loss(one.path, "IMPLAUSIBLE"))


def short(text: str, path: str, limits: Limits) -> str:
    """A name or code; `FormatError` ``SAP-066`` for one that is longer than any."""
    most = limits.max_name_octets
    if len(text) * 4 > most and len(text.encode()) > most:
        raise FormatError(codes.TOO_LONG, place=path, cause=f"{len(text)} characters, at most {most} octets")
    return text


def long(text: str, path: str, limits: Limits, losses: list[Loss]) -> str:
    """What people wrote, cut where it is longer than a text may be: loss ``TRUNCATED``."""
    most = limits.max_text_octets
    if len(text) * 4 <= most or len(octets := text.encode()) <= most:
        return text
    losses.append(Loss(path, "TRUNCATED"))
    return octets[:most].decode("utf-8", "ignore")


def time_quality(time: datetime, frame: Frame, rules: Rules) -> str:
    """`TAGGED`, or `DOUBTFUL` where it is too far from the reception."""
    if rules.window is not None and not -rules.window <= frame.received_at - time <= rules.window:
        return "DOUBTFUL"
    return "TAGGED"
