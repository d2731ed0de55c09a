"""All check types by the name that rubric files use. A new one is a module and a line here."""

from grader.checks.accuracy import RetrainedAccuracy
from grader.checks.autodiff import AutodiffValues
from grader.checks.base import Check
from grader.checks.confusion import ConfusionCounts, ConfusionShape
from grader.checks.drawing import FunctionDrawing
from grader.checks.fmssvrc import ClassAccuracy, ImageSample, Mlp
from grader.checks.functions import FunctionValues
from grader.checks.kfold import KFoldIsolation, KFoldParameters, KFoldPartition, KFoldResults
from grader.checks.plots import FunctionPlot
from grader.checks.results import FunctionResults
from grader.checks.text import TextAnswer
from grader.checks.training import TrainingLoop, TrainingPlots, ValidationSplit

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
