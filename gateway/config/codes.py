"""Errors of the configuration."""

from __future__ import annotations

from gateway.errors import Code

UNREADABLE = Code(
    "CFG-001",
    "configuration file cannot be read",
    "write one with 'gateway init', or name it with --config",
)
SYNTAX = Code("CFG-002", "configuration file is not valid TOML", "correct the line; the syntax is at https://toml.io")
UNKNOWN_KEY = Code("CFG-003", "unknown key", "remove it, or see docs/configuration.md for the keys of this table")
MISSING_KEY = Code("CFG-004", "required key is missing", "add it; 'gateway init' writes a complete file to start from")
WRONG_TYPE = Code("CFG-005", "value is of another type", "write the value in the type that is expected")
WRONG_VALUE = Code("CFG-006", "value is not allowed", "write one of the values that are expected")
UNKNOWN_NAME = Code("CFG-007", "name refers to nothing", "declare it, or correct the name")
CONFLICT = Code("CFG-008", "settings contradict each other", "change one of the two")
EXPOSED = Code(
    "CFG-009",
    "address is reachable from outside",
    "use a loopback address, or allow it as the cause says",
)
PRODUCTION = Code(
    "CFG-010", "not allowed in the production profile", 'change the setting, or use profile = "development"'
)
FILE_UNUSABLE = Code(
    "CFG-011", "file that the configuration names cannot be used", "correct the path or the file's permissions"
)
CERTIFICATE = Code("CFG-012", "certificate or key does not fit", "issue it anew, or name the right file")
EXPIRING = Code("CFG-013", "certificate expires soon", "issue a new certificate before that day")
FORMAT_OPTION = Code(
    "CFG-014", "option is not one of the format's", "see 'gateway formats' for the options of the format"
)
ENVIRONMENT = Code(
    "CFG-015",
    "environment variable cannot be applied",
    "write GATEWAY__TABLE__KEY, with the keys of docs/configuration.md",
)
NO_EFFECT = Code("CFG-016", "setting has no effect", "remove it, or complete what it is for")
LABEL = Code(
    "CFG-017",
    "label or clearance does not fit its security policy",
    "write it in the words of the security policy, as 'gateway policy show' lists them",
)
MOVED = Code("CFG-018", "setting has moved to the policy file", "write it in policy.toml; docs/policy.md shows how")
POLICY_FILE = Code(
    "CFG-019",
    "file that the policy names cannot be used",
    "correct the path or the file; docs/policy.md says what it holds",
)

CODES = (
    UNREADABLE,
    SYNTAX,
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_TYPE,
    WRONG_VALUE,
    UNKNOWN_NAME,
    CONFLICT,
    EXPOSED,
    PRODUCTION,
    FILE_UNUSABLE,
    CERTIFICATE,
    EXPIRING,
    FORMAT_OPTION,
    ENVIRONMENT,
    NO_EFFECT,
    LABEL,
    MOVED,
    POLICY_FILE,
)
