"""The CoT type tree: what a type says about the object, and the type for what a track says.

`a-f-A-M-F-Q` is: atom, friend, air, and a MIL-STD-2525 function id with one hyphen per letter. Upper case is 2525,
lower case is a CoT extension, and an optional `;suffix` is kept but never read.
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from gateway.track import Classification, Environment, Identity, IdentityGroup, Loss

SCHEME = "COT_TYPE"
DELETE_TYPE = "t-x-d-d"

# The pattern of the event schema; `.` is accepted on input, where types.txt uses it for "any affiliation".
_READABLE = re.compile(r"[\w.]+(?:-[\w.]+)*+(?:;[^;]*)?").fullmatch
_WRITABLE = re.compile(r"\w+(?:-\w+)*+(?:;[^;]*)?").fullmatch


class Shape(Enum):
    """What kind of report an event is; decides how its point and some details are read."""

    ATOM = "ATOM"
    """A thing: the point is where it is."""
    DETECTION = "DETECTION"
    """A sensor noticed something (`b-d`): the point is the sensor, `ce` its reach."""
    DELETE = "DELETE"
    """The track named by `link` is to be removed (`t-x-d-d`): the point means nothing."""
    OTHER = "OTHER"
    """Markers, alerts, areas: the point is where it is, `ce` and `le` are an area and no error."""
    SILENT = "SILENT"
    """Pings, protocol talk, chat, files: valid, and no track."""


class Meaning(Struct, frozen=True):
    """What a type text says, decoded once."""

    shape: Shape
    environment: Environment
    identity: IdentityGroup | None
    platform: str | None
    classifications: tuple[Classification, ...]
    losses: tuple[Loss, ...] = ()


_AFFILIATIONS = {
    "p": Identity.PENDING,
    "u": Identity.UNKNOWN,
    "a": Identity.ASSUMED_FRIEND,
    "f": Identity.FRIEND,
    "n": Identity.NEUTRAL,
    "s": Identity.SUSPECT,
    "h": Identity.HOSTILE,
}  # `o` (none specified), `x` (other) and `.` (any) state no standard identity: no group
_LETTERS = {identity: letter for letter, identity in _AFFILIATIONS.items()}
_EXERCISE_ROLES = {"j": "JOKER", "k": "FAKER"}  # STANAG 1241: friends who play suspect or hostile
_EXERCISE_LETTERS = {role: letter for letter, role in _EXERCISE_ROLES.items()}

_DIMENSIONS = {
    "A": Environment.AIR,
    "G": Environment.LAND,
    "S": Environment.SURFACE,
    "U": Environment.SUBSURFACE,
    "P": Environment.SPACE,
}  # F (special operations), X (other) and Z (unknown) say nothing of where it moves
_BATTLE_DIMENSION = {environment: letter for letter, environment in _DIMENSIONS.items()} | {Environment.UNKNOWN: "Z"}

# Dimension and function id, longest first: the first that is a prefix wins.
_PLATFORMS = tuple(
    sorted(
        {
            "A-M-F-Q": "UAV",
            "A-M-H-Q": "UAV",
            "A-C-F-q": "UAV",
            "A-C-H-q": "UAV",
            "A-M-F": "FIXED_WING",
            "A-C-F": "FIXED_WING",
            "A-M-H": "ROTARY_WING",
            "A-C-H": "ROTARY_WING",
            "A-M-L": "BALLOON",
            "A-C-L": "BALLOON",
            "A-W-M": "MISSILE",
            "A-W-D": "DECOY",
            "G-E-V": "GROUND_VEHICLE",
            "G-E-S": "SENSOR",
            "G-U": "UNIT",
            "G-I": "INSTALLATION",
            "S-C": "VESSEL",
            "S-N": "VESSEL",
            "S-X": "VESSEL",
            "U-S": "SUBMARINE",
            "U-W-T": "TORPEDO",
            "U-W-M": "MINE",
            "P-S": "SATELLITE",
            "P-V": "SPACECRAFT",
        }.items(),
        key=lambda item: -len(item[0]),
    )
)

# Only platforms whose function id claims nothing more: 2525 has no aircraft that is neither military nor civil.
_FUNCTIONS = {
    (Environment.AIR, "MISSILE"): "A-W-M",
    (Environment.AIR, "DECOY"): "A-W-D",
    (Environment.LAND, "GROUND_VEHICLE"): "G-E-V",
    (Environment.LAND, "SENSOR"): "G-E-S",
    (Environment.LAND, "UNIT"): "G-U",
    (Environment.LAND, "INSTALLATION"): "G-I",
    (Environment.SUBSURFACE, "SUBMARINE"): "U-S",
    (Environment.SUBSURFACE, "TORPEDO"): "U-W-T",
    (Environment.SUBSURFACE, "MINE"): "U-W-M",
    (Environment.SPACE, "SATELLITE"): "P-S",
    (Environment.SPACE, "SPACECRAFT"): "P-V",
}


def is_type(text: str) -> bool:
    """Whether `text` has the form of a CoT type."""
    return _READABLE(text) is not None


def meaning_of(text: str, *, exercise: bool) -> Meaning:
    """What the type says; `exercise` (opex `e`) is what makes joker and faker legal.

    A joker is a friend who plays a suspect, a faker one who plays a hostile: FRIEND, with the role as amplification.
    """
    atoms = text.partition(";")[0].split("-")
    classifications = (Classification(type=text, scheme=SCHEME),)
    if atoms[0] != "a":
        return Meaning(_shape(atoms), Environment.UNKNOWN, None, None, classifications)
    letter = atoms[1] if len(atoms) > 1 else ""
    identity = None
    losses: tuple[Loss, ...] = ()
    if letter in _AFFILIATIONS:
        identity = IdentityGroup(value=_AFFILIATIONS[letter])
    elif letter in _EXERCISE_ROLES:
        if exercise:
            identity = IdentityGroup(value=Identity.FRIEND, amplification=_EXERCISE_ROLES[letter])
        else:
            losses = (Loss("event@type", "NO_CODE"),)
    dimension = atoms[2] if len(atoms) > 2 else ""
    function = "-".join(atoms[2:])
    platform = next(
        (name for prefix, name in _PLATFORMS if function == prefix or function.startswith(prefix + "-")), None
    )
    environment = _DIMENSIONS.get(dimension, Environment.UNKNOWN)
    return Meaning(Shape.ATOM, environment, identity, platform, classifications, losses)


def _shape(atoms: list[str]) -> Shape:
    if atoms[0] == "t":
        return Shape.DELETE if atoms[:4] == ["t", "x", "d", "d"] else Shape.SILENT
    if atoms[:2] in (["b", "t"], ["b", "f"]):  # text messages and file transfers
        return Shape.SILENT
    return Shape.DETECTION if atoms[:2] == ["b", "d"] else Shape.OTHER


class Written(Struct, frozen=True):
    """The type for a track, and what it could not say."""

    text: str
    shape: Shape
    losses: tuple[Loss, ...] = ()


NO_IDENTITY = Loss("identity.value", "NO_CODE")
NO_AMPLIFICATION = Loss("identity.amplification", "NO_CODE")
NO_PLATFORM = Loss("platform", "NO_CODE")
NO_ENVIRONMENT = Loss("environment", "NO_CODE")


def type_for(
    *,
    environment: Environment,
    identity: IdentityGroup | None,
    platform: str | None,
    kept: str | None,
    exercise: bool,
    functions: dict[str, str],
) -> Written:
    """The CoT type of a track.

    The `kept` type of a CoT source is used as far as it still agrees: with another identity only its affiliation
    changes, with another environment or platform it is built anew. `functions` is the operator's choice of function
    ids for platforms that CoT cannot name neutrally (``{"UAV": "A-M-F-Q"}``).
    """
    if kept is not None and _WRITABLE(kept):
        said = meaning_of(kept, exercise=exercise)
        if said.shape is not Shape.ATOM:
            return Written(kept, said.shape, _unsaid(environment, identity, platform))
    else:
        kept = said = None
    losses: tuple[Loss, ...] = ()
    letter, losses = _affiliation(identity, exercise=exercise)
    if kept is not None and said is not None and said.environment is environment and said.platform == platform:
        if said.identity is None and identity is None:
            return Written(kept, Shape.ATOM)
        own = said.identity
        if own and identity and (own.value, own.amplification) == (identity.value, identity.amplification):
            return Written(kept, Shape.ATOM)
        atoms = kept.split("-")
        return Written("-".join(["a", letter, *atoms[2:]]), Shape.ATOM, losses)
    function = _BATTLE_DIMENSION[environment]
    if platform is not None:
        wanted = functions.get(platform) or _FUNCTIONS.get((environment, platform))
        if wanted is not None and wanted.startswith(function) and _WRITABLE(wanted):
            function = wanted
        else:
            losses += (NO_PLATFORM,)
    return Written(f"a-{letter}-{function}", Shape.ATOM, losses)


def _affiliation(identity: IdentityGroup | None, *, exercise: bool) -> tuple[str, tuple[Loss, ...]]:
    if identity is None:
        return "o", ()
    if identity.amplification is None:
        return _LETTERS[identity.value], ()
    role = _EXERCISE_LETTERS.get(identity.amplification)
    if role is not None and exercise and identity.value is Identity.FRIEND:
        return role, ()
    return _LETTERS[identity.value], (NO_AMPLIFICATION,)


def _unsaid(environment: Environment, identity: IdentityGroup | None, platform: str | None) -> tuple[Loss, ...]:
    losses: tuple[Loss, ...] = ()
    if identity is not None:
        losses += (NO_IDENTITY,)
    if platform is not None:
        losses += (NO_PLATFORM,)
    if environment is not Environment.UNKNOWN:
        losses += (NO_ENVIRONMENT,)
    return losses
