"""Work that comes to its end although who asked for it was cancelled.

A thread cannot be cancelled, and a commit that has been handed over cannot be called back. Who stops waiting for one
of them at once lets go of locks while it still works, and never learns what came of it. So here a cancellation waits
until the work has ended, and is raised then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def unbroken(work: Coroutine[object, object, T]) -> T:
    """What `work` gives or raises. A caller who is cancelled meanwhile is cancelled once the work has ended.

    For work that ends soon by itself: a time limit around it takes effect only then. What the work raised is lost to
    a caller who was cancelled.
    """
    task = asyncio.create_task(work)
    cancellation: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancellation = error
    if cancellation is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # seen, so that asyncio does not complain of it
    raise cancellation


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """As `asyncio.to_thread`, but the thread has ended when this has: for what writes, or holds a lock meanwhile."""
    return await unbroken(asyncio.to_thread(work, *args, **kwargs))
