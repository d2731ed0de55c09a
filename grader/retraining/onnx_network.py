"""Reads a network that left the sandbox as ONNX: strictly, and says what kind of network it is.

Trusted side, but what it reads is hostile: sizes are capped, operators come from an allow-list,
nothing is loaded from elsewhere. Evaluation happens in `outside`, in a process of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx

MAX_BYTES, MAX_NODES = 128 << 20, 600
DENSE = {"Gemm", "MatMul"}
ELEMENTWISE = {
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Neg",
    "Abs",
    "Exp",
    "Log",
    "Sqrt",
    "Pow",
    "Erf",
    "Clip",
    "Min",
    "Max",
    "Relu",
    "LeakyRelu",
    "PRelu",
    "Elu",
    "Selu",
    "Celu",
    "Gelu",
    "Sigmoid",
    "HardSigmoid",
    "HardSwish",
    "Tanh",
    "Softplus",
    "Softsign",
    "Mish",
    "ThresholdedRelu",
    "Sin",
    "Cos",
    "Reciprocal",
    "Sign",
    "Round",
    "Floor",
    "Mod",
    "Where",
    "Greater",
    "Less",
    "Equal",
    "Not",
    "And",
    "Or",
}
NORMS = {
    "Softmax",
    "LogSoftmax",
    "BatchNormalization",
    "LayerNormalization",
    "ReduceMean",
    "ReduceSum",
    "ReduceL1",
    "ReduceL2",
    "ReduceProd",
    "ReduceSumSquare",
    "ReduceLogSumExp",
}
SHAPES = {
    "Flatten",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
    "Identity",
    "Dropout",
    "Cast",
    "Shape",
    "Constant",
    "ConstantOfShape",
    "Expand",
}
UNUSUAL = {"Concat", "Gather", "Slice", "Split", "Transpose", "Einsum", "ReduceMax", "ReduceMin"}
"""What a perceptron may have (two halves of a picture, skipped layers), and a convolution, too."""

OTHER = {"Conv", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Pad"}
ALLOWED = DENSE | ELEMENTWISE | NORMS | SHAPES | UNUSUAL | OTHER
STRAIGHT = (
    {"Add", "Sub", "Neg", "BatchNormalization", "ReduceMean", "ReduceSum"} | SHAPES | UNUSUAL
) - {"ReduceMax", "ReduceMin", "Einsum"}
"""What keeps a straight line one, as products with numbers do."""

PIXELS = 784
LARGE = 5000
"""Weights of a layer that tell its kind."""

NOTHING = 1e-3
"""Of a layer's largest weight: what is smaller does next to nothing."""


class ArtefactError(ValueError):
    """The artefact is no network that may be evaluated; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a network's graph shows. `strange` is the first operator that no MLP has, or empty.

    Where there is none, it is the first of `UNUSUAL`.

    `bent` is the number of dense layers with something between them and an earlier one that is no
    linear map: without any, all of them are one. `sparse` and `tied` are of the layer where they
    are largest: the share of weights that are next to nothing, and of those that are another one's
    copy. A convolution that was written out as a dense layer has nearly all of either.
    """

    operators: tuple[str, ...]
    dense: int
    strange: str
    bent: int = 0
    sparse: float = 0.0
    tied: float = 0.0


def read(content: bytes) -> onnx.ModelProto:
    """The network, if it holds nothing but allowed operators and its own weights.

    Raises:
        ArtefactError: anything else.
    """
    if len(content) > MAX_BYTES:
        raise ArtefactError(f"it is larger than {MAX_BYTES >> 20} MiB")
    import onnx

    try:
        model = onnx.load_from_string(content)
    except Exception as bad:  # protobuf has many kinds, all of which mean this
        raise ArtefactError(f"it is not ONNX ({type(bad).__name__})") from None
    graph = model.graph
    if len(graph.node) > MAX_NODES or len(graph.initializer) > MAX_NODES:
        raise ArtefactError("it has too many operators")
    if model.functions or graph.sparse_initializer or len(graph.input) < 1 or not graph.output:
        raise ArtefactError("it has parts that no exported network has")
    if any(entry.domain not in ("", "ai.onnx") for entry in model.opset_import):
        raise ArtefactError("it uses operators of a domain of its own")
    if any(tensor.data_location or tensor.external_data for tensor in _tensors(graph)):
        raise ArtefactError("it refers to data outside of itself")
    for node in graph.node:
        if node.op_type not in ALLOWED or node.domain not in ("", "ai.onnx"):
            raise ArtefactError(f"it uses the operator {node.op_type[:40]!r}")
        if any(attribute.g.node or attribute.graphs for attribute in node.attribute):
            raise ArtefactError("it has graphs within its graph")
    return model


def kind(model: onnx.ModelProto) -> Kind:
    """Follows the images through the graph; arithmetic on shapes is free."""
    graph = model.graph
    weights = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    dense, strange, unusual, bent, bends = 0, "", "", 0, False
    for node, touched, other in _of_images(graph):
        if node.op_type in DENSE:
            factors = [name for name in node.input[:2] if name in other]
            # A product of two values that both depend on the images is attention, no dense layer.
            if not factors:
                strange = strange or f"{node.op_type} of two values"
            # Who reads an image in parts (rows to a recurrent cell, patches) has fewer columns; so
            # have two halves of a picture, each with a layer of its own.
            elif not (dense or unusual) and PIXELS not in weights.get(factors[0], (PIXELS,)):
                strange = strange or f"a first layer of {weights[factors[0]]}"
            bent += bends
            dense, bends = dense + 1, False
        elif node.op_type in OTHER:
            strange = strange or node.op_type
        elif node.op_type in UNUSUAL:
            unusual = unusual or node.op_type
        elif dense and node.op_type not in STRAIGHT:
            bends |= not _is_scaling(node, touched)
    large = _large(graph)
    return Kind(
        operators=tuple(node.op_type for node in graph.node),
        dense=dense,
        strange=strange or unusual,
        bent=bent,
        sparse=max(map(share_of_nothing, large), default=0.0),
        tied=max(map(share_of_copies, large), default=0.0),
    )


def products(model: onnx.ModelProto) -> list[tuple[str, str, int]]:
    """Of each dense layer the names of what comes from the images and of its weights.

    With the axis of the former along which it is multiplied.
    """
    found = []
    for node, touched, _ in _of_images(model.graph):
        if node.op_type in DENSE and touched[0] in node.input[:2]:
            is_right = node.input[1] == touched[0]
            turned = {entry.name for entry in node.attribute if entry.i}
            axis = -2 if is_right else -1
            if ("transB" if is_right else "transA") in turned:
                axis = -3 - axis
            found.append((touched[0], node.input[0 if is_right else 1], axis))
    return found


def _of_images(
    graph: onnx.GraphProto,
) -> Iterator[tuple[onnx.NodeProto, list[str], list[str]]]:
    """The operators that the images reach, each with its inputs that depend on them, and the rest.

    What does not depend on them is arithmetic on weights and shapes, which exporters write out and
    which says nothing about the network.
    """
    reached = {graph.input[0].name}
    for node in graph.node:
        inputs = [name for name in node.input if name]
        touched = [name for name in inputs if name in reached]
        if node.op_type != "Shape" and touched:
            reached.update(node.output)
            yield node, touched, [name for name in inputs if name not in reached]


def _is_scaling(node: onnx.NodeProto, touched: list[str]) -> bool:
    """Whether a value is multiplied with numbers, or divided by such."""
    by_numbers = len(touched) == 1 and (node.op_type == "Mul" or touched[0] == node.input[0])
    return node.op_type in ("Mul", "Div") and by_numbers


def _large(graph: onnx.GraphProto) -> list[NDArray[np.float32]]:
    """The weights of large dense layers."""
    import onnx
    from onnx import numpy_helper

    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
    found = [t for t in graph.initializer if t.data_type in kinds and len(t.dims) == 2]
    arrays = [numpy_helper.to_array(tensor) for tensor in found]
    return [array for array in arrays if array.size >= LARGE]


def share_of_nothing(weights: NDArray[np.float32]) -> float:
    """Of weights, the share that is next to nothing."""
    size = np.abs(weights)
    return float((size <= NOTHING * size.max()).mean())


def share_of_copies(weights: NDArray[np.float32]) -> float:
    """Of weights, the share that is another one's copy."""
    return 1 - float(np.unique(weights).size / weights.size)


def _tensors(graph: onnx.GraphProto) -> Iterable[onnx.TensorProto]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors
