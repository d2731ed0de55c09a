"""Watches what torch models see during one call: which rows they learn from, which they judge.

Untrusted side. Whatever way student code takes (given functions, an own training loop, a
DataLoader), rows must pass through a model's call, and learning must send gradients back through
its output. Both are recorded here, as numbers of our own rows.
"""

import contextlib
import itertools

import numpy as np

MAX_PHASES = 200
MAX_EVENTS = 400


class Rows:
    """Finds our rows by value, however they were copied, shuffled or cut. -1: not ours."""

    FOREIGN = -2  # a row of the notebook's own data set

    def __init__(self, data, foreign=None):
        self.width = data.shape[1]
        self._numbers = {}
        if foreign is not None:
            self._numbers = dict.fromkeys(self._keys(foreign), self.FOREIGN)
        self._numbers.update((key, i) for i, key in enumerate(self._keys(data)))

    def _keys(self, data):
        flat = np.ascontiguousarray(data, dtype=np.float32).reshape(-1, self.width) + 0.0
        return [row.tobytes() for row in flat]

    def find(self, tensor):
        """The number of each row of a tensor whose last dimension has our width."""
        keys = self._keys(tensor.detach().cpu().numpy())
        return np.array([self._numbers.get(key, -1) for key in keys], dtype=np.int64)


class Event:
    """One call of a model on some rows. `learned` once a gradient came back through it."""

    def __init__(self, rows, tick):
        self.rows, self.tick, self.learned = rows, tick, False


class Life:
    """A model from its (re-)initialisation on: what it learned from, what it was asked."""

    def __init__(self, number, rows, module):
        self.number = number
        self.widths = widths(module)
        self.counts = np.zeros(rows, dtype=np.int64)  # gradients, by row
        self.labels = np.full(rows, -1, dtype=np.int64)  # the class last learned, by row
        self.given = np.zeros(rows, dtype=bool)  # rows handed to the given training function
        self.epochs, self.rate = [], None
        self.prints = set()  # of the parameters after every step of an optimiser
        self.was_reset = False
        self.events, self.closed = [], []  # since it last learned; before that, with what it knew

    def snapshot(self):
        """What it has learned by now."""
        return {
            "life": self.number,
            "widths": list(self.widths),
            "counts": self.counts.tolist(),
            "labels": self.labels.tolist(),
            "given": self.given.tolist(),
            "epochs": list(self.epochs),
            "rate": self.rate,
        }

    def learn(self, event, labels):
        """A gradient came back through `event`: its rows with a label (not -1) were learned."""
        event.learned = True
        others = [other for other in self.events if other is not event]
        if others and self.counts.any():
            self.closed.append((others, self.snapshot()))
        self.events = []
        used = (labels >= 0) & (event.rows >= 0)
        np.add.at(self.counts, event.rows[used], 1)
        self.labels[event.rows[used]] = labels[used]

    def phases(self):
        """Its knowledge each time that it was judged; of equal judgements in a row, the last."""
        found = []
        for events, knowledge in [*self.closed, (self.events, self.snapshot())]:
            asked = [event for event in events if not event.learned][-MAX_EVENTS:]
            if not asked:
                continue
            evaluations = [event.rows.tolist() for event in asked]
            same = set().union(*evaluations)
            if found and found[-1][0] == same:
                found.pop()
            found.append((same, knowledge | {"order": asked[-1].tick, "evaluations": evaluations}))
        return [phase for _, phase in found]


class Watch:
    """Records while `watching()`. `script` holds the classes that the n-th model shall predict."""

    def __init__(self, rows, count, script, classes):
        self.rows, self._count, self._script, self._classes = rows, count, script, classes
        self.lives = []
        self._by_key, self._modules = {}, {}
        self._depth, self._ticks = 0, itertools.count()

    @contextlib.contextmanager
    def watching(self):
        """Calls of models and steps of optimisers are recorded within."""
        import torch
        from torch.optim.optimizer import register_optimizer_step_post_hook

        original = torch.nn.Module.__call__

        def call(module, *args, **kwargs):
            self._depth += 1
            try:
                out = original(module, *args, **kwargs)
            finally:
                self._depth -= 1
            return out if self._depth else self._seen(module, [*args, *kwargs.values()], out)

        handle = register_optimizer_step_post_hook(self._stepped)
        torch.nn.Module.__call__ = call
        try:
            yield
        finally:
            torch.nn.Module.__call__ = original
            handle.remove()

    def trained(self, module, data, epochs, rate):
        """Takes note of a call of the given training function, after it returned."""
        life = self._life(module)
        rows = self.rows.find(data)
        life.given[rows[rows >= 0]] = True
        if type(epochs) is int:
            life.epochs.append(epochs)
        if isinstance(rate, float) and life.rate is None:
            life.rate = float(rate)

    def phases(self):
        """The facts, in the order in which models were judged."""
        found = [phase for life in self.lives for phase in life.phases()]
        return sorted(found, key=lambda phase: phase["order"])[-MAX_PHASES:]

    def _seen(self, module, inputs, out):
        import torch

        x = next((value for value in inputs if isinstance(value, torch.Tensor)), None)
        if not self._is_model(module, x, out):
            return out
        life, rows = self._life(module), self.rows.find(x)
        event = Event(rows, next(self._ticks))
        life.events.append(event)
        out = self._follow_script(life, rows, out)
        if out.requires_grad:
            out.register_hook(lambda gradient: self._learned(module, event, gradient))
        return out

    def _is_model(self, module, x, out):
        import torch

        return (
            x is not None
            and isinstance(out, torch.Tensor)
            and x.dim() > 0
            and x.shape[-1] == self.rows.width
            and out.shape == (*x.shape[:-1], self._classes)
            and next(module.parameters(), None) is not None
        )

    def _follow_script(self, life, rows, out):
        """Outputs whose largest is the scripted class, with the true outputs' gradients.

        So the accuracy on any set of rows is known, whatever the training did. The values are
        probabilities, so that softmax, logarithms and losses of any kind stay finite.
        """
        import torch

        classes = self._script[life.number % len(self._script)][rows]
        wanted = np.full((len(rows), self._classes), 0.05)
        wanted[np.arange(len(rows)), classes] = 0.9
        wanted = torch.as_tensor(wanted, dtype=out.dtype, device=out.device)
        known = torch.as_tensor(rows >= 0, device=out.device)[:, None]
        real = out.reshape(-1, self._classes)
        value = torch.where(known, wanted, real.detach())
        return (value + (real - real.detach()).nan_to_num()).reshape(out.shape)

    def _learned(self, module, event, gradient):
        flat = gradient.detach().reshape(-1, self._classes).cpu().numpy()
        # Every usual loss pulls the output of the right class up, and no other.
        labels = np.where((flat != 0).any(axis=1), flat.argmin(axis=1), -1)
        life = self._life(module)
        if life.was_reset:
            life.events = [other for other in life.events if other is not event]
            life = self._begin(module)
            life.events.append(event)
        life.learn(event, labels)

    def _stepped(self, optimizer, _args, _kwargs):
        group = optimizer.param_groups[0]
        for key in {id(p) for each in optimizer.param_groups for p in each["params"]}:
            if key in self._by_key:
                life = self._by_key[key]
                life.prints.add(fingerprint(self._modules[key]))
                if life.rate is None and "lr" in group:
                    life.rate = float(group["lr"])

    def _life(self, module):
        key = id(next(module.parameters()))
        now = fingerprint(module)
        if key not in self._by_key:
            # A copy of a model that has learned is that model, not a fresh one.
            older = next((life for life in self.lives if now in life.prints), None)
            if older is None:
                return self._begin(module)
            self._by_key[key], self._modules[key] = older, module
        life = self._by_key[key]
        life.was_reset = bool(life.prints) and now not in life.prints
        return life

    def _begin(self, module):
        life = Life(len(self.lives), self._count, module)
        self.lives.append(life)
        key = id(next(module.parameters()))
        self._by_key[key], self._modules[key] = life, module  # kept, so that ids stay its own
        return life


def fingerprint(module):
    """Equal for equal parameters (as text, where nan equals nan)."""
    return repr([float(p.detach().double().sum()) for p in module.parameters()])


def widths(module):
    """The numbers of outputs of all linear layers, in order."""
    import torch

    linear = [layer for layer in module.modules() if isinstance(layer, torch.nn.Linear)]
    return [int(layer.out_features) for layer in linear][:100]
