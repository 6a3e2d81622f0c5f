"""A release policy, a recording and cases for tests of ``gateway policy``."""

from __future__ import annotations

from pathlib import Path

POLICY = """\
[policy]
name = "Air picture of deu-1"
issued = "2026-01-01T00:00:00Z"
review = "2127-01-01T00:00:00Z"
originator = "deu-1.example"

[[security_policy]]
use = "ALPHA"

[[security_policy]]
use = "BRAVO"

[[security_policy]]
use = "TLP"

[[equivalence]]
from_policy = "ALPHA"
to_policy = "BRAVO"
direction = "encrypt"
levels = { RESTRICTED = "LIMITED" }
value = [{ from_tag = "Releasable To", from_value = "BRV", to_tag = "Releasable To", to_value = "BRV" }]
discard = ["Context"]
signed_off_by = "National security authority"
signed_off_on = "2026-10-01"

[label.home]
policy = "ALPHA"
classification = "SECRET"
category = [{ tag = "Context", kind = "PERMISSIVE", values = ["ALPHA"] }]

[label.shared]
policy = "ALPHA"
classification = "RESTRICTED"
alternatives = ["civil"]

[[label.shared.category]]
tag = "Context"
kind = "PERMISSIVE"
values = ["ALPHA", "Releasable"]

[[label.shared.category]]
tag = "Releasable To"
kind = "PERMISSIVE"
values = ["ALPHA", "BRV"]

[label.civil]
policy = "TLP"
classification = "GREEN"

[clearance.alliance]
policy = "ALPHA"
classifications = ["UNCLASSIFIED", "RESTRICTED"]

[[clearance.alliance.category]]
tag = "Context"
kind = "PERMISSIVE"
values = ["ALPHA", "Releasable"]

[[clearance.alliance.category]]
tag = "Releasable To"
kind = "PERMISSIVE"
values = ["ALPHA"]

[clearance.union]
policy = "BRAVO"
classifications = ["OPEN", "LIMITED"]
category = [{ tag = "Releasable To", kind = "PERMISSIVE", values = ["BRV"] }]

[clearance.civil]
policy = "TLP"
classifications = ["CLEAR", "GREEN"]

[own]
clearances = ["alliance", "civil"]

[partner.nld-1]
clearances = ["alliance"]

[partner.eu-1]
clearances = ["union"]

[partner.atm-1]
clearances = ["civil"]

[group.allies]
partners = ["nld-1"]

[group.union]
partners = ["eu-1"]

[group.aviation]
partners = ["atm-1"]

[area.airport]
circle = { latitude_deg = 52.3, longitude_deg = 4.7, radius_m = 8000 }

[[marking]]
id = "ground"
when.environment = ["LAND"]
label = "home"

[[marking]]
id = "picture"
when.source = ["tak"]
label = "shared"

[[release]]
id = "no-hostiles"
to = ["union", "aviation"]
when.identity = ["HOSTILE", "SUSPECT"]
action = "withhold"

[[release]]
id = "allies"
to = ["allies"]
action = "release"

[[release]]
id = "union"
to = ["union"]
when.environment = ["AIR", "LAND"]
action = "redact"
drop = ["sensors", "name"]
position_grid_m = 1000

[[release]]
id = "near-airport"
to = ["aviation"]
when.area = ["airport"]
action = "redact"
drop = ["sensors", "identifiers", "name"]
delay_s = 30

[[release]]
id = "onward"
to = ["allies"]
when.origin = ["eu-1"]
action = "release"
onward = true

[[accept]]
id = "exercise"
when.exercise = true
action = "drop"

[[accept]]
id = "allies"
partner = ["nld-1"]
when.label = [{ policy = "ALPHA" }]
"""


def event(uid: str, kind: str, *, lat: float = 52.3, lon: float = 4.7, minute: int = 30) -> str:
    """A Cursor on Target event with a callsign."""
    at = f"2026-11-20T09:{minute:02d}:00Z"
    return (
        f'<event version="2.0" uid="{uid}" type="{kind}" time="{at}" start="{at}" stale="2026-11-20T10:30:00Z" '
        f'how="m-g"><point lat="{lat}" lon="{lon}" hae="120" ce="5" le="9"/>'
        f'<detail><contact callsign="CALL-{uid}"/></detail></event>'
    )


NEUTRAL = event("N-1", "a-n-A-C-F")
HOSTILE = event("H-1", "a-h-A-M-F", minute=31)
GROUND = event("G-1", "a-f-G-U-C", minute=32)
FAR = event("F-1", "a-n-A-C-F", lat=53.5, minute=33)
EVENTS = (NEUTRAL + HOSTILE + GROUND + FAR).encode()


def write(directory: Path, text: str = POLICY, name: str = "policy.toml") -> Path:
    """The policy in a file of the directory."""
    file = directory / name
    file.write_text(text)
    return file
