"""Marks the values of a graph, with credit for what follows from a slip. Trusted, pure.

A value is right if it is near the computed one. Else it is computed again from the student's own
earlier values, along the graph and in its direction only: what is right in consequence is not wrong
twice. A value is never judged by what comes after it, so that one made up to fit its consequence
earns nothing. Own values that would make the rest trivial (0, 1, infinity) earn no consequence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from grader.quiz import graph as graphs
from grader.quiz.answers import as_moodle, number
from grader.quiz.graph import Graph, Node

Values = Mapping[str, float]
HUGE = 1e6
NEAR = 1e-9
UNITS = (0.0, 1.0, -1.0)
TRAPS = {"+": (0.0,), "-": (0.0,), "neg": (0.0,), "*": UNITS, "/": UNITS, "**": UNITS}
"""Operands that make an operation trivial; of functions 0 and 1."""


class ValueVerdict(StrEnum):
    """What one answer is."""

    RIGHT = "right"
    FOLLOWS = "follows"
    TRIVIAL = "trivial"
    WRONG = "wrong"
    UNREADABLE = "not a number"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueMark:
    """One value: what was asked, what was given, and what that is worth. `note` is for people."""

    name: str
    group: str
    given: str
    expected: float
    tolerance: float
    verdict: ValueVerdict
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How one value is computed: a function of the values and adjoints named in `uses`."""

    name: str
    group: str
    uses: tuple[str, ...]
    compute: Callable[[Values], float]
    also: Callable[[Values], float]  # with derivatives from functions' own values: s * (1 - s)


def mark(
    graph: Graph,
    texts: Mapping[str, str],
    relative: float = 0.005,
    *,
    session: str = "",
    strict: bool = False,
) -> list[ValueMark]:
    """A mark for each value of the graph, in the order of the quiz.

    `texts` are the answers as typed, by value name (`v1`, `adj_v1`, `grad_x`); `relative` is a
    tolerance, as a share of a value, where it is wider than that of rounding. `session` is the
    language of the attempt, if it is known; with `strict` numbers are what Moodle reads, else what
    people mean, and what Moodle takes as right is right, too.
    """
    order = steps(graph)
    right = solve(graph, order)
    slack = tolerances(graph, order, right, relative)
    own: dict[str, float] = dict(graph.point)
    wrong: set[str] = set()
    marks = {}
    for step in order:
        text = texts.get(step.name, "").strip()
        answer, told = _answer(text, right[step.name], slack[step.name], session, strict=strict)
        # Each value is judged against the truth first: who is right by chance, or by a second
        # slip that undoes the first, loses nothing.
        expected, near = right[step.name], slack[step.name]
        verdict, note = ValueVerdict.WRONG, ""
        if answer is None:
            empty = text in ("", "-", "–", "—")
            verdict = ValueVerdict.EMPTY if empty else ValueVerdict.UNREADABLE
            note = "a formula, not a number" if text.startswith("=") else ""
        elif abs(answer - expected) <= near:
            verdict, note = ValueVerdict.RIGHT, told
        else:
            verdict, note = _follow(graph, step, answer, right, own, wrong, relative)
        # What was not given is taken as right: it is lost once, not with all that needs it.
        own[step.name] = expected if answer is None else answer
        if verdict in (ValueVerdict.WRONG, ValueVerdict.FOLLOWS, ValueVerdict.TRIVIAL):
            wrong.add(step.name)
        marks[step.name] = ValueMark(
            name=step.name,
            group=step.group,
            given=text,
            expected=expected,
            tolerance=near,
            verdict=verdict,
            note=note,
        )
    return [marks[name] for group in graphs.solution(graph).values() for name in group]


def _answer(
    text: str, right: float, near: float, session: str, *, strict: bool
) -> tuple[float | None, str]:
    """What was meant, and a remark where Moodle reads another number."""
    sessions = (session,) if session else ("en", "de")
    read = [value for one in sessions if (value := as_moodle(text, one)) is not None]
    fits = [value for value in read if abs(value - right) <= near]
    meant = number(text)
    if strict or meant is None or (fits and abs(meant - right) > near):
        return next(iter(fits or read), None), ""
    if session and not fits:
        shown = f"{read[0]:g}" if read else "no number"
        return meant, f"Moodle reads {shown} here, and counts it as wrong"
    return meant, ""


# --- the graph as steps -----------------------------------------------------------------------


def steps(graph: Graph) -> list[Step]:
    """All values in the order in which they are computed: forward, back, gradient."""
    found = [_forward(node) for node in graph.nodes]
    for node in reversed(graph.nodes):
        found.append(_adjoint(graph, node.name, f"adj_{node.name}", "adjoints"))
    for name in graph.point:
        found.append(_adjoint(graph, name, f"grad_{name}", "gradient"))
    return found


def _forward(node: Node) -> Step:
    uses = tuple(o for o in node.operands if isinstance(o, str))

    def compute(values: Values) -> float:
        return graphs.apply(node, values)

    return Step(name=node.name, group="forward", uses=uses, compute=compute, also=compute)


def _adjoint(graph: Graph, name: str, own: str, group: str) -> Step:
    users = [node for node in graph.nodes if name in node.operands]
    needs = [operand for node in users for operand in node.operands if isinstance(operand, str)]
    needs += [node.name for node in users if node.operator in graphs.BY_RESULT]
    # A student who writes s * (1 - s) uses the function's own value, not its operand.
    uses = tuple(dict.fromkeys([*(f"adj_{node.name}" for node in users), *needs]))
    seed = 1.0 if name == graph.nodes[-1].name else 0.0

    def compute(values: Values) -> float:
        return seed + sum(contribution(node, place, values) for node, place in places(users, name))

    def also(values: Values) -> float:
        return seed + sum(
            values[f"adj_{node.name}"] * graphs.partials_by_result(node, values)[place]
            for node, place in places(users, name)
        )

    return Step(name=own, group=group, uses=uses, compute=compute, also=also)


def places(users: Sequence[Node], name: str) -> list[tuple[Node, int]]:
    """Every use of a value: the operation, and the operand's number in it."""
    return [(node, n) for node in users for n, o in enumerate(node.operands) if o == name]


def contribution(node: Node, place: int, values: Values) -> float:
    """What one use adds to a value's adjoint: the user's adjoint times the partial derivative."""
    return values[f"adj_{node.name}"] * graphs.partials(node, values)[place]


def solve(graph: Graph, order: Sequence[Step]) -> dict[str, float]:
    """Every value, inputs included, by name."""
    values = dict(graph.point)
    for step in order:
        values[step.name] = step.compute(values)
    return values


def tolerances(
    graph: Graph, order: Sequence[Step], right: Values, relative: float
) -> dict[str, float]:
    """How far each answer may be off: by rounding it and all before it, or by the relative share.

    First-order propagation of an error of half a unit of the last digit asked for.
    """
    slack: dict[str, float] = dict.fromkeys(graph.point, 0.0)
    for step in order:
        slack[step.name] = _rounding(graph, step, right, slack)
    return {name: max(by, relative * abs(right[name])) for name, by in slack.items()}


def _rounding(graph: Graph, step: Step, at: Values, slack: Values) -> float:
    half = 0.5 * 10.0**-graph.digits * (1 + 1e-6)
    base = _safely(step.compute, at)
    total = half
    # Both directions, for a step may be bent at its point; the worse one counts. The changes are
    # added up as if all roundings pointed the same way: an honest hand never exceeds that.
    for name in step.uses:
        moved = [_safely(step.compute, {**at, name: at[name] + s * slack[name]}) for s in (1, -1)]
        changes = [change for value in moved if math.isfinite(change := abs(value - base))]
        total += max(changes, default=0.0)
    return total


def _safely(compute: Callable[[Values], float], values: Values) -> float:
    """A step's value, or NaN where it has none."""
    try:
        value = compute(values)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan
    return float(value)


# --- consequences -----------------------------------------------------------------------------


def _follow(
    graph: Graph,
    step: Step,
    answer: float,
    right: Values,
    own: Values,
    wrong: set[str],
    relative: float,
) -> tuple[ValueVerdict, str]:
    """Whether an answer that is not right follows from the student's own, and what it may be."""
    unit = 0.5 * 10.0**-graph.digits
    half = dict.fromkeys(own, unit)
    # What is right within its tolerance may still be off by more than a consequence may.
    from_own = [n for n in step.uses if n in wrong or abs(own[n] - right[n]) > unit * (1 + 1e-6)]
    views = _views(step, right, own)
    # All of the student's own values first: where several views explain an answer, the one that
    # takes least from the truth is the most likely.
    for values, compute in product(views if from_own else (), (step.compute, step.also)):
        value = _safely(compute, values)
        if not math.isfinite(value):
            continue
        near = max(_rounding(graph, step, values, half), relative * abs(value))
        if abs(answer - value) <= near:
            named = ", ".join(from_own)
            if _trivial(graph, step, values, wrong, right):
                return (
                    ValueVerdict.TRIVIAL,
                    f"follows from your {named}, which made it trivial: no credit",
                )
            return ValueVerdict.FOLLOWS, f"right, given your {named}"
    return ValueVerdict.WRONG, _slip(graph, step, answer, views, relative)


def _views(step: Step, right: Values, own: Values) -> list[dict[str, float]]:
    """Own values throughout; for adjoints also own ones of one kind with the right of the other."""
    if step.group == "forward":
        return [{name: own[name] for name in step.uses}]
    # Two ways to work: on from the adjoints that one found, or with values looked up again.
    kinds = [{name: source[name] for name in step.uses} for source in (own, right)]
    adjoints = {name for name in step.uses if name.startswith("adj_")}
    mixed = [
        {
            name: own[name] if (name in adjoints) == own_adjoints else right[name]
            for name in step.uses
        }
        for own_adjoints in (True, False)
    ]
    return [kinds[0], *mixed, kinds[1]]


def _trivial(graph: Graph, step: Step, values: Values, wrong: set[str], right: Values) -> bool:
    """Whether an own wrong value makes the step easier than it was: by 0, 1 or infinity."""
    used = [values[name] for name in step.uses if name in wrong]
    if any(not math.isfinite(v) or abs(v) > HUGE for v in used):
        return True
    if step.group == "forward":
        (node,) = [node for node in graph.nodes if node.name == step.name]
        traps = TRAPS.get(node.operator, (0.0, 1.0))
        return any(abs(v - trap) < NEAR for v in used for trap in traps)
    name = step.name.removeprefix("adj_").removeprefix("grad_")
    for node, place in places([n for n in graph.nodes if name in n.operands], name):
        adjoint = f"adj_{node.name}"
        if adjoint in wrong and _is_trap(values[adjoint]):
            return True
        if node.operator in graphs.BY_RESULT and node.name in wrong and _is_trap(values[node.name]):
            return True
        # A partial of 0 or 1 that the truth does not have turns a product into a copy.
        partial, truth = (_partial(node, place, v) for v in (values, right))
        if not math.isfinite(partial) or (_is_trap(partial) and abs(partial - truth) > NEAR):
            return True
    return False


def _partial(node: Node, place: int, values: Values) -> float:
    return _safely(lambda v: graphs.partials(node, v)[place], values)


def _is_trap(value: float) -> bool:
    return any(abs(value - trap) < NEAR for trap in UNITS)


def _contribution(node: Node, place: int, values: Values) -> float:
    return _safely(lambda v: contribution(node, place, v), values)


def _slip(graph: Graph, step: Step, answer: float, views: Sequence[Values], relative: float) -> str:
    """The name of a typical slip, if the answer is just what it leads to."""
    half = 10.0**-graph.digits

    def near(value: float) -> bool:
        return math.isfinite(value) and abs(answer - value) <= max(half, relative * abs(value))

    name = step.name.removeprefix("adj_").removeprefix("grad_")
    uses = places([n for n in graph.nodes if name in n.operands], name)
    for values in views:
        value = _safely(step.compute, values)
        if not math.isfinite(value):
            continue
        if abs(value) > half and near(-value):
            return "the sign is wrong"
        if step.group == "forward":
            continue
        for node, place in uses:
            part = _contribution(node, place, values)
            if len(uses) > 1 and near(value - part):
                return f"the use in {node.name} is missing: adjoints add up over all uses"
            if len(node.operands) == 2:
                other = _contribution(node, 1 - place, values)
                if abs(other - part) > half and near(value - part + other):
                    return f"the partial derivatives of {node.name} look swapped"
    return ""
