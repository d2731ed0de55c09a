"""Answers questions about cells in a namespace of their own. Untrusted side.

So many small variants of one notebook are asked in one kernel. What a cell raises is passed over,
as in a notebook that is run from top to bottom.
"""

import contextlib
import random

import numpy as np

from .. import conversation, state
from ..protocol import Channel
from . import RUN, find, probe


@probe(RUN)
def within(namespace, params):
    """The answers to `questions` in a fresh namespace in which `cells` were run."""
    names = {"__name__": "__main__"}
    _seed()
    for source in params["cells"]:
        with contextlib.suppress(Exception):
            exec(compile(source, "<cell>", "exec"), names)
    channel = Channel(-1, -1, find, names)
    answers = []
    for number, question in enumerate(params["questions"]):
        with conversation.part(number):
            answers.append(channel.reply(question))
    return answers


def _seed():
    """The same start for each namespace, whatever ran before it."""
    import sys

    seed = state.settings["seed"]
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)
