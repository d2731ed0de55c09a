"""Mutants: a reference function with one small change each, as a slip would make it.

Trusted side, pure. A mutant is named by its function and what was changed, so that a list of those
that are as right as the original can say why.
"""

from __future__ import annotations

import ast
import copy
import fnmatch
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.core import toml_text
from grader.core.errors import UsageError
from grader.core.model import Cell, Notebook
from grader.core.notebook import parsed

SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Pow: ast.Mult,
    ast.MatMult: ast.Mult,
    ast.Mod: ast.FloorDiv,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
REVERSED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
}
Node = ast.AST
Change = tuple[str, Callable[[Node], Node | None]]
"""What is said of a change, and a function that makes it of a copy of the node; None: dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One function of the reference with one change."""

    function: str
    change: str
    cell: str  # id of the cell whose source is replaced
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalent:
    """Mutants that are as right as the original, by a reason that a person gave."""

    function: str  # a pattern, likewise `change`
    change: str
    reason: str

    def holds(self, mutant: Mutant) -> bool:
        """Whether the mutant is one of these."""
        return _matches(mutant.function, self.function) and _matches(mutant.change, self.change)


def _matches(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def equivalents(path: Path) -> tuple[Equivalent, ...]:
    """The list of known-equivalent mutants; empty if there is no file.

    Raises:
        UsageError: it is not TOML, or an entry is not complete.
    """
    try:
        entries = toml_text.parse(path.read_bytes()).get("equivalent", [])
        return tuple(Equivalent(**entry) for entry in entries)
    except FileNotFoundError:
        return ()
    except (ValueError, TypeError, AttributeError) as bad:
        raise UsageError(
            f"{path}: {bad}; an entry is [[equivalent]] with function, change and reason"
        ) from None


def of(master: Notebook, functions: Sequence[str]) -> list[Mutant]:
    """Every mutant of these functions of a notebook, in order of their lines; no two alike."""
    found: dict[str, Mutant] = {}
    for cell in master.cells:
        if cell.kind != "code":
            continue
        tree = parsed(cell.source)
        for position, statement in enumerate(tree.body):
            if not isinstance(statement, ast.FunctionDef) or statement.name not in functions:
                continue
            for change, changed in changes(statement):
                whole = copy.deepcopy(tree)
                whole.body[position] = changed
                # Compared as text: two changes may come to the same, or to the original.
                source = ast.unparse(ast.fix_missing_locations(whole))
                mutant = Mutant(function=statement.name, change=change, cell=cell.id, source=source)
                if source != ast.unparse(tree):
                    found.setdefault(source, mutant)
    return list(found.values())


def changes(function: ast.FunctionDef) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Each change of a function's body, in words, with the changed function."""
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    nodes = [node for node in nodes if not _is_docstring(node, function)]
    around = {inner: node for node in nodes for inner in ast.iter_child_nodes(node)}
    for node in sorted(nodes, key=_place):
        for told, change in _of_node(node, _surrounding(node, around)):
            mutated = _replaced(function, node, change)
            if mutated is not None:
                yield told, mutated


def _place(node: Node) -> tuple[int, int]:
    return getattr(node, "lineno", 10**6), getattr(node, "col_offset", 0)


def _surrounding(node: Node, around: Mapping[Node, Node]) -> str:
    """The text of what a node stands in; of a slice or keyword, what that stands in."""
    outer = around.get(node, node)
    while isinstance(outer, (ast.Slice, ast.keyword, ast.UnaryOp)) and outer in around:
        outer = around[outer]
    return _text(outer)


def _is_docstring(node: Node, function: ast.FunctionDef) -> bool:
    first = function.body[0]
    if not isinstance(first, ast.Expr) or not isinstance(first.value, ast.Constant):
        return False
    return node in (first, first.value)


def _replaced(
    function: ast.FunctionDef, node: Node, change: Callable[[Node], Node | None]
) -> ast.FunctionDef | None:
    """A copy of the function with one node changed; None where nothing came of it."""
    # A copy has other nodes than the original: the mark that is copied along finds the one.
    marker = "_mutated"
    setattr(node, marker, True)
    try:
        whole = copy.deepcopy(function)
    finally:
        delattr(node, marker)

    class Changer(ast.NodeTransformer):
        def visit(self, found: Node) -> Node | None:
            if getattr(found, marker, False):
                delattr(found, marker)
                return change(found)
            return self.generic_visit(found)

    # What lost its last line would be no Python: it gets `pass`, and is a mutant all the same.
    changed = Changer().visit(whole)
    if not whole.body:
        whole.body = [ast.Pass()]
    for inner in ast.walk(whole):
        if isinstance(inner, (ast.For, ast.With, ast.If)) and not inner.body:
            inner.body = [ast.Pass()]
    return changed if isinstance(changed, ast.FunctionDef) else None


# --- the changes -------------------------------------------------------------------------------


def _of_node(node: Node, place: str) -> Iterator[Change]:
    match node:
        case ast.BinOp() | ast.AugAssign() | ast.BoolOp():
            yield from _operator(node)
        case ast.Compare():
            yield from _comparison(node)
        case ast.UnaryOp():
            yield f"{_text(node)} without its {_symbol(node.op)}", lambda n: _as(n, "operand")
        case ast.Constant():
            yield from _constant(node, place)
        case ast.Call():
            yield from _call(node)
        case ast.Return():
            yield from _return(node)
        case ast.Expr() | ast.Assign():
            yield f"without the line {_text(node)}", lambda n: None
        case ast.IfExp():
            yield f"branches of {_text(node)} swapped", _swapped_branches


def _operator(node: ast.BinOp | ast.AugAssign | ast.BoolOp) -> Iterator[Change]:
    other = SWAPPED.get(type(node.op))
    if other is not None:

        def swapped(found: Node) -> Node:
            found.op = other()  # type: ignore[attr-defined]
            return found

        yield f"{_symbol(other())} in place of {_symbol(node.op)} in {_text(node)}", swapped
    if isinstance(node, ast.BinOp):
        for side in ("left", "right"):
            told = f"only {_text(getattr(node, side))} of {_text(node)}"
            yield told, lambda found, side=side: _as(found, side)  # type: ignore[misc]


def _comparison(node: ast.Compare) -> Iterator[Change]:
    for table in (SWAPPED, REVERSED):
        other = table.get(type(node.ops[0]))
        if other is None:
            continue

        def swapped(found: Node, other: type[Node] = other) -> Node:
            found.ops[0] = other()  # type: ignore[attr-defined]
            return found

        yield f"{_symbol(other())} in place of {_symbol(node.ops[0])} in {_text(node)}", swapped


def _constant(node: ast.Constant, place: str) -> Iterator[Change]:
    value = node.value
    if isinstance(value, bool):
        others: list[object] = [not value]
    elif isinstance(value, (int, float)):
        others = [value + 1, value - 1]
    elif isinstance(value, str) and value:
        others = [""]
    else:
        others = []
    for other in others:
        told = f"{other!r} in place of {value!r} in {place}"
        yield told, lambda _, other=other: ast.Constant(other)  # type: ignore[misc]


def _call(node: ast.Call) -> Iterator[Change]:
    if node.args and not isinstance(node.args[0], ast.Starred):
        yield f"{_text(node.args[0])} in place of {_text(node)}", lambda n: n.args[0]  # type: ignore[attr-defined]
    for number, keyword in enumerate(node.keywords):

        def dropped(found: Node, number: int = number) -> Node:
            del found.keywords[number]  # type: ignore[attr-defined]
            return found

        yield f"without {keyword.arg} in {_text(node)}", dropped
    if len(node.args) >= 2:

        def shortened(found: Node) -> Node:
            del found.args[-1]  # type: ignore[attr-defined]
            return found

        def turned(found: Node) -> Node:
            found.args[0], found.args[1] = found.args[1], found.args[0]  # type: ignore[attr-defined]
            return found

        yield f"without the last argument of {_text(node)}", shortened
        yield f"first two arguments of {_text(node)} swapped", turned


def _return(node: ast.Return) -> Iterator[Change]:
    if node.value is None:
        return
    yield f"nothing in place of {_text(node)}", lambda _: ast.Return(ast.Constant(None))
    if isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:

        def turned(found: Node) -> Node:
            found.value.elts.reverse()  # type: ignore[attr-defined]
            return found

        yield f"{_text(node)} in reverse order", turned


def _swapped_branches(found: Node) -> Node:
    found.body, found.orelse = found.orelse, found.body  # type: ignore[attr-defined]
    return found


def _as(node: Node, field: str) -> Node:
    part: Node = getattr(node, field)
    return part


def _text(node: Node) -> str:
    return ast.unparse(node).replace("\n", " ")


def _symbol(operator: Node) -> str:
    """An operator as it is written, such as `+` or `>=`."""
    name = ast.Name("_")
    if isinstance(operator, ast.cmpop):
        text = ast.unparse(ast.Compare(name, [operator], [name]))
    elif isinstance(operator, ast.boolop):
        text = ast.unparse(ast.BoolOp(operator, [name, name]))
    elif isinstance(operator, ast.unaryop):
        text = ast.unparse(ast.UnaryOp(operator, name))
    else:
        assert isinstance(operator, ast.operator)
        text = ast.unparse(ast.BinOp(name, operator, name))
    return text.replace("_", "").strip()


def functions(cells: Sequence[Cell]) -> list[str]:
    """The names of the functions that these cells define at top level."""
    return [
        s.name for cell in cells for s in parsed(cell.source).body if isinstance(s, ast.FunctionDef)
    ]
