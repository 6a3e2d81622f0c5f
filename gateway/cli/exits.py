"""What the process ends with, and which error ends it how. The table in ``docs/cli.md`` is tested against this."""

from __future__ import annotations

from enum import IntEnum

from gateway.errors import Code, ConfigError, GatewayError, LinkError, PolicyError


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    """Did what was asked; also when the reader of the output went away."""
    FINDING = 1
    """Something was found: a refused record, a proof that does not hold, a certificate that ends soon."""
    USAGE = 2
    """The command line is wrong, or names something that is not there."""
    CONFIGURATION = 3
    """The configuration file is wrong, or a file that it names."""
    UNREACHABLE = 4
    """A node or partner does not answer."""
    POLICY = 5
    """A policy does not permit it."""
    BUG = 70
    """Our bug, with a traceback."""
    INTERRUPTED = 130
    """Ctrl-C."""


class CommandError(GatewayError):
    """A refusal by a command itself, with its exit code."""

    def __init__(self, code: Code, exit_code: Exit, *, place: str = "", cause: str = "", remedy: str = "") -> None:
        super().__init__(code, place=place, cause=cause, remedy=remedy)
        self.exit_code = exit_code


_REACH = range(10, 20)
"""Numbers of the LINK codes that say that the other side was not reached."""


def exit_of(error: GatewayError) -> Exit:
    """The exit code of a command that ends with `error`."""
    if isinstance(error, CommandError):
        return error.exit_code
    if isinstance(error, ConfigError):
        return Exit.CONFIGURATION
    if isinstance(error, PolicyError):
        return Exit.POLICY
    if isinstance(error, LinkError):
        return Exit.UNREACHABLE if int(error.code.id.rpartition("-")[2]) in _REACH else Exit.CONFIGURATION
    return Exit.FINDING
