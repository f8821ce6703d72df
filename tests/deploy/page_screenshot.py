#!/usr/bin/env python3
"""page_screenshot.py FILE - the page on a planted document that is well and has something to show, as the picture in docs/.

`make screenshots` runs it. The same document each time, so that a new picture differs only where the page does.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import page_samples  # noqa: E402
from browser import Browser  # noqa: E402
from page_server import Server  # noqa: E402

WIDTH, HEIGHT = 1280, 1130  # as far as the daemons

with Server(page_samples.healthy()) as server, Browser() as browser, browser.page(WIDTH, HEIGHT) as page:
    page.open(server.url)
    page.wait_for("document.querySelector('#self dd') !== null")
    page.screenshot(sys.argv[1], whole=False)
