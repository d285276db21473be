"""One training step of a 3-4-2 softmax network by hand: `python examples/worked_step.py [FILE.html|.tex|.md|.json]`."""

import sys
from pathlib import Path

import numpy as np

import glassnet as gn

net = gn.Network([3, 4, 2], hidden="relu", output="softmax")
net.W[1][...] = [[2.0, -2.6, 0.4, -0.6], [-0.5, -0.2, -2.0, -0.2], [-0.9, 3.3, 0.2, -0.4]]
net.b[1][...] = [-0.3, -0.7, -1.1, -0.4]
net.W[2][...] = [[0.5, -0.2], [1.0, -0.2], [0.0, 1.5], [0.5, -0.5]]
net.b[2][...] = [np.log(0.7 / 0.3) + 0.546, 0.0]  # so that the prediction is [0.7, 0.3]

derivation = gn.explain(net, [0.5, -1.0, 0.8], 0, optimizer=gn.SGD(learning_rate=0.1))

if len(sys.argv) > 1:
    path = Path(sys.argv[1])
    write = {".html": "to_html", ".tex": "to_latex", ".md": "to_markdown", ".json": "to_json"}[path.suffix]
    path.write_text(getattr(derivation, write)(), encoding="utf-8")
else:
    print(derivation.to_text(["Z1", "A2", "loss", "dA2", "J2", "dZ2_long", "dZ2", "dW2", "theta"]))
    print()
    print(derivation.entry("W1", 0, 1))
