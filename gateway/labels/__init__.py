"""Takes: confidentiality labels, clearances and bindings as ADatP-4774 and 4778 XML; security policies as XML SPIF 2.1.

Gives: `Label`, `Clearance`, `Spif`; whether a clearance permits a label, by which rule; what label a batch needs. Pure.
Fails: with `PolicyError` ``LBL-...`` for XML that is none of these; a decision never fails, it denies.
Trusts: the operator's policy files. A label is only words until its policy has been found to know every one of them.
"""

from __future__ import annotations
