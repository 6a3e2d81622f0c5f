"""The places of keys and values, held against `tomllib` on generated documents."""

from __future__ import annotations

import datetime as dt
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.locate import KeyPath, Spot, locate

# ----------------------------------------------------------------------------------------------- generated documents

BARE = st.text("abcxyzABC019_-", min_size=1, max_size=6)
ANY_KEY = st.one_of(BARE, st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=6))
LITERAL_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="'"), max_size=8
)
ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)


def basic(text: str) -> str:
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return '"' + "".join(escapes.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'


@st.composite
def key(draw: st.DrawFn) -> str:
    text = draw(ANY_KEY)
    spellings = [basic(text)]
    if text and all(c in "abcxyzABC019_-" for c in text):
        spellings.append(text)
    if "'" not in text:
        spellings.append(f"'{text}'")
    return draw(st.sampled_from(spellings))


SPACE = st.sampled_from(["", " ", "\t", "  "])
COMMENT = st.sampled_from(["", "", " # note", ' # "quoted" [x] = {y}', "# '''"])
LONG = st.sampled_from(
    [
        '"""one\n[table]\nkey = "value" # no comment\n"""',
        "'''\na = 1\n[b]'''",
        '"""ends with a quote\\""""',
        '"""two inner ""quotes"" and two at the end"""""',
        "''''quoted'''''",
        '"""\\\n   trimmed \\u00e9"""',
        '""""""',
    ]
)
SCALAR = st.one_of(
    st.sampled_from(["1", "-0.5", "1e6", "inf", "true", "false", "0xff", "1_000", "1979-05-27", "07:32:00"]),
    st.sampled_from(["1979-05-27 07:32:00", "1979-05-27T07:32:00Z", "2020-01-01T00:00:00.5+01:00"]),
    ANY_TEXT.map(basic),
    LITERAL_TEXT.map(lambda text: f"'{text}'"),
    LONG,
)
GAP = st.sampled_from(["", " ", "\n", "\n  # inside, with ] and }\n", " \t"])


@st.composite
def array(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    parts = [draw(GAP) + item + draw(GAP) for item in draw(st.lists(inner, max_size=3))]
    tail = draw(st.sampled_from(["", ","])) if parts else ""
    return "[" + ",".join(parts) + tail + draw(GAP) + "]"


@st.composite
def inline_table(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    parts = []
    for item in draw(st.lists(inner, max_size=3)):
        name = draw(SPACE) + draw(SPACE).join([".".join(draw(st.lists(key(), min_size=1, max_size=2))), "="])
        parts.append(name + draw(SPACE) + item + draw(SPACE))
    return "{" + ",".join(parts) + "}"


VALUE = st.recursive(SCALAR, lambda inner: st.one_of(array(inner), inline_table(inner)), max_leaves=6)


@st.composite
def line(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["pair", "pair", "pair", "table", "array table", "blank"]))
    dot = draw(SPACE) + "." + draw(SPACE)
    name = draw(SPACE) + dot.join(draw(st.lists(key(), min_size=1, max_size=3)))
    if kind == "pair":
        return f"{name}{draw(SPACE)}={draw(SPACE)}{draw(VALUE)}{draw(COMMENT)}"
    if kind == "table":
        return f"{draw(SPACE)}[{name}{draw(SPACE)}]{draw(COMMENT)}"
    if kind == "array table":
        return f"[[{name}{draw(SPACE)}]]{draw(COMMENT)}"
    return draw(SPACE) + draw(COMMENT)


@st.composite
def document(draw: st.DrawFn) -> str:
    """A valid document: lines are kept as long as `tomllib` accepts the whole."""
    text = ""
    for candidate in draw(st.lists(line(), max_size=10)):
        longer = text + candidate + "\n"
        try:
            tomllib.loads(longer)
        except tomllib.TOMLDecodeError:
            continue
        text = longer
    return text


def paths(value: Any, path: KeyPath = ()) -> dict[KeyPath, Any]:
    found = {path: value} if path else {}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in items:
        found |= paths(inner, (*path, part))
    return found


def rest(text: str, spot: Spot) -> str:
    lines = text.split("\n")
    return "\n".join([lines[spot.line - 1][spot.column - 1 :], *lines[spot.line :]])


def reads_as_key(text: str, name: str) -> bool:
    """Whether a key that is spelled `name` in some way begins exactly here."""
    for end in range(1, min(len(text), 200) + 1):
        try:
            if list(tomllib.loads(f"{text[:end]} = 1")) == [name]:
                following = text[end : end + 1]
                return not (text[0] not in "\"'" and following in set("abcxyzABC019_-"))
        except tomllib.TOMLDecodeError:
            continue
    return False


@settings(max_examples=300, deadline=None)
@given(document())
def test_knows_every_key_path_of_a_document_and_no_other(text: str) -> None:
    assert set(locate(text).keys) == set(paths(tomllib.loads(text)))


@settings(max_examples=200, deadline=None)
@given(document())
def test_points_at_the_key_itself(text: str) -> None:
    for path, spot in locate(text).keys.items():
        if isinstance(path[-1], str):
            assert reads_as_key(rest(text, spot), path[-1]), (path, spot)


@settings(max_examples=200, deadline=None)
@given(document())
def test_points_at_the_value_itself(text: str) -> None:
    values = paths(tomllib.loads(text))
    for path, spot in locate(text).values.items():
        behind = rest(text, spot)
        value = values[path]
        assert any(parses_to(behind[:end], value) for end in range(1, len(behind) + 1)), (path, spot, value)


def parses_to(text: str, value: Any) -> bool:
    try:
        read = tomllib.loads(f"k = {text}")["k"]
    except tomllib.TOMLDecodeError:
        return False
    return type(read) is type(value) and (read == value or read != read)


@given(document())
def test_windows_line_ends_change_no_place(text: str) -> None:
    unix = locate(text)
    windows = locate(text.replace("\n", "\r\n"))
    assert windows.keys == unix.keys


# ------------------------------------------------------------------------------------------------------ by hand

SAMPLE = """\
# comment
[node]
name = "nld-1"   # with a note
"quoted key" = 'it''s'

[link.deu-1]
tls_pins = [
  "sha256:aa",   # first
  "sha256:bb",
]
limits = { rate = 5, burst.size = 9 }

[[policy.accept]]
policy = "NATO"
[[policy.accept]]
policy = \"\"\"EU
second line\"\"\"
after = 1
""".replace("'it''s'", "'its'")


@pytest.mark.parametrize(
    ("path", "key_at", "value_at"),
    [
        (("node",), (2, 2), (2, 2)),
        (("node", "name"), (3, 1), (3, 8)),
        (("node", "quoted key"), (4, 1), (4, 16)),
        (("link",), (6, 2), (6, 2)),
        (("link", "deu-1"), (6, 7), (6, 7)),
        (("link", "deu-1", "tls_pins"), (7, 1), (7, 12)),
        (("link", "deu-1", "tls_pins", 1), (9, 3), (9, 3)),
        (("link", "deu-1", "limits", "rate"), (11, 12), (11, 19)),
        (("link", "deu-1", "limits", "burst"), (11, 22), (11, 22)),
        (("link", "deu-1", "limits", "burst", "size"), (11, 28), (11, 35)),
        (("policy", "accept", 0, "policy"), (14, 1), (14, 10)),
        (("policy", "accept", 1), (15, 10), (15, 10)),
        (("policy", "accept", 1, "after"), (18, 1), (18, 9)),
    ],
)
def test_counts_lines_and_columns_from_one(path: KeyPath, key_at: tuple[int, int], value_at: tuple[int, int]) -> None:
    places = locate(SAMPLE)
    assert places.key(path) == key_at
    assert places.value(path) == value_at


def test_an_unknown_path_stands_where_its_nearest_parent_does() -> None:
    places = locate(SAMPLE)
    assert places.key(("link", "deu-1", "url")) == (6, 7)
    assert places.key(("nowhere",)) is None


def test_the_sample_is_what_it_seems() -> None:
    assert isinstance(tomllib.loads("d = 1979-05-27")["d"], dt.date)
    assert tomllib.loads(SAMPLE)["policy"]["accept"][1]["after"] == 1
