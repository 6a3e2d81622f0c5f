"""The forms of symbol codes, what else they say, and what operators choose."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.symbols import (
    BadSymbolError,
    Written,
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
    to_sidc15,
    to_sidc20,
)
from gateway.track import Environment, Identity, IdentityGroup, Loss

HOSTILE = IdentityGroup(value=Identity.HOSTILE)
AIR, LAND = Environment.AIR, Environment.LAND


@pytest.mark.parametrize(
    ("cot", "short", "long"),
    [
        ("a-h-A-M-F-Q", "SHAPMFQ--------", "10060100001103000000"),
        ("a-h-A-M-H-Q", "SHAPMHQ--------", "10060100001104000000"),
        ("a-f-G-U-C-I", "SFGPUCI--------", "10031000001211000000"),
        ("a-n-S-C-L-D-D", "SNSPCLDD-------", "10043000001202030000"),
        ("a-s-U-S-N", "SSUPSN---------", "10053500001101000006"),
        ("a-u-P-S", "SUPPS----------", "10010500001107000000"),
        ("a-a-G-I-R", "SAGPIR----H----", "10029800001000000000"),
        ("a-p-Z", "SPZP-----------", "10000000000000000000"),
    ],
)
def test_three_vocabularies_have_the_same_word(cot: str, short: str, long: str) -> None:
    assert (sidc15_of_cot(cot), cot_of_sidc15(short)) == (Written(short), Written(cot))
    written = sidc15_to_sidc20(short)
    assert written is not None
    assert written.text == long
    back = sidc20_to_sidc15(long)
    assert (back.text if back is not None else None) == (None if long[4:6] == "98" else short)


@pytest.mark.parametrize("code", ["shapmfq--------", "SHAPMFQ***-****", "SHAPMFQ----****", "ShApMfQ---*----"])
def test_a_15_letter_code_may_be_lower_case_and_have_asterisks(code: str) -> None:
    meaning = from_sidc15(code, exercise=False)
    assert (meaning.environment, meaning.identity, meaning.platform) == (AIR, HOSTILE, "UAV")


@pytest.mark.parametrize(
    "code", ["", "SHAPMFQ", "SHAPMFQ---------", "QHAPMFQ--------", "-HAPMFQ--------", "SHAPMFQ_-------",
             "SHAPMFQ------ß", "SHAPMFQ-------ß", "10060100001103000000", "SH1PMFQ--------", "SHAPMFQ-------\n"],
)  # fmt: skip
def test_what_is_no_15_letter_code_is_refused(code: str) -> None:
    with pytest.raises(BadSymbolError):
        from_sidc15(code, exercise=False)
    assert sidc15_to_sidc20(code) is None


@pytest.mark.parametrize(
    "code", ["", "1006010000110300000", "100601000011030000000", "1006010000110300000A", "1006010000110300000\u0661",
             "10060100001103000000\n", "SHAPMFQ--------"],
)  # fmt: skip
def test_what_is_no_20_digit_code_is_refused(code: str) -> None:
    with pytest.raises(BadSymbolError):
        from_sidc20(code, exercise=False)
    assert sidc20_to_sidc15(code) is None


def test_of_30_digits_the_first_20_are_read() -> None:
    meaning = from_sidc20("130601000011030000000000000826", exercise=False)
    assert (meaning.environment, meaning.identity, meaning.platform) == (AIR, HOSTILE, "UAV")
    assert {loss.field for loss in meaning.unmodelled} == {"sidc.version", "sidc.entity", "sidc.extension"}
    kept = to_sidc20(
        environment=AIR, identity=HOSTILE, platform="UAV", exercise=False, kept="130601000011030000000000000826"
    )
    assert (kept.text, kept.losses) == ("13060100001103000000", (Loss("sidc.extension", "NO_TARGET"),))
    old = sidc20_to_sidc15("130601000011030000000000000826")
    assert old is not None
    assert (old.text, {loss.field for loss in old.losses}) == ("SHAPMFQ--------", {"sidc.version", "sidc.extension"})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("SFGPUCI----F---", {"function", "modifiers"}),
        ("SFGAU----------", {"status"}),
        ("SFGPU-------DE-", {"country"}),
        ("SFGPU---------G", {"order_of_battle"}),
        ("SFGPI-----H----", set()),
        ("SFGPEV----MO---", {"modifiers"}),
        ("SFFP-----------", {"dimension"}),
        ("IFAPSCC--------", {"scheme", "function"}),
        ("SFAPWM---------", set()),
    ],
)
def test_a_15_letter_code_says_more_than_the_track_holds(code: str, said: set[str]) -> None:
    unmodelled = from_sidc15(code, exercise=False).unmodelled
    assert {loss.field.removeprefix("sidc.") for loss in unmodelled} == said
    assert all(loss.reason == "NOT_MODELLED" for loss in unmodelled)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("10031500001200000000", set()),
        ("10031500311200000000", {"amplifier"}),
        ("10031511001202000000", {"status", "task_force", "entity"}),
        ("10030100001103000500", {"entity", "modifiers"}),
        ("11030200001100000000", {"version"}),
    ],
)
def test_a_20_digit_code_says_more_than_the_track_holds(code: str, said: set[str]) -> None:
    unmodelled = from_sidc20(code, exercise=False).unmodelled
    assert {loss.field.removeprefix("sidc.") for loss in unmodelled} == said


@pytest.mark.parametrize(
    ("code", "environment", "platform"),
    [
        ("10000100001203000000", AIR, "UAV"),
        ("10000100001103000000", AIR, "UAV"),
        ("10000100001106000000", AIR, "AIRSHIP"),
        ("10002700001101010000", LAND, "PERSON"),
        ("10005100001101000000", AIR, None),
        ("10000600001100000000", Environment.SPACE, "MISSILE"),
        ("10003000001207000000", Environment.SURFACE, "USV"),
        ("10002500001401010000", Environment.UNKNOWN, None),
        ("10009900001401010000", Environment.UNKNOWN, None),
    ],
)
def test_reads_what_only_20_digits_can_say(code: str, environment: Environment, platform: str | None) -> None:
    meaning = from_sidc20(code, exercise=False)
    assert (meaning.environment, meaning.platform) == (environment, platform)
    assert (Loss("sidc.symbol_set", "NO_CODE") in meaning.losses) is (code[4:6] == "99")


def test_a_civil_drone_has_no_15_letter_code_and_is_no_aeroplane() -> None:
    assert from_cot("a-u-A-C-F-q", exercise=False).platform == "UAV"
    assert sidc15_of_cot("a-u-A-C-F-q") == Written("SUAPC----------", (Loss("type.function", "ROUNDED"),))
    assert sidc20_to_sidc15("10010100001203000000") == Written("SUAPC----------", (Loss("sidc.entity", "ROUNDED"),))
    track = {"environment": AIR, "identity": HOSTILE, "platform": "UAV", "exercise": False}
    civil = {"functions": {"UAV": "A-C-F-q"}}
    assert to_sidc15(**track, **civil) == Written("SHAPC----------", (Loss("platform", "NO_CODE"),))
    assert to_sidc20(**track, **civil) == Written("10060100001203000000")


def test_no_code_claims_more_than_the_track_unless_the_operator_says_so() -> None:
    track = {"environment": AIR, "identity": HOSTILE, "platform": "FIXED_WING", "exercise": False}
    unsaid = (Loss("platform", "NO_CODE"),)
    assert to_sidc15(**track) == Written("SHAP-----------", unsaid)
    assert to_sidc20(**track) == Written("10060100000000000000", unsaid)
    assert to_sidc15(**track, functions={"FIXED_WING": "A-C-F"}) == Written("SHAPCF---------")


def test_a_drone_is_a_drone_on_every_display_with_a_loss_where_the_code_says_that_it_is_military() -> None:
    track = {"environment": AIR, "identity": HOSTILE, "platform": "UAV_ROTARY_WING", "exercise": False}
    implied = (Loss("platform", "IMPLIED"),)
    assert to_sidc15(**track) == Written("SHAPMHQ--------", implied)
    assert to_sidc20(**track).text == "10060100001104000000"
    assert implied[0] in to_sidc20(**track).losses
    assert to_sidc15(**{**track, "platform": "UAV"}) == Written("SHAPMFQ--------", implied)
    assert to_sidc20(**{**track, "platform": "UAV"}) == Written("10060100001103000000", implied)
    coarser = (Loss("platform", "ROUNDED"),)
    for wanted in ("A-M-F-Q", "A-M-F-Q-r", "01110300"):
        assert to_sidc20(**track, functions={"UAV": wanted}) == Written("10060100001103000000", coarser)
    assert to_sidc20(**track, functions={"UAV": "011103000100"}) == Written("10060100001103000100", coarser)
    assert to_sidc15(**track, functions={"UAV": "A-M-F-Q"}) == Written("SHAPMFQ--------", coarser)
    assert to_sidc15(**track, functions={"UAV_ROTARY_WING": "A-M-H-Q"}) == Written("SHAPMHQ--------")
    for nonsense in ("G-E-V", "15120000", "A-?-", "Axx", "", "99999999"):
        choice = {"UAV": nonsense, "UAV_ROTARY_WING": nonsense}
        assert to_sidc20(**track, functions=choice) == to_sidc20(**track)
        assert to_sidc15(**track, functions=choice) == to_sidc15(**track)


@pytest.mark.parametrize(
    ("environment", "platform", "short", "long"),
    [
        (AIR, "MISSILE", "SHAPWM---------", "10060200001100000000"),
        (AIR, "DECOY", "SHAPWD---------", "10060100001302000000"),
        (LAND, "GROUND_VEHICLE", "SHGPEV---------", "10061500001200000000"),
        (LAND, "INSTALLATION", "SHGPI-----H----", "10062000000000000000"),
        (Environment.SUBSURFACE, "MINE", "SHUPWM---------", "10063600001100000000"),
        (Environment.SUBSURFACE, "SUBMARINE", "SHUPS----------", "10063500001101000000"),
    ],
)
def test_writes_the_platforms_that_need_no_choice(
    environment: Environment, platform: str, short: str, long: str
) -> None:
    track = {"environment": environment, "identity": HOSTILE, "platform": platform, "exercise": False}
    assert (to_sidc15(**track), to_sidc20(**track)) == (Written(short), Written(long))


def test_a_new_identity_changes_only_its_place_in_the_code_of_the_source() -> None:
    track = {"environment": LAND, "identity": HOSTILE, "platform": "UNIT", "exercise": False}
    assert to_sidc15(**track, kept="SFGAUCI----FDE-") == Written("SHGAUCI----FDE-")
    assert to_sidc20(**track, kept="10031012161211000102") == Written("10061012161211000102")


def test_a_new_environment_or_platform_makes_a_new_code() -> None:
    track = {"environment": AIR, "identity": HOSTILE, "platform": "DECOY", "exercise": False}
    assert to_sidc15(**track, kept="SHAPMFQ--------").text == "SHAPWD---------"
    assert to_sidc20(**track, kept="10060100001103000000").text == "10060100001302000000"
    assert to_sidc15(**track, kept="no code at all").text == "SHAPWD---------"
    assert to_sidc20(**track, kept="no code at all").text == "10060100001302000000"


def test_a_code_that_could_not_be_read_is_not_passed_on_as_it_is() -> None:
    track = {"environment": AIR, "identity": None, "platform": None, "exercise": False}
    assert to_sidc20(**track, kept="10980100000000000000").text == "10010100000000000000"
    assert to_sidc15(**track, kept="SZAP-----------").text == "SOAP-----------"


def test_the_general_missile_of_20_digits_has_a_function_id() -> None:
    assert sidc20_to_sidc15("10060200001100000000") == Written("SHAPWM---------", (Loss("sidc.modifiers", "ROUNDED"),))


@pytest.mark.parametrize(
    ("short", "long"),
    [
        *(
            (f"SFG{letter}UCI--------", f"100310{digit}0001211000000")
            for letter, digit in zip("PACDXF", "012345", strict=True)
        ),
        *(
            (f"SFGPUCI---{letter}----", f"1003100{digit}001211000000")
            for letter, digit in zip("FACEGBD", "1234567", strict=True)
        ),
        *(
            (f"SFGPUCI----{letter}---", f"10031000{digits}1211000000")
            for letter, digits in zip(
                "ABCDEFGHIJKLMN",
                ["11", "12", "13", "14", "15", "16", "17", "18", "21", "22", "23", "24", "25", "26"],
                strict=True,
            )
        ),
        *(
            (f"SFGPEV----{letters}---", f"10031500{digits}1200000000")
            for letters, digits in zip(
                ["MO", "MP", "MQ", "MR", "MS", "MT", "MW", "MU", "MV", "MX", "MY"],
                ["31", "32", "33", "34", "35", "36", "37", "41", "42", "51", "52"],
                strict=True,
            )
        ),
        ("SFSPCLDD--NS---", "10033000611202030000"),
        ("SFSPCLDD--NL---", "10033000621202030000"),
        ("SFGPI-----HB---", "10032001000000000000"),
        ("SFGAUCI---EG---", "10031014171211000000"),
    ],
)
def test_status_task_force_echelon_and_mobility_have_their_digits(short: str, long: str) -> None:
    assert (sidc15_to_sidc20(short), sidc20_to_sidc15(long)) == (Written(long), Written(short))


def test_bare_dimensions_convert_and_so_does_what_the_table_does_not_know() -> None:
    assert sidc15_of_cot("a-u-S") == Written("SUSP-----------")
    assert sidc15_to_sidc20("SUSP-----------") == Written("10013000000000000000")
    assert sidc15_to_sidc20("SUAPMFQ1-------") == Written("10010100001103000000", (Loss("sidc.function", "ROUNDED"),))
    assert sidc15_to_sidc20("SUXP-----------") is None
    assert sidc15_to_sidc20("WAS-WSVE-------") is None
    assert sidc20_to_sidc15("10014500001101000000") is None


def test_only_atoms_have_a_symbol_and_only_symbols_of_warfighting_an_atom() -> None:
    for text in ("b-m-p-s-m", "t-x-d-d", "a", "a-f", "a-f-q", "a-f-AA", "a-f-", "", "-"):
        assert sidc15_of_cot(text) is None, text
    for code in (
        "GFGPGLF-------X",
        "IFAPSCC--------",
        "SF-P-----------",
        "SFAPM-F--------",
        "short",
        "ßFAPM----------",
    ):
        assert cot_of_sidc15(code) is None, code


def test_a_type_without_an_identity_gives_a_code_without_one() -> None:
    assert sidc15_of_cot("a-o-A") == Written("SOAP-----------")
    for letter in "x.Fq":
        assert sidc15_of_cot(f"a-{letter}-A") == Written("SOAP-----------", (Loss("type.affiliation", "NO_CODE"),))
    assert cot_of_sidc15("SOAP-----------") == Written("a-o-A")
    assert cot_of_sidc15("S*AP*******----") == Written("a-o-A", (Loss("sidc.identity", "NO_CODE"),))
    assert cot_of_sidc15("SDAPM----------") == Written("a-f-A-M", (Loss("sidc.context", "NO_CODE"),))


def test_an_operators_choice_that_says_something_else_is_a_loss() -> None:
    track = {"environment": AIR, "identity": HOSTILE, "platform": "UAV", "exercise": False}
    for wanted, losses in (
        ("A-M-H-Q", ()),
        ("A-M-F", (Loss("platform", "NO_CODE"),)),
        ("A-C", (Loss("platform", "NO_CODE"),)),
    ):
        assert to_sidc15(**track, functions={"UAV": wanted}).losses == losses
        assert to_sidc20(**track, functions={"UAV": wanted}).losses == losses


def test_what_cot_has_no_place_for_is_stated() -> None:
    assert cot_of_sidc15("SFGAUCI---AFDEG") == Written(
        "a-f-G-U-C-I",
        tuple(Loss(f"sidc.{name}", "NO_TARGET") for name in ("status", "modifiers", "country", "order_of_battle")),
    )
    assert sidc15_of_cot("a-f-A-M-F-Q-r;camo") == Written(
        "SFAPMFQ--------", (Loss("type.suffix", "NO_TARGET"), Loss("type.function", "ROUNDED"))
    )
    assert sidc15_of_cot("a-f-G-E-V-A-T-1-2-3") == Written("SFGPEVAT12-----", (Loss("type.function", "ROUNDED"),))


def test_not_every_object_at_sea_is_what_its_branch_of_the_tree_is_called() -> None:
    for code, platform in (
        ("SUUPSX---------", None),
        ("SUUPSU---------", "UUV"),
        ("SUUPWMG--------", "MINE"),
        ("SUUPWMGE-------", None),
        ("SUUPWMGO-------", None),
        ("SUUPWMGX-------", "MINE"),
        ("SUSPCU---------", "USV"),
        ("SUSPGT---------", None),
    ):
        assert from_sidc15(code, exercise=False).platform == platform, code


_15 = st.from_regex(r"[SGWIOEsQ*-][PUAFNSHGWMDLJKOX*z-][PAGSUFXZVL*-][PACDXF*-][A-Z0-9*-]{11}", fullmatch=True)
_20 = st.from_regex(r"[0-9]{20}([0-9]{10})?", fullmatch=True)
_COT = st.from_regex(r"[a-z](-[A-Za-z0-9._]{1,2}){0,10}(;.{0,3})?", fullmatch=True)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=40), _15, _20, _COT), st.booleans())
@example("a-h-A-" + "-" * 100, True)
@example("S" * 10_000, True)
def test_no_text_makes_the_room_fall_over(text: str, exercise: bool) -> None:
    for read in (from_cot, from_sidc15, from_sidc20):
        try:
            meaning = read(text, exercise=exercise)
        except BadSymbolError:
            continue
        assert meaning.identity is None or meaning.identity.confidence_pct is None
        track = {"environment": meaning.environment, "identity": meaning.identity, "platform": meaning.platform}
        assert len(to_sidc15(**track, exercise=exercise, kept=text).text) == 15
        assert len(to_sidc20(**track, exercise=exercise, kept=text).text) == 20
    code = sidc15_of_cot(text)
    assert code is None or from_sidc15(code.text, exercise=exercise)
    atom = cot_of_sidc15(text)
    assert atom is None or from_cot(atom.text, exercise=exercise)
    long = sidc15_to_sidc20(text)
    assert long is None or from_sidc20(long.text, exercise=exercise)
    short = sidc20_to_sidc15(text)
    assert short is None or from_sidc15(short.text, exercise=exercise)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=20), max_size=5), st.integers())
def test_no_class_and_no_number_makes_the_room_fall_over(classes: list[str], number: int) -> None:
    assert from_sapient(classes).identity is None
    assert from_remote_id(number).identity is None
    assert from_emitter_category(number, scheme="021").identity is None
    assert from_emitter_category(number, scheme="062").identity is None


@settings(max_examples=300, deadline=None)
@given(_15)
def test_a_conversion_keeps_environment_and_identity(code: str) -> None:
    try:
        before = from_sidc15(code, exercise=True)
    except BadSymbolError:
        return
    long = sidc15_to_sidc20(code)
    if long is None or long.text[4:6] == "98":
        return
    after = from_sidc20(long.text, exercise=True)
    assert after.identity == before.identity or (before.identity is None and long.losses)
    assert after.environment is before.environment or code[2].upper() == "F"
