"""Guards the server: checks host, origin and size of requests, and adds security headers to answers."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from glassnet.errors import InputError, shown
from glassnet.playground.answers import Answers
from glassnet.playground.lock import Lock

MOST_PATH, MOST_HEADERS = 200, 64
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_NAME = r"[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\]"
_HOST = re.compile(rf"({_NAME})(?::(\d{{1,5}}))?")
_ORIGIN = re.compile(rf"[a-z][a-z0-9+.-]{{1,30}}://(?:{_NAME})(?::\d{{1,5}})?")
_ROOT = re.compile(r"(/[A-Za-z0-9._~@-]{1,60}){1,8}")


@dataclass(frozen=True)
class Access:
    """How others reach the server, which pages may show it in a frame, what a class may change and where its answers go.

    Raises
    ------
    InputError
        If an origin or the root path is not well formed.

    Examples
    --------
    >>> Access(embeds=("https://course.example",)).policy.split("; ")[-1]
    "frame-ancestors 'self' https://course.example"
    """

    names: tuple[str, ...] = ()  # names of this machine besides localhost
    addresses: bool = False  # True to accept any numeric address as Host
    socket: str = ""  # a Unix socket that only a proxy reaches; then the proxy decides which Host is answered
    embeds: tuple[str, ...] = ()  # origins whose pages may show this one in a frame
    root_path: str = ""  # the path under which a proxy shows the server, such as /user/ada/glassnet
    lock: Lock | None = None  # then only signed links are answered
    answers: Answers | None = None  # a file for the answers to exercises

    def __post_init__(self) -> None:
        for origin in self.embeds:
            if not _ORIGIN.fullmatch(origin):
                raise InputError(
                    f"--allow-embed: expected an origin; got {shown(origin)}; pass e.g. https://course.example."
                )
        if self.root_path and not _ROOT.fullmatch(self.root_path):
            raise InputError(
                f"--root-path: expected a path; got {shown(self.root_path)}; pass e.g. /user/ada/glassnet."
            )

    @property
    def policy(self) -> str:
        """The Content-Security-Policy of every answer."""
        return " ".join([POLICY, *self.embeds])


class Guard:
    """Middleware that answers a request only if its Host names this server and its Origin, if any, its page.

    A foreign page can make a browser call 127.0.0.1 under a host name of its own that resolves to it (DNS rebinding);
    the Host header shows that name, and Origin the page of the script. A numeric address cannot be resolved to another
    one, so a server that is open to the network (`addresses`) accepts any numeric address as Host.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.named = frozenset(name.lower() for name in access.names)
        self.access = access
        self.headers = {**HEADERS, "content-security-policy": access.policy}

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
                new = [
                    (name.encode(), value.encode())
                    for name, value in self.headers.items()
                    if name.encode() not in given
                ]
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
        if len(origins) > 1 or not all(self.is_page(origin, hosts[0]) for origin in origins):
            return 403, "Origin: expected the playground's own page; got another page; open the playground."
        return None

    def is_ours(self, host: str) -> bool:
        """Return True if a Host header, in lower case, names this server."""
        found = _HOST.fullmatch(host)
        if found is None or (found[2] and not 0 < int(found[2]) < 65536):
            return False
        if self.access.socket or found[1] in LOOPBACK or found[1] in self.named:
            return True
        return self.access.addresses and _is_address(found[1])

    def is_page(self, origin: str, host: str) -> bool:
        """Return True for the origin of this server's page: its Host, or a given name, where a proxy changes the Host."""
        scheme, _, shown_host = origin.partition("://")
        found = _HOST.fullmatch(shown_host)
        return scheme in ("http", "https") and (shown_host == host or (found is not None and found[1] in self.named))


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
