"""The tables of ``docs/symbols.md``; ``python -m tests.symbols.tables`` puts them in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.symbols import (
    PLATFORMS,
    cot,
    entities,
    identities,
    sapient,
    to_emitter_category,
    to_remote_id,
    to_sapient,
)
from gateway.symbols.emitters import CATEGORIES
from gateway.symbols.pairs import PAIRS, RETIRED, TO_CHARLIE, Pair
from gateway.symbols.remote_id import UA_TYPES
from gateway.track import Environment, Identity

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "symbols.md"
BEGIN, END = "<!-- tables of codes: begin -->\n", "<!-- tables of codes: end -->\n"


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [f"### {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows), ""]


def _code(text: str | None) -> str:
    return f"`{text}`" if text else ""


def _identities() -> list[str]:
    rows = []
    for identity in Identity:
        exercise = [letter for letter, value in identities.EXERCISE_LETTERS.items() if value is identity]
        letter, digit = identities.LETTER_OF[identity], identities.DIGIT_OF[identity]
        played = digit in identities.ROLE_DIGITS
        rows.append(
            (
                _code(identity.value),
                _code(letter.lower()),
                _code(letter),
                _code(exercise[0] if exercise else None) or "written `W`, a loss",
                _code(f"0{digit}"),
                "written `11`, a loss" if played else _code(f"1{digit}"),
            )
        )
    for letter, role in identities.ROLES.items():
        digits = _code("1" + identities.ROLE_DIGIT_OF[role])
        rows.append((f"`FRIEND` as `{role}`", f"`{letter.lower()}`, exercise only", "", _code(letter), "", digits))
    digits, exercise_digits = (
        f"{_code(context + identities.digit_for(None, exercise=exercise)[0])}, a loss"
        for context, exercise in (("0", False), ("1", True))
    )
    rows.append(
        ("none", "`o`, read also `x` `.`", "`O`, read also `X` `-` `*`", "`O`, a loss", digits, exercise_digits)
    )
    head = ("Identity", "CoT", "15 letters", "in an exercise", "20 digits, places 3 and 4", "in an exercise")
    return _table("Identity", head, rows)


def _environments() -> list[str]:
    rows = []
    for environment in Environment:
        letters = [letter for letter, where in cot.DIMENSIONS.items() if where is environment] or ["Z", "F", "X"]
        sets = [number for number, where in entities.SETS.items() if where is environment]
        rows.append((_code(environment.value), " ".join(map(_code, letters)), " ".join(map(_code, sets))))
    return _table("Environment", ("Environment", "CoT and 15 letters", "Symbol sets of 20 digits"), rows)


def _where(platform: str) -> list[Environment]:
    """Where a platform is to be found by the tables; air if none says so."""
    found = {environment for environment, name in [*cot.FUNCTIONS, *entities.NEUTRAL] if name == platform}
    found |= {environment for environment, name in sapient.CLASSES.values() if name == platform}
    return [environment for environment in Environment if environment in found] or [Environment.AIR]


def _platforms() -> list[str]:
    rows = []
    for platform, parent in PLATFORMS.items():
        atoms = [_code(cot.FUNCTIONS.get((where, platform))) for where in _where(platform)]
        digits = [_code(entities.NEUTRAL.get((where, platform))) for where in _where(platform)]
        for where in _where(platform):
            nearest = cot.NEAREST.get((where, platform))
            if nearest is not None:
                atoms.append(f"({_code(nearest)})")
                digits.append(f"({_code((entities.of_function(nearest) or '')[:8])})")
        path, lost = to_sapient(environment=_where(platform)[0], platform=platform)
        ua_type, unflown = to_remote_id(platform=platform)
        category, unsaid = to_emitter_category(environment=_where(platform)[0], platform=platform, scheme="062")
        rows.append(
            (
                _code(platform),
                _code(parent),
                " ".join(filter(None, atoms)),
                " ".join(filter(None, digits)),
                "" if any(loss.field == "platform" for loss in lost) else " / ".join(path),
                "" if unflown else str(ua_type),
                "" if category is None or any(loss.field == "platform" for loss in unsaid) else str(category),
            )
        )
    head = ("Platform", "Broader", "CoT, 15 letters", "20 digits: set, entity", "SAPIENT", "Remote ID", "ASTERIX")
    return _table("Platforms, and what they are written as", head, rows)


def _reading() -> list[str]:
    functions = [(_code(prefix), _code(platform) or "none") for prefix, platform in cot.PREFIXES.items()]
    prefixes = [
        (f"`{text[:2]}` `{text[2:]}`", _code(platform) or "none") for text, platform in entities.PREFIXES.items()
    ]
    classes = [
        (" / ".join(path), _code(environment.value), _code(platform) or "none")
        for path, (environment, platform) in (sapient.CLASSES | sapient.ALIASES).items()
    ]
    types = [(str(ua_type), _code(platform)) for ua_type, platform in UA_TYPES.items()]
    categories = [
        (str(ecat), *(_code(CATEGORIES[scheme].get(ecat)) or "reserved" for scheme in ("021", "062")))
        for ecat in sorted(CATEGORIES["021"])
    ]
    lines = _table(
        "CoT types and 15-letter codes as read", ("Dimension and function, first letters", "Platform"), functions
    )
    lines += _table("20-digit codes as read", ("Set and entity, first digits", "Platform"), prefixes)
    lines += _table("SAPIENT classes as read", ("Class path", "Environment", "Platform"), classes)
    lines += _table("Remote ID types as read", ("UA type", "Platform"), types)
    return lines + _table("ASTERIX emitter categories as read", ("Category", "I021/020", "I062/380"), categories)


def _short(pair: Pair) -> str:
    return f"`{pair.scheme}*{pair.dimension}*{pair.function:-<6}`"


def _one_way() -> list[str]:
    rows = []
    for pair in PAIRS:
        if not pair.invertible and pair.symbol_set != RETIRED:
            back = TO_CHARLIE[pair.symbol_set, pair.entity, pair.modifiers]
            rows.append((_short(pair), f"`{pair.symbol_set}` `{pair.entity}`", _short(back)))
    lines = _table(
        "15-letter codes that no 20-digit code leads back to", ("Code", "Set and entity", "Leads back to"), rows
    )
    retired = sorted(_short(pair) for pair in PAIRS if pair.symbol_set == RETIRED)
    return [*lines, f"Retired by MIL-STD-2525D (symbol set 98), {len(retired)} codes: {', '.join(retired)}.", ""]


def tables() -> str:
    """All of them, as Markdown."""
    return "\n".join(_identities() + _environments() + _platforms() + _one_way() + _reading())


def with_tables(text: str) -> str:
    """The document with its tables as they must be."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text()))
