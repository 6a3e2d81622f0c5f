"""Time passes, stands still and is set back: whoever remembers answers says what one would who remembers nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import PolicyError
from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.labels.spif import Spif
from gateway.labels.spif_read import read_spif
from gateway.policy.acceptance import accept
from gateway.policy.labelling import batch_labels
from gateway.policy.marking import mark
from gateway.policy.memory import Memory
from gateway.policy.policy import Policy
from gateway.policy.release import release
from gateway.policy.terms import AcceptRule, Admittance, Condition, Existing, Marking, ReleaseRule
from gateway.stages import Held
from gateway.track import Label, LabelCategory, State, Succession
from tests.labels.spif_texts import P, spif_text, tag_set
from tests.policy.policies import NODE, TRACK
from tests.policy.relayed import header, opened

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
QUIET = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def _text(instant: datetime) -> str:
    return instant.isoformat()


_SETS = tag_set("Release", P, "XAA XBB", oid="2.25.1")
LASTING = read_spif(spif_text(sets=_SETS))
"""Nothing of it ends: only successions change what labels say."""
_SETS = _SETS.replace('name="XAA"', f'name="XAA" notBefore="{_text(at(1))}" notAfter="{_text(at(4))}"')
_SETS = _SETS.replace('name="XBB"', f'name="XBB" notAfter="{_text(at(3))}"')
ENDING = read_spif(spif_text(sets=_SETS, root=f'schemaVersion="2.1" notAfter="{_text(at(6))}"'))


def _label(level: str, *release: str, **more: Any) -> Label:
    categories = (LabelCategory(tag="Release", kind=P, values=release),) if release else ()
    found = Label(policy="TEST", classification=level, categories=categories, **more)
    return Book([LASTING]).complete(found, created_at=at(-1), review_at=at(2))


def _following(label: Label, *then: tuple[float, Label]) -> Label:
    """The label, succeeded by the others at their hours."""
    chain: Succession | None = None
    for hours, following in reversed(then):
        chain = Succession(at=at(hours), label=replace(following, review_at=None, successor=chain))
    return replace(label, review_at=None, successor=chain)


LOW, HIGH = _label("LOW"), _label("HIGH")
LABELS = (
    LOW,
    _label("LOW", "XAA"),
    _label("LOW", "XBB"),
    _label("LOW", "XAA", "XBB"),
    _following(LOW, (2, HIGH)),
    _following(HIGH, (2, LOW), (5, HIGH)),
    _following(LOW, (0, _label("LOW", "XAA")), (3.5, LOW)),
)
CLEARED = (
    Clearance(
        policy="TEST",
        classifications=("LOW",),
        categories=(LabelCategory(tag="Release", kind=P, values=("XAA", "XBB")),),
    ),
)
HOURS = (-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 3.5, 4.0, 5.0, 6.0)
MOMENTS = st.sampled_from([at(hours) + tick for hours in HOURS for tick in (-TICK, timedelta(), TICK)])


def fresh(spif: Spif, *, follow: bool) -> Policy:
    return Policy(
        name="time",
        digest="ab" * 32,
        node=NODE,
        book=Book([spif], follow_succession=follow),
        markings=(
            Marking(id="drones", when=Condition(platforms=("UAV",)), label=LABELS[3], existing=Existing.COMBINE),
            Marking(id="all", label=LABELS[4], existing=Existing.COMBINE),
        ),
        releases=(ReleaseRule(id="all", release=True),),
        accepts=(AcceptRule(id="all", admit=Admittance.ACCEPT),),
        groups={"all": ("deu",)},
        partners={"deu": CLEARED},
        own=CLEARED,
    )


def answers(policy: Policy, label: Label, now: datetime) -> list[object]:
    """What becomes of a track with that label outward and inward, and which label a batch of it has."""
    track = replace(TRACK, label=label)
    given_: dict[str, Any] = {"source": None, "origin": NODE, "now": now, "memory": Memory()}
    found: list[object] = [*release(policy, [track, replace(track, label=LOW)], **given_)]
    (marked,) = mark(policy, [track], source=None, now=now)
    found.append([*release(policy, [marked], **given_)])
    found.append(batch_labels(policy, [track, replace(track, label=LOW)], ["deu"], now))
    try:
        found.append(accept(policy, opened(header(label), replace(TRACK, label=None)), now).rule)
    except PolicyError as error:
        found.append((error.code.id, getattr(error, "rule", "")))
    return found


@QUIET
@given(st.booleans(), st.booleans(), st.lists(st.tuples(MOMENTS, st.sampled_from(range(len(LABELS)))), max_size=8))
def test_a_policy_that_remembers_answers_as_one_that_is_new(
    ending: bool, follow: bool, steps: list[tuple[datetime, int]]
) -> None:
    spif = ENDING if ending else LASTING
    old = fresh(spif, follow=follow)
    for now, which in steps:
        assert answers(old, LABELS[which], now) == answers(fresh(spif, follow=follow), LABELS[which], now), now


def test_a_joined_label_is_not_remembered_beyond_the_instant_at_which_a_part_of_it_ends() -> None:
    policy = fresh(ENDING, follow=False)
    track = replace(TRACK, label=LABELS[2])  # XBB, which ends at 3, joined with XAA or XBB
    moments = [(at(3) - TICK, True), (at(3), False), (at(3) - TICK, True), (at(3) + TICK, False)]
    for now, is_one in moments:
        assert (mark(policy, [track], source=None, now=now)[0].label is not None) is is_one, now


def test_a_clock_that_was_set_back_finds_no_successor_in_force() -> None:
    policy = fresh(LASTING, follow=True)
    lowered = _following(HIGH, (2, LOW))
    for now, goes in ((at(0), None), (at(3), True), (at(1), False)):
        label = LOW if goes is None else lowered
        given_: dict[str, Any] = {"source": None, "origin": NODE, "now": now, "memory": Memory()}
        (verdict,) = release(policy, [replace(TRACK, label=label)], **given_)
        assert verdict.rule == ("release.refused.label.classification" if goes is False else "release.all"), now


def test_the_last_second_of_all_years_is_decided_like_any_other() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    rule = ReleaseRule(id="all", release=True, delay_s=60, every_s=10)
    policy = replace(fresh(LASTING, follow=False), releases=(rule,))
    track = replace(TRACK, label=LOW, state=State(time=last - timedelta(seconds=1)))
    given_: dict[str, Any] = {"source": None, "origin": NODE, "memory": Memory()}
    (held,) = release(policy, [track], now=last - timedelta(seconds=1), **given_)
    assert isinstance(held, Held)
    (gone,) = release(policy, [track], now=held.until, **given_)
    (spared,) = release(policy, [track], now=held.until, **given_)
    assert (gone.rule, spared.rule) == ("release.all", "release.refused.rate")
