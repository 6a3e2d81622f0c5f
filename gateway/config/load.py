"""From a TOML file and the environment to a checked `Config`, with where each value came from."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from pydantic import ValidationError
from pydantic_core import to_json

from gateway.config.checks import cross_check
from gateway.config.environment import apply_environment
from gateway.config.locate import KeyPath, Places, Spot
from gateway.config.model import Config
from gateway.config.problems import InvalidConfigError, Problem, all_from_pydantic, unrepresentable
from gateway.config.toml_text import parse_toml, read_toml
from gateway.config.tree import leaves
from gateway.errors import ConfigError

DEFAULT_FILE = Path("gateway.toml")


class Setting(Struct, frozen=True, kw_only=True):
    """One value in force and where it came from."""

    path: KeyPath
    value: object
    origin: str
    """``gateway.toml:31``, ``environment GATEWAY__NODE__NAME`` or ``default``."""


class LoadedConfig(Struct, frozen=True, kw_only=True):
    """A checked configuration that remembers its file."""

    config: Config
    file: Path
    text: str
    places: Places
    environment: dict[KeyPath, str]
    """Variables that override or add a value, by its key path."""

    def place(self, path: KeyPath, *, at_key: bool = False) -> str:
        """Where the value (or its key) stands: ``gateway.toml:31:5``, or the variable that set it."""
        return _place(self.file, self.places, self.environment, path, at_key=at_key)

    def error(self, problem: Problem) -> ConfigError:
        """The problem as an error with its place."""
        return _error(self.file, self.places, self.environment, problem)

    def settings(self) -> Iterator[Setting]:
        """Every value in force, in the model's order, with where it came from."""
        for path, value in leaves(self.config):
            if (variable := _variable(self.environment, path)) is not None:
                origin = f"environment {variable}"
            elif path in self.places.keys:
                origin = f"{self.file}:{self.places.value(path).line}"  # type: ignore[union-attr]  # the path is known
            else:
                origin = "default"
            yield Setting(path=path, value=value, origin=origin)


def load(
    file: Path = DEFAULT_FILE,
    *,
    formats: Collection[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> LoadedConfig:
    """The configuration of `file`, checked, with defaults and environment variables applied.

    `formats` are the names that feeds and sources may use; without them the names are not checked. `environ` is the
    process's environment unless given. Raises `InvalidConfigError` with everything that is wrong. Files that the
    configuration names are not looked at: `gateway.config.files.check_files` does that.
    """
    text = read_toml(file)
    return load_text(text, file=file, formats=formats, environ=environ)


def load_text(
    text: str,
    *,
    file: Path = DEFAULT_FILE,
    formats: Collection[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> LoadedConfig:
    """As `load`, of a text that is already here; relative paths in it start at `file`'s directory."""
    document, places = parse_toml(text, file)
    overrides, refused = apply_environment(document, os.environ if environ is None else environ)
    problems = refused + unrepresentable(document)
    if not problems:
        try:
            config = Config.model_validate_json(to_json(document), context=_context(document, file))
        except ValidationError as error:
            problems = all_from_pydantic(error.errors(include_url=False), document)
        else:
            problems = list(cross_check(config, formats))
    if problems:
        ordered = sorted(problems, key=lambda problem: _spot(places, problem) or Spot(0, 0))
        raise InvalidConfigError([_error(file, places, overrides, problem) for problem in ordered])
    return LoadedConfig(config=config, file=file, text=text, places=places, environment=overrides)


def _context(document: Mapping[str, object], file: Path) -> dict[str, object]:
    """What stands for ``{name}`` and ``{data}`` in paths, and the directory that relative ones start at."""
    node = document.get("node")
    named = node if isinstance(node, Mapping) else {}
    name, data = named.get("name"), named.get("data")
    return {
        "base": file.parent,
        "name": name if isinstance(name, str) else "node",
        "data": data.replace("{name}", str(name)) if isinstance(data, str) else "data",
    }


def _variable(environment: Mapping[KeyPath, str], path: KeyPath) -> str | None:
    return next((name for prefix, name in environment.items() if path[: len(prefix)] == prefix), None)


def _spot(places: Places, problem: Problem) -> Spot | None:
    return places.key(problem.path) if problem.at_key else places.value(problem.path)


def _place(
    file: Path, places: Places, environment: Mapping[KeyPath, str], path: KeyPath, *, at_key: bool = False
) -> str:
    variable = _variable(environment, path)
    if variable is None and path not in places.keys:  # a table that only a variable opened
        variable = next(
            (name for set_path, name in environment.items() if path and set_path[: len(path)] == path), None
        )
    if variable is not None:
        return f"environment {variable}"
    spot = places.key(path) if at_key else places.value(path)
    return f"{file}:{spot.line}:{spot.column}" if spot else f"{file}:1:1"


def _error(file: Path, places: Places, environment: Mapping[KeyPath, str], problem: Problem) -> ConfigError:
    place = _place(file, places, environment, problem.path, at_key=problem.at_key)
    return ConfigError(problem.code, place=place, cause=problem.cause, remedy=problem.remedy)
