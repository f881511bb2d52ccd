"""What `check` offers for a file that has no item is what `add` takes."""

import json
import shlex

import cv2
import pytest
from rasterio.crs import CRS
from rasterio.transform import from_origin

from infra.archive import __main__ as command
from tests.support.adding import PIXELS, PLAIN, is_all_used, offered_by_check
from tests.support.builders.geotiffs import UTM, write


def test_what_check_offers_is_typed_as_it_stands(archive, capsys):
    write(archive / "flight 2024-03-01.tif", PIXELS, **PLAIN)
    assert command.main(["check", str(archive), "--json"]) == 1
    (offered,) = [each["remedy"] for each in json.loads(capsys.readouterr().out)["files"]]
    said, _, typed = offered.partition(": ")
    assert said == "looks like 2024-03-01"
    program, *arguments = shlex.split(typed.removeprefix("python -m "))
    assert (program, command.main(arguments)) == ("infra.archive", 0)
    is_all_used(archive, capsys)


@pytest.mark.parametrize("what", ["png", "jp2", "other system", "below", "taken"])
def test_what_check_offers_add_takes(archive, what, capsys):
    name = "ward 2024-03-01.tif"
    if what == "png":
        cv2.imwrite(str(archive / "ward 2024-03-01.png"), PIXELS[:, :, ::-1])
        (archive / "ward 2024-03-01.pgw").write_text("0.5\n0\n0\n-0.5\n375000.25\n2250999.75\n")
        (archive / "ward 2024-03-01.prj").write_text(CRS.from_epsg(32645).to_wkt(morph_to_esri_dialect=True))
    elif what == "jp2":
        write(archive / "ward 2024-03-01.jp2", PIXELS, driver="JP2OpenJPEG", quality=100)
    elif what == "below":
        (archive / "2024").mkdir()
        write(archive / "2024" / name, PIXELS, **PLAIN)
    else:
        at = ("EPSG:25833", from_origin(400_000, 5_800_000, 0.5, 0.5)) if what == "other system" else UTM
        write(archive / name, PIXELS, at=at, **PLAIN)
    if what == "taken":
        (archive / "ward 2024-03-01.preview.png").write_bytes(b"mine")
    remedies = [each for each in offered_by_check(archive, capsys).values() if "add" in each]
    if what == "taken":
        assert any("is there already: say --name" in each for each in remedies)
        return
    (offered,) = remedies
    said, _, typed = offered.partition(": ")
    assert said == "looks like 2024-03-01"
    program, *arguments = shlex.split(typed.removeprefix("python -m "))
    assert (program, command.main(arguments)) == ("infra.archive", 0)
    is_all_used(archive, capsys)
