"""The tutorial's data sets, split and scaled, each with the network and the settings that suit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from glassnet.network.scores import score, score_name
from glassnet.training.optimizers import SGD, Adam, Optimizer

Array = NDArray[Any]
DatasetName = Literal["moons", "circles", "digits", "breast_cancer", "wine", "diabetes"]


@dataclass(frozen=True)
class Recipe:
    """A network and training settings that suit a data set."""

    hidden: tuple[int, ...]
    output: str
    optimizer: Optimizer
    epochs: int
    batch_size: int | None = None
    l2: float = 0.0


_PLANE = Recipe((10,), "sigmoid", SGD(learning_rate=0.1), epochs=1000)
_RECIPES: dict[str, Recipe] = {
    "moons": _PLANE,
    "circles": _PLANE,
    "digits": Recipe((64,), "softmax", Adam(), epochs=60, batch_size=32, l2=1e-4),
    "breast_cancer": Recipe((16,), "sigmoid", Adam(), epochs=100, batch_size=32, l2=1e-2),
    "wine": Recipe((16,), "softmax", Adam(learning_rate=0.003), epochs=100, batch_size=32, l2=1e-2),
    "diabetes": Recipe((16,), "identity", Adam(), epochs=100, batch_size=32, l2=0.1),
}


@dataclass(frozen=True)
class Dataset:
    """A data set split 80/20, its inputs (and a regression's targets) standardised by the training part alone."""

    name: str
    title: str
    source: str
    X_train: Array
    y_train: Array
    X_test: Array
    y_test: Array
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]  # empty for a regression
    scaling: str
    recipe: Recipe
    target_mean: float = 0.0
    target_scale: float = 1.0

    @property
    def is_regression(self) -> bool:
        return not self.class_names

    @property
    def in_plane(self) -> bool:
        return self.X_train.shape[1] == 2

    @property
    def sizes(self) -> list[int]:
        """Inputs, hidden widths, outputs of the recipe's network."""
        outputs = len(self.class_names) if self.recipe.output == "softmax" else 1
        return [self.X_train.shape[1], *self.recipe.hidden, outputs]

    @property
    def metric(self) -> str:
        """The name of the score."""
        return score_name(classes=not self.is_regression)

    def score(self, predicted: Array, actual: Array) -> float:
        """Accuracy, or R² of a regression."""
        return score(predicted, actual, classes=not self.is_regression)


def load(name: DatasetName, seed: int) -> Dataset:
    """Make or read the data set `name` and split it; `seed` decides noise and split."""
    from sklearn import datasets
    from sklearn.model_selection import train_test_split

    recipe = _RECIPES[name]
    if name in ("moons", "circles"):
        make = datasets.make_moons if name == "moons" else datasets.make_circles
        shape = {} if name == "moons" else {"factor": 0.5}
        noise = 0.2 if name == "moons" else 0.1
        X, y = make(n_samples=1000, noise=noise, random_state=seed, **shape)
        X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=seed)
        title = f"two {name}, noise {noise:g}"
        source = f"scikit-learn's make_{name}"
        return Dataset(name, title, source, X_train, y_train, X_test, y_test, ("x₁", "x₂"), ("0", "1"), "none", recipe)

    bunch = getattr(datasets, f"load_{name}")()
    regression = name == "diabetes"
    X_train, X_test, y_train, y_test = train_test_split(
        bunch.data, bunch.target, test_size=0.2, random_state=seed, stratify=None if regression else bunch.target
    )
    # pixels share one scale; other features get one each
    mean, scale = (X_train.mean(), X_train.std()) if name == "digits" else (X_train.mean(axis=0), X_train.std(axis=0))
    target_mean, target_scale = (y_train.mean(), y_train.std()) if regression else (0.0, 1.0)
    if regression:
        y_train, y_test = (y_train - target_mean) / target_scale, (y_test - target_mean) / target_scale
    title, source = {
        "digits": ("handwritten digits, 8 × 8 pixels", "Alpaydin & Kaynak 1998"),
        "breast_cancer": ("breast cancer, Wisconsin", "Street, Wolberg & Mangasarian 1993"),
        "wine": ("wine cultivars", "Aeberhard & Forina 1992"),
        "diabetes": ("diabetes progression after one year", "Efron et al. 2004"),
    }[name]
    return Dataset(
        name=name,
        title=title,
        source=source,
        X_train=(X_train - mean) / scale,
        y_train=y_train,
        X_test=(X_test - mean) / scale,
        y_test=y_test,
        feature_names=tuple(bunch.feature_names),
        class_names=() if regression else tuple(str(label).replace("_", " ") for label in bunch.target_names),
        scaling="all pixels to mean 0, variance 1" if name == "digits" else "each feature to mean 0, variance 1",
        recipe=recipe,
        target_mean=float(target_mean),
        target_scale=float(target_scale),
    )
