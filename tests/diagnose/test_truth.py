"""Remedies are judged by rows that took no part, in the units of the targets and by a stated test."""

import numpy as np
import pytest
from sklearn.datasets import make_moons

import glassnet as gn
from glassnet.diagnose.case.remedy import Remedy
from glassnet.diagnose.case.setup import Setup, folds, run
from glassnet.diagnose.case.verdict import QUANTILES, Verdict
from glassnet.diagnose.rules.start import STANDARDISE, STANDARDISE_TARGETS
from glassnet.diagnose.rules.truth import FOLDS, Truth

X, y = make_moons(120, noise=0.2, random_state=0)
SANE = {"optimizer": gn.Adam(learning_rate=0.02), "epochs": 30, "batch_size": 20}


def classifier(**options):
    return Setup(gn.Network([2, 8, 1], output="sigmoid", seed=1), X, y, {**SANE, **options})


def test_the_test_is_students_with_the_variance_of_trainings_that_share_rows():
    from scipy import stats

    for parts, quantile in QUANTILES.items():
        assert pytest.approx(stats.t.ppf(0.95, parts - 1), abs=5e-4) == quantile
    verdict = Truth(classifier(l2=3.0)).compare((), (Remedy("no l2", options={"l2": 0.0}),))
    setup, fold = classifier(l2=3.0), folds(classifier(), FOLDS, 7)
    shares = []
    for l2 in (3.0, 0.0):
        trained = [run(setup.rows(fold != j).changed(l2=l2)).network for j in range(FOLDS)]
        losses = [trained[j].loss(X[fold == j], y[fold == j]) for j in range(FOLDS)]
        shares.append([setup.measure.unexplained(loss) for loss in losses])
    difference = np.subtract(*shares)
    assert verdict.before == pytest.approx(np.mean(shares[0]), rel=1e-9)
    assert verdict.after == pytest.approx(np.mean(shares[1]), rel=1e-9)
    assert verdict.error == pytest.approx(np.sqrt(np.var(difference, ddof=1) * (1 / 4 + 1 / 3)), rel=1e-9)
    assert verdict.better
    assert not verdict.worse


def test_better_worse_and_no_more_than_chance():
    assert Verdict(0.5, 0.3, 0.05, 100).better
    assert not Verdict(0.5, 0.4, 0.05, 100).better
    assert not Verdict(0.5, 0.4, 0.05, 100).worse
    assert Verdict(0.4, 0.5, 0.05, 100).worse


def test_losses_are_in_the_units_of_the_targets():
    """Standardising inputs or targets changes the training, not the ruler: predictions are brought back."""
    target = 1000 * (X[:, 0] + 2)
    setup = Setup(gn.Network([2, 8, 1], seed=1), X, target, {**SANE, "epochs": 200})
    truth = Truth(setup)
    plain, scaled = ((), (STANDARDISE_TARGETS, STANDARDISE))
    verdict = truth.compare(plain, scaled)
    assert verdict.before > 20 * verdict.after > 0
    part = truth._part(0, scaled)
    trained = run(part).network
    predicted = trained.predict(part.judged.X) * target[truth.fold != 0].std() + target[truth.fold != 0].mean()
    right = 0.5 * np.mean((predicted - target[truth.fold == 0]) ** 2)
    assert np.mean(truth._of(scaled)[0][truth.fold == 0]) == pytest.approx(right, rel=1e-6)


def test_a_failed_training_predicts_a_constant():
    setup = classifier(optimizer=gn.SGD(learning_rate=1e6))
    verdict = Truth(setup).compare((), (Remedy("a sane rate", options={"optimizer": gn.Adam(learning_rate=0.02)}),))
    assert 0.9 < verdict.before <= 1.5
    assert verdict.better


@pytest.mark.parametrize(("rows", "possible"), [(39, False), (40, True)])
def test_few_rows_confirm_no_remedy(rows, possible):
    assert Truth(classifier().rows(np.arange(rows))).possible == possible
