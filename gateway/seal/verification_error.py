"""The one error of steps 2 to 4, whose public face is the same for every cause."""

from __future__ import annotations

from gateway.errors import Code, SealError
from gateway.seal import codes


class VerificationError(SealError):
    """An inbound message whose signature, form or signer does not hold.

    Everything that a caller may print (`str`, `repr`, `args`, `code`, `place`, `cause`, `problem`, `diagnostics`) is
    the same for every cause, so that an answer cannot become an oracle. Which check failed is in `finding`, for the
    operator's log and quarantine alone.
    """

    def __init__(self, code: Code, *, place: str = "", cause: str = "") -> None:
        super().__init__(codes.REFUSED)
        self.__finding = (code, place, cause)

    @property
    def finding(self) -> SealError:
        """What failed, with its own code, place and cause. For the operator only; never put it into an answer."""
        code, place, cause = self.__finding
        return SealError(code, place=place, cause=cause)
