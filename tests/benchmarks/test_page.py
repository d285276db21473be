"""The figures of a run go into the column of the page that is named, and into no other."""

from benchmarks.page import PAGE, fill, step_cells, whole_cells

TEXT = """
| steps | Xeon, full | Zen 4 |
|---|---|---|
| W1, float32 | – | 2 µs |
| W2, float32 | – | – |

| fits | Xeon |
|---|---|
| early  10 rows | – |
"""


def step(contender, micros, dtype="float32"):
    clocks = {"wall_us_per_step_best": micros, "cpu_us_per_step_best": 2 * micros}
    return {"workload": "W1", "dtype": dtype, "threads": 1, "contender": contender, "flops_per_step": 1e6, **clocks}


def test_a_step_is_told_with_its_share_of_the_peak_and_its_peers():
    record = {
        "peaks": [{"float32": 100.0}, {"float32": 200.0}],
        "results": [step("glassnet", 10.0), step("jax", 25.0), step("torch", 70.0, "float64")],
    }
    assert step_cells(record, "wall") == {"W1, float32": "10 µs, 50% of the peak; jax × 2.5"}
    assert step_cells(record, "cpu") == {"W1, float32": "20 µs, 25% of the peak; jax × 2.5"}


def test_a_whole_case_is_told_by_its_rounds_and_by_what_differs():
    def series(name, epochs, *samples):
        told = [{"wall": wall, "cpu": cpu, "told": {"epochs": epochs}} for wall, cpu in samples]
        return {"case": "early  10 rows", "contender": name, "samples": told}

    whole = [series("glassnet", 3, (2.0, 1.0), (1.0, 0.5)), series("jax", 3, (3.0, None), (4.0, None))]
    record = {"whole": whole, "notes": ["another: torch failed: TypeError: no"]}
    assert whole_cells(record, "wall") == {"early  10 rows": "glassnet 1,000 ms; jax × 3 (2.33)"}
    assert whole_cells(record, "cpu") == {"early  10 rows": "glassnet 500 ms; jax × 6 (4.67)"}
    record["whole"].append(series("torch", 5, (2.0, 1.0)))
    record["notes"] += ["early  10 rows: numpy failed: MemoryError: no room: none"]
    cell = whole_cells(record, "wall")["early  10 rows"]
    assert cell.endswith("jax × 3 (2.33), torch × 2 (1.33) in 5 epochs, numpy failed: MemoryError")


def test_a_column_is_filled_and_the_others_are_kept():
    text, missing = fill(TEXT, "Xeon", {"W1, float32": "3 µs", "early 10  rows": "1 ms", "W9, float32": "4 µs"})
    assert "| W1, float32 | 3 µs | 2 µs |" in text
    assert "| W2, float32 | – | – |" in text
    assert "| early  10 rows | 1 ms |" in text
    assert missing == ["W9, float32"]
    text, missing = fill(TEXT, "Zen", {"W1, float32": "3 µs", "early 10 rows": "1 ms"})
    assert "| W1, float32 | – | 3 µs |" in text
    assert missing == ["early 10 rows"]


def test_the_page_has_a_row_for_each_fit():
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    from benchmarks.fits.cases import CASES

    missing = [
        case.name for case in CASES if f"| {' '.join(case.at(dtype=case.dtypes[0]).label.split())} |" not in text
    ]
    assert missing == []
