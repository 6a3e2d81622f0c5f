"""A relay and its original: two ids, one effect, whichever comes first, all in one transaction."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.store import Cited, Enclosed, InboundOutcome, Incoming, Outcome, Outgoing, Store, codes
from tests.store.made import answer, incoming, leaf, message_id, sealed
from tests.store.test_inbound import accept, refuse

OTHER = "9f2504e0-4f89-41d3-9a0c-0305e82c3302"


def original(number: int, *, body: bytes = b"<Original/>") -> Incoming:
    """As its origin, `nld`, would send it itself."""
    return replace(incoming(number, body=body), origin="nld", partner="nld")


def enclosed(number: int, *, body: bytes = b"<Original/>") -> Enclosed:
    message = original(number, body=body)
    return Enclosed(
        origin=message.origin,
        message_id=message.message_id,
        sha256=message.sha256,
        octets=message.octets,
        track_ids=message.track_ids,
        leaf=leaf("original"),
        receipt=answer("original accepted"),
        conflict_leaf=leaf("original conflict"),
        conflict_receipt=answer("original incident"),
        refused_leaf=lambda code: leaf(f"relay refused {code}"),
        refused_receipt=lambda code: answer(f"relay refused {code}"),
    )


async def relay(
    store: Store,
    number: int,
    inside: Enclosed | None = None,
    *,
    body: bytes = b"<Relay/>",
    cited: Cited | None = None,
    onward: tuple[int, ...] = (),
) -> InboundOutcome:
    return await store.record_inbound(
        incoming(number, body=body, tracks=() if inside else (OTHER,)),
        leaf=leaf("relay"),
        receipt=answer("relay accepted"),
        conflict_leaf=leaf("relay conflict"),
        conflict_receipt=answer("relay incident"),
        enclosed=inside,
        cited=cited,
        onward=[Outgoing(sealed=sealed(one, to=("fra",)), leaf=leaf("onward")) for one in onward],
    )


async def words(store: Store) -> list[str]:
    return [entry.decode().rsplit(" ", 2)[0] for entry in await store.leaves(0, 100)]


async def test_a_relay_records_its_original_under_the_origins_own_id_with_leaf_and_receipt(store: Store) -> None:
    outcome = await relay(store, 1, enclosed(2))
    assert (outcome.outcome, outcome.code, outcome.repeated) == (Outcome.NEW, "", False)
    assert await words(store) == ["original", "relay"]
    (kept,) = await store.find_messages(message_id(2))
    assert (kept.origin, kept.partners, kept.octets) == ("nld", ("deu",), b"<Original/>")
    (passed,) = await store.find_messages(message_id(1))
    assert (passed.origin, passed.octets, passed.answer) == ("deu", b"<Relay/>", outcome.answer)


async def test_the_original_that_comes_later_by_itself_gets_the_receipt_that_was_made_for_it(store: Store) -> None:
    await relay(store, 1, enclosed(2))
    direct = await accept(store, original(2))
    assert (direct.outcome, direct.code) == (Outcome.DUPLICATE, "")
    assert direct.answer.startswith(b"original accepted at 0")


async def test_a_relay_of_what_came_before_is_accepted_and_nothing_is_handed_on_again(store: Store) -> None:
    await accept(store, original(2))
    late = await relay(store, 1, enclosed(2), onward=(9,))
    assert (late.outcome, late.code, late.repeated) == (Outcome.NEW, "", True)
    assert await words(store) == ["received", "relay"]
    assert await store.queue_depth("fra") == 0


async def test_a_second_relay_of_one_original_by_another_way_is_repeated(store: Store) -> None:
    await relay(store, 1, enclosed(2))
    second = await relay(store, 3, enclosed(2), body=b"<Relay 2/>")
    assert (second.outcome, second.repeated) == (Outcome.NEW, True)


async def test_a_duplicate_relay_gets_its_own_receipt_again(store: Store) -> None:
    first = await relay(store, 1, enclosed(2), onward=(9,))
    again = await relay(store, 1, enclosed(2), onward=(10,))
    assert (again.outcome, again.answer) == (Outcome.DUPLICATE, first.answer)
    assert await store.queue_depth("fra") == 1


async def test_a_relay_of_what_was_refused_is_refused_as_it_was(store: Store) -> None:
    await refuse(store, original(2))
    late = await relay(store, 1, enclosed(2), onward=(9,))
    assert (late.outcome, late.code) == (Outcome.NEW, "POL-007")
    assert late.answer.startswith(b"relay refused POL-007")
    assert await store.queue_depth("fra") == 0


async def test_another_content_under_the_originals_id_is_an_incident_and_refuses_the_relay(store: Store) -> None:
    await accept(store, original(2))
    late = await relay(store, 1, enclosed(2, body=b"<Forged/>"), onward=(9,))
    assert late.code == codes.DIGEST_CONFLICT.id
    assert await words(store) == ["received", "original conflict", f"relay refused {codes.DIGEST_CONFLICT.id}"]
    assert await store.queue_depth("fra") == 0
    direct = await accept(store, original(2))
    assert (direct.outcome, direct.code) == (Outcome.DUPLICATE, "")


async def test_another_relay_under_the_same_id_records_nothing_of_what_it_encloses(store: Store) -> None:
    await relay(store, 1, enclosed(2))
    other = await relay(store, 1, enclosed(4), body=b"<Other/>")
    assert (other.outcome, other.code) == (Outcome.CONFLICT, codes.DIGEST_CONFLICT.id)
    assert await store.find_messages(message_id(4)) == []


async def test_what_was_made_from_an_accepted_message_is_repeated(store: Store) -> None:
    before = await relay(store, 1, cited=Cited(origin="nld", message_id=message_id(2), sha256=original(2).sha256))
    assert not before.repeated
    await accept(store, original(2))
    after = await relay(
        store, 3, cited=Cited(origin="nld", message_id=message_id(2), sha256=original(2).sha256), body=b"<Relay 2/>"
    )
    assert (after.outcome, after.repeated) == (Outcome.NEW, True)
    other = await relay(
        store, 5, cited=Cited(origin="nld", message_id=message_id(2), sha256="00" * 32), body=b"<Relay 3/>"
    )
    assert not other.repeated


async def test_what_goes_onward_is_recorded_with_what_it_rests_on_or_not_at_all(store: Store) -> None:
    outcome = await relay(store, 1, enclosed(2), onward=(9, 10))
    assert outcome.outcome is Outcome.NEW
    assert await words(store) == ["original", "relay", "onward", "onward"]
    assert [one.message.message_id for one in await store.next_outbound("fra", 10)] == [message_id(9), message_id(10)]


async def test_a_message_of_a_partner_alone_may_go_onward_too(store: Store) -> None:
    outcome = await relay(store, 1, onward=(9,))
    assert (outcome.outcome, outcome.repeated) == (Outcome.NEW, False)
    assert await store.queue_depth("fra") == 1


async def test_the_store_tells_who_was_sent_a_track(store: Store) -> None:
    await relay(store, 1, onward=(9,))
    track = sealed(9).track_ids[0]
    assert await store.told([track, OTHER]) == {track: frozenset({"fra"})}
