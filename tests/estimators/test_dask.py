"""scikit-learn's search over our estimator on a Dask cluster of two local workers gives the scores of one process."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.model_selection import GridSearchCV

import glassnet as gn


@pytest.mark.long
@pytest.mark.filterwarnings("default")  # Dask's own
def test_grid_search_on_two_workers() -> None:
    joblib = pytest.importorskip("joblib")
    distributed = pytest.importorskip("distributed", reason='pip install "dask[distributed]"')
    X, y = make_moons(200, noise=0.2, random_state=0)
    grid = {"alpha": [1e-4, 1e-1], "hidden_layer_sizes": [(4,), (16,)]}
    search = GridSearchCV(gn.MLPClassifier(max_iter=30, random_state=0), grid, cv=3)
    alone = search.fit(X, y).cv_results_["mean_test_score"]
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_backend("dask"),
    ):
        shared = search.fit(X, y).cv_results_["mean_test_score"]
    assert np.array_equal(shared, alone)
