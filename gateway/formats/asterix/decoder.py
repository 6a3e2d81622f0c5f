"""Datagrams to tracks. Blocks are found by their stated lengths, so one bad block or record does not hide the next."""

from __future__ import annotations

from gateway.errors import FormatError
from gateway.formats.asterix import codes, service034
from gateway.formats.asterix.duplicates import DuplicateFilter
from gateway.formats.asterix.layout import refuse
from gateway.formats.asterix.options import check_editions, decoder_options
from gateway.formats.asterix.records import CODECS
from gateway.formats.asterix.session import RadarService, Session
from gateway.formats.asterix.track048 import Builder048
from gateway.formats.asterix.track062 import Builder062
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import Track

MAX_PROBLEMS = 100  # of one frame: stops a hostile frame from making thousands of errors


class AsterixDecoder:
    """Reads the datagrams of one source: CAT048 and CAT062 become tracks, CAT034 teaches the session.

    Options (all optional):
    `node` names this node in the provenance; `nation` is that of every station of which `sources` says no other;
    `sources` maps ``"SAC/SIC"`` to ``{name, nation}`` (a nation may be ``unknown``); `sites` maps it to a radar's
    ``{latitude_deg, longitude_deg, altitude_msl_m}``; `site_from_stream` lets CAT034 item 120 give the sites that are
    not configured; `assumed_height_m` places targets that report no usable height (without it they stay polar);
    `time_window_s` refuses times of day further from the reception, `area` (``south_deg``, ``west_deg``, ``north_deg``,
    ``east_deg``) positions outside of it: both betray a wrong edition; `dedupe` drops repeated blocks; `leftovers` adds
    the mode of movement and the ages of CAT062 as an extension; `editions` states the editions that the source sends,
    and is refused if they are not those of the tables.
    """

    def __init__(
        self,
        *,
        node: str = "",
        nation: str | None = None,
        sources: object = None,
        sites: object = None,
        site_from_stream: bool = False,
        assumed_height_m: float | None = None,
        time_window_s: float | None = None,
        area: object = None,
        dedupe: bool = True,
        leftovers: bool = False,
        editions: object = None,
        limits: Limits | None = None,
    ) -> None:
        check_editions(editions)
        self.options = decoder_options(
            node=node,
            nation=nation,
            sources=sources,
            sites=sites,
            site_from_stream=site_from_stream,
            assumed_height_m=assumed_height_m,
            time_window_s=time_window_s,
            area=area,
            dedupe=dedupe,
            leftovers=leftovers,
            limits=limits,
        )
        self.session = Session(self.options)
        bounds = self.options.limits
        self._duplicates = DuplicateFilter(bounds.dedupe_window_s, bounds.dedupe_blocks) if dedupe else None
        self._build_048 = Builder048(self.session).build
        self._build_062 = Builder062(self.session).build

    @property
    def services(self) -> dict[tuple[int, int], RadarService]:
        """What each radar, by (SAC, SIC), last said of itself in CAT034."""
        return self.session.services

    def decode(self, frame: Frame) -> Decoded:
        """The tracks of one datagram; what was refused is in `problems` with its octet, and its neighbours live."""
        data = frame.octets
        bounds = self.options.limits
        if len(data) > bounds.max_frame_octets:
            cause = f"{len(data)} octets, {bounds.max_frame_octets} are allowed"
            return Decoded(problems=(refuse(codes.FRAME_TOO_LARGE, 0, cause),))
        self.session.begin(frame.received_at)
        reading = _Reading(data, bounds.max_records_per_frame)
        received = frame.received_at.timestamp()
        if self._duplicates is not None:
            self._duplicates.forget(received)
        duplicates = 0
        for start, end in reading.blocks():
            if self._duplicates is not None and self._duplicates.seen_at(data[start:end], received):
                duplicates += 1
                continue
            self._block(reading, start, end)
        return Decoded(
            tracks=tuple(reading.tracks),
            problems=tuple(reading.problems),
            silent=reading.silent,
            duplicates=duplicates,
        )

    def _block(self, reading: _Reading, start: int, end: int) -> None:
        """The records of one block. Without a length of their own they end with the first that cannot be cut."""
        data = reading.data
        category = data[start]
        codec = CODECS.get(category)
        if codec is None:
            known = ", ".join(f"{number:03d}" for number in CODECS)
            reading.refuse(refuse(codes.UNKNOWN_CATEGORY, start, f"category {category:03d}; read are {known}"))
            return
        place = start + 3
        if place == end:
            reading.refuse(refuse(codes.EMPTY_BLOCK, start, f"category {category:03d}, length 3"))
        build = self._build_048 if category == 48 else self._build_062 if category == 62 else None
        split = codec.layout.split
        while place < end:
            if reading.room == 0:
                reading.refuse(refuse(codes.FRAME_TOO_LARGE, place, "more records than max_records_per_frame"))
                return
            reading.room -= 1
            try:
                slots, plan, after = split(data, place, end)
                if not plan.present:
                    raise refuse(codes.EMPTY_FSPEC, place, f"the FSPEC is {data[place:after].hex()}")
            except FormatError as error:
                reading.refuse(error)
                return
            try:
                if build is not None:
                    reading.tracks.append(build(slots, plan, data[place:after], place))
                else:
                    service034.learn(self.session, slots, place)
                    reading.silent += 1
            except FormatError as error:
                reading.refuse(error)
            place = after


class _Reading:
    """What has been made of a datagram so far."""

    __slots__ = ("data", "problems", "room", "silent", "tracks")

    def __init__(self, data: bytes, room: int) -> None:
        self.data = data
        self.room = room
        self.tracks: list[Track] = []
        self.problems: list[FormatError] = []
        self.silent = 0

    def refuse(self, error: FormatError) -> None:
        """Keep the error, unless the frame has too many already."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(error)

    def blocks(self) -> list[tuple[int, int]]:
        """Start and end of each data block; what cannot be a block is refused and ends the datagram."""
        data, total = self.data, len(self.data)
        found: list[tuple[int, int]] = []
        place = 0
        while place + 3 <= total:
            length = data[place + 1] << 8 | data[place + 2]
            if length < 3:
                cause = f"category {data[place]:03d} states {length} octets, its header alone has 3"
                self.refuse(refuse(codes.BLOCK_TOO_SHORT, place, cause))
                return found
            if place + length > total:
                cause = f"category {data[place]:03d} states {length} octets, {total - place} are left"
                self.refuse(refuse(codes.BLOCK_PAST_END, place, cause))
                return found
            found.append((place, place + length))
            place += length
        if place < total or not total:
            self.refuse(refuse(codes.TRAILING_OCTETS, place, f"{total - place} octets, a block has at least 3"))
        return found
