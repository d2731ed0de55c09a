"""Probes: functions that answer one question about a student's namespace. Untrusted side.

A probe is a function `(namespace, params)` of a module in this folder, with a word on what it is
about. It is found by its name, wherever it stands, and is registered nowhere else:

    @probe(FUNCTION)
    def call_function(namespace, params):
        ...

A course's own probe is written the same way, in a file beside its reference. Its source comes with
the question, and is run as if it stood here: `from ..plain import plain` means the same.

The trusted side reads what probes say of themselves, and calls none of them.
"""

import functools
import importlib
import pkgutil
import types

FUNCTION = "function"  # calls a function of the notebook with inputs of ours
PLOT = "plot"  # the same, of a function that draws
NAMES = "names"  # looks at what the cells left behind, by name
RUN = "run"  # tells of the run itself: what was watched while the cells ran


class About:
    """What a probe says of itself."""

    def __init__(self, what, heavy):
        self.what = what  # FUNCTION, PLOT, NAMES or RUN
        self.heavy = heavy  # whether it imports large libraries

    @property
    def apart(self):
        """Whether definitions alone are enough to be asked: many notebooks in one kernel."""
        return self.what in (FUNCTION, PLOT)

    @property
    def live(self):
        """Whether it can be asked in a kernel that nobody watched, such as a student's own."""
        return self.what != RUN


def probe(what, *, heavy=False):
    """Marks a function as a probe."""

    def mark(function):
        function.about = About(what, heavy)
        return function

    return mark


def find(name, source=""):
    """The probe of this name: of a course's `source`, else of this folder.

    Raises:
        KeyError: there is none.
    """
    return (of_source(source) if source else here())[name]


def about(name, source=""):
    """What a probe says of itself; of one that nobody knows, that it needs a whole run."""
    try:
        return find(name, source).about
    except KeyError:
        return About(RUN, heavy=False)


@functools.cache
def here():
    """All probes of this folder by name. Imports their modules, and no library but numpy."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {name: found for module in modules for name, found in _in(module).items()}


@functools.cache
def of_source(source):
    """All probes of a source by name. It runs, as its module would when it is imported."""
    module = types.ModuleType(f"{__name__}.of_the_course")
    module.__package__ = __name__
    exec(compile(source, "<probe>", "exec"), vars(module))
    return _in(module)


def _in(module):
    """The probes that a module defines; not those that it imports."""
    return {
        name: value
        for name, value in vars(module).items()
        if hasattr(value, "about") and value.__module__ == module.__name__
    }
