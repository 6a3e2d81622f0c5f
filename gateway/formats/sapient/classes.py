"""What an object is: the tree of classes of a report, flat, and what its most confident branch says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.sapient.reading import short
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.declared import Meaning
from gateway.formats.sapient.session.nodes import Node
from gateway.formats.sapient.v2 import DetectionReport
from gateway.limits import Limits
from gateway.symbols import from_sapient
from gateway.track import Classification, Environment, Loss

SCHEME = "SAPIENT"
_MAX_KINDS = 1_000  # trees of class names remembered per node; then it starts anew
_REMEMBERED_CHARACTERS = 512
_MAX_LEVEL = 20  # as deep as an alliance message goes
_MAX_CLASSES = 1_000  # of one report; the tree may nest and repeat
_CLASS_LEVEL = Loss("detection_report.classification.sub_class.level", "NOT_MODELLED")


class Kind(Struct, frozen=True, gc=False):
    """What the classes of a report say, worked out once per tree of names."""

    environment: Environment
    platform: str | None
    losses: tuple[Loss, ...]


NO_KIND = Kind(Environment.UNKNOWN, None, ())


def classes_of(
    report: DetectionReport, node: Node, meaning: Meaning, limits: Limits, losses: list[Loss]
) -> tuple[tuple[Classification, ...], Kind]:
    """All classes, each before its sub-classes, and what the most confident ones say."""
    found: list[Classification] = []
    best: list[tuple[str, ...]] = []
    top = -1.0
    odd = False
    for one in report.classification:
        confidence = one.confidence if one.HasField("confidence") else None
        _check_room(found, 1)
        found.append(
            Classification(
                type=short(one.type, "detection_report.classification.type", limits),
                confidence_pct=None if confidence is None else round(confidence * 100, 4),
                scheme=SCHEME,
            )
        )
        path: tuple[str, ...] = (one.type,)
        if one.sub_class:
            tail, odd_below = _sub_classes(one.sub_class, 2, found, limits)
            odd = odd or odd_below
            path += tail
        weight = -0.5 if confidence is None else confidence
        if weight > top:
            best, top = [path], weight
        elif weight == top:
            best.append(path)
    if odd:
        losses.append(_CLASS_LEVEL)
    kinds, key = node.kinds, (*best, id(meaning.docks))
    kind = kinds.get(key)
    if not isinstance(kind, Kind):
        kind = kind_of(best, meaning.docks)
        if len(best) == 1 and sum(map(len, best[0])) < _REMEMBERED_CHARACTERS:
            if len(kinds) >= _MAX_KINDS:
                kinds.clear()
            kinds[key] = kind
    if kind.losses:
        losses.extend(kind.losses)
    return tuple(found), kind


def best_paths(report: DetectionReport, limits: Limits) -> list[tuple[str, ...]]:
    """The class that a report is most sure of, as a path down its sub-classes; several where it is equally sure."""
    best: list[tuple[str, ...]] = []
    top = -1.0
    for one in report.classification:
        weight = one.confidence if one.HasField("confidence") else -0.5
        path = (one.type, *_sub_classes(one.sub_class, 2, [], limits)[0])
        if weight > top:
            best, top = [path], weight
        elif weight == top:
            best.append(path)
    return best


def kind_of(paths: Iterable[tuple[str, ...]], docks: Mapping[str, tuple[str, ...]]) -> Kind:
    """What the most confident classes say together; nothing of which they say different things."""
    meanings = [from_sapient(_docked(path, docks)) for path in paths]
    if not meanings:
        return NO_KIND
    first = meanings[0]
    environment = first.environment if all(m.environment is first.environment for m in meanings) else None
    platform = first.platform if all(m.platform == first.platform for m in meanings) else None
    losses = tuple([Loss(f"detection_report.{loss.field}", loss.reason) for loss in first.losses])
    return Kind(environment or Environment.UNKNOWN, platform, losses if len(meanings) == 1 else ())


def _docked(path: tuple[str, ...], docks: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """A path of classes with those of an extension put below the class of the core taxonomy that they hang from."""
    for index, name in enumerate(path):
        dock = docks.get(name.casefold()) if docks else None
        if dock is not None:
            return (*dock, *path[index:])
    return path


def _check_room(found: list[Classification], level: int) -> None:
    if len(found) >= _MAX_CLASSES or level > _MAX_LEVEL:
        cause = f"over {_MAX_CLASSES} classes" if level <= _MAX_LEVEL else f"more than {_MAX_LEVEL} levels"
        raise FormatError(codes.TOO_MANY, place="detection_report.classification", cause=cause)


def _sub_classes(
    subs: Iterable[object], level: int, into: list[Classification], limits: Limits
) -> tuple[tuple[str, ...], bool]:
    """Append the sub-classes and all below; the names of the most confident chain, and whether a level is odd."""
    best: tuple[str, ...] = ()
    top, odd = -1.0, False
    for sub in subs:
        confidence = sub.confidence if sub.HasField("confidence") else None  # type: ignore[attr-defined]  # DetectionReportSubClass
        _check_room(into, level)
        into.append(
            Classification(
                type=short(sub.type, "detection_report.classification.sub_class.type", limits),  # type: ignore[attr-defined]  # likewise
                confidence_pct=None if confidence is None else round(confidence * 100, 4),
                scheme=SCHEME,
                level=level,
            )
        )
        tail, below = _sub_classes(sub.sub_class, level + 1, into, limits)  # type: ignore[attr-defined]  # likewise
        odd = odd or below or sub.level != level - 1  # type: ignore[attr-defined]  # likewise
        weight = -0.5 if confidence is None else confidence
        if weight > top:
            best, top = (sub.type, *tail), weight  # type: ignore[attr-defined]  # likewise
        elif weight == top:
            best = ()  # neither is the class
    return best, odd
