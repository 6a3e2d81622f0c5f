"""Takes: one TOML file.

Gives: a frozen `Config`, its JSON Schema, and where each value came from.
Fails: with `ConfigError` carrying file, line, column and the nearest known key.
Trusts: the operator.
"""

from __future__ import annotations

from gateway.config.load import LoadedConfig, Setting, load, load_text
from gateway.config.model import Config
from gateway.config.problems import InvalidConfigError

__all__ = ["Config", "InvalidConfigError", "LoadedConfig", "Setting", "load", "load_text"]
