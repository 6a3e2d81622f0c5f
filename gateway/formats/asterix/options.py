"""Options of the format, from a feed's ``options`` table: checked once, with the name of what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from gateway.errors import FormatError
from gateway.formats.asterix import codes
from gateway.formats.asterix.records import CODECS
from gateway.formats.asterix.session import Area, DecoderOptions, SourceName
from gateway.geodesy import Site
from gateway.limits import Limits

Table = Mapping[str, object]


def wrong(name: str, cause: str) -> FormatError:
    """The refusal of an option."""
    return FormatError(codes.OPTION, place=name, cause=cause)


def number(value: object, name: str, low: float, high: float) -> float:
    """`value` as a finite number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or not low <= value <= high:
        raise wrong(name, f"expected a number from {low:g} to {high:g}, observed {value!r:.40}")
    return float(value)


def whole(value: object, name: str, low: int, high: int) -> int:
    """`value` as an integer within bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise wrong(name, f"expected an integer from {low} to {high}, observed {value!r:.40}")
    return value


def flag(value: object, name: str) -> bool:
    """`value` as true or false."""
    if not isinstance(value, bool):
        raise wrong(name, f"expected true or false, observed {value!r:.40}")
    return value


def station(text: object, name: str) -> tuple[int, int]:
    """``25/201`` as SAC and SIC."""
    sac, slash, sic = text.partition("/") if isinstance(text, str) else ("", "", "")
    if not slash or not (sac.isdecimal() and sic.isdecimal() and int(sac) < 256 and int(sic) < 256):
        raise wrong(name, f"expected SAC/SIC such as 25/201, observed {text!r:.40}")
    return int(sac), int(sic)


def _table(value: object, name: str, known: frozenset[str]) -> Table:
    if not isinstance(value, Mapping):
        raise wrong(name, "expected a table")
    if unknown := sorted(str(key) for key in value.keys() - known):
        raise wrong(f"{name}.{unknown[0]:.40}", f"unknown; known are {', '.join(sorted(known))}")
    return value


def _site(value: object, name: str) -> Site:
    if isinstance(value, Site):
        return value
    table = _table(value, name, frozenset({"latitude_deg", "longitude_deg", "altitude_msl_m"}))
    for key in ("latitude_deg", "longitude_deg", "altitude_msl_m"):
        if key not in table:
            raise wrong(f"{name}.{key}", "absent; a site needs latitude_deg, longitude_deg and altitude_msl_m")
    return Site(
        latitude_deg=number(table["latitude_deg"], f"{name}.latitude_deg", -90, 90),
        longitude_deg=number(table["longitude_deg"], f"{name}.longitude_deg", -180, 180),
        altitude_msl_m=number(table["altitude_msl_m"], f"{name}.altitude_msl_m", -500, 9000),
    )


def _source(value: object, name: str, nation: str | None) -> SourceName:
    """`nation` is that of a station whose table does not say it."""
    if isinstance(value, SourceName):
        return value
    table = _table(value, name, frozenset({"name", "nation"}))
    title = table.get("name")
    if title is not None and (not isinstance(title, str) or not title):
        raise wrong(f"{name}.name", "expected text")
    return SourceName(name=title, nation=_nation(table.get("nation", nation), f"{name}.nation"))


def _nation(value: object, name: str) -> str | None:
    if value is None or value == "unknown":
        return None
    if not (isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha() and value.isupper()):
        raise wrong(name, f"expected three upper-case letters or unknown, observed {value!r:.40}")
    return value


def _area(value: object) -> Area:
    table = _table(value, "area", frozenset(Area.__struct_fields__))
    limits = {"south_deg": 90, "north_deg": 90, "west_deg": 180, "east_deg": 180}
    sides = {name: number(table.get(name), f"area.{name}", -limit, limit) for name, limit in limits.items()}
    if sides["south_deg"] > sides["north_deg"]:
        raise wrong("area.south_deg", "is north of north_deg")
    return Area(**sides)


def _stations(value: object, name: str) -> Mapping[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wrong(name, "expected a table by SAC/SIC")
    return value


def check_editions(editions: object) -> None:
    """Refuse an edition that is not the one the tables are of: nothing on the wire would tell."""
    for key, edition in _stations(editions, "editions").items():
        codec = CODECS.get(int(key)) if str(key).isdecimal() else None
        if codec is None or edition != codec.edition:
            known = ", ".join(f"{number:03d} in {codec.edition}" for number, codec in CODECS.items())
            raise wrong(f"editions.{key!s:.40}", f"edition {edition!r:.20} is not read here; read are {known}")


def decoder_options(
    *,
    node: object,
    nation: object,
    sources: object,
    sites: object,
    site_from_stream: object,
    assumed_height_m: object,
    time_window_s: object,
    area: object,
    dedupe: object,
    leftovers: object,
    limits: Limits | None,
) -> DecoderOptions:
    """The options of a decoder, each checked; `FormatError` (AST-040) names the first that is not usable."""
    if not isinstance(node, str):
        raise wrong("node", "expected the name of the node")
    of_all = _nation(nation, "nation")
    return DecoderOptions(
        gateway=node,
        nation=of_all,
        sources={
            station(key, f"sources.{key!s:.20}"): _source(value, f"sources.{key!s:.20}", of_all)
            for key, value in _stations(sources, "sources").items()
        },
        sites={
            station(key, f"sites.{key!s:.20}"): _site(value, f"sites.{key!s:.20}")
            for key, value in _stations(sites, "sites").items()
        },
        site_from_stream=flag(site_from_stream, "site_from_stream"),
        assumed_height_m=None
        if assumed_height_m is None
        else number(assumed_height_m, "assumed_height_m", -500, 30_000),
        time_window_s=None if time_window_s is None else number(time_window_s, "time_window_s", 0.001, 43_200),
        area=None if area is None else _area(area),
        dedupe=flag(dedupe, "dedupe"),
        leftovers=flag(leftovers, "leftovers"),
        limits=limits if limits is not None else Limits(),
    )
