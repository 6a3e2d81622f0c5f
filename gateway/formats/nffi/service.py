"""SIP3 request and response: POST PullDataOperation with a filter, answered with an NFFI message or a SIP3 fault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from gateway.dialect import Answer, Request
from gateway.errors import FormatError
from gateway.formats.nffi import codes, soap
from gateway.formats.nffi.encoder import NffiEncoder, message
from gateway.formats.nffi.facets import FACETS
from gateway.formats.nffi.query import Query, query_of
from gateway.formats.nffi.tree import names_of, root_of
from gateway.formats.nffi.values import number_text
from gateway.limits import Limits
from gateway.track import Loss, Track


class NffiService:
    """Answers one client. The options are the encoder's."""

    def __init__(
        self,
        *,
        node: str = "",
        system: str = "",
        subsystem: str = "",
        country: str | None = None,
        friendly_only: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._encoder = NffiEncoder(
            node=node,
            system=system,
            subsystem=subsystem,
            country=country,
            friendly_only=friendly_only,
            limits=self._limits,
        )

    def answer(self, request: Request, tracks: Sequence[Track], now: datetime) -> Answer:
        """The tracks that the request asks for; a SIP3 fault for one that is not understood.

        `FormatError` (``NFI-03x``) for what is no SOAP request at all. Never compressed: a client that names the
        algorithms that it supports still reads a plain answer.
        """
        if request.method != "POST":
            raise FormatError(codes.METHOD, place="method", cause=f"observed {request.method[:20]!r}")
        try:
            root = root_of(request.octets, self._limits)
        except FormatError as error:
            raise FormatError(codes.NOT_SOAP, place=error.place, cause=error.code.title) from None
        namespace = names_of(root)[0]
        if namespace not in soap.ENVELOPES or names_of(root)[1] != "Envelope":
            raise FormatError(codes.NOT_SOAP, place="root", cause=f"observed {str(root.tag)[:60]}")
        media = soap.ENVELOPES[namespace]
        try:
            query = _asked(root)
        except FormatError as error:
            return Answer(octets=soap.fault(namespace, error.code.id, str(error)), media_type=media, status=500)
        elements, losses, problems = self._elements(tracks, query)
        inner = message(elements, declaration=False).decode()
        content = (
            f'<NFFIDataResponse xmlns="{soap.SIP3}"><allAvailableDataTransferred>true</allAvailableDataTransferred>'
            f"{inner}</NFFIDataResponse>"
        )
        return Answer(octets=soap.envelope(namespace, content), media_type=media, losses=losses, problems=problems)

    def _elements(
        self, tracks: Sequence[Track], query: Query
    ) -> tuple[list[str], tuple[tuple[str, Loss], ...], tuple[FormatError, ...]]:
        elements: list[str] = []
        losses: list[tuple[str, Loss]] = []
        problems: list[FormatError] = []
        for track in tracks:
            state = track.state
            ended = track.status is not None and track.status.ended is True
            if ended or state is None or state.position is None:
                if not ended:
                    problems.append(FormatError(codes.NO_PLACE, place=track.track_id or ""))
                continue
            if not query.passes(self._encoder.who(track), state.time, state.position):
                continue
            lost: list[Loss] = []
            try:
                elements.append(self._encoder.element(track, lost))
            except FormatError as error:
                problems.append(error)
                continue
            losses.extend((track.track_id or "", loss) for loss in lost)
        return elements, tuple(losses), tuple(problems)


def enquiry(
    *,
    area: dict[str, float] | None = None,
    systems: list[dict[str, str]] | None = None,
    history_depth: int | None = None,
) -> Request:
    """The PullDataOperation that a poll sends: everything, or a box, or some systems (`%` is a wildcard).

    `area` has south_deg, west_deg, north_deg, east_deg; a system any of country, system, subsystem, transponder_id.
    Raises `ValueError` for what the schema does not admit.
    """
    parts = ""
    if history_depth is not None:
        if history_depth < 0:
            raise ValueError("history_depth is a whole number from 0")
        parts += f"<historyDepth>{history_depth}</historyDepth>"
    if systems:
        sources = "".join(_track_source(one) for one in systems)
        parts += f"<systemList><incl_excl>INCLUSIVE</incl_excl>{sources}</systemList>"
    if area is not None:
        west, south, east, north = (_degree(area, name) for name in ("west_deg", "south_deg", "east_deg", "north_deg"))
        parts += (
            f"<geoFilter><rectangular><leftTopCorner><longitude>{west}</longitude><latitude>{north}</latitude>"
            f"</leftTopCorner><rightBottomCorner><longitude>{east}</longitude><latitude>{south}</latitude>"
            "</rightBottomCorner></rectangular></geoFilter>"
        )
    inner = f'<NFFIFilter xmlns="{soap.QUERY}">{parts}</NFFIFilter>' if parts else ""
    octets = soap.envelope(soap.SOAP_11, f'<ReqResFilter xmlns="{soap.SIP3}">{inner}</ReqResFilter>')
    return Request(
        method="POST",
        query={},
        media_type=soap.ENVELOPES[soap.SOAP_11],
        octets=octets,
        headers={"SOAPAction": '"PullDataOperation"'},
    )


def _asked(root: etree._Element) -> Query:
    body = soap.body_of(root)
    if body is None:
        bodies = [child for child in root if names_of(child)[1] == "Body"]
        if len(bodies) == 1 and len(bodies[0]) == 0:
            return Query()  # a client that sends no filter at all asks for everything
        raise FormatError(codes.OPERATION, place="Envelope", cause="no Body with one element")
    if names_of(body) != (soap.SIP3, "ReqResFilter"):
        raise FormatError(codes.OPERATION, place="Envelope/Body", cause=f"observed {str(body.tag)[:80]}")
    return query_of(body)


def _degree(area: dict[str, float], name: str) -> str:
    value = area.get(name)
    text = number_text(value) if isinstance(value, int | float) else ""
    if not FACETS["longitude" if name in ("west_deg", "east_deg") else "latitude"](text):
        raise ValueError(f"area needs {name} in degrees")
    return text


def _track_source(names: dict[str, str]) -> str:
    unknown = set(names) - {"country", "system", "subsystem", "transponder_id"}
    if unknown or not names:
        raise ValueError(f"a system has country, system, subsystem and transponder_id, not {sorted(unknown)}")
    inner = ""
    for name in ("country", "system", "subsystem"):
        if name in names:
            inner += f"<{name}>{_wild(name, names[name])}</{name}>"
    text = f"<sourceSystem>{inner}</sourceSystem>" if inner else ""
    if "transponder_id" in names:
        text += f"<transponderId>{_wild('transponderId', names['transponder_id'])}</transponderId>"
    return f"<trackSource>{text}</trackSource>"


def _wild(name: str, text: str) -> str:
    bare = text.replace("%", "")
    fits = len(text) <= 3 and (not bare or (bare.isascii() and bare.isupper())) if name == "country" else True
    if not text or not fits or (name != "country" and bare and not FACETS[name](bare)):
        raise ValueError(f"{name} cannot be {text[:40]!r}")
    return text
