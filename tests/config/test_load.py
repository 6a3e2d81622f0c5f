"""Reading a configuration: what is filled in, and that everything wrong is named with its place."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import msgspec
import pytest

from gateway.config import Config, InvalidConfigError, LoadedConfig, load, load_text
from gateway.config.limits_table import limit_range
from gateway.config.model import Profile
from gateway.config.national import Direction, FeedKind
from gateway.config.values import Address
from gateway.errors import ConfigError
from gateway.limits import Limits
from gateway.stages import Exercise, Simulation
from tests.config.samples import FORMATS, FULL, MINIMAL


def read(text: str, **environ: str) -> LoadedConfig:
    return load_text(text, file=Path("/etc/gateway/gateway.toml"), formats=FORMATS, environ=environ)


def problems(text: str, **environ: str) -> list[ConfigError]:
    with pytest.raises(InvalidConfigError) as caught:
        load_text(text, file=Path("gateway.toml"), formats=FORMATS, environ=environ)
    return list(caught.value.problems)


def only(text: str) -> ConfigError:
    found = problems(text)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def place_of(text: str, needle: str, *, nth: int = 1) -> str:
    """``gateway.toml:line:column`` of the nth occurrence of `needle`."""
    at = -1
    for _ in range(nth):
        at = text.index(needle, at + 1)
    return f"gateway.toml:{text.count(chr(10), 0, at) + 1}:{at - text.rfind(chr(10), 0, at)}"


def test_a_minimal_file_is_complete() -> None:
    config = read(MINIMAL).config
    assert len(MINIMAL.splitlines()) <= 10
    assert config.node.exercise is Exercise.TEST
    assert config.node.simulation is Simulation.SIMULATED
    assert config.node.profile is Profile.DEVELOPMENT
    assert config.seal.key == Path("/etc/gateway/certs/nld-1.signing.key")
    assert config.ledger.origin == "nld-1.example/audit/1"
    assert config.ledger.directory == Path("/etc/gateway/data/ledger")
    assert config.http.listen == Address(host="127.0.0.1", port=8080)
    assert config.limits == Limits()
    assert config.policy.file == Path("/etc/gateway/policy.toml")
    assert config.database_path() == Path("/etc/gateway/data/gateway.db")


def test_reads_every_table() -> None:
    config = read(FULL).config
    assert config.ledger.origin == "nld-1.example/audit/2"
    assert config.ledger.directory == Path("/etc/gateway/var/ledger")
    assert config.link["deu-1"].tls_pins == ("a" * 64, "b" * 64)
    assert config.link_max_octets("deu-1") == 1_000_000
    assert config.link_max_octets("eu-1") == Limits().max_message_octets
    assert config.http.listen == Address(host="::1", port=9080)
    assert str(config.http.listen) == "[::1]:9080"
    assert config.source_silence_s("radar-north") == 30.0
    assert config.source_silence_s("c2") == 60.0
    assert config.source_nation("radar-north") == "DEU"
    assert config.source_nation("c2") == "NLD"
    radar = config.feed["radar"]
    assert (radar.direction, radar.kind) == (Direction.IN, FeedKind.UDP)
    assert radar.allow == (ip_network("127.0.0.0/8"),)
    assert config.feed_options("radar") == {"site": {"latitude": 52.5, "longitude": 4.8}, "strict": True}
    assert config.feed_options("c2-out") == {}
    assert config.feed["replay"].rate == 4.0
    assert config.feed["replay"].base_time == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert config.feed["replay"].path == Path("/etc/gateway/recordings/north.pcap")
    assert config.policy.file == Path("/etc/gateway/policies/nld-1.toml")
    assert config.client["hq"].clearance == ("restricted",)
    assert config.limits.batch_max_tracks == 100


def test_a_configuration_cannot_be_changed_once_read() -> None:
    config = read(MINIMAL).config
    with pytest.raises(ValueError, match="frozen"):
        config.node.name = "other"  # type: ignore[misc]  # that it is refused is the point


def test_absolute_paths_stay() -> None:
    assert read(MINIMAL + '[seal]\nkey = "/keys/{name}.pem"\n').config.seal.key == Path("/keys/nld-1.pem")


# ------------------------------------------------------------------------------------------------- one wrong value each

LINK = """
[link.deu-1]
url = "https://localhost:9444"
tls_pins = ["sha256:{pin}"]
ca = "ca.pem"
signing = ["s.pem"]
ledger_vkeys = ["deu+0123abcd+AAAA"]
""".replace("{pin}", "a" * 64)
FEED = """
[source.s]
formats = ["cot"]
[feed.f]
direction = "in"
kind = "udp"
format = "cot"
source = "s"
address = "127.0.0.1:8600"
"""


@pytest.mark.parametrize(
    ("text", "code", "needle", "cause"),
    [
        # unknown keys, at every depth
        (MINIMAL + "[nodes]\nx = 1\n", "CFG-003", "nodes", '"nodes" is not a key of the top level'),
        (MINIMAL.replace("nation =", "naton = 1\nnation ="), "CFG-003", "naton", '"naton" is not a key of [node]'),
        (MINIMAL + "[limits]\nwakeup_s = 1\n", "CFG-003", "wakeup_s", "[limits]"),
        (MINIMAL + FEED.replace("source =", "sorce ="), "CFG-003", "sorce", "[feed.f]"),
        (MINIMAL + "files = 1\n", "CFG-003", "files", "[policy]"),
        (MINIMAL + LINK + 'token = "hunter2"\n', "CFG-003", "token", "[link.deu-1]"),
        # types
        (MINIMAL.replace('"NLD"', "5"), "CFG-006", "5", "got the number 5"),
        (MINIMAL + "[source.s]\nformats = 5\n", "CFG-005", "5", "source.s.formats: expected a list"),
        (MINIMAL + "[node.x]\n", "CFG-003", "x]", "[node]"),
        (MINIMAL + '[http]\nplain = "yes"\n', "CFG-005", '"yes"', "expected true or false"),
        (MINIMAL + "[http]\nplain = 1\n", "CFG-005", "1\n", "expected true or false"),
        (MINIMAL + "[limits]\nin_flight_messages = 1.5\n", "CFG-005", "1.5", "expected a whole number"),
        (MINIMAL + "[limits]\nin_flight_messages = true\n", "CFG-005", "true", "expected a whole number, got true"),
        (MINIMAL + '[limits]\nwake_up_s = "5"\n', "CFG-005", '"5"', "expected a number"),
        (MINIMAL + "[limits]\nwake_up_s = inf\n", "CFG-006", "inf", "finite"),
        (MINIMAL + "[limits]\nwake_up_s = nan\n", "CFG-006", "nan", "finite"),
        (MINIMAL + FEED + "base_time = 2026-03-01T09:30:00Z\n", "CFG-005", "2026-03", "no key takes a date"),
        (MINIMAL + FEED + 'allow = "127.0.0.1"\n', "CFG-005", '"127.0.0.1"\n', "a list in brackets"),
        (MINIMAL + 'link = "deu"\n', "CFG-003", "link", "[policy]"),
        ('link = "deu"\n' + MINIMAL, "CFG-005", '"deu"', "link: expected a table"),
        # values
        (MINIMAL.replace('"nld-1"', '"NLD_1"'), "CFG-006", '"NLD_1"', "lower-case"),
        (MINIMAL.replace('"NLD"', '"Nl"'), "CFG-006", '"Nl"', "three upper-case letters"),
        (MINIMAL.replace('"TEST"', '"TESTS"'), "CFG-006", '"TESTS"', '"OPERATIONAL", "EXERCISE", "TEST"'),
        (MINIMAL + "[limits]\nin_flight_messages = 0\n", "CFG-006", "0\n", "greater than or equal to 1"),
        (MINIMAL + '[http]\nlisten = "8080"\n', "CFG-006", '"8080"', "no port"),
        (MINIMAL + '[http]\nlisten = "127.0.0.1:99999"\n', "CFG-006", '"127.0.0.1:99999"', "1 to 65535"),
        (MINIMAL + '[http]\nlisten = "127.0.0.1:0"\n', "CFG-006", '"127.0.0.1:0"', "1 to 65535"),
        (MINIMAL + '[http]\nlisten = "::1:80"\n', "CFG-006", '"::1:80"', "brackets"),
        (MINIMAL + '[http]\nlisten = "[::g]:80"\n', "CFG-006", '"[::g]:80"', "IPv6"),
        (MINIMAL + '[http]\nlisten = "300.0.0.1:80"\n', "CFG-006", '"300.0.0.1:80"', "IPv4"),
        (MINIMAL + '[http]\nlisten = "a b:80"\n', "CFG-006", '"a b:80"', "host name"),
        (MINIMAL + "[links]\nbacklog = 0\n", "CFG-006", "0\n", "links.backlog"),
        (MINIMAL + LINK.replace("https:", "http:"), "CFG-006", '"http://', "https only"),
        (MINIMAL + LINK.replace(":9444", ""), "CFG-006", '"https://localhost"', "with its port"),
        (MINIMAL + LINK.replace("9444", "9444/x"), "CFG-006", '"https://localhost:9444/x"', "without a path"),
        (MINIMAL + LINK.replace("9444", "port"), "CFG-006", '"https://localhost:port"', "with its port"),
        (MINIMAL + LINK.replace("a" * 64, "a" * 63), "CFG-006", '"sha256:', "64 hex digits"),
        (MINIMAL + LINK.replace('["s.pem"]', "[]"), "CFG-006", "[]", "link.deu-1.signing: expected at least 1 in"),
        (MINIMAL + LINK.replace('["s.pem"]', str(["s"] * 9)), "CFG-006", "['s'", "expected at most 8 in the list"),
        (MINIMAL + LINK.replace("deu+0123abcd+AAAA", "deu"), "CFG-006", '"deu"', "verifier key"),
        (MINIMAL + LINK.replace("[link.deu-1]", '[link."DEU 1"]'), "CFG-006", '"DEU 1"', 'the name "DEU 1"'),
        (MINIMAL + FEED.replace('"udp"', '"upd"'), "CFG-006", '"upd"', '"tcp-listen"'),
        (MINIMAL + FEED + 'allow = ["10.0.0.1/8"]\n', "CFG-006", '"10.0.0.1/8"', "without host bits"),
        (MINIMAL + FEED + 'group = "10.0.0.1"\n', "CFG-006", '"10.0.0.1"', "multicast"),
        (MINIMAL + FEED + 'interface = "eth0"\n', "CFG-006", '"eth0"', "IP address"),
        (MINIMAL + FEED + 'rate = "fast"\n', "CFG-006", '"fast"', '"realtime"'),
        (MINIMAL + FEED + "rate = 0\n", "CFG-006", "0\n", '"realtime"'),
        (MINIMAL + FEED + "rate = true\n", "CFG-006", "true", '"realtime"'),
        (MINIMAL + FEED + 'base_time = "noon"\n', "CFG-006", '"noon"', "ISO 8601"),
        (MINIMAL + FEED + 'base_time = "2026-03-01T09:30:00"\n', "CFG-006", '"2026-03-01T', "with its zone"),
        (MINIMAL + FEED + "clearance = []\n", "CFG-006", "[]", "at least 1 in the list"),
        (MINIMAL + '[ledger]\norigin = "a b"\n', "CFG-006", '"a b"', "without spaces"),
        (MINIMAL + '[seal]\nkey = ""\n', "CFG-006", '""', "path of a file"),
    ],
)
def test_refuses_a_wrong_key_or_value_at_its_place(text: str, code: str, needle: str, cause: str) -> None:
    problem = only(text)
    assert problem.code.id == code
    nth = max(1, text.count(needle)) if code == "CFG-003" else text.count(needle)
    assert problem.place == place_of(text, needle, nth=nth)
    assert cause in problem.cause


@pytest.mark.parametrize(
    ("text", "key", "table"),
    [
        (MINIMAL.replace('name = "nld-1"\n', ""), "node.name", "node]"),
        (MINIMAL.replace('exercise = "TEST"\n', ""), "node.exercise", "node]"),
        (MINIMAL.replace('simulation = "SIMULATED"\n', ""), "node.simulation", "node]"),
        (MINIMAL + LINK.replace('ca = "ca.pem"\n', ""), "link.deu-1.ca", "deu-1]"),
        (MINIMAL + FEED.replace('source = "s"\n', ""), "feed.f.source", "f]"),
        (MINIMAL + FEED.replace('address = "127.0.0.1:8600"\n', ""), "feed.f.address", "f]"),
        (MINIMAL + FEED.replace('"udp"', '"file"').replace('address = "127.0.0.1:8600"\n', ""), "feed.f.path", "f]"),
    ],
)
def test_a_missing_key_is_reported_at_its_table(text: str, key: str, table: str) -> None:
    problem = only(text)
    assert problem.code.id == "CFG-004"
    assert problem.cause.startswith(f"{key} is required")
    assert problem.place == place_of(text, table)


def test_an_empty_file_is_told_which_tables_it_needs() -> None:
    found = problems("")
    assert [problem.code.id for problem in found] == ["CFG-004"]
    assert {problem.cause.split()[0] for problem in found} == {"node"}
    assert {problem.place for problem in found} == {"gateway.toml:1:1"}


@pytest.mark.parametrize(
    ("wrong", "right", "text"),
    [
        ("naton", "nation", MINIMAL.replace("nation =", "naton =")),
        ("Exercise", "exercise", MINIMAL.replace("exercise =", "Exercise =")),
        ("backof_max_s", "backoff_max_s", MINIMAL + "[limits]\nbackof_max_s = 1\n"),
        ("sources", "source", MINIMAL + "[sources.x]\nformats = []\n"),
        ("TSET", "TEST", MINIMAL.replace('"TEST"', '"TSET"')),
        ("simulated", "SIMULATED", MINIMAL.replace('"SIMULATED"', '"simulated"')),
        ("asterisk", "asterix", MINIMAL + '[source.s]\nformats = ["asterisk"]\n'),
        (
            "radarnorth",
            "radar-north",
            FULL.replace('\nsource = "radar-north"\nallow', '\nsource = "radarnorth"\nallow'),
        ),
        ("hq2", "hq", FULL.replace('clients = ["hq"]', 'clients = ["hq2"]')),
    ],
)
def test_suggests_the_nearest_known_name(wrong: str, right: str, text: str) -> None:
    named = [problem for problem in problems(text) if wrong in problem.cause]
    assert [problem.remedy for problem in named] == [f'did you mean "{right}"?']


def test_suggests_nothing_when_nothing_is_near() -> None:
    problem = only(MINIMAL + "[limits]\nzzzz = 1\n")
    assert "did you mean" not in problem.remedy


def test_reports_all_problems_in_the_order_of_the_file() -> None:
    text = MINIMAL.replace("nation", "naton").replace('"TEST"', "3") + "[http]\nlisten = 5\n[limits]\nx = 1\n"
    found = problems(text)
    places = [tuple(int(part) for part in problem.place.split(":")[1:]) for problem in found]
    assert [problem.code.id for problem in found] == ["CFG-004", "CFG-003", "CFG-006", "CFG-006", "CFG-003"]
    assert places == sorted(places)


def test_the_error_shows_every_problem_as_a_block() -> None:
    with pytest.raises(InvalidConfigError) as caught:
        read(MINIMAL.replace("nation", "naton"))
    blocks = caught.value.diagnostics().split("\n\n")
    assert len(blocks) == 2
    assert blocks[1].splitlines()[0] == "error[CFG-003] unknown key"
    assert "/etc/gateway/gateway.toml:3:1" in blocks[1]


# --------------------------------------------------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    "text",
    [
        MINIMAL + '[seal]\nkey = """-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----"""\n',
        MINIMAL + LINK.replace("https://localhost", "https://gateway:MIGHAgEAMBMG@localhost"),
        MINIMAL.replace('"TEST"', '"""-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG"""'),
        MINIMAL + LINK + 'password = "MIGHAgEAMBMG"\n',
        MINIMAL + '[client.hq]\npassword = "MIGHAgEAMBMG"\n',
        MINIMAL + '[client.hq]\npassword = ["MIGHAgEAMBMG"]\n',
    ],
)
def test_never_repeats_a_secret_that_was_pasted_into_the_file(text: str) -> None:
    for problem in problems(text):
        assert "MIGHAgEAMBMG" not in problem.diagnostics()


def test_cuts_a_long_wrong_value() -> None:
    assert len(only(MINIMAL.replace('"NLD"', '"' + "N" * 5000 + '"')).cause) < 200


# ---------------------------------------------------------------------------------------------------------- syntax


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[node]\nname = \n", "gateway.toml:2:8"),
        ('[node]\nname = "a"\nname = "b"\n', "gateway.toml:3:11"),
        ("[node\n", "gateway.toml:1:6"),
        ("a = 1 b = 2\n", "gateway.toml:1:7"),
        ('a = "unfinished', "gateway.toml:1:16"),
        ("a = " + "[" * 3000, "gateway.toml:1:1"),
    ],
)
def test_a_syntax_error_has_its_line_and_column(text: str, place: str) -> None:
    problem = only(text)
    assert problem.code.id == "CFG-002"
    assert problem.place == place


def test_a_file_that_is_not_there_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        load(tmp_path / "gateway.toml")
    assert caught.value.code.id == "CFG-001"
    assert "gateway init" in caught.value.remedy


def test_a_file_that_is_not_utf8_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_bytes(b'[node]\nname = "\xff"\n')
    with pytest.raises(InvalidConfigError) as caught:
        load(file)
    assert (caught.value.code.id, caught.value.place) == ("CFG-002", f"{file}:2:9")


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_bytes(b"#" * 2_000_000)
    with pytest.raises(InvalidConfigError) as caught:
        load(file)
    assert caught.value.code.id == "CFG-001"


def test_relative_paths_start_at_the_file(tmp_path: Path) -> None:
    file = tmp_path / "gateway.toml"
    file.write_text(MINIMAL)
    assert load(file, environ={}).config.node.data == tmp_path / "data"


# ------------------------------------------------------------------------------------------------------- where from


def test_every_value_tells_where_it_came_from() -> None:
    loaded = read(MINIMAL + "[limits]\nwake_up_s = 2\n", GATEWAY__NODE__LOG="json")
    origins = {setting.path: setting.origin for setting in loaded.settings()}
    assert origins["node", "name"] == "/etc/gateway/gateway.toml:2"
    assert origins["limits", "wake_up_s"] == "/etc/gateway/gateway.toml:10"
    assert origins["node", "log"] == "environment GATEWAY__NODE__LOG"
    assert origins["seal", "digest"] == "default"


def test_places_of_a_loaded_configuration_point_into_the_file() -> None:
    loaded = read(FULL)
    line = FULL.splitlines().index('address = "127.0.0.1:8600"') + 1
    assert loaded.place(("feed", "radar", "address")) == f"/etc/gateway/gateway.toml:{line}:11"
    assert loaded.place(("feed", "radar", "address"), at_key=True) == f"/etc/gateway/gateway.toml:{line}:1"


def test_the_names_of_formats_are_the_callers() -> None:
    text = MINIMAL + '[source.s]\nformats = ["sapient"]\n'
    assert isinstance(load_text(text, formats=["sapient"], environ={}).config, Config)
    assert isinstance(load_text(text, formats=None, environ={}).config, Config)
    assert only(text).code.id == "CFG-007"


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("max_frame_octets = 99999999999999999999", "TOML has 64"),
        ("max_frame_octets = 0x" + "f" * 6_000, "an integer of 24000 bits"),
        ("max_frame_octets = 9999999999999", "less than or equal to 67108864"),
        ("max_xml_depth = 1", "greater than or equal to 16"),
        ("max_xml_depth = 257", "less than or equal to 256"),
        ("connection_age_s = 1e308", "less than or equal to 172800"),
        ("backoff_max_s = 1e-9", "greater than or equal to 0.1"),
    ],
)
def test_a_limit_that_bounds_nothing_or_lets_nothing_through_is_refused(line: str, cause: str) -> None:
    text = MINIMAL + f"[limits]\n{line}\n"
    problem = only(text)
    assert problem.code.id == "CFG-006"
    assert cause in problem.cause
    assert len(problem.cause) < 300
    assert problem.place == f"gateway.toml:10:{line.index('=') + 3}"


def test_every_limit_may_have_its_default_and_the_ends_of_its_range() -> None:
    for field in msgspec.structs.fields(Limits):
        low, high = limit_range(field.name)
        assert low <= field.default <= high, field.name
        assert type(field.default)(low) == low, field.name


def test_an_integer_of_thousands_of_digits_is_a_syntax_error_at_its_place() -> None:
    text = MINIMAL + "[limits]\nmax_frame_octets = " + "9" * 6_000 + "\n"
    problem = only(text)
    assert problem.code.id == "CFG-002"
    assert "thousands of digits" in problem.cause
    assert problem.place == place_of(text, "9999")
    assert load_text(MINIMAL, environ={"GATEWAY__NODE__NATION": "NLD"}).config.node.nation == "NLD"
    with pytest.raises(InvalidConfigError):
        load_text(MINIMAL, environ={"GATEWAY__LIMITS__MAX_FRAME_OCTETS": "9" * 6_000})


def test_a_pipe_or_device_is_no_configuration(tmp_path: Path) -> None:
    fifo = tmp_path / "gateway.toml"
    os.mkfifo(fifo)
    for path in (fifo, Path("/dev/zero")):
        with pytest.raises(InvalidConfigError) as caught:
            load(path, environ={})
        assert caught.value.code.id == "CFG-001"
        assert caught.value.cause == "not a regular file"


# ---------------------------------------------------------------------------------- what has moved to the policy file


@pytest.mark.parametrize(
    ("text", "needle", "remedy"),
    [
        (MINIMAL + '[policy.label]\npolicy = "A"\nclassification = "B"\n', "label]", "declare [label.NAME]"),
        (MINIMAL + '[[policy.accept]]\npolicy = "A"\nclassifications = ["B"]\n', "accept]", "[[accept]] rules"),
        (MINIMAL + "[policy.group.allies]\npersonal_data = true\n", "group.allies]", "[[release]] rules with to"),
        (MINIMAL + LINK + 'group = "allies"\n', "group =", "[group.NAME] partners"),
    ],
)
def test_a_table_of_an_old_file_is_told_what_to_write_in_the_policy_instead(
    text: str, needle: str, remedy: str
) -> None:
    problem = only(text)
    assert problem.code.id == "CFG-018"
    assert problem.place == place_of(text, needle)
    assert "policy.toml" in problem.cause
    assert remedy in problem.remedy
    assert "in policy.toml" in problem.remedy


def test_a_clearance_of_an_old_file_is_told_where_clearances_stand_now() -> None:
    text = MINIMAL + '[[client.hq.clearance]]\npolicy = "A"\nclassifications = ["B"]\n'
    problem = only(text)
    assert problem.code.id == "CFG-018"
    assert problem.place == place_of(text, "clearance]]")
    assert "[clearance.NAME]" in problem.remedy
