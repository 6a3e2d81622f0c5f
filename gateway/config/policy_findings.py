"""Rules of the policy file that ask for words which nothing ever says: allowed, and hardly meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase

from gateway.config import codes
from gateway.config.locate import KeyPath
from gateway.config.policy_file import ConditionTable, PolicyFile
from gateway.config.problems import Problem, did_you_mean
from gateway.symbols.platforms import PLATFORMS

INPUT_FORMATS = (
    "ALLIANCE",
    "ASTERIX_048",
    "ASTERIX_062",
    "COT",
    "GEOJSON",
    "NFFI",
    "NVG",
    "REMOTE_ID",
    "REMOTE_ID_JSON",
    "SAPIENT",
)
"""What the decoders of this version write into the provenance; a test holds it to them."""


def rule_findings(file: PolicyFile) -> Iterator[Problem]:
    """Formats and platforms in conditions that match no known one; codes of nations (``x-...``) are theirs to know."""
    tables: list[tuple[str, Iterable[ConditionTable]]] = [
        ("marking", (rule.when for rule in file.marking)),
        ("release", (rule.when for rule in file.release)),
        ("accept", (rule.when for rule in file.accept)),
    ]
    for kind, conditions in tables:
        for index, when in enumerate(conditions):
            path: KeyPath = (kind, index, "when")
            yield from _unmatched((*path, "format"), when.format, "input format", INPUT_FORMATS)
            yield from _unmatched((*path, "platform"), when.platform, "platform", PLATFORMS)


def _unmatched(path: KeyPath, patterns: Iterable[str], kind: str, known: Collection[str]) -> Iterator[Problem]:
    for index, pattern in enumerate(patterns):
        if pattern.startswith("x-") or any(fnmatchcase(one, pattern) for one in known):
            continue
        cause = f"no {kind} that this gateway knows is {pattern}: the rule waits for what only others may send"
        remedy = did_you_mean(pattern.strip("*?_"), known) or f"known are {', '.join(sorted(known)[:12])}"
        yield Problem(code=codes.NO_EFFECT, path=(*path, index), cause=cause, remedy=remedy)
