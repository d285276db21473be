"""The search for a table's model: folds, portfolio, trials, the rule that ends the worse ones, and what is kept of it."""

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import glassnet as gn
from glassnet.tables.fitting.problem import pose
from glassnet.tables.fitting.set_up import complete, set_up
from glassnet.tables.model import mean_answer
from glassnet.tables.reading.table import Table
from glassnet.tables.search import search, trial
from glassnet.tables.search.folds import fold_rows
from glassnet.tables.search.learn import learn
from glassnet.tables.search.portfolio import CLASSES, NUMBERS, portfolio
from glassnet.tables.search.trial import Trial, train_trials
from glassnet.tables.settings import Settings
from glassnet.training.job import Record
from glassnet.training.many import STOPPED


def table(n=120, seed=0):
    """A table of two numbers, one with gaps, and a category, with a class and a number to predict."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n)).round(4)
    sky = rng.choice(["clear", "grey", "rain"], n)
    price = (2 * a + (sky == "clear") - b).round(4)
    b = [None if hidden else value for hidden, value in zip(rng.random(n) < 0.1, b.tolist(), strict=True)]
    level = np.where(price > 0.5, "high", "low")
    return Table(pl.DataFrame({"a": a, "b": b, "sky": sky, "level": level, "price": price}))


def search_of(target="level", epochs=4, **given):
    """A search for one of the two targets."""
    settings = Settings(epochs=epochs, threads=2, **given.pop("settings", {}))
    other = {"level": "price", "price": "level"}[target]
    return learn(table(), target, effort=given.pop("effort", "default"), settings=settings, ignore=[other], **given)


@pytest.fixture(scope="module")
def of_classes():
    found = search_of()
    found.run()
    return found


@pytest.fixture(scope="module")
def of_numbers():
    found = search_of("price")
    found.run()
    return found


# --- folds ------------------------------------------------------------------------------------------------------------


def test_each_row_is_held_out_once_and_trained_on_in_the_other_folds():
    rows = np.arange(3, 57)
    folds = fold_rows(np.zeros(60), rows, 5, seed=0, classes=None)
    assert len(folds) == 5
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == rows.tolist()
    for train, held_out in folds:
        assert sorted([*train, *held_out]) == rows.tolist()
        assert (np.diff(train) > 0).all()
        assert (np.diff(held_out) > 0).all()
        assert len(held_out) in (10, 11)
    assert not all((np.diff(held_out) == 5).all() for _, held_out in folds)  # not every fifth row


def test_folds_share_out_each_class():
    y = np.repeat([0, 1, 2], [31, 12, 7])
    np.random.default_rng(0).shuffle(y)
    counts = np.array([np.bincount(y[held_out]) for _, held_out in fold_rows(y, np.arange(50), 5, 1, classes=3)])
    assert (np.ptp(counts, axis=0) <= 1).all()
    assert (counts.sum(axis=1) == 10).all()


def test_folds_are_those_of_the_seed():
    first, again, other = (
        np.concatenate([held_out for _, held_out in fold_rows(np.zeros(40), np.arange(40), 4, seed, None)])
        for seed in (0, 0, 1)
    )
    assert (first == again).all()
    assert (first != other).any()


# --- portfolio --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("classes", "all_changes"), [(True, CLASSES), (False, NUMBERS)])
def test_the_portfolio_starts_with_the_rule_and_changes_what_it_says(classes, all_changes):
    found = portfolio(Settings(), classes)
    assert len(found) == len(all_changes) == 10
    rule = Settings().complete(1000, 3, 2 if classes else None)
    assert found[0].complete(1000, 3, 2 if classes else None) == rule
    for configuration, changes in zip(found, all_changes, strict=True):
        assert all(getattr(configuration, name) == value for name, value in changes.items())
        others = [each.name for each in fields(Settings) if each.name not in {*changes, "learning_rate"}]
        assert all(getattr(configuration, name) == getattr(Settings(), name) for name in others)


@pytest.mark.parametrize("classes", [True, False])
@pytest.mark.parametrize(
    "given",
    [
        {"hidden": (7,), "dropout": 0.0, "categories": "onehot"},
        {"bins": 0, "frequencies": 0},
        {"learning_rate": 0.01},
        {"optimizer": "sgd"},
        {"seed": 3, "class_weight": "balanced"},
    ],
    ids=str,
)
def test_given_settings_stay_in_every_configuration(given, classes):
    found = portfolio(Settings(**given), classes, more=8)
    assert len(found) > 3
    for configuration in found:
        assert {name: getattr(configuration, name) for name in given} == given
    assert len({*map(repr, found)}) == len(found)
    if "optimizer" in given:  # whose own rate it is
        assert {each.learning_rate for each in found} == {None}


def test_configurations_that_become_equal_are_one():
    given = {name: None for changes in CLASSES for name in changes}
    rule = Settings().complete(1000, 3, 2)
    same = Settings(**{name: getattr(rule, name) for name in given})
    assert portfolio(same, classes=True) == [same]


@pytest.mark.parametrize("classes", [True, False])
def test_more_are_drawn_by_the_seed(classes):
    found, again, other = (portfolio(Settings(seed=seed), classes, more=22) for seed in (0, 0, 1))
    assert found == again
    assert len(found) == 32
    assert [replace(each, seed=1) for each in found[:10]] == other[:10]
    assert all(replace(each, seed=1) not in other for each in found[10:])
    for each in found[10:]:
        each.check(2 if classes else None)
        assert {*each.hidden} <= {64, 128, 192, 256}
        assert 1 <= len(each.hidden) <= 3
        assert 0 <= each.dropout <= 0.5
        assert 0.02 * 0.25 <= float(each.optimizer.split("=")[1]) <= 3


def test_effort_best_tries_more_and_averages_more():
    default, best = search_of(), search_of(effort="best")
    assert (len(default.configurations), len(best.configurations)) == (10, 32)
    assert (default.n_chosen, best.n_chosen) == (3, 6)
    assert best.n_networks == 32 * 2 + 6 * 3


# --- trials -----------------------------------------------------------------------------------------------------------


def test_each_trial_has_a_seed_of_its_own_that_follows_from_the_search():
    found = search_of(settings={"seed": 5})
    seeds = {(number, fold): found._trial(number, fold).seed for number in range(10) for fold in range(5)}
    assert len({*seeds.values()}) == 50
    assert seeds[2, 3] == int(np.random.SeedSequence([5, 2, 3]).generate_state(1)[0])
    other = search_of(settings={"seed": 6})
    assert other._trial(2, 3).seed != seeds[2, 3]
    assert found._trial(2, 3).rows is found.folds[3][0]


def test_a_trial_is_the_training_of_its_settings_on_its_rows(of_numbers):
    """Each member's network is what `train` makes of it alone."""
    problem, chosen = of_numbers.problem, of_numbers.members[4]
    settings = complete(problem, of_numbers.configurations[chosen.configuration], len(chosen.rows))
    made = set_up(problem, settings, chosen.rows, chosen.seed)
    held_out = made.held_out(problem, chosen.held_out)
    history = gn.train(
        made.member.network,
        made.train.X,
        made.train.y,
        validation=held_out.as_validation,
        **made.options(validated=True),
    )
    assert made.member.network.theta.tobytes() == chosen.member.network.theta.tobytes()
    assert history.validation_loss.tolist() == chosen.record.validation_loss
    np.testing.assert_array_equal(made.member.answer(held_out.X), chosen.answer)


def test_sample_weights_train_and_judge():
    weighted = table().frame.with_columns(w=pl.Series(np.linspace(0, 4, 120)))
    found = learn(Table(weighted), "price", effort="default", settings=Settings(epochs=3), ignore=["level"], weight="w")
    found.run()
    plain = search_of("price", epochs=3)
    plain.run()
    assert found.losses() != plain.losses()
    first = [each for each in found.trials if each.configuration == 0 and each.fold < 2]
    rows = np.concatenate([each.held_out for each in first])
    answers = np.concatenate([each.answer for each in first])
    weights = np.linspace(0, 4, 120)[rows]
    expected = np.sum(weights * (answers - found.problem.y[rows]) ** 2) / weights.sum()
    assert found.losses()[0] == pytest.approx(expected, rel=1e-12)


# --- the rule that ends the worse ones --------------------------------------------------------------------------------


class FakeRun:
    """As much of a Run as the rule reads."""

    def __init__(self, epoch, losses, stopped=""):
        self.epoch, self.job = epoch, SimpleNamespace(epochs=40)
        self.record = Record(validation_loss=losses, stopped=stopped)
        self.finished = bool(stopped)


def wave_of(losses, folds):
    """A wave of trials without data: configuration k on each fold has `losses[fold][k]`."""
    wave = object.__new__(trial._Wave)
    wave.trials = [
        Trial(k, fold, 0, Settings(), np.arange(2), np.arange(2)) for fold in folds for k in range(len(losses[0]))
    ]
    return wave


def ended(losses, epoch, stopped=()):
    """The configurations that the rule ends at an epoch of 40, by their losses on each fold."""
    wave = wave_of(losses, range(len(losses)))
    runs = [
        FakeRun(epoch, [losses[each.fold][each.configuration]], STOPPED if each.configuration in stopped else "")
        for each in wave.trials
    ]
    chosen = wave._rule(runs)
    assert all(wave.trials[k].configuration not in stopped for k in chosen)
    numbers = {wave.trials[k].configuration for k in chosen}
    assert len(chosen) == len(numbers) * len(losses)  # on every fold
    return sorted(numbers)


TEN = [[float(k) for k in range(1, 11)]]


def test_nothing_ends_before_a_quarter_of_the_epochs():
    assert ended(TEN, 9) == []


def test_the_worst_three_of_ten_end_after_a_quarter_and_two_more_after_a_half():
    assert ended(TEN, 10) == [7, 8, 9]
    assert ended(TEN, 13, stopped={7, 8, 9}) == []
    assert ended(TEN, 20, stopped={7, 8, 9}) == [5, 6]
    assert ended(TEN, 30, stopped={5, 6, 7, 8, 9}) == []


def test_a_hard_fold_counts_no_more_than_an_easy_one():
    # on the hard fold losses are 100 times as large; configuration 1 is bad on the easy one, 2 a little on the hard one
    losses = [[1.0, 9.0, 1.0, 1.0], [100.0, 100.0, 150.0, 100.0]]
    assert ended(losses, 10) == [1]


def test_losses_that_diverged_end_first():
    assert ended([[1.0, np.inf, 2.0, 3.0]], 10) == [1]


def test_a_dropped_configuration_is_neither_measured_nor_averaged(of_classes):
    dropped = {each.configuration for each in of_classes.trials if each.dropped}
    assert len(dropped) == 5
    assert dropped.isdisjoint(of_classes.losses())
    assert dropped.isdisjoint(of_classes.best())
    epochs = {each.configuration: len(each.record.validation_loss) for each in of_classes.trials}
    assert sorted(epochs[number] for number in dropped) == [1, 1, 1, 2, 2]
    assert {epochs[number] for number in of_classes.best()} == {4}


# --- the whole search -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["of_classes", "of_numbers"])
def test_the_best_three_are_trained_on_all_folds_and_averaged(name, request):
    found = request.getfixturevalue(name)
    losses = found.losses()
    assert len(losses) == 5
    assert found.best() == sorted(losses, key=losses.get)[:3]
    assert [(each.configuration, each.fold) for each in found.members] == [
        (each.configuration, each.fold) for each in found.trials if each.configuration in found.best()
    ]
    assert sorted((each.configuration, each.fold) for each in found.members) == [
        (number, fold) for number in sorted(found.best()) for fold in range(5)
    ]
    assert [member is each.member for member, each in zip(found.model.members, found.members, strict=True)] == [
        True
    ] * 15
    answers = [member.answer(member.inputs(found.problem.table)) for member in found.model.members]
    np.testing.assert_array_equal(found.model.answer(found.problem.table), mean_answer(answers))
    np.testing.assert_allclose(mean_answer(answers), np.mean(answers, axis=0), rtol=1e-12)


def test_losses_are_those_of_the_rows_that_two_folds_hold_out(of_classes, of_numbers):
    for found in (of_classes, of_numbers):
        for number, loss in found.losses().items():
            first = [each for each in found.trials if each.configuration == number and each.fold < 2]
            answers, y = (
                np.concatenate([each.answer for each in first]),
                np.concatenate([found.problem.y[each.held_out] for each in first]),
            )
            assert len(y) == 48
            of_rows = (answers - y) ** 2 if found is of_numbers else -np.log(answers[np.arange(48), y])
            assert loss == pytest.approx(np.mean(of_rows), rel=1e-6)


def test_each_row_is_answered_once_by_the_members_that_held_it_out(of_numbers):
    rows, answer = of_numbers.held_out_answer()
    assert rows.tolist() == list(range(120))
    for row in (0, 57, 119):
        (fold,) = (k for k, (_, held_out) in enumerate(of_numbers.folds) if row in held_out)
        of_row = [
            each.member.answer(each.member.inputs(of_numbers.problem.table.take(np.array([row]))))[0]
            for each in of_numbers.members
            if each.fold == fold
        ]
        assert len(of_row) == 3
        assert answer[row] == pytest.approx(np.mean(of_row), rel=1e-5)


def test_measures_of_validation_are_of_rows_held_out(of_numbers):
    measures = of_numbers.measure()
    rows, answer = of_numbers.held_out_answer()
    y = of_numbers.problem.y[rows]
    assert [*measures] == ["train", "validation"]
    assert measures["validation"]["rmse"] == pytest.approx(np.sqrt(np.mean((answer - y) ** 2)))
    assert measures["train"]["rmse"] < measures["validation"]["rmse"]
    assert of_numbers.model.training["validation"] == measures["validation"]


def test_dates_and_formatted_numbers_are_measured_beside_a_linear_model():
    given = table().frame.with_columns(
        day=pl.Series([f"{k % 28 + 1:02}.{k % 12 + 1:02}.2020" for k in range(120)]),
        cost=pl.Series([f"$1,{k % 90 + 100}" for k in range(120)]),
    )
    found = learn(Table(given, text=True), "price", effort="default", settings=Settings(epochs=2), ignore=["level"])
    assert (found.problem.choice.kinds["day"], found.problem.choice.types["cost"].form) == ("date", "$1,234.5")
    found.run()
    found.measure()
    assert found.model.training["baselines"]["validation"]


def test_many_rows_are_compared_on_one_fold(monkeypatch):
    monkeypatch.setattr(search, "MANY_ROWS", 120)
    found = search_of(epochs=2)
    assert (found.first_folds, found.n_networks) == (1, 10 + 3 * 4)
    found.run()
    assert len(found.model.members) == 15
    assert len(found.trials) == 22


def test_tables_of_fewer_rows_than_folds():
    few = Table(pl.DataFrame({"a": [1.0, 2.0, 4.0], "price": [1.0, 3.0, 2.0]}))
    found = learn(few, "price", effort="default", settings=Settings(epochs=2))
    assert len(found.folds) == 3
    assert np.isfinite(found.run().predict(few)).all()


def test_a_held_out_share_takes_the_place_of_folds():
    found = search_of(validation=0.25, test=0.2, epochs=2)
    assert len(found.folds) == 1
    train, held_out = found.folds[0]
    assert (len(train), len(held_out), len(found.test)) == (66, 30, 24)
    assert found.n_networks == 10
    found.run()
    assert len(found.trials) == 10
    assert len(found.model.members) == 3
    rows, answer = found.held_out_answer()
    assert rows.tolist() == held_out.tolist()
    np.testing.assert_array_equal(answer, mean_answer([each.answer for each in found.members]))
    assert {name: part["rows"] for name, part in found.measure().items()} == {"train": 66, "validation": 30, "test": 24}
    assert found.model.training["rows"] == {"train": 66, "validation": 30, "test": 24}


def test_test_rows_take_no_part():
    found = search_of(test=0.25, epochs=2)
    assert len(found.rows) == 90
    kept = {*map(tuple, found.test.frame.rows())}
    assert kept.isdisjoint(found.problem.table.take(found.rows).frame.rows())
    assert sorted(np.concatenate([held_out for _, held_out in found.folds])) == found.rows.tolist()


def test_standings_rise_to_the_end():
    told = []
    found = search_of(epochs=3)
    found.run(told.append)
    shares = [each.share for each in told]
    assert shares == sorted(shares)
    assert told[-1].share == pytest.approx(1)
    assert (told[-1].networks, told[-1].finished) == (29, 29)
    assert told[-1].best == min(each.best_loss for each in found.trials)
    assert str(told[-1]) == f"29 of 29 networks   best validation loss {told[-1].best:.4f}   0 s left"


# --- waves ------------------------------------------------------------------------------------------------------------


def bits(found):
    return np.concatenate([member.network.theta for member in found.model.members]).tobytes()


def test_waves_train_every_trial_once_and_give_its_bits(monkeypatch):
    """Without the rule, which compares those of a wave, a trial is the same in any wave."""
    problem = pose(table(), "price", ignore=["level"])
    whole, parts = search_of("price", epochs=3), search_of("price", epochs=3)
    trials = [[each._trial(number, fold) for fold in range(2) for number in range(10)] for each in (whole, parts)]
    train_trials(problem, trials[0], drop=False)
    sizes, made = [], trial._Wave

    class Counted(made):
        def train(self, *arguments):
            sizes.append(len(self.trials))
            super().train(*arguments)

    monkeypatch.setattr(trial, "_Wave", Counted)
    monkeypatch.setattr(trial, "MOST_BYTES", 200_000)
    shares = []
    train_trials(problem, trials[1], drop=False, told=lambda _, share: shares.append(share))
    assert len(sizes) > 2
    assert sum(sizes) == 20
    assert shares == sorted(shares)
    assert len({*shares}) >= len(sizes)  # not 1 at the end of each wave
    assert shares[-1] == pytest.approx(1)
    for one, other in zip(*trials, strict=True):
        assert one.member.network.theta.tobytes() == other.member.network.theta.tobytes()
        np.testing.assert_array_equal(one.answer, other.answer)
        assert one.record.validation_loss == other.record.validation_loss


@pytest.mark.parametrize("target", ["level", "price"])
def test_the_same_seed_gives_the_same_model_for_any_number_of_threads(target, of_classes, of_numbers):
    expected = of_classes if target == "level" else of_numbers
    for threads in (1, 4):
        again = search_of(target)
        again.settings = replace(again.settings, threads=threads)
        again.configurations = [replace(each, threads=threads) for each in again.configurations]
        again.run()
        assert again.losses() == expected.losses()
        assert bits(again) == bits(expected)
    other = search_of(target, settings={"seed": 1})
    other.run()
    assert bits(other) != bits(expected)


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------


def interrupt_when(condition):
    def progress(now):
        if condition(now):
            raise KeyboardInterrupt

    return progress


def test_ctrl_c_on_the_first_folds_keeps_the_best_configurations_so_far(monkeypatch):
    monkeypatch.setattr("glassnet.training.many.PROGRESS_SECONDS", 0.01)
    found = search_of(epochs=2_000, settings={"patience": 5_000})
    model = found.run(interrupt_when(lambda now: now.share > 0.001))
    assert found.interrupted
    assert model.training["stopped"] == "interrupted"
    assert len(found.trials) == 20  # the first stage alone
    assert 1 <= len(model.members) <= 6
    assert all(len(each.record.validation_loss) < 2_000 for each in found.trials)
    assert found.best()
    for each in found.members:  # each network is that of its best epoch
        X = each.member.preparation.inputs(found.problem.cells, rows=each.held_out, dtype=np.float32)
        of_network = each.member.network.loss(X, found.problem.y[each.held_out])
        assert of_network == pytest.approx(each.best_loss, rel=1e-4)
    rows, _ = found.held_out_answer()
    assert {*rows} == {*np.concatenate([found.folds[fold][1] for fold in {each.fold for each in found.members}])}
    assert np.isfinite(found.measure()["validation"]["log_loss"])


def test_ctrl_c_on_the_other_folds_keeps_all_that_answered(monkeypatch):
    monkeypatch.setattr("glassnet.training.many.PROGRESS_SECONDS", 0.01)
    found = search_of(epochs=24, settings={"patience": 5_000})
    model = found.run(interrupt_when(lambda now: now.finished > 20 and now.share < 1))
    assert model.training["stopped"] == "interrupted"
    assert len(found.trials) == 29
    assert len(found.best()) == 3
    assert 6 <= len(model.members) <= 15
    first = [(each.configuration, each.fold) for each in found.members if each.fold < 2]
    assert sorted(first) == [(number, fold) for number in sorted(found.best()) for fold in range(2)]


def test_ctrl_c_before_any_epoch_is_raised(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(trial, "train_many", interrupted)
    found = search_of()
    with pytest.raises(KeyboardInterrupt):
        found.run()
    assert not hasattr(found, "model")


# --- what is kept -----------------------------------------------------------------------------------------------------


def test_the_record_has_every_configuration_by_what_it_changes(of_classes):
    tried = of_classes.model.training["tried"]
    assert len(tried) == 10
    assert {
        number: each["loss"] for number, each in enumerate(tried) if each["loss"] is not None
    } == of_classes.losses()
    assert tried[0]["changes"].keys() == {each.name for each in fields(Settings)}
    assert tried[4]["changes"] == {"few_values": 0, "frequencies": 0, "cuts": "tree", "bins": 8}
    assert of_classes.model.training["networks"] == 29
    assert [len(curve) for curve in of_classes.model.training["curves"]] == [4] * 15
    of_model = of_classes.model.settings
    assert (of_model["effort"], of_model["seed"], of_model["epochs"]) == ("default", 0, 4)


def test_the_report_and_the_outcome_name_what_was_searched_and_found(of_classes):
    assert "rows: 120 to train, a 5th of them at a time judges" in of_classes.report()
    assert "search (default): 10 configurations of inputs, network and training" in of_classes.report()
    lines = of_classes.outcome().splitlines()
    assert lines[0].startswith("29 networks in ")
    assert lines[0].endswith("s; the model averages 15, of 3 configurations:")
    losses = of_classes.losses()
    assert [line.split()[2].rstrip(":") for line in lines[1:4]] == [f"{losses[k]:.5g}" for k in of_classes.best()]


@pytest.mark.parametrize("name", ["of_classes", "of_numbers"])
def test_a_file_gives_its_predictions_bit_for_bit(name, request, tmp_path):
    found = request.getfixturevalue(name)
    found.measure()
    gn.save(found.model, tmp_path / "m.safetensors")
    again = gn.load(tmp_path / "m.safetensors")
    assert len(again.members) == 15
    answer = found.model.answer(found.problem.table)
    assert again.answer(found.problem.table).tobytes() == answer.tobytes()
    assert again.predict(found.problem.table).tolist() == found.model.predict(found.problem.table).tolist()
    assert again.training == found.model.training
    assert again.settings == found.model.settings
    for one, other in zip(again.members, found.model.members, strict=True):
        assert one.preparation == other.preparation
        np.testing.assert_array_equal(one.baseline, other.baseline)
        assert (one.target_mean, one.target_scale) == (other.target_mean, other.target_scale)
