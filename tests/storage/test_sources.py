"""Random sources in a model file go on where they stood, whatever their kind, half-used words included."""

import numpy as np
import pytest

import glassnet as gn


def halfway(source):
    """A source that keeps half of what it drew last."""
    if isinstance(source, np.random.RandomState):
        source.standard_normal()
    else:
        source.integers(10, dtype=np.uint32)
    return source


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.random.RandomState(3),
        lambda: np.random.default_rng(3),
        lambda: np.random.Generator(np.random.MT19937(3)),
    ],
    ids=["RandomState", "PCG64", "MT19937"],
)
@pytest.mark.parametrize("prepare", [lambda source: source, halfway], ids=["whole", "halfway"])
def test_a_source_goes_on(make, prepare, tmp_path):
    network = gn.Network([2, 3, 1], seed=prepare(make()))
    gn.save(network, tmp_path / "model.safetensors")
    other = gn.load(tmp_path / "model.safetensors")
    assert type(other.seed) is type(network.seed)
    assert (other.theta == network.theta).all()
    for draw in ("standard_normal", "random"):
        if hasattr(network.seed, draw):
            assert (getattr(network.seed, draw)(5) == getattr(other.seed, draw)(5)).all()
    integers = [getattr(n.seed, "integers", getattr(n.seed, "randint", None)) for n in (network, other)]
    assert (integers[0](1000, size=7, dtype=np.uint32) == integers[1](1000, size=7, dtype=np.uint32)).all()


@pytest.mark.parametrize("bits", [np.random.Philox, np.random.SFC64])
def test_a_source_that_a_file_cannot_hold_is_refused(bits, tmp_path):
    network = gn.Network([2, 1], seed=np.random.Generator(bits(3)))
    with pytest.raises(gn.InputError, match=bits.__name__):
        gn.save(network, tmp_path / "model.safetensors")
    assert list(tmp_path.iterdir()) == []
