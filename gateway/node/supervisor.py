"""The supervisor: every long task has an owner, a name and a restart policy."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from msgspec import Struct

from gateway.errors import GatewayError

RESTART_FIRST_S = 0.2
RESTART_MAX_S = 30.0
HEALTHY_AFTER_S = 60.0
"""A task that ran for this long before it failed starts its back-off anew."""


class TaskState(Struct):
    """How one supervised task fares."""

    name: str
    running: bool = False
    done: bool = False
    """It came to its end, as the replay of a recording does."""
    restarts: int = 0
    last_error: str = ""


class Supervisor:
    """Runs named tasks until cancelled; restarts what fails, and says so.

    A `GatewayError` is the world: logged as a warning. Anything else is our bug: logged with its traceback, counted,
    and the task is restarted all the same, because one broken feed must not take the others down.
    """

    def __init__(self) -> None:
        self._log = structlog.get_logger("node")
        self._factories: list[tuple[TaskState, Callable[[], Awaitable[None]]]] = []
        self.bugs = 0

    @property
    def tasks(self) -> list[TaskState]:
        """The supervised tasks and how they fare."""
        return [state for state, _ in self._factories]

    def add(self, name: str, factory: Callable[[], Awaitable[None]]) -> None:
        """Supervise what `factory` returns, under `name`; only before `run`."""
        self._factories.append((TaskState(name=name), factory))

    async def run(self) -> None:
        """Run everything until cancelled."""
        async with asyncio.TaskGroup() as group:
            for state, factory in self._factories:
                group.create_task(self._keep(state, factory), name=state.name)

    async def _keep(self, state: TaskState, factory: Callable[[], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        delay = RESTART_FIRST_S
        while True:
            began = loop.time()
            state.running = True
            try:
                await factory()
                state.done = True
                return
            except GatewayError as error:
                state.last_error = str(error)
                self._log.warning("task.failed", task=state.name, code=error.code.id, error=str(error))
            except (Exception, asyncio.CancelledError) as error:
                if isinstance(error, asyncio.CancelledError) and _is_to_stop():
                    raise
                self.bugs += 1  # a cancellation that nobody asked for came out of something that it waited for
                state.last_error = f"{type(error).__name__}: {error}"
                self._log.exception("task.crashed", task=state.name)
            finally:
                state.running = False
            if _is_to_stop():  # and failed at that
                return
            state.restarts += 1
            if loop.time() - began > HEALTHY_AFTER_S:
                delay = RESTART_FIRST_S
            await asyncio.sleep(delay)
            delay = min(delay * 2, RESTART_MAX_S)


def _is_to_stop() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
