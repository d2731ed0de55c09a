"""All check types by the name that rubric files use. A new one is a module and a line here."""

from grader.checks.autodiff import AutodiffValues
from grader.checks.base import Check
from grader.checks.functions.drawing import FunctionDrawing
from grader.checks.functions.plots import FunctionPlot
from grader.checks.functions.results import FunctionResults
from grader.checks.functions.values import FunctionValues
from grader.checks.model_evaluation.confusion import ConfusionCounts, ConfusionShape
from grader.checks.model_evaluation.kfold import (
    KFoldIsolation,
    KFoldParameters,
    KFoldPartition,
    KFoldResults,
)
from grader.checks.text import TextAnswer
from grader.checks.trained_network.accuracy import RetrainedAccuracy
from grader.checks.trained_network.course_of_training import (
    TrainingLoop,
    TrainingPlots,
    ValidationSplit,
)
from grader.checks.trained_network.image_classifier import ClassAccuracy, ImageSample, Mlp

CHECKS: dict[str, type[Check]] = {
    "autodiff_values": AutodiffValues,
    "class_accuracy": ClassAccuracy,
    "confusion_counts": ConfusionCounts,
    "confusion_shape": ConfusionShape,
    "function_drawing": FunctionDrawing,
    "function_plot": FunctionPlot,
    "function_results": FunctionResults,
    "function_values": FunctionValues,
    "image_sample": ImageSample,
    "kfold_isolation": KFoldIsolation,
    "kfold_parameters": KFoldParameters,
    "kfold_partition": KFoldPartition,
    "kfold_results": KFoldResults,
    "mlp": Mlp,
    "test_accuracy": RetrainedAccuracy,
    "text_answer": TextAnswer,
    "training_loop": TrainingLoop,
    "training_plots": TrainingPlots,
    "validation_split": ValidationSplit,
}


def is_own(check: object) -> bool:
    """Whether a check is of a course's own type, which is not registered here."""
    return type(check) not in CHECKS.values()
