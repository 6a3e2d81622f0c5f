"""Alliance track gateway: translates, labels, signs, federates and proves tracks between nations.

Read `pipeline.py` first: two numbered functions that know the order of the rooms.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as _installed_version


@cache
def version() -> str:
    """The version of the installed distribution, such as ``0.1.0``."""
    try:
        return _installed_version("alliance-track-gateway")
    except PackageNotFoundError:  # a checkout that was never installed
        return "0+unknown"
