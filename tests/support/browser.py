"""A headless Chromium that tests can drive: its DevTools protocol over two pipes, so that no package is needed."""

import contextlib
import json
import os
import select
import shutil
import signal
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
HOW_TO_GET_ONE = "no Chromium on the PATH: the console is not tested in a browser (Debian: apt-get install chromium)"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)
WITHIN_S = 60


def find():
    """Give the path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of one browser, with everything it complained about."""

    def __init__(self, binary, *, width=1280, height=900):
        self._profile = tempfile.mkdtemp(prefix="bhuprahari-browser-")
        take, self._to = os.pipe()
        self._from, give = os.pipe()
        actions = [(os.POSIX_SPAWN_DUP2, take, 13), (os.POSIX_SPAWN_DUP2, give, 14)]  # clear of each other first
        actions += [(os.POSIX_SPAWN_DUP2, 13, 3), (os.POSIX_SPAWN_DUP2, 14, 4)]  # where Chromium looks for them
        actions += [(os.POSIX_SPAWN_OPEN, out, os.devnull, os.O_WRONLY, 0) for out in (1, 2)]
        command = [binary, *FLAGS, f"--user-data-dir={self._profile}", f"--window-size={width},{height}", "about:blank"]
        self._pid = os.posix_spawn(binary, command, os.environ, file_actions=actions, setpgroup=0)
        os.close(take)
        os.close(give)
        self._buffer, self._number, self._page = b"", 0, None
        self.complaints = []
        try:
            targets = self.send("Target.getTargets")["targetInfos"]
            page = next(target["targetId"] for target in targets if target["type"] == "page")
            self._page = self.send("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Log"):
                self.send(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def send(self, method, **params):
        """Send one command; give its result. Raises AssertionError for a refusal, TimeoutError for silence."""
        self._number += 1
        session = {"sessionId": self._page} if self._page else {}
        message = {"id": self._number, "method": method, "params": params} | session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            self._note(answer)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def open(self, url):
        """Go to an address."""
        self.send("Page.navigate", url=url)

    def run(self, script):
        """Run a script in the page; give its value."""
        options = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        answer = self.send("Runtime.evaluate", expression=script, **options)
        assert "exceptionDetails" not in answer, (script, answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait_for(self, script, *, within_s=WITHIN_S):
        """Wait until a script gives something true; give that."""
        end = time.monotonic() + within_s
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"never true: {script}\n{self.text()}"
            time.sleep(0.1)
        return value

    def text(self):
        """Give what a person reads."""
        return self.run("document.body.innerText")

    def press(self, label):
        """Press the first button or link that shows a label, once it is there."""
        found = (
            f"[...document.querySelectorAll('button, a')].find((one) => one.innerText.trim() === {json.dumps(label)})"
        )
        self.wait_for(f"Boolean({found})")
        assert "[object " not in self.text(), self.text()  # what was to be shown, and was no node
        self.run(f"{found}.click()")

    def fill(self, **fields):
        """Fill in a form's fields by their names."""
        for name, value in fields.items():
            field = f"document.querySelector('[name={name}]')"
            self.wait_for(f"Boolean({field})")
            self.run(f"{field}.value = {json.dumps(str(value))}")
            self.run(f"{field}.dispatchEvent(new Event('input', {{ bubbles: true }}))")

    def key(self, name):
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=name, code=name)

    def close(self):
        """Stop the browser and everything it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self._profile, ignore_errors=True)

    def _read(self):
        while b"\0" not in self._buffer:
            if not select.select([self._from], [], [], WITHIN_S)[0]:
                raise TimeoutError("the browser says nothing")
            part = os.read(self._from, 65_536)
            if not part:
                raise TimeoutError("the browser has gone")
            self._buffer += part
        message, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(message)

    def _note(self, event):
        params = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(params["exceptionDetails"]["exception"].get("description", "an exception"))
        elif event.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.complaints.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
