"""Documentation, schema and starter file, all from the model."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from gateway.config import load_text
from gateway.config.catalogue import sections
from gateway.config.document import markdown, schema, starter
from gateway.config.model import Config
from gateway.limits import Limits
from tests.config.samples import FORMATS, FULL, MINIMAL

ROOT = Path(__file__).parents[2]
VALUES = {
    "node.name": '"nld-1"',
    "node.nation": '"NLD"',
    "node.exercise": '"TEST"',
    "node.simulation": '"SIMULATED"',
}


def test_the_documentation_in_the_repository_is_the_models() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == markdown(), (
        "run: python -m gateway.config.document > docs/configuration.md"
    )


def test_every_key_is_documented() -> None:
    undocumented = [f"{s.header}.{key.name}" for s in sections() for key in s.keys if len(key.text) < 5]
    assert undocumented == []


def test_every_limit_says_its_unit() -> None:
    [limits] = [section for section in sections() if section.header == "limits"]
    assert [key.name for key in limits.keys] == [field.name for field in msgspec.structs.fields(Limits)]
    for key in limits.keys:
        unit = "Octets." if key.name.endswith("_octets") else "Seconds." if key.name.endswith("_s") else "Count."
        assert key.text.endswith(unit), key.name


def test_the_starter_file_is_a_valid_configuration() -> None:
    text = starter(VALUES)
    loaded = load_text(text, formats=FORMATS, environ={})
    assert tomllib.loads(text).keys() == {"node", "seal", "ledger", "store", "links", "http", "policy", "limits"}
    assert loaded.config == load_text(MINIMAL, formats=FORMATS, environ={}).config


def test_the_starter_file_names_every_key_of_every_table() -> None:
    text = starter(VALUES)
    for section in sections():
        for key in section.keys:
            assert re.search(rf"^(# )?{key.name} = ", text, re.MULTILINE), f"{section.header}.{key.name}"


def test_the_starter_files_examples_hold_once_their_comments_go() -> None:
    """Every commented key with its example is one that the model takes."""
    uncommented = re.sub(r"^# (\[|[a-z_]+ = )", r"\1", starter(VALUES), flags=re.MULTILINE)
    config = Config.model_validate_json(msgspec.json.encode(tomllib.loads(uncommented)))
    assert config.link["deu-1"].url == "https://deu-1.example:8443"
    assert config.feed["radar-north-udp"].base_time is not None
    assert config.client["name"].clearance == ("public",)


def test_a_table_given_to_the_starter_file_is_active() -> None:
    text = starter(VALUES, {"source.NAME": '[source.example]\nformats = ["cot"]'})
    assert list(load_text(text, formats=FORMATS, environ={}).config.source) == ["example"]


# ---------------------------------------------------------------------------------------------------------- schema


@pytest.mark.parametrize("text", [MINIMAL, FULL])
def test_the_json_schema_takes_what_the_model_takes(text: str) -> None:
    assert jsonschema_rs.meta.is_valid(schema())
    jsonschema_rs.Draft202012Validator(schema()).validate(tomllib.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL.replace("nation", "naton"),
        MINIMAL.replace('"TEST"', '"TESTS"'),
        MINIMAL.replace('"nld-1"', '"NLD 1"'),
        MINIMAL + "[http]\nplain = 1\n",
        MINIMAL + "[limits]\nin_flight_messages = 0\n",
        FULL.replace("rate = 4", 'rate = "fast"'),
        FULL.replace('"sha256:', '"sha1:'),
    ],
)
def test_the_json_schema_refuses_what_the_model_refuses(text: str) -> None:
    assert not jsonschema_rs.Draft202012Validator(schema()).is_valid(tomllib.loads(text))


def test_the_json_schema_knows_no_null() -> None:
    assert b"null" not in msgspec.json.encode(schema())
