"""A headless Chromium for tests, over the DevTools protocol on its pipe: no driver, no module beyond Python's own.

    with Browser() as browser, browser.page(width=360, dark=True) as page:
        page.open("http://127.0.0.1:8000/")
        page.wait_for("document.title !== ''")
        page.evaluate("document.title")
        page.requests, page.complaints    # what it asked for; what its console said
"""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path

TIMEOUT = 30.0
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb",
         "--remote-debugging-pipe"]


class BrowserError(Exception):
    """The browser refused something, ended, or a script in a page threw."""


class Browser:
    """One process with a profile of its own, which goes with it."""

    def __init__(self):
        self._lock = threading.Condition()
        self._answers = {}
        self._pages = {}
        self._last = 0
        self._gone = False

    def __enter__(self):
        self._profile = tempfile.mkdtemp(prefix="dualwrite-chromium-")
        their_in, self._out = os.pipe()
        self._in, their_out = os.pipe()

        def place():  # it reads from 3 and writes to 4; those may be taken by the very pipes
            high_in, high_out = (fcntl.fcntl(fd, fcntl.F_DUPFD, 100) for fd in (their_in, their_out))
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={self._profile}", "about:blank"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=place, close_fds=False, start_new_session=True)
        os.close(their_in)
        os.close(their_out)
        threading.Thread(target=self._read, daemon=True).start()
        return self

    def __exit__(self, *_):
        try:
            self.send("Browser.close", timeout=5)
            self._process.wait(10)
        except (BrowserError, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._out)
        shutil.rmtree(self._profile, ignore_errors=True)

    def _read(self):
        rest = b""
        while chunk := os.read(self._in, 1 << 16):
            *messages, rest = (rest + chunk).split(b"\0")
            for message in map(json.loads, messages):
                with self._lock:
                    if "id" in message:
                        self._answers[message["id"]] = message
                    elif page := self._pages.get(message.get("sessionId")):
                        page._note(message["method"], message["params"])
                    self._lock.notify_all()
        os.close(self._in)
        with self._lock:
            self._gone = True
            self._lock.notify_all()

    def send(self, method, session=None, timeout=TIMEOUT, **params):
        with self._lock:
            self._last += 1
            number = self._last
            message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
            data = json.dumps(message).encode() + b"\0"
            while data:
                data = data[os.write(self._out, data):]
            if not self._lock.wait_for(lambda: number in self._answers or self._gone, timeout) or self._gone:
                raise BrowserError(f"{method}: {'the browser ended' if self._gone else f'no answer in {timeout} s'}")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise BrowserError(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def page(self, width=1280, height=800, dark=False, **media):
        return Page(self, width, height, {"prefers-color-scheme": "dark" if dark else "light", **media})


class Page:
    """One tab in a context of its own. `requests`: every address it asked for; `complaints`: warnings and errors of its console."""

    def __init__(self, browser, width, height, media):
        self.browser, self.width, self.height, self.media = browser, width, height, media
        self.requests, self.complaints = [], []

    def __enter__(self):
        self.context = self.browser.send("Target.createBrowserContext")["browserContextId"]
        target = self.browser.send("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = self.browser.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.browser._pages[self.session] = self
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        self.resize(self.width, self.height)
        self.send("Emulation.setEmulatedMedia", features=[{"name": n.replace("_", "-"), "value": v} for n, v in self.media.items()])
        return self

    def __exit__(self, *_):
        self.browser._pages.pop(self.session, None)
        self.browser.send("Target.disposeBrowserContext", browserContextId=self.context)

    def _note(self, method, params):
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def send(self, method, timeout=TIMEOUT, **params):
        return self.browser.send(method, self.session, timeout, **params)

    def resize(self, width, height=None):
        self.width, self.height = width, height or self.height
        self.send("Emulation.setDeviceMetricsOverride", width=self.width, height=self.height, deviceScaleFactor=1, mobile=width < 600)

    def open(self, url):
        self.requests, self.complaints = [], []
        self.send("Page.navigate", url=url)

    def evaluate(self, expression, timeout=TIMEOUT):
        """The value of a JavaScript expression; a promise is waited for."""
        answer = self.send("Runtime.evaluate", timeout, expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if details := answer.get("exceptionDetails"):
            raise BrowserError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def wait_for(self, expression, timeout=TIMEOUT):
        """Waits until the expression is true, and returns its value."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                if value := self.evaluate(expression):
                    return value
            except BrowserError as error:  # the document of before may just have gone
                if time.monotonic() > deadline:
                    raise AssertionError(f"not within {timeout} s: {expression}") from error
            if time.monotonic() > deadline:
                raise AssertionError(f"not within {timeout} s: {expression}\n{self.text()}\n{self.complaints}")
            time.sleep(0.05)

    def text(self):
        """What is to be read on the page."""
        return self.evaluate("document.body.innerText")

    def press(self, key, **more):
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, **more)

    def screenshot(self, path, whole=True):
        area = {}
        if whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            area = {"clip": {"x": 0, "y": 0, "width": self.width, "height": size["height"], "scale": 1}}
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole, **area)["data"]
        Path(path).write_bytes(base64.b64decode(data))
