"""The suite against broken code: each entry breaks glassnet in one place, and the tests named with it must fail."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

ACTIVATIONS, INITIALIZERS = "tests/equations/test_activations.py", "tests/equations/test_initializers.py"
LOSSES, PENALTIES = "tests/equations/test_losses.py", "tests/equations/test_penalties.py"
ONNX = "tests/storage/test_onnx.py"
UPDATES, OPTIMIZERS = "tests/equations/test_updates.py", "tests/training/test_optimizers.py"
NETWORK, INPUTS, PASSES = (f"tests/network/test_{name}.py" for name in ("network", "inputs", "passes"))
TRAIN, RANDOM, LBFGS = (f"tests/training/test_{name}.py" for name in ("train", "random", "lbfgs"))
SCHEDULES, GRADIENTS = "tests/training/test_schedules.py", "tests/network/test_gradient_check.py"
INTERRUPTION, FORKS = "tests/training/test_interruption.py", "tests/training/test_forks.py"
RUN, OWN = "tests/training/test_run.py", "tests/network/test_own_functions.py"
GRADE, EXPLAIN, DIAGNOSING = (
    "tests/explain/test_grade.py",
    "tests/explain/test_explain.py",
    "tests/diagnose/test_diagnosing.py",
)
CAUSES = "tests/explain/test_causes.py"
STUDENTS = "tests/explain/test_students.py"
RANDOM_NETWORKS = "tests/test_random_networks.py"

# Runs pytest on a copy of the package: the finder of an editable install would otherwise come before sys.path.
PROGRAM = """
import sys
source, *arguments = sys.argv[1:]
sys.meta_path[:] = [finder for finder in sys.meta_path if "ScikitBuild" not in type(finder).__name__]
sys.path.insert(0, source)
import glassnet
if not glassnet.__file__.startswith(source):
    sys.exit(f"not the copy but {glassnet.__file__}")
import pytest
sys.exit(0 if (code := pytest.main(arguments)) == 0 else 101 if code == 1 else 3)
"""


@dataclass(frozen=True)
class Mutation:
    """What breaks, where, how, and the test file that must notice."""

    name: str
    file: str
    old: str
    new: str
    tests: str


def run_tests(source, tests):
    command = [sys.executable, "-B", "-c", PROGRAM, str(source), "-x", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


MUTATIONS = [
    Mutation("1/n dropped", "network/passes.py", "np.full(n, 1 / n,", "np.full(n, 1.0,", PASSES),
    Mutation(
        "weights not normalised", "network/passes.py", "sample_weight / sample_weight.sum()", "sample_weight", PASSES
    ),
    Mutation(
        "dW transposed, which shows only where W is square",
        "network/passes.py",
        "trace.into(layer).T @ dZ[layer]",
        "(dZ[layer].T @ trace.into(layer)).reshape(dW[layer].shape)",
        PASSES,
    ),
    Mutation(
        "dropout mask absent on the way back",
        "network/passes.py",
        "dA[layer - 1] = dA[layer - 1] * trace.D[layer - 1]",
        "pass",
        PASSES,
    ),
    Mutation(
        "dropout mask absent from dW",
        "network/passes.py",
        "trace.into(layer).T @",
        "trace.A[layer - 1].T @",
        RANDOM_NETWORKS + "::test_gradient_through_dropout_masks",
    ),
    Mutation(
        "db summed over the wrong axis",
        "network/passes.py",
        "dZ[layer].sum(axis=0)",
        "np.resize(dZ[layer].sum(axis=1), db[layer].shape)",
        PASSES,
    ),
    Mutation(
        "derivative of the wrong layer",
        "network/passes.py",
        "activations[layer - 1].backward(",
        "activations[layer].backward(",
        RANDOM_NETWORKS + "::test_gradient_of_2000_random_networks",
    ),
    Mutation(
        "derivative forgotten",
        "network/passes.py",
        "activations[layer - 1].backward(trace.Z[layer - 1], trace.A[layer - 1], dA[layer - 1])",
        "dA[layer - 1]",
        PASSES,
    ),
    Mutation(
        "derivative of the output forgotten",
        "network/passes.py",
        "output.backward(Z, A, loss.slopes(A, Y))",
        "loss.slopes(A, Y)",
        RANDOM_NETWORKS + "::test_gradient_of_2000_random_networks",
    ),
    Mutation(
        "penalty on biases",
        "network/passes.py",
        "db[layer][...] = dZ[layer].sum(axis=0)",
        "db[layer][...] = dZ[layer].sum(axis=0) + l2 * layout.views(theta)[1][layer]",
        PASSES,
    ),
    Mutation("l2 without its half", "equations/penalties.py", "0.5 * l2 * w**2", "l2 * w**2", PENALTIES),
    Mutation("l1 with the wrong sign", "equations/penalties.py", "l1 * np.sign(w)", "-l1 * np.sign(w)", PENALTIES),
    Mutation(
        "uphill",
        "equations/updates.py",
        "theta = theta - learning_rate * g\n",
        "theta = theta + learning_rate * g\n",
        UPDATES,
    ),
    Mutation(
        "momentum with the wrong sign",
        "equations/updates.py",
        "v = momentum * v - learning_rate * g\n    theta = theta + v",
        "v = -momentum * v - learning_rate * g\n    theta = theta + v",
        UPDATES,
    ),
    Mutation(
        "Nesterov without look-ahead",
        "equations/updates.py",
        "theta = theta + momentum * v - learning_rate * g",
        "theta = theta + v",
        UPDATES,
    ),
    Mutation(
        "RMSprop without the root",
        "equations/updates.py",
        "rate * g / (np.sqrt(v) + epsilon)",
        "rate * g / (v + epsilon)",
        UPDATES,
    ),
    Mutation(
        "Adam without the bias correction of v",
        "equations/updates.py",
        "v_hat = v / (1 - beta2**t)\n    theta = theta - learning_rate * m_hat /",
        "v_hat = v\n    theta = theta - learning_rate * m_hat /",
        UPDATES,
    ),
    Mutation(
        "AdamW's decay through m and v",
        "equations/updates.py",
        'as in adam.\n    """\n',
        'as in adam.\n    """\n    g, weight_decay = g + weight_decay * theta, 0.0\n',
        UPDATES,
    ),
    Mutation(
        "AdamW's decay divided by the root",
        "equations/updates.py",
        "(m_hat / (np.sqrt(v_hat) + epsilon) + weight_decay * theta)",
        "((m_hat + weight_decay * theta) / (np.sqrt(v_hat) + epsilon))",
        UPDATES,
    ),
    Mutation(
        "Adam's t off by one", "training/reference.py", '["t"] = state.step + 1', '["t"] = state.step + 2', OPTIMIZERS
    ),
    Mutation("0·ln 0 counted in the floor", "equations/loss.py", "nan=0.0", "nan=1.0", LOSSES),
    Mutation("the best constant of a link unbounded", "equations/loss.py", "-FAR, FAR", "-FAR, 2 * FAR", LOSSES),
    Mutation("a small log1p rounded away in ONNX", "printers/onnx.py", '"Log", w), slope)', '"Log", w), 1.0)', ONNX),
    Mutation("huber beyond delta", "equations/losses.py", "q * (r - 0.5 * q)", "q * (r - 0.5 * delta)", LOSSES),
    Mutation(
        "quantile on the wrong side",
        "equations/losses.py",
        "(1 - q) * (z > y) - q * (z < y)",
        "q * (z > y) - (1 - q) * (z < y)",
        LOSSES,
    ),
    Mutation(
        "cross-entropy of clipped probabilities",
        "equations/losses.py",
        "return np.maximum(z, 0) - y * z + np.log1p(np.exp(np.minimum(z, -z)))",
        "p = np.maximum(np.minimum(sigmoid(z), 1 - 1e-12), 1e-12)\n    return -y * np.log(p) - (1 - y) * np.log(1 - p)",
        LOSSES,
    ),
    Mutation(
        "cross-entropy without the maximum",
        "equations/losses.py",
        "m = np.max(z, axis=-1, keepdims=True)",
        "m = 0 * z[..., :1]",
        LOSSES,
    ),
    Mutation(
        "softmax without the maximum",
        "equations/activations.py",
        "np.exp(z - np.max(z, axis=-1, keepdims=True))",
        "np.exp(z)",
        ACTIVATIONS,
    ),
    Mutation(
        "sigmoid whose exponential overflows",
        "equations/activations.py",
        "np.where(z >= 0, 1, e) / (1 + e)",
        "np.exp(z) / (1 + np.exp(z))",
        ACTIVATIONS,
    ),
    Mutation(
        "gelu's constant",
        "equations/activations.py",
        "return z * sigmoid(1.5957691216057308",
        "return z * sigmoid(1.5957891216057308",
        ACTIVATIONS,
    ),
    Mutation("derivative of tanh", "equations/activations.py", "return 1 - a**2", "return 1 - a", ACTIVATIONS),
    Mutation(
        "derivative of elu without alpha",
        "equations/activations.py",
        "np.where(z > 0, 1, a + alpha)",
        "np.where(z > 0, 1, a + 1)",
        ACTIVATIONS,
    ),
    Mutation(
        "softmax's Jacobian taken as diagonal",
        "equations/activations.py",
        "a * (da - np.sum(da * a, axis=-1, keepdims=True))",
        "a * (1 - a) * da",
        ACTIVATIONS,
    ),
    Mutation(
        "float32 promoted",
        "equations/activations.py",
        'np.multiply(dA, self.df(Z, A, **self.parameters), dtype=dA.dtype, casting="same_kind")',
        "dA * self.df(Z, A, **self.parameters)",
        ACTIVATIONS,
    ),
    Mutation(
        "He's scale from fan_out",
        "equations/initializers.py",
        "np.sqrt(2 / fan_in)",
        "np.sqrt(2 / fan_out)",
        INITIALIZERS,
    ),
    Mutation(
        "Glorot's 3 for 6",
        "equations/initializers.py",
        "limit = np.sqrt(6 / (fan_in + fan_out))",
        "limit = np.sqrt(3 / (fan_in + fan_out))",
        INITIALIZERS,
    ),
    Mutation("signs of orthogonal", "equations/initializers.py", "q * np.sign(np.diag(r))", "q * 1.0", INITIALIZERS),
    Mutation(
        "order without the epoch",
        "training/random.py",
        "_philox(seed, _ORDER, epoch)",
        "_philox(seed, _ORDER, 0)",
        RANDOM,
    ),
    Mutation("dropout without its scale", "training/random.py", "1 / (1 - rate), dtype", "1.0, dtype", RANDOM),
    Mutation("one mask for all steps", "training/reference.py", "job.seed, step, layer,", "job.seed, 0, layer,", TRAIN),
    Mutation(
        "clipping by the largest entry",
        "training/reference.py",
        "float(np.linalg.norm(gradient))",
        "float(np.abs(gradient).max())",
        TRAIN,
    ),
    Mutation(
        "last small batch dropped",
        "training/job.py",
        "-(-self.n // self.batch_size)",
        "self.n // self.batch_size",
        TRAIN,
    ),
    Mutation(
        "loss of an epoch not weighted by its batches",
        "training/reference.py",
        "state.epoch_loss += batch.weight_sum * loss\n            state.epoch_weight += batch.weight_sum",
        "state.epoch_loss += loss\n            state.epoch_weight += 1",
        TRAIN,
    ),
    Mutation(
        "the last parameters kept for the best",
        "training/reference.py",
        "state.best_theta = theta.copy()",
        "state.best_theta = theta",
        TRAIN,
    ),
    Mutation(
        "min_delta ignored",
        "training/reference.py",
        "loss <= state.best_loss - rule.min_delta",
        "loss <= state.best_loss",
        TRAIN,
    ),
    Mutation(
        "the last of equal losses taken for the best",
        "training/reference.py",
        "if loss < state.best_loss:",
        "if loss <= state.best_loss:",
        TRAIN,
    ),
    Mutation(
        "adaptive schedule compares with the last loss",
        "training/reference.py",
        "state.adaptive_best = min(state.adaptive_best, loss)",
        "state.adaptive_best = loss",
        SCHEDULES,
    ),
    Mutation(
        "epochs of a resumed run counted anew",
        "training/run.py",
        '"epochs": self.state.epoch + epochs',
        '"epochs": epochs',
        TRAIN,
    ),
    Mutation(
        "elu whose exponential overflows",
        "equations/activations.py",
        "np.expm1(np.minimum(z, 0))",
        "np.expm1(z)",
        ACTIVATIONS,
    ),
    Mutation(
        "patience off by one",
        "training/reference.py",
        "if state.stale >= rule.patience",
        "if state.stale > rule.patience",
        TRAIN,
    ),
    Mutation(
        "patience of the adaptive schedule off by one",
        "training/reference.py",
        "state.adaptive_stale >= rule.patience",
        "state.adaptive_stale > rule.patience",
        SCHEDULES,
    ),
    Mutation(
        "schedule off by one",
        "training/reference.py",
        "step = np.array([state.step])",
        "step = np.array([state.step + 1])",
        SCHEDULES,
    ),
    Mutation(
        "warm-up from its first share",
        "training/schedules.py",
        "rising = step / max(warm, 1)",
        "rising = (step + 1) / (max(warm, 1) + 1)",
        SCHEDULES,
    ),
    Mutation(
        "bad parameters left after overflow",
        "training/reference.py",
        "mark = marks[0 if isinstance(error, NonFiniteError) else 1]",
        "mark = marks[1]",
        TRAIN,
    ),
    Mutation(
        "an interrupted step left half done",
        "training/reference.py",
        "            apply_wholly(lambda: go_back(mark))\n",
        "",
        INTERRUPTION,
    ),
    Mutation(
        "the record of a cut call forgotten",
        "training/reference.py",
        "record.cut(offset + state.epoch)",
        "record.cut(offset)",
        INTERRUPTION,
    ),
    Mutation(
        "a fork that shares the network",
        "training/run.py",
        "other.job = replace(self.job, network=self.network.copy())",
        "other.job = self.job",
        FORKS,
    ),
    Mutation(
        "history is a live view",
        "training/run.py",
        "state = self.state.copy()\n        done",
        "state = self.state\n        done",
        FORKS,
    ),
    Mutation(
        "overflow of the last update unnoticed",
        "training/reference.py",
        "if not np.isfinite(net.theta).all():",
        "if False:",
        TRAIN,
    ),
    Mutation(
        "resuming with empty slots",
        "training/arguments.py",
        "    return state.copy()\n",
        "    return State(state.optimizer, 0 * state.slots, state.step, state.epoch)\n",
        TRAIN,
    ),
    Mutation(
        "resuming from the best",
        "training/run.py",
        "if self.state.final_theta is not None:  # the run went on",
        "if False:  # the run went on",
        TRAIN,
    ),
    Mutation(
        "one-hot off by one",
        "network/inputs.py",
        "Y[np.arange(len(classes)), classes.astype(np.intp)] = 1",
        "Y[np.arange(len(classes)), classes.astype(np.intp) - 1] = 1",
        INPUTS,
    ),
    Mutation(
        "entries of one place not summed",
        "network/inputs.py",
        "csr.sum_duplicates()",
        "csr.sort_indices()",
        "tests/network/test_inputs.py",
    ),
    Mutation(
        "sparse rows made dense in the estimators",
        "estimators/rows.py",
        "as_csr(X, dtype) if is_sparse(X) else dense(X, dtype)",
        "dense(X, dtype)",
        "tests/estimators/test_options.py",
    ),
    Mutation(
        "validation rows of another kind than those of training",
        "training/arguments.py",
        "like(X_train, X)",
        "X",
        "tests/training/test_run.py",
    ),
    Mutation("nan accepted", "network/inputs.py", "np.isfinite(values.sum()) or", "True or", INPUTS),
    Mutation(
        "views detached by assigning theta",
        "network/network.py",
        "self._theta[...] = array",
        "self._theta = np.array(array, dtype=self.dtype)",
        NETWORK,
    ),
    Mutation(
        "views detached by pickling",
        "network/network.py",
        "self.__dict__.update(state)\n        self.W, self.b = self.layout.views(self._theta)",
        "self.__dict__.update(state)",
        NETWORK,
    ),
    Mutation(
        "copy shares theta",
        "network/network.py",
        "self.with_theta(self._theta.copy())",
        "self.with_theta(self._theta)",
        NETWORK,
    ),
    Mutation("kink of l1 unknown", "network/gradient_check.py", "        if l1:\n", "        if False:\n", GRADIENTS),
    Mutation("suspects unnamed", "network/gradient_check.py", "if gap[worst] <= 1e-4:", "if True:", GRADIENTS),
    Mutation("softplus without He's", "equations/initializers.py", '"silu", "softplus"}', '"silu"}', INITIALIZERS),
    Mutation("distributions that do not sum to 1", "network/inputs.py", "> 1e-5)", "> 1e-2)", INPUTS),
    Mutation("beta2 = 1", "training/optimizers.py", '("decay", "beta1", "beta2")', '("decay", "beta1")', OPTIMIZERS),
    Mutation("ends at the floor", "training/reference.py", "factor < rule.floor", "factor <= rule.floor", SCHEDULES),
    Mutation("nan improves", "training/reference.py", "= loss <= state.best", "= not loss > state.best", TRAIN),
    Mutation(
        "loss of the output by name", "network/network.py", "default_loss(last.builtin)", "default_loss(last.name)", OWN
    ),
    Mutation(
        "arguments may change",
        "network/probe.py",
        "if not all(\n        np.array_equal",
        "if False and all(\n        np.array_equal",
        OWN,
    ),
    Mutation(
        "place in an epoch kept", "training/run.py", "batch=0, epoch_loss=0.0, epoch_weight=0.0)", "batch=0)", RUN
    ),
    Mutation("slack of rounding", "explain/grading/marking.py", "slack=3)", "slack=30)", GRADE),
    Mutation("every mistake fits", "explain/grading/causes.py", "fit.explained == most", "True", CAUSES),
    Mutation(
        "contradicted causes",
        "explain/grading/causes.py",
        "                return None\n        return _Fit",
        "                pass\n        return _Fit",
        CAUSES,
    ),
    Mutation("rounding excuses much", "explain/grading/marking.py", "DEVIATIONS = 4.5", "DEVIATIONS = 200.0", STUDENTS),
    Mutation(
        "rounding excuses nothing", "explain/grading/marking.py", "DEVIATIONS = 4.5", "DEVIATIONS = 0.0", STUDENTS
    ),
    Mutation("kinks excuse much", "explain/rerun.py", "ROUNDING = 1e-12", "ROUNDING = 10.0", EXPLAIN),
    Mutation("far out", "diagnose/rules/start.py", "> 100 * (high - low)", "> 1000 * (high - low)", DIAGNOSING),
    Mutation("small weights pass", "diagnose/rules/start.py", "init_scale**2", "init_scale**4", DIAGNOSING),
    Mutation("offset of small inputs", "diagnose/rules/start.py", "1), 0) * (size > 1)", "1), 0)", DIAGNOSING),
    Mutation("tolerance of L-BFGS ignored", "training/lbfgs.py", '"gtol": optimizer.tolerance', '"gtol": 1e-5', LBFGS),
]


@pytest.fixture
def copied_source(tmp_path):
    source = tmp_path / "src"
    shutil.copytree(ROOT / "src" / "glassnet", source / "glassnet", ignore=shutil.ignore_patterns("__pycache__"))
    return source


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_each_break_finds_its_line(mutation):
    text = (ROOT / "src" / "glassnet" / mutation.file).read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1


@pytest.mark.long
def test_the_same_tests_pass_on_an_unbroken_copy(copied_source):
    done = run_tests(copied_source, sorted({mutation.tests for mutation in MUTATIONS}))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_broken_code_is_caught(mutation, copied_source):
    broken = copied_source / "glassnet" / mutation.file
    text = broken.read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1
    broken.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    done = run_tests(copied_source, [mutation.tests])
    assert done.returncode == 101, done.stdout[-2000:] + done.stderr[-2000:]
    assert "error" not in done.stdout.splitlines()[-1], done.stdout[-2000:]  # a test failed; none broke on collection
