"""Messages wait while time passes: what a label's successor or the end of a word's validity takes back stays here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from gateway.clock import ManualClock, SystemClock
from gateway.config import Config
from gateway.demo.stage import Player, set_stage
from gateway.links import KeptBack
from gateway.node.assembly import Node
from gateway.node.gate import PolicyGate
from gateway.stages import Recorded
from tests.labels.spif_texts import P, spif_text, tag_set
from tests.node.test_node import configs, event, post
from tests.node.test_reload import PolicyText, policy

__all__ = ["configs", "players", "policy"]  # fixtures

NOW = SystemClock().now()
HOUR = timedelta(hours=1)
BASE = f"""
[policy]
name = "Time"
issued = "{(NOW - HOUR).isoformat()}"
review = "{(NOW + 24 * HOUR).isoformat()}"
follow_succession = FOLLOW

[[security_policy]]
file = "words.xml"

[label.now]
policy = "TEST"
classification = "LOW"
MORE

[label.then]
policy = "TEST"
classification = "HIGH"

[clearance.low]
policy = "TEST"
classifications = ["LOW"]
category = [{{ tag = "Release", kind = "PERMISSIVE", values = ["XAA"] }}]

[own]
clearances = ["low"]
[partner.deu-1]
clearances = ["low"]
[group.all]
partners = ["deu-1"]
[[marking]]
id = "all"
label = "now"
[[release]]
id = "all"
action = "release"
"""
SUCCEEDED = f'succession = {{ at = "{(NOW + HOUR).isoformat()}", label = "then" }}'
RELEASED = 'category = [{ tag = "Release", kind = "PERMISSIVE", values = ["XAA"] }]'


@pytest.fixture(scope="module")
def players(tmp_path_factory: pytest.TempPathFactory) -> list[Player]:
    """With certificates that are valid at `NOW`: when all tests run, that is long ago by the time that these do."""
    return set_stage(tmp_path_factory.mktemp("stage"), ManualClock(NOW), simulation="SIMULATED")


@asynccontextmanager
async def waiting(config: Config, policy: PolicyText, more: str) -> AsyncIterator[tuple[Node, ManualClock, Recorded]]:
    """A node that has released one message, which waits for its partner."""
    sets = tag_set("Release", P, "XAA", oid="2.25.1")
    sets = sets.replace('name="XAA"', f'name="XAA" notAfter="{(NOW + HOUR).isoformat()}"')
    config.policy.file.with_name("words.xml").write_bytes(spif_text(sets=sets if more == RELEASED else ""))
    text = BASE.replace("FOLLOW", str(more == SUCCEEDED).lower()).replace("MORE", more)
    if more != RELEASED:
        text = text.replace(
            'category = [{ tag = "Release", kind = "PERMISSIVE", values = ["XAA"] }]\n\n[own]', "\n[own]"
        )
    policy.write(text)
    clock = ManualClock(NOW)
    async with Node(config, clock=clock) as node:
        task = asyncio.create_task(node.gatherer.run())
        await post(node, event("a", at=NOW), at=NOW)
        await node.gatherer.drain()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        (recorded,) = await node.store.next_outbound("deu-1", 10)
        yield node, clock, recorded


@pytest.mark.parametrize(
    ("more", "rule"),
    [(SUCCEEDED, "classification"), (RELEASED, "invalid-label"), ("", None)],
    ids=["succeeded", "released", "neither"],  # the first has a time of this run in it
)
async def test_what_waits_is_kept_back_from_the_instant_at_which_its_label_denies(
    configs: list[Config], policy: PolicyText, more: str, rule: str | None
) -> None:
    async with waiting(configs[0], policy, more) as (node, clock, recorded):
        gate = PolicyGate(node.desk, node.store, node.config.limits)
        assert not gate.is_due(recorded), "it was decided just now"
        clock.advance(3_599.9)
        assert gate.is_due(recorded) is (more == SUCCEEDED), "its labels have to be read to know"
        assert await gate.keeps_back("deu-1", recorded) is None
        clock.advance(0.1)
        assert gate.is_due(recorded) is bool(more)
        kept = await gate.keeps_back("deu-1", recorded)
        assert (kept is None) is (rule is None)
        if rule is not None:
            assert isinstance(kept, KeptBack)
            assert kept.rule == f"release.refused.label.{rule}"
            assert kept.policy == node.desk.policy.digest
