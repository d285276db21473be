"""`glassnet check`: files with one's own backpropagation."""

import pytest

RIGHT = """
import numpy as np

def gradients(X, Y, W1, b1, W2, b2):
    A1 = np.tanh(X @ W1 + b1)
    A2 = 1 / (1 + np.exp(-(A1 @ W2 + b2)))
    dZ2 = (A2 - Y) / len(X)
    dZ1 = dZ2 @ W2.T * (1 - A1**2)
    return {"dZ2": dZ2, "dW2": A1.T @ dZ2, "dZ1": dZ1, "dW1": X.T @ dZ1}
"""


def run(capsys, monkeypatch, *arguments):
    from glassnet.cli.main import main

    monkeypatch.setattr("sys.argv", ["glassnet", "check", *map(str, arguments)])
    with pytest.raises(SystemExit) as done:
        main()
    out = capsys.readouterr()
    return done.value.code or 0, out.out, out.err


def test_right_and_wrong(tmp_path, capsys, monkeypatch):
    file = tmp_path / "own.py"
    file.write_text(RIGHT)
    code, out, _ = run(capsys, monkeypatch, file)
    assert (code, out.splitlines()[1]) == (0, "4 of 4 right: dZ2, dW2, dZ1, dW1")
    file.write_text(RIGHT.replace(" * (1 - A1**2)", ""))
    code, out, _ = run(capsys, monkeypatch, file)
    assert code == 1
    assert "first wrong: dZ1" in out
    assert "derivative is forgotten" in out
    assert "dW1: follow rightly" in out


def test_a_network_of_the_file_and_options(tmp_path, capsys, monkeypatch):
    file = tmp_path / "own.py"
    file.write_text(
        "import glassnet as gn\nnetwork = gn.Network([2, 3])\n\ndef mine(X, W1, b1):\n    return {'Z1': X @ W1 + b1}\n"
    )
    code, out, _ = run(capsys, monkeypatch, file, "--function", "mine")
    assert (code, out.splitlines()[0]) == (0, "own.py: mine of a 2-3 network")
    code, out, _ = run(capsys, monkeypatch, file, "--function", "mine", "--sizes", "5,4")
    assert "2-3" in out  # the file's own network has the last word


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("x = 1", [], "expected a function 'gradients'"),
        ("def gradients(:", [], "SyntaxError"),
        ("1 / 0", [], "ZeroDivisionError"),
        (RIGHT, ["--sizes", "3,x"], "expected whole numbers"),
        (RIGHT.replace("np.tanh", "np.tanhh"), [], "in line 5"),
        (None, [], "expected a Python file"),
    ],
)
def test_what_cannot_be_checked_is_one_line(tmp_path, capsys, monkeypatch, text, arguments, message):
    file = tmp_path / "own.py"
    if text is not None:
        file.write_text(text)
    code, _, err = run(capsys, monkeypatch, file, *arguments)
    assert code == 2
    assert message in err
    assert len(err.splitlines()) == 1
