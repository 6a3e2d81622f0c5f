"""``docs/symbols.md`` says what the tables say."""

from __future__ import annotations

import re

from gateway.symbols.pairs import PAIRS
from tests.symbols.tables import BEGIN, DOCUMENT, END, with_tables


def test_the_tables_of_the_document_are_those_of_the_code() -> None:
    text = DOCUMENT.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert text == with_tables(text), "run python -m tests.symbols.tables"


def test_the_figures_of_the_document_are_those_of_the_code() -> None:
    text = DOCUMENT.read_text()
    at_sea = sum(pair.symbol_set in {"30", "35", "36"} for pair in PAIRS)
    assert re.search(rf"\b{len(PAIRS):,} pairs\b", text)
    assert re.search(rf"\b{at_sea} pairs at sea\b", text)
