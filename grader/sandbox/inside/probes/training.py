"""Tells what was trained, and what it predicts now. Untrusted side: facts, no verdicts."""

import warnings

import numpy as np

from .. import state
from ..plain import plain
from ..protocol import Undefined

MAX_MODULES, MAX_SERIES, MAX_LENGTH = 400, 200, 2000
CHUNK = 1000


def counting_network(namespace):
    """The network that counts, and the entry of its training (None if no optimizer had it).

    By default the one evaluated last on test images, else the one trained last.
    """
    entries = [entry for entry in state.trained if entry["module"] is not None]
    last = max(entries, key=lambda entry: entry["last"], default=None)
    if state.evaluated and state.settings["rule"] == "evaluated" and _learned(state.evaluated[0]):
        module = state.evaluated[0]
        return module, next((e for e in entries if e["module"] is module), last)
    if last is None:
        raise Undefined("no network was trained")
    return last["module"], last


def _learned(module):
    """Whether a network was trained: by an optimizer, or at least by gradients."""
    grads = any(p.grad is not None for p in module.parameters())
    return grads or any(_same_kind(entry["module"], module) for entry in state.trained)


def network(namespace, params):
    """The network's layers and parameters, how often it was updated, and its name."""
    module, entry = counting_network(namespace)
    names = [k for k, v in list(namespace.items()) if v is module and not k.startswith("_")]
    layers = []
    for path, part in list(module.named_modules())[:MAX_MODULES]:
        is_leaf = not any(True for _ in part.children())
        own = {k: list(p.shape) for k, p in part.named_parameters(recurse=False)}
        if is_leaf or own:
            layers.append({"path": str(path), "type": type(part).__name__,
                           "module": type(part).__module__, "parameters": own})  # fmt: skip
    calls, output = _forward(module)
    return {
        "name": names[0] if names else "",
        "class": type(module).__name__,
        "layers": layers,
        "parameters": int(sum(p.numel() for p in module.parameters())),
        "steps": int(sum(e["steps"] for e in state.trained if _same_kind(e["module"], module))),
        "networks": len({id(e["module"]) for e in state.trained}),
        "optimizer": type(entry["optimizer"]).__name__ if entry else "",
        "evaluated": bool(state.evaluated and state.evaluated[0] is module),
        "seeded": bool(entry["seeded"]) if entry else False,
        "calls": calls,
        "output": output,
    }


def _same_kind(trained, counted):
    """Whether a network is the one that counts, or what that is a copy of."""
    if trained is counted:
        return True
    if trained is None or type(trained) is not type(counted):
        return False
    return [p.shape for p in trained.parameters()] == [p.shape for p in counted.parameters()]


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
            output = _apply(module, torch.rand(4, 1, 28, 28))
        shape = list(output.shape)
    except Exception:
        shape = []
    finally:
        module.train(was_training)
    return sorted(seen)[:300], shape


def _apply(module, images):
    try:
        output = module(images)
    except Exception:
        output = module(images.flatten(1))
    return output[0] if isinstance(output, tuple) else output


def predictions(namespace, params):
    """The network's class for each of `images` (uint8, n x 28 x 28), in evaluation mode."""
    module, _ = counting_network(namespace)
    return {"classes": classify(module, data_transform(namespace), np.array(params["images"]))}


def classify(module, transform, images):
    """Classes (uint8, n) of images, through the notebook's own transform."""
    import torch

    found = np.empty(len(images), dtype=np.uint8)
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for start in range(0, len(images), CHUNK):
                batch = prepared(images[start : start + CHUNK], transform)
                classes = _apply(module, batch).argmax(1)
                found[start : start + CHUNK] = classes.to(torch.uint8).numpy()
    finally:
        module.train(was_training)
    return found


def prepared(images, transform):
    """A batch as the network gets it: by the transform's Normalize steps, or image by image."""
    import torch

    steps = normalizations(transform)
    if steps is None:
        from PIL import Image

        return torch.stack([torch.as_tensor(transform(Image.fromarray(i))) for i in images])
    batch = torch.as_tensor(images).unsqueeze(1).to(torch.get_default_dtype()).div(255)
    for step in steps:
        batch = step(batch)
    return batch


def data_transform(namespace):
    """The transform of the notebook's own test data, else of its training data."""
    from torchvision import datasets

    sets = [v for v in list(namespace.values()) if isinstance(v, datasets.FashionMNIST)]
    sets += [_base(v.dataset) for v in list(namespace.values()) if hasattr(v, "dataset")]
    sets = [s for s in sets if isinstance(s, datasets.FashionMNIST)]
    ordered = sorted(sets, key=lambda dataset: bool(dataset.train))
    return ordered[0].transform if ordered else None


def normalizations(transform):
    """The Normalize steps after one ToTensor; None for any other transform."""
    from torchvision import transforms

    if transform is None:
        return []
    parts = transform.transforms if isinstance(transform, transforms.Compose) else [transform]
    if not parts or type(parts[0]) is not transforms.ToTensor:
        return None
    rest = parts[1:]
    return rest if all(type(part) is transforms.Normalize for part in rest) else None


def _base(dataset):
    for _ in range(5):
        if hasattr(dataset, "dataset"):
            dataset = dataset.dataset
    return dataset


def histories(namespace, params):
    """All top-level series of numbers, by name; dictionaries and short tables are looked into."""
    found = {}

    def add(name, value, depth=0):
        if len(found) >= MAX_SERIES or name.startswith("_"):
            return
        if isinstance(value, dict) and depth < 2:
            for key, inner in list(value.items())[:50]:
                add(f"{name}.{key}", inner, depth + 1)
            return
        if not isinstance(value, (list, tuple, np.ndarray)) and not hasattr(value, "detach"):
            return
        try:
            if hasattr(value, "detach") and value.numel() > MAX_LENGTH * 4:
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


def split(namespace, params):
    """Sizes of the notebook's data sets and loaders, and whether validation rows are trained on."""
    from torch.utils.data import DataLoader, Dataset

    facts = {}
    for name, value in list(namespace.items()):
        if name.startswith("_") or len(facts) >= 60:
            continue
        dataset = value.dataset if isinstance(value, DataLoader) else value
        if isinstance(dataset, Dataset):
            facts[name[:80]] = _dataset(dataset, isinstance(value, DataLoader), value)
    size = namespace.get("validation_size")
    return {"sets": facts, "validation_size": plain(size) if size is not None else None}


def _dataset(dataset, is_loader, value):
    rows = _sampled(value) if is_loader else _rows(dataset)
    base = _base(dataset)
    return {
        "size": len(dataset) if rows is None else len(rows), "loader": is_loader,
        "batch_size": int(value.batch_size or 0) if is_loader else 0,
        "train": bool(getattr(base, "train", False)),
        "rows": rows if rows is not None else np.zeros(0, dtype=np.int64),
        "known": rows is not None,
    }  # fmt: skip


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
