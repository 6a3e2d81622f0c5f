"""Times as text: every instant of the years 1 to 9999 in UTC, and `ValueError` for whatever is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.clock import later, parse_utc, utc_text
from gateway.config import InvalidConfigError
from gateway.config.policy_load import load_policy_text
from tests.config.policies import FULL

BEYOND = ["0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2026-11-22T08:12:00Z"])
def test_a_time_reads_as_it_was_written(text: str) -> None:
    assert utc_text(parse_utc(text)) == text


def test_a_time_of_another_zone_is_told_in_utc() -> None:
    assert parse_utc("2026-11-22T00:30:00+14:00") == datetime(2026, 11, 21, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", [*BEYOND, "2026-11-22T08:12:00", "2026-02-30T00:00:00Z", "2026-11-22T08:12:60Z", ""])
def test_what_is_no_instant_in_utc_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_utc(text)


@pytest.mark.parametrize("text", BEYOND)
def test_a_policy_of_no_year_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InvalidConfigError) as caught:
        load_policy_text(FULL.replace("2026-11-01T00:00:00Z", text), file=Path("policy.toml"), node="nld-1")
    assert [(one.code.id, one.place) for one in caught.value.problems] == [("CFG-006", "policy.toml:3:10")]


def test_there_is_no_time_after_the_year_9999() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert later(last - timedelta(seconds=2), 1.5) == last - timedelta(seconds=0.5)
    assert later(last, 86_400) == last
