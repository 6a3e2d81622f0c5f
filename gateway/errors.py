"""Every error that crosses a room's door, and nothing else.

    GatewayError            the world: a bad message, an unreachable partner, a wrong certificate
    ├── FormatError         a record or frame that a codec refuses (decode) or cannot write (encode)
    ├── FeedError           a national socket, file or request
    ├── PolicyError         a label or rule that does not permit
    ├── SealError           a signature, key or certificate
    ├── StoreError          the database
    ├── LedgerError         a leaf, tile, checkpoint or proof
    ├── LinkError           a partner link
    └── ConfigError         the configuration file

Our own bugs are `RuntimeError` and `AssertionError`; only the supervisor catches those.
A refusal is a value: it is raised or returned, counted, logged, quarantined and ledgered like a success.
"""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """One line of the error catalogue: what went wrong in general and what to do about it.

    Every room declares its codes as module-level constants in its own `codes.py`; `gateway explain CODE`
    prints them and the catalogue test holds them unique.
    """

    id: str
    """Stable and searchable: room prefix and number, such as ``AST-003``."""
    title: str
    """What happened, as a sentence without a full stop."""
    remedy: str
    """What the operator or caller does next."""


class GatewayError(Exception):
    """A refusal by the outside world, with its code, its place, its cause and its remedy.

    `place` says where: an octet offset, an element, a file with line and column, a link and address.
    `cause` says which rule failed, with expected and observed values; never a secret, never a whole payload.
    """

    def __init__(self, code: Code, *, place: str = "", cause: str = "", remedy: str = "") -> None:
        super().__init__(code, place, cause, remedy)
        self.code = code
        self.place = place
        self.cause = cause

    @property
    def remedy(self) -> str:
        """What to do next: the occasion's own remedy where it has one, else the catalogue's."""
        own: str = self.args[3]
        return own or self.code.remedy

    def __str__(self) -> str:
        text = f"{self.code.id} {self.code.title}"
        if self.place:
            text += f" at {self.place}"
        if self.cause:
            text += f": {self.cause}"
        return text

    def diagnostics(self) -> str:
        """The error as people read it on a terminal, several lines, no trailing newline."""
        lines = [f"error[{self.code.id}] {self.code.title}"]
        for name, value in (("place", self.place), ("cause", self.cause), ("try", self.remedy)):
            if value:
                lines.append(f"  {name:<10} {value}")
        lines.append(f"  {'more':<10} gateway explain {self.code.id}")
        return "\n".join(lines)

    def problem(self, status: int) -> dict[str, object]:
        """The error as the members of an RFC 9457 problem document."""
        return {
            "type": f"urn:alliance:gateway:error:{self.code.id}",
            "title": self.code.title,
            "status": status,
            "detail": self.cause,
            "code": self.code.id,
            "place": self.place,
            "remedy": self.remedy,
        }


class FormatError(GatewayError):
    """A record or frame that a codec refuses, or a track that it cannot write."""


class FeedError(GatewayError):
    """A national socket, file or request that cannot be served."""


class PolicyError(GatewayError):
    """A label or rule that does not permit what was asked."""

    rule: str = ""
    """Id of the rule that decided, as messages and ledgers name it; empty where none did."""


class SealError(GatewayError):
    """A signature, key or certificate that does not hold.

    The caller's answer never tells which check failed; the operator's log does.
    """


class StoreError(GatewayError):
    """The database refused, is full, or is of another version."""


class LedgerError(GatewayError):
    """A leaf, tile, checkpoint or proof that does not verify or cannot be written."""


class LinkError(GatewayError):
    """A partner link that does not work, and whose side the fault is on."""


class ConfigError(GatewayError):
    """A configuration file that is wrong, with file, line and column."""
