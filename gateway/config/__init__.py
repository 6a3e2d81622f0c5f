"""Takes: one TOML file.

Gives: a frozen `Config`, its JSON Schema, and where each value came from.
Fails: with `ConfigError` carrying file, line, column and the nearest known key.
Trusts: the operator.
"""
