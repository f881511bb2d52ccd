"""What stands for Lambda holds a function to its limits, and gives it nothing that Lambda would not."""

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.deploy.lambda_host import LambdaHost

HERE = Path(__file__).parent
CODE = """
import importlib, os, time

def sleep(event, context):
    time.sleep(event["s"])
    return context.get_remaining_time_in_millis()

def fill(event, context):
    return len(bytearray(event["mib"] * 2**20))

def can_import(event, context):
    found = []
    for name in event["names"]:
        try:
            importlib.import_module(name)
            found.append(name)
        except ModuleNotFoundError:
            pass
    return found

def environment(event, context):
    return dict(os.environ)
"""


def test_what_is_added_to_moto_stays_small():
    lines = [len((HERE / f"{name}.py").read_text().splitlines()) for name in ("moto_completions", "api_front")]
    assert sum(lines) <= 250


def packed(**files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "/") + ".py", text)
    return content.getvalue()


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    made = LambdaHost(tmp_path_factory.mktemp("host"), environment={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    yield made
    made.stop()


def invoke(host, handler, event, *, layers=(), timeout=20, memory=256):
    function = SimpleNamespace(
        function_name="f",
        handler=f"own_code.{handler}",
        memory_size=memory,
        timeout=timeout,
        region="ap-south-1",
        function_arn="arn",
        environment_vars={"OWN": "1"},
        code_digest="same",
        code_bytes=packed(own_code=CODE),
    )
    payload, is_error, _ = host.invoke(function, list(layers), event)
    return payload, is_error


def test_a_function_ends_when_its_time_is_up(host):
    payload, is_error = invoke(host, "sleep", {"s": 30}, timeout=1)
    assert is_error
    assert payload["errorMessage"] == "Task timed out after 1 seconds"
    payload, is_error = invoke(host, "sleep", {"s": 0}, timeout=1)
    assert not is_error
    assert 0 < payload <= 1000


def test_a_function_gets_no_more_memory_than_it_was_given(host):
    assert invoke(host, "fill", {"mib": 100}, memory=256) == (100 * 2**20, False)
    payload, is_error = invoke(host, "fill", {"mib": 300}, memory=256)
    assert (payload["errorType"], is_error) == ("MemoryError", True)


def test_a_function_sees_its_zip_its_layers_and_the_runtime_alone(host):
    names = ["own_code", "boto3", "layered", "pytest", "requests", "chalicelib", "cv2"]
    assert invoke(host, "can_import", {"names": names}) == (["own_code", "boto3"], False)
    layer = packed(python__layered="")
    assert invoke(host, "can_import", {"names": names}, layers=[layer]) == (["own_code", "boto3", "layered"], False)


def test_a_function_has_its_own_environment(host, monkeypatch):
    monkeypatch.setenv("OURS", "not theirs")
    payload, _ = invoke(host, "environment", {})
    assert payload["OWN"] == "1"
    assert "OURS" not in payload
