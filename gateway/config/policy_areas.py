"""Areas of the policy file: polygons, circles, GeoJSON files, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.config import codes
from gateway.config.locate import KeyPath
from gateway.config.policy_file import AreaTable, PolicyFile
from gateway.config.policy_geojson import read_geojson
from gateway.config.problems import Problem
from gateway.errors import GatewayError
from gateway.policy.area import Area, circle, polygon, polygons


def read_areas(file: PolicyFile, contents: Mapping[KeyPath, bytes], areas: dict[str, Area]) -> Iterator[Problem]:
    """Put every sound area of the file into `areas`; what is wrong with the others.

    `contents` are the octets of the files that it names, by the key path that names them; one that could not be read
    is absent, and a problem elsewhere.
    """
    for name, table in file.area.items():
        path: KeyPath = ("area", name)
        given = [key for key in ("polygon", "circle", "file") if getattr(table, key)]
        if len(given) != 1:
            cause = f"area {name} has {' and '.join(given) or 'no shape'}; expected one of polygon, circle and file"
            remedy = "keep one of them" if given else "add one of them"
            yield Problem(code=codes.CONFLICT, path=path, cause=cause, remedy=remedy, at_key=True)
            continue
        at: KeyPath = (*path, given[0])
        if table.file is not None and at not in contents:
            continue
        try:
            areas[name] = _area(table, contents.get(at, b""))
        except GatewayError as error:
            where = f" ({error.place.lstrip(', ')})" if error.place else ""
            cause = f"area {name}{where}: {error.code.title}: {error.cause}"
            yield Problem(code=codes.WRONG_VALUE, path=at, cause=cause, remedy=error.remedy)
        except ValueError as error:
            cause = f"{table.file}: {error}"
            yield Problem(code=codes.POLICY_FILE, path=at, cause=cause)


def _area(table: AreaTable, octets: bytes) -> Area:
    if table.circle is not None:
        here = table.circle
        return circle(latitude_deg=here.latitude_deg, longitude_deg=here.longitude_deg, radius_m=here.radius_m)
    if table.file is not None:
        return polygons(read_geojson(octets))
    return polygon(table.polygon)
