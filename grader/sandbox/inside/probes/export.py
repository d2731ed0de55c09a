"""Lets the trained network leave as data: ONNX, from pixels to scores. Untrusted side."""

import hashlib
import io
import warnings

import numpy as np

from ..counted import classify, counting_network, pixels_of
from ..protocol import describe_error
from . import RUN, probe

MAX_BYTES = 64 << 20


@probe(RUN, heavy=True)
def export(namespace, params):
    """The network as ONNX bytes, and what it and its untrained self predict on `images`.

    `onnx` is a uint8 array, or None with a `problem`. `before` are the classes that the network
    gave before its first step, or None; `moved` is how far its weights went, of their size. `start`
    is a digest of the weights before that step.
    """
    module, entry = counting_network(namespace)
    images = np.array(params["images"])
    facts = {"onnx": None, "problem": "", "inside": None, "before": None, "moved": None}
    facts["start"] = _digest(entry) if entry and entry["start"] else ""
    if sum(p.numel() for p in module.parameters()) * 4 > MAX_BYTES:
        facts["problem"] = f"the network is larger than {MAX_BYTES >> 20} MiB"
        return facts
    try:
        pixels = pixels_of(entry, namespace)
        facts["inside"] = classify(module, pixels, images)
    except Exception as error:
        facts["problem"] = describe_error(error)
        return facts
    try:
        facts["onnx"] = np.frombuffer(_exported(module, pixels), dtype=np.uint8)
    except Exception as error:
        facts["problem"] = describe_error(error)
    try:
        facts["before"], facts["moved"] = _start(module, entry, pixels, images)
    except Exception:
        pass
    return facts


def _digest(entry):
    found = hashlib.blake2b(digest_size=16)
    for name, _ in entry["module"].named_parameters():
        found.update(entry["start"][name].detach().cpu().double().numpy().tobytes())
    return found.hexdigest()


def _exported(module, pixels):
    import torch

    if pixels.steps is None:
        raise ValueError("the notebook's transform can't leave with the network")
    whole = _whole(torch, module, pixels)
    was_training = module.training
    whole.eval()
    buffer = io.BytesIO()
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                whole,
                (_some(torch, module),),
                buffer,
                dynamo=False,
                input_names=["images"],
                output_names=["scores"],
                opset_version=17,
                dynamic_axes={"images": {0: "n"}, "scores": {0: "n"}},
            )
    finally:
        module.train(was_training)
    return buffer.getvalue()


def _some(torch, module):
    """Images of noise, where the network is."""
    weight = next(module.parameters(), torch.zeros(()))
    return torch.rand(4, 1, 28, 28, dtype=torch.float32).to(weight.device)


def _whole(torch, module, pixels):
    """The network with what is done to pixels before it."""
    kind = next((p.dtype for p in module.parameters()), torch.float32)
    flat = False
    try:
        with torch.no_grad():
            module.eval()(_some(torch, module).to(kind))
    except Exception:
        flat = True

    class Whole(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = module

        def forward(self, images):
            images = pixels.stepped(images).to(kind)
            scores = self.inner(images.flatten(1) if flat else images)
            return scores[0] if isinstance(scores, tuple) else scores

    return Whole()


def _start(module, entry, pixels, images):
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
    return classify(first, pixels, images), far / max(size, 1e-12)
