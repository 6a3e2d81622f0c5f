"""The security policies that come with the gateway: PUBLIC, TLP, and the fictitious ALPHA and BRAVO."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

NAMES = ("PUBLIC", "TLP", "ALPHA", "BRAVO")
"""ALPHA is an alliance's and BRAVO a union's, for demonstrations; their identifiers are nobody's."""


def shipped() -> Mapping[str, bytes]:
    """The XML SPIF 2.1 file of each shipped policy by the policy's name, from the installed package."""
    folder = files("gateway.labels").joinpath("policies")
    return {name: folder.joinpath(f"{name.lower()}.xml").read_bytes() for name in NAMES}
