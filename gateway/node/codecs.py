"""Codecs from the configuration: decoders and encoders with the options of their feed or source."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature

from gateway.config import Config
from gateway.config.codec_options import unknown_option
from gateway.dialect import Decoder, Encoder, Format
from gateway.errors import ConfigError
from gateway.node import codes


def make_decoder(config: Config, form: Format, options: Mapping[str, object], *, source: str) -> Decoder:
    """A decoder with the feed's or source's options; `ConfigError` ``NODE-004`` when it refuses them.

    Where the format names sources, they belong to the nation of the configured `source` unless an option says else.
    """
    refuse_unknown(form, form.decoder, options)
    if source in config.source and "nation" in signature(form.decoder).parameters:
        options = {"nation": config.source_nation(source), **options}
    try:
        return form.decoder(node=config.node.name, limits=config.limits, **options)
    except TypeError as error:
        raise ConfigError(codes.OPTIONS, place=form.name, cause=str(error)) from None


def make_encoder(config: Config, form: Format, options: Mapping[str, object]) -> Encoder:
    """An encoder with the feed's options; errors as for a decoder."""
    refuse_unknown(form, form.encoder, options)
    try:
        return form.encoder(**options)
    except TypeError as error:
        raise ConfigError(codes.OPTIONS, place=form.name, cause=str(error)) from None


def refuse_unknown(form: Format, codec: object, options: Mapping[str, object]) -> None:
    """Say which option the codec does not take, with the nearest that it does: `ConfigError` ``NODE-004``."""
    if unknown := unknown_option(codec, options):
        raise ConfigError(codes.OPTIONS, place=form.name, cause=unknown[0], remedy=unknown[1])
