"""The policy's lines of the error catalogue."""

from __future__ import annotations

from gateway.errors import Code

UNKNOWN_POLICY = Code("POL-001", "label is of a security policy that is not let in", "add it to [[policy.accept]]")
UNKNOWN_CLASSIFICATION = Code("POL-002", "classification is not let in", "add it to [[policy.accept]]")
UNKNOWN_CATEGORY = Code("POL-003", "label has a category that we cannot decide on", "agree on labels with the partner")

CODES = (UNKNOWN_POLICY, UNKNOWN_CLASSIFICATION, UNKNOWN_CATEGORY)
