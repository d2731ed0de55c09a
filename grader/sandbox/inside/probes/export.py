"""Lets the trained network leave as data: ONNX, from pixels to scores. Untrusted side."""

import io
import warnings

import numpy as np

from ..protocol import describe_error
from .training import classify, counting_network, data_transform, normalizations

MAX_BYTES = 64 << 20


def export(namespace, params):
    """The network as ONNX bytes, and what it and its untrained self predict on `images`.

    `onnx` is a uint8 array, or None with a `problem`. `before` are the classes that the network
    gave before its first step, or None; `moved` is how far its weights went, of their size.
    """
    module, entry = counting_network(namespace)
    transform, images = data_transform(namespace), np.array(params["images"])
    facts = {"onnx": None, "problem": "", "inside": None, "before": None, "moved": None}
    try:
        facts["inside"] = classify(module, transform, images)
    except Exception as error:
        facts["problem"] = describe_error(error)
        return facts
    try:
        facts["onnx"] = np.frombuffer(_exported(module, transform), dtype=np.uint8)
    except Exception as error:
        facts["problem"] = describe_error(error)
    try:
        facts["before"], facts["moved"] = _start(module, entry, transform, images)
    except Exception:
        pass
    return facts


def _exported(module, transform):
    import torch

    steps = normalizations(transform)
    if steps is None:
        raise ValueError("the notebook's transform can't leave with the network")
    if sum(p.numel() for p in module.parameters()) * 4 > MAX_BYTES:
        raise ValueError(f"the network is larger than {MAX_BYTES >> 20} MiB")
    whole = _whole(torch, module, steps)
    was_training = module.training
    whole.eval()
    buffer = io.BytesIO()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                whole, (torch.rand(4, 1, 28, 28, dtype=torch.float32),), buffer, dynamo=False,
                input_names=["images"], output_names=["scores"], opset_version=17,
                dynamic_axes={"images": {0: "n"}, "scores": {0: "n"}},
            )  # fmt: skip
    finally:
        module.train(was_training)
    return buffer.getvalue()


def _whole(torch, module, steps):
    """The network with what is done to pixels before it."""
    kind = next((p.dtype for p in module.parameters()), torch.float32)
    flat = False
    try:
        with torch.no_grad():
            module.eval()(torch.rand(4, 1, 28, 28).to(kind))
    except Exception:
        flat = True

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = module

        def forward(self, images):
            images = images.to(kind)
            for step in steps:
                shift = torch.as_tensor(step.mean, dtype=kind).reshape(-1)[0]
                images = (images - shift) / torch.as_tensor(step.std, dtype=kind).reshape(-1)[0]
            scores = self.inner(images.flatten(1) if flat else images)
            return scores[0] if isinstance(scores, tuple) else scores

    return Whole()


def _start(module, entry, transform, images):
    """Classes before the first step, and the distance that the weights went since."""
    import copy

    import torch

    if entry is None or entry["start"] is None or entry["module"] is not module:
        return None, None
    first = copy.deepcopy(module)
    first.load_state_dict(entry["start"])
    with torch.no_grad():
        pairs = [(entry["start"][name], value) for name, value in module.named_parameters()]
        far = sum(float(((b - a) ** 2).sum()) for a, b in pairs) ** 0.5
        size = sum(float((a**2).sum()) for a, _ in pairs) ** 0.5
    return classify(first, transform, images), far / max(size, 1e-12)
