"""Another gateway's message, passed on whole: its signed octets, which stand alone in the message that carries them."""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64

from gateway.errors import FormatError
from gateway.formats.alliance.codes import BESIDE_ORIGINAL, TOO_LONG
from gateway.stages import Message

ORIGINAL_OCTETS = 4_194_304
_START, _END = "<Original>", "</Original>"


def write(message: Message) -> str:
    """The ``Original`` element, empty where there is none. Raises `FormatError` as `check`, and for one too long."""
    check(message)
    if message.original is None:
        return ""
    if len(message.original) > ORIGINAL_OCTETS:
        cause = f"{len(message.original)} octets, at most {ORIGINAL_OCTETS}"
        raise FormatError(TOO_LONG, place="Original", cause=cause)
    return f"{_START}{str(b2a_base64(message.original, newline=False), 'ascii')}{_END}"


def cut(rest: str) -> tuple[str, bytes | None]:
    """What stands after the tracks of a valid message without its ``Original``, and the octets of that.

    Raises `ValueError` for base64 with white space.
    """
    before, found, inner = rest.partition(_START)
    if not found:
        return rest, None
    octets, _, after = inner.partition(_END)
    return before + after, a2b_base64(octets, strict_mode=True)


def known(rest: str) -> tuple[str, bytes | None]:
    """As `cut`, of a message that nobody has validated: raises `ValueError` for what the schema may not admit."""
    if not rest.startswith(_START):
        return rest, None
    written, closed, after = rest[len(_START) :].partition(_END)
    octets = a2b_base64(written, strict_mode=True)
    # One text only: no stray bits in the last digit
    if not closed or len(octets) > ORIGINAL_OCTETS or str(b2a_base64(octets, newline=False), "ascii") != written:
        raise ValueError("no base64, or too long")
    return after, octets


def check(message: Message) -> None:
    """Nothing, if no track or retraction stands beside an original. Raises `FormatError` (``ALM-015``).

    Whether the header says what it is (`Derivation`), and whose it is, the seal checks.
    """
    if message.original is not None and (message.tracks or message.retractions):
        cause = f"{len(message.tracks)} tracks, {len(message.retractions)} retractions"
        raise FormatError(BESIDE_ORIGINAL, place="Original", cause=cause)
