"""nbclient with caps: executes one cell at a time and keeps no more than the limits allow.

`JupyterTalk` is how a driver talks to a Jupyter kernel through it; `plain_talk.PlainTalk` is the
other way.

Runs in the driver process. The kernel is the student's: each of its messages is a claim, and may
be malformed, endless or a flood.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import nbformat
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.session import Session
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from grader.core import bounded
from grader.core.model import CellRun, Limits
from grader.core.untrusted_text import without_terminal_codes
from grader.sandbox.kernels.job import KernelJob
from grader.sandbox.kernels.kernel import (
    MORE,
    START_SECONDS,
    ConfinedKernel,
    KernelDiedError,
    overwritten,
)

MAX_MESSAGE = 32 << 20
SEND_MS = 2000
MAX_IMAGES = 8
MAX_IMAGE_BYTES = 2 << 20
MAX_LINE = 100
"""Characters of a printed line that is told while its cell runs."""

MAX_RECEIVED, MAX_KEPT = 256 << 20, 48 << 20
"""Of all cells' outputs together."""

FLUSHES = 50
"""Pieces of printed text that weigh as much as one other message: a progress line that is flushed
for each batch of a training makes tens of thousands, and costs next to nothing."""

BOOT = '__import__("grader_inside.bootstrap").bootstrap.'


class CappedClient(NotebookClient):
    """Counts what arrives for a cell; past the limits output is dropped, then the kernel killed."""

    def __init__(
        self, kernel: ConfinedKernel, limits: Limits, printed: Callable[[str], None]
    ) -> None:
        """`printed` is called with the last line of each text that a cell prints."""
        super().__init__(
            nbformat.v4.new_notebook(),  # type: ignore[no-untyped-call]
            km=cast(Any, kernel),
            timeout=limits.cell_seconds,
            allow_errors=True,
            iopub_timeout=10,
            raise_on_iopub_timeout=False,
            store_widget_state=False,
            skip_cells_with_tag="",
            coalesce_streams=False,  # `_coalesced` does, in time that long lines do not square
        )
        self._kernel, self._limits, self._printed = kernel, limits, printed
        self._messages, self._kept, self._received, self._total = 0.0, 0, 0, 0
        self._left_out = False  # whether some of the cell's output was dropped
        self.log.disabled = True

    async def run_cell(self, index: int, cell_id: str, source: str) -> CellRun:
        """Executes one cell; how it ended is in the result's status.

        Raises:
            KernelDiedError: the kernel is gone.
        """
        self._messages, self._kept = 0.0, 0
        self._left_out = False
        cell = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
        self.nb["cells"] = [cell]
        status = "ok"
        try:
            await self.async_execute_cell(cell, 0)
        except DeadKernelError as dead:
            raise KernelDiedError from dead
        except CellTimeoutError:
            status = "timeout"
        except Exception:  # a reply that could not be read: the kernel is hostile
            status = "error"
        found = _summary(cell, index, cell_id, status, self._limits)
        if not self._left_out:
            return found
        room = (self._limits.output_kib << 10) - len(MORE)
        return replace(found, text=found.text[:room] + MORE)

    def process_message(
        self, msg: dict[str, Any], cell: NotebookNode, cell_index: int
    ) -> NotebookNode | None:
        """Keeps a message's output while there is room, and never fails on its form."""
        kind, size = msg.get("msg_type"), _size(msg.get("content"))
        self._messages += 1 / FLUSHES if kind == "stream" else 1
        self._received += size
        if self._messages > self._limits.output_messages or self._received > MAX_RECEIVED:
            self._kernel.kill("output")
            return None
        if kind not in ("status", "stream", "display_data", "execute_result", "error"):
            return None
        if kind == "stream" and (line := _last_line(msg)):
            self._printed(line)
        if kind != "status":
            is_image = kind in ("display_data", "execute_result")
            room = (self._limits.output_kib << 10) + (
                MAX_IMAGES * MAX_IMAGE_BYTES if is_image else 0
            )
            left = min(room - self._kept, MAX_KEPT - self._total)
            if size > left:
                self._left_out = True
                if kind != "stream" or not _cut(msg, left):
                    return None
                size = left
            self._kept += size
            self._total += size
        if kind == "stream" and _joined(msg, cell):
            return None
        try:
            return super().process_message(msg, cell, cell_index)
        except CellExecutionComplete:
            raise
        except Exception:
            return None  # malformed: dropped

    async def _async_poll_output_msg(
        self, parent_msg_id: str, cell: NotebookNode, cell_index: int
    ) -> None:
        """As nbclient's, but a message that can't be read is counted and passed over."""
        while True:
            try:
                channel = cast(Any, self.kc).iopub_channel
                message = await channel.get_msg(timeout=None)
                is_ours = message["parent_header"].get("msg_id") == parent_msg_id
            except Exception:
                message, is_ours = {}, True
            if is_ours:
                try:
                    self.process_message(message, cell, cell_index)
                except CellExecutionComplete:
                    return

    async def _async_check_alive(self) -> None:
        if not await self._kernel.is_alive():
            raise DeadKernelError("Kernel died")

    async def _async_handle_timeout(
        self, timeout: int, cell: NotebookNode | None = None
    ) -> dict[str, Any] | None:
        raise CellTimeoutError("the cell took too long")


class JupyterTalk:
    """Orders to a Jupyter kernel, and their ends. To be made within an event loop."""

    def __init__(
        self, kernel: ConfinedKernel, job: KernelJob, printed: Callable[[str], None]
    ) -> None:
        """`printed` as in `CappedClient`."""
        self._kernel, self._job = kernel, job
        self._client = CappedClient(kernel, job.limits, printed)
        self._client.kc = self._channels = connected(kernel)
        self.run_cell = self._client.run_cell

    async def begin(self) -> str:
        """Makes the kernel ready for the first cell; what it lacks, as the end of a sentence."""
        if not await self._ready():
            return "did not start in the sandbox"
        job = self._job
        begin = f"{BOOT}begin(globals(), {list(job.prepare)!r}, {job.seed!r}, "
        begin += f"{job.limits.training_epochs!r}, {job.limits.training_seconds!r})"
        return "" if await self._execute(begin, START_SECONDS) == "ok" else "could not be prepared"

    async def come_back(self, seconds: float) -> bool:
        """Interrupts a cell; whether the kernel listens again."""
        await self._kernel.interrupt_kernel()
        return bool(await self._execute("", seconds))

    async def answer(self, seconds: float) -> bool:
        """Lets it answer the question that lies in its pipe; whether it came back from that."""
        return bool(await self._execute(BOOT + "answer()", seconds))

    def close(self) -> None:
        """Ends the talk."""
        self._channels.stop_channels()

    async def _ready(self) -> bool:
        """Waits until a reply and an iopub message arrive: only then is no output lost."""
        deadline = time.monotonic() + START_SECONDS
        kc = self._channels
        while time.monotonic() < deadline and await self._kernel.is_alive():
            kc.kernel_info()
            with contextlib.suppress(Exception):
                await kc.get_shell_msg(timeout=1)
                await kc.get_iopub_msg(timeout=0.3)
                return True
        return False

    async def _execute(self, code: str, seconds: float) -> str:
        """Runs our own code in the kernel; the reply's status, or "" if none came in time."""
        kc = self._channels
        sent = kc.execute(code, silent=True, store_history=False, allow_stdin=False)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and await self._kernel.is_alive():
            try:
                reply = await kc.get_shell_msg(timeout=min(left, 1.0))
                if reply["parent_header"].get("msg_id") == sent:
                    return "ok" if reply["content"].get("status") == "ok" else "error"
            except Exception:  # noqa: S112 (Empty, or a malformed message: wait on)
                continue
        return ""


def connected(kernel: ConfinedKernel) -> AsyncKernelClient:
    """A client of the kernel, whose context refuses oversized messages."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE)
    context.setsockopt(zmq.SNDTIMEO, SEND_MS)  # a kernel that spoiled its socket takes nothing
    client = AsyncKernelClient(context=context, session=Session(key=kernel.key.encode()))
    told = kernel.connection(str(kernel.folder / "kernel"))
    client.load_connection_info(cast("KernelConnectionInfo", told))
    client.start_channels(stdin=False, hb=False)
    return client


def _size(value: object, depth: int = 0) -> int:
    """About how many bytes of text a decoded message holds."""
    if depth > 20:
        return 1
    match value:
        case str():
            return len(value)
        case dict():
            return sum(_size(v, depth + 1) + len(str(k)) for k, v in value.items())
        case list():
            return sum(_size(v, depth + 1) for v in value)
    return 8


def _summary(cell: NotebookNode, index: int, cell_id: str, status: str, limits: Limits) -> CellRun:
    """A cell's outputs as text, error and pictures."""
    texts: list[str] = []
    images: list[bytes] = []
    error = ""
    for output in _coalesced(cell.get("outputs", [])):
        kind = output.get("output_type")
        if kind == "stream":
            texts.append(_text(output.get("text")))
        elif kind == "error":
            name, value = _text(output.get("ename")), _text(output.get("evalue"))
            error = f"{name}: {value}"[:2000]
        else:
            data = output.get("data") or {}
            png = _png(data.get("image/png")) if len(images) < MAX_IMAGES else None
            if png:
                images.append(png)
            elif "text/plain" in data:
                texts.append(_text(data["text/plain"]) + "\n")
    if error and status == "ok":
        status = "error"
    text = "".join(texts)[: limits.output_kib << 10]
    return CellRun(
        index=index,
        id=cell_id,
        status=status,
        error=without_terminal_codes(error),
        text=without_terminal_codes(text),
        images=tuple(images),
    )


def _coalesced(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Each stream as one output, where its first piece stood, and standard output ahead."""
    found: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in outputs:
        name = str(output.get("name"))
        if output.get("output_type") != "stream":
            found.append(output)
        elif name in streams:
            streams[name]["text"] += _text(output.get("text"))
        else:
            output["text"] = _text(output.get("text"))
            streams[name] = output
            found.append(output)
    for place, output in enumerate(found[1:]):
        if output is streams.get("stdout") and found[place] is streams.get("stderr"):
            found[place : place + 2] = [output, found[place]]
            break
    for stream in streams.values():
        stream["text"] = overwritten(stream["text"])
    return found


def _printed(msg: dict[str, Any]) -> str:
    """The text of a message about something printed; empty if it has none."""
    content = msg.get("content")
    text = content.get("text") if isinstance(content, dict) else None
    return text if isinstance(text, str) else ""


def _joined(msg: dict[str, Any], cell: NotebookNode) -> bool:
    """Whether a printed text was put at the end of what was last printed to the same stream."""
    text, last = _printed(msg), cell["outputs"][-1] if cell.get("outputs") else {}
    if not text or last.get("output_type") != "stream":
        return False
    if last.get("name") != msg["content"].get("name"):
        return False
    if not isinstance(last["text"], list):  # joined at the end: adding to a long text copies it
        last["text"] = [last["text"]]
    last["text"].append(text)
    return True


def _cut(msg: dict[str, Any], size: int) -> bool:
    """Leaves the beginning of what was printed; whether there is any."""
    text = _printed(msg)
    if not text or size <= 0 or msg["content"].get("name") not in ("stdout", "stderr"):
        return False
    msg["content"] = {"name": msg["content"]["name"], "text": text[:size]}
    return True


def _last_line(msg: dict[str, Any]) -> str:
    """The last line that is not blank; a progress bar's lines end with carriage returns."""
    told = without_terminal_codes(_printed(msg)[-1000:]).strip()
    return re.split(r"[\r\n]+", told)[-1].strip()[:MAX_LINE]


def _text(value: object) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def _png(value: object) -> bytes | None:
    if not isinstance(value, str) or len(value) > MAX_IMAGE_BYTES * 4 // 3:
        return None
    try:
        blob = base64.b64decode(value)
    except (ValueError, binascii.Error):
        return None
    size = bounded.pixels(blob)
    return blob if size is not None and size <= bounded.MOST_PIXELS else None
