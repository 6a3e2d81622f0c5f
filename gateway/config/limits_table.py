"""The ``[limits]`` table: a pydantic twin of `gateway.limits.Limits`, made from it so that the two cannot differ."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from typing import Annotated

import msgspec
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, create_model
from pydantic_core import CoreSchema, core_schema

from gateway import limits
from gateway.limits import Limits

_UNITS = {"_octets": "Octets", "_s": "Seconds"}

_WAIT_S = (0.1, 3_600)
_QUEUE = (1, 1_000_000)
_RANGES: dict[str, tuple[float, float]] = {
    "max_frame_octets": (1_024, 67_108_864),
    "max_records_per_frame": (1, 1_000_000),
    "max_message_octets": (1_024, 67_108_864),
    "max_tracks_per_message": (1, 1_000),  # maxOccurs of the schema
    "max_xml_depth": (16, 256),  # an ordinary Feature nests 9 deep; libxml2 follows no document beyond 256
    "max_xml_attributes": (32, 1_024),  # an event has 15; canonicalising costs the square
    "max_text_octets": (1_024, 10_000_000),  # libxml2 takes no longer text
    "max_name_octets": (64, 65_536),
    "relay_hops": (1, 32),  # maxOccurs of the schema
    "batch_max_delay_s": (0.001, 60),
    "batch_max_tracks": (1, 1_000),
    "ingest_queue_frames": _QUEUE,
    "feed_out_queue_tracks": _QUEUE,
    "stream_queue_events": _QUEUE,
    "picture_tracks": _QUEUE,
    "quarantine_records": _QUEUE,
    "quarantine_total_octets": (65_536, 68_719_476_736),
    "quarantine_waiting": (1, 100_000),
    "quarantine_octets": (256, 4_194_304),
    "refusal_summary_s": _WAIT_S,
    "connection_queue_frames": _QUEUE,
    "held_frames": (1, 65_536),
    "held_s": _WAIT_S,
    "peers_remembered": _QUEUE,
    "dedupe_window_s": _WAIT_S,
    "body_timeout_s": _WAIT_S,
    "connect_timeout_s": _WAIT_S,
    "request_timeout_s": _WAIT_S,
    "shutdown_timeout_s": _WAIT_S,
    "idle_timeout_s": _WAIT_S,
    "handshake_timeout_s": _WAIT_S,
    "header_timeout_s": _WAIT_S,
    "connection_age_s": (60, 172_800),  # FMN: session life of at most 48 h
    "http_connections": (1, 65_535),
    "http_connections_per_address": (1, 65_535),
    "created_window_s": (1, 86_400),
    "created_age_s": (60, 31_536_000),
    "source_silence_s": (1, 86_400),
    "backoff_first_s": (0.01, 3_600),
    "backoff_max_s": (0.1, 86_400),
    "wake_up_s": _WAIT_S,
    "in_flight_messages": (1, 256),
    "partner_requests": (1, 10_000),
    "partner_connections": (1, 10_000),
    "integrate_interval_s": (0.01, 60),
    "group_commit_rows": (1, 100_000),
    "group_commit_queue": _QUEUE,
}
"""What a limit may be set to: less keeps ordinary traffic out, more bounds nothing any more."""


def limit_range(name: str) -> tuple[float, float]:
    """Least and greatest value of a limit."""
    if name in _RANGES:
        return _RANGES[name]
    return (0.001, 31_536_000) if name.endswith("_s") else (1, 10_000_000)


@cache
def limit_descriptions() -> dict[str, str]:
    """Every limit with the text that stands beneath it in `gateway.limits`."""
    tree = ast.parse(inspect.getsource(limits))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Limits").body
    found: dict[str, str] = {}
    for node, after in zip(body, [*body[1:], None], strict=True):
        if not (isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)):
            continue
        text = ""
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = inspect.cleandoc(str(after.value.value))
        unit = next((word for suffix, word in _UNITS.items() if node.target.id.endswith(suffix)), "Count")
        low, high = limit_range(node.target.id)
        bounds = f"From {low:,} to {high:,}. {unit}."
        found[node.target.id] = f"{text.rstrip('.')}. {bounds}" if text else bounds
    return found


@cache
def limits_model() -> type[BaseModel]:
    """A strict model with the fields, defaults and texts of `Limits`; every value within its range."""
    descriptions = limit_descriptions()
    fields = {}
    for field in msgspec.structs.fields(Limits):
        finite = False if field.type is float else None
        low, high = limit_range(field.name)
        bounds = Field(
            default=field.default, ge=low, le=high, allow_inf_nan=finite, description=descriptions[field.name]
        )
        fields[field.name] = (field.type, bounds)
    config = ConfigDict(strict=True, extra="forbid", frozen=True)
    return create_model("LimitsTable", __config__=config, __doc__=_DOC, **fields)  # type: ignore[no-any-return, call-overload]  # names are known at run time only


_DOC = "Bounds of parsers, queues and waits. Every one has a default; change one only with its reason at hand."


class _AsTable:
    """Tells pydantic to read a `Limits` as its table."""

    def __get_pydantic_core_schema__(self, _source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(_to_limits, handler.generate_schema(limits_model()))


def _to_limits(table: BaseModel) -> Limits:
    return Limits(**table.model_dump())


LimitsTable = Annotated[Limits, _AsTable()]
