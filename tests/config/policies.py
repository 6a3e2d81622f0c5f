"""A release policy for tests that uses every table."""

from __future__ import annotations

FULL = """\
[policy]
name = "Air picture of XNL"
issued = "2026-11-01T00:00:00Z"
review = "2027-11-01T00:00:00Z"
originator = "nld-1.example"

[[security_policy]]
use = "ALPHA"

[[security_policy]]
use = "BRAVO"

[[security_policy]]
use = "PUBLIC"

[[equivalence]]
from_policy = "ALPHA"
to_policy = "BRAVO"
direction = "encrypt"
levels = { RESTRICTED = "LIMITED" }
value = [{ from_tag = "Releasable To", from_value = "BRV", to_tag = "Releasable To", to_value = "BRV" }]
discard = ["Context"]
signed_off_by = "National security authority"
signed_off_on = "2026-10-01"

[label.secret]
policy = "ALPHA"
classification = "SECRET"
category = [{ tag = "Context", kind = "PERMISSIVE", values = ["ALPHA"] }]

[label.shared]
policy = "ALPHA"
classification = "RESTRICTED"
privacy_mark = "AIR SAFETY"
tlp = "GREEN"
purpose = "AIR_SAFETY"
alternatives = ["open"]

[[label.shared.category]]
tag = "Context"
kind = "PERMISSIVE"
values = ["ALPHA", "Releasable"]

[[label.shared.category]]
tag = "Releasable To"
kind = "PERMISSIVE"
values = ["ALPHA", "BRV"]

[label.open]
policy = "public"
classification = "Unmarked"

[clearance.alpha-secret]
policy = "ALPHA"
classifications = ["UNCLASSIFIED", "RESTRICTED", "CONFIDENTIAL", "SECRET"]
category = [{ tag = "Context", kind = "PERMISSIVE", values = ["ALPHA"] }]

[clearance.bravo-limited]
policy = "BRAVO"
classifications = ["OPEN", "LIMITED"]
category = [{ tag = "Releasable To", kind = "PERMISSIVE", values = ["BRV"] }]

[clearance.anybody]
policy = "PUBLIC"
classifications = ["UNMARKED"]

[own]
clearances = ["alpha-secret", "anybody"]

[partner.deu-1]
clearances = ["alpha-secret", "anybody"]

[partner.eu-1]
clearances = ["bravo-limited"]

[group.alliance]
partners = ["deu-1"]
description = "Members of the alliance"

[group.union]
partners = ["eu-1"]

[area.airport]
circle = { latitude_deg = 52.31, longitude_deg = 4.76, radius_m = 15000 }

[area.north-sea]
polygon = [[52.0, 3.0], [54.0, 3.0], [54.0, 5.0], [52.0, 5.0]]

[[marking]]
id = "fighters"
when.platform = ["UAV*", "x-nld:f35"]
when.identifier = { icao24 = ["4841*"] }
label = "secret"
existing = "combine"

[[marking]]
id = "default"
when.source = ["radar-north"]
label = "shared"

[[release]]
id = "no-hostiles"
when.identity = ["HOSTILE", "NONE"]
when.not_area = ["airport"]
action = "withhold"

[[release]]
id = "union-drones"
to = ["union"]
when.format = ["SAPIENT", "REMOTE_ID*"]
when.environment = ["AIR"]
when.area = ["airport"]
when.altitude = { height = "agl", max_m = 500 }
when.object_class = ["uav*"]
when.exercise = false
when.max_age_s = 60
when.has = ["position"]
when.label = [{ policy = "ALPHA", classifications = ["RESTRICTED"] }]
action = "redact"
drop = ["sensors", "operator"]
position_grid_m = 100
altitude_grid_m = 50
downgrade = { HOSTILE = "SUSPECT" }
delay_s = 30
every_s = 5

[[release]]
id = "alliance"
to = ["alliance"]
action = "release"
personal_data = true

[[release]]
id = "onward"
to = ["alliance"]
when.origin = ["eu-1"]
action = "release"
onward = true

[[accept]]
id = "exercise"
when.exercise = true
action = "drop"

[[accept]]
id = "union"
partner = ["eu-1"]
when.label = [{ policy = "public" }]

[[accept]]
id = "alliance"
partner = ["deu-1"]
"""

SOURCES = ("radar-north", "drone-wall")
LINKS = ("deu-1", "eu-1")
