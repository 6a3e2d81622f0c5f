"""``docs/configuration.md``, the JSON Schema, and the file that ``gateway init`` writes: all from the model.

`python -m gateway.config.document` prints the documentation; a test holds the file in ``docs/`` to it.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Mapping

from pydantic import BaseModel

from gateway.config.catalogue import Key, Section, sections
from gateway.config.model import Config

_INTRODUCTION = """\
# Configuration

One TOML file, `gateway.toml` unless `--config` names another. `gateway init` writes a commented one, `gateway check`
says what is wrong with it (all of it, with line and column), `gateway config show` where each value in force came
from, `gateway config schema` prints the JSON Schema for editors. Unknown keys are refused.

This page is made from the same model: `python -m gateway.config.document > docs/configuration.md`.

- Relative paths start at the configuration file. In paths and in `ledger.origin`, `{name}` stands for the node's name;
  in paths, `{data}` for its data directory.
- The file holds no secrets: keys stand in files of their own, which it names.
- A variable such as `GATEWAY__NODE__LOG=json` sets `node.log` over the file. Parts are separated by two underscores;
  a single one stands for `_` or `-`. Numbers, `true`, `false` and lists are read as TOML, everything else as text.

The least that a node needs:

```toml
[node]
name = "nld-1"
nation = "NLD"
exercise = "TEST"
simulation = "SIMULATED"
```

and a release policy, `policy.toml` beside it: see [policy.md](policy.md).
"""


def markdown() -> str:
    """The reference of every table and key, as Markdown."""
    return "\n".join([_INTRODUCTION, *(f"## `{opening(one)}`\n\n{one.text}\n{keys_table(one)}" for one in sections())])


def keys_table(section: Section) -> str:
    """The keys of a table as Markdown; nothing for a table without keys."""
    if not section.keys:
        return ""
    rows = [_row(key) for key in section.keys]
    return "\n| Key | Value | Default | Meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def opening(section: Section) -> str:
    """The section's header as TOML writes it."""
    return f"[[{section.header}]]" if section.repeated else f"[{section.header}]"


def _row(key: Key) -> str:
    default = "required" if key.required else f"`{key.default}`" if key.default else "absent"
    kind = f"`{key.kind}`" if '"' in key.kind else key.kind
    return f"| `{key.name}` | {kind} | {default} | {key.text} |"


def schema(root: type[BaseModel] = Config, title: str = "gateway.toml") -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of a file, without the nulls that TOML cannot write, closed like the model."""
    made = root.model_json_schema()
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = title
    cleaned = _without_null(made)
    assert isinstance(cleaned, dict)
    return cleaned


def _without_null(node: object) -> object:
    if isinstance(node, list):
        return [_without_null(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _without_null(item) for key, item in node.items() if not (key == "default" and item is None)}
    if "patternProperties" in kept:  # tables that operators name: another name is refused, not let pass
        kept.setdefault("additionalProperties", False)
    options = kept.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        others = [option for option in options if option != {"type": "null"}]
        del kept["anyOf"]
        kept.update(others[0] if len(others) == 1 else {"anyOf": others})
    return kept


def starter(values: Mapping[str, str], tables: Mapping[str, str] | None = None) -> str:
    """A complete commented file. `values` are TOML values by key path, such as ``{"node.name": '"nld-1"'}``; `tables`
    are whole tables by section, such as ``{"source.NAME": ...}``, put behind the section's example.

    Keys in `values` are set; every other key stands as a comment with its default, and every table that the operator
    names stands as a commented example.
    """
    lines = ["# Configuration of one alliance track gateway. `gateway check` after every change.", ""]
    for section in sections():
        lines += _starter_section(section, values)
        if section.header == "feed.NAME":
            lines += [*_WANTED_FEEDS.splitlines(), "", ""]
        if tables and section.header in tables:
            lines += [tables[section.header].rstrip(), "", ""]
    return "\n".join(lines).rstrip() + "\n"


def _starter_section(section: Section, values: Mapping[str, str]) -> list[str]:
    example = section.named or section.repeated
    header = section.header.replace("NAME", _EXAMPLE_NAMES.get(section.header, "name"))
    opening = f"[[{header}]]" if section.repeated else f"[{header}]"
    lines = [*_comment(section.text), f"# {opening}" if example else opening]
    for key in section.keys:
        path = f"{section.header}.{key.name}"
        lines += ["", *_comment(f"{key.text} ({key.kind})")]
        value = values.get(path)
        shown = value or _EXAMPLES.get(path) or key.default or '""'
        lines.append(f"{'' if value and not example else '# '}{key.name} = {shown}")
    return [*lines, "", ""]


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, width=110, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


_EXAMPLE_NAMES = {
    "link.NAME": "deu-1",
    "source.NAME": "radar-north",
    "feed.NAME": "radar-north-udp",
}
_PIN = "sha256:" + "00" * 32
_EXAMPLES = {
    "link.NAME.url": '"https://deu-1.example:8443"',
    "link.NAME.tls_pins": f'["{_PIN}"]',
    "link.NAME.ca": '"certs/deu-1.ca.pem"',
    "link.NAME.signing": '["certs/deu-1.signing.pem"]',
    "link.NAME.ledger_vkeys": '["deu-1.example/audit/1+00000000+AAAA"]',
    "link.NAME.max_message_octets": "1048576",
    "source.NAME.formats": '["asterix"]',
    "source.NAME.nation": '"NLD"',
    "source.NAME.certificate_pins": f'["{_PIN}"]',
    "source.NAME.silence_s": "60.0",
    "client.NAME.certificate_pins": f'["{_PIN}"]',
    "client.NAME.password": f'"scrypt$14$8$1${"A" * 22}${"A" * 43}"',
    "client.NAME.clearance": '["public"]',
    "source.NAME.clearance": '["public"]',
    "client.NAME.origins": '"allies"',
    "client.NAME.source": '"radar-north"',
    "feed.NAME.url": '"https://c2.example:8443/nvg"',
    "feed.NAME.clients": '["hq"]',
    "feed.NAME.direction": '"in"',
    "feed.NAME.kind": '"udp"',
    "feed.NAME.format": '"asterix"',
    "feed.NAME.address": '"127.0.0.1:8600"',
    "feed.NAME.path": '"recordings/north.pcap"',
    "feed.NAME.source": '"radar-north"',
    "feed.NAME.group": '"239.0.0.48"',
    "feed.NAME.interface": '"127.0.0.1"',
    "feed.NAME.base_time": '"2026-03-01T09:30:00Z"',
    "feed.NAME.clearance": '["public"]',
}

_WANTED_FEEDS = f"""\
# Feeds as they are often wanted: take away the "# " of a block to use it. Addresses beyond this machine need `allow`.

# Counter-drone sensors: SAPIENT nodes connect, a Remote ID receiver sends datagrams.
# [source.drone-wall]
# formats = ["sapient", "remoteid"]
#
# [feed.sapient]
# direction = "both"
# kind = "tcp-listen"
# format = "sapient"
# source = "drone-wall"
# address = "127.0.0.1:5020"
# options = {{ role = "fusion-node" }}
#
# [feed.remote-id]
# direction = "in"
# kind = "udp"
# format = "remoteid"
# source = "drone-wall"
# address = "127.0.0.1:4210"

# TAK clients: `gateway certs tak-client hope` makes what a device imports, and prints the pin.
# [source.tak]
# formats = ["cot"]
#
# [client.hope]
# certificate_pins = ["{_PIN}"]
#
# [feed.tak]
# direction = "both"
# kind = "tcp-listen"
# format = "cot"
# source = "tak"
# address = "127.0.0.1:8089"
# tls = true
# clients = ["hope"]

# A map (NVG) that a headquarters fetches: `gateway certs password` prints the hash of a password.
# [client.hq]
# password = "scrypt$14$8$1${"A" * 22}${"A" * 43}"
#
# [feed.map]
# direction = "out"
# kind = "http"
# format = "nvg"
# address = "127.0.0.1:8090"
# tls = true
# clients = ["hq"]
"""


if __name__ == "__main__":
    sys.stdout.write(markdown())
