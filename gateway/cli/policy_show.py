"""``gateway policy show``: the policy in effect, as tables."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from itertools import zip_longest
from textwrap import wrap

from gateway.cli.output import as_json, data, printable, table
from gateway.cli.policy_case_track import named_label
from gateway.cli.policy_files import Found
from gateway.cli.policy_words import clearance_words, label_of, marking_of, seconds
from gateway.clock import utc_text
from gateway.config.policy_file import NamedLabelTable
from gateway.config.policy_load import LoadedPolicy
from gateway.config.policy_sources import POLICY_NAME
from gateway.policy.terms import AltitudeBand, Condition, Redaction, ReleaseRule

_NOTHING = "none: may see nothing"
_WIDEST = 44
"""Characters of a cell, so that four columns fit side by side on a wide terminal."""


def show(found: Found, *, json: bool) -> None:
    """Digest and files, labels, clearances, groups with their members, and the rules in their order."""
    loaded = found.loaded
    if json:
        as_json(_document(loaded))
        return
    policy, about = loaded.policy, loaded.file.policy
    data(f"{printable(policy.name)}, of node {policy.node}")
    data(f"digest   {policy.digest}")
    data(f"issued   {utc_text(about.issued)}, to be reviewed by {utc_text(about.review)}")
    for name, sum_ in _files(loaded):
        data(f"file     {sum_}  {printable(name)}")
    _table("SECURITY POLICY", ["OID", "CLASSIFICATIONS"], _security_policies(loaded))
    _table("LABEL", ["MARKING", "ALSO SAID AS", "BESIDE IT"], _labels(loaded))
    _table("EQUIVALENCE", ["DIRECTION", "LEVELS", "SIGNED OFF"], _equivalences(loaded))
    held = [[name, clearance_words(one)] for name, one in policy.clearances.items()]
    _table("CLEARANCE", ["UNDER ITS POLICY"], held)
    file = loaded.file
    holders = [[f"{policy.node} (this node)", ", ".join(file.own.clearances) or _NOTHING]]
    holders += [[name, ", ".join(one.clearances) or _NOTHING] for name, one in file.partner.items()]
    _table("NODE", ["CLEARANCES"], holders)
    _table("GROUP", ["PARTNERS"], [[name, ", ".join(members)] for name, members in policy.groups.items()])
    rows = [
        [f"mark.{one.id}", words(one.when), marking_of(policy, one.label), one.existing.value]
        for one in policy.markings
    ]
    _table("MARKING", ["WHEN", "LABEL", "OF ITS SOURCE"], rows)
    _table("RELEASE", ["TO", "WHEN", "ACTION"], [_release(one) for one in policy.releases])
    rows = [
        [f"accept.{one.id}", ", ".join(sorted(one.partners)) or "every partner", words(one.when), one.admit.value]
        for one in policy.accepts
    ]
    _table("ACCEPT", ["FROM", "WHEN", "ACTION"], rows)


def _table(first: str, others: list[str], rows: list[list[str]]) -> None:
    """A table whose long cells go on below."""
    if not rows:
        return
    data("")
    shown: list[list[str]] = []
    for row in rows:
        cells = [wrap(printable(cell), _WIDEST, break_on_hyphens=False) or [""] for cell in row]
        shown += [list(line) for line in zip_longest(*cells, fillvalue="")]
    table([first, *others], shown)


def _files(loaded: LoadedPolicy) -> list[tuple[str, str]]:
    """What the digest is made of: the policy itself, and every file that it names."""
    own = sha256(loaded.text.encode()).hexdigest()
    return [(POLICY_NAME, own), *((one.name, one.sha256) for one in loaded.sources)]


def _security_policies(loaded: LoadedPolicy) -> list[list[str]]:
    return [[spif.name, spif.oid, ", ".join(spif.levels)] for spif in loaded.policy.book.spifs.values()]


def _labels(loaded: LoadedPolicy) -> list[list[str]]:
    """Every label of the file, with what stands beside it."""
    return [
        [
            name,
            marking_of(loaded.policy, named_label(name, loaded)),
            ", ".join(table.alternatives),
            " ".join(
                word for word in (f"TLP {table.tlp}" if table.tlp else "", table.purpose or "", _then(table)) if word
            ),
        ]
        for name, table in loaded.file.label.items()
    ]


def _then(table: NamedLabelTable) -> str:
    """What becomes of a label, and when."""
    return "" if table.succession is None else f"{table.succession.label} from {utc_text(table.succession.at)}"


def _equivalences(loaded: LoadedPolicy) -> list[list[str]]:
    return [
        [
            f"{one.source} to {one.target}",
            one.direction.value,
            ", ".join(f"{level} = {other}" for level, other in one.classifications.items()) or "none",
            f"{one.signed_off_by}, {date.fromisoformat(one.signed_off_on)}",
        ]
        for one in loaded.policy.book.equivalences
    ]


def _release(rule: ReleaseRule) -> list[str]:
    groups = ", ".join(sorted(rule.groups)) or "every group"
    return [f"release.{rule.id}", groups, words(rule.when), action(rule)]


def action(rule: ReleaseRule) -> str:
    """What a release rule does, on one line."""
    told = ["release" if rule.release else "withhold"]
    told += _redacted(rule.redaction)
    if rule.personal_data:
        told.append("with personal data")
    if rule.onward:
        told.append("of partners' tracks")
    if rule.delay_s:
        told.append(f"once {seconds(rule.delay_s)} old")
    if rule.every_s:
        told.append(f"at most every {seconds(rule.every_s)}")
    return ", ".join(told)


def _redacted(redaction: Redaction) -> list[str]:
    told = [f"without {', '.join(sorted(redaction.drop))}"] if redaction.drop else []
    if redaction.position_grid_m:
        told.append(f"position to {redaction.position_grid_m:g} m")
    if redaction.altitude_grid_m:
        told.append(f"heights to {redaction.altitude_grid_m:g} m")
    return told + [f"{before} as {after}" for before, after in redaction.identities.items()]


def words(when: Condition) -> str:
    """A condition on one line, in the keys of the file."""
    told = [f"{key} {', '.join(values)}" for key, values in _texts(when) if values]
    if when.altitude is not None:
        told.append(_band(when.altitude))
    told += [
        f"{'' if said else 'not '}{key}"
        for key, said in (("exercise", when.exercise), ("simulated", when.simulated))
        if said is not None
    ]
    told += [
        f"{key} {age:g}"
        for key, age in (("min_age_s", when.min_age_s), ("max_age_s", when.max_age_s))
        if age is not None
    ]
    told += [f"{scheme} {', '.join(values)}" for scheme, values in when.identifiers.items()]
    told += [f"label {policy} {', '.join(levels) or 'any'}" for policy, levels in when.labels]
    return "; ".join(told) or "always"


def _texts(when: Condition) -> list[tuple[str, list[str]]]:
    return [
        ("source", list(when.sources)),
        ("origin", list(when.origins)),
        ("format", list(when.formats)),
        ("environment", sorted(when.environments)),
        ("identity", sorted("NONE" if one is None else one.value for one in when.identities)),
        ("platform", list(when.platforms)),
        ("class", list(when.classes)),
        ("in", list(when.areas)),
        ("not in", list(when.not_areas)),
        ("has", sorted(when.has)),
        ("lacks", sorted(when.lacks)),
    ]


def _band(band: AltitudeBand) -> str:
    low = f" from {band.min_m:g} m" if band.min_m is not None else ""
    high = f" below {band.max_m:g} m" if band.max_m is not None else ""
    return f"{band.height}{low}{high}"


# ----------------------------------------------------------------------------------------------------------------- JSON


def _document(loaded: LoadedPolicy) -> dict[str, object]:
    policy, about = loaded.policy, loaded.file.policy
    return {
        "name": policy.name,
        "node": policy.node,
        "file": str(loaded.path),
        "digest": policy.digest,
        "issued": utc_text(about.issued),
        "review": utc_text(about.review),
        "files": [{"name": name, "sha256": sum_} for name, sum_ in _files(loaded)],
        "security_policies": [
            {"name": one.name, "oid": one.oid, "classifications": list(one.levels)}
            for one in policy.book.spifs.values()
        ],
        "equivalences": [
            {
                "from": one.source,
                "to": one.target,
                "direction": one.direction.value,
                "levels": dict(one.classifications),
                "signed_off_by": one.signed_off_by,
                "signed_off_on": one.signed_off_on,
            }
            for one in policy.book.equivalences
        ],
        "clearances": {name: clearance_words(one) for name, one in policy.clearances.items()},
        "labels": {name: label_of(policy, named_label(name, loaded)) for name in loaded.file.label},
        "own": list(loaded.file.own.clearances),
        "partners": {name: list(one.clearances) for name, one in loaded.file.partner.items()},
        "groups": {name: list(members) for name, members in policy.groups.items()},
        "markings": [
            {
                "rule": f"mark.{one.id}",
                "when": words(one.when),
                "label": label_of(policy, one.label),
                "existing": one.existing.value,
            }
            for one in policy.markings
        ],
        "releases": [
            {
                "rule": f"release.{one.id}",
                "to": sorted(one.groups) or list(policy.groups),
                "when": words(one.when),
                "release": one.release,
                "action": action(one),
            }
            for one in policy.releases
        ],
        "accepts": [
            {
                "rule": f"accept.{one.id}",
                "from": sorted(one.partners),
                "when": words(one.when),
                "action": one.admit.value,
            }
            for one in policy.accepts
        ],
    }
