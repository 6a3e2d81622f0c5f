"""The event catalogue: every log event of every room. A test fails on one that is logged and not listed here."""

from __future__ import annotations

from gateway.links.events import EVENTS as LINK_EVENTS

EVENTS: dict[str, str] = {
    **LINK_EVENTS,
    "batch.crashed": "a batch of tracks met a bug of ours; its senders were told that it is not durable; please report",
    "certificate.ending": "the certificate that signs our messages ends soon; partners must pin the next one before",
    "health.failed": "a room cannot do its work; the node is not ready until it can",
    "health.recovered": "the room does its work again",
    "held.crashed": "tracks that waited for a release group met a bug of ours; please report it",
    "held.found": "tracks wait for a release group since before the start; they are decided anew when they are due",
    "held.given_up": "tracks that waited for a release group can go no more, for the reason given; quarantine has them",
    "http.failed": "a national request met a bug of ours and was answered with 500; please report it",
    "http.malformed": "no acceptable HTTP came to the national side; repeated ones are counted, not logged",
    "message.refused": "a partner's authentic message was refused under our signature; quarantine keeps it",
    "node.started": "both doors are open, and so are all feeds a moment later",
    "node.stopped": "everything that was acknowledged is on disk",
    "node.unclean_stop": "something could not be finished within the time to stop; nothing acknowledged is lost",
    "onward.failed": "a partner's message could not go on to others, for the reason given; it was taken itself",
    "picture.unreadable": "a stored message could not be read again at the start; the picture lacks its tracks",
    "policy.changed": "another release policy decides from here on; the ledger says so",
    "policy.kept": "a new release policy was refused; the one before stays in force until the errors are mended",
    "policy.review_passed": "the release policy was to be reviewed by now; it decides on until another one is in force",
    "policy.unchanged": "the release policy was read again and is the one in force",
    "store.pruned": "bodies of messages older than store.keep_days were removed; digests, receipts and leaves stay",
    "talk.broken_off": "a conversation with a peer of a feed could not go on; the peer may connect again",
    "talk.crashed": "a conversation met a bug of ours and was ended; the others go on; please report it",
    "talk.refused": "a peer was not let into a conversation; further ones of its address are counted, not logged",
    "task.failed": "a supervised task ended with an error of the world and is restarted",
    "task.crashed": "a supervised task ended with a bug of ours and is restarted; please report it",
}
