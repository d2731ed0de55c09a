"""How often is the verdict on a retrained network wrong? `python benchmarks/verdict.py`.

Simulates courses: each submission has a true accuracy (the mean over seeds on this test set) and a
spread between seeds; every rule sees the same draws of runs. A false fail is a submission that is
failed though its true accuracy reaches the cutoff; a false pass is passed though it does not.
Undecided cases (`refer`) go to a person and are counted apart. Our rule is the grader's own code.

The population is assumed: most networks are decent, some are weak, seeds spread as was measured for
small networks on Fashion-MNIST (median 0.4 points; a tenth above 1.45).
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grader.retraining.verdict import Rule, Verdict, decide

RULE = Rule()
Runs = Sequence[float]
Draws = tuple[NDArray[np.float64], NDArray[np.float64]]
"""True accuracies (n), and five runs of each (n x 5), in percent."""


@dataclass(frozen=True)
class Decision:
    """What a rule says, and how many trainings it took."""

    verdict: Verdict
    runs: int


def one_run(runs: Runs) -> Decision:
    return Decision(_by_mean(runs[:1]), 1)


def mean_of_five(runs: Runs) -> Decision:
    return Decision(_by_mean(runs[:5]), 5)


def any_of_five(runs: Runs) -> Decision:
    """Train until one run passes: what a student with patience would like."""
    for number, accuracy in enumerate(runs[:5], 1):
        if accuracy >= RULE.cutoff:
            return Decision(Verdict.PASS, number)
    return Decision(Verdict.FAIL, 5)


def sequential(runs: Runs) -> Decision:
    """The grader's rule: more runs while the interval holds the cutoff, then a person."""
    for number in range(1, RULE.most_runs + 1):
        verdict = decide(runs[:number], RULE).verdict
        if verdict is not Verdict.REFER:
            break
    return Decision(verdict, number)


def audited(runs: Runs) -> Decision:
    """The same with at least two runs, as the grader does: the second has secret classes."""
    for number in range(2, RULE.most_runs + 1):
        verdict = decide(runs[:number], RULE).verdict
        if verdict is not Verdict.REFER:
            break
    return Decision(verdict, number)


def by_mean_at_last(runs: Runs) -> Decision:
    """The setting `tie = "mean"`: what five runs leave undecided is decided by their mean."""
    found = audited(runs)
    if found.verdict is Verdict.REFER:
        return Decision(_by_mean(runs[: found.runs]), found.runs)
    return found


def for_the_student_at_last(runs: Runs) -> Decision:
    """The setting `tie = "student"`: what five runs leave undecided passes."""
    found = audited(runs)
    verdict = Verdict.PASS if found.verdict is Verdict.REFER else found.verdict
    return Decision(verdict, found.runs)


def _by_mean(runs: Runs) -> Verdict:
    return Verdict.PASS if statistics.fmean(runs) >= RULE.cutoff else Verdict.FAIL


RULES: dict[str, Callable[[Runs], Decision]] = {
    "one run": one_run,
    "mean of five runs": mean_of_five,
    "any of five runs": any_of_five,
    "sequential, from one run": sequential,
    "grader (from two runs)": audited,
    'grader, tie = "mean"': by_mean_at_last,
    'grader, tie = "student"': for_the_student_at_last,
}


def population(rng: np.random.Generator, size: int) -> Draws:
    """True accuracies and five runs of each submission, in percent."""
    decent = rng.random(size) < 0.85
    true = np.where(decent, rng.normal(86, 2.5, size), rng.normal(80, 2, size)).clip(5, 95)
    spread = np.exp(rng.normal(np.log(0.4), 1.0, size)).clip(0.05, 5)
    return true, (true[:, None] + spread[:, None] * rng.normal(size=(size, 5))).clip(0, 100)


def fixed(rng: np.random.Generator, size: int, true: float) -> Draws:
    """Submissions of one true accuracy with a spread of half a point."""
    return np.full(size, true), true + 0.5 * rng.normal(size=(size, 5))


def rates(true: NDArray[np.float64], runs: NDArray[np.float64], rule: str) -> dict[str, float]:
    """Percentages of all submissions, and the mean number of runs."""
    found = [RULES[rule](row.tolist()) for row in runs]
    says = np.array([decision.verdict.value for decision in found])
    reaches = true >= RULE.cutoff
    return {
        "pass": float((says == "pass").mean() * 100),
        "refer": float((says == "refer").mean() * 100),
        "false pass": float(((says == "pass") & ~reaches).mean() * 100),
        "false fail": float(((says == "fail") & reaches).mean() * 100),
        "runs": float(np.mean([decision.runs for decision in found])),
    }


SPREADS = (0.3, 0.5, 0.75, 1.0, 1.5, 2.0)
DISTANCES = (-1.0, -0.5, -0.25, 0.25, 0.5, 1.0)
COMPARED = ("one run", "mean of five runs", "grader (from two runs)")


def spread_alike(rng: np.random.Generator, size: int, spread: float) -> Draws:
    """The population's true accuracies, all with this spread between seeds."""
    true, _ = population(rng, size)
    return true, (true[:, None] + spread * rng.normal(size=(size, 5))).clip(0, 100)


def at_distance(rng: np.random.Generator, size: int, distance: float, spread: float) -> Draws:
    """Submissions so far above the cutoff, with this spread."""
    true = np.full(size, RULE.cutoff + distance)
    return true, true[:, None] + spread * rng.normal(size=(size, 5))


def by_spread(draws: int, seed: int) -> None:
    """What each rule keeps, by the spread between seeds, and by the distance from the cutoff."""
    print("\nFalse pass / false fail / to a person, percent of the course; runs")
    print(f"{'rule':<28}" + "".join(f"{spread:>26g}" for spread in SPREADS))
    for rule in COMPARED:
        cells = []
        for spread in SPREADS:
            found = rates(*spread_alike(np.random.default_rng(seed), draws, spread), rule)
            errors = f"{found['false pass']:.2f} / {found['false fail']:.2f}"
            cells.append(f"{errors} / {found['refer']:.1f}; {found['runs']:.2f}")
        print(f"{rule:<28}" + "".join(f"{cell:>26}" for cell in cells))
    print("\nPercent passed / sent to a person, by spread and by distance from the cutoff")
    for rule in COMPARED:
        print(f"{rule:<28}" + "".join(f"{distance:>+13g}" for distance in DISTANCES))
        for spread in SPREADS:
            cells = []
            for distance in DISTANCES:
                rng = np.random.default_rng(seed)
                found = rates(*at_distance(rng, draws // 4, distance, spread), rule)
                cells.append(f"{found['pass']:.1f} / {found['refer']:.0f}")
            print(f"  spread {spread:<19g}" + "".join(f"{cell:>13}" for cell in cells))


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    rng = np.random.default_rng(chosen.seed)
    true, runs = population(rng, chosen.draws)
    print(f"A simulated course of {chosen.draws} submissions, cutoff {RULE.cutoff:g} %; percent")
    print(f"{'rule':<28}{'false fail':>12}{'false pass':>12}{'to a person':>13}{'runs':>7}")
    for rule in RULES:
        found = rates(true, runs, rule)
        print(
            f"{rule:<28}{found['false fail']:12.2f}{found['false pass']:12.2f}"
            f"{found['refer']:13.2f}{found['runs']:7.2f}"
        )
    levels = (80, 81, 81.5, 81.75, 82.25, 82.5, 83, 84)
    print("\nPercent passed / sent to a person, by the true accuracy; spread 0.5 points")
    print(f"{'rule':<28}" + "".join(f"{level:>10g}" for level in levels))
    for rule in RULES:
        cells = []
        for level in levels:
            found = rates(*fixed(rng, chosen.draws // 4, level), rule)
            cells.append(f"{found['pass']:.0f} / {found['refer']:.0f}")
        print(f"{rule:<28}" + "".join(f"{cell:>10}" for cell in cells))
    by_spread(chosen.draws, chosen.seed)


if __name__ == "__main__":
    main()
