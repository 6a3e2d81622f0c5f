"""``docs/linking.md``: two nodes linked by what the page says, from two directories."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Gateway
from tests.data import ROOT

PAGE = (ROOT / "docs" / "linking.md").read_text()
(TABLE,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
(PIN,) = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
POLICY = """
[partner.{0}]
clearances = ["public"]

[group.allies]
partners = ["{0}"]

[[release]]
id = "all"
action = "release"
"""


def pin_of(directory: Path, name: str) -> str:
    """What the command of the page prints."""
    command = PIN.replace("deu-1", name)
    done = subprocess.run(["sh", "-c", command], cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the page's command needs openssl")
def test_two_nodes_are_linked_as_the_page_says(gateway: Gateway, tmp_path: Path) -> None:
    for name in ("nld-1", "deu-1"):
        made = gateway("init", name, "--name", name)
        assert made.returncode == 0, made.stderr
    for name, other in (("nld-1", "deu-1"), ("deu-1", "nld-1")):
        here, there = tmp_path / name, tmp_path / other
        given = here / "partners" / other
        given.mkdir(parents=True)
        for file in ("ca.pem", f"{other}.signing.pem"):
            shutil.copy(there / "certs" / file, given)
        vkey = gateway("ledger", "key", cwd=there).stdout.decode().strip()
        table = TABLE.replace("deu-1", other).replace("sha256:...", pin_of(there, other))
        table = table.replace(f'"{other}.example/audit/1+..."', f'"{vkey}"')
        assert vkey in table
        (here / "gateway.toml").write_text((here / "gateway.toml").read_text() + "\n" + table)
        policy = here / "policy.toml"
        policy.write_text(policy.read_text() + POLICY.format(other))
        done = gateway("check", cwd=here)
        assert done.returncode == 0, done.stderr
        assert done.stderr.decode().startswith(f"ok: gateway.toml is complete for node {name}\n")


def test_the_pin_that_the_page_computes_is_that_which_the_node_prints(gateway: Gateway, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the page's command needs openssl")
    made = gateway("certs", "dev", "--name", "deu-1")
    assert made.returncode == 0, made.stderr
    assert f"pin of certs/deu-1.tls.pem: {pin_of(tmp_path, 'deu-1')}" in made.stderr.decode()
