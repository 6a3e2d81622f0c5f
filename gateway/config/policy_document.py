"""The reference of ``policy.toml`` in ``docs/policy.md`` and its JSON Schema: both from the model.

`python -m gateway.config.policy_document docs/policy.md` writes the reference behind the hand-written part; a test
holds the file in ``docs/`` to it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.config import document
from gateway.config.catalogue import Section, sections
from gateway.config.document import keys_table, opening
from gateway.config.policy_file import PolicyFile

MARK = "<!-- What follows is made from the model: python -m gateway.config.policy_document docs/policy.md -->\n"
"""Line of ``docs/policy.md`` behind which everything is generated."""


def policy_schema() -> dict[str, object]:
    """The JSON Schema (draft 2020-12) of ``policy.toml``, without the nulls that TOML cannot write."""
    return document.schema(PolicyFile, "policy.toml")


def reference() -> str:
    """Every table and key of ``policy.toml`` as Markdown. A table that stands in several places is told once."""
    told: dict[str, str] = {}
    parts = [MARK, "## Reference\n"]
    for section in sections(PolicyFile):
        parts.append(_section(section, told))
        told.setdefault(section.model, opening(section))
    return "\n".join(parts)


def _section(section: Section, told: dict[str, str]) -> str:
    head = f"### `{opening(section)}`\n\n{section.text}\n"
    if section.model in told:
        return f"{head}\nAs `{told[section.model]}`.\n"
    return head + keys_table(section)


def with_reference(text: str) -> str:
    """The Markdown text with everything behind the mark made anew."""
    written, mark, _ = text.partition(MARK)
    return (written if mark else written.rstrip() + "\n\n") + reference()


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(with_reference(file.read_text(encoding="utf-8")), encoding="utf-8")
