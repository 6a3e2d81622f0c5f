"""The file of cases that ``gateway policy test`` runs: what a policy is to do with a track, written down as TOML.

The docstring under each field is its documentation in ``docs/policy-cases.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, get_args, get_type_hints

from msgspec import Struct
from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import to_json

from gateway.config import InvalidConfigError, codes
from gateway.config.labels import CategoryTable
from gateway.config.locate import Places, Spot
from gateway.config.policy_file import IdentityTest, Vertex, Words
from gateway.config.problems import Problem, all_from_pydantic, did_you_mean, unrepresentable
from gateway.config.table import Table
from gateway.config.toml_text import parse_toml, read_toml
from gateway.config.values import FilePath, FormatName, Name, OpenCode, Text, UtcTime
from gateway.errors import ConfigError
from gateway.policy.terms import Field as TrackField
from gateway.policy.terms import Height
from gateway.track import Environment, Track

Value = str | int | float | bool
_REMEDY = "see docs/policy-cases.md; '-' is no file of cases, for it names files beside itself"


class Expected(StrEnum):
    """What is to become of the track."""

    RELEASE = "release"
    WITHHOLD = "withhold"
    HOLD = "hold"
    """Released later, once it is old enough."""
    ACCEPT = "accept"
    DROP = "drop"
    REFUSE = "refuse"


def _dotted(value: object) -> object:
    """Tables in tables as one table of dotted keys: ``identity = { value = ... }`` is ``"identity.value" = ...``."""
    if not isinstance(value, dict):
        return value
    flat: dict[str, object] = {}
    for key, item in value.items():
        inner = _dotted(item)
        flat |= {f"{key}.{name}": one for name, one in inner.items()} if isinstance(inner, dict) else {key: item}
    return flat


OUTBOUND = (Expected.RELEASE, Expected.WITHHOLD, Expected.HOLD)


class LabelCase(Table):
    """A label that the track brings along."""

    policy: Text
    """Security policy."""
    classification: Text
    """Classification of it."""
    category: tuple[CategoryTable, ...] = ()
    """Categories."""


class HeightCase(Table):
    """One height of the track."""

    height: Height
    """Which kind."""
    m: Annotated[float, Field(ge=-1_000, le=100_000_000)]
    """Metres."""


class TrackCase(Table):
    """A track, as far as the case is about it. What is not given is absent."""

    source: Name | None = None
    """National source that it came from (our own tracks)."""
    format: OpenCode | None = None
    """Input format as the provenance names it: `ASTERIX_062`, `SAPIENT`, `REMOTE_ID`."""
    environment: Environment = Environment.UNKNOWN
    """Where the object moves."""
    identity: IdentityTest = IdentityTest.NONE
    """Declared identity; `NONE`: nobody declared one."""
    platform: OpenCode | None = None
    """Platform code, such as `UAV`."""
    object_class: Words = ()
    """Classes that a sensor gave it."""
    name: Text | None = None
    """What displays call it."""
    remarks: Text | None = None
    """Free text."""
    position: Vertex | None = None
    """[latitude, longitude] in degrees, WGS 84."""
    altitude: tuple[HeightCase, ...] = ()
    """Heights, of any kinds."""
    course_deg: Annotated[float, Field(ge=0, lt=360)] | None = None
    """Course over ground."""
    ground_speed_mps: Annotated[float, Field(ge=0, le=100_000)] | None = None
    """Ground speed."""
    accuracy_m: Annotated[float, Field(ge=0, le=10_000_000)] | None = None
    """95 % bound of the position."""
    age_s: Annotated[float, Field(ge=-86_400, le=31_536_000)] = 0.0
    """How long ago its time of applicability was. Seconds."""
    exercise: bool | None = None
    """It says that it is part of an exercise. Absent: as the node's messages, where its configuration is at hand."""
    simulated: bool | None = None
    """It says that it is simulated. Absent: as the node's messages, where its configuration is at hand."""
    ended: bool | None = None
    """Its last report."""
    identifier: dict[Text, Text] = Field(default_factory=dict)
    """Scheme to value, such as `icao24 = "484123"`."""
    operator: Vertex | None = None
    """Where the operator of the drone stands."""
    sensors: Words = ()
    """Names of the sensors that saw it."""
    has: tuple[TrackField, ...] = ()
    """Further parts that it has; what they say does not matter."""
    label: Name | LabelCase | None = None
    """Label that it brings along: the name of a label of the policy file, or a label. Absent: it brings none."""


class Case(Table):
    """One case: a track, and what is to become of it."""

    name: Text
    """What the case is about, for people."""
    to: tuple[Name, ...] = ()
    """Partners for each of whom it is to hold (outbound)."""
    sender: Name | None = None
    """Partner that sends the track to us (inbound)."""
    origin: Name | None = None
    """Partner that signed the track, for onward release to others; absent: it is our own."""
    at: UtcTime | None = None
    """When it is decided; absent: when the policy was issued, or the track's own time of one from a file."""
    track: TrackCase | None = None
    """The track; or a file."""
    file: FilePath | None = None
    """Recording or message whose tracks are taken instead, relative to the file of cases."""
    format: FormatName | None = None
    """Format of that file; absent: the one that reads it."""
    source: Name | None = None
    """National source that the file's tracks came from."""
    index: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """Which of its tracks, counted from 0; absent: every one of them."""
    expect: Expected
    """`release`, `withhold` or `hold`; with `sender` `accept`, `drop` or `refuse`."""
    rule: Text | None = None
    """Rule that is to decide, with or without `release.` or `accept.` before its id."""
    mark: Text | None = None
    """Rule that is to give the label, with or without `mark.` before its id."""
    marking: Text | None = None
    """Label as people read it that the track is to arrive under."""
    withheld: tuple[TrackField, ...] = ()
    """Parts that are to be taken out."""
    absent: Words = ()
    """Fields that the track is not to have when it leaves, such as `operator` or `state.polar`."""
    shown: Annotated[dict[Text, Value], BeforeValidator(_dotted)] = Field(default_factory=dict)
    """Fields and what they are to say when it leaves, such as `shown.identity.value = "SUSPECT"`."""


class CasesFile(Table):
    """Cases for one policy."""

    policy: FilePath | None = None
    """Policy file, relative to this one; `--policy` names another."""
    case: Annotated[tuple[Case, ...], Field(min_length=1, max_length=10_000)]
    """What the policy is to do with a track: `[[case]]`, one for each."""


class LoadedCases(Struct, frozen=True, kw_only=True):
    """A file of cases that is valid in itself, and where everything in it stands."""

    file: CasesFile
    path: Path
    places: Places

    def place(self, index: int) -> str:
        """Where a case stands: ``cases.toml:12:3``."""
        spot = self.places.key(("case", index))
        return f"{self.path}:{spot.line}:{spot.column}" if spot else str(self.path)

    def error(self, problem: Problem) -> ConfigError:
        """The problem as an error with its place."""
        return _error(self.path, self.places, problem)


def load_cases(path: Path) -> LoadedCases:
    """The cases of a file; `InvalidConfigError` with everything that is wrong with it, each with its place."""
    text = read_toml(path, remedy=_REMEDY)
    document, places = parse_toml(text, path)
    problems = unrepresentable(document)
    if not problems:
        try:
            file = CasesFile.model_validate_json(to_json(document), context={"base": path.parent})
        except ValidationError as error:
            problems = all_from_pydantic(error.errors(include_url=False), document, CasesFile)
        else:
            problems = list(_contradictions(file))
    if problems:
        raise InvalidConfigError([_error(path, places, problem) for problem in problems])
    return LoadedCases(file=file, path=path, places=places)


def _contradictions(file: CasesFile) -> Iterator[Problem]:
    """What no single key can show: a case needs one track, one direction, and what fits them."""
    for index, case in enumerate(file.case):
        path = ("case", index)
        if (case.track is None) == (case.file is None):
            cause = "a case is about one track: give track, or file"
            yield Problem(code=codes.CONFLICT, path=path, cause=cause, at_key=True)
        outbound = case.expect in OUTBOUND
        if bool(case.to) == (case.sender is not None) or outbound != bool(case.to):
            cause = f"expect = {case.expect.value} goes with {'to' if outbound else 'sender'}, and with it alone"
            yield Problem(code=codes.CONFLICT, path=(*path, "expect"), cause=cause)
        yield from _unknown_fields(case, path)
        if case.file is None:
            yield from _without(case, path, ("format", "source", "index"), "is about the tracks of a file")
        if not outbound:
            yield from _without(case, path, ("origin", "mark", "withheld", "shown", "absent"), "is about what leaves")
        if case.expect in (Expected.WITHHOLD, Expected.DROP, Expected.REFUSE):
            yield from _without(case, path, ("withheld", "shown", "absent", "marking"), "is about what is let through")


def _unknown_fields(case: Case, path: tuple[str | int, ...]) -> Iterator[Problem]:
    named = [((*path, "absent", at), name) for at, name in enumerate(case.absent)]
    named += [((*path, "shown", name), name) for name in case.shown]
    for at, name in named:
        here: type = Track
        for part in name.split("."):
            inner = get_type_hints(here) if issubclass(here, Struct) else {}
            if part not in inner:
                cause = f'"{name}" is no field of a track: {here.__name__} has no "{part}"'
                yield Problem(code=codes.UNKNOWN_NAME, path=at, cause=cause, remedy=did_you_mean(part, inner))
                break
            here = _inside(inner[part])


def _inside(annotation: object) -> type:
    """The type of a field, or of its elements, where it is there."""
    for one in get_args(annotation):
        if one not in (type(None), ...):
            return _inside(one)
    return annotation if isinstance(annotation, type) else object


def _without(case: Case, path: tuple[str | int, ...], keys: tuple[str, ...], why: str) -> Iterator[Problem]:
    for key in keys:
        if getattr(case, key) not in (None, (), {}):
            cause = f"{key} {why}; this case expects {case.expect.value}"
            yield Problem(code=codes.CONFLICT, path=(*path, key), cause=cause, remedy=f"leave {key} out")


def _error(file: Path, places: Places, problem: Problem) -> ConfigError:
    spot = (places.key(problem.path) if problem.at_key else places.value(problem.path)) or Spot(1, 1)
    place = f"{file}:{spot.line}:{spot.column}"
    return ConfigError(problem.code, place=place, cause=problem.cause, remedy=problem.remedy)
