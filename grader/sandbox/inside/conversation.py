"""The way to the trusted side while a question is answered. Untrusted side.

What a double is given goes out, and the double waits for what it is to return: neither the script
nor the record of it ever lies in this process.
"""

import contextlib

_ways: list = []  # of the question that is being answered, and of those in it


def hand_over(handed):
    """The reply of the trusted side to plain data."""
    return _ways[-1](handed)


@contextlib.contextmanager
def through(way):
    """Within, what is handed over goes to `way`."""
    _ways.append(way)
    try:
        yield
    finally:
        _ways.pop()


def part(number):
    """Within, what is handed over is of one of several questions that came as one."""
    out = _ways[-1] if _ways else None
    return through(lambda handed: out({"about": number, "handed": handed}))
