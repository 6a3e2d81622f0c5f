"""What partners may send: every label judged, every rule tried, and nothing let in that is not named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import Code, PolicyError
from gateway.labels.book import Book
from gateway.labels.equivalence import Direction
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.policy import codes
from gateway.policy.acceptance import MOST_RULE_TEXT, NO_RULE, SAYS_LESS, accept, join_rules, origin_of
from gateway.policy.condition import Circumstances, meets
from gateway.policy.policy import Policy
from gateway.policy.terms import AcceptRule, Admittance, Field
from gateway.stages import Accepted, Derivation, Exercise, Opened, Retraction
from gateway.track import Environment, Identity, IdentityGroup, Label, LabelCategory, Status, Track
from tests.policy.relayed import (
    BRAVO,
    DIGEST,
    NOW,
    TO,
    alpha,
    book,
    cleared,
    header,
    opened,
    permissive,
    policy,
    relayed,
    restrictive,
    track,
    when,
)

LOW = alpha("UNCLASSIFIED", "ALPHA", "XBB", "XCC")
OURS = alpha("RESTRICTED", "ALPHA", "XBB")
ANVIL = alpha("RESTRICTED", "ALPHA", "XBB", only=(restrictive("Additional Sensitivity", "ANVIL"),))


def refusal(by: Policy, message: Opened) -> tuple[Code, str, str]:
    with pytest.raises(PolicyError) as caught:
        accept(by, message, NOW)
    return caught.value.code, caught.value.place, caught.value.cause


def rule(id_: str, admit: Admittance = Admittance.ACCEPT, *, of: tuple[str, ...] = (), **parts: object) -> AcceptRule:
    return AcceptRule(id=id_, partners=frozenset(of), when=when(**parts), admit=admit)


# ------------------------------------------------------------------------------------------------------------- labels


def test_takes_a_message_whose_label_permits_us_each_track_with_the_label_that_it_came_under() -> None:
    message = opened(header(OURS), track("1"), track("2", LOW))
    accepted = accept(policy(), message, NOW)
    assert accepted.opened is message
    assert [one.label for one in accepted.tracks] == [OURS, LOW]
    assert [replace(one, label=None) for one in accepted.tracks] == [track("1"), track("2")]
    assert (accepted.rule, accepted.policy, accepted.left_out) == ("accept.all", DIGEST, ())


def unknown_words(**parts: object) -> Label:
    return replace(OURS, **parts)


@pytest.mark.parametrize(
    ("label", "code", "words"),
    [
        (unknown_words(policy="DELTA"), codes.LABEL_UNKNOWN, "label.unknown-policy"),
        (unknown_words(policy=""), codes.LABEL_UNKNOWN, "label.unknown-policy"),
        (unknown_words(classification="COSMIC"), codes.LABEL_NOT_VALID, "label."),
        (unknown_words(classification="RESTRİCTED"), codes.LABEL_NOT_VALID, "label."),
        (unknown_words(classification="ＲESTRICTED"), codes.LABEL_NOT_VALID, "label."),
        (unknown_words(unknown=("{urn:x}Caveat",)), codes.LABEL_NOT_VALID, "label."),
        (unknown_words(categories=(*OURS.categories, permissive("Colour", "RED"))), codes.LABEL_NOT_VALID, "label."),
        (unknown_words(categories=(*OURS.categories, permissive(TO, "XZZ"))), codes.LABEL_NOT_VALID, "label."),
        (unknown_words(categories=OURS.categories[1:]), codes.LABEL_NOT_VALID, "label.missing-mandatory"),
        (alpha("SECRET", "XBB"), codes.NOT_CLEARED, "label.classification"),
        (alpha("RESTRICTED", "XCC"), codes.NOT_CLEARED, "label.tag-set"),
        (
            alpha("RESTRICTED", "XBB", only=(restrictive("Additional Sensitivity", "ANVIL"),)),
            codes.NOT_CLEARED,
            "tag-set",
        ),
        (
            replace(OURS, policy="BRAVO", classification="OPEN", categories=(permissive(TO, "BRV"),), policy_uri=None),
            codes.NOT_CLEARED,
            "label.not-mapped",
        ),
    ],
)
def test_refuses_the_whole_message_for_one_label_with_the_rules_name(label: Label, code: Code, words: str) -> None:
    for message, place in (
        (opened(header(label), track("1")), "message"),
        (opened(header(OURS), track("1"), track("2", label)), f"track {track('2').track_id}"),
    ):
        found, where, cause = refusal(policy(), message)
        assert (found, where) == (code, place)
        assert words in cause
        assert "accept.refused.label." in cause


def test_refuses_a_restrictive_tag_that_is_sent_as_informative() -> None:
    hidden = LabelCategory(tag="Additional Sensitivity", kind="INFORMATIVE", values=("ANVIL",))
    code, _, cause = refusal(policy(), opened(header(replace(OURS, categories=(*OURS.categories, hidden)))))
    assert code is codes.LABEL_NOT_VALID
    assert "invalid-label" in cause


def test_refuses_one_tag_set_under_two_types() -> None:
    twice = (*OURS.categories, LabelCategory(tag=TO, kind="RESTRICTIVE", values=("XBB",)))
    assert refusal(policy(), opened(header(replace(OURS, categories=twice))))[0] is codes.LABEL_NOT_VALID


def test_a_permissive_set_that_is_empty_is_for_nobody() -> None:
    nobody = replace(OURS, categories=(OURS.categories[0], permissive(TO)))
    assert refusal(policy(), opened(header(nobody), track("1")))[0] in (codes.NOT_CLEARED, codes.LABEL_NOT_VALID)


@pytest.mark.parametrize(
    ("message", "above"),
    [
        (opened(header(LOW), track("1", OURS)), "UNCLASSIFIED"),
        (opened(header(alpha("RESTRICTED", "ALPHA", "XBB", "XCC")), track("1", OURS)), "RESTRICTED"),
    ],
)
def test_refuses_a_message_that_says_less_than_one_of_its_tracks(message: Opened, above: str) -> None:
    code, place, cause = refusal(policy(), message)
    assert (code, place) == (codes.SAYS_LESS, f"track {track('1').track_id}")
    assert SAYS_LESS in cause
    assert above in cause


def test_a_message_may_say_more_than_its_tracks() -> None:
    assert accept(policy(), opened(header(OURS), track("1", LOW)), NOW).tracks[0].label == LOW


def test_the_decision_is_that_of_the_book_for_our_own_clearances_and_what_we_receive() -> None:
    seen: list[object] = []

    class Asked:
        def judge(self, label: Label, clearances: object, now: object, *, direction: Direction) -> object:
            seen.append((label, clearances, now, direction))
            return book().judge(label, clearances, NOW, direction=direction)  # type: ignore[arg-type]

        def covers(self, label: Label, other: Label, now: object) -> bool:
            return True

        def spif(self, name: str) -> object:
            return book().spif(name)

    by = policy(words=Asked())  # type: ignore[arg-type]  # what accept asks of a book
    accept(by, opened(header(OURS), track("1"), track("2"), track("3", LOW), track("4", LOW)), NOW)
    assert seen == [(OURS, by.own, NOW, Direction.DECRYPT), (LOW, by.own, NOW, Direction.DECRYPT)]


def test_a_node_without_clearances_receives_nothing() -> None:
    assert refusal(policy(own=()), opened(header(LOW)))[0] is codes.NOT_CLEARED


# ------------------------------------------------------------------------------------------------------------- relays


def test_of_a_relay_the_originals_labels_decide_and_the_relays_own_label_too() -> None:
    inner = opened(header(OURS), track("1"), track("2", LOW))
    by = policy(node="ccc")
    accepted = accept(by, relayed(inner), NOW)
    assert [one.label for one in accepted.tracks] == [OURS, LOW]
    assert accepted.opened.content is inner
    secret = opened(header(alpha("SECRET", "XBB")), track("1"))
    assert refusal(by, relayed(secret, label=OURS))[:2] == (codes.NOT_CLEARED, "original")
    assert refusal(by, relayed(inner, label=alpha("SECRET", "XBB")))[:2] == (codes.NOT_CLEARED, "message")


def test_refuses_a_relay_that_says_less_than_its_original() -> None:
    inner = opened(header(OURS), track("1"))
    assert refusal(policy(node="ccc"), relayed(inner, label=LOW))[:2] == (codes.SAYS_LESS, "message")


def test_whose_tracks_a_message_tells_of() -> None:
    direct = opened(header(OURS), track("1"))
    assert origin_of(direct) == "aaa"
    assert origin_of(relayed(direct)) == "aaa"
    cited = Derivation(origin="aaa", message_id="m", sha256="00" * 32, redacted=True)
    redacted = opened(header(OURS, sender="bbb", derived=cited), track("1"))
    assert origin_of(redacted) == "aaa"
    assert origin_of(relayed(redacted, by="ccc")) == "aaa"


# -------------------------------------------------------------------------------------------------------------- rules


def test_without_a_rule_nothing_is_let_in() -> None:
    assert refusal(policy(accepts=()), opened(header(OURS), track("1"))) == (
        codes.NOT_ACCEPTED,
        "message",
        f"rule {NO_RULE}: no rule is about aaa",
    )


def test_a_rule_about_another_partner_does_not_apply() -> None:
    by = policy(accepts=(rule("ccc", of=("ccc",)),))
    assert refusal(by, opened(header(OURS), track("1")))[0] is codes.NOT_ACCEPTED
    assert accept(by, opened(header(OURS, sender="ccc"), track("1")), NOW).rule == "accept.ccc"


def test_the_partner_is_who_sends_and_the_origin_is_whose_tracks_they_are() -> None:
    by = policy(node="ccc", accepts=(rule("by-b", of=("bbb",), origins=("aaa",)),))
    inner = opened(header(OURS), track("1"))
    assert accept(by, relayed(inner), NOW).rule == "accept.by-b"
    assert refusal(by, inner)[0] is codes.NOT_ACCEPTED
    assert refusal(by, opened(header(OURS, sender="bbb"), track("1")))[0] is codes.NOT_ACCEPTED


def test_the_first_rule_that_applies_decides_for_each_track() -> None:
    by = policy(
        accepts=(
            rule("no-ships", Admittance.DROP, environments=frozenset({Environment.SURFACE})),
            rule("air", environments=frozenset({Environment.AIR})),
            rule("rest"),
        )
    )
    ship, car = (track(name, environment=env) for name, env in (("2", Environment.SURFACE), ("3", Environment.LAND)))
    accepted = accept(by, opened(header(OURS), track("1"), ship, car, track("4")), NOW)
    assert [one.track_id for one in accepted.tracks] == [track(name).track_id for name in "134"]
    assert accepted.left_out == ((ship.track_id, "accept.no-ships"),)
    assert accepted.rule == "accept.air,accept.rest"


def test_a_rule_that_refuses_refuses_the_whole_message() -> None:
    by = policy(
        accepts=(rule("no-hostiles", Admittance.REFUSE, identities=frozenset({Identity.HOSTILE})), rule("rest"))
    )
    hostile = track("2", identity=IdentityGroup(value=Identity.HOSTILE))
    code, place, cause = refusal(by, opened(header(OURS), track("1"), hostile))
    assert (code, place) == (codes.REFUSED_BY_RULE, f"track {hostile.track_id}")
    assert "accept.no-hostiles" in cause
    assert len(accept(by, opened(header(OURS), track("1")), NOW).tracks) == 1


def test_one_track_that_no_rule_lets_in_refuses_the_message() -> None:
    by = policy(accepts=(rule("air", environments=frozenset({Environment.AIR})),))
    ship = track("2", environment=Environment.SURFACE)
    code, place, cause = refusal(by, opened(header(OURS), track("1"), ship))
    assert (code, place) == (codes.NOT_ACCEPTED, f"track {ship.track_id}")
    assert NO_RULE in cause


def test_a_refusal_that_no_rule_applies_says_of_the_first_ones_why() -> None:
    by = policy(accepts=tuple(rule(f"r{number}", platforms=("VESSEL",)) for number in range(6)))
    _, _, cause = refusal(by, opened(header(OURS), track("1", platform="UAV")))
    assert "none of 6 applies (r0: " in cause
    assert "UAV" in cause
    assert "and 2 more)" in cause


@pytest.mark.parametrize("admit", [Admittance.DROP, Admittance.REFUSE])
def test_what_a_track_does_not_say_keeps_it_out_and_lets_nothing_in(admit: Admittance) -> None:
    silent = track("1", platform=None)
    assert refusal(policy(accepts=(rule("uavs", platforms=("UAV",)),)), opened(header(OURS), silent))[0] is (
        codes.NOT_ACCEPTED
    )
    by = policy(accepts=(rule("no-uavs", admit, platforms=("UAV",)), rule("rest")))
    if admit is Admittance.DROP:
        assert accept(by, opened(header(OURS), silent), NOW).left_out == ((silent.track_id, "accept.no-uavs"),)
    else:
        assert refusal(by, opened(header(OURS), silent))[0] is codes.REFUSED_BY_RULE


def test_conditions_see_the_tracks_as_their_header_marks_them() -> None:
    by = policy(accepts=(rule("no-exercise", Admittance.DROP, exercise=True), rule("rest")))
    message = opened(header(OURS, exercise=Exercise.EXERCISE), track("1"))
    assert len(accept(by, message, NOW).tracks) == 1
    marked = replace(track("1"), status=Status(exercise=True))
    assert accept(by, message, NOW, [marked]).left_out == ((marked.track_id, "accept.no-exercise"),)


def test_conditions_see_the_label_that_a_track_comes_under() -> None:
    by = policy(accepts=(rule("low", labels=(("ALPHA", ("UNCLASSIFIED",)),)),))
    assert accept(by, opened(header(LOW), track("1")), NOW).rule == "accept.low"
    assert accept(by, opened(header(OURS), track("1", LOW)), NOW).rule == "accept.low"
    assert refusal(by, opened(header(OURS), track("1")))[0] is codes.NOT_ACCEPTED


def test_a_message_of_which_every_track_is_left_out_is_accepted_and_says_so() -> None:
    accepted = accept(
        policy(accepts=(rule("none", Admittance.DROP),)), opened(header(OURS), track("1"), track("2")), NOW
    )
    assert (accepted.tracks, len(accepted.left_out), accepted.rule) == ((), 2, "accept.none")


def test_withdrawals_alone_are_let_in_from_whoever_may_send_tracks() -> None:
    gone = Retraction(track_id=track("1").track_id or "", time=NOW, reason="MISTAKE")
    message = opened(header(OURS), retractions=(gone,))
    some = rule("ships", environments=frozenset({Environment.SURFACE}))
    assert accept(policy(accepts=(some,)), message, NOW).rule == "accept.ships"
    assert refusal(policy(accepts=(rule("none", Admittance.DROP),)), message)[0] is codes.NOT_ACCEPTED


def test_many_rules_are_told_in_bounded_text() -> None:
    names = [f"accept.{'x' * 50}{number}" for number in range(30)]
    text = join_rules(names)
    assert len(text) <= MOST_RULE_TEXT + len(",and-30-more")
    assert text.startswith(f"{names[0]},{names[1]}")
    assert text.endswith(",and-26-more")
    assert join_rules(names[:2]) == ",".join(names[:2])
    assert join_rules([]) == ""


# --------------------------------------------------------------------------------------------------------- properties

PARTS: list[dict[str, object]] = [
    {},
    {"environments": frozenset({Environment.AIR})},
    {"environments": frozenset({Environment.SURFACE})},
    {"platforms": ("UAV*",)},
    {"formats": ("ASTERIX_*",)},
    {"has": frozenset({Field.IDENTITY})},
    {"lacks": frozenset({Field.IDENTITY})},
    {"labels": (("ALPHA", ("UNCLASSIFIED",)),)},
    {"max_age_s": 60.0},
    {"identities": frozenset({None})},
    {"origins": ("a*",)},
]
CONDITIONS = st.sampled_from(PARTS)
RULES = st.lists(st.tuples(CONDITIONS, st.sampled_from(Admittance)), max_size=6).map(
    lambda some: tuple(rule(f"r{index}", admit, **parts) for index, (parts, admit) in enumerate(some))  # type: ignore[arg-type]  # parts of a condition
)
TRACKS = st.lists(
    st.builds(
        lambda number, environment, platform, identity, label: track(
            str(number), label, environment=environment, platform=platform, identity=identity
        ),
        st.integers(1, 9),
        st.sampled_from([Environment.AIR, Environment.SURFACE]),
        st.sampled_from([None, "UAV", "UAV_SMALL", "VESSEL"]),
        st.sampled_from([None, IdentityGroup(value=Identity.FRIEND)]),
        st.sampled_from([None, LOW, OURS]),
    ),
    min_size=1,
    max_size=5,
).map(tuple)


@given(RULES, TRACKS)
def test_every_track_goes_as_the_rules_read_one_by_one_say(
    rules: tuple[AcceptRule, ...], tracks: tuple[Track, ...]
) -> None:
    by = policy(accepts=rules)
    given_ = Circumstances(source=None, origin="aaa", now=NOW, areas={})
    want: list[tuple[Track, AcceptRule | None]] = []
    for one in tracks:
        under = one if one.label is not None else replace(one, label=OURS)
        first = None
        for each in rules:
            met = meets(each.when, under, given_).met
            if met or (met is None and each.admit is not Admittance.ACCEPT):
                first = each
                break
        want.append((under, first))
    try:
        accepted: Accepted | None = accept(by, opened(header(OURS), *tracks), NOW)
    except PolicyError:
        accepted = None
    if accepted is None:
        assert not rules or any(one is None or one.admit is Admittance.REFUSE for _, one in want)
        return
    assert all(one is not None and one.admit is not Admittance.REFUSE for _, one in want)
    taken = [one for one, by_rule in want if by_rule is not None and by_rule.admit is Admittance.ACCEPT]
    assert list(accepted.tracks) == taken
    assert len(accepted.left_out) == len(tracks) - len(taken)


def test_a_partner_who_reads_another_policy_needs_an_equivalence_or_an_alternative() -> None:
    by = policy(own=BRAVO)
    assert refusal(by, opened(header(alpha("RESTRICTED", "ALPHA", "BRV")), track("1")))[0] is codes.NOT_CLEARED
    other = Label(
        policy="BRAVO",
        classification="LIMITED",
        categories=(permissive(TO, "BRV"),),
        created_at=NOW,
        review_at=NOW + timedelta(days=1),
    )
    both = replace(alpha("RESTRICTED", "ALPHA", "BRV"), alternatives=(other,))
    assert accept(by, opened(header(both), track("1")), NOW).tracks[0].label == both


def test_labels_of_a_policy_that_we_do_not_have_are_compared_by_the_alternatives_that_we_read() -> None:
    union = Book([read_spif(shipped()["BRAVO"])])
    by = policy(own=BRAVO, words=union)

    def read_as(level: str, label: Label = OURS) -> Label:
        words = replace(
            label, policy="BRAVO", policy_uri=None, classification=level, categories=(permissive(TO, "BRV"),)
        )
        return replace(label, alternatives=(union.complete(words, created_at=NOW, review_at=NOW),))

    high, low = read_as("LIMITED"), read_as("OPEN", LOW)
    assert [one.label for one in accept(by, opened(header(high), track("1"), track("2", low)), NOW).tracks] == [
        high,
        low,
    ]
    assert refusal(by, opened(header(low), track("1", high)))[0] is codes.SAYS_LESS


def test_an_alternative_that_nobody_here_reads_keeps_no_message_out() -> None:
    def told(label: Label, level: str) -> Label:
        return replace(label, alternatives=(replace(label, policy="TLP", classification=level, categories=()),))

    message = opened(header(told(OURS, "AMBER")), track("1", told(LOW, "GREEN")))
    assert len(accept(policy(), message, NOW).tracks) == 1
    assert refusal(policy(), opened(header(told(LOW, "AMBER")), track("1", told(OURS, "GREEN"))))[0] is codes.SAYS_LESS


def test_clearances_are_lists_and_no_upper_bounds() -> None:
    by = policy(own=cleared("XBB", levels=("RESTRICTED",)))
    assert refusal(by, opened(header(LOW), track("1")))[0] is codes.NOT_CLEARED
