"""Takes: canonical octets of a draft; octets that a partner pushed.

Gives: `Sealed`; `Verified`. The only room that touches private signing keys.
Fails: with one `VerificationError` to the caller whatever the check; its `finding`, for the log, says which check.
Trusts: the pinned key records of partners, never anything that a message says of itself.
"""

from __future__ import annotations

from gateway.seal.algorithms import Algorithm, DigestAlgorithm
from gateway.seal.freshness import check_freshness
from gateway.seal.keys import KeyRecord
from gateway.seal.original import check_original, check_way, verify_original
from gateway.seal.signer import Signer
from gateway.seal.verification_error import VerificationError
from gateway.seal.verifier import Verifier

__all__ = [
    "Algorithm",
    "DigestAlgorithm",
    "KeyRecord",
    "Signer",
    "VerificationError",
    "Verifier",
    "check_freshness",
    "check_original",
    "check_way",
    "verify_original",
]
