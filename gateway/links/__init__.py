"""Takes: `Recorded` messages for a partner; what a partner pushes.

Gives: `Delivery` with the partner's signed receipt; `Inbound`.
Fails: into an explicit link state with the side at fault; what is not receipted stays queued.
Trusts: the pinned certificate keys of the configuration, checked on every request.
"""

from gateway.links.client import PartnerClient
from gateway.links.link import Link, deliver
from gateway.links.listener import PartnerServer
from gateway.links.metrics import LinkMetrics
from gateway.links.outbox import Gate, KeptBack, OpenReceipt, Outbox
from gateway.links.partners import Partner, PartnerBook, read_peer
from gateway.links.server import Handle, PartnerDoor, ReceiptAnswer, partner_app
from gateway.links.state import LinkFailure, LinkFaultError, LinkState, LinkStatus, Side
from gateway.links.tls import Expiry, ServerTls, TlsContext, TlsMaterial, client_tls, server_tls

__all__ = [
    "Expiry",
    "Gate",
    "Handle",
    "KeptBack",
    "Link",
    "LinkFailure",
    "LinkFaultError",
    "LinkMetrics",
    "LinkState",
    "LinkStatus",
    "OpenReceipt",
    "Outbox",
    "Partner",
    "PartnerBook",
    "PartnerClient",
    "PartnerDoor",
    "PartnerServer",
    "ReceiptAnswer",
    "ServerTls",
    "Side",
    "TlsContext",
    "TlsMaterial",
    "client_tls",
    "deliver",
    "partner_app",
    "read_peer",
    "server_tls",
]
