"""Exercises of chapter 12: two steps of Adam, momentum in both conventions, and the length of a first step."""

from __future__ import annotations

import numpy as np

import glassnet as gn
from exercises.drawing import draw
from exercises.kinds import Code, Numbers, Wrong


def exercises(seed: int = 7) -> tuple[Numbers | Code, ...]:
    """Return the exercises of this chapter."""
    return draw(_adam, seed), draw(_momentum, seed), draw(_first_step, seed)


def _adam(rng: np.random.Generator) -> Numbers:
    first, second = rng.choice([-4.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0], size=2)
    optimizer = gn.Adam(learning_rate=0.5, beta1=0.8, beta2=0.9, epsilon=0.0)
    constants = optimizer.constants()
    b1, b2, rate = optimizer.beta1, optimizer.beta2, optimizer.learning_rate
    w1, m1, v1 = (float(each) for each in optimizer.update(1.0, first, 0.0, 0.0, **constants, t=1))
    w2, m2, v2 = (float(each) for each in optimizer.update(w1, second, m1, v1, **constants, t=2))
    m_hat, v_hat = m2 / (1 - b1**2), v2 / (1 - b2**2)

    def stepped(m: float, v: float, t: int = 2) -> float:
        return float(w1 - rate * (m / (1 - b1**t)) / np.sqrt(v / (1 - b2**t)))

    unsquared = b2 * (1 - b2) * abs(first) + (1 - b2) * abs(second)
    off = (m2 / (1 - b1**3), v2 / (1 - b2**3), stepped(m2, v2, 3))
    return Numbers(
        name="12-adam",
        question=(
            f"One weight, $w = 1$. Adam has $\\alpha = {rate:g}$, $\\beta_1 = {b1:g}$, $\\beta_2 = {b2:g}$, and "
            f"$\\varepsilon$ is so small that you may leave it out. The slope is {first:g} in the first step and "
            f"{second:g} in the second. What are $\\hat m$, $\\hat v$ and $w$ after the second step?"
        ),
        right=(m_hat, v_hat, w2),
        wrong=(
            Wrong(
                (m2, v2, float(w1 - rate * m2 / np.sqrt(v2))),
                "These are m and v before the correction. Divide m by 1 − β₁ᵗ and v by 1 − β₂ᵗ, with t = 2.",
            ),
            Wrong(off, "The correction counts one step too many. The first step has t = 1, so this one has t = 2."),
            Wrong(
                (m_hat, unsquared / (1 - b2**2), stepped(m2, unsquared)),
                "v mixes the slopes themselves. It is a running mean of their squares.",
            ),
            Wrong(
                (m_hat, v_hat, w1 - rate * m_hat / v_hat),
                "The step is divided by v̂. Divide by its root, which is the size of a usual slope.",
            ),
            Wrong(
                (second, second**2, float(w1 - rate * np.sign(second))),
                "The first slope is forgotten. m and v keep a share of what they were.",
            ),
        ),
        solution=(
            f"After step 1: $m = {m1:.4g}$, $v = {v1:.4g}$, and $w = 1 - \\alpha \\cdot {np.sign(first):g} = {w1:.4g}$. "
            f"After step 2: $m = {m2:.4g}$, $v = {v2:.4g}$. With $t = 2$ we divide by $1 - \\beta_1^2 = {1 - b1**2:.4g}$ and "
            f"$1 - \\beta_2^2 = {1 - b2**2:.4g}$: $\\hat m = {m_hat:.4g}$, $\\hat v = {v_hat:.4g}$. "
            f"Then $w = {w1:.4g} - {rate:g} \\cdot {m_hat:.4g} / \\sqrt{{{v_hat:.4g}}} = {w2:.4g}$."
        ),
        fields=("m̂", "v̂", "w"),
    )


def _momentum(rng: np.random.Generator) -> Numbers:
    g, mu, rate = float(rng.choice([1.0, 2.0, 3.0])), float(rng.choice([0.5, 0.8, 0.9])), 0.1
    optimizer = gn.Momentum(learning_rate=rate, momentum=mu)
    theta, v = 0.0, 0.0
    velocities = []
    for _ in range(4):
        theta, v = (float(each) for each in optimizer.update(theta, g, v, **optimizer.constants()))
        velocities.append(v)
    first = -velocities[2]
    second = first * (1 - mu)
    return Numbers(
        name="12-momentum",
        question=(
            f"A weight has the slope {g:g} three times in a row. The rate is $\\alpha = {rate:g}$, $\\mu = {mu:g}$, and "
            "the memory begins at 0. How far does the third step move the weight, (a) with $v \\leftarrow \\mu v - \\alpha g$ "
            "and the step $v$, (b) with $v \\leftarrow \\mu v + (1 - \\mu) g$ and the step $-\\alpha v$? Give lengths, "
            "without a sign."
        ),
        right=(first, second),
        wrong=(
            Wrong((second, first), "The two conventions are exchanged. The one with 1 − μ makes the shorter steps."),
            Wrong(
                (first, first),
                "In (b) each new slope enters with the share 1 − μ. The steps are shorter by that factor.",
            ),
            Wrong(
                (-velocities[1], -velocities[1] * (1 - mu)),
                "This is the second step. After the first slope v is αg; two more slopes follow.",
            ),
            Wrong(
                (3 * rate * g, 3 * rate * g * (1 - mu)),
                "The older slopes have not faded. Each step multiplies v by μ first.",
            ),
            Wrong((rate * g, rate * g), "This is plain descent: nothing is remembered. Add μ times the last v."),
        ),
        solution=(
            f"(a) The lengths of the three steps are {-velocities[0]:.4g}, {-velocities[1]:.4g}, {first:.4g}: each is $\\mu$ "
            f"times the last plus $\\alpha g$. (b) Everything is multiplied by $1 - \\mu = {1 - mu:.2g}$: {second:.4g}."
        ),
        fields=("(a)", "(b)"),
    )


def _first_step(rng: np.random.Generator) -> Numbers:
    small, large = float(rng.choice([0.002, 0.005, 0.02])), float(rng.choice([2.0, 4.0, 5.0]))
    rate = float(rng.choice([0.01, 0.03, 0.05]))
    optimizer = gn.Adam(learning_rate=rate)
    slopes = np.array([small, large])
    moved = -optimizer.update(np.zeros(2), slopes, np.zeros(2), np.zeros(2), **optimizer.constants(), t=1)[0]
    uncorrected = rate * (1 - optimizer.beta1) / np.sqrt(1 - optimizer.beta2)
    return Numbers(
        name="12-first-step",
        question=(
            f"Two weights have the slopes {small:g} and {large:g}. Adam takes its first step with the rate {rate:g} and the "
            "usual constants. How far does each weight move?"
        ),
        right=tuple(moved),
        wrong=(
            Wrong(
                tuple(rate * slopes), "This is plain descent, rate times slope. Adam divides by the size of the slope."
            ),
            Wrong(
                (uncorrected, uncorrected),
                "The bias correction is forgotten: (1 − β₁) g over √(1 − β₂) g. Divide m and v by what real slopes weigh.",
            ),
            Wrong(
                (0.1 * rate, 0.1 * rate), "Only m is left uncorrected. Divide it by 1 − β₁ as well, which is 0.1 here."
            ),
            Wrong((1.0, 1.0), "The rate is forgotten. m̂/√v̂ is 1 here; the step is the rate times that."),
        ),
        solution=(
            f"After one slope $\\hat m = g$ and $\\hat v = g^2$, so $\\hat m / \\sqrt{{\\hat v}}$ is 1 for both. Each weight "
            f"moves by the rate, {rate:g}, against the sign of its slope."
        ),
        fields=(f"slope {small:g}", f"slope {large:g}"),
    )
