"""NVG documents to canonical tracks: each point that is an object, whatever group it stands in.

Read leniently: editions 1.4, 1.5 and 2.0 by what the document declares, alone or in a SOAP answer. See
`docs/formats/nvg.md`.
"""

from __future__ import annotations

import re

from lxml import etree
from msgspec.structs import replace

from gateway.errors import FormatError
from gateway.formats.nvg import codes
from gateway.formats.nvg.edition import edition_of, is_nvg
from gateway.formats.nvg.kept import Explained, explained
from gateway.formats.nvg.reader import Setting, detection_of, operator_of, point_of
from gateway.formats.nvg.soap import ENVELOPES, body_of, fault_text
from gateway.formats.nvg.tree import names_of, plain_attributes, root_of, without_ids
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import Label, Loss, Operator, Provenance, Source, Track

MAPPING = "nvg/2.0.2"
_CONTAINERS = frozenset(("g", "a"))
_DRAWN = frozenset(("arcband", "circle", "polyline"))
_GRAPHICS = frozenset(
    (
        "text",
        "multipoint",
        "ellipse",
        "rect",
        "arrow",
        "corridor",
        "orbit",
        "polygon",
        "arc",
        "content-item",
        "composite",
    )
)
_OF_GROUPS = frozenset(("metadata", "ExtendedData", "extension", "textInfo", "TimeStamp", "TimeSpan"))


class NvgDecoder:
    """Reads one source's documents.

    `node` is the gateway's own name for the provenance; `nation` the source's, if it has one. `keep_raw` keeps each
    object's own element. `z` says what the source means by an altitude: ``msl`` (the schema's type says geoid),
    ``hae``, or ``none`` (not to be believed). With `label_policy` the root's classification, which 1.5 knows, becomes
    a `Label` of that policy; 2.0 has no marking.
    """

    def __init__(
        self,
        *,
        node: str = "",
        nation: str | None = None,
        keep_raw: bool = True,
        z: str = "msl",
        label_policy: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        if z not in ("msl", "hae", "none"):
            raise ValueError(f'z is "msl", "hae" or "none", not {z!r}')
        self._limits = limits or Limits()
        self._nation = nation
        self._keep_raw = keep_raw
        self._z = z
        self._label_policy = label_policy
        self._provenance = Provenance(gateway=node, input_format="NVG", mapping_id=MAPPING)

    def decode(self, frame: Frame) -> Decoded:
        """The tracks of a document. Drawings, and points of tactical graphics and weather, are counted as silent."""
        try:
            root = document_of(root_of(frame.octets, self._limits))
            losses = [Loss("nvg//@xml:id", "NOT_MODELLED")] if without_ids(root) else []
            schemas: dict[str, Explained] = {}
            objects, silent = self._objects(root, losses, schemas)
            setting = self._setting(root, frame, losses, schemas)
        except FormatError as error:
            return Decoded(problems=(error,))
        tracks: list[Track] = []
        problems: list[FormatError] = []
        operators: dict[str, Operator] = {}
        for number, element in enumerate(objects, 1):
            try:
                name = names_of(element)[1]
                operator = operator_of(element, setting) if name == "point" else None
                if operator is not None:
                    operators[operator[0]] = operator[1]
                    continue
                track = point_of(element, setting) if name == "point" else detection_of(element, setting)
            except FormatError as error:
                place = f"object {number}" + (f", {error.place}" if error.place else "")
                problems.append(FormatError(error.code, place=place, cause=error.cause))
                continue
            if track is None:
                silent += 1
            else:
                tracks.append(track)
        if operators:
            tracks = [_operated(track, operators) for track in tracks]
        return Decoded(tracks=tuple(tracks), problems=tuple(problems), silent=silent)

    def _objects(
        self, root: etree._Element, losses: list[Loss], schemas: dict[str, Explained]
    ) -> tuple[list[etree._Element], int]:
        """Points, and what may be a drawn detection, in document order; and how much else is drawn."""
        found: list[etree._Element] = []
        silent = 0
        waiting = [iter(list(root))]
        while waiting:
            element = next(waiting[-1], None)
            if element is None:
                waiting.pop()
                continue
            namespace, name = names_of(element)
            ours = is_nvg(namespace)
            if ours and name in _CONTAINERS:
                _lose(losses, name)
                waiting.append(iter(list(element)))
            elif ours and (name == "point" or name in _DRAWN):
                found.append(element)
            elif ours and name in _GRAPHICS:
                silent += 1
            elif ours and name == "Schema":
                ready = explained(element) if element.get("schemaId") else None
                if ready is not None:
                    schemas.setdefault(str(element.get("schemaId")), ready)
                else:
                    _lose(losses, name)
            else:
                _lose(losses, name if ours and name in _OF_GROUPS else "*")
            if len(found) + silent > self._limits.max_records_per_frame:
                cause = f"more than {self._limits.max_records_per_frame} objects"
                raise FormatError(codes.TOO_MANY, place="document", cause=cause)
        return found, silent

    def _setting(
        self, root: etree._Element, frame: Frame, losses: list[Loss], schemas: dict[str, Explained]
    ) -> Setting:
        label = None
        for name, value in plain_attributes(root).items():
            if name == "classification" and self._label_policy and value.strip():
                label = Label(policy=self._label_policy, classification=value.strip()[: self._limits.max_name_octets])
            elif name != "version":
                _lose(losses, f"@{name}"[:60])
        if len(plain_attributes(root)) < len(root.attrib):
            _lose(losses, "@*")
        return Setting(
            edition=edition_of(names_of(root)[0], str(root.get("version", ""))),
            z=self._z,
            received_at=frame.received_at,
            sources=self._source(frame.source),
            provenance=self._provenance,
            label=label,
            schemas=schemas,
            losses=tuple(losses),
            keep_raw=self._keep_raw,
            limits=self._limits,
        )

    def _source(self, name: str) -> tuple[Source, ...]:
        ncname = "src-" + re.sub(r"[^A-Za-z0-9_.-]", "-", name)
        return (Source(id=ncname, name=name, modality="NVG", nation=self._nation),) if name else ()


def document_of(root: etree._Element) -> etree._Element:
    """The `nvg` element: the root itself, or what a SOAP answer holds. `FormatError` where there is none."""
    namespace, name = names_of(root)
    if namespace in ENVELOPES and name == "Envelope":
        body = body_of(root)
        fault = fault_text(body) if body is not None else None
        if fault is not None:
            raise FormatError(codes.FAULT, place="Envelope/Body/Fault", cause=fault)
        found = [one for one in root.iter() if names_of(one)[1] == "nvg" and is_nvg(names_of(one)[0])]
        if len(found) == 1:
            return found[0]
        raise FormatError(codes.NOT_NVG, place="Envelope/Body", cause=f"{len(found)} nvg elements, expected one")
    if name == "nvg" and is_nvg(namespace):
        return root
    raise FormatError(codes.NOT_NVG, place="root", cause=f"observed {str(root.tag)[:60]}")


def _lose(losses: list[Loss], name: str) -> None:
    """What belongs to the document and not to an object travels nowhere."""
    loss = Loss(f"nvg{name}" if name[0] == "@" else f"nvg/{name}", "NO_TARGET")
    if loss not in losses:
        losses.append(loss)


def _operated(track: Track, operators: dict[str, Operator]) -> Track:
    operator = operators.get(track.identifiers[0].value) if track.identifiers else None
    return replace(track, operator=operator) if operator is not None else track
