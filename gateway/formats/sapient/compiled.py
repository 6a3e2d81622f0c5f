"""The walk that only decides whether a message is valid, written out as one Python function per message type.

A detection arrives 20,000 times a second, and a general walk costs three times what the comparisons in it do. So the
functions are generated from `table_v2` and `rules`, which are ours, when a schema is first used (about 20 ms), as
`dataclasses` does with `__init__`. They ask for what a field says once, and whether it is present only where its value
does not tell. What they pass is exactly what `checks` passes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping

from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from gateway.formats.sapient import rules
from gateway.formats.sapient.checks import allowed, form_of, good_instant, must_field, must_oneof
from gateway.formats.sapient.schema import TIMESTAMP, FieldFact, MessageFact, Schema

Good = Callable[[Message], bool]


def compiled(schema: Schema) -> Mapping[str, Good]:
    """For each message type of the schema, whether a message breaks no rule at any depth."""
    names: dict[str, object] = {"unknown": UnknownFieldSet, _function(TIMESTAMP): good_instant}
    source = "\n".join([line for fact in schema.messages.values() for line in _lines(schema, fact, names)])
    exec(compile(source, f"<validator of {schema.version}>", "exec"), names)  # noqa: S102  # made of our own tables only
    return {name: names[_function(name)] for name in schema.messages}  # type: ignore[misc]  # what was just defined


def _function(message: str) -> str:
    return "good_" + message.replace(".", "_")


def _lines(schema: Schema, fact: MessageFact, names: dict[str, object]) -> Iterator[str]:
    yield f"def {_function(fact.name)}(message):"
    yield "    has = message.HasField"
    for field in fact.fields:
        conditions = _many(schema, fact, field, names) if field.many else _single(schema, fact, field, names)
        for line in conditions:
            yield f"    {line}"
    for name, must in fact.oneofs:
        if must_oneof(schema, fact, name, must=must):
            yield f"    if message.WhichOneof({name!r}) is None: return False"
    yield "    if len(unknown(message)): return False"
    cross = rules.CROSS.get(fact.name)
    if cross is not None:
        names[f"cross_{_function(fact.name)}"] = cross
        yield f"    if cross_{_function(fact.name)}(message): return False"
    yield "    return True"


def _single(schema: Schema, fact: MessageFact, field: FieldFact, names: dict[str, object]) -> Iterator[str]:
    """Lines for a field that stands once: left out it is a breach if it is mandatory, else none."""
    must = bool(must_field(schema, fact, field))
    here, has = f"message.{field.name}", f"has({field.name!r})"
    if field.type in schema.messages or field.type == TIMESTAMP:
        test = f"{_function(field.type)}({here})"
        yield f"if not ({has} and {test}): return False" if must else f"if {has} and not {test}: return False"
        return
    wrong, tells = _wrong(schema, fact, field, names)
    if must and not tells:
        yield f"if not {has}: return False"
    if not wrong:
        return
    yield f"value = {here}"
    if must or field.bare or not tells:
        yield f"if {wrong}: return False"
    else:
        yield f"if ({wrong}) if value else {has}: return False"


def _many(schema: Schema, fact: MessageFact, field: FieldFact, names: dict[str, object]) -> Iterator[str]:
    """Lines for a repeated field."""
    if field.type in schema.messages:
        wrong = f"not {_function(field.type)}(value)"
    else:
        wrong, _ = _wrong(schema, fact, field, names)
    must = bool(must_field(schema, fact, field))
    if must or wrong:
        yield f"values = message.{field.name}"
    if wrong:
        yield "if values:"
        yield "    for value in values:"
        yield f"        if {wrong}: return False"
    if must:
        yield "if not values: return False"


def _wrong(schema: Schema, fact: MessageFact, field: FieldFact, names: dict[str, object]) -> tuple[str, bool]:
    """(expression over `value` that is true for a breach, whether it is true for what an absent field reads as)."""
    key = (fact.name, field.name)
    name = f"{_function(fact.name)}_{field.name}"
    if field.type in schema.enums:
        names[f"values_{name}"] = allowed(schema.enums[field.type], field)
        return f"value not in values_{name}", not field.bare
    if key in rules.RANGES:
        least, most, _ = rules.RANGES[key]
        most = min(most, sys.float_info.max)  # neither NaN nor infinity lies between them
        return f"not {least!r} <= value <= {most!r}", not least <= 0 <= most
    if field.type in ("float", "double"):
        return "value - value != 0.0", False  # NaN and the infinities alone
    if key == rules.ICD_VERSION:
        return f"value != {schema.version!r}", True
    test = form_of(field, key)
    if test is not None:
        names[f"form_{name}"] = test
        return f"not form_{name}(value)", True
    if field.type in ("string", "bytes") and (field.must or field.many or field.oneof):
        return "not value", True
    return "", False
