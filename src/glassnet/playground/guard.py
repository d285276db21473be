"""Guards the server: checks host, origin and size of requests, and adds security headers to answers."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_PATH, MOST_HEADERS = 200, 64
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
HEADERS = {
    "content-security-policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_HOST = re.compile(r"([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(\d{1,5}))?")


class Guard:
    """Middleware that answers a request only if its Host names this server and its Origin, if any, its page.

    A foreign page can make a browser call 127.0.0.1 under a host name of its own that resolves to it (DNS rebinding);
    the Host header shows that name, and Origin the page of the script. A numeric address cannot be resolved to another
    one, so a server that is open to the network (`addresses`) accepts any numeric address as Host.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str] = (), addresses: bool = False) -> None:
        self.app = app
        self.names = frozenset([*LOOPBACK, *(name.lower() for name in names)])
        self.addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # the server has no web sockets
            return
        refusal = self.refusal(scope)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                new = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in given]
                message["headers"] = [*message["headers"], *new]
            await send(message)

        if refusal is None:
            await self.app(scope, receive, with_headers)
        else:
            status, reason = refusal
            await Response(reason + "\n", status, media_type="text/plain")(scope, receive, with_headers)

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the reason for refusing a request; None to answer it."""
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if len(scope["path"]) > MOST_PATH or len(headers) > MOST_HEADERS:
            return 431, f"request: expected at most {MOST_PATH} characters and {MOST_HEADERS} headers; got more."
        hosts = [value.decode("latin-1").lower() for name, value in headers if name == b"host"]
        if len(hosts) != 1 or not self.is_ours(hosts[0]):
            return 421, "Host: expected the address that glassnet play printed; got another; open that address."
        origins = [value.decode("latin-1").lower() for name, value in headers if name == b"origin"]
        if any(origin not in (f"http://{hosts[0]}", f"https://{hosts[0]}") for origin in origins) or len(origins) > 1:
            return 403, "Origin: expected the playground's own page; got another page; open the playground."
        return None

    def is_ours(self, host: str) -> bool:
        """Return True if a Host header, in lower case, names this server."""
        found = _HOST.fullmatch(host)
        if found is None or (found[2] and not 0 < int(found[2]) < 65536):
            return False
        return found[1] in self.names or (self.addresses and _is_address(found[1]))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


async def read_body(receive_stream: Any, most: int) -> bytes | None:
    """Read the body of a request; None if it is longer than `most` bytes."""
    parts, length = [], 0
    async for part in receive_stream:
        length += len(part)
        if length > most:
            return None
        parts.append(part)
    return b"".join(parts)
