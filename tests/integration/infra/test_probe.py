"""What `python -m infra.imagery probe` says of a catalogue, step by step."""

import cv2
import pytest

from infra.imagery import main
from tests.support.builders import sentinel2
from tests.support.builders.products import as_planetary, product_of
from tests.support.processes import forget
from tests.support.standins.stac import StacServer

AT = "20.37,85.78"


@pytest.fixture
def product(tmp_path):
    sentinel2.put(tmp_path, "it", taken="2024-05-30T05:30:00Z", scl=sentinel2.classes())
    return product_of(tmp_path / "it", taken="2024-05-30T05:30:00Z", tile="45QUD")


@pytest.fixture
def over(monkeypatch, tmp_path):
    def set_up(first, second):
        monkeypatch.setenv("BHUPRAHARI_HOME", str(tmp_path / "home"))
        monkeypatch.setenv("BHUPRAHARI_SENTINEL2_CATALOGUE", first.url)
        monkeypatch.setenv("BHUPRAHARI_SENTINEL2_FALLBACK", second.url)
        monkeypatch.setenv("BHUPRAHARI_SENTINEL2_SIGNING", second.signing)
        forget()
        return ["probe", "sentinel2", "--at", AT, "--out", str(tmp_path / "out")]

    yield set_up
    forget()


def test_both_catalogues_are_walked_down_to_an_image(product, over, tmp_path, capsys):
    with StacServer(product) as first, StacServer(as_planetary(product), is_signed=True) as second:
        assert main(over(first, second)) == 0
    said = capsys.readouterr().out
    for step in ("newest", "search", "sign", "headers", "tile", "warp again", "saved"):
        assert said.count(f"  {step} ") == 2, (step, said)
    assert ("needs no token" in said, "a token was had" in said) == (True, True)
    assert "sig=" not in said, "a token is nobody's business"
    (image,) = (tmp_path / "out").glob("*.png")  # both stand on this machine
    assert cv2.imread(str(image)).any()


def test_a_step_that_fails_says_why_and_the_other_catalogue_is_walked(product, over, capsys):
    with StacServer(product) as first, StacServer(as_planetary(product), is_signed=True) as second:
        first.how += [{"body": b"<html>"}] * 9
        assert main(over(first, second)) == 1
    said = capsys.readouterr().out
    assert "FAILED" in said
    assert "a web page in place of JSON" in said
    assert said.count("saved") == 1


@pytest.mark.parametrize("at", ["here", "91,0", "20.3", "20.3,181"])
def test_a_position_that_is_none_is_refused(at):
    with pytest.raises(SystemExit, match="2"):
        main(["probe", "sentinel2", "--at", at])
