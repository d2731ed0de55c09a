"""The network that counts: which one it is, and what it says of images. Untrusted side."""

import gc
import os
import warnings

import numpy as np

from . import state
from .protocol import Undefined

CHUNK = 1000
NO_MODULE = "gradients were computed, but no torch module has what they belong to"
PIXELS = 784
LOOKED_UP, CLOSE = 32, 1e-3
FEWEST = 500  # images from loaders: fewer may have been fetched to look at them
NEAR = 0.02  # of one of 255 levels, by which a pixel's value may be off after arithmetic


class UnknownPixels(ValueError):
    """What is done to pixels before the network gets them could not be found out."""


def counting_network(namespace):
    """The network that counts, and the entry of its training (None if no optimizer had it).

    By default the one evaluated last on test images, else the one trained last.
    """
    entries = trainings()
    last = max(entries, key=lambda entry: entry["last"], default=None)
    module = evaluated_network()
    if module is not None and state.settings["rule"] == "evaluated" and learned(module):
        return module, _training_of(module) or last
    if last is None:
        unknown = any(entry["module"] is None for entry in state.by_hand)
        raise Undefined(NO_MODULE if unknown else "no network was trained")
    return last["module"], last


def evaluated_network():
    """The network that was last called with test images, if one was."""
    trained = [entry["module"] for entry in trainings()]
    return whole(state.evaluated[-1], trained) if state.evaluated else None


def rivals(module):
    """Networks that were trained and called with test images as well as the one that counts."""
    called = set(map(id, state.evaluated))
    others = {id(entry["module"]): entry["module"] for entry in trainings()}.values()
    return [
        other
        for other in others
        if not same_kind(other, module)
        and not _shares(other, module)
        and not called.isdisjoint(map(id, other.modules()))
    ]


def whole(part, trained):
    """The network that `part` belongs to: `model.forward(x)` calls its first layer, not itself."""
    for module in trained:
        if any(inner is part for inner in module.modules()):
            return module
    import torch

    modules = [module for module in gc.get_objects() if issubclass(type(module), torch.nn.Module)]
    around = [module for module in modules if any(inner is part for inner in module.modules())]
    return max(around, key=lambda module: sum(1 for _ in module.modules()), default=part)


def learned(module):
    """Whether a network was trained: by an optimizer, or at least by gradients."""
    grads = any(p.grad is not None for p in module.parameters())
    return grads or bool(trainings_of(module))


def trainings():
    """The entries of networks that were trained: by optimizers, the others by hand."""
    found = [entry for entry in state.trained if entry["module"] is not None]
    known = [id(entry["module"]) for entry in found]
    return found + [e for e in state.by_hand if id(e["module"]) not in known and _moved(e)]


def trainings_of(module):
    """Those of one network: of it, of its parts, of what it is around, or what it is a copy of."""
    return [
        entry
        for entry in trainings()
        if same_kind(entry["module"], module) or _shares(entry["module"], module)
    ]


def _training_of(module):
    """The one that tells most of a network: its own, else one that was given images; or None."""
    own = [entry for entry in trainings_of(module) if _shares(entry["module"], module)]
    whole = [entry for entry in own if entry["module"] is module]
    given = [e for e in own if e["input"] is not None and e["input"][0].numel() == PIXELS]
    return next(iter([*whole, *given, *own]), None)


def amount(module, name):
    """How many "steps" a network made, or rows it has "seen".

    Of optimizers side by side, each for a part, the one that made most tells.
    """
    entries = trainings_of(module)
    parts = [set(map(id, entry["module"].parameters())) for entry in entries]
    each = [
        sum(entry[name] for entry, part in zip(entries, parts, strict=True) if id(p) in part)
        for p in module.parameters()
    ]
    copies = [entry[name] for entry in entries if not _shares(entry["module"], module)]
    return int(max(each, default=0) + sum(copies))


def _shares(one, other):
    """Whether two modules have a parameter in common."""
    return not set(map(id, one.parameters())).isdisjoint(map(id, other.parameters()))


def _moved(entry):
    """Whether a network's weights are others than at first, as far as these are known."""
    if entry["module"] is None or not entry["steps"]:
        return False
    first = entry["start"]
    now = entry["module"].named_parameters()
    return first is None or any(not value.equal(first[name]) for name, value in now)


def same_kind(trained, counted):
    """Whether a network is the one that counts, or what that is a copy of."""
    if trained is counted:
        return True
    if trained is None or type(trained) is not type(counted):
        return False
    return [p.shape for p in trained.parameters()] == [p.shape for p in counted.parameters()]


def apply(module, images):
    """The network's output for images (n, 1, 28, 28), or for the same as rows of 784."""
    try:
        output = module(images)
    except Exception:
        output = module(images.flatten(1))
    return output[0] if isinstance(output, tuple) else output


def classify(module, pixels, images):
    """Classes (uint8, n) of images (uint8, n x 28 x 28), in evaluation mode."""
    import torch

    found = np.empty(len(images), dtype=np.uint8)
    weight = next(module.parameters(), torch.zeros(()))
    was_training = module.training
    module.eval()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for start in range(0, len(images), CHUNK):
                batch = pixels.prepared(images[start : start + CHUNK])
                classes = apply(module, batch.to(weight.device, weight.dtype)).argmax(1)
                found[start : start + CHUNK] = classes.to("cpu", torch.uint8).numpy()
    finally:
        module.train(was_training)
    return found


class Pixels:
    """What is done to an image before the network gets it.

    `steps` are means and deviations, subtracted and divided by after the division by 255; None
    where it is something else, for which there is the notebook's own `transform`.
    """

    def __init__(self, steps, transform=None):
        self.steps, self.transform = steps, transform

    def prepared(self, images):
        """A batch (n, 1, 28, 28) as the network gets it."""
        import torch

        if self.steps is None:
            from PIL import Image

            rows = [torch.as_tensor(self.transform(Image.fromarray(image))) for image in images]
            return torch.stack(rows)
        return self.stepped(torch.as_tensor(images).unsqueeze(1).to(torch.float32).div(255))

    def stepped(self, batch):
        """The steps alone, on a tensor of values from 0 to 1."""
        import torch

        for mean, deviation in self.steps:
            shift = torch.as_tensor(mean, dtype=batch.dtype, device=batch.device)
            size = torch.as_tensor(deviation, dtype=batch.dtype, device=batch.device)
            batch = (batch - shift) / size
        return batch


def pixels_of(entry, namespace):
    """What the network was given tells: of test images that it judged, else in its training.

    Else the transform of the notebook's data is believed, where a loader fetched from it.

    Raises:
        UnknownPixels: nothing of that fits.
    """
    transform = data_transform(namespace)
    written = steps_of(transform)
    kept = entry["input"] if entry else None
    scales = [] if kept is None else [[scale] for scale in scales_of(kept.cpu().numpy())]
    # The transform of a data set that lies about says nothing of what a network was given.
    loaded = entry is not None and (entry["taught"] > 0).sum() >= FEWEST
    used = kept is None or loaded or False in state.fed
    if state.judged:
        chains = [*([] if written is None else [written]), *scales, []]
        ways = [*map(Pixels, chains), *([] if transform is None else [Pixels(None, transform)])]
        for way in ways:
            if any(_gives(way, *judged) for judged in state.judged):
                return way
        raise UnknownPixels("what the notebook does to pixels is not known")
    true = [chain for chain in scales if _are_images(chain, kept, "train")]
    if true:
        return Pixels(written if written is not None and _alike(written, true[0]) else true[0])
    if written is not None and used:
        return Pixels(written)
    if transform is not None and used:
        return Pixels(None, transform)
    if kept is not None:
        raise UnknownPixels("what the notebook does to pixels is not known")
    return Pixels([])


def _gives(pixels, rows, given):
    """Whether this makes of test images what the network was given for them.

    Who fetches all batches first is given others than the last ones.
    """
    made = pixels.prepared(_raw("t10k")[rows]).flatten(1)
    given = given.flatten(1)
    if made.shape != given.shape:
        return False
    near = bool((made - given.to("cpu", made.dtype)).abs().max() <= CLOSE)
    return near or (pixels.steps is not None and _are_images(pixels.steps, given, "t10k"))


def _are_images(chain, rows, prefix):
    """Whether rows are images of the data set to which these steps were done."""
    import torch

    levels = rows[:LOOKED_UP].flatten(1).to("cpu", torch.float64)
    for mean, deviation in reversed(chain):
        levels = levels * deviation + mean
    rows = (levels * 255).round().clamp(0, 255).to(torch.uint8).numpy()
    images = _raw(prefix).reshape(-1, PIXELS)
    sums = images.sum(axis=1, dtype=np.int64)
    found = [(images[sums == row.sum(dtype=np.int64)] == row).all(axis=1).any() for row in rows]
    return bool(np.mean(found) > 0.5)


def _raw(prefix):
    """The images of the data set, uint8, (n, 28, 28), as they were before any notebook's hand."""
    path = f"{os.environ['GRADER_DATA']}/FashionMNIST/raw/{prefix}-images-idx3-ubyte"
    return np.fromfile(path, np.uint8)[16:].reshape(-1, 28, 28)


def scales_of(rows):
    """Mean and deviation by which pixels may have become these rows, upright or inverted.

    Backgrounds are 0 and some pixel is 255, so the extremes tell the scale; that every value is
    then one of 256 levels has to be so. Nothing for rows that are no scaled images.
    """
    if rows.size != len(rows) * PIXELS or rows.dtype.kind not in "fiu":
        return []
    values = rows.astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low) or high <= low:
        return []
    levels = (values - low) / (high - low) * 255
    if np.abs(levels - levels.round()).max() > NEAR:
        return []
    return [(-low / (high - low), 1 / (high - low)), (high / (high - low), -1 / (high - low))]


def _alike(steps, others):
    """Whether two ways to scale send 0 and 255 to the same values."""

    def ends(chain):
        values = np.array([0.0, 1.0])
        for mean, deviation in chain:
            values = (values - mean) / deviation
        return values

    return bool(np.allclose(ends(steps), ends(others), rtol=1e-3, atol=1e-3))


def data_transform(namespace):
    """The transform of the data that was evaluated on last, else of what was trained on."""
    from torchvision import datasets

    sets = [state.fed[train] for train in (False, True) if train in state.fed]
    values = list(namespace.values())
    found = [v for v in values if isinstance(v, datasets.FashionMNIST)]
    found += [base(v.dataset) for v in values if hasattr(v, "dataset")]
    found = [s for s in found if isinstance(s, datasets.FashionMNIST)]
    sets += sorted(found, key=lambda dataset: bool(dataset.train))
    return sets[0].transform if sets else None


def steps_of(transform):
    """The Normalize steps after one ToTensor; None for any other transform, or none at all."""
    from torchvision import transforms

    parts = transform.transforms if isinstance(transform, transforms.Compose) else [transform]
    if not parts or type(parts[0]) is not transforms.ToTensor:
        return None
    if any(type(part) is not transforms.Normalize for part in parts[1:]):
        return None
    return [(np.ravel(part.mean)[0].item(), np.ravel(part.std)[0].item()) for part in parts[1:]]


def base(dataset):
    """The data set under a chain of Subsets."""
    for _ in range(5):
        if hasattr(dataset, "dataset"):
            dataset = dataset.dataset
    return dataset
