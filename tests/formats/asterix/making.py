"""Records made by item values, decoded with given options: what most tests of the mapping need."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gateway.formats.asterix import CODECS, FORMAT, block
from gateway.stages import Frame
from gateway.track import State, Status, Track

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
STATUS_1 = dict.fromkeys(("MON", "SPI", "MRH", "SRC", "CNF"), 0)
STATUS_2 = dict.fromkeys(("SIM", "TSE", "TSB", "FPC", "AFF", "STP", "KOS"), 0)
STATUS_3 = dict.fromkeys(("AMA", "MD4", "ME", "MI", "MD5"), 0)
STATUS_4 = dict.fromkeys(("CST", "PSR", "SSR", "MDS", "ADS", "SUC", "AAC"), 0)
STATUS_5 = dict.fromkeys(("SDS", "EMS", "PFT", "FPLT"), 0)
STATUS_6 = dict.fromkeys(("DUPT", "DUPF", "DUPM", "SFC", "IDD", "IEC", "MLAT"), 0)
DESCRIPTOR_1 = {"TYP": 5, "SIM": 0, "RDP": 0, "SPI": 0, "RAB": 0}
DESCRIPTOR_2 = {"TST": 0, "ERR": 0, "XPP": 0, "ME": 0, "MI": 0, "FOEFRI": 0}
TRACK_1 = {"CNF": 0, "RAD": 2, "DOU": 0, "MAH": 0, "CDM": 0}
TRACK_2 = {"TRE": 0, "GHO": 0, "SUP": 0, "TCC": 0}
SITE = {"25/201": {"latitude_deg": 43.5, "longitude_deg": 16.25, "altitude_msl_m": 780.0}}


def frame(octets: bytes, received_at: datetime = NOON) -> Frame:
    return Frame(octets=octets, feed="test", source="test", peer="test", received_at=received_at)


def octets_062(items: dict[str, Any]) -> bytes:
    record: dict[str, Any] = {"010": {"SAC": 70, "SIC": 16}, "040": 1473, "070": 43200.0, "080": STATUS_1, **items}
    return CODECS[62].write({name: value for name, value in record.items() if value is not None}, enforce=False)


def octets_048(items: dict[str, Any]) -> bytes:
    record: dict[str, Any] = {
        "010": {"SAC": 25, "SIC": 201}, "140": 43200.0, "020": DESCRIPTOR_1, "161": {"TRN": 3563}, **items,
    }  # fmt: skip
    return CODECS[48].write({name: value for name, value in record.items() if value is not None}, enforce=False)


def decoded(category: int, octets: bytes, received_at: datetime = NOON, **options: Any) -> Track:
    result = FORMAT.decoder(**options).decode(frame(block(category, [octets]), received_at))
    assert not result.problems, [str(problem) for problem in result.problems]
    (track,) = result.tracks
    return track


def track_062(items: dict[str, Any], **options: Any) -> Track:
    return decoded(62, octets_062(items), **options)


def track_048(items: dict[str, Any], **options: Any) -> Track:
    return decoded(48, octets_048(items), **options)


def state(track: Track) -> State:
    assert track.state is not None
    return track.state


def status(track: Track) -> Status:
    assert track.status is not None
    return track.status


def names(track: Track) -> list[tuple[str, str, str | None]]:
    return [(i.scheme, i.value, i.quality) for i in track.identifiers]


def lost(track: Track) -> list[str]:
    assert {loss.reason for loss in track.provenance[0].losses} <= {"NOT_MODELLED"}
    return [loss.field for loss in track.provenance[0].losses]
