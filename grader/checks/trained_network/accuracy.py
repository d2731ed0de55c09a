"""The accuracy of the network, trained again: measured outside, on true labels. Trusted side.

The first run is the notebook as it is. At least one more has secret classes (`training.runs`): what
was learned here is learned there, too, and what was brought along is not. The networks leave as
data, and what counts is what trusted code computes from them on the 10,000 test images.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from grader.checks.base import Check, error, failed, partial, passed, review
from grader.checks.settings import Percent, Share
from grader.checks.trained_network.claimed_accuracy import claim, claim_again, disagreement
from grader.checks.trained_network.course import TOO_GOOD, Course
from grader.checks.trained_network.doubts import Suspicion, doubts
from grader.checks.trained_network.measured import Measured, audited, further, measured
from grader.checks.trained_network.network_facts import (
    EXPORT,
    FIGURES,
    HISTORIES,
    NETWORK,
    TEST,
    Export,
    Network,
    answer_to,
    nothing_trained,
    of_the_right_one,
    per_class,
    read_classes,
    read_export,
    read_network,
    stopped_by,
)
from grader.core import codec
from grader.core.model import Case, Outcome, Question
from grader.retraining.datasets import fashion_mnist
from grader.retraining.runs import restored
from grader.retraining.verdict import Conclusion, Rule, Verdict, decide

LABELS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
HOPELESS = 5.0
"""So many points below the ramp, one run says all: nobody brings along a bad network."""


BUDGETS = {
    "epochs": "It trains for more epochs than allowed: measured is what it had reached by then.",
    "seconds": "It trains for longer than is allowed: measured is what it had reached by then.",
}


class RetrainedAccuracy(Check):
    """Trained again here, the network reaches the cutoff on the true test images."""

    cutoff: Percent = 82.0
    """Percent of the test images that earn all points."""
    ramp_from: Percent = 72.0
    """Percent, below the cutoff; the share grows from 0 here to `ramp_share` at the cutoff."""
    ramp_share: Share = Decimal("0.75")
    """The share of who comes near to the cutoff."""
    prior_spread: Annotated[float, Field(gt=0, le=20)] = 0.5
    """Percentage points, between runs, as far as is known before any."""
    most_runs: Annotated[int, Field(ge=2, le=20)] = 5
    """Trainings at most; the second, with secret classes, always."""
    tie: Literal["refer", "mean", "student"] = "refer"
    """If the runs do not decide: a person does, their mean does, or it is passed."""
    suspicious_drop: Annotated[float, Field(gt=0, le=100)] = 6.0
    """Percentage points lost under secret classes, from which on a person looks."""
    suspicious_start: Annotated[float, Field(ge=0, le=1)] = 0.4
    """Accuracy before the first step, likewise."""
    suspicious_agreement: Annotated[float, Field(ge=0, le=1)] = 0.998
    """Of the predictions of two trainings that should differ, likewise."""
    suspicious_rest: Annotated[float, Field(ge=0, le=1)] = 0.01
    """Of the weights' size: what moved by less than this did not learn."""

    @model_validator(mode="after")
    def _is_a_ramp(self) -> Self:
        if self.ramp_from >= self.cutoff:
            raise ValueError(
                f"ramp_from is {self.ramp_from:g}; expected less than the cutoff, {self.cutoff:g}"
            )
        return self

    def questions(self, rng: np.random.Generator) -> tuple[Question, ...]:
        """The network as data, and what was recorded of its training."""
        return (NETWORK, EXPORT, HISTORIES, FIGURES)

    def again(self, case: Case) -> tuple[Question, ...]:
        """One more run with secret classes, until the rule decides or something is odd."""
        if nothing_trained(case) is not None:
            return ()
        first = read_export(answer_to(case, EXPORT))
        further_runs = further(case)
        if first is None or len(further_runs) + 1 >= self.most_runs:
            return ()
        if first.problem:
            return () if further_runs else (TEST,)
        found = measured(case)
        if len(found) <= len(further_runs):  # a run gave nothing: more of them won't, either
            return ()
        if found[0].accuracy < self.ramp_from - HOPELESS:
            return ()
        if not further_runs:
            return (EXPORT, HISTORIES, FIGURES)
        if self._doubts(found, case) or self._deterministic(found, case):
            return ()
        close = self._finding(found, case).verdict is Verdict.REFER
        return (EXPORT,) if close else ()

    def judge(self, case: Case) -> Outcome:
        """All points at or above the cutoff, a ramp below; a person where it can't be told."""
        early = nothing_trained(case)
        if early is not None:
            return early
        first = read_export(answer_to(case, EXPORT))
        if first is None:
            return error("The trained network could not be looked at.")
        if first.problem:
            return self._weaker(case, first)
        return of_the_right_one(self._marked(case), read_network(answer_to(case, NETWORK)))

    def _marked(self, case: Case) -> Outcome:
        found = measured(case)
        finding = self._finding(found, case)
        details = self._details(case, found, finding)
        told = self._told(case, found, finding)
        odd = self._doubts(found, case)
        if odd:
            return review(f"{told} {' '.join(odd)} A person must look.", **details)
        if not found[0].export.finite:
            return failed(f"{told} Its outputs are not numbers: the training diverged.", **details)
        verdict = finding.verdict
        if verdict is Verdict.REFER and self.tie != "refer":
            fair = self.tie == "student" or finding.mean >= self.cutoff
            verdict = Verdict.PASS if fair else Verdict.FAIL
        if verdict is Verdict.PASS:
            return passed(told, **details)
        if verdict is Verdict.REFER:
            return review(f"{told} That is too close to the cutoff to decide.", **details)
        return self._below(case, told, finding, details)

    def _below(
        self, case: Case, told: str, finding: Conclusion, details: dict[str, Any]
    ) -> Outcome:
        """Of whoever did not reach the cutoff: what is no proof costs no point."""
        network = read_network(answer_to(case, NETWORK))
        if network is not None and network.stopped == "seconds":
            # How far a training comes in a given time is the machine's doing, not the student's.
            return review(f"{told} A person must decide.", **details)
        said = claim_again(case.notebook, case.evidence) or 0.0
        is_alone = network is None or not network.rivals  # else another network's may be told
        if said - finding.mean > TOO_GOOD and is_alone:
            return review(
                f"{told} Run here, the notebook itself tells {said:.2f} %: perhaps its network "
                "gets images in a form of the notebook's own. A person must look.",
                **details,
            )
        share = self._ramp(finding.mean)
        message = f"{told} {self.cutoff:g} % were asked for."
        return partial(share, message, **details) if share > 0 else failed(message, **details)

    # -- the runs ----------------------------------------------------------------------------

    def _deterministic(self, found: list[Measured], case: Case) -> bool:
        """Whether it sets a seed, and one that is the same in each run: then all begin alike."""
        network = read_network(answer_to(case, NETWORK))
        starts = {run.export.start for run in found} - {""}
        seeded = network is not None and network.seeded and not network.elsewhere
        return seeded and len(starts) < 2

    def _finding(self, found: list[Measured], case: Case) -> Conclusion:
        rule = Rule(cutoff=self.cutoff, prior_spread=self.prior_spread, most_runs=self.most_runs)
        if self._deterministic(found, case):
            return decide([found[0].accuracy], rule, deterministic=True)
        return decide([run.accuracy for run in found], rule)

    def _doubts(self, found: list[Measured], case: Case) -> list[str]:
        limits = Suspicion(
            drop=self.suspicious_drop,
            start=self.suspicious_start,
            agreement=self.suspicious_agreement,
            moved=self.suspicious_rest,
        )
        return doubts(found, case, limits, self.cutoff)

    def _weaker(self, case: Case, first: Export) -> Outcome:
        """The network could not leave: predictions from inside, under secret class numbers."""
        labels = fashion_mnist.load("test", case.data_dir)[1]
        reason = f"The network could not be evaluated outside of the sandbox ({first.problem})"
        for run in further(case):
            classes = read_classes(codec.answer_to(TEST, run.evidence), labels.size)
            if classes is not None:
                reached = float((restored(classes, run.labels) == labels).mean()) * 100
                details = self._plain([round(reached, 2)], claim(case.notebook), "refer")
                told = f"by its own predictions it reaches {reached:.2f} % on the test images"
                return review(f"{reason}; {told}. A person must decide.", **details)
        return review(f"{reason}. A person must look.")

    # -- what is told ------------------------------------------------------------------------

    def _told(self, case: Case, found: list[Measured], finding: Conclusion) -> str:
        network = read_network(answer_to(case, NETWORK))
        which = _which(network)
        if self._deterministic(found, case):
            text = (
                f"Trained again, the network {which}reaches {finding.mean:.2f} % on the test "
                "images; it sets its own seed, so that one run says it all."
            )
        elif len(found) == 1:
            text = f"Trained again, the network {which}reaches {finding.mean:.2f} % on the test "
            text += "images."
        else:
            text = (
                f"Trained {len(found)} times, the network {which}reaches {finding.mean:.2f} % on "
                f"the test images ({finding.low:.2f} to {finding.high:.2f} %)."
            )
        if network is not None and network.seeded and network.elsewhere:
            text += " It sets its own seed, but for a GPU; here other seeds were used, too."
        if network is not None and network.stopped:
            text += " " + BUDGETS[network.stopped]
        elif ended := stopped_by(case.evidence, case.notebook):
            text += f" {ended} Measured is what it had reached by then."
        return f"{text}{disagreement(case.notebook, case.evidence, network, finding.mean)}"

    def _details(self, case: Case, found: list[Measured], finding: Conclusion) -> dict[str, Any]:
        labels = fashion_mnist.load("test", case.data_dir)[1]
        classes = found[0].classes
        table = np.zeros((10, 10), dtype=int)
        np.add.at(table, (labels, classes), 1)
        network = read_network(answer_to(case, NETWORK))
        fixed = self._deterministic(found, case)
        reached = [run.accuracy for run in found]
        plain = self._plain(
            reached[:1] if fixed else reached, claim(case.notebook), finding.verdict.value
        )
        return (
            plain
            | {
                "classes": list(LABELS),  # in order: what was stored is sorted by name
                "audits": reached[1:] if fixed else [],
                "low": round(finding.low, 2),
                "high": round(finding.high, 2),
                "deterministic": fixed,
                "network": network.name if network else "",
                "networks": network.networks if network else 0,
                "before": found[0].export.before,
                "moved": found[0].export.moved,
                "stopped": network.stopped if network else "",
                "audit": audit.accuracy if (audit := audited(case)) else None,
                "curves": _curves(case, network),
                "confusion": table.tolist(),
                "per_class": {
                    name: round(float(share) * 100, 1)
                    for name, share in zip(LABELS, per_class(classes, labels), strict=True)
                },
            }
        )

    def _plain(self, accuracies: list[float], said: float | None, verdict: str) -> dict[str, Any]:
        """The part of the details whose names are a contract."""
        mean = round(float(np.mean(accuracies)), 2)
        return {
            "accuracies": accuracies,
            "mean": mean,
            "cutoff": self.cutoff,
            "verdict": verdict,
            "claimed": said,
        }

    def _ramp(self, accuracy: float) -> Decimal:
        part = (accuracy - self.ramp_from) / (self.cutoff - self.ramp_from)
        return (self.ramp_share * Decimal(str(max(0.0, min(1.0, part))))).quantize(Decimal("0.001"))


def _which(network: Network | None) -> str:
    """The network's name, and by which rule it counts where there were several."""
    if network is None:
        return ""
    name = f"‘{network.name}’ " if network.name else ""
    if network.networks < 2:
        return name
    rule = "evaluated on test images" if network.evaluated else "trained"
    return f"{name}(of {network.networks}, the one {rule} last) "


def _curves(case: Case, network: Network | None) -> dict[str, list[float]]:
    """What the notebook recorded of its course; the loss as it was seen here, if it kept none."""
    curves = Course.of(case).curves()
    if "loss" not in curves and network is not None and network.losses.size > 1:
        every = -(-network.losses.size // 200)
        curves = {"step_loss": [round(float(v), 5) for v in network.losses[::every]]} | curves
    return curves
