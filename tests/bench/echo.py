"""The floor of the intake: a bare aiohttp server over the same mutual TLS that answers 202 to whatever it reads.

``python -m tests.bench.echo CERTIFICATES NODE PORT``; ends when its standard input does.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import uvloop
from aiohttp import web

from gateway.feeds.http import server_context


async def answer(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(status=202, body=b'{"track_ids":["00000000-0000-4000-8000-000000000000"]}')


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    certs, node, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    context = server_context(
        certificate=certs / f"{node}.tls.pem", key=certs / f"{node}.tls.key", client_ca=certs / "ca.pem"
    )
    app = web.Application()
    app.router.add_post("/v1/messages/{format}", answer)
    uvloop.install()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    web.run_app(app, host="127.0.0.1", port=port, ssl_context=context, print=None, access_log=None)


if __name__ == "__main__":
    main()
