"""``gateway policy binding``: the label of an alliance message as ADatP-4778 binding information."""

from __future__ import annotations

from pathlib import Path

import typer

from gateway import xml
from gateway.formats import alliance
from gateway.labels.binding import Form, Part, binding_information, track_expression
from gateway.limits import Limits

MEDIA_TYPE = alliance.FORMAT.media_type


def bind(recording: Path | bytes, *, form: str, uri: str) -> bytes:
    """The binding information of one message; `GatewayError` for a file that is no message or has a wrong label."""
    if form not in tuple(Form):
        raise typer.BadParameter(f"expected one of {', '.join(Form)}", param_hint="--form")
    chosen = Form(form)
    if (chosen is Form.DETACHED) != bool(uri):
        raise typer.BadParameter(
            "the detached form, and no other, needs the address of the message", param_hint="--uri"
        )
    limit = Limits().max_message_octets
    octets = recording if isinstance(recording, bytes) else _read(recording, limit)
    message = alliance.read(xml.parse(octets, max_octets=limit), signed=True)
    parts = {
        track.track_id: Part(label=track.label, expression=track_expression(track.track_id))
        for track in message.tracks
        if track.label is not None and track.label != message.header.label and track.track_id is not None
    }
    return binding_information(
        message.header.label,
        form=chosen,
        content_type=MEDIA_TYPE,
        uri=uri or None,
        data=octets if chosen is Form.ENCAPSULATING else None,
        parts=() if chosen is Form.ENCAPSULATING else tuple(parts.values()),
    )


def _read(file: Path, limit: int) -> bytes:
    """The file, as far as a message may be long: what is longer is refused where it is parsed."""
    with file.open("rb") as stream:
        return stream.read(limit + 1)
