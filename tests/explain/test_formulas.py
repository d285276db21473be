"""The lookups of explain and grading: each statement they read and each part of a formula they replace is there.

All of them are looked up when this file is imported: a renamed variable of the engine fails here, with its line.
"""

import ast
import importlib.util
import inspect
import re
import shutil
import sys
from pathlib import Path

import pytest

import glassnet as gn
from glassnet.equations import losses, updates
from glassnet.explain.formulas import FORMULAS
from glassnet.explain.grading.misconceptions import hypotheses
from glassnet.explain.grading.mistakes.update import REPLACED
from glassnet.network import passes
from glassnet.printers.statements import rename, source_of, statement

ROOT = Path(__file__).parents[2]
SOURCE = Path(passes.__file__).parents[2]  # the folder that holds glassnet
OPTIMIZERS = (gn.SGD(), gn.Momentum(), gn.Nesterov(), gn.RMSprop(), gn.Adam(), gn.AdamEpsilonHat(), gn.AdamW())
ROOT_AND_EPSILON = ("epsilon_misplaced", "root_forgotten")
SYMBOLS = {"layer": 1, "into": "A0", "losses": "losses", "slope": "slope_Z1", "dA": "dA1", "width": 2}


def lost_parts(optimizer):
    """The parts of the recurrence's formulas that grading replaces and does not find, with their lines."""
    net = gn.Network([2, 2, 2], "tanh", "softmax", seed=1)
    derivation = gn.explain(net, [[0.5, 1.0], [2.0, 3.0]], [0, 1], optimizer=optimizer)
    lost = []
    for symbol, parts in REPLACED[optimizer.update].items():
        if symbol not in derivation:
            source = source_of(optimizer.update)
            lost.append(f"{source} {optimizer.update.__name__}: no statement computes {symbol}")
            continue
        step = derivation[symbol]
        for part in parts:
            if ast.unparse(rename(step.expression, {part: "0"})) == step.code:
                lost.append(f"{step.source}: {symbol} = {step.code} does not contain {part}")
    return lost


READ = {name: formula.read(**SYMBOLS) for name, formula in FORMULAS.items()}  # LookupError names the line
LOST = [line for optimizer in OPTIMIZERS for line in lost_parts(optimizer)]
assert not LOST, "\n".join(LOST)


@pytest.mark.parametrize(
    ("name", "code"),
    {
        "DROPPED": "A1 * D1",
        "PRE_ACTIVATION": "A0 @ W1 + b1",
        "SUM_OVER_OUTPUTS": "np.sum(loss_terms, axis=1)",
        "MEAN": "losses.mean()",
        "WEIGHTED_MEAN": "losses @ mean_weights",
        "PENALISED": "mean_loss + penalty_sum",
        "EQUAL_WEIGHTS": "1 / n",
        "SAMPLE_WEIGHTS": "w / w.sum()",
        "OUTPUT_SLOPE": "slope_Z1 * mean_weights[:, None]",
        "WEIGHT_GRADIENT": "A0.T @ dZ1",
        "PENALISED_GRADIENT": "dW1_data + dW1_penalty",
        "BIAS_GRADIENT": "dZ1.sum(axis=0)",
        "BELOW": "dZ1 @ W1.T",
        "BELOW_MASKED": "dA1_dropped * D1",
        "THROUGH_ACTIVATION": "np.multiply(dA1, slope_Z1, dtype=dA1.dtype, casting='same_kind')",
        "JACOBIAN": "A1[:, :, None] * (np.eye(2) - A1[:, None, :])",
        "THROUGH_JACOBIAN": "np.sum(dA1[:, :, None] * J1, axis=1)",
        "CLIPPED": "gradient * (clip_norm / max(norm, clip_norm))",
        "LEARNING_RATE": "base_rate * schedule_factor * rate_factor",
    }.items(),
)
def test_each_formula_is_read_from_its_statement(name, code):
    expression, source = READ[name]
    assert ast.unparse(expression) == code
    lines = (SOURCE / source.file).read_text(encoding="utf-8").splitlines()
    assert source.code.splitlines()[0] == lines[source.line - 1].strip()


def test_every_formula_is_tested():
    parameters = test_each_formula_is_read_from_its_statement.pytestmark[0].args[1]
    assert {name for name, _ in parameters} == set(FORMULAS)


def test_nothing_else_in_explain_looks_up_statements():
    for file in (SOURCE / "glassnet" / "explain").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\bstatement\(", text) or file.name == "formulas.py", file
        assert ".replace(" not in text or "grading" not in file.parts, file  # of text; `swap` works on the tree


def test_a_lost_statement_is_named_with_its_line():
    with pytest.raises(
        LookupError, match=r"glassnet/network/passes\.py:\d+ forward: .*'trace\.Z\[layer\]' from X; got 0 \(line \d+"
    ):
        statement(passes.forward, "trace.Z[layer]", ["X"])


@pytest.mark.parametrize(
    ("optimizer", "codes"),
    [
        (gn.SGD(), set()),
        (gn.Momentum(), {"memory", "decay_rates_exchanged"}),
        (gn.Nesterov(), {"memory", "decay_rates_exchanged", "lookahead_forgotten"}),
        (gn.RMSprop(), {"memory", "decay_rates_exchanged", *ROOT_AND_EPSILON}),
        (gn.AdamEpsilonHat(), {"memory", "decay_rates_exchanged", "adam_off_by_one", *ROOT_AND_EPSILON}),
        *(
            (
                optimizer,
                {"memory", "decay_rates_exchanged", "adam_off_by_one", "bias_correction_forgotten", *ROOT_AND_EPSILON},
            )
            for optimizer in (gn.Adam(), gn.AdamW())
        ),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, set) else "",
)
def test_each_mistake_in_the_update_has_a_place(optimizer, codes):
    derivation = gn.explain(gn.Network([2, 1], seed=1), [[0.5, 1.0]], [1.0], optimizer=optimizer, step=1)
    found = [each for each in hypotheses(derivation) if set(each.formulas) & {"theta", "m", "v", "m_hat", "v_hat"}]
    always = {"update_sign", "learning_rate", "parameters_not_updated", "integer_type"}
    assert {each.misconception.code for each in found} == codes | always


# --- renaming every local variable --------------------------------------------------------------------------------


def variables():
    """(file, function, variable) of each name that a function of the two files binds."""
    for module, file in ((passes, "network/passes.py"), (updates, "equations/updates.py")):
        for function in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(function, ast.FunctionDef):
                bound = [n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
                for name in dict.fromkeys(bound):
                    yield file, function.name, name


def renamed(text, function, variable):
    """The source with a variable of one function renamed, its parameter included; lines stay where they are."""
    lines = text.splitlines(keepends=True)
    tree = next(n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef) and n.name == function)
    places = {(n.lineno, n.col_offset) for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == variable}
    places |= {(n.lineno, n.col_offset) for n in ast.walk(tree) if isinstance(n, ast.arg) and n.arg == variable}
    for line, column in sorted(places, reverse=True):
        row = lines[line - 1].encode()
        lines[line - 1] = (row[:column] + b"renamed" + row[column + len(variable.encode()) :]).decode()
    return "".join(lines)


def _mutations():
    path = ROOT / "tests" / "test_mutations.py"
    spec = importlib.util.spec_from_file_location("test_mutations", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass asks for it
    spec.loader.exec_module(module)
    return module


@pytest.mark.long
@pytest.mark.parametrize(("file", "function", "variable"), list(variables()))
def test_a_renamed_variable_works_or_is_named_with_its_line(tmp_path, file, function, variable):
    shutil.copytree(ROOT / "src" / "glassnet", tmp_path / "glassnet", ignore=shutil.ignore_patterns("__pycache__"))
    changed = tmp_path / "glassnet" / file
    changed.write_text(renamed(changed.read_text(encoding="utf-8"), function, variable), encoding="utf-8")
    run_tests = _mutations().run_tests
    done = run_tests(tmp_path, ["tests/explain/test_formulas.py"])
    if done.returncode == 0:
        done = run_tests(tmp_path, ["tests/explain/test_worked.py", "tests/explain/test_grade.py"])
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    else:
        assert re.search(rf"(LookupError|AssertionError): glassnet/{file}:\d+", done.stdout), done.stdout[-3000:]


def test_a_function_of_a_module_is_read_by_its_name():
    doubled = gn.Loss("doubled", lambda z, y: 2 * losses.squared_error(z, y), lambda z, y: 2 * (z - y))
    derivation = gn.explain(gn.Network([2, 1], loss=doubled, seed=0), [0.5, 1.0], 2.0)
    assert derivation["loss"].code == "2 * squared_error(Z1, Y)"
    assert derivation.check("loss").ok
