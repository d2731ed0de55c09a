"""Calls a student's k-fold cross-validation on our data, and reports what its models saw.

Untrusted side. Only what came back is told here. Which rows were learned from and which were judged
is handed over while the function runs, and noted outside (grader/sandbox/outside).
"""

import contextlib
import inspect

from .. import conversation
from ..cells import own
from ..handout import missing_from, replaced
from ..plain import MAX_ITEMS, plain
from ..protocol import describe_error
from ..watch import Rows, Watch
from . import FUNCTION, probe

NAME = "kfold_crossvalidation"
MAX_EPOCHS = 25  # of the given training function; more were asked for by mistake, and cost time


@probe(FUNCTION, heavy=True)
def kfold(namespace, params):
    """The facts of one call. A student's exception is one of them, beside what came before it."""
    import torch

    function, _ = own(namespace, NAME)
    names = getattr(inspect.unwrap(function), "__globals__", namespace)
    data, target = torch.tensor(params["data"]), torch.tensor(params["target"])
    rows = Rows(params["data"], _own_data(names, data.shape[1]))
    watch = Watch(rows, params["classes"], conversation.hand_over)
    arguments = [params["k"], data, target, list(params["hidden"]), params["epochs"], params["lr"]]
    if not _takes(function, arguments):
        arguments = arguments[:3]
    facts = {"arguments": len(arguments), "returned": None, "error": ""}
    torch.manual_seed(params["seed"])
    stand_ins = missing_from(names)
    train = stand_ins.get("trainModel") or names["trainModel"]
    doubles = stand_ins | {"trainModel": _recorded(train, watch)}
    with replaced(names, doubles), torch.enable_grad(), watch.watching():
        try:
            facts["returned"] = plain(_listed(function(*arguments)))
        except Exception as error:
            facts["error"] = describe_error(error)
    watch.tell_all()
    return facts


def _listed(value, depth=0):
    """Dictionaries, such as of fold and accuracy, as lists of what they hold."""
    value = list(value.values()) if isinstance(value, dict) else value
    if isinstance(value, (list, tuple)) and len(value) <= MAX_ITEMS and depth < 2:
        return [_listed(inner, depth + 1) for inner in value]
    return value


def _takes(function, arguments):
    try:
        inspect.signature(function).bind(*arguments)
    except (TypeError, ValueError):
        return False
    return True


def _own_data(names, width):
    """The notebook's own data set, to tell its rows from ours."""
    import torch

    own = names.get("data")
    with contextlib.suppress(Exception):
        own = torch.as_tensor(own).detach().float().numpy()
        return own if own.ndim == 2 and own.shape[1] == width else None
    return None


def _recorded(train, watch):
    """The notebook's training function, with a record of its calls and at most so many epochs."""

    def recorded(*args, **kwargs):
        try:
            bound = inspect.signature(train).bind(*args, **kwargs)
        except (TypeError, ValueError):
            return train(*args, **kwargs)
        bound.apply_defaults()
        epochs = bound.arguments.get("epochs")
        if type(epochs) is int and epochs > MAX_EPOCHS:
            bound.arguments["epochs"] = MAX_EPOCHS
        result = train(*bound.args, **bound.kwargs)
        with contextlib.suppress(Exception):  # an own function of this name may take anything
            given = bound.arguments
            watch.trained(_model(result, given["model"]), given["data"], epochs, given["lr"])
        return result

    return recorded


def _model(result, model):
    import torch

    return result if isinstance(result, torch.nn.Module) else model
