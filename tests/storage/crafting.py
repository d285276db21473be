"""Model files taken apart and put together wrongly: by hand, and at random; and the judge of what loading them did."""

import copy
import json
import signal
import sys
import warnings
from pathlib import Path

import numpy as np

import glassnet as gn
from glassnet.storage.container import DTYPES, _digest
from glassnet.storage.files import from_bytes, to_bytes
from glassnet.tables.model import TableModel
from glassnet.tables.report.html import report_html

# --- parts ----------------------------------------------------------------------------------------------------


def split(content):
    """A file as (table of tensors, description, data), all of which may be changed."""
    length = int.from_bytes(content[:8], "little")
    table = json.loads(content[8 : 8 + length])
    description = json.loads(table.pop("__metadata__")["glassnet"])
    return table, description, bytearray(content[8 + length :])


def join(table, description, data, sign=True, text=None):
    """The file of these parts, with a digest that fits unless `sign` is False."""
    if sign and isinstance(description, dict):
        description = sign_off(table, description, data)
    text = json.dumps(description) if text is None else text
    return frame(json.dumps({"__metadata__": {"glassnet": text}, **table}).encode(), data)


def frame(header, data):
    return len(header).to_bytes(8, "little") + header + bytes(data)


def sign_off(table, description, data):
    description = {key: value for key, value in description.items() if key != "sha256"}
    try:
        tensors = {
            name: np.frombuffer(bytes(data)[slice(*entry["data_offsets"])], DTYPES[entry["dtype"]]).reshape(
                entry["shape"]
            )
            for name, entry in table.items()
        }
        return {"sha256": _digest(description, tensors), **description}
    except (TypeError, ValueError, KeyError, AttributeError):
        return {"sha256": "0" * 64, **description}  # no digest fits what no reader understands


# --- at random ------------------------------------------------------------------------------------------------

ODD = [None, True, False, -1, 0, 1, 2, 3, 7, 2**31, 2**53, 2**63, 2**70, 10**39, -0.5, 1e308, 1e-320, "", "W1", "relu"]
ODD += ["softmax", "float32", "nan", "x" * 300, "\0", "\n", [], {}, [1], [[]], {"$type": "Network"}, {"a": None}]
ODD += [{"$type": "tuple", "items": [1]}, {"$type": "float", "value": "nan"}, {"$type": "array", "tensor": "W1"}]
ODD += [{"$type": kind} for kind in ("Adam", "State", "History", "TableModel", "RandomState", "Activation", "os", 3)]


def mutate(rng, content, others):
    """`content` with a random change of a random kind."""
    kind = rng.integers(12)
    if kind < 5:
        return mutate_bytes(rng, content, others, kind)
    if kind == 5:
        return mutate_text(rng, content)
    parts = split(content)
    for _ in range(rng.integers(1, 4)):
        mutate_tree(rng, parts[0] if kind < 8 else parts[1])
    if kind == 11 and parts[2]:  # bits of the data, signed: other parameters, which may not be finite
        parts[2][rng.integers(len(parts[2]))] ^= 1 << rng.integers(8)
    return join(*parts, sign=rng.random() < 0.95)


def mutate_bytes(rng, content, others, kind):
    changed = bytearray(content)
    if kind == 0:  # flipped bits
        for _ in range(rng.integers(1, 9)):
            changed[rng.integers(len(changed))] ^= 1 << rng.integers(8)
    elif kind == 1:  # cut short, or longer
        end = int(rng.integers(len(changed)))
        changed = changed[:end] if rng.random() < 0.8 else changed + changed[:end]
    elif kind == 2:  # a piece of this or of another file
        source = others[rng.integers(len(others))]
        start, end = sorted(rng.integers(len(source), size=2))
        place, after = sorted(rng.integers(len(changed), size=2))
        changed[place:after] = source[start:end]
    elif kind == 3:  # another length of the header
        length = int.from_bytes(changed[:8], "little") + int(rng.integers(-20, 20))
        odd = [length, 0, 1, 2, 2**20, 2**20 + 1, 2**63, 2**64 - 1, len(content), len(content) - 8]
        changed[:8] = max(odd[rng.integers(len(odd))], 0).to_bytes(8, "little")
    else:  # a run of one byte
        start = int(rng.integers(len(changed)))
        changed[start : start + int(rng.integers(1, 64))] = bytes([rng.integers(256)]) * int(rng.integers(0, 64))
    return bytes(changed)


def mutate_text(rng, content):
    """The header with characters changed, which leaves most of its JSON valid, and the length adapted."""
    length = int.from_bytes(content[:8], "little")
    header = bytearray(content[8 : 8 + length])
    for _ in range(rng.integers(1, 4)):
        place = int(rng.integers(len(header)))
        marks = b'0123456789-eE.,:[]{}"\\ \n\tnulltrue\xff\x00$'
        header[place : place + int(rng.integers(0, 3))] = bytes([marks[rng.integers(len(marks))]])
    return frame(bytes(header), content[8 + length :])


def mutate_tree(rng, root):
    """One change somewhere in a JSON value: a value replaced, removed, repeated, renamed, or taken from elsewhere."""
    places = []

    def visit(node):
        for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            places.append((node, key))
            visit(node[key])

    visit(root)
    if not places:
        return
    node, key = places[rng.integers(len(places))]
    action = rng.integers(6)
    if action == 0:
        node[key] = copy.deepcopy(ODD[rng.integers(len(ODD))])
    elif action == 1:
        del node[key]
    elif action == 2:
        other, name = places[rng.integers(len(places))]
        node[key] = copy.deepcopy(other[name])
    elif action == 3 and isinstance(node, dict):
        other, name = places[rng.integers(len(places))]
        node[str(name)] = node.pop(key)
    elif action == 4 and isinstance(node, list):
        node.insert(key, copy.deepcopy(node[key]))
    elif isinstance(node[key], int | float) and not isinstance(node[key], bool):
        node[key] = [node[key] + 1, -node[key], node[key] * 2, 0, float(node[key])][rng.integers(5)]
    elif isinstance(node[key], str):
        node[key] = node[key][: rng.integers(len(node[key]) + 1)] + "x"


# --- judging --------------------------------------------------------------------------------------------------


class HangError(Exception):
    """Ten seconds of processor time were not enough."""


def _alarm(number, frame):
    raise HangError


def judge(content, original, limit=10.0):
    """Load `content`: "refused" in one line, "same" as the original, or "other", a model that works; else it raises."""
    previous = signal.signal(signal.SIGPROF, _alarm)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        model = from_bytes(content, "'model.safetensors'")
    except gn.InputError as error:
        line = str(error)
        assert all((line.isprintable(), len(line) <= 400)), line  # one line; long only for lists of names
        assert all((line.startswith("'model.safetensors': "), "expected" in line, "got" in line, ";" in line)), line
        return "refused"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)
    again = to_bytes(model)
    if again == original:
        return "same"
    assert to_bytes(from_bytes(again, "again")) == again
    use(model)
    return "other"


def use(model):
    """A model that loaded computes, or says in one line why not."""
    net, history = model if isinstance(model, tuple) else (getattr(model, "network", model), None)
    if isinstance(model, gn.MLPClassifier | gn.MLPRegressor):
        use_estimator(model)
        return
    X = np.linspace(-1, 1, 3 * net.sizes[0]).reshape(3, -1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        assert len(net.predict(X)) == 3
        repr(model), net.summary(), getattr(model, "summary", net.summary)()
        if isinstance(model, TableModel):
            report_html(model)
        if history is None:
            return
        repr(history)
        y = np.zeros(3, int) if net.loss_function.targets == "distribution" else np.zeros((3, net.sizes[-1]))
        try:
            optimizer = gn.AdamW() if history.state.optimizer == "AdamW" else history.state.optimizer.lower()
            gn.train(net, X, y, optimizer=optimizer, epochs=1, batch_size=2, resume=history)
        except (gn.InputError, gn.NonFiniteError):
            pass


def use_estimator(model):
    """An estimator that loaded predicts and trains on, or says why not."""
    repr(model)
    if not hasattr(model, "coefs_"):
        return
    X = np.linspace(-1, 1, 4 * model.n_features_in_).reshape(4, -1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(model.predict(X)) == 4
        model.set_params(max_iter=1, warm_start=True, early_stopping=False)
        y = np.resize(model.classes_, 4) if hasattr(model, "classes_") else np.ones((4, model.n_outputs_))
        if model.n_outputs_ > 1 and hasattr(model, "classes_") and model.out_activation_ != "softmax":
            y = np.ones((4, model.n_outputs_), int)
        try:
            model.fit(X, y)
        except (
            ValueError,
            TypeError,
            OverflowError,
        ):  # scikit-learn's own refusals of parameters, InputError among them
            return


def campaign(count, seed, limit_memory=0):
    """Judge `count` mutated files; returns how many were refused, the same, other."""
    from random_models import random_model

    rng = np.random.default_rng(seed)
    originals = [to_bytes(random_model(np.random.default_rng(number))) for number in range(40)]
    for original in originals:
        assert judge(original, original) == "same"
    if limit_memory:
        import resource

        held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + limit_memory, resource.RLIM_INFINITY))
    verdicts = {"refused": 0, "same": 0, "other": 0}
    for number in range(count):
        original = originals[rng.integers(len(originals))]
        content = mutate(rng, original, originals)
        try:
            verdict = judge(content, original)
        except BaseException:
            print(f"mutation {number} of seed {seed}: {content[:5000].hex()}", file=sys.stderr)
            raise
        verdicts[verdict] += 1
    return verdicts
