"""``gateway policy``: who may see what, and why. Explained, tested, compared, before anything is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, Json, load_config
from gateway.cli.policy_files import At, PolicyFile, find_policy, read_policy, time_of

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.cli.policy_files import Found
    from gateway.cli.policy_tracks import TrackFile

app = typer.Typer(help="Who may see what, and why.", no_args_is_help=True, rich_markup_mode=None)

_Format = Annotated[str, typer.Option("--format", "-f", help="Format of the file; without it the one that reads it.")]
_Source = Annotated[str, typer.Option("--source", "-s", help="National source that the tracks came from.")]
_Origin = Annotated[
    str, typer.Option("--origin", metavar="NODE", help="Partner whose tracks these are, to be released onward.")
]
_Option = Annotated[list[str], typer.Option("--option", metavar="KEY=VALUE", help="Option of the decoder.")]
_BaseTime = Annotated[
    str, typer.Option("--base-time", metavar="TIME", help="When the recording began, where it does not say.")
]


@app.callback()
def policy() -> None:
    """Who may see what, and why: labels, release rules and clearances, before anything is sent.

    \b
    Examples:
      gateway policy show
      gateway policy explain radar.pcap --format asterix --source radar-north --to eu-1
      gateway policy test cases.toml
      gateway policy lint --strict
      gateway policy diff policy.toml policy.new.toml --on radar.pcap --format asterix --source radar-north
      gateway policy reload
    """


@app.command()
def explain(
    file: Annotated[str, typer.Argument(metavar="TRACK-FILE", help="Recording or message; - is standard input.")],
    to: Annotated[list[str], typer.Option("--to", metavar="PARTNER", help="To whom; without it to everybody.")] = [],  # noqa: B006 (typer copies it)
    policy_file: PolicyFile = None,
    form: _Format = "",
    source: _Source = "",
    origin: _Origin = "",
    at: At = "",
    option: _Option = [],  # noqa: B006 (as above)
    base_time: _BaseTime = "",
    require_release: Annotated[
        bool, typer.Option("--require-release", help="End with exit code 5 when a partner would get none of them.")
    ] = False,
    from_: Annotated[
        str, typer.Option("--from", metavar="PARTNER", help="The file is a message of this partner: is it let in?")
    ] = "",
    require_acceptance: Annotated[
        bool, typer.Option("--require-acceptance", help="With --from: exit code 5 when it would be refused.")
    ] = False,
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Explain for each track of a file why a partner would see it, or not, and as what.

    With --from it is the other way round: why a partner's message would be let in, or not, and what of it goes on.

    \b
    Examples:
      gateway policy explain radar.pcap --format asterix --source radar-north --to eu-1
      gateway policy explain message.xml --origin deu-1 --to fra-1
      gateway policy explain drone.json --format geojson --to eu-1 --policy policy.new.toml --at 2026-03-01T09:30:00Z
      gateway policy explain message.xml --from eu-1

    The label and the marking that gave it, each rule that was tried, the one that decided, what the partner's
    clearances say, and what is taken out. Each track is decided at its own time unless --at says when. With --json
    every line is one track for one partner. Exit code 1: a record could not be read.
    """
    found = find_policy(policy_file, config)
    if from_:
        from gateway.cli.policy_inbound import explain_message_file
        from gateway.cli.translate import recording_of

        _only_outward(form=form, source=source, origin=origin, option=option, base_time=base_time)
        explain_message_file(
            found,
            recording_of(file),
            partner=from_,
            to=_partners(found, to),
            at=at,
            require_acceptance=require_acceptance,
            require_release=require_release,
            json=json,
        )
        return
    if require_acceptance:
        raise typer.BadParameter("is about a partner's message: add --from", param_hint="--require-acceptance")
    origin = "" if origin == found.loaded.policy.node else origin
    tracks = _tracks(found, file, form=form, source=source, origin=origin, option=option, base_time=base_time)
    without = _explain(found, tracks, _partners(found, to), source=source, origin=origin, when=time_of(at), json=json)
    _end(tracks, without if require_release else [], json=json)


def _explain(
    found: Found, tracks: TrackFile, partners: list[str], *, source: str, origin: str, when: datetime | None, json: bool
) -> list[str]:
    """Each track for each of the partners, as of `when` or of its own time; those who would get none of them."""
    from gateway.cli.output import data, json_line
    from gateway.cli.policy_explain import document, explanations, lines

    rules = found.loaded.policy
    getting: set[str] = set()
    for sighting in tracks.tracks():
        told = explanations(
            rules,
            sighting.track,
            source=None if origin else source or None,
            origin=origin or rules.node,
            partners=partners,
            now=when or _own_time(sighting),
        )
        getting.update(one.partner for one in told if one.released)
        if json:
            for one in told:
                json_line(document(rules, one, place=sighting.place))
        else:
            for line in lines(rules, told):
                data(line)
    return sorted(set(partners) - getting)


def _only_outward(**given: str | list[str]) -> None:
    """A usage error for an option that says nothing of a partner's message."""
    for name, value in given.items():
        if value:
            hint = {"form": "--format", "base_time": "--base-time"}.get(name, f"--{name}")
            raise typer.BadParameter("is about what leaves; with --from the file is a message", param_hint=hint)


def _own_time(sighting: object) -> datetime:
    from gateway.cli.policy_tracks import Sighting

    assert isinstance(sighting, Sighting)
    state = sighting.track.state
    return sighting.received_at if state is None else state.time


def _partners(found: Found, named: list[str]) -> list[str]:
    """The partners that are named, or all; a usage error for one that the policy does not have."""
    from gateway.cli.codes import UNKNOWN_NAME
    from gateway.cli.exits import CommandError, Exit
    from gateway.config.problems import did_you_mean

    known = found.loaded.policy.partners
    for name in named:
        if name not in known:
            cause = f"{found.loaded.path} has no partner {name[:63]}; there are {', '.join(sorted(known)) or 'none'}"
            raise CommandError(UNKNOWN_NAME, Exit.USAGE, place="--to", cause=cause, remedy=did_you_mean(name, known))
    return named or sorted(known)


def _tracks(
    found: Found, file: str, *, form: str, source: str, origin: str, option: list[str], base_time: str
) -> TrackFile:
    from gateway.cli.policy_tracks import TrackFile, decoder_options, find_or_guess
    from gateway.cli.translate import begin, recording_of

    read = recording_of(file)
    dialect = find_or_guess(form, read, found.config, source)
    return TrackFile(
        read,
        form=dialect,
        options=decoder_options(dialect, found.config, source, option),
        source=source or "input",
        node="" if origin else found.loaded.policy.node,
        base_time=begin(base_time, read),
    )


def _end(tracks: TrackFile, without: list[str], *, json: bool) -> None:
    """What could not be read, and the exit code."""
    from gateway.cli.codes import NOT_RELEASED
    from gateway.cli.exits import CommandError, Exit
    from gateway.cli.output import report

    for problem in tracks.problems[:20]:
        report(problem, json=json)
    if without:
        raise CommandError(NOT_RELEASED, Exit.POLICY, cause=f"{', '.join(without)} would get no track of the file")
    if tracks.problems:
        raise typer.Exit(Exit.FINDING)


@app.command("test")
def run_cases(
    cases: Annotated[Path, typer.Argument(metavar="CASES", help="TOML file of cases; see docs/policy-cases.md.")],
    policy_file: PolicyFile = None,
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Run cases against a policy: which track is released to whom, by which rule, under which label, without what.

    \b
    Examples:
      gateway policy test cases.toml
      gateway policy test cases.toml --policy policy.new.toml --json

    Without --policy the cases' own, else the configuration's. Exit code 1: a case is not as expected.
    """
    from gateway.cli.exits import Exit
    from gateway.cli.policy_cases import load_cases
    from gateway.cli.policy_runner import Runner, show

    loaded = load_cases(cases)
    found = find_policy(policy_file or loaded.file.policy, config)
    results = list(Runner(found.loaded, loaded, found.config).results())
    show(results, json=json)
    if any(one.failures for one in results):
        raise typer.Exit(Exit.FINDING)


@app.command()
def lint(
    policy_file: PolicyFile = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Warnings end with exit code 1 too, not only errors.")
    ] = False,
    ignore: Annotated[
        list[str], typer.Option("--ignore", metavar="CODE", help="Leave findings of this code out, such as POL-116.")
    ] = [],  # noqa: B006 (typer copies it)
    sign_off_days: Annotated[
        int, typer.Option("--sign-off-days", min=1, max=36_500, help="Oldest sign-off of an equivalence, in days.")
    ] = 365,
    at: At = "",
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Say what looks wrong in a policy that is valid: rules that do nothing, partners that see nothing or too much.

    \b
    Examples:
      gateway policy lint
      gateway policy lint --policy policy.new.toml --strict --ignore POL-116

    An error is dead for certain, a warning may show more or less than was meant, a note is worth knowing. Exit code
    1: there is an error, or with --strict a warning.
    """
    from gateway.cli.exits import Exit
    from gateway.cli.policy_lint import facts_of, is_failure, left, show
    from gateway.clock import SystemClock
    from gateway.policy.lint import lint as lint_policy

    found = find_policy(policy_file, config)
    now = time_of(at) or SystemClock().now()
    findings = left(lint_policy(found.loaded.policy, facts_of(found, sign_off_days), now), ignore)
    show(found, findings, json=json)
    if is_failure(findings, strict=strict):
        raise typer.Exit(Exit.FINDING)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="Policy before.")],
    new: Annotated[Path, typer.Argument(help="Policy after.")],
    on: Annotated[str, typer.Option("--on", metavar="RECORDING", help="What there was to be shown; - is a pipe.")],
    form: _Format = "",
    source: _Source = "",
    origin: _Origin = "",
    at: At = "",
    option: _Option = [],  # noqa: B006 (typer copies it)
    base_time: _BaseTime = "",
    config: ConfigFile = DEFAULT_CONFIG,
    json: Json = False,
) -> None:
    """Compare two policies on a recording: which tracks would now go to whom that did not before.

    \b
    Examples:
      gateway policy diff policy.toml policy.new.toml --on radar.pcap --format asterix --source radar-north
      gateway policy diff old.toml new.toml --on events.xml --format cot --json
      gateway policy diff old.toml new.toml --on message.xml --origin deu-1

    Every snapshot is decided by both at its own time, by the functions that a node decides by. Exit code 1: something
    reaches a partner that did not before, whole or in part.
    """
    from gateway.cli.exits import Exit
    from gateway.cli.output import report
    from gateway.cli.policy_diff import compare, show
    from gateway.cli.policy_files import Found

    known = load_config(config).config if config.exists() else None
    before, after = read_policy(old, known), read_policy(new, known)
    found = Found(loaded=after, config=known)
    origin = "" if origin == after.policy.node else origin
    tracks = _tracks(found, on, form=form, source=source, origin=origin, option=option, base_time=base_time)
    whence = None if origin else source or None
    compared = compare(before.policy, after.policy, tracks, source=whence, at=time_of(at), origin=origin)
    for problem in tracks.problems[:20]:
        report(problem, json=json)
    show(compared, before.policy, after.policy, json=json)
    if compared.shows_more:
        raise typer.Exit(Exit.FINDING)


@app.command()
def show(policy_file: PolicyFile = None, config: ConfigFile = DEFAULT_CONFIG, json: Json = False) -> None:
    """Show the policy: its digest and files, labels, clearances, groups, and the rules in their order.

    \b
    Examples:
      gateway policy show
      gateway policy show --policy policy.new.toml --json
    """
    from gateway.cli.policy_show import show as show_policy

    show_policy(find_policy(policy_file, config), json=json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the policy file.

    \b
    Examples:
      gateway policy schema > policy.schema.json
    """
    import msgspec

    from gateway.cli.output import data
    from gateway.config.policy_document import policy_schema

    data(msgspec.json.format(msgspec.json.encode(policy_schema()), indent=2).decode())


@app.command()
def binding(
    file: Annotated[str, typer.Argument(metavar="MESSAGE-FILE", help="Alliance message; - is standard input.")],
    form: Annotated[
        str, typer.Option("--form", help="detached, encapsulating, or embedded.", show_default=True)
    ] = "detached",
    uri: Annotated[str, typer.Option("--uri", help="Where the message is to be had, for the detached form.")] = "",
    output: Annotated[str, typer.Option("--output", "-o", help="File for it; - is standard output.")] = "-",
) -> None:
    """Write the label of an alliance message as ADatP-4778 binding information, for systems that want it so.

    \b
    Examples:
      gateway policy binding message.xml --uri https://nld-1.example/messages/4711
      gateway policy binding message.xml --form encapsulating -o bound.xml

    Tracks with labels of their own stand in the detached and embedded forms by themselves. No signature is verified.
    """
    from gateway.cli.policy_binding import bind
    from gateway.cli.translate import output_to, recording_of

    octets = bind(recording_of(file), form=form, uri=uri)
    with output_to(output, quiet=False, binary=False) as stream:
        assert stream is not None
        stream.write(octets + b"\n" * (output in ("", "-")))


@app.command()
def reload(
    config: ConfigFile = DEFAULT_CONFIG,
    url: Annotated[str, typer.Option(help="Address of the node; without it the configuration's.")] = "",
    json: Json = False,
) -> None:
    """Tell the running node to read its policy again. With any error in it the one before stays in force.

    \b
    Examples:
      gateway policy reload
      gateway policy reload --config /etc/gateway/gateway.toml --json

    Asks the node's national interface with the node's own certificate. Exit code 3: the new policy is wrong, and
    everything that is wrong with it is told. 4: the node does not answer.
    """
    from gateway.cli.policy_reload import reload as reload_policy

    reload_policy(load_config(config).config, url, json=json)
