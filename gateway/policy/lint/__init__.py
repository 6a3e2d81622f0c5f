"""Takes: a compiled release policy, and what its files say beside the rules.

Gives: `Finding`s: rules that are dead, partners that see nothing, and what may show more than was meant. Pure.
Fails: never.
Trusts: that the policy has been loaded without error.
"""

from __future__ import annotations

from gateway.policy.lint.finding import Facts, Finding, Severity
from gateway.policy.lint.whole import lint

__all__ = ["Facts", "Finding", "Severity", "lint"]
