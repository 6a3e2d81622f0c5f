"""What a label costs: read, checked and decided cold, and out of the memory. Run it; it is no test.

python -m tests.labels.measure
"""

from __future__ import annotations

import time
import timeit
from collections.abc import Callable

from gateway.labels.book import Book
from gateway.labels.check import check_label
from gateway.labels.clearance import Clearance
from gateway.labels.decide import decide
from gateway.labels.equivalence import Direction
from gateway.labels.read import read_label
from gateway.labels.shipped import shipped
from gateway.labels.spif_read import read_spif
from gateway.labels.write import write_label
from gateway.track import Label
from tests.labels.spif_texts import NOW, REVIEW, P, R, category

ROUNDS, NUMBER = 5, 5_000


def microseconds(what: Callable[[], object]) -> float:
    """Processor time: the best of several rounds, each the mean of many runs."""
    return min(timeit.repeat(what, timer=time.process_time, number=NUMBER, repeat=ROUNDS)) / NUMBER * 1e6


def main() -> None:
    spifs = [read_spif(octets) for octets in shipped().values()]
    book = Book(spifs)
    alpha = book.spifs["ALPHA"]
    label = book.complete(
        Label(
            policy="ALPHA", classification="SECRET",
            categories=(
                category("Context", P, "ALPHA", "Releasable"), category("Releasable To", P, "ALPHA", "BRV", "XNL"),
                category("Additional Sensitivity", R, "LANTERN"),
            ),
        ),
        created_at=NOW, review_at=REVIEW, originator="node.example",
    )  # fmt: skip
    octets = write_label(label)
    held = (
        category("Context", P, "ALPHA"), category("Releasable To", P, "ALPHA"),
        category("Additional Sensitivity", R, "LANTERN"),
    )  # fmt: skip
    levels = ("UNCLASSIFIED", "RESTRICTED", "CONFIDENTIAL", "SECRET")
    mine = (Clearance(policy="ALPHA", classifications=levels, categories=held),)
    other = book.complete(
        Label(policy="ALPHA", classification="RESTRICTED", categories=label.categories[:2]),
        created_at=NOW, review_at=REVIEW,
    )  # fmt: skip

    def cold() -> bool:
        return decide(read_label(octets), mine[0], alpha, NOW).permit

    assert cold()
    assert book.judge_octets(octets, mine, NOW, direction=Direction.ENCRYPT).decision.permit
    for name, what in {
        f"label of {len(octets)} octets, 3 categories: read": lambda: read_label(octets),
        "check": lambda: check_label(label, alpha, NOW),
        "check and decide": lambda: decide(label, mine[0], alpha, NOW),
        "read, check and decide (cold)": cold,
        "judge, out of the memory": lambda: book.judge(label, mine, NOW, direction=Direction.ENCRYPT),
        "judge_octets, out of the memory": lambda: book.judge_octets(octets, mine, NOW, direction=Direction.ENCRYPT),
        "the same, octets fresh each time": lambda: book.judge_octets(
            bytes(memoryview(octets)), mine, NOW, direction=Direction.ENCRYPT
        ),
        "covers": lambda: book.covers(label, other, NOW),
        "dominant of 2": lambda: book.dominant((label, other), NOW),
    }.items():
        print(f"{microseconds(what):8.2f} us  {name}")


if __name__ == "__main__":
    main()
