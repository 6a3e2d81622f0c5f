"""The parts of a track that repeat from snapshot to snapshot, each as canonical XML."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Sequence
from functools import lru_cache

from gateway.errors import FormatError
from gateway.formats.alliance.codes import EMPTY, NOT_FINITE, TOO_LONG
from gateway.formats.alliance.kinematics import position
from gateway.formats.alliance.lexical import (
    LENGTH,
    METRE,
    NODE_NAME,
    PERCENT,
    SCHEME_CODE,
    SHA256,
    code,
    text,
    time,
    uuid,
)
from gateway.track import (
    Classification,
    Dimensions,
    Identifier,
    IdentityGroup,
    Operator,
    Provenance,
    RawRecord,
    Relation,
    Status,
)

RAW_OCTETS = 1_048_576

STATUS_FACTS = (
    ("confirmed", "Confirmed"),
    ("coasted", "Coasted"),
    ("started", "Started"),
    ("ended", "Ended"),
    ("simulated", "Simulated"),
    ("test", "TestTarget"),
    ("exercise", "PartOfExercise"),
    ("emergency", "Emergency"),
    ("spi", "SpecialPosition"),
    ("on_ground", "OnGround"),
    ("military_emergency", "MilitaryEmergency"),
    ("mono_sensor", "MonoSensor"),
    ("amalgamated", "Amalgamated"),
    ("ghost", "Ghost"),
    ("iff_mode4", "IffModeFour"),
    ("iff_mode5", "IffModeFive"),
)
"""Attribute of `Status` and its element, in the order of the schema."""


def _at_most(items: Sequence[object], bound: int, place: str) -> None:
    if len(items) > bound:
        raise FormatError(TOO_LONG, place=place, cause=f"{len(items)}, at most {bound}")


# What is remembered is small and counted, so that hostile tracks cannot make these memories large.


def identifiers(names: tuple[Identifier, ...]) -> str:
    """``Identifier`` elements."""
    return _identifiers(names) if len(names) <= 8 else _identifiers.__wrapped__(names)


@lru_cache(maxsize=4096)
def _identifiers(names: tuple[Identifier, ...]) -> str:
    _at_most(names, 100, "Identifier")
    return "".join([_identifier(name) for name in names])


def _identifier(name: Identifier) -> str:
    quality = "" if name.quality is None else f' quality="{code(name.quality, "Identifier@quality")}"'
    scheme = code(name.scheme, "Identifier@scheme", SCHEME_CODE)
    return f'<Identifier{quality} scheme="{scheme}">{text(name.value, "Identifier")}</Identifier>'


@lru_cache(maxsize=1024)
def status(facts: Status) -> str:
    """A ``Status`` element."""
    parts = ["<Status>"]
    for attribute, name in STATUS_FACTS:
        value: bool | str | None = getattr(facts, attribute)
        if value is None:
            continue
        if isinstance(value, str):
            parts.append(f"<{name}>{code(value, f'Status/{name}')}</{name}>")
        else:
            parts.append(f"<{name}>true</{name}>" if value else f"<{name}>false</{name}>")
    parts.append("</Status>")
    return "".join(parts)


@lru_cache(maxsize=1024)
def identity(group: IdentityGroup) -> str:
    """An ``Identity`` element."""
    parts = [f"<Identity><Value>{group.value.value}</Value>"]
    if group.amplification is not None:
        parts.append(f"<Amplification>{code(group.amplification, 'Identity/Amplification')}</Amplification>")
    if group.confidence_pct is not None:
        parts.append(PERCENT.element("Confidence", group.confidence_pct))
    if group.assigned_by is not None:
        parts.append(f"<AssignedBy>{text(group.assigned_by, 'Identity/AssignedBy')}</AssignedBy>")
    if group.assigned_at is not None:
        parts.append(f"<AssignedTime>{time(group.assigned_at, 'Identity/AssignedTime')}</AssignedTime>")
    parts.append("</Identity>")
    return "".join(parts)


def classifications(answers: tuple[Classification, ...]) -> str:
    """``ObjectClass`` elements."""
    return _classifications(answers) if len(answers) <= 8 else _classifications.__wrapped__(answers)


@lru_cache(maxsize=1024)
def _classifications(answers: tuple[Classification, ...]) -> str:
    _at_most(answers, 100, "ObjectClass")
    return "".join([_classification(answer) for answer in answers])


def _classification(answer: Classification) -> str:
    parts = [f"<ObjectClass><ClassCode>{text(answer.type, 'ObjectClass/ClassCode')}</ClassCode>"]
    if answer.confidence_pct is not None:
        parts.append(PERCENT.element("Confidence", answer.confidence_pct))
    if answer.scheme is not None:
        parts.append(f"<ClassScheme>{code(answer.scheme, 'ObjectClass/ClassScheme')}</ClassScheme>")
    if not 1 <= answer.level <= 20:
        raise FormatError(NOT_FINITE, place="ObjectClass/Level", cause=f"{answer.level}, expected 1 to 20")
    parts.append(f"<Level>{answer.level:d}</Level></ObjectClass>")
    return "".join(parts)


def dimensions(size: Dimensions) -> str:
    """A ``Dimensions`` element."""
    length = "" if size.length_m is None else LENGTH.element("Length", size.length_m)
    width = "" if size.width_m is None else LENGTH.element("Width", size.width_m)
    height = "" if size.height_m is None else LENGTH.element("Height", size.height_m)
    return f"<Dimensions>{length}{width}{height}</Dimensions>"


@lru_cache(maxsize=256)
def operator(person: Operator) -> str:
    """A ``UasOperator`` element: personal data."""
    parts = ["<UasOperator>"]
    if person.identifier is not None:
        parts.append(f"<OperatorId>{text(person.identifier, 'UasOperator/OperatorId')}</OperatorId>")
    if person.position is not None:
        parts.append(position("Position", person.position))
    if person.altitude_hae_m is not None:
        parts.append(METRE.element("AltitudeHae", person.altitude_hae_m))
    if person.basis is not None:
        parts.append(f"<PositionBasis>{code(person.basis, 'UasOperator/PositionBasis')}</PositionBasis>")
    if person.time is not None:
        parts.append(f"<Time>{time(person.time, 'UasOperator/Time')}</Time>")
    parts.append("</UasOperator>")
    return "".join(parts)


def relations(links: tuple[Relation, ...]) -> str:
    """``Relation`` elements."""
    _at_most(links, 100, "Relation")
    parts: list[str] = []
    for link in links:
        _at_most(link.track_ids, 100, "Relation/RelatedTrackId")
        if not link.track_ids:
            raise FormatError(EMPTY, place="Relation/RelatedTrackId")
        parts.append(f"<Relation><RelationKind>{code(link.kind, 'Relation/RelationKind')}</RelationKind>")
        for other in link.track_ids:
            parts.append(f"<RelatedTrackId>{uuid(other, 'Relation/RelatedTrackId')}</RelatedTrackId>")
        parts.append("</Relation>")
    return "".join(parts)


def provenance(passed: tuple[Provenance, ...]) -> str:
    """``Provenance`` elements."""
    return _all_passed(passed) if len(passed) <= 4 else _all_passed.__wrapped__(passed)


@lru_cache(maxsize=256)
def _all_passed(passed: tuple[Provenance, ...]) -> str:
    _at_most(passed, 32, "Provenance")
    return "".join([_provenance(gateway) for gateway in passed])


def _provenance(passed: Provenance) -> str:
    _at_most(passed.losses, 200, "Provenance/Loss")
    parts = [
        (
            f"<Provenance><Gateway>{code(passed.gateway, 'Provenance/Gateway', NODE_NAME)}</Gateway>"
            f"<InputFormat>{code(passed.input_format, 'Provenance/InputFormat')}</InputFormat>"
            f"<MappingId>{text(passed.mapping_id, 'Provenance/MappingId')}</MappingId>"
        )
    ]
    if passed.mapping_hash is not None:
        digest = code(passed.mapping_hash, "Provenance/MappingHash", SHA256)
        parts.append(f"<MappingHash>{digest}</MappingHash>")
    if passed.input_message_id is not None:
        identifier = text(passed.input_message_id, "Provenance/InputMessageId")
        parts.append(f"<InputMessageId>{identifier}</InputMessageId>")
    for loss in passed.losses:
        reason = code(loss.reason, "Provenance/Loss@reason")
        parts.append(f'<Loss reason="{reason}">{text(loss.field, "Provenance/Loss")}</Loss>')
    parts.append("</Provenance>")
    return "".join(parts)


def raw_record(raw: RawRecord) -> str:
    """A ``RawRecord`` element."""
    if len(raw.octets) > RAW_OCTETS:
        raise FormatError(TOO_LONG, place="RawRecord", cause=f"{len(raw.octets)} octets, at most {RAW_OCTETS}")
    octets = str(b2a_base64(raw.octets, newline=False), "ascii")
    return f'<RawRecord format="{code(raw.format, "RawRecord@format")}">{octets}</RawRecord>'
