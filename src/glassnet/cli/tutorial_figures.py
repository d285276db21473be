"""Draws the tutorial's figures of a data set: the data, the loss, and the result."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.cli.datasets import Dataset
from glassnet.network.network import Network
from glassnet.plots import figures
from glassnet.storage.atomic import write_atomically
from glassnet.training.history import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(data: Dataset, network: Network, history: History, folder: Path) -> list[Path]:
    """Write the figures of a run as PNG and SVG into `folder`; returns the PNG files."""
    made = {
        "data": _data(data),
        "loss": figures.plot_loss({"training": history.loss}, f"{data.title}: loss while training"),
        "result": _result(data, network),
    }
    places = {name: [folder / f"{data.name}-{name}{suffix}" for suffix in (".png", ".svg")] for name in made}
    for name, figure in made.items():
        for path in places[name]:
            write_atomically(path, figures.render(figure, path.suffix[1:]))
    return [png for png, _ in places.values()]


def _data(data: Dataset) -> Figure:
    if data.name == "digits":
        return figures.plot_images(data.X_train.reshape(-1, 8, 8), data.y_train, data.title)
    if data.in_plane:
        return figures.plot_classes(data.X_train, data.y_train, data.class_names, data.title, data.feature_names)
    from sklearn.decomposition import PCA

    pca = PCA(2).fit(data.X_train)
    shares = pca.explained_variance_ratio_
    axes = [f"principal component {k + 1} ({share:.0%} of the variance)" for k, share in enumerate(shares)]
    X = pca.transform(data.X_train)
    if data.is_regression:
        return figures.plot_numbers(X, data.y_train * data.target_scale + data.target_mean, data.title, axes, "target")
    return figures.plot_classes(X, data.y_train, data.class_names, data.title, axes)


def _result(data: Dataset, network: Network) -> Figure:
    parts = {"train": (data.X_train, data.y_train), "test": (data.X_test, data.y_test)}
    scores = {part: data.score(network.predict(X), y) for part, (X, y) in parts.items()}
    captions = {part: f"{part}: {data.metric} {score:.3f}" for part, score in scores.items()}
    if data.in_plane:
        return figures.plot_boundary(
            lambda points: network.predict_proba(points)[:, 1],
            {captions[part]: xy for part, xy in parts.items()},
            data.class_names,
            data.title,
        )
    pairs = {captions[part]: (y, network.predict(X)) for part, (X, y) in parts.items()}
    if data.is_regression:
        scale, mean = data.target_scale, data.target_mean
        pairs = {caption: (y * scale + mean, p * scale + mean) for caption, (y, p) in pairs.items()}
        return figures.plot_residuals(pairs, data.title)
    return figures.plot_confusion(pairs, data.class_names, data.title)
