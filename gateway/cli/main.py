"""The command `gateway`: which commands there are, and how each of them ends.

Rooms are imported inside the commands, so that ``gateway --help`` answers at once.
"""

from __future__ import annotations

import contextlib
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from gateway.cli import (
    certs,
    check,
    demo,
    explain,
    formats,
    init,
    ledger,
    links,
    octets,
    policy,
    quarantine,
    run,
    settings,
    status,
    translate,
    version,
)
from gateway.cli.codes import BUG
from gateway.cli.exits import Exit, exit_of
from gateway.cli.output import report, say
from gateway.errors import GatewayError


class _Shell(TyperGroup):
    """The root command: whatever a command ends with becomes diagnostics and an exit code here."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]  # typer names its context twice
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except GatewayError as error:
            with contextlib.suppress(BrokenPipeError):
                report(error, json="--json" in sys.argv[1:])
            raise typer.Exit(exit_of(error)) from None
        except BrokenPipeError:
            _close_quietly()
            raise typer.Exit(Exit.DONE) from None
        except (typer.Exit, typer.Abort, typer.TyperException, KeyboardInterrupt, EOFError):
            raise
        except Exception:
            traceback.print_exc()
            say(f"error[{BUG.id}] {BUG.title}\n  {'try':<10} {BUG.remedy}")
            raise typer.Exit(Exit.BUG) from None
        return result


def _close_quietly() -> None:
    """The reader went away (``| head``): what is still buffered goes nowhere, without a complaint at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):  # a captured stdout has no descriptor
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


_EPILOG = (
    "Exit codes: 0 done, 1 a finding, 2 usage, 3 configuration, 4 unreachable, 5 refused by policy, 70 our bug, "
    "130 interrupted."
)

app = typer.Typer(
    cls=_Shell,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(epilog=_EPILOG)
def gateway() -> None:
    """Alliance track gateway: translate, label, sign, exchange and prove tracks.

    \b
    Examples:
      gateway demo                                        four gateways on this machine
      gateway init && gateway check && gateway run        a node of your own
      gateway translate radar.pcap --from asterix --to geojson
      gateway explain LINK-014
    """


_COMMANDS: tuple[Callable[..., None], ...] = (
    demo.demo,
    init.init,
    check.check,
    run.run,
    status.status,
    translate.translate,
    formats.formats,
    explain.explain,
    octets.message,
    version.version,
)
for _command in _COMMANDS:
    app.command()(_command)
app.add_typer(certs.app, name="certs")
app.add_typer(settings.app, name="config")
app.add_typer(ledger.app, name="ledger")
app.add_typer(links.app, name="links")
app.add_typer(policy.app, name="policy")
app.add_typer(quarantine.app, name="quarantine")


def main() -> None:
    """Run the command line of this process and exit."""
    app(prog_name="gateway")
