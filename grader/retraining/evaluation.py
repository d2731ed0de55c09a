"""Evaluates a network that left the sandbox, on images it never saw. Trusted side.

The network is data (ONNX), computed by onnx's own reference implementation in a process of its own
with limits: a graph made to exhaust memory ends that process and nothing else.
"""

from __future__ import annotations

import functools
import io
import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.core import extras, own_process
from grader.retraining import onnx_network

SECONDS, MEMORY, CHUNK = 120, 6 << 30, 500
CLASSES = 10
FEW = 3
"""Images that show which form they have on their way."""


def evaluate(content: bytes, images: NDArray[np.uint8]) -> dict[str, Any]:
    """What the network predicts: `classes` (uint8, N), and what its graph shows.

    `problem` says why there is no prediction, else it is empty; `finite` is False where the best
    score of an image is NaN or infinite (its class is then the first).

    Raises:
        MissingLibraryError: the extra for retraining is not installed.
    """
    extras.require("what a network predicts", "onnx", "torch")
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(images), allow_pickle=False)
    head = json.dumps({"content": len(content)}).encode() + b"\n"
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
    }
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "grader.retraining.evaluation"],
            capture_output=True,
            input=head + content + buffer.getvalue(),
            timeout=SECONDS,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"problem": f"its evaluation took more than {SECONDS} s"}
    if done.returncode or not done.stdout:
        return {"problem": "its evaluation broke off, or needed too much memory"}
    told, _, raw = done.stdout.partition(b"\n")
    facts: dict[str, Any] = json.loads(told)
    if not facts["problem"]:
        facts["classes"] = np.frombuffer(raw, dtype=np.uint8)
    return facts


def main() -> None:
    """In the process of its own: reads network and images, writes facts and classes."""
    own_process.limit_memory(MEMORY)
    head = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read(head["content"])
    images = np.load(io.BytesIO(sys.stdin.buffer.read()), allow_pickle=False)
    facts: dict[str, Any] = {"problem": "", "finite": True}
    classes = np.zeros(0, np.uint8)
    try:
        model = onnx_network.read(content)
        facts |= asdict(_layers(model, onnx_network.kind(model)))
        classes, facts["finite"] = _classes(model, images)
    except onnx_network.ArtefactError as bad:
        facts["problem"] = str(bad)
    except MemoryError:
        facts["problem"] = "its evaluation needs too much memory"
    except Exception as bad:  # a graph that does not fit together
        facts["problem"] = f"it could not be evaluated ({type(bad).__name__})"
    sys.stdout.buffer.write(json.dumps(facts).encode() + b"\n" + classes.tobytes())


def _layers(model: Any, found: onnx_network.Kind) -> onnx_network.Kind:
    """With what the layers show at work: their matrices may be made from others in the graph.

    A dense layer multiplies one vector for each image; who has more takes images in parts.
    """
    layers = onnx_network.products(model)
    images = np.zeros((FEW, 1, 28, 28), np.float32)
    names = [name for layer in layers for name in layer[:2]]
    with np.errstate(all="ignore"):
        values: Any = _session(model).run(names, {model.graph.input[0].name: images})
    strange, sparse, tied = found.strange, found.sparse, found.tied
    for number, (value, weights) in enumerate(zip(values[::2], values[1::2], strict=True)):
        axis = layers[number][2] if value.ndim > 1 else -1
        vectors = value.size / max(1, value.shape[axis])
        if vectors > FEW * math.prod(weights.shape[:-2]):
            strange = strange or "a layer that takes an image in parts"
        if weights.size >= onnx_network.LARGE:
            sparse = max(sparse, onnx_network.share_of_nothing(weights))
            tied = max(tied, onnx_network.share_of_copies(weights))
    return replace(found, strange=strange, sparse=sparse, tied=tied)


def _session(model: Any) -> Any:
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(model, new_ops=_faster(model))


def _classes(model: Any, images: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool]:
    session = _session(model)
    name = model.graph.input[0].name
    found, finite = np.zeros(len(images), np.uint8), True
    for start in range(0, len(images), CHUNK):
        batch = images[start : start + CHUNK, None].astype(np.float32) / np.float32(255)
        with np.errstate(all="ignore"):
            outputs = session.run(None, {name: batch})
            scores = np.asarray(outputs[0])
        if scores.shape != (len(batch), CLASSES):
            raise onnx_network.ArtefactError(
                f"it returns {scores.shape}, not a score for each class"
            )
        # The logarithm of a probability may be -inf, but not the best score of an image.
        finite = finite and bool(np.isfinite(scores.max(axis=1)).all())
        found[start : start + CHUNK] = np.nan_to_num(scores, nan=-np.inf).argmax(axis=1)
    return found, finite


def _faster(model: Any) -> list[Any]:
    """Convolutions and pooling by torch: the reference implementation takes minutes for these."""
    if not {node.op_type for node in model.graph.node} & {"Conv", "MaxPool", "AveragePool"}:
        return []
    import torch
    from onnx.reference.op_run import OpRun
    from torch.nn import functional

    torch.set_num_threads(1)

    def padded(x: Any, settings: Mapping[str, Any], value: float) -> Any:
        """With what stands around it in each of its dimensions: 1, 2 or 3."""
        if settings.get("auto_pad") not in (None, "", "NOTSET"):
            raise onnx_network.ArtefactError("it leaves open how it pads")
        count = x.ndim - 2
        pads = settings.get("pads") or (0,) * 2 * count
        pairs = [pads[d + end] for d in reversed(range(count)) for end in (0, count)]
        return functional.pad(torch.from_numpy(x), pairs, value=value)

    def form(x: Any, settings: Mapping[str, Any], *names: str) -> dict[str, Any]:
        """Settings that are 1 in each dimension where they are not given."""
        ones = (1,) * (x.ndim - 2)
        return {name: tuple(settings.get(f"{name}s") or ones) for name in names}

    class Conv(OpRun):
        op_domain = ""

        def _run(self, x: Any, weight: Any, bias: Any = None, **settings: Any) -> tuple[Any]:
            done = getattr(functional, f"conv{x.ndim - 2}d")(
                padded(x, settings, 0.0),
                torch.from_numpy(weight),
                None if bias is None else torch.from_numpy(bias),
                groups=settings.get("group") or 1,
                **form(x, settings, "stride", "dilation"),
            )
            return (done.numpy(),)

    class MaxPool(OpRun):
        op_domain = ""

        def _run(self, x: Any, **settings: Any) -> tuple[Any]:
            done = getattr(functional, f"max_pool{x.ndim - 2}d")(
                padded(x, settings, float("-inf")),
                tuple(settings["kernel_shape"]),
                ceil_mode=bool(settings.get("ceil_mode")),
                **form(x, settings, "stride", "dilation"),
            )
            return (done.numpy(),)

    class AveragePool(OpRun):
        op_domain = ""

        def _run(self, x: Any, **settings: Any) -> tuple[Any]:
            if any(step != 1 for step in settings.get("dilations") or ()):
                raise onnx_network.ArtefactError("it averages over pixels that are not neighbours")
            average = functools.partial(
                getattr(functional, f"avg_pool{x.ndim - 2}d"),
                kernel_size=tuple(settings["kernel_shape"]),
                ceil_mode=bool(settings.get("ceil_mode")),
                **form(x, settings, "stride"),
            )
            done = average(padded(x, settings, 0.0))
            if not settings.get("count_include_pad"):  # then of what was there before alone
                done = done / average(padded(np.ones_like(x[:1, :1]), settings, 0.0))
            return (done.numpy(),)

    return [Conv, MaxPool, AveragePool]


if __name__ == "__main__":
    main()
