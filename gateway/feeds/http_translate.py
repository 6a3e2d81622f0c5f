"""``POST /v1/translate/{from}/{to}``: any format to any other, stateless: nothing is recorded, released or sent.

The answer is JSON with the frames, what each direction lost and which records were refused. A caller who accepts the
target's media type better than JSON gets the bare octets, and only the numbers of losses and refusals as headers.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Sequence
from uuid import UUID, uuid5

import msgspec
from aiohttp import web
from msgspec.structs import replace

from gateway.dialect import Format, finished
from gateway.errors import FeedError, FormatError
from gateway.feeds import codes
from gateway.feeds.http_body import check_media_type, frames_of, read_body
from gateway.feeds.http_guard import national_of, source_of
from gateway.feeds.http_messages import refused_record
from gateway.feeds.http_problems import problem_response, refusal
from gateway.feeds.http_query import check_names
from gateway.feeds.http_types import JSON, National
from gateway.feeds.negotiation import choose
from gateway.stages import Decoded, Frame, native_identifier
from gateway.track import Loss, Track

LOSSES_HEADER = "Gateway-Losses"
REFUSED_HEADER = "Gateway-Refused"
_NAMESPACE = UUID("0f0a1c52-6f7e-5d0a-9a53-6d3a0f6b1f5e")
_CHUNK = 250  # tracks encoded between two turns of the event loop


class _Result:
    """What a translation gathers."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self.silent = 0
        self.frames: list[bytes] = []
        self.losses: list[dict[str, str]] = []
        self.refused: list[dict[str, object]] = []

    def lose(self, stage: str, track_id: str, losses: Sequence[Loss]) -> None:
        self.losses += [
            {"stage": stage, "track_id": track_id, "field": loss.field, "reason": loss.reason} for loss in losses
        ]

    def refuse(self, stage: str, problems: Sequence[FormatError], record: int) -> None:
        self.refused += [{"stage": stage, **refused_record(problem, record)} for problem in problems]


async def post_translate(request: web.Request) -> web.StreamResponse:
    """Translate the records of the body."""
    national = national_of(request)
    check_names(request)
    source, target = _format(national, request.match_info["from"]), _format(national, request.match_info["to"])
    wanted = choose(request.headers.get("Accept"), (JSON, target.media_type))
    if wanted is None:
        raise refusal(codes.NOT_ACCEPTABLE, f"offered are {JSON}, {target.media_type}")
    media_type = check_media_type(request, source)
    body = await read_body(request, national.limits)
    result = _Result()
    await _decode(request, national, source, frames_of(source, media_type, body, national.limits), result)
    await _encode(national, target, result)
    if wanted == JSON:
        return web.Response(body=msgspec.json.encode(_document(source, target, result)), content_type=JSON)
    if result.refused and not result.frames:
        return problem_response(FeedError(codes.ALL_REFUSED), refused=result.refused)
    headers = {
        "Content-Type": target.media_type,
        LOSSES_HEADER: str(len(result.losses)),
        REFUSED_HEADER: str(len(result.refused)),
    }
    return web.Response(body=b"".join(result.frames), headers=headers)


def _format(national: National, name: str) -> Format:
    form = national.formats.get(name)
    if form is None:
        raise refusal(codes.UNKNOWN_FORMAT, f"known are {', '.join(sorted(national.formats))}")
    return form


async def _decode(
    request: web.Request, national: National, source: Format, bodies: Sequence[bytes], result: _Result
) -> None:
    caller = source_of(request)
    decoder = national.decoder_of(caller.name, source.name)
    now = national.clock.now()
    for number, octets in enumerate(bodies, 1):
        peer = f"record {number}"
        frame = Frame(octets=octets, feed=caller.feed, source=caller.name, peer=peer, received_at=now)
        _take(decoder.decode(frame), number, result)
        if number % _CHUNK == 0:
            await asyncio.sleep(0)
    _take(finished(decoder, now), len(bodies), result)


def _take(decoded: Decoded, number: int, result: _Result) -> None:
    result.silent += decoded.silent
    result.refuse("decode", [*decoded.problems, *(why for _, why in decoded.overdue)], number)
    for track in decoded.tracks:
        named = track if track.track_id is not None else replace(track, track_id=_provisional_id(track, result))
        result.tracks.append(named)
        if named.provenance and named.provenance[-1].losses:
            result.lose("decode", named.track_id or "", named.provenance[-1].losses)


def _provisional_id(track: Track, result: _Result) -> str:
    """An id that holds in this answer only: formats need one, and only admission mints the real one."""
    native = native_identifier(track)
    name = f"plot {len(result.tracks)}" if native is None else f"{native.scheme} {native.value}"
    return str(uuid5(_NAMESPACE, name))


async def _encode(national: National, target: Format, result: _Result) -> None:
    encoder = national.encoder_of(target.name)
    for at in range(0, len(result.tracks), _CHUNK):
        encoded = encoder.encode(result.tracks[at : at + _CHUNK], national.clock.now())
        result.frames += encoded.frames
        result.refuse("encode", encoded.problems, 0)
        for track_id, loss in encoded.losses:
            result.lose("encode", track_id, (loss,))
        await asyncio.sleep(0)


def _document(source: Format, target: Format, result: _Result) -> dict[str, object]:
    return {
        "from": source.name,
        "to": target.name,
        "media_type": target.media_type,
        "tracks": len(result.tracks),
        "silent": result.silent,
        "frames": [_frame(octets) for octets in result.frames],
        "losses": result.losses,
        "refused": result.refused,
    }


def _frame(octets: bytes) -> dict[str, str]:
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": b64encode(octets).decode()}
    if any(character < " " and character not in "\t\r\n" for character in text):
        return {"base64": b64encode(octets).decode()}  # binary that happens to be UTF-8
    return {"text": text}
