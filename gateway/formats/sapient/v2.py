"""Message classes and enumerations of BSI Flex 335 v2.0, built from `table_v2` when first asked for.

`v2.pyi` says statically what stands here: `SapientMessage`, `Location`, `LocationCoordinateSystem` and so on, nested
names joined (`Registration.NodeType` is `RegistrationNodeType`), enumerations without the prefix of their members.
"""

from __future__ import annotations

from functools import cache

from gateway.formats.sapient.schema import Schema, python_name
from gateway.formats.sapient.table_v2 import PACKAGE, TABLE, VERSION


@cache
def schema() -> Schema:
    """The facts and the classes."""
    return Schema(TABLE, PACKAGE, VERSION)


def __getattr__(name: str) -> object:
    """A class by its joined name, once: afterwards it is an ordinary global."""
    if name.startswith("_"):
        raise AttributeError(name)
    for known in schema().classes:
        if python_name(known) == name:
            globals()[name] = schema().classes[known]
            return globals()[name]
    for known in schema().enums:
        if python_name(known) == name:
            globals()[name] = schema().enumeration(known)
            return globals()[name]
    raise AttributeError(name)
