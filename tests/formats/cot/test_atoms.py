"""The CoT type for a track, from the tables of the symbols room."""

from __future__ import annotations

import pytest

from gateway.formats.cot.atoms import Shape, meaning_of, type_for
from gateway.track import Environment, Identity, IdentityGroup, Loss

UNKNOWN = IdentityGroup(value=Identity.UNKNOWN)
CHOICE = {"UAV": "A-M-F-Q", "UAV_ROTARY_WING": "A-M-H-Q"}


@pytest.mark.parametrize(
    ("platform", "functions", "text", "losses"),
    [
        ("UAV_ROTARY_WING", {}, "a-u-A-M-H-Q", (Loss("platform", "IMPLIED"),)),
        ("UAV_ROTARY_WING", CHOICE, "a-u-A-M-H-Q", ()),
        ("UAV_GYROPLANE", CHOICE, "a-u-A-M-H-Q", (Loss("platform", "ROUNDED"),)),
        ("UAV_FIXED_WING", CHOICE, "a-u-A-M-F-Q", (Loss("platform", "ROUNDED"),)),
        ("UAV", CHOICE, "a-u-A-M-F-Q", ()),
        ("UAV", {"UAV": "A-C-F-q"}, "a-u-A-C-F-q", ()),
        ("UAV", {"UAV": "A-C-F"}, "a-u-A-C-F", (Loss("platform", "NO_CODE"),)),
        ("UAV", {"UAV": "G-E-V"}, "a-u-A-M-F-Q", (Loss("platform", "IMPLIED"),)),
        ("MISSILE", {}, "a-u-A-W-M", ()),
        ("BIRD", {}, "a-u-A", (Loss("platform", "NO_CODE"),)),
    ],
)
def test_a_type_says_the_nearest_platform_that_claims_nothing_more(
    platform: str, functions: dict[str, str], text: str, losses: tuple[Loss, ...]
) -> None:
    written = type_for(
        environment=Environment.AIR,
        identity=UNKNOWN,
        platform=platform,
        kept=None,
        exercise=False,
        functions=functions,
    )
    assert (written.text, written.shape, written.losses) == (text, Shape.ATOM, losses)


@pytest.mark.parametrize("text", ["", "-", "a-", "a--A", "a-j", "a-\N{COMBINING ACUTE ACCENT}-A", "a-f-A-" * 50])
def test_reading_a_type_never_fails(text: str) -> None:
    assert meaning_of(text, exercise=False).identity is None or text.startswith("a-f")
