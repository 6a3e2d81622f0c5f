"""What Remote ID says beside the canonical fields, as one extension element; never anything about the operator.

``<x:RemoteId xmlns:x="urn:alliance-track-gateway:remoteid" .../>`` with the attributes of `NAMES`, each in the units of
its name. The area is that of a group of aircraft around the reported one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from html import unescape

from gateway.track import Extension

NAMESPACE = "urn:alliance-track-gateway:remoteid"
NAME = "RemoteId"
NAMES = frozenset(
    {
        "area-ceiling-hae-m",
        "area-count",
        "area-floor-hae-m",
        "area-radius-m",
        "baro-accuracy-95-m",
        "channel",
        "classification-type",
        "frequency-mhz",
        "receiver",
        "rssi-dbm",
        "self-id-type",
        "status",
        "time-accuracy-s",
        "transport",
        "ua-type",
    }
)
_ATTRIBUTE = re.compile(r' ([a-z0-9-]{1,24})="([^"<]{0,400})"')
_ESCAPES = {
    ord("&"): "&amp;",
    ord("<"): "&lt;",
    ord('"'): "&quot;",
    ord("\t"): "&#x9;",
    ord("\n"): "&#xA;",
    ord("\r"): "&#xD;",
}


def extension(values: Mapping[str, str]) -> tuple[Extension, ...]:
    """The values as one element in canonical form, or nothing when there are none."""
    return _extension(tuple(sorted(values.items()))) if values else ()


@lru_cache(maxsize=4_096)
def _extension(values: tuple[tuple[str, str], ...]) -> tuple[Extension, ...]:
    text = "".join([f' {name}="{value.translate(_ESCAPES)}"' for name, value in values])
    return (Extension(NAMESPACE, NAME, f'<x:{NAME} xmlns:x="{NAMESPACE}"{text}></x:{NAME}>'),)


def read(extensions: Iterable[Extension]) -> dict[str, str]:
    """The values of the first element of ours; it came through partners, so only known names are looked at."""
    for one in extensions:
        if one.namespace == NAMESPACE and one.name == NAME:
            return {name: unescape(text) for name, text in _ATTRIBUTE.findall(one.xml) if name in NAMES}
    return {}
