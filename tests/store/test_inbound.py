from __future__ import annotations

import asyncio

from gateway.store import InboundOutcome, Incoming, Outcome, Store, codes
from tests.store.made import answer, incoming, leaf


async def accept(store: Store, message: Incoming) -> InboundOutcome:
    return await store.record_inbound(
        message,
        leaf=leaf("received"),
        receipt=answer("accepted"),
        conflict_leaf=leaf("conflict"),
        conflict_receipt=answer("incident"),
    )


async def refuse(store: Store, message: Incoming, *, with_leaf: bool = False) -> InboundOutcome:
    return await store.record_refusal(
        message,
        "POL-007",
        receipt=answer("refused"),
        conflict_leaf=leaf("conflict"),
        conflict_receipt=answer("incident"),
        leaf=leaf("refused") if with_leaf else None,
    )


async def test_a_new_message_gets_a_receipt_that_names_its_leaf(store: Store) -> None:
    outcome = await accept(store, incoming(1))
    assert (outcome.outcome, outcome.code, outcome.leaf_index) == (Outcome.NEW, "", 0)
    assert outcome.answer.startswith(b"accepted at 0")
    (stored,) = await store.find_messages(incoming(1).message_id)
    assert (stored.answer, stored.octets, stored.partners) == (outcome.answer, b"<Message/>", ("deu",))


async def test_a_duplicate_gets_the_original_receipt_octet_for_octet(store: Store) -> None:
    first = await accept(store, incoming(1))
    again = await accept(store, incoming(1))
    assert again.outcome is Outcome.DUPLICATE
    assert again.answer == first.answer
    assert store.leaf_count() == 1


async def test_a_duplicate_of_a_refused_message_gets_the_original_refusal(store: Store) -> None:
    first = await refuse(store, incoming(1))
    again = await accept(store, incoming(1))
    assert (again.outcome, again.code, again.answer) == (Outcome.DUPLICATE, "POL-007", first.answer)
    assert first.leaf_index == -1
    assert store.leaf_count() == 0


async def test_a_refusal_cannot_replace_an_acceptance(store: Store) -> None:
    first = await accept(store, incoming(1))
    late = await refuse(store, incoming(1))
    assert (late.outcome, late.code, late.answer) == (Outcome.DUPLICATE, "", first.answer)


async def test_a_refusal_may_have_a_leaf_and_keeps_no_body(store: Store) -> None:
    outcome = await refuse(store, incoming(1), with_leaf=True)
    assert outcome.leaf_index == 0
    (stored,) = await store.find_messages(incoming(1).message_id)
    assert (stored.octets, stored.code) == (None, "POL-007")


async def test_the_same_id_with_another_body_is_an_incident_with_a_leaf(store: Store) -> None:
    first = await accept(store, incoming(1))
    outcome = await accept(store, incoming(1, body=b"<Forged/>"))
    assert (outcome.outcome, outcome.code, outcome.leaf_index) == (Outcome.CONFLICT, codes.DIGEST_CONFLICT.id, 1)
    assert (await store.leaves(1, 1))[0].startswith(b"conflict 1")
    assert (await accept(store, incoming(1))).answer == first.answer
    assert (await store.counts()).incidents == 1


async def test_an_incident_repeated_costs_no_second_leaf(store: Store) -> None:
    await accept(store, incoming(1))
    outcomes = await asyncio.gather(*(accept(store, incoming(1, body=b"<Forged/>")) for _ in range(20)))
    assert len({outcome.answer for outcome in outcomes}) == 1
    assert store.leaf_count() == 2


async def test_one_batch_with_duplicates_and_incidents_among_new_messages_gives_each_its_due(store: Store) -> None:
    bodies = [b"<A/>", b"<A/>", b"<B/>", b"<A/>"]
    messages = [incoming(n, body=body) for n in range(10) for body in bodies]
    outcomes = await asyncio.gather(*(accept(store, message) for message in messages))
    assert [outcome.outcome for outcome in outcomes[:4]] == [
        Outcome.NEW,
        Outcome.DUPLICATE,
        Outcome.CONFLICT,
        Outcome.DUPLICATE,
    ]
    assert store.leaf_count() == 20
    assert await store.integrity() == []
