"""A run takes little memory beyond its data, parameters and one batch of activations."""

import itertools
import sys

import pytest

pytestmark = pytest.mark.usefixtures("compiled_engine")

RUN = """
import re
import numpy as np
import glassnet as gn

def peak(name="VmHWM"):
    return 1024 * int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1])

sizes, n, batch_size, options = {sizes}, {n}, {batch_size}, {options}
small = gn.Network([2, 3, 1], seed=0)
gn.train(small, np.ones((4, 2)), np.ones(4), epochs=1, engine="native")
before = peak("VmRSS")
rng = np.random.default_rng(0)
X = rng.standard_normal((n, sizes[0]), dtype=np.float32)
y = X[:, :1].copy() if sizes[-1] == 1 else rng.random((n, sizes[-1]), dtype=np.float32)
network = gn.Network(sizes, hidden="relu", dtype="float32", seed=0)
open("/proc/self/clear_refs", "w").write("5")  # the highest is now what is in use
gn.train(network, X, y, epochs=2, batch_size=batch_size, engine="native", **options)
print(peak() - before)
"""

MIB = 2**20
CASES = {
    "ten million parameters": ([2000, 2000, 2000, 1000, 10], 256, 64, {"optimizer": "adam"}),
    "a million rows": ([30, 20, 1], 1_000_000, 256, {"optimizer": "adam"}),
    "a million rows at once": ([30, 20, 1], 1_000_000, None, {"optimizer": "sgd"}),
    "784-512-512-10": ([784, 512, 512, 10], 2000, 256, {"optimizer": "adam", "dropout": 0.2}),
    "784-512-512-10, full batch": ([784, 512, 512, 10], 6000, None, {"optimizer": "adam"}),
}
SLOTS = {"adam": 2, "sgd": 0}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("case", CASES)
def test_peak_memory(case, python):
    sizes, n, batch_size, options = CASES[case]
    code = RUN.format(sizes=sizes, n=n, batch_size=batch_size, options=options)
    used = int(python(code).stdout)
    data = 4 * n * (sizes[0] + sizes[-1])
    parameters = 4 * sum((a + 1) * b for a, b in itertools.pairwise(sizes)) * (1 + SLOTS[options["optimizer"]])
    activations = 4 * (batch_size or n) * sum(sizes)
    allowed = data + 4 * parameters + 3 * activations + 32 * MIB
    figures = {"data": data, "parameters": parameters, "activations": activations, "used": used, "allowed": allowed}
    figures = ", ".join(f"{name} {size / MIB:.0f}" for name, size in figures.items())
    print(f"{case}, in MiB: {figures}")
    assert used <= allowed, figures


SPARSE = """
import resource, warnings
import numpy as np
import glassnet as gn
from scipy.sparse import csr_array

n, d, entries = 20_000, 100_000, 10
rng = np.random.default_rng(0)
X = csr_array((np.ones(n * entries), rng.integers(0, d, n * entries), np.arange(0, n * entries + 1, entries)), (n, d))
model = gn.MLPClassifier(max_iter=1, batch_size=2000, random_state=0, engine="native")
with warnings.catch_warnings(action="ignore"):
    model.fit(X, rng.integers(0, 2, n))
model.predict(X)
print(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts in KiB")
def test_two_thousand_million_numbers_mostly_zeros_fit_into_a_gigabyte(python):
    assert int(python(SPARSE).stdout) <= 1000 * MIB  # as an array they take 16
