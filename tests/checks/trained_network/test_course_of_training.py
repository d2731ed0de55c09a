"""How a network was trained: validation split, loop and plots are found whatever their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import (
    DataLoader,
    Dataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    random_split,
)

from grader.checks.trained_network.course import Course
from grader.checks.trained_network.course_of_training import (
    TrainingLoop,
    TrainingPlots,
    ValidationSplit,
)
from grader.checks.trained_network.network_facts import EXPORT, FIGURES, HISTORIES, NETWORK, SPLIT
from grader.core.model import (
    Answer,
    AnswerStatus,
    CellRun,
    Ending,
    Evidence,
    Outcome,
    Question,
    Status,
)
from grader.sandbox.inside import state
from grader.sandbox.inside.fixtures.training import new_entry
from tests.checks.model_evaluation.evaluation_task import ask, case

LOOP, PLOTS, VALIDATION = TrainingLoop(), TrainingPlots(), ValidationSplit()


def ok(value: Any) -> Answer:
    return Answer(status=AnswerStatus.OK, value=value)


# --- validation split -------------------------------------------------------------------------


class Fashion(Dataset[int]):
    """As much of the data set as the probe looks at."""

    def __init__(self, train: bool = True, size: int = 60_000) -> None:
        self.train, self.size = train, size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, row: int) -> int:
        return row


def split(**names: Any) -> Outcome:
    """The outcome for a notebook with these data sets and loaders."""
    names.setdefault("testset", Fashion(train=False, size=10_000))
    return VALIDATION.judge(case(VALIDATION, (SPLIT,), (ask(SPLIT, names),)))


def sets(facts: Any) -> Outcome:
    """The outcome for hand-made facts."""
    return VALIDATION.judge(case(VALIDATION, (SPLIT,), (ok({"sets": facts}),)))


@pytest.mark.parametrize("held", [500, 5000, 12_000, 29_999])
def test_a_random_split_passes(held: int) -> None:
    trainset, valset = random_split(Fashion(), [60_000 - held, held])
    got = split(trainset=trainset, valset=valset)
    assert (got.status, got.share) == (Status.PASSED, Decimal(1)), got
    assert got.message == f"{held} images are kept for validation."


def test_a_random_split_under_any_name_passes() -> None:
    full = Fashion()
    parts = random_split(full, [0.9, 0.1])
    got = split(full=full, fitting=DataLoader(parts[0], 64), checking=DataLoader(parts[1], 64))
    assert (got.status, got.details["given"]) == (Status.PASSED, "checking")


def test_a_split_of_a_split_passes() -> None:
    first, rest = random_split(Fashion(), [40_000, 20_000])
    second, third = random_split(rest, [10_000, 10_000])
    assert split(first=first, second=second, third=third).status is Status.PASSED


def test_a_split_by_samplers_passes() -> None:
    data, rows = Fashion(), np.random.default_rng(1).permutation(60_000).tolist()
    got = split(
        data=data,
        trainloader=DataLoader(data, 64, sampler=SubsetRandomSampler(rows[:48_000])),
        validloader=DataLoader(data, 64, sampler=SubsetRandomSampler(rows[48_000:])),
    )
    assert (got.status, got.details["given"]) == (Status.PASSED, "validloader")


def test_a_split_by_subsets_passes() -> None:
    data = Fashion()
    got = split(a=Subset(data, range(50_000)), b=Subset(data, np.arange(50_000, 60_000).tolist()))
    assert got.status is Status.PASSED


def test_a_split_into_halves_passes() -> None:
    one, other = random_split(Fashion(), [30_000, 30_000])
    assert split(one=one, other=other).status is Status.PASSED


@pytest.mark.parametrize("held", [1, 32, 499])
def test_a_small_validation_set_gets_half(held: int) -> None:
    trainset, valset = random_split(Fashion(), [60_000 - held, held])
    got = split(trainset=trainset, valset=valset)
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.5"))
    assert "too small or too large" in got.message
    assert f"valset: {held} images" in got.details["given"]


def test_overlapping_sets_get_half() -> None:
    data = Fashion()
    got = split(a=Subset(data, range(55_000)), b=Subset(data, range(50_000, 60_000)))
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.5"))
    assert "also trained on" in got.message


def test_a_validation_set_beside_training_on_everything_gets_half() -> None:
    data = Fashion()
    got = split(trainloader=DataLoader(data, 64), valset=Subset(data, range(6000)))
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.5"))


@pytest.mark.parametrize("size", [0, None])
def test_no_validation_set_fails(size: int | None) -> None:
    if size is None:
        got = split(trainset=Fashion(), trainloader=DataLoader(Fashion(), 32))
    else:
        trainset, valset = random_split(Fashion(), [60_000, 0])
        got = split(trainset=trainset, valset=valset)
    assert got.status is Status.FAILED
    assert "No validation set" in got.message


def test_a_split_within_a_dictionary_a_list_or_an_object_passes() -> None:
    class Held:
        __module__ = "__main__"

        def __init__(self, parts: Any) -> None:
            self.parts, self.val = 3, parts[1]
            self.train = parts[0]

    parts = random_split(Fashion(), [54_000, 6000])
    loaders = dict(zip(["train", "val"], (DataLoader(p, 64) for p in parts), strict=True))
    for held in (loaders, list(parts), Held(parts)):
        assert split(trainset=Fashion(), held=held).status is Status.PASSED


@pytest.mark.parametrize(("rows", "status"), [(59_500, Status.REVIEW), (60_000, Status.FAILED)])
def test_who_was_not_seen_to_learn_from_all_images_may_keep_some_aside(
    rows: int, status: Status
) -> None:
    taught = np.packbits(np.arange(60_000) < rows)
    answer = ask(SPLIT, {"trainset": Fashion()})
    told = replace(answer, value={**answer.value, "taught": taught})
    assert VALIDATION.judge(case(VALIDATION, (SPLIT,), (told,))).status is status


def test_test_images_are_no_validation_set() -> None:
    one, other = random_split(Fashion(train=False, size=10_000), [5000, 5000])
    assert split(trainset=Fashion(), one=one, other=other).status is Status.FAILED


def test_data_sets_of_the_students_own_go_to_a_person() -> None:
    own = TensorDataset(torch.zeros(600, 4), torch.zeros(600))
    for names in ({"own": own}, {"loader": DataLoader(own, 10)}, {"own": Subset(own, range(100))}):
        got = split(trainset=Fashion(), **names)
        assert got.status is Status.REVIEW
        assert "data sets of its own" in got.message


def test_rows_that_do_not_exist_are_not_traced() -> None:
    assert split(odd=Subset(Fashion(), [70_000, 3])).status is Status.REVIEW


ROWS = np.arange(60_000)
TRAIN = {"train": True, "known": True, "size": 54_000, "rows": ROWS[:54_000]}
HELD = {"train": True, "known": True, "size": 6000, "rows": ROWS[54_000:]}


def test_facts_as_they_should_be_pass() -> None:
    assert sets({"a": TRAIN, "b": HELD}).status is Status.PASSED


@pytest.mark.parametrize(
    "change",
    [
        {"rows": "all"},
        {"rows": None},
        {"rows": ROWS[54_000:].tolist()},
        {"size": "6000"},
        {"size": None},
        {"size": -6000},
        {"size": 10**30},
        {"train": "yes"},
        {"train": None},
        {"known": 1},
        {"rows": ROWS[54_000:] * -1.0},
        {"rows": -1 - ROWS[54_000:]},
        {"rows": ROWS[54_000:] + 10**9},
        {"rows": np.full(6000, np.nan)},
        {"rows": np.full(6000, 59_999)},
        {"rows": ROWS[54_000:] + 0.5},
    ],
)
def test_forged_rows_earn_nothing(change: dict[str, Any]) -> None:
    got = sets({"a": TRAIN, "b": HELD | change})
    assert got.status is not Status.PASSED
    assert got.share <= Decimal("0.5")  # what the large set alone gets


@pytest.mark.parametrize(
    "facts",
    [
        None,
        3,
        "sets",
        [],
        {"a": None},
        {"a": 3, "b": []},
        {"a": {}},
        {"a": {"known": False}},
    ],
)
def test_forged_sets_earn_nothing(facts: Any) -> None:
    got = sets(facts)
    assert got.status in (Status.FAILED, Status.ERROR, Status.REVIEW)
    assert got.share == 0


@pytest.mark.parametrize(
    "answer",
    [
        ok(None),
        ok([]),
        ok({}),
        *(Answer(status=s) for s in AnswerStatus if s is not AnswerStatus.OK),
    ],
)
def test_sets_that_could_not_be_looked_at_are_an_error(answer: Answer) -> None:
    assert VALIDATION.judge(case(VALIDATION, (SPLIT,), (answer,))).status is Status.ERROR


def taught(*rows: range) -> np.ndarray:
    """The fact which training images the network learned from."""
    counts = np.zeros(60_000, dtype=bool)
    for part in rows:
        counts[part.start : part.stop] = True
    return np.packbits(counts)


def halves(learned: Any) -> Outcome:
    """The outcome for two Subsets, of which so much was learned from."""
    fact = {"loader": False, "batch_size": 0, "train": True, "known": True}
    facts = {
        "a": fact | {"rows": np.arange(50_000), "size": 50_000},
        "valid": fact | {"rows": np.arange(50_000, 60_000), "size": 10_000},
    }
    return VALIDATION.judge(case(VALIDATION, (SPLIT,), (ok({"sets": facts, "taught": learned}),)))


@pytest.mark.parametrize(
    "learned", [taught(range(50_000)), taught(range(50_400)), np.zeros(0, dtype=np.uint8), "x"]
)
def test_a_validation_set_that_was_not_learned_from_passes(learned: Any) -> None:
    assert halves(learned).status is Status.PASSED


def test_a_validation_set_that_nobody_uses_goes_to_a_person() -> None:
    got = halves(taught(range(60_000)))
    assert got.status is Status.REVIEW
    assert "10000 of the 10000 images of `valid`" in got.message


# --- the loop ---------------------------------------------------------------------------------

FACTS: dict[str, Any] = {
    "name": "model",
    "parameters": 7,
    "steps": 940,
    "networks": 1,
    "calls": [],
    "output": [4, 10],
    "layers": [],
}
LOSS, TRAINING, HELD_OUT = [1.9, 0.8, 0.6], [0.61, 0.79, 0.83], [0.6, 0.8, 0.82]
QUESTIONS = (NETWORK, HISTORIES, FIGURES, EXPORT)


def arrays(series: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.array(values) for name, values in series.items()}


def loop(histories: Any, figures: Any = None, network: Any = None) -> Outcome:
    answers = (ok(network or FACTS), ok(histories), ok(figures or []), ok({"right": 1, "total": 2}))
    return LOOP.judge(case(LOOP, QUESTIONS, answers))


def figure(*lines: list[float], **texts: Any) -> dict[str, Any]:
    """A figure of one axes with these lines over the epochs."""
    drawn = [{"x": np.arange(len(y), dtype=float), "y": np.array(y)} for y in lines]
    ax = {"title": "", "xlabel": "", "ylabel": "", "legend": [], "lines": drawn} | texts
    return {"cell": 9, "axes": [ax], "legend": [], "suptitle": ""}


HISTORIES_OF: dict[str, dict[str, Any]] = {
    "lists": {"train_losses": LOSS, "train_accuracies": TRAINING, "val_accuracies": HELD_OUT},
    "German names": {"verlauf": LOSS, "genauigkeit": TRAINING, "pruefung": HELD_OUT},
    "a dictionary": {"h.loss": LOSS, "h.acc": TRAINING, "h.val_acc": HELD_OUT},
    "rows of a table": {
        "log[0]": [0, 1, 2],
        "log[1]": LOSS,
        "log[2]": TRAINING,
        "log[3]": HELD_OUT,
    },
    "percent": {"l": LOSS, "a": [61.0, 79.0, 83.0], "b": [60.0, 80.0, 82.0]},
    "fractions and percent": {"l": LOSS, "a": TRAINING, "b": [60.0, 80.0, 82.0]},
    "numbering from 1": {"epochs": [1, 2, 3], "l": LOSS, "a": TRAINING, "b": HELD_OUT},
    "a small loss": {"l": [0.9, 0.5, 0.4], "a": TRAINING, "b": HELD_OUT},
    "a loss of both": {"l": LOSS, "v": [1.5, 0.9, 0.7], "a": TRAINING, "b": HELD_OUT},
    "beside other numbers": {
        "x": [3],
        "y": [-1, 5, 2],
        "z": [1e300, 2.0],
        "l": LOSS,
        "a": TRAINING,
        "b": HELD_OUT,
    },
}


@pytest.mark.parametrize("kind", HISTORIES_OF)
def test_a_recorded_course_passes_under_any_name(kind: str) -> None:
    got = loop(arrays(HISTORIES_OF[kind]))
    assert (got.status, got.share) == (Status.PASSED, Decimal(1)), got
    assert got.details["given"] == "940 updates"


def test_the_course_is_told_for_the_report() -> None:
    got = loop(arrays(HISTORIES_OF["lists"]))
    assert got.details["curves"] == {
        "loss": LOSS,
        "train_accuracy": TRAINING,
        "validation_accuracy": HELD_OUT,
    }


def test_a_course_that_was_drawn_but_not_kept_passes() -> None:
    assert loop({}, [figure(LOSS), figure(TRAINING, HELD_OUT)]).status is Status.PASSED


def test_a_course_inside_a_class_or_function_is_found_in_real_namespaces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = torch.nn.Linear(784, 10)
    entry = new_entry(model) | {"steps": 4, "last": 4, "seeded": True}
    monkeypatch.setattr(state, "trained", [entry])
    names = {
        "model": model,
        "epochs": 3,
        "out": ({"loss": LOSS}, 3),
        "history": {
            "loss": LOSS,
            "accuracy": [torch.tensor(a) for a in TRAINING],
            "val": np.array(HELD_OUT),
        },
    }
    answers = [ask(question, names) for question in (NETWORK, HISTORIES)]
    got = LOOP.judge(case(LOOP, (NETWORK, HISTORIES, FIGURES), (*answers, ok([]))))
    assert got.status is Status.PASSED, got


@pytest.mark.parametrize(
    ("histories", "share", "missing"),
    [
        ({"l": LOSS, "a": TRAINING}, "0.8", "the validation accuracy of each epoch is not"),
        ({"a": TRAINING, "b": HELD_OUT}, "0.8", "the loss of each epoch is not"),
        ({"l": LOSS}, "0.6", "the training accuracy of each epoch and the validation accuracy"),
        ({"l": LOSS, "a": TRAINING, "again": TRAINING}, "0.8", "the validation accuracy"),
        ({"l": LOSS, "a": TRAINING, "epochs": [1, 2, 3]}, "0.8", "the validation accuracy"),
        ({}, "0.4", "the loss of each epoch and the training accuracy"),
        ({"l": [0.3], "a": [0.8], "b": [0.7]}, "0.4", "the loss of each epoch"),
        ({"l": [float("nan")] * 3}, "0.4", "the loss of each epoch"),
    ],
)
def test_what_is_not_recorded_costs_its_share(
    histories: dict[str, Any], share: str, missing: str
) -> None:
    got = loop(arrays(histories))
    assert (got.status, str(got.share)) == (Status.PARTIAL, share), got
    assert missing in got.message


LEFT_OVER = {
    "class_accuracies": np.linspace(0.7, 0.95, 10),
    "class_correct": np.linspace(900, 700, 10),
    "class_count": np.linspace(1010, 990, 10),
    "hits": np.array([0.0, 1.0, 1.0, 1.0]),
    "labels": np.array([9.0, 3.0, 5.0, 1.0]),
}


def test_what_the_last_batch_and_the_classes_leave_behind_is_no_record() -> None:
    got = loop(LEFT_OVER)
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.4"))
    assert "the loss of each epoch" in got.message


def test_what_is_left_behind_costs_nothing_who_recorded_all() -> None:
    recorded = arrays({"losses": LOSS, "train_acc": TRAINING, "val_acc": HELD_OUT})
    assert loop(LEFT_OVER | recorded).status is Status.PASSED


def test_the_larger_part_may_be_the_validation_set_that_is_too_large() -> None:
    data = Fashion()
    got = split(trainset=Subset(data, range(15_000)), valset=Subset(data, range(15_000, 60_000)))
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.5"))
    assert got.message == "The validation set is too small or too large."


def test_a_course_of_a_poor_network_is_a_course() -> None:
    """What the network reaches is another item's matter."""
    got = loop(arrays({"l": [2.302, 2.301, 2.3], "a": [0.1, 0.13, 0.2], "b": [0.09, 0.12, 0.19]}))
    assert got.status is Status.PASSED


def test_validation_accuracies_that_fall_at_the_end_are_accuracies() -> None:
    got = loop(arrays({"l": LOSS, "a": TRAINING, "b": [0.86, 0.88, 0.83]}))
    assert got.status is Status.PASSED


def test_the_accuracy_on_each_class_is_no_course_of_the_training() -> None:
    classes = [0.79, 0.91, 0.58, 0.83, 0.69, 0.58, 0.21, 0.88, 0.93, 0.94]
    kept = {
        "loss": [1.66, 1.1, 0.8],
        "accs": classes,
        "val_acc": [0.5, 0.6, 0.7],
        "train_acc": [0.4, 0.6, 0.8],
    }
    got = loop(arrays(kept))
    assert got.details["curves"]["train_accuracy"] == [0.4, 0.6, 0.8]
    assert got.details["curves"]["validation_accuracy"] == [0.5, 0.6, 0.7]
    del kept["val_acc"]
    got = loop(arrays(kept))
    assert "the validation accuracy of each epoch" in got.message


def test_an_output_of_the_network_is_no_course_of_the_training() -> None:
    output = [0.0, 0.05, 0.1, 0.3, 0.05, 0.1, 0.1, 0.1, 0.1, 0.1]
    assert loop(arrays({"ps[0]": output})).share == Decimal("0.4")
    assert loop(arrays({"ps[0]": output, "accs": sorted(output)})).share == Decimal("0.6")
    ten = {"loss": output[::-1], "a": sorted(output), "b": [v + 0.1 for v in sorted(output)]}
    assert loop(arrays(ten)).status is Status.PASSED


def test_a_network_that_was_never_updated_fails() -> None:
    got = loop(arrays(HISTORIES_OF["lists"]), network=FACTS | {"steps": 0})
    assert (got.status, got.message) == (Status.FAILED, "The network's weights were never updated.")


@pytest.mark.parametrize(
    "network",
    [
        FACTS | {"steps": "many"},
        FACTS | {"steps": -1},
        FACTS | {"layers": 3},
        {"steps": 5},
        "model",
    ],
)
def test_forged_networks_are_an_error(network: Any) -> None:
    for check in (LOOP, PLOTS):
        answers = (ok(network), ok(arrays(HISTORIES_OF["lists"])), ok([]), ok({}))
        got = check.judge(case(check, QUESTIONS, answers))
        assert got.status in (Status.ERROR, Status.FAILED)


@pytest.mark.parametrize(
    "histories",
    [
        None,
        3,
        "lists",
        [LOSS],
        {"l": "text"},
        {"l": LOSS},
        {"l": np.zeros((3, 3))},
        {"l": np.array([True, False])},
        {"l": np.full(3, np.nan)},
        {"l": np.array([np.inf, 1.0])},
        {"l": np.array([-1e300, 1e300])},
        {"l": np.zeros(0)},
        {"l": {"l": None}},
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value", "ignore:overflow")
def test_forged_histories_earn_nothing_more(histories: Any) -> None:
    got = loop(histories)
    assert (got.status, got.share) == (Status.PARTIAL, Decimal("0.4"))


@pytest.mark.parametrize("check", [LOOP, PLOTS])
def test_nothing_trained_fails_with_the_reason(check: TrainingLoop | TrainingPlots) -> None:
    answers = (Answer(status=AnswerStatus.UNDEFINED), ok({}), ok([]), ok({}))
    seen = case(check, QUESTIONS, answers)
    got = check.judge(seen)
    assert got.status is Status.FAILED
    assert "No network was trained" in got.message


@pytest.mark.parametrize("check", [LOOP, PLOTS])
@pytest.mark.parametrize("status", [AnswerStatus.LOST, AnswerStatus.MALFORMED])
def test_lost_answers_are_an_error(
    check: TrainingLoop | TrainingPlots, status: AnswerStatus
) -> None:
    got = check.judge(case(check, QUESTIONS, (Answer(status=status),) * 4))
    assert got.status is Status.ERROR


@pytest.mark.parametrize("status", [AnswerStatus.LOST, AnswerStatus.MALFORMED])
def test_lost_figures_are_an_error(status: AnswerStatus) -> None:
    got = PLOTS.judge(case(PLOTS, QUESTIONS, (ok(FACTS), ok({}), Answer(status=status), ok({}))))
    assert got.status is Status.ERROR


@pytest.mark.parametrize("status", [AnswerStatus.LOST, AnswerStatus.MALFORMED])
def test_lost_histories_and_figures_are_an_error(status: AnswerStatus) -> None:
    lost = Answer(status=status)
    got = LOOP.judge(case(LOOP, QUESTIONS, (ok(FACTS), lost, lost, ok({}))))
    assert got.status is Status.ERROR


def test_questions_are_shared() -> None:
    rng = np.random.default_rng(1)
    asked: list[Question] = [*LOOP.questions(rng), *PLOTS.questions(rng)]
    assert asked.count(NETWORK) == 2
    assert VALIDATION.questions(rng) == (SPLIT,)


# --- the plots --------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "status"), [(4, Status.REVIEW), (3, Status.FAILED)])
def test_a_course_that_may_be_drawn_as_bars_goes_to_a_person(count: int, status: Status) -> None:
    ax = {"title": "", "xlabel": "", "ylabel": "", "legend": [], "lines": [], "bars": [{}] * count}
    drawn = [{"cell": 1, "axes": [ax], "legend": [], "suptitle": ""}]
    kept = ok(arrays({"loss": [2.0, 1.0, 0.8, 0.7]}))
    got = PLOTS.judge(case(PLOTS, QUESTIONS, (ok(FACTS), kept, ok(drawn), ok({}))))
    assert got.status is status


def plots(*figures: dict[str, Any]) -> Outcome:
    answers = (ok(FACTS), ok({}), ok(list(figures)), ok({}))
    return PLOTS.judge(case(PLOTS, QUESTIONS, answers))


@pytest.mark.parametrize(
    "figures",
    [
        (figure(LOSS, xlabel="epoch"), figure(TRAINING, HELD_OUT)),
        (figure(LOSS, TRAINING, HELD_OUT, legend=["loss", "a", "b"]),),
        (figure(LOSS, title="loss"), figure(TRAINING), figure(HELD_OUT)),
        (figure(LOSS), figure([61.0, 79.0, 83.0], [60.0, 80.0, 82.0], ylabel="%")),
    ],
)
def test_complete_plots_pass(figures: tuple[dict[str, Any], ...]) -> None:
    got = plots(*figures)
    assert (got.status, got.share) == (Status.PASSED, Decimal(1)), got


@pytest.mark.parametrize(
    ("figures", "share", "words"),
    [
        ((figure(LOSS), figure(TRAINING, HELD_OUT)), "0.85", "a title, label or legend"),
        ((figure(LOSS, title="t"), figure(TRAINING)), "0.75", "the validation accuracy"),
        ((figure(TRAINING, HELD_OUT, title="t"),), "0.65", "the loss"),
        ((figure(LOSS, title="t"),), "0.50", "the training accuracy, the validation accuracy"),
    ],
)
def test_what_is_not_plotted_costs_its_share(
    figures: tuple[dict[str, Any], ...], share: str, words: str
) -> None:
    got = plots(*figures)
    assert (got.status, got.share) == (Status.PARTIAL, Decimal(share))
    assert words in got.message


def test_no_plots_fail_even_with_texts() -> None:
    got = plots(figure(title="Loss", xlabel="epoch"))
    assert (got.status, got.message) == (
        Status.FAILED,
        "There is no plot of the training's course.",
    )
    assert plots().status is Status.FAILED


def test_other_lines_are_no_course() -> None:
    rising, numbers = [-8.0, 0.0, 8.0], [0.0, 1.0, 2.0]
    assert plots(figure(rising, numbers, title="t")).status is Status.FAILED


@pytest.mark.parametrize(
    "figures",
    [
        None,
        3,
        "figures",
        [None],
        [{"axes": 3}],
        [{"axes": [3]}],
        [{"axes": [{"lines": "x"}]}],
        [{"axes": [{"lines": [{"x": np.zeros(3), "y": np.full(3, np.nan)}]}]}],
        [{"axes": [{"lines": [{"x": np.zeros(3), "y": np.array([1, 2, 3])}], "title": 5}]}],
        [{"axes": [{"lines": [{"x": "a", "y": "b"}], "title": "t", "xlabel": "x"}]}],
    ],
)
def test_forged_figures_earn_nothing(figures: Any) -> None:
    answers = (ok(FACTS), ok({}), ok(figures), ok({}))
    got = PLOTS.judge(case(PLOTS, QUESTIONS, answers))
    assert (got.status, got.share) == (Status.FAILED, Decimal(0))


def test_the_reason_why_nothing_was_trained_comes_from_the_evidence() -> None:
    cells = (CellRun(index=6, id="c", status="error", error="TypeError: odd"),)
    evidence = Evidence(task="fmssvrc", ending=Ending.COMPLETED, cells=cells)
    seen = case(LOOP, QUESTIONS, (Answer(status=AnswerStatus.UNDEFINED), *[ok(None)] * 3))
    assert (
        "cell 7 ended with TypeError: odd" in LOOP.judge(replace(seen, evidence=evidence)).message
    )


def test_long_courses_are_cut_for_the_report() -> None:
    course = Course.sorted([("", np.linspace(2, 0.5, 1000)), ("", np.linspace(0.5, 0.9, 1000))])
    assert {name: len(values) for name, values in course.curves().items()} == {
        "loss": 200,
        "train_accuracy": 200,
    }


# --- what is no course ------------------------------------------------------------------------

SEEN = {"seen": 150_000, "losses": np.linspace(2.3, 0.4, 100)}  # three epochs of 50,000


def found(**series: Any) -> dict[str, bool]:
    """What is taken for the loss and the accuracies."""
    network = ok(FACTS | SEEN)
    seen = case(LOOP, (NETWORK, HISTORIES, FIGURES), (network, ok(arrays(series)), ok([])))
    course = Course.of(seen)
    return {"loss": course.loss is not None, "accuracy": bool(course.accuracies)}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("hidden", [96, 48, 24]),
        ("widths", [784, 96, 10]),
        ("momenta", [0.9, 0.999]),
        ("shape", [0.1, 0.2]),
        ("rates", [0.1, 0.01]),
        ("decay", [30.0, 20.0, 10.0]),
    ],
)
def test_settings_of_a_network_are_no_course_of_it(name: str, values: list[float]) -> None:
    assert found(**{name: values}) == {"loss": False, "accuracy": False}


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("kept_losses", [0.9, 0.5, 0.4], "loss"),
        ("l", [0.9, 0.5, 0.4], "loss"),
        ("kept_losses", [180.0, 100.0, 80.0], "loss"),  # a sum, by its name
        ("a", [0.7, 0.8, 0.85], "accuracy"),
        ("train_acc", [0.7, 0.85], "accuracy"),
    ],
)
def test_what_was_kept_for_each_epoch_is_one(name: str, values: list[float], what: str) -> None:
    assert found(**{name: values})[what] is True


def test_of_a_great_many_series_the_first_are_compared() -> None:
    rng = np.random.default_rng(1)
    course = Course.sorted([(f"acc[{n}]", rng.uniform(0.5, 0.9, 5)) for n in range(300)])
    assert len(course.accuracies) == 200


@pytest.mark.parametrize("size", [1e13, -1e308, float("inf"), float("nan")])
def test_what_is_no_number_of_a_training_is_no_course(size: float) -> None:
    course = Course.sorted([("loss", np.array([size, 2.0, 1.0]))])
    assert course.loss is None


def test_a_great_many_parts_of_the_training_images_are_for_a_person() -> None:
    one: dict[str, Any] = {"loader": False, "batch_size": 0, "train": True, "known": True}
    one |= {"rows": np.arange(600), "size": 600}
    facts = {f"parts[{n}]": one for n in range(101)}
    got = VALIDATION.judge(case(VALIDATION, (SPLIT,), (ok({"sets": facts, "taught": taught()}),)))
    assert got.status is Status.REVIEW
    assert got.message.startswith("The notebook keeps 101 parts of the training images")
