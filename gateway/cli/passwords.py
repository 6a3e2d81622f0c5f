"""``gateway certs password``: what to configure for a client that shows a password instead of a certificate."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateway.cli.options import Json
from gateway.cli.output import as_json, data, say

SHORTEST = 8
"""Characters of a password that somebody chose."""


def password(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Client's name: the table is [client.NAME].")],
    generate: Annotated[bool, typer.Option("--generate", help="Make one up and show it once, on stderr.")] = False,
    json: Json = False,
) -> None:
    """Make the hash of a client's password for the configuration.

    \b
    Examples:
      gateway certs password hq-import
      gateway certs password hq-import --generate
      gateway certs password hq-import < password.txt

    The password is asked for on a terminal, read from standard input otherwise, and never taken from the command line,
    where others could read it. Paste the printed line into the client's table; the file then tells nobody the password.
    """
    import re

    from gateway.config.values import NODE_NAME_PATTERN
    from gateway.password import generate_password, hash_password

    if re.fullmatch(NODE_NAME_PATTERN, name) is None:
        raise typer.BadParameter("lower-case letters, digits and hyphens, at most 63", param_hint="NAME")
    secret = generate_password() if generate else _asked(name) if sys.stdin.isatty() else _read()
    if len(secret) < SHORTEST:
        raise typer.BadParameter(f"expected at least {SHORTEST} characters, got {len(secret)}", param_hint="password")
    try:
        hashed = hash_password(secret)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="password") from None
    if generate:
        say(f"password of {name}, shown only now: {secret}")
    if json:
        as_json({"client": name, "password": hashed})
        return
    data(f'password = "{hashed}"')
    say(f"next: put this line under [client.{name}], and name {name} in the clients of the feed")


def _asked(name: str) -> str:
    """From the person at the terminal, twice, unseen."""
    answer: str = typer.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True)
    return answer


def _read() -> str:
    """The first line of standard input, without its end."""
    from gateway.password import MAX_OCTETS

    line = sys.stdin.buffer.readline(MAX_OCTETS + 3)
    try:
        return line.rstrip(b"\r\n").decode("utf-8")
    except UnicodeDecodeError:
        raise typer.BadParameter("expected UTF-8", param_hint="password") from None
