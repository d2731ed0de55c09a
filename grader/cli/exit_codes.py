"""What the command line's exit codes mean."""

from __future__ import annotations

DONE = 0  # whatever students scored
NOT_ALL = 1  # some submission could not be graded fully
USAGE = 2  # wrong usage, or a bad rubric
BROKEN = 3  # the grader itself failed
UNREAD = 128 + 13  # nobody reads what is printed; as of a program that SIGPIPE ends
