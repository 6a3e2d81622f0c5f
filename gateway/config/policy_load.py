"""From ``policy.toml`` and the files that it names to a checked `Policy`: all of it, or everything that is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from pydantic import ValidationError
from pydantic_core import to_json

from gateway.config import codes
from gateway.config.locate import KeyPath, Places, Spot
from gateway.config.model import Config
from gateway.config.policy_areas import read_areas
from gateway.config.policy_equivalence import read_equivalences
from gateway.config.policy_file import PolicyFile
from gateway.config.policy_findings import rule_findings
from gateway.config.policy_labels import Vocabulary
from gateway.config.policy_parties import configuration_problems, party_findings, party_problems
from gateway.config.policy_rules import Known, accept_rule, marking, release_rule, rule_problems
from gateway.config.policy_sources import Named, digest, read_sources
from gateway.config.problems import InvalidConfigError, Problem, all_from_pydantic, dotted, unrepresentable
from gateway.config.toml_text import parse_toml, read_toml
from gateway.errors import ConfigError, GatewayError
from gateway.labels.book import Book
from gateway.labels.check import check_label
from gateway.labels.equivalence import Equivalence
from gateway.labels.write import write_labels
from gateway.policy.area import Area
from gateway.policy.policy import Policy
from gateway.track import Label

DEFAULT_POLICY = Path("policy.toml")
_HOW = "take one that 'gateway init NEW-DIRECTORY' writes, or name yours in [policy] file of gateway.toml"


class LoadedPolicy(Struct, frozen=True, kw_only=True):
    """A checked policy that remembers its file."""

    policy: Policy
    """What decides."""
    file: PolicyFile
    """What the file says."""
    path: Path
    text: str
    places: Places
    digest: str
    """Hex SHA-256 that ledger leaves and messages cite."""
    sources: tuple[Named, ...] = ()
    """The files that it names, with their digests, in the order of the policy."""
    findings: tuple[ConfigError, ...] = ()
    """What is allowed and does nothing; somebody should look."""

    def place(self, path: KeyPath, *, at_key: bool = False) -> str:
        """Where the value (or its key) stands: ``policy.toml:31:5``."""
        return _place(self.path, self.places, path, at_key=at_key)

    def error(self, problem: Problem) -> ConfigError:
        """The problem as an error with its place."""
        return _error(self.path, self.places, problem)


def load_policy(
    file: Path,
    *,
    node: str,
    sources: Collection[str] | None = None,
    partners: Collection[str] | None = None,
    exercise: bool = False,
    simulated: bool = False,
) -> LoadedPolicy:
    """The policy of `file` and of the files that it names, checked, for the node of that name.

    `sources` and `partners` are the sources and links of ``gateway.toml``; without them their names are not checked.
    `exercise` and `simulated` are what every message of the node says of tracks that say nothing themselves.
    Raises `InvalidConfigError` with everything that is wrong, each with its place.
    """
    return load_policy_text(
        read_toml(file, remedy=_HOW),
        file=file,
        node=node,
        sources=sources,
        partners=partners,
        exercise=exercise,
        simulated=simulated,
    )


def load_policy_for(config: Config, file: Path | None = None) -> LoadedPolicy:
    """The policy of `file`, or the one that the configuration names, for the node that it is the configuration of."""
    node = config.node
    return load_policy(
        file or config.policy.file,
        node=node.name,
        sources=config.source,
        partners=config.link,
        exercise=node.exercise.marks_tracks,
        simulated=node.simulation.marks_tracks,
    )


def load_policy_text(
    text: str,
    *,
    file: Path = DEFAULT_POLICY,
    node: str,
    sources: Collection[str] | None = None,
    partners: Collection[str] | None = None,
    exercise: bool = False,
    simulated: bool = False,
) -> LoadedPolicy:
    """As `load_policy`, of a text that is already here; relative paths in it start at `file`'s directory."""
    document, places = parse_toml(text, file)
    table = _validated(document, file, places)
    contents: dict[KeyPath, bytes] = {}
    named: list[Named] = []
    problems = [*_about(table), *read_sources(table, document, contents, named)]
    words = Vocabulary(table, contents)
    problems += words.problems()
    equivalences: list[Equivalence] = []
    problems += read_equivalences(table, words, equivalences)
    areas: dict[str, Area] = {}
    problems += read_areas(table, contents, areas)
    problems += party_problems(table, node, partners)
    known = Known(node=node, sources=sources, words=words, exercise=exercise, simulated=simulated)
    problems += rule_problems(table, known)
    problems += _label_problems(words, table.policy.issued)
    if problems:
        raise _invalid(file, places, problems)
    book = _book(file, places, words, equivalences, follow_succession=table.policy.follow_succession)
    labels = _labels(table, words, book)
    if problems := list(_unwritable(labels)):
        raise _invalid(file, places, problems)
    total = digest(text, named)
    policy = _compiled(table, known, book, labels, areas, total)
    findings = tuple(
        _error(file, places, one) for one in (*party_findings(table, node, partners), *rule_findings(table))
    )
    return LoadedPolicy(
        policy=policy,
        file=table,
        path=file,
        text=text,
        places=places,
        digest=total,
        sources=tuple(named),
        findings=findings,
    )


def _book(
    file: Path, places: Places, words: Vocabulary, equivalences: list[Equivalence], *, follow_succession: bool
) -> Book:
    try:
        return Book(words.spifs.values(), equivalences, follow_succession=follow_succession)
    except GatewayError as error:  # what the checks before did not foresee
        cause = f"{error.place}: {error.code.title}: {error.cause}"
        problem = Problem(code=codes.CONFLICT, path=("policy",), cause=cause, remedy=error.remedy, at_key=True)
        raise _invalid(file, places, [problem]) from None


def _compiled(
    table: PolicyFile, known: Known, book: Book, labels: Mapping[str, Label], areas: dict[str, Area], total: str
) -> Policy:
    """The policy of a file in which nothing is wrong."""
    clearances = known.words.clearances
    return Policy(
        name=table.policy.name,
        digest=total,
        node=known.node,
        book=book,
        markings=tuple(marking(one, labels, known) for one in table.marking),
        releases=tuple(release_rule(one, known) for one in table.release),
        accepts=tuple(accept_rule(one, known) for one in table.accept),
        groups={name: tuple(sorted(group.partners)) for name, group in table.group.items()},
        areas=areas,
        own=tuple(clearances[name] for name in table.own.clearances),
        partners={name: tuple(clearances[one] for one in held.clearances) for name, held in table.partner.items()},
        clearances=clearances,
        review_at=table.policy.review,
    )


def policy_of(config: Config) -> LoadedPolicy:
    """The policy that a configuration names, held against it; `InvalidConfigError` with everything that is wrong.

    Places in ``policy.toml`` have line and column; those in the configuration are key paths, as its text is not at
    hand: ``gateway check`` has them with line and column.
    """
    loaded = load_policy_for(config)
    problems = list(configuration_problems(config, loaded.policy))
    if problems:
        raise InvalidConfigError(
            [ConfigError(one.code, place=dotted(one.path), cause=one.cause, remedy=one.remedy) for one in problems]
        )
    return loaded


def _validated(document: Mapping[str, object], file: Path, places: Places) -> PolicyFile:
    problems = unrepresentable(document)
    if not problems:
        # File names stay as they are written: the digest names them so
        context = {"base": file.parent, "name": "{name}", "data": "{data}"}
        try:
            return PolicyFile.model_validate_json(to_json(document), context=context)
        except ValidationError as error:
            problems = all_from_pydantic(error.errors(include_url=False), document, PolicyFile)
    raise _invalid(file, places, problems)


def _about(table: PolicyFile) -> Iterator[Problem]:
    if table.policy.review <= table.policy.issued:
        cause = "the policy is to be reviewed before it is issued"
        yield Problem(code=codes.CONFLICT, path=("policy", "review"), cause=cause, remedy="exchange issued and review")
    if not table.security_policy:
        cause = "security_policy is required: without one no label means anything"
        remedy = 'add [[security_policy]] with use = "PUBLIC", or a file of your own'
        yield Problem(code=codes.MISSING_KEY, path=(), cause=cause, remedy=remedy)


def _labels(table: PolicyFile, words: Vocabulary, book: Book) -> dict[str, Label]:
    """Every label of the file, with its alternatives and all that it needs to be written."""
    about = table.policy
    made = {}
    for name, label in words.labels.items():
        whole = replace(label, alternatives=tuple(words.labels[one] for one in table.label[name].alternatives))
        made[name] = book.complete(whole, created_at=about.issued, review_at=about.review, originator=about.originator)
    return made


def _label_problems(words: Vocabulary, now: datetime) -> Iterator[Problem]:
    """Labels that their security policy finds wrong as a whole, or would deny to everybody."""
    for name, label in words.labels.items():
        path: KeyPath = ("label", name)
        spif = words.spifs[label.policy]
        for finding in check_label(label, spif, now, new=True):
            cause = f"label {name}: {finding}"
            yield Problem(code=codes.LABEL, path=path, cause=cause, remedy=finding.code.remedy, at_key=True)
        present = {category.tag for category in label.categories}
        for missing in sorted(spif.mandatory - present):
            cause = f'label {name} has no value of tag set "{missing}", which every label of {spif.name} must have'
            remedy = "add a category for it; without it nobody may see what has the label"
            yield Problem(code=codes.LABEL, path=path, cause=cause, remedy=remedy, at_key=True)


def _unwritable(labels: Mapping[str, Label]) -> Iterator[Problem]:
    """Labels that no message could carry: control characters, too much text."""
    for name, label in labels.items():
        try:
            write_labels(label)
        except GatewayError as error:
            cause = f"label {name}: {error.code.title}: {error.cause}"
            yield Problem(code=codes.LABEL, path=("label", name), cause=cause, remedy=error.remedy, at_key=True)


def _invalid(file: Path, places: Places, problems: list[Problem]) -> InvalidConfigError:
    ordered = sorted(problems, key=lambda problem: _spot(places, problem) or Spot(0, 0))
    return InvalidConfigError([_error(file, places, problem) for problem in ordered])


def _spot(places: Places, problem: Problem) -> Spot | None:
    return places.key(problem.path) if problem.at_key else places.value(problem.path)


def _place(file: Path, places: Places, path: KeyPath, *, at_key: bool = False) -> str:
    spot = places.key(path) if at_key else places.value(path)
    return f"{file}:{spot.line}:{spot.column}" if spot else f"{file}:1:1"


def _error(file: Path, places: Places, problem: Problem) -> ConfigError:
    place = _place(file, places, problem.path, at_key=problem.at_key)
    return ConfigError(problem.code, place=place, cause=problem.cause, remedy=problem.remedy)
