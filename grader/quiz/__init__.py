"""The quiz on automatic differentiation: its graph, its variants, its marking."""
