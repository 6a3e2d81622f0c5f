"""The seal's lines of the error catalogue.

`REFUSED` is the only one that a partner ever sees of steps 2 to 4. The tens digit of a step's codes is the number of
the step in the receive path (ARCHITECTURE.md): 2 octets, 3 parse, 4 canonical equality, 5 header.
"""

from __future__ import annotations

from gateway.errors import Code

REFUSED = Code("SEAL-001", "message refused", "ask the receiving gateway's operator: its log says which check failed")

# Step 2: the signature, on octets
TOO_LARGE = Code("SEAL-020", "message is larger than this partner may send", "send smaller batches, or agree on a cap")
NO_SIGNATURE = Code("SEAL-021", "no signature stands where the profile puts it", "sign with the alliance profile")
TEMPLATE = Code("SEAL-022", "signature is not of the alliance profile", "sign with the alliance profile, one line")
UNKNOWN_KEY = Code("SEAL-023", "signing certificate is not pinned", "have the partner's certificate added")
FOREIGN_KEY = Code("SEAL-024", "signing certificate belongs to another partner", "treat as an incident: ask both nodes")
KEY_EXPIRED = Code("SEAL-025", "signing key is outside of its validity", "have the partner renew its certificate")
ALGORITHM = Code("SEAL-026", "algorithm differs from the key record's", "sign with the algorithm that was agreed")
DIGEST = Code("SEAL-027", "digest of the signed part differs", "the message was altered on its way: ask for it again")
SIGNATURE = Code("SEAL-028", "signature does not verify", "the signature was altered, or made with another key")
ROOT = Code("SEAL-029", "message is not a track message", "sign documents of the alliance namespace only")

# Step 3: parse of the verified octets
PARSE = Code("SEAL-031", "signed part cannot be parsed", "the signer must send plain XML 1.0 in UTF-8 without a DTD")

# Step 4: canonical equality
NOT_CANONICAL = Code("SEAL-041", "signed octets are not their own canonical form", "sign the exclusive canonical form")
MARKUP = Code("SEAL-042", "signed part has a comment, instruction or signature inside", "send elements and text only")
FLOOD = Code("SEAL-043", "signed part has too many attributes on one element", "send what the schema permits")

# Step 5: the header of an opened message. The signer is known by now, so these are told to it
VERSION = Code("SEAL-051", "version of the message is not understood", "send version 1.x")
NOT_FOR_US = Code("SEAL-052", "message is not addressed to this node", "name this node among the recipients")
NOT_FROM_SIGNER = Code("SEAL-053", "sender of the message is not its signer", "sign with the sender's own key")
NOT_FRESH = Code("SEAL-054", "message was created outside of the window", "check both clocks; catch up in time")
LOOP = Code("SEAL-055", "message has passed this node before", "stop forwarding messages to nodes that they passed")

WAY = Code(
    "SEAL-056", "message cannot have come the way that it says", "relay what came to you, and name yourself last"
)
TOO_FAR = Code("SEAL-057", "message has passed too many gateways", "ask the origin for a shorter way")
CONTRADICTION = Code(
    "SEAL-058", "parts of a relayed message contradict each other", "enclose the original, or redact: not both"
)

# Step 5 again: the original that a relayed message encloses
ORIGIN_UNKNOWN = Code("SEAL-061", "origin of a relayed message is not known here", "have the origin's key pinned")
NOT_AS_CITED = Code("SEAL-062", "enclosed original is another one than cited", "cite the octets that are enclosed")
ORIGINAL_REFUSED = Code("SEAL-063", "enclosed original does not verify", "pass on the octets as the origin signed them")
NESTED = Code("SEAL-064", "enclosed original encloses a message itself", "enclose the innermost original")

# Keys and certificates
CERTIFICATE = Code("SEAL-101", "certificate or key cannot be read", "give one PEM file that holds one of them")
KEY_KIND = Code("SEAL-102", "key is of a kind that the profile forbids", "use P-256, P-384, RSA-3072 up or Ed25519")
KEY_USE = Code("SEAL-103", "certificate may not sign messages", "issue one for digitalSignature, apart from TLS")
KEY_MISMATCH = Code("SEAL-104", "private key does not belong to the certificate", "give the pair made together")
OWN_KEY_EXPIRED = Code("SEAL-105", "our signing key is outside of its validity", "renew it: gateway certs")
CERTIFICATE_WRITE = Code(
    "SEAL-106", "certificates cannot be written", "choose a writable directory, or move the old files"
)
CERTIFICATE_NAME = Code("SEAL-107", "name cannot stand in a certificate", "use letters, digits and hyphens")

CODES = (
    REFUSED,
    TOO_LARGE,
    NO_SIGNATURE,
    TEMPLATE,
    UNKNOWN_KEY,
    FOREIGN_KEY,
    KEY_EXPIRED,
    ALGORITHM,
    DIGEST,
    SIGNATURE,
    ROOT,
    PARSE,
    NOT_CANONICAL,
    MARKUP,
    FLOOD,
    VERSION,
    NOT_FOR_US,
    NOT_FROM_SIGNER,
    NOT_FRESH,
    LOOP,
    WAY,
    TOO_FAR,
    CONTRADICTION,
    ORIGIN_UNKNOWN,
    NOT_AS_CITED,
    ORIGINAL_REFUSED,
    NESTED,
    CERTIFICATE,
    KEY_KIND,
    KEY_USE,
    KEY_MISMATCH,
    OWN_KEY_EXPIRED,
    CERTIFICATE_WRITE,
    CERTIFICATE_NAME,
)
