"""The picture as an NVG document over HTTP: GET for import subscriptions, SOAP GetNvg and GetCapabilities on POST.

Two filters are offered both ways: `environment` and `identity`, each a list of canonical words (an absent identity is
``NONE``). What is not offered is refused, never ignored: a consumer that believes in a filter must not get all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from lxml import etree

from gateway.dialect import Answer, Request
from gateway.errors import FormatError
from gateway.formats.nvg import codes, soap
from gateway.formats.nvg.edition import NVG, VERSION
from gateway.formats.nvg.encoder import NvgEncoder
from gateway.formats.nvg.tree import names_of, root_of
from gateway.limits import Limits
from gateway.track import Environment, Identity, Track

_MEDIA = "application/xml"
_VALUES = {
    "environment": tuple(one.value for one in Environment),
    "identity": (*(one.value for one in Identity), "NONE"),
}
_TITLES = {"environment": "Environment", "identity": "Standard identity"}
Filter = dict[str, frozenset[str]]


class NvgService:
    """Answers one client. The options are the encoder's; `node` does not appear in the document."""

    def __init__(
        self,
        *,
        node: str = "",
        symbols: str = "app6d",
        z: str = "msl",
        extended_data: bool = True,
        personal_data: bool = False,
        limits: Limits | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._encoder = NvgEncoder(
            symbols=symbols, z=z, extended_data=extended_data, personal_data=personal_data, limits=self._limits
        )

    def answer(self, request: Request, tracks: Sequence[Track], now: datetime) -> Answer:
        """The document of those tracks; the same octets for the same tracks, so that an ETag of them holds.

        `FormatError` (``NVG-03x``) for a request that is none; a SOAP request that is not understood gets a fault.
        """
        if request.method == "GET":
            wanted = _filter(request.query.items())
            return self._document(tracks, now, wanted, ("", ""), _MEDIA)
        if request.method != "POST":
            raise FormatError(codes.METHOD, place="method", cause=f"observed {request.method[:20]!r}")
        if request.query:
            name = next(iter(request.query))
            raise FormatError(codes.QUERY, place=name[:60], cause="a SOAP request has its filters in nvg_filter")
        try:
            root = root_of(request.octets, self._limits)
        except FormatError as error:
            raise FormatError(codes.NOT_SOAP, place=error.place, cause=error.code.title) from None
        namespace = names_of(root)[0]
        body = soap.body_of(root)
        if body is None:
            raise FormatError(codes.NOT_SOAP, place="root", cause=f"observed {str(root.tag)[:60]}")
        media = soap.ENVELOPES[namespace]
        try:
            return self._operation(body, namespace, media, tracks, now)
        except FormatError as error:
            return Answer(octets=soap.fault(namespace, str(error)), media_type=media, status=500)

    def _operation(
        self, body: etree._Element, namespace: str, media: str, tracks: Sequence[Track], now: datetime
    ) -> Answer:
        operation = names_of(body)
        if operation == (soap.SERVICE, "GetCapabilities"):
            inner = f'<GetCapabilitiesResponse xmlns="{soap.SERVICE}">{_capabilities()}</GetCapabilitiesResponse>'
            return Answer(octets=soap.envelope(namespace, inner), media_type=media)
        if operation == (soap.SERVICE, "GetNvg"):
            around = (f'<GetNvgResponse xmlns="{soap.SERVICE}">', "</GetNvgResponse>")
            return self._document(tracks, now, _filter(_responses(body)), around, media, envelope=namespace)
        raise FormatError(codes.OPERATION, place="Envelope/Body", cause=f"observed {str(body.tag)[:80]}")

    def _document(
        self,
        tracks: Sequence[Track],
        now: datetime,
        wanted: Filter,
        around: tuple[str, str],
        media: str,
        envelope: str | None = None,
    ) -> Answer:
        encoded = self._encoder.encode([track for track in tracks if _passes(track, wanted)], now)
        octets = encoded.frames[0]
        if envelope is not None:
            document = octets.decode().partition("\n")[2].strip()  # without the declaration
            octets = soap.envelope(envelope, around[0] + document + around[1])
        return Answer(octets=octets, media_type=media, losses=encoded.losses, problems=encoded.problems)


def enquiry(*, soap_request: bool = False) -> Request:
    """What to ask a server that is polled: a plain GET, or SOAP GetNvg."""
    if not soap_request:
        return Request(method="GET", query={}, media_type="")
    octets = soap.envelope(soap.SOAP_11, f'<GetNvg xmlns="{soap.SERVICE}"/>')
    return Request(
        method="POST",
        query={},
        media_type=soap.ENVELOPES[soap.SOAP_11],
        octets=octets,
        headers={"SOAPAction": f'"{soap.SERVICE}/GetNvg"'},
    )


def _passes(track: Track, wanted: Filter) -> bool:
    identity = track.identity.value.value if track.identity is not None else "NONE"
    said = {"environment": track.environment.value, "identity": identity}
    return all(said[name] in values for name, values in wanted.items())


def _filter(asked: Iterable[tuple[str, str]]) -> Filter:
    wanted: dict[str, set[str]] = {}
    for name, text in asked:
        if name not in _VALUES:
            raise FormatError(codes.QUERY, place=name[:60], cause=f"expected {' or '.join(_VALUES)}")
        for value in text.split(","):
            if value not in _VALUES[name]:
                cause = f"expected {', '.join(_VALUES[name])}; observed {value[:40]!r}"
                raise FormatError(codes.FILTER, place=name, cause=cause)
            wanted.setdefault(name, set()).add(value)
    return {name: frozenset(values) for name, values in wanted.items()}


def _responses(operation: etree._Element) -> list[tuple[str, str]]:
    """(filter, value) of everything that an nvg_filter asks for."""
    found: list[tuple[str, str]] = []
    for part in operation:
        if names_of(part) != (NVG, "nvg_filter"):
            raise FormatError(codes.FILTER, place="GetNvg", cause=f"observed {str(part.tag)[:80]}")
        for response in part:
            if names_of(response) != (NVG, "select_response"):
                raise FormatError(codes.FILTER, place="nvg_filter", cause=f"observed {str(response.tag)[:80]}")
            name = str(response.get("refid", ""))
            chosen = [one.text or "" for one in response if names_of(one) == (NVG, "selected")]
            if name not in _VALUES or len(chosen) != len(response):
                raise FormatError(codes.FILTER, place="select_response", cause=f"refid {name[:40]!r} is not offered")
            found.extend((name, value.strip()) for value in chosen)
    return found


def _capabilities() -> str:
    items = ""
    for name, values in _VALUES.items():
        choices = "".join(f'<value id="{value}" name="{value.replace("_", " ").capitalize()}"/>' for value in values)
        items += f'<select id="{name}" name="{_TITLES[name]}" multiple="true"><values>{choices}</values></select>'
    return f'<nvg_capabilities xmlns="{NVG}" version="{VERSION}">{items}</nvg_capabilities>'
