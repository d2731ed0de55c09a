"""Checks of a classifier that students trained: the network, its training, its accuracy."""
