"""Runs a notebook's cells on orders that come through a pipe: a kernel without Jupyter.

Untrusted side, started by launch.py. Orders and what became of them are lines of JSON:
`begin` (fixtures, files, limits), `cell`, `answer` (the question that lies in its own pipe),
`nothing`.
"""

import base64
import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import time
import types

from . import bootstrap, protocol
from .plain_shell import PlainShell, Printed

TELL_SECONDS = 0.5
"""At least between two lines that a cell printed and that are told."""

_dumps, _loads, _write = json.dumps, json.loads, os.write  # student code may rebind them


class Loop:
    """Orders, one after the other, in the namespace of one notebook."""

    def __init__(self, replies, limit):
        self._replies, self._limit = replies, limit
        module = types.ModuleType("__main__")
        sys.modules["__main__"] = module
        self._names = vars(module)
        self._shell = PlainShell(self._names)
        self._is_running = False  # a cell, which may be interrupted
        self._printed = 0  # bytes, by all cells
        self._told = 0.0

    def serve(self, orders):
        """Until there are no more."""
        signal.signal(signal.SIGINT, self._interrupted)
        ways = {"begin": self._begin, "cell": self._cell, "answer": self._answer}
        for line in orders:
            order = _loads(line)
            what = ways.get(order["order"], lambda _: {})(order)
            self._say(number=order["number"], **{"status": "ok", **what})

    def _say(self, **what):
        blob = _dumps(what).encode() + b"\n"
        while blob:
            blob = blob[_write(self._replies, blob) :]

    def _interrupted(self, *_):
        if self._is_running:
            self._is_running = False  # once: what comes after the cell is ours
            raise KeyboardInterrupt

    def _begin(self, order):
        settings = [order[name] for name in ("prepare", "seed", "epochs", "seconds")]
        try:
            for name, content in order["files"].items():
                os.makedirs(os.path.dirname(os.path.abspath(name)), exist_ok=True)
                with open(name, "wb") as file:
                    file.write(base64.b64decode(content))
            self._limit(order["limits"])
            bootstrap.begin(self._names, *settings, shell=self._shell)
        except Exception as error:  # a fixture's library is broken
            return {"status": "error", "error": protocol.describe_error(error)}
        return {}

    def _cell(self, order):
        out = Printed(order["most"], lambda line: self._tell(line, out))
        try:
            self._is_running = True
            error = self._shell.run_cell(order["source"], out)
        except BaseException as between:  # two lines of the cell's
            error = between
        self._is_running = False
        self._printed += out.size
        told = protocol.describe_error(error) if error is not None else ""
        return {"error": told, "text": out.text(), "more": out.size > order["most"]}

    def _tell(self, line, out):
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            self._say(printed=line[:200], bytes=self._printed + out.size)

    def _answer(self, _):
        bootstrap.answer()
        return {}


def start(setup, limit):
    """Never returns while there are orders. `limit` lowers limits of this process."""
    os.environ["MPLBACKEND"] = "agg"
    orders, replies = setup["pipes"]["orders"], setup["pipes"]["replies"]
    if setup["ahead"]:
        with contextlib.suppress(Exception):  # most notebooks draw
            importlib.import_module("matplotlib.pyplot")
    gc.enable()
    with open(orders, "rb") as lines:
        Loop(replies, limit).serve(lines)
    os._exit(0)  # threads of the notebook's must not keep us
