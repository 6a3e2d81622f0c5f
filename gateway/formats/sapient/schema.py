"""Message classes from a table of facts: the notation of `table_v2.py` and `table_v1.py`, and what is built of it.

    SapientMessage                        a message; nested ones are written Outer.Inner
      2 node_id string must uuid          number, name, type, then what holds for it:
      8 dependent_nodes string many         many    repeated
      4 registration Registration in:content  in:X  member of oneof X
                                            bare    without presence: absent and zero are the same on the wire
                                            must    mandatory, and not empty
                                            uuid    a UUID version 4 in lower case
                                            ulid    a ULID in upper case
      oneof content must                  a oneof, and whether one member is mandatory
      reserved 17 18                      numbers that must not be used
    enum Operator                         an enumeration, its values, its reserved values
      0 OPERATOR_UNSPECIFIED

Classes are built once per table, in a descriptor pool of their own: other users of the same names in the process
(tests do that) are not disturbed.
"""

from __future__ import annotations

from enum import IntEnum

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.protobuf.timestamp_pb2 import DESCRIPTOR as _TIMESTAMP_FILE
from msgspec import Struct

TIMESTAMP = "Timestamp"
"""The one type that is not in the table: `google.protobuf.Timestamp`."""

_TYPES = {
    "string": FieldDescriptorProto.TYPE_STRING,
    "bytes": FieldDescriptorProto.TYPE_BYTES,
    "bool": FieldDescriptorProto.TYPE_BOOL,
    "int32": FieldDescriptorProto.TYPE_INT32,
    "int64": FieldDescriptorProto.TYPE_INT64,
    "uint32": FieldDescriptorProto.TYPE_UINT32,
    "float": FieldDescriptorProto.TYPE_FLOAT,
    "double": FieldDescriptorProto.TYPE_DOUBLE,
}


class FieldFact(Struct, frozen=True, kw_only=True):
    """One field of a message, as its line says."""

    number: int
    name: str
    type: str
    """A scalar, or the name of a message or an enumeration of the table, or `Timestamp`."""
    many: bool = False
    bare: bool = False
    oneof: str = ""
    must: bool = False
    form: str = ""
    """``uuid``, ``ulid`` or nothing."""


class MessageFact(Struct, frozen=True, kw_only=True):
    """One message: its fields in the table's order."""

    name: str
    fields: tuple[FieldFact, ...]
    oneofs: tuple[tuple[str, bool], ...] = ()
    """(name, whether one member is mandatory)"""
    reserved: frozenset[int] = frozenset()


class EnumFact(Struct, frozen=True, kw_only=True):
    """One enumeration: its values by number."""

    name: str
    values: tuple[tuple[int, str], ...]
    reserved: frozenset[int] = frozenset()


class Schema:
    """The facts of one table and the message classes that they describe."""

    def __init__(self, table: str, package: str, version: str) -> None:
        self.package = package
        self.version = version
        """What a Registration of it declares, and what clauses cite."""
        self.messages: dict[str, MessageFact] = {}
        self.enums: dict[str, EnumFact] = {}
        for lines in _blocks(table):
            if lines[0].startswith("enum "):
                enum = _enum(lines)
                self.enums[enum.name] = enum
            else:
                message = _message(lines)
                self.messages[message.name] = message
        pool = DescriptorPool()
        pool.AddSerializedFile(_TIMESTAMP_FILE.serialized_pb)
        pool.AddSerializedFile(self._file().SerializeToString())
        self.classes: dict[str, type[Message]] = {
            name: GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in self.messages
        }
        """Message classes by their names in the table."""
        self.classes[TIMESTAMP] = GetMessageClass(pool.FindMessageTypeByName("google.protobuf.Timestamp"))

    def enumeration(self, name: str) -> type[IntEnum]:
        """An enumeration of the table, its members named without the prefix that they share."""
        fact = self.enums[name]
        prefix = next(one.removesuffix("UNSPECIFIED") for _, one in fact.values if one.endswith("_UNSPECIFIED"))
        members = [(one.removeprefix(prefix), number) for number, one in fact.values]
        made: type[IntEnum] = IntEnum(python_name(name), members)  # type: ignore[misc]  # mypy wants a literal name
        return made

    def _file(self) -> FileDescriptorProto:
        file = FileDescriptorProto(name=f"{self.package}.proto", package=self.package, syntax="proto3")
        file.dependency.append(_TIMESTAMP_FILE.name)
        made: dict[str, DescriptorProto] = {}
        for message in self.messages.values():
            outer, _, inner = message.name.rpartition(".")
            made[message.name] = (made[outer].nested_type if outer else file.message_type).add(name=inner)
        for enum in self.enums.values():
            outer, _, inner = enum.name.rpartition(".")
            _describe_enum(enum, (made[outer].enum_type if outer else file.enum_type).add(name=inner))
        for message in self.messages.values():
            self._describe(message, made[message.name])
        return file

    def _describe(self, message: MessageFact, into: DescriptorProto) -> None:
        oneofs = [name for name, _ in message.oneofs]
        for name in oneofs:
            into.oneof_decl.add(name=name)
        for number in sorted(message.reserved):
            into.reserved_range.add(start=number, end=number + 1)
        for fact in message.fields:
            field = into.field.add(name=fact.name, number=fact.number)
            field.label = FieldDescriptorProto.LABEL_REPEATED if fact.many else FieldDescriptorProto.LABEL_OPTIONAL
            if fact.type in _TYPES:
                field.type = _TYPES[fact.type]
            elif fact.type in self.enums:
                field.type = FieldDescriptorProto.TYPE_ENUM
                field.type_name = f".{self.package}.{fact.type}"
            else:
                field.type = FieldDescriptorProto.TYPE_MESSAGE
                known = fact.type in self.messages
                field.type_name = f".{self.package}.{fact.type}" if known else f".google.protobuf.{fact.type}"
            if fact.oneof:
                field.oneof_index = oneofs.index(fact.oneof)
            elif not (fact.many or fact.bare):
                field.proto3_optional = True
        for fact, field in zip(message.fields, into.field, strict=True):  # synthetic oneofs stand after the real ones
            if field.proto3_optional:
                field.oneof_index = len(into.oneof_decl)
                into.oneof_decl.add(name=f"_{fact.name}")


def python_name(name: str) -> str:
    """`Registration.NodeType` as `RegistrationNodeType`; a name that begins with its outer one is not doubled."""
    outer, _, inner = name.rpartition(".")
    return inner if not outer or inner.startswith(outer) else outer + inner


def _blocks(table: str) -> list[list[str]]:
    blocks: list[list[str]] = []
    for line in table.splitlines():
        if line and not line.startswith(" "):
            blocks.append([line])
        elif line.strip():
            blocks[-1].append(line.strip())
    return blocks


def _message(lines: list[str]) -> MessageFact:
    fields: list[FieldFact] = []
    oneofs: list[tuple[str, bool]] = []
    reserved: frozenset[int] = frozenset()
    for line in lines[1:]:
        words = line.split()
        if words[0] == "oneof":
            oneofs.append((words[1], "must" in words[2:]))
        elif words[0] == "reserved":
            reserved = frozenset(map(int, words[1:]))
        else:
            fields.append(_field(words))
    return MessageFact(name=lines[0], fields=tuple(fields), oneofs=tuple(oneofs), reserved=reserved)


def _field(words: list[str]) -> FieldFact:
    marks = words[3:]
    return FieldFact(
        number=int(words[0]),
        name=words[1],
        type=words[2],
        many="many" in marks,
        bare="bare" in marks,
        oneof=next((mark[3:] for mark in marks if mark.startswith("in:")), ""),
        must="must" in marks,
        form=next((mark for mark in marks if mark in ("uuid", "ulid")), ""),
    )


def _enum(lines: list[str]) -> EnumFact:
    values: list[tuple[int, str]] = []
    reserved: frozenset[int] = frozenset()
    for line in lines[1:]:
        first, *rest = line.split()
        if first == "reserved":
            reserved = frozenset(map(int, rest))
        else:
            values.append((int(first), rest[0]))
    return EnumFact(name=lines[0].removeprefix("enum "), values=tuple(values), reserved=reserved)


def _describe_enum(enum: EnumFact, into: EnumDescriptorProto) -> None:
    for number, name in enum.values:
        into.value.add(name=name, number=number)
    for number in sorted(enum.reserved):
        into.reserved_range.add(start=number, end=number)
