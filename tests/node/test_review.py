"""The day on which a policy is to be reviewed: said once in the log, shown in status and metrics, and nothing stops."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from gateway.clock import ManualClock, SystemClock
from gateway.config import Config
from gateway.node.assembly import Node
from gateway.node.metrics import NodeCollector
from tests.node.test_node import configs, event, players, post
from tests.node.test_reload import PolicyText, another, policy

__all__ = ["configs", "players", "policy"]  # fixtures


def days_left(node: Node) -> float:
    (family,) = [one for one in NodeCollector(node).collect() if one.name == "gateway_policy_review_days"]
    return family.samples[0].value


async def test_a_node_says_once_that_the_review_date_of_its_policy_has_passed_and_decides_on(
    configs: list[Config], policy: PolicyText
) -> None:
    now = SystemClock().now()
    due = now + timedelta(days=2)
    policy.write(re.sub('review = ".*"', f'review = "{due.isoformat()}"', policy.read(), count=1))
    clock = ManualClock(now)
    async with Node(configs[0], clock=clock) as node:
        task = asyncio.create_task(node.gatherer.run())
        assert node.reload.status()["review"] == due.isoformat().replace("+00:00", "Z")
        assert days_left(node) == pytest.approx(2)
        with capture_logs() as logs:
            node.review.look()
            clock.advance(2 * 86_400 - 1)
            node.review.look()
        assert not [one for one in logs if one["event"] == "policy.review_passed"]
        with capture_logs() as logs:
            clock.advance(1)
            node.review.look()
            node.review.look()
        (told,) = [one for one in logs if one["event"] == "policy.review_passed"]
        assert told["policy"] == node.desk.policy.digest
        assert days_left(node) == 0
        await post(node, event("a", at=clock.now()), at=clock.now())
        assert node.counts.tracks_released > 0

        policy.write(another(policy.read()))
        assert (await node.reload.now()).errors == (), "one past its date may come into force, and is told of, too"
        with capture_logs() as logs:
            node.review.look()
        assert [one["event"] for one in logs] == ["policy.review_passed"]
        await node.gatherer.drain()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
