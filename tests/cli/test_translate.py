"""Dry runs from one format to another, on files and pipes."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from gateway.cli.option_texts import PARTS
from gateway.cli.options import key_values
from gateway.config.codec_options import option_names
from gateway.formats.registry import find, formats, names
from tests.cli.conftest import Gateway, Invoke
from tests.cli.test_shell import EVENT
from tests.data import recording
from tests.simulators.sapient_sensor import SapientSensor, framed


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


ALL = {"alliance", "asterix", "cot", "geojson", "nffi", "nvg", "remoteid", "sapient"}


def test_the_registry_names_each_format_as_it_names_itself() -> None:
    assert set(formats()) == names() == ALL
    for name, form in formats().items():
        assert form.name == name
        assert find(name) is form
    with pytest.raises(KeyError):
        find("link16")


@pytest.mark.parametrize("target", ["alliance", "asterix", "cot", "geojson"])
def test_translates_a_pipe_to_every_format(gateway: Gateway, target: str) -> None:
    done = gateway("translate", "-", "--from", "cot", "--to", target, stdin=EVENT * 2)
    assert done.returncode == 0, done.stderr
    assert b"2 frames (stream): 2 tracks" in done.stderr
    assert {"alliance": b"<TrackMessage", "asterix": b"\x3e", "cot": b"<event", "geojson": b"{"}[target] in done.stdout


@pytest.mark.parametrize("target", ["alliance", "geojson"])
def test_what_was_written_can_be_read_again(gateway: Gateway, target: str) -> None:
    written = gateway("translate", "-", "--from", "cot", "--to", target, stdin=EVENT)
    back = gateway("translate", "-", "--from", target, "--to", "cot", stdin=written.stdout)
    assert back.returncode == 0, back.stderr
    assert b'lat="52.1' in back.stdout
    assert b"ANDROID-1" in back.stdout


def test_track_ids_depend_on_source_and_native_name_alone(gateway: Gateway) -> None:
    def ids(*more: str) -> list[object]:
        done = gateway("translate", "-", "--from", "cot", "--to", "geojson", *more, stdin=EVENT)
        return [line["id"] for line in lines(done.stdout.decode())]

    assert ids() == ids()
    assert ids() != ids("--source", "other")


def test_the_translation_goes_to_a_file_when_asked(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "event.xml").write_bytes(EVENT)
    result = invoke("translate", "event.xml", "--from", "cot", "--to", "asterix", "-o", "out.bin")
    assert (result.exit_code, result.stdout) == (0, "")
    assert (tmp_path / "out.bin").read_bytes()[0] == 62


def test_trace_prints_every_field_and_no_translation(invoke: Invoke) -> None:
    result = invoke("translate", "-", "--from", "cot", "--trace", stdin=EVENT)
    assert result.exit_code == 0
    assert "event/point@lat" in result.stdout
    fields = lines(invoke("translate", "-", "--from", "cot", "--trace", "--json", stdin=EVENT).stdout)
    latitude = next(field for field in fields if field.get("item") == "event/point@lat")
    assert latitude["kind"] == "field"
    assert str(latitude["value"]).startswith("52.1")
    assert EVENT[int(str(latitude["offset"])) :].startswith(b'52.1"')


def test_losses_are_listed_and_counted(invoke: Invoke) -> None:
    result = invoke("translate", "-", "--from", "cot", "--to", "asterix", "--losses", "--json", stdin=EVENT)
    read = lines(result.stdout)
    losses = [(line["field"], line["reason"]) for line in read if line["kind"] == "loss"]
    summary = read[-1]
    assert losses
    assert summary["kind"] == "summary"
    counted = {(item["field"], item["reason"]): item["count"] for item in summary["losses"]}  # type: ignore[attr-defined]  # JSON
    assert counted == {loss: losses.count(loss) for loss in losses}


def test_json_gives_frames_problems_and_a_summary(invoke: Invoke) -> None:
    text = EVENT + EVENT.replace(b'lat="52.1"', b'lat="north"')
    result = invoke("translate", "-", "--from", "cot", "--to", "geojson", "--json", stdin=text)
    kinds = [line["kind"] for line in lines(result.stdout)]
    assert result.exit_code == 1
    assert kinds.count("frame") == 1
    assert kinds.count("problem") == 1
    assert kinds[-1] == "summary"


def test_what_a_decoder_still_holds_at_the_end_is_read_or_refused(invoke: Invoke) -> None:
    position = {
        "MAC": "60:60:1F:1E:30:1E",
        "Location/Vector Message": {"latitude": 52.1, "longitude": 4.25, "geodetic_altitude": "64.5 m"},
    }
    lone = invoke("translate", "-", "--from", "remoteid", "--to", "geojson", stdin=json.dumps(position).encode())
    assert lone.exit_code == 0, lone.stderr
    assert json.loads(lone.stdout)["properties"]["identifiers"] == [{"scheme": "mac", "value": "60:60:1f:1e:30:1e"}]
    detection = framed(SapientSensor().detection(lat=54.7, lon=25.3))
    held = invoke(
        "translate", "-", "--from", "sapient", "--to", "geojson", "--option", "hold=true", "--json", stdin=detection * 2
    )
    read = lines(held.stdout)
    assert (held.exit_code, [line["kind"] for line in read]) == (1, ["problem", "problem", "summary"])
    assert {line["code"] for line in read[:2]} == {"SAP-050"}


def test_a_refused_record_ends_with_1_and_its_neighbours_live(gateway: Gateway) -> None:
    text = EVENT + EVENT.replace(b'lat="52.1"', b'lat="north"') + EVENT.replace(b"ANDROID-1", b"ANDROID-3")
    done = gateway("translate", "-", "--from", "cot", "--to", "geojson", stdin=text)
    assert done.returncode == 1
    assert b"error[COT-" in done.stderr
    assert len(done.stdout.splitlines()) == 2


def test_a_hostile_name_cannot_steer_the_terminal(gateway: Gateway) -> None:
    evil = EVENT.replace(b"ANDROID-1", "\u009b31mX".encode())
    done = gateway("translate", "-", "--from", "cot", "--trace", stdin=evil)
    assert "\u009b".encode() not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "--from", "asterisk", "--to", "cot"], b'did you mean "asterix"?'),
        (["-", "--from", "cot", "--to", "cto"], b'did you mean "cot"?'),
        (["-", "--from", "cot"], b"--trace or --losses"),
        (["nosuch.xml", "--from", "cot", "--to", "geojson"], b"No such file"),
        (["-", "--from", "cot", "--to", "geojson", "--option", "x"], b"expected key=value"),
        (
            ["-", "--from", "cot", "--to", "geojson", "--option", "nosuch=1"],
            b'no option "nosuch"; there are nation, keep',
        ),
        (["-", "--from", "cot", "--to", "geojson", "--option", "keep_row=true"], b'did you mean "keep_raw"?'),
        (["-", "--from", "cot", "--to", "asterix", "--to-option", "sack=1"], b"--to-option of asterix"),
        (["-", "--from", "cot", "--to", "asterix", "--to-option", "nosuch=1"], b"gateway formats asterix"),
        (["-", "--from", "cot", "--to", "asterix", "--to-option", "sac=300"], b"gateway formats asterix"),
        (["-", "--from", "cot", "--to", "geojson", "--base-time", "noon"], b"--base-time"),
        (["-", "--from", "cot", "--to", "geojson", "-o", "no/such/file"], b"no/such/file"),
    ],
)
def test_a_wrong_request_ends_with_2(gateway: Gateway, arguments: list[str], message: bytes) -> None:
    done = gateway("translate", *arguments, stdin=EVENT)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert done.stdout == b""


def test_empty_input_is_said_to_be_empty(gateway: Gateway) -> None:
    done = gateway("translate", "-", "--from", "cot", "--to", "geojson")
    assert (done.returncode, b"it is empty" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("form", "part", "name"),
    [
        (form.name, part, name)
        for form in formats().values()
        for part in PARTS
        if getattr(form, part) is not None
        for name in option_names(getattr(form, part))
    ],
)
def test_every_option_is_explained_by_an_example_that_works(form: str, part: str, name: str) -> None:
    text = PARTS[part][form][name]
    assert len(text.meaning) > 10
    value = key_values([f"{name}={text.example}"])[name]
    assert tomllib.loads(f"value = {text.example}")["value"] == value
    edge_alone = "edge node only" in text.meaning
    getattr(find(form), part)(**{name: value}, **({"role": "edge-node"} if edge_alone else {}))


def test_an_integer_of_thousands_of_digits_is_text() -> None:
    assert key_values([f"x={'9' * 6_000}"]) == {"x": "9" * 6_000}


def test_no_option_is_explained_that_is_not_there() -> None:
    for part, texts in PARTS.items():
        made = {form.name: getattr(form, part) for form in formats().values()}
        assert set(texts) == {name for name, make in made.items() if make is not None}
        for name in texts:
            assert set(texts[name]) == set(option_names(made[name]))


def test_formats_lists_options(invoke: Invoke) -> None:
    listed = json.loads(invoke("formats", "--json").stdout)
    assert {entry["name"] for entry in listed} == ALL
    assert "limits" not in listed[1]["decoder_options"]
    shown = invoke("formats", "asterix").stdout
    assert """--option 'sites={"25/201"={latitude_deg=52.3, longitude_deg=6.2, altitude_msl_m=45.0}}'""" in shown
    assert "  category: whole number, default 62\n      62 (system tracks) or 48" in shown
    assert 'did you mean "geojson"?' in invoke("formats", "geojsn").stderr
    assert "conversation" not in shown
    assert """      options = { role = "client" }""" in invoke("formats", "cot").stdout
    assert "      options = { enquiry = { soap_request = true } }" in invoke("formats", "nvg").stdout
    (sapient,) = (entry for entry in listed if entry["name"] == "sapient")
    assert sapient["endpoint_options"]["register_s"]["default"] == "30.0"
    assert "service_options" not in sapient


def test_a_capture_becomes_geojson(invoke: Invoke) -> None:
    file = recording("asterix/cat_034_048.pcap")
    once = invoke("translate", str(file), "--from", "asterix", "--to", "geojson")
    assert once.exit_code == 0, once.stderr
    assert len(lines(once.stdout)) == 64
    assert "60 exact duplicates were dropped" in once.stderr
    all_of_it = invoke("translate", str(file), "--from", "asterix", "--to", "geojson", "--option", "dedupe=false")
    assert len(lines(all_of_it.stdout)) == 128
    assert "(pcap): 128 tracks, 34 records without one" in all_of_it.stderr
