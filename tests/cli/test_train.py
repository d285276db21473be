"""train → predict → evaluate → export, from files on disk; settings, Ctrl-C, figures, images."""

import gzip
import json
import os
import signal
import struct
import subprocess
import sys
import time

import numpy as np
import onnxruntime
import polars as pl
import pytest
from sklearn import datasets

import glassnet as gn


def bundled(name):
    """A scikit-learn data set as a data frame with the classes by name, shuffled."""
    bunch = getattr(datasets, f"load_{name}")()
    columns = {str(each): bunch.data[:, j] for j, each in enumerate(bunch.feature_names)}
    numbers = name in ("diabetes", "digits")
    target = bunch.target if numbers else [str(bunch.target_names[k]) for k in bunch.target]
    return pl.DataFrame({**columns, "target": target}).sample(fraction=1, shuffle=True, seed=1)


def made(rows=4_000):
    """Six numeric and ten categorical columns with missing cells, two classes that depend on both."""
    rng = np.random.default_rng(0)
    numbers, codes = rng.normal(size=(rows, 6)), rng.integers(0, 4, size=(rows, 10))
    logit = (
        2 * numbers[:, 0] * numbers[:, 1] + 2 * numbers[:, 2] + rng.normal(size=(10, 4))[range(10), codes].sum(axis=1)
    )
    columns = {f"x{j}": np.where(rng.random(rows) < 0.03, np.nan, 10**j * numbers[:, j]) for j in range(6)}
    words = np.array(["low", "middle", "high", None])  # the last is a missing cell
    columns |= {f"c{k}": pl.Series(words[codes[:, k]].tolist()) for k in range(10)}
    target = pl.Series(np.where(logit > 0, "yes", "no").tolist())
    return pl.DataFrame({**columns, "target": target}).with_columns(pl.selectors.float().fill_nan(None))


def onnx_predictions(path, model, table):
    """What ONNX Runtime makes of the columns, as the exported graph asks for them."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    inputs = {}
    for given in session.get_inputs():
        values = table.words(given.name) if "string" in given.type else pl.Series(table.numbers(given.name))
        kind = {"tensor(string)": object, "tensor(double)": np.float64, "tensor(float)": np.float32}.get(
            given.type, np.int64
        )
        cells = values.fill_null("").to_numpy() if kind is object else values.to_numpy()
        inputs[given.name] = np.asarray(cells).astype(kind).reshape(-1, 1)
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, inputs), strict=True))


@pytest.mark.parametrize(
    ("name", "options", "floor"),
    [
        ("breast_cancer", ["--effort", "quick"], 0.95),
        ("wine", ["--plain"], 0.95),
        ("wine", [], 0.95),
        ("diabetes", [], 0.35),
        ("digits", ["--effort", "quick"], 0.96),
        ("made", [], 0.79),
    ],
)
def test_from_csv_to_onnx(name, options, floor, glassnet, tmp_path):
    frame = made() if name == "made" else bundled(name)
    train, test = frame[: frame.height * 3 // 4], frame[frame.height * 3 // 4 :]
    train.write_csv(tmp_path / "train.csv")
    test.write_csv(tmp_path / "test.csv")
    file = tmp_path / "model.safetensors"

    done = glassnet("train", tmp_path / "train.csv", "--target", "target", "--out", file, "--no-figures", *options)
    assert done.code == 0, done.err
    done = glassnet("evaluate", file, tmp_path / "test.csv", "--format", "json")
    measures = json.loads(done.out)
    assert measures["rows"] == test.height
    assert measures["r2" if name == "diabetes" else "accuracy"] > floor

    options = [] if name == "diabetes" else ["--probabilities"]
    done = glassnet("predict", file, tmp_path / "test.csv", "--out", tmp_path / "p.csv", *options)
    assert done.code == 0, done.err
    predicted = pl.read_csv(tmp_path / "p.csv")
    actual = test["target"].to_numpy()
    if name == "diabetes":
        residual = predicted["prediction"].to_numpy() - actual
        assert 1 - np.mean(residual**2) / np.var(actual) == pytest.approx(measures["r2"], abs=1e-6)
    else:
        assert np.mean(predicted["prediction"].to_numpy() == actual) == pytest.approx(measures["accuracy"])

    done = glassnet("export", file, "--to", "onnx", "--out", tmp_path / "m.onnx")
    assert done.code == 0, done.err
    model = gn.load(file)
    from glassnet.tables.reading.read import read_table

    found = onnx_predictions(tmp_path / "m.onnx", model, read_table(tmp_path / "test.csv"))
    numbers = next(np.asarray(v) for v in found.values() if np.asarray(v).dtype.kind == "f")
    if name == "diabetes":
        np.testing.assert_allclose(numbers.ravel(), predicted["prediction"], rtol=1e-5)
    else:
        np.testing.assert_allclose(numbers, predicted.drop("prediction").to_numpy(), atol=1e-5)
        labels = next(np.asarray(v) for v in found.values() if np.asarray(v).dtype.kind != "f")
        assert (labels.ravel() == predicted["prediction"].to_numpy()).all()


@pytest.fixture
def wine(tmp_path):
    path = tmp_path / "wine.csv"
    bundled("wine").write_csv(path)
    return path


def test_what_is_printed_and_written(glassnet, wine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = glassnet("train", wine.name, "--target", "target", "--test", "0.2", "--ignore", "ash", "--effort", "quick")
    assert done.code == 0, done.err
    for words in (
        "wine.csv: 178 rows, 14 columns",
        "target 'target': classification (recognised), 3 classes: class_0, class_1, class_2",
        "inputs: 12 numeric and 0 categorical columns → 216 features",
        "ash: left out, ignored",
        "rows: 115 to train, 27 to validate, 36 to test",
        "Network([216, 64, 64, 3]",
        "epoch    12   loss",
        "actual \\ predicted",
    ):
        assert words in done.out, words
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {"wine.csv", "wine.safetensors", "wine-loss.png", "wine-result.png"}
    done = glassnet("summary", "wine.safetensors")
    assert "predicts 'target': 3 classes" in done.out
    assert "batch_size = 32" in done.out
    assert "accuracy" in done.out


def test_same_seed_same_file(glassnet, wine, tmp_path):
    def content(name, seed):
        glassnet("train", wine, "--target", "target", "--out", tmp_path / name, "--no-figures", "-q", "--seed", seed)
        return np.concatenate([member.network.theta for member in gn.load(tmp_path / name).members])

    assert (content("a.safetensors", 3) == content("b.safetensors", 3)).all()
    assert not np.array_equal(content("a.safetensors", 3), content("c.safetensors", 4))


EVERYTHING = {
    "hidden": "24,12",
    "activation": "tanh,leaky_relu:slope=0.1",
    "output": "softmax",
    "loss": "categorical_cross_entropy",
    "init": "lecun_normal",
    "dtype": "float64",
    "seed": "5",
    "optimizer": "adamw:weight_decay=0.02",
    "learning_rate": "0.004",
    "batch_size": "20",
    "epochs": "7",
    "patience": "3",
    "min_delta": "0.01",
    "schedule": "step:decay=0.5,every=2",
    "l1": "0.001",
    "l2": "0.002",
    "dropout": "0.1",
    "clip_norm": "2.5",
    "clip": "4",
    "bins": "3",
    "cuts": "tree",
    "few_values": "7",
    "frequencies": "2",
    "sigma": "0.3",
    "categories": "both",
    "least": "2",
    "most": "9",
    "class_weight": "balanced",
    "engine": "numpy",
}


def as_train_is_told(monkeypatch):
    """Records the network and the arguments that training is given."""
    from glassnet.tables.fitting import plan as fitting

    told = {}
    real = fitting.Run

    def spy(network, X, y, **arguments):
        told.update(arguments, network=network, X=X, y=y)
        return real(network, X, y, **arguments)

    monkeypatch.setattr(fitting, "Run", spy)
    return told


def check_told(told):
    net = told["network"]
    assert net.sizes[1:] == (24, 12, 3)
    assert [net.activations[k].name for k in (1, 2, 3)] == ["tanh", "leaky_relu", "softmax"]
    assert net.activations[2].parameters == {"slope": 0.1}
    assert net.init == "lecun_normal"
    assert net.dtype == np.float64
    assert told["optimizer"] == gn.AdamW(learning_rate=0.004, weight_decay=0.02)
    assert told["schedule"] == gn.StepDecay(decay=0.5, every=2)
    assert told["early_stopping"] == gn.EarlyStopping(patience=3, min_delta=0.01)
    assert (told["batch_size"], told["epochs"], told["seed"]) == (20, 7, 5)
    assert (told["l1"], told["l2"], told["dropout"], told["clip_norm"]) == (0.001, 0.002, 0.1, 2.5)
    assert told["engine"] == "numpy"
    assert told["shuffle"] is False
    totals = [told["sample_weight"][told["y"] == k].sum() for k in range(3)]
    np.testing.assert_allclose(totals, totals[0], rtol=0.05)  # of the training part; exact over all rows


def test_every_hyper_parameter_is_an_option(glassnet, wine, tmp_path, monkeypatch):
    told = as_train_is_told(monkeypatch)
    options = [part for name, value in EVERYTHING.items() for part in (f"--{name.replace('_', '-')}", value)]
    out = tmp_path / "m.safetensors"
    done = glassnet(
        "train", wine, "--target", "target", "--out", out, "--no-figures", "--no-shuffle", "--no-rank", *options
    )
    assert done.code == 0, done.err
    check_told(told)
    settings = gn.load(out).settings
    assert settings["optimizer"] == "adamw:weight_decay=0.02"
    assert settings["hidden"] == [24, 12]
    assert (settings["clip"], settings["bins"], settings["cuts"], settings["few_values"]) == (4, 3, "tree", 7)
    assert (settings["frequencies"], settings["sigma"], settings["categories"]) == (2, 0.3, "both")
    assert (settings["least"], settings["most"], settings["rank"]) == (2, 9, False)


def test_config_has_the_same_names_and_the_command_line_wins(glassnet, wine, tmp_path, monkeypatch):
    told = as_train_is_told(monkeypatch)
    values = {**EVERYTHING, "hidden": [24, 12], "epochs": 7, "l1": 0.001, "learning-rate": 0.5, "no-figures": True}
    del values["learning_rate"]
    values |= {
        "shuffle": False,
        "rank": False,
        "target": "target",
        "ignore": ["ash", "hue"],
        "out": str(tmp_path / "c.safetensors"),
    }
    config = tmp_path / "c.toml"
    config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    done = glassnet("train", wine, "--config", config, "--learning-rate", "0.004")
    assert done.code == 0, done.err
    check_told(told)
    assert told["X"].shape[1] == 11 * (1 + 3 + 2 * 2)
    assert (tmp_path / "c.safetensors").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("epoch = 3", ["'epoch'", "did you mean 'epochs'"]),
        ("epochs = 2.5", ["epochs", "2.5", "valid integer"]),
        ("epochs = ", ["expected TOML"]),
        ("[network]\nhidden = 3", ["'network'"]),
        ("l2 = {a = 1}", ["'l2'"]),
        ("dropout = 2", ["dropout", "2"]),
        ("seed = -1", ["seed", "-1"]),
        ("shuffle = 3", ["shuffle", "3"]),
        ("task = 'ranking'", ["task", "'ranking'", "'regression'"]),
    ],
)
def test_bad_config(content, words, glassnet, wine, tmp_path):
    config = tmp_path / "c.toml"
    config.write_text(content)
    done = glassnet("train", wine, "--target", "target", "--config", config, "--out", tmp_path / "m.safetensors")
    assert done.code == 2
    (line,) = done.err.splitlines()
    for word in words:
        assert word in line, line
    assert not (tmp_path / "m.safetensors").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--optimizer", "adamm"], ["optimizer", "'adam'"]),
        (["--optimizer", "adam:beta3=1"], ["beta3", "beta1"]),
        (["--optimizer", "adam:beta1"], ["name:constant=number"]),
        (["--schedule", "constant:x=1"], ["without constants"]),
        (["--activation", "tanh,relu,relu", "--hidden", "4,4"], ["activation", "3 for 2"]),
        (["--hidden", "4,x"], ["--hidden 64,32"]),
        (["--hidden", "0"], ["hidden"]),
        (["--output", "sigmoid"], ["output", "softmax"]),
        (["--loss", "squared"], ["loss", "squared_error"]),
        (["--class-weight", "even"], ["class_weight", "balanced"]),
        (["--engine", "gpu"], ["engine"]),
        (["--dropout", "1"], ["dropout"]),
        (["--validation", "0.7", "--test", "0.3"], ["sum to less than 1"]),
        (["--validation", "nowhere.csv"], ["nowhere.csv"]),
        (["--validation", "2"], ["validation"]),
        (["--ignore", "colour"], ["'colour'"]),
        (["--task", "regression"], ["line 2", "'target'", "expected a number"]),
        (["--task", "ranking"], ["ranking"]),
        (["--weight", "nothing"], ["'nothing'"]),
        (["--separator", ";;"], ["separator"]),
        (["--out", "nowhere/m.safetensors"], ["--out", "nowhere"]),
        (["--learning-rate", "1e30"], ["step", "learning rate"]),
        (["--epochs", "x"], ["--epochs", "'x'"]),
    ],
)
def test_bad_options(options, words, glassnet, wine, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = glassnet("train", wine, "--target", "target", "--quiet", "--no-figures", *options)
    assert done.code == 2
    assert done.out == ""
    (line,) = done.err.splitlines()
    for word in words:
        assert word in line, line
    assert [path.name for path in tmp_path.iterdir()] == ["wine.csv"]


def test_the_target_is_asked_for(glassnet, wine):
    done = glassnet("train", wine)
    assert done.code == 2
    assert "--target target" in done.err


def test_train_never_writes_over_its_input(glassnet, wine):
    before = wine.read_bytes()
    assert glassnet("train", wine, "--target", "target", "--out", wine).code == 2
    assert wine.read_bytes() == before


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_keeps_the_best_model_so_far(wine, tmp_path):
    out = tmp_path / "m.safetensors"
    command = [sys.executable, "-m", "glassnet", "train", wine, "--target", "target", "--patience", "0", "--no-figures"]
    command += ["--schedule", "constant"]  # others depend on the number of epochs
    process = subprocess.Popen(
        [*command, "--out", out, "--epochs", "100000000"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    for line in process.stdout:
        if line.startswith("epoch"):
            break
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "best model so far" in said
    assert "Traceback" not in errors
    model = gn.load(out)
    assert model.training["stopped"] == "interrupted"
    assert model.training["validation"]["accuracy"] > 0.9
    best = model.training["best_epoch"]
    assert 1 <= best <= model.training["epochs"]
    again = tmp_path / "again.safetensors"  # the same run, stopped there, has the same parameters
    subprocess.run([*command, "--out", again, "--epochs", str(best), "-q"], check=True, stdout=subprocess.PIPE)
    assert (gn.load(again).network.theta == model.network.theta).all()


def write_idx(folder, prefix, images, labels):
    header = struct.pack(">4B3i", 0, 0, 8, 3, *images.shape)
    (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(gzip.compress(header + images.tobytes()))
    (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(
        struct.pack(">4Bi", 0, 0, 8, 1, len(labels)) + labels.tobytes()
    )


def test_image_folders(glassnet, tmp_path):
    digits = datasets.load_digits()
    images = (digits.images * 15.9).astype(np.uint8)
    labels = digits.target.astype(np.uint8)
    folder = tmp_path / "images"
    folder.mkdir()
    write_idx(folder, "train", images[:1400], labels[:1400])
    write_idx(folder, "t10k", images[1400:], labels[1400:])
    out = tmp_path / "m.safetensors"
    done = glassnet("train", folder, "--out", out, "--no-figures")
    assert done.code == 0, done.err
    assert "397 to test" in done.out
    model = gn.load(out)
    column = model.preparation.columns[0]
    assert (column.name, column.encoders[0].mean, column.encoders[0].scale) == ("r0c0", 0, 255)
    done = glassnet("evaluate", out, folder, "--format", "json")
    assert json.loads(done.out)["rows"] == 397
    assert json.loads(done.out)["accuracy"] > 0.9
    done = glassnet("predict", out, folder / "t10k-images-idx3-ubyte.gz")
    predicted = np.array(done.out.split()[1:], int)
    assert np.mean(predicted == labels[1400:]) > 0.9


def test_weights_validation_and_test_files(glassnet, tmp_path, monkeypatch):
    told = as_train_is_told(monkeypatch)
    frame = bundled("wine").with_columns(pl.Series("w", np.arange(178) % 3))
    parts = {"train": frame[:120], "validation": frame[120:150], "test": frame[150:]}
    for name, part in parts.items():
        part.write_parquet(tmp_path / f"{name}.parquet")
    options = [x for name in ("validation", "test") for x in (f"--{name}", tmp_path / f"{name}.parquet")]
    command = ("train", tmp_path / "train.parquet", "--target", "target", "--weight", "w", "--no-figures")
    done = glassnet(*command, *options, "--out", tmp_path / "m.safetensors")
    assert done.code == 0, done.err
    assert "rows: 120 to train, 30 to validate, 28 to test" in done.out
    assert (told["sample_weight"] == frame["w"].to_numpy()[:120]).all()
    assert len(told["X"]) == 120


def test_predict_writes_parquet_and_keeps_the_input(glassnet, wine, tmp_path):
    file, out = tmp_path / "m.safetensors", tmp_path / "p.parquet"
    glassnet("train", wine, "--target", "target", "--out", file, "--no-figures", "--epochs", "5")
    done = glassnet("predict", file, wine, "--out", out, "--with-input", "-p")
    assert done.code == 0, done.err
    frame = pl.read_parquet(out)
    names = ["prediction", *(f"probability_class_{k}" for k in range(3))]
    assert frame.columns == [*pl.read_csv(wine).columns, *names]
    np.testing.assert_allclose(frame.select(names[1:]).sum_horizontal(), 1, atol=1e-6)
    done = glassnet("predict", file, wine, "--out", tmp_path / "p.xlsx")
    assert done.code == 2
    assert ".parquet" in done.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--epochs", "200", "--patience", "0"], ["200/200", "validation loss", "accuracy"]),
        ([], ["29 of 29 networks", "best validation loss"]),
    ],
)
def test_a_terminal_gets_a_live_line_with_the_time_left(options, words, wine, tmp_path):
    import pty

    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "glassnet", "train", wine, "--target", "target", "--no-figures", *options]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    process = subprocess.Popen(
        [*command, "--out", tmp_path / "m.safetensors"], stdout=writer, stderr=writer, env=environment
    )
    os.close(writer)
    shown = b""
    while True:
        try:
            piece = os.read(reader, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(reader)
    assert process.wait(timeout=60) == 0
    text = shown.decode()
    assert all(each in text for each in words)
    assert "left" in text


def test_a_report_and_what_is_said_of_the_model(glassnet, tmp_path, wine):
    out, page = tmp_path / "m.safetensors", tmp_path / "wine.html"
    options = ("--target", "target", "--test", "0.3", "--epochs", "10", "--no-figures", "--out", out)
    done = glassnet("train", wine, *options, "--report", page)
    assert done.code == 0, done.err
    assert "test: constant" in done.out
    assert "The log loss is better than a constant's by" in done.out
    assert "note: " in done.out
    assert done.out.endswith(f"wrote {out}, {page}\n")
    text = page.read_text(encoding="utf-8")
    assert "<h1>Predicting &#x27;target&#x27;</h1>" in text
    measures = gn.load(out).training["test"]
    assert f"{measures['accuracy']:.2f}" in text
    for wrong in (wine, out, tmp_path):
        refused = glassnet("train", wine, *options, "--report", wrong)
        assert refused.code == 2
        assert refused.err.startswith("glassnet: --report: expected")
