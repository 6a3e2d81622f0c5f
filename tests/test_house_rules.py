"""Rules of the house that neither ruff nor import-linter can hold."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import gateway
from gateway.clock import SystemClock
from gateway.errors import Code
from gateway.links import events as link_events
from gateway.node.events import EVENTS
from tests.data import ROOT

SOURCES = sorted((ROOT / "gateway").rglob("*.py"))
XML_PARSERS = re.compile(r"etree\.(parse|fromstring|XML|iterparse|XMLParser|HTML)\b|ElementTree|minidom|\.itertext\(")
WALL_CLOCK = re.compile(r"datetime\.(now|utcnow|today)\(|time\.time(_ns)?\(")


def offences(pattern: re.Pattern[str], allowed: set[str]) -> list[str]:
    found = []
    for path in SOURCES:
        name = str(path.relative_to(ROOT))
        if name in allowed:
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            code = line.split("#")[0]
            if pattern.search(code) and '"""' not in code:
                found.append(f"{name}:{number}: {line.strip()}")
    return found


def test_only_one_module_parses_xml() -> None:
    assert offences(XML_PARSERS, {"gateway/xml.py"}) == []


def test_only_the_clock_reads_the_wall_clock() -> None:
    assert offences(WALL_CLOCK, {"gateway/clock.py"}) == []


def modules() -> Iterator[str]:
    for info in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if not info.name.endswith("__main__"):
            yield info.name


def all_codes() -> dict[str, set[Code]]:
    codes: dict[str, set[Code]] = {}
    for name in modules():
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, Code):
                codes.setdefault(value.id, set()).add(value)
    return codes


def test_every_error_code_is_unique_and_says_what_to_do() -> None:
    codes = all_codes()
    assert len(codes) > 50
    for identifier, meanings in codes.items():
        assert len(meanings) == 1, identifier
        (code,) = meanings
        assert re.fullmatch(r"[A-Z]{3,4}-\d{3}", identifier)
        for text in (code.title, code.remedy):
            assert text, identifier
            assert not text.endswith("."), identifier
            assert not re.match(r"[A-Z]([a-z]| )", text), f"{identifier}: begins like a sentence"


def test_every_error_code_of_a_room_is_raised_somewhere() -> None:
    texts = {path: path.read_text() for path in SOURCES}
    idle = []
    for name in modules():
        if name.endswith(".codes"):
            own = ROOT.joinpath(*name.split(".")).with_suffix(".py")
            for constant, value in vars(importlib.import_module(name)).items():
                called = re.compile(rf"codes\.{constant}\b|import [^\n]*\b{constant}\b")
                if isinstance(value, Code) and not any(called.search(texts[path]) for path in SOURCES if path != own):
                    idle.append(f"{name}.{constant}")
    assert idle == []


def logged_events(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"debug", "info", "warning", "error", "exception", "critical"}
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
            and "log" in ast.unparse(node.func.value)
        ):
            yield node.lineno, node.args[0].value
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "events"
            and node.attr.isupper()
        ):
            yield node.lineno, getattr(link_events, node.attr)


def test_every_logged_event_is_in_the_catalogue_and_every_entry_is_logged() -> None:
    rooms = [path for path in SOURCES if "cli" not in path.parts and "demo" not in path.parts]
    logged = {event for path in rooms for _, event in logged_events(path)}
    assert logged == set(EVENTS)
    for event in logged:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", event), event


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_opens_with_what_it_takes_gives_fails_and_trusts(path: Path) -> None:
    if path.name != "__init__.py" or path.parent.parent != ROOT / "gateway":
        return
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    for word in ("Takes:", "Gives:", "Fails:", "Trusts:"):
        assert word in text


def test_no_test_is_named_by_the_time_at_which_it_was_collected(request: pytest.FixtureRequest) -> None:
    """Else the workers of one run, which collect one after the other, have different tests and run none."""
    now = SystemClock().now()
    days = "|".join(f"{now + timedelta(days=late):%Y-%m-%d}" for late in (-1, 0, 1))
    of_now = re.compile(rf"({days})[T ]\d\d:\d\d:\d\d\.\d{{3}}(?!000)\d{{3}}(?!\d)|0x[0-9a-f]{{8}}")  # or an address
    assert [item.nodeid for item in request.session.items if of_now.search(item.nodeid)] == []
