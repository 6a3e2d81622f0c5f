"""The vocabularies of sensors: classes, aircraft types and emitter categories say what a thing is and never who."""

from __future__ import annotations

import pytest

from gateway.symbols import (
    PLATFORMS,
    broader,
    cot,
    entities,
    from_emitter_category,
    from_remote_id,
    from_sapient,
    sapient,
    to_emitter_category,
    to_remote_id,
    to_sapient,
)
from gateway.symbols.emitters import CATEGORIES
from gateway.symbols.remote_id import UA_TYPES
from gateway.track import Environment, Loss

AIR, LAND, UNKNOWN = Environment.AIR, Environment.LAND, Environment.UNKNOWN


@pytest.mark.parametrize(
    ("path", "environment", "platform"),
    [
        (("Air Vehicle", "UAV Rotary Wing"), AIR, "UAV_ROTARY_WING"),
        (("air vehicle", "uav fixed wing"), AIR, "UAV_FIXED_WING"),
        (("Air vehicle ", "UAV Rotary Wing", "Military"), AIR, "UAV_ROTARY_WING"),
        (("sapient_core:Air vehicle", "sapient_core:UAV rotary wing"), AIR, "UAV_ROTARY_WING"),
        (("Air Vehicle", "Manned Rotary Wing"), AIR, "ROTARY_WING"),
        (("Air Vehicle", "Flying Saucer"), AIR, None),
        (("Animal", "Bird"), AIR, "BIRD"),
        (("Animal", "Horse"), UNKNOWN, "ANIMAL"),
        (("Human",), LAND, "PERSON"),
        (("Land vehicle", "2 wheels"), LAND, "GROUND_VEHICLE"),
        (("Sea Vessel", "Submarine"), Environment.SUBSURFACE, "SUBMARINE"),
        (("Equipment", "Weapon", "Missile"), UNKNOWN, "MISSILE"),
        (("Drone",), AIR, "UAV"),
        (("Unknown",), UNKNOWN, None),
        (("Vehicle",), UNKNOWN, None),
        ((), UNKNOWN, None),
    ],
)
def test_reads_a_sapient_class_path(path: tuple[str, ...], environment: Environment, platform: str | None) -> None:
    meaning = from_sapient(path)
    assert (meaning.environment, meaning.identity, meaning.platform) == (environment, None, platform)
    assert (Loss("classification", "NO_CODE") in meaning.losses) is (path == ("Vehicle",))


@pytest.mark.parametrize(
    ("environment", "platform", "path", "losses"),
    [
        (AIR, "UAV_ROTARY_WING", ("Air Vehicle", "UAV Rotary Wing"), ()),
        (AIR, "UAV_GYROPLANE", ("Air Vehicle", "UAV Rotary Wing"), (Loss("platform", "ROUNDED"),)),
        (AIR, "UAV", ("Air Vehicle",), (Loss("platform", "NO_CODE"),)),
        (AIR, None, ("Air Vehicle",), ()),
        (AIR, "MISSILE", ("Equipment", "Weapon", "Missile"), (Loss("environment", "NO_CODE"),)),
        (LAND, "GROUND_VEHICLE", ("Land Vehicle",), ()),
        (LAND, "OBSTACLE", ("Fixed Object",), (Loss("platform", "ROUNDED"),)),
        (LAND, None, ("Unknown",), (Loss("environment", "NO_CODE"),)),
        (Environment.SURFACE, None, ("Unknown",), (Loss("environment", "NO_CODE"),)),
        (UNKNOWN, None, ("Unknown",), ()),
        (UNKNOWN, "x-nld:HULL", ("Unknown",), (Loss("platform", "NO_CODE"),)),
    ],
)
def test_writes_a_sapient_class_path(
    environment: Environment, platform: str | None, path: tuple[str, ...], losses: tuple[Loss, ...]
) -> None:
    assert to_sapient(environment=environment, platform=platform) == (path, losses)


def test_reads_every_remote_id_type() -> None:
    assert list(UA_TYPES) == list(range(16))
    assert from_remote_id(2).platform == "UAV_ROTARY_WING"
    assert (from_remote_id(14).environment, from_remote_id(14).platform) == (LAND, "OBSTACLE")
    assert from_remote_id(15).unmodelled == (Loss("ua_type", "NOT_MODELLED"),)
    assert from_remote_id(16).losses == (Loss("ua_type", "NO_CODE"),)
    assert all(from_remote_id(n).environment is AIR for n in range(16) if n != 14)


def test_writes_the_nearest_remote_id_type() -> None:
    assert to_remote_id(platform="UAV_ROTARY_WING") == (2, ())
    assert to_remote_id(platform="UAV") == (0, ())
    assert to_remote_id(platform="ROTARY_WING") == (0, (Loss("platform", "NO_CODE"),))


def test_reads_emitter_categories_by_the_edition_of_their_item() -> None:
    assert from_emitter_category(13, scheme="062").platform == "UAV"
    for ecat, scheme, platform in ((2, "021", "FIXED_WING"), (2, "062", None), (24, "021", "OBSTACLE")):
        assert from_emitter_category(ecat, scheme=scheme).platform == platform
    assert from_emitter_category(24, scheme="062").losses == (Loss("emitter_category", "NO_CODE"),)
    assert from_emitter_category(0, scheme="021").losses == ()
    assert from_emitter_category(21, scheme="062").environment is LAND


def test_writes_the_nearest_emitter_category() -> None:
    assert to_emitter_category(environment=AIR, platform="UAV_ROTARY_WING", scheme="062") == (
        13, (Loss("platform", "ROUNDED"),),
    )  # fmt: skip
    assert to_emitter_category(environment=AIR, platform="FIXED_WING", scheme="062") == (
        None, (Loss("platform", "NO_CODE"),),
    )  # fmt: skip
    assert to_emitter_category(environment=LAND, platform="GROUND_VEHICLE", scheme="021")[0] == 0
    assert to_emitter_category(environment=AIR, platform="AIRSHIP", scheme="021")[0] == 12


def test_every_platform_of_every_table_is_registered() -> None:
    used = {
        *cot.PREFIXES.values(),
        *(platform for _, platform in cot.FUNCTIONS),
        *entities.PREFIXES.values(),
        *(platform for _, platform in entities.NEUTRAL),
        *(platform for _, platform in (sapient.CLASSES | sapient.ALIASES).values()),
        *UA_TYPES.values(),
        *(platform for table in CATEGORIES.values() for platform in table.values()),
        *PLATFORMS.values(),
    } - {None}
    assert used <= set(PLATFORMS)


def test_broader_platforms_end() -> None:
    for platform in PLATFORMS:
        chain = list(broader(platform))
        assert chain[0] == platform
        assert len(chain) == len(set(chain)) <= 3
    assert list(broader("x-nld:HULL")) == ["x-nld:HULL"]
