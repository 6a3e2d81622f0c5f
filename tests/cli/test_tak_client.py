"""`gateway certs tak-client`: the package that a TAK client imports, read by other hands than ours."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import tempfile
import tomllib
import zipfile
from pathlib import Path
from shutil import which
from xml.etree import ElementTree as ET

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from pytak.client_functions import read_pref_package

from gateway.config.national import ClientTable
from gateway.errors import SealError
from gateway.seal.certificates import is_development, issue_client, spki_pin
from tests.cli.conftest import Invoke

PASSWORD = b"atakatak"


@pytest.fixture
def certs(invoke: Invoke, tmp_path: Path) -> Path:
    """Development certificates of a node, and the package of one client."""
    assert invoke("certs", "dev", "--name", "nld-1").exit_code == 0
    result = invoke("certs", "tak-client", "hope", "--host", "nld-1.example", "--password", PASSWORD.decode())
    assert result.exit_code == 0, result.output
    return tmp_path / "certs"


def entries(certs: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(certs / "hope.zip") as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def test_the_package_lists_what_it_holds(certs: Path) -> None:
    files = entries(certs)
    manifest = ET.fromstring(files.pop("MANIFEST/manifest.xml"))
    assert (manifest.tag, manifest.get("version")) == ("MissionPackageManifest", "2")
    parameters = {one.get("name"): one.get("value") for one in manifest.iterfind("Configuration/Parameter")}
    assert parameters.pop("uid")
    assert parameters == {"name": "nld-1 hope", "onReceiveImport": "true", "onReceiveDelete": "true"}
    assert {one.get("zipEntry") for one in manifest.iterfind("Contents/Content")} == set(files)
    assert set(files) == {"nld-1.pref", "truststore-nld-1.p12", "hope.p12"}


def test_the_preferences_connect_over_tls_with_both_stores(certs: Path) -> None:
    files = entries(certs)
    root = ET.fromstring(files["nld-1.pref"])
    tables = {
        table.get("name"): {entry.get("key"): (entry.get("class"), entry.text) for entry in table}
        for table in root.iterfind("preference")
    }
    text = "class java.lang.String"
    streams, application = tables["cot_streams"], tables["com.atakmap.app_preferences"]
    assert streams["count"] == ("class java.lang.Integer", "1")
    assert streams["enabled0"] == ("class java.lang.Boolean", "true")
    assert streams["connectString0"] == (text, "nld-1.example:8089:ssl")
    for key, value in {
        "caLocation": "cert/truststore-nld-1.p12",
        "caPassword": "atakatak",
        "certificateLocation": "cert/hope.p12",
        "clientPassword": "atakatak",
    }.items():
        assert streams[f"{key}0"] == application[key] == (text, value)
        if value.startswith("cert/"):
            assert value.removeprefix("cert/") in files


def test_the_stores_open_and_hold_an_rsa_key_and_the_authority(certs: Path) -> None:
    files = entries(certs)
    authority = x509.load_pem_x509_certificate((certs / "ca.pem").read_bytes())
    client = load_pkcs12(files["hope.p12"], PASSWORD)
    assert client.cert is not None
    assert isinstance(client.key, rsa.RSAPrivateKey)
    assert client.key.key_size == 2048
    client.cert.certificate.verify_directly_issued_by(authority)
    assert is_development(client.cert.certificate)
    assert [one.certificate for one in client.additional_certs] == [authority]
    trust = load_pkcs12(files["truststore-nld-1.p12"], PASSWORD)
    assert trust.key is None
    assert [one.certificate for one in trust.additional_certs] == [authority]
    with pytest.raises(ValueError):
        load_pkcs12(files["hope.p12"], b"wrong")


@pytest.mark.skipif(which("openssl") is None, reason="needs openssl")
@pytest.mark.parametrize("store", ["hope.p12", "hope.truststore.p12"])
def test_openssl_finds_the_encryption_that_old_clients_read(certs: Path, store: str) -> None:
    command = ["openssl", "pkcs12", "-legacy", "-info", "-noout", "-in", store, "-passin", "pass:atakatak"]
    done = subprocess.run(command, cwd=certs, capture_output=True, text=True, timeout=60, check=True)
    assert "MAC: sha1" in done.stderr
    kinds = [line for line in done.stderr.splitlines() if "Iteration" in line and "MAC" not in line]
    assert kinds
    assert all("pbeWithSHA1And3-KeyTripleDES-CBC" in line for line in kinds)


@pytest.mark.skipif(which("keytool") is None, reason="needs a JDK")
@pytest.mark.parametrize(
    ("store", "kind"), [("hope.p12", "PrivateKeyEntry"), ("hope.truststore.p12", "trustedCertEntry")]
)
def test_java_reads_a_key_in_one_store_and_trust_in_the_other(certs: Path, store: str, kind: str) -> None:
    command = ["keytool", "-list", "-keystore", store, "-storepass", "atakatak"]
    done = subprocess.run(command, cwd=certs, capture_output=True, text=True, timeout=60, check=True)
    assert kind in done.stdout


def test_the_private_files_are_for_their_owner_alone(certs: Path) -> None:
    for name in ("hope.zip", "hope.p12", "hope.truststore.p12"):
        assert (certs / name).stat().st_mode & 0o077 == 0


def test_what_is_printed_is_configuration_with_the_clients_pin(invoke: Invoke, certs: Path) -> None:
    result = invoke("certs", "tak-client", "bravo", "--port", "18089")
    assert result.exit_code == 0
    table = tomllib.loads(result.stdout)["client"]["bravo"]
    client = ClientTable.model_validate(table, strict=False)
    certificate = x509.load_pem_x509_certificate((certs / "bravo.tak.pem").read_bytes())
    assert client.certificate_pins == (spki_pin(certificate).removeprefix("sha256:"),)
    feed = tomllib.loads(
        "\n".join(
            line.removeprefix("# ") for line in result.stdout.splitlines() if "# " in line[:2] and "once" not in line
        )
    )
    assert feed["feed"]["tak"]["address"] == "0.0.0.0:18089"
    assert feed["feed"]["tak"]["clients"] == ["bravo"]
    with zipfile.ZipFile(certs / "bravo.zip") as package:
        assert b"localhost:18089:ssl" in package.read("nld-1.pref")


def test_a_host_that_the_node_s_certificate_does_not_name_is_pointed_out(invoke: Invoke, certs: Path) -> None:
    assert "does not name nld-1.example" in invoke("certs", "tak-client", "a", "--host", "nld-1.example").stderr
    assert "does not name" not in invoke("certs", "tak-client", "b", "--host", "127.0.0.1").stderr
    assert "does not name" not in invoke("certs", "tak-client", "c", "--host", "nld-1").stderr
    (certs / "nld-1.tls.pem").unlink()
    assert "does not name" not in invoke("certs", "tak-client", "d", "--host", "nld-1.example").stderr


def test_every_package_has_a_password_of_its_own_which_is_not_printed(invoke: Invoke, certs: Path) -> None:
    seen = set()
    for name in ("a", "b"):
        result = invoke("certs", "tak-client", name, "--json")
        assert json.loads(result.stdout)["connect"] == "localhost:8089:ssl"
        with zipfile.ZipFile(certs / f"{name}.zip") as package:
            root = ET.fromstring(package.read("nld-1.pref"))
        (password,) = {one.text for one in root.iter("entry") if "assword" in one.get("key", "")}
        assert password is not None
        assert password not in result.output
        assert len(password) >= 20
        seen.add(password)
    assert len(seen) == 2


def test_a_package_that_exists_stays_unless_forced(invoke: Invoke, certs: Path) -> None:
    before = (certs / "hope.p12").read_bytes()
    result = invoke("certs", "tak-client", "hope")
    assert result.exit_code == 2
    assert "CLI-003" in result.stderr
    assert (certs / "hope.p12").read_bytes() == before
    assert invoke("certs", "tak-client", "hope", "--force").exit_code == 0
    assert (certs / "hope.p12").read_bytes() != before


@pytest.mark.parametrize(
    "arguments",
    [
        ("hope two",),
        ("../hope",),
        ("x" * 60,),
        ("hope", "--host", "a b"),
        ("hope", "--host", "::1"),
        ("hope", "--host", "a:b"),
        ("hope", "--password", "abc"),
        ("hope", "--password", "p ass"),
        ("hope", "--port", "0"),
    ],
)
def test_refuses_what_no_client_could_use(invoke: Invoke, certs: Path, arguments: tuple[str, ...]) -> None:
    before = sorted(certs.iterdir())
    assert invoke("certs", "tak-client", *arguments).exit_code == 2
    assert sorted(certs.iterdir()) == before


def test_without_the_development_authority_it_says_so(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("certs", "tak-client", "hope")
    assert result.exit_code == 1
    assert "SEAL-101" in result.stderr


def test_a_name_that_cannot_stand_in_a_certificate_is_refused(certs: Path) -> None:
    from gateway.clock import SystemClock

    with pytest.raises(SealError) as caught:
        issue_client(certs, "a/b", now=SystemClock().now())
    assert caught.value.code.id == "SEAL-107"


async def test_the_certificate_connects_over_tls_with_the_packages_own_trust(certs: Path, tmp_path: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.minimum_version = ssl.TLSVersion.TLSv1_3
    server.load_cert_chain(certs / "nld-1.tls.pem", certs / "nld-1.tls.key")
    server.load_verify_locations(certs / "ca.pem")
    server.verify_mode = ssl.CERT_REQUIRED
    seen: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection: ssl.SSLObject = writer.get_extra_info("ssl_object")
        await seen.put(connection.getpeercert(binary_form=True))
        writer.close()

    listening = await asyncio.start_server(met, "127.0.0.1", 0, ssl=server)
    port = listening.sockets[0].getsockname()[1]
    files = entries(certs)
    opened = load_pkcs12(files["hope.p12"], PASSWORD)
    assert opened.cert is not None
    assert isinstance(opened.key, rsa.RSAPrivateKey)
    pem = tmp_path / "both.pem"
    pem.write_bytes(
        opened.cert.certificate.public_bytes(Encoding.PEM)
        + opened.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    trusted = load_pkcs12(files["truststore-nld-1.p12"], PASSWORD).additional_certs[0].certificate
    client = ssl.create_default_context(cadata=trusted.public_bytes(Encoding.PEM).decode())
    client.load_cert_chain(pem)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname="nld-1")
    assert await seen.get() == opened.cert.certificate.public_bytes(Encoding.DER)
    assert await reader.read() == b""
    writer.close()
    listening.close()


def test_pytak_takes_the_package(certs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where pytak unpacks, and leaves, the key
    taken = read_pref_package(str(certs / "hope.zip"))
    assert taken["COT_URL"] == "ssl://nld-1.example:8089"
    context = ssl.create_default_context(cafile=taken["PYTAK_TLS_CLIENT_CAFILE"])
    context.load_cert_chain(taken["PYTAK_TLS_CLIENT_CERT"], taken["PYTAK_TLS_CLIENT_KEY"])
    assert len(context.get_ca_certs()) == 1
