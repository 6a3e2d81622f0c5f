"""``gateway formats``: which dialects there are and what their options are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import Json
from gateway.cli.output import as_json, data, table

if TYPE_CHECKING:
    from gateway.stages import Format

_INTERNAL = {"node", "limits"}
"""Options that the node itself gives: its name and its limits."""


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
    fields: dict[str, object] = {
        "name": form.name,
        "title": form.title,
        "media_type": form.media_type,
        "streams": form.splitter is not None,
        "trace": form.trace is not None,
    }
    if options:
        fields["decoder_options"] = _options(form.decoder)
        fields["encoder_options"] = _options(form.encoder)
    return fields


def _options(codec: object) -> dict[str, str]:
    """Keyword options of a codec's constructor, each with its type and default in words."""
    import inspect

    assert callable(codec)
    found = {}
    for parameter in inspect.signature(codec).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL) or parameter.name in _INTERNAL:
            continue
        annotation = parameter.annotation
        kind = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
        required = parameter.default is parameter.empty
        found[parameter.name] = kind if required else f"{kind}, default {_default(parameter.default)}"
    return found


def _default(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else "set"


def _show(described: dict[str, object]) -> None:
    data(f"{described['name']}: {described['title']} ({described['media_type']})")
    for direction in ("decoder", "encoder"):
        options = described[f"{direction}_options"]
        assert isinstance(options, dict)
        data(f"\noptions of the {direction}:" if options else f"\nno options of the {direction}")
        for key, kind in options.items():
            data(f"  {key}: {kind}")
