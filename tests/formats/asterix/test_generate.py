"""The committed tables are what the definitions say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.formats.asterix import CODECS, generate
from gateway.formats.asterix.spec import Compound, Repetitive
from tests.data import recording


def test_the_committed_tables_are_what_the_generator_writes() -> None:
    tables = Path(generate.__file__).parent / "_tables"
    for name, text in generate.generate(recording("asterix-specs")).items():
        assert (tables / name).read_text(encoding="utf-8") == text


def test_the_tables_are_of_the_editions_that_the_documentation_names() -> None:
    assert {number: codec.edition for number, codec in CODECS.items()} == {34: "1.29", 48: "1.32", 62: "1.21"}
    assert {number: len(codec.category.items) for number, codec in CODECS.items()} == {34: 14, 48: 28, 62: 29}


def test_the_tables_carry_the_licence_of_the_definitions() -> None:
    for path in (Path(generate.__file__).parent / "_tables").glob("cat*.py"):
        assert "Copyright (c) 2019, KZPS" in path.read_text(encoding="utf-8")


def test_every_definition_of_the_three_categories_is_read_and_not_only_the_current_ones() -> None:
    for name in ("cat034-cat-1.29.ast", "cat048-cat-1.32.ast", "cat062-cat-1.21.ast", "cat063-cat-1.7.ast"):
        category = generate.read((recording("asterix-specs") / name).read_text(encoding="utf-8"))
        assert category.uap[0] == "010"


def test_a_compound_may_hold_repetitions() -> None:
    plan = CODECS[62].category.items["390"].variation
    assert isinstance(plan, Compound)
    times = next(part for part in plan.subfields if part is not None and part.name == "TOD")
    assert isinstance(times.variation, Repetitive)


HEAD = 'asterix 001 "X"\nedition 1\ndate d\nitems\n    010 "A"\n'


@pytest.mark.parametrize(
    "text",
    [
        'asterix 001 "X"\nedition 1\ndate d\nitems\n    010 "A"\n        surprise 8\nuap\n    010\n',
        'asterix 001 "X"\nedition 1\ndate d\nitems\n    010 "A"\n        element 8\n            oracle\nuap\n    010\n',
        'asterix 001 "X"\nedition 1\ndate d\nitems\n    010 "A"\n        element 8\n            raw\nuap\n    020\n',
        'asterix 001 "X"\nedition 1\ndate d\nitems\n    010 A\n        element 8\n            raw\nuap\n    010\n',
        HEAD + '        element 8\n            unsigned quantity 1 "m" ~ 5\nuap\n    010\n',
        HEAD
        + '        extended\n            B "b"\n                element 8\n                    raw\nuap\n    010\n',
    ],
)
def test_refuses_a_construct_that_it_does_not_know(text: str) -> None:
    with pytest.raises(ValueError, match=r"not understood|differ|no FX"):
        generate.read(text)
