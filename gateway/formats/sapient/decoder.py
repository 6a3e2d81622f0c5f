"""SAPIENT messages to tracks without talking back: files, request bodies, recordings of a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from gateway.errors import FormatError
from gateway.formats.sapient import options
from gateway.formats.sapient.intake import InvalidError, Piece, arrived, check_plausible, pieces_of
from gateway.formats.sapient.reading import Rules
from gateway.formats.sapient.session.pose import configured
from gateway.formats.sapient.session.session import Session
from gateway.limits import Limits
from gateway.stages import Decoded, Frame
from gateway.track import Track

ENDED = ("lost", "object lost")
"""What the standard says in `state` of a track that has ended."""


def rules_of(
    *,
    node: str,
    limits: Limits | None,
    nation: str | None,
    keep_raw: bool,
    ended_states: Sequence[str],
    time_window_s: float | None,
    utm_letters: str,
    implausible: str = "carry",
) -> Rules:
    """How reports are read, from the options; `FormatError` ``SAP-068`` for a value that makes no sense."""
    window_s = None if time_window_s is None else options.number("time_window_s", time_window_s, 0.001, 86_400)
    return Rules(
        gateway=node,
        nation=nation,
        keep_raw=options.flag("keep_raw", keep_raw),
        ended=options.words("ended_states", ended_states),
        window=None if window_s is None else timedelta(seconds=window_s),
        letters=options.choice("utm_letters", utm_letters, ("band", "hemisphere")),
        refuse_implausible=options.choice("implausible", implausible, ("carry", "refuse")) == "refuse",
        limits=limits or Limits(),
    )


class SapientDecoder:
    """Reads one source's messages in order.

    `node` is the gateway's own name for the provenance; `nation` the source's. `hold` keeps a detection that misses its
    node's Registration or pose for later frames (at most `limits.held_s`); without it such a detection is refused at
    the end of its frame, so that whoever posted it learns of it. `sites` are places and headings of nodes that do not
    report theirs. `implausible` is ``carry`` or ``refuse``.
    """

    def __init__(
        self,
        *,
        node: str = "",
        nation: str | None = None,
        keep_raw: bool = True,
        hold: bool = False,
        time_window_s: float | None = None,
        ended_states: Sequence[str] = ENDED,
        utm_letters: str = "band",
        implausible: str = "carry",
        sites: Mapping[str, Mapping[str, float]] | None = None,
        limits: Limits | None = None,
    ) -> None:
        rules = rules_of(
            node=node,
            limits=limits,
            nation=nation,
            keep_raw=keep_raw,
            ended_states=ended_states,
            time_window_s=time_window_s,
            utm_letters=utm_letters,
            implausible=implausible,
        )
        self._refuse_implausible = rules.refuse_implausible
        self._limits = rules.limits
        self._hold = options.flag("hold", hold)
        self._session = Session(rules, configured(options.sites(sites)))

    def decode(self, frame: Frame) -> Decoded:
        """The tracks of the frame's detections and alerts; other messages change the session and are silent."""
        try:
            pieces = pieces_of(frame.octets, self._limits)
        except FormatError as error:
            return Decoded(problems=(error,))
        if len(pieces) == 1:
            try:
                track = self._take(pieces[0], frame)
            except FormatError as error:
                return Decoded(problems=(error,))
            if track is not None and not self._session.waiting:
                return Decoded(tracks=(track,))
            return self._decoded([] if track is None else [track], [], frame)
        tracks: list[Track] = []
        problems: list[FormatError] = []
        for number, piece in enumerate(pieces, 1):
            try:
                track = self._take(piece, frame)
            except FormatError as error:
                place = f"message {number}, octet {piece.offset}" + (f", {error.place}" if error.place else "")
                problems.append(FormatError(error.code, place=place, cause=error.cause))
                continue
            tracks.extend(self._session.released())
            if track is not None:
                tracks.append(track)
        return self._decoded(tracks, problems, frame, len(pieces))

    def finish(self, now: datetime) -> Decoded:
        """Gives up what is still held: nothing more will come."""
        self._session.expire(now)
        self._session.abandon("nothing more came")
        return Decoded(overdue=self._session.given_up())

    def _decoded(self, tracks: list[Track], problems: list[FormatError], frame: Frame, count: int = 1) -> Decoded:
        session = self._session
        tracks += session.released()
        held = session.waiting
        if not self._hold and held:
            session.abandon("not in this frame nor before it")
            held = 0
        gone = session.given_up()
        problems += [error for one, error in gone if one is frame]
        silent = max(0, count - len(tracks) - len(problems) - held)
        return Decoded(
            tracks=tuple(tracks),
            problems=tuple(problems),
            silent=silent,
            overdue=tuple([(one, error) for one, error in gone if one is not frame]),
        )

    def _take(self, piece: Piece, frame: Frame) -> Track | None:
        session = self._session
        try:
            one = arrived(piece, frame, session, self._limits)
        except InvalidError as error:
            if error.message.HasField("registration"):
                session.refuse_registration(error.message.node_id)
            raise
        if self._refuse_implausible:
            try:
                check_plausible(one.message)
            except FormatError:
                if one.message.HasField("registration"):
                    session.refuse_registration(one.message.node_id)
                raise
        return session.take(one)
