"""``gateway run``: one node until it is told to stop."""

from __future__ import annotations

from gateway.cli.options import DEFAULT_CONFIG, ConfigFile, load_config
from gateway.cli.output import say


def run(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Run the node until SIGTERM or Ctrl-C, then stop it cleanly.

    \b
    Examples:
      gateway run
      gateway run --config /etc/gateway/gateway.toml

    Everything that `gateway check` calls an error is refused before a socket is opened. The log goes to stderr. A
    node that was told to stop and did ends with exit code 0.
    """
    from gateway.clock import SystemClock
    from gateway.config.files import check_files
    from gateway.config.problems import InvalidConfigError
    from gateway.formats.registry import formats
    from gateway.node.run import run as run_node

    loaded = load_config(config)
    found = check_files(loaded, SystemClock().now(), formats())
    if found.errors:
        raise InvalidConfigError(found.errors)
    scheme = "http" if loaded.config.http.plain else "https"
    say(f"starting node {loaded.config.node.name}: national side at {scheme}://{loaded.config.http.listen}")
    say(f"next, in another terminal: gateway status --config {config}")
    run_node(loaded.config)
