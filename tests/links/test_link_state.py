"""Is it us or them? States, sides, waits."""

from __future__ import annotations

import socket
from datetime import timedelta

import msgspec
import pytest

from gateway.clock import SystemClock
from gateway.ledger.receipt import open_receipt
from gateway.limits import Limits
from gateway.links import Link, LinkFaultError, LinkState, PartnerClient, Side, codes, server_tls
from gateway.links.backoff import MAX_RETRY_AFTER_S, Backoff
from gateway.links.state import TRANSITIONS, LinkEvent, LinkFailure
from tests.links.pki import Authority, material
from tests.links.rig import IMPATIENT, QUICK, Rig, running, stands, until
from tests.links.test_tls import serving
from tests.simulators.outbox import MemoryOutbox
from tests.simulators.partner import Act, Status

ONE = msgspec.structs.replace(QUICK, in_flight_messages=1)


async def failure(link: Link) -> LinkFailure:
    found = (await link.status()).last_failure
    assert found is not None
    return found


def test_every_state_has_a_move_for_every_event_but_a_resume_of_what_is_not_paused() -> None:
    expected = {(state, event) for state in LinkState for event in LinkEvent}
    expected -= {(state, LinkEvent.RESUME) for state in LinkState if state is not LinkState.PAUSED}
    assert set(TRANSITIONS) == expected
    leaves_pause = [pair for pair, target in TRANSITIONS.items() if pair[0] is LinkState.PAUSED is not target]
    assert leaves_pause == [(LinkState.PAUSED, LinkEvent.RESUME)]


async def test_an_idle_link_learns_that_it_is_up_without_any_message(rig: Rig) -> None:
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), MemoryOutbox())
        assert link.state is LinkState.CATCHING_UP
        async with running(link):
            await stands(link, LinkState.UP)
            status = await link.status()
    assert status.last_good_out is not None
    assert status.last_good_in is None
    assert partner.probes == 1
    assert rig.metric("gateway_link_state", partner="deu-1", state="UP") == 1
    assert rig.metric("gateway_link_state", partner="deu-1", state="CATCHING_UP") == 0
    assert [event["before"] for event in rig.events("link.up")] == ["CATCHING_UP"]


async def test_an_idle_link_notices_that_the_partner_went_down_and_came_back(rig: Rig) -> None:
    outbox = MemoryOutbox()
    partner = rig.simulator()
    await partner.start()
    link = rig.link(rig.partner(partner), outbox, limits=msgspec.structs.replace(ONE, idle_timeout_s=0.05))
    async with running(link):
        await stands(link, LinkState.UP)
        await partner.stop()
        await stands(link, LinkState.BACKOFF)
        found = await failure(link)
        await partner.start()
        await stands(link, LinkState.UP)
        assert await failure(link) is not None, "the last failure is kept after it is cured"
    await partner.stop()
    assert (found.code, found.side) in [
        (codes.NOT_LISTENING.id, Side.THEM),
        (codes.CLOSED_WITHOUT_ANSWER.id, Side.THEM),
    ]
    assert len(rig.events("link.up")) == 2


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        (301, LinkState.REFUSED, codes.PARTNER_REFUSES),
        (401, LinkState.REFUSED, codes.PARTNER_REFUSES),
        (403, LinkState.REFUSED, codes.PARTNER_REFUSES),
        (404, LinkState.REFUSED, codes.PARTNER_REFUSES),
        (405, LinkState.REFUSED, codes.PARTNER_REFUSES),
        (410, LinkState.REFUSED, codes.PARTNER_REFUSES),
        (415, LinkState.REFUSED, codes.PARTNER_REFUSES),
        (201, LinkState.REFUSED, codes.PARTNER_REFUSES),
        (204, LinkState.REFUSED, codes.PARTNER_REFUSES),
        (408, LinkState.BACKOFF, codes.PARTNER_BUSY),
        (421, LinkState.BACKOFF, codes.PARTNER_BUSY),
        (429, LinkState.BACKOFF, codes.PARTNER_BUSY),
        (500, LinkState.BACKOFF, codes.PARTNER_BUSY),
        (503, LinkState.BACKOFF, codes.PARTNER_BUSY),
        (422, LinkState.BACKOFF, codes.RECEIPT_UNVERIFIED),
    ],
)
async def test_no_status_without_a_receipt_is_a_success(rig: Rig, status: int, state: LinkState, code: object) -> None:
    outbox = MemoryOutbox()
    ids = outbox.add(1)
    async with rig.simulator() as partner:
        partner.always = Status(status, location=partner.url + "/elsewhere")
        link = rig.link(rig.partner(partner), outbox, limits=ONE)
        async with running(link):
            await stands(link, state)
            found = await failure(link)
            assert (found.code, found.side) == (code.id, Side.THEM)  # type: ignore[attr-defined]  # a Code
            assert outbox.settled == {}
            partner.always = Act.ACCEPT
            await outbox.until(lambda: len(outbox.settled) == 1)
            await stands(link, LinkState.UP)
    assert partner.effects == ids


async def test_waits_as_long_as_the_partner_asks_and_new_messages_do_not_shorten_it(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        partner.next(Status(429, retry_after="120"))
        link = rig.link(rig.partner(partner), outbox, limits=ONE)
        async with running(link):
            await stands(link, LinkState.BACKOFF)
            status = await link.status()
            assert status.retry_at is not None
            assert status.last_failure is not None
            assert status.retry_at - status.last_failure.at > timedelta(seconds=119)
            reads = outbox.reads
            outbox.add(2)
            link.wake()
            await until(lambda: True)
            assert (len(partner.attempts), outbox.reads) == (1, reads)
            link.retry_now()  # an operator may
            await outbox.until(lambda: len(outbox.settled) == 2)


async def test_inbound_traffic_neither_cures_the_link_nor_shortens_its_waits(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        partner.always = Status(503)
        slow = msgspec.structs.replace(ONE, backoff_max_s=60.0, backoff_first_s=0.01)
        link = rig.link(rig.partner(partner), outbox, limits=slow)
        async with running(link):
            await partner.until(lambda: len(partner.attempts) >= 3)
            before = (await link.status()).attempts_failed
            for _ in range(50):
                link.heard()
            await partner.until(lambda: len(partner.attempts) >= 5)
            status = await link.status()
    assert status.state is LinkState.BACKOFF
    assert status.attempts_failed > before
    assert status.last_good_in is not None
    assert status.last_good_out is None


def test_waits_double_to_a_limit_with_jitter_and_start_again_after_a_good_exchange() -> None:
    limits = Limits(backoff_first_s=0.5, backoff_max_s=60.0)
    middle = Backoff(limits, lambda: 1 / 3)  # jitter of exactly 1
    waits = [middle.failed() for _ in range(9)]
    assert waits == pytest.approx([0.5, 1, 2, 4, 8, 16, 32, 60, 60])
    middle.reset()
    assert middle.failed() == pytest.approx(0.5)
    assert Backoff(limits, lambda: 0.0).failed() == pytest.approx(0.4)
    assert Backoff(limits, lambda: 1.0).failed() == pytest.approx(0.7)
    assert middle.failed(turned_away=True) == pytest.approx(60)
    assert middle.failed(retry_after_s=90) == pytest.approx(90)
    assert middle.failed(retry_after_s=1e9) == MAX_RETRY_AFTER_S
    for _ in range(5_000):
        middle.failed()
    assert middle.failed() == pytest.approx(60)


@pytest.mark.parametrize("asked", ["Sun, 22 Nov 2037 10:00:00 GMT", "99999999999999999999"])
async def test_understands_a_date_and_bounds_an_absurd_wait(rig: Rig, asked: str) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        partner.next(Status(503, retry_after=asked))
        link = rig.link(rig.partner(partner), outbox, limits=ONE)
        async with running(link):
            await stands(link, LinkState.BACKOFF)
            status = await link.status()
    assert status.retry_at is not None
    assert status.last_failure is not None
    waits_s = (status.retry_at - status.last_failure.at).total_seconds()
    assert waits_s == pytest.approx(MAX_RETRY_AFTER_S, abs=1)


async def test_nonsense_in_retry_after_is_ignored(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        partner.next(Status(503, retry_after="soon"), Status(503, retry_after="-5"))
        async with running(rig.link(rig.partner(partner), outbox, limits=ONE)):
            await outbox.until(lambda: len(outbox.settled) == 1)


async def test_disconnected_right_after_the_handshake_twice_is_a_refused_certificate(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        partner.always = Act.DROP_ON_ACCEPT
        link = rig.link(rig.partner(partner), outbox, limits=ONE)
        async with running(link):
            await stands(link, LinkState.REFUSED)
            found = await failure(link)
    assert (found.code, found.side) == ("LINK-014", Side.US)
    assert "handshake done" in found.cause
    assert "CN=nld-1, 7 days left" in found.cause
    assert [event["code"] for event in rig.events("link.refused")] == ["LINK-014"]


async def test_a_certificate_of_an_authority_that_the_partner_does_not_know_shows_as_refused(rig: Rig) -> None:
    stranger = Authority("stranger", rig.authority.file.parent).issue("nld-1")
    outbox = MemoryOutbox()
    outbox.add(1)
    rig.ours = stranger
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox, limits=ONE)
        async with running(link):
            await stands(link, LinkState.REFUSED)
            found = await failure(link)
    assert (found.code, found.side) == ("LINK-014", Side.US)
    assert partner.attempts == []


async def test_nothing_is_sent_to_a_server_whose_key_is_not_pinned(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner, tls_pins=("00" * 32,)), outbox, limits=ONE)
        async with running(link):
            await stands(link, LinkState.REFUSED)
            found = await failure(link)
            assert partner.attempts == []
            link.replace(rig.partner(partner, tls_pins=("00" * 32, rig.theirs.pin)), rig.client_tls())
            await outbox.until(lambda: len(outbox.settled) == 1)
    assert (found.code, found.side) == (codes.PIN_UNKNOWN.id, Side.THEM)
    assert rig.theirs.pin in found.cause


async def test_a_server_certificate_of_another_authority_or_name_is_their_certificate(rig: Rig) -> None:
    directory = rig.authority.file.parent
    for leaf in (Authority("other", directory).issue("deu-1"), rig.authority.issue("deu-1", host="192.0.2.1")):
        outbox = MemoryOutbox()
        outbox.add(1)
        async with rig.simulator(leaf=leaf) as partner:
            link = rig.link(rig.partner(partner, tls_pins=(leaf.pin,)), outbox, limits=ONE)
            async with running(link):
                await stands(link, LinkState.REFUSED)
                found = await failure(link)
        assert (found.code, found.side) == (codes.THEIR_CERTIFICATE.id, Side.THEM)
        assert partner.attempts == []


async def test_nobody_listening_is_their_side_and_no_such_name_the_networks(rig: Rig) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    partner = rig.simulator()
    for url, code, side in (
        (f"https://127.0.0.1:{port}", codes.NOT_LISTENING, Side.THEM),
        ("https://gateway.invalid:8443", codes.NAME_UNRESOLVED, Side.NETWORK),
    ):
        link = rig.link(rig.partner(partner, url=url), MemoryOutbox(), limits=ONE)
        async with running(link):
            await stands(link, LinkState.BACKOFF)
            found = await failure(link)
        assert (found.code, found.side) == (code.id, side)
        assert found.place.endswith(url)


async def test_a_paused_link_sends_nothing_keeps_its_queue_and_resumes(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner, paused=True), outbox, limits=ONE)
        assert link.state is LinkState.PAUSED
        async with running(link):
            link.wake()
            await until(lambda: True)
            assert (outbox.reads, partner.connections) == (0, 0)
            link.resume()
            await outbox.until(lambda: len(outbox.settled) == 1)
            await stands(link, LinkState.UP)
            link.pause()
            outbox.add(2)
            link.wake()
            assert (await link.status()).queued_messages == 1
            assert link.state is LinkState.PAUSED
            link.replace(rig.partner(partner, send=False), rig.client_tls())
            link.replace(rig.partner(partner), rig.client_tls())
            link.resume()
            await outbox.until(lambda: len(outbox.settled) == 2)
    assert [event["event"] for event in rig.log.entries if event["event"] == "link.paused"]


async def test_pausing_between_two_messages_lets_the_one_under_way_end(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(*range(1, 21))
    async with rig.simulator() as partner:
        partner.gate.clear()
        link = rig.link(rig.partner(partner), outbox, limits=ONE)
        async with running(link):
            await partner.until(lambda: partner.most_at_once == 1)
            link.pause()
            partner.gate.set()
            await outbox.until(lambda: len(outbox.settled) == 1)
            await until(lambda: rig.metric("gateway_link_state", partner="deu-1", state="PAUSED") == 1)
            assert link.state is LinkState.PAUSED
    assert len(outbox.settled) == 1


async def test_a_partner_that_hangs_or_trickles_harms_no_other(rig: Rig) -> None:
    bad, good = MemoryOutbox(), MemoryOutbox()
    bad.add(*range(1, 11))
    ids = good.add(*range(1, 201))
    leaf = rig.authority.issue("fra-1")
    patient = msgspec.structs.replace(QUICK, request_timeout_s=30.0)
    async with rig.simulator() as slow, rig.simulator("fra-1", leaf) as quick:
        slow.next(Act.TRICKLE, Act.HANG_BEFORE_COMMIT, Act.HANG_AFTER_COMMIT, Act.TRICKLE)
        hanging = rig.link(rig.partner(slow), bad, limits=patient)
        flowing = rig.link(rig.partner(quick, tls_pins=(leaf.pin,)), good)
        async with running(hanging, flowing):
            await good.until(lambda: len(good.settled) == 200, seconds=60.0)
            assert len(bad.settled) < 10
            assert flowing.state is not LinkState.BACKOFF
    assert sorted(quick.effects) == sorted(ids)


async def test_a_slow_partner_is_told_apart_from_an_unreachable_one(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        partner.always = Act.HANG_AFTER_COMMIT
        link = rig.link(rig.partner(partner), outbox, limits=IMPATIENT)
        async with running(link):
            await stands(link, LinkState.BACKOFF)
            found = await failure(link)
    assert (found.code, found.side) == (codes.NO_ANSWER_IN_TIME.id, Side.THEM)


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_skewed_clock_is_reported_once_and_stops_nothing(rig: Rig, minutes: int) -> None:
    outbox = MemoryOutbox()
    outbox.add(*range(1, 6))
    async with rig.simulator() as partner:
        partner.skew = timedelta(minutes=minutes)
        link = rig.link(rig.partner(partner), outbox)
        async with running(link):
            await outbox.until(lambda: len(outbox.settled) == 5)
            await stands(link, LinkState.UP)
            status = await link.status()
    assert status.clock_skew_s == pytest.approx(minutes * 60, abs=3)
    assert len(rig.events("link.clock_skewed")) == 1


async def test_our_store_failing_to_read_is_our_side_and_passes(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    outbox.failures = 2
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox, limits=ONE)
        async with running(link):
            await outbox.until(lambda: len(outbox.settled) == 1)
            found = await failure(link)
            outbox.failures = 1
            assert (await link.status()).queued_messages == -1
    assert (found.code, found.side) == (codes.OUR_STORE.id, Side.US)


async def test_wakes_up_by_itself_when_nobody_tells_of_new_messages(rig: Rig) -> None:
    outbox = MemoryOutbox()
    async with rig.simulator() as partner:
        link = rig.link(rig.partner(partner), outbox, limits=ONE)
        async with running(link):
            await stands(link, LinkState.UP)
            outbox.add(1)
            await outbox.until(lambda: len(outbox.settled) == 1)


async def test_connections_are_renewed_when_they_reach_their_age(rig: Rig) -> None:
    outbox = MemoryOutbox()
    async with rig.simulator() as partner:
        limits = msgspec.structs.replace(ONE, connection_age_s=0.02, wake_up_s=0.03)
        async with running(rig.link(rig.partner(partner), outbox, limits=limits)):
            for number in range(1, 4):
                outbox.add(number)
                await outbox.until(lambda number=number: len(outbox.settled) == number)  # type: ignore[misc]  # bound
                reads = outbox.reads
                await outbox.until(lambda reads=reads: outbox.reads >= reads + 2)  # type: ignore[misc]  # bound now
    assert partner.connections >= 3


async def test_a_failure_that_lasts_is_logged_once_and_counted_each_time(rig: Rig) -> None:
    outbox = MemoryOutbox()
    outbox.add(1)
    async with rig.simulator() as partner:
        partner.always = Status(500)
        async with running(rig.link(rig.partner(partner), outbox, limits=ONE)):
            await partner.until(lambda: len(partner.attempts) >= 5)
    assert len(rig.events("link.down")) == 1
    assert rig.events("link.fault_changed") == []
    assert rig.metric("gateway_link_faults_total", partner="deu-1", code="LINK-018", side="them") >= 4


async def test_a_partner_that_restarted_between_two_messages_is_not_taken_for_one_that_refuses_us(rig: Rig) -> None:
    outbox = MemoryOutbox()
    partner = rig.simulator()
    await partner.start()
    link = rig.link(rig.partner(partner), outbox)
    try:
        async with running(link):
            partner.gate.clear()
            outbox.add(1, 2, 3, 4)
            link.wake()
            await partner.until(lambda: partner.connections == QUICK.in_flight_messages)  # so many are kept
            partner.gate.set()
            await outbox.until(lambda: len(outbox.settled) == 4)
            await stands(link, LinkState.UP)
            await partner.stop()
            await partner.start()
            outbox.add(5)
            link.wake()
            await outbox.until(lambda: len(outbox.settled) == 5)
            await stands(link, LinkState.UP)
        assert rig.events("link.refused") == []
        assert rig.events("link.down") == []
    finally:
        await partner.stop()


async def test_the_gauges_follow_the_queue_without_anybody_asking(rig: Rig) -> None:
    outbox = MemoryOutbox()
    async with rig.simulator() as partner:
        partner.always = Status(503)
        outbox.add(1, 2, 3)
        async with running(rig.link(rig.partner(partner), outbox, limits=ONE)):
            await until(lambda: rig.metric("gateway_link_queue_messages", partner="deu-1") == 3)
            partner.always = Act.ACCEPT
            await until(lambda: rig.metric("gateway_link_queue_messages", partner="deu-1") == 0)
            assert rig.metric("gateway_link_certificate_days", partner="deu-1", whose="ours") > 6
            assert rig.metric("gateway_link_certificate_days", partner="deu-1", whose="theirs") > 6
            assert rig.metric("gateway_link_last_good_timestamp_seconds", partner="deu-1", direction="out") > 0


async def test_a_partner_that_says_why_it_refuses_our_certificate_is_believed_at_once(rig: Rig) -> None:
    trusts_another = Authority("another", rig.authority.file.parent)
    outbox = MemoryOutbox()
    outbox.add(1)
    with serving(server_tls(material(rig.theirs, trusts_another)).context) as server:  # OpenSSL sends the alert
        partner = rig.partner(rig.simulator(), url=f"https://127.0.0.1:{server.port}")
        link = rig.link(partner, outbox, limits=msgspec.structs.replace(ONE, request_timeout_s=5.0))
        async with running(link):
            await until(lambda: link.state in (LinkState.REFUSED, LinkState.BACKOFF))
            found = await failure(link)
    assert (found.code, found.side) == ("LINK-014", Side.US)
    assert "alert" in found.cause


async def test_a_probe_tells_a_refused_certificate_from_an_accident_by_trying_again(rig: Rig) -> None:
    async with rig.simulator() as partner:
        client = PartnerClient(
            partner=rig.partner(partner),
            tls=rig.client_tls(),
            open_receipt=open_receipt,
            limits=QUICK,
            clock=SystemClock(),
        )
        partner.next(Act.DROP_ON_ACCEPT)
        await client.probe()
        await client.close()
        partner.always = Act.DROP_ON_ACCEPT
        with pytest.raises(LinkFaultError) as caught:
            await client.probe()
        await client.close()
    assert caught.value.code is codes.OUR_CERTIFICATE_REFUSED
    assert "gateway check --connect" in caught.value.diagnostics()
