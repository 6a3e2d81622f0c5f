"""Our pairs against the published conversion table (1,128 rows), row by row."""

from __future__ import annotations

import csv

import pytest

from gateway.symbols import from_sidc15, from_sidc20, sidc15_to_sidc20, sidc20_to_sidc15
from gateway.symbols.pairs import PAIRS
from tests.data import recording
from tests.symbols.codes import sidc15, sidc20

Row = tuple[str, str, str]
"""The 15-letter code, symbol set with entity and modifiers, the code that the table itself leads back to."""


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with recording("symbols/LegacyMappingTableCtoD.csv").open(encoding="utf-8-sig") as file:
        found = [
            (
                row["2525Charlie"],
                "".join(row[f"2525Delta{part}"] for part in ("SymbolSet", "Entity", "Mod1", "Mod2")),
                row["DeltaToCharlie"],
            )
            for row in csv.DictReader(file)
        ]
    assert (len(found), len({code for code, _, _ in found}), len({long for _, long, _ in found})) == (1128, 1112, 1039)
    return found


def test_every_row_leads_to_its_entity(rows: list[Row]) -> None:
    for code, long, _ in rows:
        written = sidc15_to_sidc20(code)
        assert written is not None, code
        assert written.text[4:6] + written.text[10:] == long, code


def test_every_row_leads_back_or_its_loss_is_stated(rows: list[Row]) -> None:
    by_entity: dict[str, set[str]] = {}
    for code, long, _ in rows:
        by_entity.setdefault(long, set()).add(code)
    collisions = {long: codes for long, codes in by_entity.items() if len(codes) > 1}
    assert len(collisions) == 19
    told_apart = {"251401010000", "251512000000"}  # by status and affiliation, which have digits of their own
    for code, long, back in rows:
        written = sidc15_to_sidc20(code)
        assert written is not None
        old = sidc20_to_sidc15(written.text)
        if long.startswith("98"):  # retired: nothing leads back
            assert old is None
            assert [loss.field for loss in written.losses] == ["sidc.function"]
        elif long in collisions and long not in told_apart:
            assert old is not None
            assert (old.text == code) is (not written.losses), (code, written, old)
            assert old.text == back or code == "SPGPU----------", (code, old, back)
        else:
            assert old is not None
            assert (old.text, old.losses, written.losses) == (code, (), ()), code
    for codes in (codes for long, codes in collisions.items() if not long.startswith("98") and long not in told_apart):
        lossless = [code for code in codes if not _losses(code)]
        assert len(lossless) == 1, "one of them is what the entity leads back to"


def _losses(code: str) -> bool:
    written = sidc15_to_sidc20(code)
    assert written is not None
    return bool(written.losses)


def test_our_table_has_no_row_of_its_own_but_those_at_sea(rows: list[Row]) -> None:
    known = {(code[0], code[2], code[4:10].rstrip("-")) for code, _, _ in rows}
    own = [pair for pair in PAIRS if (pair.scheme, pair.dimension, pair.function) not in known]
    assert {pair.symbol_set for pair in own} == {"30", "35", "36"}
    assert len(PAIRS) - len(own) == 1108


def test_both_editions_of_a_symbol_mean_the_same() -> None:
    for pair in PAIRS:
        if pair.symbol_set == "98":
            continue
        short = from_sidc15(sidc15(pair), exercise=False)
        long = from_sidc20(sidc20(pair), exercise=False)
        assert short.identity == long.identity
        if pair.dimension == "F" and pair.scheme == "S":  # of special operations only 2525D says that they are on land
            assert (short.environment.value, short.platform) == ("UNKNOWN", None)
            assert (long.environment.value, long.platform) == ("LAND", "UNIT")
        elif (pair.scheme, pair.function) in {("S", "ME"), ("S", "MV")}:  # escort and VIP: in 2525D a kind of aeroplane
            assert (short.platform, long.platform) == (None, "FIXED_WING")
        elif (pair.dimension, pair.function) == ("G", "U"):  # a collision: a unit, and anything on land
            assert (short.platform, long.platform) == ("UNIT", None)
        else:
            assert (short.environment, short.platform) == (long.environment, long.platform), pair
