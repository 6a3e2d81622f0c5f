"""Reading the release policy again while the node runs: all of the new one decides from then on, or none of it.

1. The file and all that it names are read and checked as at the start; anything wrong, and the old one stays.
2. Every open batch closes: it was decided by the old one, and its messages and leaves say so.
3. A leaf says which policy is in force from here on; if it cannot be written, the old one stays.
4. The new one is put on the desk. Who decides takes the policy from there once for each frame or message. What waits
   for national consumers that a clearance decides for is given up: the old one decided on it. What waits for a partner
   is decided again, each message before it leaves (`gateway.node.gate`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from gateway.clock import utc_text
from gateway.config import InvalidConfigError
from gateway.errors import GatewayError
from gateway.feeds.http_types import Reloaded
from gateway.ledger import leaf
from gateway.node import trust
from gateway.node.gate import remember
from gateway.policy.outline import outline_of

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.node.assembly import Node
    from gateway.policy.policy import Policy

_log = structlog.get_logger("policy")


class Reload:
    """One node's way to another policy: by signal, or over the national interface."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._asked = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self.count = 0
        """Policies that came into force since the start."""
        self.refused = 0
        self.last_error = ""

    def ask(self) -> None:
        """Have it read again soon; what comes of it stands in the log and in the status."""
        self._asked.set()

    async def run(self) -> None:
        """Read it again whenever somebody asked, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            await self.now()

    async def now(self) -> Reloaded:
        """Read it again; what is in force afterwards, and what is wrong with the new one if it is not that."""
        async with self._one_at_a_time:
            return await self._reload()

    async def _reload(self) -> Reloaded:
        node = self._node
        previous = node.desk.policy.digest
        try:
            policy = await asyncio.to_thread(_read, node.config)
            if policy.digest == previous:
                _log.info("policy.unchanged", policy=previous)
                self.last_error = ""
                return Reloaded(policy=previous, previous=previous)
            node.gatherer.flush()
            await remember(node.store, policy)
            changed = leaf.policy_changed(sha256=policy.digest, previous=previous, detail=policy.name)
            await node.store.append_leaf(changed)
        except GatewayError as error:
            errors = error.problems if isinstance(error, InvalidConfigError) else (error,)
            self.refused += 1
            self.last_error = str(errors[0])
            _log.error("policy.kept", policy=previous, errors=[str(one) for one in errors[:20]], count=len(errors))
            return Reloaded(policy=previous, previous=previous, errors=tuple(errors))
        node.desk.put(policy)
        node.outlets.forget_decided()
        node.gatherer.flush()  # what came while the leaf was written was decided by the old one, too
        self.count += 1
        self.last_error = ""
        _log.info("policy.changed", policy=policy.digest, previous=previous, name=policy.name)
        return Reloaded(policy=policy.digest, previous=previous)

    def status(self) -> dict[str, object]:
        """Which policy decides, since when, and what became of the last attempt at another."""
        desk = self._node.desk
        return {
            "name": desk.policy.name,
            "digest": desk.policy.digest,
            "since": utc_text(desk.since),
            "review": None if desk.policy.review_at is None else utc_text(desk.policy.review_at),
            "reloads": self.count,
            "refused": self.refused,
            "last_error": self.last_error,
        }


def _read(config: Config) -> Policy:
    """The policy on disk, with its outline worked out."""
    policy = trust.read_policy(config)
    outline_of(policy)
    return policy
