"""Step 5 of the receive path, after the schema: is this message of its signer, for us, and new?

    5.1  version 1.x: minor versions only add, major ones change meaning
    5.2  To is us
    5.3  From is the signer
    5.4  created neither ahead of our clock nor too long ago
    5.5  we are not among the gateways that it has passed

That its message id is unseen (5.6) only the store can say, in the transaction that records it; it remembers ids for
longer than 5.4 lets a message be old (ADR 0004). The signer is authenticated by now, so these refusals tell it which
check failed: that helps to find a wrong clock or route.
"""

from __future__ import annotations

import re
from datetime import datetime

from gateway.clock import utc_text
from gateway.errors import Code, SealError
from gateway.limits import Limits
from gateway.seal import codes
from gateway.stages import Opened

_VERSION = re.compile(r"1\.(0|[1-9][0-9]{0,3})")


def check_freshness(opened: Opened, *, node: str, now: datetime, limits: Limits) -> None:
    """Nothing, for a header that holds; else `SealError` ``SEAL-051`` to ``SEAL-055`` for the first check that fails.

    `node` is our own name. `limits` gives `created_window_s` (ahead) and `created_age_s` (behind), in seconds.
    """
    message, header = opened.message, opened.message.header
    if not _VERSION.fullmatch(message.version):  # 5.1
        raise _refusal(codes.VERSION, opened, f"expected 1.x, observed {message.version[:20]}")
    if node not in header.recipients:  # 5.2
        raise _refusal(codes.NOT_FOR_US, opened, f"{node} is not among {len(header.recipients)} recipients")
    if header.sender != opened.verified.signer:  # 5.3
        raise _refusal(codes.NOT_FROM_SIGNER, opened, f"signed by {opened.verified.signer}, from {header.sender[:80]}")
    age_s = (now - header.created_at).total_seconds()
    if not -limits.created_window_s <= age_s <= limits.created_age_s:  # 5.4
        bounds = f"allowed from {limits.created_window_s:g} s ahead to {limits.created_age_s:g} s ago"
        raise _refusal(codes.NOT_FRESH, opened, f"created {utc_text(header.created_at)}, {age_s:g} s ago; {bounds}")
    if any(hop.node == node for hop in header.hops):  # 5.5
        raise _refusal(codes.LOOP, opened, f"{node} is among the {len(header.hops)} gateways passed")


def _refusal(code: Code, opened: Opened, cause: str) -> SealError:
    return SealError(code, place=f"message {opened.message.header.message_id}", cause=cause)
