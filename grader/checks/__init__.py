"""All check types by the name that rubric files use. A new one is a module here and a line below."""

from grader.checks.base import Check
from grader.checks.confusion import ConfusionCounts, ConfusionShape
from grader.checks.functions import FunctionValues
from grader.checks.kfold import KFoldIsolation, KFoldParameters, KFoldPartition, KFoldResults
from grader.checks.plots import FunctionPlot
from grader.checks.text import TextAnswer

CHECKS: dict[str, type[Check]] = {
    "confusion_counts": ConfusionCounts,
    "confusion_shape": ConfusionShape,
    "function_plot": FunctionPlot,
    "function_values": FunctionValues,
    "kfold_isolation": KFoldIsolation,
    "kfold_parameters": KFoldParameters,
    "kfold_partition": KFoldPartition,
    "kfold_results": KFoldResults,
    "text_answer": TextAnswer,
}
