"""Canonical tracks to one NVG 2.0.2 document: the whole picture of one consumer, sorted, the same for the same tracks.

Nothing in it depends on the time of writing, so an unchanged picture has unchanged octets. An ended track is left out:
NVG has no way to delete an object but to leave it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.nvg import codes, facts
from gateway.formats.nvg.edition import KEPT, NVG, VERSION
from gateway.formats.nvg.facts import SCHEMA
from gateway.formats.nvg.kept import NOTHING, Kept, is_lax, kept_of
from gateway.formats.nvg.shapes import shape_of
from gateway.formats.nvg.symbol import FAMILIES, kept_symbol, symbol_for
from gateway.formats.nvg.tree import canonical, root_of, without_ids
from gateway.formats.nvg.values import (
    KMH,
    attribute_text,
    clean,
    element_text,
    is_finite,
    is_uri,
    number_text,
    time_of,
    time_text,
)
from gateway.limits import Limits
from gateway.stages import Encoded
from gateway.track import Loss, Operator, State, Track

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMES = ("callsign", "flight_plan", "registration")
Pairs = list[tuple[str, str]]


class NvgEncoder:
    """Writes one consumer's document.

    `symbols` is the standard of symbols built anew: ``app6d`` (20 digits) or ``app6b`` (15 letters). `z` says which
    height is written there: ``msl`` (the schema's type says geoid), ``hae`` (for consumers who read it so) or
    ``none``; the other heights are extended data, never converted. `extended_data` writes what NVG has no field for.
    `personal_data` adds a point for the operator of an uncrewed aircraft; without it he is withheld.
    """

    def __init__(
        self,
        *,
        symbols: str = "app6d",
        z: str = "msl",
        extended_data: bool = True,
        personal_data: bool = False,
        limits: Limits | None = None,
    ) -> None:
        if symbols not in FAMILIES:
            raise ValueError(f'symbols is "app6d" or "app6b", not {symbols!r}')
        if z not in ("msl", "hae", "none"):
            raise ValueError(f'z is "msl", "hae" or "none", not {z!r}')
        self._options = _Options(symbols, z, extended_data, personal_data, limits or Limits())

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        """One document of all tracks that have not ended; of one track's snapshots the last stands."""
        losses: list[tuple[str, Loss]] = []
        problems: list[FormatError] = []
        objects: dict[str, str] = {}
        schemas: dict[str, str] = {}
        keys: set[str] = set()
        taken: set[str] = set()
        for track in _latest(tracks):
            if track.status is not None and track.status.ended:
                continue
            lost: list[Loss] = []
            try:
                uri = self._uri(track, taken, lost)
                written = _Object(self._options, track, uri, lost)
                objects |= written.objects()
            except FormatError as error:
                problems.append(error)
                continue
            taken.add(uri)
            keys |= written.keys
            for name, text in written.kept.schemas:
                if schemas.setdefault(name, text) != text:
                    lost.append(Loss("extensions", "NO_TARGET"))  # two sources explain one schema differently
            losses.extend((_name_of(track), loss) for loss in lost)
        body = "".join(objects[uri] for uri in sorted(objects))
        head = "".join(schemas[name] for name in sorted(schemas)) + (_schema(keys) if keys else "")
        text = f'{_DECLARATION}<nvg xmlns="{NVG}" version="{VERSION}">{head}{body}</nvg>\n'
        return Encoded(frames=(text.encode(),), losses=tuple(losses), problems=tuple(problems))

    def _uri(self, track: Track, taken: set[str], lost: list[Loss]) -> str:
        """The source's own uri, which shall stay constant through mediation; else one of the track's id."""
        for one in track.identifiers:
            if one.scheme != "nvg_uri":
                continue
            if is_uri(one.value) and one.value not in taken:
                return one.value
            if not self._options.extended:
                lost.append(Loss("identifiers.nvg_uri", "OUT_OF_RANGE"))
        if track.track_id is not None:
            uri = f"urn:uuid:{quote(track.track_id, safe='-')}"
        elif track.identifiers:
            first = track.identifiers[0]
            uri = f"urn:x-track:{quote(clean(first.scheme), safe='')}:{quote(clean(first.value), safe='')}"
        else:
            raise FormatError(codes.NO_NAME, place="track")
        if uri in taken:
            raise FormatError(codes.NO_NAME, place=uri[:80], cause="another track has this uri")
        return uri


class _Options(Struct, frozen=True):
    """What one consumer gets."""

    symbols: str
    z: str
    extended: bool
    personal: bool
    limits: Limits


class _Object:
    """One track as it becomes an object."""

    def __init__(self, options: _Options, track: Track, uri: str, lost: list[Loss]) -> None:
        self._options = options
        self._track = track
        self._uri = uri
        self._lost = lost
        self.keys: set[str] = set()
        self.kept: Kept = NOTHING
        self._inside = ""

    def objects(self) -> dict[str, str]:
        """The object's element by its uri, and its operator's."""
        track = self._track
        state = track.state
        if state is None:
            raise FormatError(codes.NO_STATE, place=_name_of(track))
        self._extensions()
        facts.list_losses(track, self._lost)
        symbol, symbol_losses = symbol_for(track, self._options.symbols)
        told_again = {"platform", "identity.amplification"} if self._options.extended else set()
        undeclared: Pairs = []
        if track.identity is None and self._options.extended:  # 20 digits cannot say that nobody declared one
            told_again.add("identity.value")
            undeclared.append(("identity", "NONE"))
        self._lost.extend(loss for loss in symbol_losses if loss.field not in told_again)
        if any(one.type != (kept_symbol(track) or ":").partition(":")[2] for one in track.classifications):
            self._lost.append(Loss("classifications", "NO_TARGET"))
        skipped, name, geometry, extra = self._geometry(state, symbol_losses)
        label, label_of = self._label()
        pairs = self._pairs(skipped, undeclared + label_of + extra)
        attributes = f' uri="{attribute_text(self._uri)}"{label} symbol="{attribute_text(_dotted(symbol))}"'
        attributes += self._leftover_attributes() + geometry + self.kept.foreign_attributes
        content = self.kept.metadata + self._extended(pairs) + self._remarks() + _times(state, self.kept.begin)
        inside = self.kept.inside + self._inside
        content += f"<extension>{inside}</extension>" if inside else ""
        found = {self._uri: f"<{name}{attributes}>{content}</{name}>"}
        if track.operator is not None:
            found |= self._operator(track.operator)
        return found

    def _extensions(self) -> None:
        for extension in self._track.extensions:
            try:
                if extension.namespace == KEPT and self.kept is NOTHING:
                    self.kept = kept_of(extension.xml, self._options.limits)
                    if not self.kept.complete:
                        self._lost.append(Loss("extensions", "OUT_OF_RANGE"))
                    continue
                root = root_of(extension.xml.encode("utf-8", "surrogatepass"), self._options.limits)
                had_ids, is_placed = without_ids(root), is_lax(root)
                if is_placed:  # `extension` is the place for what NVG does not know
                    self._inside += canonical(root) if had_ids else extension.xml
                if had_ids or not is_placed:
                    self._lost.append(Loss("extensions", "OUT_OF_RANGE"))
            except FormatError:
                self._lost.append(Loss("extensions", "OUT_OF_RANGE"))

    def _geometry(self, state: State, symbol_losses: tuple[Loss, ...]) -> tuple[frozenset[str], str, str, Pairs]:
        """(canonical paths that it carries, element, attributes, extended data beside the facts)."""
        skipped = set()
        if not any(loss.field == "platform" for loss in symbol_losses):
            skipped.add("platform")
        if not any(loss.field == "identity.amplification" for loss in symbol_losses):
            skipped.add("identity.amplification")
        if state.time_quality == "TAGGED":
            skipped.add("state.time_quality")
        position = state.position
        if position is None:
            shape = shape_of(state.polar, self._lost, place=_name_of(self._track))
            for name in ("ground_speed_mps", "course_deg"):
                if getattr(state, name) is not None:
                    self._lost.append(Loss(f"state.{name}", "NO_POSITION"))
            return frozenset(skipped | shape.carries), shape.element, shape.attributes, [("detection", shape.kind)]
        if not (-90 <= position.latitude_deg <= 90 and -180 <= position.longitude_deg <= 180):  # also for NaN
            raise FormatError(codes.NOT_FINITE, place=_name_of(self._track), cause="position")
        if state.polar is not None and state.polar.sensor_position is not None:
            self._lost.append(Loss("state.polar.sensor_position", "NO_TARGET"))
        text = f' x="{number_text(position.longitude_deg)}" y="{number_text(position.latitude_deg)}"'
        height = {"msl": "altitude_msl_m", "hae": "altitude_hae_m"}.get(self._options.z)
        value = getattr(state, height) if height else None
        if value is not None and is_finite(value) and value != 0:  # 0 is the schema's default: it would say nothing
            text += f' z="{number_text(value)}"'
            skipped.add(f"state.{height}")
        return frozenset(skipped), "point", text + self._motion(state), []

    def _motion(self, state: State) -> str:
        text = ""
        speed, course = state.ground_speed_mps, state.course_deg
        if speed is not None:
            if is_finite(speed) and speed >= 0:
                text += f' speed="{number_text(round(speed / KMH, 9))}"'
            else:
                self._lost.append(Loss("state.ground_speed_mps", "OUT_OF_RANGE"))
        if course is not None:
            if 0 <= course <= 360:
                text += f' course="{number_text(course)}"'
            else:
                self._lost.append(Loss("state.course_deg", "OUT_OF_RANGE"))
        elif speed == 0 and "course" in self.kept.attributes:
            text += f' course="{attribute_text(self.kept.attributes["course"])}"'
        return text

    def _label(self) -> tuple[str, Pairs]:
        """The label attribute, and whose name it is where the track has none of its own."""
        track, of = self._track, ""
        name = track.name
        if name is None:
            by_scheme = {one.scheme: one.value for one in reversed(track.identifiers)}
            of = next((scheme for scheme in _NAMES if scheme in by_scheme), "")
            if not of:
                return "", []
            name = by_scheme[of]
        text = clean(name)
        if text != name:
            self._lost.append(Loss("name", "OUT_OF_RANGE"))
        return f' label="{attribute_text(text)}"', [("label_of", of)] if of else []

    def _pairs(self, skipped: frozenset[str], more: Pairs) -> Pairs:
        """All extended data of our own schema; without it, a loss for each."""
        track = self._track
        left = tuple(one for one in track.identifiers if (one.scheme, one.value) != ("nvg_uri", self._uri))
        if self._options.extended:
            return facts.facts_of(track, skipped, self._lost) + facts.identifiers_of(left, self._lost) + more
        for key, _ in facts.facts_of(track, skipped, self._lost):
            self._lost.append(Loss(facts.path_of(key), "NO_TARGET"))
        self._lost.extend(Loss(f"identifiers.{one.scheme}"[:200], "NO_TARGET") for one in left)
        return []

    def _extended(self, pairs: Pairs) -> str:
        kept = self.kept
        section = ""
        if pairs:
            self.keys |= {key for key, _ in pairs}
            data = "".join(f'<SimpleData key="{key}">{element_text(text)}</SimpleData>' for key, text in pairs)
            section = f'<Section label="Track" schemaRef="#{SCHEMA}">{data}</Section>'
        if not section and not kept.extended_attributes:
            return ""
        attributes = kept.extended_attributes or f' schemaRef="#{SCHEMA}"'
        return f"<ExtendedData{attributes}>{kept.extended}{kept.sections}{section}</ExtendedData>"

    def _remarks(self) -> str:
        remarks = self._track.remarks
        if remarks is None:
            return ""
        text = clean(remarks)
        if text != remarks:
            self._lost.append(Loss("remarks", "OUT_OF_RANGE"))
        return f"<textInfo>{element_text(text)}</textInfo>"

    def _leftover_attributes(self) -> str:
        kept = self.kept.attributes
        return "".join(f' {name}="{attribute_text(value)}"' for name, value in kept.items() if name != "course")

    def _operator(self, operator: Operator) -> dict[str, str]:
        """A point of its own, beside the aircraft's."""
        if not self._options.personal:
            self._lost.append(Loss("operator", "WITHHELD"))
            return {}
        place = operator.position
        if place is None or not (-90 <= place.latitude_deg <= 90 and -180 <= place.longitude_deg <= 180):
            self._lost.append(Loss("operator", "NO_POSITION"))
            return {}
        pairs: Pairs = [("operator_of", self._uri)]
        for key, value in (("operator_id", operator.identifier), ("operator_basis", operator.basis)):
            if value is not None:
                pairs.append((key, clean(value)))
        if operator.altitude_hae_m is not None and is_finite(operator.altitude_hae_m):
            pairs.append(("altitude_hae_m", number_text(operator.altitude_hae_m)))
        kept, self.kept = self.kept, NOTHING
        data = self._extended(pairs)
        self.kept = kept
        uri = self._uri + ("." if "#" in self._uri else "&" if "?" in self._uri else "?") + "operator"
        stamp = f"<TimeStamp>{time_text(operator.time)}</TimeStamp>" if operator.time is not None else ""
        x, y = number_text(place.longitude_deg), number_text(place.latitude_deg)
        return {uri: f'<point uri="{attribute_text(uri)}" label="Operator" x="{x}" y="{y}">{data}{stamp}</point>'}


def _latest(tracks: Sequence[Track]) -> list[Track]:
    """The last snapshot of each track, in an order that the tracks alone decide."""
    latest: dict[str, Track] = {}
    for number, track in enumerate(tracks):
        latest[_name_of(track) or f"{number:09d}"] = track
    return [latest[name] for name in sorted(latest)]


def _name_of(track: Track) -> str:
    return track.track_id or (
        f"{track.identifiers[0].scheme}:{track.identifiers[0].value}" if track.identifiers else ""
    )


def _dotted(symbol: str) -> str:
    """A symbol of one line: the schema's pattern admits no other."""
    return " ".join(clean(symbol).split())


def _times(state: State, begin: str) -> str:
    stamp = f"<TimeStamp>{time_text(state.time)}</TimeStamp>"
    start = f"<begin>{element_text(begin)}</begin>" if begin and time_of(begin) is not None else ""
    end = f"<end>{time_text(state.stale_at)}</end>" if state.stale_at is not None else ""
    return stamp + (f"<TimeSpan>{start}{end}</TimeSpan>" if start or end else "")


def _schema(keys: set[str]) -> str:
    """What the keys in this document mean, for consumers that show extended data."""
    fields = ""
    for key in sorted(keys):
        kind, unit = facts.field_of(key)
        fields += f'<SimpleField id="{key}" type="{kind}"' + (f' unit="{unit}"/>' if unit else "/>")
    return f'<Schema schemaId="{SCHEMA}">{fields}</Schema>'
