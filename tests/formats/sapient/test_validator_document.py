from __future__ import annotations

from pathlib import Path

from gateway.formats.sapient import codes, v2

TEXT = (Path(__file__).resolve().parents[3] / "docs/formats/sapient-validator.md").read_text()


def test_the_document_lists_every_code_of_messages_with_its_remedy() -> None:
    for code in codes.CODES:
        if code.id < "SAP-050":
            assert f"| {code.id} | {code.title} | {code.remedy} |" in TEXT


def test_the_document_counts_messages_and_enumerations_rightly() -> None:
    assert f"({len(v2.schema().messages)} messages, {len(v2.schema().enums)} enumerations)" in TEXT
