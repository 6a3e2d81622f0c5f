"""From nothing to a checked configuration: init, certs, check, config, run."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from gateway.config import load
from gateway.config.policy_load import load_policy
from tests.cli.conftest import Gateway, Invoke
from tests.config.samples import VKEY


def test_init_writes_a_configuration_that_checks(node: Path, invoke: Invoke) -> None:
    result = invoke("check")
    assert (result.exit_code, result.stdout) == (0, ""), result.stderr
    assert "next: gateway run" in result.stderr
    config = load(node / "gateway.toml", environ={}).config
    assert (config.node.name, config.node.nation) == ("nld-1", "NLD")
    assert (config.node.exercise, config.node.simulation) == ("TEST", "SIMULATED")


def test_init_says_what_exists_now_and_what_comes_next(invoke: Invoke, tmp_path: Path) -> None:
    result = invoke("init", "here", "--json")
    assert "wrote here/gateway.toml and here/policy.toml" in result.stderr
    assert "next: gateway check --config here/gateway.toml" in result.stderr
    made = json.loads(result.stdout)
    assert {Path(item["path"]).name for item in made["certificates"]} >= {
        "ca.pem",
        "node-1.tls.pem",
        "example.client.pem",
    }
    for item in made["certificates"]:
        assert (tmp_path / item["path"]).stat().st_mode & 0o777 == (0o600 if item["private"] else 0o644)


def test_the_example_source_may_post_with_its_certificate(node: Path, invoke: Invoke) -> None:
    pins = load(node / "gateway.toml", environ={}).config.source["example"].certificate_pins
    renewed = json.loads(invoke("certs", "dev", "--force", "--json").stdout)
    [renewed_pin] = [item["pin"] for item in renewed if item["path"].endswith("example.client.pem")]
    assert len(pins) == 1
    assert renewed_pin != f"sha256:{pins[0]}"


def test_init_overwrites_nothing_without_force(node: Path, invoke: Invoke) -> None:
    before = (node / "gateway.toml").read_text(), (node / "certs/nld-1.tls.key").read_text()
    result = invoke("init", "--name", "fra-1")
    assert result.exit_code == 2
    assert "error[CLI-003]" in result.stderr
    assert before == ((node / "gateway.toml").read_text(), (node / "certs/nld-1.tls.key").read_text())
    assert invoke("init", "--name", "fra-1", "--force").exit_code == 0
    assert load(node / "gateway.toml", environ={}).config.node.name == "fra-1"


def test_init_does_not_overwrite_a_policy_either(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("# mine\n")
    result = invoke("init")
    assert result.exit_code == 2
    assert "policy.toml" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["policy.toml"]


def test_the_policy_that_init_writes_lets_nothing_out(node: Path) -> None:
    loaded = load_policy(node / "policy.toml", node="nld-1", sources=["example"], partners=[])
    assert (loaded.findings, loaded.policy.releases, loaded.policy.groups) == ((), (), {})
    assert loaded.policy.markings[0].label.originator == "nld-1.example"


def test_check_tells_what_is_wrong_with_the_policy_beside_the_rest(node: Path, invoke: Invoke) -> None:
    (node / "certs/nld-1.ledger.key").unlink()
    file = node / "policy.toml"
    text = file.read_text().replace('label = "unmarked"', 'label = "unmakred"')
    file.write_text(text)
    result = invoke("check")
    assert result.exit_code == 3
    assert "error[CFG-011]" in result.stderr
    assert "error[CFG-007]" in result.stderr
    line = text.splitlines().index('label = "unmakred"') + 1
    assert f"policy.toml:{line}:9" in result.stderr
    assert 'did you mean "unmarked"?' in result.stderr


def test_check_and_run_refuse_a_node_without_a_policy(node: Path, invoke: Invoke) -> None:
    (node / "policy.toml").unlink()
    for command in ("check", "run"):
        result = invoke(command)
        assert result.exit_code == 3
        assert "error[CFG-001]" in result.stderr
        assert "policy.toml" in result.stderr


def test_check_names_a_link_to_which_the_policy_sends_nothing(node: Path, invoke: Invoke) -> None:
    add_link(node, 9)
    result = invoke("check")
    assert result.exit_code == 1
    assert "deu-1 is in no release group of policy.toml" in result.stderr


def test_init_without_certificates_writes_none(invoke: Invoke, tmp_path: Path) -> None:
    assert invoke("init", "--no-certs").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()].__class__(["gateway.toml", "policy.toml"])
    assert invoke("check").exit_code == 3


@pytest.mark.parametrize("arguments", [("--name", "NLD 1"), ("--nation", "nl"), ("--name", 'x"\nevil = "1')])
def test_init_refuses_a_bad_name_before_it_writes(invoke: Invoke, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert invoke("init", *arguments).exit_code == 3
    assert list(tmp_path.iterdir()) == []


def test_certs_dev_adds_what_is_missing_and_prints_names_and_ends(node: Path, invoke: Invoke) -> None:
    result = invoke("certs", "dev")
    assert result.exit_code == 0
    assert "nothing to do" in result.stderr
    result = invoke("certs", "dev", "--source", "radar-north", "--host", "gw.example")
    assert result.exit_code == 0
    assert "radar-north.client.pem" in result.stdout
    assert "pin of certs/radar-north.client.pem: sha256:" in result.stderr
    assert (node / "certs/radar-north.client.key").stat().st_mode & 0o077 == 0


def test_certs_dev_needs_no_configuration(invoke: Invoke) -> None:
    made = json.loads(invoke("certs", "dev", "--name", "eu-1", "--directory", "keys", "--json").stdout)
    assert "keys/eu-1.signing.pem" in [item["path"] for item in made]
    assert all(item["not_after"] for item in made if item["path"].endswith(".pem"))


def test_check_names_every_problem_and_ends_with_3(node: Path, invoke: Invoke) -> None:
    file = node / "gateway.toml"
    file.write_text(file.read_text().replace('nation = "NLD"', 'naton = "NLD"').replace('"TEST"', '"TSET"'))
    result = invoke("check")
    assert result.exit_code == 3
    assert result.stderr.count("error[CFG-") == 3
    assert 'did you mean "nation"?' in result.stderr
    assert 'did you mean "TEST"?' in result.stderr


def test_check_names_missing_files(node: Path, invoke: Invoke) -> None:
    (node / "certs/nld-1.ledger.key").unlink()
    result = invoke("check", "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["errors"] == ["CFG-011"]


def test_a_finding_ends_with_1(node: Path, invoke: Invoke) -> None:
    (node / "certs/nld-1.signing.key").chmod(0o644)
    result = invoke("check")
    assert result.exit_code == 1
    assert "chmod 600" in result.stderr


def test_check_refuses_an_option_that_the_codec_does_not_take(node: Path, invoke: Invoke) -> None:
    file = node / "gateway.toml"
    text = file.read_text().replace("[source.example]\n", "[source.example]\noptions = { asterix = { siets = 1 } }\n")
    file.write_text(text)
    result = invoke("check")
    assert result.exit_code == 3
    assert "error[CFG-014]" in result.stderr
    assert "siets" in result.stderr
    line = text.splitlines().index("options = { asterix = { siets = 1 } }") + 1
    assert f"gateway.toml:{line}:23" in result.stderr


def test_check_connect_says_that_nobody_listens_and_ends_with_4(node: Path, invoke: Invoke, free_port: int) -> None:
    add_link(node, free_port)
    result = invoke("check", "--connect")
    assert result.exit_code == 4, result.stderr
    assert "link deu-1" in result.stderr
    assert "LINK-011" in result.stderr
    [probe] = json.loads(invoke("check", "--connect", "--json").stdout)["links"]
    assert (probe["ok"], probe["side"], probe["addresses"]) == (False, "them", ["127.0.0.1"])


def add_link(node: Path, port: int) -> None:
    file = node / "gateway.toml"
    link = f"""
[link.deu-1]
url = "https://127.0.0.1:{port}"
tls_pins = ["sha256:{"0" * 64}"]
ca = "certs/ca.pem"
signing = ["certs/nld-1.signing.pem"]
ledger_vkeys = ["{VKEY}"]
"""
    file.write_text(file.read_text() + link)


def test_run_refuses_what_check_refuses(node: Path, invoke: Invoke) -> None:
    (node / "certs/nld-1.ledger.key").unlink()
    result = invoke("run")
    assert result.exit_code == 3
    assert "nld-1.ledger.key" in result.stderr


def test_config_show_tells_where_each_value_came_from(node: Path, gateway: Gateway) -> None:
    done = gateway("config", "show", "--json", GATEWAY__NODE__LOG="json")
    settings = {item["key"]: (item["value"], item["origin"]) for item in json.loads(done.stdout)}
    line = (node / "gateway.toml").read_text().splitlines().index('name = "nld-1"') + 1
    assert settings["node.name"] == ("nld-1", f"gateway.toml:{line}")
    assert settings["node.log"] == ("json", "environment GATEWAY__NODE__LOG")
    assert settings["seal.key"] == ("certs/nld-1.signing.key", "default")
    assert settings["http.listen"] == ("127.0.0.1:8080", "default")


def test_config_show_changed_leaves_out_defaults(node: Path, invoke: Invoke) -> None:
    result = invoke("config", "show", "--changed")
    assert "node.name" in result.stdout
    assert "default" not in result.stdout


def test_config_schema_is_json(invoke: Invoke) -> None:
    assert json.loads(invoke("config", "schema").stdout)["properties"]["node"]


def test_the_variable_names_the_configuration(node: Path, gateway: Gateway, tmp_path: Path) -> None:
    (node / "gateway.toml").rename(node / "other.toml")
    assert gateway("config", "show").returncode == 3
    assert gateway("config", "show", GATEWAY_CONFIG="other.toml").returncode == 0


def test_the_file_that_init_writes_is_toml_without_a_secret(node: Path) -> None:
    text = (node / "gateway.toml").read_text()
    tomllib.loads(text)
    assert "PRIVATE KEY" not in text
