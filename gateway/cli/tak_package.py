"""The data package with which a TAK client connects: preferences, trust store and client key in one zip.

All entries stand at the top level, because iTAK looks nowhere else; ATAK and WinTAK do not mind. The clients put every
PKCS#12 file of a package into a directory of their own called ``cert``, to which the preferences refer. The keys of
the connection (``caLocation0``) are those that newer clients read, the others (``caLocation``) those that all read.

PKCS#12 is encrypted in the old way (PBE-SHA1-3DES, SHA-1 MAC): older Android and the libraries of these clients read
nothing newer. It keeps nobody from the key who has the package, in which the password stands.
"""

from __future__ import annotations

import io
import re
import secrets
import zipfile
from collections.abc import Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding, KeySerializationEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PBES,
    PKCS12Certificate,
    serialize_java_truststore,
    serialize_key_and_certificates,
)
from cryptography.x509.oid import NameOID
from msgspec import Struct

from gateway.cli.codes import WOULD_OVERWRITE
from gateway.cli.exits import CommandError, Exit
from gateway.seal.certificates import Issued, issue_client, write_private

_KDF_ROUNDS = 10_000  # as many as old Android still opens at once
_ENTRY_TIME = (1980, 1, 1, 0, 0, 0)  # the same package twice is the same octets, keys aside

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")  # a connect string parts its fields at colons
_PASSWORD = re.compile(r"[!-~]{4,64}")  # printable ASCII: all clients agree on its octets
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")  # a table of the configuration, and a file
_AUTHORITY = " development CA"

Entry = tuple[str, str, str]
"""Key, Java class, value."""


class Package(Struct, frozen=True, kw_only=True):
    """The files of one client."""

    zip: bytes
    client: bytes
    """PKCS#12: its key, its certificate and the authority's."""
    trust: bytes
    """PKCS#12: the authority's certificate, marked as trusted."""


class Made(Struct, frozen=True, kw_only=True):
    """A package with what the operator has to know of it."""

    package: Package
    certificate: bytes
    """PEM."""
    pin: str
    connect: str
    """Connect string of the client."""
    configuration: str
    """Text for the configuration file."""
    host_is_named: bool
    """Whether the node's TLS certificate, where it lies beside the authority, names the host."""


def package_for(directory: Path, name: str, *, host: str, port: int, password: str, now: datetime) -> Made:
    """A new key, certificate and package for client `name`, signed by the development authority in `directory`.

    Nothing is written. `SealError` as `issue_client`; `ValueError` for a host or password that no client can use.
    """
    if not _HOST.fullmatch(host):
        raise ValueError("the host must be a DNS name or an IPv4 address")
    if password and not _PASSWORD.fullmatch(password):
        raise ValueError("the password must be 4 to 64 printable ASCII characters without spaces")
    if not _NAME.fullmatch(name):
        raise ValueError("the name must be lower-case letters, digits and hyphens, at most 40")
    issued = issue_client(directory, name, now=now)
    server = _server(issued.authority)
    password = password or secrets.token_urlsafe(15)
    package = package_of(issued, name=name, server=server, host=host, port=port, password=password)
    return Made(
        package=package,
        certificate=issued.certificate.public_bytes(Encoding.PEM),
        pin=issued.pin,
        connect=f"{host}:{port}:ssl",
        configuration=_configuration(name, issued.pin, port),
        host_is_named=_names(directory / f"{server}.tls.pem", host),
    )


def written_package(directory: Path, name: str, made: Made, *, force: bool) -> list[Path]:
    """The files written, each readable by its owner alone; `CommandError` ``CLI-003`` when one is there already."""
    package = made.package
    files = {
        directory / f"{name}.zip": package.zip,
        directory / f"{name}.p12": package.client,
        directory / f"{name}.truststore.p12": package.trust,
        directory / f"{name}.tak.pem": made.certificate,
    }
    own = [path for path in files if path.exists()]
    if own and not force:
        raise CommandError(WOULD_OVERWRITE, Exit.USAGE, place=str(own[0]))
    for path, octets in files.items():
        write_private(path, octets)
    return list(files)


def _server(authority: x509.Certificate) -> str:
    """Name of the node that the authority belongs to."""
    names = authority.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = str(names[0].value).removesuffix(_AUTHORITY) if names else ""
    return re.sub(r"[^A-Za-z0-9_.-]", "-", name) or "gateway"


def _names(certificate: Path, host: str) -> bool:
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes()).extensions
        names = found.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return True  # it lies elsewhere, and is the operator's own
    addresses = {str(address) for address in names.get_values_for_type(x509.IPAddress)}
    return host in addresses or host in names.get_values_for_type(x509.DNSName)


def _configuration(name: str, pin: str, port: int) -> str:
    return f"""\
[client.{name}]
certificate_pins = ["{pin}"]
description = "TAK client {name}"

# The feed, once for all TAK clients:
#
# [source.tak]
# formats = ["cot"]
#
# [feed.tak]
# direction = "both"
# kind = "tcp-listen"
# format = "cot"
# address = "0.0.0.0:{port}"
# tls = true
# clients = ["{name}"]
# source = "tak"
# allow = ["192.0.2.0/24"]
"""


def package_of(issued: Issued, *, name: str, server: str, host: str, port: int, password: str) -> Package:
    """The package of client `name` for the endpoint of node `server` at `host` and `port`."""
    client_name, trust_name = f"{name}.p12", f"truststore-{server}.p12"
    encryption = _encryption(password)
    authority = [issued.authority]
    client = serialize_key_and_certificates(name.encode(), issued.key, issued.certificate, authority, encryption)
    trusted = [PKCS12Certificate(issued.authority, f"{server} CA".encode())]
    trust = serialize_java_truststore(trusted, encryption)
    preferences = _preferences(
        server=server, connect=f"{host}:{port}:ssl", client=client_name, trust=trust_name, password=password
    )
    files = {f"{server}.pref": preferences.encode(), trust_name: trust, client_name: client}
    manifest = _manifest(name=name, server=server, host=host, port=port, files=tuple(files))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for entry, octets in {"MANIFEST/manifest.xml": manifest.encode(), **files}.items():
            archive.writestr(zipfile.ZipInfo(entry, _ENTRY_TIME), octets)
    return Package(zip=made.getvalue(), client=client, trust=trust)


def _encryption(password: str) -> KeySerializationEncryption:
    builder = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(_KDF_ROUNDS)
    builder = builder.key_cert_algorithm(PBES.PBESv1SHA1And3KeyTripleDESCBC)
    return builder.hmac_hash(SHA1()).build(password.encode())  # noqa: S303 - what the clients read; see above


def _manifest(*, name: str, server: str, host: str, port: int, files: Sequence[str]) -> str:
    # A package of the same connection replaces the former one in the client
    uid = uuid5(NAMESPACE_URL, f"tak://{host}:{port}/{server}/{name}")
    contents = "".join(f'    <Content ignore="false" zipEntry="{escape(file)}"/>\n' for file in files)
    return (
        '<MissionPackageManifest version="2">\n  <Configuration>\n'
        f'    <Parameter name="uid" value="{uid}"/>\n'
        f'    <Parameter name="name" value="{escape(f"{server} {name}")}"/>\n'
        '    <Parameter name="onReceiveImport" value="true"/>\n'
        '    <Parameter name="onReceiveDelete" value="true"/>\n'  # the key should not lie about twice
        f"  </Configuration>\n  <Contents>\n{contents}  </Contents>\n</MissionPackageManifest>\n"
    )


def _preferences(*, server: str, connect: str, client: str, trust: str, password: str) -> str:
    text, whole, flag = "class java.lang.String", "class java.lang.Integer", "class java.lang.Boolean"
    stores: list[Entry] = [
        ("caLocation", text, f"cert/{trust}"),
        ("caPassword", text, password),
        ("certificateLocation", text, f"cert/{client}"),
        ("clientPassword", text, password),
    ]
    streams: list[Entry] = [
        ("count", whole, "1"),
        ("description0", text, server),
        ("enabled0", flag, "true"),
        ("connectString0", text, connect),
        *((f"{key}0", kind, value) for key, kind, value in stores),
    ]
    application: list[Entry] = [("displayServerConnectionWidget", flag, "true"), *stores]
    return (
        "<?xml version='1.0' encoding='UTF-8' standalone='yes'?>\n<preferences>\n"
        f"{_table('cot_streams', streams)}{_table('com.atakmap.app_preferences', application)}</preferences>\n"
    )


def _table(name: str, entries: Sequence[Entry]) -> str:
    lines = "".join(f'    <entry key="{key}" class="{kind}">{escape(value)}</entry>\n' for key, kind, value in entries)
    return f'  <preference version="1" name="{name}">\n{lines}  </preference>\n'
