"""A node that is there for an exercise: rules that ask for it count every track of its own that does not deny it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.formats.registry import find
from gateway.stages import Exercise, Recorded, Simulation
from gateway.track import Status, Track
from tests.assembled import aircraft
from tests.test_resume import DEU, EU, Alone, Shifted, staged, started, write_rules

WITHHOLD = '[[release]]\nid = "kept"\nwhen.{} = true\naction = "withhold"\n\n'
ALL = '[[release]]\nid = "all"\naction = "release"\n'
NO_EXERCISE = WITHHOLD.format("exercise") + ALL
ONLY_EXERCISE = ALL + "when.exercise = true\n"
LATE = ALL + "delay_s = 3600\n"


def there_for(player_config: Path, exercise: str, simulation: str = "REAL") -> None:
    """Write into a configuration what its node is there for."""
    text = player_config.read_text()
    for key, value in (("exercise", exercise), ("simulation", simulation)):
        (line,) = [line for line in text.split("\n") if line.startswith(f"{key} = ")]
        text = text.replace(f"\n{line}\n", f'\n{key} = "{value}"\n')
    player_config.write_text(text)


def saying(*, exercise: bool | None = None, simulated: bool | None = None) -> Track:
    """A track with these facts, and no others of that kind."""
    return replace(aircraft(1), status=Status(confirmed=True, exercise=exercise, simulated=simulated))


async def goes(made: Alone, track: Track) -> bool:
    """Whether a message tells of a track that is taken now."""
    intake = await (await made.take(track)).intake()
    assert bool(intake.message_ids) is not bool(intake.refused)
    return bool(intake.message_ids)


@pytest.mark.parametrize(
    ("exercise", "said", "is_kept"),
    [
        ("OPERATIONAL", None, False),
        ("OPERATIONAL", True, True),
        ("EXERCISE", None, True),
        ("EXERCISE", True, True),
        ("EXERCISE", False, False),
        ("TEST", None, True),
    ],
)
async def test_a_rule_that_withholds_exercises_holds_on_a_node_that_is_there_for_one(
    tmp_path: Path, exercise: str, said: bool | None, is_kept: bool
) -> None:
    player = staged(tmp_path)
    there_for(player.config_path, exercise)
    write_rules(player, NO_EXERCISE)
    async with started(player) as made:
        assert await goes(made, saying(exercise=said)) is not is_kept
        assert made.node.counts.tracks_withheld == is_kept


@pytest.mark.parametrize(
    ("simulation", "said", "is_kept"),
    [("REAL", None, False), ("SIMULATED", None, True), ("SIMULATED", False, False), ("SYNTHESIZED", None, False)],
)
async def test_what_is_simulated_is_known_by_the_node_as_partners_know_it_by_the_message(
    tmp_path: Path, simulation: str, said: bool | None, is_kept: bool
) -> None:
    player = staged(tmp_path)
    there_for(player.config_path, "OPERATIONAL", simulation)
    write_rules(player, WITHHOLD.format("simulated") + ALL)
    async with started(player) as made:
        assert await goes(made, saying(simulated=said)) is not is_kept


async def test_the_mark_is_on_the_wire_once_in_the_header(tmp_path: Path) -> None:
    player = staged(tmp_path)
    there_for(player.config_path, "EXERCISE", "SIMULATED")
    write_rules(player, ONLY_EXERCISE)
    async with started(player) as made:
        assert await goes(made, saying())
        (message,) = await made.sent()
        assert (message.header.exercise, message.header.simulation) == (Exercise.EXERCISE, Simulation.SIMULATED)
        assert [track.status for track in message.tracks] == [Status(confirmed=True)]
        (shown,) = [one.track for one in made.node.snapshot()]
        assert shown.status == Status(confirmed=True), "as it came, at home"


@pytest.mark.parametrize(("before", "after"), [("EXERCISE", "OPERATIONAL"), ("OPERATIONAL", "EXERCISE")])
async def test_what_is_held_is_decided_as_what_it_was_when_it_came(tmp_path: Path, before: str, after: str) -> None:
    player, clock = staged(tmp_path), Shifted()
    there_for(player.config_path, before)
    write_rules(player, LATE)
    async with started(player, clock) as made:
        await made.hold(saying())
    there_for(player.config_path, after)
    write_rules(player, NO_EXERCISE)
    clock.ahead_s = 3_601
    async with started(player, clock) as made:
        await made.gone()
        sent = await made.sent()
        assert [message.header.exercise for message in sent] == ([] if before == "EXERCISE" else [Exercise.OPERATIONAL])
        assert made.node.counts.tracks_withheld == (before == "EXERCISE")


@pytest.mark.parametrize("exercise", ["OPERATIONAL", "EXERCISE"])
async def test_what_is_due_while_the_node_is_there_for_the_same_is_decided_likewise(
    tmp_path: Path, exercise: str
) -> None:
    player, clock = staged(tmp_path), Shifted()
    there_for(player.config_path, exercise)
    write_rules(player, LATE)
    async with started(player, clock) as made:
        await made.hold(saying())
        await made.put(NO_EXERCISE)
        clock.ahead_s = 3_601
        await made.gone()
        assert len(await made.sent()) == (exercise == "OPERATIONAL")
        assert [track.status for one in await made.sent() for track in one.tracks] == [Status(confirmed=True)] * (
            exercise == "OPERATIONAL"
        )


@pytest.mark.parametrize(("before", "after"), [("EXERCISE", "OPERATIONAL"), ("OPERATIONAL", "EXERCISE")])
async def test_a_message_that_waits_is_decided_again_as_what_its_header_says(
    tmp_path: Path, before: str, after: str
) -> None:
    player = staged(tmp_path)
    there_for(player.config_path, before)
    write_rules(player, ALL)
    async with started(player) as made:
        assert await goes(made, saying())
    there_for(player.config_path, after)
    write_rules(player, NO_EXERCISE)
    async with started(player) as made:
        kept = [await made.node.links[DEU]._gate.keeps_back(DEU, one) for one in await waiting(made)]
        assert [one and one.rule for one in kept] == (["release.kept"] if before == "EXERCISE" else [None])


async def waiting(made: Alone) -> list[Recorded]:
    return await made.node.store.next_outbound(DEU, 10)


@pytest.mark.parametrize(("exercise", "outcome"), [("OPERATIONAL", "RELEASED"), ("EXERCISE", "WITHHELD")])
def test_the_command_line_decides_as_the_node_does(tmp_path: Path, exercise: str, outcome: str) -> None:
    player = staged(tmp_path)
    there_for(player.config_path, exercise)
    write_rules(player, NO_EXERCISE)
    recording, old, cases = tmp_path / "one.geojson", tmp_path / "old.toml", tmp_path / "cases.toml"
    recording.write_bytes(b"\n".join(find("geojson").encoder().encode((saying(),), Shifted().now()).frames))

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["policy", *arguments, "--config", str(player.config_path)])
        return result.exit_code, result.stdout

    about = ("--format", "geojson", "--source", "sensors")
    code, told = run("explain", str(recording), *about, "--to", EU, "--json")
    assert (code, json.loads(told)["outcome"]) == (0, outcome)
    _, told = run("explain", str(recording), *about, "--to", EU)
    assert ("release.kept met, decides" in " ".join(told.split())) is (exercise == "EXERCISE")
    word = {"RELEASED": "release", "WITHHELD": "withhold"}[outcome]
    cases.write_text(
        f'[[case]]\nname = "as the node"\nto = ["{EU}"]\nexpect = "{word}"\ntrack = {{ source = "sensors" }}\n\n'
        f'[[case]]\nname = "as it says"\nto = ["{EU}"]\nexpect = "release"\ntrack = {{ exercise = false }}\n'
    )
    code, told = run("test", str(cases))
    assert code == 0, told
    old.write_text(player.policy_path.read_text().replace(WITHHOLD.format("exercise"), ""))
    code, told = run("diff", str(player.policy_path), str(old), "--on", str(recording), *about, "--json")
    assert json.loads(told)["shows_more"] is (exercise == "EXERCISE")
