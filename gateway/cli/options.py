"""Options that several commands share, and reading what they name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gateway.config import LoadedConfig

ConfigFile = Annotated[
    Path,
    typer.Option("--config", "-c", envvar="GATEWAY_CONFIG", help="Configuration file.", metavar="FILE"),
]
Json = Annotated[bool, typer.Option("--json", help="Data on stdout, and errors on stderr, as JSON.")]
DEFAULT_CONFIG = Path("gateway.toml")


def load_config(file: Path) -> LoadedConfig:
    """The checked configuration of `file`; `ConfigError` with everything that is wrong."""
    from gateway.config import load
    from gateway.formats.registry import names

    return load(file, formats=names())


def key_values(pairs: Iterable[str]) -> dict[str, object]:
    """Options written as ``key=value``; values are read as TOML where that works, and as text otherwise."""
    import tomllib

    from gateway.cli.codes import OPTION
    from gateway.cli.exits import CommandError, Exit

    found: dict[str, object] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise CommandError(OPTION, Exit.USAGE, cause=f"expected key=value, got {pair[:60]!r}")
        try:
            found[key] = tomllib.loads(f"value = {text}")["value"]
        except (ValueError, RecursionError):  # a TOMLDecodeError, or an integer of thousands of digits
            found[key] = text
    return found
