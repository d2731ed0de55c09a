"""Puts back what a student's function changed while it was asked. Untrusted side.

The next question, and the student's next cell, find the process as it was before: its surroundings,
what holds values in the namespace, and the state of whatever random numbers are drawn from.
"""

import builtins
import contextlib
import decimal
import logging
import os
import random
import sys
import warnings

MOST_PARTS, MOST_BYTES = 20_000, 8 << 20
"""Members of containers, and bytes of arrays, that are copied for each question; more stay."""

PLAIN = (int, float, complex, bool, str, bytes, type(None), type, type(contextlib))
"""What holds nothing that could be changed."""


@contextlib.contextmanager
def state(namespace):
    """Within, anything may be changed; afterwards it is as it was, as far as it can be copied."""
    undo = contextlib.ExitStack()
    for keep in (_process, _numbers, _logging, _numpy, _torch):
        _collect(undo, keep())
    _collect(undo, _values(namespace))
    filters = warnings.catch_warnings()
    filters.__enter__()
    names, builtin = vars(builtins), vars(builtins).copy()
    try:
        yield
    finally:
        names.update(builtin)  # first, and by nothing that could have been replaced
        for name in [name for name in names if name not in builtin]:
            del names[name]
        filters.__exit__(None, None, None)
        undo.close()


def _collect(undo, ways):
    """Notes how to put things back; what can't be copied is not."""
    with contextlib.suppress(Exception):
        for back in ways:
            undo.callback(_quietly, back)


def _quietly(back):
    """What can't be put back any more is left: the rest is more use than an error."""
    with contextlib.suppress(Exception):
        back()


# -- the process -----------------------------------------------------------------------------------


def _process():
    variables, path = dict(os.environ), list(sys.path)
    with contextlib.suppress(OSError):  # a folder that is gone
        folder = os.getcwd()
        yield lambda: os.chdir(folder)
    depth = sys.getrecursionlimit()
    yield lambda: sys.setrecursionlimit(depth)
    yield lambda: sys.path.__setitem__(slice(None), path)
    yield lambda: _refill(os.environ, variables)


def _refill(mapping, content, always=False):
    """Only where texts differ, for each variable set is told to the C library."""
    for name in [name for name in mapping if name not in content]:
        del mapping[name]
    for name, value in content.items():
        if always or mapping.get(name) != value:
            mapping[name] = value


def _numbers():
    context, plain = decimal.getcontext().copy(), random.getstate()
    yield lambda: decimal.setcontext(context)
    yield lambda: random.setstate(plain)


def _logging():
    root = logging.getLogger()
    level = root.manager.disable
    loggers = [one for one in root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    kept = [(one, _of_logger(one)) for one in (root, *loggers)]

    def back():
        changed = [(one, was) for one, was in kept if _of_logger(one) != was]
        for one, (own, disabled, propagate, handlers, filters) in changed:
            one.disabled, one.propagate = disabled, propagate
            one.handlers[:], one.filters[:] = handlers, filters
            one.setLevel(own)
        if root.manager.disable != level:
            logging.disable(level)

    yield back


def _of_logger(one):
    return one.level, one.disabled, one.propagate, tuple(one.handlers), tuple(one.filters)


# -- libraries, where they are loaded --------------------------------------------------------------


def _numpy():
    numpy = sys.modules.get("numpy")
    if numpy is None or not hasattr(numpy, "set_printoptions"):
        return
    shown, errors, drawn = numpy.get_printoptions(), numpy.geterr(), numpy.random.get_state()
    yield lambda: numpy.set_printoptions(**shown)
    yield lambda: numpy.seterr(**errors)
    yield lambda: numpy.random.set_state(drawn)


def _torch():
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_rng_state"):
        return
    drawn, grad, kind = torch.get_rng_state(), torch.is_grad_enabled(), torch.get_default_dtype()
    yield lambda: torch.set_rng_state(drawn)
    yield lambda: torch.set_grad_enabled(grad)
    yield lambda: torch.set_default_dtype(kind)
    sure = torch.are_deterministic_algorithms_enabled()
    warn = torch.is_deterministic_algorithms_warn_only_enabled()
    yield lambda: torch.use_deterministic_algorithms(sure, warn_only=warn)
    cudnn = torch.backends.cudnn
    flags = {name: getattr(cudnn, name) for name in ("benchmark", "deterministic", "allow_tf32")}
    yield lambda: [setattr(cudnn, name, value) for name, value in flags.items()]
    if torch.cuda.is_initialized():
        devices = torch.cuda.get_rng_state_all()
        yield lambda: torch.cuda.set_rng_state_all(devices)


# -- values ----------------------------------------------------------------------------------------


def _values(namespace):
    """What the names hold, and the functions' defaults and closures: containers and generators."""
    names, seen, room = dict(namespace), set(), MOST_BYTES
    yield lambda: _refill(namespace, names, always=True)
    waiting, parts = list(names.values()), MOST_PARTS
    while waiting:
        value = waiting.pop()
        if type(value) in PLAIN or id(value) in seen:
            continue
        seen.add(id(value))
        try:
            if type(value) in (list, dict, set, tuple) and len(value) > parts:
                continue
            back, inner, size = _of(value, room)
        except Exception:
            continue
        room, parts = room - size, parts - len(inner) - 1
        waiting += inner
        if back is not None:
            yield back


def _of(value, room):
    """How to put one value back, what it holds in turn, and how many bytes were copied."""
    kind = type(value)
    if kind is list:
        kept = list(value)
        return (lambda: value.__setitem__(slice(None), kept)), kept, 0
    if kind is dict:
        kept = dict(value)
        return (lambda: (value.clear(), value.update(kept))), list(kept.values()), 0
    if kind is set:
        kept = set(value)
        return (lambda: (value.clear(), value.update(kept))), list(kept), 0
    if kind is tuple:
        return None, list(value), 0
    if kind.__name__ == "function":
        cells = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
        more = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        return None, cells + more, 0
    if kind is random.Random:
        drawn = value.getstate()
        return (lambda: value.setstate(drawn)), [], 0
    if (library := kind.__module__.partition(".")[0]) in ("numpy", "torch"):
        return _of_library(value, kind, room, library)
    inner = object.__getattribute__(value, "__dict__") if kind.__module__ == "__main__" else None
    return None, [inner], 0


def _is_filled(cell):
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _of_library(value, kind, room, library):
    """As `_of`, for what numpy and torch have."""
    if library == "numpy":
        numpy = sys.modules["numpy"]
        if isinstance(value, numpy.random.Generator):
            source = value.bit_generator
            drawn = source.state
            return (lambda: setattr(source, "state", drawn)), [], 0
        if isinstance(value, numpy.random.RandomState):
            drawn = value.get_state(legacy=False)
            return (lambda: value.set_state(drawn)), [], 0
        if kind is numpy.ndarray and value.nbytes <= room and value.flags.writeable:
            kept = value.copy()
            return (lambda: value.__setitem__(..., kept)), [], value.nbytes
    if library == "torch" and "torch" in sys.modules:
        torch = sys.modules["torch"]
        if isinstance(value, torch.Generator):
            drawn = value.get_state()
            return (lambda: value.set_state(drawn)), [], 0
        if isinstance(value, torch.Tensor) and value.is_leaf:
            return _of_tensor(value, room)
        if isinstance(value, torch.nn.Module):
            return None, [vars(value)], 0
    return None, [], 0


def _of_tensor(value, room):
    size = value.numel() * value.element_size()
    if (
        size > room
        or value.device.type != "cpu"
        or value.layout is not sys.modules["torch"].strided
    ):
        return None, [], 0
    kept, grad = value.detach().clone(), value.grad
    return (lambda: (value.data.copy_(kept), setattr(value, "grad", grad))), [], size
