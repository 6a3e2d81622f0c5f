"""A wheel built from the tree, in an environment of its own outside the checkout: what the image holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from lxml import etree

from tests.data import ROOT

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("install")]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that `.ci/install` makes, as the Dockerfile does."""
    prefix = tmp_path_factory.mktemp("install") / "gateway"
    environment = {"PATH": os.environ["PATH"], "HOME": str(prefix.parent), "PYTHON": sys.executable}
    environment |= {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_"))}
    done = subprocess.run(
        [ROOT / ".ci" / "install", prefix], env=environment, cwd=prefix.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return prefix


def run(prefix: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{prefix / 'bin'}:/usr/bin:/bin", "HOME": str(cwd), "COLUMNS": "100"}
    return subprocess.run(
        [prefix / "bin" / "gateway", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
    )


def test_the_installed_wheel_runs_the_demonstration_outside_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    done = run(installed, "demo", "--seconds", "3", "--directory", str(tmp_path / "demo"), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"every one hashed again, the signed checkpoint holds", done.stdout)) == 4
    assert re.search(r"0 missing at a partner, 0 received\s+twice", done.stdout)
    assert "proven in" in done.stdout
    assert done.stdout.count("\n  holds: ") == 6, "the players find their release policies in the wheel"


def test_init_check_and_version_work_from_nothing(installed: Path, tmp_path: Path) -> None:
    for command in (["init"], ["check"], ["version"], ["formats"]):
        done = run(installed, *command, cwd=tmp_path)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    assert (tmp_path / "gateway.toml").exists()


def test_nothing_that_installs_or_builds_is_left(installed: Path) -> None:
    names = {path.name for path in (installed / "lib").rglob("site-packages/*")}
    assert not {name for name in names if name.startswith(("pip", "setuptools", "hatchling", "wheel"))}
    assert {"gateway", "aiohttp", "lxml"} <= names
    schemas = list((installed / "lib").rglob("gateway/_schemas/*.xsd"))
    assert schemas


def test_the_image_is_built_by_the_script_that_this_tests() -> None:
    text = (ROOT / "Dockerfile").read_text()
    stages = re.findall(r"^FROM .*$", text, flags=re.MULTILINE)
    assert len(stages) == 2
    last = text.rpartition("FROM ")[2]
    assert "RUN .ci/install /opt/gateway" in text
    assert ".ci/install" not in last
    assert re.search(r"^USER gateway$", last, flags=re.MULTILINE)
    assert "HEALTHCHECK" in last
    assert "VOLUME" in last
    for copied in re.findall(r"^COPY ([^-].*) \S+$", text, flags=re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists(), name


def test_lock_files_pin_with_hashes_and_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-build.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "index-url" not in text
        pins = re.findall(r"^[a-zA-Z0-9._-]+==\S+.* \\$", text, flags=re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[a-zA-Z0-9._-]+==", text, flags=re.MULTILINE)) > 0
        assert text.count("--hash=sha256:") >= len(pins)


def test_the_wheel_holds_the_package_and_the_schemas(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "gateway/_schemas/track-message-1.0.xsd" in names
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")
    etree.XMLSchema(file=str(tmp_path / "unpacked/gateway/_schemas/track-message-1.0.xsd"))  # finds that of labels
    assert "gateway/py.typed" in names
    assert not any(name.startswith(("tests/", "certs/")) for name in names)
