"""Hypothesis strategies for tracks and messages of every shape, with values on the grid of the alliance schema.

On the grid means that rendering rounds nothing, so ``read(render(message)) == message`` holds exactly.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec.structs import replace

from gateway.stages import Derivation, Exercise, Header, Hop, Message, Retraction, Simulation
from gateway.track import (
    Accuracy,
    Classification,
    Covariance,
    Dimensions,
    Environment,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Label,
    Loss,
    Operator,
    Polar,
    Position,
    Provenance,
    RawRecord,
    Relation,
    Source,
    State,
    Status,
    Track,
)

NODES = ("nld", "deu-1", "eu.border:8443", "NATO/ACC")


def grid(
    low: int, high: int, digits: int, *, below_high: bool = False, above_low: bool = False
) -> SearchStrategy[float]:
    """Floats that stand for a decimal of at most `digits` fractional digits."""
    scale = 10**digits
    bounds = st.integers(low * scale + above_low, high * scale - below_high)
    return bounds.map(lambda n: float(f"{n // scale}.{n % scale:0{digits}d}") if n >= 0 else -_split(-n, scale, digits))


def _split(n: int, scale: int, digits: int) -> float:
    return float(f"{n // scale}.{n % scale:0{digits}d}")


def maybe(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """`values`, or absent."""
    return st.none() | values


_XML_CHARACTERS = st.characters(
    exclude_categories=("Cs",),
    exclude_characters=[chr(c) for c in range(32) if c not in (9, 10, 13)] + ["\ufffe", "\uffff"],
)
_NASTY = st.sampled_from(
    ["<Track>", "</Track>", "&amp;", "&", "]]>", "<!--", "-->", "<?x?>", "\r\n", "\t", " ", "  a  ", "xmlns", "'\"",
     "𝕋🛩", "<Extensions>", "&#xD;", "\x85\u2028", "<State>", "</Provenance>", "\u0000"[1:] + "Zażółć"]
)  # fmt: skip


def texts(longest: int = 40) -> SearchStrategy[str]:
    """Non-empty text that XML can carry, markup and white space included."""
    plain = st.text(_XML_CHARACTERS, min_size=1, max_size=longest)
    return plain | st.lists(_NASTY, min_size=1, max_size=3).map("".join)


def codes() -> SearchStrategy[str]:
    """Open codes, registered in form and national."""
    known = st.sampled_from(
        ["UAV", "FIXED_WING", "NO_TARGET", "A", "MEASURED", "EN", "A2345678901234567890123456789012345678_9"]
    )
    return known | st.sampled_from(["x-nld:Code_1.2-b", "x-eu1:a"])


def uuids() -> SearchStrategy[str]:
    """Lower-case UUIDs."""
    return st.integers(0, 2**128 - 1).map(lambda n: str(UUID(int=n)))


def instants() -> SearchStrategy[datetime]:
    """Aware UTC times of the years 1 to 9999."""
    return st.datetimes().map(lambda t: t.replace(tzinfo=UTC))


def positions() -> SearchStrategy[Position]:
    """Points, the poles and the antimeridian (as 180) included."""
    return st.builds(Position, grid(-90, 90, 8), grid(-180, 180, 8, above_low=True))


metres = grid(-1_000_000_000, 1_000_000_000, 3)
lengths = grid(0, 1_000_000_000, 3)
bearings = grid(0, 360, 4, below_high=True)
speeds = grid(0, 1_000_000, 4)
rates = grid(-1_000_000, 1_000_000, 4)
percents = grid(0, 100, 4)


def identifiers() -> SearchStrategy[Identifier]:
    schemes = st.sampled_from(["system_track", "icao24", "mode3a", "callsign", "cot_uid", "x-nld:hull"])
    return st.builds(Identifier, schemes, texts(), maybe(codes()))


def statuses() -> SearchStrategy[Status]:
    fact = maybe(st.booleans())
    return st.builds(
        Status, confirmed=fact, coasted=fact, started=fact, ended=fact, simulated=fact, test=fact,
        exercise=fact,
        emergency=maybe(codes()), spi=fact, on_ground=fact, military_emergency=fact, mono_sensor=fact, amalgamated=fact,
        ghost=fact, iff_mode4=maybe(codes()), iff_mode5=maybe(codes()),
    )  # fmt: skip


def identities() -> SearchStrategy[IdentityGroup]:
    return st.builds(
        IdentityGroup,
        value=st.sampled_from(Identity),
        amplification=maybe(codes()),
        confidence_pct=maybe(percents),
        assigned_by=maybe(texts()),
        assigned_at=maybe(instants()),
    )


def classifications() -> SearchStrategy[Classification]:
    return st.builds(
        Classification, type=texts(), confidence_pct=maybe(percents), scheme=maybe(codes()), level=st.integers(1, 20)
    )


def polars() -> SearchStrategy[Polar]:
    return st.builds(
        Polar,
        sensor=texts(),
        sensor_position=maybe(positions()),
        sensor_altitude_msl_m=maybe(metres),
        sensor_altitude_hae_m=maybe(metres),
        range_m=maybe(lengths),
        azimuth_deg=maybe(bearings),
        elevation_deg=maybe(grid(-90, 90, 4)),
        range_rate_mps=maybe(rates),
        north=maybe(codes()),
        correction=maybe(codes()),
        reach_m=maybe(lengths),
        range_95_m=maybe(lengths),
        azimuth_95_deg=maybe(grid(0, 180, 4)),
        elevation_95_deg=maybe(grid(0, 180, 4)),
    )


def accuracies() -> SearchStrategy[Accuracy]:
    return st.builds(
        Accuracy,
        horizontal_95_m=maybe(lengths),
        vertical_95_m=maybe(lengths),
        course_95_deg=maybe(grid(0, 180, 4)),
        speed_95_mps=maybe(speeds),
        basis=maybe(codes()),
    )


def covariances() -> SearchStrategy[Covariance]:
    terms = st.lists(grid(-(10**15), 10**15, 9), min_size=1, max_size=6)
    return st.builds(Covariance, codes(), terms.map(tuple))


def states() -> SearchStrategy[State]:
    """States with any of their parts: positions, bearings only, or nothing but a time."""
    return st.builds(
        State,
        time=instants(),
        time_quality=maybe(codes()),
        date_basis=maybe(codes()),
        received_at=maybe(instants()),
        sent_at=maybe(instants()),
        stale_at=maybe(instants()),
        position=maybe(positions()),
        altitude_hae_m=maybe(metres),
        altitude_msl_m=maybe(metres),
        altitude_baro_m=maybe(metres),
        altitude_qnh_m=maybe(metres),
        height_agl_m=maybe(metres),
        height_takeoff_m=maybe(metres),
        altitude_quality=maybe(codes()),
        course_deg=maybe(bearings),
        ground_speed_mps=maybe(speeds),
        vertical_rate_mps=maybe(rates),
        heading_deg=maybe(bearings),
        magnetic_heading_deg=maybe(bearings),
        turn_rate_degps=maybe(grid(-10_000, 10_000, 4)),
        acceleration_east_mps2=maybe(grid(-100_000, 100_000, 4)),
        acceleration_north_mps2=maybe(grid(-100_000, 100_000, 4)),
        indicated_airspeed_mps=maybe(speeds),
        true_airspeed_mps=maybe(speeds),
        mach=maybe(grid(0, 1_000, 4)),
        accuracy=maybe(accuracies()),
        covariance=maybe(covariances()),
        polar=maybe(polars()),
    )


def operators() -> SearchStrategy[Operator]:
    """Personal data: who flies it, and from where."""
    return st.builds(
        Operator,
        identifier=maybe(texts()),
        position=maybe(positions()),
        altitude_hae_m=maybe(metres),
        basis=maybe(codes()),
        time=maybe(instants()),
    )


def sources() -> SearchStrategy[Source]:
    """Sources in which equal ids mean equal sources, as within one message."""

    def make(n: int) -> Source:
        return Source(
            id=f"src-{n}",
            name=("radar <n> & co", "SDPS", " spaced ")[n % 3],
            modality=(None, "RADAR", "x-nld:rf")[n % 3],
            nation=(None, "NLD")[n % 2],
        )

    return st.integers(0, 11).map(make)


def labels(*, with_extensions: bool = True) -> SearchStrategy[Label]:
    """Confidentiality labels that a message can carry, with what stands beside them."""
    from tests.labels.strategies import labels_with_others, plain_labels

    def beside(label: Label, tlp: str | None, purpose: str | None) -> Label:
        return replace(label, tlp=tlp, purpose=purpose)

    every = plain_labels() | plain_labels() | labels_with_others().map(lambda x: x if with_extensions else bare(x))
    return st.builds(beside, every, maybe(st.sampled_from(["RED", "AMBER_STRICT", "CLEAR"])), maybe(codes()))


def bare(label: Label) -> Label:
    """The label without foreign elements, also in those that belong to it."""
    successor = label.successor
    return replace(
        label,
        extensions=(),
        alternatives=tuple([bare(other) for other in label.alternatives]),
        metadata=None if label.metadata is None else bare(label.metadata),
        successor=None if successor is None else replace(successor, label=bare(successor.label)),
    )


def provenances() -> SearchStrategy[Provenance]:
    losses = st.lists(st.builds(Loss, texts(), codes()), max_size=3).map(tuple)
    return st.builds(
        Provenance,
        gateway=st.sampled_from(NODES),
        input_format=codes(),
        mapping_id=texts(),
        mapping_hash=maybe(st.integers(0, 2**256 - 1).map(lambda n: f"{n:064x}")),
        input_message_id=maybe(texts()),
        losses=losses,
    )


_OURS = 'xmlns="urn:alliance:track-exchange:1"'
EXTENSIONS = tuple(
    [
        Extension(namespace, name, xml)
        for namespace, name, xml in (
            ("urn:x", "a", '<a xmlns="urn:x"></a>'),
            ("urn:x", "a", '<p:a xmlns:p="urn:x"></p:a>'),
            ("urn:x", "a", '<p:a xmlns:p="urn:x"><b><c xmlns="urn:y"><d xmlns=""></d></c></b><b></b></p:a>'),
            ("urn:x", "a", '<a xmlns="urn:x"><b xmlns=""><p:c xmlns:p="urn:x"><d></d></p:c></b></a>'),
            ("urn:x", "a", f'<p:a xmlns:p="urn:x"><Track {_OURS}><TrackId></TrackId></Track></p:a>'),
            (
                "urn:x",
                "a",
                (
                    '<p:a xmlns:p="urn:x" y="a>b&quot;&#xA;" p:z="1"><t:u xmlns:t="urn:alliance:track-exchange:1">'
                    f'<Track {_OURS}><n xmlns=""></n></Track></t:u>&lt;x&gt;</p:a>'
                ),
            ),
            ("urn:deu", "Note", '<Note xmlns="urn:deu" xml:lang="de">Grüße\n &amp; &#xD;</Note>'),
            ("urn:x", "Extensions", '<Extensions xmlns="urn:x"><Extensions></Extensions></Extensions>'),
        )
    ]
)


def extensions() -> SearchStrategy[Extension]:
    """Foreign elements in exclusive canonical form, with every relation to the alliance namespace."""
    return st.sampled_from(EXTENSIONS)


def tracks(*, with_extensions: bool = True) -> SearchStrategy[Track]:
    """Tracks of every shape, each with a `track_id`."""

    def some(items: SearchStrategy[Any], most: int = 3) -> SearchStrategy[Any]:
        return st.just(()) | st.lists(items, min_size=1, max_size=most).map(tuple)

    relation = st.builds(Relation, codes(), st.lists(uuids(), min_size=1, max_size=3).map(tuple))
    return st.builds(
        Track,
        track_id=uuids(),
        identifiers=some(identifiers()),
        environment=st.sampled_from(Environment),
        identity=maybe(identities()),
        platform=maybe(codes()),
        name=maybe(texts()),
        remarks=maybe(texts(200)),
        classifications=some(classifications()),
        dimensions=maybe(
            st.builds(Dimensions, length_m=maybe(lengths), width_m=maybe(lengths), height_m=maybe(lengths))
        ),
        detection_confidence_pct=maybe(percents),
        operator=maybe(operators()),
        status=maybe(statuses()),
        state=maybe(states()),
        sources=some(sources()),
        relations=some(relation, 2),
        provenance=some(provenances(), 2),
        label=maybe(labels(with_extensions=with_extensions)),
        raw=maybe(st.builds(RawRecord, codes(), st.binary(max_size=120))),
        extensions=some(extensions()) if with_extensions else st.just(()),
    )


def derivations() -> SearchStrategy[Derivation]:
    """What a message is made from, with changes."""
    digests = st.integers(0, 2**256 - 1).map(lambda n: f"{n:064x}")
    return st.builds(
        Derivation, origin=st.sampled_from(NODES), message_id=uuids(), sha256=digests, redacted=st.just(True)
    )


def relays() -> SearchStrategy[Message]:
    """Messages that pass another gateway's on, whole."""

    def carry(message: Message, derived: Derivation, octets: bytes) -> Message:
        announced = replace(derived, sha256=sha256(octets).hexdigest(), redacted=False)
        header = replace(message.header, derived=announced)
        return replace(message, header=header, tracks=(), retractions=(), original=octets)

    return st.builds(carry, messages(most_tracks=0), derivations(), st.binary(max_size=200))


def headers(*, with_extensions: bool = True) -> SearchStrategy[Header]:
    """Headers of messages."""
    return st.builds(
        Header,
        message_id=uuids(),
        created_at=instants(),
        sender=st.sampled_from(NODES),
        recipients=st.lists(st.sampled_from(NODES), max_size=3).map(tuple),
        release_group=maybe(st.sampled_from(NODES)),
        nonce=st.integers(0, 2**128 - 1).map(lambda n: f"{n:032x}"),
        exercise=st.sampled_from(Exercise),
        simulation=st.sampled_from(Simulation),
        label=labels(with_extensions=with_extensions),
        rule=maybe(st.sampled_from(["release.airport-drones", "release.refused.label.tag-set", "a_1"])),
        policy=maybe(st.integers(0, 2**256 - 1).map(lambda n: f"{n:064x}")),
        derived=maybe(derivations()),
        hops=st.lists(st.builds(Hop, st.sampled_from(NODES), instants()), max_size=2).map(tuple),
        extensions=st.lists(extensions(), max_size=2).map(tuple) if with_extensions else st.just(()),
    )


def messages(*, with_extensions: bool = True, most_tracks: int = 3) -> SearchStrategy[Message]:
    """Messages with tracks and retractions, possibly none."""
    retraction = st.builds(Retraction, track_id=uuids(), time=instants(), reason=codes())
    return st.builds(
        Message,
        header=headers(with_extensions=with_extensions),
        tracks=st.lists(tracks(with_extensions=with_extensions), max_size=most_tracks).map(tuple),
        retractions=st.lists(retraction, max_size=2).map(tuple),
        extensions=st.lists(extensions(), max_size=2).map(tuple) if with_extensions else st.just(()),
        version=st.sampled_from(["1.0", "1.7"]),
    )
