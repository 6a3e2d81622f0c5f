"""Labels read, checked and decided; release rules over tracks; what a partner more costs, and a release group more."""

from __future__ import annotations

import secrets
from datetime import timedelta
from functools import partial
from math import cos, sin, tau
from random import Random
from uuid import UUID, uuid4

from lxml import etree
from msgspec.structs import replace

from gateway import xml
from gateway.formats import alliance
from gateway.labels.book import Book
from gateway.labels.clearance import Clearance
from gateway.labels.decide import decide
from gateway.labels.equivalence import Direction
from gateway.labels.read import read_label
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.labels.write import write_label
from gateway.policy.area import polygon
from gateway.policy.labelling import batch_labels
from gateway.policy.memory import Memory
from gateway.policy.policy import Policy
from gateway.policy.release import release
from gateway.policy.terms import AltitudeBand, Condition, Field, Height, Redaction, ReleaseRule
from gateway.stages import Exercise, Header, Message, Release, Simulation
from gateway.track import Environment, Identifier, Identity, IdentityGroup, Label, LabelCategory, Position, Track
from tests.bench import corpora
from tests.bench.harness import Row, Target, micros, rates

NODE = "nld-1"
SPIFS = [read_spif(octets) for octets in shipped().values()]
ALPHA = next(spif for spif in SPIFS if spif.name == "ALPHA")
NOW = corpora.START
FRAME = 50
SEED = 4
IDENTITIES = [*Identity, None]


def run(*, quick: bool) -> list[Row]:
    """The rows of labels, of rules and of signatures."""
    return [*_labels(), _rules(4_000 if quick else 20_000), *_signatures(1_000 if quick else 5_000)]


# --------------------------------------------------------------------------------------------------------------- labels


def _label(classification: str, nations: tuple[str, ...], number: int = 0) -> Label:
    label = Label(
        policy="ALPHA",
        classification=classification,
        categories=(
            LabelCategory(tag="Context", kind="PERMISSIVE", values=("ALPHA", "Releasable")),
            LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=("ALPHA", *nations)),
        ),
    )
    created_at = NOW - timedelta(days=30) + timedelta(seconds=number)
    return Book(SPIFS).complete(
        label, created_at=created_at, review_at=NOW + timedelta(days=300), originator="nld-1.example"
    )


def _clearance(*classifications: str, nation: str) -> Clearance:
    return Clearance(
        policy="ALPHA",
        classifications=classifications,
        categories=(
            LabelCategory(tag="Context", kind="PERMISSIVE", values=("ALPHA", "Releasable")),
            LabelCategory(tag="Releasable To", kind="PERMISSIVE", values=(nation,)),
        ),
    )


def _labels() -> list[Row]:
    octets = [write_label(_label("RESTRICTED", ("XAT", "BRV"), number)) for number in range(500)]
    held = (_clearance("UNCLASSIFIED", "RESTRICTED", nation="XAT"),)
    book = Book(SPIFS)

    def cold() -> int:
        return sum(decide(read_label(each), held[0], ALPHA, NOW).permit for each in octets)

    def cached() -> int:
        return sum(book.judge_octets(each, held, NOW, direction=Direction.ENCRYPT).decision.permit for each in octets)

    def parse() -> int:
        for each in octets:
            etree.fromstring(each)
        return len(octets)

    def parse_safely() -> int:
        for each in octets:
            xml.parse(each, max_octets=100_000)
        return len(octets)

    cost = micros({"cold": cold, "cached": cached, "parse": parse, "safe": parse_safely})
    return [
        Row(
            stage="label read, checked, decided",
            value=cost["cold"],
            unit="us",
            faster_is_more=False,
            floor=cost["parse"],
            floor_name="lxml parse alone",
            target=Target(value=15),
            note=f"{len(octets[0])} octets, two categories, no two alike; parsing within our limits is "
            f"{cost['safe']:.1f} us of it",
        ),
        Row(
            stage="label decided again",
            value=cost["cached"],
            unit="us",
            faster_is_more=False,
            floor=cost["parse"],
            floor_name="lxml parse alone",
            target=Target(value=1),
            note="the memory is keyed by the label's canonical octets",
        ),
    ]


# ---------------------------------------------------------------------------------------------------------------- rules


def _policy(rules: tuple[ReleaseRule, ...], groups: int, partners: int, rnd: Random) -> Policy:
    names = [f"p{number:02}" for number in range(partners)]
    nations = ("ALPHA", "XAT", "BRV")
    areas = {}
    for number in range(20):
        latitude, longitude = rnd.uniform(50, 54), rnd.uniform(3, 8)
        radii = [rnd.uniform(0.5, 0.8) for _ in range(100)]
        areas[f"a{number}"] = polygon(
            [
                (latitude + radius * sin(tau * k / 100), longitude + 1.6 * radius * cos(tau * k / 100))
                for k, radius in enumerate(radii)
            ]
        )
    return Policy(
        name="bench",
        digest="ab" * 32,
        node=NODE,
        book=Book(SPIFS),
        releases=rules,
        groups={f"g{group}": tuple(names[group::groups]) for group in range(groups)},
        areas=areas,
        partners={
            name: (_clearance("UNCLASSIFIED", "RESTRICTED", nation=nations[number % 3]),)
            for number, name in enumerate(names)
        },
    )


def _rule(number: int, rnd: Random) -> ReleaseRule:
    when = Condition(
        areas=(f"a{number % 20}",) if number % 2 else (),
        identities=frozenset(rnd.sample(IDENTITIES, 2)),
        environments=frozenset({Environment.AIR}) if number % 3 == 0 else frozenset(),
        platforms=("UAV*",) if number % 5 == 0 else (),
        altitude=AltitudeBand(height=Height.HAE, min_m=100.0 * (number % 40), max_m=100.0 * (number % 40) + 500)
        if number % 4 == 0
        else None,
        sources=("radar-*",) if number % 7 == 0 else (),
        formats=("ASTERIX_*",) if number % 6 == 0 else (),
        exercise=False if number % 8 == 0 else None,
        max_age_s=60.0 if number % 9 == 0 else None,
        identifiers={"icao24": (f"48{number % 10}*",)} if number % 11 == 0 else {},
    )
    redaction = Redaction()
    if number % 10 == 0:
        redaction = Redaction(drop=frozenset({Field.SENSORS}))
    elif number % 10 == 5:
        redaction = Redaction(position_grid_m=1_000.0)
    groups = frozenset(rnd.sample([f"g{group}" for group in range(5)], 2))
    return ReleaseRule(id=f"r{number}", groups=groups, when=when, release=number % 3 != 1, redaction=redaction)


def _tracks(count: int, labels: list[Label], rnd: Random) -> list[Track]:
    """Real records, each an object of its own somewhere over the areas."""
    origin = corpora.decoded("asterix", corpora.cat062(500)[1], node=NODE, dedupe=False)
    tracks = []
    for number in range(count):
        track = origin[number % len(origin)]
        assert track.state is not None
        state = replace(
            track.state,
            position=Position(rnd.uniform(49.5, 54.5), rnd.uniform(2, 9)),
            altitude_hae_m=rnd.uniform(0, 12_000),
            time=NOW - timedelta(seconds=rnd.uniform(0, 100)),
        )
        identity = rnd.choice(IDENTITIES)
        tracks.append(
            replace(
                track,
                track_id=str(UUID(int=number, version=4)),
                identifiers=(track.identifiers[0], Identifier("icao24", f"{0x480000 + number:06x}")),
                identity=IdentityGroup(value=identity) if identity else None,
                platform=rnd.choice(["UAV", "FIXED_WING", None]),
                environment=Environment.AIR,
                state=state,
                label=rnd.choice(labels),
            )
        )
    return tracks


def _rules(count: int) -> Row:
    rnd = Random(SEED)  # a bench repeats itself
    rules = (*[_rule(number, rnd) for number in range(199)], ReleaseRule(id="rest", release=True))
    policy = _policy(rules, 5, 30, rnd)
    labels = [_label("UNCLASSIFIED", ()), _label("RESTRICTED", ("XAT",)), _label("UNCLASSIFIED", ("BRV",))]
    tracks = _tracks(count, labels, rnd)
    frames = [tracks[at : at + FRAME] for at in range(0, count, FRAME)]
    released: list[int] = []

    def through_rules() -> int:
        memory = Memory()
        verdicts = 0
        for frame in frames:
            verdicts += len(release(policy, frame, source="radar-north", origin=NODE, now=NOW, memory=memory))
        released.append(verdicts)
        return count

    groups = tuple(policy.groups)

    def bare() -> int:
        for frame in frames:
            lists: dict[tuple[str, Label | None], list[Track]] = {}
            for track in frame:
                for group in groups:
                    lists.setdefault((group, track.label), []).append(track)
        return count

    rate = rates({"rules": through_rules, "bare": bare})
    return Row(
        stage="release rules",
        value=rate["rules"],
        unit="tracks/s",
        floor=rate["bare"],
        floor_name="sorting into a list for each group and label",
        target=Target(value=50_000),
        note=f"200 rules, 20 polygons of 100 vertices, 30 partners in 5 release groups, 3 labels; {count:,} objects "
        f"over the areas in frames of {FRAME}, {released[0] / len(frames):.0f} verdicts a frame; labels decided for "
        "each member, fields taken out where rules say so",
    )


# ----------------------------------------------------------------------------------------------------------- signatures


def _signatures(count: int) -> list[Row]:
    """What tracks cost from the rules to the signature, by how many partners and groups there are."""
    rnd = Random(SEED)  # a bench repeats itself
    signer, _, now = corpora.keys()
    label = replace(_label("UNCLASSIFIED", ("XAT", "BRV")), created_at=now - timedelta(days=1))
    tracks = _tracks(count, [label], rnd)
    frames = [tracks[at : at + FRAME] for at in range(0, count, FRAME)]
    everything = (ReleaseRule(id="all", release=True),)

    def work(policy: Policy) -> int:
        memory = Memory()
        for frame in frames:
            for verdict in release(policy, frame, source="radar-north", origin=NODE, now=now, memory=memory):
                assert isinstance(verdict, Release), verdict
                for one, those in batch_labels(policy, verdict.tracks, verdict.recipients, now):
                    header = Header(
                        message_id=str(uuid4()),
                        created_at=now,
                        sender=NODE,
                        recipients=verdict.recipients,
                        release_group=verdict.group,
                        nonce=secrets.token_hex(16),
                        exercise=Exercise.TEST,
                        simulation=Simulation.REAL,
                        label=one,
                        rule=verdict.rule,
                        policy=verdict.policy,
                    )
                    signer.seal(alliance.draft(Message(header=header, tracks=those)))
        return count

    shapes = ((1, 1), (5, 1), (30, 1), (5, 5), (30, 5))
    policies = {shape: _policy(everything, shape[1], shape[0], rnd) for shape in shapes}
    cost = micros({f"{partners} in {groups}": partial(work, policy) for (partners, groups), policy in policies.items()})
    floor = cost["1 in 1"]
    return [
        Row(
            stage=f"rules to signature, {partners} partner{'s' if partners > 1 else ''} in {groups}",
            value=cost[f"{partners} in {groups}"],
            unit="us/track",
            faster_is_more=False,
            floor=floor,
            floor_name="one partner in one release group",
            target=Target(value=1.1 if groups == 1 else groups * 1.1, of="floor") if partners > 1 else None,
            note=f"messages of {FRAME} tracks; decided, rendered, signed" if partners == 1 else "",
        )
        for partners, groups in shapes
    ]
