"""The version of the grader, as results, bundles and stores name it."""

__version__ = "0.2.0"
