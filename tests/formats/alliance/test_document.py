"""The document for implementers says what the schema says."""

from __future__ import annotations

import re

import pytest

from gateway.formats.alliance import NAMESPACE, ROOT_END
from gateway.formats.alliance.extensions import splice
from gateway.formats.alliance.lexical import OPEN_CODE, SCHEME_CODE
from gateway.track import Extension
from tests.formats.alliance import examples, tables

TEXT = tables.DOCUMENT.read_text(encoding="utf-8")


def test_its_tables_are_those_of_the_schema() -> None:
    assert tables.BEGIN + tables.tables() + tables.END in TEXT


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_it_explains_every_example(name: str) -> None:
    assert f"[`{name}.xml`](../schemas/examples/{name}.xml)" in TEXT


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((\.\./[^)#]+)\)", TEXT):
        assert (tables.DOCUMENT.parent / target).exists(), target
    headings = {heading.lower() for heading in re.findall(r"^### (\w+)$", TEXT, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings


def test_its_registered_codes_have_the_form_of_codes() -> None:
    registry = TEXT.partition("## Registries of open codes")[2].partition("\n## ")[0]
    for line in registry.splitlines():
        if not line.startswith("| ") or line.startswith(("| Registry", "|---")):
            continue
        pattern = SCHEME_CODE if line.startswith("| Identifier schemes") else OPEN_CODE
        codes = re.findall(r"`([^`/]+)`", line.split("|")[2])
        assert codes
        assert not [code for code in codes if not re.fullmatch(pattern, code)], line


def test_its_account_of_foreign_elements_is_what_happens() -> None:
    rows = re.findall(r"\| `(<p:a [^`]+)` \| `(<p:a [^`]+)` \|", TEXT)
    assert len(rows) == 2
    for by_itself, inside in rows:
        assert splice(Extension("urn:x", "a", by_itself)) == inside


def test_it_names_the_constants_of_the_wire() -> None:
    assert f'<TrackMessage xmlns="{NAMESPACE}" version="1.' in TEXT
    assert ROOT_END.decode() in TEXT
