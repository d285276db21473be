"""`glassnet tutorial`: a first run in six stages, then why it works: backpropagation, activations, optimizers."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from glassnet.cli.datasets import DatasetName
from glassnet.errors import printable

if TYPE_CHECKING:
    from rich.console import Console

    from glassnet.cli.datasets import Array, Dataset
    from glassnet.network.network import Network
    from glassnet.training.history import History
    from glassnet.training.train import Epoch


def tutorial(
    data: Annotated[DatasetName, typer.Option(help="The data set; the last four are real.")] = "moons",
    out: Annotated[Path, typer.Option(help="The folder for the figures, PNG and SVG.")] = Path("glassnet-figures"),
    figures: Annotated[bool, typer.Option("--figures/--no-figures", help="Make figures.")] = True,
    show: Annotated[bool, typer.Option("--show/--no-show", help="Open the last figure where a screen exists.")] = True,
    seed: Annotated[
        int, typer.Option(help="Seed of the data, the split and the initial weights.", min=0, max=2**32 - 1)
    ] = 42,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the results alone.")] = False,
) -> None:
    """Train a network step by step and see every stage; then see why it works."""
    from rich.console import Console

    from glassnet.cli import datasets

    if figures:
        out.mkdir(parents=True, exist_ok=True)  # before the work, so that a bad folder costs nothing
    lesson = _Lesson(datasets.load(data, seed), seed, Console(highlight=False, soft_wrap=True), quiet)
    lesson.describe_data()
    lesson.build_network()
    lesson.train()
    lesson.evaluate()
    if figures:
        lesson.draw(out, show)
    lesson.name_points()
    if not quiet:
        lesson.why_backpropagation()
        lesson.why_activations()
        lesson.compare_optimizers()


class _Lesson:
    """The stages of the run in order; each says what it does and leaves its result for the next."""

    network: Network
    history: History

    def __init__(self, dataset: Dataset, seed: int, console: Console, quiet: bool) -> None:
        self.data, self.seed, self.console, self.quiet = dataset, seed, console, quiet
        self.stage = 0

    def say(self, text: str = "", *, result: bool = False) -> None:
        if result or not self.quiet:
            self.console.print(printable(text, keep="\n"), markup=False)

    def title(self, text: str) -> None:
        self.stage += 1
        if not self.quiet:
            self.console.print(f"\n[bold]{self.stage} · {text}[/bold]")

    # --- the run ----------------------------------------------------------------------------------------------

    def describe_data(self) -> None:
        d = self.data
        self.title("Data")
        n_train, n_test = len(d.X_train), len(d.X_test)
        kind = "a number to predict" if d.is_regression else f"{len(d.class_names)} classes"
        self.say(f"{d.title} ({d.source}): {n_train + n_test} samples, {d.X_train.shape[1]} features, {kind}")
        self.say(f"{n_train} to train on, {n_test} held back to test; scaling: {d.scaling}")

    def build_network(self) -> None:
        self.title("Network")
        self.network = self.fresh_network()
        self.say(repr(self.network))
        self.say(self.network.summary())
        self.say("Weights start as normal numbers of variance 2/fan_in (He et al. 2015), biases at 0.")
        self.say("Some tutorials call this scale Xavier; Xavier Glorot's is 2/(fan_in + fan_out).")

    def train(self) -> None:
        from glassnet.training.train import train

        d, recipe = self.data, self.data.recipe
        self.title("Training")
        batches = "all rows in each step" if recipe.batch_size is None else f"batches of {recipe.batch_size}"
        self.say(f"{recipe.optimizer}, {recipe.epochs} epochs, {batches}, l2 = {recipe.l2:g}")
        self.say("The loss of an epoch is measured before its updates.")
        with _Progress(self.console, recipe.epochs, self.report, hidden=self.quiet) as progress:
            self.history = train(
                self.network,
                d.X_train,
                d.y_train,
                optimizer=recipe.optimizer,
                epochs=recipe.epochs,
                batch_size=recipe.batch_size,
                l2=recipe.l2,
                seed=self.seed,
                callbacks=[progress],
            )
        self.say(f"{self.history.steps} updates in {self.history.seconds:.2f} s")

    def report(self, epoch: Epoch) -> str:
        score = self.data.score(epoch.network.predict(self.data.X_train), self.data.y_train)
        return f"epoch {epoch.epoch:4d}   loss {epoch.loss:.4f}   train {self.data.metric} {score:.4f}"

    def evaluate(self) -> None:
        d = self.data
        self.title("Evaluation")
        self.say(f"loss            {self.history.loss[-1]:.4f}", result=True)
        for part, X, y in (("train", d.X_train, d.y_train), ("test", d.X_test, d.y_test)):
            score = d.score(self.network.predict(X), y)
            self.say(f"{part + ' ' + d.metric:14}  {score:.4f}", result=True)
        if not d.is_regression:
            self.say("confusion matrix of the test set (rows: actual, columns: predicted)")
            self.say(_confusion_table(d.y_test, self.network.predict(d.X_test), d.class_names))

    def draw(self, folder: Path, show: bool) -> None:
        from glassnet.cli import tutorial_figures

        self.title("Figures")
        paths = tutorial_figures.draw(self.data, self.network, self.history, folder)
        for path in paths:
            self.say(f"{path}  and  {path.with_suffix('.svg').name}")
        if show and self.console.is_terminal and not self.quiet and _has_screen():
            typer.launch(str(paths[-1]))

    def name_points(self) -> None:
        import numpy as np

        d = self.data
        self.title("Named points")
        if d.in_plane:
            points = np.array([[0.0, 0.0], [1.0, 1.0], [-1.0, 0.5], [0.5, -0.5]])
            probabilities = self.network.predict_proba(points)[:, 1]
            for point, probability in zip(points, probabilities, strict=True):
                where = f"({point[0]:4.1f}, {point[1]:4.1f})"
                chosen = int(probability > 0.5)
                self.say(f"{where}   class {chosen}   probability of class 1: {probability:.4f}", result=True)
            return
        for row in range(5):
            x, actual = d.X_test[row : row + 1], d.y_test[row]
            predicted = self.network.predict(x)[0]
            if d.is_regression:
                mean, scale = d.target_mean, d.target_scale
                outcome = f"predicted {predicted * scale + mean:6.1f}   actual {actual * scale + mean:6.1f}"
            else:
                probability = self.network.predict_proba(x)[0, predicted]
                names = d.class_names
                outcome = f"predicted {names[predicted]} (probability {probability:.4f})   actual {names[actual]}"
            self.say(f"test sample {row}   {outcome}", result=True)

    # --- why it works -----------------------------------------------------------------------------------------

    def why_backpropagation(self) -> None:
        from glassnet.network.gradient_check import forward_difference_gradient

        self.title("Why backpropagation: one backward pass instead of a forward pass for each parameter")
        X, y = self.data.X_train[:32], self.data.y_train[:32]
        started = time.perf_counter()
        naive = forward_difference_gradient(self.network, X, y)
        naive_time = time.perf_counter() - started
        repeats = 50
        started = time.perf_counter()
        for _ in range(repeats):
            exact = self.network.backward(self.network.forward(X), y).flat
        exact_time = (time.perf_counter() - started) / repeats
        n = self.network.n_parameters
        self.say(f"the gradient of the loss over 32 samples with respect to all {n:,} parameters, by")
        self.say(f"  nudging each parameter in turn  {n + 1:6,} forward passes            {naive_time * 1e3:9.2f} ms")
        self.say(f"  backpropagation                      1 forward and 1 backward  {exact_time * 1e3:9.2f} ms")
        self.say(f"{naive_time / exact_time:,.0f} times faster; largest difference {abs(naive - exact).max():.0e}")

    def why_activations(self) -> None:
        import numpy as np

        from glassnet.network.network import Network
        from glassnet.training.optimizers import Adam
        from glassnet.training.train import train

        d = self.data
        self.title("Why activations: without them, layers collapse into one matrix")
        sizes = [d.sizes[0], 10, 10, d.sizes[-1]]
        linear = Network(sizes, hidden="identity", output=d.recipe.output, seed=self.seed)
        train(linear, d.X_train, d.y_train, optimizer=Adam(learning_rate=0.01), epochs=200)
        W, b = linear.W, linear.b
        one = Network([sizes[0], sizes[-1]], output=d.recipe.output)
        one.W[1][...] = W[1] @ W[2] @ W[3]
        one.b[1][...] = (b[1] @ W[2] + b[2]) @ W[3] + b[3]
        difference = np.abs(linear.forward(d.X_test).output - one.forward(d.X_test).output).max()
        self.say(
            f"a {'-'.join(map(str, sizes))} network with identity activations, {linear.n_parameters} parameters, trained"
        )
        self.say(f"W = W1 W2 W3, b = (b1 W2 + b2) W3 + b3: one layer, {one.n_parameters} parameters")
        self.say(f"largest difference between their outputs on the test set: {difference:.0e}")
        before, after = (d.score(net.predict(d.X_test), d.y_test) for net in (one, self.network))
        self.say(f"test {d.metric}: {before:.4f} without activations, {after:.4f} with {self.network.hidden} above")

    def compare_optimizers(self) -> None:
        from glassnet.training.optimizers import LBFGS, SGD, Adam, Momentum
        from glassnet.training.train import train

        d, recipe = self.data, self.data.recipe
        self.title("The same network, the same start, another optimizer")
        full_batch = recipe.batch_size is None
        contenders = (
            SGD(learning_rate=0.1),
            Momentum(learning_rate=0.1 if full_batch else 0.01),
            Adam(learning_rate=0.03 if full_batch else recipe.optimizer.learning_rate),
            LBFGS(),
        )
        self.say(f"{'optimizer':34} {'epochs':>6} {'loss':>8} {'train':>8} {'test':>8}")
        for optimizer in contenders:
            network = self.fresh_network()
            batch_size = None if isinstance(optimizer, LBFGS) else recipe.batch_size
            history = train(
                network,
                d.X_train,
                d.y_train,
                optimizer=optimizer,
                epochs=recipe.epochs,
                batch_size=batch_size,
                l2=recipe.l2,
                seed=self.seed,
            )
            train_score = d.score(network.predict(d.X_train), d.y_train)
            test_score = d.score(network.predict(d.X_test), d.y_test)
            name = type(optimizer).__name__
            name += f", learning rate {optimizer.learning_rate:g}" if not isinstance(optimizer, LBFGS) else ""
            figures = f"{history.epochs:6d} {history.loss[-1]:8.4f} {train_score:8.4f} {test_score:8.4f}"
            self.say(f"{name:34} {figures}")

    def fresh_network(self) -> Network:
        from glassnet.network.network import Network

        return Network(self.data.sizes, hidden="relu", output=self.data.recipe.output, seed=self.seed)


class _Progress:
    """Reports ten times over a run, and shows a live bar between where output is a terminal; a callback of train."""

    def __init__(self, console: Console, epochs: int, report: Callable[[Epoch], str], hidden: bool) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self.console, self.report, self.hidden = console, report, hidden
        self.every = max(1, epochs // 10)
        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        live = console.is_terminal and not hidden
        self.bar = Progress(*columns, TextColumn("loss {task.fields[loss]:.4f}"), console=console, disable=not live)
        self.task = self.bar.add_task("training", total=epochs, loss=float("nan"))

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def __call__(self, epoch: Epoch) -> None:
        self.bar.update(self.task, completed=epoch.epoch, loss=epoch.loss)
        if epoch.epoch % self.every == 0 and not self.hidden:
            self.console.print(self.report(epoch), markup=False)


def _confusion_table(actual: Array, predicted: Array, names: tuple[str, ...]) -> str:
    width = max(4, *(len(name) for name in names))
    lines = [" " * width + "".join(f"  {name:>{width}}" for name in names)]
    for i, name in enumerate(names):
        counts = [int(((actual == i) & (predicted == j)).sum()) for j in range(len(names))]
        lines.append(f"{name:>{width}}" + "".join(f"  {count:{width}d}" for count in counts))
    return "\n".join(lines)


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
