"""Back and forth through every line of every table: the same comes back, or what does not is stated."""

from __future__ import annotations

from itertools import product

import pytest

from gateway.formats.cot.atoms import meaning_of, type_for
from gateway.symbols import (
    PLATFORMS,
    Meaning,
    cot_of_sidc15,
    from_cot,
    from_emitter_category,
    from_remote_id,
    from_sapient,
    from_sidc15,
    from_sidc20,
    sidc15_of_cot,
    sidc15_to_sidc20,
    sidc20_to_sidc15,
    to_emitter_category,
    to_remote_id,
    to_sapient,
    to_sidc15,
    to_sidc20,
)
from gateway.symbols import cot as cot_tables
from gateway.symbols.emitters import Scheme
from gateway.symbols.pairs import PAIRS
from gateway.symbols.sapient import ALIASES, CLASSES
from gateway.track import Environment, IdentityGroup, Loss
from tests.symbols.codes import IDENTITIES, LETTERS, OBJECTS, WARFIGHTING, cot, sidc15, sidc20

SCHEMES: tuple[Scheme, ...] = ("021", "062")


def meant(meaning: Meaning) -> tuple[Environment, IdentityGroup | None, str | None]:
    return meaning.environment, meaning.identity, meaning.platform


def stated(*losses: tuple[Loss, ...]) -> bool:
    return any(losses)


@pytest.mark.parametrize("exercise", [False, True])
@pytest.mark.parametrize("letter", LETTERS)
def test_no_15_letter_code_changes_unsaid(letter: str, exercise: bool) -> None:
    for pair in PAIRS:
        code = sidc15(pair, letter)
        meaning = from_sidc15(code, exercise=exercise)
        environment, identity, platform = meant(meaning)
        marked = meaning.context.value == "EXERCISE"
        written = to_sidc15(environment=environment, identity=identity, platform=platform, exercise=marked)
        assert written.text == code or stated(meaning.losses, meaning.unmodelled, written.losses), code
        again = from_sidc15(written.text, exercise=exercise)
        assert meant(again) == meant(meaning) or stated(meaning.losses, written.losses), (code, written)
        kept = to_sidc15(environment=environment, identity=identity, platform=platform, exercise=marked, kept=code)
        assert kept.text == code or stated(meaning.losses, kept.losses), (code, kept)


@pytest.mark.parametrize("exercise", [False, True])
@pytest.mark.parametrize("standing", [f"{world}{digit}" for world in range(4) for digit in range(8)])
def test_no_20_digit_code_changes_unsaid(standing: str, exercise: bool) -> None:
    for pair in PAIRS:
        code = sidc20(pair, standing)
        meaning = from_sidc20(code, exercise=exercise)
        environment, identity, platform = meant(meaning)
        world = {"exercise": meaning.context.value == "EXERCISE", "simulated": meaning.context.value == "SIMULATION"}
        written = to_sidc20(environment=environment, identity=identity, platform=platform, **world)
        assert written.text == code or stated(meaning.losses, meaning.unmodelled, written.losses), code
        again = from_sidc20(written.text, exercise=exercise)
        assert meant(again) == meant(meaning) or stated(meaning.losses, written.losses), (code, written)
        kept = to_sidc20(environment=environment, identity=identity, platform=platform, kept=code, **world)
        assert kept.text == code or stated(meaning.losses, kept.losses), (code, kept)


@pytest.mark.parametrize("exercise", [False, True])
@pytest.mark.parametrize("identity", IDENTITIES, ids=str)
def test_no_track_changes_unsaid_in_a_symbol_code(identity: IdentityGroup | None, exercise: bool) -> None:
    for environment, platform in OBJECTS:
        track = {"environment": environment, "identity": identity, "platform": platform}
        short = to_sidc15(**track, exercise=exercise)
        back = from_sidc15(short.text, exercise=exercise)
        assert meant(back) == (environment, identity, platform) or short.losses, short
        assert (back.context.value == "EXERCISE") is exercise or short.losses, short
        long = to_sidc20(**track, exercise=exercise)
        back = from_sidc20(long.text, exercise=exercise)
        assert meant(back) == (environment, identity, platform) or long.losses, long
        assert (back.context.value == "EXERCISE") is exercise or long.losses, long
        atom = type_for(**track, exercise=exercise, kept=None, functions={})
        said = meaning_of(atom.text, exercise=exercise)
        assert (said.environment, said.identity, said.platform) == (environment, identity, platform) or atom.losses


@pytest.mark.parametrize("exercise", [False, True])
def test_no_cot_type_changes_unsaid(exercise: bool) -> None:
    functions = [
        *cot_tables.PREFIXES,
        *[cot(pair)[4:] for pair in WARFIGHTING],
        "A-M-F-Q-r",
        "A;x",
        "F-q",
        "X",
        "G-E-V-A",
    ]
    for letter, function in product("puafnshjkox.", functions):
        text = f"a-{letter}-{function}"
        meaning = from_cot(text, exercise=exercise)
        environment, identity, platform = meant(meaning)
        track = {"environment": environment, "identity": identity, "platform": platform, "exercise": exercise}
        written = type_for(**track, kept=None, functions={})
        assert written.text == text or stated(meaning.losses, meaning.unmodelled, written.losses), text
        code = sidc15_of_cot(text)
        assert code is not None
        back = cot_of_sidc15(code.text)
        assert back is not None
        assert back.text == text or stated(code.losses), (text, code, back)
        if not code.losses:
            assert meant(from_sidc15(code.text, exercise=exercise)) == meant(meaning), text


@pytest.mark.parametrize("letter", LETTERS)
def test_no_15_letter_code_changes_unsaid_on_its_way_through_cot(letter: str) -> None:
    for pair in PAIRS:
        code = sidc15(pair, letter)
        atom = cot_of_sidc15(code)
        assert (atom is None) is (pair.scheme != "S"), code
        if atom is None:
            continue
        back = sidc15_of_cot(atom.text)
        assert back is not None
        assert back.text == code or atom.losses, (code, atom, back)
        assert stated(atom.losses) is (letter in "GWMDL"), (code, atom)


MODIFIERS = ("A-", "-A", "GN", "DM", "MO", "MY", "NS", "NL")


@pytest.mark.parametrize("status", list("PACDXF-"))
@pytest.mark.parametrize("letter", LETTERS)
def test_no_code_changes_unsaid_between_the_editions(letter: str, status: str) -> None:
    for number, pair in enumerate(PAIRS):
        modifiers = None if pair.installation else (None, *MODIFIERS)[number % 9]
        code = sidc15(pair, letter, status, modifiers)
        new = sidc15_to_sidc20(code)
        assert new is not None
        old = sidc20_to_sidc15(new.text)
        if old is None:
            assert pair.symbol_set == "98"
            assert new.losses
        else:
            assert old.text == code or new.losses, (code, new, old)
            assert not old.losses, "what came from 15 letters goes back into them"
        assert stated(new.losses) is (not pair.invertible or letter == "O" or status == "-"), (code, new)


def test_no_20_digit_code_changes_unsaid_between_the_editions() -> None:
    rests = ("0000", "1000", "5700", "0111", "0226", "0431", "0062", "0862", "0000", "6000", "0099")
    entities = {(pair.symbol_set, pair.entity) for pair in PAIRS}
    codes = [sidc20(pair, f"{n % 4}{n % 9}", rests[n % 11]) for n, pair in enumerate(PAIRS)]
    codes += [f"1003{place}{'0000'}{entity}9999" for place, entity in entities]
    codes += [f"1003{place}{'0000'}{entity[:4]}990000" for place, entity in entities]
    for code in codes:
        old = sidc20_to_sidc15(code)
        if old is None:
            continue
        new = sidc15_to_sidc20(old.text)
        assert new is not None
        assert new.text == code or old.losses, (code, old, new)


def test_no_sapient_class_changes_unsaid() -> None:
    more = [("Human", "Male"), ("Land Vehicle", "Tracked", "Military"), ("Fixed Object", "Dam"), ("Chair",), ()]
    for path in (*CLASSES, *ALIASES, *more):
        meaning = from_sapient(path)
        assert meaning.identity is None
        back, losses = to_sapient(environment=meaning.environment, platform=meaning.platform)
        assert back == path or stated(meaning.losses, meaning.unmodelled, losses) or path == (), (path, meaning, back)
        again = from_sapient(back)
        assert meant(again) == meant(meaning) or losses, (path, back)
    for environment, platform in OBJECTS:
        path, losses = to_sapient(environment=environment, platform=platform)
        assert meant(from_sapient(path)) == (environment, None, platform) or losses, (environment, platform, path)
        assert path in CLASSES


def test_no_remote_id_type_changes_unsaid() -> None:
    for ua_type in range(-1, 17):
        meaning = from_remote_id(ua_type)
        assert meaning.identity is None
        back, losses = to_remote_id(platform=meaning.platform)
        assert back == ua_type or stated(meaning.losses, meaning.unmodelled, losses), ua_type
    for platform in (None, *PLATFORMS, "x-nld:HULL"):
        ua_type, losses = to_remote_id(platform=platform)
        assert 0 <= ua_type <= 15
        assert from_remote_id(ua_type).platform == platform or losses or platform is None


@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_emitter_category_changes_unsaid(scheme: Scheme) -> None:
    for ecat in range(256):
        meaning = from_emitter_category(ecat, scheme=scheme)
        assert meaning.identity is None
        back, losses = to_emitter_category(environment=meaning.environment, platform=meaning.platform, scheme=scheme)
        assert back == ecat or stated(meaning.losses, meaning.unmodelled, losses), ecat
    for environment, platform in OBJECTS:
        category, losses = to_emitter_category(environment=environment, platform=platform, scheme=scheme)
        if platform is None:
            assert category == (0 if scheme == "021" else None)
        elif category:
            said = from_emitter_category(category, scheme=scheme)
            assert (said.environment, said.platform) == (environment, platform) or losses, (environment, platform)
        else:
            assert losses


def test_a_remote_id_type_without_a_platform_says_nothing_of_a_platform() -> None:
    """The one place where nothing becomes something: a Remote ID message says by itself that it is of a UAV."""
    assert to_remote_id(platform=None) == (0, ())
    assert from_remote_id(0).platform == "UAV"
