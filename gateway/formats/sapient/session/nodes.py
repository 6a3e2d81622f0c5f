"""What is known of one node: its Registration, mode and pose. Mutable; one per node and connection."""

from __future__ import annotations

import re

from gateway.errors import FormatError
from gateway.formats.sapient.session import codes
from gateway.formats.sapient.session.declared import Declared, Kind, Meaning
from gateway.formats.sapient.session.pose import Pose
from gateway.track import Source


class Node:
    """One node as it has described itself on this connection. A new connection must describe it anew."""

    def __init__(self, node_id: str, pose: Pose, nation: str | None) -> None:
        self.node_id = node_id
        self.sensor = f"sapient:{node_id}"
        self.pose = pose
        self.site = pose.place
        """Where it is configured to stand."""
        self.kinds: dict[object, object] = {}
        """What trees of its class names mean, for `detection`; emptied with what it has declared."""
        self.sources: tuple[Source, ...] = ()
        self.leaving = False
        """It has said goodbye."""
        self.octets = 0
        """How long its Registration was: what remembering it costs."""
        self._nation = nation
        self._declared: Declared | None = None
        self._mode: str | None = None
        self._meanings: dict[tuple[bool, int, int], Meaning] = {}

    @property
    def declared(self) -> Declared | None:
        """Its Registration; absent until one was accepted."""
        return self._declared

    @property
    def mode(self) -> str | None:
        """The mode that it last reported, else the one it begins in by its Registration."""
        if self._mode is not None or self._declared is None:
            return self._mode
        return self._declared.default_mode

    def register(self, declared: Declared, octets: int) -> None:
        """Take a Registration: it holds for what comes from now on. The mode is the node's to tell again."""
        if self._declared is not None:
            self._mode = None
        self._declared = declared
        self.octets = octets
        self._forget_meanings()
        self.leaving = False
        name = declared.name or self.node_id
        source = re.sub(r"[^A-Za-z0-9_.-]", "-", f"src-{self.node_id}")
        self.sources = (Source(id=source, name=name, modality=declared.modality, nation=self._nation),)

    def unregister(self) -> None:
        """Forget what it declared: a Registration was refused, and what it says from now on may be in other units."""
        self._declared = None
        self._mode = None
        self._forget_meanings()

    def enter(self, mode: str) -> None:
        """Note the mode that a StatusReport names."""
        if mode != self._mode:
            self._mode = mode
            self._forget_meanings()

    def meaning(self, polar: bool, system: int, datum: int) -> Meaning:
        """How its detections of one kind of location are to be read now.

        `FormatError` ``SAP-050`` before its Registration, ``SAP-052`` in a mode that it has not defined.
        """
        key = (polar, system, datum)
        known = self._meanings.get(key)
        if known is not None:
            return known
        if self._declared is None:
            raise FormatError(codes.NOT_REGISTERED, place="node_id", cause=f"node {self.node_id}")
        mode = self.mode
        found = self._declared.meaning(mode, Kind(polar=polar, system=system, datum=datum))
        if found is None:
            modes = ", ".join(sorted(self._declared.modes))[:200]
            said = f"mode {mode[:60]!r} is" if mode is not None else "no mode is named, and units differ"
            raise FormatError(codes.NO_MODE, place="node_id", cause=f"{said} among {modes!r}, node {self.node_id}")
        self._meanings[key] = found
        return found

    def _forget_meanings(self) -> None:
        self._meanings.clear()
        self.kinds.clear()
