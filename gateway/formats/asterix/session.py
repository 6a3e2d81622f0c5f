"""What a decoder knows besides the frame: options, the day, radar sites and what the radars say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from gateway.formats.asterix.memo import Memo
from gateway.geodesy import LineOfSight, Site
from gateway.limits import Limits
from gateway.track import Polar, Position, Source

DAY_S = 86_400
TICKS_PER_DAY = DAY_S * 128  # the time of day counts 1/128 s
HALF_DAY = TICKS_PER_DAY // 2
MAX_RADARS = 1024  # that one decoder remembers: stops a sender of ever new SAC/SICs; further ones work without memory


class SourceName(Struct, frozen=True, kw_only=True):
    """What the operator knows about one SAC/SIC. The SAC alone names no nation."""

    name: str | None = None
    nation: str | None = None


class Area(Struct, frozen=True, kw_only=True):
    """A box on the earth; `west` beyond `east` spans the antimeridian."""

    south_deg: float
    west_deg: float
    north_deg: float
    east_deg: float

    def holds(self, point: Position) -> bool:
        """Whether the point lies in the box, its edges included."""
        if not self.south_deg <= point.latitude_deg <= self.north_deg:
            return False
        if self.west_deg <= self.east_deg:
            return self.west_deg <= point.longitude_deg <= self.east_deg
        return point.longitude_deg >= self.west_deg or point.longitude_deg <= self.east_deg


class DecoderOptions(Struct, frozen=True, kw_only=True):
    """Validated options of a decoder; `options.decoder_options` makes them."""

    gateway: str
    nation: str | None
    sources: Mapping[tuple[int, int], SourceName]
    sites: Mapping[tuple[int, int], Site]
    site_from_stream: bool
    assumed_height_m: float | None
    time_window_s: float | None
    area: Area | None
    dedupe: bool
    leftovers: bool
    limits: Limits


class RadarService(Struct, kw_only=True):
    """What a radar last said of itself in CAT034: for the operator, never for a track."""

    north_markers: int = 0
    sector_crossings: int = 0
    other_messages: int = 0
    last_sector_deg: float | None = None
    last_time: datetime | None = None
    rotation_period_s: float | None = None
    site: Site | None = None
    released: bool | None = None
    """False: the radar itself says that its data shall not be used (NOGO)."""


class Session:
    """State of one decoder."""

    def __init__(self, options: DecoderOptions) -> None:
        self.options = options
        self.received_at = datetime.fromtimestamp(0, UTC)
        self.services: dict[tuple[int, int], RadarService] = {}
        self.source_048: Memo[bytes, Source] = Memo(lambda key: self._source(key, "RADAR"))
        self.source_062: Memo[bytes, Source] = Memo(lambda key: self._source(key, "SDPS"))
        self.sites = dict(options.sites)
        self.lines: dict[bytes, LineOfSight] = {bytes(key): LineOfSight(site) for key, site in self.sites.items()}
        self.polars: dict[bytes, Polar] = {bytes(key): self._template(bytes(key)) for key in self.sites}
        self._ticks = 0
        self._today = self._yesterday = self._tomorrow = self.received_at
        self._window = options.time_window_s

    # ----------------------------------------------------------------------------------------------------------- time

    def begin(self, received_at: datetime) -> None:
        """Set the reception time that the times of day of a frame are told by."""
        if received_at == self.received_at:
            return
        self.received_at = received_at
        utc = received_at.astimezone(UTC)
        midnight = utc.replace(hour=0, minute=0, second=0, microsecond=0)
        self._ticks = int((utc - midnight).total_seconds() * 128)
        self._today = midnight
        self._yesterday = midnight - timedelta(days=1)
        self._tomorrow = midnight + timedelta(days=1)

    def instant(self, ticks: int) -> datetime:
        """The instant with that time of day (1/128 s) that is nearest to the reception."""
        ahead = ticks - self._ticks
        base = self._yesterday if ahead > HALF_DAY else self._tomorrow if ahead < -HALF_DAY else self._today
        return base + timedelta(0, 0, (ticks * 15625 + 1) >> 1)

    def too_far(self, time: datetime) -> bool:
        """Whether a time of day is outside of the window that the operator set around the reception."""
        return self._window is not None and abs((time - self.received_at).total_seconds()) > self._window

    # --------------------------------------------------------------------------------------------------------- sources

    def _source(self, key: bytes, modality: str) -> Source:
        sac, sic = key
        known = self.options.sources.get((sac, sic)) or SourceName(nation=self.options.nation)
        name = known.name or f"{sac}/{sic}"
        return Source(id=f"src-{sac}-{sic}", name=name, modality=modality, nation=known.nation)

    def _template(self, key: bytes) -> Polar:
        sac, sic = key
        site = self.sites.get((sac, sic))
        if site is None:
            return Polar(sensor=f"asterix:{sac}/{sic}", north="TRUE")
        place = Position(site.latitude_deg, site.longitude_deg)
        return Polar(
            sensor=f"asterix:{sac}/{sic}",
            sensor_position=place,
            sensor_altitude_msl_m=site.altitude_msl_m,
            north="TRUE",
        )

    def polar_of(self, key: bytes) -> Polar:
        """What every polar of this radar has in common: its name, and its site where that is known."""
        found = self.polars.get(key)
        if found is None:
            found = self._template(key)
            if len(self.polars) < MAX_RADARS:
                self.polars[key] = found
        return found

    def learn_site(self, key: bytes, site: Site) -> None:
        """Take a radar's own word for its site where the options allow it and name no other."""
        sac, sic = key
        if not self.options.site_from_stream or (sac, sic) in self.options.sites:
            return
        if self.sites.get((sac, sic)) != site and len(self.sites) < MAX_RADARS:
            self.sites[sac, sic] = site
            self.lines[key] = LineOfSight(site)
            self.polars[key] = self._template(key)

    def service(self, key: bytes) -> RadarService:
        """What the radar with that SAC/SIC said of itself."""
        sac, sic = key
        found = self.services.get((sac, sic))
        if found is None:
            found = RadarService()
            if len(self.services) < MAX_RADARS:
                self.services[sac, sic] = found
        return found
