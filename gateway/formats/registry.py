"""Which formats there are, by name. Codecs are imported when they are asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from gateway.dialect import Format

_MODULES = {
    "alliance": "gateway.formats.alliance",
    "asterix": "gateway.formats.asterix",
    "cot": "gateway.formats.cot",
    "geojson": "gateway.formats.geojson",
    "sapient": "gateway.formats.sapient",
    "nffi": "gateway.formats.nffi",
    "nvg": "gateway.formats.nvg",
    "remoteid": "gateway.formats.remoteid",
}


def names() -> frozenset[str]:
    """Names of all formats, without importing any codec."""
    return frozenset(_MODULES)


@cache
def find(name: str) -> Format:
    """The format of a known name; `KeyError` for any other."""
    form: Format = import_module(_MODULES[name]).FORMAT
    return form


def formats() -> dict[str, Format]:
    """Every format by name."""
    return {name: find(name) for name in _MODULES}
