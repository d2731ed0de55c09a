"""Runs an action right after a module's first import, so that nothing is imported for its sake.

Untrusted side.
"""

import importlib.abc
import importlib.util
import sys


def after_import(name, action):
    """Calls `action(module)` now if the module is there, else at the end of its first import."""
    if name in sys.modules:
        action(sys.modules[name])
    else:
        sys.meta_path.insert(0, _Finder(name, action))


class _Finder(importlib.abc.MetaPathFinder):
    """Finds one module as the others do, and adds the action to its loader."""

    def __init__(self, name, action):
        self.name, self.action = name, action

    def find_spec(self, name, path=None, target=None):
        """Only for this name, and only once."""
        if name != self.name or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            _extend(spec.loader, self.action)
        return spec


def _extend(loader, action):
    run = loader.exec_module

    def exec_module(module):
        run(module)
        action(module)

    loader.exec_module = exec_module
