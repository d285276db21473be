"""The server: one address for each kind of answer; an answer is a function of its query; nothing is written to disk."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import anyio
import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from glassnet.errors import GlassnetError, InputError
from glassnet.playground import frames, qr
from glassnet.playground.addresses import JSON, addresses
from glassnet.playground.answers import MOST_BYTES as MOST_ANSWER
from glassnet.playground.answers import Answers
from glassnet.playground.guard import Access, Guard, read_body
from glassnet.playground.lock import SIGNED, Lock, LockedError
from glassnet.playground.playground import BeyondReachError, Playground
from glassnet.playground.state import read_query
from glassnet.playground.texts.texts import LANGUAGES, language_of
from glassnet.playground.uploads import MOST_BYTES, read_upload
from glassnet.version import __version__

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
LASTING = "public, max-age=31536000, immutable"  # for a query with v=<this version>: its answer never changes
BRIEF = "public, max-age=600"  # for a query without: its answer may change with an update
CHECKED = "no-cache"  # kept by the browser, but checked with its ETag each time
OWN = Access()
GONE = 499  # nginx's status for a client that did not wait; nobody reads it
# modules of recordings and of notebooks, and one that the Share menu fetches
ELSEWHERE = ("app/recorded.js", "app/notebook.js", "widget.js", "components/class-link.js")
QUICK, SLOW = 2, 2  # threads for frames, and for all other answers; more would only share the cores


def create_app(playground: Playground | None = None, access: Access = OWN) -> Starlette:
    """Make the ASGI application; `access` says how others reach it.

    Examples
    --------
    >>> create_app().routes[0].path
    '/'
    """
    play = Playground() if playground is None else playground
    offers = [name for name, given in (("qr", qr.drawable()), ("answers", access.answers)) if given]
    routes = [Route("/", _static("index.html", offers))]
    routes += [Route(f"/static/{name}", _static(name, offers)) for name in static_files()]
    turns = {
        "quick": anyio.CapacityLimiter(QUICK),
        "slow": anyio.CapacityLimiter(SLOW),
        "last": anyio.CapacityLimiter(1),
    }
    quick = turns["quick"]
    locked = _locked_by(access.lock)
    for name, each in addresses(play).items():
        answer = each.answer if each.open else locked(each.answer)
        cache = LASTING if each.lasting else CHECKED
        routes.append(_route(f"/{name}", _answer(answer, each.kind, turns[each.turn], each.file, cache)))
    routes.append(Route("/upload", _taken(_upload(play, access.lock), MOST_BYTES, "csv"), methods=["POST"]))
    if access.answers:
        collect = _collect(play, access.lock, access.answers)
        routes.append(Route("/answers", _taken(collect, MOST_ANSWER, "answers"), methods=["POST"]))
    if "qr" in offers:
        routes.append(_route("/qr.svg", _answer(qr.code, TYPES[".svg"], quick)))
    if access.lock:
        routes.append(_route("/lock", _answer(access.lock.class_link, JSON, quick, cache="no-store")))
    handlers: Any = {LockedError: _forbidden, InputError: _unprocessable, HTTPException: _refused}
    middleware = [Middleware(Guard, access=access), Middleware(Prefix, root_path=access.root_path)]
    app = Starlette(routes=routes, middleware=middleware, exception_handlers=handlers)
    app.router.redirect_slashes = False  # an unknown address is 404, not a redirect
    return app


class Prefix:
    """Middleware for a proxy that shows the server under `root_path`: answers with and without that prefix.

    The page's addresses are relative, so it needs no more than the slash at the end of its own.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        self.app, self.root_path = app, root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.root_path and scope.get("path") == self.root_path:
            query = scope["query_string"].decode("latin-1")
            page = self.root_path.rpartition("/")[2] + "/"
            to = {"location": f"{page}?{query}" if query else page}
            await Response(status_code=307, headers=to)(scope, receive, send)
            return
        await self.app({**scope, "root_path": self.root_path}, receive, send)


def static_files() -> dict[str, Path]:
    """Return the files of the page by name; no other file has an address."""
    found = sorted(path for path in STATIC.rglob("*") if path.suffix in TYPES and path.is_file())
    return {path.relative_to(STATIC).as_posix(): path for path in found}


def _route(path: str, endpoint: Any) -> Route:
    return Route(path, endpoint, methods=["GET"])


def _locked_by(lock: Lock | None) -> Callable[[Callable[[str], bytes]], Callable[[str], bytes]]:
    """Return a function that makes an answer check its query against the lock, if there is one."""

    def locked(answer: Callable[[str], bytes]) -> Callable[[str], bytes]:
        def checked(query: str) -> bytes:
            if lock:
                given = read_query(query)
                lock.check(query)
                if given.get("compare"):  # the second run, which a recording shows too, is under the same signature
                    lock.check(urlencode({**read_query(given["compare"]), **{name: given[name] for name in SIGNED}}))
            return answer(query)

        return checked

    return locked


def _answer(
    answer: Callable[[str], bytes], kind: str, limiter: anyio.CapacityLimiter, file: str = "", cache: str = LASTING
) -> Any:
    """Make the endpoint that answers a query with bytes, computed in a thread while one of `limiter`'s turns is held."""
    headers = {"content-disposition": f'attachment; filename="glassnet-{file}"'} if file else {}

    async def endpoint(request: Request) -> Response:
        query = request.scope["query_string"].decode("latin-1")
        async with limiter:
            if await request.is_disconnected():  # cancelled while it waited for its turn
                return Response(status_code=GONE)
            content = await anyio.to_thread.run_sync(answer, query)
        dated = cache == LASTING and request.query_params.get("v") != __version__
        return _response(request, content, kind, {**headers, "cache-control": BRIEF if dated else cache})

    return endpoint


def _response(request: Request, content: bytes, kind: str, headers: dict[str, str]) -> Response:
    tag = f'"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
    headers = {**headers, "etag": tag}
    if tag in [each.strip() for each in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)


def _static(name: str, offers: list[str]) -> Any:
    path = STATIC / name

    def content_of(language: str, packed: bool) -> bytes:
        content = path.read_bytes()
        if name == "index.html":
            for told, value in (("version", __version__), ("offers", " ".join(offers))):
                content = content.replace(
                    f'name="{told}" content=""'.encode(), f'name="{told}" content="{value}"'.encode()
                )
            content = content.replace(b'<html lang="en">', f'<html lang="{language}">'.encode())
            content = content.replace(b"</head>", _preloads(language).encode() + b"</head>")
        return _compressed(content) if packed else content

    async def endpoint(request: Request) -> Response:
        language = language_of(request.query_params.get("lang") or request.headers.get("accept-language", ""))
        packed = "gzip" in request.headers.get("accept-encoding", "")
        content = await anyio.to_thread.run_sync(content_of, language, packed)
        headers = {"cache-control": CHECKED, "vary": "accept-encoding, accept-language"}
        if packed:
            headers["content-encoding"] = "gzip"
        return _response(request, content, TYPES[path.suffix], headers)

    return endpoint


@lru_cache(maxsize=256)  # more than there are files
def _compressed(content: bytes) -> bytes:
    """Compress a file of the page: once, since every reader fetches it; frames would have to be compressed one by one."""
    return gzip.compress(content, mtime=0)


def _preloads(language: str) -> str:
    """Return links to all modules of a visit, so that a browser fetches them at once and not import by import."""
    later = {*ELSEWHERE, *(f"texts/{each}.js" for each in LANGUAGES if each != language)}
    modules = [name for name in static_files() if name.endswith(".js") and name not in later]
    return "".join(f'<link rel="modulepreload" href="static/{name}" />' for name in modules)


def _taken(take: Callable[[str, bytes], bytes], most: int, what: str) -> Any:
    """Make the endpoint that hands the query and the body of a request, of at most `most` bytes, to `take`."""

    async def endpoint(request: Request) -> Response:
        try:
            content = await read_body(request.stream(), most)
        except ClientDisconnect:  # the browser is gone
            return Response(status_code=400)
        if content is None:
            return _error(413, f"{what}: expected at most {most:,} bytes; got more; send less.")
        query = request.scope["query_string"].decode("latin-1")
        told = await anyio.to_thread.run_sync(take, query, content)
        return Response(told, media_type=JSON, headers={"cache-control": "no-store"})

    return endpoint


def _upload(play: Playground, lock: Lock | None) -> Callable[[str, bytes], bytes]:
    def take(query: str, content: bytes) -> bytes:
        if lock:
            lock.check_free(query, "data")
        return frames.to_json(play.uploads.add(read_upload(content)).summary())

    return take


def _collect(play: Playground, lock: Lock | None, answers: Answers) -> Callable[[str, bytes], bytes]:
    def take(query: str, content: bytes) -> bytes:
        if lock:
            lock.check(query)
        return answers.add(play, query, content)

    return take


async def _unprocessable(request: Request, error: GlassnetError) -> Response:
    if isinstance(error, BeyondReachError):
        return _error(422, str(error), max_step=error.max_step)
    return _error(422, str(error))


async def _forbidden(request: Request, error: LockedError) -> Response:
    return _error(403, str(error))


async def _refused(request: Request, error: HTTPException) -> Response:
    return _error(error.status_code, f"{error.detail}")


def _error(status: int, message: str, **more: Any) -> Response:
    content = frames.to_json({"error": " ".join(message.split()), **more})
    return Response(content, status, media_type=JSON, headers={"cache-control": "no-store"})
