"""Runs in the peers' environment and imports nothing of ours: ``peer_work.py TASK FILE`` prints one JSON object.

FILE holds length-prefixed inputs. An input on which the peer crashes is found in forked processes and left out.
"""

from __future__ import annotations

import json
import mmap
import os
import statistics
import struct
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

MIN_S = 0.25


def inputs(path: str) -> list[bytes]:
    octets, at, found = Path(path).read_bytes(), 0, []
    while at < len(octets):
        (length,) = struct.unpack_from(">I", octets, at)
        found.append(octets[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def asterix_decoder() -> tuple[str, Callable[[bytes], int]]:
    import asterix

    parse = asterix.parse
    return "asterix-decoder", lambda octets: len(parse(octets, verbose=False))  # without the texts: its fastest way


def synapse(module: str, name: str) -> tuple[str, Callable[[bytes], int]]:
    import importlib

    adapter = getattr(importlib.import_module(f"synapse_cdm.adapters.{module}"), name)()
    translate = adapter.to_cdm
    return "synapse-cdm", lambda octets: len(translate(octets)) // 2  # an entity and an event for each record


TASKS = {
    "asterix-decoder": asterix_decoder,
    "synapse-048": lambda: synapse("asterix_cat048", "AsterixCat048Adapter"),
    "synapse-062": lambda: synapse("asterix_cat062", "AsterixCat062Adapter"),
    "synapse-cot": lambda: synapse("tak", "TakAdapter"),
}


def survivors(work: Callable[[bytes], int], found: list[bytes]) -> tuple[list[bytes], int, int]:
    """The inputs that neither crash the peer nor are refused, how many crash, how many are refused."""
    note = mmap.mmap(-1, 8 + len(found))
    start = crashed = 0
    fatal = set()
    while start < len(found):
        child = os.fork()
        if child == 0:
            for index in range(start, len(found)):
                note[0:8] = struct.pack(">Q", index)
                try:
                    note[8 + index] = 1 if work(found[index]) else 2
                except Exception:
                    note[8 + index] = 2
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            break
        (index,) = struct.unpack(">Q", note[0:8])
        fatal.add(index)
        crashed += 1
        start = index + 1
    good = [octets for index, octets in enumerate(found) if index not in fatal and note[8 + index] == 1]
    return good, crashed, len(found) - len(good) - crashed


def main() -> None:
    package, work = TASKS[sys.argv[1]]()
    found = inputs(sys.argv[2])
    good, crashed, refused = survivors(work, found)
    readings = []
    for _ in range(3):
        units, began = 0, time.process_time()
        while (spent := time.process_time() - began) < MIN_S:
            for octets in good:
                units += work(octets)
        readings.append(units / spent)
    answer = {
        "version": version(package),
        "rate": statistics.median(readings),
        "inputs": len(found),
        "crashed": crashed,
        "refused": refused,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
