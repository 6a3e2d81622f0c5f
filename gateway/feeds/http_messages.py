"""``POST /v1/messages/{format}``: records in; the answer comes after the durable commit."""

from __future__ import annotations

import asyncio
import re
from hashlib import sha256

import msgspec
from aiohttp import web

from gateway.clock import utc_text
from gateway.dialect import Format
from gateway.errors import FeedError, FormatError, GatewayError
from gateway.feeds import codes
from gateway.feeds.http_body import Body, check_media_type, frames_of
from gateway.feeds.http_guard import source_of
from gateway.feeds.http_problems import problem_response, refusal
from gateway.feeds.http_types import JSON, HttpSource, Idempotency, National
from gateway.stages import Frame, Intake, Refused

_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_BEFORE_READING = (codes.MEDIA_TYPE, codes.CONTENT_ENCODING, codes.BODY_TOO_LARGE)
_TOGETHER = 1_000  # frames of one body that are under way at once


_Taken = Intake | GatewayError
"""What became of one frame of a body."""


class Intakes:
    """The intake of one application: how much is under way, and which keys."""

    def __init__(self, national: National) -> None:
        self._national = national
        self._bound = national.limits.ingest_queue_frames
        self._under_way = 0
        self._keys: set[tuple[str, str]] = set()

    async def post(self, request: web.Request) -> web.Response:
        """Handle ``POST /v1/messages/{format}``."""
        national = self._national
        source = source_of(request)
        form = national.formats.get(request.match_info["format"])
        if form is None:
            raise refusal(codes.UNKNOWN_FORMAT, f"known are {', '.join(sorted(national.formats))}")
        if form.name not in source.formats:
            raise refusal(codes.FORMAT_NOT_PERMITTED, f"source {source.name} may send {_names(source.formats)}")
        key = request.headers.get("Idempotency-Key")
        if key is not None and _KEY.fullmatch(key) is None:
            raise refusal(codes.IDEMPOTENCY_KEY)
        if self._under_way >= self._bound:
            raise refusal(codes.INTAKE_FULL, f"{self._under_way} records are under way, at most {self._bound}")
        body, bodies = await self._open(request, source, form)
        peer = request.remote or ""
        now = national.clock.now()
        several = len(bodies) > 1
        frames = [
            Frame(
                octets=octets,
                feed=source.feed,
                source=source.name,
                peer=f"{peer} record {number}" if several else peer,
                received_at=now,
            )
            for number, octets in enumerate(bodies, 1)
        ]
        if key is None:
            return _answer(await self._take(frames, form, None, ""))
        return await self._once(source, key, frames, form, sha256(body).hexdigest())

    async def _open(self, request: web.Request, source: HttpSource, form: Format) -> tuple[bytes, list[bytes]]:
        """The body and its frames. One that is refused here is set aside, or its beginning where it was not read."""
        national = self._national
        reading = Body(request, national.limits)
        try:
            media_type = check_media_type(request, form)
            body = await reading.read()
            return body, frames_of(form, media_type, body, national.limits)
        except (FeedError, FormatError) as error:
            if error.code in _BEFORE_READING:
                await reading.glance()
            if reading.length:
                frame = Frame(
                    octets=reading.head,
                    feed=source.feed,
                    source=source.name,
                    peer=request.remote or "",
                    received_at=national.clock.now(),
                )
                national.set_aside(frame, error, reading.length)
            raise

    async def _once(self, source: HttpSource, key: str, frames: list[Frame], form: Format, digest: str) -> web.Response:
        claim = (source.name, key)
        if claim in self._keys:
            raise FeedError(codes.IDEMPOTENCY_BUSY)
        self._keys.add(claim)
        try:
            return _answer(await self._take(frames, form, key, digest))
        finally:
            self._keys.discard(claim)

    async def _take(self, frames: list[Frame], form: Format, key: str | None, digest: str) -> list[_Taken]:
        """What became of each frame, in order. With a key the first goes alone: a conflict then stops the others.

        Raises what kept frames from being taken when no track was; what kept some is a value among the results.
        """
        self._under_way += len(frames)
        try:
            taken: list[_Taken] = []
            if key is not None or len(frames) == 1:
                first = None if key is None else Idempotency(key=key, body_sha256=digest)
                taken.append(await self._national.intake(frames[0], form, first))
            for at in range(len(taken), len(frames), _TOGETHER):
                async with asyncio.TaskGroup() as group:
                    tasks = [
                        group.create_task(self._one(frame, form, _part(key, number, digest)))
                        for number, frame in enumerate(frames[at : at + _TOGETHER], at + 1)
                    ]
                taken += [task.result() for task in tasks]
        finally:
            self._under_way -= len(frames)
        failures = [outcome for outcome in taken if isinstance(outcome, GatewayError)]
        if failures and not any(isinstance(one, Intake) and (one.track_ids or one.duplicates) for one in taken):
            raise failures[0]
        return taken

    async def _one(self, frame: Frame, form: Format, part: Idempotency | None) -> _Taken:
        try:
            return await self._national.intake(frame, form, part)
        except GatewayError as error:  # a value, so that one failure does not cancel what others have begun
            return error


async def post_messages(request: web.Request) -> web.StreamResponse:
    """Take records; 202 once they are durable."""
    return await request.app[INTAKES].post(request)


INTAKES: web.AppKey[Intakes] = web.AppKey("intakes", Intakes)


def refused_record(error: GatewayError, record: int) -> dict[str, object]:
    """One refused record as the answer lists it; of a failure of our own rooms only what it is, not where and why."""
    ours = not isinstance(error, FormatError | FeedError)
    return {
        "record": record,
        "code": error.code.id,
        "title": error.code.title,
        "place": "" if ours else error.place,
        "cause": "" if ours else error.cause,
        "remedy": error.remedy,
    }


def _part(key: str | None, number: int, digest: str) -> Idempotency | None:
    return None if key is None else Idempotency(key=f"{key} {number}", body_sha256=digest)


def _names(formats: frozenset[str]) -> str:
    return ", ".join(sorted(formats)) or "nothing"


def _withheld(refused: Refused) -> dict[str, object]:
    until = refused.until
    return {
        "group": refused.group,
        "track_ids": refused.track_ids,
        "rule": refused.rule,
        "members": refused.members,
        "until": None if until is None else utc_text(until),
    }


def _answer(taken: list[_Taken]) -> web.Response:
    track_ids: list[str] = []
    message_ids: dict[str, None] = {}
    refused: list[dict[str, object]] = []
    withheld: list[dict[str, object]] = []
    duplicates = 0
    for number, intake in enumerate(taken, 1):
        if isinstance(intake, GatewayError):
            refused.append(refused_record(intake, number))
            continue
        track_ids += intake.track_ids
        message_ids.update(dict.fromkeys(intake.message_ids))
        duplicates += intake.duplicates
        if intake.problems:
            refused += [refused_record(problem, number) for problem in intake.problems]
        if intake.refused:
            withheld += [_withheld(one) for one in intake.refused]
    if refused and not track_ids and not duplicates:
        cause = f"{len(refused)} refused, the first: {refused[0]['title']}"
        return problem_response(FeedError(codes.ALL_REFUSED, cause=cause), refused=refused)
    document = {
        "accepted": len(track_ids),
        "track_ids": track_ids,
        "message_ids": list(message_ids),
        "duplicates": duplicates,
        "refused": refused,
        "withheld": withheld,
    }
    return web.Response(status=202, body=msgspec.json.encode(document), headers=_JSON_HEADERS)


_JSON_HEADERS = {"Content-Type": JSON}
