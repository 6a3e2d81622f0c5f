"""The official messages: 38 that are valid, and those of the 193 invalid ones that are at hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from google.protobuf import json_format

from gateway.formats.sapient import codes
from gateway.formats.sapient.json import json_name, read_json, validate_json, write_json
from gateway.formats.sapient.messages import SapientMessage, parse, serialise
from gateway.formats.sapient.plausible import implausible
from gateway.formats.sapient.schema import MessageFact, python_name
from gateway.formats.sapient.stream import Splitter, frame
from gateway.formats.sapient.v2 import schema
from gateway.formats.sapient.validate import validate
from tests.data import recording


def files(kind: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(recording(f"sapient/{kind}").glob("*.json"))}


def test_all_official_valid_messages_are_valid() -> None:
    valid = files("valid")
    assert len(valid) == 38
    assert {name: validate_json(octets) for name, octets in valid.items()} == dict.fromkeys(valid, ())


def test_official_valid_messages_mean_what_protobufs_own_reader_reads() -> None:
    for octets in files("valid").values():
        expected = json_format.Parse(octets.decode("utf-8-sig"), SapientMessage())
        message = read_json(octets)
        assert message == expected
        assert read_json(write_json(message)) == expected


def test_official_valid_messages_survive_the_wire_and_have_no_faults_there() -> None:
    messages = [read_json(octets) for octets in files("valid").values()]
    stream = b"".join([frame(serialise(message)) for message in messages])
    frames = Splitter().feed(stream)
    assert [parse(octets) for octets in frames] == messages
    assert [validate(parse(octets), octets=octets) for octets in frames] == [()] * len(frames)


def test_the_full_detection_report_has_740_octets() -> None:
    assert len(serialise(read_json(files("valid")["DetectionReport.FullMessage.json"]))) == 740


def test_all_official_invalid_messages_are_refused_with_a_path_into_the_message() -> None:
    known = {field.name for one in schema().messages.values() for field in one.fields}
    known |= {name for one in schema().messages.values() for name, _ in one.oneofs} | {"detectionLocation"}
    invalid = files("invalid")
    assert len(invalid) >= 64
    for name, octets in invalid.items():
        faults = validate_json(octets)
        assert faults, name
        for fault in faults:
            parts = re.sub(r"\[[0-9]+\]", "", fault.path).split(".")
            assert set(parts) <= known, (name, fault.path)
            assert fault.clause, name


def _flat(value: object, at: str = "") -> dict[str, object]:
    """Each member of a JSON text by its path; what has members is there too, as `None`."""
    found: dict[str, object] = {at: None} if at else {}
    if isinstance(value, dict):
        for key, one in value.items():
            found |= _flat(one, f"{at}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            found |= _flat(one, f"{at}[{index}]")
    else:
        found = {at: value}
    return found


def _standard(path: str) -> str:
    """A path of JSON names as one of the standard's names, but for case."""
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", path).lower()


_STALE = "detection_report.detection_location"
_SENDERS = ("node_id", "destination_id")  # differ between official messages that are valid


def _differences(octets: bytes, valid: list[dict[str, object]]) -> set[str]:
    """Where a message differs from the valid one that it is most like: the standard's paths, in lower case."""
    body = _flat(json.loads(octets.decode("utf-8-sig")))
    own = {(path, value) for path, value in body.items() if "detectionLocation." not in path}
    nearest = min(valid, key=lambda one: len(set(one.items()) ^ own))
    changed = {_standard(path) for path, _ in set(nearest.items()) ^ set(body.items())}
    wrong = {one for one in _SENDERS if len(str(body.get(json_name(one), ""))) != 36}
    return {path for path in changed if path not in _SENDERS} | wrong


def _told(path: str, differences: set[str]) -> bool:
    """Whether a fault's path is one of the differences, or the list or alternatives or new message that one is in."""
    oneofs = {name for one in schema().messages.values() for name, _ in one.oneofs}
    place, _, last = path.rpartition(".")
    if last in oneofs:
        return place in {one.rpartition(".")[0] for one in differences}
    return place in differences or any(one == path or one.startswith(f"{path}[") for one in differences)


def test_all_that_is_told_is_where_a_message_differs_from_the_nearest_valid_one_and_more_than_a_stale_name() -> None:
    """Refused for what was made wrong in it: nothing else is told, and more than the name that is stale in many."""
    valid = [_flat(json.loads(octets.decode("utf-8-sig"))) for octets in files("valid").values()]
    for name, octets in files("invalid").items():
        differences = _differences(octets, valid)
        paths = [_standard(one.path) for one in validate_json(octets)]
        assert [one for one in paths if not _told(one, differences)] == [], name
        if [one for one in differences if not one.startswith(_STALE)]:
            assert [one for one in paths if one != _STALE], name


def test_what_a_files_name_says_is_wrong_is_among_the_faults() -> None:
    """`0052.GeometricError.VariationType.Missing` must be told as that field, not as something else nearby."""
    checked = 0
    for name, octets in files("invalid").items():
        words = [word for word in name.split(".")[1:] if word not in ("json", "Sub", "ForSub", "2")]
        if words[-1] not in ("Missing", "Wrong", "Empty") or len(words) < 2:
            continue
        field = _standard(words[-2])
        ends = {one.path.rpartition(".")[2].partition("[")[0].lower() for one in validate_json(octets)}
        ends |= {_standard(one) for one in ends}
        assert _NAMED.get(name[:4], _NAMED.get(field, {field})) & ends, (name, ends)
        checked += 1
    assert checked >= 30


_NAMED: dict[str, set[str]] = {
    "location": {"location_oneof", "predicted_location_oneof"},
    "task_definition": {"task"},
    "velocity_units": {"velocity_units_oneof"},
    "namespace": {"subclass_namespace"},
    "value2": {"value"},
    "0069": {"subclass_name"},
    "0072": {"datum_oneof"},
    "0111": {"detectionlocation"},
    "0117": {"value"},
}
"""Fields that files are named after by other words than the standard's, or in two files by mistake."""


def test_the_stale_field_name_is_refused_as_such_and_hides_nothing_else() -> None:
    stale = [octets for octets in files("invalid").values() if b'"detectionLocation"' in octets]
    assert len(stale) >= 11
    others = 0
    for octets in stale:
        faults = validate_json(octets)
        assert ("detection_report.detectionLocation", codes.UNKNOWN_NAME) in [(one.path, one.code) for one in faults]
        others += len(faults) > 1
    assert others >= 8


def test_official_valid_samples_are_implausible_where_they_are() -> None:
    doubts = implausible(read_json(files("valid")["DetectionReport.FullMessage.json"]))
    told = {one.path: one for one in doubts}
    assert told["detection_report.location"].code is codes.MISFIT
    assert "latitude and longitude, swapped" in told["detection_report.location"].cause
    assert told["detection_report.object_id"].code is codes.CLOCK
    assert "detection_report.prediction_location.location" in told


def test_joined_names_are_those_of_the_stub() -> None:
    assert python_name("Registration.NodeType") == "RegistrationNodeType"
    assert python_name("Alert.AlertType") == "AlertType"


@pytest.mark.parametrize("name", ["DetectionReport.FullMessage.json", "Registration.Big.Message.json"])
def test_each_octet_of_an_official_message_may_be_missing(name: str) -> None:
    octets = serialise(read_json(files("valid")[name]))
    for at in range(0, len(octets), max(1, len(octets) // 300)):
        cut = octets[:at] + octets[at + 1 :]
        try:
            message = parse(cut)
        except Exception as error:  # the point is that there is only one kind
            assert type(error).__name__ == "FormatError"  # noqa: PT017
        else:
            validate(message, octets=cut)


def _changes(
    name: str, members: dict[str, object], fact: MessageFact, path: str
) -> Iterator[tuple[str, Callable[[], None]]]:
    """(path of the fault to expect, what makes it) for what is mandatory, an alternative, an id or an enumeration."""
    fields = {json_name(field.name): field for field in fact.fields} | {field.name: field for field in fact.fields}
    must = {oneof for oneof, mandatory in fact.oneofs if mandatory}
    for key, value in list(members.items()):
        field = fields[key]
        at = f"{path}.{field.name}".lstrip(".")
        if field.must:
            yield at, lambda key=key: members.pop(key)  # type: ignore[misc]  # bound at once
            if isinstance(value, list):
                yield at, lambda key=key: members.update({key: []})  # type: ignore[misc]  # bound at once
        elif field.oneof in must:
            expected = f"{path}.{field.oneof}".lstrip(".")
            yield expected, lambda key=key: members.pop(key)  # type: ignore[misc]  # bound at once
        if field.form and not field.many:
            yield at, lambda key=key: members.update({key: "AAA"})  # type: ignore[misc]  # bound at once
        if field.type in schema().enums and not field.many:
            yield at, lambda key=key: members.update({key: 99})  # type: ignore[misc]  # bound at once
        inner = schema().messages.get(field.type)
        if inner is None:
            continue
        for index, one in enumerate(value if isinstance(value, list) else [value]):
            below = f"{at}[{index}]" if field.many else at
            assert isinstance(one, dict), name
            yield from _changes(name, one, inner, below)


def test_whatever_is_mandatory_or_an_id_in_the_official_valid_messages_is_missed_when_it_is_gone_or_wrong() -> None:
    tried = 0
    for name, octets in files("valid").items():
        body = json.loads(octets.decode("utf-8-sig"))
        changes = _changes(name, body, schema().messages["SapientMessage"], "")
        for number, (path, _) in enumerate(changes):
            if name.startswith("Task.") and not name.endswith(("Follow.json", "LookAt.json")) and number % 5:
                continue  # they differ in one command only
            changed = json.loads(octets.decode("utf-8-sig"))
            again = _changes(name, changed, schema().messages["SapientMessage"], "")
            next(islice(again, number, None))[1]()
            assert path in [one.path for one in validate_json(json.dumps(changed).encode())], (name, path)
            tried += 1
    assert tried > 500
