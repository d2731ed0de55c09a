"""Calls a student's confusion matrix on our data and our small network.

Untrusted side. The network is an ordinary one: its weights and the rows were chosen so that its
predictions are known, whichever way it is called.
"""

import inspect

from ..cells import own
from ..handout import missing_from, replaced
from ..plain import plain
from . import FUNCTION, probe

NAME = "confusion_matrix"


@probe(FUNCTION, heavy=True)
def confusion(namespace, params):
    """What `confusion_matrix(data, target, model)` returns."""
    import torch

    function, _ = own(namespace, NAME)
    names = getattr(inspect.unwrap(function), "__globals__", namespace)
    data, target = torch.tensor(params["data"]), torch.tensor(params["target"])
    model = _network(params["weights"], params["biases"])
    torch.manual_seed(params["seed"])
    with replaced(names, missing_from(names)):
        result = function(data, target, model)
    return {"returned": plain(result), "itself": result is function}


def _network(weights, biases):
    """Linear layers with ReLU between them, built as the handout builds its networks."""
    import torch
    from torch import nn

    layers = []
    for weight, bias in zip(weights, biases, strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weight))
            linear.bias.copy_(torch.tensor(bias))
        layers += [linear, nn.ReLU()]
    layers[-1] = nn.Identity()
    return nn.Sequential(*layers)
