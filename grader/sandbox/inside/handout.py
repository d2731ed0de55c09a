"""Stand-ins for the functions that the Evaluation handout gives, where a notebook lost them.

Untrusted side. A student who deleted a given cell, or used a given name for a variable, is still
asked about the functions that are the student's own.
"""

import contextlib


def create_model(
    hidden_layers=(), input_size=13, output_size=3, activation=None, output_activation=None
):
    """Fully connected layers with an activation between them."""
    from torch import nn

    widths = [input_size, *hidden_layers, output_size]
    layers = []
    for before, after in zip(widths[:-1], widths[1:], strict=True):
        layers += [nn.Linear(before, after), activation or nn.ReLU()]
    layers[-1] = output_activation or nn.Identity()
    return nn.Sequential(*layers)


def train_model(model, data, target, epochs, lr=0.01, batchsize=20, shuffle=False):
    """Adam on the cross-entropy of batches; the trained model is returned as well."""
    import torch

    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for _ in range(epochs):
        order = torch.randperm(len(data)) if shuffle else torch.arange(len(data))
        for batch in order.split(batchsize):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(data[batch]), target[batch]).backward()
            optimizer.step()
    return model


def predict(data, model):
    """The class with the largest output, for each row."""
    import torch

    with torch.no_grad():
        return model(data).argmax(dim=-1)


def calculate_accuracy(data, target, model):
    """The fraction of rows whose predicted class is the target."""
    return (predict(data, model) == target).float().mean()


GIVEN = {
    "create_model": create_model,
    "trainModel": train_model,
    "predict": predict,
    "calculate_accuracy": calculate_accuracy,
}


@contextlib.contextmanager
def replaced(names, functions):
    """Puts `functions` into the namespace `names` for a while, then restores what was there."""
    before = {name: names[name] for name in functions if name in names}
    names.update(functions)
    try:
        yield
    finally:
        for name in functions:
            names.pop(name, None)
        names.update(before)


def missing_from(names):
    """The stand-ins for what is not there, or is not a function any more."""
    return {name: given for name, given in GIVEN.items() if not callable(names.get(name))}
