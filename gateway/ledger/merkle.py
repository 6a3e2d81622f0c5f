"""The Merkle tree of RFC 6962 (and 9162): hashing, and proofs built and verified, strictly.

Standard library only: an auditor runs this without the gateway. A `Node` function gives the hash of a perfect subtree:
`node(level, index)` covers the leaves from ``index << level`` on, ``1 << level`` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from gateway.errors import LedgerError
from gateway.ledger import codes

Node = Callable[[int, int], bytes]

HASH_OCTETS = 32
EMPTY_ROOT = sha256().digest()
MAX_SIZE = 2**63 - 1  # what other tools hold in a signed integer


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one entry (RFC 6962, 2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    level = list(hashes)
    while len(level) > 1:
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return level[0]


def fold(hashes: Sequence[bytes], tail: bytes | None) -> bytes | None:
    """The root over subtrees of equal size, then a smaller one; `None` over nothing."""
    groups = []
    at = 0
    for bit in reversed(range(len(hashes).bit_length())):
        if len(hashes) >> bit & 1:
            groups.append(perfect_root(hashes[at : at + (1 << bit)]))
            at += 1 << bit
    for group in reversed(groups):
        tail = group if tail is None else node_hash(group, tail)
    return tail


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def range_root(start: int, end: int, node: Node) -> bytes:
    """The root over the leaves from `start` up to `end`, where `start` is aligned as subtrees are."""
    count = end - start
    if count & count - 1 == 0:
        level = count.bit_length() - 1
        return node(level, start >> level)
    middle = start + _split(count)
    return node_hash(range_root(start, middle, node), range_root(middle, end, node))


def tree_root(size: int, node: Node) -> bytes:
    """The root of a tree of `size` leaves."""
    return range_root(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """The hashes that prove leaf `index` in a tree of `size` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise LedgerError(codes.BAD_PROOF, cause=f"expected an index below {size}, observed {index}")
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(range_root(middle, end, node))
            end = middle
        else:
            proof.append(range_root(start, middle, node))
            start = middle
    proof.reverse()
    return proof


def consistency_proof(size1: int, size2: int, node: Node) -> list[bytes]:
    """The hashes that prove the tree of `size1` leaves a prefix of that of `size2` (RFC 9162, 2.1.4.1)."""
    if not 0 < size1 <= size2:
        raise LedgerError(codes.BAD_PROOF, cause=f"expected 0 < {size1} <= {size2}")
    proof = []
    start, end = 0, size2
    whole = True  # whether the prefix's own root is still what is left to prove
    while size1 != end:
        middle = start + _split(end - start)
        if size1 <= middle:
            proof.append(range_root(middle, end, node))
            end = middle
        else:
            proof.append(range_root(start, middle, node))
            start = middle
            whole = False
    if not whole:
        proof.append(range_root(start, end, node))
    proof.reverse()
    return proof


def _refuse(cause: str) -> LedgerError:
    return LedgerError(codes.BAD_PROOF, cause=cause)


def _check_hashes(proof: Sequence[bytes]) -> None:
    for at, value in enumerate(proof):
        if len(value) != HASH_OCTETS:
            raise _refuse(f"hash {at}: expected {HASH_OCTETS} octets, observed {len(value)}")


def verify_inclusion(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Return if `leaf` (a hash) stands at `index` of the tree of `size` with `root` (RFC 9162, 2.1.3.2).

    `LedgerError` LED-006 otherwise, and for anything that is not exactly as it should be.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise _refuse(f"expected an index below {size}, observed {index}")
    _check_hashes([leaf, *proof])
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    if len(proof) != inner + border:
        raise _refuse(f"expected {inner + border} hashes, observed {len(proof)}")
    value = leaf
    for bit, sibling in enumerate(proof[:inner]):
        value = node_hash(sibling, value) if index >> bit & 1 else node_hash(value, sibling)
    for sibling in proof[inner:]:
        value = node_hash(sibling, value)
    if value != root:
        raise _refuse(f"the proof gives root {value.hex()[:8]}.., expected {root.hex()[:8]}..")


def verify_consistency(*, size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """Return if the tree of `size1` with `root1` is a prefix of that of `size2` with `root2` (RFC 9162, 2.1.4.2).

    `LedgerError` LED-006 otherwise; a `size1` of 0 proves nothing and is refused unless both trees are the empty one.
    """
    if size1 == size2 == 0:
        if root2 != EMPTY_ROOT:
            raise _refuse("an empty tree has the empty root")
        verify_subtree_consistency(start=0, end=0, size=0, root1=root1, root2=root2, proof=proof)
        return
    if not 0 < size1 <= size2:
        raise _refuse(f"expected 0 < {size1} <= {size2}")
    verify_subtree_consistency(start=0, end=size1, size=size2, root1=root1, root2=root2, proof=proof)


def check_subtree(start: int, end: int) -> None:
    """Return if the leaves from `start` up to `end` are a subtree of every larger tree: `start` must be aligned."""
    if not 0 <= start <= end <= MAX_SIZE or start % (1 << max(end - start - 1, 0).bit_length()):
        raise _refuse(f"leaves {start} to {end} are not a subtree")


def verify_subtree_inclusion(
    *, index: int, start: int, end: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Return if `leaf` stands at `index` of the subtree from `start` up to `end`, whose root is `root`."""
    check_subtree(start, end)
    verify_inclusion(index=index - start, size=end - start, leaf=leaf, proof=proof, root=root)


def verify_subtree_consistency(
    *, start: int, end: int, size: int, root1: bytes, root2: bytes, proof: Sequence[bytes]
) -> None:
    """Return if the subtree from `start` up to `end` with `root1` is part of the tree of `size` with `root2`."""
    check_subtree(start, end)
    _check_hashes(proof)
    if end > size or size > MAX_SIZE:
        raise _refuse(f"expected an end of {size} or less, observed {end}")
    if start == end:
        if proof or root1 != EMPTY_ROOT:
            raise _refuse("an empty tree has an empty proof and the empty root")
        return
    first, last, top = start, end - 1, size - 1
    while first != last and (last == top or last & 1):
        first, last, top = first >> 1, last >> 1, top >> 1
    rest = list(proof)
    if first == last:
        small = large = root1
    elif rest:
        small = large = rest.pop(0)
    else:
        raise _refuse("the proof is too short")
    for sibling in rest:
        if top == 0:
            raise _refuse("the proof is too long")
        if last & 1 or last == top:
            if first < last:
                small = node_hash(sibling, small)
            large = node_hash(sibling, large)
            while not last & 1:
                first, last, top = first >> 1, last >> 1, top >> 1
        else:
            large = node_hash(large, sibling)
        first, last, top = first >> 1, last >> 1, top >> 1
    if top or small != root1 or large != root2:
        raise _refuse("the proof does not lead from one root to the other")
