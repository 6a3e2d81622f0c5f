"""Words of security policies in ``policy.toml`` and the files that it names: none is taken for what it looks like."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.config.policy_load import load_policy
from gateway.config.problems import InvalidConfigError
from gateway.labels.clearances import write_clearance
from gateway.labels.shipped import shipped
from tests.labels.spif_texts import P, R, category, clearance
from tests.labels.test_attacks import DISGUISES

TEXT = """
[policy]
name = "trial"
issued = "2026-01-01T00:00:00Z"
review = "2031-01-01T00:00:00Z"

[[security_policy]]
file = "alpha.spif.xml"
mandatory = ["Releasable To"]

[[security_policy]]
use = "BRAVO"

[[equivalence]]
from_policy = "ALPHA"
to_policy = "BRAVO"
direction = "encrypt"
discard = ["Context", "Administrative"]
signed_off_by = "somebody"
signed_off_on = "2026-01-01"

[equivalence.levels]
"RESTRICTED" = "LIMITED"

[[equivalence.value]]
from_tag = "Releasable To"
from_value = "BRV"
to_tag = "Releasable To"
to_value = "BRV"

[clearance.own]
policy = "ALPHA"
classifications = ["UNCLASSIFIED", "RESTRICTED"]
category = [{ tag = "Context", kind = "PERMISSIVE", values = ["ALPHA"] }]

[clearance.filed]
file = "filed.xml"

[label.usual]
policy = "ALPHA"
classification = "RESTRICTED"
category = [
  { tag = "Context", kind = "PERMISSIVE", values = ["ALPHA", "Releasable"] },
  { tag = "Releasable To", kind = "PERMISSIVE", values = ["ALPHA", "XAA"] },
  { tag = "Additional Sensitivity", kind = "RESTRICTIVE", values = ["LANTERN"] },
]

[own]
clearances = ["own"]

[partner.fra]
clearances = ["filed"]

[group.all]
partners = ["fra"]

[[marking]]
id = "all"
label = "usual"

[[release]]
id = "all"
action = "release"
when = { label = [{ policy = "ALPHA", classifications = ["RESTRICTED"] }] }

[[accept]]
id = "all"
"""
FILED = clearance(
    "OPEN LIMITED", category("Releasable To", P, "XAA"), category("Handling", R, "CUSTOMS"), policy="BRAVO"
)
WORDS = (
    "ALPHA", "BRAVO", "Releasable To", "Context", "Administrative", "RESTRICTED", "UNCLASSIFIED", "LIMITED", "BRV",
    "Releasable", "XAA", "Additional Sensitivity", "LANTERN", "PERMISSIVE", "RESTRICTIVE",
)  # fmt: skip
PLACES = [(word, number) for word in WORDS for number in range(len(re.findall(f'"{re.escape(word)}"', TEXT)))]


def load(folder: Path, text: str, filed: bytes) -> None:
    (folder / "alpha.spif.xml").write_bytes(shipped()["ALPHA"])
    (folder / "filed.xml").write_bytes(filed)
    (folder / "policy.toml").write_text(text)
    load_policy(folder / "policy.toml", node="nld")


def changed(text: str, word: str, number: int, instead: str) -> str:
    """The text with one occurrence of a quoted word in other characters."""
    found = list(re.finditer(f'"{re.escape(word)}"', text))[number]
    escaped = "".join(each if each.isprintable() else f"\\U{ord(each):08x}" for each in instead)
    return f'{text[: found.start()]}"{escaped}"{text[found.end() :]}'


def test_the_policy_is_sound_as_it_is(tmp_path: Path) -> None:
    load(tmp_path, TEXT, write_clearance(FILED))


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_word_in_other_characters_is_refused_with_its_place(disguise: str, tmp_path: Path) -> None:
    for word, number in PLACES:
        instead = DISGUISES[disguise](word)
        if instead == word:
            continue
        with pytest.raises(InvalidConfigError) as caught:
            load(tmp_path, changed(TEXT, word, number, instead), write_clearance(FILED))
        assert re.search(r"policy\.toml:\d+:\d+", str(caught.value)), (word, number)


@pytest.mark.parametrize("disguise", sorted(set(DISGUISES) - {"a null", "nothing", "trailing space"}))
def test_a_word_of_a_clearance_file_in_other_characters_is_refused(disguise: str, tmp_path: Path) -> None:
    octets = write_clearance(FILED).decode()
    for word in ("BRAVO", "LIMITED", "Releasable To", "XAA", "Handling", "CUSTOMS", "PERMISSIVE"):
        assert word in octets
        instead = DISGUISES[disguise](word)
        if instead != word:
            with pytest.raises(InvalidConfigError, match=r"filed\.xml|clearance"):
                load(tmp_path, TEXT, octets.replace(word, instead, 1).encode())
