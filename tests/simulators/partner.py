"""A partner gateway that can misbehave: a real TLS socket, hand-written HTTP, receipts signed with a real key.

    sim.next(Act.DROP_AFTER_COMMIT, Act.ACCEPT)      # what the next messages meet; then `sim.always`
    sim.skew = timedelta(minutes=10)

What it took stands in `effects`, each message once, in order; every attempt stands in `attempts`.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import Enum, auto

from tests.simulators.notes import NoteKey

_MESSAGE_ID = re.compile(rb"MessageId>([0-9a-f-]{36})<")
_MAX_OCTETS = 8_388_608


class Act(Enum):
    """What the partner does with a message."""

    ACCEPT = auto()
    REFUSE = auto()
    """Sign a refusal, 422."""
    DROP_ON_ACCEPT = auto()
    """Close right after the TLS handshake, as a refused certificate looks in TLS 1.3."""
    DROP_BEFORE_BODY = auto()
    """Close after the request's headers."""
    DROP_BEFORE_COMMIT = auto()
    """Read the message, then close."""
    DROP_AFTER_COMMIT = auto()
    """Take the message, then close without an answer."""
    DROP_IN_RECEIPT = auto()
    """Take the message, send half of the receipt, close."""
    HANG_BEFORE_COMMIT = auto()
    """Half open: the connection lives and nothing comes."""
    HANG_AFTER_COMMIT = auto()
    TRICKLE = auto()
    """Take the message, then answer one octet at a time without end."""
    WRONG_DIGEST = auto()
    WRONG_SIGNER = auto()
    WRONG_NODE = auto()
    WRONG_MESSAGE = auto()
    WRONG_OUTCOME = auto()
    """A signed refusal with status 200."""
    UNKNOWN_OUTCOME = auto()
    NO_NOTE = auto()
    """200 with an empty body."""
    HUGE_NOTE = auto()
    GARBAGE = auto()
    """Not HTTP at all."""


class Status:
    """Answer with a bare HTTP status and no receipt; the message is not taken."""

    def __init__(self, status: int, retry_after: str | None = None, *, location: str | None = None) -> None:
        self.status = status
        self.retry_after = retry_after
        self.location = location


class PartnerSimulator:
    """One partner. Start it with ``async with``; it forgets nothing while it is down."""

    def __init__(
        self, name: str, tls: ssl.SSLContext, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.name = name
        self.key = NoteKey(f"{name}.example/audit/1")
        self.impostor = NoteKey(f"{name}.example/audit/1", seed="somebody else")
        self.origin = "nld-1"
        self.skew = timedelta()
        self.always: Act | Status = Act.ACCEPT
        self.health: Act | Status = Status(200)
        self.judge: Callable[[bytes], Act | Status | None] = lambda octets: None
        self.gate = asyncio.Event()
        """While it is clear, messages that were read wait before anything is done with them."""
        self.gate.set()
        self.effects: list[str] = []
        self.attempts: list[str] = []
        self.incidents: list[str] = []
        self.probes = 0
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0
        self._tls = tls
        self._clock = clock
        self._plan: deque[Act | Status] = deque()
        self._notes: dict[str, tuple[str, int, bytes]] = {}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self._progress = asyncio.Event()

    # ------------------------------------------------------------------------------------------------------- its life

    async def __aenter__(self) -> PartnerSimulator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """As a machine that goes down: nobody listens, open connections break."""
        if self._server is None:
            return
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._server = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def next(self, *acts: Act | Status) -> None:
        """Meet the next messages with these, in order."""
        self._plan.extend(acts)

    async def until(self, done: Callable[[], bool], seconds: float = 60.0) -> None:
        """Return when `done` holds; it is asked after each thing that happens here."""
        async with asyncio.timeout(seconds):
            while not done():
                await self._progress.wait()
                self._progress.clear()

    def note_of(self, message_id: str) -> bytes:
        return self._notes[message_id][2]

    # ---------------------------------------------------------------------------------------------------- connections

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            if self._peek() is Act.DROP_ON_ACCEPT:
                self._act()
                self._progress.set()
                return
            while await self._request(reader, writer):
                self._progress.set()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        except asyncio.CancelledError:
            if self._server is not None and self._server.is_serving():
                raise
        finally:
            self._tasks.discard(task)
            self._progress.set()
            writer.transport.abort()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; whether the connection is kept."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, _ = head.split("\r\n", 1)[0].split(" ")
        if method == "GET":
            self.probes += 1
            return await self._answer_probe(path, writer)
        if self._peek() is Act.DROP_BEFORE_BODY:
            self._act()
            return False
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            length = int(next(line for line in head.split("\r\n") if line.lower().startswith("content-length:"))[15:])
            assert length <= _MAX_OCTETS
            octets = await reader.readexactly(length)
            self._progress.set()
            await self.gate.wait()
            return await self._answer(octets, self._act(), writer)
        finally:
            self._at_once -= 1

    def _peek(self) -> Act | Status:
        return self._plan[0] if self._plan else self.always

    def _act(self) -> Act | Status:
        return self._plan.popleft() if self._plan else self.always

    async def _answer_probe(self, path: str, writer: asyncio.StreamWriter) -> bool:
        assert path == "/alliance/v1/health"
        if not isinstance(self.health, Status):
            if self.health is Act.HANG_BEFORE_COMMIT:
                await asyncio.Event().wait()
            return False
        await self._send(writer, self.health.status, b"", retry_after=self.health.retry_after)
        return True

    # ------------------------------------------------------------------------------------------------------- messages

    async def _answer(self, octets: bytes, act: Act | Status, writer: asyncio.StreamWriter) -> bool:
        found = _MESSAGE_ID.search(octets)
        assert found is not None
        message_id = found[1].decode()
        self.attempts.append(message_id)
        act = self.judge(octets) or act
        if isinstance(act, Status):
            location = f"Location: {act.location}\r\n" if act.location else ""
            await self._send(writer, act.status, b"", retry_after=act.retry_after, extra=location)
            return True
        if act is Act.HANG_BEFORE_COMMIT:
            self._progress.set()
            await asyncio.Event().wait()
        if act in (Act.DROP_BEFORE_COMMIT, Act.DROP_ON_ACCEPT, Act.DROP_BEFORE_BODY):
            return False
        if act is Act.GARBAGE:
            writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            await writer.drain()
            return False
        status, note = self._commit(message_id, octets, refuse=act is Act.REFUSE)
        if act is Act.DROP_AFTER_COMMIT:
            return False
        if act is Act.HANG_AFTER_COMMIT:
            self._progress.set()
            await asyncio.Event().wait()
        await self._send(writer, status, self._spoilt(act, message_id, octets, note), act=act)
        return act is not Act.DROP_IN_RECEIPT

    def _commit(self, message_id: str, octets: bytes, *, refuse: bool) -> tuple[int, bytes]:
        """Take the message once; a duplicate gets the original answer, other content an incident."""
        sha256 = hashlib.sha256(octets).hexdigest()
        known = self._notes.get(message_id)
        if known is None:
            outcome = "REFUSED" if refuse else "ACCEPTED"
            if not refuse:
                self.effects.append(message_id)
            note = self._sign(message_id, sha256, outcome, code="SIM-422" if refuse else "")
            known = self._notes[message_id] = (sha256, 422 if refuse else 200, note)
        elif known[0] != sha256:
            self.incidents.append(message_id)
            return 422, self._sign(message_id, sha256, "REFUSED", code="SIM-409")
        return known[1], known[2]

    def _sign(
        self, message_id: str, sha256: str, outcome: str, *, code: str = "", key: NoteKey | None = None, node: str = ""
    ) -> bytes:
        return (key or self.key).receipt(
            node=node or self.name,
            origin=self.origin,
            message_id=message_id,
            sha256=sha256,
            outcome=outcome,
            code=code,
            leaf=len(self._notes),
            time=self._clock() + self.skew,
        )

    def _spoilt(self, act: Act, message_id: str, octets: bytes, note: bytes) -> bytes:
        sha256 = hashlib.sha256(octets).hexdigest()
        match act:
            case Act.WRONG_DIGEST:
                return self._sign(message_id, hashlib.sha256(b"other").hexdigest(), "ACCEPTED")
            case Act.WRONG_SIGNER:
                return self._sign(message_id, sha256, "ACCEPTED", key=self.impostor)
            case Act.WRONG_NODE:
                return self._sign(message_id, sha256, "ACCEPTED", node="fra-1")
            case Act.WRONG_MESSAGE:
                return self._sign("00000000-0000-4000-8000-000000000000", sha256, "ACCEPTED")
            case Act.WRONG_OUTCOME:
                return self._sign(message_id, sha256, "REFUSED", code="SIM-422")
            case Act.UNKNOWN_OUTCOME:
                return self._sign(message_id, sha256, "PERHAPS")
            case Act.NO_NOTE:
                return b""
            case Act.HUGE_NOTE:
                return note + b"x" * 1_000_000
            case _:
                return note

    async def _send(
        self,
        writer: asyncio.StreamWriter,
        status: int,
        body: bytes,
        *,
        act: Act | None = None,
        retry_after: str | None = None,
        extra: str = "",
    ) -> None:
        date = format_datetime(self._clock() + self.skew, usegmt=True)
        retry = f"Retry-After: {retry_after}\r\n" if retry_after is not None else ""
        head = (
            f"HTTP/1.1 {status} Whatever\r\nDate: {date}\r\n{retry}{extra}Content-Length: {len(body)}\r\n\r\n".encode()
        )
        if act is Act.DROP_IN_RECEIPT:
            writer.write((head + body)[: len(head) + len(body) // 2])
            await writer.drain()
            return
        if act is Act.TRICKLE:
            self._progress.set()
            for octet in head + body:
                writer.write(bytes((octet,)))
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.write(head + body)
        await writer.drain()
