"""Marks what is known: the reference, the template, right and wrong variants, mutants."""
