"""Who is a partner, by which key; and the room's catalogue."""

from __future__ import annotations

import ast
import contextlib
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

import gateway.links
from gateway.errors import LedgerError, LinkError
from gateway.ledger.note import Verifier
from gateway.ledger.receipt import open_receipt
from gateway.links import Partner, PartnerBook, codes, events, read_peer
from gateway.links.client import public_code
from gateway.links.faults import fault_of_status
from gateway.links.partners import check_partner
from gateway.links.receipts import check_receipt
from gateway.links.state import LinkFaultError
from gateway.links.tiles import tile_path
from gateway.stages import Recorded
from tests.links.pki import Authority, now
from tests.simulators.notes import NoteKey
from tests.simulators.outbox import sealed

KEY = NoteKey("deu-1.example/audit/1")


def partner(name: str = "deu-1", *pins: str, url: str = "https://deu-1.example:8443") -> Partner:
    return Partner(name=name, url=url, tls_pins=pins, ledger_vkeys=(KEY.vkey,))


def test_a_pin_is_the_digest_of_the_public_key_and_survives_a_renewed_certificate(tmp_path: Path) -> None:
    leaf = Authority("alliance", tmp_path).issue("deu-1")
    peer = read_peer(leaf.certificate.public_bytes(Encoding.DER))
    assert (peer.pin, peer.subject) == (leaf.pin, "CN=deu-1")
    book = PartnerBook([partner("deu-1", "00" * 32, leaf.pin)])
    found = book.of_peer(leaf.certificate.public_bytes(Encoding.DER), now())
    assert found is not None
    assert found.name == "deu-1"
    assert "deu-1" in book
    assert book["deu-1"] is found


def test_nobody_and_a_certificate_outside_its_validity_are_strangers(tmp_path: Path) -> None:
    leaf = Authority("alliance", tmp_path).issue("deu-1")
    der = leaf.certificate.public_bytes(Encoding.DER)
    book = PartnerBook([partner("deu-1", leaf.pin)])
    assert book.of_peer(None, now()) is None
    assert book.of_peer(b"not a certificate", now()) is None
    assert book.of_peer(der, now() + timedelta(days=8)) is None
    assert book.of_peer(der, now() - timedelta(days=8)) is None
    book.replace([])
    assert book.of_peer(der, now()) is None


def test_a_certificate_that_cannot_be_read_is_an_error_of_ours() -> None:
    with pytest.raises(LinkError) as caught:
        read_peer(b"not a certificate")
    assert caught.value.code is codes.THEIR_CERTIFICATE


def test_remembers_a_bounded_number_of_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.links.partners._MAX_REMEMBERED", 2)
    authority = Authority("alliance", tmp_path)
    leaves = [authority.issue("deu-1") for _ in range(5)]
    book = PartnerBook([partner("deu-1", *(leaf.pin for leaf in leaves))])
    for leaf in leaves * 2:
        assert book.of_peer(leaf.certificate.public_bytes(Encoding.DER), now()) is not None


def test_two_partners_with_one_key_are_refused_and_the_former_book_stays() -> None:
    book = PartnerBook([partner("deu-1", "aa" * 32)])
    with pytest.raises(LinkError) as caught:
        book.replace([partner("deu-1", "bb" * 32), partner("fra-1", "bb" * 32)])
    assert caught.value.code is codes.PIN_SHARED
    assert book["deu-1"].tls_pins == ("aa" * 32,)


@pytest.mark.parametrize("pin", ["", "aa", "AA" * 32, "zz" * 32, "sha256:" + "aa" * 32, "aa" * 33])
def test_refuses_a_pin_that_is_no_digest(pin: str) -> None:
    with pytest.raises(LinkError) as caught:
        check_partner(partner("deu-1", pin))
    assert caught.value.code is codes.PIN_INVALID


@pytest.mark.parametrize(
    "url",
    [
        "http://deu-1.example:8443",
        "https://deu-1.example",
        "https://:8443",
        "https://deu-1.example:port",
        "https://deu-1.example:8443/path",
        "https://deu-1.example:8443?query",
        "https://user@deu-1.example:8443",
        "deu-1.example:8443",
    ],
)
def test_refuses_an_address_that_is_no_origin(url: str) -> None:
    with pytest.raises(LinkError) as caught:
        check_partner(partner("deu-1", url=url))
    assert caught.value.code is codes.ADDRESS_INVALID


def test_refuses_a_ledger_key_that_is_none() -> None:
    with pytest.raises(LedgerError):
        check_partner(Partner(name="deu-1", url="https://a:1", tls_pins=(), ledger_vkeys=("nonsense",)))


def _recorded() -> Recorded:
    return Recorded(seq=1, leaf_index=1, recorded_at=now(), message=sealed(1, "deu-1"))


def _note(recorded: Recorded, **changes: str) -> bytes:
    fields = {
        "node": "deu-1",
        "origin": "nld-1",
        "message_id": recorded.message.message_id,
        "sha256": recorded.message.sha256,
        "outcome": "ACCEPTED",
        "code": "",
    } | changes
    return KEY.receipt(**fields, leaf=7, time=now())


@pytest.mark.parametrize(
    ("status", "changes"),
    [
        (200, {"node": "fra-1"}),
        (200, {"origin": "bel-1"}),
        (200, {"message_id": "another"}),
        (200, {"message_id": "-"}),
        (200, {"sha256": "00" * 32}),
        (200, {"outcome": "REFUSED", "code": "X-1"}),
        (422, {}),
        (422, {"outcome": "REFUSED", "code": "X-1", "sha256": "00" * 32, "message_id": "-"}),
    ],
)
def test_a_receipt_of_something_else_proves_nothing(status: int, changes: dict[str, str]) -> None:
    recorded = _recorded()
    with pytest.raises(LinkFaultError) as caught:
        _check(_note(recorded, **changes), status, recorded)
    assert caught.value.code is codes.RECEIPT_OTHER


def test_a_refusal_of_what_could_not_be_read_is_known_by_its_digest() -> None:
    recorded = _recorded()
    delivery = _check(_note(recorded, outcome="REFUSED", code="ALX-001", message_id="-"), 422, recorded)
    assert (str(delivery.receipt.outcome), delivery.receipt.code) == ("REFUSED", "ALX-001")


def test_every_flipped_bit_of_a_receipt_makes_it_worthless() -> None:
    recorded = _recorded()
    note = _note(recorded)
    _check(note, 200, recorded)
    for place in range(len(note)):
        spoilt = note[:place] + bytes((note[place] ^ 1,)) + note[place + 1 :]
        with pytest.raises(LinkFaultError):
            _check(spoilt, 200, recorded)


@given(octets=st.binary(max_size=600), place=st.integers(0, 600))
@settings(max_examples=200, deadline=None)
def test_no_answer_of_a_partner_raises_anything_but_a_fault(octets: bytes, place: int) -> None:
    recorded = _recorded()
    note = _note(recorded)
    for answer in (octets, note[:place] + octets + note[place:], note[:place]):
        with contextlib.suppress(LinkFaultError):
            assert _check(answer, 200, recorded).receipt.sha256 == recorded.message.sha256
    text = octets.decode("latin-1")
    fault = fault_of_status(place, place="deu-1", retry_after=text, public_code="", now=now())
    assert fault.retry_after_s is None or fault.retry_after_s >= 0
    assert public_code(octets).isascii()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"code":"LINK-037"}', "LINK-037"),
        (b'{"code":37}', ""),
        (b'{"code":"' + b"x" * 17 + b'"}', ""),
        (b'{"code":"\\u001b[31m"}', ""),
        (b"[" * 60_000, ""),
        (b'["code"]', ""),
        (b"\xff", ""),
    ],
)
def test_a_partners_code_is_shown_only_if_it_looks_like_one(body: bytes, code: str) -> None:
    assert public_code(body) == code


def _check(note: bytes, status: int, recorded: Recorded):  # type: ignore[no-untyped-def]  # a Delivery
    keys = [Verifier.parse(KEY.vkey)]
    return check_receipt(note, status, recorded=recorded, partner="deu-1", keys=keys, open_receipt=open_receipt)


@pytest.mark.parametrize(
    ("name", "is_tile"),
    [
        ("0/000", True),
        ("63/x001/x234/067", True),
        ("entries/x001/067.p/255", True),
        ("0/000.p/1", True),
        ("0/000.p/0", False),
        ("0/000.p/256", False),
        ("0/000.p/01", False),
        ("64/000", False),
        ("00/000", False),
        ("0/x001", False),
        ("0/1000", False),
        ("0/000/", False),
        ("0/../000", False),
        ("0/000\n", False),
        ("entries", False),
        ("", False),
    ],
)
def test_only_names_of_tiles_reach_the_file_system(tmp_path: Path, name: str, is_tile: bool) -> None:
    assert (tile_path(tmp_path, name) == tmp_path / "tile" / name) is is_tile
    assert (tile_path(tmp_path, name) is None) is not is_tile


def test_codes_are_unique_and_each_says_what_to_do() -> None:
    assert len({code.id for code in codes.CODES}) == len(codes.CODES)
    for code in codes.CODES:
        assert code.id.startswith("LINK-")
        assert code.title
        assert code.remedy
        assert not code.title.endswith(".")
    declared = {value for value in vars(codes).values() if isinstance(value, codes.Code)}
    assert declared == set(codes.CODES)


def test_every_logged_event_is_in_the_catalogue_and_every_entry_is_logged() -> None:
    directory = Path(gateway.links.__file__).parent
    used: set[str] = set()
    for path in directory.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "events":
                used.add(getattr(events, node.attr))
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("info", "warning")
            ):
                assert not isinstance(node.args[0], ast.Constant | ast.JoinedStr), f"{path.name} logs a literal"
    assert used == set(events.EVENTS)
