"""Settings that have left ``gateway.toml`` for ``policy.toml``, and what to write there instead."""

from __future__ import annotations

from gateway.config.locate import KeyPath

_MOVED: dict[KeyPath, str] = {
    ("policy", "label"): "in policy.toml declare [label.NAME] and let a [[marking]] give it to your tracks",
    ("policy", "accept"): 'in policy.toml write [[accept]] rules, such as when.label = [{ policy = "PUBLIC" }]',
    ("policy", "group"): "in policy.toml write [group.NAME] with its partners, and [[release]] rules with to = "
    '["NAME"]; personal_data is a key of the rule, sources are its when.source',
    ("link", "*", "group"): "in policy.toml name the partner in [group.NAME] partners",
}


_CLEARANCE = 'in policy.toml declare [clearance.NAME] with these words, and name it here: clearance = ["NAME"]'


def moved_to_policy(path: KeyPath) -> str:
    """What to write instead of the setting that once stood at `path`; empty when there never was one."""
    if len(path) == 4 and path[0] in ("client", "feed") and path[2] == "clearance":
        return _CLEARANCE
    found = _MOVED.get(path[:2]) if len(path) == 2 else None
    if found is None and len(path) == 3:
        found = _MOVED.get((path[0], "*", path[2]))
    return found or ""
