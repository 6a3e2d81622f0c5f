"""Remote ID messages to canonical tracks: one track whenever a transmitter's position comes, with all that is known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from gateway.errors import FormatError
from gateway.formats.remoteid import codes, receiver, wire
from gateway.formats.remoteid.carriers import unwrap
from gateway.formats.remoteid.join import AGES_S, Book, Known, Slot, Transmitter
from gateway.formats.remoteid.leftovers import extension
from gateway.formats.remoteid.messages import BasicId, Location
from gateway.formats.remoteid.report import Heard, Report
from gateway.formats.remoteid.texts import SCHEMES
from gateway.formats.remoteid.tracks import Standing, standing, state, status
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import Loss, Provenance, RawRecord, Source, Track

MAPPING = "remote-id/1.0"
FORMAT_NAME = "REMOTE_ID"
TEXT_FORMAT_NAME = "REMOTE_ID_JSON"
_RAW_ORDER = ("self_id", "system", "operator_id", "authentication")
_RAW_WITHHELD = Loss("raw", "WITHHELD")
_RAW_CUT = Loss("raw", "TRUNCATED")


class _Remembered(Struct):
    """What was worked out for a transmitter, until something of it changes."""

    standing: Standing
    ids: tuple[bytes, ...]
    others: tuple[bytes, ...]
    """Its messages but the Location, as broadcast."""
    plain: tuple[tuple[bytes, ...], tuple[bytes, ...]]
    """Those of the ids and the others that say nothing beside what was read of them."""


class RemoteIdDecoder:
    """Reads what one receiver, or one source with several, hands in.

    `node` is the gateway's own name for the provenance, `nation` that of the source. `keep_raw` keeps the messages with
    the track. `ages_s` says how long a message of each kind is believed (see `join.AGES_S` for the names).
    `wait_for_id_s` is how long a position waits for its transmitter's Basic ID before the transmitter goes by its
    address. `dedupe` drops a position that is repeated with nothing new.
    """

    def __init__(
        self,
        *,
        node: str = "",
        nation: str | None = None,
        keep_raw: bool = True,
        ages_s: Mapping[str, float] | None = None,
        wait_for_id_s: float = 3.0,
        dedupe: bool = True,
        limits: Limits | None = None,
    ) -> None:
        """`ValueError` for an age of no known kind, or one that is not positive."""
        ages = {**AGES_S, **(ages_s or {})}
        for kind, age in ages.items():
            if kind not in AGES_S or not 0 < age <= 86_400:
                raise ValueError(f"ages_s: expected seconds for {', '.join(AGES_S)}, got {kind} = {age}")
        self._limits = limits or Limits()
        self._nation = nation
        self._keep_raw = keep_raw
        self._wait_for_id = timedelta(seconds=wait_for_id_s)
        self._dedupe = dedupe
        self._book = Book(ages, self._limits.peers_remembered)
        self._provenance = Provenance(gateway=node, input_format=FORMAT_NAME, mapping_id=MAPPING)
        self._sources: dict[str, tuple[Source, ...]] = {}
        self._last_source = ""

    def decode(self, frame: Frame) -> Decoded:
        """The tracks whose positions this frame completes; messages without one are silent, and remembered."""
        problems: list[FormatError] = []
        self._last_source = frame.source
        try:
            reports = self._reports(frame, problems)
        except FormatError as error:
            return Decoded(problems=(error,))
        tracks: list[Track] = []
        silent = duplicates = 0
        for report in reports:
            try:
                found = self._take(report, frame)
            except FormatError as error:
                problems.append(error)
                continue
            if found is None:
                silent += 1
            elif found is _REPEATED:
                duplicates += 1
            else:
                tracks.append(found)
        return Decoded(tracks=tuple(tracks), problems=tuple(problems), silent=silent, duplicates=duplicates)

    def finish(self, now: datetime) -> Decoded:
        """The positions that waited for a Basic ID which never came, under the addresses of their transmitters."""
        tracks: list[Track] = []
        problems: list[FormatError] = []
        for transmitter, position in self._book.untold(now):
            location = position.heard.message
            assert isinstance(location, Location)
            nothing_new = Report(heard=(), address=transmitter.address)
            try:
                tracks.append(
                    self._track(transmitter, transmitter.current(now), position, nothing_new, self._last_source)
                )
            except FormatError as error:
                problems.append(error)
            transmitter.is_new = False
            transmitter.told, transmitter.told_until = location, position.until
        return Decoded(tracks=tuple(tracks), problems=tuple(problems))

    def _reports(self, frame: Frame, problems: list[FormatError]) -> Sequence[Report]:
        octets = frame.octets
        if len(octets) > self._limits.max_frame_octets:
            most = self._limits.max_frame_octets
            raise FormatError(codes.TOO_LARGE, place=f"octet {most}", cause=f"{len(octets)} octets, at most {most}")
        if receiver.is_text(octets):
            return receiver.reports(octets, self._limits, problems)
        carried = unwrap(octets)
        if len(carried.messages) > self._limits.max_records_per_frame:
            raise FormatError(codes.TOO_MANY, cause=f"{len(carried.messages)} messages")
        heard: list[Heard] = []
        for number, message in enumerate(carried.messages):
            losses: list[Loss] = []
            try:
                heard.append(Heard(message=wire.decode(message, losses), octets=message, losses=tuple(losses)))
            except FormatError as error:
                place = f"message {number}" + (f", {error.place}" if error.place else "")
                problems.append(FormatError(error.code, place=place, cause=error.cause))
        if not heard:
            return ()
        return (Report(heard=tuple(heard), address=carried.address, is_whole=carried.is_pack),)

    def _take(self, report: Report, frame: Frame) -> Track | None:
        """The track of a report, `_REPEATED` for one that says nothing new, nothing where no position is known yet."""
        now = frame.received_at
        transmitter = self._book.find(report, frame.peer, now)
        located = self._book.note(transmitter, report, now)
        position = transmitter.position
        if position is None or position.until < now:
            return None
        if transmitter.several_until is not None and transmitter.several_until >= now:
            transmitter.position = None
            if located:
                raise FormatError(codes.AMBIGUOUS, place=frame.peer)
            return None
        known = transmitter.current(now)
        named = any(kind == "basic_id" for kind, _ in known)
        if not located and not (named and transmitter.told is None):
            return None  # the position was told already; what is new goes with the next one
        if not named and now - transmitter.first_heard < self._wait_for_id:
            return None
        location = position.heard.message
        assert isinstance(location, Location)
        if self._is_repeated(transmitter, location, frame):
            return _REPEATED
        track = self._track(transmitter, known, position, report, frame.source)
        transmitter.is_new = False
        transmitter.told = location
        transmitter.told_until = position.until
        return track

    def _is_repeated(self, transmitter: Transmitter, location: Location, frame: Frame) -> bool:
        """Whether a position with its own time was told before, and nothing else has changed since."""
        return (
            self._dedupe
            and not transmitter.is_new
            and location.since_hour_s is not None
            and location == transmitter.told
            and transmitter.told_until is not None
            and frame.received_at <= transmitter.told_until
        )

    def _track(
        self, transmitter: Transmitter, known: Mapping[Slot, Heard], position: Known, report: Report, source: str
    ) -> Track:
        heard = position.heard
        location = heard.message
        assert isinstance(location, Location)
        remembered = self._worked_out(transmitter, known)
        about = remembered.standing
        if not about.identifiers:
            raise FormatError(codes.NO_NAME, place="Location")
        leftovers = {**about.leftovers, **report.facts}
        losses = [*about.losses, *heard.losses, *report.losses]
        kinematics = state(location, position.received_at, leftovers, losses)
        facts = status(location.status, leftovers, losses, is_emergency=about.is_emergency)
        raw = self._raw(remembered, heard, report, losses) if self._keep_raw else None
        provenance = self._provenance
        if losses:
            provenance = Provenance(
                gateway=provenance.gateway,
                input_format=FORMAT_NAME,
                mapping_id=MAPPING,
                losses=tuple(dict.fromkeys(losses)),
            )
        return Track(
            identifiers=about.identifiers,
            environment=about.environment,
            platform=about.platform,
            remarks=about.remarks,
            classifications=about.classifications,
            operator=about.operator,
            status=facts,
            state=kinematics,
            sources=self._source(source),
            provenance=(provenance,),
            raw=raw,
            extensions=extension(leftovers),
        )

    def _worked_out(self, transmitter: Transmitter, known: Mapping[Slot, Heard]) -> _Remembered:
        remembered = transmitter.memo
        if transmitter.is_new or not isinstance(remembered, _Remembered):
            remembered = transmitter.memo = _Remembered(
                standing=standing(known, transmitter.address),
                ids=_octets(known, ("basic_id",)),
                others=_octets(known, _RAW_ORDER),
                plain=(_octets(known, ("basic_id",), is_plain=True), _octets(known, _RAW_ORDER, is_plain=True)),
            )
        return remembered

    def _raw(self, remembered: _Remembered, heard: Heard, report: Report, losses: list[Loss]) -> RawRecord | None:
        """The messages as a pack, or a receiver's own text where taking out the operator takes it out too.

        A text may tell of an operator in a member that could not be read, in one of two that have the same name, in
        undecoded octets: where nobody knows of an operator, nothing takes it out.
        """
        is_guarded = remembered.standing.operator is not None
        if heard.octets:
            ids, others = (remembered.ids, remembered.others) if is_guarded else remembered.plain
            if len(ids) + len(others) < len(remembered.ids) + len(remembered.others):
                losses.append(_RAW_CUT)
            messages = [*ids, heard.octets, *others]
            if len(messages) > wire.PACK_MAX:
                losses.append(_RAW_CUT)
            return RawRecord(FORMAT_NAME, wire.pack(messages[: wire.PACK_MAX]))
        if report.text and is_guarded:
            return RawRecord(TEXT_FORMAT_NAME, report.text)
        losses.append(_RAW_WITHHELD)
        return None

    def _source(self, name: str) -> tuple[Source, ...]:
        sources = self._sources.get(name)
        if sources is None:
            ncname = "src-" + re.sub(r"[^A-Za-z0-9_.-]", "-", name)
            sources = (Source(id=ncname, name=name, modality="RF", nation=self._nation),) if name else ()
            self._sources = {name: sources}  # a decoder serves one source; no growth if it does not
        return sources


def _octets(known: Mapping[Slot, Heard], kinds: Sequence[str], *, is_plain: bool = False) -> tuple[bytes, ...]:
    """The messages of some kinds as broadcast, in that order."""
    found = [known[slot] for kind in kinds for slot in sorted(known) if slot[0] == kind]
    return tuple([heard.octets for heard in found if heard.octets and (not is_plain or _is_plain(heard))])


def _is_plain(heard: Heard) -> bool:
    """Whether a message holds nothing in reserved octets, behind the end of its text, or as an id of no known kind."""
    message = heard.message
    if isinstance(message, BasicId) and message.uas_id and message.id_type not in SCHEMES:
        return False
    return wire.encode(message)[1:] == heard.octets[1:]  # the first octet is the version


_REPEATED = Track()
