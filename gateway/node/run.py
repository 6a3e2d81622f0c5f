"""`gateway run`: one node until SIGTERM or SIGINT, its policy read again at SIGHUP; on uvloop where there is one."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import logging
import signal
import sys

import structlog

from gateway.config import Config
from gateway.config.model import LogStyle
from gateway.errors import GatewayError
from gateway.node.assembly import Node

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h
YOUNG_OBJECTS = 20_000
"""Containers made since the last pass over the young ones; Python's own 700 are less than one message's."""


def configure_logging(config: Config) -> None:
    """Structured events on stderr, for people or for machines."""
    level = logging.getLevelNamesMapping()[config.node.log_level.value.upper()]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if config.node.log is LogStyle.JSON
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


SWITCH_INTERVAL_S = 0.0005
"""The store's writer has to win the interpreter lock at every step of SQLite: with the default of 5 ms a busy event
loop makes one commit wait up to 160 ms, with this 40 ms."""


def _settle_collector() -> None:
    """Keep the cyclic collector from stopping the loop: a full pass over all that was imported takes 40 ms.

    Tracks and messages hold no cycles and go by their reference counts. What is alive at the start never goes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 20, 20)


def _settle_allocator() -> None:
    """Give the memory of large messages back to the system at once; without glibc, nothing.

    By default glibc raises its threshold for separate mappings with every large block that is freed, and a receiver of
    messages of 1 MB keeps 30 to 50 MB more than it uses.
    """
    with contextlib.suppress(OSError, AttributeError):
        tune = ctypes.CDLL("libc.so.6").mallopt
        for option, value in ((_M_MMAP_THRESHOLD, 65_536), (_M_TRIM_THRESHOLD, 131_072), (_M_ARENA_MAX, 2)):
            tune(option, value)


async def serve(config: Config, *, ready: asyncio.Event | None = None) -> None:
    """Run one node until SIGTERM, SIGINT or cancellation, then stop it cleanly. SIGHUP reads the policy again."""
    loop = asyncio.get_running_loop()
    node = Node(config)
    loop.add_signal_handler(signal.SIGHUP, node.reload.ask)  # before it starts: unhandled, the signal would end it
    async with node:
        _settle_collector()
        try:
            async with asyncio.TaskGroup() as group:
                running = group.create_task(node.run(ready=ready), name=f"node {config.node.name}")
                for number in (signal.SIGTERM, signal.SIGINT):
                    loop.add_signal_handler(number, _stop, running)
        except ExceptionGroup as errors:
            if isinstance(errors.exceptions[0], GatewayError):  # of the world, such as an address that is taken
                raise errors.exceptions[0] from None
            raise


def _stop(running: asyncio.Task[None]) -> None:
    """Stop once: who asks again would interrupt the closing, not hasten it."""
    if not running.cancelling():
        running.cancel()


def run(config: Config) -> None:
    """Run one node in this process until it is told to stop."""
    configure_logging(config)
    _settle_allocator()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        import uvloop
    except ImportError:
        asyncio.run(serve(config))
    else:
        uvloop.run(serve(config))
