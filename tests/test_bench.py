"""The bench runs and says what it promises; nothing here asserts a time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.harness import Peer, Row, Target
from tests.bench.table import markdown
from tests.data import ROOT


@pytest.mark.timeout(300)
def test_a_stage_writes_its_rows_as_json_and_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--only", "seal", "--json", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    document = json.loads(path.read_bytes())
    assert document["quick"] is True
    assert document["machine"]["cores"] >= 1
    assert [row["stage"] for row in document["rows"]] == [
        "seal sign, 1",
        "seal verify, 1",
        "seal sign, 50",
        "seal verify, 50",
    ]
    for row in document["rows"]:
        assert row["value"] > 0
        assert row["floor_ratio"] > 0
        assert row["unit"] == "us/message"
        assert f"| {row['stage']} " in done.stdout
    verify = document["rows"][3]
    assert {peer["name"] for peer in verify["peers"]} == {"python-xmlsec", "signxml"}
    assert all(peer["ratio"] > 0 for peer in verify["peers"])
    assert verify["verdict"] == "reached" or verify["verdict"].startswith("missed by ")


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (Row(stage="s", value=90.0, unit="tracks/s", target=Target(value=100)), "missed by 10 %"),
        (Row(stage="s", value=100.0, unit="tracks/s", target=Target(value=100)), "reached"),
        (Row(stage="s", value=60.0, unit="ms", faster_is_more=False, target=Target(value=50)), "missed by 20 %"),
        (Row(stage="s", value=50.0, unit="ms", faster_is_more=False, target=Target(value=50)), "reached"),
        (
            Row(
                stage="s", value=15.0, unit="us", faster_is_more=False, floor=10.0, target=Target(value=1.2, of="floor")
            ),
            "missed by 25 %",
        ),
        (
            Row(
                stage="s",
                value=50.0,
                unit="tracks/s",
                peers=(Peer(name="p", value=100.0),),
                target=Target(value=1.0, of="peer", peer="p"),
            ),
            "missed by 50 %",
        ),
        (
            Row(
                stage="s",
                value=50.0,
                unit="tracks/s",
                peers=(Peer(name="p", note="could not be installed here"),),
                target=Target(value=1.0, of="peer", peer="p"),
            ),
            "not measured",
        ),
        (Row(stage="s", value=1.0, unit="us"), ""),
    ],
)
def test_the_verdict_says_by_how_much_a_target_is_missed(row: Row, verdict: str) -> None:
    assert row.verdict() == verdict


def test_a_peer_that_cannot_be_had_is_said_in_the_table() -> None:
    row = Row(stage="s", value=1.0, unit="us", peers=(Peer(name="other", note="could not be installed here"),))
    assert "other: could not be installed here" in markdown([row]).splitlines()[2]
