"""Connections that partners made to us: how old each is, whether it works on a request, whether it must go."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from gateway.clock import Clock


class _Connection:
    def __init__(self, born: float) -> None:
        self.born = born
        self.requests = 0
        self.ends = False


class Connections:
    """The book of open connections, by their HTTP protocol object. Kept in step by the listener's sweep."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[asyncio.BaseProtocol, _Connection] = {}
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def request(self, protocol: asyncio.BaseProtocol) -> Iterator[None]:
        """A request is worked on meanwhile: its connection is not closed under it."""
        connection = self._known(protocol)
        connection.requests += 1
        try:
            yield
        finally:
            connection.requests -= 1

    @contextmanager
    def message(self, partner: str) -> Iterator[None]:
        """A message of the partner is worked on meanwhile."""
        self._under_way[partner] += 1
        try:
            yield
        finally:
            self._under_way[partner] -= 1

    def under_way(self, partner: str) -> int:
        """Messages of the partner that are being worked on."""
        return self._under_way[partner]

    def ends(self, protocol: asyncio.BaseProtocol) -> bool:
        """Whether the answer under way is the connection's last."""
        return self._known(protocol).ends

    def age_s(self, protocol: asyncio.BaseProtocol) -> float:
        """Seconds since the connection was first seen."""
        return self._clock.monotonic() - self._known(protocol).born

    def end(self, protocol: asyncio.BaseProtocol, transport: asyncio.Transport) -> None:
        """Close the connection, after its answer if one is under way."""
        connection = self._known(protocol)
        if connection.requests:
            connection.ends = True
        else:
            transport.close()

    def keep(self, protocols: Iterable[asyncio.BaseProtocol]) -> None:
        """Forget all but these."""
        self._open = {protocol: self._known(protocol) for protocol in protocols}

    def _known(self, protocol: asyncio.BaseProtocol) -> _Connection:
        known = self._open.get(protocol)
        if known is None:
            known = self._open[protocol] = _Connection(self._clock.monotonic())
        return known
