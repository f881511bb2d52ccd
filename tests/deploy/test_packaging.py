"""What is packaged for AWS, built for real: slow, and it fetches wheels from the network."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from infra.aws.plain_chalice import LOOKED_AFTER
from layers.build import build
from tests.support.sources import ROOT
from tests.support.templates.rendered import merged

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("lambda_python")]
PACKAGE = "import sys; from chalice.cli import main; sys.exit(main())"
LAYERS = {
    "opencv": """
import cv2, numpy
from chalicelib.vision import changes, gate
picture = numpy.random.default_rng(1).integers(0, 255, (256, 256, 3), dtype=numpy.uint8)
for suffix in (".png", ".jpg"):
    assert cv2.imdecode(cv2.imencode(suffix, picture)[1], cv2.IMREAD_COLOR).shape == picture.shape
assert len(cv2.ORB_create().detect(picture)) > 9
cv2.findTransformECC(picture[..., 0], picture[..., 0], numpy.eye(2, 3, dtype=numpy.float32), cv2.MOTION_TRANSLATION)
numpy.linalg.svd(numpy.eye(9))
""",
    "firebase": "from firebase_admin import credentials, messaging; str(messaging.Message(topic='x'))",
    "shapely": """
import shapely
from chalicelib.adapters.shapes import cover
from chalicelib.domain.scenes import Grid
from chalicelib.domain.shapes import Shape
land = shapely.buffer(shapely.linestrings([(77.5, 12.9), (77.51, 12.91)]), 0.002)
outlines = cover.outlines_of(shapely.orient_polygons(land))
m2 = float(cover.m2_of(cover.world_of(land)))
shape = Shape(geometry={}, buffer_m=None, exclude=None, watched=outlines, m2=m2, notes=())
parts = next(cover.covers(shape, Grid(zoom=17, tile_px=256, margin_px=32), most_tiles=2500))
assert abs(sum(part.m2 for part in parts) / m2 - 1) < 1e-6
""",
    "gdal": """
import typing; sys.modules["typing_extensions"] = typing  # a function's package brings it
from chalicelib.adapters.layers.reading import GdalLayerFiles
from chalicelib.domain.layer_imports import ImportOptions
text = b'plot,wkt\\n7,"POLYGON((85.8 20.3,85.81 20.3,85.81 20.31,85.8 20.3))"'
for content in (text, b'{"type":"Polygon","coordinates":[[[85.8,20.3],[85.81,20.3],[85.81,20.31],[85.8,20.3]]]}'):
    assert GdalLayerFiles(most_rows=9).read(content, "a.csv", ImportOptions(crs="EPSG:4146")).preview.accuracy_m == 22
""",
}


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_stage_is_packaged(stage, tmp_path):
    environment = {name: text for name, text in os.environ.items() if not name.startswith("BHUPRAHARI_")}
    environment |= {"AWS_DEFAULT_REGION": "ap-south-1", LOOKED_AFTER: "1"}
    over = ["--merge-template", "infra/aws/app.json"]
    command = [sys.executable, "-B", "-c", PACKAGE, "package", "--stage", stage, *over, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Could not install" not in done.stdout + done.stderr

    whole = json.loads((tmp_path / "sam.json").read_text(encoding="utf-8"))
    rendered_without_a_zip = merged(stage)
    for name, each in whole["Resources"].items():
        if each["Type"] == "AWS::Serverless::Function":
            each["Properties"]["CodeUri"] = rendered_without_a_zip["Resources"][name]["Properties"]["CodeUri"]
    assert whole == rendered_without_a_zip
    resources = whole["Resources"].values()
    functions = [each["Properties"] for each in resources if each["Type"] == "AWS::Serverless::Function"]
    assert len(functions) == 10
    assert {(each["Runtime"], *each["Architectures"]) for each in functions} == {("python3.12", "arm64")}
    assert len({each["Role"]["Fn::GetAtt"][0] for each in functions}) == 10
    assert {each["Environment"]["Variables"]["BHUPRAHARI_STAGE"] for each in functions} == {stage}

    with zipfile.ZipFile(tmp_path / "deployment.zip") as package:
        names = set(package.namelist())
    tops = {name.split("/")[0] for name in names}
    assert tops >= {"app.py", "chalicelib", "chalice", "sqlalchemy", "pymysql", "pydantic"}
    absent = {"cv2", "numpy", "firebase_admin", "grpc", "boto3", "tests", "infra", "layers", "landscape", "research"}
    assert tops & absent == set()
    database = "chalicelib/adapters/database/schema/migrations/"
    assert names >= {
        f"{database}env.py",
        f"{database}versions/0001_the_first_tables.py",
        "chalicelib/console/index.html",
        "chalicelib/vision/model/weights.json",
        "chalicelib/vision/model/calibration.json",
    }


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_serves_with_nothing_else_on_the_path(name, tmp_path):
    print(build(name, "x86_64", tmp_path))
    with zipfile.ZipFile(tmp_path / f"{name}.zip") as layer:
        layer.extractall(tmp_path / "opt")
    code = f"import sys; sys.path[:0] = [{str(tmp_path / 'opt' / 'python')!r}, {str(ROOT)!r}]\n{LAYERS[name]}"
    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
