"""The files that a configuration names: there, fitting, lasting, fit for the profile."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import ManualClock
from gateway.config import LoadedConfig, load, load_text
from gateway.config.files import Report, check_files
from gateway.config.policy_starter import simple_policy
from gateway.dialect import Decoder, Format
from gateway.errors import ConfigError, FormatError
from gateway.formats.registry import find, formats
from gateway.node.sockets import open_feed
from gateway.seal import codes as seal_codes
from gateway.seal.certificates import write_development
from gateway.stages import Decoded, Encoded, Frame
from gateway.track import Track
from tests.config.samples import MINIMAL, PIN_A, VKEY

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LINK = f"""
[link.deu-1]
url = "https://localhost:9444"
tls_pins = ["{PIN_A}"]
ca = "deu/ca.pem"
signing = ["deu/deu-1.signing.pem"]
ledger_vkeys = ["{VKEY}"]
"""


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A directory with a configuration and all that it names."""
    (tmp_path / "gateway.toml").write_text(MINIMAL + LINK)
    (tmp_path / "policy.toml").write_text(simple_policy(["deu-1"]))
    write_development(tmp_path / "certs", "nld-1", now=NOW)
    write_development(tmp_path / "deu", "deu-1", now=NOW)
    return tmp_path


def check(node: Path, now: datetime = NOW) -> Report:
    return check_files(load(node / "gateway.toml", environ={}), now)


def edit(node: Path, old: str, new: str) -> None:
    file = node / "gateway.toml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_finds_nothing_where_nothing_is_wrong(node: Path) -> None:
    assert check(node) == Report(errors=(), findings=())


@pytest.mark.parametrize(
    "file",
    [
        "certs/nld-1.signing.key",
        "certs/nld-1.signing.pem",
        "certs/nld-1.ledger.key",
        "certs/nld-1.tls.key",
        "certs/nld-1.tls.pem",
        "certs/ca.pem",
        "deu/ca.pem",
        "deu/deu-1.signing.pem",
    ],
)
def test_a_file_that_is_not_there_is_named(node: Path, file: str) -> None:
    (node / file).unlink()
    found = check(node).errors
    assert {problem.code.id for problem in found} == {"CFG-011"}
    assert all(str(node / file) in problem.cause and "No such file" in problem.cause for problem in found)


def test_suggests_a_file_that_is_there(node: Path) -> None:
    edit(node, "deu/deu-1.signing.pem", "deu/deu-1.singing.pem")
    [problem] = check(node).errors
    assert problem.remedy == 'did you mean "deu-1.signing.pem"?'
    assert problem.place == f"{node}/gateway.toml:14:12"


def test_a_revocation_list_that_is_not_there_is_refused(node: Path) -> None:
    edit(node, 'ca = "deu/ca.pem"', 'ca = "deu/ca.pem"\nrevocations = ["deu/ca.crl"]')
    [problem] = check(node).errors
    assert (problem.code.id, problem.place) == ("CFG-011", f"{node}/gateway.toml:14:16")


def test_a_verifier_key_that_is_none_is_refused(node: Path) -> None:
    edit(node, VKEY, "deu+0123abcd+AAAA")
    [problem] = check(node).errors
    assert (problem.code.id, problem.place) == ("CFG-012", f"{node}/gateway.toml:15:17")


def test_a_directory_is_not_a_file(node: Path) -> None:
    edit(node, "deu/ca.pem", "deu")
    [problem] = check(node).errors
    assert problem.code.id == "CFG-011"


@pytest.mark.parametrize(
    ("target", "source", "cause"),
    [
        ("certs/nld-1.signing.key", "certs/nld-1.tls.key", seal_codes.KEY_MISMATCH.title),
        ("certs/nld-1.signing.pem", "certs/nld-1.tls.pem", seal_codes.KEY_USE.title),
        ("certs/nld-1.signing.pem", "certs/nld-1.signing.key", seal_codes.CERTIFICATE.title),
        ("certs/nld-1.tls.key", "certs/nld-1.signing.key", "does not belong"),
        ("deu/deu-1.signing.pem", "deu/deu-1.tls.pem", seal_codes.KEY_USE.title),
        ("deu/ca.pem", "deu/ca.key", "cannot be read"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_the_reason(node: Path, target: str, source: str, cause: str) -> None:
    (node / target).write_bytes((node / source).read_bytes())
    found = check(node).errors
    assert found
    for problem in found:
        assert problem.code.id == "CFG-012"
    assert any(cause in problem.cause for problem in found), [problem.cause for problem in found]


def test_a_certificate_that_ended_is_an_error_and_one_that_ends_soon_a_finding(node: Path) -> None:
    assert check(node, NOW + timedelta(days=59)).findings == ()
    soon = check(node, NOW + timedelta(days=61))
    assert soon.errors == ()
    assert {problem.code.id for problem in soon.findings} == {"CFG-013"}
    assert "29 days left" in soon.findings[0].cause
    ended = check(node, NOW + timedelta(days=91))
    assert {problem.code.id for problem in ended.errors} == {"CFG-012"}
    early = check(node, NOW - timedelta(days=1))
    assert all("valid only from" in problem.cause for problem in early.errors)
    assert early.errors


def test_a_policy_that_is_due_for_review_is_a_finding_and_one_that_is_past_it_too(node: Path) -> None:
    file = node / "policy.toml"
    text = file.read_text()
    at = text.index('review = "')
    line = text.count("\n", 0, at) + 1
    for days, code, words in ((31, None, ""), (29, "POL-120", "29 days left"), (0, "POL-119", "was to be reviewed")):
        review = (NOW + timedelta(days=days)).isoformat()
        file.write_text(text.replace(text[at : text.index("\n", at)], f'review = "{review}"'))
        found = check(node)
        assert found.errors == ()
        assert [one.code.id for one in found.findings] == [code] * (code is not None)
        for one in found.findings:
            assert one.place == f"{file}:{line}:10"
            assert words in one.cause


def test_a_policy_that_is_issued_later_is_a_finding(node: Path) -> None:
    file = node / "policy.toml"
    text = file.read_text()
    at = text.index('issued = "')
    later = (NOW + timedelta(minutes=1)).isoformat()
    file.write_text(text.replace(text[at : text.index("\n", at)], f'issued = "{later}"'))
    (found,) = check(node).findings
    assert (found.code.id, found.place) == ("POL-127", f"{file}:{text.count(chr(10), 0, at) + 1}:10")
    assert check(node, NOW + timedelta(minutes=1)).findings == ()


def test_of_two_pinned_certificates_one_may_have_ended(node: Path) -> None:
    write_development(node / "next", "deu-1", now=NOW + timedelta(days=80))
    edit(node, '["deu/deu-1.signing.pem"]', '["deu/deu-1.signing.pem", "next/deu-1.signing.pem"]')
    report = check(node, NOW)
    assert report.errors == ()


def test_production_refuses_every_development_certificate(node: Path) -> None:
    edit(node, "[policy]", 'profile = "production"\n[ledger]\norigin = "gw.nld.int/audit/1"\n[policy]')
    found = check(node).errors
    assert {problem.code.id for problem in found} == {"CFG-010"}
    places = {problem.cause.split(": ")[0].removeprefix(f"{node}/") for problem in found}
    assert places == {
        "certs/nld-1.signing.pem",
        "certs/nld-1.tls.pem",
        "certs/ca.pem",
        "deu/ca.pem",
        "deu/deu-1.signing.pem",
    }


def test_a_private_key_that_others_can_read_is_a_finding_and_in_production_an_error(node: Path) -> None:
    (node / "certs/nld-1.signing.key").chmod(0o644)
    [finding] = check(node).findings
    assert "mode 0644" in finding.cause
    assert finding.remedy.startswith("chmod 600")
    edit(node, "[policy]", 'profile = "production"\n[ledger]\norigin = "gw.nld.int/audit/1"\n[policy]')
    assert "CFG-011" in {problem.code.id for problem in check(node).errors}


def test_plain_http_needs_no_certificate(node: Path) -> None:
    (node / "certs/ca.pem").unlink()
    assert check(node).errors
    edit(node, "[policy]", "[http]\nplain = true\n[policy]")
    assert check(node).errors == ()


def test_a_data_directory_that_is_a_file_is_refused(node: Path) -> None:
    (node / "data").write_text("not a directory")
    assert {problem.cause for problem in check(node).errors} == {f"{node / 'data'} is not a directory"}


def test_a_recording_that_is_not_there_is_refused(node: Path) -> None:
    feed = TOY_FEED.replace('"udp"', '"file"').replace('address = "127.0.0.1:8600"', 'path = "x.pcap"')
    edit(node, "[policy]", feed.replace("options = { OPTION }", "[policy]"))
    [problem] = check(node).errors
    assert "x.pcap" in problem.cause


# ------------------------------------------------------------------------------------------------------ codec options


class Toy:
    """A codec with one option."""

    def __init__(self, *, site: str = "x") -> None:
        if site == "nowhere":
            raise FormatError(seal_codes.REFUSED, cause="there is no site nowhere")
        if site == "bad":
            raise ValueError("site must be good")

    def decode(self, frame: Frame) -> Decoded:
        return Decoded()

    def encode(self, tracks: Sequence[Track], now: datetime) -> Encoded:
        return Encoded()


TOY = Format(name="toy", title="Toy", media_type="text/plain", decoder=Toy, encoder=Toy)
TOY_FEED = """
[source.s]
formats = ["toy"]
[feed.f]
direction = "in"
kind = "udp"
format = "toy"
source = "s"
address = "127.0.0.1:8600"
options = { OPTION }
"""


@pytest.mark.parametrize(
    ("option", "code", "cause"),
    [
        ('sight = "x"', "CFG-014", 'no option "sight"; there are site'),
        ('site = "nowhere"', "CFG-006", "there is no site nowhere"),
        ('site = "bad"', "CFG-006", "site must be good"),
    ],
)
def test_an_option_that_the_format_does_not_take_is_refused(node: Path, option: str, code: str, cause: str) -> None:
    file = node / "gateway.toml"
    file.write_text(file.read_text() + TOY_FEED.replace("OPTION", option))
    loaded: LoadedConfig = load(file, environ={})
    [problem] = check_files(loaded, NOW, {"toy": TOY}).errors
    assert problem.code.id == code
    assert cause in problem.cause
    assert problem.place == f"{file}:{file.read_text().splitlines().index(f'options = {{ {option} }}') + 1}:11"


def test_an_option_that_the_format_takes_is_fine(node: Path) -> None:
    file = node / "gateway.toml"
    file.write_text(file.read_text() + TOY_FEED.replace("OPTION", 'site = "y"'))
    assert check_files(load(file, environ={}), NOW, {"toy": TOY}).errors == ()


POLL = """
[source.hub]
formats = ["nffi", "geojson"]
[feed.poll]
direction = "in"
kind = "http-poll"
format = "FORMAT"
source = "hub"
url = "http://127.0.0.1:8600/sip3"
options = { OPTION }
"""


@pytest.mark.parametrize(
    ("form", "option", "expected"),
    [
        ("nffi", "enquiry = { history_depth = 1 }, keep_raw = false", ""),
        ("nffi", 'enquiry = { systems = [{ country = "NOR" }] }', ""),
        (
            "nffi",
            "enquiry = { arae = {} }",
            'CFG-014 there is no option "arae"; there are area, systems, history_depth',
        ),
        ("nffi", "enquiry = { history_depth = -1 }", "CFG-006 history_depth is a whole number from 0"),
        ("nffi", "enquiry = { area = { south_deg = 1 } }", "CFG-006 area needs west_deg in degrees"),
        ("nffi", "enquiry = 3", "CFG-006 expected a table of options"),
        ("nffi", "history_depth = 1", 'CFG-014 there is no option "history_depth"'),
        ("geojson", "enquiry = { x = 1 }", "CFG-014 GeoJSON (RFC 7946) is fetched by a plain GET; leave it out"),
        ("geojson", "enquiry = {}", ""),
    ],
)
def test_what_a_poll_asks_is_checked_beside_the_options_of_its_decoder(
    node: Path, form: str, option: str, expected: str
) -> None:
    file = node / "gateway.toml"
    file.write_text(file.read_text() + POLL.replace("FORMAT", form).replace("OPTION", option))
    loaded = load(file, environ={})
    found = [f"{problem.code.id} {problem.cause}" for problem in check_files(loaded, NOW, formats()).errors]
    assert [one[: len(expected)] for one in found] == ([expected] if expected else [])
    if not expected:
        assert open_feed(loaded.config, "poll", find(form), take=_never, clock=ManualClock(NOW)).counts.frames == 0
        return
    with pytest.raises(ConfigError, match="NODE-004"):  # a run says the same
        open_feed(loaded.config, "poll", find(form), take=_never, clock=ManualClock(NOW))


def test_a_word_that_the_question_does_not_know_gets_the_nearest_that_it_knows(node: Path) -> None:
    file = node / "gateway.toml"
    file.write_text(
        file.read_text() + POLL.replace("FORMAT", "nffi").replace("OPTION", "enquiry = { histori_depth = 1 }")
    )
    (problem,) = check_files(load(file, environ={}), NOW, formats()).errors
    assert problem.remedy == 'did you mean "history_depth"?'


async def _never(_frame: Frame, _decoder: Decoder) -> None:
    raise AssertionError("nothing runs")


def test_a_pipe_in_the_place_of_a_file_is_an_error_and_is_not_waited_for(tmp_path: Path) -> None:
    fifo = tmp_path / "tape"
    os.mkfifo(fifo)
    text = f"""{MINIMAL}
[source.s]
formats = ["cot"]

[feed.f]
direction = "in"
kind = "file"
format = "cot"
source = "s"
path = '{fifo}'
"""
    found = check_files(load_text(text, environ={}), datetime(2026, 3, 1, tzinfo=UTC))
    assert [problem.cause for problem in found.errors if str(fifo) in problem.cause] == [f"{fifo}: not a regular file"]
