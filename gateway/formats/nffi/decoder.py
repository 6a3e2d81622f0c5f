"""NFFI messages to canonical tracks: 1.3, read leniently, alone or in a SIP3 answer. See `docs/formats/nffi.md`."""

from __future__ import annotations

import re

from lxml import etree

from gateway.errors import FormatError
from gateway.formats.nffi import codes
from gateway.formats.nffi.reader import Setting, is_nffi, track_of
from gateway.formats.nffi.soap import ENVELOPES, SIP3, body_of, decompressed, fault_text
from gateway.formats.nffi.tree import names_of, root_of, without_ids
from gateway.formats.nffi.values import NFFI
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import Loss, Provenance, Source, Track

MAPPING = "nffi/1.3"


class NffiDecoder:
    """Reads one source's messages.

    `node` is the gateway's own name for the provenance; `nation` the source's, where a track names no country.
    `keep_raw` keeps each track's own element. With `label_policy` the highest marking among a track's sections becomes
    a `Label` of that policy (the markings survive in the extension in any case); without it no label is made up.
    `unverified_ip1` counts octets between documents that hold no XML, as the header of IP1 would be, as silent instead
    of refusing them: its layout is not public, so nothing in it is read.
    """

    def __init__(
        self,
        *,
        node: str = "",
        nation: str | None = None,
        keep_raw: bool = True,
        label_policy: str | None = None,
        unverified_ip1: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._nation = nation
        self._keep_raw = keep_raw
        self._label_policy = label_policy
        self._ip1 = unverified_ip1
        self._provenance = Provenance(gateway=node, input_format="NFFI", mapping_id=MAPPING)

    def decode(self, frame: Frame) -> Decoded:
        """The tracks of a message, each refused alone; an empty message is counted as silent."""
        if self._ip1 and b"<" not in frame.octets:
            return Decoded(silent=1)
        try:
            root = self._message(root_of(frame.octets, self._limits))
            elements = [child for child in root if names_of(child)[1] == "track" and is_nffi(names_of(child)[0])]
            if len(elements) > self._limits.max_records_per_frame:
                cause = f"{len(elements)} tracks, at most {self._limits.max_records_per_frame}"
                raise FormatError(codes.TOO_MANY, place="NFFIMessage", cause=cause)
        except FormatError as error:
            return Decoded(problems=(error,))
        losses: tuple[Loss, ...] = ()
        if without_ids(root):
            losses += (Loss("NFFIMessage//@xml:id", "NOT_MODELLED"),)
        if len(elements) < len(root) or root.attrib:
            losses += (Loss("NFFIMessage/*", "NO_TARGET"),)
        if names_of(root)[0] != NFFI:
            losses += (Loss("NFFIMessage@xmlns", "NO_CODE"),)  # an edition that nobody here has verified
        setting = Setting(
            received_at=frame.received_at,
            source=lambda country: self._source(frame.source, country),
            provenance=self._provenance,
            label_policy=self._label_policy,
            losses=losses,
            keep_raw=self._keep_raw,
            limits=self._limits,
        )
        tracks: list[Track] = []
        problems: list[FormatError] = []
        for number, element in enumerate(elements, 1):
            try:
                tracks.append(track_of(element, setting))
            except FormatError as error:
                place = f"track {number}" + (f", {error.place}" if error.place else "")
                problems.append(FormatError(error.code, place=place, cause=error.cause))
        return Decoded(tracks=tuple(tracks), problems=tuple(problems), silent=0 if elements else 1)

    def _message(self, root: etree._Element) -> etree._Element:
        """The NFFIMessage: the root itself, or what a SIP3 answer holds, compressed or not."""
        namespace, name = names_of(root)
        if namespace in ENVELOPES:
            body = body_of(root)
            if body is None:
                raise FormatError(codes.NOT_NFFI, place="Envelope", cause="no Body with one element")
            fault = fault_text(body)
            if fault is not None:
                raise FormatError(codes.FAULT, place="Envelope/Body/Fault", cause=fault)
            root, (namespace, name) = body, names_of(body)
        if namespace == SIP3 and name == "NFFIDataResponse":
            for child in root:
                space, local = names_of(child)
                if local == "NFFIMessage" and is_nffi(space):
                    return child
                if (space, local) == (SIP3, "compressedMessage"):
                    inner = root_of(decompressed(child.text or "", self._limits), self._limits)
                    if names_of(inner)[1] == "NFFIMessage" and is_nffi(names_of(inner)[0]):
                        return inner
            raise FormatError(codes.NOT_NFFI, place="NFFIDataResponse", cause="no NFFIMessage in it")
        if name == "NFFIMessage" and is_nffi(namespace):
            return root
        if name == "FriendlyForceInformation":
            raise FormatError(codes.FFI, place="root", cause=f"namespace {namespace[:60]}")
        raise FormatError(codes.NOT_NFFI, place="root", cause=f"observed {str(root.tag)[:60]}")

    def _source(self, name: str, country: str | None) -> tuple[Source, ...]:
        ncname = "src-" + re.sub(r"[^A-Za-z0-9_.-]", "-", name)
        return (Source(id=ncname, name=name, modality="NFFI", nation=country or self._nation),) if name else ()
