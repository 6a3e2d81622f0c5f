"""What GeoJSON refuses, with the remedy."""

from __future__ import annotations

from gateway.errors import Code

NOT_JSON = Code("GEO-001", "body is not JSON", "send UTF-8 JSON: one object, or one Feature per line")
NOT_GEOJSON = Code("GEO-002", "object is neither Feature nor FeatureCollection", "send GeoJSON (RFC 7946) Features")
GEOMETRY = Code("GEO-003", "geometry is not a Point or null", "send a Point, or null where the position is not known")
RANGE = Code("GEO-004", "number is out of range", "send degrees, metres and m/s within the documented bounds")
WRONG_TYPE = Code("GEO-005", "member has the wrong type", "see the table of properties in docs/formats/geojson.md")
DUPLICATE = Code("GEO-006", "object has a member twice", "name each member once")
TOO_DEEP = Code("GEO-007", "body is nested too deep", "send flatter objects")
TOO_LARGE = Code("GEO-008", "body is larger than allowed", "send fewer features at a time, or raise the limit")
TOO_MANY = Code("GEO-009", "collection holds too many features", "send fewer features at a time")
TOO_LONG = Code("GEO-010", "text is longer than allowed", "shorten it, or raise the limit")
NO_NAME = Code("GEO-011", "feature has no name", "give each Feature an id, or identifiers in its properties")
CRS = Code("GEO-012", "object has a crs", "send WGS 84 longitude and latitude without a crs member (RFC 7946, 4)")
TEXT = Code("GEO-013", "text has characters that other formats cannot carry", "leave control characters out")
CODE = Code("GEO-014", "value is not a code", "send upper-case codes such as UAV, or x-nation:code")
ZONE = Code("GEO-015", "time has no zone", "write times as 2026-11-22T08:12:00.5Z")
EXTENSION = Code("GEO-016", "extension is not canonical XML in its namespace", "send each as exclusive canonical XML")
NOT_FINITE = Code("GEO-020", "track has a number that is not finite or not on Earth", "send finite numbers")
UNWRITABLE = Code("GEO-021", "track has text that JSON cannot carry", "leave lone surrogates out")
CODES = (
    NOT_JSON,
    NOT_GEOJSON,
    GEOMETRY,
    RANGE,
    WRONG_TYPE,
    DUPLICATE,
    TOO_DEEP,
    TOO_LARGE,
    TOO_MANY,
    TOO_LONG,
    NO_NAME,
    CRS,
    TEXT,
    CODE,
    ZONE,
    EXTENSION,
    NOT_FINITE,
    UNWRITABLE,
)
