"""Values that contradict each other, each refused at its place."""

from __future__ import annotations

import pytest

from gateway.config import load_text
from gateway.config.checks import without_effect
from gateway.config.problems import dotted
from tests.config.samples import FORMATS, FULL, MINIMAL
from tests.config.test_load import FEED, LINK, only, place_of, problems

OUT = """
[feed.out]
direction = "out"
kind = "udp"
format = "cot"
address = "127.0.0.1:9000"
"""
PRODUCTION = (
    MINIMAL.replace("[policy", 'profile = "production"\n\n[policy', 1) + '[ledger]\norigin = "gw.nld.int/audit/1"\n'
)
LISTEN = FEED.replace("udp", "tcp-listen")
CALL = OUT.replace('"udp"', '"tcp-connect"')
SECOND = FEED.split("\n", 3)[3].replace("feed.f", "feed.g")
"""Another feed of the same source at the same address."""
EXTERNAL = MINIMAL.replace("[policy", "allow_external = true\n\n[policy", 1)


def test_the_samples_have_no_contradiction() -> None:
    for text in (MINIMAL, FULL, PRODUCTION, EXTERNAL, MINIMAL + LINK + FEED + OUT):
        load_text(text, formats=FORMATS, environ={})


@pytest.mark.parametrize(
    ("text", "code", "needle", "cause"),
    [
        # 1 names refer to something
        (MINIMAL + FEED.replace('source = "s"', 'source = "t"'), "CFG-007", '"t"', "declared: s"),
        (MINIMAL + OUT.replace('"cot"', '"link16"'), "CFG-007", '"link16"', "alliance, asterix, cot, geojson"),
        # 2 the settings of a feed's kind and direction
        (MINIMAL + FEED.replace('format = "cot"', 'format = "asterix"'), "CFG-008", '"asterix"', "may speak cot"),
        (MINIMAL + FEED + 'path = "x"\n', "CFG-008", "path =", "not for a feed of kind udp"),
        (MINIMAL + FEED + 'rate = "max"\n', "CFG-008", "rate =", "not for a feed of kind udp"),
        (MINIMAL + FEED + 'origins = "own"\n', "CFG-008", "origins", "direction in"),
        (MINIMAL + OUT + 'source = "s"\n[source.s]\nformats = ["cot"]\n', "CFG-008", "source =", "direction out"),
        (MINIMAL + FEED + 'clearance = ["secret"]\n', "CFG-008", "clearance", "direction in"),
        (MINIMAL + OUT + 'group = "239.0.0.1"\n', "CFG-008", "group", "direction out"),
        (MINIMAL + OUT + 'allow = ["127.0.0.1"]\n', "CFG-008", "allow", "nobody speaks"),
        (
            MINIMAL + OUT.replace('"udp"', '"tcp-connect"') + 'interface = "127.0.0.1"\n',
            "CFG-008",
            "interface",
            "tcp-connect",
        ),
        (
            MINIMAL + OUT.replace('"udp"', '"file"').replace('address = "127.0.0.1:9000"', 'path = "x"'),
            "CFG-008",
            '"file"',
            "replayed, not written",
        ),
        (
            MINIMAL + FEED + '[source.t]\nformats = ["cot"]\noptions = { asterix = {} }\n',
            "CFG-008",
            "asterix",
            "no use",
        ),
        # 3 a key speaks for one
        (MINIMAL + LINK + LINK.replace("deu-1", "fra-1"), "CFG-008", '"sha256:', "deu-1's already"),
        (MINIMAL + LINK.replace("deu-1", "nld-1"), "CFG-008", "nld-1]", "own name"),
        (MINIMAL + LINK + "send = false\nreceive = false\n", "CFG-008", "deu-1]", "neither send nor receive"),
        (
            MINIMAL + "".join(f'[source.{n}]\nformats = ["cot"]\ncertificate_pins = ["{"a" * 64}"]\n' for n in "st"),
            "CFG-008",
            '"aaa',
            "s's already",
        ),
        # 4 ports
        (MINIMAL + LINK + '[links]\nlisten = "127.0.0.1:8080"\n', "CFG-008", '"127.0.0.1:8080"', "http.listen"),
        (
            MINIMAL + FEED + SECOND,
            "CFG-008",
            '"127.0.0.1:8600"',
            "feed.f.address",
        ),
        (
            MINIMAL + FEED.replace("udp", "tcp-listen").replace("8600", "8080"),
            "CFG-008",
            '"127.0.0.1:8080"',
            "http.listen",
        ),
        # 5 exposure
        (MINIMAL + '[http]\nlisten = "0.0.0.0:8080"\n', "CFG-009", '"0.0.0.0:8080"', "allow_external"),
        (MINIMAL + '[http]\nlisten = "gw.example:8080"\n', "CFG-009", '"gw.example:8080"', "allow_external"),
        (MINIMAL + LINK.replace("localhost", "deu.example"), "CFG-009", '"https://deu', "allow_external"),
        (MINIMAL + OUT.replace("127.0.0.1", "192.0.2.1"), "CFG-009", '"192.0.2.1:9000"', "allow_external"),
        (MINIMAL + OUT.replace("127.0.0.1", "239.0.0.1"), "CFG-009", '"239.0.0.1:9000"', "allow_external"),
        (EXTERNAL + FEED.replace("127.0.0.1", "0.0.0.0"), "CFG-009", '"0.0.0.0:8600"', "feed.f.allow"),
        (EXTERNAL + FEED + 'group = "239.0.0.1"\n', "CFG-009", '"127.0.0.1:8600"', "anybody can send to 239.0.0.1"),
        (
            EXTERNAL + FEED.replace("udp", "tcp-listen").replace("127.0.0.1", "192.0.2.1"),
            "CFG-009",
            '"192.0.2.1:8600"',
            "allow",
        ),
        (EXTERNAL + OUT.replace("127.0.0.1", "0.0.0.0"), "CFG-006", '"0.0.0.0:9000"', "nobody can be reached"),
        (EXTERNAL + '[http]\nlisten = "192.0.2.1:80"\nplain = true\n', "CFG-009", "true", "loopback"),
        # 6 production
        (PRODUCTION.replace("gw.nld.int", "nld-1.example"), "CFG-010", '"nld-1.example/audit/1"', "reserved domain"),
        (PRODUCTION + "[http]\nplain = true\n", "CFG-010", "true", "plain HTTP"),
        (PRODUCTION.replace("profile", "allow_external = true\nprofile"), "CFG-010", "allow_external", "development"),
        # 7 limits
        (
            MINIMAL + "[limits]\nbatch_max_tracks = 600\nmax_tracks_per_message = 599\n",
            "CFG-008",
            "600",
            "max_tracks_per_message = 599",
        ),
        (MINIMAL + "[limits]\nbackoff_first_s = 90\n", "CFG-008", "90", "backoff_max_s"),
        (MINIMAL + "[store]\nkeep_days = 6\n", "CFG-008", "6", "created_age_s = 604800 (7 days)"),
    ],
)
def test_refuses_a_contradiction_at_its_place(text: str, code: str, needle: str, cause: str) -> None:
    problem = only(text)
    assert problem.code.id == code
    assert cause in problem.cause
    assert problem.place == place_of(text, needle, nth=text.count(needle))


def test_production_wants_a_log_origin_of_ones_own() -> None:
    [problem] = problems(PRODUCTION.replace('[ledger]\norigin = "gw.nld.int/audit/1"\n', ""))
    assert problem.code.id == "CFG-010"
    assert "nld-1.example" in problem.cause


def test_production_may_listen_outside() -> None:
    text = PRODUCTION + '[http]\nlisten = "0.0.0.0:443"\n' + LINK.replace("localhost", "deu.example")
    assert load_text(text, environ={}).config.http.listen.is_any


def test_a_links_listener_that_is_not_opened_takes_no_port() -> None:
    text = MINIMAL + '[links]\nlisten = "127.0.0.1:8080"\n'
    load_text(text, environ={})
    load_text(text + LINK + "receive = false\n", environ={})


@pytest.mark.parametrize(
    ("first", "second", "collide"),
    [
        ("127.0.0.1:8600", "127.0.0.1:8600", True),
        ("0.0.0.0:8600", "127.0.0.1:8600", True),
        ("127.0.0.2:8600", "127.0.0.1:8600", False),
        ("127.0.0.1:8601", "127.0.0.1:8600", False),
    ],
)
def test_two_feeds_collide_where_the_system_would_refuse_the_second(first: str, second: str, collide: bool) -> None:
    one = FEED.replace("127.0.0.1:8600", first) + 'allow = ["127.0.0.1"]\n'
    other = (
        FEED.split("\n", 3)[3].replace("feed.f", "feed.g").replace("127.0.0.1:8600", second) + 'allow = ["127.0.0.1"]\n'
    )
    text = EXTERNAL + one + other
    if collide:
        assert only(text).code.id == "CFG-008"
    else:
        load_text(text, environ={})


def test_feeds_of_different_multicast_groups_share_a_port() -> None:
    one = FEED + 'group = "239.0.0.1"\nallow = ["10.0.0.0/8"]\n'
    other = SECOND + 'group = "239.0.0.1"\nallow = ["10.0.0.0/8"]\n'
    load_text(MINIMAL + one + other.replace("239.0.0.1", "239.0.0.2"), environ={})
    assert only(MINIMAL + one + other).code.id == "CFG-008"


def test_multicast_out_on_the_loopback_interface_stays_on_the_machine() -> None:
    text = MINIMAL + OUT.replace("127.0.0.1", "239.0.0.1") + 'interface = "127.0.0.1"\n'
    assert load_text(text, environ={}).config.feed["out"].interface == "127.0.0.1"


def test_names_what_has_no_effect() -> None:
    text = MINIMAL + '[source.mute]\nformats = ["cot"]\n[client.nobody]\n'
    found = list(without_effect(load_text(text, environ={}).config))
    assert [(problem.code.id, dotted(problem.path)) for problem in found] == [
        ("CFG-016", "source.mute"),
        ("CFG-016", "client.nobody"),
    ]
    assert list(without_effect(load_text(FULL, environ={}).config)) == []
