"""Tells what was trained, and what it predicts now. Untrusted side: facts, no verdicts."""

import re

import numpy as np

from .. import state
from ..counted import (
    amount,
    apply,
    base,
    classify,
    counting_network,
    evaluated_network,
    pixels_of,
    rivals,
    trainings,
    trainings_of,
)
from ..plain import plain
from . import NAMES, RUN, probe

COURSE = re.compile(
    r"loss|acc|train|val(?!ue)|test|dev|err|score|correct|hist|logs|curve|epo[ck]|metric|result"
    r"|record|verl|fehler|kosten|cost|genau|treffer|tr_|va_",
    re.IGNORECASE,
)
"""Names of what is kept of a training's course."""

IMAGES, MAX_HELD = 60_000, 20
MAX_MODULES, MAX_SERIES, MAX_LENGTH = 400, 200, 2000


@probe(RUN, heavy=True)
def network(namespace, params):
    """The network's layers and parameters, how often it was updated, and its name."""
    module, entry = counting_network(namespace)
    names = [k for k, v in list(namespace.items()) if v is module and not k.startswith("_")]
    layers = []
    for path, part in list(module.named_modules())[:MAX_MODULES]:
        is_leaf = not any(True for _ in part.children())
        own = {k: list(p.shape) for k, p in part.named_parameters(recurse=False)}
        if is_leaf or own:
            layers.append(
                {
                    "path": str(path),
                    "type": type(part).__name__,
                    "module": type(part).__module__,
                    "parameters": own,
                }
            )
    calls, output = _forward(module)
    return {
        "name": names[0] if names else "",
        "class": type(module).__name__,
        "layers": layers,
        "parameters": int(sum(p.numel() for p in module.parameters())),
        "steps": amount(module, "steps"),
        "networks": len({id(e["module"]) for e in trainings()}),
        "rivals": len(rivals(module)),
        "optimizer": entry["optimizer"] if entry else "",
        "evaluated": evaluated_network() is module,
        "seeded": bool(entry["seeded"]) if entry else False,
        "elsewhere": bool(state.elsewhere),
        "seen": amount(module, "seen"),
        "stopped": state.stopped[0] if state.stopped else "",
        "losses": _losses(module),
        "foreign": _foreign(module),
        "images": int((taught(module)[:IMAGES] > 0).sum()),
        "tested": int((taught(module)[IMAGES:] > 0).sum()),
        "read": list(state.read),
        "calls": calls,
        "output": output,
    }


def _foreign(module):
    """Of the steps that were looked at, the share with gradients that no backward pass left."""
    entries = trainings_of(module)
    compared = sum(e["compared"] for e in entries)
    return sum(e["foreign"] for e in entries) / compared if compared > 1 else None


def taught(module):
    """How often the network learned from each image, as far as loaders fetched them.

    Those for training come first, those for testing after them.
    """
    counts = [e["taught"] for e in trainings_of(module)]
    return np.sum(counts, axis=0) if counts else np.zeros(0)


def _losses(module):
    """The loss that the network was trained with, over its steps."""
    entries = trainings_of(module)
    return np.array([mean for entry in entries for mean in entry["losses"].means])


def _forward(module):
    """Names of the torch functions in one forward pass, and the shape that comes out."""
    import torch
    from torch.overrides import TorchFunctionMode

    seen = set()

    class Recorder(TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            seen.add(getattr(func, "__name__", ""))
            return func(*args, **(kwargs or {}))

    was_training = module.training
    module.eval()
    try:
        with torch.no_grad(), Recorder():
            weight = next(module.parameters(), torch.zeros(()))
            output = apply(module, torch.rand(4, 1, 28, 28).to(weight.device, weight.dtype))
        shape = list(output.shape)
    except Exception:
        shape = []
    finally:
        module.train(was_training)
    return sorted(seen)[:300], shape


@probe(RUN, heavy=True)
def predictions(namespace, params):
    """The network's class for each of `images` (uint8, n x 28 x 28), in evaluation mode."""
    module, entry = counting_network(namespace)
    return {"classes": classify(module, pixels_of(entry, namespace), np.array(params["images"]))}


@probe(NAMES)
def histories(namespace, params):
    """All top-level series of numbers, by name; dictionaries and short tables are looked into.

    A tensor is most often left over from the last batch: of these, those that are named for it.
    """
    found = {}

    def add(name, value, depth=0):
        if len(found) >= MAX_SERIES or name.startswith("_") or name in ("In", "Out"):
            return
        value = _columns(value)
        if isinstance(value, dict) and depth < 2:
            for key, inner in list(value.items())[:50]:
                add(f"{name}.{key}", inner, depth + 1)
            return
        if not isinstance(value, (list, tuple, np.ndarray)) and not hasattr(value, "detach"):
            return
        try:
            is_tensor = hasattr(value, "detach")
            if is_tensor and (value.numel() > MAX_LENGTH * 4 or not COURSE.search(name)):
                return
            size = len(value)
            if not 1 <= size <= MAX_LENGTH:
                return
            array = np.asarray(plain(value), dtype=np.float64)
        except Exception:
            return
        if array.ndim == 1:
            found[name[:80]] = array
        elif array.ndim == 2 and array.shape[1] <= 8:
            for column in range(array.shape[1]):
                found[f"{name[:70]}[{column}]"] = array[:, column]

    for name, value in list(namespace.items()):
        if isinstance(name, str):
            add(name, value)
    return found


def _columns(value):
    """A table (of pandas, or a list of dictionaries with equal keys) as columns by name."""
    if hasattr(value, "columns") and hasattr(value, "to_numpy"):
        return {str(name): value[name].to_numpy() for name in list(value.columns)[:50]}
    is_table = isinstance(value, (list, tuple)) and len(value) <= MAX_LENGTH
    if is_table and value and all(isinstance(row, dict) for row in value):
        names = [name for name in value[0] if all(name in row for row in value)]
        return {str(name): [row[name] for row in value] for name in names[:50]}
    return value


@probe(NAMES, heavy=True)
def split(namespace, params):
    """Sizes of the notebook's data sets and loaders, and whether validation rows are trained on."""
    from torch.utils.data import DataLoader, Dataset

    facts = {}
    for name, value in _each(namespace):
        if name.startswith("_") or len(facts) >= 60:
            continue
        dataset = value.dataset if isinstance(value, DataLoader) else value
        if isinstance(dataset, Dataset):
            facts[name[:80]] = _dataset(dataset, isinstance(value, DataLoader), value)
    size = namespace.get("validation_size")
    return {
        "sets": facts,
        "validation_size": plain(size) if size is not None else None,
        "taught": _taught_rows(namespace),
    }


def _each(namespace):
    """The values of a namespace by name, and what its dictionaries, lists and objects hold."""
    for name, value in list(namespace.items()):
        yield name, value
        is_own = getattr(type(value), "__module__", "") == "__main__" and hasattr(value, "__dict__")
        if is_own or isinstance(value, dict):
            held = list((vars(value) if is_own else value).items())
        else:
            held = list(enumerate(value)) if isinstance(value, (list, tuple)) else []
        if len(held) <= MAX_HELD and not name.startswith("_"):
            yield from ((f"{name}.{key}", inner) for key, inner in held)


def _taught_rows(namespace):
    """A bit for each training image: whether the network that counts learned from it."""
    try:
        return np.packbits(taught(counting_network(namespace)[0])[:IMAGES] > 0)
    except Exception:  # no network was trained, or nobody looked on
        return None


def _dataset(dataset, is_loader, value):
    rows = _sampled(value) if is_loader else _rows(dataset)
    under = base(dataset)
    return {
        "size": len(dataset) if rows is None else len(rows),
        "loader": is_loader,
        "batch_size": int(value.batch_size or 0) if is_loader else 0,
        "train": bool(getattr(under, "train", False)),
        "rows": rows if rows is not None else np.zeros(0, dtype=np.int64),
        "known": rows is not None,
    }


def _sampled(loader):
    """The rows that a loader draws, if its sampler names them (SubsetRandomSampler)."""
    rows, chosen = _rows(loader.dataset), getattr(loader.sampler, "indices", None)
    if rows is None or chosen is None:
        return rows
    chosen = np.asarray([int(row) for row in chosen], dtype=np.int64)
    fits = not chosen.size or (chosen.min() >= 0 and chosen.max() < rows.size)
    return rows[chosen] if fits else None


def _rows(dataset):
    """The rows of the underlying data set that a chain of Subsets selects."""
    chain = []
    while hasattr(dataset, "indices") and hasattr(dataset, "dataset"):
        chain.append(np.asarray([int(row) for row in dataset.indices], dtype=np.int64))
        dataset = dataset.dataset
    if not hasattr(dataset, "train"):
        return None
    rows = np.arange(len(dataset), dtype=np.int64)
    for indices in reversed(chain):
        if indices.size and (indices.min() < 0 or indices.max() >= rows.size):
            return None
        rows = rows[indices]
    return rows
