"""Libraries that only some of the grader needs, and the extra that brings each.

`pip install grader` is small. What needs more says so in one sentence, at the moment it does.
"""

from __future__ import annotations

from importlib.util import find_spec

from grader.core.errors import UsageError

LIBRARIES = {
    "IPython": ("ipython", "notebooks"),
    "PIL": ("pillow", "notebooks"),
    "distributed": ("dask", "cluster"),
    "ipykernel": ("ipykernel", "notebooks"),
    "jupyter_client": ("jupyter_client", "notebooks"),
    "markdown_it": ("markdown-it-py", "review"),
    "matplotlib": ("matplotlib", "notebooks"),
    "nbclient": ("nbclient", "notebooks"),
    "nbformat": ("nbformat", "notebooks"),
    "nh3": ("nh3", "review"),
    "onnx": ("onnx", "retraining"),
    "pandas": ("pandas", "notebooks"),
    "pygraphviz": ("pygraphviz", "quiz"),
    "python_calamine": ("python-calamine", "tables"),
    "rapidfuzz": ("rapidfuzz", "review"),
    "scipy": ("scipy", "notebooks"),
    "seaborn": ("seaborn", "notebooks"),
    "sklearn": ("scikit-learn", "notebooks"),
    "starlette": ("starlette", "review"),
    "torch": ("torch", "retraining"),
    "torchvision": ("torchvision", "retraining"),
    "tqdm": ("tqdm", "notebooks"),
    "uvicorn": ("uvicorn", "review"),
}
"""By what is imported: the name that pip knows, and the extra."""


class MissingLibraryError(UsageError):
    """Something that is done needs an extra that is not installed."""


def require(by: str, *names: str, extra: str = "") -> None:
    """Holds that these libraries are there; `extra` is the one to be told, if not their own.

    Raises:
        MissingLibraryError: one is not; says that `by` needs it, and how it is installed.
    """
    if lacking := missing(*names):
        raise MissingLibraryError(sentence(by, lacking, extra))


def missing(*names: str) -> list[str]:
    """Those of these libraries that are not installed here."""
    return [name for name in names if not _is_there(name)]


def sentence(by: str, names: list[str], extra: str = "") -> str:
    """What is to be installed so that `by` works."""
    extras = extra or ",".join(sorted({LIBRARIES[name][1] for name in names}))
    shown = ", ".join(LIBRARIES[name][0] for name in names)
    return f"{by} needs {shown}: pip install 'grader[{extras}]'"


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # it was taken away
        return False
