"""The Diagnosis: the findings of a run, shown as text, HTML and plain data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.diagnose.result import Result


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis(Result):
    """The result of `diagnose` or `examine`.

    Attributes
    ----------
    findings : tuple of Finding, the likeliest cause first
    history : History of the run, equal to that of `train` with the same arguments
    network : the trained copy
    looks : the instruments' readings, in order of the steps
    thresholds : the Thresholds that the findings were judged by
    unexplained : the share u of the loss left on the training rows, 1 for a constant prediction
    held_out : the same on validation rows, or on every fourth row in a run without it
    opinion : the name of the plain model that served as second opinion, and the share u it left on the same rows
    unknown : what could not be found out, and why, one sentence each
    irreducible : what no model that was tried can tell from these inputs, in a sentence, or ""
    title : the network at its start, as its constructor
    rows : the number of training rows
    ended : why the diagnosis is not complete, such as Ctrl-C; "" if it is
    scores : accuracy, log loss or R² of the run, on held-out and on training rows, beside plain models and a constant
    units : the units in which the loss on held-out rows is said
    way_in : how the caller trains, in which remedies are said as code

    Examples
    --------
    >>> import glassnet as gn
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 2))
    >>> net = gn.Network([2, 8, 1], output="sigmoid", init="zeros")
    >>> diagnosis = gn.diagnose(net, X, (X[:, 0] > X[:, 1]).astype(int), epochs=20, replay=False)
    >>> diagnosis.healthy, diagnosis.codes[0]
    (False, 'poor_initialisation')
    """

    def __repr__(self) -> str:
        from glassnet.diagnose.render.text import as_text

        return as_text(self)

    def to_dict(self) -> dict[str, Any]:
        """Return findings, measures and looks as plain data."""
        from glassnet.diagnose.render.text import as_dict

        return as_dict(self)

    def to_json(self, path: str | Path | None = None) -> str:
        """Return the same as JSON; write it to `path` if one is given.

        Parameters
        ----------
        path : str or path, optional
            The file to write.

        Returns
        -------
        str
        """
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False)
        if path is not None:
            Path(path).write_text(text + "\n", encoding="utf-8")
        return text

    def to_html(self, path: str | Path | None = None) -> str:
        """Return a page that loads nothing from outside; write it to `path` if one is given.

        Parameters
        ----------
        path : str or path, optional
            The file to write.

        Returns
        -------
        str
        """
        from glassnet.diagnose.render.html import as_page

        text = as_page(self)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text

    def _repr_html_(self) -> str:
        from glassnet.diagnose.render.html import as_fragment

        return as_fragment(self)
