"""Who must have cosigned a checkpoint (C2SP tlog-policy), and whether they did.

log <vkey>
witness <name> <vkey>
group <name> any|all|<k> <names of witnesses or groups>
quorum <name>|none
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gateway.errors import LedgerError
from gateway.ledger import codes
from gateway.ledger.note import COSIGNATURE, ED25519, Note, Verifier, verified

MAX_POLICY_OCTETS = 65_536


@dataclass(frozen=True)
class Group:
    """A witness (no members) or a group that is satisfied when enough of its members are."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """What an auditor accepts as the word of enough witnesses."""

    logs: tuple[Verifier, ...] = ()
    witnesses: dict[str, Verifier] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    quorum: str = "none"

    @classmethod
    def parse(cls, text: str) -> Policy:
        """The policy; `LedgerError` LED-004 with the line that is wrong."""
        if len(text) > MAX_POLICY_OCTETS:
            raise LedgerError(codes.BAD_KEY, cause=f"expected a policy of at most {MAX_POLICY_OCTETS:,} characters")
        logs: list[Verifier] = []
        witnesses: dict[str, Verifier] = {}
        groups: dict[str, Group] = {}
        quorum = ""
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            match words:
                case ["log", vkey, *_]:
                    logs.append(_key(vkey, ED25519, number))
                case ["witness", name, vkey, *_] if name not in witnesses and name not in groups:
                    witnesses[name] = _key(vkey, COSIGNATURE, number)
                case ["group", name, needed, *members] if name not in witnesses and name not in groups:
                    groups[name] = _group(needed, members, {*witnesses, *groups}, number)
                case ["quorum", name] if not quorum and (name == "none" or name in witnesses or name in groups):
                    quorum = name
                case _:
                    raise _bad(number)
        if not quorum:
            raise LedgerError(codes.BAD_KEY, place="policy", cause="there is no quorum line")
        return cls(tuple(logs), witnesses, groups, quorum)

    def check(self, note: Note) -> list[datetime]:
        """Times of the cosignatures; `LedgerError` LED-015 when they are not enough, LED-002 for a false one."""
        times = verified(note, list(self.witnesses.values()))
        present = {name for name, key in self.witnesses.items() if key in times}
        if self.quorum != "none" and not self._satisfied(self.quorum, present):
            named = ", ".join(sorted(present)) or "nobody"
            raise LedgerError(codes.NOT_WITNESSED, cause=f"quorum {self.quorum}: cosigned by {named}")
        return [time for time in times.values() if time is not None]

    def _satisfied(self, name: str, present: set[str]) -> bool:
        if name in self.witnesses:
            return name in present
        group = self.groups[name]
        return sum(self._satisfied(member, present) for member in group.members) >= group.needed


def _key(vkey: str, algorithm: int, number: int) -> Verifier:
    key = Verifier.parse(vkey)
    if key.algorithm != algorithm:
        raise LedgerError(
            codes.BAD_KEY, place=f"policy, line {number}", cause=f"expected a key of algorithm {algorithm:02x}"
        )
    return key


def _group(needed: str, members: list[str], known: set[str], number: int) -> Group:
    names = tuple(dict.fromkeys(members))
    count = {"any": 1, "all": len(names)}.get(needed) or (int(needed) if needed.isdecimal() else 0)
    if not names or len(names) != len(members) or not known.issuperset(names) or not 0 < count <= len(names):
        raise _bad(number)
    return Group(count, names)


def _bad(number: int) -> LedgerError:
    return LedgerError(codes.BAD_KEY, place=f"policy, line {number}", cause="the line is not understood")
