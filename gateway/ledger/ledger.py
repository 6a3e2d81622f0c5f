"""The writing side of the ledger: turns leaves that the store holds into tiles and signed checkpoints.

How one batch is integrated (`integrate`), each step on disk before the next:

    1  read the leaves since the last checkpoint from the store
    2  write entry bundles, then tiles bottom-up
    3  sign the new checkpoint, in memory
    4  compare-and-swap it for the last one in the store: from here on this tree, and no other, is ours at this size
    5  publish it as the file ``checkpoint``

Steps 1 to 3 are a pure function of the store, and Ed25519 is deterministic: whatever a crash interrupts is done again
with the same octets. No signature leaves the process before step 4, so no second tree of one size is ever signed.
The step is deliberately not on a message's path: a receipt promises an index, and the interval says by when it holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from gateway.clock import Clock
from gateway.errors import LedgerError, StoreError
from gateway.ledger import codes, leaf
from gateway.ledger.checkpoint import Checkpoint, open_checkpoint
from gateway.ledger.disk import CHECKPOINT, Disk
from gateway.ledger.note import Signer, Verifier
from gateway.ledger.receipt import sign_receipt
from gateway.ledger.refusals import Kind, Refusals
from gateway.ledger.tiles import WIDTH, File, Tree, read_file
from gateway.ledger.verify import parse_leaf
from gateway.limits import Limits
from gateway.store import CheckpointRow, Store
from gateway.unbroken import in_thread, unbroken

STEP_LEAVES = 8_192  # leaves integrated at once: bounds memory after an outage of the integrator


class Ledger:
    """The ledger of one node: one origin, one key, one directory. Leaves are appended through the store."""

    def __init__(self, *, store: Store, disk: Disk, signer: Signer, node: str, clock: Clock, limits: Limits) -> None:
        self.origin = signer.name
        self.node = node
        self.refusals = Refusals(limits.refusal_summary_s)
        """Counts refusals until they stand in a leaf; see `flush_refusals`."""
        self.problem: LedgerError | StoreError | None = None
        """Why the last integration failed; absent when it went well. It is tried again."""
        self._store = store
        self._disk = disk
        self._signer = signer
        self._clock = clock
        self._limits = limits
        self._tree = Tree()
        self._note = b""
        self._busy = asyncio.Lock()
        self._integration: asyncio.Task[Checkpoint | None] | None = None
        self._in_doubt: tuple[Tree, CheckpointRow] | None = None

    @classmethod
    async def open(
        cls,
        store: Store,
        directory: Path,
        key: Signer,
        node: str,
        clock: Clock,
        limits: Limits,
    ) -> Ledger:
        """The ledger in `directory`, begun if the store has no leaf, with everything durable published.

        The key's name is the origin, such as ``deu.example/audit/1``. Every leaf is hashed again and the
        root compared with the last checkpoint that was signed: `LedgerError` LED-017 when the store does not continue
        it (a restored backup, an edited leaf), LED-020 when another origin or key began it, LED-018 for the disk.
        """
        ledger = cls(store=store, disk=Disk(Path(directory)), signer=key, node=node, clock=clock, limits=limits)
        await in_thread(ledger._disk.prepare)
        if store.leaf_count() == 0 and await store.checkpoint() is None:
            if await in_thread(read_file, ledger._disk.directory / CHECKPOINT) is not None:
                raise LedgerError(codes.FORK, place=str(directory), cause="the store is empty, the directory is not")
            await store.append_leaf(leaf.created(node=node, origin=key.name, key=str(key.verifier)))
        await ledger._rebuild()
        await ledger.integrate()
        return ledger

    @property
    def verifier(self) -> Verifier:
        """The public key, for partners and auditors."""
        return self._signer.verifier

    @property
    def directory(self) -> Path:
        """Where tiles, bundles and checkpoint lie."""
        return self._disk.directory

    @property
    def size(self) -> int:
        """Leaves under the last published checkpoint."""
        return self._tree.size

    @property
    def checkpoint_note(self) -> bytes:
        """The last published checkpoint."""
        return self._note

    def receipt(
        self, *, origin: str, message_id: str, sha256: str, leaf_index: int, time: datetime, code: str = ""
    ) -> bytes:
        """This node's signed receipt, or refusal with `code`."""
        return sign_receipt(
            self._signer,
            node=self.node,
            origin=origin,
            message_id=message_id,
            sha256=sha256,
            leaf_index=leaf_index,
            time=time,
            code=code,
        )

    # ----------------------------------------------------------------------------------------------------- integrate

    async def run(self) -> None:
        """Integrate every `Limits.integrate_interval_s` and write refusal summaries, until cancelled.

        A full disk or a database that fails is kept as `problem` and tried again; a fork is raised.
        """
        while True:
            await asyncio.sleep(self._limits.integrate_interval_s)
            try:
                await self.flush_refusals()
                await self.integrate()
                self.problem = None
            except (LedgerError, StoreError) as error:
                if error.code == codes.FORK:
                    raise
                self.problem = error

    async def close(self) -> None:
        """Write what refusals are counted, and publish every leaf."""
        await self.flush_refusals(all_of_them=True)
        await self.integrate()

    async def settled(self) -> None:
        """Return once no integration is under way, even of a caller who was cancelled: then the store may close."""
        if self._integration is not None:  # the last to be asked for is the last to end
            await asyncio.wait((self._integration,))

    async def flush_refusals(self, *, all_of_them: bool = False) -> None:
        """One leaf for each (peer, code) whose refusals have been counted for long enough."""
        for kind in self.refusals.due(self._clock.monotonic(), all_of_them=all_of_them):
            await unbroken(self._summarise(kind))

    async def _summarise(self, kind: Kind) -> None:
        summary = self.refusals.take(kind)
        try:
            await self._store.append_leaf(summary.leaf())
        except BaseException:  # a leaf too many says the same twice, one too few would hide it
            self.refusals.give_back(summary)
            raise

    def count_refusal(self, *, peer: str, code: str) -> None:
        """Count a refusal of `peer` towards its next summary leaf; costs nothing but memory, and that is bounded."""
        self.refusals.count(peer=peer, code=code, now=self._clock.now(), monotonic=self._clock.monotonic())

    def count_withheld(self, *, group: str, rule: str, policy: str, tracks: int) -> None:
        """Count tracks that policy kept from `group` towards a summary leaf, in the same way."""
        self.refusals.count_withheld(
            group=group,
            rule=rule,
            policy=policy,
            tracks=tracks,
            now=self._clock.now(),
            monotonic=self._clock.monotonic(),
        )

    async def integrate(self) -> Checkpoint | None:
        """Publish a checkpoint over every leaf that is in the store now; absent when there was nothing to do.

        A caller that is cancelled leaves the integration to end by itself, and the next one waits for it: a thread
        cannot be cancelled, and two of them in one directory would take each other's files or publish backwards.
        """
        self._integration = asyncio.create_task(self._integrate(), name="integrate")
        return await asyncio.shield(self._integration)

    async def _integrate(self) -> Checkpoint | None:
        async with self._busy:
            if self._in_doubt is not None:
                await self._resolve()
            target = self._store.leaf_count()
            if target == self._tree.size:
                return None
            while self._tree.size < target:
                await self._step(min(STEP_LEAVES, target - self._tree.size))
            return Checkpoint(self.origin, self._tree.size, self._tree.root())

    async def _step(self, count: int) -> None:
        base = self._tree
        entries = await self._store.leaves(base.size, count)
        if len(entries) != count:
            raise LedgerError(codes.FORK, cause=f"expected {count} leaves from {base.size}, observed {len(entries)}")
        tree, full = await in_thread(self._grow, base, entries)
        row = self._sign(tree)
        self._in_doubt = (tree, row)  # until it is published: a swap that fails may be on disk all the same
        await self._store.swap_checkpoint(base.size, row.size, row.root, row.note)
        await self._adopt(tree, row.note)
        self._in_doubt = None
        await in_thread(self._disk.drop_partials, [file.tile for file in full])

    def _grow(self, base: Tree, entries: list[bytes]) -> tuple[Tree, list[File]]:
        tree = base.copy()
        full = tree.append(entries)
        edge = tree.edge()
        files = [*full, *edge]
        files.sort(key=lambda file: (isinstance(file.tile.level, int), file.tile.level))  # bundles, then bottom-up
        self._disk.write(files)
        return tree, full

    def _sign(self, tree: Tree) -> CheckpointRow:
        root = tree.root()
        return CheckpointRow(tree.size, root, self._signer.note(Checkpoint(self.origin, tree.size, root).text()))

    async def _adopt(self, tree: Tree, note: bytes) -> None:
        self._tree = tree
        await in_thread(self._disk.publish, note)
        self._note = note

    async def _resolve(self) -> None:
        """Learn whether a swap that failed went through."""
        assert self._in_doubt is not None
        tree, pending = self._in_doubt
        row = await self._store.checkpoint()
        if row is not None and row.size == pending.size and row.root == pending.root:
            await self._adopt(tree, row.note)
        elif (0 if row is None else row.size) != self._tree.size:
            raise LedgerError(codes.FORK, cause="another process signed for this ledger")
        self._in_doubt = None

    # ------------------------------------------------------------------------------------------------------- restart

    async def _rebuild(self) -> None:
        """Grow the tree again from the store up to its last checkpoint, restore lost files, and refuse a fork."""
        row = await self._store.checkpoint()
        await self._check_first_leaf()
        published = await in_thread(self._published)
        size = 0 if row is None else row.size
        if published is not None and published.size > size:
            cause = f"a checkpoint of {published.size:,} leaves was published, the store knows of {size:,}"
            raise LedgerError(codes.FORK, place=str(self.directory), cause=cause)
        if self._store.leaf_count() < size:
            cause = f"a checkpoint of {size:,} leaves was signed, the store holds {self._store.leaf_count():,}"
            raise LedgerError(codes.FORK, cause=cause)
        stops = sorted({size} | ({published.size} if published is not None else set()))
        for stop in stops:
            while self._tree.size < stop:
                entries = await self._store.leaves(self._tree.size, min(STEP_LEAVES, stop - self._tree.size))
                await in_thread(self._regrow, entries)
            for known in (published, row):
                if known is not None and known.size == stop and known.root != self._tree.root():
                    cause = f"the leaves do not give the root that was signed for {stop:,} leaves"
                    raise LedgerError(codes.FORK, cause=cause)
        if row is not None:
            await in_thread(self._restore, self._tree.edge())
            if open_checkpoint(row.note, self.verifier).root != row.root:
                raise LedgerError(codes.FORK, cause="the stored checkpoint is not the one that was signed")
            await self._adopt(self._tree, row.note)

    async def _check_first_leaf(self) -> None:
        first = await self._store.leaves(0, 1)
        members = parse_leaf(first[0]) if first else None
        if members is None or (members.get("origin"), members.get("key")) != (self.origin, str(self.verifier)):
            raise LedgerError(codes.WRONG_LOG, place="leaf 0", cause=f"expected origin {self.origin} and its key")

    def _published(self) -> Checkpoint | None:
        note = read_file(self.directory / CHECKPOINT)
        return None if note is None else open_checkpoint(note, self.verifier)

    def _regrow(self, entries: list[bytes]) -> None:
        full = self._tree.append(entries)
        self._restore(full)
        self._disk.drop_partials(file.tile for file in full if file.tile.width == WIDTH)

    def _restore(self, files: Iterable[File]) -> None:
        self._disk.write([file for file in files if not self._disk.holds(file)])
