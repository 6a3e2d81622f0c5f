"""The whole lint of one policy."""

from __future__ import annotations

from datetime import datetime

from gateway.policy.lint.content import check_content
from gateway.policy.lint.finding import Facts, Finding, Severity
from gateway.policy.lint.order import check_order
from gateway.policy.lint.reach import check_equivalences, check_reach
from gateway.policy.policy import Policy

_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}


def lint(policy: Policy, facts: Facts, now: datetime) -> tuple[Finding, ...]:
    """Everything that looks wrong in a policy that is valid in itself, the worst first, else in the order of looking.

    What is said of the order of rules is so for every track; what cannot be proved is not said.
    """
    found = [
        *check_order(policy),
        *check_reach(policy, facts, now),
        *check_equivalences(policy, facts, now),
        *check_content(policy, facts, now),
    ]
    return tuple(sorted(found, key=lambda one: _RANK[one.severity]))
