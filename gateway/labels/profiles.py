"""Rules of published policies that their files cannot say, built in by the policy's OID.

The policy of NATO (1.3.26.1.3.1) compares without regard to case, wants exactly one real context with the helper value
``Releasable`` just when there is a ``Releasable To``, wants the context repeated there, and knows administrative
categories at UNCLASSIFIED alone. No file of XML SPIF can say that. Other files may ask for the same rules with
``profile="context"`` in the gateway's own ``rules`` (docs/security-policies.md).
"""

from __future__ import annotations

from msgspec import Struct


class Profile(Struct, frozen=True, kw_only=True):
    """What holds for labels of a policy beyond its file."""

    name: str
    ignore_case: bool = False
    mandatory: frozenset[str] = frozenset()
    context: str = "Context"
    """Tag set of which a label has exactly one real value."""
    helper: str = "Releasable"
    """Value beside the real one, just when there is a release."""
    release: str = "Releasable To"
    administrative: str = "Administrative"
    lowest: str = "UNCLASSIFIED"
    """Classification at which the administrative set may stand."""


NATO_OID = "1.3.26.1.3.1"
CONTEXT = Profile(name="context", ignore_case=True, mandatory=frozenset({"Context"}))
BY_OID = {NATO_OID: CONTEXT}
BY_NAME = {CONTEXT.name: CONTEXT}
