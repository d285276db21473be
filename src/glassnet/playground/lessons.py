"""The guided lessons: short sequences of steps, each a change of the query and something to observe.

A step's changes stay for the steps after it. A number in a text is written as the page shows it at that step, with the
page's word for it: training loss, test accuracy. The tests compute every claim again with glassnet, and look for every
number on the page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Question:
    """A question with choices, one of them right, and the reason."""

    text: str
    choices: tuple[str, ...]
    answer: int
    why: str


@dataclass(frozen=True)
class Step:
    """A step of a lesson: text to read (HTML), changes of the query, and the part of the page to highlight."""

    text: str
    query: dict[str, str]
    highlight: str  # network, surface, curves, title, time, controls or glass
    question: Question | None = None
    checks: tuple[str, ...] = ()  # claims of the text about the run (see lesson_checks.py)


@dataclass(frozen=True)
class Lesson:
    """A lesson: its title and its steps."""

    id: str
    title: str
    steps: tuple[Step, ...] = field(default=())

    def query(self, place: int) -> str:
        """Return the query after the changes of all steps up to the one at `place`."""
        changes = {name: value for step in self.steps[: place + 1] for name, value in step.query.items()}
        return "&".join(f"{name}={value}" for name, value in changes.items())

    def to_dict(self) -> dict[str, Any]:
        """Return the lesson as the JSON object that the page reads."""
        steps = [
            {
                "text": step.text,
                "query": step.query,
                "highlight": step.highlight,
                "question": None if step.question is None else vars(step.question),
            }
            for step in self.steps
        ]
        return {"id": self.id, "title": self.title, "steps": steps}


_NEURON = Lesson(
    "neuron",
    "What a neuron does",
    (
        Step(
            "<p>No hidden layer here: the two inputs go straight to one unit. It multiplies each input by a weight, adds "
            "the products and a bias, and squeezes the sum into a probability with the sigmoid.</p><p>Before any training "
            "its weights are random numbers. The colours show what it says at every point of the plane: one straight "
            "border, with one colour on each side.</p>",
            {"data": "gaussians", "hidden": "", "step": "0"},
            "network",
        ),
        Step(
            "<p>After 200 steps the border lies between the two clouds, and the test accuracy is 0.9875. Training only "
            "turned and moved one line: three numbers, two weights and a bias, say where it lies.</p>",
            {"step": "200"},
            "surface",
        ),
        Step(
            "<p>Now the bias was set by hand to 3. The line keeps its direction and moves away from the middle, for the bias is "
            "added whatever the inputs are; the test accuracy drops to 0.7875.</p><p>Click the bias yourself and try other "
            "values. A step of training afterwards pulls it back.</p>",
            {"edits": "200:b1,0=3"},
            "surface",
            Question(
                "Which change would turn the border instead of moving it?",
                ("A larger bias", "A change of one weight", "Multiplying both weights and the bias by 2"),
                1,
                "The direction of the line is set by the ratio of the weights. Doubling all three numbers leaves the line in "
                "its place and only makes the colours change faster across it.",
            ),
        ),
    ),
)

_HIDDEN = Lesson(
    "hidden",
    "Why hidden layers",
    (
        Step(
            "<p>Opposite quarters belong together: that is “exclusive or”. A single unit can draw one straight line, and no "
            "line divides these points. After 1,000 steps the training accuracy is 0.6375.</p>",
            {"data": "xor", "hidden": "", "rate": "0.3", "step": "1000"},
            "surface",
        ),
        Step(
            "<p>A hidden layer of four tanh units changes that: each draws a line of its own, as its small picture shows, and "
            "the output combines them. The training accuracy is now 0.9875.</p>",
            {"hidden": "4", "activation": "tanh"},
            "network",
        ),
        Step(
            "<p>The same four units without a curve (the activation is the identity) reach a training accuracy of 0.6375 again, and the "
            "same training loss as no hidden layer at all: 0.6810. Sums of lines are lines: without an activation, layers collapse "
            "into one.</p>",
            {"activation": "identity"},
            "surface",
            Question(
                "What does a hidden layer need so that it adds anything?",
                ("More units", "An activation that is no straight line", "A larger learning rate"),
                1,
                "With the identity, W₁W₂ is one matrix, however many units stand between.",
            ),
        ),
    ),
)

_RATE = Lesson(
    "rate",
    "The learning rate",
    (
        Step(
            "<p>Each step moves every weight by the learning rate times its gradient. With 0.001 the steps are tiny: after 500 of "
            "them the training loss is still 0.7533.</p>",
            {"rate": "0.001", "step": "500"},
            "curves",
        ),
        Step(
            "<p>A hundred times more, 0.1, and the same 500 steps bring the training loss to 0.2809.</p>",
            {"rate": "0.1"},
            "curves",
        ),
        Step(
            "<p>With 1 the training loss is 0.07243, the best of these. Bigger steps are better, as long as the slope at the start of a step still holds "
            "at its end.</p>",
            {"rate": "1"},
            "curves",
        ),
        Step(
            "<p>With 30 it no longer does. Step after step jumps across the valley, and more steps raise the training loss than lower it. "
            "It ends at 2.856, higher than where it began: look at the curve's first steps.</p>",
            {"rate": "30"},
            "curves",
            Question(
                "The loss jumps up and down from step to step and does not fall. What do you try first?",
                ("More steps", "A tenth of the learning rate", "A larger network"),
                1,
                "Try it: with 1 instead of 30 the same network learns.",
            ),
        ),
    ),
)

_DEAD = Lesson(
    "dead-units",
    "Dead units",
    (
        Step(
            "<p>A relu passes on what is positive and gives 0 otherwise, and where it gives 0 its slope is 0 too. Here the biases "
            "of five of the ten hidden units were set to −20 at the start. Their pictures are flat: they are off on the whole plane.</p>",
            {"edits": "0:b1,0=-20;0:b1,1=-20;0:b1,2=-20;0:b1,3=-20;0:b1,4=-20", "step": "0"},
            "network",
        ),
        Step(
            "<p>After 500 steps nothing about them has changed: the gradients of their weights were exactly 0 in every step. "
            "The other five do all the work.</p>",
            {"step": "500"},
            "network",
            Question(
                "Can training bring these units back?",
                (
                    "Yes, with enough steps",
                    "No: their gradient is 0 on every point",
                    "Yes, with a larger learning rate",
                ),
                1,
                "Any number of steps of size rate × 0 is no step at all.",
            ),
        ),
        Step(
            "<p>A leaky relu keeps a small slope, 0.01, on its flat side. The same units now get a gradient, small but not 0, and "
            "their weights move.</p>",
            {"activation": "leaky_relu"},
            "network",
        ),
        Step(
            "<p>In practice units die by a step that is too long. With a learning rate of 20 and no hand-made biases all ten units are "
            "off on all training points by step 500, and the gradient of every hidden weight is 0. The network says the same at every "
            "one of them; only the output's bias still moves, too far each time, and the training loss is 2.105.</p>",
            {"activation": "relu", "edits": "", "rate": "20"},
            "network",
        ),
    ),
)

_VANISHING = Lesson(
    "vanishing",
    "Vanishing gradients",
    (
        Step(
            "<p>Six hidden layers of sigmoid units, before the first step. The gradient is computed from the output back, and at each "
            "layer it is multiplied by the slope of the sigmoid, which is at most ¼. On average a weight of the first layer has a gradient "
            "100,000 times smaller than one of the last.</p>",
            {"data": "circles", "hidden": "6,6,6,6,6,6", "activation": "sigmoid", "step": "0"},
            "network",
        ),
        Step(
            "<p>1,000 steps later the training loss is 0.6931. That is ln 2, the loss of saying one half everywhere: the network has learned nothing "
            "about the inputs.</p>",
            {"step": "1000"},
            "curves",
        ),
        Step(
            "<p>With tanh, whose slope is 1 at the middle, the first layer's gradient at the start is a quarter of the last one's, and after "
            "the same 1,000 steps every training point is right: the training accuracy is 1.000.</p>",
            {"activation": "tanh"},
            "surface",
            Question(
                "Why do the first layers suffer most?",
                (
                    "They have the fewest weights",
                    "Their gradient has been through the most slopes below 1",
                    "Their inputs are smaller",
                ),
                1,
                "The gradient of a layer is a product with one factor for each layer behind it.",
            ),
        ),
    ),
)

_INITIAL = Lesson(
    "initial-weights",
    "Where to start from",
    (
        Step(
            "<p>All weights 0. Every hidden unit gives the same output and is given the same gradient, here exactly 0, so all of them stay "
            "alike for ever. After 500 steps the training loss is 0.6931, that of saying one half everywhere.</p>",
            {"init": "zeros", "activation": "tanh", "step": "500"},
            "network",
        ),
        Step(
            "<p>Random numbers make the units different from each other; from there each goes its own way. The same 500 steps bring the "
            "training loss to 0.2796.</p>",
            {"init": ""},
            "network",
            Question(
                "What is wrong with starting from zeros?",
                ("Zero is too small a number", "All units are alike, and stay alike", "The bias is missing"),
                1,
                "Equal units get equal gradients. A thousand of them are worth one, and here not even one.",
            ),
        ),
        Step(
            "<p>How large the random numbers are matters in deep networks. Glorot's rule, used here, divides by the number of "
            "connections, so that signals neither swell nor fade from layer to layer. Six layers of tanh learn the circles to the last "
            "training point in 1,000 steps: the training accuracy is 1.000.</p>",
            {"data": "circles", "hidden": "6,6,6,6,6,6", "step": "1000"},
            "network",
        ),
    ),
)

_OPTIMIZERS = Lesson(
    "optimizers",
    "Optimizers",
    (
        Step(
            "<p>Two spirals are hard. Plain gradient descent with rate 0.1 has brought the training loss to 0.5359 after 1,000 steps, and "
            "the training accuracy to 0.5969.</p>",
            {"data": "spirals", "hidden": "8,8", "activation": "tanh", "step": "1000"},
            "curves",
        ),
        Step(
            "<p>Momentum remembers a share of the last step, so that steps in one direction add up, like a ball that rolls. Same "
            "start, same rate: every training point is right, and the training loss is 0.01162.</p>",
            {"optimizer": "momentum", "rate": "0.1"},
            "curves",
        ),
        Step(
            "<p>Adam also divides each weight's step by the usual size of its gradient, so that weights with small gradients move as well. "
            "With a rate of only 0.01 the training loss is 0.001093.</p>",
            {"optimizer": "adam", "rate": "0.01"},
            "curves",
            Question(
                "Is the learning rate of one optimizer a good one for another?",
                ("Yes, it means the same", "No, each needs its own"),
                1,
                "Adam's steps have about the size of the rate itself, whatever the gradient; gradient descent's are rate × gradient.",
            ),
        ),
    ),
)

_OVERFITTING = Lesson(
    "overfitting",
    "Overfitting",
    (
        Step(
            "<p>Only 30 points to learn from, much noise, and a network of over 1,000 parameters. After 1,000 steps the training "
            "loss is 0.0001884: it knows every training point by heart. On the test points, drawn as rings, the test loss is 10.89.</p>",
            {
                "n": "60",
                "noise": "0.4",
                "test": "0.5",
                "hidden": "32,32",
                "optimizer": "adam",
                "rate": "0.01",
                "step": "1000",
            },
            "curves",
        ),
        Step(
            "<p>Go back in time: the test loss was lowest after 6 steps, 0.4280. Stopping here is the cheapest remedy. Drag time "
            "forward and watch the dashed curve rise above 1 within 60 steps, while the training loss goes on falling.</p>",
            {"step": "6"},
            "time",
            Question(
                "Which curve tells when to stop?",
                ("The training loss", "The test loss (or that of held-out points)", "Neither"),
                1,
                "The training loss always rewards learning by heart. For a fair final figure one keeps a third part aside.",
            ),
        ),
        Step(
            "<p>An L2 penalty of 0.05 pulls all weights towards 0, which makes the surface smooth. The training loss stays at 0.3251, and "
            "after 1,000 steps the test loss is 0.4243.</p>",
            {"l2": "0.05", "step": "1000"},
            "surface",
        ),
        Step(
            "<p>More data helps as well: there is more to learn by heart. Without the penalty, but with ten times the points, the test "
            "loss is 0.7985 after 1,000 steps. That is far from the first one, and still not as good as with the penalty.</p>",
            {"l2": "0", "n": "600"},
            "surface",
        ),
        Step(
            "<p>Both together do best. With ten times the points a weaker penalty is enough, 0.01: the test loss is 0.3382, close to the "
            "training loss of 0.3181.</p>",
            {"l2": "0.01"},
            "surface",
        ),
    ),
)

_FEATURES = Lesson(
    "features",
    "The right inputs",
    (
        Step(
            "<p>A circle inside another, and no hidden layer: no straight line helps. The training accuracy is 0.5531.</p>",
            {"data": "circles", "hidden": "", "step": "500"},
            "surface",
        ),
        Step(
            "<p>Still no hidden layer, but the inputs are now x₁² and x₂². In these, the circle x₁² + x₂² = r² is a straight line, and the "
            "training accuracy is 0.9938.</p><p>A hidden layer's work is to find such inputs by itself.</p>",
            {"features": "xx,yy"},
            "surface",
            Question(
                "Which single extra input would let one unit solve “exclusive or”?",
                ("x₁²", "x₁x₂", "sin x₁"),
                1,
                "Its sign is the same in opposite quarters. Try it: data “exclusive or”, input x₁x₂, no hidden layer.",
            ),
        ),
    ),
)

LESSONS = (_NEURON, _HIDDEN, _RATE, _DEAD, _VANISHING, _INITIAL, _OPTIMIZERS, _OVERFITTING, _FEATURES)
