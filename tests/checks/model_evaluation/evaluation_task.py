"""A notebook like the one of the Evaluation task, and a way to ask it questions in this process."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import numpy as np

from grader.checks.base import Check
from grader.core import codec
from grader.core.model import Answer, AnswerStatus, Case, Outcome, Question
from grader.sandbox.inside import conversation, probes, protocol
from grader.sandbox.outside import counterparts

HANDOUT = """
import numpy as np, torch
from torch import nn
torch.manual_seed(0)
np.random.seed(0)
attribute_count, label_count = 13, 3
data = torch.randn(178, attribute_count)
target = torch.arange(178) % label_count

def create_model(hidden_layers=[], input_size=attribute_count, output_size=label_count,
                 activation=nn.ReLU(), output_activation=nn.Identity()):
    sizes = [input_size] + hidden_layers + [output_size]
    parts = []
    for n, (a, b) in enumerate(zip(sizes, sizes[1:])):
        parts.append(nn.Linear(a, b))
        parts.append(activation if n < len(sizes) - 2 else output_activation)
    return nn.Sequential(*parts)

def trainModel(model, data, target, epochs, lr=0.01, batchsize=20, shuffle=False):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    measure = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        if shuffle:
            order = torch.randperm(len(data))
            data, target = data[order], target[order]
        for start in range(0, len(data), batchsize):
            stop = min(start + batchsize, len(data)) - 1  # the handout's slip
            optimizer.zero_grad()
            measure(model(data[start:stop]), target[start:stop]).backward()
            optimizer.step()
    return model

def predict(data, model):
    return torch.argmax(model(data), dim=1)

def calculate_accuracy(data, target, model):
    return (predict(data, model) == target).sum() / len(target)
"""


def namespace(source: str, handout: str = HANDOUT) -> dict[str, Any]:
    """The globals of a notebook with the handout's cells and then `source`."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(handout, names)
    exec(textwrap.dedent(source), names)
    return names


def ask(question: Question, names: dict[str, Any]) -> Answer:
    """The answer to one question, there and back through the wire format."""
    sent = json.loads(codec.encode(counterparts.sent(codec.sent(question))["params"]))
    probe = probes.find(question.probe)
    outside = counterparts.counterpart(codec.sent(question))
    try:
        with conversation.through(lambda handed: talk(outside, handed)):
            value = probe(names, protocol.unpack(sent))
    except protocol.Undefined as missing:
        return Answer(status=AnswerStatus.UNDEFINED, error=str(missing))
    except Exception as raised:
        return Answer(status=AnswerStatus.RAISED, error=protocol.describe_error(raised))
    return Answer(
        status=AnswerStatus.OK,
        value=codec.decode(json.dumps(protocol.pack(value))),
        record=outside and codec.decode(codec.encode(outside.record())),
    )


def talk(outside: Any, handed: Any) -> Any:
    """One turn of a conversation, there and back through the wire format."""
    reply = outside.hear(codec.decode(json.dumps(protocol.pack(handed))))
    return protocol.unpack(json.loads(codec.encode(reply)))


def case(check: Check, asked: tuple[Question, ...], answers: tuple[Answer, ...]) -> Case:
    """What a check gets to see."""
    return Case(asked=asked, answers=answers)


def mark(check: Check, names: dict[str, Any], seed: int = 1) -> Outcome:
    """The outcome of one check for a notebook."""
    asked = check.questions(np.random.default_rng(seed))
    return check.judge(case(check, asked, tuple(ask(question, names) for question in asked)))
