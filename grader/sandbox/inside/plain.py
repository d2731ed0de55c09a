"""What a student's function returned, turned into plain data without trusting the object.

Untrusted side. What has no plain form becomes `{"type": "<its type's name>"}`.
"""

import sys

import numpy as np

MAX_ITEMS = 5000
MAX_DEPTH = 4
MAX_TEXT = 200
TABLES = ("pandas", "polars")


def plain(value, depth=0):
    """Numbers, text, lists and numeric arrays of `value`, whichever library they come from."""
    if value is None or type(value) in (bool, int, float):
        return value
    if isinstance(value, str):
        return str(value)[:MAX_TEXT]
    if isinstance(value, np.generic):
        return plain(value.item(), depth)
    if isinstance(value, np.ndarray):
        return _array(value, depth)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _array(value.detach().to("cpu", torch.float64).numpy(), depth)
    if isinstance(value, (list, tuple)) and len(value) <= MAX_ITEMS and depth < MAX_DEPTH:
        return [plain(inner, depth + 1) for inner in value]
    library = str(type(value).__module__).partition(".")[0]  # its classes are where it says
    if library in TABLES and hasattr(value, "to_numpy"):
        return plain(value.to_numpy(), depth)
    return {"type": type(value).__name__[:MAX_TEXT]}


def _array(value, depth):
    if value.dtype == object and value.size <= MAX_ITEMS:
        return plain(value.tolist(), depth)
    if value.dtype.kind not in "biuf" or value.size > MAX_ITEMS:
        return {"type": f"{value.dtype} array of shape {value.shape}"[:MAX_TEXT]}
    return np.array(value, dtype=np.float64, subok=False)
