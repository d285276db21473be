"""Runs the server on an address until Ctrl-C, and prints the address in one line."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import uvicorn

from glassnet.errors import InputError
from glassnet.playground import pictures
from glassnet.playground.blas import one_blas_thread
from glassnet.playground.guard import LOOPBACK, Access
from glassnet.playground.lesson import Lesson
from glassnet.playground.lock import ALL
from glassnet.playground.playground import Playground
from glassnet.playground.server import create_app
from glassnet.playground.uploads import Upload

MOST_HEAD = 16_384  # bytes of a request's first line and headers
MOST_CONNECTIONS = 400


def serve(
    host: str,
    port: int,
    access: Access | None = None,
    *,
    upload: Upload | None = None,
    lessons: Sequence[Lesson] = (),
    browser: bool = True,
    lang: str = "",
) -> None:
    """Serve the playground until it is interrupted; a `host` that is open to the network makes `access` so too.

    `lang` is the language in which the page opens; "" leaves it to the browser.

    Raises
    ------
    InputError
        If the port or the address cannot be used.
    """
    playground = Playground(lessons=lessons)
    given = [] if upload is None else [f"data={playground.uploads.add(upload, keep=True).id}"]
    given += [f"lang={lang}"] if lang else []
    query = "&".join(given) and f"?{'&'.join(given)}"
    # import now the libraries that the first answers need, so that no reader waits for them
    playground.frame(query.removeprefix("?"))
    pictures.warm()
    access = access or Access()
    if access.socket:
        listening, address = _listen_at(access.socket), access.socket
    else:
        listening = _listen(host, port)
        shown = f"[{host}]" if ":" in host else host
        access = replace(access, addresses=shown not in LOOPBACK)
        reached = "localhost" if shown in (*LOOPBACK, "0.0.0.0", "[::]") else shown
        address = f"http://{reached}:{listening.getsockname()[1]}{access.root_path}/{query}"
    page, run = address.removesuffix(query), query.removeprefix("?")
    if access.lock:
        address = f"{page}?{access.lock.link(run, ALL)}"
    print(f"glassnet playground: {address}  (Ctrl-C ends it)", flush=True)
    if access.lock:
        print(f"for the class: {page}?{access.lock.link(run, access.lock.free)}", flush=True)
    app = create_app(playground, access)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        h11_max_incomplete_event_size=MOST_HEAD,
        http="h11",
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=2,
    )
    if browser and not access.socket:
        threading.Timer(0.3, webbrowser.open, [address]).start()
    try:
        with one_blas_thread():  # for as long as the server runs, or each answer would set and restore the limit
            uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:  # raised again by uvicorn after it has shut down
        print()
    finally:
        listening.close()
        if access.socket:
            Path(access.socket).unlink(missing_ok=True)


def _listen_at(path: str) -> socket.socket:
    """Return a socket that listens at a path, which nobody but this user may open."""
    if not hasattr(socket, "AF_UNIX"):
        raise InputError("--socket: expected a system with Unix sockets; got another; pass --port instead.")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(path)
        Path(path).chmod(0o600)
        listening.listen(128)
    except OSError as error:
        listening.close()
        reason = error.strerror or error
        raise InputError(f"--socket: expected a new path; got {path!r} ({reason}); name another.") from None
    return listening


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on the address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
    except OSError as error:
        raise InputError(
            f"--host: expected an address of this machine; got {host!r} ({error.strerror}); omit it."
        ) from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)  # before the address is printed, so that an early request waits
    except OSError as error:
        listening.close()
        raise InputError(
            f"--port: expected a free port; got {port} on {host} ({error.strerror}); pass --port 0."
        ) from None
    return listening
