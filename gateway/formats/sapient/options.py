"""Values of options, checked where a codec or endpoint is made: a wrong one is refused before anything is heard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from gateway.errors import FormatError
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.ulid import node_id_of

_SITE = frozenset(("latitude_deg", "longitude_deg", "altitude_hae_m", "altitude_msl_m", "heading_deg"))
_HIGHEST_M = 100_000.0


def wrong(name: str, cause: str) -> FormatError:
    """The refusal of an option's value."""
    return FormatError(codes.OPTION, place=name, cause=cause)


def number(name: str, value: object, low: float, high: float) -> float:
    """A number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise wrong(name, f"expected a number from {low:g} to {high:g}, observed {value!r:.40}")
    return float(value)


def flag(name: str, value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise wrong(name, f"expected true or false, observed {value!r:.40}")
    return value


def choice(name: str, value: object, among: Sequence[str]) -> str:
    """One of several words."""
    if not isinstance(value, str) or value not in among:
        raise wrong(name, f"expected {' or '.join(among)}, observed {value!r:.40}")
    return value


def text(name: str, value: object) -> str:
    """A text that people read."""
    if not isinstance(value, str) or len(value) > 200:
        raise wrong(name, f"expected a text of at most 200 characters, observed {value!r:.40}")
    return value


def words(name: str, value: object) -> frozenset[str]:
    """A list of texts, without case."""
    if isinstance(value, str) or not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
        raise wrong(name, f"expected a list of texts, observed {value!r:.40}")
    return frozenset(one.strip().casefold() for one in value)


def own_node_id(value: object, node: str) -> str:
    """A configured node id in lower case, or one derived from our name."""
    if value is None:
        return node_id_of(node)
    try:
        found = UUID(value) if isinstance(value, str) else None
    except ValueError:
        found = None
    if found is None or found.version != 4:
        raise wrong("node_id", f"expected a UUID of version 4, observed {value!r:.40}")
    return str(found)


def site(name: str, value: object) -> Mapping[str, float]:
    """The figures of a site, each within its bounds; latitude and longitude both or neither."""
    if not isinstance(value, Mapping):
        raise wrong(name, "expected a table")
    unknown = sorted(str(key) for key in value if key not in _SITE)
    if unknown:
        raise wrong(f"{name}.{unknown[0]:.40}", f"unknown; known are {', '.join(sorted(_SITE))}")
    bounds = {"latitude_deg": (-90.0, 90.0), "longitude_deg": (-180.0, 180.0), "heading_deg": (0.0, 360.0)}
    figures = {
        key: number(f"{name}.{key}", one, *bounds.get(key, (-_HIGHEST_M, _HIGHEST_M))) for key, one in value.items()
    }
    if ("latitude_deg" in figures) != ("longitude_deg" in figures):
        raise wrong(name, "expected both latitude_deg and longitude_deg, or neither")
    if figures.get("longitude_deg") == -180.0:
        figures["longitude_deg"] = 180.0
    return figures


def sites(value: object) -> dict[str, Mapping[str, float]]:
    """Sites by node id, in lower case."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wrong("sites", "expected a table by node id")
    return {str(node_id).lower(): site(f"sites.{node_id!s:.40}", one) for node_id, one in value.items()}
