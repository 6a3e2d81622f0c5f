"""What `gateway init` proposes for feeds that are often wanted is a configuration, block by block and all at once."""

from __future__ import annotations

import re

import pytest

from gateway.config import load_text
from gateway.config.document import starter
from gateway.config.national import Direction, FeedKind
from gateway.formats.registry import find, names

VALUES = {
    "node.name": '"nld-1"',
    "node.nation": '"NLD"',
    "node.exercise": '"TEST"',
    "node.simulation": '"SIMULATED"',
}


def blocks() -> list[str]:
    """Each block of wanted feeds, as it stands."""
    _, _, rest = starter(VALUES).partition("# Feeds as they are often wanted")
    return [block for block in rest.split("\n\n\n")[0].split("\n\n")[1:] if block]


def uncommented(block: str) -> str:
    return re.sub(r"^# (\[|[a-z_]+ = )", r"\1", block, flags=re.MULTILINE)


def test_there_is_a_block_for_sensors_for_tak_and_for_a_map() -> None:
    assert [re.findall(r'^# format = "(.*)"$', block, re.MULTILINE) for block in blocks()] == [
        ["sapient", "remoteid"],
        ["cot"],
        ["nvg"],
    ]


@pytest.mark.parametrize("chosen", [[0], [1], [2], [0, 1, 2]])
def test_a_block_without_its_comments_is_taken(chosen: list[int]) -> None:
    text = starter(VALUES) + "\n".join(uncommented(blocks()[index]) for index in chosen)
    config = load_text(text, formats=names(), environ={}).config
    for feed in config.feed.values():
        form = find(feed.format)
        assert feed.direction is not Direction.BOTH or form.endpoint is not None
        assert feed.kind is not FeedKind.HTTP or form.service is not None
        assert all(client in config.client for client in feed.clients)
    assert len(config.feed) == sum((2, 1, 1)[index] for index in chosen)
