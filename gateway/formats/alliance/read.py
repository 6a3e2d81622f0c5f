"""The track message as our own types.

A document that validates has a known structure, and in the shape that `render` writes every element stands in the text
where its tag says: "<" begins nothing but a tag, and no tag of ours repeats inside of itself. So the reader cuts
strings instead of walking a tree, and remembers by its text what a batch repeats. Any other shape goes through `plain`
first.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from typing import TypedDict

from lxml import etree

from gateway.errors import FormatError
from gateway.formats.alliance import labels, original
from gateway.formats.alliance.codes import BAD_REFERENCE, INVALID, SIGNED
from gateway.formats.alliance.extensions import NAMESPACE, XMLDSIG, lift
from gateway.formats.alliance.motion import state
from gateway.formats.alliance.plain import plain
from gateway.formats.alliance.scan import (
    ENVIRONMENT,
    bare,
    classification,
    code,
    dimensions,
    identifiers,
    identity,
    leaves,
    operator,
    pieces,
    provenance,
    raw_record,
    relation,
    status,
    text,
    time,
    uuid,
)
from gateway.formats.alliance.schema import packaged_schema
from gateway.stages import Derivation, Exercise, Header, Hop, Message, Retraction, Simulation
from gateway.track import (
    Classification,
    Dimensions,
    Extension,
    IdentityGroup,
    Label,
    Operator,
    Provenance,
    RawRecord,
    Relation,
    Source,
    Status,
    Track,
)

_START = f'<TrackMessage xmlns="{NAMESPACE}" version="'
_END = "</TrackMessage>"
_OURS = f"{{{NAMESPACE}}}"
_LABEL_PLACES = (f"{_OURS}Header/{_OURS}Label", f"{_OURS}Track/{_OURS}Label")
REDACTED = {"true": True, "1": True, "false": False, "0": False}
_Extensions = list[tuple[Extension, ...]]  # the foreign elements of a message; the text holds indices


def read(document: etree._Element, *, validate: bool = True, signed: bool = False) -> Message:
    """The message of a document: the root element that `gateway.xml.parse` gave.

    It is validated against the packaged schema unless it has been before (`validate`). A document that still holds
    its ``ds:Signature`` is refused unless the caller says that nobody relies on it (`signed`).
    Raises `FormatError` (``ALM-...``) with the offending element as place.
    """
    if not signed and is_signed(document):
        raise FormatError(SIGNED, place="TrackMessage")
    if validate:
        packaged_schema().check(document)
    return from_tree(document)


def is_signed(document: etree._Element) -> bool:
    """Whether the last child of the root is an XML signature's."""
    return len(document) > 0 and str(document[-1].tag).startswith(f"{{{XMLDSIG}}}")


def from_tree(document: etree._Element) -> Message:
    """The message of a valid document of any shape."""
    taken: _Extensions = []
    if document.find(f".//{{{NAMESPACE}}}Extensions") is not None:
        document, taken = lift(document)
    octets = etree.tostring(document, method="c14n", exclusive=True, with_comments=False)
    message = from_octets(octets, taken)
    if message is not None:
        return message
    document, found = _lift_labels(document)
    try:
        return _message(plain(document), found, taken)
    except (LookupError, ValueError) as error:
        raise FormatError(INVALID, place="TrackMessage", cause=f"{type(error).__name__} {error}"[:300]) from None


def _lift_labels(document: etree._Element) -> tuple[etree._Element, list[Label]]:
    """A copy of a valid document in which each ``Label`` is empty, and what they said, in order."""
    copied = deepcopy(document)
    found: list[Label] = []
    for path in _LABEL_PLACES:  # the header's stands first in the document too
        for wrapper in copied.iterfind(path):
            found.append(labels.of_element(wrapper))
            for child in list(wrapper):
                wrapper.remove(child)
            wrapper.text = None
    return copied, found


def from_octets(octets: bytes, taken: _Extensions) -> Message | None:
    """The message in canonical octets of a valid document, or nothing where they have another shape than ours.

    Its labels cut out, one namespace declaration and a valid root: every element is unprefixed and ours, and no
    attribute is xsi's.
    """
    if (b"!" in octets and b"<!" in octets) or (b"?" in octets and b"<?" in octets):  # one octet is found much faster
        return None
    try:
        whole, found = labels.cut(octets.decode(), labels.of_text)
        return _message(whole, found, taken) if whole.count("xmlns") == 1 else None
    except (LookupError, ValueError):
        return None


def _message(whole: str, found: list[Label], taken: _Extensions) -> Message:
    """The message in `whole`, whose labels have been cut out of it.

    Raises `LookupError` or `ValueError` for another shape than `render` writes.
    """
    if not whole.startswith(_START) or not whole.endswith(_END):
        raise ValueError("another root")
    head, *tracks = whole[len(_START) : -len(_END)].split("<Track>")
    if tracks:
        tracks[-1], _, rest = tracks[-1].partition("</Track>")
        tracks[-1] += "</Track>"
        version, _, head = head.partition('"><Header>')
    else:
        version, _, head = head.partition('"><Header>')
        head, _, rest = head.partition("</Header>")
        head += "</Header>"
    header, sources = header_of(head[: -len("</Header>")], found[0], taken)
    others = iter(found[1:])
    known: dict[tuple[str, ...], tuple[Source, ...]] = {}
    retractions: list[Retraction] = []
    extensions: tuple[Extension, ...] = ()
    rest, whole_original = original.cut(rest)
    for name, _, inner in pieces(rest):
        if name == "Retraction":
            retractions.append(retraction(inner))
        else:
            extensions = taken[int(inner)]
    message = Message(
        header=header,
        tracks=tuple([_track(inner, others, sources, known, taken) for inner in tracks]),
        retractions=tuple(retractions),
        original=whole_original,
        extensions=extensions,
        version=bare(version),
    )
    if next(others, None) is not None:
        raise ValueError("a label where none has its place")
    original.check(message)
    return message


def retraction(inner: str) -> Retraction:
    """The inside of a ``Retraction`` element."""
    leaf = leaves(inner)
    return Retraction(track_id=uuid(leaf["TrackId"]), time=time(leaf["Time"]), reason=code(leaf["Reason"]) or "")


def header_of(inner: str, label: Label, taken: _Extensions) -> tuple[Header, dict[str, Source]]:
    """The inside of a ``Header`` element whose label has been cut out: the header, and its sources by their ids."""
    leaf: dict[str, str] = {}
    recipients: list[str] = []
    hops: list[Hop] = []
    sources: dict[str, Source] = {}
    for name, own, content in pieces(inner):
        if name == "Recipient":
            recipients.append(bare(content))
        elif name == "Hop":
            hop = leaves(content)
            hops.append(Hop(bare(hop["Node"]), time(hop["Time"])))
        elif name == "Source":
            source = _source(own["id"], content)
            if source.id in sources:
                raise FormatError(BAD_REFERENCE, place="Header/Source", cause=f"{source.id} stands twice")
            sources[source.id] = source
        else:
            leaf[name] = content
    if leaf["Label"]:
        raise ValueError("a label that was not cut out")
    header = Header(
        message_id=uuid(leaf["MessageId"]),
        created_at=time(leaf["CreatedTime"]),
        sender=bare(leaf["SenderNode"]),
        recipients=tuple(recipients),
        release_group=_optional(leaf.get("ReleaseGroup")),
        nonce=bare(leaf["Nonce"]),
        exercise=Exercise(leaf["ExerciseIndicator"]),
        simulation=Simulation(leaf["SimulationIndicator"]),
        label=label,
        rule=_optional(leaf.get("ReleaseRule")),
        policy=_optional(leaf.get("ReleasePolicy")),
        derived=_derived(leaf["Derived"]) if "Derived" in leaf else None,
        hops=tuple(hops),
        extensions=taken[int(leaf["Extensions"])] if "Extensions" in leaf else (),
    )
    return header, sources


def _optional(raw: str | None) -> str | None:
    return None if raw is None else bare(raw)


def _derived(inner: str) -> Derivation:
    leaf = leaves(inner)
    return Derivation(
        origin=bare(leaf["Origin"]),
        message_id=uuid(leaf["MessageId"]),
        sha256=bare(leaf["Digest"]),
        redacted=REDACTED[leaf["Redacted"]],
    )


@lru_cache(maxsize=1024)
def _source(own_id: str, inner: str) -> Source:
    leaf = leaves(inner)
    nation = leaf.get("Nation")
    return Source(
        id=bare(own_id),
        name=text(leaf["Name"]),
        modality=code(leaf.get("Modality")),
        nation=None if nation is None else bare(nation),
    )


class Traits(TypedDict, total=False):
    """What stands between the environment and the sources of a track."""

    identity: IdentityGroup
    platform: str | None
    name: str
    remarks: str
    classifications: tuple[Classification, ...]
    detection_confidence_pct: float
    dimensions: Dimensions
    operator: Operator
    relations: tuple[Relation, ...]


def _track(
    inner: str,
    found: Iterator[Label],
    sources: dict[str, Source],
    known: dict[tuple[str, ...], tuple[Source, ...]],
    taken: _Extensions,
) -> Track:
    """One track from what stands after its start tag, its end tag included."""
    head, has_state, tail = inner.partition("<State>")
    kinematics = None
    if has_state:
        within, _, tail = tail.partition("</State>")
        kinematics = state(within)
        tail = tail[: -len("</Track>")]
    else:
        head, tail = without_state(head[: -len("</Track>")])
    names, _, rest = head[55:].partition("<Environment>")
    if not head.startswith("<TrackId>") or head[45:55] != "</TrackId>":
        raise ValueError("track id")
    environment, _, rest = rest.partition("</Environment>")
    facts: Status | None = None
    if rest.startswith("<Status>"):
        within, _, rest = rest[len("<Status>") :].partition("</Status>")
        facts = status(within)
    label: Label | None = None
    if rest.endswith(labels.EMPTY):
        rest, label = rest[: -len(labels.EMPTY)], next(found, None)
        if label is None:
            raise ValueError("another label than was cut out")
    ids, others = traits(rest)
    contributed = known.get(ids)
    if contributed is None:
        contributed = known[ids] = resolve(ids, sources)
    passed, raw, extensions = _tail(tail, taken) if tail else ((), None, ())
    return Track(
        track_id=head[9:45],
        identifiers=identifiers(names) if names else (),
        environment=ENVIRONMENT[environment],
        status=facts,
        state=kinematics,
        sources=contributed,
        provenance=passed,
        label=label,
        raw=raw,
        extensions=extensions,
        **others,
    )


def without_state(rest: str) -> tuple[str, str]:
    """Head and tail of a track that has no state."""
    cuts = [at for name in ("<Provenance>", "<RawRecord ", "<Extensions>") if (at := rest.find(name)) >= 0]
    cut = min(cuts, default=len(rest))
    return rest[:cut], rest[cut:]


def traits(inner: str) -> tuple[tuple[str, ...], Traits]:
    """Ids of the sources, and the traits, of what stands between status and label."""
    return _traits(inner) if len(inner) < 2048 else _traits.__wrapped__(inner)


@lru_cache(maxsize=4096)
def _traits(inner: str) -> tuple[tuple[str, ...], Traits]:
    ids: list[str] = []
    found: Traits = {}
    classifications: list[Classification] = []
    relations: list[Relation] = []
    for name, _, content in pieces(inner):
        if name == "SourceRef":
            ids.append(bare(content))
        elif name == "Name":
            found["name"] = text(content)
        elif name == "Platform":
            found["platform"] = code(content)
        elif name == "Identity":
            found["identity"] = identity(content)
        elif name == "ObjectClass":
            classifications.append(classification(content))
        elif name == "Remarks":
            found["remarks"] = text(content)
        elif name == "Dimensions":
            found["dimensions"] = dimensions(content)
        elif name == "DetectionConfidence":
            found["detection_confidence_pct"] = float(content)
        elif name == "UasOperator":
            found["operator"] = operator(content)
        elif name == "Relation":
            relations.append(relation(content))
        else:
            raise ValueError(name)
    if classifications:
        found["classifications"] = tuple(classifications)
    if relations:
        found["relations"] = tuple(relations)
    return tuple(ids), found


def resolve(ids: tuple[str, ...], sources: dict[str, Source]) -> tuple[Source, ...]:
    """The sources that a track refers to. Raises `FormatError` (``ALM-011``) for an id that names none."""
    try:
        return tuple([sources[own_id] for own_id in ids])
    except KeyError as error:
        raise FormatError(BAD_REFERENCE, place="Track/SourceRef", cause=str(error)[:140]) from None


def _tail(inner: str, taken: _Extensions) -> tuple[tuple[Provenance, ...], RawRecord | None, tuple[Extension, ...]]:
    """What stands after the state of a track."""
    extensions: tuple[Extension, ...] = ()
    if inner.endswith("</Extensions>"):
        inner, _, index = inner[: -len("</Extensions>")].partition("<Extensions>")
        extensions = taken[int(index)]
    passed, has_raw, octets = inner.partition("<RawRecord ")
    return provenance(passed) if passed else (), raw_record(octets) if has_raw else None, extensions
