"""Writes a quiz as Moodle XML for import into a question bank: one cloze question for each variant.

Trusted, pure. In a Moodle quiz, add a random question from the category: each student gets numbers
of their own, and one question with all parts keeps them together.
"""

from __future__ import annotations

import base64
import html
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import gcd, lcm
from typing import Literal

from grader.quiz import graph as graphs
from grader.quiz import marking, picture
from grader.quiz.graph import Graph
from grader.quiz.marking import Step

Language = Literal["en", "de"]

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "ask": "Evaluate the computational graph of f = {f} at {point}: first the forward trace, "
        "then the adjoints, then the gradient. Round to {digits} digits after the point, "
        "and only at the end.",
        "forward": "Forward trace",
        "adjoints": "Adjoints",
        "gradient": "Gradient",
        "adjoint of": "adjoint of {name}",
        "derivative": "derivative of f by {name}",
        "graph": "computational graph",
        "solution": "Solution",
        ".": ".",
    },
    "de": {
        "ask": "Werten Sie den Berechnungsgraphen von f = {f} an der Stelle {point} aus: zuerst "
        "die Vorwärtsrechnung, dann die Adjungierten, dann den Gradienten. Runden Sie auf "
        "{digits} Stellen nach dem Komma, und erst am Ende.",
        "forward": "Vorwärtsrechnung",
        "adjoints": "Adjungierte",
        "gradient": "Gradient",
        "adjoint of": "Adjungierte von {name}",
        "derivative": "Ableitung von f nach {name}",
        "graph": "Berechnungsgraph",
        "solution": "Lösung",
        ".": ",",
    },
}
PICTURE = "graph.png"
OFF = "-987654321.5"
"""A wrong answer of every field. Moodle makes a field as wide as its longest answer, which would
tell a right one that is short, such as 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What the rubric says of a group: its points, and by what share a value may be off."""

    points: Decimal
    relative: float = 0.005


Worths = Mapping[str, Worth]


def write(variants: Sequence[Graph], worth: Worths, title: str, language: Language = "en") -> bytes:
    """The file's bytes. The points of each group become the weights of its parts."""
    root = ET.Element("quiz")
    category = ET.SubElement(root, "question", type="category")
    path = f"$course$/top/{title.replace('/', '//')}/Autodiff"
    _text(ET.SubElement(category, "category"), path)
    _text(ET.SubElement(category, "info", format="html"), variants[0].expression)
    for number, variant in enumerate(variants, 1):
        root.append(_question(variant, number, worth, language))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True)) + b"\n"


def weights(variant: Graph, worth: Worths) -> dict[str, int]:
    """Whole weights of the parts of each group, in the ratio of points for each value."""
    sizes = {group: len(values) for group, values in graphs.solution(variant).items()}
    each = {group: Fraction(worth[group].points) / size for group, size in sizes.items()}
    common = lcm(*(share.denominator for share in each.values()))
    whole = {group: int(share * common) for group, share in each.items()}
    shared = gcd(*whole.values())
    return {group: weight // shared for group, weight in whole.items()}


def _question(variant: Graph, number: int, worth: Worths, language: Language) -> ET.Element:
    question = ET.Element("question", type="cloze")
    _text(ET.SubElement(question, "name"), f"Autodiff {number:02d}")
    body = ET.SubElement(question, "questiontext", format="html")
    _text(body, _body(variant, worth, WORDS[language]))
    file = ET.SubElement(body, "file", name=PICTURE, path="/", encoding="base64")
    file.text = base64.b64encode(picture.png(variant)).decode()
    feedback = ET.SubElement(question, "generalfeedback", format="html")
    _text(feedback, _solution(variant, WORDS[language]))
    for name, value in (("penalty", "0.3333333"), ("hidden", "0"), ("idnumber", "")):
        ET.SubElement(question, name).text = value
    return question


def _body(variant: Graph, worth: Worths, words: Mapping[str, str]) -> str:
    order = marking.steps(variant)
    right = marking.solve(variant, order)
    slack = {
        group: marking.tolerances(variant, order, right, own.relative)
        for group, own in worth.items()
    }
    weight = weights(variant, worth)
    digits = variant.digits + 2
    ask = words["ask"].format(f=variant.expression, point=stated(variant), digits=variant.digits)
    image = f'<img src="@@PLUGINFILE@@/{PICTURE}" alt="{words["graph"]}" class="img-fluid">'
    lines = [f"<p>{html.escape(ask)}</p>", f"<p>{image}</p>"]
    for group, values in graphs.solution(variant).items():
        lines.append(f"<h4>{words[group]}</h4><ul>")
        for name, value in values.items():
            answer = f"={value:.{digits}f}:{slack[group][name]:.{digits}f}"
            field = f"{weight[group]}:NUMERICAL:{answer}~%0%{OFF}:0"
            lines.append(f"<li>{html.escape(_asked(variant, name, words))} = {{{field}}}</li>")
        lines.append("</ul>")
    return "".join(lines)


def stated(variant: Graph) -> str:
    """The point as it stands in the question: `x1 = 2.0, x2 = 0.6`; marking reads it back."""
    return ", ".join(f"{name} = {value}" for name, value in variant.point.items())


def _asked(variant: Graph, name: str, words: Mapping[str, str]) -> str:
    if name.startswith("adj_"):
        return words["adjoint of"].format(name=name.removeprefix("adj_"))
    if name.startswith("grad_"):
        return words["derivative"].format(name=name.removeprefix("grad_"))
    (node,) = [node for node in variant.nodes if node.name == name]
    return f"{name} = {graphs.written(node)}"


def _solution(variant: Graph, words: Mapping[str, str]) -> str:
    order = marking.steps(variant)
    right = marking.solve(variant, order)
    shown = {s.name: f"{right[s.name]:.{variant.digits}f}".replace(".", words["."]) for s in order}
    rows = "".join(
        f"<tr><td>{step.name}</td><td>{html.escape(_how(variant, step))}</td>"
        f"<td>{shown[step.name]}</td></tr>"
        for step in order
    )
    return f'<h4>{words["solution"]}</h4><table class="table">{rows}</table>'


def _how(variant: Graph, step: Step) -> str:
    """A value's computation in symbols; an adjoint as the sum over its uses."""
    if step.group == "forward":
        (node,) = [node for node in variant.nodes if node.name == step.name]
        return graphs.written(node)
    name = step.name.removeprefix("adj_").removeprefix("grad_")
    uses = marking.places([n for n in variant.nodes if name in n.operands], name)
    return " + ".join(f"adj_{node.name} · ∂{node.name}/∂{name}" for node, _ in uses) or "1"


def _text(parent: ET.Element, text: str) -> None:
    ET.SubElement(parent, "text").text = text
