"""Configurations for tests: the smallest one, and one that uses every table."""

from __future__ import annotations

MINIMAL = """\
[node]
name = "nld-1"
nation = "NLD"
exercise = "TEST"
simulation = "SIMULATED"

[policy]
file = "policy.toml"
"""

VKEY = "deu-1.example/audit/1+94d3cffd+ATOGGVuQDQPBxJmRFh2yugaZXHnIot1jkCRTZuJY2H8V"
PIN_A, PIN_B, PIN_C = ("sha256:" + digit * 64 for digit in "abc")

FULL = f"""\
[node]
name = "nld-1"
nation = "NLD"
exercise = "EXERCISE"
simulation = "REAL"
data = "var"
log = "json"
log_level = "debug"

[seal]
digest = "sha256"

[ledger]
origin = "{{name}}.example/audit/2"

[links]
listen = "127.0.0.1:9443"
backlog = 16

[link.deu-1]
url = "https://localhost:9444"
tls_pins = ["{PIN_A}", "{PIN_B}"]
ca = "certs/deu-1.ca.pem"
signing = ["certs/deu-1.signing.pem"]
ledger_vkeys = ["deu-1.example/audit/1+0123abcd+AAAA"]
max_message_octets = 1_000_000

[link.eu-1]
url = "https://localhost:9445"
tls_pins = ["{PIN_C}"]
ca = "certs/eu-1.ca.pem"
signing = ["certs/eu-1.signing.pem"]
ledger_vkeys = ["eu-1.example/audit/1+0123abcd+AAAA"]
receive = false

[http]
listen = "[::1]:9080"
plain = true
public_metrics = true

[source.radar-north]
formats = ["asterix"]
nation = "DEU"
silence_s = 30
certificate_pins = ["{PIN_A}"]
options = {{ asterix = {{ site = {{ latitude = 52.5, longitude = 4.8 }} }} }}

[source.c2]
formats = ["cot", "geojson"]

[feed.radar]
direction = "in"
kind = "udp"
format = "asterix"
address = "127.0.0.1:8600"
group = "239.0.0.48"
interface = "127.0.0.1"
source = "radar-north"
allow = ["127.0.0.0/8"]
options = {{ strict = true }}

[feed.c2-in]
direction = "in"
kind = "tcp-listen"
format = "cot"
address = "127.0.0.1:8087"
source = "c2"

[feed.c2-out]
direction = "out"
kind = "tcp-connect"
format = "cot"
address = "127.0.0.1:8089"
origins = "allies"

[feed.replay]
direction = "in"
kind = "file"
format = "asterix"
path = "recordings/north.pcap"
source = "radar-north"
rate = 4
base_time = "2026-03-01T09:30:00Z"

[client.hq]
certificate_pins = ["{PIN_B}"]
clearance = ["restricted"]

[feed.map]
direction = "out"
kind = "http"
format = "geojson"
address = "127.0.0.1:8090"
tls = true
clients = ["hq"]

[policy]
file = "policies/{{name}}.toml"

[limits]
batch_max_tracks = 100
batch_max_delay_s = 0.05
"""

FORMATS = ("alliance", "asterix", "cot", "geojson")
