"""The kinds of value that a configuration holds, each with its own check and its own words when it does not hold."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, WithJsonSchema

from gateway.clock import parse_utc

MAX_TEXT = 200  # a value that is longer is a pasted file, not a setting

Rate = Literal["realtime", "max"] | float
"""How fast a recording is replayed: as recorded, as fast as the gateway takes it, or so many times faster."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port, as in ``127.0.0.1:8443`` or ``[::1]:8443``."""

    host: str
    """A literal address or a name, without brackets."""
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_any(self) -> bool:
        """Whether it stands for every address of the machine."""
        return self.host in {"0.0.0.0", "::"}

    @property
    def is_multicast(self) -> bool:
        """Whether it is a multicast group."""
        try:
            return ipaddress.ip_address(self.host).is_multicast
        except ValueError:
            return False


def _text(value: object, expected: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected {expected}")
    if len(value) > MAX_TEXT:
        raise ValueError(f"expected {expected}, at most {MAX_TEXT} characters long")
    return value


_HOST = re.compile(
    r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def parse_address(value: object) -> Address:
    """The `Address` of ``host:port``; `ValueError` with the reason for anything else."""
    if isinstance(value, Address):
        return value
    expected = "host:port such as 127.0.0.1:8443 or [::1]:8443"
    text = _text(value, expected)
    host, colon, digits = text.rpartition(":")
    if not colon or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"no port: expected {expected}")
    if not 1 <= int(digits) <= 65_535:
        raise ValueError("a port is a number from 1 to 65535")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise ValueError(f"not an IPv6 address between the brackets: expected {expected}") from None
    elif ":" in host:
        raise ValueError("an IPv6 address is written in brackets, such as [::1]:8443")
    elif re.fullmatch(r"[0-9.]+", host):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise ValueError(f"not an IPv4 address: expected {expected}") from None
    elif not _HOST.fullmatch(host):
        raise ValueError(f"not a host name: expected {expected}")
    return Address(host=host, port=int(digits))


def _pin(value: object) -> str:
    text = _text(value, "sha256: and 64 hex digits")
    digits = text.removeprefix("sha256:")
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", digits):
        raise ValueError("expected sha256: and the 64 hex digits of the SHA-256 of a public key (SPKI, DER)")
    return digits.lower()


def _web_url(value: object) -> str:
    expected = "an address such as https://c2.example:8443/nvg"
    text = _text(value, expected)
    try:
        parts = urlsplit(text)
        complete = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        complete = False
    else:
        if "@" in parts.netloc:
            raise ValueError("a URL must not carry a user name or password")
    if not complete:
        raise ValueError(f"expected {expected}")
    return text


_PASSWORD_HASH = re.compile(
    r"^scrypt\$(1[0-9]|20)\$([1-9]|1[0-9])\$([1-9]|1[0-6])\$[A-Za-z0-9_-]{22,86}\$[A-Za-z0-9_-]{43}$"
)


def _password_hash(value: object) -> str:
    expected = "the line that 'gateway certs password' prints, never the password itself"
    text = _text(value, expected)
    if _PASSWORD_HASH.match(text) is None:
        raise ValueError(f"expected {expected}")
    return text


def _url(value: object) -> str:
    expected = "the partner's address as https://host:port, such as https://deu-1.example:8443"
    text = _text(value, expected)
    try:
        parts = urlsplit(text)
        complete = parts.hostname and parts.port is not None
    except ValueError:
        complete = False
    else:
        if "@" in parts.netloc:
            raise ValueError("a URL must not carry a user name or password; the certificate identifies us")
        if parts.scheme != "https":
            raise ValueError(f"links are https only: expected {expected}")
        complete = complete and parts.path in ("", "/") and not parts.query and not parts.fragment
    if not complete:
        raise ValueError(f"expected {expected}, with its port and without a path")
    return text.rstrip("/")


def _network(value: object) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return value
    text = _text(value, "a network")
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError("expected an address or a network without host bits, such as 192.0.2.0/24") from None


def _rate(value: object) -> Rate:
    if value in ("realtime", "max"):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0.001 <= value <= 1_000_000:
        return float(value)
    raise ValueError('expected "realtime", "max", or a factor from 0.001 to 1000000 (2 is twice as fast as recorded)')


def _directory(info: ValidationInfo) -> Path:
    base = (info.context or {}).get("base", Path())
    return base if isinstance(base, Path) else Path(str(base))


def _expand(value: object, info: ValidationInfo) -> str:
    """`value` with ``{name}`` (the node's name) and ``{data}`` (its data directory) put in."""
    text = _text(value, "text")
    context = info.context or {}
    return text.replace("{name}", str(context.get("name", "node"))).replace("{data}", str(context.get("data", "data")))


def _path(value: object, info: ValidationInfo) -> Path:
    if isinstance(value, Path):
        return value
    if isinstance(value, str) and "-----BEGIN" in value:
        raise ValueError("expected the path of a PEM file, not its contents")
    text = _expand(value, info)
    if not text or "\0" in text:
        raise ValueError("expected the path of a file, relative to the configuration file or absolute")
    return _directory(info) / Path(text).expanduser()


def _matches(pattern: str, expected: str) -> Callable[[object], str]:
    """A validator of text that matches the whole of `pattern`."""
    compiled = re.compile(pattern)

    def check(value: object) -> str:
        text = _text(value, expected)
        if not compiled.fullmatch(text):
            raise ValueError(f"expected {expected}")
        return text

    return check


def _word(pattern: str, expected: str) -> tuple[PlainValidator, WithJsonSchema]:
    schema = {"type": "string", "pattern": f"^(?:{pattern})$"}
    return PlainValidator(_matches(pattern, expected)), WithJsonSchema(schema)


_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_STRING = {"type": "string"}

NODE_NAME_PATTERN = _LABEL
"""Names of nodes, sources, feeds and groups: one label of a host name."""

_name_check, _name_schema = _word(_LABEL, "lower-case letters, digits and hyphens, at most 63, such as nld-1")
Name = Annotated[str, _name_check, _name_schema]

_nation_check, _nation_schema = _word(r"[A-Z]{3}", "three upper-case letters, such as NLD")
Nation = Annotated[str, _nation_check, _nation_schema]

_format_check, _format_schema = _word(r"[a-z][a-z0-9-]{0,39}", "the name of a format, such as asterix")
FormatName = Annotated[str, _format_check, _format_schema]

_code_check, _code_schema = _word(
    r"[A-Z][A-Z0-9_]{0,39}|x-[a-z]+:[A-Za-z0-9_.-]{1,64}", "an open code: upper-case letters, digits and underscores"
)
OpenCode = Annotated[str, _code_check, _code_schema]

_rule_check, _rule_schema = _word(
    r"(?!refused(?:[.-]|$))[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?",
    "lower-case letters, digits, dots and hyphens, at most 63, and not refused, which built-in refusals begin with",
)
RuleId = Annotated[str, _rule_check, _rule_schema]
"""Name of a rule of the policy, as it stands in ledgers and messages behind ``release.``, ``mark.`` or ``accept.``."""

_dns_check, _dns_schema = _word(
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*",
    "a DNS name, such as nld-1.example",
)
DnsName = Annotated[str, _dns_check, _dns_schema]


def _some_words(value: str) -> str:
    if not value.strip():
        raise ValueError("expected some words")
    return value


Text = Annotated[
    str, Field(min_length=1, max_length=1_024, json_schema_extra={"pattern": r"\S"}), AfterValidator(_some_words)
]
"""Words of people and of security policies: anything but blanks."""

_pattern_check, _pattern_schema = _word(
    r"[A-Z*?][A-Z0-9_*?]{0,39}|x-[a-z]+:[A-Za-z0-9_.*?-]{1,64}",
    "an open code in upper-case letters, digits and underscores, which may hold * and ?",
)
CodePattern = Annotated[str, _pattern_check, _pattern_schema]
"""An open code with wildcards, such as ``ASTERIX_*``."""

_vkey_check, _vkey_schema = _word(
    r"[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}", "a verifier key: name+8 hex digits+base64 (C2SP signed-note)"
)
VerifierKey = Annotated[str, _vkey_check, _vkey_schema]

_origin_check = _matches(
    r"[^\s+\x00-\x1f]{1,200}", "a name without spaces or plus signs, such as nld-1.example/audit/1"
)


def _origin(value: object, info: ValidationInfo) -> str:
    return _origin_check(_expand(value, info))


Origin = Annotated[str, PlainValidator(_origin), WithJsonSchema(_STRING)]
"""Name of a transparency log, put into every checkpoint; ``{name}`` stands for the node's name."""

HostPort = Annotated[
    Address, PlainValidator(parse_address), WithJsonSchema({"type": "string", "pattern": r"^.+:[0-9]{1,5}$"})
]
Pin = Annotated[
    str, PlainValidator(_pin), WithJsonSchema({"type": "string", "pattern": r"^(?:sha256:)?[0-9A-Fa-f]{64}$"})
]
"""Lower-case hex SHA-256 of a SubjectPublicKeyInfo (DER); written with a ``sha256:`` prefix."""
HttpsUrl = Annotated[str, PlainValidator(_url), WithJsonSchema({"type": "string", "pattern": "^https://"})]
WebUrl = Annotated[str, PlainValidator(_web_url), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
PasswordHash = Annotated[
    str, PlainValidator(_password_hash), WithJsonSchema({"type": "string", "pattern": _PASSWORD_HASH.pattern})
]
"""``scrypt$LOG2N$R$P$SALT$HASH`` with salt and hash in base64url without padding."""
Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, PlainValidator(_network), WithJsonSchema(_STRING)]
ReplayRate = Annotated[
    Rate,
    PlainValidator(_rate),
    WithJsonSchema(
        {"anyOf": [{"enum": ["realtime", "max"]}, {"type": "number", "minimum": 0.001, "maximum": 1_000_000}]}
    ),
]
FilePath = Annotated[
    Path, PlainValidator(_path), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_TEXT})
]
"""Relative to the configuration file; ``{name}`` and ``{data}`` stand for the node's name and data directory."""


_TIME = re.compile(
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})$"
)
"""RFC 3339: of the many spellings of ISO 8601 the one that people and the JSON Schema's ``date-time`` read alike."""


def _utc(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    text = _text(value, "a time")
    try:
        if _TIME.fullmatch(text) is None:
            raise ValueError("another spelling")
        return parse_utc(text)
    except ValueError:
        raise ValueError("expected an ISO 8601 time with its zone, such as 2026-03-01T09:30:00Z") from None


UtcTime = Annotated[
    datetime,
    PlainValidator(_utc),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _TIME.pattern}),
]


def _ip(value: object) -> str:
    text = _text(value, "an IP address")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("expected an IP address, such as 192.0.2.7") from None


IpAddress = Annotated[str, PlainValidator(_ip), WithJsonSchema(_STRING)]


def _multicast(value: object) -> str:
    text = _ip(value)
    if not ipaddress.ip_address(text).is_multicast:
        raise ValueError("expected a multicast address, such as 239.0.0.48")
    return text


MulticastGroup = Annotated[str, PlainValidator(_multicast), WithJsonSchema(_STRING)]
