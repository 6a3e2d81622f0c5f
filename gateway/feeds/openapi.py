"""The OpenAPI 3.1 document, generated from the route table and the models; nothing in it is written by hand twice."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.dialect import Format
from gateway.feeds import http_models as models
from gateway.feeds.http_routes import Answer, Body, Parameter, Route, posted_types
from gateway.feeds.http_types import PROBLEM

_ALWAYS = (400, 403, 500)
Json = dict[str, object]


def document(table: tuple[Route, ...], formats: Mapping[str, Format], *, version: str) -> Json:
    """The whole description as JSON values."""
    used = _models(table)
    _, definitions = models_json_schema(
        [(model, "serialization") for model in used], ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, Json] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, formats)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Alliance track gateway, national side",
            "version": version,
            "description": "Tracks in, the allied picture out. Every refusal is a problem document (RFC 9457) with a "
            "stable code, the place, the cause and the remedy.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"clientCertificate": []}],
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": {
                "clientCertificate": {
                    "type": "mutualTLS",
                    "description": "TLS 1.3 with a client certificate whose key is pinned to a configured source.",
                }
            },
        },
    }


def _models(table: tuple[Route, ...]) -> list[type[BaseModel]]:
    found: dict[type[BaseModel], None] = {models.Problem: None}
    for route in table:
        for answer in route.answers.values():
            found.update((body, None) for body in answer.content.values() if not isinstance(body, str))
    return list(found)


def _operation(route: Route, formats: Mapping[str, Format]) -> Json:
    names: Json = {"type": "string", "enum": sorted(formats)}
    parameters: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": names, "description": "Name of a format."}
        for name in route.path_formats
    ]
    parameters += [_parameter(parameter) for parameter in route.parameters]
    responses: Json = {str(status): _answer(answer) for status, answer in route.answers.items()}
    for status in sorted({*_ALWAYS, *route.refusals}):
        responses[str(status)] = _refusal(status)
    operation: Json = {
        "operationId": route.operation,
        "summary": route.summary,
        "description": route.description,
        "parameters": parameters,
        "responses": responses,
    }
    if route.takes_records:
        content = {media: {"schema": _schema("octets")} for media in posted_types(formats)}
        operation["requestBody"] = {"required": True, "content": content, "description": "Records of the format."}
    return operation


def _parameter(parameter: Parameter) -> Json:
    described: Json = {
        "name": parameter.name,
        "in": parameter.place,
        "required": False,
        "schema": dict(parameter.schema),
        "description": parameter.description,
    }
    if parameter.schema.get("type") == "array":
        described |= {"style": "form", "explode": False}  # a=1,2 and not a=1&a=2
    if parameter.example is not None:
        described["example"] = parameter.example
    return described


def _answer(answer: Answer) -> Json:
    described: Json = {"description": answer.description}
    if answer.content:
        described["content"] = {media: {"schema": _schema(body)} for media, body in answer.content.items()}
    if answer.headers:
        described["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in answer.headers.items()
        }
    return described


def _refusal(status: int) -> Json:
    described: Json = {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM: {"schema": _schema(models.Problem)}},
    }
    if status in (408, 429, 503):
        described["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": "^[0-9]+$"}}
        }
    return described


def _schema(body: Body) -> Json:
    if not isinstance(body, str):
        return {"$ref": f"#/components/schemas/{body.__name__}"}
    plain: dict[str, Json] = {"json": {"type": "object"}, "text": {"type": "string"}}
    return plain.get(body, {})
