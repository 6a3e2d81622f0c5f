"""How each recipient stands to one message: what `gateway explain MESSAGE-ID` shows."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from gateway.store import Settlement, Store
from gateway.store.reader import Readers, standings
from gateway.store.records import Standing
from tests.store.made import leaf, receipt, record, sealed


async def standing(path: Path, seq: int) -> list[Standing]:
    readers = Readers(path)
    try:
        return await readers.run(partial(standings, seq=seq))
    finally:
        await readers.close()


async def test_says_of_each_recipient_whether_it_waits_has_it_or_why_not(store: Store) -> None:
    path = Path(store.info.path)
    to = ("bel", "deu", "eu", "frx")
    await record(store, sealed(1, to=to), leaf())
    await record(store, sealed(2, to=("deu",)), leaf())
    assert [(one.partner, one.state) for one in await standing(path, 1)] == [(name, "waiting") for name in to]
    delivered = await store.record_delivery("deu", 1, receipt(sealed(1)), leaf("delivered"))
    await store.record_delivery("eu", 1, receipt(sealed(1), node="eu", outcome="REFUSED", code="POL-002"), leaf("no"))
    await store.set_aside("frx", 1, Settlement.PARKED, code="LINK-020", cause="certificate ended")
    bel, deu, eu, frx = await standing(path, 1)
    assert bel == Standing(partner="bel")
    assert (deu.state, deu.code, deu.leaf_index) == ("delivered", "", delivered)
    assert deu.at is not None
    assert (eu.state, eu.code) == ("refused", "POL-002")
    assert (frx.state, frx.code, frx.cause, frx.leaf_index) == ("parked", "LINK-020", "certificate ended", -1)
    assert [one.partner for one in await standing(path, 2)] == ["deu"]
    assert await standing(path, 3) == []
