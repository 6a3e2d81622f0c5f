"""Tracks to try a release policy on: one that goes to both, and one that is the alliance's alone."""

from __future__ import annotations

from gateway.clock import Clock
from gateway.demo.sensors import SERVER_SAC, SERVER_SIC, system_track
from gateway.demo.sky import Sky
from gateway.demo.stage import Player
from gateway.dialect import Encoder
from gateway.formats.registry import find

SAMPLE = "sample.asterix"


def write_sample(player: Player, clock: Clock) -> None:
    """An airliner and a fighter as a track server reports them (CAT062), in a file of the player's directory."""
    now = clock.now()
    flying = [one for one in Sky(now, airliners=1, swarm=0, fighters=True).at(now) if one.squawk]
    encoder: Encoder = find("asterix").encoder(category=62, sac=SERVER_SAC, sic=SERVER_SIC)
    frames = encoder.encode([system_track(one) for one in flying[:2]], now).frames
    (player.directory / SAMPLE).write_bytes(b"".join(frames))
