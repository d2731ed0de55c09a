"""Checks of single functions: what they return, and what they draw."""
