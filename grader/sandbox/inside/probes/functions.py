"""Calls a student's function at given points. Untrusted side: facts, no verdicts."""

import warnings

import numpy as np

from ..cells import own as find
from ..plain import plain
from ..protocol import describe_error
from . import FUNCTION, probe

CLOSE = 0.5  # calls this near to the point asked, but not at it, are shifted copies


def numbers(value, size):
    """`size` floats of what a function returned, or None. Of a tuple, the first part counts."""
    if isinstance(value, tuple) and len(value) == 2:
        value = value[0]
    value = plain(value)
    try:
        array = np.asarray(value, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        return None
    return array if array.size == size else None


@probe(FUNCTION)
def call_function(namespace, params):
    """Values at `points`: called once with the array, else point by point.

    Returns `name`, `style` ("array" or "scalar"), `values` (NaN where a call failed) and
    `errors`, the distinct error texts of single calls.
    """
    function, name = find(namespace, params["name"])
    points = params["points"]
    integers = bool(params.get("integers"))
    points = points.astype(np.int64) if integers else points
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            values = numbers(function(points.copy()), points.size)
        except Exception:
            values = None
        if values is not None:
            return {"name": name, "style": "array", "values": values, "errors": []}
        values, errors = np.full(points.size, np.nan), []
        for position, point in enumerate(points.tolist()):
            try:
                one = numbers(function(point), 1)
                if one is None:
                    errors.append("it did not return a number")
                else:
                    values[position] = one[0]
            except Exception as error:
                errors.append(describe_error(error))
    return {
        "name": name,
        "style": "scalar",
        "values": values,
        "errors": sorted(set(errors))[:3],
    }


@probe(FUNCTION)
def shifted_calls(namespace, params):
    """How often a gradient calls its function, and how often beside the point asked."""
    function, _ = find(namespace, params["name"])
    base, base_name = find(namespace, params["base"])
    seen = []

    def recorder(x, *rest, **more):
        try:
            seen.append(float(np.asarray(plain(x), dtype=float).reshape(-1)[0]))
        except Exception:
            pass
        return base(x, *rest, **more)

    shifted = calls = 0
    try:
        namespace[base_name] = recorder
        for point in params["points"].tolist():
            seen.clear()
            try:
                function(point)
            except Exception:  # some take arrays only
                seen.clear()
                try:
                    function(np.array([point]))
                except Exception:
                    continue
            calls += len(seen)
            shifted += sum(0 < abs(x - point) < CLOSE for x in seen)
    finally:
        namespace[base_name] = base
    return {"shifted": int(shifted), "calls": calls}
