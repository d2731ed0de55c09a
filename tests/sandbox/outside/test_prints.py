"""Prints of weights tell fresh models from those that have learned, or have parts of such."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import nn

from grader.sandbox.inside.watch import PARTS, fingerprint
from grader.sandbox.outside.prints import MAX_PRINT, Prints, read


def net(seed: int = 0, *hidden: int) -> nn.Sequential:
    torch.manual_seed(seed)
    sizes = [13, *(hidden or (5,)), 3]
    return nn.Sequential(*(nn.Linear(a, b) for a, b in pairwise(sizes)))


def trained(model: nn.Module) -> nn.Module:
    """As after a few small steps."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
    return model


def after(model: nn.Module) -> tuple[Prints, str]:
    """What is known once a model was seen and has learned, and its print."""
    prints = Prints()
    prints.before(fingerprint(model))
    last = fingerprint(trained(model))
    prints.after(last)
    return prints, last


def with_first_layer_of(other: nn.Sequential) -> nn.Sequential:
    model = net(7)
    model[0] = other[0]
    return model


@pytest.mark.parametrize(
    ("change", "goes_on", "kept"),
    [
        (lambda model: model, True, 4),
        (lambda model: [p.data.add_(1e-6) for p in model.parameters()] and model, True, 1),
        (lambda model: [p.data.mul_(1.01) for p in model.parameters()] and model, True, 1),
        (lambda model: net(), False, 0),  # as it was at first
        (lambda model: net(3), False, 0),
        (with_first_layer_of, False, 2),
        (lambda model: net(0, 6), False, 0),
    ],
    ids=["same", "nudged", "scaled", "first", "other", "a layer of it", "another form"],
)
def test_what_a_model_has_from_a_training(
    change: Callable[[nn.Sequential], nn.Module], goes_on: bool, kept: int
) -> None:
    model = net()
    prints, last = after(model)
    now = fingerprint(change(model))
    assert prints.go_on(now, last) is goes_on
    assert (prints.kept(now, [last]) > 0) is (kept > 0)
    assert kept in (0, 1) or prints.kept(now, [last]) == kept


def test_models_that_are_drawn_anew_are_never_taken_for_old_ones() -> None:
    prints, last = after(net(1000))
    for seed in range(300):
        now = fingerprint(net(seed))
        assert not prints.go_on(now, last)
        assert prints.kept(now, [last]) == 0


def test_what_a_step_did_not_change_stays_fresh() -> None:
    model, prints = net(), Prints()
    prints.before(fingerprint(model))
    next(model.parameters()).data.add_(1)
    prints.after(fingerprint(model))
    other = net(9)
    other[1].load_state_dict(model[1].state_dict())
    assert prints.kept(fingerprint(other), []) == 0


def test_a_print_stays_short_and_tells_all_parameters() -> None:
    deep = net(0, *[9] * 60)
    first = fingerprint(deep)
    assert len(first.split()) == PARTS
    assert read(first) == first
    list(deep.parameters())[-1].data.add_(1)
    assert fingerprint(deep) != first


@pytest.mark.parametrize("value", [None, 3, ["a"], "a" * (MAX_PRINT + 1)])
def test_what_is_no_print_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="no print"):
        read(value)
