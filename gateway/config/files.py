"""Whether the files that a configuration names are there, fit each other and last: read, never changed.

1. Every file can be read; private keys by their owner alone.
2. The signing key belongs to its certificate and may sign; the TLS keys to theirs.
3. Partners' certificates are of a kind that the seal pins, their verifier keys are keys.
4. Nothing has expired; what ends within thirty days is a finding.
5. The production profile has no development certificate, ours or a partner's.
6. The policy file is complete, knows the names that the configuration uses, and is not due for review.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from msgspec import Struct
from pydantic import JsonValue

from gateway.clock import utc_text
from gateway.config import codes
from gateway.config.checks import without_effect
from gateway.config.codec_options import ENQUIRY, of_poll, unknown_option
from gateway.config.load import LoadedConfig
from gateway.config.locate import KeyPath
from gateway.config.model import Config, Profile
from gateway.config.national import Direction, FeedKind, FeedTable
from gateway.config.policy_file import AboutTable
from gateway.config.policy_load import load_policy_for
from gateway.config.policy_parties import configuration_findings, configuration_problems
from gateway.config.problems import InvalidConfigError, Problem, did_you_mean
from gateway.dialect import Format
from gateway.errors import ConfigError, GatewayError
from gateway.ledger import Verifier
from gateway.links.tls import TlsMaterial, server_tls
from gateway.policy.lint.codes import ISSUED_LATER, REVIEW_PASSED, REVIEW_SOON
from gateway.seal import KeyRecord, Signer
from gateway.seal.certificates import is_development

SOON = timedelta(days=30)
"""A certificate that ends within this is a finding: long enough to have one issued."""
_MAX_PEM = 1_048_576  # a PEM file is some kilobytes; a recording named by mistake is not read to its end


class Report(Struct, frozen=True, kw_only=True):
    """What a static check found."""

    errors: tuple[ConfigError, ...]
    """The node would not start, or not work."""
    findings: tuple[ConfigError, ...]
    """It works today; somebody should look."""


def check_files(loaded: LoadedConfig, now: datetime, formats: Mapping[str, Format] | None = None) -> Report:
    """Everything that is wrong with the files and codec options of a configuration that is valid in itself."""
    checker = _Checker(loaded.config, now)
    errors = list(checker.errors())
    if formats is not None:
        errors += _codec_options(loaded.config, formats)
    findings = [*checker.findings, *without_effect(loaded.config)]
    policy = _policy(loaded, now)
    return Report(
        errors=(*(loaded.error(problem) for problem in errors), *policy.errors),
        findings=(*(loaded.error(problem) for problem in findings), *policy.findings),
    )


def _policy(loaded: LoadedConfig, now: datetime) -> Report:
    """What is wrong with the policy file, and between it and the configuration."""
    config = loaded.config
    try:
        policy = load_policy_for(config)
    except InvalidConfigError as error:
        return Report(errors=error.problems, findings=())
    between = configuration_findings(config, policy.policy)
    due = [policy.error(problem) for problem in _due(policy.file.policy, now)]
    return Report(
        errors=tuple(loaded.error(problem) for problem in configuration_problems(config, policy.policy)),
        findings=(*policy.findings, *due, *(loaded.error(problem) for problem in between)),
    )


def _due(about: AboutTable, now: datetime) -> Iterator[Problem]:
    """That the policy is issued later, or to be reviewed, or soon. It decides all the same."""
    path: KeyPath = ("policy", "review")
    review = about.review
    if about.issued > now:
        cause = f"it is issued on {utc_text(about.issued)}, and so are the labels that it gives"
        yield Problem(code=ISSUED_LATER, path=("policy", "issued"), cause=cause)
    if review <= now:
        yield Problem(code=REVIEW_PASSED, path=path, cause=f"it was to be reviewed by {utc_text(review)}")
    elif review < now + SOON:
        cause = f"it is to be reviewed by {utc_text(review)}, {(review - now).days} days left"
        yield Problem(code=REVIEW_SOON, path=path, cause=cause)


class _Checker:
    def __init__(self, config: Config, now: datetime) -> None:
        self._config = config
        self._now = now
        self._production = config.node.profile is Profile.PRODUCTION
        self.findings: list[Problem] = []

    def errors(self) -> Iterator[Problem]:
        """Run the checks; findings are collected on the way."""
        config = self._config
        yield from self._signing()
        yield from self._tls(("links",), config.links.certificate, config.links.key, self._authorities())
        if not config.http.plain or any(feed.tls for feed in config.feed.values()):
            yield from self._tls(("http",), config.http.certificate, config.http.key, [("http", "client_ca")])
        yield from self._private(("ledger", "key"), config.ledger.key)
        for name, link in config.link.items():
            yield from self._partner(name, link.signing)
            yield from _verifier_keys(name, link.ledger_vkeys)
            for index, file in enumerate(link.revocations):
                yield from _unreadable(("link", name, "revocations", index), file)
        for name, feed in config.feed.items():
            if feed.path is not None:
                yield from _unreadable(("feed", name, "path"), feed.path)
        yield from _unwritable(("node", "data"), config.node.data)
        yield from _unwritable(("ledger", "directory"), config.ledger.directory)

    def _authorities(self) -> list[KeyPath]:
        return [("link", name, "ca") for name in self._config.link]

    def _signing(self) -> Iterator[Problem]:
        seal = self._config.seal
        problems = [
            *self._private(("seal", "key"), seal.key),
            *_unreadable(("seal", "certificate"), seal.certificate),
        ]
        yield from problems
        if problems:
            return
        try:
            Signer.from_pem(self._config.node.name, _read(seal.key), _read(seal.certificate))
        except GatewayError as error:
            yield _unfit(("seal", "certificate"), seal.certificate, error)
            return
        yield from self._certificates(("seal", "certificate"), seal.certificate)

    def _tls(self, table: KeyPath, certificate: Path, key: Path, authorities: list[KeyPath]) -> Iterator[Problem]:
        problems = [
            *_unreadable((*table, "certificate"), certificate),
            *self._private((*table, "key"), key),
        ]
        usable = []
        for path in authorities:
            found = list(_unreadable(path, _named(self._config, path)))
            problems += found
            if not found:
                usable.append(path)
        yield from problems
        if problems:
            return
        for path in usable:
            yield from self._certificates(path, _named(self._config, path))
        material = TlsMaterial(
            certificate=certificate, key=key, authorities=tuple(_named(self._config, path) for path in usable)
        )
        try:
            server_tls(material)
        except GatewayError as error:
            yield _unfit((*table, "certificate"), certificate, error)
            return
        yield from self._certificates((*table, "certificate"), certificate)

    def _partner(self, name: str, signing: tuple[Path, ...]) -> Iterator[Problem]:
        for index, file in enumerate(signing):
            path: KeyPath = ("link", name, "signing", index)
            problems = list(_unreadable(path, file))
            yield from problems
            if problems:
                continue
            try:
                KeyRecord.from_certificate_pem(name, _read(file))
            except GatewayError as error:
                yield _unfit(path, file, error)
            else:
                # Of several pinned certificates only one has to be valid: the next one's time is still to come
                yield from self._certificates(path, file, must_be_valid=len(signing) == 1)

    def _certificates(self, path: KeyPath, file: Path, *, must_be_valid: bool = True) -> Iterator[Problem]:
        try:
            certificates = x509.load_pem_x509_certificates(_read(file))
        except ValueError:
            yield Problem(code=codes.CERTIFICATE, path=path, cause=f"{file}: not PEM certificates")
            return
        for certificate in certificates:
            subject = certificate.subject.rfc4514_string()
            ends = certificate.not_valid_after_utc
            if self._production and is_development(certificate):
                cause = f"{file}: {subject} is a development certificate"
                yield Problem(code=codes.PRODUCTION, path=path, cause=cause, remedy="have one issued by your authority")
            if certificate.not_valid_before_utc > self._now and must_be_valid:
                cause = f"{file}: {subject} is valid only from {utc_text(certificate.not_valid_before_utc)}"
                yield Problem(code=codes.CERTIFICATE, path=path, cause=cause)
            elif ends < self._now and must_be_valid:
                yield Problem(code=codes.CERTIFICATE, path=path, cause=f"{file}: {subject} ended {utc_text(ends)}")
            elif ends < self._now + SOON:
                days = max((ends - self._now).days, 0)
                cause = f"{file}: {subject} ends {utc_text(ends)}, {days} days left"
                self.findings.append(Problem(code=codes.EXPIRING, path=path, cause=cause))

    def _private(self, path: KeyPath, file: Path) -> Iterator[Problem]:
        problems = list(_unreadable(path, file))
        yield from problems
        if problems:
            return
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            cause = f"{file}: mode {mode:04o} lets others read a private key"
            problem = Problem(code=codes.FILE_UNUSABLE, path=path, cause=cause, remedy=f"chmod 600 {file}")
            if self._production:
                yield problem
            else:
                self.findings.append(problem)


def _verifier_keys(name: str, keys: tuple[str, ...]) -> Iterator[Problem]:
    for index, key in enumerate(keys):
        try:
            Verifier.parse(key)
        except GatewayError as error:
            cause = f"{error.code.title}: {error.cause}"
            yield Problem(code=codes.CERTIFICATE, path=("link", name, "ledger_vkeys", index), cause=cause)


def _named(config: Config, path: KeyPath) -> Path:
    """The file that a setting of `path` names."""
    here: object = config
    for part in path:
        here = here[part] if isinstance(here, dict) else getattr(here, str(part))
    assert isinstance(here, Path)
    return here


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(_MAX_PEM)


def _unfit(path: KeyPath, file: Path, error: GatewayError) -> Problem:
    cause = f"{file}: {error.code.title}" + (f": {error.cause}" if error.cause else "")
    return Problem(code=codes.CERTIFICATE, path=path, cause=cause, remedy=error.remedy)


def _unreadable(path: KeyPath, file: Path) -> Iterator[Problem]:
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for, a device has no end
            yield Problem(code=codes.FILE_UNUSABLE, path=path, cause=f"{file}: not a regular file")
            return
        with file.open("rb") as stream:
            stream.read(1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        beside = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
        remedy = did_you_mean(file.name, beside)
        yield Problem(code=codes.FILE_UNUSABLE, path=path, cause=f"{file}: {reason}", remedy=remedy)


def _unwritable(path: KeyPath, directory: Path) -> Iterator[Problem]:
    """A directory that is made at the first run: what is there of it must be a directory that we may write to."""
    there = directory.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    if not there.is_dir():
        yield Problem(code=codes.FILE_UNUSABLE, path=path, cause=f"{there} is not a directory")
    elif not os.access(there, os.W_OK | os.X_OK):
        yield Problem(code=codes.FILE_UNUSABLE, path=path, cause=f"{there} cannot be written to")


def _codec_options(config: Config, formats: Mapping[str, Format]) -> Iterator[Problem]:
    """Options that a format does not take, found by making the codec that a run would make."""
    for name, feed in config.feed.items():
        form = formats.get(feed.format)
        if form is None:
            continue
        options = config.feed_options(name)
        if feed.kind is FeedKind.HTTP_POLL:
            options, asked = of_poll(options)
            yield from _try_enquiry(form, ("feed", name, "options", ENQUIRY), asked)
        make = codec_of(form, feed)
        if make is None:
            cause = f"{form.title} has no conversation in it; use direction in or out"
            yield Problem(code=codes.CONFLICT, path=("feed", name, "direction"), cause=cause)
        else:
            yield from _try_options(make, ("feed", name, "options"), options)
    for name, source in config.source.items():
        for spoken, options in source.options.items():
            form = formats.get(spoken)
            if form is not None:
                yield from _try_options(form.decoder, ("source", name, "options", spoken), options)


def codec_of(form: Format, feed: FeedTable) -> Callable[..., object] | None:
    """What a run would make for this feed, of the feed's options; absent when the format has no such thing."""
    if feed.direction is Direction.BOTH:
        return form.endpoint
    if feed.direction is Direction.IN:
        return form.decoder
    if feed.kind is FeedKind.HTTP and form.service is not None:
        return form.service
    return form.encoder


def _try_enquiry(form: Format, path: KeyPath, asked: JsonValue) -> Iterator[Problem]:
    """What a poll would ask, made as a run would make it."""
    if not isinstance(asked, dict):
        yield Problem(code=codes.WRONG_VALUE, path=path, cause="expected a table of options")
    elif form.enquiry is not None:
        yield from _try_options(form.enquiry, path, asked)
    elif asked:
        yield Problem(
            code=codes.FORMAT_OPTION, path=path, cause=f"{form.title} is fetched by a plain GET; leave it out"
        )


def _try_options(make: object, path: KeyPath, options: Mapping[str, object]) -> Iterator[Problem]:
    assert callable(make)
    if unknown := unknown_option(make, options):
        yield Problem(code=codes.FORMAT_OPTION, path=path, cause=unknown[0], remedy=unknown[1])
        return
    try:
        make(**options)
    except TypeError as error:
        yield Problem(code=codes.FORMAT_OPTION, path=path, cause=str(error)[:200])
    except ValueError as error:
        yield Problem(code=codes.WRONG_VALUE, path=path, cause=str(error)[:200])
    except GatewayError as error:
        yield Problem(code=codes.WRONG_VALUE, path=path, cause=error.cause or error.code.title, remedy=error.remedy)
