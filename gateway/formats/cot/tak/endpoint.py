"""The TAK endpoint of a feed: a server for TAK clients, a client of a TAK server, or a member of a TAK mesh."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from gateway.dialect import Conversation, Peer
from gateway.errors import FormatError
from gateway.formats.cot.decoder import CotDecoder
from gateway.formats.cot.encoder import CotEncoder
from gateway.formats.cot.tak import codes
from gateway.formats.cot.tak.conversation import ClientSide, ServerSide
from gateway.formats.cot.tak.mesh import MeshConversation
from gateway.formats.cot.tak.shelf import Shelf
from gateway.formats.cot.tak.uids import Uids
from gateway.limits import Limits

ROLES = ("server", "client", "mesh")


class CotEndpoint:
    """Converses with TAK clients, with a TAK server or in a TAK mesh.

    `role` says which: ``server``, ``client``, ``mesh``. Without `negotiate` only XML is sent. The other options are
    those of `CotDecoder` and `CotEncoder`. What one conversation has had written is there for all of them.
    """

    def __init__(
        self,
        *,
        node: str = "",
        limits: Limits | None = None,
        role: str = "server",
        negotiate: bool = True,
        nation: str | None = None,
        keep_raw: bool = True,
        label_policy: str | None = None,
        stale_after_s: float = 60.0,
        opex: str | None = None,
        platform_types: dict[str, str] | None = None,
        declaration: bool = True,
        personal_data: bool = False,
        undeclared: str = "u",
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """`FormatError` ``TAK-008`` for a role that there is not.

        `undeclared` is `u` here: TAK displays know no `o` (none specified); to them that is an unknown.
        """
        if role not in ROLES:
            raise FormatError(codes.NO_NAME, place="role", cause=f"expected one of {', '.join(ROLES)}")
        self._role = role
        self._node = node
        self._negotiate = negotiate
        self._nation = nation
        self._keep_raw = keep_raw
        self._label_policy = label_policy
        self._limits = limits or Limits()
        self._new_id = new_id
        encoder = CotEncoder(
            stale_after_s=stale_after_s,
            node=node,
            opex=opex,
            platform_types=platform_types,
            declaration=declaration,
            personal_data=personal_data,
            undeclared=undeclared,
            limits=self._limits,
        )
        self._uids = Uids(encoder, node=node)
        self.shelf = Shelf(self._uids, self._limits)

    @property
    def offers_tracks(self) -> bool:
        """In every role."""
        return True

    def converse(self, peer: Peer) -> Conversation:
        """A conversation with a peer who has just connected, or with a mesh."""
        decoder = CotDecoder(
            node=self._node,
            nation=self._nation,
            keep_raw=self._keep_raw,
            label_policy=self._label_policy,
            limits=self._limits,
        )
        sides: dict[str, Callable[..., Conversation]]
        sides = {"server": ServerSide, "client": ClientSide, "mesh": MeshConversation}
        uid = f"{self._node or 'gateway'}-{self._new_id()}"
        return sides[self._role](
            decoder=decoder,
            shelf=self.shelf,
            uids=self._uids,
            who=self._known_as(peer),
            limits=self._limits,
            negotiate=self._negotiate,
            uid=uid,
        )

    def _known_as(self, peer: Peer) -> str:
        """A client without a name is known by its host, which it keeps when it calls again; a server, and a mesh, is
        one peer whoever speaks through it."""
        if self._role != "server":
            return self._role
        return f"client {peer.name}" if peer.name else f"host {peer.address.rpartition(':')[0]}"
