"""What other people's tools make of the schema and of our messages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
import xmlschema
from hypothesis import HealthCheck, assume, given, settings
from lxml import etree
from msgspec.structs import replace

from gateway.formats.alliance import packaged_schema, read, render
from gateway.limits import Limits
from gateway.stages import Message
from gateway.track import Label
from gateway.xml import parse
from tests.formats.alliance import examples
from tests.formats.alliance.test_examples import signed
from tests.strategies import messages, relays

XSD = packaged_schema().path

JAVA = """
import java.io.File;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.*;

public class Validate {
    public static void main(String[] args) throws Exception {
        Schema schema = SchemaFactory.newInstance(XMLConstants.W3C_XML_SCHEMA_NS_URI).newSchema(new File(args[0]));
        for (int i = 1; i < args.length; i++) {
            try {
                schema.newValidator().validate(new StreamSource(new File(args[i])));
                System.out.println("valid " + new File(args[i]).getName());
            } catch (org.xml.sax.SAXException e) {
                System.out.println("invalid " + new File(args[i]).getName() + " " + e.getMessage());
            }
        }
    }
}
"""

XSDATA = """
import sys
from pathlib import Path
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.formats.dataclass.serializers.config import SerializerConfig
from bindings import TrackMessage

target = Path(sys.argv[1])
for name in sys.argv[2:]:
    message = XmlParser().from_path(Path(name), TrackMessage)
    written = XmlSerializer(config=SerializerConfig()).render(message, ns_map={None: "urn:alliance:track-exchange:1"})
    (target / Path(name).name).write_text(written, encoding="utf-8")
"""


def need(tool: str) -> str:
    """The path of a tool; skips the test, saying so, where it is absent."""
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not on this machine")
    return found


def run(*command: str | Path, cwd: Path) -> str:
    """Standard output of a command that must succeed."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # xsdata calls the ruff beside it
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@lru_cache(maxsize=1)
def second_opinion() -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(XSD))


def collapses_alike(label: Label) -> bool:
    """Whether the xmlschema package collapses the label's names as XML does: it takes U+0085 and others for blanks."""
    others = [*label.alternatives, *([label.metadata] if label.metadata else [])]
    others += [label.successor.label] if label.successor else []
    return all(" ".join(name.split()) == name for name in (label.policy, label.classification)) and all(
        map(collapses_alike, others)
    )


@given(messages(most_tracks=2) | relays())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_rendered_message_validates_in_the_xmlschema_package(message: Message) -> None:
    assume(all(map(collapses_alike, [message.header.label, *[one.label for one in message.tracks if one.label]])))
    second_opinion().validate(render(message).decode())


@pytest.mark.parametrize("name", examples.EXAMPLES)
def test_the_xmlschema_package_accepts_an_example_as_it_is_on_the_wire(name: str) -> None:
    second_opinion().validate(signed(examples.path(name).read_bytes()).decode())


def test_the_xmlschema_package_refuses_a_reference_to_no_source() -> None:
    octets = examples.path("airliner").read_bytes()
    assert not second_opinion().is_valid(octets.replace(b"<SourceRef>src-25-14<", b"<SourceRef>nobody<").decode())


def whole(octets: bytes) -> tuple[Message, list[object]]:
    """A message without its extensions, and those as names, attributes and text: tools choose prefixes of their own."""

    def content(element: etree._Element) -> object:
        return element.tag, sorted(element.attrib.items()), element.text or "", [content(child) for child in element]

    message = read(parse(octets, max_octets=Limits().max_message_octets))
    held = [message.header.extensions, *(track.extensions for track in message.tracks), message.extensions]
    bare = replace(
        message,
        header=replace(message.header, extensions=()),
        tracks=tuple([replace(track, extensions=()) for track in message.tracks]),
        extensions=(),
    )
    return bare, [[content(etree.fromstring(extension.xml)) for extension in level] for level in held]


def test_bindings_of_xsdata_read_and_write_the_examples_without_loss(tmp_path: Path) -> None:
    package = ("--package", "bindings", "--structure-style", "single-package")
    run(sys.executable, "-W", "ignore", "-m", "xsdata", "generate", XSD, *package, cwd=tmp_path)
    (tmp_path / "convert.py").write_text(XSDATA)
    written = tmp_path / "written"
    written.mkdir()
    names = [examples.path(name) for name in examples.EXAMPLES]
    run(sys.executable, "convert.py", written, *names, cwd=tmp_path)
    for name in names:
        again, before = [whole(path.read_bytes()) for path in (written / name.name, name)]
        assert again == before, name.name


def test_xerces_validates_every_example_and_refuses_broken_ones(tmp_path: Path) -> None:
    javac, java = need("javac"), need("java")
    (tmp_path / "Validate.java").write_text(JAVA)
    run(javac, "-d", tmp_path, "Validate.java", cwd=tmp_path)
    names = [examples.path(name) for name in examples.EXAMPLES]
    wire = tmp_path / "signed.xml"
    wire.write_bytes(signed(names[1].read_bytes()))
    broken = tmp_path / "broken.xml"
    broken.write_bytes(names[1].read_bytes().replace(b"<SourceRef>src-25-14<", b"<SourceRef>nobody<"))
    swapped = tmp_path / "swapped.xml"
    swapped.write_bytes(names[1].read_bytes().replace(b"<Latitude>52.", b"<Latitude>152."))
    verdicts = run(java, "-cp", tmp_path, "Validate", XSD, *names, wire, broken, swapped, cwd=tmp_path).splitlines()
    assert verdicts[:-2] == [f"valid {name.name}" for name in [*names, wire]]
    assert [verdict.split()[0] for verdict in verdicts[-2:]] == ["invalid", "invalid"]


def test_xjc_generates_bindings_that_compile(tmp_path: Path) -> None:
    xjc, javac = need("xjc"), need("javac")
    run(xjc, "-quiet", "-d", tmp_path, XSD, cwd=tmp_path)
    sources = sorted(tmp_path.rglob("*.java"))
    assert {"TrackMessageType.java", "TrackType.java", "StateType.java"} <= {source.name for source in sources}
    jars = [Path("/usr/share/java") / jar for jar in ("jaxb-api.jar", "javax.activation.jar")]
    if not all(jar.exists() for jar in jars):
        pytest.skip("the JAXB API is not where Debian puts it")
    (tmp_path / "classes").mkdir()
    run(javac, "-d", tmp_path / "classes", "-cp", ":".join(map(str, jars)), *sources, cwd=tmp_path)
    assert any((tmp_path / "classes").rglob("TrackMessageType.class"))
