"""Draws a computational graph with Graphviz: for the quiz, and with wrong values marked."""

from __future__ import annotations

import atexit
import io
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from grader.core import extras
from grader.quiz.graph import Graph, written

if TYPE_CHECKING:
    import pygraphviz

FONT = "DejaVu Sans"
PAPER, INK, BAD = "white", "#1b2330", "#f9d5d1"


def dot(graph: Graph, wrong: Collection[str] = (), *, down: bool = False) -> str:
    """The graph in the language of Graphviz, from inputs at the left or top to the result."""
    return str(_drawn(graph, frozenset(wrong), "TB" if down else "LR").to_string())


COLOURS = 16


def svg(graph: Graph, wrong: Collection[str] = (), *, down: bool = False) -> bytes:
    """The picture as SVG. `wrong` are names of values whose nodes are marked."""
    return _rendered(dot(graph, wrong, down=down), "svg")


def png(graph: Graph) -> bytes:
    """The picture as PNG, for places that take no SVG; in few colours, so that it is small."""
    extras.require("the picture of a quiz", "pygraphviz", "PIL", extra="quiz")
    from PIL import Image

    with Image.open(io.BytesIO(_rendered(dot(graph), "png"))) as drawn:
        out = io.BytesIO()
        drawn.convert("RGB").quantize(COLOURS).save(out, "PNG", optimize=True)
    return out.getvalue()


@lru_cache(maxsize=512)
def _rendered(source: str, form: str) -> bytes:
    import pygraphviz

    os.environ.setdefault("FONTCONFIG_FILE", _font_settings())
    with _hushed():
        drawn: bytes = pygraphviz.AGraph(string=source).draw(format=form, prog="dot")
    return drawn


@contextmanager
def _hushed() -> Iterator[None]:
    """Keeps remarks of the font library, which is older than the machine's files, off stderr."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


@cache
def _font_settings() -> str:
    """A file that names matplotlib's fonts: they are there on every machine, and the same."""
    spec = find_spec("matplotlib")
    packages = (spec.submodule_search_locations if spec else None) or ()
    places = [Path(package) / "mpl-data/fonts/ttf" for package in packages]
    folder = tempfile.mkdtemp(prefix="grader-fonts-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    lines = [f"<dir>{place}</dir>" for place in places] + [f"<cachedir>{folder}</cachedir>"]
    path = Path(folder) / "fonts.conf"
    path.write_text(f"<?xml version='1.0'?><fontconfig>{''.join(lines)}</fontconfig>", "utf-8")
    return str(path)


def _drawn(graph: Graph, wrong: frozenset[str], direction: str) -> pygraphviz.AGraph:
    extras.require("the picture of a quiz", "pygraphviz")
    import pygraphviz

    drawn = pygraphviz.AGraph(
        directed=True, strict=False, rankdir=direction, bgcolor=PAPER, dpi="96"
    )
    drawn.node_attr.update(
        fontname=FONT,
        fontsize="12",
        color=INK,
        style="filled",
        fillcolor=PAPER,
        shape="ellipse",
        margin="0.06",
    )
    drawn.edge_attr.update(color=INK, arrowsize="0.7")
    for name in graph.point:
        drawn.add_node(name, shape="box")
    for node in graph.nodes:
        fill = BAD if {node.name, f"adj_{node.name}"} & wrong else PAPER
        drawn.add_node(node.name, label=f"{node.name}\n{written(node)}", fillcolor=fill)
        for operand in dict.fromkeys(node.operands):
            if isinstance(operand, str):
                drawn.add_edge(operand, node.name)
    for name in graph.point:
        if f"grad_{name}" in wrong:
            drawn.get_node(name).attr["fillcolor"] = BAD
    return drawn
