"""Runs an example of each command, one after the other in one folder, and keeps what it prints."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile

PREPARE = """
from sklearn.datasets import load_iris
data = load_iris(as_frame=True)
frame = data.frame.assign(species=data.target_names[data.target]).drop(columns="target")
frame.columns = ["sepal length", "sepal width", "petal length", "petal width", "species"]
frame.to_csv("iris.csv", index=False)
frame.drop(columns="species").iloc[::30].to_csv("new.csv", index=False)
open("gradients.py", "w").write('''
def gradients(X, Y, W1, b1, W2, b2):
    import numpy as np

    A1 = np.tanh(X @ W1 + b1)
    dZ2 = (1 / (1 + np.exp(-(A1 @ W2 + b2))) - Y) / len(X)
    dZ1 = dZ2 @ W2.T
    return {"dW2": A1.T @ dZ2, "db2": dZ2.sum(axis=0), "dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0)}
'''.lstrip())
"""
EXAMPLES = {  # in the order in which they are run, all in one folder
    "train": "glassnet train iris.csv --target species --effort quick --test 0.2",
    "predict": "glassnet predict iris.safetensors new.csv --probabilities",
    "evaluate": "glassnet evaluate iris.safetensors iris.csv",
    "summary": "glassnet summary iris.safetensors",
    "explain": "glassnet explain iris.safetensors iris.csv --row 3 --weight W1,0,2",
    "export": "glassnet export iris.safetensors --to json",
    "check": "glassnet check gradients.py",
    "worksheet": "glassnet worksheet --topic neuron --seed 7 --out sheet.json",
    "grade": "glassnet grade sheet.json",
    "assignment": "glassnet assignment --topic neuron --format nbgrader --out class",
    "diagnose": "glassnet diagnose iris.csv --target species --learning-rate 3 --no-replay",
    "tutorial": "glassnet tutorial --quiet --no-figures",
    "play": "glassnet play --record run.html --query 'hidden=3&activation=tanh&step=20'",
}
MOST_LINES = 45  # of an example's output


def run_all() -> dict[str, tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", PREPARE], cwd=folder, check=True)
        return {name: (line, _output(line, folder)) for name, line in EXAMPLES.items()}


def _output(line: str, folder: str) -> str:
    command = line.replace("glassnet ", f"{sys.executable} -m glassnet ", 1)
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1) or "Traceback" in done.stderr:
        raise RuntimeError(f"{line}: expected exit code 0 or 1; got {done.returncode}: {done.stderr}")
    return _steady((done.stdout or done.stderr).rstrip())


def _steady(text: str) -> str:
    """The output without what differs from run to run, and cut in its middle if it is long."""
    text = re.sub(r"\b\d+(\.\d+)?( ?)(s|ms|µs)\b", r"…\2\3", text)
    lines = text.split("\n")
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 12], "…", *lines[-11:]]
    return "\n".join(lines)
