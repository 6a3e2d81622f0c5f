"""``gateway version``: what runs here."""

from __future__ import annotations

from gateway.cli.options import Json
from gateway.cli.output import as_json, data

_PARTS = ("aiohttp", "cryptography", "lxml", "msgspec", "pydantic", "typer", "uvloop")


def version(json: Json = False) -> None:
    """Print the version; with --json also of what it stands on.

    \b
    Examples:
      gateway version
      gateway version --json
    """
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    def of(name: str) -> str:
        try:
            return installed(name)
        except PackageNotFoundError:
            return "not installed"

    own = of("alliance-track-gateway")
    if not json:
        data(own)
        return
    import platform
    import sqlite3
    import ssl

    as_json(
        {
            "gateway": own,
            "python": platform.python_version(),
            "system": platform.platform(),
            "openssl": ssl.OPENSSL_VERSION,
            "sqlite": sqlite3.sqlite_version,
            **{part: of(part) for part in _PARTS},
        }
    )
