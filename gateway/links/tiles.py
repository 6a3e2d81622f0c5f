"""Where a tile lies in the ledger's public directory. Only names of C2SP tlog-tiles reach the file system."""

from __future__ import annotations

import re
from pathlib import Path

TILE_TYPE = "application/octet-stream"
# c2sp.org/tlog-tiles: tile/<L>/<N>[.p/<W>] and tile/entries/<N>[.p/<W>], N in groups of three digits, all but the last
# with an x before them; W from 1 to 255. Nothing else matches, so nothing like ".." can be asked for.
_TILE = re.compile(
    r"(?:entries|[0-9]|[1-5][0-9]|6[0-3])/(?:x[0-9]{3}/){0,6}[0-9]{3}"
    r"(?:\.p/(?:[1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
)


def tile_path(directory: Path, name: str) -> Path | None:
    """The file of the tile ``tile/<name>`` below `directory`; None for what is not a tile's name."""
    if not name.isascii() or _TILE.fullmatch(name) is None:
        return None
    return directory / "tile" / name
