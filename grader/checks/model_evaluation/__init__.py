"""Checks of cross-validation and of the confusion matrix."""
