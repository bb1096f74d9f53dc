"""How light the first page is, as a phone sees it, beside its budget.

A made-up city is served as a city runs it. A Chromium in the size of a phone, four times slowed down, on a
line of 1.6 Mb/s that answers after 150 ms, opens `/` for the first time; the map is usable once every tile in
sight is drawn. What travels is counted after compression, with headers, among it what the service worker
keeps for when there is no connection. The later view is one of the same phone, whose cache is warm. The
fastest of `REPEATS` counts: slowing down a core that others use too is noisy.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Request, sync_playwright

from bench import cities, server
from bench.measure import machine

SEGMENTS = 6000
REPEATS = 5
KB = 1024
GOALS = {
    "first_view_bytes": 200 * KB,
    "first_view_requests": 20,
    "later_view_bytes": 30 * KB,
    "usable_ms": 2500.0,
}
_SCREEN: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
_LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.75e6 / 8}
_SLOWED = 4
_DRAWN = """() => {
    const tiles = [...document.querySelectorAll("canvas.leaflet-tile")];
    const drawn = tiles.length > 0 && tiles.every((tile) => tile.classList.contains("leaflet-tile-loaded"));
    return drawn && performance.now();
}"""
_KEPT = "async () => Boolean(await caches.match('/questions/all', { ignoreVary: true }))"
"""The last that the service worker fetches."""


class _Line:
    """Counts what a phone gets over its line: requests of pages and of the service worker."""

    def __init__(self, context: BrowserContext) -> None:
        self.requests: list[tuple[str, int]] = []
        context.on("requestfinished", self._note)

    def _note(self, request: Request) -> None:
        answer = request.response()
        if answer is None or answer.from_service_worker:
            return
        sizes = request.sizes()
        body, head = sizes["responseBodySize"], sizes["responseHeadersSize"]
        if request.url.endswith("/sw.js"):
            # The browser does not tell the size of a worker's own script.
            body = int(answer.header_value("Content-Length") or 0)
        # What comes out of the browser's cache has no body of its own.
        if body > 0:
            self.requests.append((request.url, body + head))

    def taken(self) -> tuple[int, int]:
        """Return the count of requests and their bytes since the last time."""
        taken, self.requests = self.requests, []
        return len(taken), sum(size for _, size in taken)


def run(size: int | None = None) -> dict[str, Any]:
    """Open `/` of a city of `size` segments (6,000) as a phone does."""
    with (
        cities.made_up_city(size or SEGMENTS) as city,
        tempfile.TemporaryDirectory(prefix="pinward-bench-") as home,
        city.copy() as url,
        server.serving(url, Path(home)) as port,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
            args=[] if os.geteuid() else ["--no-sandbox"],
        )
        base = f"http://127.0.0.1:{port}"
        _view(browser.new_page(base_url=base))  # until the server has its map
        views = []
        for _ in range(REPEATS):
            with browser.new_context(base_url=base, **_SCREEN) as context:
                views.append(_first_and_later(context))
        browser.close()
    figures = {name: min(view[name] for view in views) for name in views[0]}
    figures["usable_ms_median"] = statistics.median(view["usable_ms"] for view in views)
    return {
        "name": "page",
        "machine": machine("flask", "playwright"),
        "goals": GOALS,
        "datasets": [
            {
                "data": f"/ of a made-up city of {size or SEGMENTS:,} segments",
                "lines": [_beside(name, figures[name]) for name in GOALS],
                "times_as_fast_as": {},
                "runs": [],
                **figures,
            }
        ],
    }


def _beside(name: str, figure: float) -> str:
    return f"  {name.replace('_', ' ')}: {figure:,.0f}, at most {GOALS[name]:,.0f}"


def _first_and_later(context: BrowserContext) -> dict[str, float]:
    line, page = _Line(context), context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", _LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWED})
    usable = _view(page)
    while not page.evaluate(_KEPT):
        page.wait_for_timeout(100)
    page.wait_for_load_state("networkidle")
    requests, first = line.taken()
    page.goto("about:blank")
    later_usable = _view(page)
    page.wait_for_load_state("networkidle")
    later_requests, later = line.taken()
    return {
        "first_view_requests": requests,
        "first_view_bytes": first,
        "later_view_requests": later_requests,
        "later_view_bytes": later,
        "usable_ms": usable,
        "later_usable_ms": later_usable,
    }


def _view(page: Page) -> float:
    """Open the page; return the milliseconds until the map is usable."""
    page.goto("/", wait_until="commit")
    usable: float = page.wait_for_function(_DRAWN, timeout=120_000).json_value()
    return round(usable)
