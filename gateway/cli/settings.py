"""``gateway config``: the values in force, and the schema of the file."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, Json, load_config
from gateway.cli.output import as_json, data, table

app = typer.Typer(help="The configuration in force, and its schema.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def config_group() -> None:
    """The configuration in force, and its schema.

    \b
    Examples:
      gateway config show
      gateway config schema > gateway.schema.json
    """


@app.command()
def show(
    config: ConfigFile = DEFAULT_CONFIG,
    changed: Annotated[bool, typer.Option("--changed", help="Leave out what has its default.")] = False,
    json: Json = False,
) -> None:
    """List every value in force and where it came from: file and line, environment, or default.

    \b
    Examples:
      gateway config show
      gateway config show --changed --json
    """
    from gateway.config.problems import dotted
    from gateway.config.tree import plain, shown

    settings = [setting for setting in load_config(config).settings() if not (changed and setting.origin == "default")]
    if json:
        as_json([{"key": dotted(s.path), "value": plain(s.value), "origin": s.origin} for s in settings])
    else:
        table(["KEY", "VALUE", "FROM"], [[dotted(s.path), shown(s.value), s.origin] for s in settings])


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration file.

    \b
    Examples:
      gateway config schema > gateway.schema.json
    """
    import msgspec

    from gateway.config.document import schema as json_schema

    data(msgspec.json.format(msgspec.json.encode(json_schema()), indent=2).decode())
