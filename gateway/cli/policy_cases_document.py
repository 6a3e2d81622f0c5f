"""The reference of the file of cases in ``docs/policy-cases.md``, made from the model.

`python -m gateway.cli.policy_cases_document docs/policy-cases.md` writes it behind the hand-written part; a test holds
the file in ``docs/`` to it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from gateway.cli.policy_cases import CasesFile
from gateway.config.catalogue import sections
from gateway.config.document import keys_table, opening

MARK = "<!-- What follows is made: python -m gateway.cli.policy_cases_document docs/policy-cases.md -->\n"
"""Line of ``docs/policy-cases.md`` behind which everything is generated."""


def reference() -> str:
    """Every table and key of a file of cases as Markdown."""
    parts = [MARK, "## Reference\n"]
    parts += [f"### `{opening(one)}`\n\n{one.text}\n{keys_table(one)}" for one in sections(CasesFile)]
    return "\n".join(parts)


def with_reference(text: str) -> str:
    """The Markdown text with everything behind the mark made anew."""
    written, mark, _ = text.partition(MARK)
    return (written if mark else written.rstrip() + "\n\n") + reference()


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(with_reference(file.read_text(encoding="utf-8")), encoding="utf-8")
