"""Parts of a track cut from the text of a valid message in the shape that `render` writes.

Functions here raise `LookupError` or `ValueError` when the text has another shape (white space around a code, say); the
reader then evens the document out and tries again. Parts that a batch repeats are remembered by their text.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from datetime import datetime
from functools import lru_cache

from gateway.formats.alliance.lexical import OPEN_CODE
from gateway.track import (
    Classification,
    Dimensions,
    Environment,
    Identifier,
    Identity,
    IdentityGroup,
    Loss,
    Operator,
    Position,
    Provenance,
    RawRecord,
    Relation,
    Status,
)

_LEAF = re.compile(r"<([^>]+)>([^<]+)</")  # negated sets of one character are the fast ones
_PIECE = re.compile(r'<(\w+)((?: \w+="[^"]*")*)>(.*?)</\1>', re.DOTALL)
_ATTRIBUTE = re.compile(r' (\w+)="([^"]*)"')
_CODE = re.compile(OPEN_CODE)
_BOOLEAN = {"true": True, "1": True, "false": False, "0": False}
ENVIRONMENT = {member.value: member for member in Environment}
_IDENTITY = {member.value: member for member in Identity}

Piece = tuple[str, dict[str, str], str]
"""Name, attributes and inner text of one child element."""


def leaves(inner: str) -> dict[str, str]:
    """Name and raw text of the leaves in `inner`; of a repeated one the last. Empty ones are left out."""
    return dict(_LEAF.findall(inner))


def pieces(inner: str) -> list[Piece]:
    """The child elements of `inner` in order. No element of the schema repeats inside of itself."""
    found: list[Piece] = []
    end = 0
    for match in _PIECE.finditer(inner):
        if match.start() != end:
            raise ValueError("text between elements")
        name, attributes, content = match.groups()
        found.append((name, dict(_ATTRIBUTE.findall(attributes)) if attributes else {}, content))
        end = match.end()
    if end != len(inner):
        raise ValueError("text after elements")
    return found


def text(raw: str) -> str:
    """The characters that canonical text stands for."""
    if "&" not in raw:
        return raw
    return raw.replace("&lt;", "<").replace("&gt;", ">").replace("&#xD;", "\r").replace("&amp;", "&")


def optional_text(raw: str | None) -> str | None:
    """As `text`, absent for an absent leaf."""
    return None if raw is None else text(raw)


def bare(raw: str) -> str:
    """A code in whose pattern no white space is, so that any that is here stands around it and must go first."""
    if raw != raw.strip() or "&" in raw:
        raise ValueError(raw)
    return raw


@lru_cache(maxsize=4096)
def _known(raw: str) -> str:
    if _CODE.fullmatch(raw) is None:
        raise ValueError(raw)
    return raw


def code(raw: str | None) -> str | None:
    """An open code, absent for an absent leaf."""
    return None if raw is None else _known(raw)


def time(raw: str) -> datetime:
    """The instant of a time that ends in Z."""
    if raw[-1] != "Z":
        raise ValueError(raw)
    return datetime.fromisoformat(raw)


def optional_time(raw: str | None) -> datetime | None:
    """As `time`, absent for an absent leaf."""
    return None if raw is None else time(raw)


def number(raw: str | None) -> float | None:
    """A quantity, absent for an absent leaf. The schema has bounded it, so it is finite."""
    return None if raw is None else float(raw)


def _fact(raw: str | None) -> bool | None:
    return None if raw is None else _BOOLEAN[raw]


def identifiers(inner: str) -> tuple[Identifier, ...]:
    """``Identifier`` elements."""
    return _identifiers(inner) if len(inner) < 2048 else _identifiers.__wrapped__(inner)


@lru_cache(maxsize=4096)
def _identifiers(inner: str) -> tuple[Identifier, ...]:
    return tuple(
        [Identifier(bare(own["scheme"]), text(value), code(own.get("quality"))) for _, own, value in pieces(inner)]
    )


def status(inner: str) -> Status:
    """The inside of a ``Status`` element."""
    return _status(inner) if len(inner) < 2048 else _status.__wrapped__(inner)


@lru_cache(maxsize=1024)
def _status(inner: str) -> Status:
    get = leaves(inner).get
    return Status(
        confirmed=_fact(get("Confirmed")),
        coasted=_fact(get("Coasted")),
        started=_fact(get("Started")),
        ended=_fact(get("Ended")),
        simulated=_fact(get("Simulated")),
        test=_fact(get("TestTarget")),
        exercise=_fact(get("PartOfExercise")),
        emergency=code(get("Emergency")),
        spi=_fact(get("SpecialPosition")),
        on_ground=_fact(get("OnGround")),
        military_emergency=_fact(get("MilitaryEmergency")),
        mono_sensor=_fact(get("MonoSensor")),
        amalgamated=_fact(get("Amalgamated")),
        ghost=_fact(get("Ghost")),
        iff_mode4=code(get("IffModeFour")),
        iff_mode5=code(get("IffModeFive")),
    )


def identity(inner: str) -> IdentityGroup:
    """The inside of an ``Identity`` element."""
    leaf = leaves(inner)
    get = leaf.get
    return IdentityGroup(
        value=_IDENTITY[leaf["Value"]],
        amplification=code(get("Amplification")),
        confidence_pct=number(get("Confidence")),
        assigned_by=optional_text(get("AssignedBy")),
        assigned_at=optional_time(get("AssignedTime")),
    )


def classification(inner: str) -> Classification:
    """The inside of an ``ObjectClass`` element."""
    leaf = leaves(inner)
    return Classification(
        type=text(leaf["ClassCode"]),
        confidence_pct=number(leaf.get("Confidence")),
        scheme=code(leaf.get("ClassScheme")),
        level=int(leaf["Level"]),
    )


def dimensions(inner: str) -> Dimensions:
    """The inside of a ``Dimensions`` element."""
    get = leaves(inner).get
    return Dimensions(length_m=number(get("Length")), width_m=number(get("Width")), height_m=number(get("Height")))


def operator(inner: str) -> Operator:
    """The inside of an ``UasOperator`` element."""
    leaf = leaves(inner)
    get = leaf.get
    return Operator(
        identifier=optional_text(get("OperatorId")),
        position=Position(float(leaf["Latitude"]), float(leaf["Longitude"])) if "Latitude" in leaf else None,
        altitude_hae_m=number(get("AltitudeHae")),
        basis=code(get("PositionBasis")),
        time=optional_time(get("Time")),
    )


def relation(inner: str) -> Relation:
    """The inside of a ``Relation`` element."""
    (_, _, kind), *others = pieces(inner)
    return Relation(_known(kind), tuple([uuid(other) for _, _, other in others]))


def provenance(inner: str) -> tuple[Provenance, ...]:
    """``Provenance`` elements."""
    return _provenance(inner) if len(inner) < 8192 else _provenance.__wrapped__(inner)


@lru_cache(maxsize=1024)
def _provenance(inner: str) -> tuple[Provenance, ...]:
    return tuple([_passed(content) for _, _, content in pieces(inner)])


def _passed(inner: str) -> Provenance:
    losses: list[Loss] = []
    leaf: dict[str, str] = {}
    for name, own, content in pieces(inner):
        if name == "Loss":
            losses.append(Loss(text(content), _known(own["reason"])))
        else:
            leaf[name] = content
    digest = leaf.get("MappingHash")
    return Provenance(
        gateway=bare(leaf["Gateway"]),
        input_format=_known(leaf["InputFormat"]),
        mapping_id=text(leaf["MappingId"]),
        mapping_hash=None if digest is None else bare(digest),
        input_message_id=optional_text(leaf.get("InputMessageId")),
        losses=tuple(losses),
    )


def raw_record(element: str) -> RawRecord:
    """A whole ``RawRecord`` element."""
    begin = element.index('"') + 1
    end = element.index('"', begin)
    return RawRecord(_known(element[begin:end]), a2b_base64(element[end + 2 : -len("</RawRecord>")], strict_mode=True))


def uuid(raw: str) -> str:
    """A UUID; the schema has checked its form, the length rules out white space around it."""
    if len(raw) != 36:
        raise ValueError(raw)
    return raw
