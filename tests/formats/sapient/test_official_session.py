"""The official messages as a sensor would send them: the fusion node answers each, and goes on."""

from __future__ import annotations

from typing import cast

from gateway.dialect import Turn
from gateway.formats.sapient import codes
from gateway.formats.sapient.json import fill, read_json, validate_json
from gateway.formats.sapient.messages import serialise
from gateway.formats.sapient.v2 import SapientMessage, schema
from gateway.formats.sapient.validate import validate
from gateway.limits import Limits
from tests.data import recording
from tests.formats.sapient.nodes import Talk, kinds, said, talk

SENDERS = ("a8654cdf-4328-47de-81fa-c495589e30c8", "a8654cdf-4328-47de-81fa-c495589e30c9")
ACKS = {"registration": "registration_ack", "alert": "alert_ack", "task": "task_ack"}


def files(kind: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(recording(f"sapient/{kind}").glob("*.json"))}


def registered() -> Talk:
    """A conversation with both nodes that send official messages."""
    conversation = talk()
    message = read_json(files("valid")["Registration.FullMesssage.json"])
    for node_id in SENDERS:
        message.node_id = node_id
        (ack,) = said(conversation.hear(serialise(message)))
        assert ack.registration_ack.acceptance
    return conversation


def reasons(turn: Turn) -> str:
    found: list[str] = []
    for one in said(turn):
        found += [*one.error.error_message, *one.registration_ack.ack_response_reason]
        found += [*one.alert_ack.reason, *one.task_ack.reason]
    return "\n".join(found)


def own_words_are_valid(turn: Turn) -> None:
    for octets in turn.octets:
        assert validate(SapientMessage.FromString(octets[4:]), octets=octets[4:]) == ()


def test_each_official_valid_message_is_heard_and_the_conversation_goes_on() -> None:
    conversation = registered()
    for name, octets in files("valid").items():
        turn = conversation.hear(serialise(read_json(octets)))
        content = read_json(octets).WhichOneof("content")
        assert turn.over is None, name
        own_words_are_valid(turn)
        if content == "registration":
            assert said(turn)[0].registration_ack.acceptance, name
        elif content == "task":
            assert kinds(turn) == ["task_ack", "error"], name
        elif content in ("task_ack", "alert_ack"):
            assert (turn.octets, turn.decoded.silent) == ((), 1), name


def test_each_official_invalid_message_is_answered_with_the_path_of_what_is_wrong() -> None:
    answered = 0
    for name, octets in files("invalid").items():
        faults = [one for one in validate_json(octets) if one.code != codes.UNKNOWN_NAME]
        if not faults:  # only a name is wrong, and names are not on the wire
            continue
        message, _ = fill(octets, Limits(), schema())
        turn = registered().hear(serialise(cast("SapientMessage", message)))
        content = message.WhichOneof("content")
        assert turn.decoded.problems, name
        assert (turn.decoded.tracks, turn.over) == ((), None), name
        own_words_are_valid(turn)
        if content == "error":  # two that answer errors with errors never end
            assert turn.octets == (), name
            continue
        assert "error" in kinds(turn), name
        old = any(one.code == codes.ICD_VERSION for one in faults)  # then it is judged by that version's rules
        assert old or all(one.path in reasons(turn) for one in faults), name
        if content in ACKS and not any(one.path.endswith((".task_id", ".alert_id")) for one in faults):
            assert kinds(turn)[0] == ACKS[content], name
        answered += 1
    assert answered >= 60
