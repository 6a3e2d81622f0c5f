"""From what a sensor measures to where the target is: slant range, azimuth and height, or elevation, to a point on
WGS 84, and back.

`LineOfSight` is for radars, which measure no elevation: the line of sight leaves the antenna in the plane of the
azimuth, and its elevation follows from the target's height: first on the sphere that fits the ellipsoid in that
direction, then corrected on the ellipsoid itself until the height of the end point agrees within a centimetre.
`Horizon` is for sensors that do measure it. No refraction is modelled.

Heights above mean sea level (antenna, 3D height) and pressure altitudes are taken as heights above one common surface:
the undulation of the geoid, some tens of metres, is the same at both ends to within a metre or two and cancels.
"""

from __future__ import annotations

from math import asin, atan2, cos, degrees, hypot, radians, sin, sqrt

from msgspec import Struct

from gateway.track import Position

A = 6378137.0  # WGS 84 semi-major axis, metres
F = 1 / 298.257223563
B = A * (1 - F)
E2 = F * (2 - F)
EP2 = E2 / (1 - E2)

HEIGHT_TOLERANCE_M = 0.01
MAX_ROUNDS = 4  # converges in one or two; more means that the geometry has no answer


class Site(Struct, frozen=True, kw_only=True):
    """Where a radar's antenna stands."""

    latitude_deg: float
    longitude_deg: float
    altitude_msl_m: float


class LineOfSight:
    """Geometry of one site, worked out once; then about four microseconds per target."""

    def __init__(self, site: Site) -> None:
        latitude, longitude = radians(site.latitude_deg), radians(site.longitude_deg)
        self._sin, self._cos = sin(latitude), cos(latitude)
        self._longitude = longitude
        self._height = site.altitude_msl_m
        w = sqrt(1 - E2 * self._sin * self._sin)
        self._normal = A / w  # radius of curvature across the meridian
        self._meridian = A * (1 - E2) / w**3  # and along it
        # The site in the earth-fixed frame turned so that the site's own meridian is longitude zero
        self._x = (self._normal + self._height) * self._cos
        self._z = (self._normal * (1 - E2) + self._height) * self._sin

    def point(self, *, range_m: float, azimuth_deg: float, height_m: float) -> Position | None:
        """The point at that slant range, azimuth (from true north at the site) and height; `None` if none exists."""
        azimuth = radians(azimuth_deg)
        north, east = cos(azimuth), sin(azimuth)
        radius = 1 / (north * north / self._meridian + east * east / self._normal)  # Euler, in that direction
        if range_m <= 0:
            return None
        here, there = radius + self._height, radius + height_m
        climb = ((there - here) * (there + here) - range_m * range_m) / (2 * range_m * here)
        if not -1 <= climb <= 1:
            return None
        elevation = asin(climb)
        for _ in range(MAX_ROUNDS):
            flat, up = range_m * cos(elevation), range_m * sin(elevation)
            y = flat * east
            northward = flat * north
            x = self._x + up * self._cos - northward * self._sin
            z = self._z + up * self._sin + northward * self._cos
            p = hypot(x, y)
            # Bowring's latitude: within a nanometre for anything that flies
            t = z * A / (p * B)
            c = 1 / sqrt(1 + t * t)
            s = t * c
            latitude = atan2(z + EP2 * B * s * s * s, p - E2 * A * c * c * c)
            sl = sin(latitude)
            w = sqrt(1 - E2 * sl * sl)
            error = p * cos(latitude) + z * sl - A * w - height_m
            if -HEIGHT_TOLERANCE_M < error < HEIGHT_TOLERANCE_M:
                turned = degrees(self._longitude + atan2(y, x))
                return Position(degrees(latitude), turned if -180 < turned <= 180 else (turned - 180) % -360 + 180)
            # How fast the height grows with the elevation: the horizontal distance, tilted by the earth's curve
            slope = flat * (self._x * self._cos + self._z * self._sin) / radius
            if slope == 0:
                return None
            elevation -= error / slope
        return None

    def polar(self, point: Position, height_m: float) -> tuple[float, float]:
        """(slant range in metres, azimuth in degrees 0 to 360) of a point at a height: the inverse of `point`."""
        latitude = radians(point.latitude_deg)
        turn = radians(point.longitude_deg) - self._longitude
        sl, cl = sin(latitude), cos(latitude)
        normal = A / sqrt(1 - E2 * sl * sl)
        x = (normal + height_m) * cl * cos(turn) - self._x
        y = (normal + height_m) * cl * sin(turn)
        z = (normal * (1 - E2) + height_m) * sl - self._z
        north = z * self._cos - x * self._sin
        up = x * self._cos + z * self._sin
        return sqrt(y * y + north * north + up * up), degrees(atan2(y, north)) % 360.0


class Sight(Struct, frozen=True, gc=False):
    """Where a point is seen from a place: along the straight line, without refraction."""

    azimuth_deg: float
    """0 to 360 from true north."""
    elevation_deg: float
    """Above the plane that touches the ellipsoid's parallel at the place."""
    range_m: float


class Horizon:
    """The local east, north and up of one place, worked out once. All heights are above the ellipsoid.

    Or above any one surface that runs parallel to it nearby: with heights above mean sea level at the place, heights of
    points within some tens of kilometres are above mean sea level too, to within a metre or two.
    """

    def __init__(self, place: Position, height_m: float) -> None:
        latitude = radians(place.latitude_deg)
        self._longitude_deg = place.longitude_deg
        self._sin, self._cos = sin(latitude), cos(latitude)
        normal = A / sqrt(1 - E2 * self._sin * self._sin)
        # The place in the earth-fixed frame turned so that its own meridian is longitude zero
        self._x = (normal + height_m) * self._cos
        self._z = (normal * (1 - E2) + height_m) * self._sin

    def point(self, *, azimuth_deg: float, elevation_deg: float, range_m: float) -> tuple[Position, float]:
        """(the point, its height in metres) at an azimuth from true north, an elevation and a slant range."""
        azimuth, elevation = radians(azimuth_deg), radians(elevation_deg)
        flat = range_m * cos(elevation)
        return self.at(east_m=flat * sin(azimuth), north_m=flat * cos(azimuth), up_m=range_m * sin(elevation))

    def at(self, *, east_m: float, north_m: float, up_m: float) -> tuple[Position, float]:
        """(the point, its height in metres) that far east, north and up of the place."""
        x = self._x + up_m * self._cos - north_m * self._sin
        z = self._z + up_m * self._sin + north_m * self._cos
        p = hypot(x, east_m)
        parametric = atan2(z * A, p * B)
        for _ in range(2):  # Bowring: within a nanometre after the second step
            s, c = sin(parametric), cos(parametric)
            latitude = atan2(z + EP2 * B * s * s * s, p - E2 * A * c * c * c)
            parametric = atan2(B * sin(latitude), A * cos(latitude))
        sl, cl = sin(latitude), cos(latitude)
        height = p * cl + z * sl - A * sqrt(1 - E2 * sl * sl)
        longitude = self._longitude_deg + degrees(atan2(east_m, x))
        longitude += 360 if longitude <= -180 else -360 if longitude > 180 else 0
        return Position(degrees(latitude), longitude), height

    def enu(self, point: Position, height_m: float) -> tuple[float, float, float]:
        """(east, north, up) in metres of a point at a height: the inverse of `at`."""
        latitude = radians(point.latitude_deg)
        turn = radians(point.longitude_deg - self._longitude_deg)
        sl, cl = sin(latitude), cos(latitude)
        normal = A / sqrt(1 - E2 * sl * sl)
        x = (normal + height_m) * cl * cos(turn) - self._x
        y = (normal + height_m) * cl * sin(turn)
        z = (normal * (1 - E2) + height_m) * sl - self._z
        return y, z * self._cos - x * self._sin, x * self._cos + z * self._sin

    def sight(self, point: Position, height_m: float) -> Sight:
        """Azimuth, elevation and range of a point at a height: the inverse of `point`."""
        east, north, up = self.enu(point, height_m)
        flat = hypot(east, north)
        return Sight(degrees(atan2(east, north)) % 360.0, degrees(atan2(up, flat)), hypot(flat, up))
