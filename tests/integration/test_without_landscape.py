"""A deployed stage: `chalicelib` without the landscape beside it, and with neither numpy nor OpenCV in the API."""

import json
import os
import subprocess
import sys

import pytest

from tests.support.sources import ROOT

SAID = "the landscape of the provider sample is not here: a deployed stage is packed without it, choose another"
ASK = """
import json
from chalicelib.adapters.imagery.registry import PROVIDERS
from chalicelib.application.diagnostics import examine
from chalicelib.composition import Ports
from chalicelib.domain.errors import Invalid
from chalicelib.settings import Settings

ports = Ports(Settings.of(home="home", archive="pictures", default_provider="sample"))
ports.migrate()
try:
    made = ports.imagery("sample").terms.name
except Invalid as error:
    made = [error.reason, error.pointer]
found = next(finding for finding in examine(ports.patient(), {}) if finding.subject == "provider")
listed = [name for name in PROVIDERS if ports.provider_terms(name) is not None]
print(json.dumps({"made": made, "listed": listed, "doctor": [found.level.name, found.says]}))
"""


@pytest.fixture
def asked(tmp_path):
    """Give a way to ask a process that sees some of the checkout's folders."""

    def ask(*folders):
        for name in folders:
            (tmp_path / name).symlink_to(ROOT / name)
        (tmp_path / "pictures").mkdir()
        own = {name: text for name, text in os.environ.items() if not name.startswith(("BHUPRAHARI_", "PYTHONPATH"))}
        command = [sys.executable, "-B", "-c", ASK]
        done = subprocess.run(command, cwd=tmp_path, env=own, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return ask


def test_a_stage_says_that_it_has_no_landscape(asked):
    answer = asked("chalicelib")
    assert answer["made"] == [SAID, "/provider"]
    assert "archive" in answer["listed"]
    assert "sample" not in answer["listed"]
    assert answer["doctor"] == ["FAIL", SAID]


def test_beside_its_landscape_the_sample_is_there(asked):
    answer = asked("chalicelib", "landscape")
    assert answer["made"] == "sample"
    assert "sample" in answer["listed"]
    assert answer["doctor"][0] == "OK"
