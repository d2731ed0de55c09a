"""How fast the pages for marking are: a course of 1,000 submissions, 200 requests of each page.

    python benchmarks/review_pages.py [--students 1000] [--requests 200]

Prints the median and the 95th percentile of milliseconds at the server, without a network: requests
go straight into the application. Beside it stands the processor time alone, which other work on the
machine does not stretch. A mark is one save, on disk, and the page that comes next.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.review import evening
from tests.review.conftest import WHY, Room

WORDS = (
    *("gradient", "sigmoid", "saturates", "chain", "rule", "factor", "layer", "weight"),
    *("derivative", "small", "early", "deep", "zero"),
)


def works(count: int) -> Iterator[evening.Work]:
    """Answers of forty to eighty words, all different."""
    rng = np.random.default_rng(7)
    for number in range(count):
        words = rng.choice(WORDS, rng.integers(40, 80))
        yield evening.Work(
            why=" ".join(words), relu=" ".join(words[::-1]), images=(evening.png(),) * (number < 9)
        )


def timed(do: Callable[[], object], requests: int) -> str:
    """Median and 95th percentile of a request, and the latter of its processor time, in ms."""
    do()
    took, worked = [], []
    for _ in range(requests):
        begun, before = time.perf_counter(), time.process_time()
        do()
        took.append(1000 * (time.perf_counter() - begun))
        worked.append(1000 * (time.process_time() - before))
    whole, own = np.percentile(took, 95), np.percentile(worked, 95)
    return f"{np.median(took):8.1f} {whole:8.1f} {own:10.1f}"


def main() -> None:
    """Prints one line for each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        of = evening.fill(Path(place) / "results", list(works(options.students)))
        begun = time.perf_counter()
        room = Room(Path(place) / "results", of)
        print(f"start with {options.students} submissions: {time.perf_counter() - begun:.1f} s")
        jo, codes = room.browser(), itertools.cycle(room.desk.student_of)
        print(f"{'page':<40} {'median':>8} {'p95':>8} {'p95 of CPU':>10} ms")
        pages: dict[str, Callable[[], str]] = {
            "course": lambda: "/",
            "course, filtered": lambda: "/?q=A&only=waits",
            "item, the next that waits": lambda: f"/item/{WHY}",
            "item, one of all": lambda: f"/item/{WHY}?at={next(codes)}&show=all",
            "submission": lambda: f"/student/{next(codes)}",
            "history": lambda: f"/history?at={next(codes)}&item={WHY}",
            "steps": lambda: f"/steps/{WHY}",
            "agreement": lambda: f"/agreement/{WHY}",
        }
        for name, address in pages.items():
            print(f"{name:<40} {timed(lambda: jo.get(address()), options.requests)}")  # noqa: B023
        page = jo.get(f"/item/{WHY}")

        def save_and_next() -> None:
            nonlocal page
            form = page.text.split('id="mark"', 1)[1].split("</form>", 1)[0]
            found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
            page = jo.post("/mark", data={n: unescape(v) for n, v in found} | {"points": "1"})

        print(f"{'save and next, both requests':<40} {timed(save_and_next, options.requests)}")
        room.store.__exit__(None, None, None)


if __name__ == "__main__":
    main()
