"""What an auditor finds after the demonstration: the ledgers verified from their files, one message proven."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, json

from gateway.demo.stage import Player, ledger_verifier
from gateway.errors import LedgerError
from gateway.ledger import open_proof, prove_message, verify
from gateway.ledger.tiles import WIDTH, TileDirectory

PROOF = "message.tlog-proof"


class Evidence(Struct, frozen=True):
    """The findings, in words, and how to repeat them."""

    holds: bool
    lines: tuple[str, ...]
    commands: tuple[str, ...]

    def joined(self, other: Evidence) -> Evidence:
        """Both."""
        return Evidence(self.holds and other.holds, self.lines + other.lines, self.commands + other.commands)


class Leaf(Struct):
    """What is looked at of one entry of a ledger."""

    ev: str
    mid: str = ""
    sha256: str = ""
    origin: str = ""
    to: list[str] = []
    rule: str = ""
    policy: str = ""
    origin_rule: str = ""
    origin_policy: str = ""
    group: str = ""
    count: int = 0


def examine(players: list[Player]) -> Evidence:
    """Verify every ledger, compare what was sent with what was received, prove one message. No node is running."""
    lines: list[str] = []
    holds = True
    sent: dict[str, Leaf] = {}
    received: Counter[tuple[str, str]] = Counter()
    for player in players:
        node, key = player.nation.node, ledger_verifier(player)
        report = verify(player.ledger_directory, key)
        size = report.checkpoint.size if report.checkpoint is not None else 0
        if not report.ok:
            holds = False
            lines.append(f"ledger of {node}: WRONG: {report.findings[0]}")
        else:
            lines.append(f"ledger of {node}: {size} leaves, every one hashed again, the signed checkpoint holds")
        for leaf in _leaves(player.ledger_directory, size):
            if leaf.ev == "sent":
                sent[leaf.mid] = leaf
            elif leaf.ev == "received":
                received[node, leaf.sha256] += 1
    twice = sum(1 for count in received.values() if count > 1)
    due = [(node, leaf.sha256) for leaf in sent.values() for node in leaf.to]
    missing = [one for one in due if one not in received]
    astray = len(received.keys() - set(due))
    lines.append(
        f"{len(sent)} messages were sent, to {len(due)} recipients in all: {len(missing)} missing at a partner, "
        f"{twice} received twice, {astray} at a node that they are not for"
    )
    holds = holds and not missing and not twice and not astray and bool(sent)
    proven, commands = _prove(players, sent)
    return Evidence(holds and bool(commands), (*lines, *proven), commands)


def _prove(players: list[Player], sent: dict[str, Leaf]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Prove the newest message of the first node that sent any, in its sender's ledger."""
    for message_id in reversed(sent):
        for player in players:
            key = ledger_verifier(player)
            try:
                octets = prove_message(player.ledger_directory, key, message_id, events=("sent",))
            except LedgerError:
                continue
            path = player.directory / PROOF
            path.write_bytes(octets)
            proof, checkpoint = open_proof(octets, key)
            line = (
                f"message {message_id} is leaf {proof.index} of {checkpoint.size} in {player.nation.node}'s ledger: "
                f"proven in {len(octets)} octets, {path}"
            )
            verb = f"gateway ledger verify --config {player.config_path}"
            return (line,), (
                f"gateway ledger prove {message_id} --config {player.config_path}",
                f"{verb} --proof {path}",
            )
    return ("no message was sent, so there is nothing to prove",), ()


def leaves_of(player: Player) -> Iterator[Leaf]:
    """The entries of a player's ledger up to its checkpoint, from the files."""
    checkpoint = verify(player.ledger_directory, ledger_verifier(player)).checkpoint
    yield from _leaves(player.ledger_directory, checkpoint.size if checkpoint is not None else 0)


def _leaves(directory: Path, size: int) -> Iterator[Leaf]:
    tiles = TileDirectory(directory, size)
    for bundle in range((size + WIDTH - 1) // WIDTH):
        for entry in tiles.entries(bundle):
            yield json.decode(entry, type=Leaf)
