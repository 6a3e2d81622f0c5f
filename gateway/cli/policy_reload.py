"""``gateway policy reload``: tell a running node to read its policy again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp
import msgspec

from gateway.cli.codes import NODE_ANSWER, NODE_UNREACHABLE
from gateway.cli.exits import CommandError, Exit
from gateway.cli.output import as_json, data
from gateway.cli.status import node_address, node_tls
from gateway.config import Config, InvalidConfigError
from gateway.errors import Code, ConfigError

TIMEOUT_S = 30.0  # it reads the policy and closes what is decided by the one before, with a leaf in the ledger
_PATH = "/v1/policy/reload"
_MAX_OCTETS = 4_194_304  # stops whoever answers in the node's place from filling our memory
_MAX_ERRORS = 1_000
_SHOWN = 500
_PLAIN = "without TLS no caller can show the node's certificate: send the node SIGHUP instead, or remove http.plain"


def reload(config: Config, url: str, *, json: bool) -> None:
    """Have the policy read again and say what came of it.

    Raises `InvalidConfigError` with everything that is wrong with the new policy: the one before stays in force.
    """
    place = f"{node_address(config, url)}{_PATH}"
    status, document = asyncio.run(_ask(place, config))
    if status != 200:
        raise _refused(status, document, place)
    if json:
        as_json(document)
        return
    digest, previous = _text(document, "policy"), _text(document, "previous")
    data(f"policy {digest} is in force" + (f"; before it was {previous}" if document.get("changed") else ", as before"))


def _refused(status: int, document: Mapping[str, object], place: str) -> CommandError | InvalidConfigError:
    """What the node says is wrong with the policy, or with the request."""
    errors = document.get("errors")
    if isinstance(errors, list):
        told = [
            ConfigError(
                Code(_text(one, "code"), _text(one, "title"), _text(one, "remedy")),
                place=_text(one, "place"),
                cause=_text(one, "cause"),
            )
            for one in errors[:_MAX_ERRORS]
            if isinstance(one, Mapping)
        ]
        if told:
            return InvalidConfigError(told)
    code = f"{_text(document, 'code')} {_text(document, 'title')}".strip()
    cause = f"HTTP status {status}" + (f": {code}" if code else "")
    detail = _text(document, "detail")
    cause += f": {detail}" if detail else ""
    remedy = _PLAIN if status == 403 and place.startswith("http:") else _text(document, "remedy")
    return CommandError(NODE_ANSWER, Exit.FINDING, place=place, cause=cause, remedy=remedy)


async def _ask(place: str, config: Config) -> tuple[int, Mapping[str, object]]:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session,
            session.post(place, ssl=node_tls(config), allow_redirects=False) as response,
        ):
            body = b""
            async for chunk in response.content.iter_chunked(65_536):
                body += chunk
                if len(body) > _MAX_OCTETS:
                    raise CommandError(NODE_ANSWER, Exit.FINDING, place=place, cause=f"more than {_MAX_OCTETS} octets")
            status = response.status
            document: object = msgspec.json.decode(body)
    except aiohttp.InvalidURL:
        raise CommandError(NODE_UNREACHABLE, Exit.USAGE, place=place, cause="not a URL") from None
    except TimeoutError:
        cause = f"no answer in {TIMEOUT_S} s"
        raise CommandError(NODE_UNREACHABLE, Exit.UNREACHABLE, place=place, cause=cause) from None
    except (aiohttp.ClientError, OSError) as error:
        system = getattr(error, "os_error", error)  # what aiohttp wraps names the address twice
        cause = getattr(system, "strerror", None) or str(error)[:200] or type(error).__name__
        raise CommandError(NODE_UNREACHABLE, Exit.UNREACHABLE, place=place, cause=cause) from None
    except msgspec.DecodeError:
        raise CommandError(NODE_ANSWER, Exit.FINDING, place=place, cause=f"HTTP status {status}, not JSON") from None
    if not isinstance(document, dict):
        raise CommandError(NODE_ANSWER, Exit.FINDING, place=place, cause=f"HTTP status {status}, not a JSON object")
    return status, document


def _text(of: Mapping[str, object], key: str) -> str:
    """A text of the answer, bounded; control characters are taken out where it is shown."""
    value = of.get(key)
    return "".join(char for char in str(value)[:_SHOWN] if char.isprintable()) if value is not None else ""
