"""Where the recordings are that others made: never committed, so tests that need them skip where they are absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def data_directory() -> Path:
    """`$TRACK_DATA`, else ``shared/data`` beside the checkout."""
    return Path(os.environ.get("TRACK_DATA", ROOT.parent / "shared" / "data"))


def recording(name: str) -> Path:
    """The path of a recording below the data directory; skips the test, saying so, where it is absent."""
    path = data_directory() / name
    if not path.exists():
        pytest.skip(f"recording {name} is not on this machine (set TRACK_DATA)")
    return path
