"""Labels that are wrong, properly signed, pushed to a real node that would pass them on and show them.

Each is refused over our signature, with a code, a place and a rule; counted, in the ledger and in quarantine. Nothing
of it reaches the picture, a national feed, or the partner to whom everything is passed on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from msgspec.structs import replace

from gateway import pipeline
from gateway.clock import SystemClock
from gateway.demo.stage import Player, ledger_verifier
from gateway.formats import alliance
from gateway.ledger.receipt import open_receipt
from gateway.node.assembly import Node
from gateway.stages import Exercise, Header, Inbound, Message, Simulation
from gateway.store import Quarantined
from gateway.track import Label, Track
from tests.assembled import aircraft
from tests.labels.spif_texts import P, rules, spif_text, tag_set
from tests.policy.relayed import TO, alpha
from tests.test_corridor import until
from tests.test_onward import DEU, EU, NLD, Row, events, read, row, settled

EXTRA = "Additional Sensitivity"
GOOD = alpha("RESTRICTED", "XNL", "XDE", "XAT")
OTHER = replace(GOOD, review_at=datetime(2035, 1, 1, tzinfo=UTC))
"""Says the same, and is another label: it stands on its track."""
OLD_OID, DAY_OID, MUST_OID = "2.25.1001", "2.25.1002", "2.25.1003"
END = "</slab:ConfidentialityInformation>"


def category(tag: str, kind: str, *values: str) -> str:
    inside = "".join(f"<slab:GenericValue>{value}</slab:GenericValue>" for value in values)
    return f'<slab:Category TagName="{tag}" Type="{kind}">{inside}</slab:Category>'


def with_category(text: str) -> Callable[[str], str]:
    return lambda xml: xml.replace(END, text + END, 1)


def instead(old: str, new: str) -> Callable[[str], str]:
    def edit(xml: str) -> str:
        assert old in xml, (old, xml)
        return xml.replace(old, new, 1)

    return edit


def of_policy(name: str, classification: str, *categories: str) -> Callable[[str], str]:
    """The whole of what the label says, in another policy."""

    def edit(xml: str) -> str:
        start, end = xml.index("<slab:PolicyIdentifier"), xml.index(END)
        said = f"<slab:PolicyIdentifier>{name}</slab:PolicyIdentifier>"
        said += f"<slab:Classification>{classification}</slab:Classification>"
        return xml[:start] + said + "".join(categories) + xml[end:]

    return edit


def beside(*parts: Callable[[str], str], name: str = "alternativeConfidentialityLabel", keep: bool = True) -> Any:
    """A second label behind the first, made from it; or none, and not even the first."""

    def edit(xml: str) -> str:
        start, end = xml.index("<slab:originator"), xml.index("</slab:originatorConfidentialityLabel>")
        close = end + len("</slab:originatorConfidentialityLabel>")
        if not keep:
            return xml[:start] + xml[close:]
        first = other = xml[start:close]
        for part in parts[1:]:
            other = part(other)
        return xml[:start] + parts[0](first) + other.replace("originatorConfidentialityLabel", name) + xml[close:]

    return edit


def same(xml: str) -> str:
    return xml


class Wrong(NamedTuple):
    edit: Callable[[str], str]
    code: str
    rule: str = ""
    """That of the label which decided; a label that cannot even be read meets none."""


R, INF = "RESTRICTIVE", "INFORMATIVE"
INVALID, SET = "invalid-label", "tag-set"
PARTNERS = "<slab:GenericValue>XNL</slab:GenericValue><slab:GenericValue>XDE</slab:GenericValue>"
PARTNERS += "<slab:GenericValue>XAT</slab:GenericValue>"
AN_INTEGER = '<slab:Category TagName="Administrative" Type="INFORMATIVE"><slab:IntegerValue>1</slab:IntegerValue>'
WRONG: dict[str, Wrong] = {
    "no classification": Wrong(instead("<slab:Classification>RESTRICTED</slab:Classification>", ""), "ALM-010"),
    "not a time": Wrong(instead("2026-01-01T00:00:00Z", "yesterday"), "ALM-010"),
    "an unknown type": Wrong(instead(f'Type="{P}"', 'Type="PERHAPS"'), "ALM-010"),
    "two labels": Wrong(beside(same, name="originatorConfidentialityLabel"), "ALM-010"),
    "none": Wrong(beside(same, name="", keep=False), "ALM-010"),
    "look-alike level": Wrong(instead(">RESTRICTED<", ">\uff32ESTRICTED<"), "POL-031", INVALID),
    "look-alike policy": Wrong(instead(">ALPHA</slab:Pol", ">\u0410LPHA</slab:Pol"), "POL-030", "unknown-policy"),
    "look-alike value": Wrong(instead(">XDE<", ">XD\uff25<"), "POL-031", INVALID),
    "look-alike tag": Wrong(instead('"Releasable To"', '"Releasable\u00a0To"'), "POL-031", INVALID),
    "an unknown value": Wrong(instead(">XDE<", ">XDE</slab:GenericValue><slab:GenericValue>XZZ<"), "POL-031", INVALID),
    "an unknown tag": Wrong(with_category(category("Eyes", P, "XDE")), "POL-031", INVALID),
    "one tag of two types": Wrong(with_category(category(TO, R, "XDE")), "POL-031", INVALID),
    "an unknown policy": Wrong(of_policy("DELTA", "RESTRICTED"), "POL-030", "unknown-policy"),
    "restrictive sent as informative": Wrong(with_category(category(EXTRA, INF, "ANVIL")), "POL-031", INVALID),
    "restrictive sent as permissive": Wrong(with_category(category(EXTRA, P, "ANVIL")), "POL-031", INVALID),
    "permissive sent as informative": Wrong(instead(f'"{TO}" Type="{P}"', f'"{TO}" Type="{INF}"'), "POL-031", INVALID),
    "a restriction that we do not hold": Wrong(with_category(category(EXTRA, R, "ANVIL")), "POL-032", SET),
    "a mandatory tag set is missing": Wrong(of_policy("MUST", "LOW"), "POL-031", "missing-mandatory"),
    "an unknown element inside": Wrong(with_category('<x:Less xmlns:x="urn:x">no</x:Less>'), "POL-031", INVALID),
    "an integer": Wrong(with_category(AN_INTEGER + "</slab:Category>"), "POL-031", INVALID),
    "an alternative that says less": Wrong(
        beside(of_policy("BRAVO", "LIMITED", category(TO, P, "BRV")), instead(">RESTRICTED<", ">UNCLASSIFIED<")),
        "POL-031",
        "alternative-conflict",
    ),
    "an empty permissive set": Wrong(instead(PARTNERS, ""), "POL-031", INVALID),
    "too high": Wrong(instead(">RESTRICTED<", ">SECRET<"), "POL-032", "classification"),
    "not released to us": Wrong(instead("<slab:GenericValue>XDE</slab:GenericValue>", ""), "POL-032", SET),
    "an expired policy": Wrong(of_policy("OLD", "LOW"), "POL-031", INVALID),
    "an expired value": Wrong(of_policy("DAY", "LOW", category("Day", P, "GONE")), "POL-031", INVALID),
}


def more_policy(root: Path) -> str:
    """Other security policies, of which deu-1 has files, and an equivalence."""
    gone = tag_set("Day", P, "GONE", oid="2.25.1002.1").replace(
        'name="GONE"', 'name="GONE" notAfter="2026-01-02T00:00:00Z"'
    )
    must = tag_set("Must", P, "YES", oid="2.25.1003.1")
    texts = {
        "old": spif_text(name="OLD", oid=OLD_OID, root='schemaVersion="2.1" notAfter="2026-01-02T00:00:00Z"'),
        "day": spif_text(name="DAY", oid=DAY_OID, sets=gone),
        "must": spif_text(name="MUST", oid=MUST_OID, sets=must, extra=rules(inside="<g:mandatory>Must</g:mandatory>")),
    }
    text = '[[security_policy]]\nuse = "BRAVO"\n'
    for name, octets in texts.items():
        (root / f"{name}.xml").write_bytes(octets)
        text += f'[[security_policy]]\nfile = "{name}.xml"\n'
        text += f'[clearance.{name}]\npolicy = "{name.upper()}"\nclassifications = ["LOW"]\n'
    text += '[[clearance.day.category]]\ntag = "Day"\nkind = "PERMISSIVE"\nvalues = ["GONE"]\n'
    text += '[[equivalence]]\nfrom_policy = "BRAVO"\nto_policy = "ALPHA"\ndirection = "both"\n'
    text += 'levels = { LIMITED = "RESTRICTED" }\nsigned_off_by = "a"\nsigned_off_on = "2026-01-01"\n'
    return text


def edited(root: Path) -> Callable[[Player, str], str]:
    def edit(player: Player, text: str) -> str:
        if player.nation.node != DEU:
            return text
        own = f'[own]\nclearances = ["{DEU}"'
        assert own in text
        return text.replace(own, own + ', "old", "day", "must"') + more_policy(player.policy_path.parent)

    return edit


def header(label: Label = GOOD) -> Header:
    return Header(
        message_id=str(uuid4()),
        created_at=SystemClock().now(),
        sender=NLD,
        recipients=(DEU,),
        nonce="00" * 16,
        exercise=Exercise.EXERCISE,
        simulation=Simulation.SIMULATED,
        label=label,
    )


async def signed(nodes: Row, message: Message, edit: Callable[[str], str] = same, of: str = "<Header>") -> bytes:
    """The message under the partner's real signature; the first label behind `of` was changed before."""
    made = alliance.draft(message)
    text = made.octets.decode()
    at = text.index(of)
    start = text.index("<Label>", at)
    end = text.index("</Label>", start) + len("</Label>")
    octets = (text[:start] + edit(text[start:end]) + text[end:]).encode()
    return (await nodes.nld.rooms.signer.seal_async(replace(made, octets=octets))).octets


async def check_refused(nodes: Row, octets: bytes, code: str, rule: str) -> None:
    """The answer is a signed refusal; counted, in the ledger, in quarantine; nothing goes anywhere."""
    deu = nodes.deu
    before, leaves, told = deu.counts.messages_refused, len(await events(deu)), len(deu.rooms.picture)
    answer = await pipeline.inbound(deu.rooms, Inbound(octets=octets, partner=NLD, received_at=SystemClock().now()))
    assert not answer.accepted
    receipt = open_receipt(answer.note, ledger_verifier(nodes.players[1]))
    assert (receipt.outcome, receipt.code) == ("REFUSED", code)
    assert receipt.sha256 == sha256(octets).hexdigest()
    assert deu.counts.messages_refused == before + 1
    (leaf,) = [one for one in (await events(deu))[leaves:] if one["ev"] == "refused"]
    assert (leaf["code"], leaf["peer"], leaf["sha256"]) == (code, NLD, receipt.sha256)
    assert receipt.leaf_index == leaf["seq"]
    assert leaf.get("rule", "") == rule
    assert leaf.get("policy", "") == (deu.rooms.desk.policy.digest if rule else "")
    (kept,) = [one for one in await _quarantined(deu) if one.octets == octets]
    assert (kept.code, kept.source) == (code, NLD)
    assert kept.place
    assert kept.cause
    assert rule in kept.cause
    assert len(deu.rooms.picture) == told
    assert deu.counts.messages_relayed == 0
    assert await nodes.sent(deu) == []


async def _quarantined(node: Node) -> list[Quarantined]:
    """What quarantine holds once it has written what it was given."""
    found: list[Quarantined] = []

    async def more() -> bool:
        found[:] = await node.store.quarantined(500)
        return len(found) >= node.counts.messages_refused

    for _ in range(400):
        if await more():
            return found
        await asyncio.sleep(0.01)
    pytest.fail("nothing in quarantine")


async def test_every_wrong_label_is_refused_for_its_reason_and_nothing_of_it_leaves(tmp_path: Path) -> None:
    async with row(tmp_path, edit=edited(tmp_path)) as nodes:
        shown: list[Track] = []
        nodes.deu.rooms.publish = lambda tracks, *_: shown.extend(tracks)
        wrongs: list[str] = []
        for number, (name, wrong) in enumerate(WRONG.items(), 1):
            rule = f"accept.refused.label.{wrong.rule}" if wrong.rule else ""
            one, two = aircraft(2 * number), aircraft(2 * number + 1)
            try:
                octets = await signed(nodes, Message(header=header(), tracks=(one, two)), wrong.edit)
                await check_refused(nodes, octets, wrong.code, rule)
                # the same on one track of two, under a message whose own label is well
                tracks = (one, replace(two, label=OTHER))
                octets = await signed(nodes, Message(header=header(), tracks=tracks), wrong.edit, of="<Track>")
                await check_refused(nodes, octets, wrong.code, rule)
            except AssertionError as error:
                wrongs.append(f"{name}: {error}")
        assert wrongs == []
        low = alpha("RESTRICTED", "XNL", "XDE", "XAT", "XAA")
        octets = await signed(nodes, Message(header=header(low), tracks=(replace(aircraft(900), label=GOOD),)))
        await check_refused(nodes, octets, "POL-033", "accept.refused.label.says-less")
        assert shown == []
        octets = await signed(nodes, Message(header=header(), tracks=(aircraft(901),)))
        assert await nodes.push(nodes.deu, NLD, octets)
        await until(lambda: len(nodes.eu.rooms.picture) == 1)
        await settled(nodes.deu, EU)
        assert nodes.eu.counts.messages_verified == 1
        (relay,) = await nodes.sent(nodes.deu)
        assert read(relay.octets).original == octets
        assert [track.track_id for track in shown] == [aircraft(901).track_id]
