"""The log events of the room. A test holds that nothing else is logged."""

from __future__ import annotations

UP = "link.up"
CATCHING_UP = "link.catching_up"
DOWN = "link.down"
REFUSED = "link.refused"
PAUSED = "link.paused"
FAULT = "link.fault_changed"
MESSAGE_REFUSED = "link.message_refused"
MESSAGE_PARKED = "link.message_parked"
MESSAGE_WITHHELD = "link.message_withheld"
CLOCK_SKEWED = "link.clock_skewed"
REQUEST_REFUSED = "link.request_refused"
LISTENING = "link.listening"
TRUST_RELOADED = "link.trust_reloaded"

EVENTS: dict[str, str] = {
    UP: "the last exchange was good and nothing old waits",
    CATCHING_UP: "messages that waited are under way",
    DOWN: "an attempt failed; the next one is timed",
    REFUSED: "one side does not let the other in; somebody must change something",
    PAUSED: "nothing is sent until the operator says so",
    FAULT: "attempts still fail, for another reason than before",
    MESSAGE_REFUSED: "the partner signed that it refuses one message; the link goes on",
    MESSAGE_PARKED: "one message cannot pass while others do; it is off the queue until an operator resumes it",
    MESSAGE_WITHHELD: "a message waited for the partner, and the policy in force keeps it back; it goes there no more",
    CLOCK_SKEWED: "the partner's clock and ours differ",
    REQUEST_REFUSED: "a request on the partner side was refused; repeated ones are counted, not logged",
    LISTENING: "partners can connect",
    TRUST_RELOADED: "new handshakes use new certificates, authorities and pins",
}
