"""The files that a policy names: their octets, their digests, and the digest of all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from gateway.config import codes
from gateway.config.locate import KeyPath
from gateway.config.policy_file import PolicyFile
from gateway.config.problems import Problem, did_you_mean, unknown_name
from gateway.config.toml_text import read_limited
from gateway.labels.names import MAX_LABEL_OCTETS
from gateway.labels.shipped import NAMES, shipped
from gateway.labels.spif_read import MAX_SPIF_OCTETS

POLICY_NAME = "policy.toml"
"""What the policy file itself is called in the digest, wherever it lies."""
MAX_AREA_OCTETS = 4_194_304


class Named(Struct, frozen=True, kw_only=True):
    """A file that the policy names."""

    path: KeyPath
    """Where it is named."""
    name: str
    """As it is written there; of a shipped security policy its name."""
    sha256: str


def read_sources(
    file: PolicyFile, document: Mapping[str, object], contents: dict[KeyPath, bytes], named: list[Named]
) -> Iterator[Problem]:
    """Read every file that the policy names into `contents` and `named`; what cannot be read."""
    for index, table in enumerate(file.security_policy):
        path: KeyPath = ("security_policy", index)
        if table.use is not None and table.file is None:
            if table.use in NAMES:
                _keep((*path, "use"), table.use, shipped()[table.use], contents, named)
            else:
                yield unknown_name((*path, "use"), "shipped security policy", table.use, NAMES)
        elif table.use is None and table.file is not None:
            yield from _read((*path, "file"), table.file, MAX_SPIF_OCTETS, document, contents, named)
    for name, clearance in file.clearance.items():
        words = clearance.policy is not None or clearance.classifications or clearance.category
        if clearance.file is not None and not words:
            at: KeyPath = ("clearance", name, "file")
            yield from _read(at, clearance.file, MAX_LABEL_OCTETS, document, contents, named)
    for name, area in file.area.items():
        if area.file is not None and not area.polygon and area.circle is None:
            at = ("area", name, "file")
            yield from _read(at, area.file, MAX_AREA_OCTETS, document, contents, named)


def digest(text: str, named: list[Named]) -> str:
    """Hex SHA-256 over a line ``<sha256>  <name>`` for the policy file and for each file that it names, sorted.

    It is what ``sha256sum policy.toml FILE ... | LC_ALL=C sort | sha256sum`` prints in the policy's directory. A file
    that is named twice stands there once; a shipped security policy stands there under its name, such as ``PUBLIC``.
    """
    lines = {f"{one.sha256}  {one.name}\n" for one in named}
    lines.add(f"{sha256(text.encode()).hexdigest()}  {POLICY_NAME}\n")
    return sha256("".join(sorted(lines)).encode()).hexdigest()


def _read(
    path: KeyPath,
    file: Path,
    limit: int,
    document: Mapping[str, object],
    contents: dict[KeyPath, bytes],
    named: list[Named],
) -> Iterator[Problem]:
    name = _written(document, path)
    if not name.isprintable() or "\\" in name:
        cause = "the name of a file with control characters or backslashes, which sha256sum writes otherwise"
        yield Problem(code=codes.POLICY_FILE, path=path, cause=cause, remedy="rename the file")
        return
    try:
        octets = read_limited(file, limit)
    except OSError as error:
        beside = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
        cause = f"{file}: {error.strerror or type(error).__name__}"
        yield Problem(code=codes.POLICY_FILE, path=path, cause=cause, remedy=did_you_mean(file.name, beside))
    except ValueError as error:
        yield Problem(code=codes.POLICY_FILE, path=path, cause=f"{file}: {error}")
    else:
        _keep(path, name, octets, contents, named)


def _keep(path: KeyPath, name: str, octets: bytes, contents: dict[KeyPath, bytes], named: list[Named]) -> None:
    contents[path] = octets
    named.append(Named(path=path, name=name, sha256=sha256(octets).hexdigest()))


def _written(document: Mapping[str, object], path: KeyPath) -> str:
    """The text at a path of the document."""
    here: object = document
    for part in path:
        here = here[part]  # type: ignore[index]  # the document has been validated, so the path is in it
    return str(here)
