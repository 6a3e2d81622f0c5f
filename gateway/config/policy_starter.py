"""Policy files to start from: the commented one that ``gateway init`` writes, and a plain one that releases all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from gateway.clock import utc_text


def starter_policy(*, issued: datetime, review: datetime, originator: str) -> str:
    """A commented policy file that is complete: what it does not name is refused, and it names no partner yet.

    `originator` is the DNS name of whoever sets the labels.
    """
    times = {"issued": issued, "review": review}
    written = {key: _text(utc_text(time.replace(microsecond=0))) for key, time in times.items()}
    return _STARTER.format(**written, originator=_text(originator))


def simple_policy(
    partners: Iterable[str] = (),
    *,
    personal_data: bool = False,
    issued: str = "2026-01-01T00:00:00Z",
    review: str = "2036-01-01T00:00:00Z",
    more: str = "",
) -> str:
    """A plain policy file: one label for all own tracks, one group with all partners, everything released to it and
    everything accepted. `more` is put at its end.

    Tracks of partners do not go on to others. Without partners there is no group.
    """
    names = list(partners)
    parts = [_SIMPLE.format(issued=_text(issued), review=_text(review))]
    parts += [f'[partner.{name}]\nclearances = ["plain"]\n' for name in names]
    if names:
        members = ", ".join(_text(name) for name in names)
        personal = "personal_data = true\n" if personal_data else ""
        parts.append(f"[group.all]\npartners = [{members}]\n")
        parts.append(f'[[release]]\nid = "everything"\naction = "release"\n{personal}')
    parts.append('[[accept]]\nid = "everything"\n')
    return "\n".join([*parts, more]) if more else "\n".join(parts)


def _text(value: str) -> str:
    return msgspec.json.encode(value).decode()


_SIMPLE = """\
[policy]
name = "Everything to everybody"
issued = {issued}
review = {review}

[[security_policy]]
use = "PUBLIC"

[label.plain]
policy = "PUBLIC"
classification = "UNMARKED"

[clearance.plain]
policy = "PUBLIC"
classifications = ["UNMARKED"]

[own]
clearances = ["plain"]

[[marking]]
id = "plain"
label = "plain"
"""

_STARTER = """\
# Release policy of one alliance track gateway: which label tracks get, who may see what, what is let in.
# `gateway check` after every change. What this file does not name is refused. docs/policy.md explains every key.

[policy]
name = "My policy"
# Labels that this policy gives were created when it was issued, and are to be reviewed by then.
issued = {issued}
review = {review}
# DNS name of whoever sets the labels.
originator = {originator}


# ------------------------------------------------------------------ the words in which confidentiality is said
# A security policy says which classifications and tag sets there are. PUBLIC is shipped, and so are TLP and the
# fictitious ALPHA and BRAVO for exercises. Real ones are files of the authority that issues them:
#
# [[security_policy]]
# file = "policies/nato.spif.xml"

[[security_policy]]
use = "PUBLIC"

# A label that markings below can give.
[label.unmarked]
policy = "PUBLIC"
classification = "UNMARKED"

# What somebody may see: the list of classifications, and of each tag set the values that he holds.
[clearance.public]
policy = "PUBLIC"
classifications = ["UNMARKED"]

# What this node may receive. National clients without a clearance of their own see as much.
[own]
clearances = ["public"]


# ------------------------------------------------------------------ our own tracks: which label
# The first marking whose conditions a track meets gives it its label. A track that none matches goes nowhere.
# Radar, SAPIENT, Remote ID and NVG carry no label, so without a marking nothing of them leaves.

[[marking]]
id = "everything"
label = "unmarked"
# when.source = ["radar-north"]
# when.format = ["ASTERIX_*"]


# ------------------------------------------------------------------ partners and release groups
# The name of a partner is that of its [link.NAME] in gateway.toml. A group shares one signed message.
#
# [partner.deu-1]
# clearances = ["public"]
#
# [group.allies]
# partners = ["deu-1"]


# ------------------------------------------------------------------ what goes to whom
# For each group the rules are tried in order, and the first one that matches decides. What none matches is withheld.
# The label must permit it too: a rule never overrides a label. Personal data, such as where the operator of a drone
# stands, is taken out unless the rule says personal_data = true.
#
# [[release]]
# id = "no-hostiles"
# when.identity = ["HOSTILE", "SUSPECT"]
# action = "withhold"
#
# [[release]]
# id = "air-picture"
# to = ["allies"]
# when.environment = ["AIR"]
# action = "redact"
# drop = ["sensors"]
# position_grid_m = 100


# ------------------------------------------------------------------ what comes in
# For each track of a partner's message the rules are tried in order. What none matches is refused.

[[accept]]
id = "public-labels"
when.label = [{{ policy = "PUBLIC" }}]
"""
