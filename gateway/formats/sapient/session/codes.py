"""What a SAPIENT session refuses or gives up, with the remedy."""

from __future__ import annotations

from gateway.errors import Code

NOT_REGISTERED = Code(
    "SAP-050",
    "message of a node that has not registered",
    "send the Registration first: it says in which units the node speaks",
)
NO_POSE = Code(
    "SAP-051",
    "range and bearing of a node that has not said where it stands",
    "send a StatusReport with a node_location first, or configure the node in the option `sites`",
)
NO_MODE = Code(
    "SAP-052",
    "units depend on a mode that the node has not declared",
    "send a StatusReport that names the mode, and a Registration that defines it",
)
NO_PLACE = Code(
    "SAP-053",
    "location is nowhere on Earth",
    "check the declared coordinate system: x is longitude or easting, y is latitude or northing",
)
NO_ZONE = Code("SAP-054", "location in UTM without a usable zone", "write utm_zone, or declare it in the Registration")
NO_TIME = Code("SAP-055", "timestamp is no instant", "write UTC between the years 1 and 9999")
NO_NUMBER = Code("SAP-056", "number is not finite or not within its range", "leave out what is not known")
WRONG_ROLE = Code("SAP-057", "message that this side does not take", "check which side is the fusion node")
NODE_TAKEN = Code(
    "SAP-058",
    "node id belongs to another client that is connected",
    "give each node an id of its own; check who uses this one",
)
REPLACED = Code(
    "SAP-059",
    "a newer connection speaks for the same node",
    "let one connection at a time speak for a node id",
)
SAID_ERROR = Code("SAP-060", "the peer reports an error in what we sent", "read its words; compare the ICD versions")
NEVER_REGISTERED = Code(
    "SAP-061", "peer has not registered in time", "send a Registration as the first message of a connection"
)
PARENT_REFUSES = Code("SAP-062", "the parent refuses our Registration", "read its reasons; check node_id and name")
PARENT_SILENT = Code("SAP-063", "the parent does not answer our Registration", "check that it is a SAPIENT fusion node")
TOO_MANY = Code("SAP-064", "frame holds too many messages", "send fewer messages at a time")
TOO_LARGE = Code("SAP-065", "frame is larger than allowed", "send smaller frames, or raise the limit")
TOO_LONG = Code("SAP-066", "text is longer than allowed", "send shorter names, or raise limits.max_name_octets")
OPTION = Code("SAP-068", "option has a value that makes no sense", "give a value of the kind that the cause names")
NO_POSITION = Code(
    "SAP-070",
    "track has no position that a detection could carry",
    "a bearing counts from the node that reports it, and that node is not us: filter such tracks out of this feed",
)
NO_NAME = Code("SAP-071", "track has no name that could become an object id", "admit the track first: it mints its id")
NO_STATE = Code("SAP-072", "track has no time of applicability", "send a track with a state")
NOT_FINITE = Code("SAP-073", "track has a number that is not finite or not on Earth", "send finite numbers")
CODES = (
    NOT_REGISTERED,
    NO_POSE,
    NO_MODE,
    NO_PLACE,
    NO_ZONE,
    NO_TIME,
    NO_NUMBER,
    WRONG_ROLE,
    NODE_TAKEN,
    REPLACED,
    SAID_ERROR,
    NEVER_REGISTERED,
    PARENT_REFUSES,
    PARENT_SILENT,
    TOO_MANY,
    TOO_LARGE,
    TOO_LONG,
    OPTION,
    NO_POSITION,
    NO_NAME,
    NO_STATE,
    NOT_FINITE,
)
