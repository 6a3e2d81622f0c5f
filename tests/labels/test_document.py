"""``docs/labels.md``: its examples are documents of the standard, and codes that it names are codes."""

from __future__ import annotations

import re

from gateway.labels.clearances import read_clearance, write_clearance
from gateway.labels.codes import CODES
from gateway.labels.decide import decide
from gateway.labels.read import read_label
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.labels.write import write_label
from tests.data import ROOT
from tests.labels.spif_texts import NOW

PAGE = (ROOT / "docs" / "labels.md").read_text()
LABEL, CLEARANCE = (one.encode() for one in re.findall(r"^```xml\n(.*?)\n^```$", PAGE, re.MULTILINE | re.DOTALL))


def test_the_examples_are_read_and_written_again_as_they_mean() -> None:
    label, clearance = read_label(LABEL), read_clearance(CLEARANCE)
    assert label.unknown == ()
    assert read_label(write_label(label)) == label
    assert read_clearance(write_clearance(clearance)) == clearance


def test_the_clearance_permits_the_label_under_the_shipped_policy_whose_words_they_are() -> None:
    spif = read_spif(shipped()["ALPHA"])
    label, clearance = read_label(LABEL), read_clearance(CLEARANCE)
    assert decide(label, clearance, spif, NOW).permit
    other = LABEL.replace(b"XAA", b"XAB")
    assert other != LABEL
    assert not decide(read_label(other), clearance, spif, NOW).permit


def test_every_code_that_the_pages_name_is_one() -> None:
    text = PAGE + (ROOT / "docs" / "security-policies.md").read_text()
    named = set(re.findall(r"LBL-[0-9]{3}", text))
    assert named
    assert named <= {code.id for code in CODES}
