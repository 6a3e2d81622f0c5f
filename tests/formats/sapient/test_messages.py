from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sapient_msg.bsi_flex_335_v2_0 as official
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto
from hypothesis import given, settings
from hypothesis import strategies as st
from sapient_msg import proto_options_pb2

from gateway.errors import FormatError
from gateway.formats.sapient import codes, v1, v2
from gateway.formats.sapient.messages import SapientMessage, parse, serialise
from gateway.formats.sapient.schema import TIMESTAMP, FieldFact, python_name
from gateway.formats.sapient.table_v2 import PACKAGE
from tests.formats.sapient.samples import detection, every_kind

_TYPES = {1: "double", 2: "float", 5: "int32", 8: "bool", 9: "string", 12: "bytes"}


def _files() -> Iterator[FileDescriptor]:
    for module in pkgutil.iter_modules(official.__path__):
        if module.name.endswith("_pb2"):
            yield importlib.import_module(f"{official.__name__}.{module.name}").DESCRIPTOR


def _messages() -> dict[str, Descriptor]:
    found: dict[str, Descriptor] = {}
    waiting = [one for file in _files() for one in file.message_types_by_name.values()]
    while waiting:
        one = waiting.pop()
        found[one.full_name.removeprefix(f"{PACKAGE}.")] = one
        waiting += one.nested_types
    return found


def _enums() -> dict[str, EnumDescriptor]:
    found = [one for file in _files() for one in file.enum_types_by_name.values()]
    found += [one for message in _messages().values() for one in message.enum_types]
    return {one.full_name.removeprefix(f"{PACKAGE}."): one for one in found}


def test_the_table_has_the_messages_and_enumerations_of_the_standard_and_no_others() -> None:
    assert set(v2.schema().messages) == set(_messages())
    assert set(v2.schema().enums) == set(_enums())


@pytest.mark.parametrize("name", sorted(_messages()))
def test_a_message_has_the_standards_fields_numbers_types_and_marks(name: str) -> None:
    theirs, ours = _messages()[name], v2.schema().messages[name]
    expected = []
    for field in theirs.fields:
        options = field.GetOptions().Extensions[proto_options_pb2.field_options]
        type_name = _TYPES.get(field.type, "")
        if field.message_type is not None:
            type_name = field.message_type.full_name
        elif field.enum_type is not None:
            type_name = field.enum_type.full_name
        oneof = field.containing_oneof.name if field.containing_oneof is not None else ""
        expected.append(
            FieldFact(
                number=field.number,
                name=field.name,
                type=type_name.removeprefix(f"{PACKAGE}.").removeprefix("google.protobuf."),
                many=field.is_repeated,
                bare=not field.is_repeated and not field.has_presence,
                oneof="" if oneof.startswith("_") else oneof,
                must=options.is_mandatory,
                form="uuid" if options.is_uuid else "ulid" if options.is_ulid else "",
            )
        )
    assert list(ours.fields) == expected
    oneofs = {
        one.name: one.GetOptions().Extensions[proto_options_pb2.oneof_options].is_mandatory
        for one in theirs.oneofs
        if not one.name.startswith("_")
    }
    assert dict(ours.oneofs) == oneofs
    proto = DescriptorProto()
    theirs.CopyToProto(proto)
    assert ours.reserved == {number for one in proto.reserved_range for number in range(one.start, one.end)}


@pytest.mark.parametrize("name", sorted(_enums()))
def test_an_enumeration_has_the_standards_values_and_reserved_numbers(name: str) -> None:
    theirs, ours = _enums()[name], v2.schema().enums[name]
    assert list(ours.values) == [(one.number, one.name) for one in theirs.values]
    proto = EnumDescriptorProto()
    theirs.CopyToProto(proto)
    assert ours.reserved == {number for one in proto.reserved_range for number in range(one.start, one.end + 1)}


def test_the_classes_read_and_write_what_the_official_classes_write_and_read() -> None:
    theirs = importlib.import_module(f"{official.__name__}.sapient_message_pb2").SapientMessage
    for message in every_kind():
        octets = serialise(message)
        other = theirs.FromString(octets)
        assert other.SerializeToString(deterministic=True) == octets
        assert parse(octets) == message


def test_the_stub_says_what_the_table_builds() -> None:
    stub = ast.parse(Path(str(v2.__file__)).with_suffix(".pyi").read_text())
    classes = {one.name: one for one in stub.body if isinstance(one, ast.ClassDef)}
    for message in v2.schema().messages.values():
        own = classes[python_name(message.name)]
        named = {one.name for one in own.body if isinstance(one, ast.FunctionDef)}
        named |= {
            one.target.id for one in own.body if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        }
        assert named == {field.name for field in message.fields}
    for enum in v2.schema().enums:
        made = getattr(v2, python_name(enum))
        said = {
            one.targets[0].id: one.value.value
            for one in classes[python_name(enum)].body
            if isinstance(one, ast.Assign)
            and isinstance(one.targets[0], ast.Name)
            and isinstance(one.value, ast.Constant)
        }
        assert said == {one.name: int(one) for one in made}


def test_every_joined_name_is_another_one() -> None:
    names = [python_name(one) for one in (*v2.schema().messages, *v2.schema().enums)]
    assert len(names) == len(set(names))
    assert not hasattr(v2, "NoSuchMessage")


def test_version_1_differs_from_version_2_where_the_standard_says_so() -> None:
    first, second = v1.schema(), v2.schema()
    assert first.messages["Error"].fields[1].number == 2
    assert [one.number for one in second.messages["Error"].fields if one.name == "error_message"] == [3]
    mode = {one.name: one.many for one in first.messages["Registration.ModeDefinition"].fields}
    assert (mode["detection_definition"], mode["task"]) == (False, True)
    later = {one.name: one.many for one in second.messages["Registration.ModeDefinition"].fields}
    assert (later["detection_definition"], later["task"]) == (True, False)
    assert "config_data" not in {one.name for one in first.messages["Registration"].fields}
    assert (7, "TIME_UNITS_DAYS") not in first.enums["Registration.TimeUnits"].values
    for schema in (first, second):
        kinds = {field.type for one in schema.messages.values() for field in one.fields}
        assert kinds <= {*_TYPES.values(), *schema.messages, *schema.enums, TIMESTAMP}


@pytest.mark.parametrize(
    "octets",
    [b"\xff", b"\x0a", b"\x0a\x05ab", b"\x12\x02\xff\xfe", b"\x0b", b"\x07", b"\x22\xff\xff\xff\xff\x0f"],
    ids=["tag alone", "no length", "cut", "no UTF-8", "group", "wire type 7", "4 GB inside"],
)
def test_octets_that_are_no_message_are_refused(octets: bytes) -> None:
    with pytest.raises(FormatError) as refused:
        parse(octets)
    assert refused.value.code is codes.NOT_PROTOBUF


def test_a_message_nested_too_deep_is_refused() -> None:
    octets = b""
    for _ in range(200):  # DetectionReport.SubClass.sub_class
        octets = b"\x22" + _varint(len(octets)) + octets
    octets = b"\x1a" + _varint(len(octets)) + octets
    octets = b"\x5a" + _varint(len(octets)) + octets
    with pytest.raises(FormatError):
        parse(b"\x3a" + _varint(len(octets)) + octets)


def test_a_text_that_is_no_unicode_is_refused_on_the_way_out() -> None:
    message = detection()
    with pytest.raises((UnicodeEncodeError, ValueError)):
        message.detection_report.state = "\ud800"
    assert parse(serialise(message)) == message


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_are_a_message_or_a_refusal(octets: bytes) -> None:
    try:
        message = parse(octets)
    except FormatError:
        return
    assert isinstance(message, SapientMessage)
    assert parse(serialise(message)) == message


def _varint(value: int) -> bytes:
    octets = b""
    while value > 0x7F:
        octets += bytes([value & 0x7F | 0x80])
        value >>= 7
    return octets + bytes([value])
