"""Where things stand: cuts a record or a compound item into the octets of its parts.

An FSPEC (and the primary field of a compound item, which is one) names the parts that follow. Sources use few distinct
FSPECs, so each becomes a plan once: runs of fixed-length parts are cut by one `struct` call, absent parts as zero
octets, and only parts whose length stands in the data are sized one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct

from gateway.errors import Code, FormatError
from gateway.formats.asterix import codes

Sizer = Callable[[bytes, int, int], int]
"""(octets, start, end) to the place behind the part; raises `FormatError` when it does not fit before `end`."""

MAX_PLANS = 512  # stops a sender of random FSPECs from filling the memory: further ones are planned each time

_Step = tuple[Callable[[bytes, int], tuple[bytes, ...]], int, Sizer | None]


def refuse(code: Code, offset: int, cause: str) -> FormatError:
    """The error of a place in a frame."""
    return FormatError(code, place=f"octet {offset}", cause=cause)


class Part:
    """What a layout must know of a part: its name, and its length or how to find it."""

    __slots__ = ("fixed", "name", "size")

    def __init__(self, name: str, fixed: int | None, size: Sizer) -> None:
        self.name = name
        self.fixed = fixed
        self.size = size


class Plan:
    """The steps for one FSPEC."""

    __slots__ = ("fixed", "length", "present", "steps")

    def __init__(self, length: int, present: tuple[int, ...], parts: Sequence[Part | None]) -> None:
        self.length = length
        """Octets of the FSPEC itself."""
        self.present = present
        """Indexes of the announced parts."""
        steps: list[_Step] = []
        run: list[int] = []
        wanted = set(present)

        def close(sizer: Sizer | None) -> None:
            layout = Struct("".join(f"{octets}s" for octets in run))
            steps.append((layout.unpack_from, layout.size, sizer))
            run.clear()

        for index, part in enumerate(parts):
            if part is None or index not in wanted:
                run.append(0)
            elif part.fixed is not None:
                run.append(part.fixed)
            else:
                close(part.size)
        close(None)
        self.steps = tuple(steps)
        self.fixed = steps[0][1] if len(steps) == 1 else None
        """Octets of the parts together, where no length stands in the data."""


class Layout:
    """The parts of a record (by UAP) or of a compound item, in order; an undefined place is `None`."""

    def __init__(self, name: str, parts: Sequence[Part | None]) -> None:
        self.name = name
        self.parts = tuple(parts)
        self.octets = -(-len(self.parts) // 7)
        self._plans: dict[bytes, Plan] = {}

    def plan(self, data: bytes, start: int, end: int) -> Plan:
        """The plan of the FSPEC at `start`; refuses undefined parts, a trailing FX and an end before the last octet."""
        stop = start
        while stop < end and data[stop] & 1:
            stop += 1
            if stop - start == self.octets:
                cause = f"{self.name} defines {self.octets} FSPEC octets and the last one has FX set"
                raise refuse(codes.FSPEC_TRAILING_FX, stop - 1, cause)
        stop += 1
        if stop > end:
            raise refuse(codes.FSPEC_PAST_END, end, f"the FSPEC of {self.name} goes on at the end of its block")
        fspec = data[start:stop]
        return self._plans.get(fspec) or self._learn(fspec, start)

    def _learn(self, fspec: bytes, start: int) -> Plan:
        present = []
        for place, octet in enumerate(fspec):
            for bit in range(7):
                if not octet & (0x80 >> bit):
                    continue
                index = place * 7 + bit
                if index >= len(self.parts) or self.parts[index] is None:
                    cause = f"{self.name} has no field with reference number {index + 1}"
                    raise refuse(codes.UNDEFINED_FRN, start + place, cause)
                present.append(index)
        plan = Plan(len(fspec), tuple(present), self.parts)
        if len(self._plans) < MAX_PLANS:
            self._plans[fspec] = plan
        return plan

    def split(self, data: bytes, start: int, end: int) -> tuple[list[bytes], Plan, int]:
        """Octets of each part (``b""`` where absent), the plan they were cut by, and the place behind the last one."""
        plan = self.plan(data, start, end)
        place = start + plan.length
        found: list[bytes] = []
        for unpack, size, sizer in plan.steps:
            after = place + size
            if after > end:
                raise self._cut_short(data, start, end)
            found += unpack(data, place)
            if sizer is not None:
                place = sizer(data, after, end)
                found.append(data[after:place])
            else:
                place = after
        return found, plan, place

    def size(self, data: bytes, start: int, end: int) -> int:
        """The place behind the last part."""
        plan = self.plan(data, start, end)
        if plan.fixed is not None:
            place = start + plan.length + plan.fixed
            if place > end:
                raise self._cut_short(data, start, end)
            return place
        return self.split(data, start, end)[2]

    def places(self, data: bytes, start: int, end: int) -> list[tuple[int, int, int]]:
        """(index, start, end) of each announced part, one by one; raises at the part that does not fit."""
        plan = self.plan(data, start, end)
        place = start + plan.length
        found = []
        for index in plan.present:
            part = self.parts[index]
            assert part is not None
            after = part.size(data, place, end)
            found.append((index, place, after))
            place = after
        return found

    def _cut_short(self, data: bytes, start: int, end: int) -> FormatError:
        """Which part it is that does not fit before `end`."""
        try:
            self.places(data, start, end)
        except FormatError as error:
            return error
        raise AssertionError("a part does not fit, and each of them does")
