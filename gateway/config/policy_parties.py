"""Partners and release groups of the policy file, and what it has in common with ``gateway.toml``."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gateway.config import codes
from gateway.config.locate import KeyPath
from gateway.config.model import Config
from gateway.config.policy_file import PolicyFile
from gateway.config.problems import Problem, did_you_mean, unknown_name
from gateway.policy.policy import Policy


def party_problems(file: PolicyFile, node: str, partners: Collection[str] | None) -> Iterator[Problem]:
    """Groups and partners that are nobody, or stand in two groups. `partners` are the links of ``gateway.toml``."""
    group_of: dict[str, str] = {}
    for name, group in file.group.items():
        for index, partner in enumerate(group.partners):
            path: KeyPath = ("group", name, "partners", index)
            if partner not in file.partner:
                yield unknown_name(path, "partner [partner.NAME]", partner, file.partner)
            elif partner in group_of:
                where = (
                    "twice in this group" if group_of[partner] == name else f"in release group {group_of[partner]} too"
                )
                cause = f"{partner} is {where}: it would get tracks twice"
                remedy = "leave it in one group; rules may name several groups in to"
                yield Problem(code=codes.CONFLICT, path=path, cause=cause, remedy=remedy)
            group_of.setdefault(partner, name)
            if partners is not None and partner in file.partner and partner not in partners:
                links = ", ".join(sorted(partners)[:20]) or "none"
                cause = f"there is no [link.{partner}] in gateway.toml, whose links are {links}"
                near = did_you_mean(partner, partners)
                remedy = f"{near} Else add" if near else "add"
                remedy += f" [link.{partner}] there, or take {partner} out of the group"
                yield Problem(code=codes.UNKNOWN_NAME, path=path, cause=cause, remedy=remedy)
    if node in file.partner:
        cause = f"{node} is this node itself; its clearances stand in [own]"
        yield Problem(
            code=codes.CONFLICT, path=("partner", node), cause=cause, remedy="move them to [own]", at_key=True
        )


def party_findings(file: PolicyFile, node: str, partners: Collection[str] | None) -> Iterator[Problem]:
    """Partners of whom nothing will come, which is allowed."""
    conditions = [*(rule.when for rule in file.accept), *(rule.when for rule in file.release)]
    origins = {origin for when in conditions for origin in when.origin}
    for name, partner in file.partner.items():
        path: KeyPath = ("partner", name)
        if name in origins and (partners is None or name not in partners):
            continue  # a node whose tracks come by way of another
        if partners is not None and name not in partners and name != node:
            grouped = any(name in group.partners for group in file.group.values())
            if not grouped:  # of a member of a group it is an error
                cause = f"there is no link [link.{name}] in gateway.toml"
                remedy = did_you_mean(name, partners)
                yield Problem(code=codes.NO_EFFECT, path=path, cause=cause, remedy=remedy, at_key=True)
        if not partner.clearances:
            cause = f"partner {name} has no clearance: no label permits it anything"
            remedy = "add clearances, or remove the partner"
            yield Problem(code=codes.NO_EFFECT, path=path, cause=cause, remedy=remedy, at_key=True)


def configuration_problems(config: Config, policy: Policy) -> Iterator[Problem]:
    """What ``gateway.toml`` says that contradicts the policy: key paths are those of ``gateway.toml``."""
    holders = [("client", name, table.clearance) for name, table in config.client.items()]
    holders += [("source", name, table.clearance) for name, table in config.source.items()]
    holders += [("feed", name, table.clearance) for name, table in config.feed.items()]
    for kind, name, names in holders:
        for index, clearance in enumerate(names or ()):
            if clearance not in policy.clearances:
                what = "clearance [clearance.NAME] of the policy"
                yield unknown_name((kind, name, "clearance", index), what, clearance, policy.clearances)
        if names:
            yield from _one_for_each((kind, name, "clearance"), names, policy)
    for group, members in policy.groups.items():
        for member in members:
            link = config.link.get(member)
            if link is not None and not link.send:
                cause = f"{member} is in release group {group} of the policy, and nothing is sent to it"
                remedy = f"write send = true, or take {member} out of the group"
                yield Problem(
                    code=codes.CONFLICT, path=("link", member, "send"), cause=cause, remedy=remedy, at_key=True
                )
    age_s = config.limits.created_age_s
    for rule in policy.releases:
        if rule.delay_s >= age_s:  # what waits that long is too old when it is due
            cause = f"rule {rule.id} of the policy delays by {rule.delay_s:g} s, and after {age_s:g} s nothing goes"
            yield Problem(code=codes.CONFLICT, path=("limits", "created_age_s"), cause=cause)


def configuration_findings(config: Config, policy: Policy) -> Iterator[Problem]:
    """What ``gateway.toml`` says that does nothing under the policy."""
    grouped = {member for members in policy.groups.values() for member in members}
    for name, link in config.link.items():
        if link.send and name not in grouped:
            cause = f"{name} is in no release group of {config.policy.file.name}: nothing is ever sent to it"
            remedy = f"name it in a [group.NAME] there, or write send = false in [link.{name}]"
            yield Problem(code=codes.NO_EFFECT, path=("link", name), cause=cause, remedy=remedy, at_key=True)


def _one_for_each(path: KeyPath, names: Collection[str], policy: Policy) -> Iterator[Problem]:
    taken: dict[str, str] = {}
    for index, name in enumerate(names):
        clearance = policy.clearances.get(name)
        if clearance is not None and (taken.setdefault(clearance.policy, name) != name or name in list(names)[:index]):
            cause = (
                f"{name} and {taken[clearance.policy]} are both under {clearance.policy}; expected one for each policy"
            )
            yield Problem(code=codes.CONFLICT, path=(*path, index), cause=cause, remedy="join them in one clearance")
