"""Messages of a hostile kernel, as the client takes them: kept within limits, never a failure."""

from __future__ import annotations

import base64
import struct
from typing import Any, cast

import nbformat
import pytest
from nbclient.exceptions import CellExecutionComplete

from grader.core.model import Limits
from grader.sandbox.kernels import client as module
from grader.sandbox.kernels.client import CappedClient, _png
from grader.sandbox.kernels.kernel import ConfinedKernel, overwritten


class Kernel:
    """Notes why it was killed, and what was told of its prints."""

    def __init__(self) -> None:
        self.reason = ""
        self.printed: list[str] = []

    def kill(self, reason: str) -> None:
        self.reason = self.reason or reason


def made(**limits: int) -> tuple[CappedClient, Kernel, Any]:
    kernel = Kernel()
    client = CappedClient(cast(ConfinedKernel, kernel), Limits(**limits), kernel.printed.append)
    client.clear_before_next_output = False  # as when a cell begins
    return client, kernel, nbformat.v4.new_code_cell("x")  # type: ignore[no-untyped-call]


def stream(text: str) -> dict[str, Any]:
    head = {"msg_type": "stream"}
    content = {"name": "stdout", "text": text}
    return head | {"header": head, "parent_header": {"msg_id": "1"}, "content": content}


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("Epoch 1: loss 0.52\nEpoch 2: loss 0.41\n", ["Epoch 2: loss 0.41"]),
        ("\r 40%|####      | 40/100\r 50%|#####     | 50/100", ["50%|#####     | 50/100"]),
        ("\x1b[31mloss\x1b[0m 0.4\n\n", ["loss 0.4"]),
        (" \n\t\r\n", []),
        ("x" * 5000, ["x" * 100]),
    ],
)
def test_the_last_line_that_is_not_blank_is_told(printed: str, told: list[str]) -> None:
    client, kernel, cell = made()
    client.process_message(stream(printed), cell, 0)
    assert kernel.printed == told


def test_a_line_is_told_when_no_more_output_is_kept() -> None:
    client, kernel, cell = made(output_kib=1)
    for text in ("x" * 2000, "epoch 7\n"):
        client.process_message(stream(text), cell, 0)
    assert kernel.printed[-1] == "epoch 7"
    assert "epoch 7" not in str(cell.outputs)


MALFORMED: list[dict[str, Any]] = [
    {},
    {"msg_type": "stream"},
    {"msg_type": "stream", "content": None},
    {"msg_type": ["stream"]},
    {"msg_type": "stream", "content": {"name": 5, "text": {}}, "parent_header": {}},
    {"msg_type": "error", "content": {}, "parent_header": {}},
    {"msg_type": "display_data", "content": {"data": 5, "metadata": None}, "parent_header": None},
    {"msg_type": "execute_result", "content": {"transient": "x"}, "parent_header": {}},
    {"msg_type": "status", "content": {}},
    {"msg_type": "status", "content": []},
    {"msg_type": "comm_open", "content": {"comm_id": "../../x"}, "parent_header": {}},
    {"msg_type": "update_display_data", "content": {"transient": {"display_id": []}}},
]


@pytest.mark.parametrize("message", MALFORMED)
def test_a_malformed_message_is_dropped(message: dict[str, Any]) -> None:
    client, kernel, cell = made()
    cell.outputs = []
    assert client.process_message(message, cell, 0) is None or cell.outputs
    assert kernel.reason == ""


def test_idle_ends_a_cell() -> None:
    client, _, cell = made()
    cell.metadata["execution"] = {}
    idle = {"msg_type": "status", "header": {}, "content": {"execution_state": "idle"}}
    with pytest.raises(CellExecutionComplete):
        client.process_message(idle, cell, 0)


@pytest.mark.parametrize("size", [300, 5000])
def test_output_beyond_a_cells_room_is_cut(size: int) -> None:
    client, kernel, cell = made(output_kib=1)
    for _ in range(10):
        client.process_message(stream("x" * size), cell, 0)
    assert 900 < sum(len("".join(output.text)) for output in cell.outputs) <= 1024
    assert kernel.reason == ""


def test_only_what_was_printed_is_cut_to_fit() -> None:
    """A message may be large in another place."""
    client, _, cell = made(output_kib=1)
    message = stream("text")
    message["content"]["name"] = "x" * 5000
    client.process_message(message, cell, 0)
    assert "outputs" not in cell or not cell.outputs


def test_outputs_of_all_cells_have_one_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two thousand cells may not each fill theirs: all of it lies in memory at once."""
    monkeypatch.setattr(module, "MAX_KEPT", 3000)
    client, _, _ = made(output_kib=1)
    kept = 0
    for _ in range(20):
        client._kept = 0  # as for each cell
        cell = nbformat.v4.new_code_cell("x")  # type: ignore[no-untyped-call]
        client.process_message(stream("x" * 900), cell, 0)
        kept += sum(len("".join(output.text)) for output in cell.outputs)
    assert 1800 <= kept <= 3000


def test_more_messages_than_a_notebook_sends_end_the_kernel() -> None:
    client, kernel, cell = made(output_messages=10)
    for _ in range(11):
        client.process_message({}, cell, 0)
    assert kernel.reason == "output"


def test_a_progress_line_that_is_flushed_for_each_batch_ends_no_kernel() -> None:
    client, kernel, cell = made(output_messages=100)
    for number in range(4000):
        client.process_message(stream(f"\rbatch {number}"), cell, 0)
    client.process_message(stream("\rdone\n"), cell, 0)
    assert kernel.reason == ""
    (output,) = module._coalesced(cell.outputs)
    assert output.text == "done\n"
    for _ in range(2000):
        client.process_message(stream("x"), cell, 0)
    assert kernel.reason == "output"


def test_each_stream_keeps_its_own_text() -> None:
    client, _, cell = made()
    for name, text in (("stdout", "a"), ("stdout", "b"), ("stderr", "c"), ("stdout", "d")):
        message = stream(text)
        message["content"]["name"] = name
        client.process_message(message, cell, 0)
    told = [(output.name, output.text) for output in module._coalesced(cell.outputs)]
    assert told == [("stdout", "abd"), ("stderr", "c")]


def test_more_bytes_than_a_notebook_sends_end_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_RECEIVED", 1000)
    client, kernel, cell = made()
    for _ in range(3):
        client.process_message(stream("x" * 500), cell, 0)
    assert kernel.reason == "output"


def printed(text: str, name: str = "stdout") -> nbformat.NotebookNode:
    output: nbformat.NotebookNode = nbformat.v4.new_output(  # type: ignore[no-untyped-call]
        "stream", name=name, text=text
    )
    return output


def test_streams_are_one_text_each_and_standard_output_comes_first() -> None:
    shown = nbformat.v4.new_output("display_data")  # type: ignore[no-untyped-call]
    given = [printed("w", "stderr"), printed("a"), shown, printed("b\n"), printed("x", "stderr")]
    found = module._coalesced(given)
    assert [output.get("text") for output in found] == ["ab\n", "wx", None]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("10%\r20%\n30%\r\n", "20%\n30%\r\n"),
        ("a\nb\rc\rd\r", "a\nd\r"),
        ("x" * 300_000, "x" * 300_000),  # at once: not in time that grows with the square
        ("\rx" * 100_000, "x"),
    ],
    ids=lambda text: str(len(text)),
)
def test_what_a_line_overwrote_is_left_out(text: str, left: str) -> None:
    assert overwritten(text) == left


def png(width: int, height: int) -> str:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR"
    return base64.b64encode(head + struct.pack(">II", width, height) + bytes(20)).decode()


def test_a_picture_that_unpacks_to_gigabytes_is_left_out() -> None:
    assert _png(png(640, 480)) is not None
    assert _png(png(60_000, 60_000)) is None
    assert _png(png(4_000_000_000, 4_000_000_000)) is None


@pytest.mark.parametrize(
    "value", [None, 5, "", "no base64!", "iVBORw0KGgo=", ["x"], "x" * 9_000_000]
)
def test_what_is_no_picture_is_left_out(value: object) -> None:
    assert _png(value) is None
