"""Where a node stands, which way it faces, and how far it notices things: what ranges and bearings count from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from gateway.errors import FormatError
from gateway.formats.sapient.place import Place, place_of
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.v2 import LocationOrRangeBearing, StatusReport
from gateway.geodesy import Horizon
from gateway.track import Position

_KILOMETRES = (3, 4)  # RangeBearingCoordinateSystem
_SITE_KEYS = frozenset(("latitude_deg", "longitude_deg", "altitude_hae_m", "altitude_msl_m", "heading_deg"))


class Pose:
    """One node's. Immutable; a new one is made when the node says something new."""

    def __init__(self, place: Place | None, heading_deg: float | None = None, reach_m: float | None = None) -> None:
        self.place = place
        self.heading_deg = heading_deg
        """Of the platform, from true north. SAPIENT has no field for it, so it comes from the configuration."""
        self.reach_m = reach_m

    @cached_property
    def horizon(self) -> Horizon:
        """The local frame of the place. Without a height the frame lies on the ellipsoid, which moves a point ten
        kilometres away by less than a metre per 600 m of height; no height is then given to the point."""
        assert self.place is not None
        return Horizon(self.place.position, self.height_m or 0.0)

    @property
    def height_m(self) -> float | None:
        """Above the ellipsoid, else above mean sea level."""
        if self.place is None:
            return None
        return self.place.hae_m if self.place.hae_m is not None else self.place.msl_m


def reported(status: StatusReport, before: Pose, zone: str, letters: str) -> Pose:
    """The pose after a StatusReport, which leaves out what has not changed. `FormatError` for a place that is none."""
    place = before.place
    if status.HasField("node_location"):
        place = place_of(status.node_location, zone, "status_report.node_location", letters)
    reach = before.reach_m
    areas = [*status.coverage, *([status.field_of_view] if status.HasField("field_of_view") else [])]
    if areas:
        found = [far for far in map(_reach, areas) if far is not None]
        reach = max(found) if found else None
    if place is before.place and reach == before.reach_m:
        return before
    return Pose(place, before.heading_deg, reach)


def _reach(area: LocationOrRangeBearing) -> float | None:
    if area.WhichOneof("fov_oneof") != "range_bearing" or not area.range_bearing.HasField("range"):
        return None
    far = area.range_bearing.range
    return far * 1000 if area.range_bearing.coordinate_system in _KILOMETRES else far


def configured(sites: Mapping[str, Mapping[str, float]] | None) -> dict[str, Pose]:
    """Poses from the option `sites`, by node id. `ValueError` or `TypeError` for what is no site."""
    poses: dict[str, Pose] = {}
    for node_id, site in (sites or {}).items():
        unknown = sorted(set(site) - _SITE_KEYS)
        if unknown:
            raise ValueError(f"site {node_id} has no {unknown[0]}; it has {', '.join(sorted(_SITE_KEYS))}")
        numbers = {key: float(value) for key, value in site.items()}
        latitude, longitude = numbers.get("latitude_deg"), numbers.get("longitude_deg")
        if (latitude is None) != (longitude is None):
            raise ValueError(f"site {node_id} needs both latitude_deg and longitude_deg, or neither")
        place = None
        if latitude is not None and longitude is not None:
            if not (-90 <= latitude <= 90 and -180 < longitude <= 180):
                raise ValueError(f"site {node_id} is nowhere on Earth")
            heights = numbers.get("altitude_hae_m"), numbers.get("altitude_msl_m")
            place = Place(Position(latitude, longitude), *heights)
        poses[node_id.lower()] = Pose(place, numbers.get("heading_deg"))
    return poses


def needed(pose: Pose, node_id: str) -> Place:
    """The place of a pose; `FormatError` ``SAP-051`` if it has none."""
    if pose.place is None:
        raise FormatError(codes.NO_POSE, place="range_bearing", cause=f"node {node_id} has sent no node_location")
    return pose.place
