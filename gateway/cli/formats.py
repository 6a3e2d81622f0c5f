"""``gateway formats``: which dialects there are and what their options are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import Json
from gateway.cli.output import as_json, data, say, table

if TYPE_CHECKING:
    from gateway.cli.option_texts import OptionText
    from gateway.dialect import Format


def formats(
    name: Annotated[str, typer.Argument(help="One format, with its options.", show_default=False)] = "",
    json: Json = False,
) -> None:
    """List the formats, or one format's options.

    \b
    Examples:
      gateway formats
      gateway formats asterix
    """
    from gateway.formats.registry import formats as every

    known = every()
    if name:
        described = _describe(find_format(name), options=True)
        if json:
            as_json(described)
        else:
            _show(described)
        return
    if json:
        as_json([_describe(form, options=True) for form in known.values()])
        return
    rows = [[form.name, form.title, form.media_type, "yes" if form.splitter else "no"] for form in known.values()]
    table(["NAME", "WHAT", "MEDIA TYPE", "STREAMS"], rows)


def find_format(name: str) -> Format:
    """The format of this name; a usage error with the nearest name for any other."""
    from gateway.cli.codes import UNKNOWN_NAME
    from gateway.cli.exits import CommandError, Exit
    from gateway.config.problems import did_you_mean
    from gateway.formats.registry import find, names

    if name not in names():
        cause = f"there is no format {name[:40]}; there are {', '.join(sorted(names()))}"
        raise CommandError(UNKNOWN_NAME, Exit.USAGE, cause=cause, remedy=did_you_mean(name, names()))
    return find(name)


def _describe(form: Format, *, options: bool) -> dict[str, object]:
    from gateway.cli.option_texts import PARTS

    fields: dict[str, object] = {
        "name": form.name,
        "title": form.title,
        "media_type": form.media_type,
        "streams": form.splitter is not None,
        "trace": form.trace is not None,
    }
    if options:
        for part, texts in PARTS.items():
            make = getattr(form, part)
            if make is not None:
                fields[f"{part}_options"] = _options(make, texts[form.name])
    return fields


def _options(codec: object, texts: Mapping[str, OptionText]) -> dict[str, dict[str, str]]:
    """What an operator may tell the codec: type and default, meaning, and an example in TOML."""
    import inspect

    from gateway.config.codec_options import option_names

    assert callable(codec)
    parameters = inspect.signature(codec).parameters
    found = {}
    for name in option_names(codec):
        parameter, text = parameters[name], texts[name]
        kind = parameter.annotation if isinstance(parameter.annotation, str) else str(parameter.annotation)
        found[name] = {
            "type": _TYPES.get(kind, kind),
            "default": "" if parameter.default is parameter.empty else _default(parameter.default),
            "meaning": text.meaning,
            "example": text.example,
        }
    return found


_TYPES = {
    "bool": "true or false",
    "int": "whole number",
    "int | None": "whole number",
    "float": "number",
    "float | None": "number",
    "str": "text",
    "str | None": "text",
    "object": "table",
    "dict[str, str] | None": "table",
    "Sequence[str]": "list of text",
}


def _default(value: object) -> str:
    from gateway.config.tree import shown

    return "none" if value is None or value == () else shown(value)


_SHOWN = {
    "decoder": ("decoder", "--option '%s=%s'"),
    "encoder": ("encoder", "--to-option '%s=%s'"),
    "endpoint": ("conversation (direction both)", "options = { %s = %s }"),
    "service": ("documents that clients fetch (kind http)", "options = { %s = %s }"),
    "enquiry": ("question of a poll (kind http-poll)", "options = { enquiry = { %s = %s } }"),
}
"""Title of each part of a format, and how an option of it is given."""


def _show(described: dict[str, object]) -> None:
    data(f"{described['name']}: {described['title']} ({described['media_type']})")
    for part, (title, example) in _SHOWN.items():
        options = described.get(f"{part}_options")
        if options is None:
            continue
        assert isinstance(options, dict)
        data(f"\noptions of the {title}:" if options else f"\nno options of the {title}")
        for name, option in options.items():
            data(f"  {name}: {option['type']}, default {option['default']}")
            data(f"      {option['meaning']}")
            data(f"      {example % (name, option['example'])}")
    say("in a configuration: options = { NAME = VALUE } of a feed, or of the source by format; values are TOML")
