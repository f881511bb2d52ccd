"""Runs deployed functions: each from its own zip and layers, in processes that have nothing else on their path."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from uuid import uuid4

CHILD = Path(__file__).with_name("lambda_child.py")
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")  # what Lambda brings


class LambdaHost:
    """The machine behind every function of an account. `folder` keeps what was unpacked, by its hash."""

    def __init__(self, folder: Path, *, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self._idle: dict[str, list[Sandbox]] = {}
        self._all: list[Sandbox] = []
        self._lock = threading.Lock()
        self.reports: list[tuple[str, dict]] = []  # function name and what an invocation cost
        self.calls: list[tuple[str, str, str, dict]] = []  # function name, service, operation, of what

    def invoke(self, function, layers: list[bytes], event: object) -> tuple[object, bool, str]:
        """Run one invocation; give its payload, whether it failed, and its log."""
        sandbox = self._take(function, layers)
        payload, is_error, log = sandbox.invoke(event)
        self.calls += [(function.function_name, *each) for each in sandbox.report.pop("calls", [])]
        self.reports.append((function.function_name, sandbox.report))
        if sandbox.alive:
            with self._lock:
                self._idle.setdefault(sandbox.key, []).append(sandbox)
        return payload, is_error, log

    def stop(self) -> None:
        """End every process: what comes next is a first invocation."""
        for sandbox in self._all:
            sandbox.stop()
        self._all.clear()
        self._idle.clear()

    def forget_pyc(self) -> None:
        """Remove the .pyc files of everything unpacked so far."""
        for path in self.folder.rglob("*.pyc"):
            path.unlink()

    def _take(self, function, layers: list[bytes]) -> Sandbox:
        limits = [function.handler, function.memory_size, function.timeout]
        told = json.dumps([function.code_digest, function.environment_vars, limits, function.function_name])
        key = hashlib.sha256(told.encode() + b"".join(hashlib.sha256(layer).digest() for layer in layers)).hexdigest()
        with self._lock:
            if idle := self._idle.get(key):
                return idle.pop()
            folders = [self.unpacked(function.code_bytes), *(self.unpacked(layer) / "python" for layer in layers)]
            sandbox = Sandbox(function, key, [*folders, self._runtime()], self.environment)
            self._all.append(sandbox)
        return sandbox

    def unpacked(self, archive: bytes) -> Path:
        """Unpack a zip once."""
        folder = self.folder / hashlib.sha256(archive).hexdigest()[:16]
        if not folder.exists():
            draft = self.folder / uuid4().hex
            with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                opened.extractall(draft)
            draft.rename(folder)
        return folder

    def _runtime(self) -> Path:
        """Give a folder with what Lambda's own runtime has, taken from beside this interpreter's boto3."""
        import boto3

        beside, folder = Path(boto3.__file__).parents[1], self.folder / "runtime"
        if not folder.exists():
            folder.mkdir(parents=True)
            for name in RUNTIME:
                (shutil.copytree if (beside / name).is_dir() else shutil.copy)(beside / name, folder / name)
        return folder


class Sandbox:
    """One process of one function, warm between invocations; killed when its time is up."""

    def __init__(self, function, key: str, folders: list[Path], environment: dict[str, str]) -> None:
        self.key, self._function, self.report, self.alive = key, function, {}, True
        own = {
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "TZ": ":UTC",
        }
        base = getattr(sys, "_base_executable", sys.executable)  # not the environment's, which would bring its packages
        command = [base, "-I", "-S", "-B", str(CHILD), function.handler, str(function.memory_size), *map(str, folders)]
        self._log = (folders[-1].parent / f"log-{uuid4().hex}").open("w+b")
        self._process = subprocess.Popen(
            command,
            env=environment | own | function.environment_vars,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=folders[0],
            text=True,
        )

    def invoke(self, event: object) -> tuple[object, bool, str]:
        function, start = self._function, self._log.tell()
        timer = threading.Timer(function.timeout, self._process.kill)
        timer.start()
        request = {"event": event, "id": str(uuid4()), "arn": function.function_arn, "timeout_s": function.timeout}
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        late = not timer.is_alive()
        timer.cancel()
        self._log.seek(start)
        log = self._log.read().decode(errors="replace")
        if not line:
            self.alive = False
            code = self._process.wait()
            ended = f"Task timed out after {function.timeout} seconds" if late else f"Runtime exited with {code}"
            return {"errorMessage": ended, "errorType": "Sandbox.Ended"}, True, log
        self.report = json.loads(line)
        return self.report.pop("payload"), self.report.pop("error"), log

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            pipe.close()
        Path(self._log.name).unlink(missing_ok=True)
