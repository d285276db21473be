"""Answers the page's messages in a notebook's kernel, beside its cells: in threads, one answer of a kind at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from glassnet.errors import InputError, shown
from glassnet.playground import frames
from glassnet.playground.addresses import JSON, addresses
from glassnet.playground.notebook.line import Line
from glassnet.playground.playground import Playground
from glassnet.playground.uploads import MOST_BYTES, read_upload

Send = Callable[[dict[str, Any], list[bytes]], object]  # a message and its buffers
TURNS = ("quick", "slow", "last")


class Exchange:
    """Answers messages `{"ask": id, "path": "frame?step=3"}` by `{"id": id, "kind": …}` with the answer as a buffer.

    A message is at once answered by `{"heard": id}`, so the page knows a busy kernel from a slow answer. `{"cancel": id}`
    takes a question back that waits for its turn. A refusal is `{"id": id, "error": …}`. `{"gone": view}` tells that a view
    was closed: after the last one the runs in memory are dropped.

    Examples
    --------
    >>> told = []
    >>> exchange = Exchange(Playground(), lambda message, buffers: told.append((message, buffers)))
    >>> exchange.receive({"ask": "a:1", "path": "data?data=xor&n=20"})
    >>> exchange.close()
    >>> [message for message, _ in told]
    [{'heard': 'a:1'}, {'id': 'a:1', 'kind': 'application/json'}]
    """

    def __init__(self, play: Playground, send: Send) -> None:
        self._play = play
        self._addresses = addresses(play)
        self._lines = {turn: Line(f"glassnet {turn}") for turn in TURNS}
        self._waiting: dict[str, Future[None]] = {}
        self._views: set[str] = set()
        self._lock, self._sending = threading.Lock(), threading.Lock()

        def send_alone(message: dict[str, Any], buffers: list[bytes]) -> None:
            with self._sending:
                send(message, buffers)

        self._send = send_alone

    def receive(self, message: Any, buffers: Sequence[Any] = ()) -> None:
        """Take a message of the page; what is none is passed over."""
        if not isinstance(message, Mapping):
            return
        if isinstance(id := message.get("ask"), str):
            self._views.add(id.partition(":")[0])
            self._send({"heard": id}, [])
            self._enqueue(id, str(message.get("path", "")), bytes(buffers[0]) if buffers else None)
        elif isinstance(id := message.get("cancel"), str):
            with self._lock:
                waiting = self._waiting.pop(id, None)
            if waiting is not None:
                waiting.cancel()
        elif isinstance(view := message.get("gone"), str):
            self._views.discard(view)
            if not self._views:
                self._play.forget()

    def close(self, *, now: bool = False) -> None:
        """End the threads after the answers that wait; `now`: without them."""
        for line in self._lines.values():
            line.end(now=now)
        self._play.forget()

    def _enqueue(self, id: str, path: str, body: bytes | None) -> None:
        name, _, query = path.partition("?")
        turn = "quick" if name not in self._addresses else self._addresses[name].turn
        with self._lock:
            self._waiting[id] = self._lines[turn].submit(self._answer, id, name, query, body)

    def _answer(self, id: str, name: str, query: str, body: bytes | None) -> None:
        try:
            kind, content = self._content(name, query, body)
            told, parts = {"id": id, "kind": kind}, [content]
        except InputError as error:
            told, parts = {"id": id, "error": str(error)}, []
        except Exception as error:  # noqa: BLE001 a fault of ours: the page shows it, where a thread would lose it
            told, parts = {"id": id, "error": f"The kernel failed: {type(error).__name__}: {error}"}, []
        with self._lock:
            if self._waiting.pop(id, None) is None:  # taken back while it was computed
                return
        self._send(told, parts)

    def _content(self, name: str, query: str, body: bytes | None) -> tuple[str, bytes]:
        """Return the media type and the bytes of an answer."""
        if name == "upload":
            if body is None or len(body) > MOST_BYTES:
                raise InputError(
                    f"csv: expected at most {MOST_BYTES:,} bytes; got {'more' if body else 'none'}; send less."
                )
            return JSON, frames.to_json(self._play.uploads.add(read_upload(body)).summary())
        if name not in self._addresses:
            raise InputError(f"address: expected one of the page's; got {shown(name)}; run the cell again.")
        address = self._addresses[name]
        return address.kind, address.answer(query)
