"""The network that counts: which one it is, and what it says of images. Untrusted side."""

import gc
import warnings

import numpy as np

from . import state
from .protocol import Undefined

CHUNK = 1000
NEAR = 0.02  # of one of 255 levels, by which a pixel's value may be off after arithmetic


class UnknownPixels(ValueError):
    """What is done to pixels before the network gets them could not be found out."""


def counting_network(namespace):
    """The network that counts, and the entry of its training (None if no optimizer had it).

    By default the one evaluated last on test images, else the one trained last.
    """
    entries = [entry for entry in state.trained if entry["module"] is not None]
    last = max(entries, key=lambda entry: entry["last"], default=None)
    module = evaluated_network()
    if module is not None and state.settings["rule"] == "evaluated" and learned(module):
        return module, next((e for e in entries if e["module"] is module), last)
    if last is None:
        raise Undefined("no network was trained")
    return last["module"], last


def evaluated_network():
    """The network that was last called with test images, if one was."""
    trained = [entry["module"] for entry in state.trained if entry["module"] is not None]
    return whole(state.evaluated[0], trained) if state.evaluated else None


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
    return grads or any(same_kind(entry["module"], module) for entry in state.trained)


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
    """What the network was given in training tells, else the transform of the notebook's data.

    Raises:
        UnknownPixels: neither does.
    """
    transform = data_transform(namespace)
    written = steps_of(transform)
    kept = entry["input"] if entry else None
    seen = None if kept is None else scale_of(kept.cpu().numpy())
    if written is not None and (seen is None or not entry["whole"] or _alike(written, seen)):
        return Pixels(written)
    if seen is not None:
        return Pixels([seen])
    if transform is not None:
        return Pixels(None, transform)
    if kept is not None:
        raise UnknownPixels("what the notebook does to pixels is not known")
    return Pixels([])


def scale_of(rows):
    """Mean and deviation by which pixels became these rows; None if they are no scaled images.

    Backgrounds are 0 and some pixel is 255, so the extremes tell the scale; that every value is
    then one of 256 levels proves it.
    """
    if rows.size != len(rows) * 784 or rows.dtype.kind not in "fiu":
        return None
    values = rows.astype(np.float64)
    low, span = values.min(), values.max() - values.min()
    if not np.isfinite(span) or span <= 0:
        return None
    levels = (values - low) / span * 255
    if np.abs(levels - levels.round()).max() > NEAR:
        return None
    return float(-low / span), float(1 / span)


def _alike(steps, seen):
    """Whether two ways to scale send 0 and 255 to the same values."""

    def ends(chain):
        values = np.array([0.0, 1.0])
        for mean, deviation in chain:
            values = (values - mean) / deviation
        return values

    return bool(np.allclose(ends(steps), ends([seen]), rtol=1e-3, atol=1e-3))


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
