"""Policies, labels and tracks for tests of the policy room: small vocabularies, so that random rules meet tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.policy.area import Area, circle, polygon
from gateway.policy.policy import Policy
from gateway.policy.terms import AltitudeBand, Condition, Existing, Field, Height, Marking, Redaction, ReleaseRule
from gateway.track import (
    Accuracy,
    Classification,
    Environment,
    Extension,
    Identifier,
    Identity,
    IdentityGroup,
    Label,
    LabelCategory,
    Loss,
    Operator,
    Polar,
    Position,
    Provenance,
    RawRecord,
    Source,
    State,
    Status,
    Track,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ISSUED = datetime(2026, 1, 1, tzinfo=UTC)
REVIEW = datetime(2027, 1, 1, tzinfo=UTC)
NODE = "nld"
DIGEST = "ab" * 32
SPIFS = {name: read_spif(shipped()[name]) for name in ("ALPHA", "BRAVO", "TLP")}
_BOOK = Book(SPIFS.values())


def label(
    classification: str = "UNCLASSIFIED",
    *,
    to: Sequence[str] | None = None,
    sensitivity: Sequence[str] = (),
    **more: Any,
) -> Label:
    """A label of ALPHA as a marking gives it; `to` are the nations that it may be released to."""
    categories = [LabelCategory(tag="Context", kind="PERMISSIVE", values=("ALPHA",))]
    if to is not None:
        categories = [
            LabelCategory(tag="Context", kind="PERMISSIVE", values=("ALPHA", "Releasable")),
            LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("ALPHA", *to)),
        ]
    if sensitivity:
        categories.append(LabelCategory(tag="Additional Sensitivity", kind="RESTRICTIVE", values=tuple(sensitivity)))
    found = Label(policy="ALPHA", classification=classification, categories=tuple(categories), **more)
    return book().complete(found, created_at=ISSUED, review_at=REVIEW, originator="nld.example")


def clearance(*classifications: str, to: str = "ALPHA", sensitivity: Sequence[str] = ()) -> Clearance:
    """A clearance under ALPHA."""
    context = ("ALPHA", "Releasable") if to == "ALPHA" else ("Releasable",)
    categories = [
        LabelCategory(tag="Context", kind="PERMISSIVE", values=context),
        LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=(to,)),
    ]
    if sensitivity:
        categories.append(LabelCategory(tag="Additional Sensitivity", kind="RESTRICTIVE", values=tuple(sensitivity)))
    return Clearance(policy="ALPHA", classifications=classifications, categories=tuple(categories))


def book() -> Book:
    """ALPHA, BRAVO and TLP without equivalences: one for all tests, for it answers by its arguments alone."""
    return _BOOK


LOW = label()
HIGH = label("SECRET")
TO_XAT = label(to=["XAT"])
TO_XIE = label(to=["XIE"])
ANVIL = label("RESTRICTED", sensitivity=["ANVIL"])
LABELS = (LOW, HIGH, TO_XAT, TO_XIE, ANVIL)
NATIONS = {
    "deu": (clearance("UNCLASSIFIED", "RESTRICTED", "CONFIDENTIAL", "SECRET", sensitivity=["ANVIL"]),),
    "bel": (clearance("UNCLASSIFIED", "RESTRICTED"),),
    "aut": (clearance("UNCLASSIFIED", to="XAT"),),
    "irl": (clearance("UNCLASSIFIED", "RESTRICTED", to="XIE"),),
    "nobody": (),
}
GROUPS = {"allies": ("bel", "deu"), "all": ("aut", "bel", "deu", "irl", "nobody"), "eu": ("aut", "irl"), "none": ()}
AREAS: Mapping[str, Area] = {
    "box": polygon([(52.0, 4.0), (53.0, 4.0), (53.0, 5.0), (52.0, 5.0)]),
    "field": circle(latitude_deg=52.5, longitude_deg=5.0, radius_m=20_000),
    "pacific": polygon([(-10.0, 170.0), (10.0, 170.0), (10.0, -170.0), (-10.0, -170.0)]),
}


def policy(**more: Any) -> Policy:
    """A policy in which everything is released to everybody whose clearance allows it, unless it is told otherwise."""
    fields: dict[str, Any] = {
        "name": "test",
        "digest": DIGEST,
        "node": NODE,
        "book": book(),
        "markings": (Marking(id="all", label=LOW),),
        "releases": (ReleaseRule(id="all", release=True, personal_data=True),),
        "groups": GROUPS,
        "areas": AREAS,
        "partners": NATIONS,
    }
    return Policy(**{**fields, **more})


SENSOR = Source(id="src-25-201", name="radar-north", modality="RADAR", nation="NLD")
TRACK = Track(
    track_id="00000000-0000-4000-8000-000000000001",
    identifiers=(
        Identifier("system_track", "25/201/7"),
        Identifier("callsign", "KLM123"),
        Identifier("icao24", "4841d6"),
    ),
    environment=Environment.AIR,
    identity=IdentityGroup(
        value=Identity.HOSTILE,
        amplification="JOKER",
        confidence_pct=80.0,
        assigned_by="crc-nieuw-milligen",
        assigned_at=NOW,
    ),
    platform="UAV",
    name="KLM123",
    remarks="seen by radar-north",
    classifications=(
        Classification(type="a-h-A-M-F", scheme="COT_TYPE"),
        Classification(type="4", scheme="ASTERIX_ECAT"),
    ),
    status=Status(confirmed=True, mono_sensor=True, exercise=False, iff_mode4="NO_REPLY"),
    state=State(
        time=NOW - timedelta(seconds=3),
        received_at=NOW - timedelta(seconds=2),
        position=Position(52.50001, 4.75001),
        altitude_hae_m=3_048.1,
        altitude_baro_m=3_012.5,
        course_deg=91.5,
        ground_speed_mps=120.25,
        accuracy=Accuracy(horizontal_95_m=25.0, vertical_95_m=10.0, basis="SIGMA_XY"),
        polar=Polar(sensor="asterix:25/201", sensor_position=Position(52.3, 4.7), range_m=41_000.0, azimuth_deg=17.5),
    ),
    sources=(SENSOR,),
    provenance=(
        Provenance(
            gateway=NODE,
            input_format="ASTERIX_048",
            mapping_id="asterix-048/1.30",
            mapping_hash="cd" * 32,
            input_message_id="25/201/7@1",
            losses=(Loss("I048/130", "NOT_MODELLED"),),
        ),
    ),
    raw=RawRecord("ASTERIX_048", b"radar-north 25/201"),
    extensions=(Extension("urn:x", "seen", '<seen xmlns="urn:x">radar-north</seen>'),),
    label=LOW,
)


# ---------------------------------------------------------------------------------------------------------- strategies

FORMATS = ("ASTERIX_048", "ASTERIX_062", "SAPIENT", "REMOTE_ID", "COT")
PLATFORMS = ("UAV", "FIXED_WING", "UAS_CONTROL_STATION")
CLASSES = ("UAV Rotary Wing", "uav fixed wing", "Bird", "Pilot")
SOURCES = ("radar-north", "radar-south", "wall")
HEX = ("4841d6", "4841aa", "4841AA", "3c6444")


def some(values: Sequence[Any], most: int = 3) -> SearchStrategy[tuple[Any, ...]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


def patterns(values: Sequence[str]) -> SearchStrategy[tuple[str, ...]]:
    starred = [f"{value[:4]}*" for value in values] + [f"?{value[1:]}" for value in values] + ["*"]
    return some([*values, *starred], 2)


def sometimes(values: SearchStrategy[Any], otherwise: Any) -> SearchStrategy[Any]:
    """Rarely given, so that conditions are met now and then."""
    return st.one_of(st.just(otherwise), st.just(otherwise), st.just(otherwise), values)


_BOUNDS = st.sampled_from([None, 0.0, 100.0, 3_000.0, 3_048.0])
_AGES = st.sampled_from([None, 0.0, 1.0, 3.0, 60.0])


def conditions() -> SearchStrategy[Condition]:
    return st.builds(
        Condition,
        sources=sometimes(patterns(SOURCES), ()),
        origins=sometimes(patterns((NODE, "deu")), ()),
        formats=sometimes(patterns(FORMATS), ()),
        environments=sometimes(some(list(Environment)).map(frozenset), frozenset()),
        identities=sometimes(some([None, *Identity], 5).map(frozenset), frozenset()),
        platforms=sometimes(patterns(PLATFORMS), ()),
        classes=sometimes(patterns(CLASSES), ()),
        areas=sometimes(some(sorted(AREAS), 2), ()),
        not_areas=sometimes(some(sorted(AREAS), 2), ()),
        altitude=sometimes(
            st.builds(AltitudeBand, height=st.sampled_from([Height.HAE, Height.BARO]), min_m=_BOUNDS, max_m=_BOUNDS),
            None,
        ),
        exercise=sometimes(st.booleans(), None),
        simulated=sometimes(st.booleans(), None),
        unsaid_exercise=st.booleans(),
        unsaid_simulated=st.booleans(),
        min_age_s=sometimes(_AGES, None),
        max_age_s=sometimes(_AGES, None),
        has=sometimes(some(list(Field), 1).map(frozenset), frozenset()),
        lacks=sometimes(some(list(Field), 1).map(frozenset), frozenset()),
        identifiers=sometimes(st.dictionaries(st.sampled_from(["icao24", "callsign"]), patterns(HEX), max_size=2), {}),
        labels=sometimes(
            some([("ALPHA", ()), ("ALPHA", ("UNCLASSIFIED",)), ("ALPHA", ("SECRET", "RESTRICTED")), ("BRAVO", ())], 2),
            (),
        ),
    )


def redactions() -> SearchStrategy[Redaction]:
    return st.builds(
        Redaction,
        drop=some(list(Field), 4).map(frozenset),
        position_grid_m=st.sampled_from([None, None, 100.0, 10_000.0]),
        altitude_grid_m=st.sampled_from([None, None, 50.0]),
        identities=sometimes(st.dictionaries(st.sampled_from(Identity), st.sampled_from(Identity), max_size=3), {}),
    )


def rules(index: int, *, every: bool = False) -> SearchStrategy[ReleaseRule]:
    return st.builds(
        ReleaseRule,
        id=st.just(f"r{index}"),
        groups=some(sorted(GROUPS), 2).map(frozenset),
        when=conditions(),
        release=st.sampled_from([True, True, False]),
        redaction=sometimes(redactions(), Redaction()),
        personal_data=st.booleans(),
        onward=sometimes(st.just(True), False),
        delay_s=sometimes(st.sampled_from([2.0, 60.0]), 0.0),
        every_s=st.sampled_from([0.0, 10.0]) if every else st.just(0.0),
    )


def rule_lists(most: int = 8) -> SearchStrategy[tuple[ReleaseRule, ...]]:
    return st.integers(0, most).flatmap(lambda count: st.tuples(*[rules(index) for index in range(count)]))


def markings() -> SearchStrategy[tuple[Marking, ...]]:
    def one(index: int) -> SearchStrategy[Marking]:
        return st.builds(
            Marking,
            id=st.just(f"m{index}"),
            when=conditions(),
            label=st.sampled_from(LABELS),
            existing=st.sampled_from(Existing),
        )

    return st.integers(0, 4).flatmap(lambda count: st.tuples(*[one(index) for index in range(count)]))


_POINTS = st.sampled_from(
    [Position(52.5, 4.5), Position(52.0, 4.0), Position(52.5, 5.1), Position(51.0, 4.0), Position(0.0, 180.0), None]
)


def states() -> SearchStrategy[State | None]:
    return st.none() | st.builds(
        State,
        time=st.sampled_from([0.0, 1.0, 3.0, 3.5, 100.0, -5.0]).map(lambda age: NOW - timedelta(seconds=age)),
        position=_POINTS,
        altitude_hae_m=st.sampled_from([None, 0.0, 99.9, 100.0, 3_047.99, 3_048.0, 9_000.0]),
        altitude_baro_m=st.sampled_from([None, 3_000.0]),
        polar=sometimes(st.just(Polar(sensor="asterix:25/201", azimuth_deg=17.0, azimuth_95_deg=0.5)), None),
        accuracy=sometimes(st.just(Accuracy(horizontal_95_m=12.5, basis="SIGMA_XY")), None),
        ground_speed_mps=st.sampled_from([None, 12.5]),
    )


def some_tracks(count: int = 6) -> SearchStrategy[list[Track]]:
    """Tracks with ids of their own."""
    one = st.builds(
        Track,
        identifiers=some([Identifier("icao24", value) for value in HEX] + [Identifier("callsign", "KLM1")], 3),
        environment=st.sampled_from([Environment.AIR, Environment.UNKNOWN]),
        identity=st.none() | st.builds(IdentityGroup, value=st.sampled_from(Identity), assigned_by=st.just("crc")),
        platform=st.none() | st.sampled_from(PLATFORMS),
        classifications=some([Classification(type=one, scheme="SAPIENT") for one in CLASSES], 2),
        operator=sometimes(st.just(Operator(identifier="NLDpilot", position=Position(52.1, 4.1))), None),
        status=st.none() | st.builds(Status, exercise=st.none() | st.booleans(), simulated=st.none() | st.booleans()),
        state=states(),
        sources=some([SENSOR], 1),
        provenance=some([Provenance(gateway=NODE, input_format=one, mapping_id="m/1") for one in FORMATS], 1),
        label=st.none() | st.sampled_from(LABELS),
        raw=st.none() | st.just(RawRecord("COT", b"x")),
        remarks=st.none() | st.just("here"),
        name=st.none() | st.just("KLM1"),
    )
    return st.lists(one, max_size=count).map(
        lambda found: [
            Track(**{**{name: getattr(track, name) for name in track.__struct_fields__}, "track_id": f"t{index}"})
            for index, track in enumerate(found)
        ]
    )
