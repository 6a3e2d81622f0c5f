"""Errors of the command line itself."""

from __future__ import annotations

from gateway.errors import Code

INPUT_UNREADABLE = Code("CLI-001", "input cannot be read", "check the path, or use - for standard input")
OUTPUT_UNWRITABLE = Code("CLI-002", "output cannot be written", "check the path and its permissions")
WOULD_OVERWRITE = Code("CLI-003", "file exists already", "choose another name, or overwrite it with --force")
UNKNOWN_NAME = Code("CLI-004", "no such name", "see 'gateway formats', or 'gateway explain --list' for codes")
OPTION = Code("CLI-005", "format option is not accepted", "write it as key=value; see 'gateway formats NAME'")
BINARY_TO_TERMINAL = Code(
    "CLI-006", "binary output would go to the terminal", "name a file with --output, use a pipe, or --json"
)
NODE_UNREACHABLE = Code(
    "CLI-007", "node does not answer", "start it with 'gateway run', or name its address with --url"
)
NODE_ANSWER = Code("CLI-008", "node answers in a way that is not understood", "use the same version here and there")
NOT_FOUND = Code("CLI-009", "nothing is stored under this name", "list what there is")
DEMO_INPUT = Code("CLI-010", "recording cannot be replayed", "name both: gateway demo --input FILE --format FORMAT")
UNKNOWN_FORMAT = Code("CLI-011", "format of the input is not known", "name it with --format; see 'gateway formats'")
NOT_RELEASED = Code("CLI-012", "nothing would be released", "see the rules and label decisions above")
NOT_THE_LEDGERS = Code(
    "CLI-013",
    "octets in the database are not those of the ledger",
    "verify the ledger with 'gateway ledger verify'; restore the database from before it was changed",
)
BUG = Code(
    "CLI-070", "the gateway has a bug", "report it with the traceback above and the output of 'gateway version --json'"
)

CODES = (
    INPUT_UNREADABLE,
    OUTPUT_UNWRITABLE,
    WOULD_OVERWRITE,
    UNKNOWN_NAME,
    OPTION,
    BINARY_TO_TERMINAL,
    NODE_UNREACHABLE,
    NODE_ANSWER,
    NOT_FOUND,
    DEMO_INPUT,
    UNKNOWN_FORMAT,
    NOT_RELEASED,
    NOT_THE_LEDGERS,
    BUG,
)
