"""Lambda's runtime in a clean interpreter: python -I -S -B lambda_child.py HANDLER MEMORY_MIB FOLDER...

Answers one JSON line for each event's line. Nothing is on the path but the standard library and the folders given.
"""

import contextlib
import importlib
import importlib.util
import json
import os
import resource
import sys
import time
import traceback
from pathlib import Path


class Context:
    """What a handler is told of its invocation."""

    def __init__(self, request: dict) -> None:
        self.aws_request_id, self._ends = request["id"], time.monotonic() + request["timeout_s"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.invoked_function_arn, self.function_version = request["arn"], "$LATEST"

    def get_remaining_time_in_millis(self) -> int:
        return round((self._ends - time.monotonic()) * 1000)


def main(handler: str, memory_mib: str, *folders: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a handler prints is log, not answer
    # Of data, not of addresses: threads reserve more than they touch, and Lambda counts what is touched.
    resource.setrlimit(resource.RLIMIT_DATA, (int(memory_mib) * 2**20,) * 2)
    sys.path[:0] = folders
    calls = []
    if os.environ.get("RECORD_CALLS"):
        record_into(calls)
    handle, begun = None, (time.process_time(), time.perf_counter())
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"error": False, "payload": None}
        try:
            if handle is None:
                module, _, name = handler.rpartition(".")
                handle = getattr(importlib.import_module(module), name)
                answer["init"] = cost(begun)
                point_firebase_home()
            answer["payload"] = handle(request["event"], Context(request))
            json.dumps(answer)
        except BaseException as error:  # noqa: BLE001 (Lambda answers every failure)
            trace = traceback.format_exc().splitlines()
            told = {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": trace}
            answer |= {"error": True, "payload": told}
        answers.write(json.dumps(answer | {"all": cost(begun), "calls": calls}) + "\n")
        calls.clear()
        answers.flush()


def record_into(calls: list) -> None:
    """Write down each call to AWS, also the one that a signed link lets somebody else make."""
    from botocore import client, signers

    call, sign = client.BaseClient._make_api_call, signers.RequestSigner.generate_presigned_url
    named = ("SecretId", "QueueName", "QueueUrl", "Bucket", "Key")

    def make_api_call(self, operation, parameters):
        told = {name: parameters[name] for name in named if name in parameters}
        if "Delete" in parameters:
            told["Keys"] = [each["Key"] for each in parameters["Delete"]["Objects"]]
        calls.append([self.meta.service_model.service_name, operation, told])
        return call(self, operation, parameters)

    def presigned(self, request_dict, operation_name, *args, **more):
        bucket, _, key = request_dict["url"].partition("://")[2].partition("/")[2].partition("?")[0].partition("/")
        calls.append(["s3", operation_name, {"Bucket": bucket, "Key": key}])
        return sign(self, request_dict, operation_name, *args, **more)

    client.BaseClient._make_api_call = make_api_call
    signers.RequestSigner.generate_presigned_url = presigned


def cost(begun: tuple[float, float]) -> dict[str, float]:
    """Count milliseconds of CPU and of the wall since the start, and the most memory so far."""
    status = Path("/proc/self/status").read_text()  # getrusage counts what the starting process had, too
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    cpu, wall = (time.process_time() - begun[0]) * 1000, (time.perf_counter() - begun[1]) * 1000
    return {"cpu_ms": cpu, "wall_ms": wall, "peak_mib": peak}


def point_firebase_home() -> None:
    """Let pushes go to the stand-in: firebase-admin has no setting for it."""
    url = os.environ.get("STAND_IN_OF_FCM")
    with contextlib.suppress(ModuleNotFoundError):
        if url and importlib.util.find_spec("firebase_admin"):
            from firebase_admin import messaging

            messaging._MessagingService.FCM_URL = url + "/v1/projects/{0}/messages:send"


if __name__ == "__main__":
    main(*sys.argv[1:])
