"""The track message as octets that are canonical from birth: templates, no element tree.

Exclusive canonical form needs no work here because every element of ours is unprefixed in one default namespace that
the root declares, start and end tags are always a pair, attributes stand in the order of their names, and text is
escaped as canonical XML wants it. `render(m) == c14n(parse(render(m)))` is a property test.

What a batch repeats (provenance, labels, statuses, identifiers) is written once and remembered by value: these are
frozen types, and the memory is bounded.
"""

from __future__ import annotations

from gateway.errors import FormatError
from gateway.formats.alliance import labels, original
from gateway.formats.alliance.codes import BAD_REFERENCE, NO_TRACK_ID, TOO_LARGE, TOO_LONG
from gateway.formats.alliance.extensions import NAMESPACE, splice
from gateway.formats.alliance.fragments import (
    classifications,
    dimensions,
    identifiers,
    identity,
    operator,
    provenance,
    raw_record,
    relations,
    status,
)
from gateway.formats.alliance.kinematics import state
from gateway.formats.alliance.lexical import (
    LONG_TEXT,
    NATION,
    NODE_NAME,
    NONCE,
    PERCENT,
    RULE_ID,
    SHA256,
    SOURCE_ID,
    VERSION,
    code,
    text,
    time,
    uuid,
)
from gateway.limits import Limits
from gateway.stages import Derivation, Draft, Header, Message, Retraction
from gateway.track import Extension, Label, Source, Track

ROOT_END = b"</TrackMessage>"
"""The end tag of every message: a signature is spliced in just before it."""

SIGNATURE_ROOM = 16_384
"""Octets that `render` leaves to the signature within the largest message."""

_LIMITS = Limits()
_MAX_SOURCES = 1_000


def render(message: Message) -> bytes:
    """`message` as exactly the exclusive canonical form of its document, UTF-8, unsigned.

    Raises `FormatError` (``ALM-...``) with the element as place for whatever the schema does not admit.
    """
    return _render(message, _Repeated())


def _render(message: Message, table: _Repeated) -> bytes:
    tracks = _tracks(message.tracks, table)
    retractions = [_retraction(retraction, i) for i, retraction in enumerate(message.retractions)]
    if len(retractions) > _LIMITS.max_tracks_per_message:
        raise FormatError(TOO_LONG, place="Retraction", cause=f"{len(retractions)} retractions")
    octets = "".join(
        (
            f'<TrackMessage xmlns="{NAMESPACE}" version="{code(message.version, "TrackMessage@version", VERSION)}">',
            _header(message.header, table),
            *tracks,
            *retractions,
            original.write(message),
            _extensions(message.extensions, ""),
            "</TrackMessage>",
        )
    ).encode()
    if len(octets) > _LIMITS.max_message_octets - SIGNATURE_ROOM:
        raise FormatError(TOO_LARGE, place="TrackMessage", cause=f"{len(octets)} octets")
    return octets


def draft(message: Message) -> Draft:
    """`message` rendered, with the distinct ids of its tracks and retractions in order; errors as `render`.

    A track whose label is that of the message is written without one, which says the same.
    """
    seen = dict.fromkeys([track.track_id for track in message.tracks if track.track_id is not None])
    seen |= dict.fromkeys([retraction.track_id for retraction in message.retractions])
    return Draft(header=message.header, octets=_render(message, _Repeated(message.header.label)), track_ids=tuple(seen))


def fault(track: Track) -> FormatError | None:
    """Why `track` cannot be rendered, or nothing: lets a batch go on without its bad member."""
    try:
        _track(track, _Repeated())
    except FormatError as error:
        return error
    return None


class _Repeated:
    """What the parts of one message share: each source once, under an id that is unique in it; each label's text."""

    def __init__(self, inherited: Label | None = None) -> None:
        self._inherited = inherited
        self._labels: dict[Label, str] = {}
        self._by_id: dict[str, Source] = {}
        self._written: dict[tuple[Source, ...], str] = {}

    def own_label(self, label: Label) -> str:
        """The ``Label`` element of a track, or nothing where it inherits as much from the message."""
        return "" if label is self._inherited or label == self._inherited else self.label(label)

    def label(self, label: Label) -> str:
        """The ``Label`` element."""
        written = self._labels.get(label)
        if written is None:
            written = self._labels[label] = labels.write(label)
        return written

    def references(self, sources: tuple[Source, ...]) -> str:
        """``SourceRef`` elements for the sources of one track."""
        written = self._written.get(sources)
        if written is None:
            if len(sources) > 100:
                raise FormatError(TOO_LONG, place="SourceRef", cause=f"{len(sources)} sources, at most 100")
            written = "".join([f"<SourceRef>{self._id(source)}</SourceRef>" for source in sources])
            self._written[sources] = written
        return written

    def _id(self, source: Source) -> str:
        """The source's own id, or that with a number where another source of the message has it already."""
        own = code(source.id, "Source@id", SOURCE_ID)
        name, n = own, 1
        while (known := self._by_id.setdefault(name, source)) != source:
            n += 1
            name = f"{own[:120]}.{n}"
        if known is source and len(self._by_id) > _MAX_SOURCES:
            raise FormatError(BAD_REFERENCE, place="Header/Source", cause=f"more than {_MAX_SOURCES} sources")
        return name

    def elements(self) -> str:
        """``Source`` elements for the header."""
        return "".join([_source(name, source) for name, source in self._by_id.items()])


def _source(name: str, source: Source) -> str:
    parts = [f'<Source id="{name}"><Name>{text(source.name, "Source/Name")}</Name>']
    if source.modality is not None:
        parts.append(f"<Modality>{code(source.modality, 'Source/Modality')}</Modality>")
    if source.nation is not None:
        parts.append(f"<Nation>{code(source.nation, 'Source/Nation', NATION)}</Nation>")
    parts.append("</Source>")
    return "".join(parts)


def _header(header: Header, table: _Repeated) -> str:
    if len(header.recipients) > 200 or len(header.hops) > 32:
        cause = f"{len(header.recipients)} recipients (at most 200), {len(header.hops)} hops (at most 32)"
        raise FormatError(TOO_LONG, place="Header", cause=cause)
    parts = [
        (
            "<Header>"
            f"<MessageId>{uuid(header.message_id, 'Header/MessageId')}</MessageId>"
            f"<CreatedTime>{time(header.created_at, 'Header/CreatedTime')}</CreatedTime>"
            f"<SenderNode>{code(header.sender, 'Header/SenderNode', NODE_NAME)}</SenderNode>"
        )
    ]
    parts += [f"<Recipient>{code(name, 'Header/Recipient', NODE_NAME)}</Recipient>" for name in header.recipients]
    if header.release_group is not None:
        group = code(header.release_group, "Header/ReleaseGroup", NODE_NAME)
        parts.append(f"<ReleaseGroup>{group}</ReleaseGroup>")
    if header.rule is not None:
        parts.append(f"<ReleaseRule>{code(header.rule, 'Header/ReleaseRule', RULE_ID)}</ReleaseRule>")
    if header.policy is not None:
        parts.append(f"<ReleasePolicy>{code(header.policy, 'Header/ReleasePolicy', SHA256)}</ReleasePolicy>")
    parts.append(
        f"<Nonce>{code(header.nonce, 'Header/Nonce', NONCE)}</Nonce>"
        f"<ExerciseIndicator>{header.exercise.value}</ExerciseIndicator>"
        f"<SimulationIndicator>{header.simulation.value}</SimulationIndicator>"
    )
    parts.append(table.label(header.label))
    if header.derived is not None:
        parts.append(_derived(header.derived))
    parts += [
        f"<Hop><Node>{code(hop.node, 'Hop/Node', NODE_NAME)}</Node><Time>{time(hop.time, 'Hop/Time')}</Time></Hop>"
        for hop in header.hops
    ]
    parts += (table.elements(), _extensions(header.extensions, "Header/"), "</Header>")
    return "".join(parts)


def _derived(derived: Derivation) -> str:
    return (
        f"<Derived><Origin>{code(derived.origin, 'Derived/Origin', NODE_NAME)}</Origin>"
        f"<MessageId>{uuid(derived.message_id, 'Derived/MessageId')}</MessageId>"
        f"<Digest>{code(derived.sha256, 'Derived/Digest', SHA256)}</Digest>"
        f"<Redacted>{'true' if derived.redacted else 'false'}</Redacted></Derived>"
    )


def _tracks(tracks: tuple[Track, ...], table: _Repeated) -> list[str]:
    if len(tracks) > _LIMITS.max_tracks_per_message:
        raise FormatError(TOO_LONG, place="Track", cause=f"{len(tracks)} tracks")
    written: list[str] = []
    try:
        for track in tracks:
            written.append(_track(track, table))
    except FormatError as error:
        raise FormatError(error.code, place=f"Track[{len(written) + 1}]/{error.place}", cause=error.cause) from None
    return written


def _track(track: Track, table: _Repeated) -> str:
    if track.track_id is None:
        raise FormatError(NO_TRACK_ID, place="TrackId")
    parts = [
        f"<Track><TrackId>{uuid(track.track_id, 'TrackId')}</TrackId>",
        identifiers(track.identifiers),
        f"<Environment>{track.environment.value}</Environment>",
    ]
    add = parts.append
    if track.status is not None:
        add(status(track.status))
    if track.identity is not None:
        add(identity(track.identity))
    if track.platform is not None:
        add(f"<Platform>{code(track.platform, 'Platform')}</Platform>")
    if track.name is not None:
        add(f"<Name>{text(track.name, 'Name')}</Name>")
    if track.remarks is not None:
        add(f"<Remarks>{text(track.remarks, 'Remarks', LONG_TEXT)}</Remarks>")
    if track.detection_confidence_pct is not None:
        add(PERCENT.element("DetectionConfidence", track.detection_confidence_pct))
    if track.classifications:
        add(classifications(track.classifications))
    if track.dimensions is not None:
        add(dimensions(track.dimensions))
    if track.operator is not None:
        add(operator(track.operator))
    if track.sources:
        add(table.references(track.sources))
    if track.relations:
        add(relations(track.relations))
    if track.label is not None:
        add(table.own_label(track.label))
    if track.state is not None:
        add(state(track.state))
    if track.provenance:
        add(provenance(track.provenance))
    if track.raw is not None:
        add(raw_record(track.raw))
    if track.extensions:
        add(_extensions(track.extensions, ""))
    add("</Track>")
    return "".join(parts)


def _retraction(retraction: Retraction, index: int) -> str:
    place = f"Retraction[{index + 1}]"
    return (
        f"<Retraction><TrackId>{uuid(retraction.track_id, f'{place}/TrackId')}</TrackId>"
        f"<Time>{time(retraction.time, f'{place}/Time')}</Time>"
        f"<Reason>{code(retraction.reason, f'{place}/Reason')}</Reason></Retraction>"
    )


def _extensions(extensions: tuple[Extension, ...], place: str) -> str:
    if not extensions:
        return ""
    if len(extensions) > 64:
        raise FormatError(TOO_LONG, place=f"{place}Extensions", cause=f"{len(extensions)} extensions, at most 64")
    return f"<Extensions>{''.join([splice(extension) for extension in extensions])}</Extensions>"
