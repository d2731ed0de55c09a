"""Starts kernels, cold or forked, and talks to them."""
