"""The policy's lines of the error catalogue."""

from __future__ import annotations

from gateway.errors import Code

NO_AREA = Code("POL-010", "area holds nothing", "give three or more vertices that are not on one line, or a radius")
NO_PLACE = Code("POL-011", "vertex is no place on the earth", "give [latitude, longitude] in degrees, WGS 84")
CROSSED_AREA = Code("POL-012", "area crosses itself", "give the vertices in order, or several polygons")
AREA_AROUND_POLE = Code(
    "POL-013",
    "area goes around a pole",
    "use a circle, or begin at longitude -180, go to 180, to [90, 180] and to [90, -180]",
)

LABEL_UNKNOWN = Code("POL-030", "label is of a security policy that is not known", "agree on labels with the partner")
LABEL_NOT_VALID = Code("POL-031", "label is not valid under its security policy", "send what the policy has words for")
NOT_CLEARED = Code("POL-032", "label does not permit this node", "ask the partner why it was sent, or for a release")
SAYS_LESS = Code("POL-033", "label says less than what it stands over", "label a message as strictly as its tracks")
NOT_ACCEPTED = Code("POL-034", "no rule for acceptance lets this in", "add an [[accept]] rule to the policy")
REFUSED_BY_RULE = Code("POL-035", "a rule for acceptance refuses this", "see the rule; `drop` leaves out tracks alone")

CODES = (
    NO_AREA,
    NO_PLACE,
    CROSSED_AREA,
    AREA_AROUND_POLE,
    LABEL_UNKNOWN,
    LABEL_NOT_VALID,
    NOT_CLEARED,
    SAYS_LESS,
    NOT_ACCEPTED,
    REFUSED_BY_RULE,
)
