"""Networks as ONNX: what is read, what is refused, and which kind they are."""

from __future__ import annotations

import io
import warnings

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from grader.retraining import onnx_network
from grader.retraining.onnx_network import ArtefactError


def exported(module: nn.Module) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(),
            (torch.rand(4, 1, 28, 28),),
            buffer,
            dynamo=False,
            opset_version=17,
            input_names=["images"],
            output_names=["scores"],
            dynamic_axes={"images": {0: "n"}, "scores": {0: "n"}},
        )
    return buffer.getvalue()


def mlp(*middle: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 16), *middle, nn.Linear(16, 10))


class Functional(nn.Module):
    """As people write classes: reshaping by view, a residual, log-softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.first = nn.Linear(16, 10), nn.Linear(784, 16)
        self.norm, self.middle = nn.LayerNorm(16), nn.Linear(16, 16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.gelu(self.first(x.view(x.shape[0], -1)))
        x = x + self.middle(self.norm(x))
        return torch.log_softmax(self.last(x), dim=1)


class Attention(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.squeeze(1)
        return (x @ x.transpose(1, 2)).flatten(1)[:, :10]


@pytest.mark.parametrize(
    "module",
    [
        mlp(nn.ReLU()),
        mlp(nn.BatchNorm1d(16), nn.Sigmoid(), nn.Dropout()),
        mlp(nn.SiLU()),
        mlp(nn.Mish()),
        mlp(nn.Hardtanh()),
        mlp(nn.PReLU()),
        Functional(),
    ],
)
def test_perceptrons_are_told(module: nn.Module) -> None:
    found = onnx_network.kind(onnx_network.read(exported(module)))
    assert found.strange == ""
    assert found.dense >= 2
    assert found.bent >= 1


class Doubled(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 2 * x / 3 - x


@pytest.mark.parametrize(
    "middle",
    [(), (nn.BatchNorm1d(16), nn.Dropout(), nn.Identity()), (Doubled(), nn.Linear(16, 16))],
)
def test_layers_that_are_one_linear_map_are_told(middle: tuple[nn.Module, ...]) -> None:
    last = nn.Sequential(mlp(*middle), nn.LogSoftmax(1))  # what comes last bends nothing between
    found = onnx_network.kind(onnx_network.read(exported(last)))
    assert (found.strange, found.dense, found.bent) == ("", 2 + (len(middle) == 2), 0)


def test_a_value_that_scales_itself_bends() -> None:
    for scaled in (["a", "a"], ["first", "a"], ["a", "first"]):
        for op_type in ("Mul", "Div"):
            found = kind(
                helper.make_node("MatMul", ["images", "first"], ["a"]),
                helper.make_node(op_type, scaled, ["b"]),
                helper.make_node("MatMul", ["b", "second"], ["scores"]),
                first=np.ones((784, 8), np.float32),
                second=np.ones((8, 10), np.float32),
            )
            straight = (op_type == "Mul" and scaled != ["a", "a"]) or scaled == ["a", "first"]
            assert found.bent == (not straight)


@pytest.mark.parametrize(
    ("module", "strange"),
    [
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(1352, 10)), "Conv"),
        (nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(196, 10)), "MaxPool"),
        (
            nn.Sequential(
                nn.Flatten(),
                nn.Linear(784, 784),
                nn.Unflatten(1, (1, 28, 28)),
                nn.AvgPool2d(2),
                nn.Flatten(),
                nn.Linear(196, 10),
            ),
            "AveragePool",
        ),
        (Attention(), "MatMul of two values"),
    ],
)
def test_what_looks_at_neighbours_is_no_perceptron(module: nn.Module, strange: str) -> None:
    assert onnx_network.kind(onnx_network.read(exported(module))).strange == strange


def model(*nodes: onnx.NodeProto, **more: object) -> onnx.ModelProto:
    weight = numpy_helper.from_array(np.zeros((784, 10), np.float32), "w")
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, None)],
        [weight],
    )
    return helper.make_model(graph)


def external() -> bytes:
    made = model(helper.make_node("MatMul", ["images", "w"], ["scores"]))
    tensor = made.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return made.SerializeToString()


def looping() -> bytes:
    body = helper.make_graph([], "body", [], [])
    return model(helper.make_node("Loop", [], ["scores"], body=body)).SerializeToString()


def nested() -> bytes:
    body = helper.make_graph([helper.make_node("Relu", ["a"], ["b"])], "body", [], [])
    node = helper.make_node("Relu", ["images"], ["scores"], body=body)
    return model(node).SerializeToString()


def foreign() -> bytes:
    node = helper.make_node("Relu", ["images"], ["scores"], domain="com.example")
    return model(node).SerializeToString()


def many() -> bytes:
    nodes = [helper.make_node("Relu", ["images"], [f"x{n}"]) for n in range(700)]
    return model(*nodes).SerializeToString()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "parts that no exported network has"),
        (b"\x08\x07garbage", "not ONNX"),
        (external(), "data outside of itself"),
        (looping(), "operator 'Loop'"),
        (nested(), "graphs within its graph"),
        (foreign(), "operator 'Relu'"),
        (many(), "too many"),
    ],
)
def test_anything_but_a_network_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(ArtefactError, match=why):
        onnx_network.read(content)


def test_a_huge_file_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_network, "MAX_BYTES", 10)
    with pytest.raises(ArtefactError, match="larger than"):
        onnx_network.read(b"x" * 11)


def unfolded(kernels: int = 4) -> nn.Linear:
    """A convolution of 5 x 5 pixels, written out as a dense layer."""
    torch.manual_seed(0)
    convolution = nn.Conv2d(1, kernels, 5, stride=2)
    with torch.no_grad():
        columns = convolution(torch.eye(784).reshape(784, 1, 28, 28)).flatten(1)
        bias = convolution(torch.zeros(1, 1, 28, 28)).flatten()
    dense = nn.Linear(784, columns.shape[1])
    dense.weight.data, dense.bias.data = (columns - bias).T.contiguous(), bias
    return dense


def test_a_convolution_that_was_written_out_shows_by_its_weights() -> None:
    dense = unfolded()
    network = nn.Sequential(nn.Flatten(), dense, nn.ReLU(), nn.Linear(dense.out_features, 10))
    found = onnx_network.kind(onnx_network.read(exported(network)))
    assert (found.strange, found.dense) == ("", 2)
    assert found.sparse > 0.95
    assert found.tied > 0.99


def test_the_weights_of_a_perceptron_are_neither_sparse_nor_tied() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10))
    found = onnx_network.kind(onnx_network.read(exported(network)))
    assert max(found.sparse, found.tied) < 0.01


def with_function() -> bytes:
    made = model(helper.make_node("Relu", ["images"], ["scores"]))
    made.functions.add(name="own")
    return made.SerializeToString()


def with_sparse_weights() -> bytes:
    made = model(helper.make_node("Relu", ["images"], ["scores"]))
    made.graph.sparse_initializer.add()
    return made.SerializeToString()


def without(part: str) -> bytes:
    made = model(helper.make_node("Relu", ["images"], ["scores"]))
    made.graph.ClearField(part)
    return made.SerializeToString()


def of_own_domain() -> bytes:
    made = model(helper.make_node("Relu", ["images"], ["scores"]))
    made.opset_import.add(domain="com.example", version=1)
    return made.SerializeToString()


def external_constant() -> bytes:
    tensor = TensorProto(name="c", data_type=TensorProto.FLOAT)
    tensor.external_data.add(key="location", value="/etc/passwd")
    return model(helper.make_node("Constant", [], ["c"], value=tensor)).SerializeToString()


def many_weights() -> bytes:
    made = model(helper.make_node("Relu", ["images"], ["scores"]))
    made.graph.initializer.extend([TensorProto()] * 600)
    return made.SerializeToString()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (with_function(), "it has parts that no exported network has"),
        (with_sparse_weights(), "it has parts that no exported network has"),
        (without("input"), "it has parts that no exported network has"),
        (without("output"), "it has parts that no exported network has"),
        (of_own_domain(), "it uses operators of a domain of its own"),
        (external_constant(), "it refers to data outside of itself"),
        (many_weights(), "it has too many operators"),
        (model(helper.make_node("x" * 99, [], [])).SerializeToString(), f"'{'x' * 40}'"),
    ],
)
def test_parts_of_no_network_are_refused_by_their_name(content: bytes, why: str) -> None:
    with pytest.raises(ArtefactError) as refusal:
        onnx_network.read(content)
    assert str(refusal.value).removeprefix("it uses the operator ") == why


def kind(*nodes: onnx.NodeProto, **weights: np.ndarray) -> onnx_network.Kind:
    made = model(*nodes)
    for name, value in weights.items():
        made.graph.initializer.append(numpy_helper.from_array(value, name))
    return onnx_network.kind(made)


def test_arithmetic_on_shapes_and_weights_is_no_part_of_the_network() -> None:
    found = kind(
        helper.make_node("Shape", ["images"], ["shape"]),
        helper.make_node("Gather", ["shape", "w"], ["rows"]),
        helper.make_node("Transpose", ["w"], ["turned"]),
        helper.make_node("MatMul", ["turned", "w"], ["product"]),
        helper.make_node("MatMul", ["images", "w"], ["scores"]),
    )
    assert (found.dense, found.strange) == (1, "")
    assert found.operators == ("Shape", "Gather", "Transpose", "MatMul", "MatMul")


def test_a_product_of_two_values_is_no_layer() -> None:
    found = kind(
        helper.make_node("Relu", ["images"], ["a"]),
        helper.make_node("MatMul", ["a", "images"], ["b"]),
        helper.make_node("Conv", ["b", "w"], ["scores"]),
    )
    assert found.strange == "MatMul of two values"  # the first that is strange is told


@pytest.mark.parametrize(
    ("shape", "strange"),
    [((784, 8), ""), ((8, 784), ""), ((28, 8), "a first layer of (28, 8)")],
)
def test_who_reads_images_in_parts_is_told_by_the_first_layer(
    shape: tuple[int, int], strange: str
) -> None:
    nodes = [
        helper.make_node("Gemm", ["images", "first"], ["a"]),
        helper.make_node("Gemm", ["a", "second"], ["scores"]),
    ]
    first, second = np.zeros(shape, np.float32), np.zeros((8, 10), np.float32)
    found = kind(*nodes, first=first, second=second)
    assert (found.strange, found.dense) == (strange, 2)


def test_only_large_layers_of_numbers_tell_by_their_weights() -> None:
    node = helper.make_node("MatMul", ["images", "w"], ["scores"])
    half = np.arange(1.0, 6001.0, dtype=np.float32).reshape(60, 100)
    half[:30] = 0
    found = kind(
        node,
        half=half,
        small=np.zeros((10, 10), np.float32),
        whole=np.zeros((80, 80), np.int64),
        vector=np.zeros(7000, np.float32),
    )
    # The model's own weights, (784, 10), are zeros.
    assert (found.sparse, found.tied) == (1.0, 1 - 1 / 7840)
    assert onnx_network.share_of_nothing(half) == 0.5
    assert onnx_network.share_of_copies(half) == pytest.approx(2999 / 6000)


class Skipped(nn.Module):
    """Wide and deep: the pixels go past the hidden layer, too."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.last = nn.Linear(784, 16), nn.Linear(800, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(1)
        return self.last(torch.cat([x, self.hidden(x).relu()], 1))


class Halves(nn.Module):
    """Each half of the picture has a layer of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.last = (nn.Linear(n, 10) for n in (392, 392, 10))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(1)
        return self.last((self.first(x[:, :392]) + self.second(x[:, 392:])).relu())


class Turned(nn.Module):
    """As textbooks write it: a column for each image."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Parameter(torch.randn(16, 784))
        self.second = nn.Parameter(torch.randn(10, 16))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.second @ (self.first @ x.flatten(1).T).relu()).T


class Normed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(784, 16), nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.normalize(x.flatten(1))
        return self.last(torch.logsumexp(torch.stack([self.first(x), self.first(x)]), 0))


@pytest.mark.parametrize(
    ("module", "unusual"),
    [(Skipped(), "Concat"), (Halves(), "Slice"), (Turned(), "Transpose"), (Normed(), "Concat")],
)
def test_dense_layers_in_an_unusual_arrangement_are_told_as_that(
    module: nn.Module, unusual: str
) -> None:
    found = onnx_network.kind(onnx_network.read(exported(module)))
    assert found.strange == unusual
    assert found.strange in onnx_network.UNUSUAL
    assert found.bent >= 1
