"""``gateway links``: how each partner link fares, and the messages that a partner did not take."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, Json, load_config
from gateway.cli.output import as_json, printable, say, table
from gateway.cli.status import NOT_WELL, items, last_error, read_status, when

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store import Exceptional

app = typer.Typer(help="Links to partners.", invoke_without_command=True, rich_markup_mode=None)


@app.callback()
def links(
    context: typer.Context,
    config: ConfigFile = DEFAULT_CONFIG,
    url: Annotated[str, typer.Option(help="Address of the node; without it the configuration's.")] = "",
    json: Json = False,
) -> None:
    """Show the links of a running node, and what partners did not take.

    \b
    Examples:
      gateway links
      gateway links parked deu-1
      gateway links retry deu-1 4711

    Exit code 4: the node does not answer. 1: a link is not up.
    """
    from gateway.cli.exits import Exit

    if context.invoked_subcommand is not None:
        return
    found = items(read_status(config, url), "links")
    if json:
        as_json(found)
    elif not found:
        say("no partner is configured: add [link.NAME]")
    else:
        _show(found)
    if any(link.get("state") in NOT_WELL for link in found):
        raise typer.Exit(Exit.FINDING)


def _show(found: Sequence[Mapping[str, object]]) -> None:
    times, rest = ["LAST GOOD OUT", "LAST GOOD IN"], ["CERTIFICATES", "LAST ERROR"]
    headers = ["LINK", "STATE", "SINCE", "QUEUED", "WITHHELD", *times, *rest]
    table(headers, [_row(link) for link in found])
    for link in found:
        failure = link.get("last_failure")
        if link.get("state") in NOT_WELL and isinstance(failure, Mapping):
            say()
            say(f"{_word(link, 'partner')}: {_word(failure, 'title')}, at {_word(failure, 'place')}")
            for key in ("cause", "remedy"):
                say(f"  {'try' if key == 'remedy' else key:<10} {_word(failure, key)}")
            if link.get("retry_at"):
                say(f"  {'again':<10} {when(link.get('retry_at'))}")


def _row(link: Mapping[str, object]) -> list[str]:
    times = [when(link.get(key)) for key in ("since", "last_good_out", "last_good_in")]
    days = f"ours {_days(link, 'our_certificate_days')}, theirs {_days(link, 'their_certificate_days')}"
    counts = [_word(link, "queued_messages"), _word(link, "withheld")]
    return [_word(link, "partner"), _word(link, "state"), times[0], *counts, *times[1:], days, last_error(link)]


def _days(link: Mapping[str, object], key: str) -> str:
    days = link.get(key)
    return f"{days:.0f} d" if isinstance(days, int | float) else "-"


def _word(of: Mapping[str, object], key: str) -> str:
    value = of.get(key)
    return "-" if value in (None, "") else printable(str(value))


# ------------------------------------------------------------------------------------------- what partners did not take


@app.command()
def parked(
    partner: Annotated[str, typer.Argument(help="Only those for this partner.", show_default=False)] = "",
    every: Annotated[
        bool,
        typer.Option("--all", help="Also those that the partner refused for good, and those that policy withheld."),
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, newest first.")] = 50,
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """List the messages that a partner did not take. Works while the node runs, and when it does not.

    \b
    Examples:
      gateway links parked
      gateway links parked deu-1 --all

    Parked: turned away without the partner's signature, or too long for the link, while other messages passed; it waits
    for `gateway links retry`. Refused: the partner signed that it does not want it, and why; that is final. Withheld:
    the policy that came into force while it waited keeps it from the partner; that is final too.
    """
    from gateway.clock import utc_text

    loaded = load_config(config).config
    found = _read(loaded.database_path(), partner, limit, every=every)
    if json:
        as_json([_entry(one) for one in found])
        return
    if not found:
        say("no message is parked" + ("" if every else "; --all lists those that were refused or withheld, too"))
        return
    rows = [
        [one.partner, str(one.seq), one.state.value, utc_text(one.at), one.code, one.message_id, printable(one.cause)]
        for one in found
    ]
    table(["PARTNER", "SEQ", "STATE", "SINCE", "CODE", "MESSAGE", "CAUSE"], rows)
    waiting = next((one for one in found if one.state == "parked"), None)
    if waiting is not None:
        say(f"next: stop the node, then gateway links retry {waiting.partner} {waiting.seq}")


@app.command()
def retry(
    partner: Annotated[str, typer.Argument(help="Name of the partner.")],
    seq: Annotated[int, typer.Argument(min=1, help="Number of the message, from `gateway links parked`.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Queue a parked message again. The node must be stopped: its database has one writer (else STO-004).

    \b
    Examples:
      gateway links retry deu-1 4711
    """
    from gateway.cli.codes import NOT_FOUND
    from gateway.cli.exits import CommandError, Exit
    from gateway.clock import SystemClock
    from gateway.store import Store

    loaded = load_config(config).config
    if not loaded.database_path().exists():
        raise CommandError(NOT_FOUND, Exit.FINDING, cause="the node never ran, so no message is parked")

    async def resume() -> None:
        store = await Store.open(loaded.database_path(), loaded.limits, SystemClock())
        try:
            await store.resume(partner, seq)
        finally:
            await store.close()

    asyncio.run(resume())
    say(f"message {seq} waits for {partner} again")
    say("next: gateway run")


def _read(path: Path, partner: str, limit: int, *, every: bool) -> list[Exceptional]:
    from functools import partial

    from gateway.store import Settlement
    from gateway.store.reader import Readers, exceptions

    if not path.exists():
        return []  # a node that never ran has sent nothing

    async def read() -> list[Exceptional]:
        readers = Readers(path)
        try:
            state = None if every else Settlement.PARKED
            return await readers.run(partial(exceptions, partner=partner or None, limit=limit, state=state))
        finally:
            await readers.close()

    return asyncio.run(read())


def _entry(one: Exceptional) -> dict[str, object]:
    from gateway.clock import utc_text

    return {
        "partner": one.partner,
        "seq": one.seq,
        "state": one.state.value,
        "at": utc_text(one.at),
        "code": one.code,
        "message_id": one.message_id,
        "cause": one.cause,
    }
