"""``gateway ledger``: the verifiable log."""

import typer

app = typer.Typer(help="The verifiable log.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def show() -> None:
    """x"""
