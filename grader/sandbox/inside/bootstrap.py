"""Sets a fresh kernel up before the first student cell: seeds, fixtures, the answering channel.

Untrusted side. Called once by the driver with the kernel's namespace.
"""

import json
import os
import random
import sys

from . import state
from .fixtures import FIXTURES, environment
from .imports import after_import
from .probes import find, here
from .protocol import Channel

_channel = None


def load(table, name):
    """The function that a `module:function` line of a table names, imported on first use."""
    from importlib import import_module

    module, _, function = table[name].partition(":")
    return getattr(import_module(f"{__package__}.{module}"), function)


def begin(namespace, prepare, seed, epochs=0, seconds=0, shell=None):
    """Seeds what is there, installs fixtures, opens the channel. The shell may be IPython's."""
    if shell is None:
        from IPython import get_ipython

        shell = get_ipython()
    global _channel
    random.seed(seed)
    import numpy as np

    np.random.seed(seed % 2**32)
    surround(namespace, shell, prepare, seed, epochs, seconds)
    pipes = json.loads(os.environ.pop("GRADER_PIPES"))
    _channel = Channel(pipes["questions"], pipes["answers"], find, namespace)


def surround(namespace, shell, prepare, seed, epochs=0, seconds=0):
    """Installs what is the same for every cell: mends, fixtures, the work folder on the path."""
    state.settings.update(seed=seed, epochs=epochs, seconds=seconds)
    _mend(namespace, shell)
    after_import("torch", lambda torch: torch.manual_seed(seed))
    for name in prepare:
        load(FIXTURES, name)(namespace)
    here()  # before student code, which may break an import without meaning to
    _open_work_folder()


def _open_work_folder():
    """Puts the work folder on the path, behind the standard library, as in Jupyter.

    Only now: a random.py or torch.py that was handed in must not be what we import ourselves.
    """
    places = [n for n, path in enumerate(sys.path) if path.endswith("site-packages")]
    sys.path.insert(places[0] if places else len(sys.path), "")


def _mend(namespace, shell):
    """Before the first cell: what fails for want of a desk, in every notebook.

    `exit()` in a cell ends the session of whoever wrote it, and is no reason to end this one.
    """
    if shell is not None:
        environment.install(shell, namespace)
        shell.ask_exit = lambda: state.repaired("exit() was called; the notebook went on")


def answer():
    """Reads, asks and answers the next question."""
    _channel.answer_next()
