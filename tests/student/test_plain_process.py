"""The process of a student's own check says on its own line when it cannot begin."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_a_job_that_is_none_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "grader.student.plain_process"],
        cwd=tmp_path,
        input=b"{}\n",
        capture_output=True,
        check=True,
    )
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"event": "failed", "why": "KeyError: 'limits'"}
    ]
