"""CAT062 items without a canonical field, as one extension element: mode of movement and ages, on request.

``<x:SystemTrack xmlns:x="urn:alliance-track-gateway:asterix:062" .../>`` carries I062/200 as ``trans``, ``long``,
``vert`` and ``adf`` (the codes of the edition), I062/290 as ``update-age-psr`` and the like, and I062/295 as
``data-age-mfl`` and the like, in seconds. Nobody acts on it; without it the items are in the raw record only.
"""

from __future__ import annotations

from gateway.formats.asterix.memo import Memo
from gateway.formats.asterix.records import CODECS
from gateway.track import Extension

NAMESPACE = "urn:alliance-track-gateway:asterix:062"
NAME = "SystemTrack"
ITEMS = frozenset({"200", "290", "295"})

_PREFIXES = {"200": "", "290": "update-age-", "295": "data-age-"}


def _extension(key: tuple[bytes, bytes, bytes]) -> tuple[Extension, ...]:
    attributes = []
    for (item, prefix), octets in zip(_PREFIXES.items(), key, strict=True):
        values = CODECS[62].items[item].read(octets) if octets else {}
        assert isinstance(values, dict)
        for name, value in values.items():
            if isinstance(value, int | float) and not name.startswith(("spare", "fspec")):
                attributes.append((f"{prefix}{name.lower()}", f"{value:g}"))
    if not attributes:
        return ()
    text = "".join(f' {name}="{value}"' for name, value in sorted(attributes))  # canonical order
    xml = f'<x:{NAME} xmlns:x="{NAMESPACE}"{text}></x:{NAME}>'
    return (Extension(NAMESPACE, NAME, xml),)


extensions: Memo[tuple[bytes, bytes, bytes], tuple[Extension, ...]] = Memo(_extension, 16384)
