"""Which policy a command is about, and what the configuration beside it says."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from gateway.cli.options import load_config
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.config import Config
    from gateway.config.policy_load import LoadedPolicy

PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", "-p", metavar="FILE", help="Policy; without it the configuration's.", show_default=False),
]
At = Annotated[
    str,
    typer.Option("--at", metavar="TIME", help="When it is decided, such as 2026-03-01T09:30:00Z.", show_default=False),
]
ALONE = "this-node"
"""Name of the node where no configuration says it."""
_NEITHER = "name a policy with --policy, or the configuration with --config; 'gateway init' writes both"


class Found(Struct, frozen=True, kw_only=True):
    """A policy, and the configuration that it stands beside."""

    loaded: LoadedPolicy
    config: Config | None
    """Absent where a policy was named and there is no configuration."""


def find_policy(policy: Path | None, config: Path) -> Found:
    """The policy that was named, else the configuration's; `InvalidConfigError` with everything that is wrong.

    A policy that was named is read by itself where there is no configuration: then names of sources and links are not
    checked.
    """
    if policy is not None and not config.exists():
        return Found(loaded=read_policy(policy, None), config=None)
    try:
        known = load_config(config).config
    except ConfigError as error:
        if config.exists():
            raise
        raise ConfigError(error.code, place=error.place, cause=error.cause, remedy=_NEITHER) from None
    return Found(loaded=read_policy(policy or known.policy.file, known), config=known)


def read_policy(file: Path, config: Config | None) -> LoadedPolicy:
    """The policy of a file, held against the configuration where there is one."""
    from gateway.config.policy_load import load_policy, load_policy_for

    return load_policy(file, node=ALONE) if config is None else load_policy_for(config, file)


def time_of(text: str, hint: str = "--at") -> datetime | None:
    """The time that was named; a usage error for what is none, nothing for nothing."""
    from gateway.clock import parse_utc

    if not text:
        return None
    try:
        return parse_utc(text)
    except ValueError:
        raise typer.BadParameter("expected a time such as 2026-03-01T09:30:00Z", param_hint=hint) from None
