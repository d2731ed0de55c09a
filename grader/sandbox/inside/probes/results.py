"""Calls a student's function with arguments of ours, whatever they are. Untrusted side."""

import contextlib
import sys
import warnings

import numpy as np

from .. import figures as state
from ..cells import own as find
from ..plain import plain
from ..protocol import Undefined
from . import FUNCTION, PLOT, probe
from .figures import drawn_before_an_error


@probe(FUNCTION)
def call_results(namespace, params):
    """What `name(*arguments)` returns; with a `base`, also how often it calls that."""
    function, name = find(namespace, params["name"])
    arguments = [_given(value, params["arrays"]) for value in params["arguments"]]
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        _counting(namespace, params) as called,
    ):
        warnings.simplefilter("ignore")
        returned = function(*arguments)
    return {"name": name, "returned": plain(returned)} | called


@probe(PLOT, heavy=True)
def draw(namespace, params):
    """The figures that `name(*arguments)` draws."""
    import matplotlib.pyplot as plt
    from matplotlib._pylab_helpers import Gcf

    function, name = find(namespace, params["name"])
    arguments = [_given(value, params["arrays"]) for value in params["arguments"]]
    plt.close("all")
    kept, state.recorded = state.recorded, []
    show, plt.show = plt.show, lambda *args, **kwargs: None
    try:
        with warnings.catch_warnings(), _counting(namespace, params) as called:
            warnings.simplefilter("ignore")
            returned = drawn_before_an_error(function, *arguments)
        for figure in state.open_figures():
            state.record(figure)
        drawn = state.drawn()
        if not drawn and hasattr(returned, "axes"):
            drawn = [state.describe(returned)]
    finally:
        plt.show, state.recorded = show, kept
        Gcf.figs.clear()  # closed without recording: these are no figures of the notebook's run
    return {"name": name, "figures": drawn} | called


@contextlib.contextmanager
def _counting(namespace, params):
    """Counts the calls of the function `base`, if one is named and there."""
    called = {"calls": 0} if "base" in params else {}
    try:
        base, name = find(namespace, params["base"])
    except (KeyError, Undefined):
        yield called
        return

    def counted(*args, **more):
        called["calls"] += 1
        return base(*args, **more)

    namespace[name] = counted
    try:
        yield called
    finally:
        namespace[name] = base


def _given(value, kind):
    """An argument as the notebook's own data are: numpy arrays, tensors or lists."""
    if not isinstance(value, np.ndarray):
        return value
    if kind == "lists":
        return value.tolist()
    if kind == "torch":
        torch = sys.modules.get("torch")
        return torch.tensor(value) if torch else value.copy()
    return value.copy()
