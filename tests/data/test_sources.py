"""Rows in files of each kind: read as they were written, refused in one line where they are not rows."""

import numpy as np
import polars as pl
import pytest

import glassnet as gn
from glassnet.data.files import File, as_bytes
from glassnet.data.footer import row_groups

RNG = np.random.default_rng(0)
X = RNG.standard_normal((1003, 3)).round(3)
Y = (X[:, 0] > 0).astype(float)
W = RNG.integers(0, 3, 1003).astype(float)
FRAME = pl.DataFrame(X, schema=["a", "b", "c"]).with_columns(y=Y, w=W)


def whole(rows):
    parts = [rows.read(block) for block in range(len(rows.lengths))]
    assert [len(part[0]) for part in parts] == rows.lengths.tolist()
    return [np.concatenate(each) if each[0] is not None else None for each in zip(*parts, strict=True)]


def idx(array, kind):
    return bytes([0, 0, kind, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def npy(tmp_path, dtype="f8"):
    paths = tmp_path / "X.npy", tmp_path / "y.npy", tmp_path / "w.npy"
    for path, array in zip(paths, (X, Y, W), strict=True):
        np.save(path, array.astype(dtype))
    return paths


def parquet(tmp_path):
    FRAME[:600].write_parquet(tmp_path / "a.parquet", row_group_size=250)
    FRAME[600:].write_parquet(tmp_path / "b.parquet", row_group_size=250)
    return gn.open_rows(tmp_path, target="y", weight="w", memory="1 MB")


def csv(tmp_path):
    FRAME[:600].write_csv(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_bytes(FRAME[600:].write_csv().encode().rstrip())  # its last line has no end
    return gn.open_rows(tmp_path / "*.csv", target="y", weight="w", memory="100 kB")


SOURCES = {
    "npy": lambda folder: gn.open_rows(npy(folder), memory="100 kB"),
    "memmap": lambda folder: gn.open_rows(tuple(np.load(path, mmap_mode="r") for path in npy(folder)), memory="100 kB"),
    "arrays": lambda folder: gn.open_rows((X, Y, W), memory="100 kB"),
    "parquet": parquet,
    "csv": csv,
    "batches": lambda folder: gn.open_rows(
        [(X[k : k + 100], Y[k : k + 100], W[k : k + 100]) for k in range(0, 1003, 100)]
    ),
}


@pytest.mark.parametrize("kind", SOURCES)
def test_rows_are_read_as_they_were_written(kind, tmp_path):
    rows = SOURCES[kind](tmp_path)
    assert rows.shape == (1003, 3)
    assert rows.weighted
    assert len(rows.lengths) > 3
    for found, expected in zip(whole(rows), (X, Y, W), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert rows.fingerprint == rows.fingerprint
    assert "1,003 rows of 3 inputs" in repr(rows)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_run_on_rows_that_fit_has_the_bits_of_one_on_arrays(kind, tmp_path):
    rows, options = SOURCES[kind](tmp_path), {"epochs": 2, "batch_size": 50}
    rows.memory = 10**9
    nets = [gn.Network([3, 5, 1], output="sigmoid", seed=0) for _ in range(2)]
    gn.train(nets[0], rows, **options)
    gn.train(nets[1], X, Y, sample_weight=W, **options)
    assert nets[0].theta.tobytes() == nets[1].theta.tobytes()


@pytest.mark.parametrize("kind", SOURCES)
def test_the_run_is_the_same_each_time_and_a_checkpoint_knows_the_rows(kind, tmp_path):
    thetas = []
    for _ in range(2):
        rows = SOURCES[kind](tmp_path)
        rows.memory = 60_000 if kind != "parquet" else 100_000
        net = gn.Network([3, 5, 1], output="sigmoid", seed=0)
        history = gn.train(
            net, rows, epochs=2, batch_size=50, checkpoint=gn.Checkpoint(tmp_path / "run", steps=7, resume=True)
        )
        assert type(history.run.engine).__name__ == "StreamingEngine"
        thetas.append(net.theta.copy())
    np.testing.assert_array_equal(*thetas)
    rows.memory -= 1
    with pytest.raises(gn.InputError, match=r"checkpoint: expected the run that is saved there.*another X"):
        gn.train(
            gn.Network([3, 5, 1], output="sigmoid", seed=0),
            *(rows,),
            epochs=2,
            batch_size=50,
            checkpoint=gn.Checkpoint(tmp_path / "run", resume=True),
        )


def test_a_single_array_has_its_target_in_a_column(tmp_path):
    np.save(tmp_path / "all.npy", np.column_stack([X, Y]))
    for target in (3, -1):
        found = whole(gn.open_rows(tmp_path / "all.npy", target=target, memory="100 kB"))
        np.testing.assert_array_equal(found[0], X)
        np.testing.assert_array_equal(found[1], Y)
    with pytest.raises(gn.InputError, match=r"target: expected the number of a column, 0 … 3; got 4"):
        gn.open_rows(tmp_path / "all.npy", target=4)


def test_images_of_idx_files_are_rows_of_pixels(tmp_path):
    images, labels = RNG.integers(0, 256, (50, 4, 5)).astype(np.uint8), np.arange(50, dtype=np.uint8) % 10
    (tmp_path / "images").write_bytes(idx(images, 8))
    (tmp_path / "labels").write_bytes(idx(labels, 8))
    rows = gn.open_rows((tmp_path / "images", tmp_path / "labels"), memory="10 kB")
    found = whole(rows)
    np.testing.assert_array_equal(found[0], images.reshape(50, 20))
    np.testing.assert_array_equal(found[1], labels)


def test_lines_may_end_inside_quotes(tmp_path):
    lines = "a,note,y\n" + "".join(f'{k},"one\ntwo, ""{k}""",{k % 2}\n' for k in range(500))
    (tmp_path / "t.csv").write_text(lines)
    rows = gn.open_rows(tmp_path / "t.csv", target="y", features=["a"], memory="20 kB")
    assert len(rows.lengths) > 5
    np.testing.assert_array_equal(whole(rows)[0][:, 0], np.arange(500))


@pytest.mark.parametrize("compression", ["zstd", "snappy", "uncompressed"])
def test_row_groups_are_those_that_were_written(compression, tmp_path):
    frame = FRAME.with_columns(word=pl.lit("x"), flag=pl.lit(True), nothing=pl.lit(None, pl.Int8))
    for size, expected in ((100, 11), (1003, 1), (334, 4)):
        frame.write_parquet(tmp_path / "t.parquet", row_group_size=size, compression=compression)
        groups = row_groups(File.at(tmp_path / "t.parquet"))
        assert sum(groups) == 1003
        assert len(groups) == expected


def test_held_out_rows_are_never_trained_on(tmp_path):
    rows = SOURCES["npy"](tmp_path)
    kept, (X_val, y_val, w_val) = rows.hold_out(0.2, seed=1)
    assert 100 < len(X_val) < 300
    assert len(kept) + len(X_val) == 1003
    both = np.concatenate([np.column_stack(whole(kept)), np.column_stack([X_val, y_val, w_val])])
    np.testing.assert_array_equal(np.sort(both, axis=0), np.sort(np.column_stack([X, Y, W]), axis=0))
    assert len(rows.hold_out(0.2, seed=2)[1][0]) != len(X_val)
    assert kept.fingerprint != rows.fingerprint
    with pytest.raises(gn.InputError, match="share: expected rows that take at most a tenth of the memory"):
        rows.hold_out(0.9)
    with pytest.raises(gn.InputError, match="share: expected one that leaves rows on both sides"):
        rows.hold_out(1e-9)


def touched(path):
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


@pytest.mark.parametrize("kind", ["npy", "parquet", "csv"])
def test_a_file_that_changes_between_epochs_is_refused(kind, tmp_path):
    rows = SOURCES[kind](tmp_path)
    rows.memory = 60_000 if kind != "parquet" else 100_000
    path = tmp_path / {"npy": "X.npy", "parquet": "b.parquet", "csv": "b.csv"}[kind]
    with pytest.raises(
        gn.InputError, match=f"{path.name}: expected the file as it was when it was opened; got a changed"
    ):
        gn.train(
            gn.Network([3, 5, 1], output="sigmoid", seed=0),
            rows,
            epochs=3,
            batch_size=50,
            callbacks=[lambda epoch: touched(path)],
        )


def test_batches_that_change_are_refused():
    sizes = [100, 100]

    def batches():
        for size in sizes:
            yield X[:size], Y[:size]

    rows = gn.open_rows(batches, memory="10 kB")
    assert rows.shape == (200, 3)
    sizes[1] = 99
    with pytest.raises(gn.InputError, match="batches: expected 2 batches as in the first pass; got another batch 1"):
        whole(rows)
    with pytest.raises(gn.InputError, match="batches: expected ones that can be gone through again; got an iterator"):
        gn.open_rows(batches())


@pytest.mark.parametrize(
    ("name", "content", "target", "message"),
    [
        ("none.npy", None, -1, "none.npy: expected files of rows; got none"),
        ("t.npy", b"", -1, "t.npy: expected a .npy or IDX file; got one that starts b''"),
        ("t.npy", b"no array at all", -1, "t.npy: expected a .npy or IDX file"),
        ("t.csv", b"", "y", "t.csv: expected text with a header line; got an empty file"),
        ("t.csv", b"a,y\n", "y", "t.csv: expected at least one row; got none"),
        ("t.csv", b"a,y\n1,2\n", "z", "target: expected one of a, y; got 'z'"),
        ("t.csv", b"a,y\n1,2\n", None, "target: expected the name of a column; got None; pass e.g. target='y'"),
        ("t.parquet", b"PAR1", "y", "t.parquet: expected Parquet"),
    ],
)
def test_what_is_no_rows_is_refused(name, content, target, message, tmp_path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(gn.InputError, match=message):
        gn.open_rows(tmp_path / name, target=target)


def test_damaged_files_are_refused(tmp_path):
    paths = npy(tmp_path)
    paths[0].write_bytes(paths[0].read_bytes()[:-8])
    with pytest.raises(gn.InputError, match=r"X.npy: expected .* bytes for shape \(1003, 3\); got"):
        gn.open_rows(paths)
    np.save(paths[0], X[:-1])
    with pytest.raises(gn.InputError, match="y: expected 1,002 rows, as X has; got 1,003"):
        gn.open_rows(paths)
    np.save(paths[0], np.asfortranarray(X))
    with pytest.raises(gn.InputError, match="expected numbers, row after row; got columns after one another"):
        gn.open_rows(paths)
    FRAME.write_parquet(tmp_path / "t.parquet")
    content = (tmp_path / "t.parquet").read_bytes()
    for at in range(9, 200, 7):  # bytes of the footer
        (tmp_path / "t.parquet").write_bytes(
            content[:-at] + bytes([content[-at] ^ 0x55]) + content[len(content) - at + 1 :]
        )
        message = ""
        try:
            whole(gn.open_rows(tmp_path / "t.parquet", target="y"))
        except gn.InputError as error:
            message = str(error)
        assert "\n" not in message


def test_columns_that_are_missing_or_no_numbers_are_refused(tmp_path):
    FRAME[:600].write_parquet(tmp_path / "a.parquet")
    FRAME[600:].drop("b").write_parquet(tmp_path / "b.parquet")
    with pytest.raises(gn.InputError, match=r"b.parquet: expected the columns of .*a.parquet; got 'b' missing"):
        gn.open_rows(tmp_path, target="y")
    FRAME[600:].with_columns(b=pl.lit("word")).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(gn.InputError, match=r"b, rows 0 on of .*b.parquet: expected numbers; got String cells"):
        whole(gn.open_rows(tmp_path, target="y"))
    FRAME[600:].with_columns(b=pl.lit(None, pl.Float64)).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(gn.InputError, match="got 403 missing cells; use `glassnet train --memory`"):
        whole(gn.open_rows(tmp_path, target="y"))


@pytest.mark.parametrize("given", ["1 XB", "", -1, 0, 1.5, True, None, "GB"])
def test_a_memory_that_is_none_is_refused(given):
    with pytest.raises(gn.InputError, match="memory: expected bytes or a text such as '1 GB'"):
        as_bytes(given)


def test_memory_is_bounded_by_the_option(tmp_path):
    # in a process of its own: 128 MB of rows with 8 MB of memory
    import subprocess
    import sys

    with (tmp_path / "X.npy").open("wb") as file:  # a sparse file: its pages are holes
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (4_000_000, 8)})
        file.truncate(file.tell() + 128_000_000)
    np.save(tmp_path / "y.npy", np.zeros(4_000_000, np.float32))
    script = f"""
import numpy as np, glassnet as gn
def high():
    lines = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024
def run(memory, n):
    rows = gn.open_rows((r"{tmp_path}/X.npy", r"{tmp_path}/y.npy"), memory=memory)
    gn.train(gn.Network([8, 1], dtype="float32"), rows, batch_size=10_000, epochs=1, optimizer="sgd")
gn.train(gn.Network([8, 1], dtype="float32"), np.zeros((9, 8)), np.zeros(9), batch_size=3, epochs=1, optimizer="sgd")
before = high()
run("8 MB", 0)
print(high() - before)
"""
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 12_000_000  # 8 MB, and what the allocator keeps
