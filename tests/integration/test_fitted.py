"""The shipped numbers: those that were fitted, to the bit, and nothing else is taken for them."""

import hashlib
import json
import subprocess
import sys
from datetime import date

import numpy as np
import pytest

from chalicelib.vision import fitted
from chalicelib.vision.calibration import Calibration, calibration, calibration_of
from chalicelib.vision.fitted import BadModel, read_fields
from chalicelib.vision.kinds import KINDS, kind_model, kind_model_of
from chalicelib.vision.network import network, network_of
from chalicelib.vision.region_descriptors import NAMES
from research.model_files import calibration_text, kinds_text, weights_text
from tests.support.sources import ROOT

FILES = ("weights.json", "calibration.json", "kinds.json")
WEIGHTS_SHA256 = "5e26e7b5e49e0d875eef0567cf8ccb1e3208e79ff56740f1b2b98a7172ce1585"  # of the 553 numbers as float32
WATCHED = """
import sys
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
import chalicelib.functions.capture, chalicelib.functions.compare, chalicelib.vision.changes, chalicelib.vision.gate
assert not any("vision/model" in path for path in opened), "read at import"
from chalicelib.vision.network import network
network(), network()
assert sum("vision/model/weights.json" in path for path in opened) == 1, opened
"""


def small():
    """Give the fields of a network of three maps and two hidden units."""
    return {
        "maps": ["a", "b", "c"],
        "first": [[1, 2, 3], [4, 5, 6]],
        "first_bias": [0.5, 0.25],
        "second": [1, -1],
        "bias": 0.125,
    }


def test_the_network_is_the_one_that_was_fitted():
    shipped = network()
    assert (len(shipped.maps), shipped.first.shape, shipped.first_bias.shape, shipped.second.shape) == (
        44,
        (12, 44),
        (12,),
        (12,),
    )
    assert shipped.first[0, :3].tolist() == np.float32([0.29493496, 0.11280038, 0.2522685]).tolist()
    assert shipped.first[11, 43] == np.float32(0.2892401)
    assert shipped.first_bias[:2].tolist() == np.float32([1.7255656, -4.2058353]).tolist()
    assert shipped.second[-1] == np.float32(0.234576)
    assert shipped.bias == -0.19539618492126465
    every = [shipped.first.ravel(), shipped.first_bias, shipped.second, np.float32([shipped.bias])]
    assert hashlib.sha256(np.concatenate(every).astype("<f4").tobytes()).hexdigest() == WEIGHTS_SHA256


def test_the_calibration_is_the_one_that_was_fitted():
    assert calibration() == Calibration(slope=0.6460, intercept=-3.5847)


@pytest.mark.parametrize("name", FILES)
def test_a_file_says_what_made_it(name):
    made = read_fields(name)["made"]
    assert date.fromisoformat(made["date"])
    assert len(made["commit"]) == 40
    assert made["command"].startswith("python -m ")


def test_nothing_is_read_before_it_is_used_and_then_once():
    done = subprocess.run([sys.executable, "-c", WATCHED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read: No such file or directory; take it from the release"),
        ("{", "is no JSON"),
        ("[]", "does not say what made it: date, commit, command"),
        ('{"made": {"date": "2026-11-22", "commit": ""}}', "does not say what made it"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(text, says, tmp_path):
    if text is not None:
        (tmp_path / "weights.json").write_text(text)
    with pytest.raises(BadModel, match=f"the detector's weights.json {says}"):
        read_fields("weights.json", tmp_path)


def test_a_network_is_made_of_its_fields():
    made = network_of(small())
    assert made.maps == ("a", "b", "c")
    assert made.first.dtype == np.float32
    assert not made.first.flags.writeable
    assert made.bias == 0.125


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"first": [[1, 2], [4, 5]]}, r"'first' must have the shape \(2, 3\), not \(2, 2\)"),
        ({"first": [[1, 2, 3], [4, 5]]}, "'first' are no numbers"),
        ({"first": [], "second": []}, "a row of weights for each hidden unit"),
        ({"first": None}, "a row of weights for each hidden unit"),
        ({"first_bias": [1]}, r"'first_bias' must have the shape \(2,\), not \(1,\)"),
        ({"second": ["a", "b"]}, "'second' are no numbers"),
        ({"bias": [0.5]}, r"'bias' must have the shape \(\), not \(1,\)"),
        ({"bias": float("nan")}, "'bias' must be finite"),
        ({"maps": "abc"}, "must name its maps"),
        ({"maps": ["a", "b"]}, r"'first' must have the shape \(2, 2\), not \(2, 3\)"),
    ],
)
def test_a_network_of_another_shape_is_refused(wrong, says):
    with pytest.raises(BadModel, match=says):
        network_of(small() | wrong)


@pytest.mark.parametrize("field", ["maps", "first", "first_bias", "second", "bias"])
def test_a_network_that_lacks_something_is_refused(field):
    fields = small()
    del fields[field]
    with pytest.raises(BadModel):
        network_of(fields)


@pytest.mark.parametrize(
    "wrong", [{}, {"slope": 1.0}, {"slope": 1.0, "intercept": "2"}, {"slope": 1.0, "intercept": float("inf")}]
)
def test_a_calibration_of_another_form_is_refused(wrong):
    with pytest.raises(BadModel, match="must have slope and intercept, two numbers"):
        calibration_of(wrong)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"descriptors": [*NAMES[1:], NAMES[0]]}, "must name the descriptors and the kinds of this release"),
        ({"kinds": [*KINDS[1:], "houses"]}, "must name the descriptors and the kinds of this release"),
        ({"weights": [[1.0] * len(NAMES)]}, "'weights' must have the shape"),
        ({"spread": None}, "'spread' must have the shape|'spread' are no numbers"),
        ({"spread": [0.0] * len(NAMES)}, "'spread' must be above nothing"),
        ({"bias": [float("nan")] * len(KINDS)}, "'bias' must be finite"),
    ],
)
def test_a_model_of_kinds_of_another_form_is_refused(wrong, says):
    with pytest.raises(BadModel, match=says):
        kind_model_of(read_fields("kinds.json") | wrong)


def test_the_files_lie_in_the_package():
    assert sorted(path.name for path in fitted.FOLDER.iterdir()) == sorted(FILES)
    assert all(json.loads((fitted.FOLDER / name).read_text()) for name in FILES)


def test_what_training_writes_is_what_the_detector_reads():
    shipped = {name: (fitted.FOLDER / name).read_text() for name in FILES}
    assert weights_text(network(), read_fields("weights.json")["made"]) == shipped["weights.json"]
    assert calibration_text(calibration(), read_fields("calibration.json")["made"]) == shipped["calibration.json"]
    assert kinds_text(kind_model(), read_fields("kinds.json")["made"]) == shipped["kinds.json"]
