"""ASTERIX datagrams to complete canonical tracks, and back."""

from __future__ import annotations

from collections.abc import Callable

import asterix.base as base
import asterix.generated as generated
from msgspec import Struct

from gateway.formats.registry import find
from gateway.stages import Frame
from gateway.track import Track
from tests.bench import corpora, peers
from tests.bench.harness import Peer, Row, Target, Work, rates

UAPS = {48: generated.Cat_048_1_32, 62: generated.Cat_062_1_21}
LIBASTERIX_RECORDS = 2_000
Parts = list[tuple[Callable[..., object], dict[str, object]]]


def run(*, quick: bool) -> list[Row]:
    """Two rows of decoding, two of encoding."""
    count = 2_000 if quick else 20_000
    return [
        *_category("CAT048", *corpora.cat048(count), {"node": "nld-1", "sites": _sites(), "dedupe": False}),
        *_category("CAT062", *corpora.cat062(2_000 if quick else 40_000), {"node": "nld-1", "dedupe": False}),
    ]


def _sites() -> dict[str, object]:
    """A site for each radar, so that every plot gets its position: the dearest way through the decoder."""
    site = {"latitude_deg": 43.571026, "longitude_deg": 16.406064, "altitude_msl_m": 780.0}
    return {**corpora.SITES, "25/12": site, "25/201": site}


def _category(name: str, origin: str, frames: tuple[Frame, ...], options: dict[str, object]) -> list[Row]:
    form = find("asterix")

    def decode() -> int:
        decoder = form.decoder(**options)
        return sum(len(decoder.decode(one).tracks) for one in frames)

    tracks = corpora.decoded("asterix", frames, **options)
    assert tracks, "the corpus decodes"
    octets = [one.octets for one in frames]
    works: dict[str, Work] = {"ours": decode, "floor": _construction(tracks[:2_000])}
    works["libasterix"] = _libasterix(octets[:LIBASTERIX_RECORDS])
    category = int(name[3:])
    if category == 62:
        works["encode"] = lambda: _encode(tracks, frames[0])
    else:
        works["encode"] = lambda: _encode(tracks, frames[0], category=48)
    measured = rates(works)
    decoding = Row(
        stage=f"{name} decode",
        value=measured["ours"],
        unit="tracks/s",
        floor=measured["floor"],
        floor_name="constructing the same tracks",
        peers=(
            peers.measure("asterix-decoder", "asterix-decoder", octets),
            Peer(name="libasterix", value=measured["libasterix"]),
            peers.measure("synapse-cdm", f"synapse-0{category}", octets[:LIBASTERIX_RECORDS]),
        ),
        target=Target(value=1.0, of="peer", peer="asterix-decoder"),
        note=f"{origin}; complete tracks with provenance and raw octets, the peers stop at dictionaries or items",
    )
    encoding = Row(stage=f"{name} encode", value=measured["encode"], unit="tracks/s", note="the same tracks")
    return [decoding, encoding]


def _encode(tracks: list[Track], first: Frame, **options: object) -> int:
    encoder = find("asterix").encoder(**options)
    problems = 0
    for start in range(0, len(tracks), 500):
        problems += len(encoder.encode(tracks[start : start + 500], first.received_at).problems)
    return len(tracks) - problems


def _libasterix(blocks: list[bytes]) -> Work:
    def parse() -> int:
        records = 0
        for block in blocks:
            (raw,) = base.RawDatablock.parse(base.Bits.from_bytes(block))
            parsed = UAPS[block[0]].cv_uap.parse(raw.get_raw_records())
            records += 1 if isinstance(parsed, ValueError) else len(parsed)
        return records

    return parse


def _construction(tracks: list[Track]) -> Work:
    """Nothing but the constructors that these very tracks need, inside out."""
    plans = [_parts(track) for track in tracks]

    def construct() -> int:
        for parts in plans:
            for make, fields in parts:
                make(**fields)
        return len(plans)

    return construct


def _parts(value: object) -> Parts:
    parts: Parts = []
    if isinstance(value, Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        defaults = dict(zip(reversed(value.__struct_fields__), reversed(value.__struct_defaults__), strict=False))
        given = {name: one for name, one in fields.items() if name not in defaults or one != defaults[name]}
        if type(value).__name__ not in _SHARED:
            for one in given.values():
                parts += _parts(one)
            parts.append((type(value), given))
    elif isinstance(value, tuple):
        for one in value:
            parts += _parts(one)
    return parts


_SHARED = {"Provenance", "Source", "Status"}
"""Equal for many tracks: a decoder makes them once."""
