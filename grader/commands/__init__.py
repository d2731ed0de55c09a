"""Groups of commands, one module each; `grader.cli` puts them together."""
