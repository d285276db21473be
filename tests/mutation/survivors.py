"""Breaks that no test notices, and why; docs/about/testing.md lists them."""

EQUIVALENT, ACCEPTED = "equivalent", "accepted"

# by Break.key
REASONS = {
    'src/glassnet/diagnose/rules/course.py: Remedy("a strong l2 penalty", options={"l2": 0.3}),: 0.3 → 0.6': (
        "accepted: a choice of size; replays judge the remedy"
    ),
    "src/glassnet/diagnose/render/html.py: def _few(series: list[Any], at_most: int = 6) -> list[Any]:: 6 → 7": (
        "accepted: a choice of looks"
    ),
    "src/glassnet/estimators/base.py: net, n = self.network_, len(trace.A[0]): 0 → 1": (
        "equivalent: every layer has as many rows"
    ),
    "src/glassnet/estimators/base.py: self.best_loss_ = np.inf: self.best_loss_ = np.inf → pass": (
        "equivalent: fit takes None for inf, and sets it after the first epoch"
    ),
    "src/glassnet/equations/activations.py: return np.where(z > 0, z, slope * z): z > 0 → (z >= 0)": (
        "equivalent: at 0 both branches give 0"
    ),
    "src/glassnet/equations/activations.py: s = np.maximum(np.minimum(z, 25), -25): 25 → 26": (
        "equivalent: the sigmoid is 0 or 1 to rounding beyond 25 as beyond 26"
    ),
    "src/glassnet/training/processors.py: limits += [read(base.joinpath(*parts[:depth])) for depth in "
    "range(len(parts) + 1)]: 1 → 2": "equivalent: the whole path is read twice",
    'src/glassnet/tables/reading/delimited.py: raise _error(source, 0, f"{len(records.starts) - 1:,} rows", got, "write it as '
    'Parquet") from None: raise _error(source, 0, f"{len(records.starts) - 1:,} rows", got, "write it as P → pass': (
        "accepted: a guard; no text is known that the two readers split otherwise"
    ),
    "src/glassnet/estimators/base.py: if not np.isfinite(self.network_.theta).all():: "
    "not np.isfinite(self.network_.theta).all() → False": "accepted: both engines and lbfgs raise before; a second guard",
    "src/glassnet/estimators/minimising.py: if fitting.has_callbacks:: fitting.has_callbacks → True": (
        "equivalent: without callbacks the function that is called does nothing"
    ),
    "src/glassnet/diagnose/instruments/instruments.py: if not 1e-30 < square < 1e30:  # float32 over- or underflowed; "
    "float64 may not: 1e-30 < square < 1e30 → (1e-30 < square <= 1e+30)": (
        "equivalent: at exactly 1e30 both ways give the same number"
    ),
    "src/glassnet/diagnose/rules/replay.py: SLACK = 0.05  # rise of u that still counts as no worse: the spread between "
    "equivalent runs: 0.05 → 0.1": (
        "accepted: the suite of set-ups (long) measures it; no single run tells 0.05 from 0.1"
    ),
    'src/glassnet/explain/grading/gradient_rules.py: if "mean_weights" not in d:: "mean_weights" not in d → False': (
        "equivalent: of one sample the wrong formulas name symbols that are not there, or give the right numbers"
    ),
    "src/glassnet/explain/render/html.py: def render_html(outline: Outline, graph: Graph, *, document: bool = False) -> "
    "str:: False → True": "equivalent: every caller says which it wants",
    "src/glassnet/explain/render/html.py: def render_entry_html(entry: ChainRule, *, document: bool = False) -> str:: "
    "False → True": "equivalent: every caller says which it wants",
    "src/glassnet/storage/strict_json.py: depth = int(np.cumsum(opening - closing, dtype=np.int32).max(initial=0)): "
    "0 → 1": "equivalent: a text without brackets has depth 0 or 1, and far more is allowed",
    "src/glassnet/storage/json_export.py: line = json.dumps(value, ensure_ascii=False, allow_nan=False) if flat or "
    "len(nested) < 20 else None: len(nested) < 20 → (len(nested) <= 20)": (
        "accepted: a choice of looks, of a list of 20 that would just fit on a line"
    ),
    "src/glassnet/tables/reading/table.py: self._numbers[name] = values: self._numbers[name] = values → pass": (
        "equivalent: what is not kept is parsed anew"
    ),
    'src/glassnet/training/random.py: return np.argsort(_philox(seed, _ORDER, epoch).random_raw(n), kind="stable"): '
    'np.argsort(_philox(seed, _ORDER, epoch).random_raw(n), kind="stable") → (np.argsort(_philox(seed, _ORDER, '
    "epoch).random_raw(n)))": "equivalent: no two of the 64-bit numbers are alike in practice",
    "native/small_layer.hpp: if (count >= N) {: >= → >": "equivalent: the other way does the same for N rows, more slowly",
}


def reason_of(key):
    """Why the break of this key survives; "" if nobody has looked."""
    return REASONS.get(key, "")
