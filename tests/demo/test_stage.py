"""Where the players of a demonstration are to be found."""

from __future__ import annotations

import socket
from contextlib import suppress

from gateway.demo.stage import free_ports


def test_ports_are_free_and_none_is_given_twice_or_to_anybody_by_the_system() -> None:
    ports = free_ports(40)
    with socket.socket() as taken:
        with suppress(OSError):  # then somebody else has it
            taken.bind(("127.0.0.1", ports[-1] + 1))
        ports += free_ports(40)
        assert ports[40] != ports[39] + 1
    assert len(set(ports)) == 80
    assert max(ports) < 32_768
