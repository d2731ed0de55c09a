"""Answers what was drawn: in the cells, and by a plotting function called now. Untrusted side."""

import warnings

import numpy as np

from .. import figures as state
from .. import state as mended
from ..cells import own as find
from ..protocol import describe_error
from . import PLOT, RUN, probe
from .functions import numbers


@probe(RUN, heavy=True)
def figures(namespace, params):
    """All figures of the notebook's run, in the order in which they were closed."""
    for figure in state.open_figures():
        state.record(figure)
    return state.drawn()


@probe(PLOT, heavy=True)
def call_plot(namespace, params):
    """The figures that `name(x_min, x_max)` draws, and the student's own functions' values.

    `functions` are names; their values at 401 points over the interval come back under `own`.
    """
    import matplotlib.pyplot as plt

    function, name = find(namespace, params["name"])
    low, high = params["x_min"], params["x_max"]
    plt.close("all")
    kept, state.recorded = state.recorded, []
    show, plt.show = plt.show, lambda *args, **kwargs: None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            returned = drawn_before_an_error(function, low, high)
        for figure in state.open_figures():
            state.record(figure)
        drawn = state.drawn()
        if not drawn and hasattr(returned, "axes"):
            drawn = [state.describe(returned)]
    finally:
        plt.show, state.recorded = show, kept
        # Closed without recording: these are no figures of the notebook's run.
        from matplotlib._pylab_helpers import Gcf

        Gcf.figs.clear()
    return {"name": name, "figures": drawn, "own": _own(namespace, params["functions"], low, high)}


def drawn_before_an_error(function, *arguments):
    """What a drawing function returns. One that raised when all was drawn has drawn all the same.

    Raises:
        Exception: the function's own, if nothing was drawn.
    """
    try:
        return function(*arguments)
    except Exception as error:
        figures = [figure for figure in state.open_figures() if figure.axes]
        if not figures and not state.recorded:
            raise
        mended.repaired(
            f"a plotting function drew, and then ended with {describe_error(error)[:150]}"
        )
        return None


def _own(namespace, names, low, high):
    points = np.linspace(low, high, 401)
    values = {}
    for name in names:
        try:
            function, _ = find(namespace, name)
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                values[name] = _values(function, points)
        except Exception:
            values[name] = None
    return {"x": points, "values": values}


def _values(function, points):
    try:
        found = numbers(function(points.copy()), points.size)
    except Exception:
        found = None
    if found is not None:
        return found
    return np.array([_value(function, point) for point in points.tolist()])


def _value(function, point):
    """One value; nan where there is none, as at a pole: the others are a curve all the same."""
    try:
        found = numbers(function(point), 1)
    except Exception:
        return np.nan
    return np.nan if found is None else found[0]
