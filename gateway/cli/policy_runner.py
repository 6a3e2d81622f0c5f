"""``gateway policy test``: cases run through the very functions that a running node decides by."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import Enum
from math import isclose

from msgspec import Struct

from gateway import xml
from gateway.cli.output import data, json_line, paint, printable, say
from gateway.cli.policy_case_track import track_of
from gateway.cli.policy_cases import OUTBOUND, Case, Expected, LoadedCases, Value
from gateway.cli.policy_explain import explanations, lines
from gateway.cli.policy_sight import NOBODY, Sight, sights
from gateway.cli.policy_tracks import TrackFile, decoder_options, find_or_guess
from gateway.cli.policy_words import marking_of, what_is
from gateway.config import Config, InvalidConfigError
from gateway.config.locate import KeyPath
from gateway.config.policy_load import LoadedPolicy
from gateway.config.problems import Problem, unknown_name
from gateway.errors import GatewayError, PolicyError
from gateway.policy.acceptance import accept
from gateway.policy.marking import mark
from gateway.policy.memory import Memory
from gateway.policy.parts import has_part
from gateway.stages import Exercise, Header, Inbound, Message, Opened, Simulation, Verified
from gateway.track import Track

_NOTHING = (None, (), "")
_ID = "00000000-0000-4000-8000-000000000000"
_NONCE = "0" * 32
_RULE = re.compile(r"rule (\S+?):? ")


class Result(Struct, frozen=True, kw_only=True):
    """What became of one case."""

    case: Case
    place: str
    failures: tuple[str, ...]
    """What is not as expected; empty when everything is."""
    story: tuple[str, ...] = ()
    """For a failure, what decided."""


class Runner:
    """Runs the cases of a file against one policy."""

    def __init__(self, loaded: LoadedPolicy, cases: LoadedCases, config: Config | None) -> None:
        """Raises `InvalidConfigError` for cases that name what the policy does not have."""
        self._loaded = loaded
        self._policy = loaded.policy
        self._cases = cases
        self._config = config
        problems = list(self._unknown_names())
        if problems:
            raise InvalidConfigError([cases.error(problem) for problem in problems])

    def _unknown_names(self) -> Iterator[Problem]:
        file, partners = self._loaded.file, self._policy.partners
        for index, case in enumerate(self._cases.file.case):
            named: list[tuple[KeyPath, str | None]] = [(("to", at), partner) for at, partner in enumerate(case.to)]
            named += [(("sender",), case.sender), (("origin",), case.origin)]
            for path, partner in named:
                if partner is not None and partner not in partners:
                    kind = "partner [partner.NAME] of the policy"
                    yield unknown_name(("case", index, *path), kind, partner, partners)
            label = case.track.label if case.track is not None else None
            if isinstance(label, str) and label not in file.label:
                path = ("case", index, "track", "label")
                yield unknown_name(path, "label [label.NAME] of the policy", label, file.label)

    def results(self) -> Iterator[Result]:
        """Each case in its order."""
        for index, case in enumerate(self._cases.file.case):
            place = self._cases.place(index)
            try:
                failures, story = self._run(case)
            except GatewayError as error:  # a file that cannot be read is this case's failure, and no other's
                failures, story = [f"{error.code.id} {error.code.title}: {error.place} {error.cause}".rstrip()], []
            except OverflowError:
                failures, story = ["at and age_s lead out of the years 1 to 9999"], []
            yield Result(case=case, place=place, failures=tuple(failures), story=tuple(story))

    def _run(self, case: Case) -> tuple[list[str], list[str]]:
        failures: list[str] = []
        story: list[str] = []
        count = 0
        for track, now in self._tracks(case):
            count += 1
            found, told = (self._outbound if case.expect in OUTBOUND else self._inbound)(case, track, now)
            if found and case.file is not None:
                found = [f"{what_is(track)}: {one}" for one in found]
            if not story:
                story = told
            failures += found
        if not count:
            failures.append("the file has no such track" if case.index is not None else "the file has no track")
        return failures, story

    def _tracks(self, case: Case) -> Iterator[tuple[Track, datetime]]:
        issued = self._loaded.file.policy.issued
        if case.track is not None:
            now = case.at or issued
            yield track_of(case.track, self._loaded, node=case.origin or self._policy.node, now=now), now
            return
        assert case.file is not None, "one of the two is there"
        source = case.source or ""
        form = find_or_guess(case.format or "", case.file, self._config, source)
        file = TrackFile(
            case.file,
            form=form,
            options=decoder_options(form, self._config, source, ()),
            source=source,
            node=case.origin or self._policy.node,
            base_time=case.at or issued,
        )
        for index, sighting in enumerate(file.tracks()):
            if case.index is None or index == case.index:
                state = sighting.track.state
                yield sighting.track, case.at or (sighting.received_at if state is None else state.time)

    # ---------------------------------------------------------------------------------------------------- outbound

    def _outbound(self, case: Case, track: Track, now: datetime) -> tuple[list[str], list[str]]:
        policy = self._policy
        origin = case.origin or policy.node
        source = (case.track.source if case.track is not None else case.source) if case.origin is None else None
        found = sights(policy, track, source=source, origin=origin, now=now, memory=Memory())
        failures: list[str] = []
        wrong: list[str] = []
        before = mark(policy, (track,), source=source, now=now)[0] if case.origin is None else track
        for partner in case.to:
            seen = found.get(partner, NOBODY)
            differing = list(_differing(case, seen, before))
            failures += [f"{partner}: {one}" for one in differing]
            wrong += [partner] if differing else []
        told = explanations(policy, track, source=source, origin=origin, partners=wrong or case.to[:1], now=now)
        if case.mark is not None:
            marked = told[0].marked
            rule = marked.rule if marked is not None else ""
            if not _is_rule(case.mark, rule, "mark"):
                failures.append(f"marked by {rule or 'no rule'}, expected {case.mark}")
        if case.marking is not None:
            failures += self._marking(case, found)
        return failures, list(lines(policy, told)) if failures else []

    def _marking(self, case: Case, found: dict[str, Sight]) -> Iterator[str]:
        for partner in case.to:
            label = found.get(partner, NOBODY).label
            text = marking_of(self._policy, label) if label is not None else "no label"
            if text != case.marking:
                yield f"{partner}: arrives under {text!r}, expected {case.marking!r}"

    # ----------------------------------------------------------------------------------------------------- inbound

    def _inbound(self, case: Case, track: Track, now: datetime) -> tuple[list[str], list[str]]:
        """As a message of the partner with this one track, once its signature has been verified."""
        assert case.sender is not None, "checked when the file was read"
        if track.label is None:
            return ["the track has no label, and a partner's message always has one: give track.label"], []
        try:
            accepted = accept(self._policy, _opened(track, case.sender, self._policy.node, now), now)
        except PolicyError as error:
            became, rule, why = Expected.REFUSE, _rule_of(error), error.cause
        else:
            left_out = dict(accepted.left_out)
            became = Expected.DROP if left_out else Expected.ACCEPT
            rule = next(iter(left_out.values()), accepted.rule)
            why = ""
        failures = []
        if became is not case.expect:
            failures.append(f"{became.value} by {rule}, expected {case.expect.value}")
        if case.rule is not None and not _is_rule(case.rule, rule, "accept"):
            failures.append(f"decided by {rule}, expected {case.rule}")
        return failures, [printable(why)] if failures and why else []


def _opened(track: Track, sender: str, node: str, now: datetime) -> Opened:
    """What a verified message with this track would be. The signature is not what a policy decides on."""
    assert track.label is not None
    header = Header(
        message_id=_ID,
        created_at=now,
        sender=sender,
        recipients=(node,),
        nonce=_NONCE,
        exercise=Exercise.OPERATIONAL,
        simulation=Simulation.REAL,
        label=track.label,
    )
    verified = Verified(
        inbound=Inbound(octets=b"", partner=sender, received_at=now),
        signed=b"",
        document=xml.parse(b"<case/>", max_octets=16),
        signer=sender,
        key="",
    )
    return Opened(verified=verified, message=Message(header=header, tracks=(track,)))


def _rule_of(error: PolicyError) -> str:
    """The rule that a refusal names in its cause."""
    named = _RULE.match(error.cause)
    return named[1] if named is not None else error.code.id


def _is_rule(expected: str, rule: str, kind: str) -> bool:
    return rule in (expected, f"{kind}.{expected}")


def _differing(case: Case, seen: Sight, before: Track) -> Iterator[str]:
    """What is not as the case expects it for one partner."""
    became = Expected.WITHHOLD if seen.shown is None else Expected.RELEASE if seen.until is None else Expected.HOLD
    if became is not case.expect:
        yield f"{became.value} by {seen.rule}, expected {case.expect.value}"
    if case.rule is not None and not _is_rule(case.rule, seen.rule, "release"):
        yield f"decided by {seen.rule}, expected {case.rule}"
    shown = seen.shown
    if shown is None:
        return
    for field in case.withheld:
        if not has_part(before, field):
            yield f"{field} cannot be withheld: the track has none"
        elif has_part(shown, field):
            yield f"{field} is shown, expected to be withheld"
    for path in case.absent:
        if any(value not in _NOTHING for value in _values(shown, path)):
            yield f"{path} is there, expected to be absent"
    for path, value in case.shown.items():
        values = list(_values(shown, path))
        if not any(_is_same(one, value) for one in values):
            told = ", ".join(_text(one) for one in values[:5]) or "nothing"
            yield f"{path} is {told}, expected {value!r}"


def _values(track: Track, path: str) -> Iterator[object]:
    """What a dotted path leads to; of a list every element."""
    here: list[object] = [track]
    for name in path.split("."):
        flat = [each for one in here for each in (one if isinstance(one, tuple) else (one,))]
        here = [getattr(each, name) for each in flat if each is not None]
    yield from here


def _is_same(found: object, expected: Value) -> bool:
    value = found.value if isinstance(found, Enum) else found
    if isinstance(value, float) and isinstance(expected, int | float) and not isinstance(expected, bool):
        return isclose(value, expected, rel_tol=1e-9, abs_tol=1e-9)
    return type(value) is type(expected) and value == expected


def _text(value: object) -> str:
    return printable(str(value.value if isinstance(value, Enum) else value)[:60])


# -------------------------------------------------------------------------------------------------------------- showing


def show(results: Sequence[Result], *, json: bool) -> None:
    """Each case with what is wrong with it, and how many there are of each."""
    failed = sum(bool(one.failures) for one in results)
    for one in results:
        if json:
            case = {"name": one.case.name, "place": one.place, "passed": not one.failures}
            json_line(case | {"failures": list(one.failures), "explanation": list(one.story)})
            continue
        _show_case(one)
    told = f"{len(results)} cases: {len(results) - failed} as expected" + (f", {failed} not" if failed else "")
    say(told)


def _show_case(one: Result) -> None:
    mark_ = paint("FAILED", "red", sys.stdout) if one.failures else paint("ok", "green", sys.stdout)
    data(f"{mark_}  {printable(one.case.name)}")
    if one.failures:
        data(f"  {'place':<10} {one.place}")
    for failure in one.failures:
        data(f"  {'cause':<10} {printable(failure)}")
    for line in one.story:
        data(f"    {line}")
