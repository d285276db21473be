"""Objects from short texts, and IDX files."""

import gzip
import struct

import numpy as np
import pytest

import glassnet as gn
from glassnet.tables import specs
from glassnet.tables.reading.idx import TEST, read_idx, read_images
from glassnet.tables.reading.read import read_table


def test_specs():
    assert specs.build_optimizer("adam") == gn.Adam()
    assert specs.build_optimizer("Momentum:momentum=0.5", 0.2) == gn.Momentum(0.2, 0.5)
    assert specs.build_optimizer("lbfgs:max-evaluations=9") == gn.LBFGS(max_evaluations=9)
    assert specs.build_schedule("one_cycle:rise=0.2,end=100") == gn.OneCycle(rise=0.2, end=100)
    assert specs.build_loss("quantile:q=0.9").parameters == {"q": 0.9}
    assert specs.build_activation("elu:alpha=2").parameters == {"alpha": 2}


def idx(array):
    return struct.pack(f">4B{array.ndim}i", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def test_idx_plain_gzipped_and_with_a_dot(tmp_path):
    images, labels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4), np.array([7, 1], np.uint8)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(images))
    (tmp_path / "train-labels.idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    found = read_images(tmp_path)
    np.testing.assert_array_equal(found[0], images)
    np.testing.assert_array_equal(found[1], labels)
    table = read_table(tmp_path)
    assert table.names == [*(f"r{i}c{j}" for i in range(3) for j in range(4)), "label"]
    assert table.frame.row(1) == (*range(12, 24), 1)
    assert table.image_shape == (3, 4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0\x08\x03",
        b"\0\0\x0d\x01" + struct.pack(">i", 1) + b"a",  # floats
        idx(np.zeros((2, 2), np.uint8)),
        idx(np.zeros(5, np.uint8))[:-1],
        idx(np.zeros(5, np.uint8)) + b"more",
        struct.pack(">4B3i", 0, 0, 8, 3, -1, -1, 1) + b"a",
        struct.pack(">4B3i", 0, 0, 8, 3, 2**31 - 1, 2**31 - 1, 2**31 - 1),
        gzip.compress(idx(np.zeros(5, np.uint8)), mtime=0)[:-9],
        b"\x1f\x8bnothing",
    ],
)
def test_damaged_idx(content, tmp_path, refuses):
    path = tmp_path / "x-images-idx3-ubyte"
    path.write_bytes(content)
    with refuses(""):
        read_idx(path)


def test_idx_folder_must_fit_together(tmp_path, refuses):
    with refuses(""):
        read_images(tmp_path, TEST)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(np.zeros((3, 2, 2), np.uint8)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.zeros(2, np.uint8)))
    with refuses(""):
        read_table(tmp_path)
