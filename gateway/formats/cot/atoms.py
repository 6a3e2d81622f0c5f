"""The CoT type tree: what kind of report an event is, and the type for what a track says.

What an atom (`a-f-A-M-F-Q`) says of the object is read from the tables of `gateway.symbols`; an optional `;suffix` is
kept but never read.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache

from msgspec import Struct

from gateway.symbols import cot, identities
from gateway.symbols.meaning import NO_AMPLIFICATION, NO_ENVIRONMENT, NO_IDENTITY, NO_PLATFORM
from gateway.track import Classification, Environment, IdentityGroup, Loss

SCHEME = "COT_TYPE"
DELETE_TYPE = "t-x-d-d"
ALARM_TYPE = "b-a"


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


ATOM, DETECTION, DELETE, SILENT = Shape.ATOM, Shape.DETECTION, Shape.DELETE, Shape.SILENT
"""By these names on the path of every event: an enumeration takes longer to find its member than to compare it."""


class Meaning(Struct, frozen=True):
    """What a type text says, decoded once."""

    shape: Shape
    environment: Environment
    identity: IdentityGroup | None
    platform: str | None
    classifications: tuple[Classification, ...]
    losses: tuple[Loss, ...] = ()


def is_type(text: str) -> bool:
    """Whether `text` has the form of a CoT type."""
    return _is_known_type(text) if len(text) < 64 else cot.READABLE(text) is not None


@lru_cache(maxsize=1_024)
def _is_known_type(text: str) -> bool:
    return cot.READABLE(text) is not None


def meaning_of(text: str, *, exercise: bool) -> Meaning:
    """What the type says; `exercise` (opex `e`) is what makes joker and faker legal.

    A joker is a friend who plays a suspect, a faker one who plays a hostile: FRIEND, with the role as amplification.
    """
    atoms = text.partition(";")[0].split("-")
    classifications = (Classification(type=text, scheme=SCHEME),)
    if atoms[0] != "a":
        return Meaning(_shape(atoms), Environment.UNKNOWN, None, None, classifications)
    said = cot.read_type(text, exercise=exercise)
    return Meaning(Shape.ATOM, said.environment, said.identity, said.platform, classifications, said.losses)


def _shape(atoms: list[str]) -> Shape:
    if atoms[0] == "t":
        return Shape.DELETE if atoms[:4] == ["t", "x", "d", "d"] else Shape.SILENT
    if atoms[:2] in (["b", "t"], ["b", "f"]):  # text messages and file transfers
        return Shape.SILENT
    return Shape.DETECTION if atoms[:2] == ["b", "d"] else Shape.OTHER


NONE_SPECIFIED = identities.NO_LETTER.lower()
AFFILIATIONS_OF_NOBODY = (NONE_SPECIFIED, "u")
"""What may be written where nobody declared an identity: exactly that, or an unknown, which is a loss."""


class Written(Struct, frozen=True):
    """The type for a track, and what it could not say."""

    text: str
    shape: Shape
    losses: tuple[Loss, ...] = ()


def type_for(
    *,
    environment: Environment,
    identity: IdentityGroup | None,
    platform: str | None,
    kept: str | None,
    exercise: bool,
    functions: dict[str, str],
    undeclared: str = NONE_SPECIFIED,
) -> Written:
    """The CoT type of a track.

    The `kept` type of a CoT source is used as far as it still agrees: with another identity only its affiliation
    changes, with another environment or platform it is built anew. `functions` is the operator's choice of function
    ids for platforms that CoT cannot name neutrally (``{"UAV": "A-M-F-Q"}``). `undeclared` is the affiliation where
    nobody declared an identity: `o` says so exactly, `u` is what displays understand, with a loss.
    """
    if kept is not None and cot.WRITABLE(kept):
        said = meaning_of(kept, exercise=exercise)
        if said.shape is not Shape.ATOM:
            return Written(kept, said.shape, _unsaid(environment, identity, platform))
    else:
        kept = said = None
    losses: tuple[Loss, ...] = ()
    letter, losses = _affiliation(identity, exercise=exercise, undeclared=undeclared)
    if kept is not None and said is not None and said.environment is environment and said.platform == platform:
        if identities.same(said.identity, identity):
            return Written(kept, Shape.ATOM)
        atoms = kept.split("-")
        return Written("-".join(["a", letter, *atoms[2:]]), Shape.ATOM, losses)
    function, short = cot.function_for(environment, platform, functions)
    return Written(f"a-{letter}-{function}", Shape.ATOM, losses + short)


def _affiliation(identity: IdentityGroup | None, *, exercise: bool, undeclared: str) -> tuple[str, tuple[Loss, ...]]:
    """The letter of an identity; CoT has none for the others of an exercise, `opex` says that it is one."""
    if identity is None:
        return undeclared, () if undeclared == NONE_SPECIFIED else (NO_IDENTITY,)
    part = identities.played(identity)
    if part is not None and exercise:
        return identities.ROLE_LETTER_OF[part].lower(), ()
    losses = () if identity.amplification is None else (NO_AMPLIFICATION,)
    return identities.LETTER_OF[identity.value].lower(), losses


def _unsaid(environment: Environment, identity: IdentityGroup | None, platform: str | None) -> tuple[Loss, ...]:
    losses: tuple[Loss, ...] = ()
    if identity is not None:
        losses += (NO_IDENTITY,)
    if platform is not None:
        losses += (NO_PLATFORM,)
    if environment is not Environment.UNKNOWN:
        losses += (NO_ENVIRONMENT,)
    return losses
