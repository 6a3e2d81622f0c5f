from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger.merkle import (
    EMPTY_ROOT,
    Node,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    perfect_root,
    tree_root,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from gateway.ledger.tiles import Tree
from tests.data import recording

LEAVES = [leaf_hash(str(n).encode()) for n in range(700)]


def recursive(hashes: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node_hash(recursive(hashes[:k]), recursive(hashes[k:]))


def node_of(hashes: list[bytes]) -> Node:
    return lambda level, index: perfect_root(hashes[index << level : (index + 1) << level])


def decoded(value: str | None) -> bytes:
    return base64.b64decode(value or "")


def check(kind: str, case: dict[str, Any]) -> None:
    proof = [decoded(value) for value in case["proof"] or []]
    match kind:
        case "inclusion":
            verify_inclusion(
                index=case["leafIdx"],
                size=case["treeSize"],
                leaf=decoded(case["leafHash"]),
                proof=proof,
                root=decoded(case["root"]),
            )
        case "subtreeinclusion":
            verify_subtree_inclusion(
                index=case["leafIdx"],
                start=case["start"],
                end=case["end"],
                leaf=decoded(case["leafHash"]),
                proof=proof,
                root=decoded(case["root"]),
            )
        case "consistency":
            verify_consistency(
                size1=case["size1"],
                size2=case["size2"],
                root1=decoded(case["root1"]),
                root2=decoded(case["root2"]),
                proof=proof,
            )
        case "subtreeconsistency":
            verify_subtree_consistency(
                start=case["start"],
                end=case["end"],
                size=case["size"],
                root1=decoded(case["root1"]),
                root2=decoded(case["root2"]),
                proof=proof,
            )
        case _:
            raise AssertionError(kind)


def test_agrees_with_all_518_cases_of_transparency_dev_merkle() -> None:
    cases = json.loads(recording("ledger/merkle/vectors.json").read_text())
    differing = []
    for name, case in cases.items():
        try:
            check(name.partition("/")[0], case)
            failed = False
        except LedgerError:
            failed = True
        if failed != case["wantErr"]:
            differing.append(name)
    assert (len(cases), differing) == (518, [])


def test_hashes_as_transparency_dev_rfc6962_test_says() -> None:
    assert EMPTY_ROOT.hex().startswith("e3b0c442")
    assert leaf_hash(b"").hex().startswith("6e340b9c")
    assert leaf_hash(b"L123456").hex().startswith("395aa064")
    assert node_hash(b"N123", b"N456").hex().startswith("aa217fe8")


def test_roots_equal_the_recursive_definition_for_all_sizes_up_to_700() -> None:
    tree = Tree()
    records = [str(n).encode() for n in range(700)]
    for size in range(701):
        assert tree.root() == recursive(LEAVES[:size]), size
        assert tree.root() == tree_root(size, node_of(LEAVES))
        if size < 700:
            tree.append([records[size]])


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_inclusion_proofs_hold_and_any_change_breaks_them(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 700))
    index = data.draw(st.integers(0, size - 1))
    root = tree_root(size, node_of(LEAVES))
    proof = inclusion_proof(index, size, node_of(LEAVES))
    verify_inclusion(index=index, size=size, leaf=LEAVES[index], proof=proof, root=root)
    for other in {index ^ 1, index + 1, 0, size - 1} - {index}:
        with pytest.raises(LedgerError):
            verify_inclusion(index=other, size=size, leaf=LEAVES[index], proof=proof, root=root)
    for changed in (proof[1:], [*proof, root], [root, *proof]):
        if changed != proof:
            with pytest.raises(LedgerError):
                verify_inclusion(index=index, size=size, leaf=LEAVES[index], proof=changed, root=root)
    with pytest.raises(LedgerError):
        verify_inclusion(index=index, size=size, leaf=LEAVES[index][:31], proof=proof, root=root)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_consistency_proofs_hold_and_any_change_breaks_them(data: st.DataObject) -> None:
    size2 = data.draw(st.integers(2, 700))
    size1 = data.draw(st.integers(1, size2 - 1))
    node = node_of(LEAVES)
    root1, root2 = tree_root(size1, node), tree_root(size2, node)
    proof = consistency_proof(size1, size2, node)
    verify_consistency(size1=size1, size2=size2, root1=root1, root2=root2, proof=proof)
    at = data.draw(st.integers(0, len(proof) - 1))
    flipped = [*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]]
    for changed in (flipped, proof[:-1], [*proof, root1], proof[::-1] if len(proof) > 1 else []):
        with pytest.raises(LedgerError):
            verify_consistency(size1=size1, size2=size2, root1=root1, root2=root2, proof=changed)
    with pytest.raises(LedgerError):
        verify_consistency(size1=size1, size2=size2, root1=root2, root2=root1, proof=proof)
    rewritten = [*LEAVES[:size1][::-1], *LEAVES[size1:]]
    if size1 > 1:
        forged = tree_root(size2, node_of(rewritten))
        other = consistency_proof(size1, size2, node_of(rewritten))
        with pytest.raises(LedgerError):
            verify_consistency(size1=size1, size2=size2, root1=root1, root2=forged, proof=other)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_proves_no_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(LedgerError):
        inclusion_proof(index, size, node_of(LEAVES))


@pytest.mark.parametrize(("size1", "size2"), [(0, 5), (6, 5)])
def test_proves_no_prefix_that_is_none(size1: int, size2: int) -> None:
    with pytest.raises(LedgerError):
        consistency_proof(size1, size2, node_of(LEAVES))
