"""Where a node stands, which way it faces, and how far it notices things: what ranges and bearings count from."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from gateway.errors import FormatError
from gateway.formats.sapient.place import Place, is_unknown, place_of
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.v2 import LocationOrRangeBearing, StatusReport
from gateway.geodesy import Horizon
from gateway.track import Position

_KILOMETRES = (3, 4)  # RangeBearingCoordinateSystem


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


def reported(status: StatusReport, before: Pose, zone: str, letters: str, site: Place | None = None) -> Pose:
    """The pose after a StatusReport, which leaves out what has not changed. `FormatError` for a place that is none.

    A node that says 0/0 does not know where it stands: then `site`, the configured place, holds, if there is one.
    """
    place = before.place
    if status.HasField("node_location") and is_unknown(status.node_location):
        place = site
    elif status.HasField("node_location"):
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


def configured(sites: Mapping[str, Mapping[str, float]]) -> dict[str, Pose]:
    """Poses from the checked figures of sites, by node id."""
    poses: dict[str, Pose] = {}
    for node_id, site in sites.items():
        place = None
        if "latitude_deg" in site:
            position = Position(site["latitude_deg"], site["longitude_deg"])
            place = Place(position, site.get("altitude_hae_m"), site.get("altitude_msl_m"))
        poses[node_id] = Pose(place, site.get("heading_deg"))
    return poses


def needed(pose: Pose, node_id: str) -> Place:
    """The place of a pose; `FormatError` ``SAP-051`` if it has none."""
    if pose.place is None:
        raise FormatError(codes.NO_POSE, place="range_bearing", cause=f"node {node_id} has not said where it stands")
    return pose.place
