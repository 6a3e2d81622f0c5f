"""The messages of TAK protocol version 1, described here and made into classes when this module is imported.

The numbers are those of the protocol's public definition; `caveat`, `releaseableTo` and the two times of `TakMessage`
are later additions of TAK servers. The classes live in a pool of their own, so that another package that describes the
same messages can be imported beside this one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from gateway.errors import FormatError
from gateway.formats.cot.tak import codes

PACKAGE = "atakmap.commoncommo.protobuf.v1"

TABLE: dict[str, dict[str, tuple[int, str]]] = {
    "TakMessage": {
        "takControl": (1, "TakControl"),
        "cotEvent": (2, "CotEvent"),
        "submissionTime": (3, "uint64"),
        "creationTime": (4, "uint64"),
    },
    "TakControl": {"minProtoVersion": (1, "uint32"), "maxProtoVersion": (2, "uint32"), "contactUid": (3, "string")},
    "CotEvent": {
        "type": (1, "string"),
        "access": (2, "string"),
        "qos": (3, "string"),
        "opex": (4, "string"),
        "uid": (5, "string"),
        "sendTime": (6, "uint64"),
        "startTime": (7, "uint64"),
        "staleTime": (8, "uint64"),
        "how": (9, "string"),
        "lat": (10, "double"),
        "lon": (11, "double"),
        "hae": (12, "double"),
        "ce": (13, "double"),
        "le": (14, "double"),
        "detail": (15, "Detail"),
        "caveat": (16, "string"),
        "releaseableTo": (17, "string"),
    },
    "Detail": {
        "xmlDetail": (1, "string"),
        "contact": (2, "Contact"),
        "group": (3, "Group"),
        "precisionLocation": (4, "PrecisionLocation"),
        "status": (5, "Status"),
        "takv": (6, "Takv"),
        "track": (7, "Track"),
    },
    "Contact": {"endpoint": (1, "string"), "callsign": (2, "string")},
    "Group": {"name": (1, "string"), "role": (2, "string")},
    "PrecisionLocation": {"geopointsrc": (1, "string"), "altsrc": (2, "string")},
    "Status": {"battery": (1, "uint32")},
    "Takv": {"device": (1, "string"), "platform": (2, "string"), "os": (3, "string"), "version": (4, "string")},
    "Track": {"speed": (1, "double"), "course": (2, "double")},
}
"""Number and type of every field, by message. Times are milliseconds since 1970, UTC."""

_SCALARS = {
    "uint32": descriptor_pb2.FieldDescriptorProto.TYPE_UINT32,
    "uint64": descriptor_pb2.FieldDescriptorProto.TYPE_UINT64,
    "double": descriptor_pb2.FieldDescriptorProto.TYPE_DOUBLE,
    "string": descriptor_pb2.FieldDescriptorProto.TYPE_STRING,
}


class TakControl(Protocol):
    """Which versions a contact of a mesh can read."""

    minProtoVersion: int  # noqa: N815 - the protocol's own name, here and below
    maxProtoVersion: int  # noqa: N815
    contactUid: str  # noqa: N815


class Contact(Protocol):
    """`contact`."""

    endpoint: str
    callsign: str


class Group(Protocol):
    """`__group`."""

    name: str
    role: str


class PrecisionLocation(Protocol):
    """`precisionlocation`."""

    geopointsrc: str
    altsrc: str


class Status(Protocol):
    """`status`."""

    battery: int


class Takv(Protocol):
    """`takv`."""

    device: str
    platform: str
    os: str
    version: str


class Motion(Protocol):
    """`track`."""

    speed: float
    course: float


class Detail(Protocol):
    """`detail`: what has a field of its own, and everything else as XML."""

    xmlDetail: str  # noqa: N815
    contact: Contact
    group: Group
    precisionLocation: PrecisionLocation  # noqa: N815
    status: Status
    takv: Takv
    track: Motion

    def HasField(self, name: str) -> bool:  # noqa: N802 - the library's own name, here and below
        """Whether a message is there."""
        ...


class CotEvent(Protocol):
    """`event` with its point."""

    type: str
    access: str
    qos: str
    opex: str
    uid: str
    sendTime: int  # noqa: N815
    startTime: int  # noqa: N815
    staleTime: int  # noqa: N815
    how: str
    lat: float
    lon: float
    hae: float
    ce: float
    le: float
    detail: Detail
    caveat: str
    releaseableTo: str  # noqa: N815


class TakMessage(Protocol):
    """One payload."""

    takControl: TakControl  # noqa: N815
    cotEvent: CotEvent  # noqa: N815

    def HasField(self, name: str) -> bool:  # noqa: N802
        """Whether a message is there."""
        ...

    def SerializeToString(self) -> bytes:  # noqa: N802
        """The payload's octets."""
        ...

    def ParseFromString(self, octets: bytes) -> int:  # noqa: N802
        """Read the payload's octets."""
        ...

    def ByteSize(self) -> int:  # noqa: N802
        """Length of the payload."""
        ...

    def DiscardUnknownFields(self) -> None:  # noqa: N802
        """Forget fields that the table does not describe."""
        ...


def _class() -> Callable[[], TakMessage]:
    file = descriptor_pb2.FileDescriptorProto(name="takmessage.proto", package=PACKAGE, syntax="proto3")
    for name, fields in TABLE.items():
        described = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            one = described.field.add(name=field, number=number)
            one.label = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
            if kind in _SCALARS:
                one.type = _SCALARS[kind]
            else:
                one.type = descriptor_pb2.FieldDescriptorProto.TYPE_MESSAGE
                one.type_name = f".{PACKAGE}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    made = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.TakMessage"))
    return cast("Callable[[], TakMessage]", made)


new_message = _class()
"""A new `TakMessage`."""


def read_message(payload: bytes) -> TakMessage:
    """The message in a payload; `FormatError` ``TAK-001`` if there is none.

    Fields beyond the table's are still in it: see `unknown_octets`.
    """
    made = new_message()
    try:
        made.ParseFromString(payload)
    except (message.DecodeError, RuntimeError) as error:
        raise FormatError(codes.MALFORMED, place="payload", cause=str(error)[:120]) from None
    return made


def unknown_octets(made: TakMessage) -> int:
    """How many octets of fields the message had that the table does not describe; takes them out of it."""
    before = made.ByteSize()
    made.DiscardUnknownFields()
    return before - made.ByteSize()
