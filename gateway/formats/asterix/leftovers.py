"""CAT062 items without a canonical field, as one extension element: mode of movement and ages, on request.

``<x:SystemTrack xmlns:x="urn:alliance-track-gateway:asterix:062" .../>`` carries I062/200 as ``trans``, ``long``,
``vert`` and ``adf`` (the codes of the edition), I062/290 as ``update-age-psr`` and the like, and I062/295 as
``data-age-mfl`` and the like, in seconds. Nobody acts on it; without it the items are in the raw record only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from gateway.errors import FormatError
from gateway.formats.asterix.bits import Value
from gateway.formats.asterix.memo import Memo
from gateway.formats.asterix.records import CODECS
from gateway.formats.asterix.spec import Compound, Group, Named, Spare, Variation
from gateway.track import Extension

NAMESPACE = "urn:alliance-track-gateway:asterix:062"
NAME = "SystemTrack"
ITEMS = frozenset({"200", "290", "295"})


def _fields(variation: Variation) -> Iterable[str]:
    parts: tuple[Named | Spare | None, ...] = variation.fields if isinstance(variation, Group) else ()
    parts = variation.subfields if isinstance(variation, Compound) else parts
    return [part.name for part in parts if isinstance(part, Named)]


_NAMES = {item: tuple(_fields(CODECS[62].category.items[item].variation)) for item in ("200", "290", "295")}
_ATTRIBUTE = re.compile(r' ([a-z0-9-]{1,24})="(-?[0-9]{1,6}(?:\.[0-9]{1,6})?)"')
_PREFIXES = {"200": "", "290": "update-age-", "295": "data-age-"}


def _extension(key: tuple[bytes, bytes, bytes]) -> tuple[Extension, ...]:
    attributes = []
    for (item, prefix), octets in zip(_PREFIXES.items(), key, strict=True):
        values = CODECS[62].items[item].read(octets) if octets else {}
        assert isinstance(values, dict)
        for name, value in values.items():
            if isinstance(value, int | float) and not name.startswith(("spare", "fspec")):
                attributes.append((f"{prefix}{name.lower()}", f"{value:.10g}"))
    if not attributes:
        return ()
    text = "".join(f' {name}="{value}"' for name, value in sorted(attributes))  # canonical order
    xml = f'<x:{NAME} xmlns:x="{NAMESPACE}"{text}></x:{NAME}>'
    return (Extension(NAMESPACE, NAME, xml),)


extensions: Memo[tuple[bytes, bytes, bytes], tuple[Extension, ...]] = Memo(_extension, 16384)


def _items(xml: str) -> dict[str, bytes]:
    """The items that an extension stands for; one with values that the edition does not know is left out."""
    attributes = dict(_ATTRIBUTE.findall(xml))
    found: dict[str, bytes] = {}
    for item, prefix in _PREFIXES.items():
        inner = CODECS[62].items[item]
        known = {name: attributes[key] for name in _NAMES[item] if (key := f"{prefix}{name.lower()}") in attributes}
        values: dict[str, Value] = {
            name: int(text) if item == "200" and "." not in text else float(text) for name, text in known.items()
        }
        try:
            found[item] = inner.write(values, f"I062/{item}") if values else b""
        except FormatError:
            continue
    return {item: octets for item, octets in found.items() if octets}


_remembered: Memo[str, dict[str, bytes]] = Memo(_items)


def items(extensions_of_track: Iterable[Extension]) -> dict[str, bytes]:
    """I062/200, 290 and 295 as octets, from the first extension of ours; it came through partners, so it is checked."""
    for extension in extensions_of_track:
        if extension.namespace == NAMESPACE and extension.name == NAME:
            return _remembered[extension.xml]
    return {}
