"""Training again: data, secret classes, evaluation outside of the sandbox, the verdict."""
