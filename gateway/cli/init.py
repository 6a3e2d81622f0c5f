"""``gateway init``: a complete commented configuration, a release policy, and what a first run needs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.options import Json
from gateway.cli.output import as_json, say

EXAMPLE_SOURCE = "example"
"""National source of the starter file, with a client certificate, so that something can be posted at once."""

_REVIEW = timedelta(days=365)
"""After which the policy is to be looked at again, unless its author writes another day."""


def init(
    directory: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")] = Path(),
    name: Annotated[str, typer.Option(help="Name of the node: lower-case letters, digits, hyphens.")] = "node-1",
    nation: Annotated[str, typer.Option(help="Nation or agency: three upper-case letters.")] = "XXX",
    no_certs: Annotated[bool, typer.Option("--no-certs", help="Write no development certificates.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the configuration and the certificates.")] = False,
    json: Json = False,
) -> None:
    """Write a commented gateway.toml and policy.toml, and development certificates.

    \b
    Examples:
      gateway init
      gateway init /etc/gateway --name nld-1 --nation NLD --no-certs

    Nothing is overwritten without --force. The traffic is marked as a test with simulated objects until you say
    otherwise in gateway.toml, and nothing leaves until policy.toml has a rule that releases it.
    """
    from gateway.cli.codes import OUTPUT_UNWRITABLE, WOULD_OVERWRITE
    from gateway.cli.exits import CommandError, Exit
    from gateway.clock import SystemClock
    from gateway.config import load_text
    from gateway.config.document import starter
    from gateway.config.policy_load import load_policy_text
    from gateway.config.policy_starter import starter_policy
    from gateway.formats.registry import names

    file = directory / "gateway.toml"
    policy_file = directory / "policy.toml"
    for there in (file, policy_file):
        if there.exists() and not force:
            raise CommandError(WOULD_OVERWRITE, Exit.USAGE, place=str(there))
    text = starter(_values(name, nation), {"source.NAME": _source("")})
    load_text(text, file=file, formats=names(), environ={})  # a bad name is refused before anything is written
    now = SystemClock().now()
    policy = starter_policy(issued=now, review=now + _REVIEW, originator=f"{name}.example")
    load_policy_text(policy, file=policy_file, node=name)
    made: list[dict[str, object]] = []
    if not no_certs:
        from gateway.cli.certs import write_certificates

        written = write_certificates(directory / "certs", name, [EXAMPLE_SOURCE], now=now, force=force)
        made = [item for item, _ in written]
        pin = next((pin for item, pin in written if str(item["path"]).endswith(f"{EXAMPLE_SOURCE}.client.pem")), "")
        text = starter(_values(name, nation), {"source.NAME": _source(pin)})
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        policy_file.write_text(policy, encoding="utf-8")
    except OSError as error:
        raise CommandError(OUTPUT_UNWRITABLE, Exit.USAGE, place=str(file), cause=error.strerror or "") from None
    if json:
        as_json({"configuration": str(file), "policy": str(policy_file), "certificates": made})
    _tell(file, policy_file, made)


def _values(name: str, nation: str) -> dict[str, str]:
    return {
        "node.name": f'"{name}"',
        "node.nation": f'"{nation}"',
        "node.exercise": '"TEST"',
        "node.simulation": '"SIMULATED"',
    }


def _source(pin: str) -> str:
    pins = f'certificate_pins = ["{pin}"]  # certs/{EXAMPLE_SOURCE}.client.pem\n' if pin else ""
    return f'[source.{EXAMPLE_SOURCE}]\nformats = ["asterix", "cot", "geojson"]\n{pins}'


def _tell(file: Path, policy: Path, certificates: list[dict[str, object]]) -> None:
    say(f"wrote {file} and {policy}")
    if certificates:
        first = certificates[0]
        say(
            f"wrote {len(certificates)} files of development certificates and keys in {Path(str(first['path'])).parent}"
        )
        ends = next((item["not_after"] for item in certificates if item["not_after"]), "")
        say(f"they end {ends}; the production profile refuses them")
    say(f"next: gateway check --config {file}")
