"""Which options a codec takes, and what to say of one that it does not take."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from gateway.config.problems import did_you_mean

ENQUIRY = "enquiry"
"""Option of a feed that polls: the table of what is asked, beside the options of its decoder."""
_GIVEN = frozenset({"node", "limits", "label", "new_id", "new_nonce"})
"""Parameters that the gateway gives itself, or that no text can: its name and limits, a label, functions."""


def option_names(codec: object) -> tuple[str, ...]:
    """The options that an operator may set of a decoder, encoder, endpoint, service or enquiry, in its own order."""
    assert callable(codec)
    named = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(codec).parameters.values()
    return tuple(one.name for one in parameters if one.kind in named and one.name not in _GIVEN)


def of_poll(options: Mapping[str, JsonValue]) -> tuple[dict[str, JsonValue], JsonValue]:
    """(the decoder's options, what is said of the enquiry) of a feed that polls; absent is an empty table."""
    rest = dict(options)
    asked = rest.pop(ENQUIRY, {})
    return rest, asked


def unknown_option(codec: object, given: Iterable[str]) -> tuple[str, str] | None:
    """(cause, did-you-mean or nothing) for the first option that the codec does not take."""
    assert callable(codec)
    taken, known = inspect.signature(codec).parameters, option_names(codec)
    for name in given:
        if name not in taken:
            there = ", ".join(known) or "none"
            return f'there is no option "{name[:40]}"; there are {there}', did_you_mean(name[:40], known)
    return None
