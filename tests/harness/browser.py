"""A real Chromium, driven over W3C WebDriver: plain JSON over HTTP, which chromedriver speaks and httpx can.

with Browser.start(folder) as browser:
    browser.open(url); browser.click("#start"); browser.wait("return ...")
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_START_S = 30.0
_WAIT_S = 15.0
_POLL_S = 0.05


class NoBrowser(Exception):
    """Chromium or its driver is not on this machine; the message says how to get them."""


class Browser:
    """One window of a browser with an empty profile."""

    def __init__(self, driver: subprocess.Popen[bytes], http: httpx.Client, session: str) -> None:
        self._driver = driver
        self._http = http
        self._session = f"/session/{session}"

    @classmethod
    def start(cls, folder: Path) -> Browser:
        """Starts driver and browser; their files are put into the folder. Raises NoBrowser."""
        chromium = next(filter(None, map(shutil.which, _CHROMIUM)), None)
        driver = shutil.which("chromedriver")
        if chromium is None or driver is None:
            raise NoBrowser("no chromium and chromedriver: apt-get install chromium chromium-driver")
        log = folder / "chromedriver.log"
        with log.open("wb") as output:
            environment = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
            process = subprocess.Popen(
                [driver, "--port=0"], stdout=output, stderr=subprocess.STDOUT, env=environment | {"HOME": str(folder)}
            )
        http = httpx.Client(base_url=f"http://127.0.0.1:{_port(log, process)}", timeout=_START_S, trust_env=False)
        options = {"binary": chromium, "args": [*_FLAGS, f"--user-data-dir={folder / 'profile'}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        answer = http.post("/session", json={"capabilities": {"alwaysMatch": wanted}}).json()["value"]
        if "sessionId" not in answer:
            process.kill()
            raise AssertionError(answer)
        return cls(process, http, answer["sessionId"])

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.delete(self._session)
        self._http.close()
        self._driver.terminate()
        self._driver.wait(10)

    def open(self, url: str) -> None:
        """Loads a page."""
        self._ask("POST", "/url", {"url": url})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        return self._ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str, *arguments: Any, what: str = "") -> Any:
        """Asks until the script returns something true, and gives it."""
        end = time.monotonic() + _WAIT_S
        while not (found := self.run(script, *arguments)):
            if time.monotonic() > end:
                raise AssertionError(f"{what or script} did not come true; the page says:\n{self.text('body')}")
            time.sleep(_POLL_S)
        return found

    def wait_for(self, selector: str, text: str = "") -> None:
        """Waits for an element, and for a text in it."""
        script = "return [...document.querySelectorAll(arguments[0])].some((e) => e.innerText.includes(arguments[1]))"
        self.wait(script, selector, text, what=f"{selector} with {text!r}")

    def text(self, selector: str) -> str:
        """What people read in the first element that matches."""
        return str(self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def texts(self, selector: str) -> list[str]:
        """What people read in all elements that match."""
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)"
        return list(self.run(script, selector))

    def click(self, selector: str) -> None:
        """Clicks as a person does: what is hidden or covered cannot be clicked."""
        self._ask("POST", f"/element/{self._find(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        """Types into a field that is emptied first."""
        element = self._find(selector)
        self._ask("POST", f"/element/{element}/clear", {})
        self._ask("POST", f"/element/{element}/value", {"text": text})

    def choose(self, selector: str, value: str) -> None:
        """Chooses one of a list's values."""
        option = self._find(f"{selector} option[value='{value}']")
        self._ask("POST", f"/element/{option}/click", {})

    def press(self, *keys: str) -> None:
        """Presses keys, one after the other, wherever the focus is."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._ask("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def resize(self, width: int, height: int) -> None:
        """The size of the page, also below what a window may have."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self._devtools("Emulation.setDeviceMetricsOverride", size)

    def prefer(self, scheme: str) -> None:
        """Light or dark."""
        self._devtools("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def screenshot(self, file: Path) -> None:
        """A picture of what is seen."""
        file.write_bytes(base64.b64decode(self._ask("GET", "/screenshot")))

    def complaints(self) -> list[str]:
        """What the browser wrote to its console as warnings and errors, since it was asked last."""
        entries = self._ask("POST", "/se/log", {"type": "browser"})
        return [str(entry["message"]) for entry in entries if entry["level"] in ("WARNING", "SEVERE")]

    def _find(self, selector: str) -> str:
        return str(self._ask("POST", "/element", {"using": "css selector", "value": selector})[_ELEMENT])

    def _devtools(self, command: str, parameters: dict[str, Any]) -> None:
        self._ask("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._http.request(method, self._session + path, json=body)
        value = answer.json()["value"]
        if answer.status_code != httpx.codes.OK:
            raise AssertionError(f"{path}: {value['error']}: {value['message'].splitlines()[0]}")
        return value


def _port(log: Path, process: subprocess.Popen[bytes]) -> str:
    """The port that the driver prints once it listens."""
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"started successfully on port (\d+)", log.read_text(errors="replace"))
        if found:
            return found.group(1)
        time.sleep(_POLL_S)
    process.kill()
    raise AssertionError(f"chromedriver did not start: {log.read_text(errors='replace')}")
