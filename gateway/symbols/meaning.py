"""The values that every vocabulary of this room is read into and written from, and the losses they state."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from gateway.track import Environment, IdentityGroup, Loss


class BadSymbolError(ValueError):
    """A text that is no code of its vocabulary at all; the format that got it says where it stood."""


class Context(StrEnum):
    """What a symbol code says of the world that the object belongs to."""

    REALITY = "REALITY"
    EXERCISE = "EXERCISE"
    SIMULATION = "SIMULATION"


class Meaning(Struct, frozen=True):
    """What a code says in canonical words."""

    environment: Environment
    identity: IdentityGroup | None
    platform: str | None
    losses: tuple[Loss, ...] = ()
    """What could not be read: a code that nobody assigned, a joker outside an exercise."""
    context: Context = Context.REALITY
    """A decoder turns EXERCISE into `Status.exercise` and SIMULATION into `Status.simulated`."""
    unmodelled: tuple[Loss, ...] = ()
    """What the code also says and no field of the track holds: echelon, status, a function finer than the platform.
    Lost only if the decoder does not keep the whole code as a classification."""


class Written(Struct, frozen=True):
    """A code, and what it could not say."""

    text: str
    losses: tuple[Loss, ...] = ()


NO_IDENTITY = Loss("identity.value", "NO_CODE")
NO_AMPLIFICATION = Loss("identity.amplification", "NO_CODE")
NO_PLATFORM = Loss("platform", "NO_CODE")
IMPLIED_PLATFORM = Loss("platform", "IMPLIED")
"""The code says more than is known: of a drone that it is military, because the standard has no other drone."""
COARSER_PLATFORM = Loss("platform", "ROUNDED")
NO_ENVIRONMENT = Loss("environment", "NO_CODE")
NO_EXERCISE = Loss("status.exercise", "NO_CODE")
NO_SIMULATION = Loss("status.simulated", "NO_CODE")
