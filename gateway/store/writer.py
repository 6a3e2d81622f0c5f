"""The one writer: a thread that owns the connection and commits what many tasks ask for in one transaction.

`submit` puts an operation on a bounded queue and awaits its result. The thread takes what has gathered, runs it as one
transaction, and reports the whole batch to the event loop with one call. A member that fails does not take the others
down: a failure without effects is that member's own; any other rolls the batch back, which is then run again with a
savepoint around each member. What `submit` returned is on disk.

A commit that raises is in doubt: it may have reached the disk. Its members fail with STO-001 and may be repeated, since
message ids, idempotency keys, deliveries and checkpoints are all recognised when they come again.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

from gateway.clock import Clock
from gateway.errors import GatewayError, StoreError
from gateway.limits import Limits
from gateway.store import codes
from gateway.store.transaction import State, Transaction

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

_BAD_VALUES = (OverflowError, UnicodeEncodeError)
"""What binding a value raises that no column takes: an integer over 64 bits, a lone surrogate."""


class Operation(Protocol[T_co]):
    """Something to do in a transaction. It may run twice, so it keeps nothing of the first run."""

    rows: int
    """About how many rows it writes."""
    outbound_ids: Sequence[str]
    """Ids of outbound messages that it wants looked up."""
    inbound_ids: Sequence[str]

    def apply(self, transaction: Transaction) -> T_co:
        """Do it; the result goes to the caller after the commit."""
        ...


_Ticket = tuple[Operation[Any], asyncio.Future[Any]]
_Done = tuple[asyncio.Future[Any], Any, BaseException | None]


class Writer:
    """Runs operations in groups on a thread of its own."""

    def __init__(self, connection: sqlite3.Connection, path: Path, limits: Limits, clock: Clock) -> None:
        self._connection = connection
        self._path = path
        self._clock = clock
        self._max_rows = limits.group_commit_rows
        self._max_backlog = limits.group_commit_queue
        self._loop = asyncio.get_running_loop()
        self._pending: list[_Ticket] = []
        self._queue: SimpleQueue[list[_Ticket] | None] = SimpleQueue()
        self._backlog = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._closing = False
        self._state: State | None = State(connection)
        self.leaves = self._state.next_leaf
        """Leaves that are on disk."""
        self.held_tracks = self._state.held_tracks
        """Tracks that wait for a release group, on disk."""
        self._thread = threading.Thread(target=self._run, name=f"store-writer {path.name}", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """Operations that wait or are under way."""
        return self._backlog

    async def submit(self, operation: Operation[T]) -> T:
        """The operation's result, once it is durable; waits while the queue is full.

        A caller that is cancelled does not know whether the operation was committed.
        """
        while self._backlog >= self._max_backlog and not self._closing:
            waiter = self._loop.create_future()
            self._waiters.append(waiter)
            await waiter
        if self._closing:
            raise StoreError(codes.CLOSED, place=str(self._path))
        self._backlog += 1
        future: asyncio.Future[T] = self._loop.create_future()
        self._pending.append((operation, future))
        if len(self._pending) == 1:
            # Whatever else is submitted in this turn of the loop goes along: one wake-up and one commit for all.
            self._loop.call_soon(self._hand_over)
        return await future

    async def close(self) -> None:
        """Finish what is queued, then stop the thread."""
        if not self._closing:
            self._closing = True
            self._hand_over()
            self._queue.put(None)
            self._wake()
        await asyncio.to_thread(self._thread.join)

    # ------------------------------------------------------------------------------------------------ the event loop

    def _hand_over(self) -> None:
        if self._pending:
            self._queue.put(self._pending)
            self._pending = []

    def _resolve(self, done: Sequence[_Done]) -> None:
        self._backlog -= len(done)
        for future, result, error in done:
            if future.done():  # its caller was cancelled
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        self._wake()

    def _wake(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)

    # ---------------------------------------------------------------------------------------------------- the thread

    def _run(self) -> None:
        waiting: deque[_Ticket] = deque()
        running = True
        while running or waiting:
            running = self._gather(waiting) and running
            if waiting:
                done = self._commit(self._cut(waiting))
                with contextlib.suppress(RuntimeError):  # the loop was closed over us: nobody waits any more
                    self._loop.call_soon_threadsafe(self._resolve, done)

    def _gather(self, waiting: deque[_Ticket]) -> bool:
        """Take what has been handed over, blocking only when nothing waits; false when the writer is to stop."""
        while True:
            try:
                tickets = self._queue.get(block=not waiting)
            except Empty:
                return True
            if tickets is None:
                return False
            waiting.extend(tickets)

    def _cut(self, waiting: deque[_Ticket]) -> list[_Ticket]:
        """The next batch: as many as fit the bound of one transaction, at least one."""
        batch = [waiting.popleft()]
        rows = batch[0][0].rows
        while waiting and rows + waiting[0][0].rows <= self._max_rows:
            batch.append(waiting.popleft())
            rows += batch[-1][0].rows
        return batch

    def _commit(self, batch: list[_Ticket]) -> list[_Done]:
        try:
            done = self._together(batch)
            if done is None:
                done = self._one_by_one(batch)
        except sqlite3.Error as error:
            self._roll_back()
            failure = StoreError(codes.NOT_DURABLE, place=str(self._path), cause=describe(error))
            return [(future, None, failure) for _, future in batch]
        except Exception as error:  # our bug: its callers get it, and the thread lives on
            self._roll_back()
            return [(future, None, error) for _, future in batch]
        assert self._state is not None
        self.leaves = self._state.next_leaf
        self.held_tracks = self._state.held_tracks
        return done

    def _begin(self) -> Transaction:
        if self._state is None:
            self._state = State(self._connection)
        self._connection.execute("BEGIN IMMEDIATE")
        return Transaction(self._connection, self._state, self._clock.now())

    def _together(self, batch: list[_Ticket]) -> list[_Done] | None:
        """The batch in one transaction; `None` when it was rolled back because a member failed half-way."""
        transaction = self._begin()
        outbound = [id_ for operation, _ in batch for id_ in operation.outbound_ids]
        inbound = [id_ for operation, _ in batch for id_ in operation.inbound_ids]
        transaction.look_up(outbound, inbound)
        done: list[_Done] = []
        for operation, future in batch:
            stamp = transaction.stamp
            try:
                done.append((future, operation.apply(transaction), None))
            except Exception as error:  # the member's own, whatever it is: its caller gets it
                if transaction.stamp != stamp or isinstance(error, sqlite3.Error):
                    self._roll_back()
                    return None
                done.append((future, None, _as_ours(error)))
        try:
            transaction.flush()
        except (*_BAD_VALUES, sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, TypeError):
            self._roll_back()  # a value that the database does not take: find whose
            return None
        self._connection.execute("COMMIT")
        return done

    def _one_by_one(self, batch: list[_Ticket]) -> list[_Done]:
        """The batch in one transaction with a savepoint around each member."""
        self._begin()
        done: list[_Done] = []
        for operation, future in batch:
            assert self._state is not None
            transaction = Transaction(self._connection, self._state, self._clock.now())
            self._connection.execute("SAVEPOINT member")
            try:
                transaction.look_up(operation.outbound_ids, operation.inbound_ids)
                result = operation.apply(transaction)
                transaction.flush()
                self._connection.execute("RELEASE member")
                done.append((future, result, None))
            except Exception as error:
                if not self._connection.in_transaction:
                    raise  # SQLite itself gave the whole transaction up
                self._connection.execute("ROLLBACK TO member")
                self._connection.execute("RELEASE member")
                self._state = State(self._connection)
                done.append((future, None, _as_ours(error)))
        self._connection.execute("COMMIT")
        return done

    def _roll_back(self) -> None:
        self._state = None
        with contextlib.suppress(sqlite3.Error):  # the first error is the one to report
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")


def describe(error: Exception) -> str:
    """What the database said, with its own name for it."""
    return f"{getattr(error, 'sqlite_errorname', type(error).__name__)}: {error}"


def _as_ours(error: Exception) -> Exception:
    """A member's failure as its caller gets it: refusals as they are, database errors and bad values as ours."""
    if isinstance(error, GatewayError):
        return error
    if isinstance(error, (sqlite3.Error, *_BAD_VALUES)):
        return StoreError(codes.FAILED_MEMBER, cause=describe(error))
    return error
