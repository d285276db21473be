"""The playground as a widget of a notebook (anywidget): the page in a frame, whose messages the kernel answers."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import anywidget
import traitlets

from glassnet.network.network import Network
from glassnet.playground.notebook.exchange import Exchange
from glassnet.playground.playground import Playground
from glassnet.playground.recording.page import STATIC, live_page
from glassnet.playground.recording.recording import Recording, record_query
from glassnet.playground.state import read_query, state_of

FALLBACK = 40  # frames of the recording that a viewer without a kernel shows


class PlaygroundWidget(anywidget.AnyWidget):
    """The playground below a notebook's cell; `glassnet.playground` makes it.

    Attributes
    ----------
    query : str
        What the page shows now, as the playground's address has it behind the "?".
    network : Network
        A copy of the network at the step that is shown.
    height : int
        Of the frame, in pixels.
    fallback : bool
        True to store a small recording (0.7 MB) in the notebook, for viewers without a kernel.
    """

    _esm = STATIC / "widget.js"
    query = traitlets.Unicode().tag(sync=True)
    height = traitlets.Int(760).tag(sync=True)
    home = traitlets.Dict().tag(sync=True)
    fallback = True

    def __init__(self, play: Playground, query: str, home: dict[str, str]) -> None:
        super().__init__(query=query, home=home)
        self._play = play
        self._exchange = Exchange(play, self.send)
        self.on_msg(self._receive)

    def _receive(self, _: Any, message: Any, buffers: Any) -> None:
        if isinstance(message, dict) and isinstance(view := message.get("page"), str):
            self.send({"page": view}, [live_page().encode()])
        else:
            self._exchange.receive(message, buffers)

    @property
    def network(self) -> Network:
        """A copy of the network at the step that is shown."""
        state = state_of(read_query(self.query))
        return self._play.course(state).at(state.step).run.network.copy()

    def record(self, frames: int = 200) -> Recording:
        """Record the run up to the step that is shown as one HTML file; `.save("run.html")` writes it."""
        return record_query(self._play, self.query, frames)

    @cached_property
    def _recording(self) -> str:
        """The HTML of a small recording of the run, for viewers without a kernel."""
        return record_query(self._play, self.query, FALLBACK, samples=0)._repr_html_()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None and self.fallback:
            bundle[0]["text/html"] = self._recording
        return bundle

    def __repr__(self) -> str:
        return f"PlaygroundWidget({self.query!r})"

    def close(self) -> None:
        """End the widget: its views go, and what it has in memory."""
        self._exchange.close(now=True)
        super().close()
