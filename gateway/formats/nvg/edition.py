"""Which edition of NVG a document declares, and what that means: speed is in knots up to 1.5 and in km/h from 2.0."""

from __future__ import annotations

import re

from msgspec import Struct

from gateway.formats.nvg.values import KMH, KNOT

NVG = "https://tide.act.nato.int/schemas/2012/10/nvg"
"""Namespace of 2.0.0 to 2.0.2."""
KEPT = "urn:alliance:track-exchange:ext:nvg:2.0"
"""Where leftovers of an NVG object live inside an `Extension`."""
VERSION = "2.0.2"

_BY_YEAR = {"2008/10": "1.4", "2009/10": "1.5", "2012/10": "2.0"}
_NAMESPACE = re.compile(r"https?://tide\.act\.nato\.int/schemas/([0-9]{4}/[0-9]{2})/nvg/?").fullmatch
_VERSION = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})(?:[.\-].*)?").fullmatch


class Edition(Struct, frozen=True):
    """What a document says it is."""

    version: str
    """As declared; empty where nothing declares it."""
    speed_unit: float | None
    """Metres per second of one unit of `speed`; `None` where no declaration tells the unit, so none is assumed."""


def is_nvg(namespace: str) -> bool:
    """Whether elements of this namespace are NVG's; producers write http for https, and some write none at all."""
    return namespace == "" or _NAMESPACE(namespace) is not None


def edition_of(namespace: str, version: str) -> Edition:
    """The edition by the version attribute; by the namespace only where that attribute is absent."""
    declared = version.strip()
    if not declared:
        found = _NAMESPACE(namespace)
        declared = _BY_YEAR.get(found[1], "") if found else ""
    numbers = _VERSION(declared)
    if numbers is None:
        return Edition(declared, None)
    major, minor = int(numbers[1]), int(numbers[2])
    if major == 1 and minor <= 5:
        return Edition(declared, KNOT)
    return Edition(declared, KMH if major == 2 else None)
