"""Makes the pictures in docs/. Needs Chromium.

`python tools/pictures.py` makes those of `grader review`, `python tools/pictures.py RESULTS`, with
the graded examples, that of students' pages.
"""

from __future__ import annotations

import base64
import io
import sys
import tempfile
import threading
from decimal import Decimal
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from grader.review.desk import Desk, Marker
from grader.review.server import Server
from grader.store.store import Store
from tests.review import evening
from tests.review.browser import ARGUMENTS, CHROMIUM
from tests.review.conftest import WHY


def main() -> None:
    """Writes docs/review-course.png, docs/review-queue.png and docs/review-submission.png."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "results"
        of = evening.fill(folder, evening.works(24))
        with Store(folder / "grader.sqlite") as store, sync_playwright() as player:
            markers = [Marker(name="Jo", leads=True), Marker(name="Max")]
            desk = Desk(store, of, markers, second=Decimal("0.2"))
            server = Server(desk, lambda: None)
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            code, twin = desk.people["s0003"].code, desk.people["s0001"].code
            for name, path, pressed in (
                ("course", "/", ""),
                ("queue", f"/item/{WHY}?at={twin}", "14m"),
                ("submission", f"/student/{code}", ""),
            ):
                page = browser.new_page(viewport={"width": 1180, "height": 780})
                page.goto(server.addresses[0][1])
                page.goto(f"http://127.0.0.1:{server.port}{path}")
                for key in pressed:
                    page.keyboard.press(key)
                page.screenshot(path=ROOT / "docs" / f"review-{name}.png")
                page.close()
            browser.close()
            server.stop()
            thread.join(10)


def report(results: Path) -> None:
    """Writes docs/report.png: the top of one student's page, and a training of another's."""
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        views = []
        for student, anchor in (("joerg-mueller", ""), ("lena-sommer", "fmssvrc-training_loop")):
            page = browser.new_page(viewport={"width": 780, "height": 1000})
            page.goto((results.resolve() / "students" / f"{student}.html").as_uri())
            if anchor:
                page.locator(f"#{anchor}").evaluate("(item) => item.scrollIntoView()")
            views.append(base64.b64encode(page.screenshot()).decode())
        page = browser.new_page(viewport={"width": 1590, "height": 1020})
        shown = "".join(f'<img src="data:image/png;base64,{view}">' for view in views)
        style = "body{margin:10px;display:flex;gap:10px;background:#dfe4ea}"
        page.set_content(f"<style>{style}</style>{shown}")
        with Image.open(io.BytesIO(page.screenshot())) as taken:
            few = taken.convert("RGB").quantize(64)  # a fifth of the size
            few.save(ROOT / "docs" / "report.png", optimize=True)
        browser.close()


if __name__ == "__main__":
    report(Path(sys.argv[1])) if sys.argv[1:] else main()
