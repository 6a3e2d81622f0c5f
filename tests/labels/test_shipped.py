"""The shipped policies, as an installed package has them."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from gateway.labels.book import Book
from gateway.labels.equivalence import Direction
from gateway.labels.mapping import stated_levels
from gateway.labels.shipped import NAMES, shipped
from gateway.labels.spif_read import read_spif


def test_each_is_read_and_has_an_identifier_that_is_nobodys() -> None:
    found = {name: read_spif(octets) for name, octets in shipped().items()}
    assert tuple(found) == NAMES == ("PUBLIC", "TLP", "ALPHA", "BRAVO")
    assert all(spif.name == name and spif.oid.startswith("2.25.") for name, spif in found.items())
    assert list(found["PUBLIC"].levels) == ["UNMARKED"]
    assert list(found["TLP"].levels) == ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
    assert list(found["ALPHA"].levels) == ["UNCLASSIFIED", "RESTRICTED", "CONFIDENTIAL", "SECRET"]
    assert list(found["BRAVO"].levels) == ["OPEN", "LIMITED", "CONFIDENTIAL", "SECRET"]
    assert {name: spif.ignore_case for name, spif in found.items()} == {
        "PUBLIC": True, "TLP": True, "ALPHA": False, "BRAVO": False,
    }  # fmt: skip
    assert found["ALPHA"].mandatory == {"Context"}
    assert set(Book(found.values()).spifs) == set(NAMES)


def test_alpha_and_bravo_state_levels_of_each_other_but_never_the_lowest() -> None:
    alpha, bravo = (read_spif(shipped()[name]) for name in ("ALPHA", "BRAVO"))
    upper = {"RESTRICTED": "LIMITED", "CONFIDENTIAL": "CONFIDENTIAL", "SECRET": "SECRET"}
    assert stated_levels(alpha, bravo, Direction.ENCRYPT) == upper
    assert stated_levels(bravo, alpha, Direction.DECRYPT) == {there: here for here, there in upper.items()}


def test_the_built_package_has_them(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    pytest.importorskip("hatchling")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=root, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as package:
        for name, octets in shipped().items():
            assert package.read(f"gateway/labels/policies/{name.lower()}.xml") == octets
