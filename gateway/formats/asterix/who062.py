"""Who, what and how it fares, as CAT062 items: few distinct values, so each is written once and remembered."""

from __future__ import annotations

from msgspec import Struct

from gateway.formats.asterix import draft, facts062
from gateway.formats.asterix.draft import NO_CODE, NO_TARGET, OUT_OF_RANGE, ROUNDED, TRUNCATED, Draft
from gateway.formats.asterix.memo import Memo
from gateway.symbols import from_emitter_category, to_emitter_category
from gateway.track import Classification, Environment, Identifier, Loss, Status

CODES = {answer: code for code, answer in facts062.ANSWERS.items()}
EMERGENCY_CODES = {name: code for code, name in facts062.EMERGENCIES.items()}
MARKS = (("NOT_VALIDATED", 0x8000), ("GARBLED", 0x4000), ("CHANGED", 0x2000))


class Who(Struct, frozen=True, gc=False):
    """Identifying items, made once per set of identifiers."""

    mode_3a: bytes
    identification: bytes
    address: bytes
    callsign: bytes
    flight_plan: bytes
    mode_5: bytes
    mode_2: bytes
    composed: bytes
    losses: tuple[Loss, ...]


class _Names:
    """Takes the identifiers of a track one by one."""

    def __init__(self) -> None:
        self.out = Draft()
        self.items: dict[str, bytes] = {}
        self.mode_5: dict[str, int] = {}
        self.composed: list[int] = []

    def take(self, identifier: Identifier) -> None:
        """Put it where the category has a place for it, or note the loss."""
        scheme = identifier.scheme
        octets: bytes | None = None
        plain = True
        if scheme in self.items and scheme != "callsign":
            plain = False
        elif scheme == "mode3a":
            octets, plain = self._mode(
                identifier, (("NOT_VALIDATED", 0x8000), ("GARBLED", 0x4000), ("CHANGED", 0x2000))
            )
        elif scheme == "mode2":
            octets, plain = self._mode(identifier, ())
        elif scheme == "mode1":
            octets, plain = self._mode_1(identifier)
        elif scheme == "icao24":
            octets = draft.address(identifier)
        elif scheme in ("callsign", "registration"):
            octets = self._text(identifier)
        elif scheme == "flight_plan":
            octets, changed = draft.ascii_field(identifier.value, 7)
            if changed:
                self.out.lose("identifiers.flight_plan", TRUNCATED)
        elif scheme.startswith("mode5_") or scheme == "composed_track":
            self._number(identifier)
            return
        else:
            self.out.lose(f"identifiers.{scheme}", NO_TARGET)
            return
        if octets is None:
            self.out.lose(f"identifiers.{scheme}", OUT_OF_RANGE if plain else NO_TARGET)
        elif octets:
            self.items[scheme] = octets
            if not plain:
                self.out.lose(f"identifiers.{scheme}.quality", NO_TARGET)

    @staticmethod
    def _mode(identifier: Identifier, bits: tuple[tuple[str, int], ...]) -> tuple[bytes | None, bool]:
        code = draft.octal_code(identifier)
        if code is None:
            return None, True
        flags, unknown = draft.marked(identifier, bits)
        return (flags | code).to_bytes(2, "big"), not unknown

    def _mode_1(self, identifier: Identifier) -> tuple[bytes | None, bool]:
        """Extended Mode 1 has four digits; a plain two-digit one fills the first two."""
        code = draft.octal_code(identifier)
        if code is None and (code := draft.octal_code(identifier, 2)) is not None:
            code <<= 6
            self.out.lose("identifiers.mode1", ROUNDED)
        return (code.to_bytes(2, "big") if code is not None else None), identifier.quality is None

    def _text(self, identifier: Identifier) -> bytes:
        """Downlinked call signs stand in I062/380 ID (empty return: taken), others in I062/245."""
        raw, changed = draft.icao(identifier.value)
        if changed:
            self.out.lose(f"identifiers.{identifier.scheme}", TRUNCATED)
        text = raw.to_bytes(6, "big")
        sti = 2 if identifier.scheme == "registration" else 1 if identifier.quality == "NOT_DOWNLINKED" else 0
        place = "245" if sti else "callsign"
        if place in self.items:
            self.out.lose(f"identifiers.{identifier.scheme}", NO_TARGET)
        elif not text.strip(b"\x82\x08 "):
            return b""
        else:
            self.items[place] = bytes([sti << 6]) + text if sti else text
        return b""

    def _number(self, identifier: Identifier) -> None:
        first, _, second = identifier.value.partition("/")
        highest = {"mode5_pin": 0x3FFF, "mode5_nation": 0x1F, "mode5_mission": 0x3F}.get(identifier.scheme)
        if highest is not None and first.isdecimal() and int(first) <= highest and not second:
            self.mode_5[identifier.scheme] = int(first)
        elif highest is None and first.isdecimal() and second.isdecimal() and int(first) < 256 and int(second) < 32768:
            self.composed.append(int(first) << 16 | int(second) << 1)
        else:
            self.out.lose(f"identifiers.{identifier.scheme}", OUT_OF_RANGE)

    def who(self) -> Who:
        """The items."""
        numbers = self.mode_5
        reports = Draft()
        if numbers:
            raw = numbers.get("mode5_pin", 0) << 16 | numbers.get("mode5_nation", 0) << 8
            reports.add(1, (raw | numbers.get("mode5_mission", 0)).to_bytes(4, "big"))
        reports.add(4, self.items.get("mode1", b""))
        chain = [raw | (index + 1 < len(self.composed)) for index, raw in enumerate(self.composed)]
        return Who(
            mode_3a=self.items.get("mode3a", b""),
            identification=self.items.get("245", b""),
            address=self.items.get("icao24", b""),
            callsign=self.items.get("callsign", b""),
            flight_plan=self.items.get("flight_plan", b""),
            mode_5=reports.record(),
            mode_2=self.items.get("mode2", b""),
            composed=b"".join(raw.to_bytes(3, "big") for raw in chain),
            losses=tuple(self.out.losses),
        )


def _who(identifiers: tuple[Identifier, ...]) -> Who:
    names = _Names()
    for identifier in identifiers:
        names.take(identifier)
    return names.who()


class Kind(Struct, frozen=True, gc=False):
    """What the object is, as items."""

    emitter: bytes
    aircraft_type: bytes
    fleet: bytes
    losses: tuple[Loss, ...]


def _kind(key: tuple[tuple[Classification, ...], str | None, Environment]) -> Kind:
    classifications, platform, environment = key
    out = Draft()
    emitter = aircraft_type = fleet = b""
    for answer in classifications:
        code = int(answer.type) if answer.type.isascii() and answer.type.isdecimal() and len(answer.type) < 4 else 256
        if answer.scheme == facts062.EMITTER_SCHEME and not emitter and code < 256:
            emitter = bytes([code])
        elif answer.scheme == facts062.FLEET_SCHEME and not fleet and code < 256:
            fleet = bytes([code])
        elif answer.scheme == facts062.TYPE_SCHEME and not aircraft_type:
            aircraft_type, changed = draft.ascii_field(answer.type, 4)
            if changed:
                out.lose("classifications", TRUNCATED)
        else:
            out.lose("classifications", NO_TARGET)
        if answer.confidence_pct is not None:
            out.lose("classifications.confidence_pct", NO_TARGET)
    said = from_emitter_category(emitter[0], scheme="062") if emitter else None
    if said is None and not fleet:
        category, losses = to_emitter_category(environment=environment, platform=platform, scheme="062")
        if category is not None:
            emitter, said = bytes([category]), from_emitter_category(category, scheme="062")
        out.losses += [loss for loss in losses if loss.field == "platform"]
    elif platform is not None and platform != ("GROUND_VEHICLE" if fleet else said.platform if said else None):
        out.lose("platform", NO_CODE)
    ground = bool(fleet) or (said is not None and said.environment is Environment.LAND)
    if environment is not Environment.UNKNOWN and environment is not (Environment.LAND if ground else Environment.AIR):
        out.lose("environment", NO_CODE)
    return Kind(emitter, aircraft_type, fleet, tuple(out.losses))


class Flags(Struct, frozen=True, gc=False):
    """I062/080 with what it could not say."""

    octets: bytes
    losses: tuple[Loss, ...]


def _flags(key: tuple[Status | None, bool, bool]) -> Flags:
    """I062/080 from the status, whether this is the first report to the consumer, and whether only HAE is known."""
    status, begun, geometric = key
    out = Draft()
    s = status if status is not None else Status()
    octets = bytearray(6)
    octets[0] = (
        0x80 * (s.mono_sensor is True) | 0x40 * (s.spi is True) | 0x20 * geometric | 0x02 * (s.confirmed is False)
    )
    octets[1] = 0x80 * (s.simulated is True) | 0x40 * (s.ended is True) | 0x20 * begun
    octets[2] = 0x80 * (s.amalgamated is True) | 0x10 * (s.military_emergency is True)
    for answer, shift, name in ((s.iff_mode4, 5, "status.iff_mode4"), (s.iff_mode5, 1, "status.iff_mode5")):
        if answer is not None and answer not in CODES:
            out.lose(name, NO_CODE)
        octets[2] |= CODES.get(answer or "", 0) << shift
    octets[3] = 0x80 * (s.coasted is True)
    if s.emergency is not None and s.emergency not in EMERGENCY_CODES:
        out.lose("status.emergency", NO_CODE)
    octets[4] = EMERGENCY_CODES.get(s.emergency or "", 0) << 3 | 0x04 * (s.ghost is True)
    octets[5] = 0x10 * (s.on_ground is True)
    if s.test:
        out.lose("status.test", NO_TARGET)
    if s.on_ground is False:
        out.lose("status.on_ground", NO_CODE)
    said = (
        True,
        True,  # TSB
        any(octets[2:3]) or s.amalgamated is not None or s.military_emergency is not None,
        s.coasted is not None,
        bool(octets[4]) or s.ghost is not None,
        bool(octets[5]),
    )
    last = max(place for place, there in enumerate(said) if there)
    for place in range(last):
        octets[place] |= 1
    return Flags(bytes(octets[: last + 1]), tuple(out.losses))


whos = Memo(_who, 16384)
kinds = Memo(_kind)
flags = Memo(_flags)
