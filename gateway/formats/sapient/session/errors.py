"""What the errors of a node mean: the kind and the unit that its Registration declares, in words of its own."""

from __future__ import annotations

import re
from enum import StrEnum
from math import log, sqrt

from msgspec import Struct

LINEAR_95 = 1.959963984540054
"""95 % of a normal distribution lies within that many sigmas on a line,"""
CIRCULAR_95 = sqrt(-2.0 * log(0.05))
"""and within that many (2.4477) of the centre of a circular one."""
_CEP_95 = sqrt(log(0.05) / log(0.5))  # from the radius that holds half


class LengthUnit(StrEnum):
    """Unit of the errors of a location."""

    METRE = "m"
    KILOMETRE = "km"
    DEGREE = "deg"
    RADIAN = "rad"


class ErrorKind(Struct, frozen=True, gc=False):
    """How a declared error becomes a 95 % bound."""

    basis: str
    """What it was, for `Accuracy.basis`."""
    circular: float | None
    """95 % radius per unit of the larger of two axes."""
    linear: float | None
    """95 % half-width per unit on one axis."""
    unit: LengthUnit | None = None


_SIGMA = ErrorKind("SIGMA_XY", CIRCULAR_95, LINEAR_95)
_TWO_SIGMA = ErrorKind("SIGMA2_XY", CIRCULAR_95 / 2, LINEAR_95 / 2)
_THREE_SIGMA = ErrorKind("SIGMA3_XY", CIRCULAR_95 / 3, LINEAR_95 / 3)
_BOUND_95 = ErrorKind("BOUND95_XY", CIRCULAR_95 / LINEAR_95, 1.0)
_KINDS = {
    "standard deviation": _SIGMA,
    "standard deviations": _SIGMA,
    "1 standard deviation": _SIGMA,
    "standarddeviation": _SIGMA,
    "std": _SIGMA,
    "std dev": _SIGMA,
    "stddev": _SIGMA,
    "stdev": _SIGMA,
    "sd": _SIGMA,
    "sigma": _SIGMA,
    "1 sigma": _SIGMA,
    "1sigma": _SIGMA,
    "one sigma": _SIGMA,
    "rms": _SIGMA,
    "rmse": _SIGMA,
    "root mean square": _SIGMA,
    "root mean square error": _SIGMA,
    "2 sigma": _TWO_SIGMA,
    "2sigma": _TWO_SIGMA,
    "two sigma": _TWO_SIGMA,
    "2 standard deviations": _TWO_SIGMA,
    "3 sigma": _THREE_SIGMA,
    "3sigma": _THREE_SIGMA,
    "three sigma": _THREE_SIGMA,
    "3 standard deviations": _THREE_SIGMA,
    "95": _BOUND_95,
    "95 percent": _BOUND_95,
    "95 per cent": _BOUND_95,
    "95 confidence": _BOUND_95,
    "95 percent confidence": _BOUND_95,
    "95 confidence interval": _BOUND_95,
    "95 percent confidence interval": _BOUND_95,
    "cep": ErrorKind("CEP50", _CEP_95, None),
    "cep50": ErrorKind("CEP50", _CEP_95, None),
    "circular error probable": ErrorKind("CEP50", _CEP_95, None),
    "cep95": ErrorKind("CEP95", 1.0, None),
    "r95": ErrorKind("CEP95", 1.0, None),
}
_UNITS = {
    **dict.fromkeys(("m", "metre", "metres", "meter", "meters"), LengthUnit.METRE),
    **dict.fromkeys(("km", "kilometre", "kilometres", "kilometer", "kilometers"), LengthUnit.KILOMETRE),
    **dict.fromkeys(("deg", "degree", "degrees", "decimal degrees"), LengthUnit.DEGREE),
    **dict.fromkeys(("rad", "radian", "radians"), LengthUnit.RADIAN),
}
_WORDS = re.compile(r"[a-z0-9]+")


def kind_of(kind: str, units: str) -> ErrorKind | None:
    """What `geometric_error.type` and `.units` say; `None` for words that name no kind we know.

    The standard leaves both to the node. A unit that we do not know leaves `unit` absent.
    """
    known = _KINDS.get(_words(kind))
    if known is None:
        return None
    return ErrorKind(known.basis, known.circular, known.linear, _UNITS.get(_words(units)))


def _words(text: str) -> str:
    return " ".join(_WORDS.findall(text[:200].casefold().replace("σ", " sigma ")))
