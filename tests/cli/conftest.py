"""A node's directory as `gateway init` makes it, and the command line as people call it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.main import app
from gateway.demo.stage import free_ports

Gateway = Callable[..., "subprocess.CompletedProcess[bytes]"]
Invoke = Callable[..., Result]

ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("GATEWAY")}


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    """Run `python -m gateway ARGUMENTS` in a directory of its own; nothing is a terminal."""

    def run(
        *arguments: str, stdin: bytes = b"", cwd: Path = tmp_path, **more: str
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            input=stdin,
            capture_output=True,
            cwd=cwd,
            env=ENVIRONMENT | more,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Invoke:
    """Run a command in this process."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("GATEWAY"):
            monkeypatch.delenv(name)

    def run(*arguments: str, stdin: bytes = b"") -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin, catch_exceptions=False)

    return run


@pytest.fixture
def node(invoke: Invoke, tmp_path: Path) -> Path:
    """A directory with a configuration and development certificates."""
    result = invoke("init", "--name", "nld-1", "--nation", "NLD")
    assert result.exit_code == 0, result.stderr
    return tmp_path


@pytest.fixture
def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens."""
    return free_ports(1)[0]
